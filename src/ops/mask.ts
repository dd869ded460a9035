/** Masks, positions of elements that are not 0, searches in sorted rows. */
import { bool, type DType, int32, int64 } from '../ir/dtype.js';
import { record, nameNode } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { isComplexNumber, isNumber, type Number_, resultType } from '../tensor/promote.js';
import { broadcastSizes, formatShape, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { sumToSize } from './apply.js';
import { define, scalarTypeName } from './define.js';
import { contiguousRaw, sequence, zeros } from './memory.js';
import { selectWhere } from './pointwise.js';
import { item } from './read.js';
import { emptyOn, runIndexed, runRoutine } from './routine.js';
import { scalarTensor } from './scalar.js';
import { expand, reshape, unbind, unsqueeze } from './view.js';
import type { Op, TensorLike } from './types.js';
import { asRow, copyRaw, indexAdd, rowOf } from './scatter.js';

// --- by mask -----------------------------------------------------------------------------------------------------------------------------------------------

/**
 * `value` where the mask holds. https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html
 * @example torch.maskedFill(torch.tensor([1, 2]), torch.tensor([true, false]), 0)  // tensor([0, 2])
 */
export const maskedFill: Op<[mask: Tensor, value: TensorLike]> = define(
  'maskedFill',
  'input, mask, value',
  (input: Tensor, mask: Tensor, value: TensorLike) => {
    if (mask.dtype !== bool)
      throw new RuntimeError(
        `masked_fill_ only supports boolean masks, but got mask with dtype ${scalarTypeName(mask.dtype).toLowerCase()}`,
      );
    if (value instanceof Tensor && value.ndim > 0)
      throw new RuntimeError(`masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`);
    checkFill(value, input.dtype);
    const fill = value instanceof Tensor ? convert(value, input.dtype) : numberTensor(value, input);
    return nameNode(`MaskedFillBackward${value instanceof Tensor ? 1 : 0}`, selectWhere(mask, fill, input));
  },
);
const numberTensor = (value: Number_, like: Tensor): Tensor => scalarTensor(value, like.dtype, like.storage.device);

/** Refuses a number that elements of `dtype` can't hold. */
function checkFill(value: TensorLike, dtype: DType): void {
  if (!(dtype.name in elements) || (value instanceof Tensor && !value.storage.device.canReadSync)) return;
  const [cppName, lowest, highest] = elements[dtype.name as keyof typeof elements];
  const number = value instanceof Tensor ? item(value.detach()) : value;
  const { re, im } = isComplexNumber(number) ? number : { re: Number(number), im: 0 };
  const fits = Number.isFinite(re) ? re >= lowest && re <= highest : dtype.isFloatingPoint;
  if (!fits || im !== 0) throw new RuntimeError(`value cannot be converted to type ${cppName} without overflow`);
}
/** PyTorch's C++ types of elements, and which numbers they take. */
const elements = {
  uint8: ['uint8_t', -255, 255],
  int8: ['int8_t', -128, 127],
  int16: ['int16_t', -32768, 32767],
  int32: ['int', -(2 ** 31), 2 ** 31 - 1],
  int64: ['int64_t', -(2 ** 63), 2 ** 63 - 1024],
  float16: ['c10::Half', -65504, 65504],
  bfloat16: ['c10::BFloat16', -3.3895313892515355e38, 3.3895313892515355e38],
  float32: ['float', -3.4028234663852886e38, 3.4028234663852886e38],
  float64: ['double', -Number.MAX_VALUE, Number.MAX_VALUE],
} as const;

/**
 * The elements where the mask holds, as a vector. https://pytorch.org/docs/stable/generated/torch.masked_select.html
 * @example torch.maskedSelect(torch.tensor([1, 2, 3]), torch.tensor([true, false, true]))  // tensor([1, 3])
 */
export const maskedSelect: Op<[mask: Tensor]> = define('maskedSelect', 'input, mask', (input: Tensor, mask: Tensor) => {
  if (mask.dtype !== bool) throw new RuntimeError('masked_select: expected BoolTensor for mask');
  const sizes = broadcastSizes(input.sizes, mask.sizes);
  const [x, m] = [contiguousRaw(expand(input, sizes)), contiguousRaw(expand(mask, sizes))];
  const out = emptyOn(input, [countOf(m)]);
  if (out.sizes[0] > 0) runRoutine('masked_select', [out, x, m]);
  const shape = input.sizes;
  return record('maskedSelect', [input], out, [m], ({ grad }, [where]) => {
    const whole = zeros(where.sizes, { dtype: grad.dtype, device: grad.storage.device });
    return [sumToSize(maskedScatter(whole, where, grad), shape)];
  });
});
/** The number of elements that are not 0: a read. */
function countOf(t: Tensor): number {
  if (numelOf(t.sizes) === 0) return 0;
  const out = emptyOn(t, [], int64);
  runRoutine('count_nonzero', [out, t]);
  return Number(item(out));
}
/**
 * The elements of `source`, in order, where the mask holds. https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter.html
 * @example
 * torch.maskedScatter(torch.zeros(3), torch.tensor([true, false, true]), torch.tensor([1.5, 2.5]))
 * // tensor([1.5000, 0.0000, 2.5000])
 */
export const maskedScatter: Op<[mask: Tensor, source: Tensor]> = define(
  'maskedScatter',
  'input, mask, source',
  (input: Tensor, mask: Tensor, source: Tensor) => {
    if (mask.dtype !== bool)
      throw new RuntimeError(`masked_scatter_ only supports boolean masks, but got mask with dtype ${scalarTypeName(mask.dtype)}`);
    if (input.dtype !== source.dtype)
      throw new RuntimeError(
        `masked_scatter: expected self and source to have same dtypes but got ${scalarTypeName(input.dtype)} and ${scalarTypeName(source.dtype)}`,
      );
    const sizes = broadcastSizes(input.sizes, mask.sizes);
    const m = contiguousRaw(expand(mask, sizes));
    const base = expand(input, sizes);
    const out = emptyOn(input, sizes);
    copyRaw(out, base);
    const needed = countOf(m);
    if (needed > numelOf(source.sizes))
      throw new RuntimeError(
        `masked_scatter: expected self and source to have at least as many source elements as the mask has ones: the number of elements of source < number of ones in mask (${numelOf(source.sizes)} < ${needed})`,
      );
    if (numelOf(sizes) > 0) runRoutine('masked_scatter', [out, m, contiguousRaw(source)]);
    const shape = source.sizes;
    return record('maskedScatter', [base, source], out, [m], ({ grad }, [where]) => [
      () => maskedFill(grad, where, 0),
      () => maskedRest(grad, where, shape),
    ]);
  },
);
function maskedRest(grad: Tensor, mask: Tensor, shape: readonly number[]): Tensor {
  const taken = maskedSelect(grad, mask);
  const n = numelOf(shape);
  const padded = indexAdd(
    zeros([n], { dtype: grad.dtype, device: grad.storage.device }),
    0,
    sequence(taken.sizes[0], 0, 1, int64, grad.storage.device),
    taken,
  );
  return reshape(padded, shape);
}

/**
 * The indices of the elements that are not 0, a row each; `asTuple` gives a vector a dim.
 * https://pytorch.org/docs/stable/generated/torch.nonzero.html
 * @example
 * torch.nonzero(torch.tensor([0, 5, 6]))
 * // tensor([[1],
 * //         [2]])
 */
export const nonzero: {
  (input: Tensor, options: { asTuple: true }): Tensor[];
  (input: Tensor, options?: { asTuple?: false }): Tensor;
} = define('nonzero', 'input, *, asTuple?', (input: Tensor, asTuple = false) => (asTuple ? nonzeroTuple(input) : nonzeroRows(input)));
function nonzeroRows(input: Tensor): Tensor {
  const dense = contiguousRaw(input);
  const out = emptyOn(input, [countOf(dense), input.ndim], int64);
  if (numelOf(out.sizes) > 0) runRoutine('nonzero', [out, dense]);
  return out;
}
export const nonzeroTuple = (input: Tensor): Tensor[] => unbind(nonzeroRows(input.ndim === 0 ? unsqueeze(input, 0) : input), 1);
/**
 * The indices of the elements that are not 0. https://pytorch.org/docs/stable/generated/torch.argwhere.html
 * @example
 * torch.argwhere(torch.tensor([[0, 1], [2, 0]]))
 * // tensor([[0, 1],
 * //         [1, 0]])
 */
export const argwhere: Op = define('argwhere', 'input', (input: Tensor) => nonzeroRows(input));

// --- searching ------------------------------------------------------------------------------------------------------------------------------------------------

type SearchOptions = { outInt32: boolean; right: boolean; side: 'left' | 'right' | null; sorter: Tensor | null };
/**
 * Where each value would be inserted into a sorted sequence. https://pytorch.org/docs/stable/generated/torch.searchsorted.html
 * @example torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([1, 4]), { right: true })  // tensor([1, 2])
 */
export const searchsorted: (sortedSequence: Tensor, input: TensorLike, options?: Partial<SearchOptions>) => Tensor = define(
  'searchsorted',
  'sortedSequence, input, *, outInt32?, right?, side?, sorter?',
  (
    sorted: Tensor,
    values: TensorLike,
    outInt32 = false,
    right = false,
    side: 'left' | 'right' | null = null,
    sorter: Tensor | null = null,
  ) => {
    const input = isNumber(values) ? scalarTensor(values, sorted.dtype, sorted.storage.device) : values;
    checkSearch(sorted, input, isNumber(values), right, side, sorter);
    const dtype = resultType([sorted, input].map((t) => (t.ndim === 0 ? unsqueeze(t, 0) : t)));
    const out = emptyOn(input, input.sizes, outInt32 ? int32 : int64);
    if (numelOf(out.sizes) > 0)
      runIndexed(
        'searchsorted',
        [asRow(out), contiguousRaw(convert(sorted, dtype)), rowOf(convert(input, dtype)), sorter && contiguousRaw(sorter)],
        [side === 'right' || right],
      );
    return out;
  },
);
function checkSearch(sorted: Tensor, input: Tensor, isScalar: boolean, right: boolean, side: string | null, sorter: Tensor | null): void {
  if (side !== null && side !== 'left' && side !== 'right')
    throw new RuntimeError(`torch.searchsorted(): side can only be 'left' or 'right' but got ${side}`);
  if (side === 'left' && right)
    throw new RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True");
  if (isScalar && sorted.ndim !== 1)
    throw new RuntimeError(
      `torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(${sorted.ndim}) and input value's dim(0) numel(1)`,
    );
  if (sorted.ndim === 0)
    throw new RuntimeError('torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension');
  const leading = (t: Tensor): readonly number[] => t.sizes.slice(0, -1);
  if (sorted.ndim !== 1 && !(sorted.ndim === input.ndim && sameSizes(leading(sorted), leading(input)))) {
    throw new RuntimeError(
      `torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor ${formatShape(sorted.sizes)} and input value tensor ${formatShape(input.sizes)}`,
    );
  }
  if (sorter && !sameSizes(sorter.sizes, sorted.sizes))
    throw new RuntimeError(
      `torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor ${formatShape(sorted.sizes)} and got sorter tensor ${formatShape(sorter.sizes)}`,
    );
  if (sorter && sorter.dtype !== int64)
    throw new RuntimeError(`torch.searchsorted(): sorter must be a tensor of long dtype but got dtype ${scalarTypeName(sorter.dtype)}`);
}
/**
 * The bucket, between increasing boundaries, that each value falls into. https://pytorch.org/docs/stable/generated/torch.bucketize.html
 * @example torch.bucketize(torch.tensor([1, 4]), torch.tensor([1, 3, 5]))  // tensor([0, 2])
 */
export const bucketize: (input: TensorLike, boundaries: Tensor, options?: { outInt32?: boolean; right?: boolean }) => Tensor = define(
  'bucketize',
  'input, boundaries, *, outInt32?, right?',
  (input: TensorLike, boundaries: Tensor, outInt32 = false, right = false) => {
    if (boundaries.ndim !== 1)
      throw new RuntimeError(`bucketize(): boundaries tensor must be 1 dimension, but got dim(${boundaries.ndim})`);
    return searchsorted(boundaries, input, { outInt32, right });
  },
);
