/** Bessel functions, from Cephes. */
import { constant, type Expr, where } from '../ir/expr.js';
import * as cephes from './cephes.js';
import { one, zero } from './exprs.js';
import { type Unary } from './pointwise.js';
import { chebyshev, nan, polynomial, ratio, unary, wide } from './special-kinds.js';

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
const i0Expr = (x: Expr): Expr => x.abs().exp().mul(i0eExpr(x));
const i1Expr = (x: Expr): Expr => x.abs().exp().mul(i1eExpr(x));
/** I₁(x) / x, ½ at 0. */
const overX = (i1: Expr, x: Expr): Expr => where(x.eq(0), constant(0.5, x.dtype), i1.div(where(x.eq(0), constant(1, x.dtype), x)));
/**
 * Modified Bessel function of the first kind, order 0. https://pytorch.org/docs/stable/special.html#torch.special.i0
 * @example torch.special.i0(torch.tensor([0, 1]))  // tensor([1.0000, 1.2661])
 */
export const i0: Unary = unary('i0', wide(i0Expr), { grad: ({ grad, args: [x] }) => [grad.mul(i1Expr(x))] });
/**
 * The exponentially scaled modified Bessel function e^-|x| I₀(x). https://pytorch.org/docs/stable/special.html#torch.special.i0e
 * @example torch.special.i0e(torch.tensor([0, 1]))  // tensor([1.0000, 0.4658])
 */
export const i0e: Unary = unary('i0e', wide(i0eExpr), {
  node: 'specialI0E',
  grad: ({ grad, result, args: [x] }) => [grad.mul(i1eExpr(x).sub(signExpr(x).mul(result)))],
});
/**
 * Modified Bessel function of the first kind, order 1. https://pytorch.org/docs/stable/special.html#torch.special.i1
 * @example torch.special.i1(torch.tensor([0, 1]))  // tensor([0.0000, 0.5652])
 */
export const i1: Unary = unary('i1', wide(i1Expr), {
  node: 'specialI1',
  grad: ({ grad, result, args: [x] }) => [grad.mul(i0Expr(x).sub(overX(result, x)))],
});
/**
 * The exponentially scaled modified Bessel function e^-|x| I₁(x). https://pytorch.org/docs/stable/special.html#torch.special.i1e
 * @example torch.special.i1e(torch.tensor([0, 1]))  // tensor([0.0000, 0.2079])
 */
export const i1e: Unary = unary('i1e', wide(i1eExpr), {
  node: 'specialI1E',
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
/**
 * Modified Bessel function of the first kind, order 0, without a gradient (`i0` has one).
 * https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_i0
 * @example torch.special.modifiedBesselI0(torch.tensor([0, 1]))  // tensor([1.0000, 1.2661])
 */
export const modifiedBesselI0: Unary = unary(
  'modifiedBesselI0',
  wide((x) => x.abs().exp().mul(i0eExpr(x))),
  noGradient,
);
/**
 * Modified Bessel function of the first kind, order 1, without a gradient (`i1` has one).
 * https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_i1
 * @example torch.special.modifiedBesselI1(torch.tensor([0, 1]))  // tensor([0.0000, 0.5652])
 */
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
/**
 * Bessel function of the first kind, order 0. https://pytorch.org/docs/stable/special.html#torch.special.bessel_j0
 * @example torch.special.besselJ0(torch.tensor([0, 1]))  // tensor([1.0000, 0.7652])
 */
export const besselJ0: Unary = unary('besselJ0', wide(j0Expr), noGradient);
/**
 * Bessel function of the first kind, order 1. https://pytorch.org/docs/stable/special.html#torch.special.bessel_j1
 * @example torch.special.besselJ1(torch.tensor([0, 1]))  // tensor([0.0000, 0.4401])
 */
export const besselJ1: Unary = unary('besselJ1', wide(j1Expr), noGradient);
/**
 * Bessel function of the second kind, order 0; NaN below 0. https://pytorch.org/docs/stable/special.html#torch.special.bessel_y0
 * @example torch.special.besselY0(torch.tensor([0, 1]))  // tensor([  -inf, 0.0883])
 */
export const besselY0: Unary = unary('besselY0', wide(y0Expr), noGradient);
/**
 * Bessel function of the second kind, order 1; NaN below 0. https://pytorch.org/docs/stable/special.html#torch.special.bessel_y1
 * @example torch.special.besselY1(torch.tensor([0, 1]))  // tensor([   -inf, -0.7812])
 */
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
/**
 * Modified Bessel function of the second kind, order 0; NaN below 0.
 * https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_k0
 * @example torch.special.modifiedBesselK0(torch.tensor([0, 1]))  // tensor([   inf, 0.4210])
 */
export const modifiedBesselK0: Unary = unary('modifiedBesselK0', wide(kFunction(nearK0, cephes.k0.b, false)), noGradient);
/**
 * Modified Bessel function of the second kind, order 1; NaN below 0.
 * https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_k1
 * @example torch.special.modifiedBesselK1(torch.tensor([0, 1]))  // tensor([   inf, 0.6019])
 */
export const modifiedBesselK1: Unary = unary('modifiedBesselK1', wide(kFunction(nearK1, cephes.k1.b, false)), noGradient);
/**
 * e^x · K₀(x); NaN below 0. https://pytorch.org/docs/stable/special.html#torch.special.scaled_modified_bessel_k0
 * @example torch.special.scaledModifiedBesselK0(torch.tensor([0, 1]))  // tensor([   inf, 1.1445])
 */
export const scaledModifiedBesselK0: Unary = unary('scaledModifiedBesselK0', wide(kFunction(nearK0, cephes.k0.b, true)), noGradient);
/**
 * e^x · K₁(x); NaN below 0. https://pytorch.org/docs/stable/special.html#torch.special.scaled_modified_bessel_k1
 * @example torch.special.scaledModifiedBesselK1(torch.tensor([0, 1]))  // tensor([   inf, 1.6362])
 */
export const scaledModifiedBesselK1: Unary = unary('scaledModifiedBesselK1', wide(kFunction(nearK1, cephes.k1.b, true)), noGradient);
/**
 * sin x / x, by its series near 0. https://pytorch.org/docs/stable/special.html#torch.special.spherical_bessel_j0
 * @example torch.special.sphericalBesselJ0(torch.tensor([0, 1]))  // tensor([1.0000, 0.8415])
 */
export const sphericalBesselJ0: Unary = unary(
  'sphericalBesselJ0',
  wide((x) => {
    const s = x.mul(x);
    const series = [1 / 39916800, 1 / 362880, 1 / 5040, 1 / 120, 1 / 6, 1].map((c, i) => (i % 2 === 1 ? c : -c));
    return where(x.abs().eq(Infinity), zero(x), where(x.abs().lt(0.5), polynomial(s, series), x.sin().div(x)));
  }),
  noGradient,
);

/**
 * The Airy function Ai, without a gradient. https://pytorch.org/docs/stable/special.html#torch.special.airy_ai
 * @example torch.special.airyAi(torch.tensor([0, 1]))  // tensor([0.3550, 0.1353])
 */
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
