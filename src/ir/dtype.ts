/**
 * The element types of tensors. `code` is what native code calls the type (`native/abi.h`).
 * https://pytorch.org/docs/stable/tensor_attributes.html#torch.dtype
 * @example torch.float32.itemsize  // 4
 */
export class DType {
  constructor(
    readonly name: DTypeName,
    readonly code: number,
    readonly itemsize: number,
    /** Rank in type promotion: bool < integral < floating < complex. */
    readonly category: 0 | 1 | 2 | 3,
  ) {}

  /** Whether real and not integral. */
  get isFloatingPoint(): boolean {
    return this.category === 2;
  }

  /** Whether complex. */
  get isComplex(): boolean {
    return this.category === 3;
  }

  /** Whether it holds negative numbers. */
  get isSigned(): boolean {
    return this.name !== 'uint8' && this.name !== 'bool';
  }

  /** The dtype of the real and imaginary parts: `complex64` → `float32`; others are themselves. */
  toReal(): DType {
    return this === complex64 ? float32 : this === complex128 ? float64 : this;
  }

  /** The complex dtype whose parts have this dtype. */
  toComplex(): DType {
    return this.isComplex ? this : this === float64 ? complex128 : complex64;
  }

  /** PyTorch's name, such as `torch.float32`. */
  toString(): string {
    return `torch.${this.name}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export type DTypeName =
  'float32' | 'float64' | 'float16' | 'bfloat16' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'bool' | 'complex64' | 'complex128';

export const float32 = new DType('float32', 0, 4, 2);
export const float64 = new DType('float64', 1, 8, 2);
export const float16 = new DType('float16', 2, 2, 2);
export const bfloat16 = new DType('bfloat16', 3, 2, 2);
export const int8 = new DType('int8', 4, 1, 1);
export const int16 = new DType('int16', 5, 2, 1);
export const int32 = new DType('int32', 6, 4, 1);
export const int64 = new DType('int64', 7, 8, 1);
export const uint8 = new DType('uint8', 8, 1, 1);
export const bool = new DType('bool', 9, 1, 0);
export const complex64 = new DType('complex64', 10, 8, 3);
export const complex128 = new DType('complex128', 11, 16, 3);

/** All dtypes, indexed by `code`. */
export const dtypes: readonly DType[] = [
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  int16,
  int32,
  int64,
  uint8,
  bool,
  complex64,
  complex128,
];
