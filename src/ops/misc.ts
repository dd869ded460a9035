/** Operators that are made of others: copies of views, scatters into views, statistics of order, counting. */
import { int64 } from '../ir/dtype.js';
import { nameNode } from '../autograd/node.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { getDefaultDtype, isNumber } from '../tensor/promote.js';
import { checkSizes, formatShape, sameSizes, wrapDim, wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { filled, sequence, stridesFor } from './memory.js';
import { type TensorData, tensor } from './creation.js';
import { define } from './define.js';
import { alias, become, checkInplace } from './inplace.js';
import { cat } from './join.js';
import { add, eq, isclose, mul, ne, selectWhere, sub } from './pointwise.js';
import { all } from './reduce.js';
import { item } from './read.js';
import { emptyOn, runRoutine } from './routine.js';
import { indexSelect, nonzero, searchsorted } from './select.js';
import { cumsum } from './scan.js';
import { sort } from './sort.js';
import * as view from './view.js';
import { asStrided, expand, narrow, reshape, select, squeeze, transpose, unsqueeze } from './view.js';
import type { Dims, DTypeLike, FactoryOptions, Op, TensorLike } from './types.js';

// --- comparing whole tensors -----------------------------------------------------------------------------------------------------------------------------------

/**
 * Whether two tensors have the same size and the same values. https://pytorch.org/docs/stable/generated/torch.equal.html
 * @example torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))  // true
 */
export const equal: Op<[other: Tensor], [], object, boolean> = define(
  'equal',
  'input, other',
  (input: Tensor, other: Tensor) => sameSizes(input.sizes, other.sizes) && item(all(eq(input, other))) === true,
);
/**
 * Whether all elements are close (`isclose`). https://pytorch.org/docs/stable/generated/torch.allclose.html
 * @example torch.allclose(torch.tensor([1, 2.5]), torch.tensor([1, 2.500001]))  // true
 */
export const allclose: Op<
  [other: Tensor],
  [rtol: number, atol: number, equalNan: boolean],
  { rtol: number; atol: number; equalNan: boolean },
  boolean
> = define(
  'allclose',
  'input, other, rtol?, atol?, equalNan?',
  (input: Tensor, other: Tensor, rtol = 1e-5, atol = 1e-8, equalNan = false) =>
    item(all(isclose(input, other, rtol, atol, equalNan))) === true,
);
/**
 * Whether each element occurs in `testElements`. https://pytorch.org/docs/stable/generated/torch.isin.html
 * @example torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 3]))  // tensor([False,  True,  True])
 */
export const isin: (elements: TensorLike, testElements: TensorLike, options?: { assumeUnique?: boolean; invert?: boolean }) => Tensor =
  define(
    'isin',
    'elements, testElements, *, assumeUnique?, invert?',
    (elements: TensorLike, tests: TensorLike, _unique = false, invert = false) => {
      const known = isNumber(tests) ? tensor([tests as TensorData]) : reshape(tests, [-1]);
      const x = isNumber(elements) ? tensor(elements) : elements;
      if (numelOf(known.sizes) === 0) return invert ? eq(mul(x, 0), 0) : ne(mul(x, 0), 0);
      const ordered = sort(known).values;
      const place = searchsorted(ordered, x);
      const last = selectWhere(eq(place, numelOf(ordered.sizes)), numelOf(ordered.sizes) - 1, place);
      const found = reshape(indexSelect(ordered, 0, reshape(last, [-1])), x.sizes);
      return invert ? ne(found, x) : eq(found, x);
    },
  );

// --- index grids --------------------------------------------------------------------------------------------------------------------------------------------------------

type TriangleIndices = (row: number, col: number, offset?: number | FactoryOptions, options?: FactoryOptions) => Tensor;
const triangleIndices = (name: string, keep: (i: number, j: number, offset: number) => boolean): TriangleIndices =>
  define<TriangleIndices>(
    name,
    'row, col, offset?, *, dtype?, device?, layout?, pinMemory?',
    (row: number, col: number, offset = 0, dtype?: DTypeLike) => {
      checkSizes([row, col]);
      if (row * col > 2 ** 31) throw new RuntimeError(`triangle indices of a ${row} x ${col} matrix are too many`);
      const [rows, cols]: number[][] = [[], []];
      for (let i = 0; i < row; i++) {
        for (let j = 0; j < col; j++) {
          if (!keep(i, j, offset)) continue;
          rows.push(i);
          cols.push(j);
        }
      }
      return reshape(tensor([...rows, ...cols], { dtype: dtype ?? int64 }), [2, rows.length]);
    },
  );
/**
 * The rows and columns of the lower triangle of a matrix, shape (2, n). https://pytorch.org/docs/stable/generated/torch.tril_indices.html
 * @example
 * torch.trilIndices(2, 2)
 * // tensor([[0, 1, 1],
 * //         [0, 0, 1]])
 */
export const trilIndices: TriangleIndices = triangleIndices('trilIndices', (i, j, offset) => j - i <= offset);
/**
 * The rows and columns of the upper triangle of a matrix, shape (2, n). https://pytorch.org/docs/stable/generated/torch.triu_indices.html
 * @example
 * torch.triuIndices(2, 2)
 * // tensor([[0, 0, 1],
 * //         [0, 1, 1]])
 */
export const triuIndices: TriangleIndices = triangleIndices('triuIndices', (i, j, offset) => j - i >= offset);
/**
 * Positions in a flattened tensor as coordinates. https://pytorch.org/docs/stable/generated/torch.unravel_index.html
 * @example torch.unravelIndex(torch.tensor([4, 5]), [2, 3])  // [ tensor([1, 1]), tensor([1, 2]) ]
 */
export const unravelIndex: (indices: Tensor, shape: Dims) => Tensor[] = define(
  'unravelIndex',
  'indices, shape',
  (indices: Tensor, shapeLike: Dims) => {
    if (indices.dtype.category !== 1) throw new ValueError(`expected 'indices' to be integer dtype, but got ${indices.dtype}`);
    const shape = [shapeLike].flat().map(BigInt);
    const flat = convert(indices, int64);
    return shape.map((n, d) => flat.floorDivide(shape.slice(d + 1).reduce((product, size) => product * size, 1n)).remainder(n));
  },
);
/**
 * Combinations of r elements of a vector, a row each. https://pytorch.org/docs/stable/generated/torch.combinations.html
 * @example
 * torch.combinations(torch.tensor([1, 2, 3]))
 * // tensor([[1, 2],
 * //         [1, 3],
 * //         [2, 3]])
 */
export const combinations: Op<[], [r: number, withReplacement: boolean], { r: number; withReplacement: boolean }> = define(
  'combinations',
  'input, r?, withReplacement?',
  (input: Tensor, r = 2, withReplacement = false) => {
    if (input.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${formatShape(input.sizes)}`);
    if (r < 0) throw new RuntimeError(`Expect a non-negative number, but got ${r}`);
    if (r === 0) return emptyOn(input, [0]);
    if (!(r <= 64)) throw new RuntimeError(`combinations of ${r} elements are too many`);
    const picks: number[][] = [];
    const choose = (from: number, chosen: number[]): void => {
      if (chosen.length === r) return void picks.push(chosen);
      for (let i = from; i < input.sizes[0]; i++) choose(withReplacement ? i : i + 1, [...chosen, i]);
    };
    choose(0, []);
    return nameNode('stack', reshape(indexSelect(input, 0, tensor(picks.flat(), { dtype: int64 })), [picks.length, r]));
  },
);

/**
 * Each element, or slice, repeated. https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
 * @example torch.repeatInterleave(torch.tensor([1, 2]), torch.tensor([2, 3]))  // tensor([1, 1, 2, 2, 2])
 */
export const repeatInterleave: Op<
  [],
  [repeats: number | Tensor, dim: number | null],
  { repeats: number | Tensor; dim: number | null; outputSize: number | null }
> = define(
  'repeatInterleave',
  'input, repeats?, dim?, *, outputSize?',
  (input: Tensor, repeats?: number | Tensor, dim: number | null = null, outputSize: number | null = null) => {
    if (repeats === undefined) return expandedCounts(input, outputSize);
    const x = dim === null ? reshape(input, [-1]) : input;
    const d = wrapDim(dim ?? 0, x.ndim);
    if (typeof repeats === 'number') {
      const total = (x.ndim === 0 ? 1 : x.sizes[d]) * repeats;
      if (outputSize !== null && outputSize !== total)
        throw new RuntimeError(`repeat_interleave: Invalid output_size, expected ${total} but got ${outputSize}`);
      return repeated(x, d, repeats);
    }
    const n = x.ndim === 0 ? 1 : x.sizes[d];
    const counts = numelOf(repeats.sizes) === 1 ? expand(reshape(repeats, [1]), [n]) : repeats;
    if (counts.sizes[0] !== n)
      throw new RuntimeError(
        `repeats must have the same size as input along dim, but got repeats.size(0) = ${counts.sizes[0]} and input.size(${d}) = ${n}`,
      );
    return indexSelect(x, d, expandedCounts(counts, outputSize));
  },
);
/** Each slice along `d` as often. */
function repeated(x: Tensor, d: number, times: number): Tensor {
  if (times < 0) throw new RuntimeError('Repeats must be non-negative');
  const slices = unsqueeze(x, d + 1);
  const copies = expand(
    slices,
    slices.sizes.map((n, k) => (k === d + 1 ? times : n)),
  ).clone();
  return reshape(
    copies,
    x.sizes.map((n, k) => (k === d ? n * times : n)),
  );
}
function expandedCounts(counts: Tensor, outputSize: number | null): Tensor {
  if (counts.ndim !== 1) throw new RuntimeError('repeat_interleave only accept 1D vector as repeat');
  if (numelOf(counts.sizes) === 0) return convert(counts, int64);
  if (Number(item(counts.min() as Tensor)) < 0) throw new RuntimeError('repeats can not be negative');
  const ends = cumsum(convert(counts, int64), 0);
  const total = Number(item(select(ends, 0, -1)));
  if (outputSize !== null && outputSize !== total) throw new RuntimeError('allocated size does not match required size');
  return searchsorted(ends, sequence(total, 0, 1, int64, counts.storage.device), { right: true });
}
/**
 * The first `size` positions of nonzero elements, shape (size, ndim), filled up with `fillValue` (-1).
 * https://pytorch.org/docs/stable/generated/torch.nonzero_static.html
 * @example
 * torch.nonzeroStatic(torch.tensor([0, 5, 6]), { size: 3 })
 * // tensor([[ 1],
 * //         [ 2],
 * //         [-1]])
 */
export const nonzeroStatic: Op<[], [], { size: number; fillValue: number }> = define(
  'nonzeroStatic',
  'input, *, size, fillValue?',
  (input: Tensor, size: number, fillValue = -1) => {
    if (size < 0) throw new RuntimeError("nonzero_static: 'size' must be an non-negative integer");
    const rows = nonzero(input);
    const have = Math.min(rows.sizes[0], size);
    const rest = filled([size - have, rows.sizes[1]], fillValue, { dtype: int64, device: rows.storage.device });
    return cat([narrow(rows, 0, 0, have), rest], 0);
  },
);

// --- sequences ------------------------------------------------------------------------------------------------------------------------------------------------------------

/**
 * Central differences along dims. https://pytorch.org/docs/stable/generated/torch.gradient.html
 * @example torch.gradient(torch.tensor([0, 1, 4, 9]))  // [ tensor([1., 2., 4., 5.]) ]
 */
export const gradient: (
  input: Tensor,
  options?: { spacing?: number | readonly (number | Tensor)[]; dim?: Dims | null; edgeOrder?: number },
) => Tensor[] = define(
  'gradient',
  'input, *, spacing?, dim?, edgeOrder?',
  (input: Tensor, given: number | readonly (number | Tensor)[] | null = 1, dim: Dims | null = null, edgeOrder = 1) => {
    const spacing = given ?? 1;
    const dims = wrapDims(dim, input.ndim);
    if (edgeOrder !== 1 && edgeOrder !== 2) throw new RuntimeError('torch.gradient only supports edge_order=1 and edge_order=2.');
    const steps = typeof spacing === 'number' ? dims.map(() => spacing) : spacing;
    if (steps.length !== dims.length)
      throw new RuntimeError(
        `torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but got a spacing argument of length ${steps.length} and a dim argument of length ${dims.length}.`,
      );
    return dims.map((d, i) => {
      if (input.sizes[d] < edgeOrder + 1) throw new RuntimeError('torch.gradient expected each dimension size to be at least edge_order+1');
      const step = steps[i];
      return typeof step === 'number' || step.ndim === 0
        ? evenGradient(input, d, step, edgeOrder)
        : unevenGradient(input, d, step, edgeOrder);
    });
  },
);
function evenGradient(x: Tensor, d: number, step: TensorLike, edgeOrder: number): Tensor {
  const n = x.sizes[d];
  const at = (i: number): Tensor => narrow(x, d, i, 1);
  const inner = sub(narrow(x, d, 2, Math.max(n - 2, 0)), narrow(x, d, 0, Math.max(n - 2, 0))).div(mul(toTensor(step, x), 2));
  const edge = (a: number, b: number, c: number, sign: number): Tensor =>
    edgeOrder === 1
      ? sub(at(b), at(a)).mul(sign).div(step)
      : add(sub(mul(at(b), 4), mul(at(a), 3)), mul(at(c), -1))
          .mul(sign)
          .div(mul(toTensor(step, x), 2));
  return cat([edge(0, 1, Math.min(2, n - 1), 1), inner, edge(n - 1, n - 2, Math.max(n - 3, 0), -1)], d);
}
const toTensor = (x: TensorLike, like: Tensor): Tensor =>
  x instanceof Tensor ? x : tensor(x as number, { dtype: like.dtype.category < 2 ? getDefaultDtype() : like.dtype.toReal() });
function unevenGradient(x: Tensor, d: number, points: Tensor, edgeOrder: number): Tensor {
  const n = x.sizes[d];
  const shape = x.sizes.map((_, k) => (k === d ? -1 : 1));
  const h = reshape(sub(narrow(points, 0, 1, n - 1), narrow(points, 0, 0, n - 1)), shape);
  const at = (i: number): Tensor => narrow(x, d, i, 1);
  const gap = (i: number): Tensor => narrow(h, d, i, 1);
  const [h1, h2] = [narrow(h, d, 0, n - 2), narrow(h, d, 1, n - 2)];
  const [left, middle, right] = [narrow(x, d, 0, n - 2), narrow(x, d, 1, n - 2), narrow(x, d, 2, n - 2)];
  const inner = add(
    add(mul(left, h2.neg().div(mul(h1, add(h1, h2)))), mul(middle, sub(h2, h1).div(mul(h1, h2)))),
    mul(right, h1.div(mul(h2, add(h1, h2)))),
  );
  if (edgeOrder === 1) return cat([sub(at(1), at(0)).div(gap(0)), inner, sub(at(n - 1), at(n - 2)).div(gap(n - 2))], d);
  const ends = (i: number, j: number, k: number, a: Tensor, b: Tensor, sign: number): Tensor => {
    const total = add(a, b);
    const first = add(mul(a, 2), b).neg().div(mul(a, total));
    return add(add(mul(at(i), first), mul(at(j), total.div(mul(a, b)))), mul(at(k), a.neg().div(mul(b, total)))).mul(sign);
  };
  return cat([ends(0, 1, 2, gap(0), gap(1), 1), inner, ends(n - 1, n - 2, n - 3, gap(n - 2), gap(n - 3), -1)], d);
}

// --- geometry in place ----------------------------------------------------------------------------------------------------------------------------------------------------

const viewInplace =
  (f: (t: Tensor, ...args: never[]) => Tensor) =>
  (self: Tensor, ...args: unknown[]): Tensor => {
    const source = alias(self);
    source.node = self.node;
    source.outputIndex = self.outputIndex;
    return become(self, (f as (t: Tensor, ...a: unknown[]) => Tensor)(source, ...args));
  };
/** Views whose in-place forms give the tensor itself the view's geometry. */
export const geometryOps = { squeeze, unsqueeze, transpose, t: view.t, swapaxes: view.swapaxes, swapdims: view.swapdims, asStrided };
export const geometryInplace: Record<string, (self: Tensor, ...args: unknown[]) => Tensor> = Object.fromEntries(
  Object.entries(geometryOps).map(([name, f]) => [`${name}_`, viewInplace(f as (t: Tensor, ...args: never[]) => Tensor)]),
);
/**
 * Another size, keeping the elements at the front of the memory. https://pytorch.org/docs/stable/generated/torch.Tensor.resize_.html
 * @example
 * torch.arange(4).resize_(2, 2)
 * // tensor([[0, 1],
 * //         [2, 3]])
 */
export const resize_: (input: Tensor, ...sizes: (number | readonly number[])[]) => Tensor = define(
  'resize_',
  'input, ...sizes, *, memoryFormat?',
  (self: Tensor, sizes: readonly number[], memoryFormat?: never) => {
    checkInplace(self);
    if (self.node || self.wantsGrad) throw new RuntimeError('cannot resize variables that require grad');
    const n = numelOf(sizes);
    if ((self.offset + n) * self.dtype.itemsize > self.storage.buffer.bytes) {
      const grown = emptyOn(self, [n]);
      const kept = Math.min(n, Math.floor(self.storage.buffer.bytes / self.dtype.itemsize) - self.offset);
      if (kept > 0)
        runRoutine('copy', [
          new Tensor(grown.storage, grown.dtype, [kept], [1], 0),
          new Tensor(self.storage, self.dtype, [kept], [1], self.offset),
        ]);
      self.storage = grown.storage;
      self.offset = 0;
    }
    const shaped = new Tensor(self.storage, self.dtype, sizes, [], self.offset);
    shaped.strides = sizes.map((_, d) => numelOf(sizes.slice(d + 1).map((s) => Math.max(s, 1))));
    return become(self, memoryFormat ? new Tensor(self.storage, self.dtype, sizes, stridesFor(shaped, memoryFormat), self.offset) : shaped);
  },
);
/**
 * `resize_` to the size of `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.resize_as_.html
 * @example torch.arange(4).resizeAs_(torch.ones(2, 2)).shape  // torch.Size([2, 2])
 */
export const resizeAs_: Op<[other: Tensor], [], object> = define(
  'resizeAs_',
  'input, other, *, memoryFormat?',
  (self: Tensor, other: Tensor) => resize_(self, other.sizes),
);

export * from './complex-views.js';
export * from './order.js';
export * from './view-copies.js';
