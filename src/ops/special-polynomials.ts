/** Orthogonal polynomials. */
import { type Expr } from '../ir/expr.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { define, pointwise } from './define.js';
import { abs, acos, add, type Binary, cos, div, eq, ge, gt, logicalAnd, lt, mul, rsub, selectWhere, sin, sub, trunc } from './pointwise.js';
import { item } from './read.js';

type Polynomial = Binary;
interface Family {
  /** Degree 1, and the recurrence p_{k+1}(p_k, p_{k-1}). */
  readonly first: (x: Tensor) => Tensor;
  readonly next: (k: number, x: Tensor, p: Tensor, q: Tensor) => Tensor;
  /** A closed form for |x| < 1 above a degree, as PyTorch uses. */
  readonly closed?: { readonly above: number; readonly value: (n: Tensor, x: Tensor) => Tensor };
}

const MAX_DEGREE = 1024;
function orthogonal(name: string, family: Family, shift = false): Polynomial {
  return define<Polynomial>(name, 'x, n', (input: Tensor | number, degree: Tensor | number) => {
    const [x0, n0] = promotedPair(input, degree);
    const x = shift ? sub(mul(x0, 2), 1) : x0;
    const n = trunc(n0);
    const inside = family.closed ? logicalAnd(lt(abs(x), 1), gt(n, family.closed.above)) : null;
    const recurred = recurrence(family, x, n, inside);
    const value = inside && family.closed ? selectWhere(inside, family.closed.value(n, x), recurred) : recurred;
    // Degrees that no int64 holds count as negative, NaN too.
    return selectWhere(logicalAnd(ge(n, 0), lt(n, 2 ** 63)), value, 0);
  });
}
/** Both operands in their common float dtype, broadcast. */
const bothOf = [
  pointwise<Binary>('first', { args: 'input, other', operands: 2, promotion: 'float' }, (x: Expr) => x),
  pointwise<Binary>('second', { args: 'input, other', operands: 2, promotion: 'float' }, (_x: Expr, y: Expr) => y),
];
const promotedPair = (a: Tensor | number, b: Tensor | number): Tensor[] => bothOf.map((f) => f(a as Tensor, b));
function recurrence(family: Family, x: Tensor, n: Tensor, skip: Tensor | null): Tensor {
  const wanted = skip ? selectWhere(skip, 0, n) : n;
  const finite = selectWhere(eq(wanted, wanted), wanted, 0);
  const highest = numelOf(finite.sizes) === 0 ? 0 : Math.min(Number(item(finite.amax())), MAX_DEGREE);
  let [q, p] = [add(mul(x, 0), 1), family.first(x)];
  let value = selectWhere(ge(n, 1), p, q);
  for (let k = 1; k < highest; k++) {
    [q, p] = [p, family.next(k, x, p, q)];
    value = selectWhere(ge(n, k + 1), p, value);
  }
  return value;
}
const doubled = (_k: number, x: Tensor, p: Tensor, q: Tensor): Tensor => sub(mul(mul(x, 2), p), q);
const families: Record<string, Family> = {
  T: { first: (x) => x, next: doubled, closed: { above: 6, value: (n, x) => cos(mul(n, acos(x))) } },
  U: { first: (x) => mul(x, 2), next: doubled, closed: { above: 8, value: (n, x) => div(sin(mul(add(n, 1), acos(x))), sin(acos(x))) } },
  V: {
    first: (x) => sub(mul(x, 2), 1),
    next: doubled,
    closed: { above: 8, value: (n, x) => div(cos(mul(add(n, 0.5), acos(x))), cos(div(acos(x), 2))) },
  },
  W: {
    first: (x) => add(mul(x, 2), 1),
    next: doubled,
    closed: { above: 8, value: (n, x) => div(sin(mul(add(n, 0.5), acos(x))), sin(div(acos(x), 2))) },
  },
  H: { first: (x) => mul(x, 2), next: (k, x, p, q) => sub(mul(mul(x, 2), p), mul(q, 2 * k)) },
  He: { first: (x) => x, next: (k, x, p, q) => sub(mul(x, p), mul(q, k)) },
  L: { first: (x) => rsub(x, 1), next: (k, x, p, q) => div(sub(mul(rsub(x, 2 * k + 1), p), mul(q, k)), k + 1) },
  P: { first: (x) => x, next: (k, x, p, q) => div(sub(mul(mul(x, 2 * k + 1), p), mul(q, k)), k + 1) },
};
/** Chebyshev polynomials of four kinds, Hermite, Laguerre and Legendre polynomials of degree n. */
export const chebyshevPolynomialT: Polynomial = orthogonal('chebyshevPolynomialT', families.T);
export const chebyshevPolynomialU: Polynomial = orthogonal('chebyshevPolynomialU', families.U);
export const chebyshevPolynomialV: Polynomial = orthogonal('chebyshevPolynomialV', families.V);
export const chebyshevPolynomialW: Polynomial = orthogonal('chebyshevPolynomialW', families.W);
export const shiftedChebyshevPolynomialT: Polynomial = orthogonal('shiftedChebyshevPolynomialT', families.T, true);
export const shiftedChebyshevPolynomialU: Polynomial = orthogonal('shiftedChebyshevPolynomialU', families.U, true);
export const shiftedChebyshevPolynomialV: Polynomial = orthogonal('shiftedChebyshevPolynomialV', families.V, true);
export const shiftedChebyshevPolynomialW: Polynomial = orthogonal('shiftedChebyshevPolynomialW', families.W, true);
export const hermitePolynomialH: Polynomial = orthogonal('hermitePolynomialH', families.H);
export const hermitePolynomialHe: Polynomial = orthogonal('hermitePolynomialHe', families.He);
export const laguerrePolynomialL: Polynomial = orthogonal('laguerrePolynomialL', families.L);
export const legendrePolynomialP: Polynomial = orthogonal('legendrePolynomialP', families.P);
