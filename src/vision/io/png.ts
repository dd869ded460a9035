/** PNG files with Node's zlib. https://www.w3.org/TR/png/ */
import { builtin } from '../node.js';

/** Bytes of pixels, row by row. */
export interface Pixels {
  width: number;
  height: number;
  /** 1: gray, 2: gray and alpha, 3: red, green, blue, 4: with alpha */
  channels: number;
  data: Uint8Array;
  /** The four channels are cyan, magenta, yellow and black, 255 where there is no ink. */
  isCmyk?: boolean;
  /** How the camera was held, 1 to 8 as in EXIF; upright where it is absent. */
  orientation?: number;
}

const signature = [137, 80, 78, 71, 13, 10, 26, 10];
export const isPng = (file: Uint8Array): boolean => signature.every((byte, i) => file[i] === byte);

const invalid = (why: string): Error => new Error(`The PNG file is invalid: ${why}`);

interface Header {
  width: number;
  height: number;
  depth: number;
  colour: number;
  interlaced: boolean;
}

const samplesOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depthsOf: Record<number, readonly number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const PALETTE = 3;

function readHeader(data: Uint8Array): Header {
  if (data.length !== 13) throw invalid('its header has the wrong length');
  const view = new DataView(data.buffer, data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, , , interlace] = data.subarray(8);
  if (width === 0 || height === 0 || width > 2 ** 24 || height > 2 ** 24) throw invalid(`it has ${width} x ${height} pixels`);
  if (!depthsOf[colour]?.includes(depth) || interlace > 1) throw invalid(`it has an unknown colour type`);
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

interface Chunks {
  header: Header;
  palette: Uint8Array;
  transparency: Uint8Array | null;
  data: Uint8Array[];
}

function readChunks(file: Uint8Array): Chunks {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found: Partial<Chunks> & { data: Uint8Array[]; palette: Uint8Array } = { data: [], palette: new Uint8Array() };
  for (let at = 8; at + 12 <= file.length;) {
    const length = view.getUint32(at);
    if (at + 12 + length > file.length) throw invalid('it is cut short');
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const content = file.subarray(at + 8, at + 8 + length);
    at += 12 + length;
    if (type === 'IHDR') found.header = readHeader(content);
    else if (type === 'PLTE') found.palette = content;
    else if (type === 'tRNS') found.transparency = content;
    else if (type === 'IDAT') found.data.push(content);
    else if (type === 'IEND') break;
  }
  if (!found.header || found.data.length === 0) throw invalid('it has no header or no pixels');
  return { header: found.header, transparency: found.transparency ?? null, palette: found.palette, data: found.data };
}

/** A grid of the image: every `dx`-th pixel of every `dy`-th row. */
interface Pass {
  x: number;
  y: number;
  dx: number;
  dy: number;
}

const wholeImage: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const adam7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Undoes the filter of one row in place; `above` is the row before. */
function unfilter(type: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (type > 4) throw invalid(`it has an unknown filter (${type})`);
  if (type === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = i >= step ? row[i - step] : 0;
    const up = above[i];
    const corner = i >= step ? above[i - step] : 0;
    row[i] += type === 1 ? left : type === 2 ? up : type === 3 ? (left + up) >> 1 : paeth(left, up, corner);
  }
}

/** The `i`-th sample of a row, 16 bits cut to their upper half. */
function sampleAt(row: Uint8Array, i: number, depth: number): number {
  if (depth === 8) return row[i];
  if (depth === 16) return row[2 * i];
  const bit = i * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** All samples as they are in the file, row by row. */
function readSamples({ header, data }: Chunks): Uint8Array {
  const { width, height, depth, colour, interlaced } = header;
  const samples = samplesOf[colour];
  const step = Math.max(1, (samples * depth) >> 3);
  const passes = interlaced ? adam7 : wholeImage;
  const sized = passes.map((pass) => ({
    ...pass,
    columns: Math.ceil((width - pass.x) / pass.dx),
    rows: Math.ceil((height - pass.y) / pass.dy),
  }));
  const used = sized.filter(({ columns, rows }) => columns > 0 && rows > 0);
  const rowBytes = (columns: number): number => Math.ceil((columns * samples * depth) / 8);
  const total = used.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytes(columns)), 0);
  const packed = builtin('node:zlib').inflateSync(Buffer.concat(data), { maxOutputLength: total + 1 });
  if (packed.length < total) throw invalid('it has too few pixels');
  const result = new Uint8Array(width * height * samples);
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of used) {
    let above: Uint8Array = new Uint8Array(rowBytes(columns));
    for (let r = 0; r < rows; r++) {
      const row = packed.subarray(at + 1, at + 1 + rowBytes(columns));
      unfilter(packed[at], row, above, step);
      for (let c = 0; c < columns; c++)
        for (let s = 0; s < samples; s++) result[((y + r * dy) * width + x + c * dx) * samples + s] = sampleAt(row, c * samples + s, depth);
      above = row;
      at += 1 + row.length;
    }
  }
  return result;
}

function applyPalette(samples: Uint8Array, palette: Uint8Array, alpha: Uint8Array | null): { channels: number; data: Uint8Array } {
  const channels = alpha ? 4 : 3;
  const data = new Uint8Array(samples.length * channels);
  for (const [i, index] of samples.entries()) {
    if (3 * index + 3 > palette.length) throw invalid('it uses a colour that is not in its palette');
    data.set(palette.subarray(3 * index, 3 * index + 3), i * channels);
    if (alpha) data[i * channels + 3] = alpha[index] ?? 255;
  }
  return { channels, data };
}

/** The samples of a PNG file as they stand in it: places in the palette where there is one. */
export function decodePngSamples(file: Uint8Array): Pixels {
  if (!isPng(file)) throw invalid('it does not begin as PNG files do');
  const chunks = readChunks(file);
  const { width, height, colour } = chunks.header;
  return { width, height, channels: samplesOf[colour], data: readSamples(chunks) };
}

/** The pixels of a PNG file, 8 bits a sample. Throws where the file is cut short or lies. */
export function decodePng(file: Uint8Array): Pixels {
  if (!isPng(file)) throw invalid('it does not begin as PNG files do');
  const chunks = readChunks(file);
  const { width, height, depth, colour } = chunks.header;
  const samples = readSamples(chunks);
  if (colour === PALETTE) return { width, height, ...applyPalette(samples, chunks.palette, chunks.transparency) };
  if (depth < 8) for (let i = 0; i < samples.length; i++) samples[i] *= 255 / ((1 << depth) - 1);
  return { width, height, channels: samplesOf[colour], data: samples };
}

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function chunk(type: string, content: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + content.length);
  whole.writeUInt32BE(content.length, 0);
  whole.write(type, 4, 'latin1');
  whole.set(content, 8);
  let crc = -1;
  for (const byte of whole.subarray(4, 8 + content.length)) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255];
  whole.writeUInt32BE(~crc >>> 0, 8 + content.length);
  return whole;
}

const colourOf: Record<number, number> = { 1: 0, 2: 4, 3: 2, 4: 6 };

/** A PNG file of the pixels. Each row is stored as its difference from the one above. */
export function encodePng({ width, height, channels, data }: Pixels, compressionLevel: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourOf[channels], 0, 0, 0], 8);
  const length = width * channels;
  const rows = Buffer.alloc(height * (1 + length));
  for (let y = 0; y < height; y++) {
    const at = y * (1 + length);
    rows[at] = 2;
    for (let i = 0; i < length; i++) rows[at + 1 + i] = data[y * length + i] - (y > 0 ? data[(y - 1) * length + i] : 0);
  }
  const packed = builtin('node:zlib').deflateSync(rows, { level: compressionLevel });
  return Buffer.concat([Buffer.from(signature), chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND', Buffer.alloc(0))]);
}
