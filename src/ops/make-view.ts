/** How views are made and recorded. */
import { needsRecord, record } from '../autograd/node.js';
import { Tensor } from '../tensor/tensor.js';

/** A view of `input`, not recorded yet. */
export function viewOf(input: Tensor, sizes: readonly number[], strides: readonly number[], offset: number): Tensor {
  const view = new Tensor(input.storage, input.dtype, sizes, strides, offset);
  view.viewInfo = { base: input.viewInfo?.base ?? input, version: input.storage.version };
  view.inference = input.inference;
  return view;
}

/** A recorded view. */
export function makeView(
  name: string,
  input: Tensor,
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
  back: (grad: Tensor) => Tensor,
): Tensor {
  const view = viewOf(input, sizes, strides, offset);
  if (!needsRecord([input])) return view;
  return record(name, [input], view, [], ({ grad }) => [back(grad)]);
}

export const replaced = (list: readonly number[], at: number, value: number): number[] => list.map((x, i) => (i === at ? value : x));
export const without = (list: readonly number[], at: number): number[] => list.filter((_, i) => i !== at);
export const inserted = (list: readonly number[], at: number, value: number): number[] => [...list.slice(0, at), value, ...list.slice(at)];
