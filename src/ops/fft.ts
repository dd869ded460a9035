/** `torch.fft`: discrete Fourier transforms. https://pytorch.org/docs/stable/fft.html */
import { nameNode, record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { zeros } from './creation.js';
import { arange } from './sequences.js';
import { define, scalarTypeName } from './define.js';
import { cat } from './join.js';
import { roll } from './rearrange.js';
import { contiguousRaw } from './memory.js';
import { conj, real } from './misc.js';
import { conjPhysical, mul } from './pointwise.js';
import { emptyOn, runRoutine } from './routine.js';
import { movedim, narrow } from './view.js';
import type { Dims, FactoryOptions, Op } from './types.js';

export type FftNorm = 'forward' | 'backward' | 'ortho';

/** Runs a transform of the last dim over any dim; `length` is that of the result. */
function overDim(name: string, x: Tensor, dim: number, length: number, dtype: Tensor['dtype'], params: number[]): Tensor {
  const rows = contiguousRaw(movedim(x.detach(), dim, -1));
  const out = emptyOn(x, [...rows.sizes.slice(0, -1), length], dtype);
  const count = numelOf(rows.sizes.slice(0, -1));
  if (numelOf(out.sizes) > 0) runRoutine(name, [out.view([count, length]), rows.view([count, rows.sizes[rows.ndim - 1]])], params);
  return movedim(out, -1, dim);
}

function c2c(x: Tensor, dim: number, inverse: boolean, scale: number): Tensor {
  const input = contiguousRaw(x.detach());
  const out = emptyOn(x, x.sizes, x.dtype);
  const shape = [numelOf(x.sizes.slice(0, dim)), x.sizes[dim], numelOf(x.sizes.slice(dim + 1))];
  if (numelOf(x.sizes) > 0) runRoutine('fft_c2c', [out.view(shape), input.view(shape)], [inverse ? 1 : 0, scale]);
  return record('fftC2c', [x], out, [], ({ grad }) => [c2c(grad, dim, !inverse, scale)]);
}

/** The whole spectrum of a real signal. */
function realToComplex(x: Tensor, dim: number, inverse: boolean, scale: number): Tensor {
  const dtype = x.dtype.toComplex();
  const isRow = !inverse && dim === x.ndim - 1;
  const out = isRow ? overDim('fft_r2c', x, dim, x.sizes[dim], dtype, [scale]) : c2c(convert(x.detach(), dtype), dim, inverse, scale);
  return record(inverse ? 'conj' : 'FftR2CBackward0', [x], out, [null], ({ grad }) => [real(c2c(grad, dim, !inverse, scale))]);
}

/** The first half of the spectrum of a real signal; the rest is its conjugate. */
function r2c(x: Tensor, dim: number, scale: number): Tensor {
  const n = x.sizes[dim];
  const out = overDim('fft_r2c', x, dim, Math.floor(n / 2) + 1, x.dtype.toComplex(), [scale]);
  return record('fftR2c', [x], out, [null], ({ grad }) => [real(c2c(resized(grad, dim, n), dim, true, scale))]);
}

/** The real signal of length n that has this half spectrum, up to scale. */
function c2r(x: Tensor, dim: number, n: number, scale: number): Tensor {
  const out = overDim('fft_c2r', x, dim, n, x.dtype.toReal(), [scale]);
  return record('fftC2r', [x], out, [], ({ grad }) => [doubleInner(r2c(grad, dim, scale), dim, n)]);
}

/** Doubles what stands for two elements of the full spectrum. */
function doubleInner(half: Tensor, dim: number, n: number): Tensor {
  const length = half.sizes[dim];
  const pairs = n - length;
  if (pairs <= 0) return half;
  const inner = mul(narrow(half, dim, 1, pairs), 2);
  return cat([narrow(half, dim, 0, 1), inner, narrow(half, dim, 1 + pairs, length - 1 - pairs)], dim);
}

/** Trimmed or padded with zeros to n elements. */
function resized(x: Tensor, dim: number, n: number): Tensor {
  const length = x.sizes[dim];
  if (length === n) return x;
  if (length > n) return narrow(x, dim, 0, n);
  const sizes = x.sizes.map((s, i) => (i === dim ? n - length : s));
  return cat([x, zeros(sizes, { dtype: x.dtype, device: x.device })], dim);
}

function floating(x: Tensor): Tensor {
  if (x.dtype.category < 2) return convert(x, getDefaultDtype());
  if (x.dtype.toReal().itemsize < 4) throw new RuntimeError(`Unsupported dtype ${scalarTypeName(x.dtype)}`);
  return x;
}
const complexInput = (x: Tensor): Tensor => {
  const y = floating(x);
  return y.dtype.isComplex ? y : convert(y, y.dtype.toComplex());
};
function realInput(name: string, x: Tensor): Tensor {
  const y = floating(x);
  if (y.dtype.isComplex) throw new RuntimeError(`${name} expects a real input tensor, but got ${scalarTypeName(y.dtype)}`);
  return y;
}

function scaleOf(norm: FftNorm | null | undefined, n: number, inverse: boolean): number {
  const mode = norm ?? 'backward';
  if (mode === 'ortho') return 1 / Math.sqrt(n);
  if (mode !== 'forward' && mode !== 'backward') throw new RuntimeError(`Invalid normalization mode: "${String(mode)}"`);
  return (mode === 'forward') === inverse ? 1 : 1 / n;
}

function checkLength(n: number): void {
  if (!(n >= 1)) throw new RuntimeError(`Invalid number of data points (${n}) specified`);
}
function dimOf(x: Tensor, dim: number): number {
  if (x.ndim === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  return wrapDim(dim, x.ndim);
}

type Transform1 = (x: Tensor, n: number | null | undefined, dim: number, norm: FftNorm | null | undefined) => Tensor;

const complexTransform =
  (inverse: boolean): Transform1 =>
  (input, n, dim, norm) => {
    const d = dimOf(input, dim);
    const length = n ?? input.sizes[d];
    checkLength(length);
    const x = resized(floating(input), d, length);
    return (x.dtype.isComplex ? c2c : realToComplex)(x, d, inverse, scaleOf(norm, length, inverse));
  };
const realTransform =
  (name: string, inverse: boolean): Transform1 =>
  (input, n, dim, norm) => {
    const x = realInput(name, input);
    const d = dimOf(x, dim);
    const length = n ?? x.sizes[d];
    checkLength(length);
    const half = r2c(resized(x, d, length), d, scaleOf(norm, length, inverse));
    return inverse ? conj(half) : half;
  };
const toRealTransform =
  (inverse: boolean): Transform1 =>
  (input, n, dim, norm) => {
    const x = complexInput(input);
    const d = dimOf(x, dim);
    const length = n ?? 2 * (x.sizes[d] - 1);
    checkLength(length);
    const half = resized(x, d, Math.floor(length / 2) + 1);
    return c2r(inverse ? half : conjPhysical(half), d, length, scaleOf(norm, length, inverse));
  };

interface Options1 {
  n: number | null;
  dim: number;
  norm: FftNorm | null;
}
export type Fft = Op<[], [n: number | null, dim: number, norm: FftNorm | null], Options1>;
const oneDim = (name: string, run: Transform1): Fft =>
  define(name, 'input, n?, dim?, norm?', (input: Tensor, n?: number | null, dim = -1, norm?: FftNorm | null) => run(input, n, dim, norm));

const forward = complexTransform(false);
const backward = complexTransform(true);
const toHalf = realTransform('rfft', false);
const fromHalf = toRealTransform(true);
const toReal = toRealTransform(false);
const toHermitian = realTransform('ihfft', true);

/**
 * The discrete Fourier transform along a dim; real input is made complex. https://pytorch.org/docs/stable/generated/torch.fft.fft.html
 * @example torch.fft.fft(torch.tensor([1, 0, 0, 0])).abs()  // tensor([1., 1., 1., 1.])
 */
export const fft: Fft = oneDim('fft_fft', forward);
/**
 * The inverse of `fft`: the signal of the given spectrum, along `dim`. https://pytorch.org/docs/stable/generated/torch.fft.ifft.html
 * @example torch.fft.ifft(torch.tensor([4, 0, 0, 0])).abs()  // tensor([1., 1., 1., 1.])
 */
export const ifft: Fft = oneDim('fft_ifft', backward);
/**
 * The first n/2 + 1 elements of the transform of a real signal. https://pytorch.org/docs/stable/generated/torch.fft.rfft.html
 * @example torch.fft.rfft(torch.tensor([1, 0, 0, 0])).abs()  // tensor([1., 1., 1.])
 */
export const rfft: Fft = oneDim('fft_rfft', toHalf);
/**
 * The inverse of `rfft`: a real signal of length n, by default even. https://pytorch.org/docs/stable/generated/torch.fft.irfft.html
 * @example torch.fft.irfft(torch.tensor([4, 0, 0]), 4)  // tensor([1., 1., 1., 1.])
 */
export const irfft: Fft = oneDim('fft_irfft', fromHalf);
/**
 * The real transform of a Hermitian signal, given its first half. https://pytorch.org/docs/stable/generated/torch.fft.hfft.html
 * @example torch.fft.hfft(torch.tensor([1, 0, 0]), 4)  // tensor([1., 1., 1., 1.])
 */
export const hfft: Fft = oneDim('fft_hfft', toReal);
/**
 * The inverse of `hfft`. https://pytorch.org/docs/stable/generated/torch.fft.ihfft.html
 * @example torch.fft.ihfft(torch.tensor([4, 0, 0, 0])).abs()  // tensor([1., 1., 1.])
 */
export const ihfft: Fft = oneDim('fft_ihfft', toHermitian);

interface Plan {
  x: Tensor;
  s: (number | null)[];
  dims: number[];
}
/** The dims to transform and their lengths (null: as they are). */
function planOf(x: Tensor, s: readonly number[] | number | null | undefined, dim: Dims | null | undefined): Plan {
  const list = typeof s === 'number' ? [s] : s;
  const given = typeof dim === 'number' ? [dim] : dim;
  if (given && list && given.length !== list.length)
    throw new RuntimeError('When given, dim and shape arguments must have the same length');
  if (!given && list && list.length > x.ndim)
    throw new RuntimeError(`Got shape with ${list.length} values but input tensor only has ${x.ndim} dimensions.`);
  const count = list && !given ? list.length : x.ndim;
  const dims = given ? given.map((d) => dimOf(x, d)) : Array.from({ length: count }, (_, i) => x.ndim - count + i);
  if (new Set(dims).size !== dims.length) throw new RuntimeError('FFT dims must be unique');
  return { x, dims, s: dims.map((_, i) => (list && list[i] !== -1 ? list[i] : null)) };
}

type TransformN = (plan: Plan, norm: FftNorm | null | undefined) => Tensor;
const each = (run: Transform1, { x, s, dims }: Plan, norm: FftNorm | null | undefined): Tensor =>
  dims.reduce((y, d, i) => run(y, s[i], d, norm), x);
const initial = ({ x, s, dims }: Plan): Plan => ({ x, s: s.slice(0, -1), dims: dims.slice(0, -1) });

function lastOf(name: string, { s, dims }: Plan): [number | null, number] {
  if (dims.length === 0) throw new RuntimeError(`${name} must transform at least one axis`);
  return [s[s.length - 1], dims[dims.length - 1]];
}
const lastFirst =
  (name: string, last: Transform1, others: Transform1): TransformN =>
  (plan, norm) => {
    const [n, d] = lastOf(name, plan);
    const half = last(plan.x, n, d, norm);
    const { node } = half;
    return nameNode(node?.name ?? name, each(others, { ...initial(plan), x: half }, norm));
  };
const lastLast =
  (name: string, last: Transform1, others: Transform1): TransformN =>
  (plan, norm) => {
    const [n, d] = lastOf(name, plan);
    return last(each(others, { ...initial(plan), x: complexInput(plan.x) }, norm), n, d, norm);
  };
const all =
  (run: Transform1): TransformN =>
  (plan, norm) =>
    each(run, { ...plan, x: complexInput(plan.x) }, norm);

interface OptionsN {
  s: readonly number[] | null;
  dim: Dims | null;
  norm: FftNorm | null;
}
export type Fftn = Op<[], [s: readonly number[] | null, dim: Dims | null, norm: FftNorm | null], OptionsN>;
const manyDims = (name: string, run: TransformN, dims?: readonly number[]): Fftn =>
  define(name, 'input, s?, dim?, norm?', (input: Tensor, s?: readonly number[] | null, dim?: Dims | null, norm?: FftNorm | null) =>
    run(planOf(input, s, dim === undefined ? dims : dim), norm),
  );

const pair = [-2, -1];
/**
 * The transform over several dims, by default all. https://pytorch.org/docs/stable/generated/torch.fft.fftn.html
 * @example
 * torch.fft.fftn(torch.ones(2, 2)).abs()
 * // tensor([[4., 0.],
 * //         [0., 0.]])
 */
export const fftn: Fftn = manyDims('fft_fftn', all(forward));
/**
 * The inverse of `fftn`. https://pytorch.org/docs/stable/generated/torch.fft.ifftn.html
 * @example
 * torch.fft.ifftn(torch.ones(2, 2)).abs()
 * // tensor([[1., 0.],
 * //         [0., 0.]])
 */
export const ifftn: Fftn = manyDims('fft_ifftn', all(backward));
/**
 * The transform of real input over several dims; the last one is halved. https://pytorch.org/docs/stable/generated/torch.fft.rfftn.html
 * @example torch.fft.rfftn(torch.ones(2, 4)).shape  // torch.Size([2, 3])
 */
export const rfftn: Fftn = manyDims('fft_rfftn', lastFirst('rfftn', toHalf, forward));
/**
 * The inverse of `rfftn`. https://pytorch.org/docs/stable/generated/torch.fft.irfftn.html
 * @example torch.fft.irfftn(torch.ones(2, 3)).shape  // torch.Size([2, 4])
 */
export const irfftn: Fftn = manyDims('fft_irfftn', lastLast('irfftn', fromHalf, backward));
/**
 * The real transform of input that is Hermitian over several dims. https://pytorch.org/docs/stable/generated/torch.fft.hfftn.html
 * @example torch.fft.hfftn(torch.ones(2, 3)).shape  // torch.Size([2, 4])
 */
export const hfftn: Fftn = manyDims('fft_hfftn', lastLast('hfftn', toReal, forward));
/**
 * The inverse of `hfftn`. https://pytorch.org/docs/stable/generated/torch.fft.ihfftn.html
 * @example torch.fft.ihfftn(torch.ones(2, 4)).shape  // torch.Size([2, 3])
 */
export const ihfftn: Fftn = manyDims('fft_ihfftn', lastFirst('ihfftn', toHermitian, backward));
/**
 * `fftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.fft2.html
 * @example
 * torch.fft.fft2(torch.ones(2, 2)).abs()
 * // tensor([[4., 0.],
 * //         [0., 0.]])
 */
export const fft2: Fftn = manyDims('fft_fft2', all(forward), pair);
/**
 * `ifftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.ifft2.html
 * @example
 * torch.fft.ifft2(torch.ones(2, 2)).abs()
 * // tensor([[1., 0.],
 * //         [0., 0.]])
 */
export const ifft2: Fftn = manyDims('fft_ifft2', all(backward), pair);
/**
 * `rfftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.rfft2.html
 * @example torch.fft.rfft2(torch.ones(2, 4)).shape  // torch.Size([2, 3])
 */
export const rfft2: Fftn = manyDims('fft_rfft2', lastFirst('rfft2', toHalf, forward), pair);
/**
 * `irfftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.irfft2.html
 * @example torch.fft.irfft2(torch.ones(2, 3)).shape  // torch.Size([2, 4])
 */
export const irfft2: Fftn = manyDims('fft_irfft2', lastLast('irfft2', fromHalf, backward), pair);
/**
 * `hfftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.hfft2.html
 * @example torch.fft.hfft2(torch.ones(2, 3)).shape  // torch.Size([2, 4])
 */
export const hfft2: Fftn = manyDims('fft_hfft2', lastLast('hfft2', toReal, forward), pair);
/**
 * `ihfftn` over the last two dims. https://pytorch.org/docs/stable/generated/torch.fft.ihfft2.html
 * @example torch.fft.ihfft2(torch.ones(2, 4)).shape  // torch.Size([2, 3])
 */
export const ihfft2: Fftn = manyDims('fft_ihfft2', lastFirst('ihfft2', toHermitian, backward), pair);

type Shift = Op<[], [dim: Dims | null], { dim: Dims | null }>;
const shifted = (name: string, by: (n: number) => number): Shift =>
  define(name, 'input, dim?', (input: Tensor, dim?: Dims | null) => {
    const dims = dim === undefined || dim === null ? input.sizes.map((_, i) => i) : typeof dim === 'number' ? [dim] : dim;
    if (dims.length === 0) return input.clone();
    return roll(
      input,
      dims.map((d) => by(input.sizes[dimOf(input, d)])),
      dims,
    );
  });
/**
 * Moves the zero frequency to the middle. https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html
 * @example torch.fft.fftshift(torch.fft.fftfreq(4))  // tensor([-0.5000, -0.2500,  0.0000,  0.2500])
 */
export const fftshift: Shift = shifted('fft_fftshift', (n) => Math.floor(n / 2));
/**
 * Undoes `fftshift`: moves the zero frequency from the middle to the start.
 * https://pytorch.org/docs/stable/generated/torch.fft.ifftshift.html
 * @example torch.fft.ifftshift(torch.tensor([-2, -1, 0, 1]))  // tensor([ 0,  1, -2, -1])
 */
export const ifftshift: Shift = shifted('fft_ifftshift', (n) => Math.floor((n + 1) / 2));

/**
 * The frequencies of the elements of `fft` of n samples that are d apart: [n].
 * https://pytorch.org/docs/stable/generated/torch.fft.fftfreq.html
 * @example torch.fft.fftfreq(4)  // tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
 */
export function fftfreq(n: number, ...rest: (number | (FactoryOptions & { d?: number }))[]): Tensor {
  const { d, options } = spacing(rest);
  const half = Math.floor((n + 1) / 2);
  return cat([arange(0, half, options), arange(-Math.floor(n / 2), 0, options)]).mul(1 / (n * d));
}
/**
 * The frequencies of the elements of `rfft`: [n/2 + 1]. https://pytorch.org/docs/stable/generated/torch.fft.rfftfreq.html
 * @example torch.fft.rfftfreq(4)  // tensor([0.0000, 0.2500, 0.5000])
 */
export function rfftfreq(n: number, ...rest: (number | (FactoryOptions & { d?: number }))[]): Tensor {
  const { d, options } = spacing(rest);
  return arange(0, Math.floor(n / 2) + 1, options).mul(1 / (n * d));
}
function spacing(rest: readonly (number | (FactoryOptions & { d?: number }))[]): { d: number; options: FactoryOptions } {
  const [first] = rest;
  const named = rest.find((x) => typeof x === 'object') ?? {};
  const { d = 1, ...options } = named;
  return { d: typeof first === 'number' ? first : d, options: { ...options, dtype: options.dtype ?? getDefaultDtype() } };
}
