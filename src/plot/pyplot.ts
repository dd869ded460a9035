/** matplotlib.pyplot's functions: they draw into the current figure. https://matplotlib.org/stable/api/pyplot_summary.html */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Axes, LineStyle, ScatterStyle } from './axes.js';
import { Figure, type FigureOptions } from './figure.js';
import type { LegendLocation } from './legend.js';
import type { ImageData, Values } from './values.js';

let current: Figure | null = null;

/** Starts a new figure with one coordinate system. */
export function figure(options: FigureOptions = {}): Figure {
  current = new Figure(options);
  current.subplots();
  return current;
}

/** A new figure and its axes: one, or an array row by row. */
export function subplots(): [Figure, Axes];
export function subplots(rows: number, cols: number, options?: FigureOptions): [Figure, Axes[]];
export function subplots(rows = 1, cols = 1, options: FigureOptions = {}): [Figure, Axes | Axes[]] {
  current = new Figure(options);
  const axes = current.subplots(rows, cols);
  return [current, axes.length === 1 ? axes[0] : axes];
}

/** The current figure, made if there is none. */
export const gcf = (): Figure => current ?? figure();
/** The first axes of the current figure. */
export const gca = (): Axes => gcf().axes[0];

export const plot = (x: Values, y?: Values | LineStyle, style?: LineStyle): Axes => gca().plot(x, y, style);
export const scatter = (x: Values, y: Values, style?: ScatterStyle): Axes => gca().scatter(x, y, style);
export const bar = (x: Values | readonly string[], height: Values, style?: LineStyle & { width?: number }): Axes =>
  gca().bar(x, height, style);
export const hist = (values: Values, style?: LineStyle & { bins?: number }): Axes => gca().hist(values, style);
export const imshow = (image: ImageData, options?: { cmap?: string; vmin?: number; vmax?: number }): Axes => gca().imshow(image, options);
export const axhline = (y?: number, style?: LineStyle): Axes => gca().axhline(y, style);
export const axvline = (x?: number, style?: LineStyle): Axes => gca().axvline(x, style);
export const title = (text: string): Axes => gca().setTitle(text);
export const xlabel = (text: string): Axes => gca().setXlabel(text);
export const ylabel = (text: string): Axes => gca().setYlabel(text);
export const xlim = (left: number, right: number): Axes => gca().setXlim(left, right);
export const ylim = (bottom: number, top: number): Axes => gca().setYlim(bottom, top);
export const grid = (visible?: boolean): Axes => gca().grid(visible);
export const legend = (options?: { loc?: LegendLocation }): Axes => gca().legend(options);
export const tightLayout = (): Figure => gcf().tightLayout();
export const savefig = (path: string): void => gcf().savefig(path);

/** Ends the current figure. */
export function close(): void {
  current = null;
}

/** Writes the current figure to a PNG file in the system's temporary folder, says where it is, and ends the figure. */
export function show(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'typetorch-')), 'figure.png');
  savefig(path);
  console.log(`figure: ${path}`);
  close();
  return path;
}
