/** `torch.special`: special functions as formulas, mostly rational and Chebyshev approximations from Cephes. */
import { type DType, float32, float64 } from '../ir/dtype.js';
import { trigamma } from '../ir/derive.js';
import { constant, type Expr, where } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import * as cephes from './cephes.js';
import { define, pointwise, type PointwiseSpec } from './define.js';
import { one, zero } from './exprs.js';
import {
  abs,
  acos,
  add,
  type Binary,
  cos,
  div,
  eq,
  exp2,
  expm1,
  ge,
  gt,
  log1p,
  logicalAnd,
  logit,
  lt,
  mul,
  round,
  rsub,
  selectWhere,
  sigmoid,
  sin,
  sinc,
  sub,
  trunc,
  type Unary,
  xlogy,
} from './pointwise.js';
import { item } from './read.js';
import { logsumexp } from './reduce.js';
import type { Op } from './types.js';

const unary = (name: string, formula: (x: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Unary =>
  pointwise<Unary>(name, { args: 'input', promotion: 'float', ...spec }, formula);
const binary = (name: string, formula: (x: Expr, y: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Binary =>
  pointwise<Binary>(name, { args: 'input, other', operands: 2, promotion: 'float', ...spec }, formula);

/** Half-precision formulas are evaluated in float32. */
const wide =
  (f: (x: Expr) => Expr) =>
  (x: Expr): Expr =>
    f(x.cast(widened(x.dtype))).cast(x.dtype);
const widened = (d: DType): DType => (d === float64 ? float64 : float32);

const polynomial = (x: Expr, coefficients: readonly number[]): Expr =>
  coefficients.slice(1).reduce<Expr>((sum, c) => sum.mul(x).add(c), constant(coefficients[0], x.dtype));
const ratio = (x: Expr, p: readonly number[], q: readonly number[]): Expr => polynomial(x, p).div(polynomial(x, q));
/** A Chebyshev series by Clenshaw's recurrence, in the variable 2x. */
function chebyshev(x: Expr, coefficients: readonly number[]): Expr {
  let [b0, b1, b2]: Expr[] = [constant(coefficients[0], x.dtype), zero(x), zero(x)];
  for (const c of coefficients.slice(1)) [b0, b1, b2] = [x.mul(b0).sub(b1).add(c), b0, b1];
  return b0.sub(b2).mul(0.5);
}
const nan = (x: Expr): Expr => constant(NaN, x.dtype);

// --- error functions, gamma functions -----------------------------------------------------------------------------------------------------------------

/** The error function. https://pytorch.org/docs/stable/special.html#torch.special.erf */
export const erf: Unary = unary('erf', (x) => x.erf());
/** 1 - erf. */
export const erfc: Unary = unary('erfc', (x) => x.erfc());
/** The inverse of erf. */
export const erfinv: Unary = unary('erfinv', (x) => x.erfinv());
/** e^(x²) erfc(x): by the definition where that is stable, by a continued fraction for large x. */
export const erfcx: Unary = unary(
  'erfcx',
  wide((x) => {
    const fraction = (): Expr => {
      let tail = zero(x);
      for (let k = 60; k >= 1; k--) tail = constant(k / 2, x.dtype).div(x.add(tail));
      return x
        .add(tail)
        .reciprocal()
        .mul(1 / Math.sqrt(Math.PI));
    };
    const direct = x.mul(x).exp().mul(x.erfc());
    return where(x.gt(2), fraction(), direct);
  }),
  {
    grad: ({ grad, result, args: [x] }) => [
      grad.mul(
        x
          .mul(2)
          .mul(result)
          .sub(2 / Math.sqrt(Math.PI)),
      ),
    ],
  },
);
/** ln |Γ|. */
export const lgamma: Unary = unary('lgamma', (x) => x.lgamma());
export const gammaln: Unary = lgamma;
/** The derivative of ln Γ. */
export const digamma: Unary = unary('digamma', (x) => x.digamma());
export const psi: Unary = digamma;
/** The regularised lower incomplete gamma function P(input, other). */
export const igamma: Binary = binary('igamma', (a, x) => a.igamma(x), { takes: 'tensors' });
export const gammainc: Binary = igamma;
/** 1 - P(input, other). */
export const igammac: Binary = binary('igammac', (a, x) => a.igammac(x), { takes: 'tensors' });
export const gammaincc: Binary = igammac;
/** The Hurwitz zeta function. */
export const zeta: Binary = binary('zeta', (x, q) => x.zeta(q));

const polygammaOfOrder = new Map<number, Unary>();
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const polygammaExpr = (n: number, x: Expr): Expr =>
  n === 1
    ? trigamma(x)
    : constant(n + 1, x.dtype)
        .zeta(x)
        .mul(n % 2 === 0 ? -factorial(n) : factorial(n));
function polygammaOp(n: number): Unary {
  let op = polygammaOfOrder.get(n);
  if (!op) {
    op =
      n === 0
        ? digamma
        : unary('polygamma', (x) => polygammaExpr(n, x), { grad: ({ grad, args: [x] }) => [grad.mul(polygammaExpr(n + 1, x))] });
    polygammaOfOrder.set(n, op);
  }
  return op;
}
function polygammaOf(a: number | Tensor, b: number | Tensor, inplace: boolean): Tensor {
  const [n, x] = typeof a === 'number' ? [a, b as Tensor] : [b as number, a];
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 31) throw new RuntimeError('polygamma(n, x) does not support negative n.');
  const op = polygammaOp(n);
  return inplace ? (op as unknown as { inplace: (t: Tensor) => Tensor }).inplace(x) : op(x);
}
/** The n-th derivative of digamma; `torch.polygamma(n, x)` and `x.polygamma(n)`. */
export const polygamma: (a: number | Tensor, b: number | Tensor) => Tensor = Object.assign(
  (a: number | Tensor, b: number | Tensor) => polygammaOf(a, b, false),
  {
    opName: 'polygamma',
    inplace: (a: number | Tensor, b: number | Tensor) => polygammaOf(a, b, true),
  },
);
/** ln of the multivariate gamma function of dimension p. */
export const mvlgamma: Op<[p: number]> = define('mvlgamma', 'input, p', (input: Tensor, p: number) => {
  if (!(p >= 1)) throw new RuntimeError('p has to be greater than or equal to 1');
  if (!Number.isInteger(p) || p > 2 ** 16) throw new TypeError(`mvlgamma(): argument 'p' must be a small int, not ${p}`);
  let total = lgamma(input);
  for (let j = 1; j < p; j++) total = add(total, lgamma(sub(input, j / 2)));
  return add(total, (p * (p - 1) * Math.log(Math.PI)) / 4);
});
export const multigammaln: Op<[p: number]> = mvlgamma;

// --- normal distribution, entropy -------------------------------------------------------------------------------------------------------------------

const halfErfc = (x: Expr): Expr => x.mul(-Math.SQRT1_2).erfc().mul(0.5);
/** The standard normal distribution function. */
export const ndtr: Unary = unary('ndtr', halfErfc);
/** Its logarithm. */
export const logNdtr: Unary = unary(
  'logNdtr',
  wide((x) => {
    const t = x.mul(Math.SQRT1_2);
    const small = erfcxExpr(t.neg()).mul(0.5).log().sub(t.mul(t));
    return where(x.lt(-1), small, t.erfc().mul(-0.5).log1p());
  }),
  {
    grad: ({ grad, result, args: [x] }) => [
      grad.mul(
        result
          .add(x.mul(x).mul(0.5))
          .neg()
          .exp()
          .mul(1 / Math.sqrt(2 * Math.PI)),
      ),
    ],
  },
);
function erfcxExpr(x: Expr): Expr {
  let tail = zero(x);
  for (let k = 60; k >= 1; k--) tail = constant(k / 2, x.dtype).div(x.add(tail));
  const fraction = x
    .add(tail)
    .reciprocal()
    .mul(1 / Math.sqrt(Math.PI));
  return where(x.gt(2), fraction, x.mul(x).exp().mul(x.erfc()));
}
/** The inverse of ndtr. */
export const ndtri: Unary = unary(
  'ndtri',
  wide((p) => {
    const { p0, q0, p1, q1, p2, q2 } = cephes.ndtri;
    const threshold = 0.1353352832366127;
    const upper = p.gt(1 - threshold);
    const y = where(upper, one(p).sub(p), p);
    const c = y.sub(0.5);
    const c2 = c.mul(c);
    const middle = c.add(c.mul(c2.mul(ratio(c2, p0, q0)))).mul(2.5066282746310007);
    const x = y.log().mul(-2).sqrt();
    const x0 = x.sub(x.log().div(x));
    const z = x.reciprocal();
    const x1 = z.mul(where(x.lt(8), ratio(z, p1, q1), ratio(z, p2, q2)));
    const tail = where(upper, x0.sub(x1), x1.sub(x0));
    const value = where(y.gt(threshold), middle, tail);
    return where(p.eq(0), -Infinity, where(p.eq(1), Infinity, where(p.lt(0).or(p.gt(1)), nan(p), value)));
  }),
  { grad: ({ grad, result }) => [grad.mul(result.mul(result).mul(0.5).exp()).mul(Math.sqrt(2 * Math.PI))] },
);
/** -x ln x, 0 at 0, -inf below. */
export const entr: Unary = unary(
  'entr',
  (x) => where(x.isnan(), x, where(x.gt(0), x.neg().mul(x.log()), where(x.eq(0), zero(x), constant(-Infinity, x.dtype)))),
  {
    grad: ({ grad, args: [x] }) => [grad.mul(x.log().neg().sub(1))],
  },
);
/** input · ln(1 + other), 0 where input is 0. */
export const xlog1py: Binary = binary('xlog1py', (x, y) => where(y.isnan(), y, where(x.eq(0), zero(x), x.mul(y.log1p()))), {
  grad: ({ grad, args: [x, y] }) => [grad.mul(where(x.eq(0).and(y.le(-1)), zero(x), y.log1p())), grad.mul(x.div(y.add(1)))],
});

// --- Bessel functions -------------------------------------------------------------------------------------------------------------------------------

const i0eExpr = (x: Expr): Expr => {
  const a = x.abs();
  const far = a.max(8);
  return where(
    a.le(8),
    chebyshev(a.mul(0.5).sub(2), cephes.i0.a),
    chebyshev(constant(32, x.dtype).div(far).sub(2), cephes.i0.b).div(far.sqrt()),
  );
};
const i1eExpr = (x: Expr): Expr => {
  const a = x.abs();
  const far = a.max(8);
  const size = where(
    a.le(8),
    chebyshev(a.mul(0.5).sub(2), cephes.i1.a).mul(a),
    chebyshev(constant(32, x.dtype).div(far).sub(2), cephes.i1.b).div(far.sqrt()),
  );
  return where(x.lt(0), size.neg(), size);
};
const i0Expr = (x: Expr): Expr => where(x.abs().eq(Infinity), Infinity, x.abs().exp().mul(i0eExpr(x)));
const i1Expr = (x: Expr): Expr => x.abs().exp().mul(i1eExpr(x));
/** I₁(x) / x, ½ at 0. */
const overX = (i1: Expr, x: Expr): Expr => where(x.eq(0), constant(0.5, x.dtype), i1.div(where(x.eq(0), constant(1, x.dtype), x)));
/** Modified Bessel function of the first kind, order 0. */
export const i0: Unary = unary('i0', wide(i0Expr), { grad: ({ grad, args: [x] }) => [grad.mul(i1Expr(x))] });
/** e^-|x| I₀(x). */
export const i0e: Unary = unary('i0e', wide(i0eExpr), {
  grad: ({ grad, result, args: [x] }) => [grad.mul(i1eExpr(x).sub(signExpr(x).mul(result)))],
});
/** Order 1. */
export const i1: Unary = unary('i1', wide(i1Expr), { grad: ({ grad, result, args: [x] }) => [grad.mul(i0Expr(x).sub(overX(result, x)))] });
/** e^-|x| I₁(x). */
export const i1e: Unary = unary('i1e', wide(i1eExpr), {
  grad: ({ grad, result, args: [x] }) => [
    grad.mul(
      i0eExpr(x)
        .sub(result.mul(signExpr(x)))
        .sub(overX(result, x)),
    ),
  ],
});
const signExpr = (x: Expr): Expr => x.gt(0).cast(x.dtype).sub(x.lt(0).cast(x.dtype));

const noGradient = { grad: () => [null] } as const;
export const modifiedBesselI0: Unary = unary(
  'modifiedBesselI0',
  wide((x) => x.abs().exp().mul(i0eExpr(x))),
  noGradient,
);
export const modifiedBesselI1: Unary = unary('modifiedBesselI1', wide(i1Expr), noGradient);

/** The amplitude and phase form of the Bessel functions for x > 5. */
interface Asymptotic {
  readonly pp: readonly number[];
  readonly pq: readonly number[];
  readonly qp: readonly number[];
  readonly qq: readonly number[];
}
function asymptotic(x: Expr, t: Asymptotic, phase: number, second: boolean): Expr {
  const z = constant(25, x.dtype).div(x.mul(x));
  const [p, q] = [
    ratio(z, t.pp, t.pq),
    constant(5, x.dtype)
      .div(x)
      .mul(ratio(z, t.qp, t.qq)),
  ];
  const angle = x.sub(phase);
  const value = second ? p.mul(angle.sin()).add(q.mul(angle.cos())) : p.mul(angle.cos()).sub(q.mul(angle.sin()));
  return value.mul(Math.sqrt(2 / Math.PI)).div(x.sqrt());
}
const phases = [Math.PI / 4, (3 * Math.PI) / 4] as const;
const lower = <T extends Record<string, readonly number[]>>(table: T): Asymptotic & Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(table).map(([k, v]) => [k.toLowerCase(), v])) as unknown as Asymptotic &
    Record<string, readonly number[]>;
const [tj0, tj1, ty0, ty1, tai] = [cephes.j0, cephes.j1, cephes.y0, cephes.y1, cephes.airyAi].map((t) =>
  lower(t as unknown as Record<string, readonly number[]>),
);

function j0Expr(given: Expr): Expr {
  const x = given.abs();
  const s = x.mul(x);
  const near = s
    .sub(5.783185962946784)
    .mul(s.sub(30.471262343662087))
    .mul(ratio(s, tj0.rp, tj0.rq));
  return where(x.le(5), where(x.lt(0.00001), one(x).sub(s.div(4)), near), asymptotic(x, tj0, phases[0], false));
}
function j1Expr(given: Expr): Expr {
  const x = given.abs();
  const s = x.mul(x);
  const near = ratio(s, tj1.rp, tj1.rq).mul(x).mul(s.sub(14.681970642123893)).mul(s.sub(49.2184563216946));
  const size = where(x.le(5), near, asymptotic(x, tj1, phases[1], false));
  return where(given.lt(0), size.neg(), size);
}
const edge = (x: Expr, value: Expr): Expr => where(x.eq(0), -Infinity, where(x.lt(0), nan(x), value));
function y0Expr(x: Expr): Expr {
  const s = x.mul(x);
  const near = ratio(s, ty0.yp, ty0.yq).add(
    x
      .log()
      .mul(j0Expr(x))
      .mul(2 / Math.PI),
  );
  return edge(x, where(x.le(5), near, asymptotic(x, ty0, phases[0], true)));
}
function y1Expr(x: Expr): Expr {
  const s = x.mul(x);
  const near = x.mul(ratio(s, ty1.yp, ty1.yq)).add(
    j1Expr(x)
      .mul(x.log())
      .sub(x.reciprocal())
      .mul(2 / Math.PI),
  );
  return edge(x, where(x.le(5), near, asymptotic(x, ty1, phases[1], true)));
}
/** Bessel functions of the first and second kind. */
export const besselJ0: Unary = unary('besselJ0', wide(j0Expr), noGradient);
export const besselJ1: Unary = unary('besselJ1', wide(j1Expr), noGradient);
export const besselY0: Unary = unary('besselY0', wide(y0Expr), noGradient);
export const besselY1: Unary = unary('besselY1', wide(y1Expr), noGradient);

const positive = (x: Expr, value: Expr): Expr => where(x.eq(0), Infinity, where(x.lt(0), nan(x), value));
const farK = (x: Expr, b: readonly number[]): Expr => chebyshev(constant(8, x.dtype).div(x).sub(2), b).div(x.sqrt());
const nearK0 = (x: Expr): Expr => chebyshev(x.mul(x).sub(2), cephes.k0.a).sub(x.mul(0.5).log().mul(i0Expr(x)));
const nearK1 = (x: Expr): Expr =>
  x
    .mul(0.5)
    .log()
    .mul(i1Expr(x))
    .add(chebyshev(x.mul(x).sub(2), cephes.k1.a).div(x));
const kFunction =
  (near: (x: Expr) => Expr, b: readonly number[], scaled: boolean) =>
  (x: Expr): Expr =>
    positive(x, where(x.le(2), scaled ? near(x).mul(x.exp()) : near(x), scaled ? farK(x, b) : x.neg().exp().mul(farK(x, b))));
/** Modified Bessel functions of the second kind, and times eˣ. */
export const modifiedBesselK0: Unary = unary('modifiedBesselK0', wide(kFunction(nearK0, cephes.k0.b, false)), noGradient);
export const modifiedBesselK1: Unary = unary('modifiedBesselK1', wide(kFunction(nearK1, cephes.k1.b, false)), noGradient);
export const scaledModifiedBesselK0: Unary = unary('scaledModifiedBesselK0', wide(kFunction(nearK0, cephes.k0.b, true)), noGradient);
export const scaledModifiedBesselK1: Unary = unary('scaledModifiedBesselK1', wide(kFunction(nearK1, cephes.k1.b, true)), noGradient);
/** sin x / x, by its series near 0. */
export const sphericalBesselJ0: Unary = unary(
  'sphericalBesselJ0',
  wide((x) => {
    const s = x.mul(x);
    const series = [1 / 39916800, 1 / 362880, 1 / 5040, 1 / 120, 1 / 6, 1].map((c, i) => (i % 2 === 1 ? c : -c));
    return where(x.abs().eq(Infinity), zero(x), where(x.abs().lt(0.5), polynomial(s, series), x.sin().div(x)));
  }),
  noGradient,
);

/** The Airy function Ai. */
export const airyAi: Unary = unary(
  'airyAi',
  wide((x) => {
    const root = x.abs().sqrt();
    const zetaX = x.abs().mul(2).mul(root).div(3);
    const z = zetaX.reciprocal();
    const z2 = z.mul(z);
    const t = zetaX.add(Math.PI / 4);
    const wave = t
      .sin()
      .mul(z2.mul(ratio(z2, tai.afn, tai.afd)).add(1))
      .sub(t.cos().mul(z.mul(ratio(z2, tai.agn, tai.agd))));
    const left = wave.mul(0.5641895835477563).div(root.sqrt());
    const right = ratio(z, tai.an, tai.ad).mul(0.5641895835477563).div(root.sqrt().mul(2).mul(zetaX.exp()));
    let [m, n, f, g]: Expr[] = [one(x), x, one(x), x];
    const cube = x.mul(x).mul(x);
    for (let k = 1; k <= 60; k += 3) {
      m = m.mul(cube).div((k + 1) * (k + 2));
      n = n.mul(cube).div((k + 2) * (k + 3));
      [f, g] = [f.add(m), g.add(n)];
    }
    const series = f.mul(0.3550280538878172).sub(g.mul(0.2588194037928068));
    const value = where(x.lt(-2.09), left, where(x.ge(2.09), right, series));
    return where(x.abs().eq(Infinity), nan(x), where(x.gt(103.892), zero(x), value));
  }),
  noGradient,
);

// --- orthogonal polynomials --------------------------------------------------------------------------------------------------------------------------

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

// --- bits of floats ---------------------------------------------------------------------------------------------------------------------------------------

/** The next float after input towards other. https://pytorch.org/docs/stable/generated/torch.nextafter.html */
export const nextafter: Binary = binary(
  'nextafter',
  (x, y) => {
    const bits = x.bits();
    const up = x.lt(y).xor(x.lt(0));
    const moved = where(up, bits.add(1), bits.sub(1)).fromBits(x.dtype);
    const smallest = constant(1, bits.dtype).fromBits(x.dtype);
    const fromZero = where(y.lt(0), smallest.neg(), smallest);
    return where(x.isnan().or(y.isnan()), nan(x), where(x.eq(y), y, where(x.eq(0), fromZero, moved)));
  },
  { grad: ({ grad, args: [x, y] }) => [where(x.eq(y), zero(grad), grad), zero(grad)], takes: 'tensors' },
);

export { exp2, expm1, log1p, logit, logsumexp, round, sinc, xlogy };
export const expit: Unary = sigmoid;
