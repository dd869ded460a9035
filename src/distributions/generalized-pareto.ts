/** Tails of distributions. */
import { fullLike } from '../ops/creation.js';
import { where } from '../ops/join.js';
import { rand } from '../ops/random.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param, type ParamArgs } from './distribution.js';

type TailArgs = ParamArgs<[loc: Param, scale: Param, concentration: Param], { loc: Param; scale: Param; concentration: Param }>;

/**
 * Values above a threshold `loc`: exponential where `concentration` is zero, Pareto's above, bounded below.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.generalized_pareto.GeneralizedPareto
 * @throws ValueError where a scale is not positive
 * @example
 * const tail = new torch.distributions.GeneralizedPareto(0, 1, 0.5);
 * tail.mean  // tensor(2.)
 * tail.cdf(torch.tensor(2))  // tensor(0.7500)
 */
export class GeneralizedPareto extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;
  readonly concentration: Tensor;

  constructor(...args: TailArgs) {
    super();
    const [loc, scale, concentration, validateArgs] = bindArguments<[Param, Param, Param, boolean?]>(
      'GeneralizedPareto',
      'loc, scale, concentration, validateArgs?',
      args,
    );
    [this.loc, this.scale, this.concentration] = broadcastAll(loc, scale, concentration);
    this.settle(this.loc.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { loc: constraints.real, scale: constraints.positive, concentration: constraints.real };
  }
  get support(): constraints.Constraint {
    const { loc, concentration } = this;
    const end = where(concentration.lt(0), loc.sub(this.scale.div(concentration)), Infinity);
    return constraints.interval(loc, end);
  }
  /** Where the concentration counts as zero, and a concentration that one can divide by. */
  private get split(): [isZero: Tensor, safe: Tensor] {
    const { concentration } = this;
    const isZero = concentration.isclose(fullLike(concentration, 0));
    return [isZero, concentration.maskedFill(isZero, 1)];
  }
  private standardized(value: Tensor): Tensor {
    return value.sub(this.loc).div(this.scale);
  }
  override get mean(): Tensor {
    const valid = this.concentration.lt(1);
    const safe = where(valid, this.concentration, 0.5);
    return where(valid, this.loc.add(this.scale.div(safe.neg().add(1))), NaN);
  }
  override get mode(): Tensor {
    return this.loc;
  }
  override get variance(): Tensor {
    const valid = this.concentration.lt(0.5);
    const safe = where(valid, this.concentration, 0.25);
    const below = safe.neg().add(1).square().mul(safe.mul(-2).add(1));
    return where(valid, this.scale.square().div(below), NaN);
  }
  protected draw(shape: readonly number[]): Tensor {
    const { dtype, device } = this.loc;
    return this.icdf(rand(shape, { dtype, device }));
  }
  protected density(value: Tensor): Tensor {
    const [isZero, safe] = this.split;
    const z = this.standardized(value);
    const exponent = safe.reciprocal().add(1);
    const bent = where(exponent.eq(0), exponent, exponent.mul(safe.mul(z).log1p()));
    return this.scale
      .log()
      .neg()
      .sub(where(isZero, z, bent));
  }
  /** The log of the probability of values above `value`. */
  logSurvivalFunction(value: Tensor): Tensor {
    this.check(value);
    const [isZero, safe] = this.split;
    const z = this.standardized(value);
    return where(isZero, z.neg(), safe.mul(z).log1p().neg().div(safe));
  }
  /** The log of the probability of values up to `value`. */
  logCdf(value: Tensor): Tensor {
    return this.logSurvivalFunction(value).exp().neg().log1p();
  }
  override cdf(value: Tensor): Tensor {
    return this.logCdf(value).exp();
  }
  override icdf(value: Tensor): Tensor {
    const [isZero, safe] = this.split;
    const log = value.neg().log1p();
    const bent = this.loc.add(this.scale.div(safe).mul(safe.neg().mul(log).expm1()));
    return where(isZero, this.loc.sub(this.scale.mul(log)), bent);
  }
  override entropy(): Tensor {
    return this.scale.log().add(this.concentration).add(1);
  }
}
