/** Exponential variables, and their exponentials. */
import type { Tensor } from '../tensor/tensor.js';
import { TransformedDistribution } from './combined.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param, type ValidateOption } from './distribution.js';
import { AffineTransform, ExpTransform } from './transforms.js';

/**
 * Waiting times for events that come independently with a rate.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.exponential.Exponential
 * @example new torch.distributions.Exponential(2).logProb(torch.tensor([0, 1]))  // tensor([ 0.6931, -1.3069])
 */
export class Exponential extends Distribution {
  readonly rate: Tensor;

  constructor(
    ...args:
      [rate: Param, validateArgs?: boolean | null] | [rate: Param, options: ValidateOption] | [options: { rate: Param } & ValidateOption]
  ) {
    super();
    const [rate, validateArgs] = bindArguments<[Param, boolean?]>('Exponential', 'rate, validateArgs?', args);
    [this.rate] = broadcastAll(rate);
    this.settle(this.rate.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { rate: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.nonnegative;
  }
  override get mean(): Tensor {
    return this.rate.reciprocal();
  }
  override get mode(): Tensor {
    return this.rate.mul(0);
  }
  override get stddev(): Tensor {
    return this.rate.reciprocal();
  }
  override get variance(): Tensor {
    return this.rate.pow(-2);
  }
  protected draw(shape: readonly number[]): Tensor {
    return this.rate.detach().expand(shape).contiguous().clone().exponential_().div(this.rate);
  }
  protected density(value: Tensor): Tensor {
    return this.rate.log().sub(this.rate.mul(value));
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return this.rate.mul(value).neg().expm1().neg();
  }
  override icdf(value: Tensor): Tensor {
    return value.neg().log1p().neg().div(this.rate);
  }
  override entropy(): Tensor {
    return this.rate.log().neg().add(1);
  }
}

type ParetoArgs =
  | [scale: Param, alpha: Param, validateArgs?: boolean | null]
  | [scale: Param, alpha: Param, options: ValidateOption]
  | [options: { scale: Param; alpha: Param } & ValidateOption];

/**
 * `scale` times the exponential of an exponential variable with rate `alpha`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.pareto.Pareto
 * @example new torch.distributions.Pareto(1, 3).mean  // tensor(1.5000)
 */
export class Pareto extends TransformedDistribution {
  readonly scale: Tensor;
  readonly alpha: Tensor;

  constructor(...args: ParetoArgs) {
    const [givenScale, givenAlpha, validateArgs] = bindArguments<[Param, Param, boolean?]>('Pareto', 'scale, alpha, validateArgs?', args);
    const [scale, alpha] = broadcastAll(givenScale, givenAlpha);
    super(new Exponential(alpha, { validateArgs }), [new ExpTransform(), new AffineTransform(0, scale)], { validateArgs });
    [this.scale, this.alpha] = [scale, alpha];
    this.settle(this.batchShape, this.eventShape, validateArgs);
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { alpha: constraints.positive, scale: constraints.positive };
  }
  override get support(): constraints.Constraint {
    return constraints.greaterThanEq(this.scale);
  }
  override get mean(): Tensor {
    const a = this.alpha.clamp(1);
    return a.mul(this.scale).div(a.sub(1));
  }
  override get mode(): Tensor {
    return this.scale;
  }
  override get variance(): Tensor {
    const a = this.alpha.clamp(2);
    return this.scale
      .square()
      .mul(a)
      .div(a.sub(1).square().mul(a.sub(2)));
  }
  override entropy(): Tensor {
    return this.scale.div(this.alpha).log().add(this.alpha.reciprocal().add(1));
  }
}
