/** Views: other sizes and strides over the same memory. Each has its gradient below it. */
import { bool, type DType } from '../ir/dtype.js';
import { gradEdge, needsRecord, record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { checkSizes, formatShape, inferSize, isContiguous as contiguousLayout, viewStrides, wrapDim, wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { clone, copyInto, zeros } from './memory.js';
import { define, sumToSize } from './define.js';
import { alias, viewOps } from './inplace.js';
import type { Dims, Op } from './types.js';

/** A view of `input`, not recorded yet. */
export function viewOf(input: Tensor, sizes: readonly number[], strides: readonly number[], offset: number): Tensor {
  const view = new Tensor(input.storage, input.dtype, sizes, strides, offset);
  view.viewInfo = { base: input.viewInfo?.base ?? input, version: input.storage.version };
  view.inference = input.inference;
  return view;
}

/** A recorded view. */
function makeView(
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

const replaced = (list: readonly number[], at: number, value: number): number[] => list.map((x, i) => (i === at ? value : x));
const without = (list: readonly number[], at: number): number[] => list.filter((_, i) => i !== at);
const inserted = (list: readonly number[], at: number, value: number): number[] => [...list.slice(0, at), value, ...list.slice(at)];

// --- reshaping ----------------------------------------------------------------------------------------------------------------------

/** The same elements in another shape, without a copy. https://pytorch.org/docs/stable/generated/torch.Tensor.view.html */
export const view: (input: Tensor, ...size: (number | readonly number[] | DType | string)[]) => Tensor = define(
  'view',
  'input, ...size',
  (input: Tensor, size: readonly number[]) => {
    if (!Array.isArray(size)) return viewDtype(input, size as unknown as DType);
    return reshapeTo('ViewBackward0', input, size, () => {
      throw new RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
      );
    });
  },
);

/** The same memory read as another dtype of the same or another element size; set by `convert.ts`. */
export let viewDtype: (input: Tensor, dtype: DType | string) => Tensor;
export const setViewDtype = (f: typeof viewDtype): void => void (viewDtype = f);

function reshapeTo(name: string, input: Tensor, size: readonly number[], otherwise: (shape: readonly number[]) => Tensor): Tensor {
  const shape = inferSize(size, numelOf(input.sizes));
  const strides = viewStrides(input.sizes, input.strides, shape);
  if (!strides) return otherwise(shape);
  const { sizes } = input;
  return makeView(name, input, shape, strides, input.offset, (grad) => reshape(grad, sizes));
}

/** The same elements in another shape; a copy only where strides demand it. https://pytorch.org/docs/stable/generated/torch.reshape.html */
export const reshape: (input: Tensor, ...shape: (number | readonly number[])[]) => Tensor = define(
  'reshape',
  'input, ...shape',
  (input: Tensor, shape: readonly number[]) =>
    reshapeTo('ViewBackward0', input, shape, (s) =>
      reshapeTo('UnsafeViewBackward0', clone(input, { memoryFormat: 'contiguous_format' }), s, () => input),
    ),
);
export const viewAs: Op<[other: Tensor]> = define('viewAs', 'input, other', (input: Tensor, other: Tensor) => view(input, other.sizes));
export const reshapeAs: Op<[other: Tensor]> = define('reshapeAs', 'input, other', (input: Tensor, other: Tensor) =>
  reshape(input, other.sizes),
);

/** Dims startDim…endDim as one. https://pytorch.org/docs/stable/generated/torch.flatten.html */
export const flatten: Op<[], [startDim: number, endDim: number], { startDim: number; endDim: number }> = define(
  'flatten',
  'input, startDim?, endDim?',
  (input: Tensor, startDim = 0, endDim = -1) => {
    const [start, end] = [wrapDim(startDim, input.ndim), wrapDim(endDim, input.ndim)];
    if (start > end) throw new RuntimeError('flatten() has invalid args: start_dim cannot come after end_dim');
    if (input.ndim === 0) return reshape(input, [1]);
    if (start === end) return input;
    return reshape(input, [...input.sizes.slice(0, start), numelOf(input.sizes.slice(start, end + 1)), ...input.sizes.slice(end + 1)]);
  },
);
/** One dim. */
export const ravel: Op = define('ravel', 'input', (input: Tensor) => reshape(input, [-1]));
/** One dim as several. https://pytorch.org/docs/stable/generated/torch.unflatten.html */
export const unflatten: Op<[dim: number, sizes: readonly number[]]> = define(
  'unflatten',
  'input, dim, sizes',
  (input: Tensor, dim: number, sizes: readonly number[]) => {
    const d = wrapDim(dim, input.ndim);
    if (sizes.length === 0) throw new RuntimeError('unflatten: sizes must be non-empty');
    const n = input.sizes[d];
    const known = sizes.reduce((p, s) => (s === -1 ? p : p * s), 1);
    if (!sizes.includes(-1) && known !== n) {
      throw new RuntimeError(
        `unflatten: Provided sizes ${formatShape(sizes)} don't multiply up to the size of dim ${d} (${n}) in the input tensor`,
      );
    }
    return view(input, [...input.sizes.slice(0, d), ...inferSize(sizes, n), ...input.sizes.slice(d + 1)]);
  },
);

/** A dim of size 1 put in at `dim`. https://pytorch.org/docs/stable/generated/torch.unsqueeze.html */
export const unsqueeze: Op<[dim: number]> = define('unsqueeze', 'input, dim', (input: Tensor, dim: number) => {
  const d = wrapDim(dim, input.ndim + 1);
  const stride = d < input.ndim ? input.sizes[d] * input.strides[d] : 1;
  return makeView('unsqueeze', input, inserted(input.sizes, d, 1), inserted(input.strides, d, stride), input.offset, (grad) =>
    squeeze(grad, d),
  );
});
/** Dims of size 1 taken out: all, or those in `dim`. https://pytorch.org/docs/stable/generated/torch.squeeze.html */
export const squeeze: Op<[], [dim: Dims], { dim: Dims }> = define('squeeze', 'input, dim?', (input: Tensor, dim?: Dims) => {
  const dims = dim === undefined ? wrapDims(null, input.ndim) : Array.isArray(dim) && dim.length === 0 ? [] : wrapDims(dim, input.ndim);
  const keep = input.sizes.map((n, d) => !(n === 1 && dims.includes(d)));
  const { sizes } = input;
  const name = dim === undefined ? 'SqueezeBackward0' : typeof dim === 'number' ? 'SqueezeBackward1' : 'SqueezeBackward2';
  return makeView(
    name,
    input,
    sizes.filter((_, d) => keep[d]),
    input.strides.filter((_, d) => keep[d]),
    input.offset,
    (grad) => reshape(grad, sizes),
  );
});

// --- order of dims ------------------------------------------------------------------------------------------------------------------

/** Dims in another order. https://pytorch.org/docs/stable/generated/torch.permute.html */
export const permute: (input: Tensor, ...dims: (number | readonly number[])[]) => Tensor = define(
  'permute',
  'input, ...dims',
  (input: Tensor, dims: readonly number[]) => {
    if (dims.length !== input.ndim) {
      throw new RuntimeError(
        `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${input.ndim} is not equal to len(dims) = ${dims.length}`,
      );
    }
    const order = dims.map((d) => wrapDim(d, input.ndim));
    if (new Set(order).size !== order.length) throw new RuntimeError('permute(): duplicate dims are not allowed.');
    const inverse = order.map((_, d) => order.indexOf(d));
    return makeView(
      'permute',
      input,
      order.map((d) => input.sizes[d]),
      order.map((d) => input.strides[d]),
      input.offset,
      (grad) => permute(grad, inverse),
    );
  },
);

function swapped(input: Tensor, a: number, b: number): [number[], number[]] {
  const swap = (list: readonly number[]): number[] => list.map((x, d) => (d === a ? list[b] : d === b ? list[a] : x));
  return [swap(input.sizes), swap(input.strides)];
}
/** Dims dim0 and dim1 swapped. https://pytorch.org/docs/stable/generated/torch.transpose.html */
export const transpose: Op<[dim0: number, dim1: number]> = define(
  'transpose',
  'input, dim0, dim1',
  (input: Tensor, dim0: number, dim1: number) => {
    const [a, b] = [wrapDim(dim0, input.ndim), wrapDim(dim1, input.ndim)];
    if (input.ndim === 0) return makeView('transpose', input, [], [], input.offset, (grad) => grad);
    const [sizes, strides] = swapped(input, a, b);
    return makeView('transpose', input, sizes, strides, input.offset, (grad) => transpose(grad, a, b));
  },
);
export const swapaxes: Op<[axis0: number, axis1: number]> = define(
  'swapaxes',
  'input, axis0, axis1',
  (input: Tensor, a: number, b: number) => transpose(input, a, b),
);
export const swapdims: Op<[dim0: number, dim1: number]> = define('swapdims', 'input, dim0, dim1', (input: Tensor, a: number, b: number) =>
  transpose(input, a, b),
);
/** The transpose of a tensor of at most two dims. */
export const t: Op = define('t', 'input', (input: Tensor) => {
  if (input.ndim > 2) throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${input.ndim}D`);
  const [sizes, strides] = input.ndim < 2 ? [input.sizes, input.strides] : swapped(input, 0, 1);
  return makeView('TBackward0', input, sizes, strides, input.offset, (grad) => t(grad));
});
/** Dims moved to other places. https://pytorch.org/docs/stable/generated/torch.movedim.html */
export const movedim: Op<[source: Dims, destination: Dims]> = define(
  'movedim',
  'input, source, destination',
  (input: Tensor, source: Dims, destination: Dims) => {
    const [from, to] = [source, destination].map((d) => (typeof d === 'number' ? [d] : d));
    if (from.length !== to.length) {
      throw new RuntimeError(
        `movedim: Invalid source or destination dims: source (${formatShape(from)} dims) should contain the same number of dims as destination (${formatShape(to)} dims)`,
      );
    }
    const [src, dst] = [from, to].map((list, k) => {
      const dims = list.map((d) => wrapDim(d, input.ndim));
      if (new Set(dims).size !== dims.length)
        throw new RuntimeError(`movedim: repeated dim in \`${k ? 'destination' : 'source'}\` (${formatShape(list)})`);
      return dims;
    });
    if (input.ndim === 0) return input;
    const rest = input.sizes.map((_, d) => d).filter((d) => !src.includes(d));
    return permute(
      input,
      input.sizes.map((_, d) => (dst.includes(d) ? src[dst.indexOf(d)] : (rest.shift() as number))),
    );
  },
);
export const moveaxis: Op<[source: Dims, destination: Dims]> = define(
  'moveaxis',
  'input, source, destination',
  (input: Tensor, s: Dims, d: Dims) => movedim(input, s, d),
);
/** All dims reversed (`x.T`), the last two swapped (`x.mT`), and these conjugated (`x.H`, `x.mH`). */
export const numpyT = (input: Tensor): Tensor =>
  permute(
    input,
    input.sizes.map((_, d) => input.ndim - 1 - d),
  );
export const matrixT = (input: Tensor): Tensor => {
  if (input.ndim < 2) throw new RuntimeError(`tensor.mT is only supported on matrices or batches of matrices. Got ${input.ndim}-D tensor.`);
  return transpose(input, -2, -1);
};

// --- parts -------------------------------------------------------------------------------------------------------------------------------

/** Element `index` along `dim`, which goes away. https://pytorch.org/docs/stable/generated/torch.select.html */
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

/** Elements start, start + step, … below end. https://pytorch.org/docs/stable/generated/torch.narrow.html has the special case `narrow`. */
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
/** `length` elements from `start` on. */
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

/** All slices along `dim`. https://pytorch.org/docs/stable/generated/torch.unbind.html */
export const unbind: Op<[], [dim: number], { dim: number }, Tensor[]> = define('unbind', 'input, dim?', (input: Tensor, dim = 0) => {
  const d = wrapDim(dim, input.ndim);
  if (input.ndim === 0) throw new RuntimeError('Dimension specified as 0 but tensor has no dimensions');
  return Array.from({ length: input.sizes[d] }, (_, i) => select(input, d, i));
});
// --- broadcasting and strides --------------------------------------------------------------------------------------------------------

/** Dims of size 1 repeated to `size` without a copy; -1 keeps a size. https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html */
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
    const shape = size.map((n, d) => {
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
      return want;
    });
    checkSizes(shape);
    const { sizes } = input;
    return makeView('expand', input, shape, strides, input.offset, (grad) => sumToSize(grad, sizes));
  },
);
export const expandAs: Op<[other: Tensor]> = define('expandAs', 'input, other', (input: Tensor, other: Tensor) =>
  expand(input, other.sizes),
);
export const broadcastTo: Op<[size: readonly number[]]> = define(
  'broadcastTo',
  'input, ...size',
  (input: Tensor, size: readonly number[]) => expand(input, size),
);

/** Any view of the storage. https://pytorch.org/docs/stable/generated/torch.as_strided.html */
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

/** A diagonal as the last dim. https://pytorch.org/docs/stable/generated/torch.diagonal.html */
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

/** Windows of `size` every `step` along a dim, as a new last dim. https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html */
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

/** Whether elements lie in row-major order without gaps. */
export const isContiguous: Op<[], [], object, boolean> = define('isContiguous', 'input, *, memoryFormat?', (input: Tensor) =>
  contiguousLayout(input.sizes, input.strides),
);
