/** What JPEG keeps of an image, in libjpeg's integers: 4:2:0, slow DCT, fancy upsampling. Huffman codes lose nothing and are left out. */
import * as torch from '../../../index.js';
import { bind, type Call } from '../../arguments.js';
import { wrap } from '../../tv-tensors.js';
import type { Tensor } from './common.js';

// Annex K of the standard.
const luminance = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22,
  37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const chrominance = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56], [47, 66]]; // prettier-ignore
const chroma = Array.from({ length: 64 }, (_, i) => chrominance[i >> 3]?.[i & 7] ?? 99);

function quantizers(base: readonly number[], quality: number): number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2;
  return base.map((value) => Math.min(Math.max(Math.floor((value * scale + 50) / 100), 1), 255));
}

/** Samples of one component, row by row, of which each has `stride` numbers. */
interface Plane {
  width: number;
  height: number;
  stride: number;
  data: Int32Array;
}

const descale = (x: number, bits: number): number => (x + (1 << (bits - 1))) >> bits;

/** The odd half that both directions share. */
function odd(a: number, b: number, c: number, d: number): [number, number, number, number] {
  const z5 = (a + c + b + d) * 9633;
  const [z1, z2] = [(a + d) * -7373, (b + c) * -20995];
  const [z3, z4] = [(a + c) * -16069 + z5, (b + d) * -3196 + z5];
  return [a * 2446 + z1 + z3, b * 16819 + z2 + z4, c * 25172 + z2 + z3, d * 12299 + z1 + z4];
}

/** Eight numbers, `step` apart, to frequencies; `up` bits more or, where negative, fewer. */
function forwardLine(x: Int32Array, at: number, step: number, up: number): void {
  const v = (i: number): number => x[at + i * step];
  const sums = [v(0) + v(7), v(1) + v(6), v(2) + v(5), v(3) + v(4)];
  const parts = odd(v(3) - v(4), v(2) - v(5), v(1) - v(6), v(0) - v(7));
  const [t10, t11, t12, t13] = [sums[0] + sums[3], sums[1] + sums[2], sums[1] - sums[2], sums[0] - sums[3]];
  const scaled = (y: number): number => (up > 0 ? y << up : descale(y, -up));
  const z1 = (t12 + t13) * 4433;
  x[at] = scaled(t10 + t11);
  x[at + 4 * step] = scaled(t10 - t11);
  x[at + 2 * step] = descale(z1 + t13 * 6270, 13 - up);
  x[at + 6 * step] = descale(z1 - t12 * 15137, 13 - up);
  parts.forEach((part, i) => (x[at + (7 - 2 * i) * step] = descale(part, 13 - up)));
}

/** Frequencies back to numbers. */
function inverseLine(x: Int32Array, at: number, step: number, bits: number): void {
  const v = (i: number): number => x[at + i * step];
  const z1 = (v(2) + v(6)) * 4433;
  const [low, high] = [z1 - v(6) * 15137, z1 + v(2) * 6270];
  const [sum, difference] = [(v(0) + v(4)) * 8192, (v(0) - v(4)) * 8192];
  const even = [sum + high, difference + low, difference - low, sum - high];
  const parts = odd(v(7), v(5), v(3), v(1)).reverse();
  for (let i = 0; i < 4; i++) {
    x[at + i * step] = descale(even[i] + parts[i], bits);
    x[at + (7 - i) * step] = descale(even[i] - parts[i], bits);
  }
}

/** A block of 8 × 8 samples after quantization and back. */
function throughBlock(block: Int32Array, table: readonly number[]): void {
  for (let i = 0; i < 8; i++) forwardLine(block, i * 8, 1, 2);
  for (let i = 0; i < 8; i++) forwardLine(block, i, 8, -2);
  for (let i = 0; i < 64; i++) {
    const step = table[i] * 8;
    const level = Math.floor((Math.abs(block[i]) + (step >> 1)) / step);
    block[i] = Math.sign(block[i]) * level * table[i];
  }
  for (let i = 0; i < 8; i++) inverseLine(block, i, 8, 11);
  for (let i = 0; i < 8; i++) inverseLine(block, i * 8, 1, 18);
}

const paddedTo8 = (n: number): number => Math.ceil(n / 8) * 8;
const clampByte = (x: number): number => Math.min(Math.max(x, 0), 255);

/** A component of these sizes after quantization; `sample` also tells what stands right of its edge. */
function throughBlocks(width: number, height: number, table: readonly number[], sample: (x: number, y: number) => number): Plane {
  const stride = paddedTo8(width);
  const data = new Int32Array(stride * paddedTo8(height));
  const block = new Int32Array(64);
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) block[i] = sample(left + (i & 7), Math.min(top + (i >> 3), height - 1)) - 128;
      throughBlock(block, table);
      for (let i = 0; i < 64; i++) data[(top + (i >> 3)) * stride + left + (i & 7)] = clampByte(block[i] + 128);
    }
  return { width, height, stride, data };
}

/** The sums of 2 × 2 pixels, rounded down and up in turn. */
function halved(full: Int32Array, width: number, height: number): (x: number, y: number) => number {
  const row = (y: number): number => Math.min(y, height - 1) * width;
  return (x, y) => {
    const [a, b] = [Math.min(2 * x, width - 1), Math.min(2 * x + 1, width - 1)];
    const [top, bottom] = [row(2 * y), row(2 * y + 1)];
    return (full[top + a] + full[top + b] + full[bottom + a] + full[bottom + b] + 1 + (x & 1)) >> 2;
  };
}

/** A sample between those of a halved plane: the nearest weighs 9 of 16. Narrow planes are repeated instead. */
function doubled({ width, height, stride, data }: Plane): (x: number, y: number) => number {
  const at = (x: number, y: number): number => data[y * stride + x];
  if (width <= 2) return (x, y) => at(x >> 1, y >> 1);
  return (x, y) => {
    const [column, row] = [x >> 1, y >> 1];
    const far = Math.min(Math.max(row + (y & 1 ? 1 : -1), 0), height - 1);
    const next = Math.min(Math.max(column + (x & 1 ? 1 : -1), 0), width - 1);
    const sum = (k: number): number => at(k, row) * 3 + at(k, far);
    return (sum(column) * 3 + sum(next) + (x & 1 ? 7 : 8)) >> 4;
  };
}

/** Bytes (3, H, W) through colour transform, halving and quantization. */
function throughColour(bytes: Uint8Array, width: number, height: number, quality: number): void {
  const size = width * height;
  const [ys, cbs, crs] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)];
  for (let i = 0; i < size; i++) {
    const [r, g, b] = [bytes[i], bytes[size + i], bytes[2 * size + i]];
    ys[i] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    cbs[i] = (-11059 * r - 21709 * g + 32768 * b + 8421375) >> 16;
    crs[i] = (32768 * r - 27439 * g - 5329 * b + 8421375) >> 16;
  }
  const luma = throughBlocks(width, height, quantizers(luminance, quality), (x, y) => ys[y * width + Math.min(x, width - 1)]);
  const half = [Math.ceil(width / 2), Math.ceil(height / 2)] as const;
  const table = quantizers(chroma, quality);
  const [cbAt, crAt] = [cbs, crs].map((full) => doubled(throughBlocks(...half, table, halved(full, width, height))));
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const [light, cb, cr] = [luma.data[y * luma.stride + x], cbAt(x, y) - 128, crAt(x, y) - 128];
      bytes[i] = clampByte(light + ((91881 * cr + 32768) >> 16));
      bytes[size + i] = clampByte(light + ((-22554 * cb - 46802 * cr + 32768) >> 16));
      bytes[2 * size + i] = clampByte(light + ((116130 * cb + 32768) >> 16));
    }
}

function throughGray(bytes: Uint8Array, width: number, height: number, quality: number): void {
  const table = quantizers(luminance, quality);
  const { data, stride } = throughBlocks(width, height, table, (x, y) => bytes[y * width + Math.min(x, width - 1)]);
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) bytes[i] = data[y * stride + x];
}

/**
 * Bytes (…, C, H, W) with 1 or 3 channels as they come back from a JPEG file of this quality, 1 to 100: exactly as from libjpeg.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.jpeg.html
 * @throws Error where the image has another dtype or number of channels
 * @example v2.functional.jpeg(torch.full([1, 1, 2], 77, { dtype: torch.uint8 }), 50)  // tensor([[[76, 76]]], dtype=torch.uint8)
 */
export function jpeg<T extends Tensor>(image: T, ...args: Call<[quality: number], [], { quality: number }>): T {
  const { quality } = bind<{ quality: number }>('jpeg', 'quality!', args);
  if (image.dtype !== torch.uint8) throw new Error(`Input tensor dtype should be uint8, but got ${String(image.dtype)}`);
  const [channels, height, width] = image.shape.slice(-3);
  if (channels !== 1 && channels !== 3) throw new Error(`The number of channels should be 1 or 3, got: ${channels}`);
  const through = channels === 1 ? throughGray : throughColour;
  const bytes = image.detach().contiguous().toTypedArray() as Uint8Array;
  const size = channels * height * width;
  for (let at = 0; at < bytes.length; at += size) through(bytes.subarray(at, at + size), width, height, quality);
  return wrap(torch.tensor(bytes).reshape(image.shape), image);
}
