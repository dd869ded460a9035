/**
 * Scalar expressions: what one element of a result is, as a graph over elements of the inputs.
 *
 * Arithmetic promotes as tensors do; a JavaScript number takes the other side's dtype (a fraction next to an integer makes it
 * float32). `evaluate.ts` defines what every op means.
 */
import { bool, type DType, float32, float64, int16, int64 } from './dtype.js';

/**
 * Every scalar op with its number of arguments. Comparisons and `logicalNot` give bool; the rest keep the dtype of their arguments.
 * - `idiv` truncates, `rem` has the sign of the dividend (C's `/` and `%`; `fmod` for floats); integer division by zero gives 0.
 * - `min`, `max` propagate NaN; `round` rounds half to even; `shr` is arithmetic; shifts out of range give 0 (or -1).
 * - `bits` reads a float32 as int32 bits or a float64 as int64 bits (result dtype int64), `fromBits` goes back.
 * - `and`, `or`, `xor`, `not` are bitwise, logical on bool.
 */
export const arity = {
  input: 0,
  param: 0,
  const: 0,
  index: 0,
  acc: 0,
  neg: 1,
  abs: 1,
  floor: 1,
  ceil: 1,
  trunc: 1,
  round: 1,
  sqrt: 1,
  exp: 1,
  exp2: 1,
  expm1: 1,
  log: 1,
  log2: 1,
  log10: 1,
  log1p: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  asinh: 1,
  acosh: 1,
  atanh: 1,
  erf: 1,
  erfc: 1,
  erfinv: 1,
  lgamma: 1,
  digamma: 1,
  not: 1,
  bits: 1,
  fromBits: 1,
  cast: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  idiv: 2,
  rem: 2,
  pow: 2,
  min: 2,
  max: 2,
  atan2: 2,
  igamma: 2,
  igammac: 2,
  zeta: 2,
  lt: 2,
  le: 2,
  eq: 2,
  ne: 2,
  and: 2,
  or: 2,
  xor: 2,
  shl: 2,
  shr: 2,
  where: 3,
  // Complex only; gone after lowering (complex.ts).
  complex: 2,
  real: 1,
  imag: 1,
  conj: 1,
} as const;

export type Op = keyof typeof arity;
export type Operand = Expr | number | bigint | boolean;

const comparisons: ReadonlySet<Op> = new Set<Op>(['lt', 'le', 'eq', 'ne']);
/** Functions of one float that are rounded differently from machine to machine. */
export const floatFunctions: readonly Op[] = [
  'exp',
  'exp2',
  'expm1',
  'log',
  'log2',
  'log10',
  'log1p',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'erf',
  'erfc',
  'erfinv',
  'lgamma',
  'digamma',
];
const floatOnly: ReadonlySet<Op> = new Set<Op>(['sqrt', ...floatFunctions, 'div', 'atan2', 'igamma', 'igammac', 'zeta']);

/** The dtype that two dtypes meet in, both taken as full tensors. */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  if (a.category !== b.category) {
    const [low, high] = a.category < b.category ? [a, b] : [b, a];
    return high.isComplex && low === float64 ? low.toComplex() : high;
  }
  if (a.category === 1) return promoteIntegers(a, b);
  if (a.itemsize === b.itemsize) return float32; // float16 with bfloat16
  return a.itemsize > b.itemsize ? a : b;
}

function promoteIntegers(a: DType, b: DType): DType {
  if (a.isSigned === b.isSigned) return a.itemsize > b.itemsize ? a : b;
  const signed = a.isSigned ? a : b;
  return signed.itemsize > 1 ? signed : int16;
}

/** A node of an expression graph. Graphs share nodes; two nodes are the same value only if they are the same object. */
export class Expr {
  constructor(
    readonly op: Op,
    readonly dtype: DType,
    readonly args: readonly Expr[] = [],
    /** The value of a `const`; the number of an `input`, `param` or `index` (a dim of the index space). */
    readonly value: number | bigint | boolean = 0,
  ) {}

  neg(): Expr {
    return unary('neg', this);
  }
  abs(): Expr {
    return unary('abs', this);
  }
  floor(): Expr {
    return unary('floor', this);
  }
  ceil(): Expr {
    return unary('ceil', this);
  }
  trunc(): Expr {
    return unary('trunc', this);
  }
  round(): Expr {
    return unary('round', this);
  }
  sqrt(): Expr {
    return unary('sqrt', this);
  }
  exp(): Expr {
    return unary('exp', this);
  }
  exp2(): Expr {
    return unary('exp2', this);
  }
  expm1(): Expr {
    return unary('expm1', this);
  }
  log(): Expr {
    return unary('log', this);
  }
  log2(): Expr {
    return unary('log2', this);
  }
  log10(): Expr {
    return unary('log10', this);
  }
  log1p(): Expr {
    return unary('log1p', this);
  }
  sin(): Expr {
    return unary('sin', this);
  }
  cos(): Expr {
    return unary('cos', this);
  }
  tan(): Expr {
    return unary('tan', this);
  }
  asin(): Expr {
    return unary('asin', this);
  }
  acos(): Expr {
    return unary('acos', this);
  }
  atan(): Expr {
    return unary('atan', this);
  }
  sinh(): Expr {
    return unary('sinh', this);
  }
  cosh(): Expr {
    return unary('cosh', this);
  }
  tanh(): Expr {
    return unary('tanh', this);
  }
  asinh(): Expr {
    return unary('asinh', this);
  }
  acosh(): Expr {
    return unary('acosh', this);
  }
  atanh(): Expr {
    return unary('atanh', this);
  }
  erf(): Expr {
    return unary('erf', this);
  }
  erfc(): Expr {
    return unary('erfc', this);
  }
  erfinv(): Expr {
    return unary('erfinv', this);
  }
  lgamma(): Expr {
    return unary('lgamma', this);
  }
  digamma(): Expr {
    return unary('digamma', this);
  }
  add(other: Operand): Expr {
    return binary('add', this, other);
  }
  sub(other: Operand): Expr {
    return binary('sub', this, other);
  }
  mul(other: Operand): Expr {
    return binary('mul', this, other);
  }
  div(other: Operand): Expr {
    return binary('div', this, other);
  }
  idiv(other: Operand): Expr {
    return binary('idiv', this, other);
  }
  rem(other: Operand): Expr {
    return binary('rem', this, other);
  }
  pow(other: Operand): Expr {
    return binary('pow', this, other);
  }
  min(other: Operand): Expr {
    return binary('min', this, other);
  }
  max(other: Operand): Expr {
    return binary('max', this, other);
  }
  atan2(other: Operand): Expr {
    return binary('atan2', this, other);
  }
  igamma(other: Operand): Expr {
    return binary('igamma', this, other);
  }
  igammac(other: Operand): Expr {
    return binary('igammac', this, other);
  }
  zeta(other: Operand): Expr {
    return binary('zeta', this, other);
  }
  and(other: Operand): Expr {
    return binary('and', this, other);
  }
  or(other: Operand): Expr {
    return binary('or', this, other);
  }
  xor(other: Operand): Expr {
    return binary('xor', this, other);
  }
  shl(other: Operand): Expr {
    return binary('shl', this, other);
  }
  shr(other: Operand): Expr {
    return binary('shr', this, other);
  }
  lt(other: Operand): Expr {
    return binary('lt', this, other);
  }
  le(other: Operand): Expr {
    return binary('le', this, other);
  }
  eq(other: Operand): Expr {
    return binary('eq', this, other);
  }
  ne(other: Operand): Expr {
    return binary('ne', this, other);
  }
  gt(other: Operand): Expr {
    return binary('lt', other, this);
  }
  ge(other: Operand): Expr {
    return binary('le', other, this);
  }
  /** Bitwise complement; logical for bool. */
  not(): Expr {
    return new Expr('not', this.dtype, [this]);
  }
  square(): Expr {
    return this.mul(this);
  }
  reciprocal(): Expr {
    return binary('div', 1, this);
  }
  sigmoid(): Expr {
    return this.neg().exp().add(1).reciprocal();
  }
  isnan(): Expr {
    return this.ne(this);
  }
  /** Whether the sign bit is set (also of -0 and NaN). */
  signbit(): Expr {
    return this.dtype.isFloatingPoint ? this.cast(atLeastFloat32(this.dtype)).bits().lt(0) : this.lt(0);
  }
  bits(): Expr {
    return new Expr('bits', int64, [this]);
  }
  /** The float of `dtype` (float32 or float64) that has these bits. */
  fromBits(dtype: DType): Expr {
    return new Expr('fromBits', dtype, [this]);
  }
  cast(dtype: DType): Expr {
    return dtype === this.dtype ? this : new Expr('cast', dtype, [this]);
  }
  get real(): Expr {
    return this.dtype.isComplex ? new Expr('real', this.dtype.toReal(), [this]) : this;
  }
  get imag(): Expr {
    return this.dtype.isComplex ? new Expr('imag', this.dtype.toReal(), [this]) : constant(0, this.dtype);
  }
  conj(): Expr {
    return this.dtype.isComplex ? new Expr('conj', this.dtype, [this]) : this;
  }
}

const atLeastFloat32 = (dtype: DType): DType => (dtype === float64 ? float64 : float32);

export function constant(value: number | bigint | boolean, dtype: DType): Expr {
  return new Expr('const', dtype, [], value);
}
export const input = (index: number, dtype: DType): Expr => new Expr('input', dtype, [], index);
export const param = (index: number, dtype: DType): Expr => new Expr('param', dtype, [], index);
/** The coordinate along dim `dim` of the index space, as int64. */
export const index = (dim: number): Expr => new Expr('index', int64, [], dim);
/** The finished accumulator of a reduction. */
export const acc = (dtype: DType): Expr => new Expr('acc', dtype);

export function where(condition: Expr, yes: Operand, no: Operand): Expr {
  const [a, b] = meet(yes, no);
  return new Expr('where', a.dtype, [condition.cast(bool), a, b]);
}

export function complex(re: Expr, im: Operand): Expr {
  const [a, b] = meet(re, im);
  return new Expr('complex', a.dtype.toComplex(), [a, b]);
}

/** Any function of one argument by name; integers become float32 where the op is defined for floats only. */
export function unary(op: Op, x: Expr): Expr {
  const a = floatOnly.has(op) ? toFloat(x) : x;
  if (op === 'abs' && a.dtype.isComplex) return new Expr('abs', a.dtype.toReal(), [a]);
  return new Expr(op, a.dtype, [a]);
}

export function binary(op: Op, x: Operand, y: Operand): Expr {
  let [a, b] = meet(x, y);
  if (floatOnly.has(op)) [a, b] = [toFloat(a), toFloat(b)];
  return new Expr(op, comparisons.has(op) ? bool : a.dtype, [a, b]);
}

const toFloat = (x: Expr): Expr => (x.dtype.category < 2 ? x.cast(float32) : x);

/** Brings two operands to one dtype; a bare number takes the other's, if that can hold its kind. */
function meet(x: Operand, y: Operand): [Expr, Expr] {
  if (!(x instanceof Expr)) {
    if (!(y instanceof Expr)) throw new TypeError('an expression needs at least one Expr operand');
    return [literal(x, y.dtype), y.cast(dtypeBeside(x, y.dtype))];
  }
  if (!(y instanceof Expr)) return [x.cast(dtypeBeside(y, x.dtype)), literal(y, x.dtype)];
  const dtype = promoteTypes(x.dtype, y.dtype);
  return [x.cast(dtype), y.cast(dtype)];
}

const literal = (value: number | bigint | boolean, beside: DType): Expr => constant(value, dtypeBeside(value, beside));

function dtypeBeside(value: number | bigint | boolean, other: DType): DType {
  if (typeof value === 'boolean') return other;
  if (typeof value === 'number' && !Number.isInteger(value)) return other.category < 2 ? float32 : other;
  return other === bool ? int64 : other;
}
