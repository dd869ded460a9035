/** The kinds of elementwise operators, and what several of them share. */
import { bool, type DType } from '../ir/dtype.js';
import { Expr, where } from '../ir/expr.js';
import { Tensor } from '../tensor/tensor.js';
import { pointwise, type PointwiseSpec, scalarTypeName } from './define.js';
import type { Op, TensorLike } from './types.js';

export type Unary = Op;
export type Binary = Op<[other: TensorLike]>;

export const unary = (name: string, formula: (x: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Unary =>
  pointwise<Unary>(name, { args: 'input', promotion: 'float', ...spec }, formula);

export const binary = (name: string, formula: (x: Expr, y: Expr) => Expr, spec: Partial<PointwiseSpec> = {}): Binary =>
  pointwise<Binary>(name, { args: 'input, other', operands: 2, promotion: 'arithmetic', ...spec }, formula);

export const arithmetic = { promotion: 'arithmetic' } as const;
/** The name of PyTorch's node: of the overload for a tensor as operand `at`, or of the one for a number. */
export const overloadNode =
  (name: string, at: number, tensor: number, number: number) =>
  (operands: readonly unknown[]): string =>
    `${name}Backward${operands[at] instanceof Tensor ? tensor : number}`;
/** The same where either of two operands may be a number: overloads for two tensors, a number first, a number second. */
export const overloadNodes =
  (name: string, [both, numberFirst, numberSecond]: readonly [number, number, number]) =>
  ([a, b]: readonly unknown[]): string =>
    `${name}Backward${!(a instanceof Tensor) ? numberFirst : b instanceof Tensor ? both : numberSecond}`;
export const integral = { promotion: 'integral' } as const;
export const none = { grad: () => [null, null] } as const;

const refuseComplex =
  (name: string) =>
  (_: readonly DType[], common: DType): string | null =>
    common.isComplex ? `"${name}_cpu" not implemented for '${scalarTypeName(common)}'` : null;
export const noComplex = (name: string): Partial<PointwiseSpec> => ({ refuse: refuseComplex(name) });
export const refuseBoolSubtraction = (dtypes: readonly DType[]): string | null =>
  dtypes.every((d) => d === bool)
    ? 'Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.'
    : dtypes.includes(bool)
      ? 'Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.'
      : null;

/** Says that an `out` has another scalar type. */
export const otherScalarType = (result: string, out: string): string =>
  `Expected object of scalar type ${result} but got scalar type ${out} for argument 'out'`;
export const sameFloats = (dtypes: readonly DType[]): string | null =>
  dtypes.some((d) => d.category !== 2)
    ? `Expected both inputs to be Half, Float or Double tensors but got ${dtypes.map(scalarTypeName).join(' and ')}`
    : dtypes[0] === dtypes[1]
      ? null
      : `Expected object of scalar type ${scalarTypeName(dtypes[0])} but got scalar type ${scalarTypeName(dtypes[1])} for second argument`;

export const copysignExpr = (size: Expr, sign: Expr): Expr => where(sign.signbit(), size.abs().neg(), size.abs());
/** A test of both parts of a complex number, or of a real one. */
export const parts = (x: Expr, f: (part: Expr) => Expr, join: 'or' | 'and'): Expr =>
  x.dtype.isComplex ? f(x.real)[join](f(x.imag)) : f(x);
