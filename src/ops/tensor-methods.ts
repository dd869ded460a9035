/** Methods of tensors that are no operators. */
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { fill_ } from './convert.js';
import { alias, checkInplace, replace } from './inplace.js';
import { copyInto } from './memory.js';
import { conjPhysical } from './pointwise.js';
import { isNonzero, isSameSize } from './queries.js';
import { tolist } from './read.js';
import { tensorOfValues } from './scalar.js';
import type { Scalar } from './types.js';
import { asStrided, transpose } from './view.js';

/**
 * The conjugate transpose of the last two dims. https://pytorch.org/docs/stable/generated/torch.adjoint.html
 * @example
 * torch.adjoint(torch.tensor([[{ re: 1, im: 2 }, { re: 3, im: 4 }]]))
 * // tensor([[1.-2.j],
 * //         [3.-4.j]])
 */
export function adjoint(input: Tensor): Tensor {
  const swapped = transpose(input, -2, -1);
  return input.dtype.isComplex ? conjPhysical(swapped) : swapped;
}

/**
 * Writes `value` on the main diagonal; with `wrap`, tall matrices continue it below, leaving a row out.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html
 * @example
 * torch.zeros(2, 2).fillDiagonal_(5)
 * // tensor([[5., 0.],
 * //         [0., 5.]])
 */
export function fillDiagonal_(self: Tensor, value: Scalar, wrap = false): Tensor {
  if (self.ndim < 2) throw new RuntimeError('dimensions must larger than 1');
  if (self.ndim > 2 && self.sizes.some((n) => n !== self.sizes[0]))
    throw new RuntimeError('all dimensions of input must be of equal length');
  const least = Math.min(...self.sizes);
  const step = self.strides.reduce((a, b) => a + b, 0);
  const [rows, columns] = self.sizes;
  for (let first = 0; first < rows; first += columns + 1) {
    const count = first === 0 ? least : Math.min(columns, rows - first);
    if (count > 0) fill_(asStrided(self, [count], [step], self.offset + first * self.strides[0]), value);
    if (!wrap || self.ndim > 2) break;
  }
  return self;
}

/**
 * Replaces every element by `callable(element)`; only on the CPU, and slow.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.apply_.html
 * @example torch.tensor([1, 2]).apply_((x) => Number(x) * 10)  // tensor([10, 20])
 */
export function apply_(self: Tensor, callable: (x: Scalar) => Scalar): Tensor {
  return map2_(self, self, self, callable);
}
/**
 * `callable(element, other element)` in place. https://pytorch.org/docs/stable/generated/torch.Tensor.map_.html
 * @example torch.tensor([1, 2]).map_(torch.tensor([10, 20]), (x, y) => Number(x) + Number(y))  // tensor([11, 22])
 */
export function map_(self: Tensor, other: Tensor, callable: (x: Scalar, y: Scalar) => Scalar): Tensor {
  return map2_(self, other, other, callable);
}
/**
 * `callable(element, x's, y's)` in place. https://pytorch.org/docs/stable/generated/torch.Tensor.map2_.html
 * @example
 * torch.tensor([1, 2]).map2_(torch.tensor([10, 20]), torch.tensor([5, 5]), (a, x, y) => Number(a) + Number(x) * Number(y))
 * // tensor([ 51, 102])
 */
export function map2_(self: Tensor, x: Tensor, y: Tensor, callable: (a: Scalar, b: Scalar, c: Scalar) => Scalar): Tensor {
  checkInplace(self);
  const flat = (t: Tensor): Scalar[] => ([tolist(t)] as unknown[]).flat(8) as Scalar[];
  const [a, b, c] = [self, x, y].map(flat);
  const values = a.map((value, i) => callable(value, b[i], c[i]));
  copyInto(self, tensorOfValues(values, self.dtype, self.sizes, self.storage.device));
  return self;
}

/**
 * Makes the tensor share the memory, shape and strides of `source`. https://pytorch.org/docs/stable/generated/torch.Tensor.set_.html
 * @example torch.zeros(1).set_(torch.tensor([1.5, 2]))  // tensor([1.5000, 2.0000])
 */
export const set_ = (self: Tensor, source: Tensor): Tensor => replace(self, alias(source));

/**
 * The order of dims in memory, outermost first. https://pytorch.org/docs/stable/generated/torch.Tensor.dim_order.html
 * @example torch.ones(2, 3).t().dimOrder()  // [ 1, 0 ]
 */
export const dimOrder = (input: Tensor): number[] =>
  input.sizes.map((_, d) => d).sort((a, b) => input.strides[b] - input.strides[a] || a - b);

const same = (input: Tensor): Tensor => input;
const no = (_input: Tensor): boolean => false;
/**
 * Whether elements are conjugates of what lies in memory: never here. https://pytorch.org/docs/stable/generated/torch.is_conj.html
 * @example torch.isConj(torch.ones(1))  // false
 */
export const isConj = no;
/**
 * Whether elements are negatives of what lies in memory: never here. https://pytorch.org/docs/stable/generated/torch.Tensor.is_neg.html
 * @example torch.isNeg(torch.ones(1))  // false
 */
export const isNeg = no;
/**
 * Whether the tensor lies on several machines: never here. https://pytorch.org/docs/stable/generated/torch.Tensor.is_distributed.html
 * @example torch.isDistributed(torch.ones(1))  // false
 */
export const isDistributed = no;
/**
 * The number of a tensor's device, -1 for the CPU. https://pytorch.org/docs/stable/generated/torch.Tensor.get_device.html
 * @example torch.getDevice(torch.ones(1))  // -1
 */
export const getDevice = (_input: Tensor): number => -1;

/** What only other layouts, dtypes and devices have: dense tensors on the host answer as in PyTorch. */
export const plainMethods = {
  adjoint,
  apply_,
  dimOrder,
  fillDiagonal_,
  getDevice,
  isConj,
  isDistributed,
  isNeg,
  isNonzero,
  isPinned: no,
  isSameSize,
  isShared: no,
  map2_,
  map_,
  pinMemory: same,
  set_,
  shareMemory_: same,
};
