/** Views: other sizes and strides over the same memory. Each has its gradient below it. */
import { type DType } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, inferSize, isContiguous as contiguousLayout, viewStrides, wrapDim, wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { clone, type MemoryFormat, stridesFor } from './memory.js';
import { define } from './define.js';
import type { Dims, Op } from './types.js';
import { inserted, makeView } from './make-view.js';

// --- reshaping ----------------------------------------------------------------------------------------------------------------------

/**
 * The same elements in another shape, without a copy. https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
 * @example
 * torch.arange(4).view(2, 2)
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
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

/**
 * The same elements in another shape; a copy only where strides demand it. https://pytorch.org/docs/stable/generated/torch.reshape.html
 * @example
 * torch.reshape(torch.arange(4), [2, -1])
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const reshape: (input: Tensor, ...shape: (number | readonly number[])[]) => Tensor = define(
  'reshape',
  'input, ...shape',
  (input: Tensor, shape: readonly number[]) =>
    reshapeTo('ViewBackward0', input, shape, (s) =>
      reshapeTo('UnsafeViewBackward0', clone(input, { memoryFormat: 'contiguous_format' }), s, () => input),
    ),
);
/**
 * `view` with the size of `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.view_as.html
 * @example
 * torch.arange(4).viewAs(torch.ones(2, 2))
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const viewAs: Op<[other: Tensor]> = define('viewAs', 'input, other', (input: Tensor, other: Tensor) => view(input, other.sizes));
/**
 * `reshape` to the size of `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html
 * @example
 * torch.arange(4).reshapeAs(torch.ones(2, 2))
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const reshapeAs: Op<[other: Tensor]> = define('reshapeAs', 'input, other', (input: Tensor, other: Tensor) =>
  reshape(input, other.sizes),
);

/**
 * Dims startDim…endDim as one. https://pytorch.org/docs/stable/generated/torch.flatten.html
 * @example torch.flatten(torch.ones(2, 3, 4), 1).shape  // torch.Size([2, 12])
 */
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
/**
 * All elements as one dim; a copy only where strides demand it. https://pytorch.org/docs/stable/generated/torch.ravel.html
 * @example torch.ravel(torch.tensor([[1, 2], [3, 4]]))  // tensor([1, 2, 3, 4])
 */
export const ravel: Op = define('ravel', 'input', (input: Tensor) => reshape(input, [-1]));
/**
 * One dim as several of the given sizes, of which one may be -1. https://pytorch.org/docs/stable/generated/torch.unflatten.html
 * @example torch.unflatten(torch.ones(2, 6), 1, [2, 3]).shape  // torch.Size([2, 2, 3])
 */
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

/**
 * A dim of size 1 put in at `dim`. https://pytorch.org/docs/stable/generated/torch.unsqueeze.html
 * @example
 * torch.unsqueeze(torch.tensor([1, 2]), 1)
 * // tensor([[1],
 * //         [2]])
 */
export const unsqueeze: Op<[dim: number]> = define('unsqueeze', 'input, dim', (input: Tensor, dim: number) => {
  const d = wrapDim(dim, input.ndim + 1);
  const stride = d < input.ndim ? input.sizes[d] * input.strides[d] : 1;
  return makeView('unsqueeze', input, inserted(input.sizes, d, 1), inserted(input.strides, d, stride), input.offset, (grad) =>
    squeeze(grad, d),
  );
});
/**
 * Dims of size 1 taken out: all, or those in `dim`. https://pytorch.org/docs/stable/generated/torch.squeeze.html
 * @example torch.squeeze(torch.ones(1, 3, 1)).shape  // torch.Size([3])
 */
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

/**
 * The dims in another order, as a view. https://pytorch.org/docs/stable/generated/torch.permute.html
 * @example torch.permute(torch.ones(2, 3, 4), [2, 0, 1]).shape  // torch.Size([4, 2, 3])
 */
export const permute: (input: Tensor, ...dims: (number | readonly number[])[]) => Tensor = define(
  'permute',
  'input, ...dims',
  (input: Tensor, dims: readonly number[]) => {
    if (dims.length !== input.ndim) {
      throw new RuntimeError(
        `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${input.ndim} is not equal to len(dims) = ${dims.length}`,
      );
    }
    const { sizes, strides, ndim } = input;
    const order = dims.map((d) => wrapDim(d, ndim));
    if (new Set(order).size !== order.length) throw new RuntimeError('permute(): duplicate dims are not allowed.');
    const inverse = order.map((_, d) => order.indexOf(d));
    return makeView(
      'permute',
      input,
      order.map((d) => sizes[d]),
      order.map((d) => strides[d]),
      input.offset,
      (grad) => permute(grad, inverse),
    );
  },
);

function swapped(input: Tensor, a: number, b: number): [number[], number[]] {
  const swap = (list: readonly number[]): number[] => list.map((x, d) => (d === a ? list[b] : d === b ? list[a] : x));
  return [swap(input.sizes), swap(input.strides)];
}
/**
 * Dims dim0 and dim1 swapped. https://pytorch.org/docs/stable/generated/torch.transpose.html
 * @example torch.transpose(torch.ones(2, 3, 4), 0, 2).shape  // torch.Size([4, 3, 2])
 */
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
/**
 * Alias of `transpose`.
 * @example torch.swapaxes(torch.ones(2, 3), 0, 1).shape  // torch.Size([3, 2])
 */
export const swapaxes: Op<[axis0: number, axis1: number]> = define(
  'swapaxes',
  'input, axis0, axis1',
  (input: Tensor, a: number, b: number) => transpose(input, a, b),
);
/**
 * Alias of `transpose`.
 * @example torch.swapdims(torch.ones(2, 3), 0, 1).shape  // torch.Size([3, 2])
 */
export const swapdims: Op<[dim0: number, dim1: number]> = define('swapdims', 'input, dim0, dim1', (input: Tensor, a: number, b: number) =>
  transpose(input, a, b),
);
/**
 * The transpose of a tensor of at most two dims. https://pytorch.org/docs/stable/generated/torch.t.html
 * @example
 * torch.t(torch.tensor([[1, 2], [3, 4]]))
 * // tensor([[1, 3],
 * //         [2, 4]])
 */
export const t: Op = define('t', 'input', (input: Tensor) => {
  if (input.ndim > 2) throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${input.ndim}D`);
  const [sizes, strides] = input.ndim < 2 ? [input.sizes, input.strides] : swapped(input, 0, 1);
  return makeView('TBackward0', input, sizes, strides, input.offset, (grad) => t(grad));
});
/**
 * Dims moved from the positions `source` to `destination`; the others keep their order.
 * https://pytorch.org/docs/stable/generated/torch.movedim.html
 * @example torch.movedim(torch.ones(2, 3, 4), 0, 2).shape  // torch.Size([3, 4, 2])
 */
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
/**
 * Alias of `movedim`.
 * @example torch.moveaxis(torch.ones(2, 3, 4), 0, 2).shape  // torch.Size([3, 4, 2])
 */
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

/**
 * Whether elements lie in row-major order, or in that of `memoryFormat`, without gaps. https://pytorch.org/docs/stable/generated/torch.Tensor.is_contiguous.html
 * @example torch.ones(2, 3).t().isContiguous()  // false
 */
export const isContiguous: Op<[], [], { memoryFormat: MemoryFormat }, boolean> = define(
  'isContiguous',
  'input, *, memoryFormat?',
  (input: Tensor, format: MemoryFormat = 'contiguous_format') => {
    if (!format.startsWith('channels_last')) return contiguousLayout(input.sizes, input.strides);
    if (input.ndim !== (format === 'channels_last' ? 4 : 5)) return false;
    return stridesFor(input, format).every((stride, d) => stride === input.strides[d] || input.sizes[d] === 1);
  },
);
