/** What several special functions share: polynomials, and a wider dtype for half precision. */
import { type DType, float32, float64 } from '../ir/dtype.js';
import { constant, type Expr } from '../ir/expr.js';
import { pointwise, type PointwiseSpec } from './define.js';
import { zero } from './exprs.js';
import { type Binary, type Unary } from './pointwise.js';

export const unary = (name: string, formula: (x: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Unary =>
  pointwise<Unary>(name, { args: 'input', promotion: 'float', ...spec }, formula);
export const binary = (name: string, formula: (x: Expr, y: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Binary =>
  pointwise<Binary>(name, { args: 'input, other', operands: 2, promotion: 'float', ...spec }, formula);

/** Half-precision formulas are evaluated in float32. */
export const wide =
  (f: (x: Expr) => Expr) =>
  (x: Expr): Expr =>
    f(x.cast(widened(x.dtype))).cast(x.dtype);
const widened = (d: DType): DType => (d === float64 ? float64 : float32);

export const polynomial = (x: Expr, coefficients: readonly number[]): Expr =>
  coefficients.slice(1).reduce<Expr>((sum, c) => sum.mul(x).add(c), constant(coefficients[0], x.dtype));
export const ratio = (x: Expr, p: readonly number[], q: readonly number[]): Expr => polynomial(x, p).div(polynomial(x, q));
/** A Chebyshev series by Clenshaw's recurrence, in the variable 2x. */
export function chebyshev(x: Expr, coefficients: readonly number[]): Expr {
  let [b0, b1, b2]: Expr[] = [constant(coefficients[0], x.dtype), zero(x), zero(x)];
  for (const c of coefficients.slice(1)) [b0, b1, b2] = [x.mul(b0).sub(b1).add(c), b0, b1];
  return b0.sub(b2).mul(0.5);
}
export const nan = (x: Expr): Expr => constant(NaN, x.dtype);
