/** Writing and reading by tensors of positions, one for each dim. */
import { nameNode } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { full } from './creation.js';
import { define } from './define.js';
import { addAt, at, setAt } from './indexing.js';
import { clone } from './memory.js';
import { checkInplace } from './inplace.js';
import { maskedFill } from './mask.js';
import { selectWhere } from './pointwise.js';
import type { Op, TensorLike } from './types.js';

type Positions = readonly (Tensor | null)[];
const whole = (indices: Positions): (Tensor | ':')[] => indices.map((index) => index ?? ':');

function write(target: Tensor, indices: Positions, values: Tensor, accumulate: boolean): Tensor {
  if (target.dtype !== values.dtype)
    throw new RuntimeError(
      `Index put requires the source and destination dtypes match, got ${target.dtype.name} for the destination and ${values.dtype.name} for the source.`,
    );
  (accumulate ? addAt : setAt)(target, whole(indices), values);
  return target;
}

type IndexPut = Op<[indices: Positions, values: Tensor], [accumulate: boolean], { accumulate: boolean }>;
/**
 * A copy with `values` at the positions (null for a whole dim); they are added to what is there with `accumulate`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.index_put.html
 * @example torch.indexPut(torch.zeros(3), [torch.tensor([0, 2])], torch.tensor([1.5, 2.5]))  // tensor([1.5000, 0.0000, 2.5000])
 */
export const indexPut: IndexPut = define(
  'index_put',
  'input, indices, values, accumulate?',
  (input: Tensor, indices: Positions, values: Tensor, accumulate = false) =>
    nameNode('indexPut', write(clone(input), indices, values, accumulate)),
);
/**
 * `indexPut` in place. https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
 * @example torch.zeros(3).indexPut_([torch.tensor([0, 2])], torch.tensor(1.5))  // tensor([1.5000, 0.0000, 1.5000])
 */
export const indexPut_: IndexPut = define(
  'index_put_',
  'input, indices, values, accumulate?',
  (input: Tensor, indices: Positions, values: Tensor, accumulate = false) => {
    checkInplace(input);
    return write(input, indices, values, accumulate);
  },
);

/** Positions outside of the tensor, which a mask leaves aside, moved inside. */
const clamped = (input: Tensor, indices: Positions): (Tensor | null)[] =>
  indices.map((index, d) => index && index.clamp(-input.sizes[d], input.sizes[d] - 1));

/**
 * `input` at the positions where `mask` is true, `fill` elsewhere.
 * @example torch._unsafeMaskedIndex(torch.tensor([1, 2]), torch.tensor([true, false]), [torch.tensor([1, 9])], 0)  // tensor([2, 0])
 */
export const _unsafeMaskedIndex: Op<[mask: Tensor, indices: Positions, fill: TensorLike]> = define(
  '_unsafe_masked_index',
  'input, mask, indices, fill',
  (input: Tensor, mask: Tensor, indices: Positions, fill: number) => {
    if (numelOf(input.sizes) === 0) return full(mask.sizes, fill, { dtype: input.dtype, device: input.device });
    return maskedFill(at(input, ...whole(clamped(input, indices))), mask.logicalNot(), fill);
  },
);
/**
 * A copy with `values` added at the positions where `mask` is true.
 * @example
 * torch._unsafeMaskedIndexPutAccumulate(torch.zeros(2), torch.tensor([true, false]), [torch.tensor([1, 9])], torch.ones(2))
 * // tensor([0., 1.])
 */
export const _unsafeMaskedIndexPutAccumulate: Op<[mask: Tensor, indices: Positions, values: Tensor]> = define(
  '_unsafe_masked_index_put_accumulate',
  'input, mask, indices, values',
  (input: Tensor, mask: Tensor, indices: Positions, values: Tensor) =>
    numelOf(input.sizes) === 0
      ? clone(input)
      : indexPut(input, clamped(input, indices), selectWhere(mask, values, values.dtype.name === 'bool' ? false : 0), true),
);
