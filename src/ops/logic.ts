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
/** input == other, elementwise. */
export const eq: Binary = comparison('eq', (x, y) => x.eq(y), false);
export const ne: Binary = comparison('ne', (x, y) => x.ne(y), false);
export const lt: Binary = comparison('lt', (x, y) => x.lt(y));
export const le: Binary = comparison('le', (x, y) => x.le(y));
export const gt: Binary = comparison('gt', (x, y) => x.gt(y));
export const ge: Binary = comparison('ge', (x, y) => x.ge(y));

const truth = (x: Expr): Expr => x.cast(bool);
export const logicalAnd: Binary = binary('logicalAnd', (x, y) => truth(x).and(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalOr: Binary = binary('logicalOr', (x, y) => truth(x).or(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalXor: Binary = binary('logicalXor', (x, y) => truth(x).xor(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalNot: Unary = unary('logicalNot', (x) => truth(x).not(), arithmetic);

export const bitwiseAnd: Binary = binary('bitwiseAnd', (x, y) => x.and(y), integral);
export const bitwiseOr: Binary = binary('bitwiseOr', (x, y) => x.or(y), integral);
export const bitwiseXor: Binary = binary('bitwiseXor', (x, y) => x.xor(y), integral);
export const bitwiseNot: Unary = unary('bitwiseNot', (x) => x.not(), integral);
export const bitwiseLeftShift: Binary = binary('bitwiseLeftShift', (x, y) => x.shl(y), integral);
export const bitwiseRightShift: Binary = binary('bitwiseRightShift', (x, y) => x.shr(y), integral);

const test = (name: string, f: (x: Expr) => Expr): Unary => unary(name, f, { ...arithmetic, noInplace: true });
const no = (x: Expr): Expr => constant(false, bool).and(x.eq(x));
/** Whether NaN. */
export const isnan: Unary = test('isnan', (x) => parts(x, (p) => p.ne(p), 'or'));
/** Whether +inf or -inf. */
export const isinf: Unary = test('isinf', (x) => (x.dtype.category < 2 ? no(x) : parts(x, (p) => p.abs().eq(Infinity), 'or')));
/** Whether neither NaN nor infinite. */
export const isfinite: Unary = test('isfinite', (x) => (x.dtype.category < 2 ? no(x).not() : parts(x, (p) => p.abs().lt(Infinity), 'and')));
export const isposinf: Unary = test('isposinf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(Infinity)));
export const isneginf: Unary = test('isneginf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(-Infinity)));
/** Whether the imaginary part is 0. */
export const isreal: Unary = test('isreal', (x) => (x.dtype.isComplex ? x.imag.eq(0) : no(x).not()));

function checkTolerances(_input: Tensor, _other: Tensor, rtol = 0, atol = 0): void {
  if (rtol < 0) throw new RuntimeError(`rtol must be greater than or equal to zero, but got ${rtol}`);
  if (atol < 0) throw new RuntimeError(`atol must be greater than or equal to zero, but got ${atol}`);
}
/** Whether |input - other| ≤ atol + rtol · |other|. https://pytorch.org/docs/stable/generated/torch.isclose.html */
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
