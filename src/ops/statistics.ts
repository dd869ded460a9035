/** Covariance and histograms. */
import { int64 } from '../ir/dtype.js';
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { zeros } from './creation.js';
import { linspace } from './sequences.js';
import { define, scalarTypeName } from './define.js';
import { contiguousRaw } from './memory.js';
import { searchsorted } from './mask.js';
import { matmul } from './matmul.js';
import { conj } from './misc.js';
import { complex, logicalAnd, selectWhere } from './pointwise.js';
import { item } from './read.js';
import { any, sum } from './reduce.js';
import { scatterAdd } from './scatter.js';
import { diff } from './scan.js';
import { type NamedTuple, tuple } from './tuple.js';
import { diagonal, reshape, select, squeeze, transpose, unsqueeze } from './view.js';
import type { Op } from './types.js';

const floats = (x: Tensor): Tensor => (x.dtype.category < 2 ? convert(x, getDefaultDtype()) : x);

// --- covariance -----------------------------------------------------------------------------------------------------------------------------------

function checkWeights(name: 'fweights' | 'aweights', weights: Tensor, observations: number): void {
  const isInteger = weights.dtype.category === 1;
  if (weights.ndim > 1)
    throw new RuntimeError(`cov(): expected ${name} to have one or fewer dimensions but got ${name} with ${weights.ndim} dimensions`);
  if (isInteger !== (name === 'fweights'))
    throw new RuntimeError(
      `cov(): expected ${name} to have ${name === 'fweights' ? 'integral' : 'floating point'} dtype but got ${name} with ${scalarTypeName(weights.dtype)} dtype`,
    );
  const count = numelOf(weights.sizes);
  if (count !== observations)
    throw new RuntimeError(
      `cov(): expected ${name} to have the same numel as there are observations in the input but got ${count} != ${observations}`,
    );
  if (count > 0 && item(any(weights.lt(0))) === true) throw new RuntimeError(`cov(): ${name} cannot be negative`);
}

type Weights = Tensor | null;
/** What the sum of products is divided by. */
function degrees(total: Tensor | number, weights: Weights, aweights: Weights, correction: number): Tensor | number {
  if (typeof total === 'number') return Math.max(total - correction, 0);
  const taken = weights && aweights && correction !== 0 ? sum(weights.mul(aweights)).div(total).mul(correction) : correction;
  return total.sub(taken).clampMin(0);
}

type CovOptions = { correction: number; fweights: Weights; aweights: Weights };
/**
 * The covariance matrix of variables (rows) by observations (columns); a scalar for one variable. `fweights` repeat observations,
 * `aweights` rate them.
 * https://pytorch.org/docs/stable/generated/torch.cov.html
 * @example
 * torch.cov(torch.tensor([[0, 1, 2], [2, 1, 0]]))
 * // tensor([[ 1., -1.],
 * //         [-1.,  1.]])
 */
export const cov: Op<[], [], CovOptions> = define(
  'cov',
  'input, *, correction?, fweights?, aweights?',
  (given: Tensor, correction = 1, fweights: Weights = null, aweights: Weights = null) => {
    if (given.ndim > 2)
      throw new RuntimeError(`cov(): expected input to have two or fewer dimensions but got an input with ${given.ndim} dimensions`);
    const x = given.ndim < 2 ? reshape(floats(given), [1, -1]) : floats(given);
    const observations = x.sizes[1];
    if (fweights) checkWeights('fweights', fweights, observations);
    if (aweights) checkWeights('aweights', aweights, observations);
    const weights = fweights && aweights ? fweights.mul(aweights) : (fweights ?? aweights);
    const total = weights ? sum(weights) : observations;
    if (total instanceof Tensor && Number(item(total)) === 0) throw new RuntimeError("cov(): weights sum to zero, can't be normalized");
    const weighted = (t: Tensor): Tensor => (weights ? t.mul(weights) : t);
    const centered = x.sub(weighted(x).sum(1, true).div(total));
    const products = matmul(centered, conj(transpose(weighted(centered), 0, 1)));
    return squeeze(products.div(degrees(total, weights, aweights, correction)));
  },
);

/**
 * Pearson's correlation coefficients of variables (rows). https://pytorch.org/docs/stable/generated/torch.corrcoef.html
 * @example
 * torch.corrcoef(torch.tensor([[0.5, 1, 2], [2, 1, 0.5]]))
 * // tensor([[ 1.0000, -0.9286],
 * //         [-0.9286,  1.0000]])
 */
export const corrcoef: Op = define('corrcoef', 'input', (input: Tensor) => {
  if (input.ndim > 2)
    throw new RuntimeError(`corrcoef(): expected input to have two or fewer dimensions but got an input with ${input.ndim} dimensions`);
  const c = cov(input);
  if (c.ndim === 0) return c.div(c);
  const variances = diagonal(c);
  const deviations = (c.dtype.isComplex ? variances.real() : variances).sqrt();
  const ratio = c.div(unsqueeze(deviations, 1)).div(unsqueeze(deviations, 0));
  return c.dtype.isComplex ? complex(ratio.real().clamp(-1, 1), ratio.imag().clamp(-1, 1)) : ratio.clamp(-1, 1);
});

// --- histograms -----------------------------------------------------------------------------------------------------------------------------------

/** The range of a dim: as given, or that of the data; never empty. */
function outerEdges(points: Tensor, d: number, range: readonly number[] | null): [number, number] {
  if (range) {
    const [low, high] = range.slice(2 * d, 2 * d + 2);
    if (low > high)
      throw new RuntimeError(`torch.histogramdd: min should not exceed max, but got min ${low} max ${high} for dimension ${d}`);
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  }
  if (points.sizes[0] === 0) return [0, 1];
  const column = select(points, 1, d);
  const [low, high] = [column.min() as Tensor, column.max() as Tensor].map((t) => Number(item(t)));
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new RuntimeError(`torch.histogramdd: dimension ${d}'s range [${low}, ${high}] is not finite`);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

type Bins = readonly (number | Tensor)[];
function edgesOf(points: Tensor, bins: Bins, range: readonly number[] | null, name: string): Tensor[] {
  return bins.map((bin, d) => {
    if (bin instanceof Tensor) {
      if (bin.dtype !== points.dtype)
        throw new RuntimeError(
          `torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype ${points.dtype.name} and bins for dimension ${d} with dtype ${bin.dtype.name}`,
        );
      return bin.clone();
    }
    if (!(bin > 0)) throw new RuntimeError(`${name}(): bins must be > 0, but got ${bin} for dimension ${d}`);
    const [low, high] = outerEdges(points, d, range);
    return linspace(low, high, bin + 1, { dtype: points.dtype, device: points.device });
  });
}

/** Adds up weights (or counts) of points [n, d] by the bins that they lie in; the last edge belongs to the last bin. */
function binned(points: Tensor, edges: readonly Tensor[], weight: Tensor | null): Tensor {
  const counts = edges.map((e) => e.sizes[0] - 1);
  let flat = zeros([points.sizes[0]], { dtype: int64, device: points.device });
  let inside = flat.eq(0);
  edges.forEach((edge, d) => {
    const column = contiguousRaw(select(points, 1, d));
    const [low, high] = [select(edge, 0, 0), select(edge, 0, -1)];
    const bin = searchsorted(edge, column, { right: true }).sub(1);
    inside = logicalAnd(inside, logicalAnd(column.ge(low), column.le(high)));
    flat = flat.mul(counts[d]).add(bin.clamp(0, counts[d] - 1));
  });
  const own = weight ?? points.detach().select(1, 0).mul(0).add(1);
  const out = zeros([numelOf(counts)], { dtype: points.dtype, device: points.device });
  const kept = selectWhere(inside, convert(own, points.dtype), 0);
  return reshape(scatterAdd(out, 0, selectWhere(inside, flat, 0), kept), counts);
}

/** Divided by the total and by the volume of each bin. */
function asDensity(hist: Tensor, edges: readonly Tensor[]): Tensor {
  return edges.reduce(
    (result, edge, d) => {
      const shape = edges.map((_, i) => (i === d ? -1 : 1));
      return result.div(reshape(diff(edge), shape));
    },
    hist.div(sum(hist)),
  );
}

function histogramOf(
  name: string,
  points: Tensor,
  bins: Bins,
  range: readonly number[] | null,
  weight: Tensor | null,
  density: boolean,
): [Tensor, Tensor[]] {
  if (!points.dtype.isFloatingPoint) throw new NotImplementedError(`"histogramdd" not implemented for '${scalarTypeName(points.dtype)}'`);
  const size = bins.length;
  if (range && range.length !== 2 * size)
    throw new RuntimeError(
      `torch.histogramdd: for a ${size}-dimensional histogram range should have ${2 * size} elements, but got ${range.length}`,
    );
  const rows = reshape(points, [numelOf(points.sizes.slice(0, -1)), size]);
  const edges = edgesOf(rows, bins, range, name);
  const hist = binned(rows, edges, weight && reshape(weight, [-1]));
  return [density ? asDensity(hist, edges) : hist, edges];
}
function checkWeightShape(points: Tensor, weight: Tensor | null): void {
  if (!weight || weight.sizes.join() === points.sizes.slice(0, -1).join()) return;
  throw new RuntimeError(
    `torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, but got input with shape [${points.sizes.join(', ')}] and weight with shape [${weight.sizes.join(', ')}]`,
  );
}

export interface HistogramOptions {
  range: readonly number[] | null;
  weight: Tensor | null;
  density: boolean;
}
/**
 * How many values fall in each bin, or the sums of their weights, and the edges of the bins. `bins` is their number or their edges.
 * https://pytorch.org/docs/stable/generated/torch.histogram.html
 * @example
 * torch.histogram(torch.tensor([0.5, 1.5, 1.6]), 2, { range: [0, 2] })
 * // torch.return_types.histogram(
 * // hist=tensor([1., 2.]),
 * // bin_edges=tensor([0., 1., 2.]))
 */
export const histogram: Op<
  [],
  [bins: number | Tensor],
  { bins: number | Tensor } & HistogramOptions,
  NamedTuple<'hist' | 'binEdges'>
> = define(
  'histogram',
  'input, bins?, *, range?, weight?, density?',
  (input: Tensor, bins: number | Tensor = 100, range: readonly number[] | null = null, weight: Tensor | null = null, density = false) => {
    const points = reshape(input, [...input.sizes, 1]);
    checkWeightShape(points, weight);
    const [hist, [edges]] = histogramOf('torch.histogram', points.detach(), [bins], range, weight, density);
    return tuple('histogram', ['hist', 'binEdges'], [hist, edges]);
  },
);

/** `hist` and one tensor of edges a dim. */
export type HistogramDD = [hist: Tensor, binEdges: Tensor[]] & { readonly hist: Tensor; readonly binEdges: Tensor[] };
type HistogramDDOp = Op<
  [bins: number | readonly (number | Tensor)[]],
  [range: readonly number[] | null, weight: Tensor | null, density: boolean],
  HistogramOptions,
  HistogramDD
>;
/**
 * Points [.., D] counted in bins of D dims. https://pytorch.org/docs/stable/generated/torch.histogramdd.html
 * @example
 * torch.histogramdd(torch.tensor([[0.5, 1.5], [1.5, 0.5]]), [2, 2], { range: [0, 2, 0, 2] }).hist
 * // tensor([[0., 1.],
 * //         [1., 0.]])
 */
export const histogramdd: HistogramDDOp = define(
  'histogramdd',
  'input, bins, range?, weight?, density?',
  (points: Tensor, bins: number | Bins, range: readonly number[] | null = null, weight: Tensor | null = null, density = false) => {
    if (points.ndim < 2) throw new RuntimeError('torch.histogramdd: input tensor should have at least 2 dimensions');
    const size = points.sizes[points.ndim - 1];
    const list = typeof bins === 'number' ? new Array<number>(size).fill(bins) : bins;
    if (list.length !== size)
      throw new RuntimeError('histogramdd: The size of bins must be equal to the innermost dimension of the input.');
    checkWeightShape(points, weight);
    const [hist, binEdges] = histogramOf('torch.histogramdd', points.detach(), list, range, weight, density);
    return tuple('histogramdd', ['hist', 'binEdges'], [hist, binEdges]) as unknown as HistogramDD;
  },
);
