/** Joining tensors, and rearrangements that copy. */
import type { DType } from '../ir/dtype.js';
import { type Backward, metaOf, type OutputMeta, record, nameNode } from '../autograd/node.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { isNumber, resultType } from '../tensor/promote.js';
import { broadcastSizes, formatShape, sameSizes, wrapDim } from '../tensor/shape.js';
import { numelOf, type Size, sizeOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { define, scalarTypeName } from './define.js';
import { describe } from './messages.js';
import { commonDevice } from './launch.js';
import { clone, copyInto, fresh, zeros as rawZeros } from './memory.js';
import { selectWhere } from './pointwise.js';
import { scalarTensor } from './scalar.js';
import { nonzeroTuple } from './select.js';
import { chunk, expand, narrow, reshape, tensorSplit, unsqueeze, unwatched } from './view.js';
import type { Dims, Op, TensorLike } from './types.js';

type Join = (tensors: readonly Tensor[], dim?: number | { dim?: number }) => Tensor;

function checkList(name: string, tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors))
    throw new TypeError(
      `${name}(): argument 'tensors' (position 1) must be tuple of Tensors, not ${tensors instanceof Tensor ? 'Tensor' : typeof tensors}`,
    );
  if (tensors.length === 0)
    throw name.endsWith('stack')
      ? new RuntimeError(`${name} expects a non-empty TensorList`)
      : new ValueError(`torch.${name}(): expected a non-empty list of Tensors`);
  tensors.forEach((t, i) => {
    if (!(t instanceof Tensor)) throw new TypeError(`expected Tensor as element ${i} in argument 0, but got ${describe(t)}`);
  });
}

/** 1-dim empty tensors are left out, as in PyTorch. */
const isLegacyEmpty = ({ sizes }: OutputMeta): boolean => sizes.length === 1 && sizes[0] === 0;

function checkJoinable(first: Tensor, t: Tensor, i: number, d: number): void {
  if (t.ndim !== first.ndim) throw new RuntimeError(`Tensors must have same number of dimensions: got ${first.ndim} and ${t.ndim}`);
  t.sizes.forEach((n, k) => {
    if (k !== d && n !== first.sizes[k]) {
      throw new RuntimeError(
        `Sizes of tensors must match except in dimension ${d}. Expected size ${first.sizes[k]} but got size ${n} for tensor number ${i} in the list.`,
      );
    }
  });
}

/** The gradients of what was joined along `d`, of which `metas` and `parts` are all that is kept. */
const partsOfGradient =
  (metas: readonly OutputMeta[], parts: readonly number[], d: number): Backward =>
  ({ grad }) => {
    let from = 0;
    return metas.map((meta, i) => {
      const [at, length] = [from, parts[i]];
      from += length;
      return () => (isLegacyEmpty(meta) ? narrow(reshape(grad, [-1]), 0, 0, 0) : convert(narrow(grad, d, at, length), meta.dtype));
    });
  };

/**
 * Joins tensors along a dim that they have. https://pytorch.org/docs/stable/generated/torch.cat.html
 * @example torch.cat([torch.tensor([1, 2]), torch.tensor([3])])  // tensor([1, 2, 3])
 */
export const cat: Join = define('cat', 'tensors, dim?', (tensors: readonly Tensor[], dim = 0) => {
  checkList('cat', tensors);
  tensors.forEach((t, i) => {
    if (t.ndim === 0) throw new RuntimeError(`zero-dimensional tensor (at position ${i}) cannot be concatenated`);
  });
  const dtype = resultType(tensors);
  const filled = tensors.filter((t) => !isLegacyEmpty(t));
  const solid = filled.length > 0 ? filled : tensors;
  const d = wrapDim(dim, solid[0].ndim);
  tensors.forEach((t, i) => isLegacyEmpty(t) || checkJoinable(solid[0], t, i, d));
  const parts = tensors.map((t) => (isLegacyEmpty(t) ? 0 : t.sizes[d]));
  const sizes = solid[0].sizes.map((n, k) => (k === d ? parts.reduce((a, b) => a + b, 0) : n));
  const out = emptyTensor(commonDevice(tensors), dtype, sizes);
  let start = 0;
  tensors.forEach((t, i) => {
    if (numelOf(t.sizes) > 0) copyInto(new Tensor(out.storage, dtype, t.sizes, out.strides, start * out.strides[d]), t);
    start += parts[i];
  });
  return record('cat', tensors, fresh(out), [], partsOfGradient(tensors.map(metaOf), parts, d));
});
/** Alias of `cat`. */
export const concat: Join = cat;
/** Alias of `cat`. */
export const concatenate: Join = cat;

/**
 * Joins tensors along a new dim. https://pytorch.org/docs/stable/generated/torch.stack.html
 * @example
 * torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])], 1)
 * // tensor([[1, 3],
 * //         [2, 4]])
 */
export const stack: Join = define('stack', 'tensors, dim?', (tensors: readonly Tensor[], dim = 0) => {
  checkList('stack', tensors);
  tensors.forEach((t, i) => {
    if (!sameSizes(t.sizes, tensors[0].sizes)) {
      throw new RuntimeError(
        `stack expects each tensor to be equal size, but got ${formatShape(tensors[0].sizes)} at entry 0 and ${formatShape(t.sizes)} at entry ${i}`,
      );
    }
  });
  const d = wrapDim(dim, tensors[0].ndim + 1);
  const columns = tensors.map((t) => unsqueeze(t, d));
  return nameNode('stack', cat(columns, d));
});

type JoinAll = (tensors: readonly Tensor[]) => Tensor;
const joining = (name: string, prepare: (t: Tensor) => Tensor, dimOf: (t: Tensor) => number): JoinAll =>
  define<JoinAll>(name, 'tensors', (tensors: readonly Tensor[]) => {
    checkList(name, tensors);
    const ready = tensors.map(prepare);
    return cat(ready, dimOf(ready[0]));
  });
/** `input` with at least 1, 2 or 3 dims; several tensors, or a list, give a list. */
type AtLeast = { (input: Tensor): Tensor; (input: readonly Tensor[]): Tensor[]; (...tensors: Tensor[]): Tensor[] };
const atLeast = (name: string, f: (t: Tensor) => Tensor): AtLeast =>
  Object.assign(
    (first: Tensor | readonly Tensor[], ...rest: Tensor[]) =>
      Array.isArray(first) ? (first as Tensor[]).map(f) : rest.length ? [first as Tensor, ...rest].map(f) : f(first as Tensor),
    { opName: name },
  ) as AtLeast;
const one = (t: Tensor): Tensor => (t.ndim === 0 ? reshape(t, [1]) : t);
const two = (t: Tensor): Tensor => (t.ndim === 0 ? reshape(t, [1, 1]) : t.ndim === 1 ? unsqueeze(t, 0) : t);
const three = (t: Tensor): Tensor => (t.ndim < 2 ? unsqueeze(unsqueeze(one(t), 0), -1) : t.ndim === 2 ? unsqueeze(t, -1) : t);
/**
 * Tensors with at least one dim: a 0-dim tensor as one of one element. https://pytorch.org/docs/stable/generated/torch.atleast_1d.html
 * @example torch.atleast1d(torch.tensor(5))  // tensor([5])
 */
export const atleast1d: AtLeast = atLeast('atleast1d', one);
/**
 * Tensors with at least two dims; a new one comes first. https://pytorch.org/docs/stable/generated/torch.atleast_2d.html
 * @example torch.atleast2d(torch.tensor([1, 2]))  // tensor([[1, 2]])
 */
export const atleast2d: AtLeast = atLeast('atleast2d', two);
/**
 * Tensors with at least three dims: (n) becomes (1, n, 1), (m, n) becomes (m, n, 1).
 * https://pytorch.org/docs/stable/generated/torch.atleast_3d.html
 * @example torch.atleast3d(torch.tensor([1, 2])).shape  // torch.Size([1, 2, 1])
 */
export const atleast3d: AtLeast = atLeast('atleast3d', three);
/**
 * Tensors joined along the second dim; those of one dim along the first. https://pytorch.org/docs/stable/generated/torch.hstack.html
 * @example torch.hstack([torch.tensor([1, 2]), torch.tensor([3])])  // tensor([1, 2, 3])
 */
export const hstack: JoinAll = joining('hstack', one, (t) => (t.ndim === 1 ? 0 : 1));
/**
 * Tensors below each other; those of one dim become a row each. https://pytorch.org/docs/stable/generated/torch.vstack.html
 * @example
 * torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
 * // tensor([[1, 2],
 * //         [3, 4]])
 */
export const vstack: JoinAll = joining('vstack', two, () => 0);
/** Alias of `vstack`. */
export const rowStack: JoinAll = vstack;
/**
 * Tensors joined along the third dim. https://pytorch.org/docs/stable/generated/torch.dstack.html
 * @example torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])]).shape  // torch.Size([1, 2, 2])
 */
export const dstack: JoinAll = joining('dstack', three, () => 2);
/**
 * Tensors side by side as columns; those of one dim become a column each. https://pytorch.org/docs/stable/generated/torch.column_stack.html
 * @example
 * torch.columnStack([torch.tensor([1, 2]), torch.tensor([3, 4])])
 * // tensor([[1, 3],
 * //         [2, 4]])
 */
export const columnStack: JoinAll = joining(
  'columnStack',
  (t) => (t.ndim < 2 ? reshape(t, [numelOf(t.sizes), 1]) : t),
  () => 1,
);

type SplitParts = Op<[indicesOrSections: Dims], [], object, Tensor[]>;
const splitting = (name: string, least: number, dimOf: (t: Tensor) => number): SplitParts =>
  define<SplitParts>(name, 'input, indicesOrSections', (input: Tensor, parts: Dims) => {
    if (input.ndim < least)
      throw new RuntimeError(
        `torch.${name} requires a tensor with at least ${least} dimension, but got a tensor with ${input.ndim} dimensions!`,
      );
    if (typeof parts === 'string')
      throw new TypeError(
        `${name}() received an invalid combination of arguments - got (Tensor, str), but expected one of:\n * (Tensor input, int sections)\n * (Tensor input, tuple of ints indices)`,
      );
    const d = dimOf(input);
    if (typeof parts === 'number' && (parts <= 0 || input.sizes[d] % parts !== 0)) {
      throw new RuntimeError(
        `torch.${name} attempted to split along dimension ${d}, but the size of the dimension ${input.sizes[d]} is not divisible by the split_size ${parts}!`,
      );
    }
    return tensorSplit(input, parts, d);
  });
/**
 * Parts along the second dim (the first of 1-dim tensors): their number, or where to cut.
 * https://pytorch.org/docs/stable/generated/torch.hsplit.html
 * @example torch.hsplit(torch.arange(4), 2)  // [ tensor([0, 1]), tensor([2, 3]) ]
 */
export const hsplit: SplitParts = splitting('hsplit', 1, (t) => (t.ndim === 1 ? 0 : 1));
/**
 * Parts along the first dim: their number, or where to cut. https://pytorch.org/docs/stable/generated/torch.vsplit.html
 * @example torch.vsplit(torch.ones(4, 2), [1]).map((t) => t.shape)  // [ torch.Size([1, 2]), torch.Size([3, 2]) ]
 */
export const vsplit: SplitParts = splitting('vsplit', 2, () => 0);
/**
 * Parts along the third dim: their number, or where to cut. https://pytorch.org/docs/stable/generated/torch.dsplit.html
 * @example torch.dsplit(torch.ones(2, 2, 4), 2).map((t) => t.shape)  // [ torch.Size([2, 2, 2]), torch.Size([2, 2, 2]) ]
 */
export const dsplit: SplitParts = splitting('dsplit', 3, () => 2);
/**
 * `chunk`; PyTorch's name for parts that autograd does not watch. https://pytorch.org/docs/stable/generated/torch.unsafe_chunk.html
 * @example torch.unsafeChunk(torch.arange(4), 2)  // [ tensor([0, 1]), tensor([2, 3]) ]
 */
export const unsafeChunk: Op<[chunks: number], [dim: number], { dim: number }, Tensor[]> = define(
  'unsafeChunk',
  'input, chunks, dim?',
  (input: Tensor, chunks: number, dim = 0) => unwatched(chunk(input, chunks, dim)),
);

/**
 * `input` where the condition holds, else `other`; with the condition alone, the indices where it holds.
 * https://pytorch.org/docs/stable/generated/torch.where.html
 * @example torch.where(torch.tensor([true, false]), torch.tensor([1, 2]), 0)  // tensor([1, 0])
 */
export const where: { (condition: Tensor, input: TensorLike, other: TensorLike): Tensor; (condition: Tensor): Tensor[] } = Object.assign(
  ((condition: Tensor, input?: TensorLike | { input: TensorLike; other: TensorLike }, other?: TensorLike) => {
    if (input === undefined) return nonzeroTuple(condition);
    if (!(condition instanceof Tensor)) throw new TypeError("where(): argument 'condition' (position 1) must be Tensor");
    const kind = scalarTypeName(condition.dtype);
    if (kind !== 'Bool' && kind !== 'Byte')
      throw new RuntimeError(`where expected condition to be a boolean tensor, but got a tensor with dtype ${kind}`);
    const [x, y] =
      other === undefined ? [(input as { input: TensorLike }).input, (input as { other: TensorLike }).other] : [input as TensorLike, other];
    return selectWhere(condition, ...bothTensors(condition, x, y));
  }) as { (condition: Tensor, input: TensorLike, other: TensorLike): Tensor; (condition: Tensor): Tensor[] },
  { opName: 'where' },
);
/** Two bare numbers are promoted between themselves, beside no tensor. */
function bothTensors(condition: Tensor, x: TensorLike, y: TensorLike): [TensorLike, TensorLike] {
  if (!isNumber(x) || !isNumber(y)) return [x, y];
  const dtype = resultType([x, y]);
  return [scalarTensor(x, dtype, condition.storage.device), scalarTensor(y, dtype, condition.storage.device)];
}

/**
 * Repeats along dims, copying. https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
 * @example
 * torch.tensor([1, 2]).repeat(2, 2)
 * // tensor([[1, 2, 1, 2],
 * //         [1, 2, 1, 2]])
 */
export const repeat: (input: Tensor, ...repeats: (number | readonly number[])[]) => Tensor = define(
  'repeat',
  'input, ...repeats',
  (input: Tensor, repeats: readonly number[]) => {
    if (repeats.length < input.ndim)
      throw new RuntimeError('Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor');
    repeats.forEach((r) => {
      if (r < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${r}: ${formatShape(repeats)}`);
    });
    const sizes = [...new Array<number>(repeats.length - input.ndim).fill(1), ...input.sizes];
    const doubled = reshape(
      input,
      sizes.flatMap((n) => [1, n]),
    );
    const expanded = expand(
      doubled,
      sizes.flatMap((n, d) => [repeats[d], n]),
    );
    const copies = clone(expanded, { memoryFormat: 'contiguous_format' });
    return nameNode(
      'repeat',
      reshape(
        copies,
        sizes.map((n, d) => n * repeats[d]),
      ),
    );
  },
);
/**
 * As `repeat`; missing leading counts are 1. https://pytorch.org/docs/stable/generated/torch.tile.html
 * @example torch.tile(torch.tensor([1, 2]), [2])  // tensor([1, 2, 1, 2])
 */
export const tile: (input: Tensor, ...dims: (number | readonly number[])[]) => Tensor = define(
  'tile',
  'input, ...dims',
  (input: Tensor, dims: readonly number[]) => repeat(input, [...new Array<number>(Math.max(input.ndim - dims.length, 0)).fill(1), ...dims]),
);

/**
 * Tensors of the coordinates of a grid, one for each of the given vectors; the first varies along rows ('ij') or columns ('xy').
 * https://pytorch.org/docs/stable/generated/torch.meshgrid.html
 * @example
 * torch.meshgrid([torch.tensor([1, 2]), torch.tensor([3, 4])], { indexing: 'ij' })
 * // [
 * //   tensor([[1, 1],
 * //           [2, 2]]),
 * //   tensor([[3, 4],
 * //           [3, 4]])
 * // ]
 */
export function meshgrid(...args: (Tensor | readonly Tensor[] | { indexing?: 'ij' | 'xy' })[]): Tensor[] {
  const last = args[args.length - 1];
  const options = last && !(last instanceof Tensor) && !Array.isArray(last) ? (last as { indexing?: string }) : {};
  const tensors = args.flatMap((a) => (a instanceof Tensor ? [a] : Array.isArray(a) ? (a as Tensor[]) : []));
  const indexing = options.indexing ?? 'ij';
  if (tensors.length === 0) throw new RuntimeError('meshgrid expects a non-empty TensorList');
  if (indexing !== 'ij' && indexing !== 'xy')
    throw new RuntimeError(`torch.meshgrid: indexing must be one of "xy" or "ij", but received: ${indexing}`);
  tensors.forEach((t) => {
    if (t.ndim > 1) throw new RuntimeError(`torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ${t.ndim}D`);
    if (t.dtype !== tensors[0].dtype) throw new RuntimeError('torch.meshgrid expects all tensors to have the same dtype');
  });
  const swap = indexing === 'xy' && tensors.length >= 2;
  const order = swap ? [tensors[1], tensors[0], ...tensors.slice(2)] : tensors;
  const shape = order.map((t) => numelOf(t.sizes));
  const grids = order.map((t, i) =>
    expand(
      reshape(
        t,
        shape.map((_, d) => (d === i ? -1 : 1)),
      ),
      shape,
    ),
  );
  return swap ? [grids[1], grids[0], ...grids.slice(2)] : grids;
}
/**
 * Tensors broadcast to their common shape. https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
 * @example torch.broadcastTensors(torch.ones(2, 1), torch.ones(3)).map((t) => t.shape)  // [ torch.Size([2, 3]), torch.Size([2, 3]) ]
 */
export function broadcastTensors(...args: (Tensor | readonly Tensor[])[]): Tensor[] {
  const tensors = args.flat() as Tensor[];
  const sizes = broadcastShapes(...tensors.map((t) => t.sizes));
  return tensors.map((t) => expand(t, sizes));
}
/**
 * The shape that shapes broadcast to. https://pytorch.org/docs/stable/generated/torch.broadcast_shapes.html
 * @example torch.broadcastShapes([2, 1], [3])  // torch.Size([2, 3])
 */
export function broadcastShapes(...shapes: (number | readonly number[])[]): Size {
  const lists = shapes.map((s) => (typeof s === 'number' ? [s] : s));
  lists.flat().forEach((n) => {
    if (n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension (${n}): (${n})`);
  });
  try {
    return sizeOf(lists.reduce<readonly number[]>((a, b) => broadcastSizes(a, b), []));
  } catch {
    throw new RuntimeError('Shape mismatch: objects cannot be broadcast to a single shape');
  }
}

/**
 * All combinations of the elements of vectors, a row each. https://pytorch.org/docs/stable/generated/torch.cartesian_prod.html
 * @example
 * torch.cartesianProd(torch.tensor([1, 2]), torch.tensor([3, 4]))
 * // tensor([[1, 3],
 * //         [1, 4],
 * //         [2, 3],
 * //         [2, 4]])
 */
export function cartesianProd(...tensors: Tensor[]): Tensor {
  tensors.forEach((t) => {
    if (t.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${formatShape(t.sizes)}`);
  });
  if (tensors.length === 1) return tensors[0];
  return stack(
    meshgrid(...tensors).map((g) => reshape(g, [-1])),
    1,
  );
}
/**
 * Matrices along the diagonal of one. https://pytorch.org/docs/stable/generated/torch.block_diag.html
 * @example
 * torch.blockDiag(torch.tensor([[1, 2]]), torch.tensor([[3]]))
 * // tensor([[1, 2, 0],
 * //         [0, 0, 3]])
 */
export function blockDiag(...tensors: Tensor[]): Tensor {
  const blocks = tensors.map((t, i) => {
    if (t.ndim > 2)
      throw new RuntimeError(`torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ${i} has ${t.ndim} dimensions`);
    return two(t);
  });
  const dtype = resultType(blocks);
  const columns = blocks.map((b) => b.sizes[1]);
  const width = columns.reduce((a, b) => a + b, 0);
  let left = 0;
  const rows = blocks.map((b, i) => {
    const padded = padColumns(convert(b, dtype), left, width - left - columns[i]);
    left += columns[i];
    return padded;
  });
  return nameNode('blockDiag', cat(rows, 0));
}
function padColumns(b: Tensor, left: number, right: number): Tensor {
  return cat([zerosOf([b.sizes[0], left], b.dtype, b), b, zerosOf([b.sizes[0], right], b.dtype, b)], 1);
}
const zerosOf = (sizes: readonly number[], dtype: DType, like: Tensor): Tensor => rawZeros(sizes, { dtype, device: like.storage.device });
