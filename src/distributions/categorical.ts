/** Distributions over a finite number of kinds. */
import { noGrad } from '../autograd/modes.js';
import { oneHot } from '../nn/functional/index.js';
import { fullLike } from '../ops/creation.js';
import { arange } from '../ops/sequences.js';
import { broadcastTensors } from '../ops/join.js';
import { finfo } from '../ops/queries.js';
import { ValueError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, Distribution, type ExpandOption, isExpanded, type SampleShape, shapeOf } from './distribution.js';
import { checkOne, clampProbs, type ProbsArgs } from './probabilities.js';

/** Probabilities of K kinds in the last dim, which need not sum to one, or their logarithms. */
export abstract class OverKinds extends Distribution {
  protected takeKinds(probs: Tensor | null | undefined, logits: Tensor | null | undefined): Tensor {
    checkOne(probs, logits);
    const given = (probs ?? logits)!;
    const name = probs == null ? 'logits' : 'probs';
    if (given.ndim < 1) throw new ValueError(`\`${name}\` parameter must be at least one-dimensional.`);
    const value = probs == null ? given.sub(given.logsumexp(-1, true)) : given.div(given.sum(-1, true));
    Object.defineProperty(this, name, { value, enumerable: true, writable: true });
    return value;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { probs: constraints.simplex, logits: constraints.realVector };
  }
  protected override get derives(): boolean {
    return true;
  }
  get probs(): Tensor {
    return this.logits.softmax(-1);
  }
  get logits(): Tensor {
    return clampProbs(this.probs).log();
  }
  get paramShape(): Tensor['shape'] {
    return (Object.hasOwn(this, 'probs') ? this.probs : this.logits).shape;
  }
}

/**
 * The numbers 0 … K − 1 with the probabilities `probs` [.., K], or with those of the log odds `logits`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.categorical.Categorical
 * @throws ValueError where both or none are given
 * @example
 * torch.manualSeed(0);
 * const choice = new torch.distributions.Categorical({ logits: torch.tensor([0.5, 1.5, -1]) });
 * choice.sample([5])  // tensor([2, 1, 1, 1, 1])
 * choice.logProb(torch.tensor(1))  // tensor(-0.3715)
 */
export class Categorical extends OverKinds {
  override get hasEnumerateSupport(): boolean {
    return true;
  }

  constructor(...args: ProbsArgs<Tensor>) {
    super();
    const [probs, logits, validateArgs] = bindArguments<[Tensor?, Tensor?, boolean?]>(
      'Categorical',
      'probs?, logits?, validateArgs?',
      args,
    );
    const value = this.takeKinds(probs, logits);
    this.settle(value.sizes.slice(0, -1), [], validateArgs);
  }
  private get count(): number {
    return this.paramShape.at(-1)!;
  }
  get support(): constraints.Constraint {
    return constraints.integerInterval(0, this.count - 1);
  }
  override get mean(): Tensor {
    return fullLike(this.logits.select(-1, 0), NaN);
  }
  override get mode(): Tensor {
    return this.probs.argmax(-1);
  }
  override get variance(): Tensor {
    return this.mean;
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape: SampleShape = []): Tensor {
    const flat = this.probs.detach().reshape([-1, this.count]);
    const drawn = flat.multinomial(numelOf(shapeOf(sampleShape)), true).T;
    return drawn.reshape(this.extendedShape(sampleShape));
  }
  protected density(value: Tensor): Tensor {
    const [index, logits] = broadcastTensors(value.long().unsqueeze(-1), this.logits);
    return logits.gather(-1, index.narrow(-1, 0, 1)).squeeze(-1);
  }
  override entropy(): Tensor {
    const { logits, probs } = this;
    return logits.clamp(finfo(logits.dtype).min).mul(probs).sum(-1).neg();
  }
  override enumerateSupport(expand: ExpandOption = true): Tensor {
    const values = arange(this.count).reshape([-1, ...this.batchShape.map(() => 1)]);
    return isExpanded(expand) ? values.expand([-1, ...this.batchShape]) : values;
  }
}

/**
 * The same kinds as vectors of zeros and a one.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.one_hot_categorical.OneHotCategorical
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.OneHotCategorical(torch.tensor([0.25, 0.75])).sample()  // tensor([0., 1.])
 */
export class OneHotCategorical extends OverKinds {
  override get hasEnumerateSupport(): boolean {
    return true;
  }

  constructor(...args: ProbsArgs<Tensor>) {
    super();
    const [probs, logits, validateArgs] = bindArguments<[Tensor?, Tensor?, boolean?]>(
      'OneHotCategorical',
      'probs?, logits?, validateArgs?',
      args,
    );
    const value = this.takeKinds(probs, logits);
    this.settle(value.sizes.slice(0, -1), value.sizes.slice(-1), validateArgs);
  }
  override toString(): string {
    return `${this.constructor.name}()`;
  }
  private get categorical(): Categorical {
    return new Categorical(Object.hasOwn(this, 'probs') ? { probs: this.probs } : { logits: this.logits });
  }
  get support(): constraints.Constraint {
    return constraints.oneHot;
  }
  override get mean(): Tensor {
    return this.probs;
  }
  override get mode(): Tensor {
    return this.ones(this.probs.argmax(-1));
  }
  override get variance(): Tensor {
    return this.probs.mul(this.probs.neg().add(1));
  }
  private ones(indices: Tensor): Tensor {
    return oneHot(indices, this.eventShape[0]).to(this.probs.dtype);
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => this.ones(this.categorical.sample(sampleShape)));
  }
  protected density(value: Tensor): Tensor {
    return this.categorical.logProb(value.argmax(-1));
  }
  override entropy(): Tensor {
    return this.categorical.entropy();
  }
  override enumerateSupport(expand: ExpandOption = true): Tensor {
    const n = this.eventShape[0];
    const values = this.ones(arange(n)).reshape([n, ...this.batchShape.map(() => 1), n]);
    return isExpanded(expand) ? values.expand([n, ...this.batchShape, n]) : values;
  }
}

/**
 * The same with `rsample`: samples whose gradient goes to the probabilities.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.one_hot_categorical.OneHotCategoricalStraightThrough
 * @example
 * const probs = torch.tensor([0.25, 0.75], { requiresGrad: true });
 * new torch.distributions.OneHotCategoricalStraightThrough(probs).rsample().requiresGrad  // true
 */
export class OneHotCategoricalStraightThrough extends OneHotCategorical {
  override get hasRsample(): boolean {
    return true;
  }

  override rsample(sampleShape: SampleShape = []): Tensor {
    const samples = this.sample(sampleShape);
    return samples.add(this.probs.sub(this.probs.detach()));
  }
}
