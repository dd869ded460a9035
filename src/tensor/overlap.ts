/** Whether writing to one tensor would change another, or one element twice; PyTorch's rules and words. */
import { RuntimeError } from './errors.js';
import { isNonOverlappingAndDense, sameSizes } from './shape.js';
import { numelOf } from './size.js';
import type { Tensor } from './tensor.js';

const refusal = (what: string): Error =>
  new RuntimeError(`unsupported operation: ${what} single memory location. Please clone() the tensor before performing the operation.`);

/** Refuses to write to an expanded tensor. */
export function checkOwnOverlap({ sizes, strides }: Tensor): void {
  if (sizes.some((n, d) => n > 1 && strides[d] === 0)) throw refusal('more than one element of the written-to tensor refers to a');
}

/** Refuses to write to memory of an input, except where `out` and the input are the same elements in the same order and need not be `apart`. */
export function checkOverlap(out: Tensor, inputs: readonly Tensor[], apart = false): void {
  for (const input of inputs) {
    if (input.storage === out.storage && (apart || !isSame(out, input)) && sharesMemory(out, input))
      throw refusal('some elements of the input tensor and the written-to tensor refer to a');
  }
}

const isSame = (a: Tensor, b: Tensor): boolean =>
  a === b || (a.offset === b.offset && a.dtype === b.dtype && sameSizes(a.sizes, b.sizes) && sameSizes(a.strides, b.strides));

/** Known of tensors without gaps only. */
function sharesMemory(a: Tensor, b: Tensor): boolean {
  const start = ({ offset, dtype }: Tensor): number => offset * dtype.itemsize;
  const end = (t: Tensor): number => start(t) + numelOf(t.sizes) * t.dtype.itemsize;
  const isDense = (t: Tensor): boolean => isNonOverlappingAndDense(t.sizes, t.strides);
  return start(a) < end(b) && start(b) < end(a) && isDense(a) && isDense(b);
}
