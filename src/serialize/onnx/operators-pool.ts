/** Convolution, pooling, padding and resizing as ONNX defines them. */
import { onesLike } from '../../ops/creation.js';
import * as F from '../../nn/functional/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { NodeAttributes } from './attributes.js';
import { type Operator, unsupported } from './operator.js';

/** Windows that slide over the last dims. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly behind: readonly number[];
}

function windowsOf(x: Tensor, a: NodeAttributes, kernelSizes: readonly number[]): Windows {
  const kernel = a.ints('kernel_shape') ?? kernelSizes;
  const ones = kernel.map(() => 1);
  const [strides, dilations] = [a.ints('strides') ?? ones, a.ints('dilations') ?? ones];
  const auto = a.text('auto_pad', 'NOTSET');
  const pads = a.ints('pads') ?? kernel.flatMap(() => [0, 0]);
  if (!auto.startsWith('SAME'))
    return { kernel, strides, dilations, before: pads.slice(0, kernel.length), behind: pads.slice(kernel.length) };
  const total = kernel.map((k, d) => {
    const size = x.sizes[x.ndim - kernel.length + d];
    return Math.max((Math.ceil(size / strides[d]) - 1) * strides[d] + (k - 1) * dilations[d] + 1 - size, 0);
  });
  const [low, high] = [total.map((t) => Math.floor(t / 2)), total.map((t) => Math.ceil(t / 2))];
  const [before, behind] = auto === 'SAME_UPPER' ? [low, high] : [high, low];
  return { kernel, strides, dilations, before, behind };
}

const even = ({ before, behind }: Windows): boolean => before.every((pad, d) => pad === behind[d]);
/** Amounts as `F.pad` takes them: of the last dim first. */
const amounts = (before: readonly number[], behind: readonly number[]): number[] => before.flatMap((pad, d) => [behind[d], pad]).reverse();
const padded = (x: Tensor, { before, behind }: Windows, value: number): Tensor => F.pad(x, amounts(before, behind), { value });

/** One of three functions by the number of dims. */
const byDims = <T>(n: number, functions: readonly T[]): T => functions[n - 1] ?? unsupported(`an operator over ${n} dims`);

const conv: Operator = ([x, weight, bias = null], a) => {
  const windows = windowsOf(x, a, weight.sizes.slice(2));
  const { strides, dilations, before, kernel } = windows;
  const run = byDims(kernel.length, [F.conv1d, F.conv2d, F.conv3d]);
  const options = { stride: strides, dilation: dilations, groups: a.int('group', 1) };
  return even(windows) ? run(x, weight, bias, { ...options, padding: before }) : run(padded(x, windows, 0), weight, bias, options);
};

const convTranspose: Operator = ([x, weight, bias = null], a) => {
  const windows = windowsOf(x, a, weight.sizes.slice(2));
  const { strides, dilations, before, kernel } = windows;
  if (!even(windows) || a.ints('output_shape') || a.text('auto_pad', 'NOTSET') !== 'NOTSET')
    unsupported('ConvTranspose with uneven padding');
  const outputPadding = a.ints('output_padding') ?? kernel.map(() => 0);
  const run = byDims(kernel.length, [F.convTranspose1d, F.convTranspose2d, F.convTranspose3d]);
  return run(x, weight, bias, { stride: strides, padding: before, outputPadding, groups: a.int('group', 1), dilation: dilations });
};

const maxPool: Operator = ([x], a) => {
  const windows = windowsOf(x, a, []);
  const { kernel, strides, dilations, before } = windows;
  const run = byDims(kernel.length, [F.maxPool1d, F.maxPool2d, F.maxPool3d]);
  const options = { stride: strides, dilation: dilations, ceilMode: a.int('ceil_mode', 0) === 1 };
  return even(windows) ? run(x, kernel, { ...options, padding: before }) : run(padded(x, windows, -Infinity), kernel, options);
};

const averagePool: Operator = ([x], a) => {
  const windows = windowsOf(x, a, []);
  const { kernel, strides, before } = windows;
  if (windows.dilations.some((d) => d !== 1)) unsupported('AveragePool with dilations');
  const run = byDims(kernel.length, [F.avgPool1d, F.avgPool2d, F.avgPool3d]);
  const options = { stride: strides, ceilMode: a.int('ceil_mode', 0) === 1 };
  const countIncludePad = a.int('count_include_pad', 0) === 1;
  if (even(windows)) return run(x, kernel, { ...options, padding: before, countIncludePad });
  const mean = run(padded(x, windows, 0), kernel, options);
  return countIncludePad ? mean : mean.div(run(padded(onesLike(x), windows, 0), kernel, options));
};

const spatial = (x: Tensor): number[] => x.sizes.map((_, d) => d).slice(2);

const pad: Operator = ([x, pads, value, axes], a) => {
  const all = pads ? (pads.tolist() as unknown[]).map(Number) : (a.ints('pads') ?? []);
  const dims = axes ? (axes.tolist() as number[]).map((d) => (d < 0 ? d + x.ndim : d)) : x.sizes.map((_, d) => d);
  const [before, behind] = [0, dims.length].map((shift) => x.sizes.map((_, d) => (dims.includes(d) ? all[shift + dims.indexOf(d)] : 0)));
  const mode = a.text('mode', 'constant');
  if (mode === 'constant') return F.pad(x, amounts(before, behind), { value: Number(value?.item() ?? a.float('value', 0)) });
  // Other modes take no dims that stay.
  const first = before.findIndex((_, d) => before[d] !== 0 || behind[d] !== 0);
  if (first < 0) return x;
  return F.pad(x, amounts(before.slice(first), behind.slice(first)), { mode: mode === 'edge' ? 'replicate' : 'reflect' });
};

const resize: Operator = ([x, , scales, sizes], a) => {
  const kind = a.text('mode', 'nearest');
  const place = a.text('coordinate_transformation_mode', 'half_pixel');
  const size = sizes
    ? (sizes.tolist() as unknown[]).map(Number).slice(2)
    : (scales.tolist() as number[]).slice(2).map((scale, i) => Math.floor(x.sizes[i + 2] * scale));
  if (kind === 'nearest') {
    // With whole factors all ways of rounding agree.
    const whole = size.every((n, i) => n % x.sizes[i + 2] === 0);
    if (!whole && !(place === 'asymmetric' && a.text('nearest_mode', 'round_prefer_floor') === 'floor'))
      unsupported('this way of rounding in Resize');
    return F.interpolate(x, { size });
  }
  if (!['half_pixel', 'pytorch_half_pixel', 'align_corners'].includes(place)) unsupported(`Resize with coordinates '${place}'`);
  const mode = kind === 'cubic' ? 'bicubic' : byDims(size.length, ['linear', 'bilinear', 'trilinear'] as const);
  return F.interpolate(x, { size, mode, alignCorners: place === 'align_corners' });
};

export const pooling: Record<string, Operator> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: ([x]) => x.mean(spatial(x), true),
  GlobalMaxPool: ([x]) => x.amax(spatial(x), true),
  Pad: pad,
  Resize: resize,
};
