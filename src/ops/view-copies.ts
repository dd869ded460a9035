/** Views as copies, and copies with a view written anew. */
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, sameSizes, wrapDim } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { copy_ } from './convert.js';
import { clone } from './memory.js';
import { define } from './define.js';
import * as view from './view.js';
import { asStrided, diagonal, expand, narrow, permute, select, slice, squeeze, transpose, unsqueeze } from './view.js';
import type { Op } from './types.js';

// --- copies of views --------------------------------------------------------------------------------------------------------------------------------------

const dense = (t: Tensor): Tensor => clone(t, { memoryFormat: 'contiguous_format' });
/** `f` with its results copied. */
const copying = <F>(name: string, f: F): F =>
  Object.assign(
    (...args: unknown[]) => {
      const result = (f as (...a: unknown[]) => Tensor | Tensor[])(...args);
      return Array.isArray(result) ? result.map(dense) : dense(result);
    },
    { opName: name },
  ) as F;
export const aliasCopy = copying('aliasCopy', (input: Tensor) => input);
export const asStridedCopy = copying('asStridedCopy', asStrided);
export const diagonalCopy = copying('diagonalCopy', diagonal);
export const expandCopy = copying('expandCopy', expand);
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
export const permuteCopy = copying('permuteCopy', permute);
export const selectCopy = copying('selectCopy', select);
export const sliceCopy = copying('sliceCopy', slice);
export const splitWithSizesCopy = copying('splitWithSizesCopy', view.splitWithSizes);
export const squeezeCopy = copying('squeezeCopy', squeeze);
export const tCopy = copying('tCopy', view.t);
export const transposeCopy = copying('transposeCopy', transpose);
export const unbindCopy = copying('unbindCopy', view.unbind);
export const unfoldCopy = copying('unfoldCopy', view.unfold);
export const unsqueezeCopy = copying('unsqueezeCopy', unsqueeze);
export const viewCopy = copying('viewCopy', view.view);
export const unsafeSplit = view.split;

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
/** `src` in place of a slice. */
export const selectScatter: Op<[src: Tensor, dim: number, index: number]> = define(
  'selectScatter',
  'input, src, dim, index',
  (input: Tensor, src: Tensor, dim: number, index: number) => scattering(input, src, (t) => select(t, dim, index)),
);
export const sliceScatter: Op<
  [src: Tensor],
  [dim: number, start: number | null, end: number | null, step: number],
  { dim: number; start: number | null; end: number | null; step: number }
> = define(
  'sliceScatter',
  'input, src, dim?, start?, end?, step?',
  (input: Tensor, src: Tensor, dim = 0, start: number | null = null, end: number | null = null, step = 1) =>
    scattering(input, src, (t) => slice(t, dim, start, end, step)),
);
export const diagonalScatter: Op<
  [src: Tensor],
  [offset: number, dim1: number, dim2: number],
  { offset: number; dim1: number; dim2: number }
> = define('diagonalScatter', 'input, src, offset?, dim1?, dim2?', (input: Tensor, src: Tensor, offset = 0, dim1 = 0, dim2 = 1) =>
  scattering(input, src, (t) => diagonal(t, offset, dim1, dim2)),
);
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
