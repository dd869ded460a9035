/** matplotlib.pyplot's functions: they draw into the current figure. https://matplotlib.org/stable/api/pyplot_summary.html */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Axes, LineStyle, ScatterStyle } from './axes.js';
import { Figure, type FigureOptions } from './figure.js';
import type { LegendLocation } from './legend.js';
import type { ImageData, Values } from './values.js';

let current: Figure | null = null;

/**
 * Starts a new figure with one coordinate system. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.figure.html
 * @example
 * const figure = plt.figure();
 * plt.plot([1, 4, 9]);
 * figure.axes.length  // 1
 */
export function figure(options: FigureOptions = {}): Figure {
  current = new Figure(options);
  current.subplots();
  return current;
}

/**
 * A new figure and its axes: one, or an array row by row. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.subplots.html
 * @example
 * const [figure, [left, right]] = plt.subplots(1, 2);
 * left.plot([1, 4, 9]);
 * right.hist(torch.randn(100));
 * figure.savefig('two.png');
 */
export function subplots(): [Figure, Axes];
export function subplots(rows: number, cols: number, options?: FigureOptions): [Figure, Axes[]];
export function subplots(rows = 1, cols = 1, options: FigureOptions = {}): [Figure, Axes | Axes[]] {
  current = new Figure(options);
  const axes = current.subplots(rows, cols);
  return [current, axes.length === 1 ? axes[0] : axes];
}

/**
 * The current figure, made if there is none. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.gcf.html
 * @example plt.gcf().suptitle('All runs');
 */
export const gcf = (): Figure => current ?? figure();
/**
 * The first axes of the current figure. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.gca.html
 * @example plt.gca().setTitle('Loss');
 */
export const gca = (): Axes => gcf().axes[0];

/**
 * `Axes.plot` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.plot.html
 * @example plt.plot([1, 2, 3], [1, 4, 9], { label: 'squares' });
 */
export const plot = (x: Values, y?: Values | LineStyle, style?: LineStyle): Axes => gca().plot(x, y, style);
/**
 * `Axes.scatter` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.scatter.html
 * @example plt.scatter([1, 2, 3], [1, 4, 9], { s: 20 });
 */
export const scatter = (x: Values, y: Values, style?: ScatterStyle): Axes => gca().scatter(x, y, style);
/**
 * `Axes.bar` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.bar.html
 * @example plt.bar(['a', 'b'], [3, 5]);
 */
export const bar = (x: Values | readonly string[], height: Values, style?: LineStyle & { width?: number }): Axes =>
  gca().bar(x, height, style);
/**
 * `Axes.hist` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.hist.html
 * @example plt.hist(torch.randn(100), { bins: 20 });
 */
export const hist = (values: Values, style?: LineStyle & { bins?: number }): Axes => gca().hist(values, style);
/**
 * `Axes.imshow` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.imshow.html
 * @example plt.imshow(torch.rand(8, 8), { cmap: 'gray' });
 */
export const imshow = (image: ImageData, options?: { cmap?: string; vmin?: number; vmax?: number }): Axes => gca().imshow(image, options);
/**
 * `Axes.axhline` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.axhline.html
 * @example plt.axhline(0.5, { color: 'red' });
 */
export const axhline = (y?: number, style?: LineStyle): Axes => gca().axhline(y, style);
/**
 * `Axes.axvline` on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.axvline.html
 * @example plt.axvline(2);
 */
export const axvline = (x?: number, style?: LineStyle): Axes => gca().axvline(x, style);
/**
 * The title of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.title.html
 * @example plt.title('Loss');
 */
export const title = (text: string): Axes => gca().setTitle(text);
/**
 * The label of the x axis of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.xlabel.html
 * @example plt.xlabel('epoch');
 */
export const xlabel = (text: string): Axes => gca().setXlabel(text);
/**
 * The label of the y axis of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.ylabel.html
 * @example plt.ylabel('loss');
 */
export const ylabel = (text: string): Axes => gca().setYlabel(text);
/**
 * The ends of the x axis of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.xlim.html
 * @example plt.xlim(0, 10);
 */
export const xlim = (left: number, right: number): Axes => gca().setXlim(left, right);
/**
 * The ends of the y axis of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.ylim.html
 * @example plt.ylim(0, 1);
 */
export const ylim = (bottom: number, top: number): Axes => gca().setYlim(bottom, top);
/**
 * Lines at the ticks of the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.grid.html
 * @example plt.grid();
 */
export const grid = (visible?: boolean): Axes => gca().grid(visible);
/**
 * A legend of what is labelled on the current axes. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.legend.html
 * @example
 * plt.plot([1, 2], [1, 4], { label: 'squares' });
 * plt.legend();
 */
export const legend = (options?: { loc?: LegendLocation }): Axes => gca().legend(options);
/**
 * Accepted for matplotlib's sake: the layout is always tight. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.tight_layout.html
 * @example plt.tightLayout();
 */
export const tightLayout = (): Figure => gcf().tightLayout();
/**
 * Writes the current figure to a PNG or SVG file. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.savefig.html
 * @example
 * plt.plot([1, 4, 9]);
 * plt.savefig('squares.svg');
 */
export const savefig = (path: string): void => gcf().savefig(path);

/**
 * Ends the current figure. https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.close.html
 * @example plt.close();
 */
export function close(): void {
  current = null;
}

/**
 * Writes the current figure to a PNG file in the system's temporary folder, says where it is, and ends the figure.
 * https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.show.html
 * @example
 * plt.plot([1, 4, 9]);
 * plt.show().endsWith('figure.png')  // true
 */
export function show(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'typetorch-')), 'figure.png');
  savefig(path);
  console.log(`figure: ${path}`);
  close();
  return path;
}
