/** Order: positions of extremes, sorting, selection by rank. */
import { bool, int64 } from '../ir/dtype.js';
import { record } from '../autograd/node.js';
import { IndexError, NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { zeros } from './creation.js';
import { define, scalarTypeName } from './define.js';
import { alias } from './inplace.js';
import { contiguousRaw } from './memory.js';
import { maximum, minimum } from './pointwise.js';
import { extremeOfAll } from './reduce.js';
import { emptyOn, runRoutine } from './routine.js';
import { scatter } from './select.js';
import { type NamedTuple, tuple } from './tuple.js';
import { movedim, unsqueeze } from './view.js';
import { isOptions } from './signature.js';
import type { Args, Op, OutOption } from './types.js';

export type ValuesIndices = NamedTuple<'values' | 'indices'>;
type DimKeep = { dim: number | null; keepdim: boolean };

function checkReal(name: string, input: Tensor): void {
  if (input.dtype.isComplex) throw new NotImplementedError(`"${name}" not implemented for '${scalarTypeName(input.dtype)}'`);
}

/** The dim and its size; scalars count as one row. */
function rowOf(input: Tensor, dim: number): { x: Tensor; d: number } {
  const d = wrapDim(dim, Math.max(input.ndim, 1));
  return { x: input.ndim === 0 ? alias(input).view([1]) : alias(input), d };
}

/** Values and positions of extremes along a dim, without it. */
function extremes(
  name: string,
  input: Tensor,
  dim: number,
  least: boolean,
  wantValues: boolean,
): { values: Tensor | null; indices: Tensor } {
  checkReal(`${name}_cpu`, input);
  const { x, d } = rowOf(input, dim);
  if (x.sizes[d] === 0) throw new IndexError(`${name}(): Expected reduction dim ${d} to have non-zero size.`);
  const sizes = input.ndim === 0 ? [] : x.sizes.filter((_, i) => i !== d);
  const [values, indices] = [wantValues ? emptyOn(input, sizes) : null, emptyOn(input, sizes, int64)];
  if (numelOf(sizes) > 0) runRoutine('extreme_dim', [values, indices, contiguousRaw(x)], [d, least ? 1 : 0]);
  return { values, indices };
}

/** Gradient of values that were taken at positions along a dim. */
const spread = (grad: Tensor, indices: Tensor, sizes: readonly number[], d: number, keepdim: boolean): Tensor => {
  if (sizes.length === 0) return grad;
  const [g, at] = keepdim ? [grad, indices] : [unsqueeze(grad, d), unsqueeze(indices, d)];
  return scatter(zeros(sizes, { dtype: grad.dtype, device: grad.device }), d, at, g);
};

/** Takes results without the dim, restores it if asked, and records them. */
function selected(name: string, input: Tensor, dim: number, keepdim: boolean, values: Tensor, indices: Tensor, node = name): ValuesIndices {
  const d = wrapDim(dim, Math.max(input.ndim, 1));
  const [v, i] = keepdim && values.ndim < input.ndim ? [unsqueeze(values, d), unsqueeze(indices, d)] : [values, indices];
  const { sizes } = input;
  const result = new Tensor(v.storage, v.dtype, v.sizes, v.strides, v.offset);
  record(node, [input], result, [i], ({ grad }, [at]) => [spread(grad, at, sizes, d, keepdim)]);
  return tuple(name, ['values', 'indices'], [result, i]);
}

type Arg = Op<[], [dim: number | null, keepdim: boolean], DimKeep>;
const argOf = (name: string, least: boolean): Arg =>
  define(name, 'input, dim?, keepdim?', (input: Tensor, dim?: number | null, keepdim = false) => {
    if (dim === undefined || dim === null) {
      if (numelOf(input.sizes) === 0) throw new IndexError(`${name}(): Expected reduction dim to be specified for input.numel() == 0.`);
      const flat = extremes(name, input.reshape([-1]), 0, least, false).indices;
      return keepdim ? flat.view(input.sizes.map(() => 1)) : flat;
    }
    const { indices } = extremes(name, input, dim, least, false);
    return keepdim && input.ndim > 0 ? unsqueeze(indices, wrapDim(dim, input.ndim)) : indices;
  });

/**
 * The position of the largest value: of all elements, or along a dim. https://pytorch.org/docs/stable/generated/torch.argmax.html
 * @example torch.argmax(torch.tensor([[1, 4], [3, 2]]), 1)  // tensor([1, 0])
 */
export const argmax: Arg = argOf('argmax', false);
/**
 * The position of the smallest value: of all elements, or along `dim`. https://pytorch.org/docs/stable/generated/torch.argmin.html
 * @example torch.argmin(torch.tensor([[1, 4], [3, 2]]), 1)  // tensor([0, 1])
 */
export const argmin: Arg = argOf('argmin', true);

type Extremum = {
  (input: Tensor, out?: Partial<OutOption>): Tensor;
  (input: Tensor, other: Tensor, out?: Partial<OutOption>): Tensor;
  (
    input: Tensor,
    ...args: [dim: number, ...Args<[keepdim: boolean], { keepdim: boolean }>] | [{ dim: number; keepdim?: boolean }]
  ): ValuesIndices;
};

const extremum = (name: 'max' | 'min', least: boolean): Extremum => {
  const along = define<(input: Tensor, dim: number, keepdim?: boolean) => ValuesIndices>(
    name,
    'input, dim, keepdim?',
    (input: Tensor, dim: number, keepdim = false) => {
      const { values, indices } = extremes(name, input, dim, least, true);
      return selected(name, input, dim, keepdim, values!, indices);
    },
  );
  const ofAll = define<Op>(name, 'input', (input: Tensor) => extremeOfAll(name, input));
  const op = (input: Tensor, ...args: unknown[]): Tensor | ValuesIndices => {
    const [first, ...rest] = args as [unknown, Partial<OutOption>?];
    if (args.length === 0 || (isOptions(first) && Object.keys(first).join() === 'out')) return ofAll(input, ...(args as [object?]));
    if (first instanceof Tensor) return (least ? minimum : maximum)(input, first, ...rest);
    if (typeof first === 'object' && first !== null && 'other' in first)
      return (least ? minimum : maximum)(input, (first as { other: Tensor }).other);
    return (along as (...all: unknown[]) => ValuesIndices)(input, ...args);
  };
  return Object.assign(op, { opName: name }) as unknown as Extremum;
};

/**
 * The largest value of all; [values, indices] along a dim; or the larger of two tensors.
 * https://pytorch.org/docs/stable/generated/torch.max.html
 * @example
 * const { values, indices } = torch.max(torch.tensor([[1, 4], [3, 2]]), 1);
 * [values, indices]  // [ tensor([4, 3]), tensor([1, 0]) ]
 */
export const max: Extremum = extremum('max', false);
/**
 * The smallest value of all; [values, indices] along a dim; or the smaller of two tensors.
 * https://pytorch.org/docs/stable/generated/torch.min.html
 * @example torch.min(torch.tensor([3, 1, 2]))  // tensor(1)
 */
export const min: Extremum = extremum('min', true);

interface SortOptions {
  dim: number;
  descending: boolean;
  stable: boolean;
}

/** Runs a routine that works on the last dim, over any dim: `sizes` gives the length of its results. */
function overLast(input: Tensor, dim: number, run: (x: Tensor, d: number) => Tensor[]): Tensor[] {
  const { x, d } = rowOf(input, dim);
  const results = run(contiguousRaw(movedim(x, d, -1)), d);
  return results.map((t) => (input.ndim === 0 ? t.view([]) : movedim(t, -1, d)));
}

function sorted(input: Tensor, dim: number, descending: boolean, node = 'sort'): ValuesIndices {
  checkReal('sort', input);
  const [values, indices] = overLast(input, dim, (x) => {
    const results = [emptyOn(x, x.sizes), emptyOn(x, x.sizes, int64)];
    if (numelOf(x.sizes) > 0) runRoutine('sort', [...results, x], [descending ? 1 : 0]);
    return results;
  });
  return selected('sort', input, dim, true, values, indices, node);
}

/**
 * Sorted along a dim, stably: [values, indices]. https://pytorch.org/docs/stable/generated/torch.sort.html
 * @example torch.sort(torch.tensor([3, 1, 2]), { descending: true }).values  // tensor([3, 2, 1])
 */
export const sort: Op<[], [dim: number, descending: boolean, stable: boolean], SortOptions, ValuesIndices> = define(
  'sort',
  'input, dim?, descending?, stable?',
  (input: Tensor, dim = -1, descending = false, stable?: boolean) =>
    sorted(input, dim, descending, stable === undefined ? 'sort' : 'SortBackward1'),
);

/**
 * The positions that sort a dim. https://pytorch.org/docs/stable/generated/torch.argsort.html
 * @example torch.argsort(torch.tensor([3, 1, 2]))  // tensor([1, 2, 0])
 */
export const argsort: Op<[], [dim: number, descending: boolean, stable: boolean], SortOptions> = define(
  'argsort',
  'input, dim?, descending?, stable?',
  (input: Tensor, dim = -1, descending = false) => sorted(input, dim, descending).indices,
);
/**
 * Sorted along the first dim. https://pytorch.org/docs/stable/generated/torch.msort.html
 * @example torch.msort(torch.tensor([3, 1, 2]))  // tensor([1, 2, 3])
 */
export const msort: Op = define('msort', 'input', (input: Tensor) => sorted(input, 0, false).values);

interface TopkOptions {
  dim: number;
  largest: boolean;
  sorted: boolean;
}

/**
 * The k largest or smallest along a dim, in order: [values, indices]. https://pytorch.org/docs/stable/generated/torch.topk.html
 * @example
 * torch.topk(torch.tensor([3, 1, 2]), 2)
 * // torch.return_types.topk(
 * // values=tensor([3, 2]),
 * // indices=tensor([0, 2]))
 */
export const topk: Op<[k: number], [dim: number, largest: boolean, sorted: boolean], TopkOptions, ValuesIndices> = define(
  'topk',
  'input, k, dim?, largest?, sorted?',
  (input: Tensor, k: number, dim = -1, largest = true) => {
    checkReal('topk_cpu', input);
    if (input.dtype === bool) throw new NotImplementedError(`"topk_cpu" not implemented for 'Bool'`);
    const length = input.ndim === 0 ? 1 : input.sizes[wrapDim(dim, input.ndim)];
    if (!(k >= 0 && k <= length)) throw new RuntimeError('selected index k out of range');
    const [values, indices] = overLast(input, dim, (x) => {
      const sizes = [...x.sizes.slice(0, -1), k];
      const results = [emptyOn(x, sizes), emptyOn(x, sizes, int64)];
      if (numelOf(sizes) > 0) runRoutine('topk', [...results, x], [largest ? 1 : 0]);
      return results;
    });
    return selected('topk', input, dim, true, values, indices);
  },
);
