/** Derivatives of expressions: one rule a scalar op, in PyTorch's conventions at kinks and for complex numbers (conjugate Wirtinger). */
import { complex, constant, Expr, type Op, where } from './expr.js';
import { topological } from './simplify.js';

/** What flows into each argument: `g` the gradient of the node `y`, then its arguments. `null`: nothing. */
type Rule = (g: Expr, y: Expr, a: Expr, b: Expr, c: Expr) => (Expr | null)[];

const zeroIf = (condition: Expr, g: Expr): Expr => where(condition, constant(0, g.dtype), g);
const halfSqrtPi = 0.886226925452758;
const sgn = (x: Expr): Expr => {
  const size = x.abs();
  return zeroIf(size.eq(0), x.div(size));
};
const sign = (x: Expr): Expr => x.gt(0).cast(x.dtype).sub(x.lt(0).cast(x.dtype));

/** d max(a, b): to the larger, half each where equal; NaN goes through. */
const extremum = (g: Expr, a: Expr, b: Expr, wins: 'gt' | 'lt'): Expr[] => {
  const half = g.mul(0.5);
  const part = (x: Expr, y: Expr): Expr => where(x.eq(y), half, where(y[wins](x), constant(0, g.dtype), g));
  return [part(a, b), part(b, a)];
};

const rules: Partial<Record<Op, Rule>> = {
  neg: (g) => [g.neg()],
  abs: (g, _y, a) => [a.dtype.isComplex ? g.mul(sgn(a)) : g.mul(sign(a))],
  sqrt: (g, y) => [g.div(y.mul(2).conj())],
  exp: (g, y) => [g.mul(y.conj())],
  exp2: (g, y) => [g.mul(y.mul(Math.LN2).conj())],
  expm1: (g, y) => [g.mul(y.add(1).conj())],
  log: (g, _y, a) => [g.div(a.conj())],
  log2: (g, _y, a) => [g.div(a.mul(Math.LN2).conj())],
  log10: (g, _y, a) => [g.div(a.mul(Math.LN10).conj())],
  log1p: (g, _y, a) => [g.div(a.add(1).conj())],
  sin: (g, _y, a) => [g.mul(a.cos().conj())],
  cos: (g, _y, a) => [g.mul(a.sin().conj()).neg()],
  tan: (g, y) => [g.mul(y.mul(y).add(1).conj())],
  asin: (g, _y, a) => [g.div(constant(1, a.dtype).sub(a.mul(a)).sqrt().conj())],
  acos: (g, _y, a) => [g.div(constant(1, a.dtype).sub(a.mul(a)).sqrt().conj()).neg()],
  atan: (g, _y, a) => [g.div(a.mul(a).add(1).conj())],
  sinh: (g, _y, a) => [g.mul(a.cosh().conj())],
  cosh: (g, _y, a) => [g.mul(a.sinh().conj())],
  tanh: (g, y) => [g.mul(constant(1, y.dtype).sub(y.mul(y)).conj())],
  asinh: (g, _y, a) => [g.div(a.mul(a).add(1).sqrt().conj())],
  acosh: (g, _y, a) => [g.div((a.dtype.isComplex ? a.sub(1).sqrt().mul(a.add(1).sqrt()) : a.mul(a).sub(1).sqrt()).conj())],
  atanh: (g, _y, a) => [g.div(constant(1, a.dtype).sub(a.mul(a)).conj())],
  erf: (g, _y, a) => [g.mul(a.mul(a).neg().exp()).mul(1 / halfSqrtPi)],
  erfc: (g, _y, a) => [g.mul(a.mul(a).neg().exp()).mul(-1 / halfSqrtPi)],
  erfinv: (g, y) => [g.mul(y.mul(y).exp()).mul(halfSqrtPi)],
  lgamma: (g, _y, a) => [g.mul(a.digamma())],
  digamma: (g, _y, a) => [g.mul(trigamma(a))],
  cast: (g, y, a) => [a.dtype.category < 2 ? null : y.dtype.isComplex && !a.dtype.isComplex ? g.real.cast(a.dtype) : g.cast(a.dtype)],
  add: (g) => [g, g],
  sub: (g) => [g, g.neg()],
  mul: (g, _y, a, b) => [g.mul(b.conj()), g.mul(a.conj())],
  div: (g, y, _a, b) => [g.div(b.conj()), g.neg().mul(y.div(b).conj())],
  rem: (g, _y, a, b) => [g, g.mul(a.div(b).trunc()).neg()],
  pow: (g, y, a, b) => [
    g.mul(zeroIf(b.eq(0), b.mul(a.pow(b.sub(1)))).conj()),
    g.mul(where(nonnegativeZeroBase(a, b), constant(0, y.dtype), y.mul(a.log())).conj()),
  ],
  min: (g, _y, a, b) => extremum(g, a, b, 'lt'),
  max: (g, _y, a, b) => extremum(g, a, b, 'gt'),
  atan2: (g, _y, a, b) => {
    const size = a.mul(a).add(b.mul(b));
    const scaled = zeroIf(size.eq(0), g.div(size));
    return [scaled.mul(b), scaled.mul(a).neg()];
  },
  igamma: (g, _y, a, b) => [null, g.mul(gammaDensity(a, b))],
  igammac: (g, _y, a, b) => [null, g.mul(gammaDensity(a, b)).neg()],
  zeta: (g, _y, a, b) => [null, g.mul(a.neg()).mul(a.add(1).zeta(b))],
  where: (g, _y, a) => [null, where(a, g, 0), where(a, constant(0, g.dtype), g)],
  complex: (g) => [g.real, g.imag],
  real: (g) => [complex(g, constant(0, g.dtype))],
  imag: (g) => [complex(constant(0, g.dtype), g)],
  conj: (g) => [g.conj()],
};

/** ψ′: reflected below 1/2, moved up by 6, then its asymptotic series; like PyTorch's, finite where rounding keeps sin πx off 0. */
export function trigamma(x: Expr): Expr {
  const low = x.lt(0.5);
  const sine = x.mul(Math.PI).sin();
  const reflected = constant(Math.PI, x.dtype).mul(constant(Math.PI, x.dtype)).div(sine.mul(sine));
  let at = where(low, x.neg().add(1), x);
  let sum = constant(0, x.dtype);
  for (let i = 0; i < 6; i++) {
    sum = sum.add(at.mul(at).reciprocal());
    at = at.add(1);
  }
  const inverse = at.mul(at).reciprocal();
  const series = inverse
    .mul(inverse.mul(inverse.mul(1 / 42).sub(1 / 30)).add(1 / 6))
    .add(at.mul(2).reciprocal())
    .add(1);
  const upper = sum.add(series.div(at));
  return where(low, reflected.sub(upper), upper);
}
const gammaDensity = (a: Expr, x: Expr): Expr => x.neg().add(a.sub(1).mul(x.log())).sub(a.lgamma()).exp();

/** Where 0^b counts as constant in b: the logarithm would be NaN there. */
const nonnegativeZeroBase = (a: Expr, b: Expr): Expr => {
  const zero = a.eq(0);
  return b.dtype.isComplex ? zero.and(b.real.ge(0)) : zero.and(b.ge(0));
};

/** Ops that are constant almost everywhere, or whose results are not differentiable: gradients stop there. */
const flat: ReadonlySet<Op> = new Set<Op>([
  'floor',
  'ceil',
  'trunc',
  'round',
  'not',
  'bits',
  'fromBits',
  'idiv',
  'lt',
  'le',
  'eq',
  'ne',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
  'input',
  'param',
  'const',
  'index',
  'acc',
]);

/**
 * The gradient of `output` with respect to each of `targets`, given the gradient `grad` of the output: `null` where
 * it does not depend on a target.
 */
export function derive(output: Expr, targets: readonly Expr[], grad: Expr): (Expr | null)[] {
  const order = topological([output]);
  const depends = new Set<Expr>(targets);
  for (const e of order) if (!flat.has(e.op) && e.args.some((x) => depends.has(x))) depends.add(e);
  const gradients = new Map<Expr, Expr>([[output, grad]]);
  for (const e of order.reverse()) {
    const g = gradients.get(e);
    if (g === undefined || flat.has(e.op) || !depends.has(e)) continue;
    const parts = ruleOf(e.op)(g, e, e.args[0], e.args[1], e.args[2]);
    e.args.forEach((x, i) => accumulate(gradients, depends, x, parts[i]));
  }
  return targets.map((t) => (depends.has(t) && gradients.get(t)) || null);
}

function ruleOf(op: Op): Rule {
  const rule = rules[op];
  if (!rule) throw new Error(`no derivative for '${op}'`);
  return rule;
}

function accumulate(gradients: Map<Expr, Expr>, depends: ReadonlySet<Expr>, x: Expr, part: Expr | null | undefined): void {
  if (!part || !depends.has(x)) return;
  const fitting = part.dtype.isComplex && !x.dtype.isComplex ? part.real : part;
  const known = gradients.get(x);
  gradients.set(x, known ? known.add(fitting) : fitting);
}
