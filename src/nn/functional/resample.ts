/** Resizing and sampling of images. https://pytorch.org/docs/stable/nn.functional.html#vision-functions */
import { callable } from '../../ops/signature.js';
import { float64, int32, uint8 } from '../../ir/dtype.js';
import { record } from '../../autograd/node.js';
import { convert } from '../../ops/convert.js';
import { fromNumpy } from '../../ops/creation.js';
import { define, scalarTypeName } from '../../ops/define.js';
import { accumulateType } from '../../ops/launch.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import type { Args } from '../../ops/types.js';
import { NotImplementedError, RuntimeError, ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, type SizeN, toFloat } from './arguments.js';
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

/** How `native/r_resample.cpp` resamples: modes by its numbers; a scale of 0 is that of the sizes. */
interface Resampling {
  readonly mode: InterpolateMode;
  readonly sizes: readonly number[];
  readonly scales: readonly number[];
  readonly alignCorners: boolean;
  readonly antialias: boolean;
}
const modes: Record<Exclude<InterpolateMode, 'area'>, number> = {
  nearest: 0,
  'nearest-exact': 1,
  linear: 2,
  bilinear: 2,
  trilinear: 2,
  bicubic: 3,
};

/**
 * All spatial dims one after the other; `transpose` goes back from gradients of `sizes`.
 * Where values are only copied the last dim comes first: then most is copied in whole lines.
 */
function resampleDims(x: Tensor, sizes: readonly number[], how: Resampling, transpose: boolean): Tensor {
  const dims = [...sizes.keys()];
  if (how.mode.startsWith('nearest') && !transpose) dims.reverse();
  return dims.reduce((from: Tensor, d) => {
    const out = emptyOn(
      from,
      from.sizes.map((n, dim) => (dim === d + 2 ? sizes[d] : n)),
    );
    const params = [d + 2, modes[how.mode as keyof typeof modes], +how.alignCorners, how.scales[d], +how.antialias, +transpose];
    runRoutine('resample', [out, contiguousRaw(from)], params);
    return out;
  }, x);
}

/** Linear, so that its gradient is its transpose and the other way round. */
function resampled(x: Tensor, sizes: readonly number[], how: Resampling, transpose = false): Tensor {
  const out = resampleDims(x, sizes, how, transpose);
  const from = x.sizes.slice(2);
  return record(nodeName(how), [x], out, [], ({ grad }) => [resampled(grad, from, how, !transpose)]);
}

function nodeName({ mode, sizes, antialias }: Resampling): string {
  const kind = mode.split('-').map((word) => word[0].toUpperCase() + word.slice(1));
  return `Upsample${kind.join('')}${sizes.length}D${antialias ? 'Aa' : ''}Backward0`;
}

/** Floats of 16 bits and integers are resampled in a wider float, and rounded once. */
function resample(x: Tensor, how: Resampling): Tensor {
  if (x.dtype.isComplex)
    throw new NotImplementedError(`"upsample_${how.mode}${how.sizes.length}d" not implemented for '${scalarTypeName(x.dtype)}'`);
  if (x.dtype.isFloatingPoint) return convert(resampled(convert(x, accumulateType(x.dtype)), how.sizes, how), x.dtype);
  const wide = resampled(convert(x, float64), how.sizes, how).round();
  return convert(x.dtype === uint8 ? wide.clamp(0, 255) : wide, x.dtype);
}

/** Runs of bytes that are added up: `width` weights from `first[i]` on, in integers with `precision` binary places. */
export interface ByteTaps {
  readonly first: Int32Array;
  readonly width: number;
  readonly weights: Int32Array;
  readonly precision: number;
}

/** Bytes (outer, n, inner) resampled along the middle dim, as PyTorch and Pillow resample bytes. */
export function resampleBytes(input: Tensor, { first, width, weights, precision }: ByteTaps): Tensor {
  const out = emptyOn(input, [input.sizes[0], first.length, input.sizes[2]]);
  const [places, table] = [first, weights].map((values) => convert(fromNumpy(values), int32, input.storage.device));
  if (numelOf(out.sizes) > 0)
    runRoutine('resample_bytes', [out, contiguousRaw(input), places, table.view([first.length, width])], [precision]);
  return out;
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
    if (n < 1 || n > 3 || (!['nearest', 'area', 'nearest-exact'].includes(mode) && wanted === undefined))
      throw new NotImplementedError(
        `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got ${mode})`,
      );
    if (wanted !== undefined && wanted !== n)
      throw new NotImplementedError(`Got ${input.ndim}D input, but ${mode} mode needs ${(wanted ?? 1) + 2}D input`);
    if (wanted === undefined && (alignCorners ?? null) !== null)
      throw new ValueError('align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear');
    if (antialias && !(mode === 'bilinear' || mode === 'bicubic'))
      throw new ValueError('Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input');
    const { sizes, scales } = outputSizes(input, n, size ?? null, scaleFactor ?? null, recompute ?? false);
    if (sizes.some((each) => each < 1))
      throw new RuntimeError(
        `Input and output sizes should be greater than 0, but got input (${sided(input.sizes.slice(2))})${n === 1 ? ' and' : ''} output (${sided(sizes)})`,
      );
    if (mode === 'area') return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][n - 1](input, sizes);
    return resample(input, { mode, sizes, scales, alignCorners: alignCorners ?? false, antialias });
  },
);

const tuple = (sizes: readonly number[]): string => `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
/** `W: 3`, or `H: 3, W: 4`. */
const sided = (sizes: readonly number[]): string => sizes.map((n, i) => `${'DHW'[i + 3 - sizes.length]}: ${n}`).join(', ');

/** Output sizes, and the factors that positions are computed with: 0 where that of the sizes serves. */
function outputSizes(
  input: Tensor,
  n: number,
  size: SizeN | null,
  factor: SizeN | null,
  recompute: boolean,
): { sizes: number[]; scales: number[] } {
  if ((size === null) === (factor === null))
    throw new ValueError(
      size === null ? 'either size or scale_factor should be defined' : 'only one of size or scale_factor should be defined',
    );
  const each = (value: SizeN): number[] => (typeof value === 'number' ? new Array<number>(n).fill(value) : [...value]);
  const spatial = input.sizes.slice(2);
  if (size !== null) {
    if (recompute) throw new ValueError('recompute_scale_factor is not meaningful with an explicit size.');
    const sizes = each(size);
    if (sizes.length !== n)
      throw new ValueError(
        `Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of ${brackets(spatial)} and output size of ${tuple(sizes)}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format.`,
      );
    return { sizes, scales: sizes.map(() => 0) };
  }
  const factors = each(factor!);
  if (factors.length !== n)
    throw new ValueError(
      `Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of ${brackets(spatial)} and scale_factor of shape ${tuple(factors)}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format.`,
    );
  const sizes = spatial.map((length, d) => Math.floor(length * factors[d]));
  return { sizes, scales: factors.map((each) => (recompute ? 0 : each)) };
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

const gridModes = ['bilinear', 'nearest', 'bicubic'];
const gridPaddings = ['zeros', 'border', 'reflection'];

/** As `native/r_grid_sample.cpp` counts modes and paddings. Like PyTorch's, the gradient has no gradient. */
function sampled(input: Tensor, grid: Tensor, mode: string, paddingMode: string, align: boolean): Tensor {
  const params = [gridModes.indexOf(mode), gridPaddings.indexOf(paddingMode), +align];
  const out = emptyOn(input, [...input.sizes.slice(0, 2), ...grid.sizes.slice(1, -1)]);
  runRoutine('grid_sample', [out, contiguousRaw(input), contiguousRaw(grid)], params);
  return record(`GridSampler${input.ndim - 2}DBackward0`, [input, grid], out, [input, grid], ({ grad, needs }, [x, g]) => {
    const grads = [x, g].map((each, i) => (needs(i) ? emptyOn(each, each.sizes) : null));
    runRoutine('grid_sample_backward', [...grads, contiguousRaw(grad), contiguousRaw(x), contiguousRaw(g)], params);
    return grads;
  });
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
  (givenInput: Tensor, givenGrid: Tensor, mode = 'bilinear', paddingMode = 'zeros', align = false) => {
    const [input, grid] = [toFloat(givenInput), toFloat(givenGrid)];
    const n = input.ndim - 2;
    if (!['bilinear', 'nearest', 'bicubic'].includes(mode))
      throw new ValueError(`nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`);
    if (!['zeros', 'border', 'reflection'].includes(paddingMode))
      throw new ValueError(
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
    if (input.sizes.slice(2).includes(0))
      throw new RuntimeError(
        `grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ${brackets(input.sizes)} with dimension ${input.sizes.indexOf(0, 2)} being empty`,
      );
    if (input.dtype !== grid.dtype)
      throw new RuntimeError(`expected scalar type ${scalarTypeName(input.dtype)} but found ${scalarTypeName(grid.dtype)}`);
    if (mode === 'bicubic' && n !== 2) throw new RuntimeError('grid_sampler(): bicubic interpolation only supports 4D input');
    return sampled(input, grid, mode, paddingMode, align ?? false);
  },
);
