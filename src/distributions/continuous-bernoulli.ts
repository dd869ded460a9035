/** Numbers of [0, 1] like pixels. */
import { where } from '../ops/join.js';
import { rand } from '../ops/random.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, type Param } from './distribution.js';
import { clampProbs, crossEntropyOf, type ProbsOptions, WithProbs } from './probabilities.js';

type Limits = readonly [low: number, high: number];
type ContinuousArgs =
  | [probs: Param | null, logits?: Param | null, lims?: Limits, validateArgs?: boolean | null]
  | [probs: Param, options?: ProbsOptions & { lims?: Limits }]
  | [options: ProbsOptions & { lims?: Limits }];

const { unitInterval, real } = constraints;

/**
 * Numbers of [0, 1] whose density is a power: C · probs^x · (1 − probs)^(1 − x). Near 1 / 2, between `lims`, its constant
 * is a Taylor series.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.continuous_bernoulli.ContinuousBernoulli
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example
 * const pixels = new torch.distributions.ContinuousBernoulli(0.25);
 * pixels.mean  // tensor(0.4102)
 * pixels.logProb(torch.tensor(0.5))  // tensor(-0.0498)
 */
export class ContinuousBernoulli extends WithProbs {
  private readonly lims: Limits;

  constructor(...args: ContinuousArgs) {
    super();
    const [probs, logits, lims = [0.499, 0.501], validateArgs] = bindArguments<[Param?, Param?, Limits?, boolean?]>(
      'ContinuousBernoulli',
      'probs?, logits?, lims?, validateArgs?',
      args,
    );
    const [own] = this.take(probs, logits);
    this.lims = lims;
    if (probs != null) {
      if (validateArgs != null && unitInterval.check(own).all().item() !== true)
        throw new ValueError('The parameter probs has invalid values');
      Object.defineProperty(this, 'probs', { value: clampProbs(own) });
    }
    this.settle(own.sizes, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { probs: unitInterval, logits: real };
  }
  get support(): constraints.Constraint {
    return unitInterval;
  }
  override get probs(): Tensor {
    return clampProbs(super.probs);
  }
  private get isStable(): Tensor {
    return this.probs.le(this.lims[0]).logicalOr(this.probs.gt(this.lims[1]));
  }
  /** Probabilities far enough from 1 / 2. */
  private get cut(): Tensor {
    return where(this.isStable, this.probs, this.lims[0]);
  }
  /** log (1 − p) − log p of those. */
  private get logRatio(): Tensor {
    return this.cut.neg().log1p().sub(this.cut.log());
  }
  private get fromHalf(): Tensor {
    return this.probs.sub(0.5);
  }
  /** log C. */
  logNorm(): Tensor {
    const { cut } = this;
    const below = where(cut.le(0.5), cut, 0).mul(-2).log1p();
    const above = where(cut.ge(0.5), cut, 1).mul(2).sub(1).log();
    const exact = this.logRatio
      .abs()
      .log()
      .sub(where(cut.le(0.5), below, above));
    const x = this.fromHalf.square();
    return where(
      this.isStable,
      exact,
      x
        .mul(104 / 45)
        .add(4 / 3)
        .mul(x)
        .add(Math.LN2),
    );
  }
  override get mean(): Tensor {
    const { cut, fromHalf: x } = this;
    const exact = cut.div(cut.mul(2).sub(1)).add(this.logRatio.reciprocal());
    return where(
      this.isStable,
      exact,
      x
        .square()
        .mul(16 / 45)
        .add(1 / 3)
        .mul(x)
        .add(0.5),
    );
  }
  override get variance(): Tensor {
    const { cut } = this;
    const exact = cut.mul(cut.sub(1)).div(cut.mul(-2).add(1).square()).add(this.logRatio.square().reciprocal());
    const x = this.fromHalf.square();
    return where(
      this.isStable,
      exact,
      x
        .mul(128 / 945)
        .sub(1 / 15)
        .mul(x)
        .add(1 / 12),
    );
  }
  protected draw(shape: readonly number[]): Tensor {
    const { dtype, device } = this.probs;
    return this.icdf(rand(shape, { dtype, device }));
  }
  protected density(value: Tensor): Tensor {
    return crossEntropyOf(this.logits, value).neg().add(this.logNorm());
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    const { cut } = this;
    const powers = cut.pow(value).mul(cut.neg().add(1).pow(value.neg().add(1)));
    const exact = powers.add(cut).sub(1).div(cut.mul(2).sub(1));
    return where(this.isStable, exact, value).maskedFill(value.le(0), 0).maskedFill(value.ge(1), 1);
  }
  override icdf(value: Tensor): Tensor {
    const { cut } = this;
    const exact = cut
      .neg()
      .add(value.mul(cut.mul(2).sub(1)))
      .log1p()
      .sub(cut.neg().log1p())
      .div(this.logRatio.neg());
    return where(this.isStable, exact, value);
  }
  override entropy(): Tensor {
    const [log0, log1] = [this.probs.neg().log1p(), this.probs.log()];
    return this.mean.mul(log0.sub(log1)).sub(this.logNorm()).sub(log0);
  }
}
