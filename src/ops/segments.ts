/** Reductions of runs of a dim, and joining by chunks. */
import { nameNode } from '../autograd/node.js';
import { int64 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { full, zeros } from './creation.js';
import { arange } from './sequences.js';
import { convert } from './convert.js';
import { define } from './define.js';
import { cat } from './join.js';
import { searchsorted } from './mask.js';
import { contiguousRaw } from './memory.js';
import { selectWhere } from './pointwise.js';
import { cumsum, diff } from './scan.js';
import { scatterReduce } from './scatter.js';
import { expand, narrow, reshape } from './view.js';

type SegmentReduce = 'sum' | 'mean' | 'max' | 'min' | 'prod';
const kinds = {
  sum: { reduce: 'sum', start: 0 },
  mean: { reduce: 'sum', start: 0 },
  max: { reduce: 'amax', start: -Infinity },
  min: { reduce: 'amin', start: Infinity },
  prod: { reduce: 'prod', start: 1 },
} as const;

type Maybe = Tensor | null | undefined;
/** Where segments begin and end along the last dim: one more than there are segments. */
function boundaries(lengths: Maybe, offsets: Maybe): Tensor {
  if (offsets) return convert(offsets, int64);
  if (!lengths) throw new RuntimeError('segment_reduce(): Either lengths or offsets must be defined.');
  const first = zeros([...lengths.sizes.slice(0, -1), 1], { dtype: int64, device: lengths.device });
  return cat([first, cumsum(convert(lengths, int64), -1)], -1);
}
/** `t` with dims of 1 behind it, to broadcast with the data. */
const behind = (t: Tensor, count: number): Tensor => reshape(t, [...t.sizes, ...new Array<number>(count).fill(1)]);

interface SegmentOptions {
  lengths?: Tensor | null;
  indices?: Tensor | null;
  offsets?: Tensor | null;
  axis?: number;
  unsafe?: boolean;
  initial?: number | null;
}
/**
 * Reduces each run of `axis`; runs are given by their lengths or offsets. An empty one gives `initial`, or what changes nothing (NaN for a
 * mean).
 * @example torch._segmentReduce(torch.tensor([1.5, 2, 3, 4]), 'sum', { lengths: torch.tensor([1, 3]) })  // tensor([1.5000, 9.0000])
 */
export const _segmentReduce: (data: Tensor, reduce: SegmentReduce, options?: SegmentOptions) => Tensor = define(
  'segment_reduce',
  'data, reduce, *, lengths?, indices?, offsets?, axis?, unsafe?, initial?',
  (
    data: Tensor,
    reduce: SegmentReduce,
    lengths: Maybe,
    _indices: Maybe,
    offsets: Maybe,
    axis = 0,
    unsafe = false,
    initial?: number | null,
  ) => {
    if (!Object.hasOwn(kinds, reduce)) throw new RuntimeError(`segment_reduce(): unsupported reduction ${String(reduce)}`);
    const dim = wrapDim(axis, data.ndim);
    const edges = contiguousRaw(boundaries(lengths, offsets));
    const segments = edges.sizes[dim] - 1;
    const counts = diff(edges);
    const size = data.sizes[dim];
    if (!unsafe && Number((counts.min() as Tensor).item()) < 0) throw new RuntimeError('lengths contains negative value!');
    const places = contiguousRaw(expand(arange(size, { device: data.device }), [...data.sizes.slice(0, dim), size]));
    const owner = searchsorted(edges, places, { right: true }).sub(1);
    // What belongs to no segment goes to one more, which is cut off.
    const slot = selectWhere(owner.lt(0), segments, owner.clamp(0, segments));
    const tail = data.ndim - dim - 1;
    const index = expand(behind(slot, tail), data.sizes);
    const { reduce: kind, start } = kinds[reduce];
    const shape = data.sizes.map((n, d) => (d === dim ? segments + 1 : n));
    const base = full(shape, initial ?? start, { dtype: data.dtype, device: data.device });
    const result = narrow(scatterReduce(base, dim, index, data, kind), dim, 0, segments);
    if (reduce !== 'mean') return nameNode('segmentReduce', result);
    const weights = behind(counts, tail);
    const none = initial ?? NaN;
    return nameNode('segmentReduce', selectWhere(weights.eq(0), none, result.div(weights.clampMin(1))));
  },
);

function checkChunks(tensors: readonly Tensor[], dim: number, chunks: number): void {
  if (!(chunks >= 1)) throw new RuntimeError('_chunk_cat expects positive num_chunks');
  if (tensors.length === 0) throw new RuntimeError('_chunk_cat expects a non-empty input tensor list');
  const [{ ndim, dtype }] = tensors;
  if (dim < 0 && tensors.some((t) => t.ndim !== ndim))
    throw new RuntimeError('_chunk_cat expects non-negative dim when input tensors have different ndims');
  if (tensors.some((t) => dim >= t.ndim)) throw new RuntimeError('_chunk_cat expects dim < ndim for all input tensors');
  if (tensors.some((t) => numelOf(t.sizes) === 0)) throw new RuntimeError('_chunk_cat expects non-empty tensor');
  if (tensors.some((t) => t.dtype !== dtype)) throw new RuntimeError('_chunk_cat expects all input tensors with the same dtype');
  const lead = (t: Tensor): string => t.sizes.slice(0, wrapDim(dim, t.ndim)).join();
  if (tensors.some((t) => lead(t) !== lead(tensors[0])))
    throw new RuntimeError('_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors');
}
/** [..., n, …] padded with zeros to `chunks` equal parts, each flattened: [..., chunks, -1]. */
function inChunks(t: Tensor, dim: number, chunks: number): Tensor {
  const missing = Math.ceil(t.sizes[dim] / chunks) * chunks - t.sizes[dim];
  const sizes = t.sizes.map((n, d) => (d === dim ? missing : n));
  const whole = missing > 0 ? cat([t, zeros(sizes, { dtype: t.dtype, device: t.device })], dim) : t;
  return reshape(whole, [...t.sizes.slice(0, dim), chunks, -1]);
}
/**
 * Cuts each tensor in chunks along `dim` and puts the chunks of the same number side by side.
 * @example
 * torch._chunkCat([torch.arange(4), torch.arange(2)], 0, 2)
 * // tensor([[0, 1, 0],
 * //         [2, 3, 1]])
 */
export const _chunkCat: (tensors: readonly Tensor[], dim: number, numChunks: number) => Tensor = define(
  '_chunk_cat',
  'tensors, dim, numChunks',
  (tensors: readonly Tensor[], dim: number, chunks: number) => {
    checkChunks(tensors, dim, chunks);
    const at = wrapDim(dim, tensors[0].ndim);
    return cat(
      tensors.map((t) => inChunks(t, at, chunks)),
      at + 1,
    );
  },
);
