/** The types that operators' signatures are written in. */
import type { DType, DTypeName } from '../ir/dtype.js';
import type { Number_ } from '../tensor/promote.js';
import type { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';

export type Scalar = Number_;
/** A tensor, or a number that stands for a 0-dim one. */
export type TensorLike = Tensor | Number_;
export type DTypeLike = DType | DTypeName;
export type Dims = number | readonly number[];
export type Layout = 'strided';

/** Optional arguments: every prefix of `T`, each optionally followed by the options by name. */
export type Args<T extends readonly unknown[], O> = [options?: O] | (T extends readonly [infer H, ...infer R] ? [H, ...Args<R, O>] : never);

/** Where results are written, if not into new tensors. */
export interface OutOption {
  out: Tensor | readonly Tensor[] | null;
}

/** An operator: a tensor, required arguments, then optional ones by position or by name. */
export type Op<Required extends readonly unknown[] = [], Optional extends readonly unknown[] = [], Options = object, R = Tensor> = (
  input: Tensor,
  ...args: [...Required, ...Args<Optional, Partial<Options & OutOption>>]
) => R;

/** The operators of a module as methods: without their first parameter. (No test on `Tensor` here: it would be circular.) */
export type Methods<M> = {
  [K in keyof M]: M[K] extends (input: infer _Self, ...args: infer A) => infer R ? (...args: A) => R : never;
};
/** In-place forms: the same arguments; the result is the tensor itself. */
export type InplaceMethods<M> = {
  [K in keyof M as K extends string ? `${K}_` : never]: M[K] extends (input: infer _Self, ...args: infer A) => infer R
    ? (...args: A) => R
    : never;
};

/** Options of functions that make tensors. */
export interface FactoryOptions {
  dtype?: DTypeLike | null;
  device?: DeviceLike | null;
  requiresGrad?: boolean;
  layout?: unknown;
  memoryFormat?: unknown;
  pinMemory?: boolean;
}
