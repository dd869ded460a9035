/** Continuous relaxations of discrete distributions: https://arxiv.org/abs/1611.00712 */
import { fullLike } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { Categorical } from './categorical.js';
import { TransformedDistribution } from './combined.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param } from './distribution.js';
import { clampProbs, type ProbsOptions, WithProbs } from './probabilities.js';
import { ExpTransform, SigmoidTransform } from './transforms.js';

/** Arguments: a temperature, then probabilities or their logarithms. */
type RelaxedArgs<P> =
  | [temperature: Param, probs: P | null, logits?: P | null, validateArgs?: boolean | null]
  | [temperature: Param, options: ProbsOptions<P>]
  | [options: { temperature: Param } & ProbsOptions<P>];
type Bound<P> = [temperature: Param, probs?: P | null, logits?: P | null, validateArgs?: boolean | null];
const bindRelaxed = <P>(name: string, args: RelaxedArgs<P>): Bound<P> =>
  bindArguments<Bound<P>>(name, 'temperature, probs?, logits?, validateArgs?', args);

const uniform = (shape: readonly number[], { dtype, device }: Tensor): Tensor => clampProbs(rand(shape, { dtype, device }));

/**
 * The log odds of `RelaxedBernoulli` variables.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example new torch.distributions.LogitRelaxedBernoulli(0.5, 0.25).logProb(torch.tensor(0.5))  // tensor(-2.5033)
 */
export class LogitRelaxedBernoulli extends WithProbs {
  readonly temperature: Tensor;

  constructor(...args: RelaxedArgs<Param>) {
    super();
    const [temperature, probs, logits, validateArgs] = bindRelaxed('LogitRelaxedBernoulli', args);
    [this.temperature] = broadcastAll(temperature);
    this.take(probs, logits);
    this.settle(this.shape, [], validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { probs: constraints.unitInterval, logits: constraints.real };
  }
  get support(): constraints.Constraint {
    return constraints.real;
  }
  /** The shape of `probs` and `logits`. */
  get paramShape(): Tensor['shape'] {
    return this.batchShape;
  }
  protected draw(shape: readonly number[]): Tensor {
    const probs = clampProbs(this.probs.expand(shape));
    const u = uniform(shape, probs);
    return u.log().sub(u.neg().log1p()).add(probs.log()).sub(probs.neg().log1p()).div(this.temperature);
  }
  protected density(given: Tensor): Tensor {
    const [logits, value] = broadcastAll(this.logits, given);
    const off = logits.sub(value.mul(this.temperature));
    return this.temperature.log().add(off).sub(off.exp().log1p().mul(2));
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    return value === this.temperature ? value : super.expandedField(value, shape);
  }
}

/** What relaxed choices take from the variables of which they are a function. */
abstract class Relaxed extends TransformedDistribution {
  declare readonly baseDist: LogitRelaxedBernoulli | ExpRelaxedCategorical;

  override get argConstraints(): Record<string, constraints.Constraint> {
    return this.baseDist.argConstraints;
  }
  /** How far samples lie from choices. */
  get temperature(): Tensor {
    return this.baseDist.temperature;
  }
  /** Probabilities of the choices. */
  get probs(): Tensor {
    return this.baseDist.probs;
  }
  /** Log odds of the choices. */
  get logits(): Tensor {
    return this.baseDist.logits;
  }
}

/**
 * Numbers between 0 and 1 that are the closer to the ends the lower `temperature` is; samples are differentiable.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.relaxed_bernoulli.RelaxedBernoulli
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example
 * const logits = torch.zeros(3, { requiresGrad: true });
 * new torch.distributions.RelaxedBernoulli(0.5, { logits }).rsample().requiresGrad  // true
 */
export class RelaxedBernoulli extends Relaxed {
  constructor(...args: RelaxedArgs<Param>) {
    const [temperature, probs, logits, validateArgs] = bindRelaxed('RelaxedBernoulli', args);
    super(new LogitRelaxedBernoulli({ temperature, probs, logits }), new SigmoidTransform(), { validateArgs });
  }
  override get support(): constraints.Constraint {
    return constraints.unitInterval;
  }
}

/**
 * The logarithms of `RelaxedOneHotCategorical` variables.
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example new torch.distributions.ExpRelaxedCategorical(0.5, torch.ones(3)).eventShape  // torch.Size([3])
 */
export class ExpRelaxedCategorical extends Distribution {
  readonly temperature: Tensor;
  private readonly categorical: Categorical;

  constructor(...args: RelaxedArgs<Tensor>) {
    super();
    const [temperature, probs, logits, validateArgs] = bindRelaxed('ExpRelaxedCategorical', args);
    this.categorical = new Categorical({ probs, logits });
    [this.temperature] = broadcastAll(temperature);
    this.settle(this.categorical.batchShape, this.paramShape.slice(-1), validateArgs);
  }
  override get hasRsample(): boolean {
    return true;
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { probs: constraints.simplex, logits: constraints.realVector };
  }
  get support(): constraints.Constraint {
    return constraints.realVector;
  }
  /** The shape of `probs` and `logits`. */
  get paramShape(): Tensor['shape'] {
    return this.categorical.paramShape;
  }
  /** Probabilities of the choices. */
  get probs(): Tensor {
    return this.categorical.probs;
  }
  /** Log odds of the choices. */
  get logits(): Tensor {
    return this.categorical.logits;
  }
  protected draw(shape: readonly number[]): Tensor {
    const gumbels = uniform(shape, this.logits).log().neg().log().neg();
    return this.logits.add(gumbels).div(this.temperature).logSoftmax(-1);
  }
  protected density(given: Tensor): Tensor {
    const [logits, value] = broadcastAll(this.logits, given);
    const kinds = this.eventShape[0];
    const scale = fullLike(this.temperature, kinds)
      .lgamma()
      .add(this.temperature.log().mul(kinds - 1));
    return logits.sub(value.mul(this.temperature)).logSoftmax(-1).sum(-1).add(scale);
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    if (value === this.temperature) return value;
    return value === this.categorical ? this.categorical.expand(shape) : super.expandedField(value, shape);
  }
  override toString(): string {
    return `${this.constructor.name}()`;
  }
}

/**
 * Shares that sum to one and are the closer to a choice of one kind the lower `temperature` is; samples are differentiable.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.relaxed_categorical.RelaxedOneHotCategorical
 * @throws ValueError where both or none of `probs` and `logits` are given
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.RelaxedOneHotCategorical(0.5, torch.ones(3)).rsample().sum()  // tensor(1.)
 */
export class RelaxedOneHotCategorical extends Relaxed {
  constructor(...args: RelaxedArgs<Tensor>) {
    const [temperature, probs, logits, validateArgs] = bindRelaxed('RelaxedOneHotCategorical', args);
    super(new ExpRelaxedCategorical({ temperature, probs, logits, validateArgs }), new ExpTransform(), { validateArgs });
  }
  override get support(): constraints.Constraint {
    return constraints.simplex;
  }
}
