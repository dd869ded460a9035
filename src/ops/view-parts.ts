/** Parts of tensors as views, and views by sizes and strides. */
import { bool } from '../ir/dtype.js';
import { noGrad } from '../autograd/modes.js';
import { gradEdge, needsRecord, record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { checkSizes, formatShape, wrapDim } from '../tensor/shape.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { copyInto, fillRaw, zeros } from './memory.js';
import { sumToSize } from './apply.js';
import { define } from './define.js';
import { alias, viewOps } from './inplace.js';
import type { Op } from './types.js';
import { makeView, makeViews, replaced, without } from './make-view.js';

// --- parts -------------------------------------------------------------------------------------------------------------------------------

/**
 * Element `index` along `dim`, which goes away. https://pytorch.org/docs/stable/generated/torch.select.html
 * @example torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)  // tensor([1, 3])
 */
export const select: Op<[dim: number, index: number]> = define(
  'select',
  'input, dim, index',
  (input: Tensor, dim: number, index: number) => {
    if (input.ndim === 0) throw new IndexError('select() cannot be applied to a 0-dim tensor.');
    const d = wrapDim(dim, input.ndim);
    const n = input.sizes[d];
    if (!Number.isInteger(index)) throw new TypeError(`select(): argument 'index' must be int, not ${String(index)}`);
    if (index < -n || index >= n)
      throw new IndexError(`select(): index ${index} out of range for tensor of size ${formatShape(input.sizes)} at dimension ${d}`);
    const i = index < 0 ? index + n : index;
    const { sizes } = input;
    return makeView('select', input, without(sizes, d), without(input.strides, d), input.offset + i * input.strides[d], (grad) =>
      embedded(grad, sizes, (zero) => select(zero, d, i)),
    );
  },
);

/** Zeros of `sizes` with `grad` in the region that `region` takes out: differentiable. */
function embedded(grad: Tensor, sizes: readonly number[], region: (t: Tensor) => Tensor): Tensor {
  const whole = zeros(sizes, { dtype: grad.dtype, device: grad.storage.device });
  copyInto(region(whole), grad);
  return gradEdge(grad) && needsRecord([grad]) ? record('embed', [grad], alias(whole), [], ({ grad: g }) => [region(g)]) : whole;
}

/** Gradients of parts that together are all of `sizes`, put together: differentiable. Parts without a gradient are zero. */
export function assembled(grads: readonly (Tensor | null)[], sizes: readonly number[], parts: (t: Tensor) => Tensor[]): Tensor {
  const like = grads.find((g) => g !== null) as Tensor;
  const whole = emptyTensor(like.storage.device, like.dtype, sizes);
  noGrad(() => parts(whole).forEach((part, k) => (grads[k] ? copyInto(part, grads[k]) : fillRaw(part, 0))));
  return record('assemble', grads, whole, [], ({ grad: g }) => parts(g));
}

/**
 * Elements start, start + step, … below end along `dim`: what `x.at(':', '1:6:2')` does.
 * https://pytorch.org/docs/stable/generated/torch.narrow.html
 * @example torch.arange(6).slice(0, 1, 6, 2)  // tensor([1, 3, 5])
 */
export const slice: Op<[], [dim: number, start: number | null, end: number | null, step: number], object> = define(
  'slice',
  'input, dim?, start?, end?, step?',
  (input: Tensor, dim = 0, start: number | null = null, end: number | null = null, step = 1) => {
    if (input.ndim === 0) throw new IndexError('slice() cannot be applied to a 0-dim tensor.');
    if (step <= 0) throw new RuntimeError('slice step must be positive');
    const d = wrapDim(dim, input.ndim);
    const n = input.sizes[d];
    const clampIndex = (i: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
    const from = clampIndex(start ?? 0);
    const to = Math.max(clampIndex(end ?? n), from);
    const { sizes } = input;
    const count = Math.ceil((to - from) / step);
    return makeView(
      'slice',
      input,
      replaced(sizes, d, count),
      replaced(input.strides, d, input.strides[d] * step),
      input.offset + (count > 0 || n > 0 ? from : 0) * input.strides[d],
      (grad) => embedded(grad, sizes, (zero) => slice(zero, d, from, to, step)),
    );
  },
);
/**
 * `length` elements from `start` on. https://pytorch.org/docs/stable/generated/torch.narrow.html
 * @example torch.narrow(torch.arange(5), 0, 1, 3)  // tensor([1, 2, 3])
 */
export const narrow: Op<[dim: number, start: number | Tensor, length: number]> = define(
  'narrow',
  'input, dim, start, length',
  (input: Tensor, dim: number, start: number | Tensor, length: number) => {
    if (input.ndim === 0) throw new RuntimeError('narrow() cannot be applied to a 0-dim tensor.');
    if (length < 0) throw new RuntimeError('narrow(): length must be non-negative.');
    const d = wrapDim(dim, input.ndim);
    const n = input.sizes[d];
    const at = typeof start === 'number' ? start : startOf(start);
    if (at < -n || at > n) throw new IndexError(`start out of range (expected to be in range of [${-n}, ${n}], but got ${at})`);
    const from = at < 0 ? at + n : at;
    if (from + length > n) throw new RuntimeError(`start (${from}) + length (${length}) exceeds dimension size (${n}).`);
    return slice(input, d, from, from + length);
  },
);
function startOf(start: Tensor): number {
  if (start.ndim !== 0 || start.dtype.category > 1 || start.dtype === bool)
    throw new RuntimeError('start must be an 0-dim integral Tensor.');
  return readIndex(start);
}
/** Reads an integer out of a 0-dim tensor; set by `read.ts`. */
export let readIndex: (t: Tensor) => number;
export const setReadIndex = (f: typeof readIndex): void => void (readIndex = f);

/**
 * All slices along `dim`, as views without that dim. https://pytorch.org/docs/stable/generated/torch.unbind.html
 * @example torch.unbind(torch.tensor([[1, 2], [3, 4]]))  // [ tensor([1, 2]), tensor([3, 4]) ]
 */
export const unbind: Op<[], [dim: number], { dim: number }, Tensor[]> = define('unbind', 'input, dim?', (input: Tensor, dim = 0) => {
  const d = wrapDim(dim, input.ndim);
  if (input.ndim === 0) throw new RuntimeError('Dimension specified as 0 but tensor has no dimensions');
  const { sizes, strides, offset } = input;
  const part = { sizes: without(sizes, d), strides: without(strides, d) };
  const views = Array.from({ length: sizes[d] }, (_, i) => ({ ...part, offset: offset + i * strides[d] }));
  return makeViews('unbind', input, views, (grads) => assembled(grads, sizes, (whole) => unbind(whole, d)));
});
// --- broadcasting and strides --------------------------------------------------------------------------------------------------------

/**
 * Dims of size 1 repeated to `size` without a copy; -1 keeps a size. https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
 * @example
 * torch.tensor([[1], [2]]).expand(2, 3)
 * // tensor([[1, 1, 1],
 * //         [2, 2, 2]])
 */
export const expand: (input: Tensor, ...size: (number | readonly number[])[]) => Tensor = define(
  'expand',
  'input, ...size, *, implicit?',
  (input: Tensor, size: readonly number[]) => {
    if (size.length < input.ndim) {
      throw new RuntimeError(
        `expand(torch.${input.dtype.name}{${formatShape(input.sizes)}}, size=${formatShape(size)}): the number of sizes provided (${size.length}) must be greater or equal to the number of dimensions in the tensor (${input.ndim})`,
      );
    }
    const lead = size.length - input.ndim;
    const strides = new Array<number>(size.length).fill(0);
    const shape = [...size];
    // As PyTorch, which tells of the last dim that does not fit.
    for (let d = size.length - 1; d >= 0; d--) {
      const n = size[d];
      const own = d < lead ? 1 : input.sizes[d - lead];
      if (n === -1 && d < lead)
        throw new RuntimeError(`The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${d}`);
      const want = n === -1 ? own : n;
      if (want < 0 || (own !== 1 && want !== own)) {
        throw new RuntimeError(
          `The expanded size of the tensor (${want}) must match the existing size (${own}) at non-singleton dimension ${d}.  Target sizes: ${formatShape(size)}.  Tensor sizes: ${formatShape(input.sizes)}`,
        );
      }
      if (d >= lead && (own !== 1 || want === 1)) strides[d] = input.strides[d - lead];
      shape[d] = want;
    }
    checkSizes(shape);
    const { sizes } = input;
    return makeView('expand', input, shape, strides, input.offset, (grad) => sumToSize(grad, sizes));
  },
);
/**
 * `expand` to the size of `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html
 * @example
 * torch.tensor([1, 2]).expandAs(torch.ones(2, 2))
 * // tensor([[1, 2],
 * //         [1, 2]])
 */
export const expandAs: Op<[other: Tensor]> = define('expandAs', 'input, other', (input: Tensor, other: Tensor) =>
  expand(input, other.sizes),
);
/**
 * Alias of `expand` with the size as an array.
 * @example
 * torch.broadcastTo(torch.tensor([1, 2]), [2, 2])
 * // tensor([[1, 2],
 * //         [1, 2]])
 */
export const broadcastTo: Op<[size: readonly number[]]> = define(
  'broadcastTo',
  'input, ...size',
  (input: Tensor, size: readonly number[]) => expand(input, size),
);

/**
 * A view with any sizes, strides and offset over the same memory. https://pytorch.org/docs/stable/generated/torch.as_strided.html
 * @example
 * torch.asStrided(torch.arange(4), [3, 2], [1, 1])
 * // tensor([[0, 1],
 * //         [1, 2],
 * //         [2, 3]])
 */
export const asStrided: Op<
  [size: readonly number[], stride: readonly number[]],
  [storageOffset: number | null],
  { storageOffset: number | null }
> = define(
  'asStrided',
  'input, size, stride, storageOffset?',
  (input: Tensor, size: readonly number[], stride: readonly number[], storageOffset: number | null = null) => {
    const offset = storageOffset ?? input.offset;
    checkStrided(input, size, stride, offset);
    const [whole, region] = [alias(input), new Tensor(input.storage, input.dtype, size, stride, offset)];
    return makeView('asStrided', input, size, stride, offset, (grad) => viewOps.regionGradient(grad, whole, region));
  },
);
function checkStrided(input: Tensor, size: readonly number[], stride: readonly number[], offset: number): void {
  checkSizes(size);
  if (size.length !== stride.length) throw new RuntimeError('mismatch in length of strides and shape');
  if (stride.some((s) => s < 0))
    throw new RuntimeError(`as_strided: Negative strides are not supported at the moment, got strides: ${formatShape(stride)}`);
  if (offset < 0) throw new RuntimeError(`Tensor: invalid storage offset ${offset}`);
  const { itemsize } = input.dtype;
  const needed = size.includes(0) ? 0 : (offset + size.reduce((n, s, d) => n + (s - 1) * stride[d], 1)) * itemsize;
  if (!Number.isSafeInteger(needed) || needed > input.storage.buffer.bytes) {
    throw new RuntimeError(
      `setStorage: sizes ${formatShape(size)}, strides ${formatShape(stride)}, storage offset ${offset}, and itemsize ${itemsize} requiring a storage size of ${needed} are out of bounds for storage of size ${input.storage.buffer.bytes}`,
    );
  }
}

/**
 * A diagonal as the last dim. https://pytorch.org/docs/stable/generated/torch.diagonal.html
 * @example torch.diagonal(torch.tensor([[1, 2], [3, 4]]))  // tensor([1, 4])
 */
export const diagonal: Op<[], [offset: number, dim1: number, dim2: number], { offset: number; dim1: number; dim2: number }> = define(
  'diagonal',
  'input, offset?, dim1?, dim2?',
  (input: Tensor, offset = 0, dim1 = 0, dim2 = 1) => {
    const [a, b] = [wrapDim(dim1, input.ndim), wrapDim(dim2, input.ndim)];
    if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
    const length = Math.max(
      0,
      offset >= 0 ? Math.min(input.sizes[a], input.sizes[b] - offset) : Math.min(input.sizes[a] + offset, input.sizes[b]),
    );
    const start = length === 0 ? 0 : offset >= 0 ? offset * input.strides[b] : -offset * input.strides[a];
    const keep = (list: readonly number[]): number[] => list.filter((_, d) => d !== a && d !== b);
    const { sizes } = input;
    return makeView(
      'diagonal',
      input,
      [...keep(sizes), length],
      [...keep(input.strides), input.strides[a] + input.strides[b]],
      input.offset + start,
      (grad) => embedded(grad, sizes, (zero) => diagonal(zero, offset, a, b)),
    );
  },
);

/**
 * Windows of `size` every `step` along a dim, as a new last dim. https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
 * @example
 * torch.arange(5).unfold(0, 3, 1)
 * // tensor([[0, 1, 2],
 * //         [1, 2, 3],
 * //         [2, 3, 4]])
 */
export const unfold: Op<[dimension: number, size: number, step: number]> = define(
  'unfold',
  'input, dimension, size, step',
  (input: Tensor, dimension: number, size: number, step: number) => {
    const d = wrapDim(dimension, input.ndim);
    const n = input.ndim === 0 ? 1 : input.sizes[d];
    if (size < 0) throw new RuntimeError(`size is ${size} but must be >= 0`);
    if (size > n) throw new RuntimeError(`maximum size for tensor at dimension ${d} is ${n} but size is ${size}`);
    if (step <= 0) throw new RuntimeError(`step is ${step} but must be > 0`);
    const [sizes, strides] = input.ndim === 0 ? [[1], [1]] : [input.sizes, input.strides];
    const windows = Math.floor((n - size) / step) + 1;
    const shape = input.ndim === 0 ? [size] : [...replaced(sizes, d, windows), size];
    const steps = input.ndim === 0 ? [1] : [...replaced(strides, d, strides[d] * step), strides[d]];
    const [whole, region] = [alias(input), new Tensor(input.storage, input.dtype, shape, steps, input.offset)];
    return makeView('unfold', input, shape, steps, input.offset, (grad) => viewOps.regionGradient(grad, whole, region));
  },
);
