/** Statistics of order, unique elements, counting. */
import { float32, float64, int64 } from '../ir/dtype.js';
import { nameNode, record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { contiguousRaw, sequence, zeros } from './memory.js';
import { tensor } from './creation.js';
import { define } from './define.js';
import { alias } from './inplace.js';
import { eq, lerp, logicalAnd, mul, ne, selectWhere, sub } from './pointwise.js';
import { all, sum } from './reduce.js';
import { item } from './read.js';
import { emptyOn, runIndexed, runRoutine } from './routine.js';
import { indexSelect, scatterAdd } from './select.js';
import { sort } from './sort.js';
import { type NamedTuple, tuple } from './tuple.js';
import { expand, movedim, reshape, select, squeeze, unsqueeze } from './view.js';
import type { Op } from './types.js';

// --- statistics of order ------------------------------------------------------------------------------------------------------------------------------------------

type ValuesIndices = NamedTuple<'values' | 'indices'>;
/** Runs a routine that picks one element of the last dim. */
function pick(name: string, routine: string, input: Tensor, dim: number, keepdim: boolean, params: readonly number[]): ValuesIndices {
  const d = wrapDim(dim, input.ndim);
  if (input.ndim > 0 && input.sizes[d] === 0) throw new IndexError(`${name}(): Expected reduction dim ${d} to have non-zero size.`);
  const row = input.ndim === 0 ? reshape(alias(input), [1]) : movedim(alias(input), d, -1);
  const sizes = row.sizes.slice(0, -1);
  const [values, indices] = [emptyOn(input, sizes), emptyOn(input, sizes, int64)];
  if (numelOf(sizes) > 0) runRoutine(routine, [values, indices, contiguousRaw(row)], params);
  const shaped = (t: Tensor): Tensor => (input.ndim === 0 ? reshape(t, []) : keepdim ? unsqueeze(t, d) : t);
  const [v, at] = [alias(shaped(values)), shaped(indices)];
  const { sizes: shape } = input;
  record(name, [input], v, [at], ({ grad }, [i]) => [spreadBack(grad, i, shape, d, keepdim)]);
  return tuple(name, ['values', 'indices'], [v, at]);
}
function spreadBack(grad: Tensor, indices: Tensor, shape: readonly number[], d: number, keepdim: boolean): Tensor {
  if (shape.length === 0) return grad;
  const [g, at] = keepdim ? [grad, indices] : [unsqueeze(grad, d), unsqueeze(indices, d)];
  return scatterAdd(zeros([...shape], { dtype: g.dtype, device: g.storage.device }), d, at, g);
}
/**
 * The k-th smallest value along `dim`, and where it is. https://pytorch.org/docs/stable/generated/torch.kthvalue.html
 * @example
 * torch.kthvalue(torch.tensor([3, 1, 2]), 2)
 * // torch.return_types.kthvalue(
 * // values=tensor(2),
 * // indices=tensor(2))
 */
export const kthvalue: Op<[k: number], [dim: number, keepdim: boolean], { dim: number; keepdim: boolean }, ValuesIndices> = define(
  'kthvalue',
  'input, k, dim?, keepdim?',
  (input: Tensor, k: number, dim = -1, keepdim = false) => {
    const n = input.ndim === 0 ? 1 : input.sizes[wrapDim(dim, input.ndim)];
    if (!Number.isInteger(k) || k < 1 || k > n)
      throw new RuntimeError(`kthvalue(): selected number k out of range for dimension ${wrapDim(dim, input.ndim)}`);
    return pick('kthvalue', 'kthvalue', input, dim, keepdim, [k]);
  },
);
/**
 * The most frequent value along `dim` (the smallest of several), and where it is. https://pytorch.org/docs/stable/generated/torch.mode.html
 * @example
 * torch.mode(torch.tensor([1, 2, 2, 3]))
 * // torch.return_types.mode(
 * // values=tensor(2),
 * // indices=tensor(2))
 */
export const mode: Op<[], [dim: number, keepdim: boolean], { dim: number; keepdim: boolean }, ValuesIndices> = define(
  'mode',
  'input, dim?, keepdim?',
  (input: Tensor, dim = -1, keepdim = false) => pick('mode', 'mode', input, dim, keepdim, []),
);

type Median = {
  (input: Tensor): Tensor;
  (input: Tensor, dim: number | { dim: number; keepdim?: boolean }, keepdim?: boolean | { keepdim?: boolean }): ValuesIndices;
};
const medianOf = (name: string, ignoreNan: boolean): Median =>
  define<Median>(name, 'input, dim?, keepdim?', (input: Tensor, dim?: number, keepdim = false) => {
    if (dim !== undefined) {
      const picked = pick(name, 'median', input, dim, keepdim, [ignoreNan ? 1 : 0]);
      nameNode(`${name[0].toUpperCase()}${name.slice(1)}Backward1`, picked.values);
      return picked;
    }
    if (numelOf(input.sizes) === 0) return tensor(NaN, { dtype: input.dtype });
    return pick(name, 'median', reshape(input, [-1]), 0, false, [ignoreNan ? 1 : 0]).values;
  });
/**
 * The median (the lower one); with a dim also its position. https://pytorch.org/docs/stable/generated/torch.median.html
 * @example
 * torch.median(torch.tensor([[1, 5, 3], [4, 2, 6]]), 1)
 * // torch.return_types.median(
 * // values=tensor([3, 4]),
 * // indices=tensor([2, 0]))
 */
export const median: Median = medianOf('median', false);
/**
 * The median of the numbers that are not NaN. https://pytorch.org/docs/stable/generated/torch.nanmedian.html
 * @example torch.nanmedian(torch.tensor([1, NaN, 3]))  // tensor(1.)
 */
export const nanmedian: Median = medianOf('nanmedian', true);

type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
type Quantile = Op<
  [q: number | Tensor],
  [dim: number | null, keepdim: boolean],
  { dim: number | null; keepdim: boolean; interpolation: Interpolation }
>;
function quantileOf(name: string, ignoreNan: boolean): Quantile {
  return define<Quantile>(
    name,
    'input, q, dim?, keepdim?, *, interpolation?',
    (input: Tensor, q: number | Tensor, dim?: number | null, keepdim = false, interpolation: Interpolation = 'linear') => {
      checkQuantile(input, q, interpolation);
      const levels = typeof q === 'number' ? tensor([q], { dtype: input.dtype }) : reshape(q, [-1]);
      const whole = dim === null || dim === undefined;
      const rows = whole ? reshape(input, [-1]) : movedim(input.ndim === 0 ? reshape(input, [1]) : input, dim, -1);
      const ordered = sort(rows, -1).values;
      const values = movedim(interpolated(ordered, levels, ignoreNan, interpolation), -1, 0);
      const kept =
        !keepdim || input.ndim === 0
          ? values
          : whole
            ? reshape(values, [levels.sizes[0], ...input.sizes.map(() => 1)])
            : unsqueeze(values, wrapDim(dim, input.ndim) + 1);
      return nameNode('SqueezeBackward4', typeof q === 'number' || q.ndim === 0 ? squeeze(kept, 0) : kept);
    },
  );
}
function checkQuantile(input: Tensor, q: number | Tensor, interpolation: string): void {
  if (numelOf(input.sizes) === 0) throw new RuntimeError('quantile() input tensor must be non-empty');
  if (!['linear', 'lower', 'higher', 'midpoint', 'nearest'].includes(interpolation))
    throw new RuntimeError(`quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got ${interpolation}`);
  if (input.dtype !== float32 && input.dtype !== float64)
    throw new RuntimeError('quantile() input tensor must be either float or double dtype');
  if (typeof q === 'number') {
    if (!(q >= 0 && q <= 1)) throw new RuntimeError(`quantile() q must be in the range [0, 1] but got ${q}`);
    return;
  }
  if (q.ndim > 1) throw new RuntimeError('quantile() q must be a scalar or 1D tensor');
  if (q.dtype !== input.dtype) throw new RuntimeError('quantile() q tensor must be same dtype as the input tensor');
  if (item(all(logicalAnd(q.ge(0), q.le(1)))) !== true) throw new RuntimeError('quantile() q values must be in the range [0, 1]');
}
function interpolated(ordered: Tensor, levels: Tensor, ignoreNan: boolean, interpolation: Interpolation): Tensor {
  const n = ordered.sizes[ordered.ndim - 1];
  const valid = ignoreNan ? sum(eq(ordered, ordered), -1, true) : null;
  const hasNan = unsqueeze(select(ne(ordered, ordered), -1, n - 1), -1);
  const ranks = valid ? mul(levels, sub(valid, 1)).clamp(0) : expand(mul(levels, n - 1), [...ordered.sizes.slice(0, -1), levels.sizes[0]]);
  const settled = valid ? ranks : selectWhere(hasNan, n - 1, ranks);
  const rounded =
    interpolation === 'lower'
      ? settled.floor()
      : interpolation === 'higher'
        ? settled.ceil()
        : interpolation === 'nearest'
          ? settled.round()
          : settled;
  const below = rounded.floor();
  const at = (r: Tensor): Tensor => ordered.gather(-1, convert(r, int64));
  if (interpolation !== 'linear' && interpolation !== 'midpoint') return at(below);
  const weight = interpolation === 'midpoint' ? selectWhere(eq(rounded, below), 0, 0.5) : sub(rounded, below);
  return lerp(at(below), at(rounded.ceil()), convert(weight, ordered.dtype));
}
/**
 * The q-quantiles, over all elements or along `dim`; `interpolation` says what lies between two of them.
 * https://pytorch.org/docs/stable/generated/torch.quantile.html
 * @example torch.quantile(torch.tensor([0, 1, 2, 3.5]), torch.tensor([0.25, 0.5]))  // tensor([0.7500, 1.5000])
 */
export const quantile: Quantile = quantileOf('quantile', false);
/**
 * `quantile` of what is not NaN. https://pytorch.org/docs/stable/generated/torch.nanquantile.html
 * @example torch.nanquantile(torch.tensor([0, NaN, 2.5]), 0.5)  // tensor(1.2500)
 */
export const nanquantile: Quantile = quantileOf('nanquantile', true);

// --- unique and counting -------------------------------------------------------------------------------------------------------------------------------------------

interface UniqueOptions {
  sorted?: boolean;
  returnInverse?: boolean;
  returnCounts?: boolean;
  dim?: number | null;
}
/** The runs of equal rows of a [n, m] tensor. */
function uniqueRows(
  rows: Tensor,
  order: Tensor | null,
  wantInverse: boolean,
  wantCounts: boolean,
): { values: Tensor; inverse: Tensor | null; counts: Tensor | null } {
  const [n, m] = rows.sizes;
  const found = emptyOn(rows, [], int64);
  if (n > 0) runRoutine('unique_count', [found, rows]);
  const count = n > 0 ? Number(item(found)) : 0;
  const values = emptyOn(rows, [count, m]);
  const inverse = wantInverse ? emptyOn(rows, [n], int64) : null;
  const counts = wantCounts ? emptyOn(rows, [count], int64) : null;
  if (n > 0) runIndexed('unique_fill', [values, inverse, counts, rows, order]);
  return { values, inverse, counts };
}
type UniqueResult = Tensor | Tensor[];
function uniqueOf(
  input: Tensor,
  dim: number | null | undefined,
  consecutive: boolean,
  wantInverse: boolean,
  wantCounts: boolean,
): UniqueResult {
  const flat = dim === null || dim === undefined;
  const front = flat ? reshape(alias(input), [-1, 1]) : movedim(alias(input), dim, 0);
  const rows = contiguousRaw(reshape(front, [front.sizes[0], flat ? 1 : numelOf(front.sizes.slice(1))]));
  const order = consecutive ? null : rowOrder(rows);
  const { values, inverse, counts } = uniqueRows(order ? contiguousRaw(indexSelect(rows, 0, order)) : rows, order, wantInverse, wantCounts);
  const shaped = flat ? reshape(values, [-1]) : movedim(reshape(values, [values.sizes[0], ...front.sizes.slice(1)]), 0, dim);
  const parts = [shaped, ...(inverse ? [flat ? reshape(inverse, input.sizes) : inverse] : []), ...(counts ? [counts] : [])];
  return parts.length === 1 ? shaped : parts;
}
function rowOrder(rows: Tensor): Tensor {
  if (rows.sizes[1] === 1) return sort(reshape(rows, [-1]), { stable: true, dim: 0 }).indices;
  const order = emptyOn(rows, [rows.sizes[0]], int64);
  if (numelOf(rows.sizes) > 0) runRoutine('sort_rows', [order, rows]);
  else return sequence(rows.sizes[0], 0, 1, int64, rows.storage.device);
  return order;
}
/**
 * The different elements in order; also, if asked, where each input element went and how often each occurs.
 * https://pytorch.org/docs/stable/generated/torch.unique.html
 * @example torch.unique(torch.tensor([3, 1, 3]), { returnCounts: true })  // [ tensor([1, 3]), tensor([1, 2]) ]
 */
export const unique: (input: Tensor, ...args: (boolean | number | null | UniqueOptions)[]) => UniqueResult = define(
  'unique',
  'input, sorted?, returnInverse?, returnCounts?, dim?',
  (input: Tensor, _sorted = true, inverse = false, counts = false, dim: number | null = null) =>
    uniqueOf(input, dim, false, inverse, counts),
);
/**
 * The first of every run of equal elements. https://pytorch.org/docs/stable/generated/torch.unique_consecutive.html
 * @example torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1]))  // tensor([1, 2, 1])
 */
export const uniqueConsecutive: (input: Tensor, ...args: (boolean | number | null | UniqueOptions)[]) => UniqueResult = define(
  'uniqueConsecutive',
  'input, returnInverse?, returnCounts?, dim?',
  (input: Tensor, inverse = false, counts = false, dim: number | null = null) => uniqueOf(input, dim, true, inverse, counts),
);

/**
 * How often each non-negative integer occurs, or the sum of weights. https://pytorch.org/docs/stable/generated/torch.bincount.html
 * @example torch.bincount(torch.tensor([0, 2, 2]))  // tensor([1, 0, 2])
 */
export const bincount: Op<[], [weights: Tensor | null, minlength: number], { weights: Tensor | null; minlength: number }> = define(
  'bincount',
  'input, weights?, minlength?',
  (input: Tensor, weights: Tensor | null = null, minlength = 0) => {
    if (input.ndim !== 1 || input.dtype.category !== 1) throw new RuntimeError('bincount only supports 1-d non-negative integral inputs.');
    if (minlength < 0) throw new RuntimeError('minlength should be >= 0');
    if (weights && numelOf(weights.sizes) !== input.sizes[0])
      throw new RuntimeError('weights should be 1-d and have the same length as input');
    const n = input.sizes[0];
    if (n > 0 && Number(item(input.min() as Tensor)) < 0)
      throw new RuntimeError('bincount only supports 1-d non-negative integral inputs.');
    const bins = Math.max(n > 0 ? Number(item(input.max() as Tensor)) + 1 : 0, minlength);
    const dtype = weights ? (weights.dtype === float32 ? float32 : float64) : int64;
    const out = emptyOn(input, [bins], dtype);
    if (bins > 0) runIndexed('bincount', [out, contiguousRaw(convert(input, int64)), weights && contiguousRaw(convert(weights, dtype))]);
    return out;
  },
);
/**
 * How many values fall in each of equal bins. https://pytorch.org/docs/stable/generated/torch.histc.html
 * @example torch.histc(torch.tensor([1.5, 2, 1.5]), 4, 0, 3)  // tensor([0., 0., 3., 0.])
 */
export const histc: Op<[], [bins: number, min: number, max: number], { bins: number; min: number; max: number }> = define(
  'histc',
  'input, bins?, min?, max?',
  (input: Tensor, bins = 100, min = 0, max = 0) => {
    if (bins <= 0) throw new RuntimeError('bins must be > 0');
    const dtype = input.dtype.category < 2 ? float64 : input.dtype;
    const x = contiguousRaw(convert(alias(input), dtype));
    let [low, high] = [min, max];
    if (low === high && numelOf(input.sizes) > 0) [low, high] = [Number(item(input.min() as Tensor)), Number(item(input.max() as Tensor))];
    if (low === high) [low, high] = [low - 1, high + 1];
    if (!Number.isFinite(low) || !Number.isFinite(high)) throw new RuntimeError(`range of [${low}, ${high}] is not finite`);
    if (low > high) throw new RuntimeError('max must be larger than min');
    const out = emptyOn(input, [bins], dtype);
    runRoutine('histc', [out, reshape(x, [-1]), null], [low, high]);
    return convert(out, input.dtype);
  },
);
