/** Gamma, beta and Dirichlet distributions. */
import { finfo } from '../ops/queries.js';
import { igamma } from '../ops/special.js';
import { stack } from '../ops/join.js';
import { oneHot } from '../nn/functional/index.js';
import { xlogy } from '../ops/pointwise.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import {
  bindArguments,
  broadcastAll,
  Distribution,
  type Param,
  type ParamArgs,
  type SampleShape,
  type ValidateOption,
} from './distribution.js';
import { sampleDirichlet, standardGamma } from './gamma-samples.js';

type GammaArgs =
  | [concentration: Param, rate: Param, validateArgs?: boolean | null]
  | [concentration: Param, rate: Param, options: ValidateOption]
  | [options: { concentration: Param; rate: Param } & ValidateOption];

/**
 * The gamma distribution. Samples are differentiable in both parameters, exactly.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.gamma.Gamma
 * @example
 * torch.manualSeed(0);
 * const gamma = new torch.distributions.Gamma(2, 0.5);
 * gamma.mean  // tensor(4.)
 * gamma.logProb(torch.tensor(4))  // tensor(-2.)
 */
export class Gamma extends Distribution {
  readonly concentration: Tensor;
  readonly rate: Tensor;

  constructor(...args: GammaArgs) {
    super();
    const [concentration, rate, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'Gamma',
      'concentration, rate, validateArgs?',
      args,
    );
    [this.concentration, this.rate] = broadcastAll(concentration, rate);
    this.settle(this.rate.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration: constraints.positive, rate: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.nonnegative;
  }
  override get mean(): Tensor {
    return this.concentration.div(this.rate);
  }
  override get mode(): Tensor {
    return this.concentration.sub(1).div(this.rate).clamp(0);
  }
  override get variance(): Tensor {
    return this.concentration.div(this.rate.square());
  }
  protected draw(shape: readonly number[]): Tensor {
    return standardGamma(this.concentration.expand(shape)).div(this.rate.expand(shape));
  }
  protected density(given: Tensor): Tensor {
    const { concentration, rate } = this;
    const value = given.to(rate.dtype);
    return xlogy(concentration, rate)
      .add(xlogy(concentration.sub(1), value))
      .sub(rate.mul(value))
      .sub(concentration.lgamma());
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return igamma(this.concentration, this.rate.mul(value));
  }
  override entropy(): Tensor {
    const { concentration, rate } = this;
    return concentration.sub(rate.log()).add(concentration.lgamma()).add(concentration.neg().add(1).mul(concentration.digamma()));
  }
}

/**
 * The sum of the squares of `df` standard normal variables.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.chi2.Chi2
 * @example new torch.distributions.Chi2(3).variance  // tensor(6.)
 */
export class Chi2 extends Gamma {
  constructor(
    ...args: [df: Param, validateArgs?: boolean | null] | [df: Param, options: ValidateOption] | [options: { df: Param } & ValidateOption]
  ) {
    const [df, validateArgs] = bindArguments<[Param, boolean?]>('Chi2', 'df, validateArgs?', args);
    super(typeof df === 'number' ? df / 2 : df.mul(0.5), 0.5, { validateArgs });
  }
  /** Degrees of freedom. */
  get df(): Tensor {
    return this.concentration.mul(2);
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { df: constraints.positive };
  }
  override toString(): string {
    return 'Chi2()';
  }
}

/**
 * Shares that sum to one, along the last dim. https://pytorch.org/docs/stable/distributions.html#torch.distributions.dirichlet.Dirichlet
 * @example new torch.distributions.Dirichlet(torch.tensor([1, 3])).mean  // tensor([0.2500, 0.7500])
 */
export class Dirichlet extends Distribution {
  readonly concentration: Tensor;

  constructor(
    ...args:
      | [concentration: Tensor, validateArgs?: boolean | null]
      | [concentration: Tensor, options: ValidateOption]
      | [options: { concentration: Tensor } & ValidateOption]
  ) {
    super();
    const [concentration, validateArgs] = bindArguments<[Tensor, boolean?]>('Dirichlet', 'concentration, validateArgs?', args);
    if (concentration.ndim < 1) throw new ValueError('`concentration` parameter must be at least one-dimensional.');
    [this.concentration] = broadcastAll(concentration);
    this.settle(concentration.sizes.slice(0, -1), concentration.sizes.slice(-1), validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration: constraints.independent(constraints.positive, 1) };
  }
  get support(): constraints.Constraint {
    return constraints.simplex;
  }
  private get total(): Tensor {
    return this.concentration.sum(-1, true);
  }
  override get mean(): Tensor {
    return this.concentration.div(this.total);
  }
  override get mode(): Tensor {
    const above = this.concentration.sub(1).clamp(0);
    const shares = above.div(above.sum(-1, true));
    const corner = oneHot(shares.argmax(-1), this.eventShape[0]).to(shares.dtype);
    return corner.where(this.concentration.lt(1).all(-1, true), shares);
  }
  override get variance(): Tensor {
    const { concentration, total } = this;
    return concentration.mul(total.sub(concentration)).div(total.square().mul(total.add(1)));
  }
  protected draw(shape: readonly number[]): Tensor {
    return sampleDirichlet(this.concentration.expand(shape));
  }
  protected density(value: Tensor): Tensor {
    const { concentration } = this;
    return xlogy(concentration.sub(1), value).sum(-1).add(concentration.sum(-1).lgamma()).sub(concentration.lgamma().sum(-1));
  }
  override entropy(): Tensor {
    const { concentration } = this;
    const total = concentration.sum(-1);
    return concentration
      .lgamma()
      .sum(-1)
      .sub(total.lgamma())
      .sub(total.neg().add(this.eventShape[0]).mul(total.digamma()))
      .sub(concentration.sub(1).mul(concentration.digamma()).sum(-1));
  }
}

type BetaArgs =
  | [concentration1: Param, concentration0: Param, validateArgs?: boolean | null]
  | [concentration1: Param, concentration0: Param, options: ValidateOption]
  | [options: { concentration1: Param; concentration0: Param } & ValidateOption];

/**
 * The beta distribution of numbers between 0 and 1. https://pytorch.org/docs/stable/distributions.html#torch.distributions.beta.Beta
 * @example new torch.distributions.Beta(2, 3).logProb(torch.tensor(0.5))  // tensor(0.4055)
 */
export class Beta extends Distribution {
  private readonly dirichlet: Dirichlet;

  constructor(...args: BetaArgs) {
    super();
    const [one, zero, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'Beta',
      'concentration1, concentration0, validateArgs?',
      args,
    );
    this.dirichlet = new Dirichlet(stack(broadcastAll(one, zero), -1), { validateArgs });
    this.settle(this.dirichlet.batchShape, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration1: constraints.positive, concentration0: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.unitInterval;
  }
  /** The exponent of x is one less. */
  get concentration1(): Tensor {
    return this.dirichlet.concentration.select(-1, 0);
  }
  /** The exponent of 1 − x is one less. */
  get concentration0(): Tensor {
    return this.dirichlet.concentration.select(-1, 1);
  }
  override get mean(): Tensor {
    return this.concentration1.div(this.concentration1.add(this.concentration0));
  }
  override get mode(): Tensor {
    return this.dirichlet.mode.select(-1, 0);
  }
  override get variance(): Tensor {
    const total = this.concentration1.add(this.concentration0);
    return this.concentration1.mul(this.concentration0).div(total.square().mul(total.add(1)));
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape?: SampleShape): Tensor {
    return this.dirichlet.sample(sampleShape).select(-1, 0);
  }
  override rsample(sampleShape?: SampleShape): Tensor {
    return this.dirichlet.rsample(sampleShape).select(-1, 0);
  }
  protected density(value: Tensor): Tensor {
    return this.dirichlet.logProb(stack([value, value.neg().add(1)], -1));
  }
  override entropy(): Tensor {
    return this.dirichlet.entropy();
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    return value === this.dirichlet ? this.dirichlet.expand(shape) : super.expandedField(value, shape);
  }
  override toString(): string {
    return 'Beta()';
  }
}

/**
 * The ratio of two χ² variables with `df1` and `df2` degrees of freedom, each divided by its own.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.fishersnedecor.FisherSnedecor
 * @throws ValueError where a parameter is not positive
 * @example new torch.distributions.FisherSnedecor(3, 6).mean  // tensor(1.5000)
 */
export class FisherSnedecor extends Distribution {
  readonly df1: Tensor;
  readonly df2: Tensor;
  private readonly gammas: readonly Gamma[];

  constructor(...args: ParamArgs<[df1: Param, df2: Param], { df1: Param; df2: Param }>) {
    super();
    const [df1, df2, validateArgs] = bindArguments<[Param, Param, boolean?]>('FisherSnedecor', 'df1, df2, validateArgs?', args);
    [this.df1, this.df2] = broadcastAll(df1, df2);
    this.gammas = [this.df1, this.df2].map((df) => new Gamma(df.mul(0.5), df));
    this.settle(this.df1.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { df1: constraints.positive, df2: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.positive;
  }
  override get mean(): Tensor {
    const df2 = this.df2.maskedFill(this.df2.le(2), NaN);
    return df2.div(df2.sub(2));
  }
  override get mode(): Tensor {
    const mode = this.df1.sub(2).div(this.df1).mul(this.df2).div(this.df2.add(2));
    return mode.maskedFill(this.df1.le(2), NaN);
  }
  override get variance(): Tensor {
    const df2 = this.df2.maskedFill(this.df2.le(4), NaN);
    const below = this.df1.mul(df2.sub(2).square()).mul(df2.sub(4));
    return df2.square().mul(2).mul(this.df1.add(df2).sub(2)).div(below);
  }
  protected draw(shape: readonly number[]): Tensor {
    const sampleShape = shape.slice(0, shape.length - this.batchShape.length);
    const [x1, x2] = this.gammas.map((each) => each.rsample(sampleShape));
    const { tiny } = finfo(x2.dtype);
    return x1.div(x2.clamp(tiny)).clamp(tiny);
  }
  protected density(value: Tensor): Tensor {
    const [a, b, ratio] = [this.df1.mul(0.5), this.df2.mul(0.5), this.df1.div(this.df2)];
    const norm = a.add(b).lgamma().sub(a.lgamma()).sub(b.lgamma());
    const powers = a.mul(ratio.log()).add(a.sub(1).mul(value.log()));
    return norm.add(powers).sub(a.add(b).mul(ratio.mul(value).log1p()));
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    return value === this.gammas ? this.gammas.map((each) => each.expand(shape)) : super.expandedField(value, shape);
  }
}
