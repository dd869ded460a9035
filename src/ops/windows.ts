/** Window functions: `torch.hannWindow` and its kin, and `torch.signal.windows`. https://pytorch.org/docs/stable/signal.html */
import { float32, float64 } from '../ir/dtype.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import type { Tensor } from '../tensor/tensor.js';
import { requiresGrad_ } from './autograd.js';
import { empty, ones, tensor } from './creation.js';
import { arange, linspace } from './sequences.js';
import { define } from './define.js';
import { toDType } from './memory.js';
import { i0 } from './special.js';
import { narrow } from './view.js';
import type { Args, FactoryOptions } from './types.js';

const FACTORY = 'dtype?, layout?, device?, requiresGrad?, pinMemory?';
interface Made extends FactoryOptions {
  readonly length: number;
}

function optionsOf(name: string, length: number, [dtype, layout, device, requiresGrad]: readonly unknown[], onlyFloats: boolean): Made {
  if (!(length >= 0))
    throw onlyFloats
      ? new ValueError(`${name} requires non-negative window length, got M=${length}`)
      : new RuntimeError(`${name} requires non-negative window_length, got window_length=${length}`);
  const strided = layout === undefined || layout === null || String(layout).replace('torch.', '') === 'strided';
  if (!strided) throw new ValueError(`${name} is implemented for strided tensors only, got: torch.${String(layout).replace('torch.', '')}`);
  const type = dtype ? toDType(dtype as string) : getDefaultDtype();
  if (onlyFloats && type !== float32 && type !== float64)
    throw new ValueError(`${name} expects float32 or float64 dtypes, got: ${String(type)}`);
  if (!type.isFloatingPoint) throw new RuntimeError(`${name} expects floating point dtypes, got: ${String(type)}`);
  return { length, dtype: type, device: device as FactoryOptions['device'], requiresGrad: requiresGrad === true };
}

/** Σ (-1)ⁱ aᵢ cos(i k), for equal steps of k. */
function cosineSum(a: readonly number[], n: number, period: number, options: FactoryOptions): Tensor {
  const plain = { dtype: options.dtype, device: options.device };
  const k = linspace(0, ((n - 1) * 2 * Math.PI) / period, n, plain);
  const signed = tensor(
    a.map((w, i) => (i % 2 === 1 ? -w : w)),
    plain,
  ).unsqueeze(-1);
  return signed.mul(arange(a.length, plain).unsqueeze(-1).mul(k).cos()).sum(0);
}

// --- torch.signal.windows ---------------------------------------------------------------------------------------------------------------------

type Shape<T> = (M: number, options?: { sym?: boolean } & T & FactoryOptions) => Tensor;
type Draw = (m: number, sym: boolean, extras: readonly never[], options: FactoryOptions) => Tensor;

/** A window of M points; `extras` are its parameters. What is empty or a single point is not drawn. */
function windowOf<T>(name: string, extras: readonly string[], check: (...values: never[]) => void, draw: Draw): Shape<T> {
  const spec = ['M', '*', ...extras.map((e) => `${e}?`), 'sym?', FACTORY].join(', ');
  return define(name, spec, (m: number, ...rest: unknown[]) => {
    const values = rest.slice(0, extras.length) as never[];
    const [sym = true, ...factory] = rest.slice(extras.length) as [boolean?, ...unknown[]];
    const options = optionsOf(name, m, factory, true);
    check(...values, ...([sym] as never[]));
    const plain = { dtype: options.dtype, device: options.device };
    const window = m === 0 ? empty([0], plain) : draw(m, sym, values, plain);
    return options.requiresGrad ? requiresGrad_(window) : window;
  });
}
const unchecked = (): void => {};
/** How many steps a period has: that of a periodic window has one more than fits. */
const steps = (m: number, sym: boolean): number => (sym ? m - 1 : m);
/** M points, equally spaced from `start` by `step`. */
const points = (m: number, start: number, step: number, options: FactoryOptions): Tensor =>
  linspace(start, start + (m - 1) * step, m, options);

function checkCoefficients(a: unknown): void {
  if (!Array.isArray(a)) throw new TypeError('Coefficients must be a list/tuple');
  if (a.length === 0) throw new ValueError('Coefficients cannot be empty');
}
const drawCosines = (m: number, sym: boolean, a: readonly number[], options: FactoryOptions): Tensor =>
  m === 1 ? ones([1], options) : cosineSum(a, m, steps(m, sym), options);

/** A sum of cosines with the coefficients `a`. */
export const generalCosine: Shape<{ a: readonly number[] }> = windowOf('general_cosine', ['a'], checkCoefficients, (m, sym, [a], options) =>
  drawCosines(m, sym, a as readonly number[], options),
);
/** α - (1 - α) cos. */
export const generalHamming: Shape<{ alpha?: number }> = windowOf(
  'general_hamming',
  ['alpha'],
  unchecked,
  (m, sym, [alpha = 0.54], options) => drawCosines(m, sym, [alpha, 1 - alpha], options),
);
const cosines = (name: string, a: readonly number[]): Shape<object> =>
  windowOf(name, [], unchecked, (m, sym, _, options) => drawCosines(m, sym, a, options));
export const hamming: Shape<object> = cosines('hamming', [0.54, 0.46]);
export const hann: Shape<object> = cosines('hann', [0.5, 0.5]);
export const blackman: Shape<object> = cosines('blackman', [0.42, 0.5, 0.08]);
export const nuttall: Shape<object> = cosines('nuttall', [0.3635819, 0.4891775, 0.1365995, 0.0106411]);
/** A triangle. */
export const bartlett: Shape<object> = windowOf('bartlett', [], unchecked, (m, sym, _, options) =>
  m === 1
    ? ones([1], options)
    : points(m, -1, 2 / steps(m, sym), options)
        .abs()
        .neg()
        .add(1),
);
/** Half a period of a sine. */
export const cosine: Shape<object> = windowOf('cosine', [], unchecked, (m, sym, _, options) => {
  const step = Math.PI / (!sym && m > 1 ? m + 1 : m);
  return points(m, 0.5 * step, step, options).sin();
});
/** exp(-|n - center| / tau) */
export const exponential: Shape<{ center?: number | null; tau?: number }> = windowOf(
  'exponential',
  ['center', 'tau'],
  (center: number | null | undefined, tau: number | undefined, sym: boolean) => {
    if ((tau ?? 1) <= 0) throw new ValueError(`Tau must be positive, got: ${tau} instead.`);
    if (sym && center !== null && center !== undefined) throw new ValueError('Center must be None for symmetric windows');
  },
  (m, sym, [center, tau = 1], options) => {
    const middle = (center as number | null | undefined) ?? (!sym && m > 1 ? m : m - 1) / 2;
    return points(m, -middle / tau, 1 / tau, options)
      .abs()
      .neg()
      .exp();
  },
);
/** exp(-½ (n / std)²), centred. */
export const gaussian: Shape<{ std?: number }> = windowOf(
  'gaussian',
  ['std'],
  (std = 1) => {
    if (std <= 0) throw new ValueError(`Standard deviation must be positive, got: ${std as number} instead.`);
  },
  (m, sym, [std = 1], options) => {
    const step = 1 / ((std as number) * Math.SQRT2);
    const k = points(m, (-(!sym && m > 1 ? m : m - 1) / 2) * step, step, options);
    return k.mul(k).neg().exp();
  },
);
function kaiserOf(m: number, period: number, beta: number, options: FactoryOptions): Tensor {
  const k = points(m, -beta, (2 * beta) / period, options);
  const scale = i0(tensor(beta, { dtype: options.dtype, device: options.device }));
  return i0(
    k
      .mul(k)
      .neg()
      .add(beta * beta)
      .clampMin(0)
      .sqrt(),
  ).div(scale);
}
/** A window of nearly the most energy in its main lobe; `beta` trades its width for side lobes. */
export const kaiser: Shape<{ beta?: number }> = windowOf(
  'kaiser',
  ['beta'],
  (beta = 12) => {
    if (beta < 0) throw new ValueError(`beta must be non-negative, got: ${beta as number} instead.`);
  },
  (m, sym, [beta = 12], options) => (m === 1 ? ones([1], options) : kaiserOf(m, steps(m, sym), beta, options)),
);

// --- torch.*_window -----------------------------------------------------------------------------------------------------------------------------

type Window<T extends readonly unknown[], O> = (
  windowLength: number,
  ...args: Args<[periodic: boolean, ...T], Partial<O> & FactoryOptions>
) => Tensor;

/** A window of n points; a periodic one is a symmetric one of n + 1 without its last. */
function classicWindow<T extends readonly unknown[], O>(
  name: string,
  extras: readonly string[],
  draw: (n: number, extras: readonly never[], options: FactoryOptions) => Tensor,
): Window<T, O> {
  const spec = ['windowLength', 'periodic?', ...extras.map((e) => `${e}?`), '*', FACTORY].join(', ');
  return define(name, spec, (length: number, periodic = true, ...rest: unknown[]) => {
    const options = optionsOf(name, length, rest.slice(extras.length), false);
    const plain = { dtype: options.dtype, device: options.device };
    const n = periodic ? length + 1 : length;
    const window = length <= 1 ? ones([length], plain) : narrow(draw(n, rest.slice(0, extras.length) as never[], plain), 0, 0, length);
    return options.requiresGrad ? requiresGrad_(window) : window;
  });
}
/**
 * α - β cos over one period. https://pytorch.org/docs/stable/generated/torch.hamming_window.html
 * @example torch.hammingWindow(4)  // tensor([0.0800, 0.5400, 1.0000, 0.5400])
 */
export const hammingWindow: Window<[alpha: number, beta: number], { alpha: number; beta: number }> = classicWindow(
  'hamming_window',
  ['alpha', 'beta'],
  (n, [alpha = 0.54, beta = 0.46], options) => cosineSum([alpha, beta], n, n - 1, options),
);
/**
 * sin²(πn / N), of `windowLength` elements; without `periodic` it is symmetric.
 * https://pytorch.org/docs/stable/generated/torch.hann_window.html
 * @example torch.hannWindow(4)  // tensor([0.0000, 0.5000, 1.0000, 0.5000])
 */
export const hannWindow: Window<[], object> = classicWindow('hann_window', [], (n, _, options) => cosineSum([0.5, 0.5], n, n - 1, options));
/**
 * 0.42 - 0.5 cos(2πn / N) + 0.08 cos(4πn / N), of `windowLength` elements; without `periodic` it is symmetric.
 * https://pytorch.org/docs/stable/generated/torch.blackman_window.html
 * @example torch.blackmanWindow(5).mul(100).round().at('1:')  // tensor([20., 85., 85., 20.])
 */
export const blackmanWindow: Window<[], object> = classicWindow('blackman_window', [], (n, _, options) =>
  cosineSum([0.42, 0.5, 0.08], n, n - 1, options),
);
/**
 * A triangle from 0 to 1 and back, of `windowLength` elements; without `periodic` it is symmetric.
 * https://pytorch.org/docs/stable/generated/torch.bartlett_window.html
 * @example torch.bartlettWindow(5, false)  // tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
 */
export const bartlettWindow: Window<[], object> = classicWindow('bartlett_window', [], (n, _, options) =>
  points(n, -1, 2 / (n - 1), options)
    .abs()
    .neg()
    .add(1),
);
/**
 * I₀(β √(1 - x²)) / I₀(β) for x from -1 to 1, of `windowLength` elements; without `periodic` it is symmetric.
 * https://pytorch.org/docs/stable/generated/torch.kaiser_window.html
 * @example torch.kaiserWindow(5, false).mul(100).round()  // tensor([  0.,  22., 100.,  22.,   0.])
 */
export const kaiserWindow: Window<[beta: number], { beta: number }> = classicWindow('kaiser_window', ['beta'], (n, [beta = 12], options) =>
  kaiserOf(n, n - 1, beta, options),
);

/** `torch.signal.windows` */
export const windows = {
  bartlett,
  blackman,
  cosine,
  exponential,
  gaussian,
  generalCosine,
  generalHamming,
  hamming,
  hann,
  kaiser,
  nuttall,
};
