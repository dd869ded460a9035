/** Running sums, products and extremes along a dim. */
import { int64, type DType } from '../ir/dtype.js';
import { record } from '../autograd/node.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { overNumber, timesNumber } from './by-number.js';
import { convert } from './convert.js';
import { largestOf } from './exprs.js';
import { define } from './define.js';
import { sumType } from './launch.js';
import { contiguousRaw, filled, toDType } from './memory.js';
import { cat } from './join.js';
import { flip } from './rearrange.js';
import { add, conjPhysical, div, eq, exp, log, mul, ne, neg, selectWhere, sub } from './pointwise.js';
import { setProducts, sum } from './reduce.js';
import { emptyOn, runRoutine } from './routine.js';
import { scatterAdd } from './select.js';
import { zeros } from './creation.js';
import { type NamedTuple, tuple } from './tuple.js';
import { narrow, reshape, select, unsqueeze } from './view.js';
import type { DTypeLike, Op } from './types.js';
import { RuntimeError } from '../tensor/errors.js';

type Scan = Op<[dim: number], [], { dtype: DTypeLike | null }>;

/** Runs a scan routine; a 0-dim tensor is its own scan. */
function scanRaw(name: string, input: Tensor, d: number): Tensor {
  const out = emptyOn(input, input.sizes);
  const dense = contiguousRaw(input);
  if (numelOf(input.sizes) > 0) runRoutine(name, [vector(out), vector(dense)], [d]);
  return out;
}
const vector = (t: Tensor): Tensor => (t.ndim === 0 ? new Tensor(t.storage, t.dtype, [1], [1], t.offset) : t);
const scanType = (input: Tensor, dtype: DTypeLike | null | undefined): DType => (dtype ? toDType(dtype) : sumType(input.dtype));
const reversed = (x: Tensor, d: number): Tensor => (x.ndim === 0 ? x : flip(x, d));

/**
 * Sums of the elements up to each one, along `dim`; integers are summed in int64.
 * https://pytorch.org/docs/stable/generated/torch.cumsum.html
 * @example torch.cumsum(torch.tensor([1, 2, 3]), 0)  // tensor([1, 3, 6])
 */
export const cumsum: Scan = define('cumsum', 'input, dim, *, dtype?', (given: Tensor, dim: number, dtype?: DTypeLike | null) => {
  const d = wrapDim(dim, given.ndim);
  const input = convert(given, scanType(given, dtype));
  return record('cumsum', [input], scanRaw('cumsum', input, d), [], ({ grad }) => [reversed(cumsum(reversed(grad, d), d), d)]);
});

/**
 * Products of the elements up to each one, along `dim`; integers are multiplied in int64.
 * https://pytorch.org/docs/stable/generated/torch.cumprod.html
 * @example torch.cumprod(torch.tensor([1, 2, 3]), 0)  // tensor([1, 2, 6])
 */
export const cumprod: Scan = define('cumprod', 'input, dim, *, dtype?', (given: Tensor, dim: number, dtype?: DTypeLike | null) => {
  const d = wrapDim(dim, given.ndim);
  const input = convert(given, scanType(given, dtype));
  return record('cumprod', [input], scanRaw('cumprod', input, d), [input], ({ grad }, [x]) => [
    x.ndim === 0 ? grad : cumprodGradient(grad, x, d),
  ]);
});

/**
 * d cumprod: Σ_{k ≥ i} grad_k Π_{j ≤ k, j ≠ i} x_j, without dividing where zeros are: up to the first zero by division, at it by the products that
 * leave it out, behind it nothing but products that contain it.
 */
function cumprodGradient(grad: Tensor, given: Tensor, d: number): Tensor {
  const x = conjPhysical(given);
  const isZero = eq(x, 0);
  const zerosSoFar = cumsum(convert(isZero, int64), d);
  const first = mul(convert(isZero, int64), convert(eq(zerosSoFar, 1), int64));
  const plain = cumprod(x, d);
  const before = eq(zerosSoFar, 0);
  const sums = reversed(cumsum(reversed(mul(grad, plain), d), d), d);
  const filledIn = selectWhere(eq(first, 1), 1, x);
  const withoutFirst = mul(cumprod(filledIn, d), convert(ne(zerosSoFar, 0), x.dtype));
  const atFirst = reversed(cumsum(reversed(mul(grad, withoutFirst), d), d), d);
  return selectWhere(before, div(sums, selectWhere(isZero, 1, x)), selectWhere(eq(first, 1), atFirst, 0));
}

/**
 * ln Σ e^x over the elements up to each one, along `dim`. https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html
 * @example torch.logcumsumexp(torch.tensor([0.5, 0.5]), 0)  // tensor([0.5000, 1.1931])
 */
export const logcumsumexp: Op<[dim: number]> = define('logcumsumexp', 'input, dim', (input: Tensor, dim: number) => {
  const d = wrapDim(dim, input.ndim);
  return record('logcumsumexp', [input], scanRaw('logcumsumexp', input, d), [input], ({ grad }, [x]) => {
    const y = logcumsumexp(x, d);
    const back = (logGrad: Tensor): Tensor => exp(add(reversed(logcumsumexp(reversed(sub(logGrad, y), d), d), d), x));
    if (x.dtype.isComplex) return [conjPhysical(back(log(conjPhysical(grad))))];
    // The least number stands for ln 0, whose infinity would turn into NaN in second derivatives.
    const least = -largestOf(x.dtype);
    const part = (g: Tensor): Tensor => back(selectWhere(g.gt(0), log(selectWhere(g.gt(0), g, 1)), least));
    return [sub(part(grad), part(neg(grad)))];
  });
});

type Extremum = Op<[dim: number], [], object, NamedTuple<'values' | 'indices'>>;
const runningExtremum = (name: string, least: boolean): Extremum =>
  define<Extremum>(name, 'input, dim', (input: Tensor, dim: number) => {
    const d = wrapDim(dim, input.ndim);
    const [values, indices] = [emptyOn(input, input.sizes), emptyOn(input, input.sizes, int64)];
    if (numelOf(input.sizes) > 0) runRoutine('cummax', [vector(values), vector(indices), vector(contiguousRaw(input))], [d, least ? 1 : 0]);
    const { sizes } = input;
    record(name, [input], values, [indices], ({ grad }, [at]) => [
      sizes.length === 0 ? grad : scatterAdd(zeros(sizes, { dtype: grad.dtype, device: grad.device }), d, at, grad),
    ]);
    return tuple(name, ['values', 'indices'], [values, indices]);
  });
/**
 * Running maxima with their positions. https://pytorch.org/docs/stable/generated/torch.cummax.html
 * @example
 * torch.cummax(torch.tensor([1, 3, 2]), 0)
 * // torch.return_types.cummax(
 * // values=tensor([1, 3, 3]),
 * // indices=tensor([0, 1, 1]))
 */
export const cummax: Extremum = runningExtremum('cummax', false);
/**
 * Running minima with their positions. https://pytorch.org/docs/stable/generated/torch.cummin.html
 * @example
 * torch.cummin(torch.tensor([2, 3, 1]), 0)
 * // torch.return_types.cummin(
 * // values=tensor([2, 2, 1]),
 * // indices=tensor([0, 0, 2]))
 */
export const cummin: Extremum = runningExtremum('cummin', true);

/** Products of all others along `dim`: those in front times those behind. */
function productOfOthers(given: Tensor, d: number): Tensor {
  const x = conjPhysical(given);
  const n = x.sizes[d];
  if (n === 0) return x;
  const edge = filled(
    x.sizes.map((s, k) => (k === d ? 1 : s)),
    1,
    { dtype: x.dtype, device: x.storage.device },
  );
  const front = cat([edge, narrow(cumprod(x, d), d, 0, n - 1)], d);
  const back = reversed(x, d);
  return mul(front, reversed(cat([edge, narrow(cumprod(back, d), d, 0, n - 1)], d), d));
}

/** Complex products: the last of the running products, dim by dim. */
function complexProduct(input: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const plain = new Tensor(input.storage, input.dtype, input.sizes, input.strides, input.offset);
  const kept = dims.reduce((x, d) => (x.sizes.length === 0 ? x : lastProduct(x, d)), plain);
  return keepdim
    ? kept
    : reshape(
        kept,
        input.sizes.filter((_, d) => !dims.includes(d)),
      );
}
function lastProduct(x: Tensor, d: number): Tensor {
  const n = x.sizes[d];
  if (n === 0)
    return filled(
      x.sizes.map((s, k) => (k === d ? 1 : s)),
      1,
      { dtype: x.dtype, device: x.storage.device },
    );
  return unsqueeze(select(scanRaw('cumprod', x, d), d, n - 1), d);
}
setProducts(complexProduct, productOfOthers);

/** The trapezoid rule along a dim, `y` at points `x` or at steps `dx`. https://pytorch.org/docs/stable/generated/torch.trapezoid.html */
type Trapezoid = Op<[], [x: Tensor | null], { x: Tensor | null; dx: number; dim: number }>;
const trapezoids = (
  name: string,
  collect: (areas: Tensor, d: number) => Tensor,
  /** The same for steps of one width, over sums of neighbours. */
  steps: (sums: Tensor, d: number, dx: number) => Tensor,
): Trapezoid =>
  define<Trapezoid>(name, 'y, x?, *, dx?, dim?', (y: Tensor, x: Tensor | null | undefined, dx = 1, dim = -1) => {
    const d = wrapDim(dim, y.ndim);
    const n = y.sizes[d];
    const parts = (t: Tensor, at: number): [Tensor, Tensor] => [narrow(t, at, 1, t.sizes[at] - 1), narrow(t, at, 0, t.sizes[at] - 1)];
    if (n === 0) return sum(y, d);
    const [right, left] = parts(y, d);
    if (!x) return steps(add(right, left), d, dx);
    const points =
      x.ndim === 1
        ? reshape(
            x,
            y.sizes.map((_, k) => (k === d ? -1 : 1)),
          )
        : x.ndim < y.ndim
          ? reshape(x, [...new Array<number>(y.ndim - x.ndim).fill(1), ...x.sizes])
          : x;
    const [next, previous] = parts(points, d);
    return overNumber(collect(mul(add(right, left), sub(next, previous)), d), 2);
  });
/**
 * The integral along `dim` by the trapezoidal rule, at points `x` or `dx` apart (1 by default).
 * https://pytorch.org/docs/stable/generated/torch.trapezoid.html
 * @example torch.trapezoid(torch.tensor([1, 2, 3]))  // tensor(4.)
 */
export const trapezoid: Trapezoid = trapezoids(
  'trapezoid',
  (areas, d) => sum(areas, d),
  (sums, d, dx) => timesNumber(sum(sums, d), dx / 2),
);
/** Alias of `trapezoid`. */
export const trapz: Trapezoid = trapezoid;
/**
 * The integral along `dim` by the trapezoidal rule, up to each point.
 * https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html
 * @example torch.cumulativeTrapezoid(torch.tensor([1, 2, 3]))  // tensor([1.5000, 4.0000])
 */
export const cumulativeTrapezoid: Trapezoid = trapezoids(
  'cumulativeTrapezoid',
  (areas, d) => cumsum(areas, d),
  (sums, d, dx) => cumsum(timesNumber(sums, dx / 2), d),
);

/**
 * Differences of neighbours along a dim, n times over. https://pytorch.org/docs/stable/generated/torch.diff.html
 * @example torch.diff(torch.tensor([1, 4, 9]))  // tensor([3, 5])
 */
export const diff: Op<
  [],
  [n: number, dim: number, prepend: Tensor | null, append: Tensor | null],
  { n: number; dim: number; prepend: Tensor | null; append: Tensor | null }
> = define(
  'diff',
  'input, n?, dim?, prepend?, append?',
  (input: Tensor, n = 1, dim = -1, prepend?: Tensor | null, append?: Tensor | null) => {
    if (input.ndim === 0) throw new RuntimeError('diff expects input to be at least one-dimensional');
    if (n < 0) throw new RuntimeError(`order must be non-negative but got ${n}`);
    const d = wrapDim(dim, input.ndim);
    if (n === 0) return input;
    let x = prepend || append ? cat([...(prepend ? [prepend] : []), input, ...(append ? [append] : [])], d) : input;
    for (let i = 0; i < n && x.sizes[d] > 0; i++) {
      const size = x.sizes[d];
      const [right, left] = [narrow(x, d, Math.min(1, size), Math.max(size - 1, 0)), narrow(x, d, 0, Math.max(size - 1, 0))];
      x = x.dtype.name === 'bool' ? ne(right, left) : sub(right, left);
    }
    return x;
  },
);
