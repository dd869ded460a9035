/** Questions about tensors and dtypes. */
import { bool, type DType } from '../ir/dtype.js';
import { promoteTypes as promote } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import { isNumber, type Number_, resultType as typeOf } from '../tensor/promote.js';
import { sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { formatExponential } from '../tensor/print.js';
import { toDType } from './memory.js';
import { item } from './read.js';
import type { DTypeLike } from './types.js';
import { snakeCase } from '../ops/messages.js';

/**
 * Whether `x` is a tensor. https://pytorch.org/docs/stable/generated/torch.is_tensor.html
 * @example torch.isTensor([1, 2])  // false
 */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
/**
 * Whether elements are floats. https://pytorch.org/docs/stable/generated/torch.is_floating_point.html
 * @example torch.isFloatingPoint(torch.tensor([1, 2]))  // false
 */
export const isFloatingPoint = (input: Tensor): boolean => input.dtype.isFloatingPoint;
/**
 * Whether elements are complex. https://pytorch.org/docs/stable/generated/torch.is_complex.html
 * @example torch.isComplex(torch.tensor([{ re: 1, im: 2 }]))  // true
 */
export const isComplex = (input: Tensor): boolean => input.dtype.isComplex;
/**
 * Whether elements may be negative. https://pytorch.org/docs/stable/generated/torch.Tensor.is_signed.html
 * @example torch.isSigned(torch.tensor([true]))  // false
 */
export const isSigned = (input: Tensor): boolean => input.dtype.isSigned;
/**
 * Whether the tensor was made in inference mode. https://pytorch.org/docs/stable/generated/torch.is_inference.html
 * @example torch.isInference(torch.inferenceMode(() => torch.ones(2)))  // true
 */
export const isInference = (input: Tensor): boolean => input.inference;
/**
 * How many elements there are. https://pytorch.org/docs/stable/generated/torch.numel.html
 * @example torch.numel(torch.ones(2, 3))  // 6
 */
export const numel = (input: Tensor): number => numelOf(input.sizes);
/**
 * Whether both have one shape. https://pytorch.org/docs/stable/generated/torch.Tensor.is_same_size.html
 * @example torch.isSameSize(torch.ones(2, 3), torch.zeros(2, 3))  // true
 */
export const isSameSize = (input: Tensor, other: Tensor): boolean => sameSizes(input.sizes, other.sizes);

/**
 * Whether the one element is not 0. https://pytorch.org/docs/stable/generated/torch.is_nonzero.html
 * @example torch.isNonzero(torch.tensor([2]))  // true
 */
export function isNonzero(input: Tensor): boolean {
  const n = numel(input);
  if (n === 0) throw new RuntimeError('Boolean value of Tensor with no values is ambiguous');
  if (n > 1) throw new RuntimeError('Boolean value of Tensor with more than one value is ambiguous');
  const value = item(input);
  return typeof value === 'object' ? value.re !== 0 || value.im !== 0 : Boolean(value);
}

/**
 * The dtype in which two operands meet. https://pytorch.org/docs/stable/generated/torch.result_type.html
 * @example torch.resultType(torch.tensor([1, 2]), 1.5)  // torch.float32
 */
export function resultType(tensor1: Tensor | Number_, tensor2: Tensor | Number_): DType {
  for (const x of [tensor1, tensor2])
    if (!(x instanceof Tensor) && !isNumber(x)) throw new TypeError(`result_type(): expected tensors or numbers, got ${typeof x}`);
  return typeOf([tensor1, tensor2]);
}
/**
 * The smallest dtype that holds the values of both. https://pytorch.org/docs/stable/generated/torch.promote_types.html
 * @example torch.promoteTypes(torch.int32, torch.float16)  // torch.float16
 */
export const promoteTypes = (type1: DTypeLike, type2: DTypeLike): DType => promote(toDType(type1), toDType(type2));

/** The limits of a float dtype. https://pytorch.org/docs/stable/type_info.html */
export interface FloatInfo {
  readonly bits: number;
  readonly dtype: string;
  /** The distance from 1 to the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive normal number, also called `smallestNormal`. */
  readonly tiny: number;
  readonly smallestNormal: number;
  readonly resolution: number;
}
/** By name: bits of the fraction, largest and smallest exponent, decimal digits. */
const floats: Record<string, readonly [fraction: number, most: number, least: number, digits: number]> = {
  float16: [10, 15, -14, 3],
  bfloat16: [7, 127, -126, 2],
  float32: [23, 127, -126, 6],
  float64: [52, 1023, -1022, 15],
};
/**
 * The limits of a float dtype: `bits`, `eps`, `max`, `min`, `tiny`, `resolution`; complex dtypes answer for their parts.
 * https://pytorch.org/docs/stable/type_info.html#torch.torch.finfo
 * @example torch.finfo(torch.float32).eps  // 1.1920928955078125e-7
 */
export function finfo(dtypeLike: DTypeLike = 'float32'): FloatInfo {
  const dtype = toDType(dtypeLike).toReal();
  if (!dtype.isFloatingPoint)
    throw new TypeError(`torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.${dtype.name}'`);
  const [fraction, most, least, digits] = floats[dtype.name];
  const eps = 2 ** -fraction;
  const max = (2 - eps) * 2 ** most;
  const tiny = 2 ** least;
  return printedAs('finfo', 'resolution min max eps smallestNormal tiny dtype', {
    bits: 8 * dtype.itemsize,
    dtype: dtype.name,
    eps,
    max,
    min: -max,
    tiny,
    smallestNormal: tiny,
    resolution: Number(`1e-${digits}`),
  });
}

/** A number with six digits, as C prints it. */
function sixDigits(x: number): string {
  const [digits, exponent] = formatExponential(x, 5).split('e');
  if (Number(exponent) >= -4 && Number(exponent) < 6) return String(Number(`${digits}e${exponent}`));
  return `${Number(digits)}e${exponent}`;
}
/** Limits that print as in Python, with some of their fields. */
function printedAs<T extends object>(name: string, fields: string, limits: T): T {
  const shown = (value: unknown): string => (typeof value === 'string' ? value : sixDigits(Number(value)));
  const text = (): string =>
    `${name}(${fields
      .split(' ')
      .map((field) => `${snakeCase(field)}=${shown((limits as Record<string, unknown>)[field])}`)
      .join(', ')})`;
  return Object.defineProperties(limits, { toString: { value: text }, [Symbol.for('nodejs.util.inspect.custom')]: { value: text } });
}

/** The limits of an integer dtype; those of int64 are bigints. */
export interface IntegerInfo {
  readonly bits: number;
  readonly dtype: string;
  readonly max: number | bigint;
  readonly min: number | bigint;
}
/**
 * The limits of an integer dtype: `bits`, `max`, `min`. https://pytorch.org/docs/stable/type_info.html#torch.torch.iinfo
 * @example torch.iinfo(torch.int8).max  // 127
 */
export function iinfo(dtypeLike: DTypeLike): IntegerInfo {
  const dtype = toDType(dtypeLike);
  if (dtype.category !== 1 || dtype === bool)
    throw new TypeError(`torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.${dtype.name}'`);
  const bits = 8 * dtype.itemsize;
  const [min, max] = dtype.isSigned ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];
  const shown = (x: bigint): number | bigint => (Number.isSafeInteger(Number(x)) ? Number(x) : x);
  return printedAs('iinfo', 'min max dtype', { bits, dtype: dtype.name, min: shown(min), max: shown(max) });
}

/**
 * The name of a tensor's class, such as 'torch.FloatTensor'. https://pytorch.org/docs/stable/generated/torch.typename.html
 * @example torch.typename(torch.ones(2))  // torch.FloatTensor
 */
export const typename = (x: unknown): string =>
  x instanceof Tensor ? x.type() : typeof x === 'object' && x !== null ? x.constructor.name : typeof x;
