/** Powers of other variables. */
import { fullLike, onesLike } from '../ops/creation.js';
import { where } from '../ops/join.js';
import type { Tensor } from '../tensor/tensor.js';
import { TransformedDistribution } from './combined.js';
import * as constraints from './constraints.js';
import { Uniform } from './continuous.js';
import { bindArguments, broadcastAll, type Param, type ParamArgs } from './distribution.js';
import { eulerGamma } from './euler-gamma.js';
import { Exponential } from './exponential.js';
import { Gamma } from './gamma.js';
import { AffineTransform, PowerTransform } from './transforms.js';

/**
 * `scale` times an exponential variable to the power of 1 / `concentration`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.weibull.Weibull
 * @throws ValueError where a parameter is not positive
 * @example new torch.distributions.Weibull(2, 1.5).mean  // tensor(1.8055)
 */
export class Weibull extends TransformedDistribution {
  readonly scale: Tensor;
  readonly concentration: Tensor;

  constructor(...args: ParamArgs<[scale: Param, concentration: Param], { scale: Param; concentration: Param }>) {
    const [givenScale, given, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'Weibull',
      'scale, concentration, validateArgs?',
      args,
    );
    const [scale, concentration] = broadcastAll(givenScale, given);
    const transforms = [new PowerTransform(concentration.reciprocal()), new AffineTransform(0, scale)];
    super(new Exponential(onesLike(scale), { validateArgs }), transforms, { validateArgs });
    [this.scale, this.concentration] = [scale, concentration];
    this.settle(this.batchShape, [], validateArgs);
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { scale: constraints.positive, concentration: constraints.positive };
  }
  override get support(): constraints.Constraint {
    return constraints.positive;
  }
  private moment(n: number): Tensor {
    return this.concentration.reciprocal().mul(n).add(1).lgamma();
  }
  override get mean(): Tensor {
    return this.scale.mul(this.moment(1).exp());
  }
  override get mode(): Tensor {
    const { concentration } = this;
    return this.scale.mul(concentration.sub(1).div(concentration).pow(concentration.reciprocal()));
  }
  override get variance(): Tensor {
    return this.scale.square().mul(this.moment(2).exp().sub(this.moment(1).mul(2).exp()));
  }
  override entropy(): Tensor {
    const shape = this.concentration.reciprocal();
    return shape.neg().add(1).mul(eulerGamma).add(this.scale.mul(shape).log()).add(1);
  }
}

/** Two exponents. */
type Concentrations = ParamArgs<[concentration1: Param, concentration0: Param], { concentration1: Param; concentration0: Param }>;

/**
 * Numbers between 0 and 1 with the distribution function 1 − (1 − x^a)^b, where a is `concentration1` and b `concentration0`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.kumaraswamy.Kumaraswamy
 * @throws ValueError where a parameter is not positive
 * @example new torch.distributions.Kumaraswamy(2, 3).mean  // tensor(0.4571)
 */
export class Kumaraswamy extends TransformedDistribution {
  readonly concentration1: Tensor;
  readonly concentration0: Tensor;

  constructor(...args: Concentrations) {
    const [one, zero, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'Kumaraswamy',
      'concentration1, concentration0, validateArgs?',
      args,
    );
    const [a, b] = broadcastAll(one, zero);
    const transforms = [new PowerTransform(b.reciprocal()), new AffineTransform(1, -1), new PowerTransform(a.reciprocal())];
    super(new Uniform(fullLike(b, 0), fullLike(b, 1), { validateArgs }), transforms, { validateArgs });
    [this.concentration1, this.concentration0] = [a, b];
    this.settle(this.batchShape, [], validateArgs);
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration1: constraints.positive, concentration0: constraints.positive };
  }
  override get support(): constraints.Constraint {
    return constraints.unitInterval;
  }
  /** The mean of x^n. */
  private moment(n: number): Tensor {
    const b = this.concentration0;
    const above = this.concentration1.reciprocal().mul(n).add(1);
    return b.mul(above.lgamma().add(b.lgamma()).sub(above.add(b).lgamma()).exp());
  }
  override get mean(): Tensor {
    return this.moment(1);
  }
  override get mode(): Tensor {
    const [a, b] = [this.concentration1, this.concentration0];
    const log = b.reciprocal().mul(b.neg().log1p()).sub(b.neg().mul(a).log1p());
    return log.maskedFill(b.lt(1).logicalOr(a.lt(1)), NaN).exp();
  }
  override get variance(): Tensor {
    return this.moment(2).sub(this.mean.square());
  }
  override entropy(): Tensor {
    const [a, b] = [this.concentration1, this.concentration0];
    const harmonic = b.add(1).digamma().add(eulerGamma);
    return b.reciprocal().neg().add(1).add(a.reciprocal().neg().add(1).mul(harmonic)).sub(a.log()).sub(b.log());
  }
}

/**
 * 1 / x of a gamma variable x.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.inverse_gamma.InverseGamma
 * @throws ValueError where a parameter is not positive
 * @example new torch.distributions.InverseGamma(3, 2).mean  // tensor(1.)
 */
export class InverseGamma extends TransformedDistribution {
  declare readonly baseDist: Gamma;

  constructor(...args: ParamArgs<[concentration: Param, rate: Param], { concentration: Param; rate: Param }>) {
    const [concentration, rate, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'InverseGamma',
      'concentration, rate, validateArgs?',
      args,
    );
    const base = new Gamma(concentration, rate, { validateArgs });
    super(base, new PowerTransform(base.rate.newOnes([]).neg()), { validateArgs });
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { concentration: constraints.positive, rate: constraints.positive };
  }
  override get support(): constraints.Constraint {
    return constraints.positive;
  }
  /** The shape of the gamma distribution. */
  get concentration(): Tensor {
    return this.baseDist.concentration;
  }
  /** The rate of the gamma distribution. */
  get rate(): Tensor {
    return this.baseDist.rate;
  }
  override get mean(): Tensor {
    return where(this.concentration.gt(1), this.rate.div(this.concentration.sub(1)), Infinity);
  }
  override get mode(): Tensor {
    return this.rate.div(this.concentration.add(1));
  }
  override get variance(): Tensor {
    const { concentration: a } = this;
    return where(a.gt(2), this.rate.square().div(a.sub(1).square().mul(a.sub(2))), Infinity);
  }
  override entropy(): Tensor {
    const { concentration: a } = this;
    return a.add(this.rate.log()).add(a.lgamma()).sub(a.add(1).mul(a.digamma()));
  }
}
