/** Distributions of real numbers with a place and a scale. */
import { rand, randn } from '../ops/random.js';
import { finfo } from '../ops/queries.js';
import type { Tensor } from '../tensor/tensor.js';
import { Folded, TransformedDistribution } from './combined.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param, type ValidateOption } from './distribution.js';
import { standardGamma } from './gamma-samples.js';
import { eulerGamma } from './euler-gamma.js';
import { ExpTransform } from './transforms.js';

/** Arguments: a place and a scale. */
type LocScaleArgs =
  | [loc: Param, scale: Param, validateArgs?: boolean | null]
  | [loc: Param, scale: Param, options: ValidateOption]
  | [loc: Param, options: { scale: Param } & ValidateOption]
  | [options: { loc: Param; scale: Param } & ValidateOption];
/** Arguments: a scale. */
type ScaleArgs =
  [scale: Param, validateArgs?: boolean | null] | [scale: Param, options: ValidateOption] | [options: { scale: Param } & ValidateOption];

const bindLocScale = (name: string, args: readonly unknown[]): [Param, Param, boolean?] =>
  bindArguments<[Param, Param, boolean?]>(name, 'loc, scale, validateArgs?', args);
const factory = ({ dtype, device }: Tensor): { dtype: Tensor['dtype']; device: Tensor['device'] } => ({ dtype, device });
const uniformLike = (shape: readonly number[], like: Tensor): Tensor => rand(shape, factory(like));

abstract class LocScale extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(...args: LocScaleArgs) {
    super();
    const [loc, scale, validateArgs] = bindLocScale(this.constructor.name, args);
    [this.loc, this.scale] = broadcastAll(loc, scale);
    this.settle(this.loc.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { loc: constraints.real, scale: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.real;
  }
  override get mean(): Tensor {
    return this.loc;
  }
  override get mode(): Tensor {
    return this.loc;
  }
  /** How many scales a value lies from the place. */
  protected standardized(value: Tensor): Tensor {
    return value.sub(this.loc).div(this.scale);
  }
}

/**
 * The normal distribution with mean `loc` and standard deviation `scale`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.normal.Normal
 * @throws ValueError where a scale is not positive
 * @example
 * torch.manualSeed(0);
 * const normal = new torch.distributions.Normal(0, torch.tensor([1, 2]));
 * normal.sample()  // tensor([ 1.5410, -0.5869])
 * normal.logProb(torch.tensor(0))  // tensor([-0.9189, -1.6121])
 */
export class Normal extends LocScale {
  override get variance(): Tensor {
    return this.scale.square();
  }
  override get stddev(): Tensor {
    return this.scale;
  }
  protected draw(shape: readonly number[]): Tensor {
    return randn(shape, factory(this.loc)).mul(this.scale).add(this.loc);
  }
  protected density(value: Tensor): Tensor {
    const squares = value.sub(this.loc).square();
    return squares
      .neg()
      .div(this.variance.mul(2))
      .sub(this.scale.log())
      .sub(0.5 * Math.log(2 * Math.PI));
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return this.standardized(value).div(Math.SQRT2).erf().add(1).mul(0.5);
  }
  override icdf(value: Tensor): Tensor {
    return value.mul(2).sub(1).erfinv().mul(this.scale).mul(Math.SQRT2).add(this.loc);
  }
  override entropy(): Tensor {
    return this.scale.log().add(0.5 + 0.5 * Math.log(2 * Math.PI));
  }
}

/**
 * The Laplace distribution: |x − loc| is exponential.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.laplace.Laplace
 * @example new torch.distributions.Laplace(0, 1).logProb(torch.tensor([0, 1]))  // tensor([-0.6931, -1.6931])
 */
export class Laplace extends LocScale {
  override get variance(): Tensor {
    return this.scale.square().mul(2);
  }
  override get stddev(): Tensor {
    return this.scale.mul(Math.SQRT2);
  }
  protected draw(shape: readonly number[]): Tensor {
    const { eps } = finfo(this.loc.dtype);
    const u = uniformLike(shape, this.loc)
      .mul(2 - eps)
      .add(eps - 1);
    return this.loc.sub(this.scale.mul(u.sign()).mul(u.abs().neg().log1p()));
  }
  protected density(value: Tensor): Tensor {
    return this.scale.mul(2).log().neg().sub(value.sub(this.loc).abs().div(this.scale));
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    const off = value.sub(this.loc);
    return off.sign().mul(off.abs().neg().div(this.scale).expm1()).mul(-0.5).add(0.5);
  }
  override icdf(value: Tensor): Tensor {
    const term = value.sub(0.5);
    return this.loc.sub(this.scale.mul(term.sign()).mul(term.abs().mul(-2).log1p()));
  }
  override entropy(): Tensor {
    return this.scale.mul(2).log().add(1);
  }
}

/**
 * The Cauchy distribution, which has no mean. https://pytorch.org/docs/stable/distributions.html#torch.distributions.cauchy.Cauchy
 * @example new torch.distributions.Cauchy(0, 1).logProb(torch.tensor([0, 1]))  // tensor([-1.1447, -1.8379])
 */
export class Cauchy extends LocScale {
  override get mean(): Tensor {
    return this.loc.mul(0).add(NaN);
  }
  override get variance(): Tensor {
    return this.loc.mul(0).add(Infinity);
  }
  protected draw(shape: readonly number[]): Tensor {
    const noise = this.loc.detach().expand(shape).contiguous().clone().cauchy_();
    return this.loc.add(noise.mul(this.scale));
  }
  protected density(value: Tensor): Tensor {
    return this.scale.log().neg().sub(Math.log(Math.PI)).sub(this.standardized(value).square().log1p());
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return this.standardized(value).atan().div(Math.PI).add(0.5);
  }
  override icdf(value: Tensor): Tensor {
    return value.sub(0.5).mul(Math.PI).tan().mul(this.scale).add(this.loc);
  }
  override entropy(): Tensor {
    return this.scale.log().add(Math.log(4 * Math.PI));
  }
}

/**
 * The Gumbel distribution: of the largest of many values. https://pytorch.org/docs/stable/distributions.html#torch.distributions.gumbel.Gumbel
 * @example new torch.distributions.Gumbel(0, 1).mean  // tensor(0.5772)
 */
export class Gumbel extends LocScale {
  override get mean(): Tensor {
    return this.loc.add(this.scale.mul(eulerGamma));
  }
  override get variance(): Tensor {
    return this.scale.mul(Math.PI / Math.sqrt(6)).square();
  }
  protected draw(shape: readonly number[]): Tensor {
    const { tiny, eps } = finfo(this.loc.dtype);
    const u = uniformLike(shape, this.loc)
      .mul(1 - eps - tiny)
      .add(tiny);
    return u.log().neg().log().neg().mul(this.scale).add(this.loc);
  }
  protected density(value: Tensor): Tensor {
    const y = this.standardized(value).neg();
    return y.sub(y.exp()).sub(this.scale.log());
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return this.standardized(value).neg().exp().neg().exp();
  }
  override icdf(value: Tensor): Tensor {
    return value.log().neg().log().neg().mul(this.scale).add(this.loc);
  }
  override entropy(): Tensor {
    return this.scale.log().add(1 + eulerGamma);
  }
}

type UniformArgs =
  | [low: Param, high: Param, validateArgs?: boolean | null]
  | [low: Param, high: Param, options: ValidateOption]
  | [options: { low: Param; high: Param } & ValidateOption];

/**
 * Uniform numbers of [low, high). https://pytorch.org/docs/stable/distributions.html#torch.distributions.uniform.Uniform
 * @throws ValueError where `low` is not below `high`
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.Uniform(-1, torch.tensor([1, 3])).sample()  // tensor([-0.0075,  2.0729])
 */
export class Uniform extends Distribution {
  readonly low: Tensor;
  readonly high: Tensor;

  constructor(...args: UniformArgs) {
    super();
    const [low, high, validateArgs] = bindArguments<[Param, Param, boolean?]>('Uniform', 'low, high, validateArgs?', args);
    [this.low, this.high] = broadcastAll(low, high);
    this.settle(this.low.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { low: constraints.lessThan(this.high), high: constraints.greaterThan(this.low) };
  }
  get support(): constraints.Constraint {
    return constraints.interval(this.low, this.high);
  }
  override get mean(): Tensor {
    return this.high.add(this.low).div(2);
  }
  override get mode(): Tensor {
    return this.high.mul(NaN);
  }
  override get variance(): Tensor {
    return this.range.square().div(12);
  }
  private get range(): Tensor {
    return this.high.sub(this.low);
  }
  protected draw(shape: readonly number[]): Tensor {
    return this.low.add(uniformLike(shape, this.low).mul(this.range));
  }
  protected density(value: Tensor): Tensor {
    const inside = this.low.le(value).logicalAnd(this.high.gt(value));
    return inside.to(this.low.dtype).log().sub(this.range.log());
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return value.sub(this.low).div(this.range).clamp(0, 1);
  }
  override icdf(value: Tensor): Tensor {
    return value.mul(this.range).add(this.low);
  }
  override entropy(): Tensor {
    return this.range.log();
  }
}

/**
 * The exponential of a normal variable. https://pytorch.org/docs/stable/distributions.html#torch.distributions.log_normal.LogNormal
 * @example new torch.distributions.LogNormal(0, 1).mean  // tensor(1.6487)
 */
export class LogNormal extends TransformedDistribution {
  declare readonly baseDist: Normal;
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { loc: constraints.real, scale: constraints.positive };
  }

  constructor(...args: LocScaleArgs) {
    const [loc, scale, validateArgs] = bindLocScale('LogNormal', args);
    super(new Normal(loc, scale, { validateArgs }), new ExpTransform(), { validateArgs });
  }
  /** The mean of the logarithm. */
  get loc(): Tensor {
    return this.baseDist.loc;
  }
  /** The standard deviation of the logarithm. */
  get scale(): Tensor {
    return this.baseDist.scale;
  }
  override get mean(): Tensor {
    return this.loc.add(this.scale.square().div(2)).exp();
  }
  override get mode(): Tensor {
    return this.loc.sub(this.scale.square()).exp();
  }
  override get variance(): Tensor {
    const square = this.scale.square();
    return square.expm1().mul(this.loc.mul(2).add(square).exp());
  }
  override entropy(): Tensor {
    return this.baseDist.entropy().add(this.loc);
  }
}

/**
 * The absolute value of a normal variable around zero. https://pytorch.org/docs/stable/distributions.html#torch.distributions.half_normal.HalfNormal
 * @example new torch.distributions.HalfNormal(1).mean  // tensor(0.7979)
 */
export class HalfNormal extends Folded {
  declare readonly baseDist: Normal;
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { scale: constraints.positive };
  }

  constructor(...args: ScaleArgs) {
    const [scale, validateArgs] = bindArguments<[Param, boolean?]>('HalfNormal', 'scale, validateArgs?', args);
    super(new Normal(0, scale, { validateArgs: false }), { validateArgs });
  }
  /** That of the whole distribution. */
  get scale(): Tensor {
    return this.baseDist.scale;
  }
  override get mean(): Tensor {
    return this.scale.mul(Math.sqrt(2 / Math.PI));
  }
  override get mode(): Tensor {
    return this.scale.mul(0);
  }
  override get variance(): Tensor {
    return this.scale.square().mul(1 - 2 / Math.PI);
  }
}

/**
 * The absolute value of a Cauchy variable around zero. https://pytorch.org/docs/stable/distributions.html#torch.distributions.half_cauchy.HalfCauchy
 * @example new torch.distributions.HalfCauchy(1).logProb(torch.tensor([0.5]))  // tensor([-0.6747])
 */
export class HalfCauchy extends Folded {
  declare readonly baseDist: Cauchy;
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { scale: constraints.positive };
  }

  constructor(...args: ScaleArgs) {
    const [scale, validateArgs] = bindArguments<[Param, boolean?]>('HalfCauchy', 'scale, validateArgs?', args);
    super(new Cauchy(0, scale, { validateArgs: false }), { validateArgs });
  }
  /** That of the whole distribution. */
  get scale(): Tensor {
    return this.baseDist.scale;
  }
  override get mean(): Tensor {
    return this.scale.mul(0).add(Infinity);
  }
  override get mode(): Tensor {
    return this.scale.mul(0);
  }
  override get variance(): Tensor {
    return this.baseDist.variance;
  }
}

type StudentArgs =
  | [df: Param, loc?: Param, scale?: Param, validateArgs?: boolean | null]
  | [df: Param, options?: { loc?: Param; scale?: Param } & ValidateOption]
  | [options: { df: Param; loc?: Param; scale?: Param } & ValidateOption];

/**
 * Student's t distribution with `df` degrees of freedom. https://pytorch.org/docs/stable/distributions.html#torch.distributions.studentT.StudentT
 * @example new torch.distributions.StudentT(3).logProb(torch.tensor(0))  // tensor(-1.0009)
 */
export class StudentT extends Distribution {
  readonly df: Tensor;
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(...args: StudentArgs) {
    super();
    const [df, loc = 0, scale = 1, validateArgs] = bindArguments<[Param, Param?, Param?, boolean?]>(
      'StudentT',
      'df, loc?, scale?, validateArgs?',
      args,
    );
    [this.df, this.loc, this.scale] = broadcastAll(df, loc, scale);
    this.settle(this.df.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { df: constraints.positive, loc: constraints.real, scale: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.real;
  }
  override get mean(): Tensor {
    return this.loc.maskedFill(this.df.le(1), NaN);
  }
  override get mode(): Tensor {
    return this.loc;
  }
  override get variance(): Tensor {
    const { df } = this;
    const finite = this.scale.square().mul(df).div(df.sub(2));
    return finite.maskedFill(df.le(2), Infinity).maskedFill(df.le(1), NaN);
  }
  protected draw(shape: readonly number[]): Tensor {
    const x = randn(shape, factory(this.loc));
    const z = standardGamma(this.df.mul(0.5).expand(shape)).div(0.5);
    return this.loc.add(this.scale.mul(x.mul(z.div(this.df).rsqrt())));
  }
  protected density(value: Tensor): Tensor {
    const { df } = this;
    const normalizer = this.scale
      .log()
      .add(df.log().mul(0.5))
      .add(0.5 * Math.log(Math.PI))
      .add(df.mul(0.5).lgamma())
      .sub(df.add(1).mul(0.5).lgamma());
    return df.add(1).mul(-0.5).mul(this.standardized(value).square().div(df).log1p()).sub(normalizer);
  }
  private standardized(value: Tensor): Tensor {
    return value.sub(this.loc).div(this.scale);
  }
  override entropy(): Tensor {
    const { df } = this;
    const half = df.add(1).mul(0.5);
    const beta = df
      .mul(0.5)
      .lgamma()
      .add(Math.log(Math.PI) * 0.5)
      .sub(half.lgamma());
    return this.scale
      .log()
      .add(half.mul(half.digamma().sub(df.mul(0.5).digamma())))
      .add(df.log().mul(0.5))
      .add(beta);
  }
}
