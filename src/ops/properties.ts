/** The members of tensors that are no operators, as types. `methods.ts` defines them. */
import type { Node } from '../autograd/node.js';
import type { DType } from '../ir/dtype.js';
import type { Size } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import type { TorchDevice } from '../tensor/torch-device.js';
import type { Item } from './read.js';
import type { ValuesIndices } from './sort.js';
import type { TensorLike } from './types.js';

/** The overloads of `max` and `min`. */
interface ExtremumMethod extends MedianMethod {
  (other: Tensor): Tensor;
}
interface MedianMethod {
  (): Tensor;
  (dim: number, keepdim?: boolean): ValuesIndices;
  (dim: number, options: { keepdim?: boolean }): ValuesIndices;
  (options: { dim: number; keepdim?: boolean }): ValuesIndices;
}

/** What is not an operator of its own: properties and small questions. */
export interface Properties {
  /**
   * Whether `backward` computes a gradient for this tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.requires_grad.html
   * @example torch.ones(2, { requiresGrad: true }).mul(2).requiresGrad  // true
   */
  requiresGrad: boolean;
  /**
   * The gradient that `backward` has summed up, or null. https://pytorch.org/docs/stable/generated/torch.Tensor.grad.html
   * @example
   * const x = torch.tensor([3], { requiresGrad: true });
   * x.square().backward();
   * x.grad  // tensor([6.])
   */
  grad: Tensor | null;
  /**
   * The operation that made this tensor, or null for a leaf. https://pytorch.org/docs/stable/generated/torch.Tensor.grad_fn.html
   * @example String(torch.ones(1, { requiresGrad: true }).mul(2).gradFn)  // <MulBackward0>
   */
  readonly gradFn: Node | null;
  /**
   * Whether no recorded operation made this tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html
   * @example torch.ones(1, { requiresGrad: true }).mul(2).isLeaf  // false
   */
  readonly isLeaf: boolean;
  /**
   * The device that holds the elements. https://pytorch.org/docs/stable/generated/torch.Tensor.device.html
   * @example torch.ones(1).device  // device(type='cpu')
   */
  readonly device: TorchDevice;
  /**
   * The largest element; with a dim [values, indices] along it; with a tensor the larger elements.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.max.html
   * @example torch.tensor([[1, 4], [3, 2]]).max()  // tensor(4)
   */
  max: ExtremumMethod;
  /**
   * The smallest element; with a dim [values, indices] along it; with a tensor the smaller elements.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.min.html
   * @example torch.tensor([[1, 4], [3, 2]]).min()  // tensor(1)
   */
  min: ExtremumMethod;
  /**
   * The median, the lower one of two; with a dim [values, indices] along it. https://pytorch.org/docs/stable/generated/torch.Tensor.median.html
   * @example torch.tensor([4, 1, 3, 2]).median()  // tensor(2)
   */
  median: MedianMethod;
  /**
   * The median of the numbers that are not NaN. https://pytorch.org/docs/stable/generated/torch.Tensor.nanmedian.html
   * @example torch.tensor([1, NaN, 3]).nanmedian()  // tensor(1.)
   */
  nanmedian: MedianMethod;
  /**
   * The indices of the elements that are not 0, a row each; `asTuple` gives a vector a dim.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.nonzero.html
   * @example torch.tensor([0, 5, 6]).nonzero({ asTuple: true })  // [ tensor([1, 2]) ]
   */
  nonzero: { (options: { asTuple: true }): Tensor[]; (options?: { asTuple?: false }): Tensor };
  /**
   * The same memory outside of the graph; assigning replaces the tensor's memory.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.data.html
   * @example torch.ones(1, { requiresGrad: true }).data.requiresGrad  // false
   */
  data: Tensor;
  /**
   * All dims in reverse order. https://pytorch.org/docs/stable/generated/torch.Tensor.T.html
   * @example torch.ones(2, 3).T.shape  // torch.Size([3, 2])
   */
  readonly T: Tensor;
  /**
   * The last two dims swapped. https://pytorch.org/docs/stable/generated/torch.Tensor.mT.html
   * @example torch.ones(4, 2, 3).mT.shape  // torch.Size([4, 3, 2])
   */
  readonly mT: Tensor;
  /**
   * The conjugate transpose of a matrix. https://pytorch.org/docs/stable/generated/torch.Tensor.H.html
   * @example torch.tensor([[{ re: 1, im: 2 }]]).H  // tensor([[1.-2.j]])
   */
  readonly H: Tensor;
  /**
   * The conjugate transpose of the last two dims. https://pytorch.org/docs/stable/generated/torch.Tensor.mH.html
   * @example torch.ones(4, 2, 3).mH.shape  // torch.Size([4, 3, 2])
   */
  readonly mH: Tensor;
  /**
   * Bytes of one element. https://pytorch.org/docs/stable/generated/torch.Tensor.itemsize.html
   * @example torch.ones(2, 3).itemsize  // 4
   */
  readonly itemsize: number;
  /**
   * Bytes of all elements. https://pytorch.org/docs/stable/generated/torch.Tensor.nbytes.html
   * @example torch.ones(2, 3).nbytes  // 24
   */
  readonly nbytes: number;
  /**
   * The layout: every tensor here is strided. https://pytorch.org/docs/stable/generated/torch.Tensor.layout.html
   * @example torch.ones(2, 3).layout  // torch.strided
   */
  readonly layout: string;
  /**
   * Whether the elements are on a CUDA device. https://pytorch.org/docs/stable/generated/torch.Tensor.is_cuda.html
   * @example torch.ones(1).isCuda  // false
   */
  readonly isCuda: boolean;
  /**
   * Whether the elements are in main memory. https://pytorch.org/docs/stable/generated/torch.Tensor.is_cpu.html
   * @example torch.ones(1).isCpu  // true
   */
  readonly isCpu: boolean;
  /** Whether there is no memory behind the tensor: never here. https://pytorch.org/docs/stable/generated/torch.Tensor.is_meta.html */
  readonly isMeta: boolean;
  /** Whether it is a list of tensors of several sizes: never here. https://pytorch.org/docs/stable/nested.html */
  readonly isNested: boolean;
  /** Whether elements are quantized: never here. https://pytorch.org/docs/stable/generated/torch.Tensor.is_quantized.html */
  readonly isQuantized: boolean;
  /**
   * Whether only some elements are kept, with their places. https://pytorch.org/docs/stable/generated/torch.Tensor.is_sparse.html
   * @example torch.sparseCooTensor([[1]], [2], [3]).isSparse  // true
   */
  readonly isSparse: boolean;
  /**
   * Whether `retainGrad` was called. https://pytorch.org/docs/stable/generated/torch.Tensor.retains_grad.html
   * @example torch.ones(1, { requiresGrad: true }).mul(2).retainsGrad  // false
   */
  readonly retainsGrad: boolean;
  /**
   * Which output of `gradFn` this tensor is. https://pytorch.org/docs/stable/generated/torch.Tensor.output_nr.html
   * @example torch.ones(1, { requiresGrad: true }).mul(2).outputNr  // 0
   */
  readonly outputNr: number;
  /**
   * How often the memory was written in place. https://pytorch.org/docs/stable/generated/torch.Tensor._version.html
   * @example torch.tensor([1, 2]).add_(1)._version  // 1
   */
  readonly _version: number;
  /**
   * The number of dims. https://pytorch.org/docs/stable/generated/torch.Tensor.dim.html
   * @example torch.ones(2, 3).dim()  // 2
   */
  dim(): number;
  /** Alias of `dim`. */
  ndimension(): number;
  /**
   * The number of elements. https://pytorch.org/docs/stable/generated/torch.Tensor.numel.html
   * @example torch.ones(2, 3).numel()  // 6
   */
  numel(): number;
  /** Alias of `numel`. */
  nelement(): number;
  /**
   * The shape, or the size of one dim. https://pytorch.org/docs/stable/generated/torch.Tensor.size.html
   * @example torch.ones(2, 3).size(-1)  // 3
   */
  size(): Size;
  size(dim: number): number;
  /**
   * How many elements lie between neighbours along every dim, or along one.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.stride.html
   * @example torch.ones(2, 3).stride()  // [ 3, 1 ]
   */
  stride(): number[];
  stride(dim: number): number;
  /**
   * The position of the first element in the memory. https://pytorch.org/docs/stable/generated/torch.Tensor.storage_offset.html
   * @example torch.arange(4).at('1:').storageOffset()  // 1
   */
  storageOffset(): number;
  /**
   * Bytes of one element. https://pytorch.org/docs/stable/generated/torch.Tensor.element_size.html
   * @example torch.ones(2, { dtype: torch.float64 }).elementSize()  // 8
   */
  elementSize(): number;
  /**
   * The memory: the same object for tensors that share it. https://pytorch.org/docs/stable/generated/torch.Tensor.data_ptr.html
   * @example
   * const x = torch.ones(4);
   * x.view(2, 2).dataPtr() === x.dataPtr()  // true
   */
  dataPtr(): object;
  /**
   * Whether elements are floats. https://pytorch.org/docs/stable/generated/torch.Tensor.is_floating_point.html
   * @example torch.ones(1).isFloatingPoint()  // true
   */
  isFloatingPoint(): boolean;
  /**
   * Whether elements are complex. https://pytorch.org/docs/stable/generated/torch.Tensor.is_complex.html
   * @example torch.ones(1).isComplex()  // false
   */
  isComplex(): boolean;
  /**
   * Whether elements may be negative. https://pytorch.org/docs/stable/generated/torch.Tensor.is_signed.html
   * @example torch.ones(1).isSigned()  // true
   */
  isSigned(): boolean;
  /**
   * Whether the tensor was made in inference mode. https://pytorch.org/docs/stable/generated/torch.Tensor.is_inference.html
   * @example torch.ones(1).isInference()  // false
   */
  isInference(): boolean;
  /**
   * The tensor where `condition` holds, else `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.where.html
   * @example torch.tensor([1, 2]).where(torch.tensor([true, false]), 0)  // tensor([1, 0])
   */
  where(condition: Tensor, other: TensorLike): Tensor;
  /**
   * PyTorch's name of the class of such tensors, or the tensor converted to another dtype.
   * https://pytorch.org/docs/stable/generated/torch.Tensor.type.html
   * @example torch.ones(1).type()  // torch.FloatTensor
   */
  type(): string;
  type(dtype: DType | string): Tensor;
  /**
   * PyTorch's printout.
   * @example String(torch.tensor([1.5, 2]))  // tensor([1.5000, 2.0000])
   */
  toString(): string;
  /**
   * The number of a one-element tensor, which lets `+x` and `x < 1` work.
   * @example +torch.tensor([2.5]) + 1  // 3.5
   */
  valueOf(): Item | Tensor;
  [Symbol.iterator](): Iterator<Tensor>;
}
