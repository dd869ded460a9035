/** Reductions over dims. */
import { bool, type DType, int64, uint8 } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import type { ReduceOp } from '../ir/kernel.js';
import { noGrad } from '../autograd/modes.js';
import { record, nameNode } from '../autograd/node.js';
import { IndexError, NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype, type Number_ } from '../tensor/promote.js';
import { sameSizes, wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { broadcastDims, setSumToSize } from './apply.js';
import { define, scalarTypeName } from './define.js';
import { Formula, inputLeaves, paramLeaf } from './formula.js';
import { accumulateType, runReduction, sumType } from './launch.js';
import { contiguousRaw, toDType } from './memory.js';
import { convert } from './convert.js';
import { add, conjPhysical, div, eq, exp, isinf, log, mul, ne, selectWhere, sub } from './pointwise.js';
import { expand, reshape, unsqueeze } from './view.js';
import { tuple, type NamedTuple } from './tuple.js';
import type { Dims, DTypeLike, Op } from './types.js';

export interface ReduceSpec {
  readonly op: ReduceOp;
  readonly value: (...inputs: Expr[]) => Expr;
  readonly accumulate: DType;
  readonly outDtype: DType;
  readonly key: string;
  readonly epilogue?: (acc: Expr, params: readonly Expr[]) => Expr;
  readonly params?: readonly { value: Number_; dtype: DType }[];
}

const formulas = new Map<string, Formula>();
function valueFormula(spec: ReduceSpec, inputs: readonly Tensor[]): Formula {
  const params = spec.params ?? [];
  const name = `${spec.key} ${inputs.map((t) => t.dtype.code).join()} ${spec.accumulate.code} ${params.map((p) => p.dtype.code).join()}`;
  let formula = formulas.get(name);
  if (!formula) {
    const leaves = inputLeaves(inputs.map((t) => t.dtype));
    formulas.set(
      name,
      (formula = new Formula(
        leaves,
        params.map((p, i) => paramLeaf(i, p.dtype)),
        [spec.value(...leaves)],
      )),
    );
  }
  return formula;
}

/** A reduction outside the graph. Later inputs are broadcast to the first. */
export function reduceRaw(spec: ReduceSpec, inputs: readonly Tensor[], dims: readonly number[], keepdim: boolean): Tensor {
  const [input] = inputs;
  const reduction = { op: spec.op, accumulate: spec.accumulate, key: spec.key, epilogue: spec.epilogue ?? ((acc: Expr) => acc) };
  const values = (spec.params ?? []).map((p) => p.value);
  return runReduction(
    valueFormula(spec, inputs),
    reduction,
    spec.outDtype,
    input.sizes,
    dims,
    keepdim,
    inputs,
    values,
    input.storage.device,
  );
}

/** A reduced tensor put back to the shape of `like`, ready to broadcast. */
export function restoreDims(t: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return keepdim ? t : [...dims].sort((a, b) => a - b).reduce((x, d) => unsqueeze(x, d), t);
}
const expandBack = (grad: Tensor, sizes: readonly number[], dims: readonly number[], keepdim: boolean): Tensor =>
  sizes.length === 0 ? grad : expand(restoreDims(grad, dims, keepdim), sizes);

/** How many elements go into one result. */
export const countOf = (sizes: readonly number[], dims: readonly number[]): number => dims.reduce((n, d) => n * sizes[d], 1);
const identity = (x: Expr): Expr => x;
const suffix = (name: string, dim: unknown): string =>
  dim === null || dim === undefined ? name : `${name[0].toUpperCase()}${name.slice(1)}Backward1`;

type Reduction = Op<[], [dim: Dims | null, keepdim: boolean], { dim: Dims | null; keepdim: boolean; dtype: DTypeLike | null }>;
const SPEC = 'input, dim?, keepdim?, *, dtype?';

function sumAs(input: Tensor, dims: readonly number[], keepdim: boolean, dtype: DType): Tensor {
  const spec = {
    op: 'sum',
    value: (x: Expr) => castReal(x, dtype),
    accumulate: accumulateType(dtype),
    outDtype: dtype,
    key: `sum ${dtype.name}`,
  } as const;
  return reduceRaw(spec, [input], dims, keepdim);
}
const castReal = (x: Expr, dtype: DType): Expr => (x.dtype.isComplex && !dtype.isComplex ? x.real : x).cast(accumulateType(dtype));

/**
 * The sum over `dim` (all dims by default); integers and booleans are summed in int64. With `keepdim` the dims stay, of size 1.
 * https://pytorch.org/docs/stable/generated/torch.sum.html
 * @example
 * torch.sum(torch.tensor([[1, 2], [3, 4]]), 1, { keepdim: true })
 * // tensor([[3],
 * //         [7]])
 */
export const sum: Reduction = define('sum', SPEC, (input: Tensor, dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) => {
  const dims = wrapDims(dim, input.ndim);
  const { sizes, dtype: own } = input;
  const result = sumAs(input, dims, keepdim, dtype ? toDType(dtype) : sumType(own));
  return record(suffix('sum', dim), [input], result, [], ({ grad }) => [convert(expandBack(grad, sizes, dims, keepdim), own)]);
});

setSumToSize((grad, shape) => {
  if (sameSizes(grad.sizes, shape)) return grad;
  const dims = broadcastDims(grad.sizes, shape);
  const summed = dims.length ? sum(grad, dims, true) : grad;
  return summed.sizes.length === shape.length ? summed : reshape(summed, shape);
});
/** Sums to a shape that broadcasts to the tensor's. https://pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html */
export const sumToSize: (input: Tensor, ...size: (number | readonly number[])[]) => Tensor = define(
  'sumToSize',
  'input, ...size',
  (input: Tensor, size: readonly number[]) => {
    const lead = input.ndim - size.length;
    if (lead < 0 || size.some((n, d) => n !== 1 && n !== input.sizes[d + lead])) {
      throw new RuntimeError(`size {[${size.join(', ')}]} is not expandable to size {[${input.sizes.join(', ')}]}.`);
    }
    if (size.length === 0) return sum(input);
    const dims = broadcastDims(input.sizes, size);
    if (dims.length) return nameNode('SumBackward1', reshape(sum(input, dims, true), size));
    return lead ? reshape(input, size) : input;
  },
);

/**
 * The sum of the numbers, NaN counting as 0. https://pytorch.org/docs/stable/generated/torch.nansum.html
 * @example torch.nansum(torch.tensor([1, NaN, 3]))  // tensor(4.)
 */
export const nansum: Reduction = define('nansum', SPEC, (input: Tensor, dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) =>
  nameNode('nansum', sum(selectWhere(ne(input, input), 0, input), { dim, keepdim, dtype: dtype ?? undefined })),
);

/**
 * The arithmetic mean over `dim` (all dims by default); integers give floats. https://pytorch.org/docs/stable/generated/torch.mean.html
 * @example torch.mean(torch.tensor([[1, 2], [3, 5]]), 1)  // tensor([1.5000, 4.0000])
 */
export const mean: Reduction = define('mean', SPEC, (input: Tensor, dim?: Dims | null, keepdim = false, dtypeLike?: DTypeLike | null) => {
  const dims = wrapDims(dim, input.ndim);
  const { sizes, dtype: own } = input;
  const dtype = dtypeLike ? toDType(dtypeLike) : own.category < 2 ? getDefaultDtype() : own;
  if (dtype.category < 2)
    throw new RuntimeError(
      `mean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: ${scalarTypeName(dtype)}`,
    );
  const n = countOf(sizes, dims);
  const accumulate = accumulateType(dtype);
  const result = reduceRaw(
    {
      op: 'sum',
      value: (x) => castReal(x, dtype),
      accumulate,
      outDtype: dtype,
      key: `mean ${dtype.name}`,
      epilogue: (acc, [count]) => acc.div(count),
      params: [{ value: n, dtype: accumulate.toReal() }],
    },
    [input],
    dims,
    keepdim,
  );
  return record(suffix('mean', dim), [input], result, [], ({ grad }) => [convert(div(expandBack(grad, sizes, dims, keepdim), n), own)]);
});
/**
 * The mean of the numbers that are not NaN. https://pytorch.org/docs/stable/generated/torch.nanmean.html
 * @example torch.nanmean(torch.tensor([1, NaN, 3]))  // tensor(2.)
 */
export const nanmean: Reduction = define('nanmean', SPEC, (input: Tensor, dim?: Dims | null, keepdim = false, dtype?: DTypeLike | null) =>
  div(nansum(input, { dim, keepdim, dtype: dtype ?? undefined }), sum(eq(input, input), dim ?? null, keepdim)),
);

// --- extremes over dims ---------------------------------------------------------------------------------------------------------------------------

function extremeRaw(input: Tensor, op: 'max' | 'min', dims: readonly number[], keepdim: boolean): Tensor {
  dims.forEach((d) => {
    if (input.sizes[d] === 0) throw new IndexError(`a${op}(): Expected reduction dim ${d} to have non-zero size.`);
  });
  if (input.dtype.isComplex) throw new NotImplementedError(`"${op}_values_cpu" not implemented for '${scalarTypeName(input.dtype)}'`);
  return reduceRaw({ op, value: identity, accumulate: input.dtype, outDtype: input.dtype, key: 'identity' }, [input], dims, keepdim);
}
/** The gradient goes to all equal extremes in equal parts. */
function extreme(name: string, op: 'max' | 'min', input: Tensor, dim: Dims | null | undefined, keepdim: boolean): Tensor {
  const dims = wrapDims(dim, input.ndim);
  const result = extremeRaw(input, op, dims, keepdim);
  return record(name, [input], result, [input, result], ({ grad }, [x, y]) => {
    const winners = convert(eq(x, restoreDims(y, dims, keepdim)), grad.dtype);
    const share = div(restoreDims(grad, dims, keepdim), sum(winners, x.ndim === 0 ? null : dims, x.ndim > 0));
    return [mul(winners, share)];
  });
}
type Extreme = Op<[], [dim: Dims, keepdim: boolean], { dim: Dims; keepdim: boolean }>;
const wrongExtremeOut = (input: string, out: string): string =>
  `Expected the dtype for input and out to match, but got ${input} for input's dtype and ${out} for out's dtype.`;
/**
 * The largest value over `dim` (all dims by default); where several are equal, they share the gradient.
 * https://pytorch.org/docs/stable/generated/torch.amax.html
 * @example torch.amax(torch.tensor([[1, 4], [3, 2]]), 1)  // tensor([4, 3])
 */
export const amax: Extreme = define(
  'amax',
  'input, dim?, keepdim?',
  (input: Tensor, dim?: Dims, keepdim = false) => extreme('amax', 'max', input, dim, keepdim),
  wrongExtremeOut,
);
/**
 * The smallest value over `dim` (all dims by default); where several are equal, they share the gradient.
 * https://pytorch.org/docs/stable/generated/torch.amin.html
 * @example torch.amin(torch.tensor([[1, 4], [3, 2]]), 1)  // tensor([1, 2])
 */
export const amin: Extreme = define(
  'amin',
  'input, dim?, keepdim?',
  (input: Tensor, dim?: Dims, keepdim = false) => extreme('amin', 'min', input, dim, keepdim),
  wrongExtremeOut,
);
/** The extreme of all elements, as `max(x)` and `min(x)` give it. */
export function extremeOfAll(name: 'max' | 'min', input: Tensor): Tensor {
  if (numelOf(input.sizes) === 0)
    throw new RuntimeError(
      `${name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
    );
  return extreme(`${name[0].toUpperCase()}${name.slice(1)}Backward1`, name, input, null, false);
}
/**
 * The smallest and the largest value over `dim` (all dims by default), as `{ min, max }`.
 * https://pytorch.org/docs/stable/generated/torch.aminmax.html
 * @example
 * const { min, max } = torch.aminmax(torch.tensor([3, 1, 2]));
 * [min, max]  // [ tensor(1), tensor(3) ]
 */
export const aminmax: Op<[], [], { dim: number | null; keepdim: boolean }, NamedTuple<'min' | 'max'>> = define(
  'aminmax',
  'input, *, dim?, keepdim?',
  (input: Tensor, dim: number | null = null, keepdim = false) => {
    if (dim === null && numelOf(input.sizes) === 0)
      throw new RuntimeError('aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.');
    return tuple(
      'aminmax',
      ['min', 'max'],
      [extreme('aminmax', 'min', input, dim, keepdim), extreme('aminmax', 'max', input, dim, keepdim)],
    );
  },
);

function truthOver(name: string, op: 'max' | 'min'): Extreme {
  return define<Extreme>(name, 'input, dim?, keepdim?', (input: Tensor, dim?: Dims, keepdim = false) => {
    const dims = wrapDims(dim, input.ndim);
    const outDtype = input.dtype === uint8 ? uint8 : bool;
    return reduceRaw({ op, value: (x) => x.cast(bool), accumulate: bool, outDtype, key: 'truth' }, [input], dims, keepdim);
  });
}
/**
 * Whether all elements over `dim` (all dims by default) are nonzero; the result is bool.
 * https://pytorch.org/docs/stable/generated/torch.all.html
 * @example torch.all(torch.tensor([[1, 0], [1, 1]]), 1)  // tensor([False,  True])
 */
export const all: Extreme = truthOver('all', 'min');
/**
 * Whether any element over `dim` (all dims by default) is nonzero; the result is bool.
 * https://pytorch.org/docs/stable/generated/torch.any.html
 * @example torch.any(torch.tensor([[1, 0], [0, 0]]), 1)  // tensor([ True, False])
 */
export const any: Extreme = truthOver('any', 'max');
/**
 * How many elements are not 0. https://pytorch.org/docs/stable/generated/torch.count_nonzero.html
 * @example torch.countNonzero(torch.tensor([[1, 0], [2, 3]]), 1)  // tensor([1, 2])
 */
export const countNonzero: Op<[], [dim: Dims | null], { dim: Dims | null }> = define(
  'countNonzero',
  'input, dim?',
  (input: Tensor, dim?: Dims | null) =>
    reduceRaw(
      { op: 'sum', value: (x) => x.cast(bool).cast(int64), accumulate: int64, outDtype: int64, key: 'count' },
      [input],
      wrapDims(dim, input.ndim),
      false,
    ),
);

export const asFloat = (input: Tensor): Tensor => (input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input);

// --- products and log-sums ----------------------------------------------------------------------------------------------------------------------------

/**
 * The product over one dim or over all. https://pytorch.org/docs/stable/generated/torch.prod.html
 * @example torch.prod(torch.tensor([[1, 2], [3, 4]]), 1)  // tensor([ 2, 12])
 */
export const prod: Op<[], [dim: number | null, keepdim: boolean], { dim: number | null; keepdim: boolean; dtype: DTypeLike | null }> =
  define('prod', SPEC, (given: Tensor, dim?: number | null, keepdim = false, dtypeLike?: DTypeLike | null) => {
    const dtype = dtypeLike ? toDType(dtypeLike) : sumType(given.dtype);
    const input = convert(given, dtype);
    const dims = wrapDims(dim, input.ndim);
    const result = productRaw(input, dims, keepdim);
    return record(suffix('prod', dim), [input], result, [input], ({ grad }, [x]) => [
      dim === null || dim === undefined
        ? reshape(mul(productOfOthers(reshape(x, [-1]), 0), grad), x.sizes)
        : x.ndim === 0
          ? grad
          : mul(restoreDims(grad, dims, keepdim), productOfOthers(x, dims[0])),
    ]);
  });

function productRaw(input: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const { dtype } = input;
  if (!dtype.isComplex)
    return reduceRaw(
      { op: 'prod', value: identity, accumulate: accumulateType(dtype), outDtype: dtype, key: 'identity' },
      [input],
      dims,
      keepdim,
    );
  return complexProduct(input, dims, keepdim);
}
/** Complex products go through the routine of scans: a kernel has one real accumulator. Set by `scan.ts`. */
export let complexProduct: (input: Tensor, dims: readonly number[], keepdim: boolean) => Tensor;
/** At each place the (conjugated) product of all others along `dim`, zeros or not; set by `scan.ts`. */
export let productOfOthers: (x: Tensor, dim: number) => Tensor;
export function setProducts(complex: typeof complexProduct, others: typeof productOfOthers): void {
  complexProduct = complex;
  productOfOthers = others;
}

/**
 * ln Σ e^input over `dim`, without overflow. https://pytorch.org/docs/stable/generated/torch.logsumexp.html
 * @example torch.logsumexp(torch.tensor([[1, 2], [1000.5, 1000.5]]), 1)  // tensor([   2.3133, 1001.1932])
 */
export const logsumexp: Op<[dim: Dims], [keepdim: boolean], { keepdim: boolean }> = define(
  'logsumexp',
  'input, dim, keepdim?',
  (given: Tensor, dim: Dims, keepdim = false) => {
    const input = asFloat(given);
    const dims = wrapDims(dim, input.ndim);
    const result = noGrad(() => logSum(input, dims, keepdim));
    return record('logsumexp', [input], result, [input, result], ({ grad }, [x, y]) => [
      mul(restoreDims(grad, dims, keepdim), conjPhysical(exp(sub(x, restoreDims(y, dims, keepdim))))),
    ]);
  },
);

function logSum(input: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const empty = dims.some((d) => input.sizes[d] === 0);
  if (empty) return log(sum(exp(input), input.ndim === 0 ? null : dims, keepdim));
  const real = input.dtype.toReal();
  const peak = reduceRaw({ op: 'max', value: (x) => x.real, accumulate: real, outDtype: real, key: 'real' }, [input], dims, true);
  const shift = selectWhere(isinf(peak), 0, peak);
  const total = log(sum(exp(sub(input, shift)), input.ndim === 0 ? null : dims, true));
  const result = add(total, shift);
  return keepdim
    ? result
    : reshape(
        result,
        input.sizes.filter((_, d) => !dims.includes(d)),
      );
}

// --- over one dim, with positions ------------------------------------------------------------------------------------------------------------------------

/** Runs the routine that finds extremes and where they are. */
export function extremePositions(
  input: Tensor,
  dim: number,
  minimum: boolean,
  wantValues: boolean,
): { values: Tensor | null; indices: Tensor } {
  const dense = contiguousRaw(input);
  const sizes = input.sizes.filter((_, d) => d !== dim);
  const { device } = input.storage;
  const values = wantValues ? emptyTensor(device, input.dtype, sizes) : null;
  const indices = emptyTensor(device, int64, sizes);
  if (numelOf(sizes) > 0)
    device.runRoutine({
      name: 'extreme_dim',
      operands: [values, indices, input.ndim === 0 ? asVector(dense) : dense],
      params: [dim, minimum ? 1 : 0],
    });
  return { values, indices };
}
const asVector = (t: Tensor): Tensor => new Tensor(t.storage, t.dtype, [1], [1], t.offset);
