/** Selecting and writing by index along a dim, and by position. */
import { int32, int64 } from '../ir/dtype.js';
import { noGrad } from '../autograd/modes.js';
import { record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { isNumber, type Number_ } from '../tensor/promote.js';
import { broadcastSizes, formatShape, sameSizes, wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { sumToSize } from './apply.js';
import { define, scalarTypeName } from './define.js';
import { contiguousRaw, zeros } from './memory.js';
import { div, eq, mul, selectWhere, sub } from './pointwise.js';
import { emptyOn, runIndexed, runRoutine } from './routine.js';
import { scalarTensor } from './scalar.js';
import { expand, reshape } from './view.js';
import type { Op, Scalar, TensorLike } from './types.js';

/** Routines see a 0-dim tensor as one of one element. */
export const asRow = (t: Tensor): Tensor => (t.ndim === 0 ? new Tensor(t.storage, t.dtype, [1], [1], t.offset) : t);
export const rowOf = (t: Tensor): Tensor => asRow(contiguousRaw(t));
const zerosLike = (t: Tensor, dtype = t.dtype): Tensor => zeros(t.sizes, { dtype, device: t.storage.device });

function asIndex(name: string, index: Tensor): Tensor {
  if (index.dtype !== int64 && index.dtype !== int32) throw new RuntimeError(`${name}(): Expected dtype int32 or int64 for index`);
  return convert(index, int64);
}
const outOfRange =
  (d: number) =>
  (index: number, size: number): string =>
    `index ${index} is out of bounds for dimension ${d} with size ${size}`;

// --- along one dim -----------------------------------------------------------------------------------------------------------------------------------

/**
 * The slices that a vector of indices names, along a dim. https://pytorch.org/docs/stable/generated/torch.index_select.html
 * @example
 * torch.indexSelect(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([1]))
 * // tensor([[2],
 * //         [4]])
 */
export const indexSelect: Op<[dim: number, index: Tensor]> = define(
  'indexSelect',
  'input, dim, index',
  (input: Tensor, dim: number, index: Tensor) => {
    const d = wrapDim(dim, input.ndim);
    if (index.ndim > 1) throw new IndexError('index_select(): Index is supposed to be a vector');
    const positions = rowOf(asIndex('index_select', index));
    const source = rowOf(input);
    const sizes = asRow(input).sizes.map((n, k) => (k === d ? positions.sizes[0] : n));
    const out = emptyOn(input, sizes);
    runIndexed('index_select', [out, source, positions], [d], () => 'index out of range in self');
    const result = input.ndim === 0 ? new Tensor(out.storage, out.dtype, [], [], 0) : out;
    const { sizes: shape } = input;
    return record('indexSelect', [input], result, [index], ({ grad }, [i]) => [
      indexAdd(zeros(shape, { dtype: grad.dtype, device: grad.storage.device }), d, i, grad),
    ]);
  },
);

const modes = { set: 0, add: 1, prod: 2, amin: 3, amax: 4, mean: 5 } as const;
type Mode = keyof typeof modes;

/** A copy of `input` with slices combined with those of `source` (or one number), outside the graph. */
function writeSlices(
  name: string,
  input: Tensor,
  d: number,
  index: Tensor,
  source: Tensor,
  mode: Mode,
  includeSelf = true,
  alpha: Number_ = 1,
): Tensor {
  const out = emptyLikeDense(input);
  copyRaw(out, input);
  const positions = rowOf(asIndex(name, index));
  if (positions.sizes[0] > 0 && numelOf(out.sizes) > 0)
    runIndexed(
      'index_write',
      [asRow(out), positions, rowOf(source)],
      [d, modes[mode], includeSelf, Number(alpha)],
      () => 'index out of range in self',
    );
  return out;
}
const emptyLikeDense = (t: Tensor): Tensor => emptyOn(t, t.sizes);
export function copyRaw(target: Tensor, source: Tensor): void {
  if (numelOf(target.sizes) > 0) runRoutine('copy', [target, source]);
}

function checkSource(name: string, input: Tensor, d: number, index: Tensor, source: Tensor): void {
  if (index.ndim > 1) throw new RuntimeError(`${name}(): Index should have dimension 1 or 0 (got ${index.ndim})`);
  const n = numelOf(index.sizes);
  if (source.dtype !== input.dtype)
    throw new RuntimeError(
      `${name}(): self (${scalarTypeName(input.dtype)}) and source (${scalarTypeName(source.dtype)}) must have the same scalar type`,
    );
  if ((source.ndim === 0 ? 1 : source.sizes[d]) !== n)
    throw new RuntimeError(
      `${name}(): Number of indices (${n}) should be equal to source.size(dim): (${source.ndim === 0 ? 1 : source.sizes[d]}), for dim: ${d}`,
    );
  const fits = source.ndim === input.ndim && source.sizes.every((s, k) => k === d || s === input.sizes[k]);
  if (!fits && source.ndim > 0 && input.ndim > 0)
    throw new RuntimeError(
      `source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = ${formatShape(input.sizes)} source.shape = ${formatShape(source.sizes)}`,
    );
}

/**
 * Slices of `source`, times alpha, added at the indices. https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
 * @example torch.indexAdd(torch.zeros(3), 0, torch.tensor([0, 2]), torch.ones(2))  // tensor([1., 0., 1.])
 */
export const indexAdd: Op<[dim: number, index: Tensor, source: Tensor], [], { alpha: Scalar }> = define(
  'indexAdd',
  'input, dim, index, source, *, alpha?',
  (input: Tensor, dim: number, index: Tensor, source: Tensor, alpha: Number_ = 1) => {
    const d = wrapDim(dim, input.ndim);
    checkSource('index_add', input, d, index, source);
    const scaled = alpha === 1 ? source : mul(source, alpha);
    const out = writeSlices('index_add', input, d, index, scaled, 'add');
    const shape = scaled.sizes;
    return record('indexAdd', [input, scaled], out, [index], ({ grad }, [i]) => [grad, () => reshape(indexSelect(grad, d, i), shape)]);
  },
);
/**
 * Slices of `source` put at the indices. https://pytorch.org/docs/stable/generated/torch.index_copy.html
 * @example torch.indexCopy(torch.zeros(3), 0, torch.tensor([0, 2]), torch.tensor([5, 6]).float())  // tensor([5., 0., 6.])
 */
export const indexCopy: Op<[dim: number, index: Tensor, source: Tensor]> = define(
  'indexCopy',
  'input, dim, index, source',
  (input: Tensor, dim: number, index: Tensor, source: Tensor) => {
    const d = wrapDim(dim, input.ndim);
    checkSource('index_copy', input, d, index, source);
    const out = writeSlices('index_copy', input, d, index, source, 'set');
    const shape = source.sizes;
    return record('indexCopy', [input, source], out, [index], ({ grad }, [i]) => [
      () => indexFill(grad, d, i, 0),
      () => reshape(indexSelect(grad, d, i), shape),
    ]);
  },
);
/**
 * One value put at the indices. https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill.html
 * @example torch.indexFill(torch.zeros(3), 0, torch.tensor([0, 2]), 7)  // tensor([7., 0., 7.])
 */
export const indexFill: Op<[dim: number, index: Tensor, value: TensorLike]> = define(
  'indexFill',
  'input, dim, index, value',
  (input: Tensor, dim: number, index: Tensor, value: TensorLike) => {
    const d = wrapDim(dim, input.ndim);
    if (value instanceof Tensor && value.ndim > 0)
      throw new RuntimeError(`index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`);
    const source = value instanceof Tensor ? convert(value, input.dtype) : scalarTensor(value, input.dtype, input.storage.device);
    const out = writeSlices('index_fill', input, d, index, source, 'set');
    return record(`IndexFillBackward${value instanceof Tensor ? 1 : 0}`, [input, source], out, [index], ({ grad }, [i]) => [
      () => indexFill(grad, d, i, 0),
      () => sumToSize(mul(grad, indexFill(zeros(grad.sizes, { dtype: grad.dtype, device: grad.storage.device }), d, i, 1)), []),
    ]);
  },
);

type Reduce = 'prod' | 'mean' | 'amax' | 'amin';
/**
 * Slices of `source` reduced into the indices. https://pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html
 * @example torch.ones(3).indexReduce(0, torch.tensor([0, 0]), torch.tensor([2.5, 4]), 'prod')  // tensor([10.,  1.,  1.])
 */
export const indexReduce: Op<[dim: number, index: Tensor, source: Tensor, reduce: Reduce], [], { includeSelf: boolean }> = define(
  'indexReduce',
  'input, dim, index, source, reduce, *, includeSelf?',
  (input: Tensor, dim: number, index: Tensor, source: Tensor, reduce: Reduce, includeSelf = true) => {
    const d = wrapDim(dim, input.ndim);
    if (!['prod', 'mean', 'amax', 'amin'].includes(reduce))
      throw new RuntimeError(`index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ${reduce}.`);
    checkSource('index_reduce', input, d, index, source);
    const out = writeSlices('index_reduce', input, d, index, source, reduce, includeSelf);
    const take = (x: Tensor, i: Tensor): Tensor => indexSelect(x, d, i);
    return record('indexReduce', [input, source], out, [input, index, source, out], ({ grad }, [x, i, s, y]) =>
      reductionGradient(reduce, {
        includeSelf,
        grad,
        x,
        source: s,
        y,
        move: {
          take: (t) => take(t, i),
          add: (base, t) => indexAdd(base, d, i, t),
          fill: (base, value) => indexFill(base, d, i, value),
          write: (base, t, mode) => writeSlices('index_reduce', base, d, i, t, mode, includeSelf),
        },
      }),
    );
  },
);

/** How a scatter moves values: the same words for `index_*` and `scatter_*`. */
interface Movement {
  readonly take: (t: Tensor) => Tensor;
  readonly add: (base: Tensor, t: Tensor) => Tensor;
  readonly fill: (base: Tensor, value: number) => Tensor;
  readonly write: (base: Tensor, t: Tensor, mode: Mode) => Tensor;
}

/** A reducing scatter of `source` into `x`, which gave `y`, and the gradient of that. */
interface Reduced {
  readonly includeSelf: boolean;
  readonly grad: Tensor;
  readonly x: Tensor;
  readonly source: Tensor;
  readonly y: Tensor;
  readonly move: Movement;
}
type ReducedGradients = [toSelf: () => Tensor, toSource: () => Tensor];

/** Gradients of a reducing scatter for its target and its source, as PyTorch's scatter_reduce_backward. */
function reductionGradient(reduce: string, reduced: Reduced): (() => Tensor)[] {
  const [toSelf, toSource] = partsOfReduction(reduce, reduced);
  return [reduced.includeSelf ? toSelf : () => reduced.move.fill(toSelf(), 0), toSource];
}

function partsOfReduction(reduce: string, reduced: Reduced): ReducedGradients {
  switch (reduce) {
    case 'sum':
      return [() => reduced.grad, () => reduced.move.take(reduced.grad)];
    case 'mean':
      return meanGradient(reduced);
    case 'prod':
      return productGradient(reduced);
    default:
      return extremeGradient(reduced);
  }
}
function meanGradient({ includeSelf, grad, x, source, move }: Reduced): ReducedGradients {
  const start = includeSelf ? filledLike(x, 1) : zerosLike(x);
  const counted = noGrad(() => move.add(start, filledLike(source, 1)));
  const counts = selectWhere(eq(counted, 0), 1, counted);
  return [() => div(grad, counts), () => div(move.take(grad), move.take(counts))];
}
const filledLike = (t: Tensor, value: number): Tensor => {
  const like = zerosLike(t);
  return value ? noGrad(() => sub(like, -value)) : like;
};

/** Products with zeros: an element's gradient is the product of the others, computed with its own zero taken out. */
function productGradient({ includeSelf, grad, x, source, y, move }: Reduced): ReducedGradients {
  const selfZero = eq(x, 0);
  const toSelf = (): Tensor => {
    const others = noGrad(() => move.write(selectWhere(selfZero, 1, x), source, 'prod'));
    return selectWhere(selfZero, mul(grad, others), div(mul(grad, y), x));
  };
  const toSource = (): Tensor => {
    const sourceZero = eq(source, 0);
    const zeroCount = noGrad(() =>
      move.add(convert(includeSelf ? selfZero : zerosLike(selfZero), x.dtype), convert(sourceZero, source.dtype)),
    );
    const single = move.take(eq(zeroCount, 1));
    const withoutZeros = noGrad(() =>
      move.write(includeSelf ? selectWhere(selfZero, 1, x) : x, selectWhere(sourceZero, 1, source), 'prod'),
    );
    const plain = div(move.take(mul(grad, y)), selectWhere(sourceZero, 1, source));
    const atZero = selectWhere(single, move.take(mul(grad, withoutZeros)), 0);
    return selectWhere(sourceZero, atZero, plain);
  };
  return [toSelf, toSource];
}
/** The gradient is shared by all that equal the extreme. */
function extremeGradient({ includeSelf, grad, x, source, y, move }: Reduced): ReducedGradients {
  const chosenSelf = convert(eq(x, y), x.dtype);
  const chosenSource = convert(eq(source, move.take(y)), source.dtype);
  const count = noGrad(() => move.add(includeSelf ? chosenSelf : noGrad(() => move.fill(chosenSelf, 0)), chosenSource));
  const share = div(grad, count);
  return [() => mul(chosenSelf, share), () => mul(chosenSource, move.take(share))];
}

// --- gather and scatter -----------------------------------------------------------------------------------------------------------------------------

function checkGather(name: string, input: Tensor, d: number, index: Tensor): void {
  if (numelOf(index.sizes) === 0) return;
  if (index.dtype !== int64 && index.dtype !== int32) throw new RuntimeError(`${name}(): Expected dtype int32/int64 for index`);
  if (Math.max(index.ndim, 1) !== Math.max(input.ndim, 1))
    throw new RuntimeError(`Index tensor must have the same number of dimensions as ${name === 'gather' ? 'input' : 'self'} tensor`);
  asRow(index).sizes.forEach((n, k) => {
    if (k !== d && n > asRow(input).sizes[k]) {
      throw new RuntimeError(
        `Size does not match at dimension ${k} expected index ${formatShape(index.sizes)} to be no larger than self ${formatShape(input.sizes)} apart from dimension ${d}`,
      );
    }
  });
}

/**
 * out[i][j] = input[index[i][j]][j] along dim 0, and so on. https://pytorch.org/docs/stable/generated/torch.gather.html
 * @example
 * torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[1], [0]]))
 * // tensor([[2],
 * //         [3]])
 */
export const gather: Op<[dim: number, index: Tensor], [], { sparseGrad: boolean }> = define(
  'gather',
  'input, dim, index, *, sparseGrad?',
  (input: Tensor, dim: number, index: Tensor) => {
    const d = wrapDim(dim, input.ndim);
    checkGather('gather', input, d, index);
    const out = emptyOn(input, index.sizes);
    if (numelOf(out.sizes) > 0)
      runIndexed('gather', [asRow(out), asRow(input), asRow(convert(index, int64))], [d], outOfRange(d), RuntimeError);
    const shape = input.sizes;
    return record('gather', [input], out, [index], ({ grad }, [i]) => [
      scatterAdd(zeros(shape, { dtype: grad.dtype, device: grad.storage.device }), d, i, grad),
    ]);
  },
);
/**
 * `gather` with the other dims broadcast; without a dim over the flattened tensors.
 * https://pytorch.org/docs/stable/generated/torch.take_along_dim.html
 * @example
 * torch.takeAlongDim(torch.tensor([[3, 1], [2, 4]]), torch.tensor([[1], [0]]), 1)
 * // tensor([[1],
 * //         [2]])
 */
export const takeAlongDim: Op<[indices: Tensor], [dim: number | null], { dim: number | null }> = define(
  'takeAlongDim',
  'input, indices, dim?',
  (input: Tensor, indices: Tensor, dim: number | null = null) => {
    if (indices.dtype !== int64)
      throw new RuntimeError(`torch.take_along_dim(): dtype of indices should be Long but got ${scalarTypeName(indices.dtype)}`);
    if (dim === null) return gather(reshape(input, [-1]), 0, reshape(indices, [-1]));
    if (input.ndim !== indices.ndim)
      throw new RuntimeError(
        `torch.take_along_dim(): input and indices should have the same number of dimensions, but got ${input.ndim} dimensions for input, and ${indices.ndim} dimensions for indices`,
      );
    const d = wrapDim(dim, input.ndim);
    const swapped = (own: readonly number[], at: number): number[] => own.map((n, k) => (k === d ? at : n));
    const sizes = broadcastSizes(swapped(input.sizes, 1), swapped(indices.sizes, 1));
    const positions = selectWhere(indices.lt(0), indices.add(input.sizes[d]), indices);
    return gather(expand(input, swapped(sizes, input.sizes[d])), d, expand(positions, swapped(sizes, indices.sizes[d])));
  },
);

/** A copy of `input` after a scatter, outside the graph. */
function scatterRaw(name: string, input: Tensor, d: number, index: Tensor, source: Tensor, mode: Mode, includeSelf = true): Tensor {
  checkGather(name, input, d, index);
  if (source.dtype !== input.dtype) throw new RuntimeError(`scatter(): Expected self.dtype to be equal to src.dtype`);
  checkScatterSource(input, d, index, source);
  const out = emptyLikeDense(input);
  copyRaw(out, input);
  if (numelOf(index.sizes) > 0)
    runIndexed(
      'scatter',
      [asRow(out), asRow(convert(index, int64)), asRow(source)],
      [d, modes[mode], includeSelf],
      outOfRange(d),
      RuntimeError,
    );
  return out;
}
function checkScatterSource(input: Tensor, d: number, index: Tensor, source: Tensor): void {
  if (numelOf(index.sizes) === 0) return;
  if (Math.max(source.ndim, 1) !== Math.max(index.ndim, 1))
    throw new RuntimeError('Index tensor must have the same number of dimensions as src tensor');
  asRow(index).sizes.forEach((n, k) => {
    if (n > asRow(source).sizes[k]) {
      throw new RuntimeError(
        `Expected index ${formatShape(index.sizes)} to be no larger than self ${formatShape(input.sizes)} apart from dimension ${d} and to be no larger size than src ${formatShape(source.sizes)}`,
      );
    }
  });
}
/** The region of `source` that an index of this shape reads. */
const scalarLike = (value: Number_, input: Tensor, index: Tensor): Tensor =>
  expand(scalarTensor(value, input.dtype, input.storage.device), index.sizes);

const movementOf = (d: number, index: Tensor, includeSelf: boolean): Movement => ({
  take: (t) => gather(t, d, index),
  add: (base, t) => scatterAdd(base, d, index, t),
  fill: (base, value) => scatter(base, d, index, value),
  write: (base, t, mode) => scatterRaw('scatter_reduce', base, d, index, t, mode, includeSelf),
});

/**
 * Puts `src` (or a number) where the index says. https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
 * @example torch.scatter(torch.zeros(3), 0, torch.tensor([0, 2]), 5)  // tensor([5., 0., 5.])
 */
export const scatter: (
  input: Tensor,
  dim: number,
  index: Tensor,
  ...rest:
    [src: TensorLike, options?: { reduce?: 'add' | 'multiply' }] | [options: { src?: Tensor; value?: Scalar; reduce?: 'add' | 'multiply' }]
) => Tensor = define(
  'scatter',
  'input, dim, index, src?, *, value?, reduce?',
  (input: Tensor, dim: number, index: Tensor, src: TensorLike | undefined, value: Number_ | undefined, reduce?: string) => {
    const d = wrapDim(dim, input.ndim);
    const given = src ?? value;
    if (given === undefined) throw new TypeError('scatter() missing 1 required positional argument: "src"');
    if (reduce !== undefined && reduce !== null && reduce !== 'add' && reduce !== 'multiply')
      throw new RuntimeError('reduce argument must be either add or multiply.');
    const source = isNumber(given) ? scalarLike(given, input, index) : given;
    if (reduce) return scatterReduce(input, d, index, source, reduce === 'add' ? 'sum' : 'prod');
    const out = scatterRaw('scatter', input, d, index, source, 'set');
    const shape = source.sizes;
    return record('scatter', [input, source], out, [index], ({ grad }, [i]) => [
      () => scatter(grad, d, i, 0),
      () => paddedTo(gather(grad, d, i), shape),
    ]);
  },
);
/** A gradient for the part of `source` that was read, with zeros for the rest. */
function paddedTo(grad: Tensor, shape: readonly number[]): Tensor {
  if (sameSizes(grad.sizes, shape)) return grad;
  const whole = zeros(shape, { dtype: grad.dtype, device: grad.storage.device });
  return record('pad', [grad], writeCorner(whole, grad), [], ({ grad: g }) => [corner(g, grad.sizes)]);
}
const corner = (t: Tensor, sizes: readonly number[]): Tensor => new Tensor(t.storage, t.dtype, sizes, t.strides, t.offset);
function writeCorner(whole: Tensor, part: Tensor): Tensor {
  copyRaw(corner(whole, part.sizes), part);
  return whole;
}
/**
 * Adds `src` where the index says. https://pytorch.org/docs/stable/generated/torch.scatter_add.html
 * @example torch.scatterAdd(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.ones(3))  // tensor([2., 0., 1.])
 */
export const scatterAdd: Op<[dim: number, index: Tensor, src: Tensor]> = define(
  'scatterAdd',
  'input, dim, index, src',
  (input: Tensor, dim: number, index: Tensor, src: Tensor) => {
    const d = wrapDim(dim, input.ndim);
    const out = scatterRaw('scatter_add', input, d, index, src, 'add');
    const shape = src.sizes;
    return record('scatterAdd', [input, src], out, [index], ({ grad }, [i]) => [grad, () => paddedTo(gather(grad, d, i), shape)]);
  },
);
type ScatterReduce = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';
/**
 * Reduces `src` into where the index says. https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html
 * @example torch.scatterReduce(torch.ones(3), 0, torch.tensor([0, 0]), torch.tensor([2.5, 4]), 'amax')  // tensor([4., 1., 1.])
 */
export const scatterReduce: Op<[dim: number, index: Tensor, src: Tensor, reduce: ScatterReduce], [], { includeSelf: boolean }> = define(
  'scatterReduce',
  'input, dim, index, src, reduce, *, includeSelf?',
  (input: Tensor, dim: number, index: Tensor, src: Tensor, reduce: ScatterReduce, includeSelf = true) => {
    const d = wrapDim(dim, input.ndim);
    if (!['sum', 'prod', 'mean', 'amax', 'amin'].includes(reduce))
      throw new RuntimeError('reduce argument must be either sum, prod, mean, amax or amin.');
    const out = scatterRaw('scatter_reduce', input, d, index, src, reduce === 'sum' ? 'add' : reduce, includeSelf);
    return record('scatterReduce', [input, src], out, [input, index, src, out], ({ grad }, [x, i, s, y]) => {
      const used = sameSizes(s.sizes, i.sizes) ? s : corner(s, i.sizes);
      const reduced = { includeSelf, grad, x, source: used, y, move: movementOf(d, i, includeSelf) };
      const [toSelf, toSource] = reductionGradient(reduce, reduced);
      return [toSelf, () => paddedTo(toSource(), s.sizes)];
    });
  },
);
