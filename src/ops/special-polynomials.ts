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
/**
 * Chebyshev polynomial of the first kind, Tₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_t
 * @example torch.special.chebyshevPolynomialT(torch.tensor([0.5, 2]), 3)  // tensor([-1., 26.])
 */
export const chebyshevPolynomialT: Polynomial = orthogonal('chebyshevPolynomialT', families.T);
/**
 * Chebyshev polynomial of the second kind, Uₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_u
 * @example torch.special.chebyshevPolynomialU(torch.tensor([0.5, 2]), 3)  // tensor([-1., 56.])
 */
export const chebyshevPolynomialU: Polynomial = orthogonal('chebyshevPolynomialU', families.U);
/**
 * Chebyshev polynomial of the third kind, Vₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_v
 * @example torch.special.chebyshevPolynomialV(torch.tensor([0.5, 2]), 3)  // tensor([-1., 41.])
 */
export const chebyshevPolynomialV: Polynomial = orthogonal('chebyshevPolynomialV', families.V);
/**
 * Chebyshev polynomial of the fourth kind, Wₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_w
 * @example torch.special.chebyshevPolynomialW(torch.tensor([0.5, 2]), 3)  // tensor([-1., 71.])
 */
export const chebyshevPolynomialW: Polynomial = orthogonal('chebyshevPolynomialW', families.W);
/**
 * Tₙ(2 · input - 1), for input in [0, 1]. https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_t
 * @example torch.special.shiftedChebyshevPolynomialT(torch.tensor([0.25, 1]), 3)  // tensor([1., 1.])
 */
export const shiftedChebyshevPolynomialT: Polynomial = orthogonal('shiftedChebyshevPolynomialT', families.T, true);
/**
 * Uₙ(2 · input - 1), for input in [0, 1]. https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_u
 * @example torch.special.shiftedChebyshevPolynomialU(torch.tensor([0.25, 1]), 3)  // tensor([1., 4.])
 */
export const shiftedChebyshevPolynomialU: Polynomial = orthogonal('shiftedChebyshevPolynomialU', families.U, true);
/**
 * Vₙ(2 · input - 1), for input in [0, 1]. https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_v
 * @example torch.special.shiftedChebyshevPolynomialV(torch.tensor([0.25, 1]), 3)  // tensor([1., 1.])
 */
export const shiftedChebyshevPolynomialV: Polynomial = orthogonal('shiftedChebyshevPolynomialV', families.V, true);
/**
 * Wₙ(2 · input - 1), for input in [0, 1]. https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_w
 * @example torch.special.shiftedChebyshevPolynomialW(torch.tensor([0.25, 1]), 3)  // tensor([1., 7.])
 */
export const shiftedChebyshevPolynomialW: Polynomial = orthogonal('shiftedChebyshevPolynomialW', families.W, true);
/**
 * Physicist's Hermite polynomial Hₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_h
 * @example torch.special.hermitePolynomialH(torch.tensor([0.5, 2]), 3)  // tensor([-5., 40.])
 */
export const hermitePolynomialH: Polynomial = orthogonal('hermitePolynomialH', families.H);
/**
 * Probabilist's Hermite polynomial Heₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_he
 * @example torch.special.hermitePolynomialHe(torch.tensor([0.5, 2]), 3)  // tensor([-1.3750,  2.0000])
 */
export const hermitePolynomialHe: Polynomial = orthogonal('hermitePolynomialHe', families.He);
/**
 * Laguerre polynomial Lₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.laguerre_polynomial_l
 * @example torch.special.laguerrePolynomialL(torch.tensor([0.5, 2]), 3)  // tensor([-0.1458, -0.3333])
 */
export const laguerrePolynomialL: Polynomial = orthogonal('laguerrePolynomialL', families.L);
/**
 * Legendre polynomial Pₙ(input). https://pytorch.org/docs/stable/special.html#torch.special.legendre_polynomial_p
 * @example torch.special.legendrePolynomialP(torch.tensor([0.5, 2]), 3)  // tensor([-0.4375, 17.0000])
 */
export const legendrePolynomialP: Polynomial = orthogonal('legendrePolynomialP', families.P);
