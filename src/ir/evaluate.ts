/**
 * What every scalar op means: a slow evaluator, one element at a time.
 *
 * Floats are numbers, integers are bigints, bools are booleans. Floats of 32 and 16 bits are computed in float32: every result is
 * rounded to float32, and to 16 bits by `cast` and by stores only. Integers wrap. Float to integer truncates; NaN and what does not fit
 * 32 bits (64 for int64) gives the lowest integer, as on x86.
 */
import { bfloat16, bool, type DType, float16, float64, int64 } from './dtype.js';
import type { Expr, Op } from './expr.js';
import { fromBfloat16Bits, fromFloat16Bits, roundEven, toBfloat16Bits, toFloat16Bits } from './half.js';
import type { ReduceOp } from './kernel.js';
import { inOrder } from './order.js';
import { digamma, erf, erfc, erfinv, igamma, igammac, lgamma, pow, zeta } from './special.js';

export type Value = number | bigint | boolean;

/** Where an expression's leaves find their values. */
export interface Leaves {
  readonly inputs: readonly Value[];
  readonly params: readonly Value[];
  readonly coordinates?: readonly number[];
  readonly acc?: Value;
}

type Function = (...args: never[]) => Value;

const floats: Partial<Record<Op, (...args: number[]) => number | boolean>> = {
  neg: (x) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: (x) => (Math.abs(x) < 2 ** 52 ? roundEven(x) : x),
  sqrt: Math.sqrt,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  erfinv,
  lgamma,
  digamma,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  rem: (x, y) => x % y,
  pow,
  min: Math.min,
  max: Math.max,
  atan2: Math.atan2,
  igamma,
  igammac,
  zeta,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
};

function shift(x: bigint, y: bigint): bigint {
  if (y < 0n || y >= 64n) return 0n;
  return x << y;
}

function powerOfIntegers(x: bigint, n: bigint): bigint {
  if (n < 0n) return x === 1n ? 1n : x === -1n ? (n % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  for (let base = x; n > 0n; n >>= 1n, base = BigInt.asIntN(64, base * base)) if (n & 1n) result = BigInt.asIntN(64, result * base);
  return result;
}

const same = <T>(x: T): T => x;

const integers: Partial<Record<Op, (...args: bigint[]) => bigint | boolean>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  floor: same,
  ceil: same,
  trunc: same,
  round: same,
  not: (x) => ~x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  idiv: (x, y) => (y === 0n ? 0n : x / y),
  rem: (x, y) => (y === 0n ? 0n : x % y),
  pow: powerOfIntegers,
  min: (x, y) => (x < y ? x : y),
  max: (x, y) => (x > y ? x : y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shl: shift,
  shr: (x, y) => x >> (y < 0n || y >= 64n ? 63n : y),
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
};

/** Arithmetic on bool is that of integers, then `!= 0`. */
const bools: Partial<Record<Op, (...args: boolean[]) => boolean>> = {
  neg: same,
  abs: same,
  floor: same,
  ceil: same,
  trunc: same,
  round: same,
  not: (x) => !x,
  add: (x, y) => x || y,
  sub: (x, y) => x !== y,
  mul: (x, y) => x && y,
  min: (x, y) => x && y,
  max: (x, y) => x || y,
  and: (x, y) => x && y,
  or: (x, y) => x || y,
  xor: (x, y) => x !== y,
  lt: (x, y) => !x && y,
  le: (x, y) => !x || y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
};

const tableOf = (dtype: DType): Partial<Record<Op, Function>> => (dtype === bool ? bools : dtype.category === 1 ? integers : floats);

export const wrapInteger = (x: bigint, dtype: DType): bigint => (dtype.isSigned ? BigInt.asIntN : BigInt.asUintN)(8 * dtype.itemsize, x);

function truncate(x: number, dtype: DType): bigint {
  const limit = dtype === int64 ? 2 ** 63 : 2 ** 31;
  const whole = Math.trunc(x);
  return wrapInteger(BigInt(whole >= -limit && whole < limit ? whole : -limit), dtype);
}

/** The float of `dtype` nearest to `x`, by way of float32 for those of 16 bits. */
function roundFloat(x: number, dtype: DType): number {
  if (dtype === float64) return x;
  if (dtype === float16) return fromFloat16Bits(toFloat16Bits(x));
  if (dtype === bfloat16) return fromBfloat16Bits(toBfloat16Bits(x));
  return Math.fround(x);
}

/** A value of any kind as one of `dtype`: the op `cast`. */
export function castValue(x: Value, dtype: DType): Value {
  if (dtype === bool) return Number(x) !== 0;
  if (dtype.category === 1) return typeof x === 'number' ? truncate(x, dtype) : wrapInteger(BigInt(x), dtype);
  return roundFloat(typeof x === 'bigint' ? roundBigInt(x, dtype) : Number(x), dtype);
}

/** int64 to float32 rounds once: where the double nearest to `x` is a tie of float32, `x` itself decides. */
function roundBigInt(x: bigint, dtype: DType): number {
  const nearest = Number(x);
  const single = Math.fround(nearest);
  const other = 2 * nearest - single;
  if (dtype === float64 || BigInt(nearest) === x || other === single || Math.fround(other) !== other) return nearest;
  return BigInt(nearest) < x ? Math.max(single, other) : Math.min(single, other);
}

const scratch = new DataView(new ArrayBuffer(8));

function bitsOf(x: number, dtype: DType): bigint {
  if (dtype === float64) {
    scratch.setFloat64(0, x);
    return scratch.getBigInt64(0);
  }
  scratch.setFloat32(0, x);
  return BigInt(scratch.getInt32(0));
}

function fromBits(x: bigint, dtype: DType): number {
  if (dtype === float64) {
    scratch.setBigInt64(0, x);
    return scratch.getFloat64(0);
  }
  scratch.setInt32(0, Number(BigInt.asIntN(32, x)));
  return scratch.getFloat32(0);
}

/** The result of a computation as a register holds it. */
function settle(x: Value, dtype: DType): Value {
  if (typeof x === 'bigint') return wrapInteger(x, dtype);
  return typeof x === 'number' && dtype !== float64 ? Math.fround(x) : x;
}

/** The value of a node, given those of its arguments. */
function evaluateNode(e: Expr, args: readonly Value[], leaves: Leaves): Value {
  switch (e.op) {
    case 'input':
      return leaves.inputs[e.value as number];
    case 'param':
      return castParam(leaves.params[e.value as number], e.dtype);
    case 'const':
      return castParam(e.value, e.dtype);
    case 'index':
      return BigInt(leaves.coordinates![e.value as number]);
    case 'acc':
      return leaves.acc!;
    case 'cast':
      return castValue(args[0], e.dtype);
    case 'bits':
      return bitsOf(args[0] as number, e.args[0].dtype);
    case 'fromBits':
      return fromBits(args[0] as bigint, e.dtype);
    case 'where':
      return args[0] ? args[1] : args[2];
  }
  if (e.op === 'idiv' && e.dtype.category === 2) return Math.trunc(settle((args[0] as number) / (args[1] as number), e.dtype) as number);
  const apply = tableOf(e.args[0].dtype)[e.op];
  if (!apply) throw new TypeError(`no op '${e.op}' on ${e.args[0].dtype}`);
  return settle((apply as (...args: readonly Value[]) => Value)(...args), e.dtype);
}

/** Params and constants come as any JavaScript number. */
function castParam(x: Value, dtype: DType): Value {
  if (dtype.category === 2) return dtype === float64 ? Number(x) : Math.fround(Number(x));
  if (dtype.category === 1 && typeof x === 'number') return wrapInteger(BigInt(Math.trunc(x)), dtype);
  return castValue(x, dtype);
}

/** A function that gives the values of `roots`. */
export function evaluator(roots: readonly Expr[]): (leaves: Leaves) => Value[] {
  const order = inOrder(roots);
  const position = new Map(order.map((e, i) => [e, i]));
  const argPositions = order.map((e) => e.args.map((arg) => position.get(arg)!));
  const rootPositions = roots.map((e) => position.get(e)!);
  const values: Value[] = Array.from({ length: order.length });
  return (leaves) => {
    for (let i = 0; i < order.length; i++) {
      values[i] = evaluateNode(
        order[i],
        argPositions[i].map((k) => values[k]),
        leaves,
      );
    }
    return rootPositions.map((i) => values[i]);
  };
}

export const evaluate = (e: Expr, leaves: Leaves): Value => evaluator([e])(leaves)[0];

/** The result of a reduction over nothing. */
export function reduceIdentity(op: ReduceOp, dtype: DType): Value {
  const whole = op === 'sum' ? 0 : op === 'prod' ? 1 : null;
  if (whole !== null) return castParam(whole, dtype);
  const lowest = op === 'max';
  if (dtype === bool) return !lowest;
  if (dtype.category === 2) return lowest ? -Infinity : Infinity;
  return lowest ? -(1n << 63n) : (1n << 63n) - 1n;
}

/** One step of a reduction. Sums of float32 may be kept in float64 until the end. */
export function reduceStep(op: ReduceOp, dtype: DType, acc: Value, x: Value): Value {
  const name = op === 'sum' ? 'add' : op === 'prod' ? 'mul' : op;
  const result = (tableOf(dtype)[name] as (a: Value, b: Value) => Value)(acc, x);
  return op === 'sum' && typeof result === 'number' ? result : settle(result, dtype);
}
