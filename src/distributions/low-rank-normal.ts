/** Normal vectors whose covariance is a few directions and a diagonal. */
import { cholesky } from '../ops/linalg/cholesky.js';
import { solveTriangular } from '../ops/linalg/triangular.js';
import { broadcastTensors } from '../ops/join.js';
import { randn } from '../ops/random.js';
import { eye } from '../ops/sequences.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, Distribution, type ParamArgs } from './distribution.js';
import { mahalanobis } from './multivariate-normal.js';

type LowRankArgs = ParamArgs<[loc: Tensor, covFactor: Tensor, covDiag: Tensor], { loc: Tensor; covFactor: Tensor; covDiag: Tensor }>;

/** `matrix` + I. */
function plusIdentity(matrix: Tensor): Tensor {
  const { dtype, device } = matrix;
  return matrix.add(eye(matrix.sizes.at(-1)!, { dtype, device }));
}
const times = (matrix: Tensor, vector: Tensor): Tensor => matrix.matmul(vector.unsqueeze(-1)).squeeze(-1);

/**
 * Normal vectors [.., n] with the covariance W Wᵀ + D, where W [.., n, m] is `covFactor` and `covDiag` [.., n] the diagonal of D.
 * What costs n³ for a full matrix costs n m² here.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.lowrank_multivariate_normal.LowRankMultivariateNormal
 * @throws ValueError where shapes don't fit or the diagonal is not positive
 * @example
 * const normal = new torch.distributions.LowRankMultivariateNormal(torch.zeros(2), torch.tensor([[1], [0]]), torch.ones(2));
 * normal.covarianceMatrix
 * // tensor([[2., 0.],
 * //         [0., 1.]])
 */
export class LowRankMultivariateNormal extends Distribution {
  readonly loc: Tensor;
  readonly covFactor: Tensor;
  readonly covDiag: Tensor;
  /** The Cholesky factor of I + Wᵀ D⁻¹ W. */
  readonly capacitanceTril: Tensor;

  constructor(...args: LowRankArgs) {
    super();
    const [loc, covFactor, covDiag, validateArgs] = bindArguments<[Tensor, Tensor, Tensor, boolean?]>(
      'LowRankMultivariateNormal',
      'loc, covFactor, covDiag, validateArgs?',
      args,
    );
    checkShapes(loc, covFactor, covDiag);
    const [wideLoc, wideFactor, wideDiag] = widened(loc, covFactor, covDiag);
    [this.loc, this.covFactor, this.covDiag] = [wideLoc.select(-1, 0), wideFactor, wideDiag.select(-1, 0)];
    this.capacitanceTril = cholesky(plusIdentity(this.weighted.matmul(wideFactor)));
    this.settle(this.loc.sizes.slice(0, -1), loc.sizes.slice(-1), validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    const { independent, positive, real, realVector } = constraints;
    return { loc: realVector, covFactor: independent(real, 2), covDiag: independent(positive, 1) };
  }
  get support(): constraints.Constraint {
    return constraints.realVector;
  }
  /** Wᵀ D⁻¹. */
  private get weighted(): Tensor {
    return this.covFactor.mT.div(this.covDiag.unsqueeze(-2));
  }
  /** A with Σ⁻¹ = D⁻¹ − Aᵀ A. */
  get whitened(): Tensor {
    return solveTriangular(this.capacitanceTril, this.weighted, { upper: false });
  }
  override get mean(): Tensor {
    return this.loc;
  }
  override get mode(): Tensor {
    return this.loc;
  }
  override get variance(): Tensor {
    return this.covFactor.square().sum(-1).add(this.covDiag);
  }
  /** The Cholesky factor of the covariance matrix: D^½ times that of I + D^-½ W Wᵀ D^-½, whose eigenvalues are 1 and above. */
  get scaleTril(): Tensor {
    const root = this.covDiag.sqrt().unsqueeze(-1);
    const scaled = this.covFactor.div(root);
    return root.mul(cholesky(plusIdentity(scaled.matmul(scaled.mT))));
  }
  /** W Wᵀ + D. */
  get covarianceMatrix(): Tensor {
    return this.covFactor.matmul(this.covFactor.mT).add(this.covDiag.diagEmbed());
  }
  /** The inverse of the covariance matrix. */
  get precisionMatrix(): Tensor {
    const { whitened } = this;
    return this.covDiag.reciprocal().diagEmbed().sub(whitened.mT.matmul(whitened));
  }
  protected draw(shape: readonly number[]): Tensor {
    const { dtype, device } = this.loc;
    const along = randn([...shape.slice(0, -1), this.covFactor.sizes.at(-1)!], { dtype, device });
    const own = randn(shape, { dtype, device });
    return this.loc.add(times(this.covFactor, along)).add(this.covDiag.sqrt().mul(own));
  }
  /** log |W Wᵀ + D|. */
  logDet(): Tensor {
    return this.capacitanceTril.diagonal(0, -2, -1).log().sum(-1).mul(2).add(this.covDiag.log().sum(-1));
  }
  /** xᵀ (W Wᵀ + D)⁻¹ x, by Woodbury's identity. */
  mahalanobis(x: Tensor): Tensor {
    const own = x.square().div(this.covDiag).sum(-1);
    return own.sub(mahalanobis(this.capacitanceTril, times(this.weighted, x)));
  }
  protected density(value: Tensor): Tensor {
    const constant = this.eventShape[0] * Math.log(2 * Math.PI);
    return this.logDet()
      .add(constant)
      .add(this.mahalanobis(value.sub(this.loc)))
      .mul(-0.5);
  }
  override entropy(): Tensor {
    return this.logDet()
      .add(this.eventShape[0] * (1 + Math.log(2 * Math.PI)))
      .mul(0.5);
  }
}

function checkShapes(loc: Tensor, factor: Tensor, diagonal: Tensor): void {
  if (loc.ndim < 1) throw new ValueError('loc must be at least one-dimensional.');
  const n = loc.sizes.at(-1)!;
  if (factor.ndim < 2) throw new ValueError('cov_factor must be at least two-dimensional, with optional leading batch dimensions');
  if (factor.sizes.at(-2) !== n) throw new ValueError(`cov_factor must be a batch of matrices with shape ${n} x m`);
  if (diagonal.sizes.at(-1) !== n) throw new ValueError(`cov_diag must be a batch of vectors with shape torch.Size([${n}])`);
}

function widened(loc: Tensor, factor: Tensor, diagonal: Tensor): Tensor[] {
  try {
    return broadcastTensors(loc.unsqueeze(-1), factor, diagonal.unsqueeze(-1));
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const shapes = `loc ${String(loc.shape)}, cov_factor ${String(factor.shape)}, cov_diag ${String(diagonal.shape)}`;
    throw new ValueError(`Incompatible batch shapes: ${shapes}`);
  }
}
