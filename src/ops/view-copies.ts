/** Views as copies, and copies with a view written anew. */
import { nameNode } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, sameSizes, wrapDim } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { copy_ } from './convert.js';
import { clone } from './memory.js';
import { acceptOut, define } from './define.js';
import { Signature } from './signature.js';
import * as view from './view.js';
import { asStrided, diagonal, expand, narrow, permute, select, slice, squeeze, transpose, unsqueeze } from './view.js';
import type { Dims, Op } from './types.js';

// --- copies of views --------------------------------------------------------------------------------------------------------------------------------------

const dense = (t: Tensor): Tensor => clone(t, { memoryFormat: 'contiguous_format' });
const denseView = (t: Tensor, input: unknown): Tensor =>
  nameNode(`${t === input || !t.node ? 'AliasBackward0' : t.node.name}_copy`, dense(t));
/** `f` with its results copied. */
const copying = <F>(name: string, f: F): F =>
  Object.assign(
    acceptOut(new Signature(name, 'input'), null, (args) => {
      const result = (f as (...a: unknown[]) => Tensor | Tensor[])(...args);
      return Array.isArray(result) ? result.map((t) => denseView(t, args[0])) : denseView(result, args[0]);
    }),
    { opName: name },
  ) as F;
/**
 * A copy of the tensor. https://pytorch.org/docs/stable/generated/torch.alias_copy.html
 * @example torch.aliasCopy(torch.tensor([1, 2]))  // tensor([1, 2])
 */
export const aliasCopy = copying('aliasCopy', (input: Tensor) => input);
/**
 * `asStrided` as a copy. https://pytorch.org/docs/stable/generated/torch.as_strided_copy.html
 * @example
 * torch.asStridedCopy(torch.arange(4), [2, 2], [1, 1])
 * // tensor([[0, 1],
 * //         [1, 2]])
 */
export const asStridedCopy = copying('asStridedCopy', asStrided);
/**
 * `diagonal` as a copy. https://pytorch.org/docs/stable/generated/torch.diagonal_copy.html
 * @example torch.diagonalCopy(torch.eye(2))  // tensor([1., 1.])
 */
export const diagonalCopy = copying('diagonalCopy', diagonal);
/**
 * `expand` as a copy. https://pytorch.org/docs/stable/generated/torch.expand_copy.html
 * @example torch.expandCopy(torch.tensor([[1], [2]]), 2, 3).shape  // torch.Size([2, 3])
 */
export const expandCopy = copying('expandCopy', expand);
/**
 * `narrow` as a copy. https://pytorch.org/docs/stable/generated/torch.narrow_copy.html
 * @example torch.narrowCopy(torch.arange(5), 0, 1, 2)  // tensor([1, 2])
 */
export const narrowCopy: typeof narrow = copying(
  'narrowCopy',
  define('narrowCopy', 'input, dim, start, length', (input: Tensor, dim: number, start: number | Tensor, length: number) => {
    if (dim >= input.ndim)
      throw new RuntimeError(
        'Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)',
      );
    const size = input.sizes[wrapDim(dim, input.ndim)];
    if (length < 0) throw new RuntimeError(`start (${String(start)}) + length (${length}) exceeds dimension size (${size}).`);
    return narrow(input, dim, start, length);
  }),
);
/**
 * `permute` as a copy. https://pytorch.org/docs/stable/generated/torch.permute_copy.html
 * @example torch.permuteCopy(torch.ones(2, 3), [1, 0]).shape  // torch.Size([3, 2])
 */
export const permuteCopy = copying('permuteCopy', permute);
/**
 * `select` as a copy. https://pytorch.org/docs/stable/generated/torch.select_copy.html
 * @example torch.selectCopy(torch.eye(2), 0, 1)  // tensor([0., 1.])
 */
export const selectCopy = copying('selectCopy', select);
/**
 * `slice` as a copy. https://pytorch.org/docs/stable/generated/torch.slice_copy.html
 * @example torch.sliceCopy(torch.arange(5), 0, 1, 4)  // tensor([1, 2, 3])
 */
export const sliceCopy = copying('sliceCopy', slice);
/**
 * `splitWithSizes` as copies. https://pytorch.org/docs/stable/generated/torch.split_with_sizes_copy.html
 * @example torch.splitWithSizesCopy(torch.arange(3), [1, 2])  // [ tensor([0]), tensor([1, 2]) ]
 */
export const splitWithSizesCopy = copying('splitWithSizesCopy', view.splitWithSizes);
/**
 * `squeeze` as a copy. https://pytorch.org/docs/stable/generated/torch.squeeze_copy.html
 * @example torch.squeezeCopy(torch.ones(1, 3)).shape  // torch.Size([3])
 */
export const squeezeCopy = copying('squeezeCopy', squeeze);
/**
 * `t` as a copy. https://pytorch.org/docs/stable/generated/torch.t_copy.html
 * @example torch.tCopy(torch.ones(2, 3)).shape  // torch.Size([3, 2])
 */
export const tCopy = copying('tCopy', view.t);
/**
 * `transpose` as a copy. https://pytorch.org/docs/stable/generated/torch.transpose_copy.html
 * @example torch.transposeCopy(torch.ones(2, 3), 0, 1).shape  // torch.Size([3, 2])
 */
export const transposeCopy = copying('transposeCopy', transpose);
/**
 * `unbind` as copies. https://pytorch.org/docs/stable/generated/torch.unbind_copy.html
 * @example torch.unbindCopy(torch.eye(2))  // [ tensor([1., 0.]), tensor([0., 1.]) ]
 */
export const unbindCopy = copying('unbindCopy', view.unbind);
/**
 * `unfold` as a copy. https://pytorch.org/docs/stable/generated/torch.unfold_copy.html
 * @example
 * torch.unfoldCopy(torch.arange(4), 0, 2, 2)
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const unfoldCopy = copying('unfoldCopy', view.unfold);
/**
 * `unsqueeze` as a copy. https://pytorch.org/docs/stable/generated/torch.unsqueeze_copy.html
 * @example torch.unsqueezeCopy(torch.arange(2), 0)  // tensor([[0, 1]])
 */
export const unsqueezeCopy = copying('unsqueezeCopy', unsqueeze);
/**
 * `view` as a copy. https://pytorch.org/docs/stable/generated/torch.view_copy.html
 * @example
 * torch.viewCopy(torch.arange(4), [2, 2])
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const viewCopy = copying('viewCopy', view.view);
/**
 * `split`; PyTorch's name for parts that autograd does not watch. https://pytorch.org/docs/stable/generated/torch.unsafe_split.html
 * @example torch.unsafeSplit(torch.arange(4), 2)  // [ tensor([0, 1]), tensor([2, 3]) ]
 */
export const unsafeSplit: typeof view.split = define('unsafeSplit', 'input, splitSize, dim?', (input: Tensor, splitSize: Dims, dim = 0) =>
  view.unwatched(view.split(input, splitSize, dim)),
);

// --- scatters into views ------------------------------------------------------------------------------------------------------------------------------------

/** A copy of `input` with `src` written into one of its views. */
const scattering = (input: Tensor, src: Tensor, region: (t: Tensor) => Tensor): Tensor => {
  const whole = clone(input);
  const target = region(whole);
  if (!sameSizes(target.sizes, src.sizes))
    throw new RuntimeError(
      `expected src to have a size equal to the slice of self. src size = ${formatShape(src.sizes)}, slice size = ${formatShape(target.sizes)}`,
    );
  copy_(target, src);
  return whole;
};
/**
 * `src` in place of a slice. https://pytorch.org/docs/stable/generated/torch.select_scatter.html
 * @example
 * torch.selectScatter(torch.zeros(2, 2), torch.tensor([1, 2]), 0, 1)
 * // tensor([[0., 0.],
 * //         [1., 2.]])
 */
export const selectScatter: Op<[src: Tensor, dim: number, index: number]> = define(
  'selectScatter',
  'input, src, dim, index',
  (input: Tensor, src: Tensor, dim: number, index: number) =>
    nameNode(
      'selectScatter',
      scattering(input, src, (t) => select(t, dim, index)),
    ),
);
/**
 * A copy of `input` with `src` in place of the slice. https://pytorch.org/docs/stable/generated/torch.slice_scatter.html
 * @example torch.sliceScatter(torch.zeros(4), torch.ones(2), 0, 1, 3)  // tensor([0., 1., 1., 0.])
 */
export const sliceScatter: Op<
  [src: Tensor],
  [dim: number, start: number | null, end: number | null, step: number],
  { dim: number; start: number | null; end: number | null; step: number }
> = define(
  'sliceScatter',
  'input, src, dim?, start?, end?, step?',
  (input: Tensor, src: Tensor, dim = 0, start: number | null = null, end: number | null = null, step = 1) =>
    nameNode(
      'sliceScatter',
      scattering(input, src, (t) => slice(t, dim, start, end, step)),
    ),
);
/**
 * A copy of `input` with `src` in place of a diagonal. https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html
 * @example
 * torch.diagonalScatter(torch.zeros(2, 2), torch.tensor([1, 2]))
 * // tensor([[1., 0.],
 * //         [0., 2.]])
 */
export const diagonalScatter: Op<
  [src: Tensor],
  [offset: number, dim1: number, dim2: number],
  { offset: number; dim1: number; dim2: number }
> = define('diagonalScatter', 'input, src, offset?, dim1?, dim2?', (input: Tensor, src: Tensor, offset = 0, dim1 = 0, dim2 = 1) =>
  nameNode(
    'diagonalScatter',
    scattering(input, src, (t) => diagonal(t, offset, dim1, dim2)),
  ),
);
/**
 * A copy of `input` with `src` in place of a strided view. https://pytorch.org/docs/stable/generated/torch.as_strided_scatter.html
 * @example torch.asStridedScatter(torch.zeros(4), torch.ones(2), [2], [3])  // tensor([1., 0., 0., 1.])
 */
export const asStridedScatter: Op<
  [src: Tensor, size: readonly number[], stride: readonly number[]],
  [storageOffset: number | null],
  { storageOffset: number | null }
> = define(
  'asStridedScatter',
  'input, src, size, stride, storageOffset?',
  (input: Tensor, src: Tensor, size: readonly number[], stride: readonly number[], offset: number | null = null) =>
    scattering(view.isContiguous(input) ? input : clone(input, { memoryFormat: 'contiguous_format' }), src, (t) =>
      asStrided(t, size, stride, offset ?? 0),
    ),
);
