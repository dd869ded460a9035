import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { Axes, fontFamily } from './axes.js';
import { escapeText } from './legend.js';

export interface FigureOptions {
  /** Width and height in inches. */
  figsize?: readonly [number, number];
  /** Pixels an inch in PNG files. */
  dpi?: number;
}

/** SVG units an inch: the same text sizes look right in both formats. */
const unitsPerInch = 100;

const fontFile = (): string => createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');

/**
 * A drawing with one or more axes in a grid. https://matplotlib.org/stable/api/figure_api.html
 * @example
 * const figure = new plt.Figure();
 * const [left, right] = figure.subplots(1, 2);
 * left.plot([1, 4, 9]);
 * right.bar(['a', 'b'], [3, 5]);
 * figure.savefig('figure.svg');
 */
export class Figure {
  readonly axes: Axes[] = [];
  private rows = 1;
  private cols = 1;
  private title = '';

  constructor(readonly options: FigureOptions = {}) {}

  /**
   * Lays out `rows` × `cols` axes, row by row.
   * @example new plt.Figure().subplots(2, 2).length  // 4
   */
  subplots(rows = 1, cols = 1): Axes[] {
    if (!(rows >= 1 && cols >= 1)) throw new Error(`Number of rows and columns must be positive integers, not ${rows} and ${cols}`);
    [this.rows, this.cols] = [rows, cols];
    this.axes.splice(0, this.axes.length, ...Array.from({ length: rows * cols }, () => new Axes()));
    return this.axes;
  }

  /**
   * The title above all axes.
   * @example new plt.Figure().suptitle('All runs');
   */
  suptitle(title: string): this {
    this.title = title;
    return this;
  }

  /**
   * Kept for matplotlib's users: the layout is always tight.
   * @example new plt.Figure().tightLayout();
   */
  tightLayout(): this {
    return this;
  }

  /**
   * The whole drawing as the text of an SVG file.
   * @example
   * const [figure] = plt.subplots();
   * figure.toSvg().startsWith('<svg')  // true
   */
  toSvg(): string {
    const [width, height] = (this.options.figsize ?? [6.4, 4.8]).map((inches) => inches * unitsPerInch);
    const top = this.title ? 30 : 0;
    const [w, h] = [width / this.cols, (height - top) / this.rows];
    const parts = this.axes.map(
      (axes, i) => `<g transform="translate(${(i % this.cols) * w},${top + Math.floor(i / this.cols) * h})">${axes.render(w, h)}</g>`,
    );
    const title = this.title ? `<text x="${width / 2}" y="22" text-anchor="middle" font-size="17">${escapeText(this.title)}</text>` : '';
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontFamily}">`;
    return `${head}<rect width="100%" height="100%" fill="white"/>${title}${parts.join('')}</svg>\n`;
  }

  /**
   * The drawing as a PNG file.
   * @example
   * const [figure] = plt.subplots();
   * figure.toPng().subarray(1, 4).toString()  // PNG
   */
  toPng(): Buffer {
    const svg = this.toSvg();
    // DejaVu Sans comes with us and has no East Asian characters; for those the system's fonts are asked.
    const loadSystemFonts = /[\u2e80-\uffff]/.test(svg);
    const font = { fontFiles: [fontFile()], loadSystemFonts, defaultFontFamily: 'DejaVu Sans' };
    return Buffer.from(new Resvg(svg, { font, fitTo: { mode: 'zoom', value: (this.options.dpi ?? 100) / unitsPerInch } }).render().asPng());
  }

  /**
   * Writes the drawing to a file; its name ends with `.svg` or `.png`. The file appears whole or not at all.
   * @example
   * const [figure] = plt.subplots();
   * figure.savefig('figure.png');
   */
  savefig(path: string): void {
    const format = /\.(svg|png)$/i.exec(path)?.[1].toLowerCase();
    if (!format) throw new Error(`Format of '${path}' is not supported (supported formats: png, svg)`);
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, format === 'svg' ? this.toSvg() : this.toPng());
    renameSync(temporary, path);
  }
}
