/** What all distributions share: shapes, checks, printing. https://pytorch.org/docs/stable/distributions.html */
import { noGrad } from '../autograd/modes.js';
import { bind } from '../nn/arguments.js';
import { snakeCase } from '../ops/messages.js';
import { isOptions } from '../ops/signature.js';
import { tensor } from '../ops/creation.js';
import { broadcastTensors } from '../ops/join.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import { formatTuple } from '../tensor/print.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { numelOf, type Size, sizeOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { type Constraint, formatted, isDependent } from './constraint-kinds.js';

/** A parameter: a tensor, or a number for all. */
export type Param = number | Tensor;
export interface ValidateOption {
  /** Whether parameters and values are checked (the default). */
  validateArgs?: boolean | null;
}
/** Arguments of a constructor: parameters, then `validateArgs`, by position or all by name. */
export type ParamArgs<P extends readonly unknown[], O extends object> =
  [...P, validateArgs?: boolean | null] | [...P, options: ValidateOption] | [options: O & ValidateOption];
type Shape = number | readonly number[];
export type SampleShape = Shape | { sampleShape?: Shape };

/** Whether values are repeated for all of a batch. */
export type ExpandOption = boolean | { expand?: boolean };
export const isExpanded = (option: ExpandOption): boolean => (typeof option === 'boolean' ? option : (option.expand ?? true));

let validatesByDefault = true;

/** Arguments of a constructor; the parameter list ends in `validateArgs?`. */
export const bindArguments = <T extends readonly unknown[]>(name: string, parameters: string, args: readonly unknown[]): T =>
  bind<T>(`${name}.__init__`, parameters, args);

const floating = (t: Tensor): Tensor => (t.dtype.isFloatingPoint ? t : t.to(getDefaultDtype()));

/** Parameters as tensors of one shape; numbers get the dtype and device of the first tensor. */
export function broadcastAll(...params: Param[]): Tensor[] {
  const first = params.find((each) => each instanceof Tensor);
  const like = first && floating(first);
  const options = { dtype: like?.dtype ?? getDefaultDtype(), device: like?.device ?? null };
  return broadcastTensors(...params.map((each) => (each instanceof Tensor ? floating(each) : tensor(each, options))));
}

/** The sum over the last `count` dims. */
export const sumRightmost = (value: Tensor, count: number): Tensor =>
  count === 0 ? value : value.sum(Array.from({ length: count }, (_, i) => -1 - i));

export const shapeOf = (shape: SampleShape): number[] => {
  const given = isOptions(shape) ? (shape.sampleShape ?? []) : shape;
  return typeof given === 'number' ? [given] : [...(given as readonly number[])];
};

const typed = (value: Tensor): string => `${value.constructor.name} of shape ${formatTuple(value.sizes)}`;
/**
 * A distribution of values of shape `eventShape`, one for every place of `batchShape`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.distribution.Distribution
 * @example
 * const normal: torch.distributions.Distribution = new torch.distributions.Normal(torch.zeros(2), 1);
 * normal.sample([3]).shape  // torch.Size([3, 2])
 */
export abstract class Distribution {
  private batch: readonly number[] = [];
  private event: readonly number[] = [];
  private validates = true;

  /** Whether distributions made from now on check their parameters and values, unless told. */
  static setDefaultValidateArgs(value: boolean): void {
    validatesByDefault = value;
  }

  /** What constructors do at the end. */
  protected settle(batchShape: readonly number[], eventShape: readonly number[], validateArgs?: boolean | null): void {
    [this.batch, this.event] = [[...batchShape], [...eventShape]];
    this.validates = validateArgs ?? validatesByDefault;
    if (this.validates) this.checkParameters();
  }

  private checkParameters(): void {
    for (const [name, constraint] of Object.entries(this.argConstraints)) {
      const value = this.derives && !Object.hasOwn(this, name) ? null : (Reflect.get(this, name) as Tensor | undefined);
      if (!value || isDependent(constraint) || constraint.check(value).all().item() === true) continue;
      throw new ValueError(
        `Expected parameter ${snakeCase(name)} (${typed(value)}) of distribution ${String(this)} to satisfy the constraint ` +
          `${String(constraint)}, but found invalid values:\n${formatted(value)}`,
      );
    }
  }

  /** Whether parameters that were not given follow from the others, so that they need no check. */
  protected get derives(): boolean {
    return false;
  }

  /** A parameter that the constructor was given. */
  private given(name: string): Tensor | null {
    const value = Object.hasOwn(this, name) ? (this as unknown as Record<string, unknown>)[name] : null;
    return value instanceof Tensor ? value : null;
  }

  /** The shape of a batch of independent distributions. */
  get batchShape(): Size {
    return sizeOf(this.batch);
  }
  /** The shape of one sample of one of them. */
  get eventShape(): Size {
    return sizeOf(this.event);
  }

  /** Whether `rsample` works. */
  get hasRsample(): boolean {
    return false;
  }
  /** Whether `enumerateSupport` works. */
  get hasEnumerateSupport(): boolean {
    return false;
  }

  /** What each parameter must satisfy. */
  abstract get argConstraints(): Record<string, Constraint>;
  /** Where samples lie. */
  abstract get support(): Constraint;

  /** The mean, of shape `batchShape + eventShape`. */
  get mean(): Tensor {
    throw this.lacks('mean');
  }
  /** The likeliest value. */
  get mode(): Tensor {
    throw this.lacks('mode');
  }
  /** The variance of each number. */
  get variance(): Tensor {
    throw this.lacks('variance');
  }
  /** The square root of the variance. */
  get stddev(): Tensor {
    return this.variance.sqrt();
  }

  protected lacks(what: string): Error {
    return new NotImplementedError(`<class '${this.constructor.name}'> does not implement ${what}`);
  }

  /** Samples of this shape; differentiable where `hasRsample`. */
  protected abstract draw(shape: readonly number[]): Tensor;

  /**
   * Samples without gradient, of shape `sampleShape + batchShape + eventShape`.
   * @example
   * torch.manualSeed(0);
   * new torch.distributions.Normal(0, 1).sample([3])  // tensor([ 1.5410, -0.2934, -2.1788])
   */
  sample(sampleShape: SampleShape = []): Tensor {
    return noGrad(() => this.draw(this.extendedShape(sampleShape)));
  }

  /**
   * The same as a differentiable function of the parameters.
   * @throws NotImplementedError where the distribution has no such form
   * @example
   * const scale = torch.tensor(2.5, { requiresGrad: true });
   * new torch.distributions.Normal(0, scale).rsample([3]).requiresGrad  // true
   */
  rsample(sampleShape: SampleShape = []): Tensor {
    if (!this.hasRsample) throw this.lacks('rsample');
    return this.draw(this.extendedShape(sampleShape));
  }

  protected extendedShape(sampleShape: SampleShape): number[] {
    return [...shapeOf(sampleShape), ...this.batch, ...this.event];
  }

  /** The log of the density, or of the probability, at `value`. */
  logProb(value: Tensor): Tensor {
    this.check(value);
    return this.density(value);
  }

  /** `logProb` of checked values. */
  protected abstract density(value: Tensor): Tensor;

  /** The probability of values up to `value`. */
  cdf(_value: Tensor): Tensor {
    throw this.lacks('cdf');
  }
  /** The value up to which values have the probability `value`. */
  icdf(_value: Tensor): Tensor {
    throw this.lacks('icdf');
  }
  /** The entropy, of shape `batchShape`. */
  entropy(): Tensor {
    throw this.lacks('entropy');
  }
  /** The exponential of the entropy. */
  perplexity(): Tensor {
    return this.entropy().exp();
  }
  /** All values of a discrete distribution along a new first dim. */
  enumerateSupport(_expand: ExpandOption = true): Tensor {
    throw this.lacks('enumerate_support');
  }

  /** The same distribution with a batch of another shape, without copying its parameters. */
  expand(batchShape: Shape): this {
    const shape = shapeOf(batchShape);
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this;
    for (const [name, field] of Object.entries(this) as [string, unknown][]) {
      const value = this.expandedField(field, shape);
      Object.defineProperty(copy, name, { value, enumerable: true, writable: true });
    }
    copy.batch = shape;
    return copy;
  }

  /** What stands in a field after `expand`. */
  protected expandedField(value: unknown, shape: readonly number[]): unknown {
    return value instanceof Tensor ? value.expand([...shape, ...value.sizes.slice(this.batch.length)]) : value;
  }

  /** Refuses what cannot be a sample. */
  protected check(value: Tensor): void {
    if (!(value instanceof Tensor)) throw new ValueError('The value argument to log_prob must be a Tensor');
    if (!this.validates) return;
    this.checkShape(value.shape);
    const { support } = this;
    if (support.check(value).all().item() === true) return;
    throw new ValueError(
      `Expected value argument (${typed(value)}) to be within the support (${String(support)}) of the distribution ${String(this)}, ` +
        `but found invalid values:\n${formatted(value)}`,
    );
  }

  private checkShape(shape: Size): void {
    const { batch, event } = this;
    const right = shape.slice(shape.length - event.length);
    if (right.length !== event.length || right.some((n, i) => n !== event[i]))
      throw new ValueError(`The right-most size of value must match event_shape: ${String(shape)} vs ${String(this.eventShape)}.`);
    const expected = sizeOf([...batch, ...event]);
    const offset = shape.length - expected.length;
    if (expected.some((n, i) => i + offset >= 0 && n !== 1 && shape[i + offset] !== 1 && n !== shape[i + offset]))
      throw new ValueError(`Value is not broadcastable with batch_shape+event_shape: ${String(shape)} vs ${String(expected)}.`);
  }

  /** PyTorch's printout: the parameters, or their shapes. */
  toString(): string {
    const parts = Object.keys(this.argConstraints).flatMap((name) => {
      const value = this.given(name);
      return value ? [`${snakeCase(name)}: ${numelOf(value.sizes) === 1 ? formatted(value) : String(value.shape)}`] : [];
    });
    return `${this.constructor.name}(${parts.join(', ')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
