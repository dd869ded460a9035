/** Elementwise comparisons, logic and bits. */
import { bool, float64 } from '../ir/dtype.js';
import { constant, Expr } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { pointwise } from './define.js';
import type { Op } from './types.js';
import { type Unary, type Binary, unary, binary, arithmetic, noComplex, integral, parts } from './pointwise-kinds.js';

const comparison = (name: string, f: (x: Expr, y: Expr) => Expr, ordered = true): Binary =>
  binary(name, f, { promotion: 'comparison', takes: 'tensorFirst', ...(ordered ? noComplex(name) : {}) });
/**
 * input == other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.eq.html
 * @example torch.eq(torch.tensor([1, 2, 3]), 2)  // tensor([False,  True, False])
 */
export const eq: Binary = comparison('eq', (x, y) => x.eq(y), false);
/**
 * input ≠ other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.ne.html
 * @example torch.ne(torch.tensor([1, 2, 3]), 2)  // tensor([ True, False,  True])
 */
export const ne: Binary = comparison('ne', (x, y) => x.ne(y), false);
/**
 * input < other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.lt.html
 * @example torch.lt(torch.tensor([1, 2, 3]), 2)  // tensor([ True, False, False])
 */
export const lt: Binary = comparison('lt', (x, y) => x.lt(y));
/**
 * input ≤ other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.le.html
 * @example torch.le(torch.tensor([1, 2, 3]), 2)  // tensor([ True,  True, False])
 */
export const le: Binary = comparison('le', (x, y) => x.le(y));
/**
 * input > other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.gt.html
 * @example torch.gt(torch.tensor([1, 2, 3]), 2)  // tensor([False, False,  True])
 */
export const gt: Binary = comparison('gt', (x, y) => x.gt(y));
/**
 * input ≥ other, elementwise. `other` is broadcast; the result is bool. https://pytorch.org/docs/stable/generated/torch.ge.html
 * @example torch.ge(torch.tensor([1, 2, 3]), 2)  // tensor([False,  True,  True])
 */
export const ge: Binary = comparison('ge', (x, y) => x.ge(y));

const truth = (x: Expr): Expr => x.cast(bool);
/**
 * Whether both are nonzero. https://pytorch.org/docs/stable/generated/torch.logical_and.html
 * @example torch.logicalAnd(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 0]))  // tensor([False,  True, False])
 */
export const logicalAnd: Binary = binary('logicalAnd', (x, y) => truth(x).and(truth(y)), { promotion: 'comparison', takes: 'tensors' });
/**
 * Whether either is nonzero. https://pytorch.org/docs/stable/generated/torch.logical_or.html
 * @example torch.logicalOr(torch.tensor([0, 1, 0]), torch.tensor([1, 1, 0]))  // tensor([ True,  True, False])
 */
export const logicalOr: Binary = binary('logicalOr', (x, y) => truth(x).or(truth(y)), { promotion: 'comparison', takes: 'tensors' });
/**
 * Whether exactly one is nonzero. https://pytorch.org/docs/stable/generated/torch.logical_xor.html
 * @example torch.logicalXor(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 0]))  // tensor([ True, False,  True])
 */
export const logicalXor: Binary = binary('logicalXor', (x, y) => truth(x).xor(truth(y)), { promotion: 'comparison', takes: 'tensors' });
/**
 * Whether zero. https://pytorch.org/docs/stable/generated/torch.logical_not.html
 * @example torch.logicalNot(torch.tensor([0, 1, 2]))  // tensor([ True, False, False])
 */
export const logicalNot: Unary = unary('logicalNot', (x) => truth(x).not(), arithmetic);

/**
 * The bits set in both; for integers and booleans. https://pytorch.org/docs/stable/generated/torch.bitwise_and.html
 * @example torch.bitwiseAnd(torch.tensor([6, 5]), 3)  // tensor([2, 1])
 */
export const bitwiseAnd: Binary = binary('bitwiseAnd', (x, y) => x.and(y), integral);
/**
 * The bits set in either; for integers and booleans. https://pytorch.org/docs/stable/generated/torch.bitwise_or.html
 * @example torch.bitwiseOr(torch.tensor([6, 5]), 3)  // tensor([7, 7])
 */
export const bitwiseOr: Binary = binary('bitwiseOr', (x, y) => x.or(y), integral);
/**
 * The bits set in exactly one; for integers and booleans. https://pytorch.org/docs/stable/generated/torch.bitwise_xor.html
 * @example torch.bitwiseXor(torch.tensor([6, 5]), 3)  // tensor([5, 6])
 */
export const bitwiseXor: Binary = binary('bitwiseXor', (x, y) => x.xor(y), integral);
/**
 * Every bit the other way; for integers and booleans. https://pytorch.org/docs/stable/generated/torch.bitwise_not.html
 * @example torch.bitwiseNot(torch.tensor([0, 5]))  // tensor([-1, -6])
 */
export const bitwiseNot: Unary = unary('bitwiseNot', (x) => x.not(), integral);
/**
 * input · 2^other for integers: the bits moved up. https://pytorch.org/docs/stable/generated/torch.bitwise_left_shift.html
 * @example torch.bitwiseLeftShift(torch.tensor([1, 3]), 2)  // tensor([ 4, 12])
 */
export const bitwiseLeftShift: Binary = binary('bitwiseLeftShift', (x, y) => x.shl(y), integral);
/**
 * input / 2^other for integers, rounded down: the bits moved down, with the sign kept.
 * https://pytorch.org/docs/stable/generated/torch.bitwise_right_shift.html
 * @example torch.bitwiseRightShift(torch.tensor([8, -8]), 2)  // tensor([ 2, -2])
 */
export const bitwiseRightShift: Binary = binary('bitwiseRightShift', (x, y) => x.shr(y), integral);

const test = (name: string, f: (x: Expr) => Expr): Unary => unary(name, f, { ...arithmetic, noInplace: true });
const no = (x: Expr): Expr => constant(false, bool).and(x.eq(x));
/**
 * Whether NaN; for complex numbers, whether either part is. https://pytorch.org/docs/stable/generated/torch.isnan.html
 * @example torch.isnan(torch.tensor([1, NaN]))  // tensor([False,  True])
 */
export const isnan: Unary = test('isnan', (x) => parts(x, (p) => p.ne(p), 'or'));
/**
 * Whether +∞ or -∞; for complex numbers, whether either part is. https://pytorch.org/docs/stable/generated/torch.isinf.html
 * @example torch.isinf(torch.tensor([1, -Infinity, NaN]))  // tensor([False,  True, False])
 */
export const isinf: Unary = test('isinf', (x) => (x.dtype.category < 2 ? no(x) : parts(x, (p) => p.abs().eq(Infinity), 'or')));
/**
 * Whether neither NaN nor infinite. https://pytorch.org/docs/stable/generated/torch.isfinite.html
 * @example torch.isfinite(torch.tensor([1, Infinity, NaN]))  // tensor([ True, False, False])
 */
export const isfinite: Unary = test('isfinite', (x) => (x.dtype.category < 2 ? no(x).not() : parts(x, (p) => p.abs().lt(Infinity), 'and')));
/**
 * Whether +∞. https://pytorch.org/docs/stable/generated/torch.isposinf.html
 * @example torch.isposinf(torch.tensor([1, Infinity, -Infinity]))  // tensor([False,  True, False])
 */
export const isposinf: Unary = test('isposinf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(Infinity)));
/**
 * Whether -∞. https://pytorch.org/docs/stable/generated/torch.isneginf.html
 * @example torch.isneginf(torch.tensor([1, Infinity, -Infinity]))  // tensor([False, False,  True])
 */
export const isneginf: Unary = test('isneginf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(-Infinity)));
/**
 * Whether the imaginary part is 0; true for every real number. https://pytorch.org/docs/stable/generated/torch.isreal.html
 * @example torch.isreal(torch.tensor([{ re: 1, im: 0 }, { re: 1, im: 2 }]))  // tensor([ True, False])
 */
export const isreal: Unary = test('isreal', (x) => (x.dtype.isComplex ? x.imag.eq(0) : no(x).not()));

function checkTolerances(_input: Tensor, _other: Tensor, rtol = 0, atol = 0): void {
  if (rtol < 0) throw new RuntimeError(`rtol must be greater than or equal to zero, but got ${rtol}`);
  if (atol < 0) throw new RuntimeError(`atol must be greater than or equal to zero, but got ${atol}`);
}
/**
 * Whether |input - other| ≤ atol + rtol · |other|, with rtol 1e-5 and atol 1e-8 unless given; NaN is close to NaN only with `equalNan`.
 * https://pytorch.org/docs/stable/generated/torch.isclose.html
 * @example torch.isclose(torch.tensor([1, 2.5]), torch.tensor([1.000001, 2.6]))  // tensor([ True, False])
 */
export const isclose: Op<
  [other: Tensor],
  [rtol: number, atol: number, equalNan: boolean],
  { rtol: number; atol: number; equalNan: boolean }
> = pointwise(
  'isclose',
  { args: 'input, other, rtol?, atol?, equalNan?', operands: 2, takes: 'tensors', noInplace: true, check: checkTolerances },
  (x: Expr, y: Expr, rtol?: Expr, atol?: Expr, equalNan?: boolean) => {
    const wide = x.dtype.category < 2 ? float64 : x.dtype.toReal();
    const [a, b] = x.dtype.category < 2 ? [x.cast(float64), y.cast(float64)] : [x, y];
    const limit = (atol ? atol.cast(wide) : constant(1e-8, wide)).add((rtol ? rtol.cast(wide) : constant(1e-5, wide)).mul(b.abs()));
    const distance = a.sub(b).abs();
    const close = x.eq(y).or(distance.lt(Infinity).and(distance.le(limit)));
    const bothNan = parts(x, (p) => p.ne(p), 'or').and(parts(y, (p) => p.ne(p), 'or'));
    return equalNan ? close.or(bothNan) : close;
  },
);
