import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { drawLegend, type LegendEntry, type LegendLocation } from './legend.js';
import { imagePng } from './pixels.js';
import { extent, type ImageData, toNumbers, toRows, type Values } from './values.js';

const palette = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#bcbd22', '#17becf'];
export const fontFamily = 'DejaVu Sans, sans-serif';

export interface LineStyle {
  label?: string;
  color?: string;
  linewidth?: number;
  linestyle?: '-' | '--' | ':' | '-.';
  alpha?: number;
  /** Marks the points: `o`. */
  marker?: 'o' | '';
}

export interface ScatterStyle {
  label?: string;
  color?: string;
  /** Area of a point, in square points. */
  s?: number;
  alpha?: number;
  zorder?: number;
}

const dashes: Record<NonNullable<LineStyle['linestyle']>, string | undefined> = {
  '-': undefined,
  '--': '6,3',
  ':': '1.5,2.5',
  '-.': '7,2,1.5,2',
};

interface Artist {
  x: readonly number[];
  y: readonly number[];
  marks(): Plot.Markish[];
  legend?: LegendEntry;
}

interface Ticks {
  values: number[];
  labels?: string[];
}

/**
 * One coordinate system of a figure, with matplotlib's methods. https://matplotlib.org/stable/api/axes_api.html
 * @example
 * const [figure, axes] = plt.subplots();
 * axes.plot([1, 2, 3], [1, 4, 9]).setTitle('Squares');
 * figure.savefig('squares.png');
 */
export class Axes {
  private artists: Artist[] = [];
  private xLimits: [number, number] | null = null;
  private yLimits: [number, number] | null = null;
  private labels = { title: '', x: '', y: '' };
  private showGrid = false;
  private legendAt: LegendLocation | null = null;
  private hidden = false;
  private ticks: { x?: Ticks; y?: Ticks } = {};
  private image: { rows: number; cols: number } | null = null;
  private colors = 0;

  /**
   * A line through (x, y); with one argument, through (0, 1, …; y).
   * @example
   * const [, axes] = plt.subplots();
   * axes.plot([1, 2, 3], [1, 4, 9], { label: 'squares' });
   */
  plot(x: Values, y?: Values | LineStyle, style?: LineStyle): this {
    const noX = y === undefined || isStyle(y);
    const ys = toNumbers(noX ? x : (y as Values));
    const xs = noX ? ys.map((_, i) => i) : toNumbers(x);
    const {
      label,
      color = this.nextColor(),
      linewidth = 1.8,
      linestyle = '-',
      alpha = 1,
      marker,
    } = (noX ? (y as LineStyle | undefined) : style) ?? {};
    if (xs.length !== ys.length)
      throw new Error(`x and y must have same first dimension, but have shapes (${xs.length},) and (${ys.length},)`);
    const points = xs.map((value, i) => [value, ys[i]]);
    const options = { stroke: color, strokeWidth: linewidth, strokeOpacity: alpha, strokeDasharray: dashes[linestyle], clip: true };
    const dots = () => (marker === 'o' ? [Plot.dot(points, { fill: color, r: 2.5, clip: true })] : []);
    this.add({ x: xs, y: ys, marks: () => [Plot.line(points, options), ...dots()] }, label, {
      color,
      kind: 'line',
      dash: dashes[linestyle],
    });
    return this;
  }

  /**
   * Points at (x, y).
   * @example
   * const [, axes] = plt.subplots();
   * axes.scatter([1, 2, 3], [1, 4, 9], { s: 20 });
   */
  scatter(x: Values, y: Values, { label, color = this.nextColor(), s = 36, alpha = 1 }: ScatterStyle = {}): this {
    const [xs, ys] = [toNumbers(x), toNumbers(y)];
    if (xs.length !== ys.length) throw new Error('x and y must be the same size');
    const points = xs.map((value, i) => [value, ys[i]]);
    const r = Math.sqrt(s) * 0.7;
    this.add({ x: xs, y: ys, marks: () => [Plot.dot(points, { fill: color, fillOpacity: alpha, r, clip: true })] }, label, {
      color,
      kind: 'dot',
    });
    return this;
  }

  /**
   * Bars of the given heights around the positions x.
   * @example
   * const [, axes] = plt.subplots();
   * axes.bar(['a', 'b'], [3, 5]);
   */
  bar(
    x: Values | readonly string[],
    height: Values,
    { label, color = this.nextColor(), width = 0.8 }: LineStyle & { width?: number } = {},
  ): this {
    const names = Array.isArray(x) && typeof x[0] === 'string' ? (x as string[]) : null;
    const ys = toNumbers(height);
    const xs = names ? names.map((_, i) => i) : toNumbers(x as Values);
    if (names) this.setXticks(xs, names);
    const bars = xs.map((at, i) => ({ x1: at - width / 2, x2: at + width / 2, y: ys[i] }));
    const edges = [...bars.map((bar) => bar.x1), ...bars.map((bar) => bar.x2)];
    this.add(
      { x: edges, y: [0, ...ys], marks: () => [Plot.rect(bars, { x1: 'x1', x2: 'x2', y1: 0, y2: 'y', fill: color, clip: true })] },
      label,
      { color, kind: 'box' },
    );
    return this;
  }

  /**
   * How many values fall into each of `bins` equal intervals.
   * @example
   * const [, axes] = plt.subplots();
   * axes.hist(torch.randn(100), { bins: 20 });
   */
  hist(values: Values, { bins = 10, ...style }: LineStyle & { bins?: number } = {}): this {
    const numbers = toNumbers(values);
    const [low, high] = extent(numbers);
    const width = (high - low || 1) / bins;
    const counts = new Array<number>(bins).fill(0);
    for (const value of numbers) if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor((value - low) / width))]++;
    return this.bar(
      counts.map((_, i) => low + (i + 0.5) * width),
      counts,
      { ...style, width },
    );
  }

  /**
   * A horizontal line across the axes.
   * @example
   * const [, axes] = plt.subplots();
   * axes.axhline(0.5, { color: 'red' });
   */
  axhline(y = 0, style: LineStyle = {}): this {
    return this.rule(style, (options) => Plot.ruleY([y], options), [], [y]);
  }

  /**
   * A vertical line across the axes.
   * @example
   * const [, axes] = plt.subplots();
   * axes.axvline(2);
   */
  axvline(x = 0, style: LineStyle = {}): this {
    return this.rule(style, (options) => Plot.ruleX([x], options), [x], []);
  }

  private rule(style: LineStyle, mark: (options: object) => Plot.Markish, x: number[], y: number[]): this {
    const { label, color = palette[0], linewidth = 1.5, linestyle = '-', alpha = 1 } = style;
    const options = { stroke: color, strokeWidth: linewidth, strokeOpacity: alpha, strokeDasharray: dashes[linestyle], clip: true };
    this.add({ x, y, marks: () => [mark(options)] }, label, { color, kind: 'line', dash: dashes[linestyle] });
    return this;
  }

  /**
   * Writes `text` at the point (x, y).
   * @example
   * const [, axes] = plt.subplots();
   * axes.text(0.5, 0.5, 'middle');
   */
  text(
    x: number,
    y: number,
    text: string,
    { color = 'black', fontsize = 12, ha = 'left' }: { color?: string; fontsize?: number; ha?: 'left' | 'center' | 'right' } = {},
  ): this {
    const textAnchor = ({ left: 'start', center: 'middle', right: 'end' } as const)[ha];
    this.add({ x: [], y: [], marks: () => [Plot.text([[x, y]], { text: () => text, fill: color, fontSize: fontsize, textAnchor })] });
    return this;
  }

  /**
   * Shows a matrix through a colormap, or rows of RGB triples in [0, 1]; pixel (0, 0) is at the top left.
   * @example
   * const [, axes] = plt.subplots();
   * axes.imshow(torch.rand(8, 8), { cmap: 'gray' });
   */
  imshow(image: ImageData, { cmap = 'viridis', vmin, vmax }: { cmap?: string; vmin?: number; vmax?: number } = {}): this {
    const rows = toRows(image);
    const [height, width] = [rows.length, rows[0]?.length ?? 0];
    const [low, high] = extent(rows.flat().filter((value) => typeof value === 'number'));
    const scale = Math.max(1, Math.ceil(200 / Math.max(width, height, 1)));
    const src = `data:image/png;base64,${imagePng(rows, cmap, vmin ?? low, vmax ?? high, scale).toString('base64')}`;
    this.image = { rows: height, cols: width };
    this.xLimits ??= [-0.5, width - 0.5];
    this.yLimits ??= [height - 0.5, -0.5];
    const mark: Plot.RenderFunction = (_index, scales, _channels, _size, context) => {
      const [left, right, top, bottom] = [scales.x!(-0.5), scales.x!(width - 0.5), scales.y!(-0.5), scales.y!(height - 0.5)];
      const node = context.document.createElementNS('http://www.w3.org/2000/svg', 'image');
      const attributes = {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
        href: src,
        preserveAspectRatio: 'none',
        style: 'image-rendering: pixelated',
      };
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
      return node;
    };
    this.add({ x: [], y: [], marks: () => [Plot.dot([[0, 0]], { render: mark })] });
    return this;
  }

  /**
   * The title above the axes.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setTitle('Loss');
   */
  setTitle(title: string): this {
    this.labels.title = title;
    return this;
  }

  /**
   * The label of the x axis.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setXlabel('epoch');
   */
  setXlabel(label: string): this {
    this.labels.x = label;
    return this;
  }

  /**
   * The label of the y axis.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setYlabel('loss');
   */
  setYlabel(label: string): this {
    this.labels.y = label;
    return this;
  }

  /**
   * The ends of the x axis.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setXlim(0, 10);
   */
  setXlim(left: number, right: number): this {
    this.xLimits = [left, right];
    return this;
  }

  /**
   * The ends of the y axis.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setYlim(0, 1);
   */
  setYlim(bottom: number, top: number): this {
    this.yLimits = [bottom, top];
    return this;
  }

  /**
   * Where the x axis has ticks, and their labels.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setXticks([0, 1], ['no', 'yes']);
   */
  setXticks(values: Values, labels?: readonly string[]): this {
    this.ticks.x = { values: toNumbers(values), labels: labels && [...labels] };
    return this;
  }

  /**
   * Where the y axis has ticks, and their labels.
   * @example
   * const [, axes] = plt.subplots();
   * axes.setYticks([0, 0.5, 1]);
   */
  setYticks(values: Values, labels?: readonly string[]): this {
    this.ticks.y = { values: toNumbers(values), labels: labels && [...labels] };
    return this;
  }

  /**
   * Lines at the ticks.
   * @example
   * const [, axes] = plt.subplots();
   * axes.grid();
   */
  grid(visible = true): this {
    this.showGrid = visible;
    return this;
  }

  /**
   * Names the labelled artists; `loc` is a corner, or the emptiest one.
   * @example
   * const [, axes] = plt.subplots();
   * axes.plot([1, 2], [1, 4], { label: 'squares' }).legend({ loc: 'upper left' });
   */
  legend({ loc = 'best' }: { loc?: LegendLocation } = {}): this {
    this.legendAt = loc;
    return this;
  }

  /**
   * `'off'` hides frame, ticks and labels of the axes.
   * @example
   * const [, axes] = plt.subplots();
   * axes.imshow(torch.rand(8, 8)).axis('off');
   */
  axis(mode: 'on' | 'off'): this {
    this.hidden = mode === 'off';
    return this;
  }

  private nextColor(): string {
    return palette[this.colors++ % palette.length];
  }

  private add(artist: Artist, label?: string, sample?: Omit<LegendEntry, 'label'>): void {
    this.artists.push(label !== undefined && sample ? { ...artist, legend: { label, ...sample } } : artist);
  }

  /**
   * This drawing as SVG elements of the given size in pixels.
   * @example
   * const [, axes] = plt.subplots();
   * axes.plot([1, 2]).render(640, 480).startsWith('<svg')  // true
   */
  render(width: number, height: number): string {
    const margins = this.margins(width, height);
    const [x, y] = [
      this.xLimits ?? padded(this.artists.flatMap((each) => each.x)),
      this.yLimits ?? padded(this.artists.flatMap((each) => each.y)),
    ];
    const plot = Plot.plot({
      document: parseHTML('<!doctype html><html></html>').document as unknown as Document,
      width,
      height,
      ...margins,
      style: { fontFamily, fontSize: '12px', color: 'black', background: 'none' },
      x: { type: 'linear', domain: x, axis: null },
      y: { type: 'linear', domain: y, axis: null },
      marks: [...this.decoration(), ...this.artists.flatMap((each) => each.marks()), ...this.titleMark()],
    });
    return plot.outerHTML + this.renderLegend(width, height, margins, x, y);
  }

  private margins(width: number, height: number) {
    const marginTop = this.labels.title ? 34 : 14;
    if (!this.hidden)
      return this.squared(width, height, {
        marginTop,
        marginRight: 16,
        marginBottom: this.labels.x ? 48 : 30,
        marginLeft: this.labels.y ? 66 : 48,
      });
    return this.squared(width, height, { marginTop, marginRight: 6, marginBottom: 6, marginLeft: 6 });
  }

  /** Images keep square pixels. */
  private squared(width: number, height: number, m: { marginTop: number; marginRight: number; marginBottom: number; marginLeft: number }) {
    if (!this.image) return m;
    const [w, h] = [width - m.marginLeft - m.marginRight, height - m.marginTop - m.marginBottom];
    const pixel = Math.min(w / this.image.cols, h / this.image.rows);
    const [dx, dy] = [(w - pixel * this.image.cols) / 2, (h - pixel * this.image.rows) / 2];
    return {
      marginTop: m.marginTop + dy,
      marginBottom: m.marginBottom + dy,
      marginLeft: m.marginLeft + dx,
      marginRight: m.marginRight + dx,
    };
  }

  private decoration(): Plot.Markish[] {
    if (this.hidden) return [];
    const grid = { stroke: '#b0b0b0', strokeOpacity: 0.6 };
    const axis = (ticks: Ticks | undefined) => ({
      ...(ticks
        ? { ticks: ticks.values, tickFormat: (value: number) => ticks.labels?.[ticks.values.indexOf(value)] ?? String(value) }
        : { tickSpacing: 60 }),
      labelAnchor: 'center' as const,
      labelArrow: 'none' as const,
    });
    return [
      ...(this.showGrid
        ? [
            Plot.gridX({ ...grid, ...(this.ticks.x ? { ticks: this.ticks.x.values } : { tickSpacing: 60 }) }),
            Plot.gridY({ ...grid, ...(this.ticks.y ? { ticks: this.ticks.y.values } : { tickSpacing: 60 }) }),
          ]
        : []),
      Plot.frame({ stroke: 'black' }),
      Plot.axisX({ ...axis(this.ticks.x), label: this.labels.x || null }),
      Plot.axisY({ ...axis(this.ticks.y), label: this.labels.y || null }),
    ];
  }

  private titleMark(): Plot.Markish[] {
    return this.labels.title ? [Plot.text([this.labels.title], { frameAnchor: 'top', dy: -22, fontSize: 15, text: (d: string) => d })] : [];
  }

  private renderLegend(width: number, height: number, m: ReturnType<Axes['margins']>, x: [number, number], y: [number, number]): string {
    const entries = this.artists.flatMap((each) => (each.legend ? [each.legend] : []));
    if (this.legendAt === null || entries.length === 0) return '';
    const frame = { left: m.marginLeft, top: m.marginTop, right: width - m.marginRight, bottom: height - m.marginBottom };
    const toPixels = (value: number, [low, high]: [number, number], start: number, end: number) =>
      start + ((value - low) / (high - low)) * (end - start);
    const points = this.artists.flatMap((each) =>
      each.x
        .slice(0, each.y.length)
        .map((value, i): [number, number] => [
          toPixels(value, x, frame.left, frame.right),
          toPixels(each.y[i], y, frame.bottom, frame.top),
        ]),
    );
    return drawLegend(entries, this.legendAt, frame, points);
  }
}

const isStyle = (y: unknown): y is LineStyle =>
  typeof y === 'object' && y !== null && !Array.isArray(y) && !ArrayBuffer.isView(y) && !('tolist' in y);

/** The range of the data with matplotlib's margin of 5 % at both ends. */
function padded(values: readonly number[]): [number, number] {
  const [low, high] = extent(values);
  const margin = low === high ? Math.max(Math.abs(low) * 0.05, 0.05) : (high - low) * 0.05;
  return [low - margin, high + margin];
}
