/** Elementwise extrema, limits and replacements. */
import { bool } from '../ir/dtype.js';
import { constant, Expr, where } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { pointwise, type PointwiseSpec } from './define.js';
import { largestOf, one, zero } from './exprs.js';
import type { Op, TensorLike } from './types.js';
import { type Binary, binary, none, noComplex, overloadNode, parts } from './pointwise-kinds.js';

/**
 * The larger of two numbers, elementwise; NaN wins. https://pytorch.org/docs/stable/generated/torch.maximum.html
 * @example torch.maximum(torch.tensor([1, NaN]), torch.tensor([2, 0]))  // tensor([2., nan])
 */
export const maximum: Binary = binary('maximum', (x, y) => x.max(y), { takes: 'tensors', ...noComplex('maximum') });
/**
 * The smaller of two numbers, elementwise; NaN wins. https://pytorch.org/docs/stable/generated/torch.minimum.html
 * @example torch.minimum(torch.tensor([1, NaN]), torch.tensor([2, 0]))  // tensor([1., nan])
 */
export const minimum: Binary = binary('minimum', (x, y) => x.min(y), { takes: 'tensors', ...noComplex('minimum') });
const preferNumber =
  (pick: (x: Expr, y: Expr) => Expr) =>
  (x: Expr, y: Expr): Expr =>
    where(x.isnan(), y, where(y.isnan(), x, pick(x, y)));
const keepWinner = (wins: (x: Expr, y: Expr) => Expr): Pick<PointwiseSpec, 'grad'> => ({
  grad: ({ grad, args: [x, y] }) => {
    const first = wins(x, y).or(y.isnan());
    return [where(first, grad, zero(grad)), where(first, zero(grad), grad)];
  },
});
/**
 * The larger of two numbers, elementwise; a number wins over NaN. https://pytorch.org/docs/stable/generated/torch.fmax.html
 * @example torch.fmax(torch.tensor([1, NaN]), torch.tensor([2, 0]))  // tensor([2., 0.])
 */
export const fmax: Binary = binary(
  'fmax',
  preferNumber((x, y) => x.max(y)),
  { ...keepWinner((x, y) => x.ge(y)), takes: 'tensors', ...noComplex('fmax') },
);
/**
 * The smaller of two numbers, elementwise; a number wins over NaN. https://pytorch.org/docs/stable/generated/torch.fmin.html
 * @example torch.fmin(torch.tensor([1, NaN]), torch.tensor([2, 0]))  // tensor([1., 0.])
 */
export const fmin: Binary = binary(
  'fmin',
  preferNumber((x, y) => x.min(y)),
  { ...keepWinner((x, y) => x.le(y)), takes: 'tensors', ...noComplex('fmin') },
);

const clampGrad: PointwiseSpec['grad'] = ({ grad, args: [x, low, high] }) => {
  const above = low ? x.ge(low) : undefined;
  const below = high ? x.le(high) : undefined;
  const inside = above && below ? above.and(below) : ((above ?? below) as Expr);
  const atLow = low && (high ? x.lt(low).and(low.lt(high)) : x.lt(low));
  const atHigh = high && (low ? x.gt(high).or(high.lt(low)) : x.gt(high));
  const masked = (m: Expr | undefined): Expr | null => (m ? where(m, grad, zero(grad)) : null);
  return [masked(inside), masked(atLow), masked(atHigh)];
};
const clampNode = (limits: readonly unknown[]): string => `ClampBackward${limits.slice(1).some((x) => x instanceof Tensor) ? 0 : 1}`;
/**
 * input limited to [min, max]: numbers or tensors, either of which may be missing.
 * https://pytorch.org/docs/stable/generated/torch.clamp.html
 * @example torch.clamp(torch.tensor([-2, 0.5, 3]), -1, 1)  // tensor([-1.0000,  0.5000,  1.0000])
 */
export const clamp: Op<[], [min: TensorLike | null, max: TensorLike | null], { min: TensorLike | null; max: TensorLike | null }> =
  pointwise(
    'clamp',
    { args: 'input, min?, max?', operands: 3, node: clampNode, grad: clampGrad, ...noComplex('clamp') },
    (x: Expr, low?: Expr, high?: Expr) => {
      if (!low && !high) throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
      const raised = low ? x.max(low) : x;
      return high ? raised.min(high) : raised;
    },
  );
/**
 * input, at least `min`.
 * @example torch.clampMin(torch.tensor([-2, 0.5]), 0)  // tensor([0.0000, 0.5000])
 */
export const clampMin: Op<[min: TensorLike]> = pointwise(
  'clampMin',
  {
    args: 'input, min',
    operands: 2,
    takes: 'tensorFirst',
    node: overloadNode('ClampMin', 1, 1, 0),
    grad: ({ grad, args: [x, low] }) => [where(x.ge(low), grad, zero(grad)), where(x.lt(low), grad, zero(grad))],
  },
  (x: Expr, y: Expr) => x.max(y),
);
/**
 * input, at most `max`.
 * @example torch.clampMax(torch.tensor([-2, 0.5]), 0)  // tensor([-2.,  0.])
 */
export const clampMax: Op<[max: TensorLike]> = pointwise(
  'clampMax',
  {
    args: 'input, max',
    operands: 2,
    takes: 'tensorFirst',
    node: overloadNode('ClampMax', 1, 1, 0),
    grad: ({ grad, args: [x, high] }) => [where(x.le(high), grad, zero(grad)), where(x.gt(high), grad, zero(grad))],
  },
  (x: Expr, y: Expr) => x.min(y),
);

/** other where condition is false. https://pytorch.org/docs/stable/generated/torch.where.html */
export const selectWhere: Op<[input: TensorLike, other: TensorLike]> = pointwise(
  'where',
  { args: 'condition, input, other', operands: 3, neutral: 1, noInplace: true },
  (condition: Expr, x: Expr, y: Expr) => where(condition.cast(bool), x, y),
);

/**
 * NaN replaced by `nan` (0), +∞ and -∞ by `posinf` and `neginf` (the largest and lowest numbers of the dtype).
 * https://pytorch.org/docs/stable/generated/torch.nan_to_num.html
 * @example torch.nanToNum(torch.tensor([NaN, Infinity, 1.5]), { posinf: 9 })  // tensor([0.0000, 9.0000, 1.5000])
 */
export const nanToNum: Op<
  [],
  [nan: number | null, posinf: number | null, neginf: number | null],
  { nan: number | null; posinf: number | null; neginf: number | null }
> = pointwise(
  'nanToNum',
  {
    args: 'input, nan?, posinf?, neginf?',
    grad: ({ grad, args: [x] }) => [
      where(
        parts(x, (p) => p.abs().lt(Infinity), 'and'),
        grad,
        zero(grad),
      ),
    ],
  },
  (x: Expr, nan?: Expr, posinf?: Expr, neginf?: Expr) => {
    if (x.dtype.category < 2) return x;
    const clean = (p: Expr): Expr => {
      const pick = (e: Expr | undefined | null, fallback: number): Expr => (e ? e.cast(p.dtype) : constant(fallback, p.dtype));
      const largest = largestOf(p.dtype);
      return where(
        p.isnan(),
        pick(nan, 0),
        where(p.eq(Infinity), pick(posinf, largest), where(p.eq(-Infinity), pick(neginf, -largest), p)),
      );
    };
    return x.dtype.isComplex ? new Expr('complex', x.dtype, [clean(x.real), clean(x.imag)]) : clean(x);
  },
);

/**
 * 0 below 0, 1 above, `values` at 0. https://pytorch.org/docs/stable/generated/torch.heaviside.html
 * @example torch.heaviside(torch.tensor([-1.5, 0, 2]), torch.tensor([0.5]))  // tensor([0.0000, 0.5000, 1.0000])
 */
export const heaviside: Op<[values: Tensor]> = pointwise(
  'heaviside',
  { args: 'input, values', operands: 2, takes: 'tensors', ...none, ...noComplex('heaviside') },
  (x: Expr, v: Expr) => where(x.eq(0), v, where(x.lt(0).or(x.isnan()), zero(x), one(x))),
);
