/** Pooling over windows. https://pytorch.org/docs/stable/nn.functional.html#pooling-functions */
import { int64 } from '../../ir/dtype.js';
import { needsRecord, record, nameNode } from '../../autograd/node.js';
import { define } from '../../ops/define.js';
import { snakeCase } from '../../ops/messages.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runIndexed, runRoutine } from '../../ops/routine.js';
import type { Args } from '../../ops/types.js';
import { IndexError, RuntimeError, ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, expandSize, type SizeN, toFloat } from './arguments.js';

/** One window a spatial dim. */
interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** How many windows fit; with `ceil`, also one that begins inside and ends outside. */
function windowCount(size: number, kernel: number, stride: number, padding: number, dilation: number, ceil: boolean): number {
  const span = size + 2 * padding - dilation * (kernel - 1) - 1;
  const count = (ceil ? Math.ceil(span / stride) : Math.floor(span / stride)) + 1;
  return ceil && (count - 1) * stride >= size + padding ? count - 1 : count;
}

function windowsOf(name: string, n: number, kernelN: SizeN, strideN: SizeN | null | undefined, paddingN: SizeN, dilationN: SizeN): Windows {
  const size = (label: string, value: SizeN) => expandPool(name, label, value, n);
  const kernel = size('kernel_size', kernelN);
  const stride =
    strideN === null || strideN === undefined || (Array.isArray(strideN) && strideN.length === 0) ? kernel : size('stride', strideN);
  const [padding, dilation] = [size('padding', paddingN), size('dilation', dilationN)];
  if (n > 1 && stride.includes(0)) throw new RuntimeError('stride should not be zero');
  checkPositive(name, 'kernel_size', kernel);
  checkPositive(name, 'stride', stride);
  checkPositive(name, 'dilation', dilation);
  if (padding.some((p) => p < 0)) throw new RuntimeError(`pad must be non-negative, but got pad: ${Math.min(...padding)}`);
  padding.forEach((p, d) => {
    if (p > ((kernel[d] - 1) * dilation[d] + 1) / 2) {
      throw new RuntimeError(
        `pad should be at most half of effective kernel size, but got pad=${p}, kernel_size=${kernel[d]} and dilation=${dilation[d]}`,
      );
    }
  });
  return { kernel, stride, padding, dilation };
}

function checkPositive(name: string, label: string, values: readonly number[]): void {
  for (const value of values)
    if (value <= 0) throw new RuntimeError(`${snakeCase(name)}() ${label} must be greater than zero, but got ${value}`);
}

function expandPool(name: string, label: string, value: SizeN, n: number): number[] {
  if (Array.isArray(value) && value.length !== 1 && value.length !== n) {
    throw new RuntimeError(`${snakeCase(name)}: ${label} must either be a single int, or a tuple of ${counts[n]} ints`);
  }
  return expandSize(label, value, n);
}

const counts = ['', 'one', 'two', 'three'];

/** PyTorch's several ways to refuse an input of the wrong number of dims, or without elements. */
function wrongDims(name: string, { ndim, sizes }: Tensor, n: number): Error {
  const pool = snakeCase(name);
  const dims = `${n + 1}D or ${n + 2}D`;
  const optional = `Expected ${dims} (batch mode) tensor with optional 0 dim batch size for input, but got:${brackets(sizes)}`;
  if (name === 'maxPool1d') return new RuntimeError(`${pool}: ${optional}`);
  if (n === 1)
    return new RuntimeError(
      `Expected 2 to 3 dimensions, but got ${ndim}-dimensional tensor for argument #1 'self' (while checking arguments for ${pool})`,
    );
  if (name.startsWith('adaptive'))
    return new RuntimeError(`${pool}(): Expected ${dims} tensor, but got${name.includes('Max') ? ':' : ''} ${brackets(sizes)}`);
  const isWrong = ndim !== n + 1 && ndim !== n + 2;
  if (name !== 'avgPool2d' && isWrong) return new RuntimeError(`non-empty ${dims} (batch mode) tensor expected for input`);
  return ndim < n + 1
    ? new IndexError(`Dimension out of range (expected to be in range of [${-ndim}, ${ndim - 1}], but got ${-n - 1})`)
    : new RuntimeError(optional);
}

/** The input as (N, C, …spatial), and back. */
function batched(name: string, input: Tensor, n: number): { x: Tensor; restore: (t: Tensor) => Tensor } {
  if ((input.ndim !== n + 1 && input.ndim !== n + 2) || input.sizes.slice(input.ndim - n - 1).includes(0)) {
    if (name === 'maxPool3d' && input.ndim > n)
      throw new RuntimeError(
        `max_pool3d(): Expected input's non-batch dimensions to have positive length, but input has a shape of ${brackets(input.sizes)} and non-batch dimension 0 has length zero!`,
      );
    throw wrongDims(name, input, n);
  }
  // Windows in one dim are those of images one pixel high in PyTorch.
  const named = (t: Tensor, inner = t): Tensor => nameNode(n === 1 ? 'SqueezeBackward1' : (inner.node?.name ?? name), t);
  const restore = (t: Tensor): Tensor => named(t.squeeze(0), t);
  return input.ndim === n + 2 ? { x: input, restore: named } : { x: input.unsqueeze(0), restore };
}

function outputSizes(x: Tensor, { kernel, stride, padding, dilation }: Windows, ceil: boolean): number[] {
  const [batch, channels, ...spatial] = x.sizes;
  const counts = spatial.map((size, d) => windowCount(size, kernel[d], stride[d], padding[d], dilation[d], ceil));
  if (counts.some((count) => count < 1)) {
    if (counts.length === 1) throw new RuntimeError(`max_pool1d() Invalid computed output size: ${counts[0]}`);
    const show = (sizes: readonly number[]) => sizes.join('x');
    throw new RuntimeError(
      `Given input size: (${show([channels, ...spatial])}). Calculated output size: (${show([channels, ...counts])}). Output size is too small`,
    );
  }
  return [batch, channels, ...counts];
}

// --- maxima ---------------------------------------------------------------------------------------------------------------------

const planes = (t: Tensor): [number, number] => {
  const size = numelOf(t.sizes.slice(2));
  return [t.sizes[0] * t.sizes[1], size];
};
const flatPlanes = (t: Tensor): Tensor => contiguousRaw(t).view(planes(t));

/** Puts values at flat positions of planes of the given sizes; the sum where positions meet. */
export function scatterPlanes(name: string, values: Tensor, indices: Tensor, sizes: readonly number[], set = false): Tensor {
  const out = emptyOn(values, sizes);
  if (numelOf(values.sizes) === 0) out.zero_();
  else {
    runIndexed(
      'pool_scatter',
      [out.view(planes(out)), flatPlanes(values), flatPlanes(indices)],
      [set ? 1 : 0],
      (index) => `Found an invalid max index: ${index} (output volumes are of size ${sizes.slice(2).join('x')})`,
      RuntimeError,
    );
  }
  return record(name, [values], out, [indices], ({ grad }, [at]) => [gatherPlanes(name, grad, at)]);
}

/** Takes values at flat positions of planes. */
function gatherPlanes(name: string, input: Tensor, indices: Tensor): Tensor {
  const out = emptyOn(input, indices.sizes);
  if (numelOf(out.sizes) > 0) runIndexed('pool_gather', [out.view(planes(out)), flatPlanes(input), flatPlanes(indices)]);
  return record(name, [input], out, [indices], ({ grad }, [at]) => [scatterPlanes(name, grad, at, input.sizes)]);
}

/** A pair of values and flat positions, recorded; `fill` computes them. */
function maxima(
  name: string,
  x: Tensor,
  sizes: readonly number[],
  fill: (out: Tensor, indices: Tensor) => void,
): [values: Tensor, indices: Tensor] {
  const [out, indices] = [emptyOn(x, sizes), emptyOn(x, sizes, int64)];
  if (numelOf(sizes) > 0) fill(out, indices);
  record(name, [x], out, [indices], ({ grad }, [at]) => [scatterPlanes(`${name}Backward`, grad, at, x.sizes)]);
  return [out, indices];
}

/** Up to this many values of a window are compared again in backward, which is cheaper than keeping where the largest stood. */
const COMPARED_AGAIN = 9;

/** Indices are left out where neither the caller nor backward wants them. */
function maxPool(
  name: string,
  n: number,
  input: Tensor,
  windows: Windows,
  ceil: boolean,
  wantsIndices: boolean,
): [values: Tensor, indices: Tensor | null] {
  const { x, restore } = batched(name, input, n);
  const params = windows.kernel.flatMap((k, d) => [k, windows.stride[d], windows.padding[d], windows.dilation[d]]);
  const node = `maxPool${n}dWithIndices`;
  const sizes = outputSizes(x, windows, ceil);
  const fill = (values: Tensor, indices: Tensor | null): void => {
    if (numelOf(sizes) > 0) runRoutine('max_pool', [values, indices, contiguousRaw(x)], params);
  };
  const taps = windows.kernel.reduce((a, b) => a * b, 1);
  if (wantsIndices || (needsRecord([x]) && taps > COMPARED_AGAIN)) {
    const [values, indices] = maxima(node, x, sizes, fill);
    return [restore(values), restore(indices)];
  }
  const values = emptyOn(x, sizes);
  fill(values, null);
  record(node, [x], values, [x], ({ grad }, [input]) => [maxPoolGradient(node, grad, input, params)]);
  return [restore(values), null];
}

/** The gradient of the input, by comparing its values again. */
function maxPoolGradient(name: string, grad: Tensor, input: Tensor, params: readonly number[]): Tensor {
  if (needsRecord([grad])) {
    const [values, indices] = [emptyOn(input, grad.sizes), emptyOn(input, grad.sizes, int64)];
    if (numelOf(grad.sizes) > 0) runRoutine('max_pool', [values, indices, contiguousRaw(input)], params);
    return scatterPlanes(`${name}Backward`, grad, indices, input.sizes);
  }
  const out = emptyOn(input, input.sizes);
  if (numelOf(grad.sizes) > 0) runRoutine('max_pool_backward', [out, contiguousRaw(grad), contiguousRaw(input)], params);
  else out.zero_();
  return out;
}

export interface MaxPoolOptions {
  stride?: SizeN | null;
  padding?: SizeN;
  dilation?: SizeN;
  ceilMode?: boolean;
  returnIndices?: boolean;
}

export type MaxPool<R> = (
  input: Tensor,
  kernelSize: SizeN,
  ...args: Args<[stride: SizeN | null, padding: SizeN, dilation: SizeN, ceilMode: boolean, returnIndices: boolean], MaxPoolOptions>
) => R;

const MAX_SPEC = 'input, kernelSize, stride?, padding?, dilation?, ceilMode?, returnIndices?';
type MaxArguments = [SizeN, (SizeN | null)?, SizeN?, SizeN?, boolean?, boolean?];

function maxPoolWithIndices(
  name: string,
  n: number,
  input: Tensor,
  wantsIndices: boolean,
  ...[kernel, stride, padding = 0, dilation = 1, ceil = false]: MaxArguments
): [Tensor, Tensor | null] {
  return maxPool(name, n, input, windowsOf(name, n, kernel, stride, padding, dilation), ceil, wantsIndices);
}

/** The largest value of every window, or [values, indices] with `returnIndices`. */
const maxPoolOf = (name: string, n: number): MaxPool<Tensor> =>
  define(name, MAX_SPEC, ((input: Tensor, ...args: MaxArguments) => {
    const results = maxPoolWithIndices(name, n, input, args[5] === true, ...args);
    return args[5] ? results : results[0];
  }) as (...args: never[]) => Tensor);

const maxPoolIndicesOf = (name: string, n: number): MaxPool<[values: Tensor, indices: Tensor]> =>
  define(name, MAX_SPEC, (input: Tensor, ...args: MaxArguments) => maxPoolWithIndices(name, n, input, true, ...args));

/**
 * The largest element of every window of (N, C, L). https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 * @example F.maxPool1d(torch.tensor([[[1, 4, 3, 2]]]), 2)  // tensor([[[4, 3]]])
 */
export const maxPool1d: MaxPool<Tensor> = maxPoolOf('maxPool1d', 1);
/**
 * The largest element of every window of (N, C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 * @example F.maxPool2d(torch.ones(1, 3, 8, 8), 3, { stride: 2, padding: 1 }).shape  // torch.Size([1, 3, 4, 4])
 */
export const maxPool2d: MaxPool<Tensor> = maxPoolOf('maxPool2d', 2);
/**
 * The largest element of every window of (N, C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 * @example F.maxPool3d(torch.ones(1, 3, 4, 4, 4), 2).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export const maxPool3d: MaxPool<Tensor> = maxPoolOf('maxPool3d', 3);
/**
 * `maxPool1d` with the positions of the largest elements, for `maxUnpool1d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 * @example F.maxPool1dWithIndices(torch.tensor([[[1, 4, 3, 2]]]), 2)[1]  // tensor([[[1, 2]]])
 */
export const maxPool1dWithIndices: MaxPool<[values: Tensor, indices: Tensor]> = maxPoolIndicesOf('maxPool1d', 1);
/**
 * `maxPool2d` with the positions of the largest elements in each flattened plane, for `maxUnpool2d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 * @example F.maxPool2dWithIndices(torch.eye(2).reshape(1, 1, 2, 2), 2)[1].flatten()  // tensor([0])
 */
export const maxPool2dWithIndices: MaxPool<[values: Tensor, indices: Tensor]> = maxPoolIndicesOf('maxPool2d', 2);
/**
 * `maxPool3d` with the positions of the largest elements in each flattened volume, for `maxUnpool3d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 * @example F.maxPool3dWithIndices(torch.ones(1, 1, 2, 2, 2), 2)[1].shape  // torch.Size([1, 1, 1, 1, 1])
 */
export const maxPool3dWithIndices: MaxPool<[values: Tensor, indices: Tensor]> = maxPoolIndicesOf('maxPool3d', 3);

// --- adaptive ----------------------------------------------------------------------------------------------------------------------

export type OutputSize = number | null | readonly (number | null)[];

/** What PyTorch says to sizes of the wrong number, or negative ones. */
interface SizeErrors {
  readonly count: (name: string, n: number) => string;
  readonly negative: (name: string, sizes: readonly number[]) => string;
}
const averageErrors: SizeErrors = {
  count: (name, n) => `${snakeCase(name)}: output_size must be ${n}`,
  negative: (name, sizes) =>
    `${snakeCase(name)}: elements of output_size must be greater than or equal to 0 but received {${sizes.slice(2).join(', ')}}`,
};
const maximumErrors: SizeErrors = {
  count: (name, n) => `${name}(): internal error: output_size.size() must be ${n}`,
  negative: (_, sizes) => `Trying to create tensor with negative dimension ${sizes.find((each) => each < 0)}: ${brackets(sizes)}`,
};

/** `batched`, for an output that may be given as a size for each dim. */
function batchedAdaptive(name: string, input: Tensor, size: OutputSize, n: number): ReturnType<typeof batched> {
  if (n > 1 && Array.isArray(size) && input.ndim <= size.length)
    throw new ValueError(`Input dimension should be at least ${size.length + 1}`);
  return batched(name, input, n);
}

/** The sizes asked for; null keeps the input's. */
function adaptiveSizes(name: string, x: Tensor, size: OutputSize, n: number, errors: SizeErrors): number[] {
  const spatial = x.sizes.slice(2);
  const list =
    typeof size === 'number' || size === null
      ? new Array<number | null>(n).fill(size)
      : size.length === 1 && n > 1
        ? new Array<number | null>(n).fill(size[0])
        : size;
  if (list.length !== n) {
    throw new RuntimeError(
      n === 1 ? `${name}() argument 'output_size' should contain one int (got ${list.length})` : errors.count(name, n),
    );
  }
  const sizes = [x.sizes[0], x.sizes[1], ...list.map((each, d) => each ?? spatial[d])];
  if (sizes.some((each) => each < 0)) throw new RuntimeError(errors.negative(name, sizes));
  return sizes;
}

export type AdaptiveMaxPool<R> = (
  input: Tensor,
  outputSize: OutputSize,
  ...args: Args<[returnIndices: boolean], { returnIndices?: boolean }>
) => R;

function adaptiveMax(name: string, n: number, input: Tensor, size: OutputSize): [Tensor, Tensor] {
  const { x, restore } = batchedAdaptive(name, input, size, n);
  const [values, indices] = maxima(name, x, adaptiveSizes(name, x, size, n, maximumErrors), (out, at) =>
    runRoutine('adaptive_max_pool', [out, at, contiguousRaw(x)]),
  );
  return [restore(values), restore(indices)];
}

const adaptiveMaxOf = (name: string, n: number): AdaptiveMaxPool<Tensor> =>
  define(name, 'input, outputSize, returnIndices?', ((input: Tensor, size: OutputSize, returnIndices = false) => {
    const results = adaptiveMax(name, n, input, size);
    return returnIndices ? results : results[0];
  }) as (...args: never[]) => Tensor);

/**
 * The maxima of windows of (N, C, L) that make up `outputSize`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
 * @example F.adaptiveMaxPool1d(torch.tensor([[[1.5, 3, 5, 7]]]), 2)  // tensor([[[3., 7.]]])
 */
export const adaptiveMaxPool1d: AdaptiveMaxPool<Tensor> = adaptiveMaxOf('adaptiveMaxPool1d', 1);
/**
 * The maxima of windows of (N, C, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
 * @example F.adaptiveMaxPool2d(torch.ones(1, 3, 8, 8), 5).shape  // torch.Size([1, 3, 5, 5])
 */
export const adaptiveMaxPool2d: AdaptiveMaxPool<Tensor> = adaptiveMaxOf('adaptiveMaxPool2d', 2);
/**
 * The maxima of windows of (N, C, D, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
 * @example F.adaptiveMaxPool3d(torch.ones(1, 3, 4, 4, 4), 2).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export const adaptiveMaxPool3d: AdaptiveMaxPool<Tensor> = adaptiveMaxOf('adaptiveMaxPool3d', 3);

/** A linear pooling with its transpose as gradient, whose gradient is the pooling again. */
function linearPool(node: string, x: Tensor, sizes: readonly number[], routine: string, params: readonly number[], keeps = true): Tensor {
  const out = emptyOn(x, sizes);
  if (numelOf(sizes) > 0) runRoutine(routine, [out, contiguousRaw(x)], params);
  const transpose = routine.endsWith('_backward') ? routine.replace('_backward', '') : `${routine}_backward`;
  const { sizes: from } = x;
  return record(node, [x], out, keeps ? [null] : [], ({ grad }) => [linearPool(node, grad, from, transpose, params)]);
}

const adaptiveAvgOf = (name: string, n: number): ((input: Tensor, outputSize: OutputSize) => Tensor) =>
  define(name, 'input, outputSize', (input: Tensor, size: OutputSize) => {
    const { x, restore } = batchedAdaptive(name, toFloat(input), size, n);
    const sizes = adaptiveSizes(name, x, size, n, averageErrors);
    const isMean = numelOf(sizes.slice(2)) === 1;
    return restore(linearPool(isMean ? 'MeanBackward1' : name, x, sizes, 'adaptive_avg_pool', [], !isMean));
  });

/**
 * The means of windows of (N, C, L) that make up `outputSize`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 * @example F.adaptiveAvgPool1d(torch.tensor([[[1.5, 3, 5, 7]]]), 2)  // tensor([[[2.2500, 6.0000]]])
 */
export const adaptiveAvgPool1d = adaptiveAvgOf('adaptiveAvgPool1d', 1);
/**
 * The means of windows of (N, C, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 * @example F.adaptiveAvgPool2d(torch.ones(1, 3, 8, 8), [5, null]).shape  // torch.Size([1, 3, 5, 8])
 */
export const adaptiveAvgPool2d = adaptiveAvgOf('adaptiveAvgPool2d', 2);
/**
 * The means of windows of (N, C, D, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
 * @example F.adaptiveAvgPool3d(torch.ones(1, 3, 4, 4, 4), 2).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export const adaptiveAvgPool3d = adaptiveAvgOf('adaptiveAvgPool3d', 3);

// --- means ----------------------------------------------------------------------------------------------------------------------------

export interface AvgPoolOptions {
  stride?: SizeN | null;
  padding?: SizeN;
  ceilMode?: boolean;
  countIncludePad?: boolean;
  divisorOverride?: number | null;
}

export type AvgPool = (
  input: Tensor,
  kernelSize: SizeN,
  ...args: Args<
    [stride: SizeN | null, padding: SizeN, ceilMode: boolean, countIncludePad: boolean, divisorOverride: number | null],
    AvgPoolOptions
  >
) => Tensor;

const avgPoolOf = (name: string, n: number): AvgPool =>
  define(
    name,
    `input, kernelSize, stride?, padding?, ceilMode?, countIncludePad?${n > 1 ? ', divisorOverride?' : ''}`,
    (
      input: Tensor,
      kernelSize: SizeN,
      strideN?: SizeN | null,
      paddingN: SizeN = 0,
      ceil = false,
      includePad = true,
      divisor?: number | null,
    ) => {
      const windows = windowsOf(name, n, kernelSize, strideN, paddingN, 1);
      if (divisor === 0) throw new RuntimeError('divisor must be not zero');
      const { x, restore } = batched(name, input, n);
      const params = [includePad ? 1 : 0, divisor ?? 0, ...windows.kernel.flatMap((k, d) => [k, windows.stride[d], windows.padding[d]])];
      return restore(linearPool(name, x, outputSizes(x, windows, ceil), 'avg_pool', params));
    },
  );

/**
 * The mean of every window of (N, C, L). https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 * @example F.avgPool1d(torch.tensor([[[1.5, 3, 5, 7]]]), 2)  // tensor([[[2.2500, 6.0000]]])
 */
export const avgPool1d: AvgPool = avgPoolOf('avgPool1d', 1);
/**
 * The mean of every window of (N, C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 * @example F.avgPool2d(torch.ones(1, 3, 8, 8), 2).shape  // torch.Size([1, 3, 4, 4])
 */
export const avgPool2d: AvgPool = avgPoolOf('avgPool2d', 2);
/**
 * The mean of every window of (N, C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
 * @example F.avgPool3d(torch.ones(1, 3, 4, 4, 4), 2).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export const avgPool3d: AvgPool = avgPoolOf('avgPool3d', 3);
