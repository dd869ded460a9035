/** Writing in place to expanded tensors, as far as PyTorch allows it: what is written to an element is written to all that share its memory. */
import { bool } from '../ir/dtype.js';
import type { Tensor } from '../tensor/tensor.js';
import { wrapDim } from '../tensor/shape.js';
import { ones, zeros } from './creation.js';
import { inplaceOf } from './inplace.js';
import { maskedFill } from './mask.js';
import { tril, triu } from './matrix.js';
import { copyInto } from './memory.js';
import { any } from './reduce.js';
import { indexFill } from './scatter.js';
import type { TensorLike } from './types.js';
import { expand, narrow, unsqueeze } from './view.js';

const expandedDims = ({ sizes, strides }: Tensor): number[] => sizes.flatMap((n, d) => (n > 1 && strides[d] === 0 ? [d] : []));

export const isExpanded = (t: Tensor): boolean => expandedDims(t).length > 0;

/** A view of each element in memory once: expanded dims have the size 1. */
const distinct = (t: Tensor): Tensor => expandedDims(t).reduce((view, d) => narrow(view, d, 0, 1), t);

/** Writes `value` to each element in memory for which the mask holds anywhere. */
function fillWhere(self: Tensor, mask: Tensor, value: TensorLike): Tensor {
  const anywhere = any(expand(mask, self.sizes), expandedDims(self), true);
  inplaceOf(distinct(self), (old) => maskedFill(old, anywhere, value), copyInto);
  return self;
}

/** Which positions along `dim` the index names, as a mask for `self`. */
function named(self: Tensor, dim: number, index: Tensor): Tensor {
  const d = wrapDim(dim, self.ndim);
  const flags = indexFill(zeros([self.sizes[d]], { dtype: bool, device: self.device }), 0, index, true);
  return self.sizes.slice(d + 1).reduce((mask) => unsqueeze(mask, -1), flags);
}

const outside = (triangle: typeof tril, self: Tensor, diagonal: number): Tensor =>
  triangle(ones(self.sizes.slice(-2), { dtype: bool, device: self.device }), diagonal).logicalNot();

/** In-place forms for expanded tensors, by the names of the operators. */
export const expandedForms: Record<string, ((self: Tensor, ...args: never[]) => Tensor) | undefined> = {
  maskedFill: fillWhere,
  indexFill: (self: Tensor, dim: number, index: Tensor, value: TensorLike) => fillWhere(self, named(self, dim, index), value),
  tril: (self: Tensor, diagonal = 0) => fillWhere(self, outside(tril, self, diagonal), 0),
  triu: (self: Tensor, diagonal = 0) => fillWhere(self, outside(triu, self, diagonal), 0),
};
