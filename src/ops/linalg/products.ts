/** Products and powers of matrices and vectors. */
import { nameNode } from '../../autograd/node.js';
import { int64 } from '../../ir/dtype.js';
import { RuntimeError } from '../../tensor/errors.js';
import { broadcastSizes, sameSizes, wrapDim } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { cppTypeName, define } from '../define.js';
import { cat } from '../join.js';
import { flip } from '../rearrange.js';
import { matmul } from '../matmul.js';
import { describe, notTensor } from '../messages.js';
import { conj } from '../misc.js';
import { ones } from '../creation.js';
import { cumprod } from '../scan.js';
import { diagonal as diagonalOf, expand, narrow, squeeze, unsqueeze } from '../view.js';
import { sum } from '../reduce.js';
import type { Op } from '../types.js';

function checkChain(tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors) || !tensors.every((t) => t instanceof Tensor))
    throw new TypeError(`linalg_multi_dot(): argument 'tensors' (position 1) must be tuple of Tensors, not ${describe(tensors)}`);
  const n = tensors.length;
  if (n < 2) throw new RuntimeError(`multi_dot(): expected at least 2 tensors but got ${n}`);
  tensors.forEach((t, i) => {
    const isEnd = i === 0 || i === n - 1;
    if (isEnd && t.ndim !== 1 && t.ndim !== 2)
      throw new RuntimeError(`multi_dot(): the ${i === 0 ? 'first' : 'last'} tensor must be 1D or 2D but got ${t.ndim}D`);
    if (!isEnd && t.ndim !== 2) throw new RuntimeError(`multi_dot(): tensor ${i} must be 2D but got ${t.ndim}D`);
    if (t.dtype !== tensors[0].dtype)
      throw new RuntimeError(
        `multi_dot(): all tensors must have be the same dtype but tensor 0 is ${cppTypeName(tensors[0].dtype)} and tensor ${i} ${cppTypeName(t.dtype)}`,
      );
  });
}
function checkFit(tensors: readonly Tensor[], given: readonly Tensor[]): void {
  for (let i = 0; i + 1 < tensors.length; i++) {
    if (tensors[i].sizes[1] !== tensors[i + 1].sizes[0])
      throw new RuntimeError(
        `multi_dot(): tensors ${i} and ${i + 1} with shapes [${given[i].sizes.join(', ')}] and [${given[i + 1].sizes.join(', ')}] cannot be multiplied`,
      );
  }
}

/** Where to split the product of matrices i to j for the fewest multiplications (Cormen et al., chapter 15.2). */
function bestSplits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const split = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      cost[i][j] = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
        if (total < cost[i][j]) [cost[i][j], split[i][j]] = [total, k];
      }
    }
  }
  return split;
}

/**
 * The product of matrices in the cheapest order; the first and last may be vectors.
 * https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
 * @example torch.linalg.multiDot([torch.ones(10, 2), torch.ones(2, 5), torch.ones(5)]).shape  // torch.Size([10])
 */
export const multiDot: (tensors: readonly Tensor[], options?: { out?: Tensor }) => Tensor = define(
  'linalg_multi_dot',
  'tensors',
  (given: readonly Tensor[]) => {
    checkChain(given);
    const [first, last] = [given[0], given[given.length - 1]];
    const matrices = [...given];
    if (first.ndim === 1) matrices[0] = unsqueeze(first, 0);
    if (last.ndim === 1) matrices[matrices.length - 1] = unsqueeze(last, -1);
    checkFit(matrices, given);
    const split = bestSplits([matrices[0].sizes[0], ...matrices.map((t) => t.sizes[1])]);
    const product = (i: number, j: number): Tensor =>
      i === j ? matrices[i] : matmul(product(i, split[i][j]), product(split[i][j] + 1, j));
    const result = product(0, matrices.length - 1);
    const columns = last.ndim === 1 ? squeeze(result, -1) : result;
    return first.ndim === 1 ? squeeze(columns, 0) : columns;
  },
);
/**
 * `linalg.multiDot` of matrices given one by one. https://pytorch.org/docs/stable/generated/torch.chain_matmul.html
 * @example torch.chainMatmul(torch.ones(10, 2), torch.ones(2, 5), torch.ones(5, 3)).shape  // torch.Size([10, 3])
 */
export const chainMatmul = (...matrices: Tensor[]): Tensor => (matrices.length === 1 ? matrices[0] : multiDot(matrices));

/**
 * The powers 0 to N - 1 of each number: [.., n, N]. https://pytorch.org/docs/stable/generated/torch.linalg.vander.html
 * @example
 * torch.linalg.vander(torch.tensor([1, 2, 3]))
 * // tensor([[1, 1, 1],
 * //         [1, 2, 4],
 * //         [1, 3, 9]])
 */
export const vander: Op<[], [], { N: number | null }> = define('linalg_vander', 'x, *, N?', (input: Tensor, count?: number | null) => {
  if (!(input instanceof Tensor)) throw notTensor('linalg_vander', 'x', 1, input);
  const x = input.ndim === 0 ? unsqueeze(input, 0) : input;
  const n = count ?? x.sizes[x.ndim - 1];
  if (n <= 1) throw new RuntimeError('N must be greater than 1.');
  const first = ones([...x.sizes, 1], { dtype: x.dtype, device: x.device });
  const powers = cumprod(expand(unsqueeze(x, -1), [...x.sizes, n - 1]), -1);
  return cat([first, powers], -1);
});

type TorchVander = Op<[], [N: number | null, increasing: boolean], { N: number | null; increasing: boolean }>;
/**
 * The powers N - 1 to 0 of the numbers of a vector, or 0 to N - 1 if `increasing`: [n, N].
 * https://pytorch.org/docs/stable/generated/torch.vander.html
 * @example
 * torch.vander(torch.tensor([1, 2, 3]))
 * // tensor([[1, 1, 1],
 * //         [4, 2, 1],
 * //         [9, 3, 1]])
 */
export const torchVander: TorchVander = define('vander', 'x, N?, increasing?', (x: Tensor, count?: number | null, increasing = false) => {
  if (!(x instanceof Tensor)) throw notTensor('vander', 'x', 1, x);
  if (x.ndim !== 1) throw new RuntimeError('x must be a one-dimensional tensor.');
  const n = count ?? x.sizes[0];
  if (n < 0) throw new RuntimeError('N must be non-negative.');
  const wide = x.dtype.category < 2 ? convert(x, int64) : x;
  const first = ones([x.sizes[0], Math.min(n, 1)], { dtype: wide.dtype, device: x.device });
  const powers = n > 1 ? cat([first, cumprod(expand(unsqueeze(wide, -1), [x.sizes[0], n - 1]), -1)], -1) : first;
  return increasing ? powers : flip(powers, 1);
});

/**
 * Σ conj(x) y along `dim`, broadcast. https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
 * @example torch.linalg.vecdot(torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 1]))  // tensor([3, 7])
 */
export const vecdot: Op<[y: Tensor], [], { dim: number }> = define('linalg_vecdot', 'x, y, *, dim?', (x: Tensor, y: Tensor, dim = -1) =>
  sum(conj(x).mul(y), dim),
);

function crossAlong(a: Tensor, b: Tensor, dim: number): Tensor {
  const sizes = broadcastSizes(a.sizes, b.sizes);
  const axis = wrapDim(dim, sizes.length);
  if (a.sizes[axis] !== 3 || b.sizes[axis] !== 3)
    throw new RuntimeError(`linalg.cross: inputs dimension ${dim} must have length 3. Got ${a.sizes[axis]} and ${b.sizes[axis]}`);
  const turned = (x: Tensor, by: number): Tensor => cat([narrow(x, axis, by, 3 - by), narrow(x, axis, 0, by)], axis);
  const [first, second] = [turned(a, 1).mul(turned(b, 2)), turned(a, 2).mul(turned(b, 1))];
  return nameNode('linalgCross', first.sub(second));
}
/**
 * The cross product of vectors of three along `dim`. https://pytorch.org/docs/stable/generated/torch.linalg.cross.html
 * @example torch.linalg.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]))  // tensor([0, 0, 1])
 */
export const cross: Op<[other: Tensor], [], { dim: number }> = define(
  'linalg_cross',
  'input, other, *, dim?',
  (a: Tensor, b: Tensor, dim = -1) => {
    if (a.ndim !== b.ndim) throw new RuntimeError('linalg.cross: inputs must have the same number of dimensions.');
    return crossAlong(a, b, dim);
  },
);
/**
 * `linalg.cross` along the first dim of size 3, unless `dim` is given. https://pytorch.org/docs/stable/generated/torch.cross.html
 * @example torch.cross(torch.tensor([[1, 0, 0]]), torch.tensor([[0, 1, 0]]), 1)  // tensor([[0, 0, 1]])
 */
export const torchCross: Op<[other: Tensor], [dim: number | null], { dim: number | null }> = define(
  'cross',
  'input, other, dim?',
  (a: Tensor, b: Tensor, dim?: number | null) => {
    if (dim !== null && dim !== undefined) return cross(a, b, { dim });
    const first = a.sizes.indexOf(3);
    if (first < 0) throw new RuntimeError('no dimension of size 3 in input');
    if (!sameSizes(a.sizes, b.sizes) && a.ndim !== b.ndim)
      throw new RuntimeError('linalg.cross: inputs must have the same number of dimensions.');
    return crossAlong(a, b, first);
  },
);

type Diagonal = Op<[], [], { offset: number; dim1: number; dim2: number }>;
/**
 * `torch.diagonal` of the last two dims. https://pytorch.org/docs/stable/generated/torch.linalg.diagonal.html
 * @example torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]), { offset: 1 })  // tensor([2])
 */
export const diagonal: Diagonal = define('linalg_diagonal', 'A, *, offset?, dim1?, dim2?', (a: Tensor, offset = 0, dim1 = -2, dim2 = -1) =>
  diagonalOf(a, offset, dim1, dim2),
);
