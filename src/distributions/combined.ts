/** Distributions made of others. */
import { noGrad } from '../autograd/modes.js';
import { full } from '../ops/creation.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import type { Size } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import type { Categorical } from './categorical.js';
import { type Constraint, MixtureSameFamilyConstraint } from './constraint-kinds.js';
import { independent, nonnegative } from './constraints.js';
import { Distribution, type ExpandOption, type SampleShape, sumRightmost, type ValidateOption } from './distribution.js';
import { AbsTransform, ComposeTransform, type Transform } from './transforms.js';

/**
 * The last `reinterpretedBatchNdims` batch dims of a distribution as part of its events: their log probabilities add up.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.independent.Independent
 * @throws ValueError where the batch has fewer dims
 * @example
 * const { Independent, Normal } = torch.distributions;
 * new Independent(new Normal(torch.zeros(2, 3), 1), 1).logProb(torch.zeros(2, 3))  // tensor([-2.7568, -2.7568])
 */
export class Independent<D extends Distribution = Distribution> extends Distribution {
  readonly baseDist: D;
  readonly reinterpretedBatchNdims: number;

  constructor(baseDistribution: D, reinterpretedBatchNdims: number, options: ValidateOption = {}) {
    super();
    const { batchShape, eventShape } = baseDistribution;
    if (reinterpretedBatchNdims > batchShape.length)
      throw new ValueError(
        `Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual ${reinterpretedBatchNdims} vs ${batchShape.length}`,
      );
    [this.baseDist, this.reinterpretedBatchNdims] = [baseDistribution, reinterpretedBatchNdims];
    const at = batchShape.length - reinterpretedBatchNdims;
    this.settle(batchShape.slice(0, at), [...batchShape.slice(at), ...eventShape], options.validateArgs);
  }

  override get hasRsample(): boolean {
    return this.baseDist.hasRsample;
  }
  override get hasEnumerateSupport(): boolean {
    return this.reinterpretedBatchNdims === 0 && this.baseDist.hasEnumerateSupport;
  }
  get argConstraints(): Record<string, Constraint> {
    return {};
  }
  get support(): Constraint {
    const { baseDist, reinterpretedBatchNdims: ndims } = this;
    return ndims > 0 ? independent(baseDist.support, ndims) : baseDist.support;
  }
  override get mean(): Tensor {
    return this.baseDist.mean;
  }
  override get mode(): Tensor {
    return this.baseDist.mode;
  }
  override get variance(): Tensor {
    return this.baseDist.variance;
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape?: SampleShape): Tensor {
    return this.baseDist.sample(sampleShape);
  }
  override rsample(sampleShape?: SampleShape): Tensor {
    return this.baseDist.rsample(sampleShape);
  }
  protected density(value: Tensor): Tensor {
    return sumRightmost(this.baseDist.logProb(value), this.reinterpretedBatchNdims);
  }
  override entropy(): Tensor {
    return sumRightmost(this.baseDist.entropy(), this.reinterpretedBatchNdims);
  }
  override enumerateSupport(expand?: ExpandOption): Tensor {
    if (this.reinterpretedBatchNdims > 0) throw new NotImplementedError('Enumeration over cartesian product is not implemented');
    return this.baseDist.enumerateSupport(expand);
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    if (value !== this.baseDist) return super.expandedField(value, shape);
    return this.baseDist.expand([...shape, ...this.eventShape.slice(0, this.reinterpretedBatchNdims)]);
  }
  override toString(): string {
    return `Independent(${String(this.baseDist)}, ${this.reinterpretedBatchNdims})`;
  }
}

const toEvent = (base: Distribution, ndims: number): Distribution => (ndims > 0 ? new Independent(base, ndims) : base);

/**
 * The distribution of values of `baseDistribution` after transforms.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transformed_distribution.TransformedDistribution
 * @example
 * const { Normal, TransformedDistribution, transforms } = torch.distributions;
 * const squashed = new TransformedDistribution(new Normal(0, 1), [new transforms.TanhTransform({ cacheSize: 1 })]);
 * squashed.logProb(torch.tensor(0.5))  // tensor(-0.7821)
 */
export class TransformedDistribution extends Distribution {
  readonly baseDist: Distribution;
  readonly transforms: readonly Transform[];

  constructor(baseDistribution: Distribution, transforms: Transform | readonly Transform[], options: ValidateOption = {}) {
    super();
    this.transforms = Array.isArray(transforms) ? [...(transforms as Transform[])] : [transforms as Transform];
    const transform = new ComposeTransform(this.transforms);
    const { batchShape, eventShape } = baseDistribution;
    const baseShape = [...batchShape, ...eventShape];
    const { domain, codomain } = transform;
    if (baseShape.length < domain.eventDim)
      throw new ValueError(
        `base_distribution needs to have shape with size at least ${domain.eventDim}, but got torch.Size([${baseShape.join(', ')}]).`,
      );
    const forward = transform.forwardShape(baseShape);
    const wide = transform.inverseShape(forward);
    const base =
      wide.join() === baseShape.join() ? baseDistribution : baseDistribution.expand(wide.slice(0, wide.length - eventShape.length));
    this.baseDist = toEvent(base, domain.eventDim - eventShape.length);
    const at = forward.length - (codomain.eventDim + Math.max(eventShape.length - domain.eventDim, 0));
    this.settle(forward.slice(0, at), forward.slice(at), options.validateArgs);
  }

  override get hasRsample(): boolean {
    return this.baseDist.hasRsample;
  }
  get argConstraints(): Record<string, Constraint> {
    return {};
  }
  get support(): Constraint {
    const { codomain } = this.transforms.at(-1) ?? { codomain: this.baseDist.support };
    const more = this.eventShape.length - codomain.eventDim;
    return more > 0 ? independent(codomain, more) : codomain;
  }

  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  private transformed(value: Tensor): Tensor {
    return this.transforms.reduce((x, transform) => transform(x), value);
  }
  override sample(sampleShape?: SampleShape): Tensor {
    return noGrad(() => this.transformed(this.baseDist.sample(sampleShape)));
  }
  override rsample(sampleShape?: SampleShape): Tensor {
    return this.transformed(this.baseDist.rsample(sampleShape));
  }

  protected density(value: Tensor): Tensor {
    let [y, eventDim, jacobian]: [Tensor, number, Tensor | null] = [value, this.eventShape.length, null];
    for (const transform of [...this.transforms].reverse()) {
      const x = transform.invert(y);
      eventDim += transform.domain.eventDim - transform.codomain.eventDim;
      const own = sumRightmost(transform.logAbsDetJacobian(x, y), eventDim - transform.domain.eventDim);
      jacobian = jacobian ? jacobian.add(own) : own;
      y = x;
    }
    const base = sumRightmost(this.baseDist.logProb(y), eventDim - this.baseDist.eventShape.length);
    return jacobian ? base.sub(jacobian) : base;
  }

  /** A cdf counts from the other side where the transforms fall. */
  private oriented(value: Tensor): Tensor {
    const sign = new ComposeTransform(this.transforms).sign;
    return typeof sign === 'number' && sign === 1 ? value : value.sub(0.5).mul(sign).add(0.5);
  }
  override cdf(value: Tensor): Tensor {
    const x = this.transforms.reduceRight((y, transform) => transform.invert(y), value);
    return this.oriented(this.baseDist.cdf(x));
  }
  override icdf(value: Tensor): Tensor {
    return this.transformed(this.baseDist.icdf(this.oriented(value)));
  }

  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    if (value !== this.baseDist) return super.expandedField(value, shape);
    const wide = new ComposeTransform(this.transforms).inverseShape([...shape, ...this.eventShape]);
    return this.baseDist.expand(wide.slice(0, wide.length - this.baseDist.eventShape.length));
  }
}

/** The absolute values of a distribution that is symmetric around zero. */
export abstract class Folded extends TransformedDistribution {
  constructor(base: Distribution, options?: ValidateOption) {
    super(base, new AbsTransform(), options);
  }
  override get support(): Constraint {
    return nonnegative;
  }
  protected override density(value: Tensor): Tensor {
    const log = this.baseDist.logProb(value).add(Math.LN2);
    return log.where(value.ge(0), full([], -Infinity, { dtype: log.dtype }));
  }
  override cdf(value: Tensor): Tensor {
    this.check(value);
    return this.baseDist.cdf(value).mul(2).sub(1);
  }
  override icdf(value: Tensor): Tensor {
    return this.baseDist.icdf(value.add(1).div(2));
  }
  override entropy(): Tensor {
    return this.baseDist.entropy().sub(Math.LN2);
  }
}

/**
 * A mixture: `mixtureDistribution` chooses among the last batch dim of `componentDistribution`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.mixture_same_family.MixtureSameFamily
 * @example
 * const { Categorical, MixtureSameFamily, Normal } = torch.distributions;
 * const mixture = new MixtureSameFamily(new Categorical(torch.ones(2)), new Normal(torch.tensor([-1.5, 1.5]), 1));
 * mixture.logProb(torch.tensor(0))  // tensor(-2.0439)
 */
export class MixtureSameFamily extends Distribution {
  readonly mixtureDistribution: Categorical;
  readonly componentDistribution: Distribution;

  constructor(mixtureDistribution: Categorical, componentDistribution: Distribution, options: ValidateOption = {}) {
    super();
    const [batch, event] = [componentDistribution.batchShape, componentDistribution.eventShape];
    const count = mixtureDistribution.logits.sizes.at(-1)!;
    checkMixture(mixtureDistribution.batchShape, count, batch);
    [this.mixtureDistribution, this.componentDistribution] = [mixtureDistribution, componentDistribution];
    this.settle(batch.slice(0, -1), event, options.validateArgs);
  }

  get argConstraints(): Record<string, Constraint> {
    return {};
  }
  get support(): Constraint {
    return new MixtureSameFamilyConstraint(this.componentDistribution.support);
  }
  /** Weights of the components, with dims of 1 for the event. */
  private get weights(): Tensor {
    const { probs } = this.mixtureDistribution;
    return probs.reshape([...probs.sizes, ...this.eventShape.map(() => 1)]);
  }
  private get at(): number {
    return -1 - this.eventShape.length;
  }
  override get mean(): Tensor {
    return this.weights.mul(this.componentDistribution.mean).sum(this.at);
  }
  override get variance(): Tensor {
    const { mean, variance } = this.componentDistribution;
    const spread = mean.sub(this.mean.unsqueeze(this.at)).square();
    return this.weights.mul(variance).sum(this.at).add(this.weights.mul(spread).sum(this.at));
  }
  override cdf(value: Tensor): Tensor {
    return this.componentDistribution.cdf(value.unsqueeze(this.at)).mul(this.mixtureDistribution.probs).sum(-1);
  }
  protected density(value: Tensor): Tensor {
    const each = this.componentDistribution.logProb(value.unsqueeze(this.at));
    return each.add(this.mixtureDistribution.logits.logSoftmax(-1)).logsumexp(-1);
  }
  protected draw(): Tensor {
    throw this.lacks('rsample');
  }
  override sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => {
      const chosen = this.mixtureDistribution.sample(sampleShape);
      const all = this.componentDistribution.sample(sampleShape);
      const dim = all.ndim + this.at;
      const index = chosen.reshape([...chosen.sizes, 1, ...this.eventShape.map(() => 1)]);
      const wide = index.expand(all.sizes.map((n, d) => (d === dim ? 1 : n)));
      return all.gather(dim, wide).squeeze(dim);
    });
  }
  protected override expandedField(value: unknown, shape: readonly number[]): unknown {
    if (value === this.mixtureDistribution) return this.mixtureDistribution.expand(shape);
    if (value !== this.componentDistribution) return super.expandedField(value, shape);
    return this.componentDistribution.expand([...shape, this.mixtureDistribution.logits.sizes.at(-1)!]);
  }
  override toString(): string {
    return `MixtureSameFamily(\n  ${String(this.mixtureDistribution)},\n  ${String(this.componentDistribution)})`;
  }
}

function checkMixture(mixture: Size, count: number, component: Size): void {
  const outer = component.slice(0, -1);
  if (mixture.some((n, i) => n !== 1 && outer.at(i - mixture.length) !== 1 && n !== outer.at(i - mixture.length)))
    throw new ValueError(
      `\`mixture_distribution.batch_shape\` (${String(mixture)}) is not compatible with \`component_distribution.batch_shape\`(torch.Size([${outer.join(', ')}]))`,
    );
  if (component.at(-1) !== count)
    throw new ValueError(
      `\`mixture_distribution component\` (${count}) does not equal \`component_distribution.batch_shape[-1]\` (${component.at(-1)})`,
    );
}
