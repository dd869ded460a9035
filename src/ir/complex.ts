/** Lowers complex expressions to pairs of real ones, so that no device knows complex numbers. */
import { bool } from './dtype.js';
import { constant, Expr, input, type Op, param, where } from './expr.js';

export interface Pair {
  readonly re: Expr;
  readonly im: Expr;
}

const pair = (re: Expr, im: Expr): Pair => ({ re, im });
const scale = (z: Pair, k: Expr | number): Pair => pair(z.re.mul(k), z.im.mul(k));
const conj = (z: Pair): Pair => pair(z.re, z.im.neg());
const add = (z: Pair, w: Pair): Pair => pair(z.re.add(w.re), z.im.add(w.im));
const sub = (z: Pair, w: Pair): Pair => pair(z.re.sub(w.re), z.im.sub(w.im));
const addReal = (z: Pair, k: number): Pair => pair(z.re.add(k), z.im);
const mul = (z: Pair, w: Pair): Pair => pair(z.re.mul(w.re).sub(z.im.mul(w.im)), z.re.mul(w.im).add(z.im.mul(w.re)));
/** i z and -i z. */
const timesI = (z: Pair): Pair => pair(z.im.neg(), z.re);
const overI = (z: Pair): Pair => pair(z.im, z.re.neg());
const copysign = (size: Expr, sign: Expr): Expr => where(sign.signbit(), size.neg(), size);

function div(z: Pair, w: Pair): Pair {
  const size = w.re.abs().max(w.im.abs());
  const re = w.re.div(size);
  const im = w.im.div(size);
  const norm = w.re.mul(re).add(w.im.mul(im));
  return pair(z.re.mul(re).add(z.im.mul(im)).div(norm), z.im.mul(re).sub(z.re.mul(im)).div(norm));
}

/** |z| without overflow. */
export function hypot(x: Expr, y: Expr): Expr {
  const [a, b] = [x.abs(), y.abs()];
  const [big, small] = [a.max(b), a.min(b)];
  const ratio = small.div(big);
  const plain = where(big.eq(0), big, big.mul(ratio.mul(ratio).add(1).sqrt()));
  return where(a.eq(Infinity).or(b.eq(Infinity)), Infinity, plain);
}

/** 0 at -∞, whatever the angle. */
function exp(z: Pair): Pair {
  const size = z.re.exp();
  const none = size.eq(0);
  return pair(where(none, size, size.mul(z.im.cos())), where(none.or(z.im.eq(0)), where(none, size, z.im), size.mul(z.im.sin())));
}

const log = (z: Pair): Pair => pair(hypot(z.re, z.im).log(), z.im.atan2(z.re));

/** The principal root. */
function sqrt(z: Pair): Pair {
  const t = z.re.abs().add(hypot(z.re, z.im)).mul(0.5).sqrt();
  const other = z.im.abs().div(t.mul(2));
  const right = z.re.ge(0);
  const safe = where(t.eq(0), t, other);
  return pair(where(right, t, safe), copysign(where(right, safe, t), z.im));
}

function pow(z: Pair, w: Pair): Pair {
  const value = exp(mul(w, log(z)));
  const zero = z.re.eq(0).and(z.im.eq(0));
  const one = w.re.eq(0).and(w.im.eq(0));
  return pair(where(one, 1, where(zero, 0, value.re)), where(one.or(zero), 0, value.im));
}

const sinh = (z: Pair): Pair => pair(z.re.sinh().mul(z.im.cos()), z.re.cosh().mul(z.im.sin()));
const cosh = (z: Pair): Pair => pair(z.re.cosh().mul(z.im.cos()), z.re.sinh().mul(z.im.sin()));

/** tanh by Kahan: exact limits for large real parts. */
function tanh(z: Pair): Pair {
  const t = z.im.tan();
  const s = z.re.sinh();
  const rho = s.mul(s).add(1).sqrt();
  const beta = t.mul(t).add(1);
  const norm = beta.mul(s).mul(s).add(1);
  const large = z.re.abs().gt(20);
  return pair(where(large, copysign(constant(1, s.dtype), z.re), beta.mul(rho).mul(s).div(norm)), where(large, 0, t.div(norm)));
}

/** asin and its kin by Kahan, "Branch cuts for complex elementary functions". */
function asin(z: Pair): Pair {
  const [minus, plus] = [sqrt(pair(z.re.neg().add(1), z.im.neg())), sqrt(addReal(z, 1))];
  return pair(z.re.atan2(mul(minus, plus).re), mul(conj(minus), plus).im.asinh());
}

function acos(z: Pair): Pair {
  const [minus, plus] = [sqrt(pair(z.re.neg().add(1), z.im.neg())), sqrt(addReal(z, 1))];
  return pair(minus.re.atan2(plus.re).mul(2), mul(conj(plus), minus).im.asinh());
}

function acosh(z: Pair): Pair {
  const [minus, plus] = [sqrt(addReal(z, -1)), sqrt(addReal(z, 1))];
  return pair(mul(conj(minus), plus).re.asinh(), minus.im.atan2(plus.re).mul(2));
}

function atanh(z: Pair): Pair {
  const minus = z.re.neg().add(1);
  const size = z.re.abs();
  const far = size.neg().add(1);
  const magnitude = size
    .mul(4)
    .div(far.mul(far).add(z.im.mul(z.im)))
    .log1p()
    .mul(0.25);
  const turn = z.im
    .mul(2)
    .atan2(minus.mul(z.re.add(1)).sub(z.im.mul(z.im)))
    .mul(0.5);
  const isInfinite = size.eq(Infinity).or(z.im.abs().eq(Infinity));
  const quarter = where(z.im.isnan(), z.im, copysign(constant(Math.PI / 2, z.im.dtype), z.im));
  return pair(copysign(where(isInfinite, constant(0, size.dtype), magnitude), z.re), where(isInfinite, quarter, turn));
}

function expm1(z: Pair): Pair {
  const half = z.im.mul(0.5).sin();
  return pair(z.re.expm1().mul(z.im.cos()).sub(half.mul(half).mul(2)), z.re.exp().mul(z.im.sin()));
}

const functions: Partial<Record<Op, (z: Pair, w: Pair) => Pair>> = {
  neg: (z) => pair(z.re.neg(), z.im.neg()),
  conj,
  add,
  sub,
  mul,
  div,
  exp,
  log,
  sqrt,
  pow,
  sinh,
  cosh,
  tanh,
  asin,
  acos,
  acosh,
  atanh,
  expm1,
  exp2: (z) => exp(scale(z, Math.LN2)),
  log2: (z) => scale(log(z), 1 / Math.LN2),
  log10: (z) => scale(log(z), 1 / Math.LN10),
  log1p: (z) => log(addReal(z, 1)),
  sin: (z) => overI(sinh(timesI(z))),
  cos: (z) => cosh(timesI(z)),
  tan: (z) => overI(tanh(timesI(z))),
  asinh: (z) => overI(asin(timesI(z))),
  atan: (z) => overI(atanh(timesI(z))),
};

/** A lowered graph: `inputs[i]` says which part of which original input the new input i is ('re', 'im' or the whole). */
export interface Lowered {
  readonly outputs: Expr[];
  readonly inputs: { readonly source: number; readonly part: 0 | 1; readonly expr: Expr }[];
  readonly params: { readonly source: number; readonly part: 0 | 1; readonly expr: Expr }[];
}

/** Complex inputs, params and outputs become two neighbours each (re, im). */
export function lowerComplex(outputs: readonly Expr[], inputs: readonly Expr[], params: readonly Expr[]): Lowered {
  const leaves = new Map<Expr, Expr | Pair>();
  const newInputs = split(inputs, input, leaves);
  const newParams = split(params, param, leaves);
  const lower = lowering(leaves);
  const flat = outputs.flatMap((e) => (e.dtype.isComplex ? parts(lower(e) as Pair) : [lower(e) as Expr]));
  return { outputs: flat, inputs: newInputs, params: newParams };
}

const parts = (z: Pair): Expr[] => [z.re, z.im];

function split(leaves: readonly Expr[], make: typeof input, known: Map<Expr, Expr | Pair>): Lowered['inputs'] {
  const result: { source: number; part: 0 | 1; expr: Expr }[] = [];
  const next = (e: Expr, source: number, part: 0 | 1): Expr => {
    const expr = make(result.length, e.dtype.toReal());
    result.push({ source, part, expr });
    return expr;
  };
  leaves.forEach((e, i) => known.set(e, e.dtype.isComplex ? pair(next(e, i, 0), next(e, i, 1)) : next(e, i, 0)));
  return result;
}

function lowering(memo: Map<Expr, Expr | Pair>): (e: Expr) => Expr | Pair {
  const lower = (e: Expr): Expr | Pair => {
    const known = memo.get(e);
    if (known) return known;
    const result = lowerNode(e, lower);
    memo.set(e, result);
    return result;
  };
  return lower;
}

function lowerNode(e: Expr, lower: (e: Expr) => Expr | Pair): Expr | Pair {
  const args = e.args.map(lower);
  if (e.dtype.isComplex) return lowerComplexNode(e, args);
  if (!e.args.some((x) => x.dtype.isComplex)) return new Expr(e.op, e.dtype, args as Expr[], e.value);
  return lowerToReal(e, args as Pair[]);
}

function lowerComplexNode(e: Expr, args: (Expr | Pair)[]): Pair {
  const real = e.dtype.toReal();
  const [z, w, v] = args as Pair[];
  switch (e.op) {
    case 'const':
      return pair(constant(e.value, real), constant(0, real));
    case 'complex':
      return pair(args[0] as Expr, args[1] as Expr);
    case 'where':
      return pair(where(args[0] as Expr, w.re, v.re), where(args[0] as Expr, w.im, v.im));
    case 'cast':
      return e.args[0].dtype.isComplex ? pair(z.re.cast(real), z.im.cast(real)) : pair((args[0] as Expr).cast(real), constant(0, real));
    default:
      return functionOf(e.op)(z, w);
  }
}

/** Nodes that turn complex arguments into a real result. */
function lowerToReal(e: Expr, [z, w]: Pair[]): Expr {
  switch (e.op) {
    case 'real':
      return z.re;
    case 'imag':
      return z.im;
    case 'abs':
      return hypot(z.re, z.im);
    case 'cast':
      return e.dtype === bool ? z.re.ne(0).or(z.im.ne(0)) : z.re.cast(e.dtype);
    case 'eq':
      return z.re.eq(w.re).and(z.im.eq(w.im));
    case 'ne':
      return z.re.ne(w.re).or(z.im.ne(w.im));
    default:
      throw new Error(`'${e.op}' is not defined for complex numbers`);
  }
}

function functionOf(op: Op): (z: Pair, w: Pair) => Pair {
  const f = functions[op];
  if (!f) throw new Error(`'${op}' is not defined for complex numbers`);
  return f;
}
