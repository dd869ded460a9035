/** Typed arrays and the dtypes that they hold. */
import { bfloat16, bool, type DType, float16, float32, float64, int16, int32, int64, int8, uint8 } from '../ir/dtype.js';

export type NumericArray =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | Uint8ClampedArray | Uint16Array;

const constructors = new Map<DType, new (n: number) => NumericArray>([
  [float32, Float32Array],
  [float64, Float64Array],
  [float16, Uint16Array],
  [bfloat16, Uint16Array],
  [int8, Int8Array],
  [int16, Int16Array],
  [int32, Int32Array],
  [int64, BigInt64Array],
  [uint8, Uint8Array],
  [bool, Uint8Array],
]);

/** An array for `n` elements of `dtype`: complex numbers interleaved, half-precision floats as raw bits. */
export function newArray(dtype: DType, n: number): NumericArray {
  if (dtype.isComplex) return newArray(dtype.toReal(), 2 * n);
  return new (constructors.get(dtype) as new (n: number) => NumericArray)(n);
}

/** The dtype of a typed array's elements. */
export function dtypeOfArray(array: ArrayBufferView): DType {
  if (array instanceof Float32Array) return float32;
  if (array instanceof Float64Array) return float64;
  if (array instanceof Int32Array) return int32;
  if (array instanceof BigInt64Array) return int64;
  if (array instanceof Int16Array) return int16;
  if (array instanceof Int8Array) return int8;
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return uint8;
  throw new TypeError(
    `can't convert ${array.constructor.name}. The only supported types are: Float64Array, Float32Array, BigInt64Array, Int32Array, Int16Array, Int8Array and Uint8Array.`,
  );
}

/** Converts numbers to the elements of a real dtype: integers wrap, floats round. */
export function toArrayOf(values: readonly (number | bigint | boolean)[], dtype: DType): NumericArray {
  const array = newArray(dtype, values.length);
  if (dtype === int64) for (let i = 0; i < values.length; i++) (array as BigInt64Array)[i] = BigInt.asIntN(64, toBigInt(values[i]));
  else if (dtype === float16) for (let i = 0; i < values.length; i++) array[i] = toHalf(Number(values[i]));
  else if (dtype === bfloat16) for (let i = 0; i < values.length; i++) array[i] = toBfloat(Number(values[i]));
  else if (dtype === bool) for (let i = 0; i < values.length; i++) array[i] = Number(values[i]) !== 0 ? 1 : 0;
  else for (let i = 0; i < values.length; i++) array[i] = dtype.category === 1 ? wrap(values[i], dtype) : Number(values[i]);
  return array;
}

const toBigInt = (v: number | bigint | boolean): bigint =>
  typeof v === 'number' ? (Number.isFinite(v) ? BigInt(Math.trunc(v)) : -(1n << 63n)) : BigInt(v);
const wrap = (v: number | bigint | boolean, dtype: DType): number =>
  typeof v === 'bigint' ? Number(BigInt.asIntN(dtype.itemsize * 8, v)) : Math.trunc(Number(v));

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Round to nearest even, as hardware does. */
function toBfloat(x: number): number {
  word[0] = x;
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat(raw: number): number {
  bits[0] = raw << 16;
  return word[0];
}

export function toHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(Math.fround(x));
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const exact = size < 2 ** exponent && exponent > -14 ? exponent - 1 : size >= 2 ** (exponent + 1) ? exponent + 1 : exponent;
  const steps = roundHalfEven(size / 2 ** (exact - 10));
  return sign | (size < 2 ** -14 ? steps : ((exact + 14) << 10) + steps);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

export function fromHalf(raw: number): number {
  const sign = raw & 0x8000 ? -1 : 1;
  const exponent = (raw >> 10) & 31;
  const fraction = raw & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
