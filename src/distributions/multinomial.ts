/** Counts of draws from a finite number of kinds. */
import { oneHot } from '../nn/functional/index.js';
import { tensor } from '../ops/creation.js';
import { arange } from '../ops/sequences.js';
import { broadcastTensors } from '../ops/join.js';
import type { Tensor } from '../tensor/tensor.js';
import { Categorical, OverKinds } from './categorical.js';
import * as constraints from './constraints.js';
import { Binomial } from './counts.js';
import { bindArguments, type SampleShape, shapeOf, type ValidateOption } from './distribution.js';

type MultinomialArgs =
  | [totalCount?: number, probs?: Tensor | null, logits?: Tensor | null, validateArgs?: boolean | null]
  | [totalCount: number, probs: Tensor, options?: ValidateOption]
  | [totalCount: number, options: { probs?: Tensor; logits?: Tensor } & ValidateOption]
  | [options: { totalCount?: number; probs?: Tensor; logits?: Tensor } & ValidateOption];

/**
 * How often each of K kinds comes in `totalCount` draws.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.multinomial.Multinomial
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.Multinomial(10, torch.ones(3)).sample().sum()  // tensor(10.)
 */
export class Multinomial extends OverKinds {
  readonly totalCount: number;

  constructor(...args: MultinomialArgs) {
    super();
    const [totalCount = 1, probs, logits, validateArgs] = bindArguments<[number?, Tensor?, Tensor?, boolean?]>(
      'Multinomial',
      'totalCount?, probs?, logits?, validateArgs?',
      args,
    );
    this.totalCount = totalCount;
    const value = this.takeKinds(probs, logits);
    this.settle(value.sizes.slice(0, -1), value.sizes.slice(-1), validateArgs);
  }
  override toString(): string {
    return 'Multinomial()';
  }
  private get categorical(): Categorical {
    return new Categorical(Object.hasOwn(this, 'probs') ? { probs: this.probs } : { logits: this.logits });
  }
  get support(): constraints.Constraint {
    return constraints.multinomial(this.totalCount);
  }
  override get mean(): Tensor {
    return this.probs.mul(this.totalCount);
  }
  override get variance(): Tensor {
    return this.probs.mul(this.totalCount).mul(this.probs.neg().add(1));
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape: SampleShape = []): Tensor {
    const drawn = this.categorical.sample([this.totalCount, ...shapeOf(sampleShape)]);
    return oneHot(drawn, this.eventShape[0]).to(this.probs.dtype).sum(0);
  }
  protected density(value: Tensor): Tensor {
    const [logits, counts] = broadcastTensors(this.logits, value);
    const impossible = counts.eq(0).logicalAnd(logits.eq(-Infinity));
    const ways = counts.sum(-1).add(1).lgamma().sub(counts.add(1).lgamma().sum(-1));
    return ways.add(logits.maskedFill(impossible, 0).mul(counts).sum(-1));
  }
  override entropy(): Tensor {
    const n = this.totalCount;
    const counts = arange(1, n + 1)
      .to(this.probs.dtype)
      .reshape([n, ...this.probs.sizes.map(() => 1)]);
    const logProbs = new Binomial(n, { probs: this.probs, validateArgs: false }).logProb(counts);
    const weighted = logProbs.exp().mul(counts.add(1).lgamma()).sum([0, -1]);
    return this.categorical
      .entropy()
      .mul(n)
      .sub(tensor(n + 1).lgamma())
      .add(weighted);
  }
}
