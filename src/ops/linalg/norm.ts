/** Norms of vectors and matrices. */
import type { Expr } from '../../ir/expr.js';
import { record, nameNode } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { wrapDim, wrapDims } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { accumulateType } from '../launch.js';
import { toDType } from '../memory.js';
import { describe, notTensor } from '../messages.js';
import { selectWhere } from '../pointwise.js';
import { amax, amin, reduceRaw, restoreDims, sum } from '../reduce.js';
import { movedim, unsqueeze } from '../view.js';
import type { Dims, DTypeLike, Op } from '../types.js';
import { matrixInput } from './common.js';
import { svdvals } from './svd.js';

/** |x|^ord as the terms of a sum (or extreme), and what makes the norm of it. */
interface Terms {
  readonly op: 'sum' | 'max' | 'min';
  readonly term: (x: Expr) => Expr;
  readonly root: (total: Expr) => Expr;
}
const unchanged = (x: Expr): Expr => x;
const magnitude = (x: Expr): Expr => x.abs();
const square = (x: Expr): Expr => (x.dtype.isComplex ? x.real.mul(x.real).add(x.imag.mul(x.imag)) : x.mul(x));

function termsOf(ord: number): Terms {
  if (ord === Infinity) return { op: 'max', term: magnitude, root: unchanged };
  if (ord === -Infinity) return { op: 'min', term: magnitude, root: unchanged };
  if (ord === 0) return { op: 'sum', term: (x) => x.abs().ne(0).cast(x.dtype.toReal()), root: unchanged };
  if (ord === 1) return { op: 'sum', term: magnitude, root: unchanged };
  if (ord === 2) return { op: 'sum', term: square, root: (total) => total.sqrt() };
  return { op: 'sum', term: (x) => x.abs().pow(ord), root: (total) => total.pow(1 / ord) };
}

/** The norm of x, or of x - y, over `dims`, in one kernel. */
export function normRaw(operands: readonly Tensor[], ord: number, dims: readonly number[], keepdim: boolean): Tensor {
  const { op, term, root } = termsOf(ord);
  const { dtype } = operands[0];
  const wide = accumulateType(dtype);
  const value = (x: Expr, y?: Expr): Expr => term(y ? x.cast(wide).sub(y.cast(wide)) : x.cast(wide));
  const key = `norm ${ord}`;
  const spec = { op, key, value, accumulate: wide.toReal(), outDtype: dtype.toReal(), epilogue: root };
  return reduceRaw(spec, operands, dims, keepdim);
}

/** The gradient of the norm of x, for a gradient and a norm that broadcast; 0 where the norm is 0. */
export function normGradient(grad: Tensor, x: Tensor, norm: Tensor, ord: number, dims: readonly number[]): Tensor {
  const safe = (t: Tensor): Tensor => selectWhere(norm.eq(0), 0, t);
  if (Math.abs(ord) === Infinity) {
    const isExtreme = x.abs().eq(norm);
    const count = x.ndim === 0 ? 1 : sum(isExtreme, dims, true);
    return x.sgn().mul(selectWhere(isExtreme, grad.div(count), 0));
  }
  if (ord === 1) return x.sgn().mul(grad);
  if (ord === 2) return x.mul(safe(grad.div(norm)));
  if (ord < 1) {
    const slope = selectWhere(x.eq(0), 0, x.abs().pow(ord - 1));
    return x
      .sgn()
      .mul(slope)
      .mul(grad)
      .mul(norm.pow(1 - ord));
  }
  const scale = safe(grad.div(norm.pow(ord - 1)));
  return ord < 2
    ? x
        .sgn()
        .mul(x.abs().pow(ord - 1))
        .mul(scale)
    : x.mul(x.abs().pow(ord - 2)).mul(scale);
}

function checkIdentity(x: Tensor, ord: number, dim: Dims | null | undefined, dims: readonly number[]): void {
  if (!(ord < 0 || ord === Infinity) || numelOf(x.sizes) > 0) return;
  const name = `linalg.vector_norm cannot compute the ${String(ord).replace('Infinity', 'inf')} norm on`;
  const reason = 'is empty and the operation does not have an identity';
  if (dim === null || dim === undefined) throw new RuntimeError(`${name} an empty tensor because the operation does not have an identity`);
  const at = dims.find((d) => x.sizes[d] === 0);
  if (at !== undefined) throw new RuntimeError(`${name} the dimension ${at}because this dimension ${reason}`);
}

function floats(input: Tensor, dtype: DTypeLike | null | undefined): Tensor {
  if (!(input instanceof Tensor)) throw notTensor('linalg_vector_norm', 'x', 1, input);
  if (dtype) return convert(input, toDType(dtype));
  return input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input;
}

type NormOptions<O> = { ord: O; dim: Dims | null; keepdim: boolean; dtype: DTypeLike | null };
/**
 * (Σ|x|^ord)^(1/ord) over `dim`, or all dims: the largest modulus for Infinity, the count of numbers other than 0 for 0. Real, also for
 * complex input.
 * https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
 * @example torch.linalg.vectorNorm(torch.tensor([3, 4]))  // tensor(5.)
 */
export const vectorNorm: Op<[], [ord: number, dim: Dims | null, keepdim: boolean], NormOptions<number>> = define(
  'linalg_vector_norm',
  'x, ord?, dim?, keepdim?, *, dtype?',
  (input: Tensor, ord = 2, dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) => {
    const x = floats(input, dtype);
    const dims = wrapDims(dim, x.ndim);
    checkIdentity(x, ord, dim, dims);
    const norm = normRaw([x], ord, dims, keepdim);
    return record('linalgVectorNorm', [x], norm, [x, norm], ({ grad }, [values, result]) => {
      if (ord === 0) return [null];
      return [normGradient(restoreDims(grad, dims, keepdim), values, restoreDims(result, dims, keepdim), ord, dims)];
    });
  },
);

type MatrixOrder = number | 'fro' | 'nuc';
function matrixDims(x: Tensor, dim: readonly number[] | number): [number, number] {
  const list = typeof dim === 'number' ? [dim] : dim;
  if (!Array.isArray(list)) throw new TypeError(`linalg_matrix_norm(): argument 'dim' must be tuple of ints, not ${describe(dim)}`);
  if (list.length !== 2) throw new RuntimeError(`linalg.matrix_norm: dim must be a 2-tuple. Got ${list.join(' ')}`);
  const [a, b] = list.map((d) => wrapDim(d, x.ndim));
  if (a === b) throw new RuntimeError(`linalg.matrix_norm: dims must be different. Got (${list.join(', ')})`);
  return [a, b];
}
function keepDims(reduced: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim ? [...dims].sort((a, b) => a - b).reduce((t, d) => unsqueeze(t, d), reduced) : reduced;
}
/** Norms that are made of singular values. */
function spectral(x: Tensor, dims: [number, number], keepdim: boolean, combine: (s: Tensor) => Tensor): Tensor {
  return keepDims(combine(svdvals(movedim(x, dims, [-2, -1]))), dims, keepdim);
}
/** The largest along a dim, 0 if there are none: norms are not negative. */
const largestOf = (x: Tensor, dim: number, keepdim: boolean): Tensor =>
  x.sizes.at(dim) === 0 ? x.sum(dim, keepdim) : amax(x, dim, keepdim);

/** The largest (smallest) of the sums of moduli along `along`. */
function extremeSum(x: Tensor, along: number, across: number, largest: boolean, keepdim: boolean): Tensor {
  const sums = vectorNorm(x, 1, [along], true);
  const result = (largest ? largestOf : amin)(sums, across, true);
  return keepdim ? result : result.squeeze([along, across]);
}

type MatrixNorm = Op<[], [ord: MatrixOrder, dim: readonly number[], keepdim: boolean], NormOptions<MatrixOrder>>;
/**
 * The norm of matrices: Frobenius (`fro`), nuclear (`nuc`), spectral (2, -2), or sums of columns (1, -1) or rows (Infinity, -Infinity).
 * https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
 * @example torch.linalg.matrixNorm(torch.tensor([[3, 0], [0, -4]]), 'nuc')  // tensor(7.)
 */
export const matrixNorm: MatrixNorm = define(
  'linalg_matrix_norm',
  'A, ord?, dim?, keepdim?, *, dtype?',
  (input: Tensor, ord: MatrixOrder = 'fro', dim: readonly number[] = [-2, -1], keepdim = false, dtype?: DTypeLike | null) => {
    if (input.ndim < 2) throw new RuntimeError('linalg.matrix_norm: The input tensor A must have at least 2 dimensions.');
    const x = floats(input, dtype);
    const dims = matrixDims(x, dim);
    const size = typeof ord === 'number' ? Math.abs(ord) : ord;
    if (size === 'fro') return vectorNorm(x, 2, dims, keepdim);
    if (size === 'nuc') return spectral(matrixInput('linalg.matrix_norm', x), dims, keepdim, (s) => s.sum(-1));
    if (size === 2) return spectral(x, dims, keepdim, (s) => ((ord as number) > 0 ? largestOf : amin)(s, -1, false));
    if (size === 1) return extremeSum(x, dims[0], dims[1], ord === 1, keepdim);
    if (size === Infinity) return extremeSum(x, dims[1], dims[0], ord === Infinity, keepdim);
    throw new RuntimeError(`linalg.matrix_norm: Order ${ord} not supported.`);
  },
);

function normOf(x: Tensor, ord: MatrixOrder | null, dim: readonly number[] | null, keepdim: boolean, dtype: DTypeLike | null): Tensor {
  if (ord === null) return vectorNorm(x, 2, dim, keepdim, { dtype });
  if (dim && dim.length !== 1 && dim.length !== 2)
    throw new RuntimeError(`linalg.norm: If dim is specified, it must be of length 1 or 2. Got [${dim.join(', ')}]`);
  if (!dim && x.ndim !== 1 && x.ndim !== 2)
    throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${x.ndim}D.`);
  const isVector = (dim?.length ?? x.ndim) === 1;
  if (isVector && typeof ord === 'number') return vectorNorm(x, ord, dim, keepdim, { dtype });
  return matrixNorm(x, ord, dim ?? [-2, -1], keepdim, { dtype });
}
const dimList = (dim: Dims | null | undefined): readonly number[] | null =>
  dim === null || dim === undefined ? null : typeof dim === 'number' ? [dim] : dim;

/**
 * A vector norm over one dim (or, without `ord`, all of them), a matrix norm over two.
 * https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
 * @example torch.linalg.norm(torch.tensor([[3, 4], [6, 8]]), 2, { dim: 1 })  // tensor([ 5., 10.])
 */
export const norm: Op<[], [ord: MatrixOrder | null, dim: Dims | null, keepdim: boolean], NormOptions<MatrixOrder | null>> = define(
  'linalg_norm',
  'A, ord?, dim?, keepdim?, *, dtype?',
  (x: Tensor, ord?: MatrixOrder | null, dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) =>
    normOf(x, ord ?? null, dimList(dim), keepdim, dtype ?? null),
);

type TorchNorm = Op<
  [],
  [p: MatrixOrder | null, dim: Dims | null, keepdim: boolean, out: null, dtype: DTypeLike | null],
  { p: MatrixOrder | null; dim: Dims | null; keepdim: boolean; dtype: DTypeLike | null }
>;
/**
 * A vector norm over `dim`; `nuc` is the nuclear norm of matrices. https://pytorch.org/docs/stable/generated/torch.norm.html
 * @example torch.tensor([[1.5, -2], [3, 4]]).norm(1, 0)  // tensor([4.5000, 6.0000])
 */
export const torchNorm: TorchNorm = define(
  'norm',
  'input, p?, dim?, keepdim?, dtype?',
  (x: Tensor, p: MatrixOrder | null = 'fro', dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) => {
    if (typeof p === 'number') return vectorNorm(x, p, dim ?? null, keepdim, { dtype });
    if (p === null || p === 'fro') return vectorNorm(x, 2, dim ?? null, keepdim, { dtype });
    return matrixNorm(x, p, dimList(dim) ?? x.sizes.map((_, d) => d), keepdim, { dtype });
  },
);

/**
 * The p-norm of input - other, over all elements. https://pytorch.org/docs/stable/generated/torch.dist.html
 * @example torch.dist(torch.tensor([1, 2]), torch.tensor([4, 6]))  // tensor(5.)
 */
export const dist: Op<[other: Tensor], [p: number], { p: number }> = define('dist', 'input, other, p?', (x: Tensor, y: Tensor, p = 2) =>
  nameNode('dist', vectorNorm(x.sub(y), p)),
);

/**
 * Slices along `dim` whose p-norm is above `maxnorm`, scaled down to it. https://pytorch.org/docs/stable/generated/torch.renorm.html
 * @example
 * torch.renorm(torch.tensor([[3.5, 0], [0.5, 0]]), 2, 0, 1)
 * // tensor([[1.0000, 0.0000],
 * //         [0.5000, 0.0000]])
 */
export const renorm: Op<[p: number, dim: number, maxnorm: number]> = define(
  'renorm',
  'input, p, dim, maxnorm',
  (input: Tensor, p: number, dim: number, maxnorm: number) => {
    if (p <= 0) throw new RuntimeError('renorm: non-positive-norm not supported');
    if (maxnorm < 0) throw new RuntimeError(`renorm: expected maxnorm to be >= 0 but got ${maxnorm}`);
    if (input.ndim < 2) throw new RuntimeError(`renorm: input needs at least 2 dimensions, got ${input.ndim} dimensions`);
    const own = wrapDim(dim, input.ndim);
    const others = input.sizes.map((_, d) => d).filter((d) => d !== own);
    const norms = vectorNorm(input, p, others, true);
    return nameNode('renorm', input.mul(selectWhere(norms.gt(maxnorm), norms.add(1e-7).reciprocal().mul(maxnorm), 1)));
  },
);
