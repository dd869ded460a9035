/** How views are made and recorded. */
import { type Backward, needsRecord, record } from '../autograd/node.js';
import { Tensor } from '../tensor/tensor.js';
import type { Geometry } from './inplace.js';

/** A view of `input`, not recorded yet. */
export function viewOf(input: Tensor, sizes: readonly number[], strides: readonly number[], offset: number, among?: string): Tensor {
  const view = new Tensor(input.storage, input.dtype, sizes, strides, offset);
  view.viewInfo = { base: input.viewInfo?.base ?? input, version: input.storage.version, among };
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

/** Several views that one function gives, recorded as one node; `back` gets the gradients of those that have some. */
export function makeViews(
  name: string,
  input: Tensor,
  views: readonly Geometry[],
  back: (grads: readonly (Tensor | null)[]) => Tensor,
): Tensor[] {
  const made = views.map(({ sizes, strides, offset }) => viewOf(input, sizes, strides, offset, name));
  return record(name, [input], made, [], gradientsBy(back));
}

/** A function of its own, so that its scope does not keep the input. */
const gradientsBy =
  (back: (grads: readonly (Tensor | null)[]) => Tensor): Backward =>
  ({ grads }) => [back(grads)];

export const replaced = (list: readonly number[], at: number, value: number): number[] => list.map((x, i) => (i === at ? value : x));
export const without = (list: readonly number[], at: number): number[] => list.filter((_, i) => i !== at);
export const inserted = (list: readonly number[], at: number, value: number): number[] => [...list.slice(0, at), value, ...list.slice(at)];
