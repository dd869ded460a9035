/** Changes the size of images as PyTorch and Pillow do. */
import { type ByteTaps, resampleBytes } from '../../../companion.js';
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { batched, chw, isFloat, type Tensor } from './common.js';

/** How values between pixels are found. https://pytorch.org/vision/stable/transforms.html#torchvision.transforms.InterpolationMode */
export const InterpolationMode = {
  NEAREST: 'nearest',
  NEAREST_EXACT: 'nearest-exact',
  BILINEAR: 'bilinear',
  BICUBIC: 'bicubic',
  LANCZOS: 'lanczos',
} as const;
export type Interpolation = (typeof InterpolationMode)[keyof typeof InterpolationMode];

export interface ResizeOptions {
  interpolation?: Interpolation;
  /** The most that the longer edge may become. */
  maxSize?: number | null;
  antialias?: boolean;
}

/** A function that weighs pixels by distance, and where it ends. */
interface Filter {
  radius: number;
  weight(distance: number): number;
}

const cubic = (a: number): Filter => ({
  radius: 2,
  weight: (distance) => {
    const x = Math.abs(distance);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  },
});
const linear: Filter = { radius: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos: Filter = { radius: 3, weight: (x) => (x > -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };

/** For each output pixel, its first input pixel and `width` weights from there, the last of which may be zeros. */
interface Taps {
  first: Int32Array;
  width: number;
  weights: Float64Array;
}

/** The filter is widened by the scale, so that all pixels count when an image shrinks. */
function antialiasedTaps(input: number, output: number, { radius, weight }: Filter): Taps {
  const scale = input / output;
  const widening = Math.max(scale, 1);
  const support = radius * widening;
  const startOf = (centre: number): number => Math.max(Math.trunc(centre - support + 0.5), 0);
  const endOf = (centre: number): number => Math.min(Math.trunc(centre + support + 0.5), input);
  const centres = new Float64Array(output).map((_, i) => scale * (i + 0.5));
  const first = new Int32Array(centres.map(startOf));
  const width = centres.reduce((most, centre) => Math.max(most, endOf(centre) - startOf(centre)), 0);
  const weights = new Float64Array(output * width);
  for (let i = 0; i < output; i++) {
    const count = endOf(centres[i]) - first[i];
    let total = 0;
    for (let j = 0; j < count; j++) total += weights[i * width + j] = weight((j + first[i] - centres[i] + 0.5) / widening);
    for (let j = 0; j < count; j++) weights[i * width + j] /= total;
  }
  return { first, width, weights };
}

/** Neighbours only; what lies outside is the pixel at the border. */
function plainTaps(input: number, output: number, { radius, weight }: Filter): Taps {
  const scale = input / output;
  const width = 2 * radius;
  const clamp = (position: number): number => Math.min(Math.max(position, 0), input - 1);
  const first = new Int32Array(output);
  const weights = new Float64Array(output * width);
  for (let i = 0; i < output; i++) {
    const centre = scale * (i + 0.5) - 0.5;
    const start = Math.floor(centre) - radius + 1;
    first[i] = clamp(start);
    for (let j = start; j < start + width; j++) weights[i * width + clamp(j) - first[i]] += weight(j - centre);
  }
  return { first, width, weights };
}

function tapsFor(input: number, output: number, interpolation: Interpolation, antialias: boolean): Taps {
  if (interpolation === 'lanczos') return antialiasedTaps(input, output, lanczos);
  if (antialias) return antialiasedTaps(input, output, interpolation === 'bicubic' ? cubic(-0.5) : linear);
  return plainTaps(input, output, interpolation === 'bicubic' ? cubic(-0.75) : linear);
}

/** The taps as a matrix (output, input). */
function matrixOf({ first, width, weights }: Taps, input: number, like: Tensor): Tensor {
  const rows = new Float64Array(first.length * input);
  for (const [i, start] of first.entries())
    rows.set(weights.subarray(i * width, i * width + Math.min(width, input - start)), i * input + start);
  return torch.tensor(rows).reshape(first.length, input).to(like.device).to(like.dtype);
}

function resizeFloat(batch: Tensor, size: readonly [number, number], interpolation: Interpolation, antialias: boolean): Tensor {
  if (interpolation !== 'lanczos') return torch.nn.functional.interpolate(batch, { size, mode: interpolation, antialias });
  const [, oldHeight, oldWidth] = chw(batch);
  const across = matrixOf(antialiasedTaps(oldWidth, size[1], lanczos), oldWidth, batch);
  const down = matrixOf(antialiasedTaps(oldHeight, size[0], lanczos), oldHeight, batch);
  return down.matmul(batch.matmul(across.t()));
}

/** Taps with 16-bit integers as weights, in as many binary places as fit: what PyTorch and Pillow compute bytes with. */
function fixedPoint({ first, width, weights }: Taps): ByteTaps {
  const most = weights.reduce((max, w) => Math.max(max, w), 0);
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + most * 2 ** (precision + 1)) < 2 ** 15) precision++;
  const one = 2 ** precision;
  return { first, width, weights: new Int32Array(weights.map((w) => w * one + (w < 0 ? -0.5 : 0.5))), precision };
}

function resizeBytes(batch: Tensor, [height, width]: readonly [number, number], interpolation: Interpolation, antialias: boolean): Tensor {
  const [count, channels, oldHeight, oldWidth] = batch.shape;
  const planes = count * channels;
  const taps = (input: number, output: number): ByteTaps => fixedPoint(tapsFor(input, output, interpolation, antialias));
  let pixels = batch;
  if (width !== oldWidth) pixels = resampleBytes(pixels.reshape(planes * oldHeight, oldWidth, 1), taps(oldWidth, width));
  if (height !== oldHeight) pixels = resampleBytes(pixels.reshape(planes, oldHeight, width), taps(oldHeight, height));
  return pixels.reshape(count, channels, height, width);
}

/** The pixel that lies under each output pixel. */
function resizeNearest(batch: Tensor, size: readonly [number, number], exact: boolean): Tensor {
  const pick = (image: Tensor, dim: number, output: number): Tensor => {
    const input = image.shape.at(dim)!;
    const index = Array.from({ length: output }, (_, i) =>
      Math.min(Math.floor(Math.fround((i + (exact ? 0.5 : 0)) * Math.fround(input / output))), input - 1),
    );
    return image.indexSelect(dim, torch.tensor(index, { dtype: torch.int64, device: image.device }));
  };
  return pick(pick(batch, -2, size[0]), -1, size[1]);
}

export function outputSize(
  [height, width]: readonly [number, number],
  size: number | readonly number[] | null,
  maxSize: number | null,
): [number, number] {
  const wanted = typeof size === 'number' ? [size] : size;
  if (wanted?.length === 2) {
    if (maxSize !== null)
      throw new Error(
        'max_size should only be passed if size is None or specifies the length of the smaller edge, i.e. size should be an int or a sequence of length 1 in torchscript mode.',
      );
    return [wanted[0], wanted[1]];
  }
  const [short, long] = [Math.min(height, width), Math.max(height, width)];
  const oriented = (newShort: number, newLong: number): [number, number] => (width <= height ? [newLong, newShort] : [newShort, newLong]);
  if (wanted === null) {
    if (maxSize === null) throw new Error(`max_size must be an integer when size is None, but got None instead.`);
    return oriented(Math.trunc((maxSize * short) / long), maxSize);
  }
  if (wanted.length !== 1)
    throw new Error(`size can be an integer, a sequence of one or two integers, or None, but got ${String(size)} instead.`);
  const [newShort, newLong] = [wanted[0], Math.trunc((wanted[0] * long) / short)];
  if (maxSize === null) return oriented(newShort, newLong);
  if (maxSize <= newShort)
    throw new Error(`max_size = ${maxSize} must be strictly greater than the requested size for the smaller edge size = [${newShort}]`);
  return newLong > maxSize ? oriented(Math.trunc((maxSize * newShort) / newLong), maxSize) : oriented(newShort, newLong);
}

const modes: readonly string[] = Object.values(InterpolationMode);

/** (…, C, H, W) → (…, C, H', W'). One number is the size of the shorter edge. Bytes come out exactly as from PyTorch; floats are differentiable. */
export function resize(
  image: Tensor,
  size: number | readonly number[] | null,
  ...args: Args<[interpolation: Interpolation, maxSize: number | null, antialias: boolean], ResizeOptions>
): Tensor {
  const {
    interpolation = 'bilinear',
    maxSize = null,
    antialias = true,
  } = bind<ResizeOptions>('resize', 'interpolation, maxSize, antialias', args);
  if (!modes.includes(interpolation))
    throw new Error(
      `Invalid interpolation mode: '${interpolation}'. Supported string values are: [${modes.map((m) => `'${m}'`).join(', ')}].`,
    );
  if (interpolation === 'lanczos' && !antialias) throw new Error('InterpolationMode.LANCZOS requires antialias=True');
  const [, oldHeight, oldWidth] = chw(image);
  const target = outputSize([oldHeight, oldWidth], size, maxSize);
  if (target[0] === oldHeight && target[1] === oldWidth) return image;
  const { batch, unbatch } = batched(image);
  if (interpolation === 'nearest' || interpolation === 'nearest-exact')
    return unbatch(resizeNearest(batch, target, interpolation === 'nearest-exact'));
  if (image.dtype === torch.uint8) return unbatch(resizeBytes(batch, target, interpolation, antialias));
  if (isFloat(image)) return unbatch(resizeFloat(batch, target, interpolation, antialias));
  return unbatch(resizeFloat(batch.to(torch.float32), target, interpolation, antialias).round().to(image.dtype));
}
