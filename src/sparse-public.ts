/** `torch.sparse`. https://pytorch.org/docs/stable/sparse.html */
import { RuntimeError } from './tensor/errors.js';
import { SparseTensor } from './tensor/sparse.js';
import type { Tensor } from './tensor/tensor.js';
import { sparseProduct } from './ops/sparse-math.js';
import { toDense, toSparse } from './ops/sparse.js';

/**
 * The product of a sparse matrix (n, m) with a dense one (m, k), or of two sparse ones, which is sparse. Both get gradients.
 * https://pytorch.org/docs/stable/generated/torch.sparse.mm.html
 * @example
 * const a = torch.sparseCooTensor([[0, 1], [2, 0]], [2, 3], [2, 3]);
 * torch.sparse.mm(a, torch.tensor([[1], [2], [3]]))
 * // tensor([[6],
 * //         [3]])
 */
export function mm(mat1: Tensor, mat2: Tensor): Tensor {
  if (mat1.ndim !== 2 || mat2.ndim !== 2) throw new RuntimeError('torch.sparse.mm: both arguments must be matrices');
  return mat1 instanceof SparseTensor ? sparseProduct(mat1, mat2) : mat1.matmul(toDense(mat2));
}

/**
 * `beta` · `mat` + `alpha` · `mat1` @ `mat2`, where `mat1` is sparse and the others are dense.
 * https://pytorch.org/docs/stable/generated/torch.sparse.addmm.html
 * @example torch.sparse.addmm(torch.ones(1, 1), torch.sparseCooTensor([[0], [1]], [2], [1, 2]), torch.ones(2, 1))  // tensor([[3.]])
 */
export function addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, { beta = 1, alpha = 1 }: { beta?: number; alpha?: number } = {}): Tensor {
  return mat.mul(beta).add(mm(mat1, mat2), { alpha });
}

/**
 * The sum of all elements, or over dims; sparse as long as a sparse dim is left. https://pytorch.org/docs/stable/generated/torch.sparse.sum.html
 * @example torch.sparse.sum(torch.sparseCooTensor([[0, 1], [2, 0]], [2, 3], [2, 3]), 0).toDense()  // tensor([3, 0, 2])
 */
export function sum(input: Tensor, dim?: number | readonly number[], options: { dtype?: Tensor['dtype'] } = {}): Tensor {
  const dense = toDense(input);
  if (dim === undefined) return dense.sum(options);
  const dims = (typeof dim === 'number' ? [dim] : dim).map((d) => (d < 0 ? d + input.ndim : d));
  const total = dense.sum(dims, options);
  const sparseDims = input instanceof SparseTensor ? input.sparseSizes.length : 0;
  const left = sparseDims - dims.filter((d) => d < sparseDims).length;
  return left > 0 ? toSparse(total, left) : total;
}
