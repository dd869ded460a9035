/** Normal vectors. */
import { cholesky } from '../ops/linalg/cholesky.js';
import { solveTriangular } from '../ops/linalg/triangular.js';
import { eye } from '../ops/sequences.js';
import { randn } from '../ops/random.js';
import { broadcastSizes } from '../tensor/shape.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, Distribution, type ValidateOption } from './distribution.js';

/** A covariance matrix, its inverse, or its Cholesky factor. */
export interface Spread {
  covarianceMatrix?: Tensor | null;
  precisionMatrix?: Tensor | null;
  scaleTril?: Tensor | null;
}
type NormalArgs =
  | [
      loc: Tensor,
      covarianceMatrix: Tensor | null,
      precisionMatrix?: Tensor | null,
      scaleTril?: Tensor | null,
      validateArgs?: boolean | null,
    ]
  | [loc: Tensor, covarianceMatrix: Tensor, options: ValidateOption]
  | [loc: Tensor, options: Spread & ValidateOption]
  | [options: { loc: Tensor } & Spread & ValidateOption];

/** The lower triangle L with L Lᵀ = P⁻¹. */
function trilOfPrecision(precision: Tensor): Tensor {
  const upper = cholesky(precision.flip(-2, -1)).flip(-2, -1).mT;
  const { dtype, device } = precision;
  return solveTriangular(upper, eye(precision.sizes.at(-1)!, { dtype, device }).expandAs(precision), { upper: false });
}

/** The Cholesky factor of a covariance matrix, from any of the matrices that determine it. */
export const factors = { covarianceMatrix: cholesky, precisionMatrix: trilOfPrecision, scaleTril: (tril: Tensor): Tensor => tril };

/** The one matrix that is given, by its name. */
export function givenMatrix(spread: Spread): [keyof typeof factors, Tensor] {
  const given = Object.entries(spread).filter(([, value]) => value);
  if (given.length !== 1) throw new ValueError('Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.');
  return given[0] as [keyof typeof factors, Tensor];
}

/** The squared lengths of L⁻¹ x. */
export const mahalanobis = (tril: Tensor, x: Tensor): Tensor =>
  solveTriangular(tril, x.unsqueeze(-1), { upper: false }).squeeze(-1).square().sum(-1);

/**
 * Normal vectors with mean `loc` and a covariance matrix, its inverse, or its Cholesky factor.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.multivariate_normal.MultivariateNormal
 * @throws ValueError where not exactly one of these is given, or it is not positive definite
 * @example
 * const normal = new torch.distributions.MultivariateNormal(torch.zeros(2), { scaleTril: torch.eye(2).mul(2) });
 * normal.covarianceMatrix
 * // tensor([[4., 0.],
 * //         [0., 4.]])
 * normal.logProb(torch.zeros(2))  // tensor(-3.2242)
 */
export class MultivariateNormal extends Distribution {
  readonly loc: Tensor;
  private readonly tril: Tensor;

  constructor(...args: NormalArgs) {
    super();
    const [loc, covarianceMatrix, precisionMatrix, scaleTril, validateArgs] = bindArguments<[Tensor, Tensor?, Tensor?, Tensor?, boolean?]>(
      'MultivariateNormal',
      'loc, covarianceMatrix?, precisionMatrix?, scaleTril?, validateArgs?',
      args,
    );
    if (loc.ndim < 1) throw new ValueError('loc must be at least one-dimensional.');
    const [name, matrix] = givenMatrix({ covarianceMatrix, precisionMatrix, scaleTril });
    const snake = { covarianceMatrix: 'covariance_matrix', precisionMatrix: 'precision_matrix', scaleTril: 'scale_tril' }[name];
    if (matrix.ndim < 2) throw new ValueError(`${snake} matrix must be at least two-dimensional, with optional leading batch dimensions`);
    const batch = broadcastSizes(matrix.sizes.slice(0, -2), loc.sizes.slice(0, -1));
    const n = loc.sizes.at(-1)!;
    this.loc = loc.expand([...batch, n]);
    const wide = matrix.expand([...batch, ...matrix.sizes.slice(-2)]);
    Object.defineProperty(this, name, { value: wide, enumerable: true, writable: true });
    this.tril = this.loc;
    this.settle(batch, [n], validateArgs);
    this.tril = factors[name](wide);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    const { positiveDefinite, lowerCholesky, realVector } = constraints;
    return { loc: realVector, covarianceMatrix: positiveDefinite, precisionMatrix: positiveDefinite, scaleTril: lowerCholesky };
  }
  protected override get derives(): boolean {
    return true;
  }
  get support(): constraints.Constraint {
    return constraints.realVector;
  }
  /** The Cholesky factor of the covariance matrix. */
  get scaleTril(): Tensor {
    return this.tril;
  }
  /** L Lᵀ. */
  get covarianceMatrix(): Tensor {
    return this.tril.matmul(this.tril.mT);
  }
  /** The inverse of the covariance matrix. */
  get precisionMatrix(): Tensor {
    return this.tril.choleskyInverse();
  }
  override get mean(): Tensor {
    return this.loc;
  }
  override get mode(): Tensor {
    return this.loc;
  }
  override get variance(): Tensor {
    return this.tril.square().sum(-1);
  }
  private get halfLogDet(): Tensor {
    return this.tril.diagonal(0, -2, -1).log().sum(-1);
  }
  protected draw(shape: readonly number[]): Tensor {
    const { dtype, device } = this.loc;
    return this.tril.matmul(randn(shape, { dtype, device }).unsqueeze(-1)).squeeze(-1).add(this.loc);
  }
  protected density(value: Tensor): Tensor {
    const constant = this.eventShape[0] * Math.log(2 * Math.PI);
    return mahalanobis(this.tril, value.sub(this.loc)).add(constant).mul(-0.5).sub(this.halfLogDet);
  }
  override entropy(): Tensor {
    return this.halfLogDet.add(0.5 * this.eventShape[0] * (1 + Math.log(2 * Math.PI)));
  }
}
