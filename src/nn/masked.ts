/** `torch.masked`: reductions and normalizations that leave masked-out elements aside. https://pytorch.org/docs/stable/masked.html */
import { bool, type DType, int64 } from '../ir/dtype.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { getDefaultDtype, type Number_ } from '../tensor/promote.js';
import { wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { convert } from '../ops/convert.js';
import { define } from '../ops/define.js';
import { snakeCase } from '../ops/messages.js';
import { toDType } from '../ops/memory.js';
import { conj, nanmedian } from '../ops/misc.js';
import { logaddexp as logaddexpOf, selectWhere } from '../ops/pointwise.js';
import { item } from '../ops/read.js';
import * as reduce from '../ops/reduce.js';
import * as scan from '../ops/scan.js';
import * as sorting from '../ops/sort.js';
import { vectorNorm } from '../ops/linalg/norm.js';
import { expand } from '../ops/view.js';
import type { Dims, DTypeLike, Op } from '../ops/types.js';
import * as normalizations from './functional/softmax.js';

interface MaskOptions {
  dtype: DTypeLike | null;
  /** True where an element counts; broadcast to the input. */
  mask: Tensor | null;
}
type Over<T> = T | null | undefined;

function integerRange(dtype: DType): [low: bigint, high: bigint] {
  const bits = BigInt(8 * dtype.itemsize);
  return dtype.isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}
/** What changes no maximum (minimum). */
const lowest = (dtype: DType): Number_ => (dtype.category < 2 ? integerRange(dtype)[0] : -Infinity);
const highest = (dtype: DType): Number_ => (dtype.category < 2 ? integerRange(dtype)[1] : Infinity);

function maskFor(input: Tensor, mask: Tensor): Tensor {
  if (mask.ndim > input.ndim)
    throw new RuntimeError(`_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)`);
  return expand(convert(mask, bool), input.sizes);
}
/** The input with `identity` where it is masked out. */
const filled = (input: Tensor, mask: Over<Tensor>, identity: Number_): Tensor =>
  mask ? selectWhere(maskFor(input, mask), input, identity) : input;
const typed = (dtype: Over<DTypeLike>, standard: DType): DType => (dtype ? toDType(dtype) : standard);
/** Small integers are summed in int64. */
const sumType = (input: Tensor): DType => (input.dtype.category < 2 ? int64 : input.dtype);
const floatType = (input: Tensor): DType => (input.dtype.category < 2 ? getDefaultDtype() : input.dtype);

// --- reductions -----------------------------------------------------------------------------------------------------------------------------------

type Reduction = Op<[], [dim: Dims | null], { dim: Dims | null; keepdim: boolean } & MaskOptions>;
type Reduce = (input: Tensor, dims: number[], keepdim: boolean, mask: Over<Tensor>, dtype: Over<DTypeLike>) => Tensor;

const reduction = (name: string, body: Reduce): Reduction =>
  define(
    `masked_${snakeCase(name)}`,
    'input, dim?, *, keepdim?, dtype?, mask?',
    (input: Tensor, dim: Over<Dims>, keepdim: Over<boolean>, dtype: Over<DTypeLike>, mask: Over<Tensor>) =>
      body(input, wrapDims(dim, input.ndim), keepdim ?? false, mask, dtype),
  );

/**
 * The sum of the unmasked elements; 0 where there are none. https://pytorch.org/docs/stable/generated/torch.masked.sum.html
 * @example torch.masked.sum(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, false, true]) })  // tensor(4)
 */
export const sum: Reduction = reduction('sum', (input, dims, keepdim, mask, dtype) =>
  reduce.sum(filled(input, mask, 0), dims, keepdim, { dtype: typed(dtype, sumType(input)) }),
);
/**
 * The product; 1 where there are no elements. https://pytorch.org/docs/stable/generated/torch.masked.prod.html
 * @example torch.masked.prod(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, false, true]) })  // tensor(3)
 */
export const prod: Reduction = reduction('prod', (input, dims, keepdim, mask, dtype) => {
  const x = convert(filled(input, mask, 1), typed(dtype, sumType(input)));
  return [...dims].sort((a, b) => b - a).reduce((product, d) => reduce.prod(product, d, keepdim), x);
});
/**
 * The largest of the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.amax(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, true, false]) })  // tensor(2)
 */
export const amax: Reduction = reduction('amax', (input, dims, keepdim, mask, dtype) =>
  convert(reduce.amax(filled(input, mask, lowest(input.dtype)), dims, keepdim), typed(dtype, input.dtype)),
);
/**
 * The smallest of the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.amin(torch.tensor([1, 2, 3]), { mask: torch.tensor([false, true, true]) })  // tensor(2)
 */
export const amin: Reduction = reduction('amin', (input, dims, keepdim, mask, dtype) =>
  convert(reduce.amin(filled(input, mask, highest(input.dtype)), dims, keepdim), typed(dtype, input.dtype)),
);
/**
 * ln Σ e^x over the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.logsumexp(torch.tensor([1, 2, 3]), 0, { mask: torch.tensor([true, false, true]) })  // tensor(3)
 */
export const logsumexp: Reduction = reduction('logsumexp', (input, dims, keepdim, mask, dtype) =>
  convert(reduce.logsumexp(filled(input, mask, lowest(input.dtype)), dims, keepdim), typed(dtype, input.dtype)),
);

/** How many elements count: a number without a mask. */
function countOf(input: Tensor, dims: readonly number[], keepdim: boolean, mask: Over<Tensor>): Tensor | number {
  if (!mask) return numelOf(dims.map((d) => input.sizes[d]));
  return reduce.sum(maskFor(input, mask), dims, keepdim);
}
/**
 * The mean; NaN where there are no elements. https://pytorch.org/docs/stable/generated/torch.masked.mean.html
 * @example torch.masked.mean(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, true, false]) })  // tensor(1.5000)
 */
export const mean: Reduction = reduction('mean', (input, dims, keepdim, mask, dtype) => {
  const total = sum(input, dims, { keepdim, mask, dtype: typed(dtype, floatType(input)) });
  return total.div(countOf(input, dims, keepdim, mask));
});

type Position = Op<[], [dim: number | null], { dim: number | null; keepdim: boolean } & MaskOptions>;
const positionOf = (name: 'argmax' | 'argmin', identity: (dtype: DType) => Number_): Position =>
  define(
    `masked_${name}`,
    'input, dim?, *, keepdim?, dtype?, mask?',
    (input: Tensor, dim: Over<number>, keepdim: Over<boolean>, dtype: Over<DTypeLike>, mask: Over<Tensor>) =>
      convert(sorting[name](filled(input, mask, identity(input.dtype)), dim ?? null, keepdim ?? false), typed(dtype, input.dtype)),
  );
/**
 * Positions of the largest elements, in the dtype of the input. https://pytorch.org/docs/stable/generated/torch.masked.argmax.html
 * @example torch.masked.argmax(torch.tensor([1, 2, 3]), { mask: torch.tensor([true, true, false]) })  // tensor(1)
 */
export const argmax: Position = positionOf('argmax', lowest);
/**
 * Positions of the smallest elements. https://pytorch.org/docs/stable/generated/torch.masked.argmin.html
 * @example torch.masked.argmin(torch.tensor([1, 2, 3]), { mask: torch.tensor([false, true, true]) })  // tensor(1)
 */
export const argmin: Position = positionOf('argmin', highest);

/**
 * The median; NaN where there are no elements. https://pytorch.org/docs/stable/generated/torch.masked.median.html
 * @example torch.masked.median(torch.tensor([1.5, 2, 3, 9]), 0, { mask: torch.tensor([true, true, true, false]) })  // tensor(2.)
 */
export const median: Op<[], [dim: number], { dim: number; keepdim: boolean } & MaskOptions> = define(
  'masked_median',
  'input, dim?, *, keepdim?, dtype?, mask?',
  (input: Tensor, dim = -1, keepdim: Over<boolean>, dtype: Over<DTypeLike>, mask: Over<Tensor>) => {
    const isFloat = input.dtype.category === 2;
    const x = isFloat ? input : convert(input, getDefaultDtype());
    const { values } = nanmedian(filled(x, mask, NaN), dim, keepdim ?? false);
    if (isFloat) return values;
    if (item(reduce.any(values.isnan())) === true)
      throw new ValueError('masked median expects no fully masked out rows if dtype is not floating point');
    return convert(values, typed(dtype, input.dtype));
  },
);

type NormOptions = { ord: number; dim: Dims | null; keepdim: boolean } & MaskOptions;
/**
 * The norm of vectors along `dim`. https://pytorch.org/docs/stable/generated/torch.masked.norm.html
 * @example torch.masked.norm(torch.tensor([3.5, 4.5, 9]), 1, { mask: torch.tensor([true, true, false]) })  // tensor(8.)
 */
export const norm: Op<[], [ord: number, dim: Dims | null], NormOptions> = define(
  'masked_norm',
  'input, ord?, dim?, *, keepdim?, dtype?, mask?',
  (input: Tensor, ord = 2, dim: Over<Dims>, keepdim: Over<boolean>, dtype: Over<DTypeLike>, mask: Over<Tensor>) => {
    const x = convert(input, typed(dtype, floatType(input)));
    return vectorNorm(filled(x, mask, ord === -Infinity ? Infinity : 0), ord, wrapDims(dim, x.ndim), keepdim ?? false);
  },
);

type SpreadOptions = { dim: Dims | null; unbiased: boolean | null; correction: number | null; keepdim: boolean } & MaskOptions;
type Spread = Op<[], [dim: Dims | null, unbiased: boolean | null], SpreadOptions>;
const spread = (name: string, finish: (variance: Tensor) => Tensor): Spread =>
  define(
    `masked_${name}`,
    'input, dim?, unbiased?, *, correction?, keepdim?, dtype?, mask?',
    (
      given: Tensor,
      dim: Over<Dims>,
      unbiased: Over<boolean>,
      correction: Over<number>,
      keepdim: Over<boolean>,
      dtype: Over<DTypeLike>,
      mask: Over<Tensor>,
    ) => {
      const input = convert(given, typed(dtype, floatType(given)));
      const dims = wrapDims(dim, input.ndim);
      const centered = input.sub(sum(input, dims, { keepdim: true, mask }).div(countOf(input, dims, true, mask)));
      const total = sum(centered.mul(conj(centered)), dims, { keepdim: keepdim ?? false, mask });
      const lost = correction ?? (unbiased === false ? 0 : 1);
      const count = countOf(input, dims, keepdim ?? false, mask);
      const free = typeof count === 'number' ? Math.max(count - lost, 0) : convert(count, input.dtype.toReal()).sub(lost).clampMin(0);
      return finish(total.div(free));
    },
  );
/**
 * The variance of the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.var(torch.tensor([1, 2, 9]), { mask: torch.tensor([true, true, false]) })  // tensor(0.5000)
 */
const variance: Spread = spread('var', (v) => v);
export { variance as var };
/**
 * The standard deviation of the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.std(torch.tensor([1, 2, 9]), { mask: torch.tensor([true, true, false]) })  // tensor(0.7071)
 */
export const std: Spread = spread('std', (v) => v.sqrt());

// --- the same shape -------------------------------------------------------------------------------------------------------------------------------

type Along = Op<[dim: number], [], MaskOptions>;
const along = (name: string, identity: (dtype: DType) => Number_, f: (x: Tensor, dim: number, dtype: DType) => Tensor): Along =>
  define(`masked_${name}`, 'input, dim, *, dtype?, mask?', (input: Tensor, dim: number, dtype: Over<DTypeLike>, mask: Over<Tensor>) =>
    f(filled(input, mask, identity(input.dtype)), dim, typed(dtype, input.dtype)),
  );
/**
 * The running sum; elements where `mask` is false count as 0. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.cumsum(torch.tensor([1, 2, 3]), 0, { mask: torch.tensor([true, false, true]) })  // tensor([1, 1, 4])
 */
export const cumsum: Along = along(
  'cumsum',
  () => 0,
  (x, dim, dtype) => scan.cumsum(x, dim, { dtype }),
);
/**
 * The running product; elements where `mask` is false count as 1. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.cumprod(torch.tensor([1, 2, 3]), 0, { mask: torch.tensor([true, false, true]) })  // tensor([1, 1, 3])
 */
export const cumprod: Along = along(
  'cumprod',
  () => 1,
  (x, dim, dtype) => scan.cumprod(x, dim, { dtype }),
);
const floatOf = (dtype: DType): DType | null => (dtype.category < 2 ? null : dtype);
/**
 * The softmax over the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example
 * torch.masked.softmax(torch.tensor([1, 2, 1]), 0, { mask: torch.tensor([true, false, true]) })
 * // tensor([0.5000, 0.0000, 0.5000])
 */
export const softmax: Along = along('softmax', lowest, (x, dim, dtype) => normalizations.softmax(x, dim, { dtype: floatOf(dtype) }));
/**
 * ln(softmax) over the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example torch.masked.logSoftmax(torch.tensor([1, 1]), 0, { mask: torch.tensor([true, true]) })  // tensor([-0.6931, -0.6931])
 */
export const logSoftmax: Along = along('log_softmax', lowest, (x, dim, dtype) =>
  normalizations.logSoftmax(x, dim, { dtype: floatOf(dtype) }),
);
/**
 * The softmin over the elements where `mask` is true. https://pytorch.org/docs/stable/masked.html
 * @example
 * torch.masked.softmin(torch.tensor([1, 2, 1]), 0, { mask: torch.tensor([true, false, true]) })
 * // tensor([0.5000, 0.0000, 0.5000])
 */
export const softmin: Along = along('softmin', highest, (x, dim, dtype) => normalizations.softmin(x, dim, { dtype: floatOf(dtype) }));

type Normalize = Op<[ord: number, dim: number], [], { eps: number } & MaskOptions>;
/**
 * Vectors along `dim` divided by their norms, or by `eps`. https://pytorch.org/docs/stable/generated/torch.masked.normalize.html
 * @example
 * torch.masked.normalize(torch.tensor([3, 4, 9]), 2, 0, { mask: torch.tensor([true, true, false]) })
 * // tensor([0.6000, 0.8000, 0.0000])
 */
export const normalize: Normalize = define(
  'masked_normalize',
  'input, ord, dim, *, eps?, dtype?, mask?',
  (given: Tensor, ord: number, dim: number, eps = 1e-12, dtype: Over<DTypeLike>, mask: Over<Tensor>) => {
    const input = convert(given, typed(dtype, floatType(given)));
    const norms = norm(input, ord, dim, { keepdim: true, mask });
    return filled(input, mask, 0).div(norms.clampMin(eps));
  },
);

type LogAddExp = Op<[other: Tensor], [], { dtype: DTypeLike | null; inputMask: Tensor | null; otherMask: Tensor | null }>;
/**
 * ln(eˣ + eʸ); what is masked out counts as -∞. https://pytorch.org/docs/stable/generated/torch.masked.logaddexp.html
 * @example
 * torch.masked.logaddexp(torch.tensor([0.5, 1]), torch.tensor([0.5, 2]), { inputMask: torch.tensor([true, false]) })
 * // tensor([1.1931, 2.0000])
 */
export const logaddexp: LogAddExp = define(
  'masked_logaddexp',
  'input, other, *, dtype?, inputMask?, otherMask?',
  (x: Tensor, y: Tensor, dtype: Over<DTypeLike>, xMask: Over<Tensor>, yMask: Over<Tensor>) => {
    const result = logaddexpOf(filled(x, xMask, lowest(x.dtype)), filled(y, yMask, lowest(y.dtype)));
    return dtype ? convert(result, toDType(dtype)) : result;
  },
);
