/** Splitting along a dim, as views. */
import { nameNode } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, wrapDim } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import type { Dims, Op } from './types.js';
import { makeViews, replaced } from './make-view.js';
import { assembled, readIndex, slice, unbind } from './view-parts.js';

/**
 * Parts of given sizes, or of one size. https://pytorch.org/docs/stable/generated/torch.split.html
 * @example torch.split(torch.arange(5), 2)  // [ tensor([0, 1]), tensor([2, 3]), tensor([4]) ]
 */
export const split: (
  input: Tensor,
  ...args: [splitSizeOrSections: Dims, dim?: number | { dim?: number }] | [options: { splitSizeOrSections: Dims; dim?: number }]
) => Tensor[] = define('split', 'input, splitSizeOrSections, dim?', (input: Tensor, sections: Dims, dim = 0) => {
  if (input.ndim === 0) throw new RuntimeError('split expects at least a 1-dimensional tensor');
  const d = wrapDim(dim, input.ndim);
  const n = input.sizes[d];
  if (typeof sections === 'number') {
    if (sections < 0) throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${sections}`);
    if (sections === 0 && n !== 0)
      throw new RuntimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${n}`);
  }
  return typeof sections === 'number' ? splitAt('split', input, equalParts(n, sections), d) : splitAt('splitWithSizes', input, sections, d);
});
const equalParts = (n: number, size: number): number[] =>
  n === 0 || size === 0 ? [n] : Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size));

function splitAt(name: string, input: Tensor, parts: readonly number[], d: number): Tensor[] {
  const { sizes, strides, offset } = input;
  const total = parts.reduce((a, b) => a + b, 0);
  if (total !== sizes[d] || parts.some((p) => p < 0)) {
    throw new RuntimeError(
      `split_with_sizes expects split_sizes to sum exactly to ${sizes[d]} (input tensor's size at dimension ${d}), but got split_sizes=${formatShape(parts)}`,
    );
  }
  const views = startsOf(parts).map((start, i) => ({ sizes: replaced(sizes, d, parts[i]), strides, offset: offset + start * strides[d] }));
  return makeViews(name, input, views, (grads) => assembled(grads, sizes, (whole) => splitAt(name, whole, parts, d)));
}
function startsOf(parts: readonly number[]): number[] {
  let start = 0;
  return parts.map((length) => (start += length) - length);
}
/**
 * Parts of the given sizes along `dim`, as views. https://pytorch.org/docs/stable/generated/torch.Tensor.split_with_sizes.html
 * @example torch.splitWithSizes(torch.arange(5), [2, 3])  // [ tensor([0, 1]), tensor([2, 3, 4]) ]
 */
export const splitWithSizes: Op<[splitSizes: readonly number[]], [dim: number], { dim: number }, Tensor[]> = define(
  'splitWithSizes',
  'input, splitSizes, dim?',
  (input: Tensor, sizes: readonly number[], dim = 0) => splitAt('splitWithSizes', input, sizes, wrapDim(dim, input.ndim)),
);
/**
 * At most `chunks` parts of equal size. https://pytorch.org/docs/stable/generated/torch.chunk.html
 * @example torch.chunk(torch.arange(5), 2)  // [ tensor([0, 1, 2]), tensor([3, 4]) ]
 */
export const chunk: Op<[chunks: number], [dim: number], { dim: number }, Tensor[]> = define(
  'chunk',
  'input, chunks, dim?',
  (input: Tensor, chunks: number, dim = 0) => {
    if (input.ndim === 0) throw new RuntimeError('chunk expects at least a 1-dimensional tensor');
    if (!(chunks > 0)) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
    const d = wrapDim(dim, input.ndim);
    const n = input.sizes[d];
    if (n === 0) return splitAt('splitWithSizes', input, new Array<number>(chunks).fill(0), d);
    return split(input, Math.ceil(n / chunks), d);
  },
);
/**
 * Parts by number (sizes differ by at most 1) or at given indices. https://pytorch.org/docs/stable/generated/torch.tensor_split.html
 * @example torch.tensorSplit(torch.arange(5), 2)  // [ tensor([0, 1, 2]), tensor([3, 4]) ]
 */
export const tensorSplit: Op<[indicesOrSections: Dims | Tensor], [dim: number], { dim: number }, Tensor[]> = define(
  'tensorSplit',
  'input, indicesOrSections, dim?',
  (input: Tensor, sections: Dims | Tensor, dim = 0) => {
    if (input.ndim === 0) throw new RuntimeError('tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims');
    const d = wrapDim(dim, input.ndim);
    const plan = sections instanceof Tensor ? splitIndices(sections) : sections;
    const n = input.sizes[d];
    if (typeof plan !== 'number') {
      const cuts = [0, ...plan, n];
      return cuts.slice(1).map((end, i) => slice(input, d, cuts[i], i === plan.length ? null : end));
    }
    if (!(plan > 0)) throw new RuntimeError(`number of sections must be larger than 0, got ${plan}`);
    const [size, extra] = [Math.floor(n / plan), n % plan];
    const parts = Array.from({ length: plan }, (_, i) => size + (i < extra ? 1 : 0));
    return startsOf(parts).map((start, i) => slice(input, d, start, start + parts[i]));
  },
);
function splitIndices(sections: Tensor): Dims {
  if (sections.ndim > 1)
    throw new RuntimeError(
      `tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor with ${sections.ndim} dims`,
    );
  return sections.ndim === 0 ? readIndex(sections) : unbind(sections).map((x) => readIndex(x));
}

/** Parts that may be written in place. */
export function unwatched(parts: Tensor[]): Tensor[] {
  for (const part of parts) nameNode('unsafeSplit', part).viewInfo = null;
  return parts;
}
