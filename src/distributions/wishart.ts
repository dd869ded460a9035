/** Random covariance matrices. */
import { slogdet } from '../ops/linalg/solve.js';
import { trilIndices } from '../ops/misc.js';
import { finfo } from '../ops/queries.js';
import { randn } from '../ops/random.js';
import { arange } from '../ops/sequences.js';
import { ValueError } from '../tensor/errors.js';
import { broadcastSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, type Param, type ValidateOption } from './distribution.js';
import { ExponentialFamily } from './exponential-family.js';
import { Chi2 } from './gamma.js';
import { factors, givenMatrix, type Spread } from './multivariate-normal.js';
import { full } from '../ops/creation.js';

type WishartArgs =
  | [df: Param, covarianceMatrix: Tensor | null, precisionMatrix?: Tensor | null, scaleTril?: Tensor | null, validateArgs?: boolean | null]
  | [df: Param, covarianceMatrix: Tensor, options: ValidateOption]
  | [df: Param, options: Spread & ValidateOption]
  | [options: { df: Param } & Spread & ValidateOption];

/** Σᵢ ψ(x − i / 2) over i below p. */
const multivariateDigamma = (x: Tensor, p: number): Tensor => x.unsqueeze(-1).sub(arange(p).to(x.dtype).div(2)).digamma().sum(-1);

/**
 * The sum of x xᵀ over `df` normal vectors x with a covariance matrix [.., p, p], its inverse, or its Cholesky factor.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.wishart.Wishart
 * @throws ValueError where `df` is not above p − 1, or a matrix is not positive definite
 * @example
 * const wishart = new torch.distributions.Wishart(3, torch.eye(2));
 * wishart.mean
 * // tensor([[3., 0.],
 * //         [0., 3.]])
 */
export class Wishart extends ExponentialFamily {
  readonly df: Tensor;
  private readonly tril: Tensor;

  constructor(...args: WishartArgs) {
    super();
    const [df, covarianceMatrix, precisionMatrix, scaleTril, validateArgs] = bindArguments<[Param, Tensor?, Tensor?, Tensor?, boolean?]>(
      'Wishart',
      'df, covarianceMatrix?, precisionMatrix?, scaleTril?, validateArgs?',
      args,
    );
    const [name, matrix] = givenMatrix({ covarianceMatrix, precisionMatrix, scaleTril });
    if (matrix.ndim < 2) throw new ValueError('scale_tril must be at least two-dimensional, with optional leading batch dimensions');
    const event = matrix.sizes.slice(-2);
    const batch = broadcastSizes(matrix.sizes.slice(0, -2), df instanceof Tensor ? df.sizes : []);
    const { dtype, device } = matrix;
    this.df = df instanceof Tensor ? df.expand(batch) : full(batch, df, { dtype, device });
    checkDegrees(this.df, df, event[1]);
    const wide = matrix.expand([...batch, ...event]);
    Object.defineProperty(this, name, { value: wide, enumerable: true, writable: true });
    this.tril = wide;
    this.settle(batch, event, validateArgs);
    this.tril = factors[name](wide);
  }
  override get hasRsample(): boolean {
    return true;
  }
  protected override get derives(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    const { greaterThan, lowerCholesky, positiveDefinite } = constraints;
    const df = greaterThan(this.side - 1);
    return { covarianceMatrix: positiveDefinite, precisionMatrix: positiveDefinite, scaleTril: lowerCholesky, df };
  }
  get support(): constraints.Constraint {
    return constraints.positiveDefinite;
  }
  private get side(): number {
    return this.eventShape.at(-1)!;
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
  private scaled(factor: Tensor, matrix: Tensor): Tensor {
    return factor.reshape([...this.batchShape, 1, 1]).mul(matrix);
  }
  override get mean(): Tensor {
    return this.scaled(this.df, this.covarianceMatrix);
  }
  override get mode(): Tensor {
    const factor = this.df.sub(this.side + 1);
    return this.scaled(factor.maskedFill(factor.le(0), NaN), this.covarianceMatrix);
  }
  override get variance(): Tensor {
    const { covarianceMatrix } = this;
    const variances = covarianceMatrix.diagonal(0, -2, -1);
    const products = variances.unsqueeze(-1).mul(variances.unsqueeze(-2));
    return this.scaled(this.df, covarianceMatrix.square().add(products));
  }

  /** Bartlett's decomposition: roots of χ² variables on the diagonal, normal variables below it. */
  private bartlett(sampleShape: readonly number[]): Tensor {
    const p = this.side;
    const degrees = this.df.unsqueeze(-1).sub(arange(p).to(this.df.dtype));
    const roots = new Chi2(degrees).rsample(sampleShape).sqrt();
    const { dtype, device } = roots;
    const noise = roots.clamp(finfo(dtype).eps).diagEmbed();
    const [rows, columns] = trilIndices(p, p, -1);
    noise.setAt(['...', rows, columns], randn([...sampleShape, ...this.batchShape, (p * (p - 1)) / 2], { dtype, device }));
    const factor = this.tril.matmul(noise);
    return factor.matmul(factor.mT);
  }
  /** Whether samples of one batch have a matrix that is (or is not) positive definite. */
  private anyRegular(sample: Tensor, regular: boolean): Tensor {
    const each = this.support.check(sample).eq(regular);
    return this.batchShape.length === 0 ? each : each.flatten(-this.batchShape.length).any(-1);
  }
  /** Draws again at first what is positive definite, then what is not, as PyTorch 2.13 does: so a seed gives its numbers. */
  protected draw(shape: readonly number[]): Tensor {
    const sample = this.bartlett(shape.slice(0, shape.length - this.batchShape.length - 2));
    const again = this.anyRegular(sample, true);
    for (let tries = 0; tries < 10 && again.any().item() === true; tries++) {
      const fresh = this.bartlett([again.sum().item() as number]);
      sample.setAt([again], fresh);
      again.setAt([again.clone()], this.anyRegular(fresh, false));
    }
    return sample;
  }

  private get halfLogDet(): Tensor {
    return this.tril.diagonal(0, -2, -1).log().sum(-1);
  }
  protected density(value: Tensor): Tensor {
    const [nu, p] = [this.df, this.side];
    const normalizer = nu.mul(this.halfLogDet.add((p * Math.LN2) / 2)).add(nu.div(2).mvlgamma(p));
    const trace = value.choleskySolve(this.tril).diagonal(0, -2, -1).sum(-1);
    const size = nu
      .sub(p + 1)
      .div(2)
      .mul(slogdet(value).logabsdet);
    return size.sub(normalizer).sub(trace.div(2));
  }
  override entropy(): Tensor {
    const [nu, p] = [this.df, this.side];
    return this.halfLogDet
      .add((p * Math.LN2) / 2)
      .mul(p + 1)
      .add(nu.div(2).mvlgamma(p))
      .sub(
        nu
          .sub(p + 1)
          .div(2)
          .mul(multivariateDigamma(nu.div(2), p)),
      )
      .add(nu.mul(p).div(2));
  }

  get naturalParams(): readonly Tensor[] {
    return [this.precisionMatrix.div(-2), this.df.sub(this.side + 1).div(2)];
  }
  override get meanCarrierMeasure(): number {
    return 0;
  }
  logNormalizer(x: Tensor, y: Tensor): Tensor {
    const p = this.side;
    const half = y.add((p + 1) / 2);
    return half
      .mul(
        slogdet(x.mul(-2))
          .logabsdet.neg()
          .add(Math.LN2 * p),
      )
      .add(half.mvlgamma(p));
  }
}

function checkDegrees(df: Tensor, given: Param, side: number): void {
  if (
    df
      .le(side - 1)
      .any()
      .item() === true
  )
    throw new ValueError(`Value of df=${String(given)} expected to be greater than ndim - 1 = ${side - 1}.`);
  if (df.lt(side).any().item() === true)
    console.warn('Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.');
}
