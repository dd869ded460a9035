/** Distributions of numbers of events. */
import { arange } from '../ops/sequences.js';
import { poisson } from '../ops/random.js';
import { binomial } from '../ops/binomial.js';
import type { Tensor } from '../tensor/tensor.js';
import { softplus } from '../nn/functional/index.js';
import { finfo } from '../ops/queries.js';
import { rand } from '../ops/random.js';
import { xlogy } from '../ops/pointwise.js';
import * as constraints from './constraints.js';
import {
  bindArguments,
  broadcastAll,
  Distribution,
  type ExpandOption,
  isExpanded,
  type Param,
  type ValidateOption,
} from './distribution.js';
import { standardGamma } from './gamma-samples.js';
import { crossEntropyOf, type ProbsArgs, WithProbs } from './probabilities.js';

const probsOrLogits = { probs: constraints.unitInterval, logits: constraints.real };

/**
 * One with the probability `probs`, else zero.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.bernoulli.Bernoulli
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.Bernoulli({ logits: torch.zeros(2) }).sample([2])
 * // tensor([[1., 0.],
 * //         [1., 1.]])
 */
export class Bernoulli extends WithProbs {
  override get hasEnumerateSupport(): boolean {
    return true;
  }

  constructor(...args: ProbsArgs) {
    super();
    const [probs, logits, validateArgs] = bindArguments<[Param?, Param?, boolean?]>('Bernoulli', 'probs?, logits?, validateArgs?', args);
    this.take(probs, logits);
    this.settle(this.shape, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return probsOrLogits;
  }
  get support(): constraints.Constraint {
    return constraints.boolean;
  }
  override get mean(): Tensor {
    return this.probs;
  }
  override get mode(): Tensor {
    const { probs } = this;
    return probs.ge(0.5).to(probs.dtype).maskedFill(probs.eq(0.5), NaN);
  }
  override get variance(): Tensor {
    return this.probs.mul(this.probs.neg().add(1));
  }
  protected draw(shape: readonly number[]): Tensor {
    return this.probs.expand(shape).bernoulli();
  }
  protected density(value: Tensor): Tensor {
    return crossEntropyOf(this.logits, value).neg();
  }
  override entropy(): Tensor {
    return crossEntropyOf(this.logits, this.probs);
  }
  override enumerateSupport(expand: ExpandOption = true): Tensor {
    const values = arange(2)
      .to(this.probs.dtype)
      .reshape([-1, ...this.batchShape.map(() => 1)]);
    return isExpanded(expand) ? values.expand([-1, ...this.batchShape]) : values;
  }
}

/**
 * How many trials fail before one succeeds, which each does with the probability `probs`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.geometric.Geometric
 * @example new torch.distributions.Geometric(0.5).logProb(torch.tensor([0, 1, 2]))  // tensor([-0.6931, -1.3863, -2.0794])
 */
export class Geometric extends WithProbs {
  constructor(...args: ProbsArgs) {
    super();
    const [probs, logits, validateArgs] = bindArguments<[Param?, Param?, boolean?]>('Geometric', 'probs?, logits?, validateArgs?', args);
    this.take(probs, logits);
    this.settle(this.shape, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return probsOrLogits;
  }
  get support(): constraints.Constraint {
    return constraints.nonnegativeInteger;
  }
  override get mean(): Tensor {
    return this.probs.reciprocal().sub(1);
  }
  override get mode(): Tensor {
    return this.probs.mul(0);
  }
  override get variance(): Tensor {
    return this.probs.reciprocal().sub(1).div(this.probs);
  }
  protected draw(shape: readonly number[]): Tensor {
    const probs = this.probs.expand(shape);
    const u = rand(shape, { dtype: probs.dtype, device: probs.device }).clamp(finfo(probs.dtype).tiny);
    return u.log().div(probs.neg().log1p()).floor();
  }
  protected density(value: Tensor): Tensor {
    const [k, probs] = broadcastAll(value, this.probs);
    return k
      .mul(
        probs
          .neg()
          .log1p()
          .maskedFill(probs.eq(1).logicalAnd(k.eq(0)), 0),
      )
      .add(this.probs.log());
  }
  override entropy(): Tensor {
    return crossEntropyOf(this.logits, this.probs).div(this.probs);
  }
}

type CountArgs =
  | [totalCount?: Param, probs?: Param | null, logits?: Param | null, validateArgs?: boolean | null]
  | [totalCount: Param, probs: Param, options?: ValidateOption]
  | [totalCount: Param, options: { probs?: Param; logits?: Param } & ValidateOption]
  | [options: { totalCount?: Param; probs?: Param; logits?: Param } & ValidateOption];

/** The common part of log probabilities of counts: totalCount · max(logits, 0) + totalCount · log(1 + exp(−|logits|)). */
const normalizer = (count: Tensor, logits: Tensor): Tensor => logits.clamp(0).mul(count).add(logits.abs().neg().exp().log1p().mul(count));

/**
 * How many of `totalCount` trials succeed, which each does with the probability `probs`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.binomial.Binomial
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.Binomial(100, torch.tensor([0, 0.5, 1])).mean  // tensor([  0.,  50., 100.])
 */
export class Binomial extends WithProbs {
  override get hasEnumerateSupport(): boolean {
    return true;
  }
  readonly totalCount: Tensor;

  constructor(...args: CountArgs) {
    super();
    const [totalCount = 1, probs, logits, validateArgs] = bindArguments<[Param?, Param?, Param?, boolean?]>(
      'Binomial',
      'totalCount?, probs?, logits?, validateArgs?',
      args,
    );
    [, this.totalCount] = this.take(probs, logits, totalCount);
    this.settle(this.shape, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { totalCount: constraints.nonnegativeInteger, ...probsOrLogits };
  }
  get support(): constraints.Constraint {
    return constraints.integerInterval(0, this.totalCount);
  }
  override get mean(): Tensor {
    return this.totalCount.mul(this.probs);
  }
  override get mode(): Tensor {
    return this.totalCount.add(1).mul(this.probs).floor().clamp({ max: this.totalCount });
  }
  override get variance(): Tensor {
    return this.totalCount.mul(this.probs).mul(this.probs.neg().add(1));
  }
  protected draw(shape: readonly number[]): Tensor {
    return binomial(this.totalCount.expand(shape), this.probs.expand(shape));
  }
  protected density(value: Tensor): Tensor {
    const { totalCount: n, logits } = this;
    const choose = value.add(1).lgamma().add(n.sub(value).add(1).lgamma()).sub(n.add(1).lgamma());
    return logits.mul(value).sub(choose).sub(normalizer(n, logits));
  }
  override entropy(): Tensor {
    const logProb = this.logProb(this.enumerateSupport(false));
    return logProb.exp().mul(logProb).sum(0).neg();
  }
  override enumerateSupport(expand: ExpandOption = true): Tensor {
    const total = Number(this.totalCount.max().item());
    if (Number(this.totalCount.min().item()) !== total) throw this.lacks('enumerate_support over inhomogeneous total counts');
    const values = arange(total + 1)
      .to(this.totalCount.dtype)
      .reshape([-1, ...this.batchShape.map(() => 1)]);
    return isExpanded(expand) ? values.expand([-1, ...this.batchShape]) : values;
  }
}

/**
 * How many trials succeed, each with the probability `probs`, before `totalCount` fail.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.negative_binomial.NegativeBinomial
 * @example new torch.distributions.NegativeBinomial(2, 0.5).mean  // tensor(2.)
 */
export class NegativeBinomial extends WithProbs {
  readonly totalCount: Tensor;

  constructor(...args: CountArgs) {
    super();
    const [totalCount = 1, probs, logits, validateArgs] = bindArguments<[Param?, Param?, Param?, boolean?]>(
      'NegativeBinomial',
      'totalCount, probs?, logits?, validateArgs?',
      args,
    );
    [, this.totalCount] = this.take(probs, logits, totalCount);
    this.settle(this.shape, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { totalCount: constraints.greaterThanEq(0), probs: constraints.halfOpenInterval(0, 1), logits: constraints.real };
  }
  get support(): constraints.Constraint {
    return constraints.nonnegativeInteger;
  }
  override get mean(): Tensor {
    return this.totalCount.mul(this.logits.exp());
  }
  override get mode(): Tensor {
    return this.totalCount.sub(1).mul(this.logits.exp()).floor().clamp(0);
  }
  override get variance(): Tensor {
    return this.mean.div(this.logits.neg().sigmoid());
  }
  protected draw(shape: readonly number[]): Tensor {
    const rate = standardGamma(this.totalCount.expand(shape)).div(this.logits.neg().exp());
    return poisson(rate);
  }
  protected density(value: Tensor): Tensor {
    const { totalCount: n, logits } = this;
    const unnormalized = n.mul(softplus(logits).neg()).add(value.mul(softplus(logits.neg()).neg()));
    const choose = n.add(value).lgamma().neg().add(value.add(1).lgamma()).add(n.lgamma());
    return unnormalized.sub(choose.maskedFill(n.add(value).eq(0), 0));
  }
}

/**
 * Numbers of events that come independently, `rate` on average.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.poisson.Poisson
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.Poisson(torch.tensor([0.5, 4])).sample()  // tensor([2., 5.])
 */
export class Poisson extends Distribution {
  readonly rate: Tensor;

  constructor(...args: [rate: Param, ...([validateArgs?: boolean | null] | [options?: ValidateOption])]) {
    super();
    const [rate, validateArgs] = bindArguments<[Param, boolean?]>('Poisson', 'rate, validateArgs?', args);
    [this.rate] = broadcastAll(rate);
    this.settle(this.rate.sizes, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { rate: constraints.nonnegative };
  }
  get support(): constraints.Constraint {
    return constraints.nonnegativeInteger;
  }
  override get mean(): Tensor {
    return this.rate;
  }
  override get mode(): Tensor {
    return this.rate.floor();
  }
  override get variance(): Tensor {
    return this.rate;
  }
  protected draw(shape: readonly number[]): Tensor {
    return poisson(this.rate.expand(shape));
  }
  protected density(value: Tensor): Tensor {
    const [rate, k] = broadcastAll(this.rate, value);
    return xlogy(k, rate).sub(rate).sub(k.add(1).lgamma());
  }
}
