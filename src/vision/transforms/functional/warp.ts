/** Rotations, affine maps, perspective and elastic distortions. https://pytorch.org/vision/stable/transforms.html#geometry */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { batched, chw, isFloat, type Tensor } from './common.js';
import type { Fill } from './crop.js';
import type { Interpolation } from './resize.js';

export interface WarpOptions {
  interpolation?: Interpolation;
  /** What stands where the image was not; null leaves black and darkens the edge. */
  fill?: Fill;
}

function checkWarp(image: Tensor, interpolation: Interpolation, fill: Fill | undefined): void {
  const [channels] = chw(image);
  if (Array.isArray(fill) && fill.length > 1 && fill.length !== channels)
    throw new Error(
      `The number of elements in 'fill' cannot broadcast to match the number of channels of the image (${fill.length} != ${channels})`,
    );
  if (interpolation !== 'nearest' && interpolation !== 'bilinear')
    throw new Error(`Interpolation mode '${interpolation}' is unsupported with Tensor input`);
}

const dtypeOf = (image: Tensor): torch.DType => (isFloat(image) ? image.dtype : torch.float32);

/** The image at the places of `grid` (1, H', W', 2), where −1 and 1 are its edges. */
function sample(image: Tensor, grid: Tensor, mode: 'nearest' | 'bilinear', fill: Fill | undefined): Tensor {
  const { batch, unbatch } = batched(image);
  const values = batch.to(grid.dtype);
  const [count, channels] = batch.shape;
  const places = count === 1 ? grid : grid.expand(count, -1, -1, -1);
  const look = (x: Tensor): Tensor => torch.nn.functional.gridSample(x, places, { mode, paddingMode: 'zeros', alignCorners: false });
  const found = fill === null || fill === undefined ? look(values) : fillOutside(values, look, mode, fill, channels);
  return unbatch(image.dtype === grid.dtype ? found : found.round().to(image.dtype));
}

function fillOutside(
  values: Tensor,
  look: (x: Tensor) => Tensor,
  mode: string,
  fill: number | readonly number[],
  channels: number,
): Tensor {
  const both = look(torch.cat([values, torch.onesLike(values.narrow(1, 0, 1))], 1));
  const [found, inside] = [both.narrow(1, 0, channels), both.narrow(1, channels, 1)];
  const list = typeof fill === 'number' ? [fill] : [...fill];
  const colour = torch.tensor(list, { dtype: values.dtype, device: values.device }).reshape(1, -1, 1, 1);
  return mode === 'nearest' ? torch.where(inside.lt(0.5), colour.expandAs(found), found) : found.sub(colour).mul(inside).add(colour);
}

export type Matrix = readonly [number, number, number, number, number, number];
type Pair = readonly [number, number];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** From places in the output to places in the input: the inverse of rotating, shearing, scaling and moving around `center`. */
export function inverseAffineMatrix([cx, cy]: Pair, angle: number, [tx, ty]: Pair, scale: number, [shearX, shearY]: Pair): Matrix {
  const [rotation, sx, sy] = [radians(angle), radians(shearX), radians(shearY)];
  const a = Math.cos(rotation - sy) / Math.cos(sy);
  const b = -(a * Math.tan(sx) + Math.sin(rotation));
  const c = Math.sin(rotation - sy) / Math.cos(sy);
  const d = Math.cos(rotation) - c * Math.tan(sx);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  return [m0, m1, cx - m0 * (cx + tx) - m1 * (cy + ty), m3, m4, cy - m3 * (cx + tx) - m4 * (cy + ty)];
}

/** Where pixels lie, as a row and a column, counted from `start`. */
function pixelPlaces(
  width: number,
  height: number,
  [startX, startY]: Pair,
  { dtype, device }: { dtype: torch.DType; device: Tensor['device'] },
): [x: Tensor, y: Tensor] {
  const places = (start: number, count: number): Tensor => torch.linspace(start, start + count - 1, count, { dtype, device });
  return [places(startX, width).reshape(1, width), places(startY, height).reshape(height, 1)];
}

/** The rows of three numbers, divided by half of the width and half of the height in the dtype of the pixels. */
function perHalf(rows: readonly number[], image: Tensor): number[][] {
  const [, height, width] = chw(image);
  const dtype = dtypeOf(image);
  const half = torch.tensor([0.5 * width, 0.5 * height], { dtype });
  return torch
    .tensor([...rows], { dtype })
    .reshape(2, 3)
    .div(half.unsqueeze(1))
    .tolist() as number[][];
}

/** a · x + b · y + c. A product of matrices might round once where PyTorch rounds twice, and move pixels that lie between two. */
const weighed = (x: Tensor, y: Tensor, [a, b, c]: readonly number[]): Tensor => x.mul(a).add(y.mul(b)).add(c);

function affineGrid(matrix: Matrix, image: Tensor, outWidth: number, outHeight: number): Tensor {
  const place = { dtype: dtypeOf(image), device: image.device };
  const [x, y] = pixelPlaces(outWidth, outHeight, [(1 - outWidth) / 2, (1 - outHeight) / 2], place);
  return torch
    .stack(
      perHalf(matrix, image).map((row) => weighed(x, y, row)),
      -1,
    )
    .unsqueeze(0);
}

/** The centre as an offset from the middle of the image. */
function centerOffset(image: Tensor, center: readonly number[] | null | undefined): Pair {
  const [, height, width] = chw(image);
  return center ? [center[0] - width * 0.5, center[1] - height * 0.5] : [0, 0];
}

export interface AffineOptions extends WarpOptions {
  /** By default the middle of the image. */
  center?: readonly number[] | null;
}

/** Rotates by `angle` degrees, moves by `translate` pixels, scales and shears. */
export function affine(
  image: Tensor,
  angle: number,
  translate: readonly number[],
  scale: number,
  shear: number | readonly number[],
  ...args: Args<[interpolation: Interpolation, fill: Fill, center: readonly number[] | null], AffineOptions>
): Tensor {
  const { interpolation = 'nearest', fill, center } = bind<AffineOptions>('affine', 'interpolation, fill, center', args);
  if (translate.length !== 2) throw new Error('Argument translate should be a sequence of length 2');
  if (!(scale > 0)) throw new Error('Argument scale should be positive');
  const shears = typeof shear === 'number' ? [shear, 0] : shear.length === 1 ? [shear[0], shear[0]] : shear;
  if (shears.length !== 2) throw new Error(`Shear should be a sequence containing two values. Got ${String(shear)}`);
  checkWarp(image, interpolation, fill);
  const [, height, width] = chw(image);
  const matrix = inverseAffineMatrix(centerOffset(image, center), angle, [translate[0], translate[1]], scale, [shears[0], shears[1]]);
  return sample(image, affineGrid(matrix, image, width, height), interpolation as 'nearest', fill);
}

export interface RotateOptions extends AffineOptions {
  /** Whether the output grows so that nothing is cut off. */
  expand?: boolean;
}

/** Width and height of what a rotated image covers. */
export function expandedSize([a, b, c, d, e, f]: Matrix, width: number, height: number): [number, number] {
  const corners = [
    [-width / 2, -height / 2],
    [-width / 2, height / 2],
    [width / 2, height / 2],
    [width / 2, -height / 2],
  ];
  const extent = (values: number[], half: number): number => {
    const settled = (value: number) => Math.fround(Math.trunc((value + half) * 1e4) * 1e-4);
    return Math.ceil(settled(Math.max(...values))) - Math.floor(settled(Math.min(...values)));
  };
  const xs = corners.map(([x, y]) => a * x + b * y + c);
  const ys = corners.map(([x, y]) => d * x + e * y + f);
  return [extent(xs, width / 2), extent(ys, height / 2)];
}

/** Turns the image counter-clockwise by `angle` degrees. */
export function rotate(
  image: Tensor,
  angle: number,
  ...args: Args<[interpolation: Interpolation, expand: boolean, center: readonly number[] | null, fill: Fill], RotateOptions>
): Tensor {
  const {
    interpolation = 'nearest',
    expand = false,
    center,
    fill,
  } = bind<RotateOptions>('rotate', 'interpolation, expand, center, fill', args);
  const turned = ((angle % 360) + 360) % 360;
  const [, height, width] = chw(image);
  if (!center && turned % 90 === 0 && (turned % 180 === 0 || expand || width === height))
    return turned === 0 ? image.clone() : image.rot90(turned / 90, [-2, -1]);
  checkWarp(image, interpolation, fill);
  const matrix = inverseAffineMatrix(centerOffset(image, center), -turned, [0, 0], 1, [0, 0]);
  const [outWidth, outHeight] = expand ? expandedSize(matrix, width, height) : [width, height];
  return sample(image, affineGrid(matrix, image, outWidth, outHeight), interpolation as 'nearest', fill);
}

export type Points = readonly (readonly number[])[];

/** The eight numbers of the map that takes `endpoints` to `startpoints`: x' = (ax + by + c) / (gx + hy + 1), y' = (dx + ey + f) / (gx + hy + 1). */
export function perspectiveCoefficients(startpoints: Points, endpoints: Points): number[] {
  if (startpoints.length !== 4 || endpoints.length !== 4)
    throw new Error(`Please provide exactly four corners, got ${startpoints.length} startpoints and ${endpoints.length} endpoints.`);
  const rows = endpoints.flatMap(([x, y], i) => {
    const [toX, toY] = startpoints[i];
    return [
      [x, y, 1, 0, 0, 0, -toX * x, -toX * y],
      [0, 0, 0, x, y, 1, -toY * x, -toY * y],
    ];
  });
  const place = { dtype: torch.float64 };
  const solution = torch.linalg.solve(torch.tensor(rows, place), torch.tensor(startpoints.flat(), place));
  return solution.to(torch.float32).tolist() as number[];
}

function perspectiveGrid(coefficients: readonly number[], image: Tensor): Tensor {
  const [, height, width] = chw(image);
  const [x, y] = pixelPlaces(width, height, [0.5, 0.5], { dtype: dtypeOf(image), device: image.device });
  const divisor = weighed(x, y, [...coefficients.slice(6), 1]);
  const sides = perHalf(coefficients.slice(0, 6), image).map((row) => weighed(x, y, row).div(divisor).sub(1));
  return torch.stack(sides, -1).unsqueeze(0);
}

export interface PerspectiveOptions extends WarpOptions {
  /** The eight numbers themselves, in place of the points. */
  coefficients?: readonly number[] | null;
}

/** Moves four points of the image. */
export function perspective(
  image: Tensor,
  startpoints: Points | null,
  endpoints: Points | null,
  ...args: Args<[interpolation: Interpolation, fill: Fill, coefficients: readonly number[] | null], PerspectiveOptions>
): Tensor {
  const {
    interpolation = 'bilinear',
    fill,
    coefficients,
  } = bind<PerspectiveOptions>('perspective', 'interpolation, fill, coefficients', args);
  if (coefficients && startpoints && endpoints)
    throw new Error("The startpoints/endpoints and the coefficients shouldn't be defined concurrently.");
  if (coefficients && coefficients.length !== 8) throw new Error('Argument coefficients should have 8 float values');
  if (!coefficients && !(startpoints && endpoints))
    throw new Error('Either the startpoints/endpoints or the coefficients must have non `None` values.');
  checkWarp(image, interpolation, fill);
  const numbers = coefficients ?? perspectiveCoefficients(startpoints!, endpoints!);
  return sample(image, perspectiveGrid(numbers, image), interpolation as 'nearest', fill);
}

/** Moves each pixel by its `displacement` (1, H, W, 2), where 2 is the whole image. */
export function elastic(
  image: Tensor,
  displacement: Tensor,
  ...args: Args<[interpolation: Interpolation, fill: Fill], WarpOptions>
): Tensor {
  const { interpolation = 'bilinear', fill } = bind<WarpOptions>('elastic', 'interpolation, fill', args);
  checkWarp(image, interpolation, fill);
  const [, height, width] = chw(image);
  const expected = [1, height, width, 2];
  if (String(displacement.shape) !== String(torch.Size.of(...expected)))
    throw new Error(`Argument displacement shape should be (${expected.join(', ')}), but given ${String(displacement.shape)}`);
  const [dtype, device] = [dtypeOf(image), image.device];
  const places = (size: number) => torch.linspace((1 - size) / size, (size - 1) / size, size, { dtype, device });
  const x = places(width).reshape(1, width).expand(height, width);
  const y = places(height).reshape(height, 1).expand(height, width);
  const grid = torch.stack([x, y], -1).unsqueeze(0).add(displacement.to(dtype).to(device));
  return sample(image, grid, interpolation as 'nearest', fill);
}
