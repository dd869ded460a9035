/** What the functions of this folder share. */
import type { DType } from '../../ir/dtype.js';
import { convert } from '../../ops/convert.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';

/** A size given as one number or as one a dim. */
export type SizeN = number | readonly number[];
export type Reduction = 'none' | 'mean' | 'sum';

/** One size a dim; a list of one number stands for all. */
export function expandSize(name: string, size: SizeN, n: number): number[] {
  const list = typeof size === 'number' ? [size] : size;
  if (!Array.isArray(list) || !list.every((each) => Number.isSafeInteger(each))) {
    throw new TypeError(`${name} must be int or a list of ints, but got ${String(size)}`);
  }
  if (list.length === 1) return new Array<number>(n).fill(list[0] as number);
  if (list.length !== n)
    throw new RuntimeError(
      `expected ${name} to be a single integer value or a list of ${n} values to match the convolution dimensions, but got ${name}=[${list.join(', ')}]`,
    );
  return [...(list as number[])];
}

/** Integers become floats, as all of nn computes in floats (api.md 7). */
export const toFloat = (input: Tensor, dtype: DType = getDefaultDtype()): Tensor =>
  input.dtype.category < 2 ? convert(input, dtype) : input;

export const brackets = (values: readonly number[]): string => `[${values.join(', ')}]`;
