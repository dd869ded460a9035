/** Distances between the rows of matrices. */
import { record, nameNode } from '../autograd/node.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { broadcastSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { onesLike, zeros } from './creation.js';
import { define, scalarTypeName } from './define.js';
import { cat } from './join.js';
import { haveMixedFloats, matmul } from './matmul.js';
import { notTensor } from './messages.js';
import { triuIndices } from './misc.js';
import { selectWhere } from './pointwise.js';
import { indexSelect } from './scatter.js';
import { normGradient, normRaw, vectorNorm } from './linalg/norm.js';
import { expand, transpose, unsqueeze } from './view.js';
import type { Op } from './types.js';

const floats = (x: Tensor): Tensor => (x.dtype.category < 2 ? convert(x, getDefaultDtype()) : x);

/** Euclidean distances by |x|² + |y|² - 2xy, in one matrix product of longer rows; less precise for near ones. */
function byProduct(x1: Tensor, x2: Tensor): Tensor {
  const squares = (x: Tensor): Tensor => x.mul(x).sum(-1, true);
  const [n1, n2] = [squares(x1), squares(x2)];
  const left = cat([x1.mul(-2), n1, onesLike(n1)], -1);
  const right = cat([x2, onesLike(n2), n2], -1);
  return matmul(left, transpose(right, -2, -1))
    .clampMin(0)
    .sqrt();
}
/** Each row of x1 against each of x2: [.., P, R, M], in strides alone. */
function pairs(x1: Tensor, x2: Tensor): [Tensor, Tensor] {
  const [p, r, m] = [x1.sizes[x1.ndim - 2], x2.sizes[x2.ndim - 2], x1.sizes[x1.ndim - 1]];
  const sizes = [...x1.sizes.slice(0, -2), p, r, m];
  return [expand(unsqueeze(x1, -2), sizes), expand(unsqueeze(x2, -3), sizes)];
}
function distances(x1: Tensor, x2: Tensor, p: number, usesProduct: boolean): Tensor {
  if (x1.sizes[x1.ndim - 1] === 0) return zeros([...x1.sizes.slice(0, -1), x2.sizes[x2.ndim - 2]], { dtype: x1.dtype, device: x1.device });
  return usesProduct ? byProduct(x1, x2) : normRaw(pairs(x1, x2), p, [x1.ndim], false);
}

/** The gradients of both operands. Euclidean ones are matrix products. */
function gradients(grad: Tensor, x1: Tensor, x2: Tensor, distance: Tensor, p: number): [Tensor, Tensor] {
  if (p === 2) {
    const ratio = selectWhere(distance.eq(0), 0, grad.div(distance));
    const turned = transpose(ratio, -2, -1);
    return [x1.mul(ratio.sum(-1, true)).sub(matmul(ratio, x2)), x2.mul(turned.sum(-1, true)).sub(matmul(turned, x1))];
  }
  const [a, b] = pairs(x1, x2);
  const slopes = normGradient(unsqueeze(grad, -1), a.sub(b), unsqueeze(distance, -1), p, [x1.ndim]);
  return [slopes.sum(-2), slopes.sum(-3).neg()];
}

const PRODUCT_FROM = 25;
type ComputeMode = 'use_mm_for_euclid_dist_if_necessary' | 'use_mm_for_euclid_dist' | 'donot_use_mm_for_euclid_dist';
function prefersProduct(mode: ComputeMode, p: number, rows1: number, rows2: number): boolean {
  switch (mode) {
    case 'use_mm_for_euclid_dist_if_necessary':
      return p === 2 && (rows1 > PRODUCT_FROM || rows2 > PRODUCT_FROM);
    case 'use_mm_for_euclid_dist':
      return p === 2;
    case 'donot_use_mm_for_euclid_dist':
      return false;
    default:
      throw new ValueError(`${String(mode)} is not a valid value for compute_mode`);
  }
}
function checkRows(x1: Tensor, x2: Tensor, p: number): void {
  if (!(x2 instanceof Tensor)) throw notTensor('cdist', 'x2', 2, x2);
  if (x1.ndim < 2) throw new RuntimeError(`cdist only supports at least 2D tensors, X1 got: ${x1.ndim}D`);
  if (x2.ndim < 2) throw new RuntimeError(`cdist only supports at least 2D tensors, X2 got: ${x2.ndim}D`);
  if (haveMixedFloats([x1, x2]))
    throw new RuntimeError(`expected scalar type ${scalarTypeName(x1.dtype)} but found ${scalarTypeName(x2.dtype)}`);
  const [m1, m2] = [x1.sizes[x1.ndim - 1], x2.sizes[x2.ndim - 1]];
  if (m1 !== m2) throw new RuntimeError(`X1 and X2 must have the same number of columns. X1: ${m1} X2: ${m2}`);
  if (!(p >= 0)) throw new RuntimeError('cdist only supports non-negative p values');
}

type Cdist = Op<[x2: Tensor], [p: number, computeMode: ComputeMode], { p: number; computeMode: ComputeMode }>;
/**
 * The p-norms of the differences of each row of x1 [.., P, M] and each of x2 [.., R, M]: [.., P, R].
 * https://pytorch.org/docs/stable/generated/torch.cdist.html
 * @example torch.cdist(torch.tensor([[0.5, 0.5]]), torch.tensor([[3.5, 4.5]]))  // tensor([[5.]])
 */
export const cdist: Cdist = define(
  'cdist',
  'x1, x2, p?, computeMode?',
  (given1: Tensor, given2: Tensor, p = 2, mode: ComputeMode = 'use_mm_for_euclid_dist_if_necessary') => {
    checkRows(given1, given2, p);
    const [f1, f2] = [floats(given1), floats(given2)];
    const batch = broadcastSizes(f1.sizes.slice(0, -2), f2.sizes.slice(0, -2));
    const [x1, x2] = [f1, f2].map((x) => expand(x, [...batch, ...x.sizes.slice(-2)]));
    const usesProduct = prefersProduct(mode, p, x1.sizes[x1.ndim - 2], x2.sizes[x2.ndim - 2]);
    const result = distances(x1.detach(), x2.detach(), p, usesProduct);
    return record('cdist', [x1, x2], result, [x1, x2, result], ({ grad }, [a, b, distance]) =>
      p === 0 || numelOf(a.sizes) === 0 ? [a.mul(0), b.mul(0)] : gradients(grad, a, b, distance, p),
    );
  },
);

/**
 * The p-norms of the differences of all pairs of rows of [N, M]: [N (N - 1) / 2].
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 * @example torch.pdist(torch.tensor([[0.5, 0.5], [3.5, 4.5]]))  // tensor([5.])
 */
export const pdist: Op<[], [p: number], { p: number }> = define('pdist', 'input, p?', (given: Tensor, p = 2) => {
  if (given.ndim !== 2) throw new RuntimeError(`pdist only supports 2D tensors, got: ${given.ndim}D`);
  if (!(p >= 0)) throw new RuntimeError('pdist only supports non-negative p values');
  const x = floats(given);
  const [first, second] = triuIndices(x.sizes[0], x.sizes[0], 1, { device: x.device }).unbind(0);
  const difference = indexSelect(x, 0, first).sub(indexSelect(x, 0, second));
  if (difference.sizes[0] === 0) return difference.sum(-1);
  if (p > 0) return nameNode('pdist', vectorNorm(difference, p, -1));
  return record('pdist', [x], normRaw([difference.detach()], 0, [1], false), [x], (_, [rows]) => [rows.mul(0)]);
});
