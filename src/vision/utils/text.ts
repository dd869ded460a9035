/** Words as pixels: drawn by the canvas of browsers, and in Node by resvg with DejaVu Sans. */
import { builtin, isNode } from '../node.js';

/** How much of each pixel the letters cover, 0 to 255, row by row. */
export interface TextPixels {
  width: number;
  height: number;
  coverage: Uint8Array;
}

/** From the top of a line to where letters stand, as a part of the font's size. */
const ASCENT = 0.93;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const alphaOf = (rgba: ArrayLike<number>): Uint8Array => Uint8Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + 3]);

function drawnByResvg(text: string, size: number, width: number, height: number): Uint8Array {
  const require = builtin('node:module').createRequire(import.meta.url);
  const { Resvg } = require('@resvg/resvg-js') as typeof import('@resvg/resvg-js');
  const font = {
    fontFiles: [require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')],
    loadSystemFonts: false,
    defaultFontFamily: 'DejaVu Sans',
  };
  const words = `<text y="${ASCENT * size}" font-family="DejaVu Sans" font-size="${size}">${escaped(text)}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${words}</svg>`;
  return alphaOf(new Resvg(svg, { font }).render().pixels);
}

function drawnByCanvas(text: string, size: number, width: number, height: number): Uint8Array {
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.font = `${size}px sans-serif`;
  context.fillText(text, 0, ASCENT * size);
  return alphaOf(context.getImageData(0, 0, width, height).data);
}

/** One line of text in letters of `size` pixels. */
export function drawText(text: string, size: number): TextPixels {
  const [width, height] = [Math.ceil(size * (text.length + 1)), Math.ceil(size * 1.3)];
  const draw = isNode() ? drawnByResvg : drawnByCanvas;
  return { width, height, coverage: draw(text, size, width, height) };
}

/** The first and the last column and row with anything in them; null where there is nothing. */
export function inkOf({ width, coverage }: TextPixels): [left: number, top: number, right: number, bottom: number] | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (const [i, value] of coverage.entries()) {
    if (value === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  return right < 0 ? null : [left, top, right, bottom];
}
