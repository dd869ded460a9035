/** Random correlation matrices. */
import { cat } from '../ops/join.js';
import { finfo } from '../ops/queries.js';
import { randn } from '../ops/random.js';
import { arange } from '../ops/sequences.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param, type ValidateOption } from './distribution.js';
import { Beta } from './gamma.js';

type LkjArgs =
  | [dim: number, concentration?: Param, validateArgs?: boolean | null]
  | [dim: number, options: { concentration?: Param } & ValidateOption]
  | [options: { dim: number; concentration?: Param } & ValidateOption];

/**
 * Cholesky factors of correlation matrices M [dim, dim] with a density like det(M)^(concentration − 1); 1 makes all equally likely.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.lkj_cholesky.LKJCholesky
 * @throws ValueError where `dim` is below 2 or a concentration is not positive
 * @example
 * torch.manualSeed(0);
 * const factor = new torch.distributions.LKJCholesky(3, 0.5).sample();
 * factor.matmul(factor.mT).diagonal()  // tensor([1.0000, 1.0000, 1.0000])
 */
export class LKJCholesky extends Distribution {
  readonly dim: number;
  readonly concentration: Tensor;
  private readonly beta: Beta;

  constructor(...args: LkjArgs) {
    super();
    const [dim, concentration = 1, validateArgs] = bindArguments<[number, Param?, boolean?]>(
      'LKJCholesky',
      'dim, concentration?, validateArgs?',
      args,
    );
    if (dim < 2) throw new ValueError(`Expected dim to be an integer greater than or equal to 2. Found dim=${dim}.`);
    this.dim = dim;
    [this.concentration] = broadcastAll(concentration);
    const rows = arange(dim - 1).to(this.concentration.dtype);
    const offset = cat([rows.newZeros([1]), rows]);
    const marginal = this.concentration.add(0.5 * (dim - 2)).unsqueeze(-1);
    this.beta = new Beta(offset.add(0.5), marginal.sub(offset.mul(0.5)));
    this.settle(this.concentration.sizes, [dim, dim], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.corrCholesky;
  }
  /** The onion method: each row is a direction times the root of a beta variable. */
  protected draw(shape: readonly number[]): Tensor {
    const y = this.beta.sample(shape.slice(0, shape.length - this.batchShape.length - 2)).unsqueeze(-1);
    const { dtype, device } = y;
    const normal = randn(shape, { dtype, device }).tril(-1);
    const directions = normal.div(normal.norm({ dim: -1, keepdim: true }));
    directions.select(-2, 0).fill_(0);
    const below = y.sqrt().mul(directions);
    const diagonal = below.square().sum(-1).neg().add(1).clamp(finfo(dtype).tiny).sqrt();
    return below.add(diagonal.diagEmbed());
  }
  protected density(value: Tensor): Tensor {
    const { concentration, dim } = this;
    const diagonal = value.diagonal(0, -1, -2).narrow(-1, 1, dim - 1);
    const order = concentration
      .sub(1)
      .unsqueeze(-1)
      .mul(2)
      .add(dim)
      .sub(arange(2, dim + 1));
    return order.mul(diagonal.log()).sum(-1).sub(this.logNorm);
  }
  /** Page 1999 of Lewandowski, Kurowicka and Joe (2009). */
  private get logNorm(): Tensor {
    const n = this.dim - 1;
    const alpha = this.concentration.add(0.5 * n);
    const powers = 0.5 * n * Math.log(Math.PI);
    return alpha.sub(0.5).mvlgamma(n).add(powers).sub(alpha.lgamma().mul(n));
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    return value === this.beta ? this.beta.expand([...shape, this.dim]) : super.expandedField(value, shape);
  }
}
