/** PyTorch's type promotion over tensors, 0-dim tensors and bare numbers (https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc). */
import { bfloat16, bool, complex64, complex128, type DType, float16, float32, float64, int64 } from '../ir/dtype.js';
import { promoteTypes } from '../ir/expr.js';
import { RuntimeError } from './errors.js';
import { Tensor } from './tensor.js';

export interface ComplexNumber {
  readonly re: number;
  readonly im: number;
}
/** A number that may stand where PyTorch takes a Python number. */
export type Number_ = number | bigint | boolean | ComplexNumber;

let defaultDtype: DType = float32;
/** Changes with the default dtype, so that what was derived from it can be thrown away. */
export let defaultDtypeEpoch = 0;

/**
 * The dtype of floats that are made from numbers. https://pytorch.org/docs/stable/generated/torch.get_default_dtype.html
 * @example torch.getDefaultDtype()  // torch.float32
 */
export const getDefaultDtype = (): DType => defaultDtype;

/**
 * Sets the dtype of floats that are made from numbers: float16, bfloat16, float32 or float64.
 * https://pytorch.org/docs/stable/generated/torch.set_default_dtype.html
 * @example
 * torch.setDefaultDtype(torch.float64);
 * torch.tensor(1.5).dtype  // torch.float64
 */
export function setDefaultDtype(dtype: DType): void {
  if (![float16, bfloat16, float32, float64].includes(dtype)) {
    throw new TypeError(`only floating-point types are supported as the default type`);
  }
  defaultDtype = dtype;
  defaultDtypeEpoch++;
}

export const defaultComplex = (): DType => (defaultDtype === float64 ? complex128 : complex64);

export const isComplexNumber = (x: unknown): x is ComplexNumber =>
  typeof x === 'object' && x !== null && typeof (x as ComplexNumber).re === 'number' && typeof (x as ComplexNumber).im === 'number';

export const isNumber = (x: unknown): x is Number_ =>
  typeof x === 'number' || typeof x === 'bigint' || typeof x === 'boolean' || isComplexNumber(x);

/** The dtype that a bare number has: integers int64, fractions the default dtype, `{re, im}` its complex one. */
export function dtypeOfNumber(x: Number_): DType {
  switch (typeof x) {
    case 'boolean':
      return bool;
    case 'bigint':
      return int64;
    case 'number':
      return Number.isInteger(x) ? int64 : defaultDtype;
    default:
      return defaultComplex();
  }
}

/** A lower class (0-dim tensors, then numbers) matters only if it is of a higher category. */
const combine = (higher: DType | null, lower: DType | null): DType | null =>
  higher === null ? lower : lower === null || higher.category >= lower.category ? higher : fitCategory(higher, lower);

const fitCategory = (higher: DType, lower: DType): DType =>
  higher.category === 2 && lower.isComplex ? (higher === float64 ? complex128 : lower) : lower;

const merge = (a: DType | null, b: DType): DType => (a === null ? b : promoteTypes(a, b));

/** The dtype in which values meet; rank 2 is a tensor, 1 a 0-dim one, 0 a bare number. */
export function promoteClasses(values: readonly { readonly dtype: DType; readonly rank: 0 | 1 | 2 }[]): DType {
  const classes: (DType | null)[] = [null, null, null];
  for (const { dtype, rank } of values) classes[rank] = merge(classes[rank], dtype);
  const result = combine(combine(classes[2], classes[1]), classes[0]);
  if (result === null) throw new RuntimeError('resultType: at least one operand is needed');
  return result;
}

/** The dtype that an operation on these computes in. */
export const resultType = (operands: readonly (Tensor | Number_)[]): DType =>
  promoteClasses(
    operands.map((x) =>
      x instanceof Tensor ? { dtype: x.dtype, rank: x.sizes.length === 0 ? 1 : 2 } : { dtype: dtypeOfNumber(x), rank: 0 },
    ),
  );

/**
 * Whether a result of dtype `from` may be written into a tensor of dtype `to` (never complex to real, float to int, number to bool).
 * https://pytorch.org/docs/stable/generated/torch.can_cast.html
 * @example torch.canCast(torch.float32, torch.int32)  // false
 */
export const canCast = (from: DType, to: DType): boolean =>
  !(from.isComplex && !to.isComplex) && !(from.category >= 2 && to.category < 2) && !(from !== bool && to === bool);
