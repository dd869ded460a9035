/** Transforms whose values are triangular or positive-definite matrices. */
import { pad, softplus } from '../nn/functional/index.js';
import { zeros } from '../ops/creation.js';
import { cholesky } from '../ops/linalg/cholesky.js';
import { trilIndices } from '../ops/misc.js';
import { finfo } from '../ops/queries.js';
import { eye } from '../ops/sequences.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { checkDims, Plain } from './transform.js';

/** The elements of matrices up to a diagonal, row by row. */
function lowerPart(matrix: Tensor, diagonal: number): Tensor {
  const n = matrix.sizes.at(-1)!;
  const [rows, columns] = trilIndices(n, n, diagonal);
  return matrix.at('...', rows, columns);
}

/** Matrices of which these are the elements below the diagonal, row by row. */
function belowDiagonal(elements: Tensor): Tensor {
  const n = sideOf(elements.sizes.at(-1)!);
  const { dtype, device } = elements;
  const matrix = zeros([...elements.sizes.slice(0, -1), n, n], { dtype, device });
  const [rows, columns] = trilIndices(n, n, -1);
  matrix.setAt(['...', rows, columns], elements);
  return matrix;
}

/** The side of a square with so many elements below its diagonal. */
function sideOf(count: number): number {
  const n = Math.round(Math.sqrt(0.25 + 2 * count) + 0.5);
  if ((n * (n - 1)) / 2 !== count) throw new ValueError('Input is not a flattened lower-diagonal number');
  return n;
}

/** 1, then all columns but the last. */
const shifted = (columns: Tensor): Tensor => pad(columns.narrow(-1, 0, columns.sizes.at(-1)! - 1), [1, 0], { value: 1 });

/**
 * D (D − 1) / 2 real numbers to the Cholesky factor of a correlation matrix [D, D].
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.CorrCholeskyTransform
 * @throws ValueError where the numbers don't fill a triangle
 * @example
 * new torch.distributions.transforms.CorrCholeskyTransform()(torch.tensor([0.5]))
 * // tensor([[1.0000, 0.0000],
 * //         [0.4621, 0.8868]])
 */
export class CorrCholeskyTransform extends Plain {
  readonly domain = constraints.realVector;
  readonly codomain = constraints.corrCholesky;

  protected forward(x: Tensor): Tensor {
    const { eps } = finfo(x.dtype);
    const r = belowDiagonal(x.tanh().clamp(-1 + eps, 1 - eps));
    const left = r.square().neg().add(1).sqrt().cumprod(-1);
    const { dtype, device } = r;
    return r.add(eye(r.sizes.at(-1)!, { dtype, device })).mul(shifted(left));
  }
  protected inverse(y: Tensor): Tensor {
    const left = shifted(y.mul(y).cumsum(-1).neg().add(1));
    const t = lowerPart(y, -1).div(lowerPart(left, -1).sqrt());
    return t.log1p().sub(t.neg().log1p()).div(2);
  }
  /** Of the elements below the diagonal. */
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    const left = lowerPart(y.mul(y).cumsum(-1).neg().add(1), -2);
    const squashing = x.add(softplus(x.mul(-2))).sub(Math.LN2);
    return left.log().sum(-1).mul(0.5).sub(squashing.sum(-1).mul(2));
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    checkDims(shape, 1);
    const n = sideOf(shape.at(-1)!);
    return [...shape.slice(0, -1), n, n];
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    checkDims(shape, 2);
    const [rows, columns] = shape.slice(-2);
    if (rows !== columns) throw new ValueError('Input is not square');
    return [...shape.slice(0, -2), (rows * (rows - 1)) / 2];
  }
}

/** Real matrices to others; not every element has a part in the result. */
abstract class OfMatrices extends Plain {
  readonly domain = constraints.independent(constraints.real, 2);
  override get bijective(): boolean {
    return false;
  }
  logAbsDetJacobian(_x: Tensor, _y: Tensor): Tensor {
    throw new NotImplementedError(`${this.constructor.name} does not implement log_abs_det_jacobian`);
  }
}

/**
 * Real matrices to lower triangular ones with a positive diagonal, its exponential.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.LowerCholeskyTransform
 * @example
 * new torch.distributions.transforms.LowerCholeskyTransform()(torch.ones(2, 2))
 * // tensor([[2.7183, 0.0000],
 * //         [1.0000, 2.7183]])
 */
export class LowerCholeskyTransform extends OfMatrices {
  readonly codomain = constraints.lowerCholesky;

  protected forward(x: Tensor): Tensor {
    return x.tril(-1).add(x.diagonal(0, -2, -1).exp().diagEmbed());
  }
  protected inverse(y: Tensor): Tensor {
    return y.tril(-1).add(y.diagonal(0, -2, -1).log().diagEmbed());
  }
}

/**
 * Real matrices to positive-definite ones L Lᵀ, where L is what `LowerCholeskyTransform` gives.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.PositiveDefiniteTransform
 * @example
 * new torch.distributions.transforms.PositiveDefiniteTransform()(torch.zeros(2, 2))
 * // tensor([[1., 0.],
 * //         [0., 1.]])
 */
export class PositiveDefiniteTransform extends OfMatrices {
  readonly codomain = constraints.positiveDefinite;

  protected forward(x: Tensor): Tensor {
    const factor = new LowerCholeskyTransform()(x);
    return factor.matmul(factor.mT);
  }
  protected inverse(y: Tensor): Tensor {
    return new LowerCholeskyTransform().invert(cholesky(y));
  }
}
