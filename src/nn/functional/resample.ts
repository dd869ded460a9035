/** Resizing and sampling of images. https://pytorch.org/docs/stable/nn.functional.html#vision-functions */
import { callable } from '../../ops/signature.js';
import { int64 } from '../../ir/dtype.js';
import { tensor } from '../../ops/creation.js';
import { convert } from '../../ops/convert.js';
import { define } from '../../ops/define.js';
import { accumulateType } from '../../ops/launch.js';
import { gather } from '../../ops/select.js';
import type { Args } from '../../ops/types.js';
import { RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, type SizeN } from './arguments.js';
import { selectAlong } from './pad.js';
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './pool.js';

export type InterpolateMode = 'nearest' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area' | 'nearest-exact';

export interface InterpolateOptions {
  size?: SizeN | null;
  scaleFactor?: SizeN | null;
  mode?: InterpolateMode;
  alignCorners?: boolean | null;
  recomputeScaleFactor?: boolean | null;
  antialias?: boolean;
}

/** Where the elements of one dim come from: positions and weights, tap by tap. */
interface Taps {
  index: number[][];
  weight: number[][] | null;
}

/** Cubic convolution with a = −0.75. */
function cubic(t: number): number[] {
  const a = -0.75;
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

function tapsOf(mode: InterpolateMode, size: number, out: number, scale: number, alignCorners: boolean): Taps {
  const positions = Array.from({ length: out }, (_, i) => i);
  const clamp = (i: number) => Math.min(Math.max(i, 0), size - 1);
  if (mode === 'nearest')
    return { index: [positions.map((i) => Math.min(Math.floor(Math.fround(i * Math.fround(scale))), size - 1))], weight: null };
  if (mode === 'nearest-exact')
    return { index: [positions.map((i) => Math.min(Math.floor(Math.fround((i + 0.5) * Math.fround(scale))), size - 1))], weight: null };
  const source = (i: number) => (alignCorners ? (out > 1 ? (i * (size - 1)) / (out - 1) : 0) : (i + 0.5) * scale - 0.5);
  if (mode === 'bicubic') {
    const base = positions.map((i) => Math.floor(source(i)));
    const weights = positions.map((i) => cubic(source(i) - base[i]));
    return { index: [0, 1, 2, 3].map((k) => base.map((b) => clamp(b - 1 + k))), weight: [0, 1, 2, 3].map((k) => weights.map((w) => w[k])) };
  }
  const at = positions.map((i) => Math.max(source(i), 0));
  const base = at.map((x) => Math.min(Math.floor(x), size - 1));
  const part = at.map((x, i) => Math.min(x - base[i], 1));
  return { index: [base, base.map((b) => Math.min(b + 1, size - 1))], weight: [part.map((w) => 1 - w), part] };
}

function resampleDim(x: Tensor, dim: number, { index, weight }: Taps): Tensor {
  const taps = index.map((each) => selectAlong('upsample', x, dim, each));
  if (!weight) return taps[0];
  const shape = x.sizes.map((_, d) => (d === dim ? -1 : 1));
  const weighted = taps.map((tap, k) => tap.mul(tensor(weight[k], { dtype: x.dtype, device: x.device }).view(shape)));
  return weighted.reduce((sum, each) => sum.add(each));
}

const spatialOf: Partial<Record<InterpolateMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 };

type Interpolate = (
  input: Tensor,
  ...args: Args<
    [
      size: SizeN | null,
      scaleFactor: SizeN | null,
      mode: InterpolateMode,
      alignCorners: boolean | null,
      recomputeScaleFactor: boolean | null,
    ],
    InterpolateOptions
  >
) => Tensor;

/**
 * Resizes (N, C, …) to a size, or by a factor. https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @example F.interpolate(torch.tensor([[[1.5, 2.5]]]), { scaleFactor: 2 })  // tensor([[[1.5000, 1.5000, 2.5000, 2.5000]]])
 */
export const interpolate: Interpolate = define(
  'interpolate',
  'input, size?, scaleFactor?, mode?, alignCorners?, recomputeScaleFactor?, antialias?',
  (
    input: Tensor,
    size?: SizeN | null,
    scaleFactor?: SizeN | null,
    mode: InterpolateMode = 'nearest',
    alignCorners?: boolean | null,
    recompute?: boolean | null,
    antialias = false,
  ) => {
    const n = input.ndim - 2;
    const wanted = spatialOf[mode];
    if (!['nearest', 'area', 'nearest-exact'].includes(mode) && wanted === undefined)
      throw new Error(
        `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got ${mode})`,
      );
    if (n < 1 || n > 3 || (wanted !== undefined && wanted !== n))
      throw new Error(`Got ${input.ndim}D input, but ${mode} mode needs ${(wanted ?? 1) + 2}D input`);
    if (wanted === undefined && (alignCorners ?? null) !== null)
      throw new Error('align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear');
    if (antialias) throw new RuntimeError('interpolate: antialias is not supported');
    const { sizes, scales } = outputSizes(input, n, size ?? null, scaleFactor ?? null, recompute ?? false);
    if (sizes.some((each) => each < 1))
      throw new RuntimeError(
        `Input and output sizes should be greater than 0, but got input (${input.sizes.slice(2).join(', ')}) output (${sizes.join(', ')})`,
      );
    if (mode === 'area') return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][n - 1](input, sizes);
    const resampled = sizes.reduce(
      (x, out, d) => resampleDim(x, d + 2, tapsOf(mode, input.sizes[d + 2], out, scales[d], alignCorners ?? false)),
      convert(input, accumulateType(input.dtype)),
    );
    return convert(resampled, input.dtype);
  },
);

function outputSizes(
  input: Tensor,
  n: number,
  size: SizeN | null,
  factor: SizeN | null,
  recompute: boolean,
): { sizes: number[]; scales: number[] } {
  if ((size === null) === (factor === null))
    throw new Error(size === null ? 'either size or scale_factor should be defined' : 'only one of size or scale_factor should be defined');
  const each = (value: SizeN): number[] => (typeof value === 'number' ? new Array<number>(n).fill(value) : [...value]);
  const spatial = input.sizes.slice(2);
  if (size !== null) {
    if (recompute) throw new Error('recompute_scale_factor is not meaningful with an explicit size.');
    const sizes = each(size);
    if (sizes.length !== n)
      throw new Error(
        `Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of ${brackets(spatial)} and output size of ${brackets(sizes)}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format.`,
      );
    return { sizes, scales: sizes.map((out, d) => spatial[d] / out) };
  }
  const factors = each(factor!);
  if (factors.length !== n)
    throw new Error(
      `Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of ${brackets(spatial)} and scale_factor of shape ${brackets(factors)}.`,
    );
  const sizes = spatial.map((length, d) => Math.floor(length * factors[d]));
  return { sizes, scales: sizes.map((out, d) => (recompute ? spatial[d] / out : 1 / factors[d])) };
}

type Upsampling = (
  input: Tensor,
  ...args: Args<[size: SizeN | null, scaleFactor: SizeN | null], Pick<InterpolateOptions, 'size' | 'scaleFactor'>>
) => Tensor;

/**
 * Deprecated by PyTorch: `interpolate`. https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
 * @example F.upsample(torch.ones(1, 1, 2), { scaleFactor: 2 }).shape  // torch.Size([1, 1, 4])
 */
export const upsample: typeof interpolate = interpolate;
/**
 * Deprecated by PyTorch: `interpolate` with mode 'nearest'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
 * @example F.upsampleNearest(torch.ones(1, 1, 2, 2), { scaleFactor: 2 }).shape  // torch.Size([1, 1, 4, 4])
 */
export const upsampleNearest = callable<Upsampling>(
  'upsample_nearest',
  'input, size?, scaleFactor?',
  (input: Tensor, size?: SizeN, scaleFactor?: SizeN) => interpolate(input, { size, scaleFactor, mode: 'nearest' }),
);
/**
 * Deprecated by PyTorch: `interpolate` with mode 'bilinear' and `alignCorners`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
 * @example F.upsampleBilinear(torch.ones(1, 1, 2, 2), { scaleFactor: 2 }).shape  // torch.Size([1, 1, 4, 4])
 */
export const upsampleBilinear = callable<Upsampling>(
  'upsample_bilinear',
  'input, size?, scaleFactor?',
  (input: Tensor, size?: SizeN, scaleFactor?: SizeN) => interpolate(input, { size, scaleFactor, mode: 'bilinear', alignCorners: true }),
);

export interface GridOptions {
  mode?: 'bilinear' | 'nearest' | 'bicubic';
  paddingMode?: 'zeros' | 'border' | 'reflection';
  alignCorners?: boolean | null;
}

/** From [−1, 1] to pixels. */
const toPixels = (g: Tensor, size: number, align: boolean): Tensor =>
  align ? g.add(1).mul((size - 1) / 2) : g.add(1).mul(size).sub(1).div(2);

function reflected(x: Tensor, size: number, align: boolean): Tensor {
  const [low, high] = align ? [0, 2 * (size - 1)] : [-1, 2 * size - 1];
  if (low === high) return x.mul(0);
  const [min, span] = [low / 2, (high - low) / 2];
  const distance = x.sub(min).abs();
  const turns = distance.detach().div(span).floor();
  const extra = distance.sub(turns.mul(span));
  const odd = turns.remainder(2);
  const back = extra
    .add(min)
    .mul(odd.neg().add(1))
    .add(
      extra
        .neg()
        .add(span + min)
        .mul(odd),
    );
  return back.clamp(0, size - 1);
}

function placed(x: Tensor, size: number, paddingMode: string, align: boolean): Tensor {
  if (paddingMode === 'border') return x.clamp(0, size - 1);
  return paddingMode === 'reflection' ? reflected(x, size, align) : x;
}

/** Input values at whole pixel positions (one tensor a dim), zero outside. */
function valuesAt(flat: Tensor, positions: readonly Tensor[], size: readonly number[]): Tensor {
  const inside = positions.map((p, d) => p.ge(0).logicalAnd(p.le(size[d] - 1))).reduce((a, b) => a.logicalAnd(b));
  const index = positions.map((p, d) => convert(p.clamp(0, size[d] - 1), int64)).reduce((sum, p, d) => sum.mul(size[d]).add(p));
  const [n, c] = flat.sizes;
  const places = index.reshape([n, 1, -1]);
  const values = gather(flat, 2, places.expand([n, c, places.sizes[2]]));
  return values.mul(convert(inside, flat.dtype).reshape([n, 1, -1]));
}

const spread = (w: Tensor): Tensor => w.reshape([w.sizes[0], 1, -1]);

function linearSample(flat: Tensor, at: readonly Tensor[], size: readonly number[]): Tensor {
  const low = at.map((x) => x.detach().floor());
  let result: Tensor | null = null;
  for (let corner = 0; corner < 1 << at.length; corner++) {
    const upper = at.map((_, d) => (corner >> d) & 1);
    const weight = at.map((x, d) => (upper[d] ? x.sub(low[d]) : low[d].add(1).sub(x))).reduce((a, b) => a.mul(b));
    const value = valuesAt(
      flat,
      low.map((x, d) => x.add(upper[d])),
      size,
    ).mul(spread(weight));
    result = result ? result.add(value) : value;
  }
  return result!;
}

/** Steps have no slope: the gradient of the grid is zero. */
const nearestSample = (flat: Tensor, at: readonly Tensor[], size: readonly number[]): Tensor =>
  valuesAt(
    flat,
    at.map((x) => x.detach().round()),
    size,
  ).add(spread(at.reduce((sum, x) => sum.add(x)).mul(0)));

function cubicWeights(t: Tensor): Tensor[] {
  const a = -0.75;
  const near = (x: Tensor) =>
    x
      .mul(a + 2)
      .sub(a + 3)
      .mul(x)
      .mul(x)
      .add(1);
  const far = (x: Tensor) =>
    x
      .mul(a)
      .sub(5 * a)
      .mul(x)
      .add(8 * a)
      .mul(x)
      .sub(4 * a);
  return [far(t.add(1)), near(t), near(t.neg().add(1)), far(t.neg().add(2))];
}

function cubicSample(flat: Tensor, at: readonly Tensor[], size: readonly number[], place: (x: Tensor, d: number) => Tensor): Tensor {
  const low = at.map((x) => x.detach().floor());
  const weights = at.map((x, d) => cubicWeights(x.sub(low[d])));
  let result: Tensor | null = null;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      const positions = [i, j].map((k, d) => place(low[d].add(k - 1), d));
      const value = valuesAt(flat, positions, size).mul(spread(weights[0][i].mul(weights[1][j])));
      result = result ? result.add(value) : value;
    }
  }
  return result!;
}

/**
 * Values of (N, C, …) at the positions of a grid (N, …, dims), x first, in [−1, 1].
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 * @example
 * const grid = F.affineGrid(torch.tensor([[[-1, 0, 0], [0, 1, 0]]]).float(), [1, 1, 1, 2]);
 * F.gridSample(torch.tensor([[[[1.5, 2.5]]]]), grid)  // tensor([[[[2.5000, 1.5000]]]])
 */
export const gridSample: (input: Tensor, grid: Tensor, options?: GridOptions) => Tensor = define(
  'gridSampler',
  'input, grid, mode?, paddingMode?, alignCorners?',
  (input: Tensor, grid: Tensor, mode = 'bilinear', paddingMode = 'zeros', align = false) => {
    const n = input.ndim - 2;
    if (!['bilinear', 'nearest', 'bicubic'].includes(mode))
      throw new Error(`nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`);
    if (!['zeros', 'border', 'reflection'].includes(paddingMode))
      throw new Error(
        `nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${paddingMode}'`,
      );
    if ((n !== 2 && n !== 3) || grid.ndim !== input.ndim)
      throw new RuntimeError(
        `grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${brackets(input.sizes)} and grid with sizes ${brackets(grid.sizes)}`,
      );
    if (input.sizes[0] !== grid.sizes[0])
      throw new RuntimeError(
        `grid_sampler(): expected grid and input to have same batch size, but got input with sizes ${brackets(input.sizes)} and grid with sizes ${brackets(grid.sizes)}`,
      );
    if (grid.sizes[grid.ndim - 1] !== n)
      throw new RuntimeError(
        `grid_sampler(): expected grid to have size ${n} in last dimension, but got grid with sizes ${brackets(grid.sizes)}`,
      );
    const size = input.sizes.slice(2);
    const flat = input.reshape([input.sizes[0], input.sizes[1], numelOf(size)]);
    const pixels = size.map((length, d) => toPixels(grid.select(-1, n - 1 - d), length, align ?? false));
    const place = (x: Tensor, d: number): Tensor => placed(x, size[d], paddingMode, align ?? false);
    const at = mode === 'bicubic' ? pixels : pixels.map(place);
    const result =
      mode === 'nearest'
        ? nearestSample(flat, at, size)
        : mode === 'bicubic'
          ? cubicSample(flat, at, size, place)
          : linearSample(flat, at, size);
    return result.reshape([input.sizes[0], input.sizes[1], ...grid.sizes.slice(1, -1)]);
  },
);
