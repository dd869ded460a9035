/** Transforms and what is made of them: inverses, chains, and transforms of several dims at once. */
import { zerosLike } from '../ops/creation.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { sumRightmost } from './distribution.js';

// A transform is called like a function.
export interface Transform {
  (x: Tensor): Tensor;
}

export interface TransformOptions {
  /** 1 keeps the last pair of values, so that the inverse of a result is exact. */
  cacheSize?: 0 | 1;
}

/**
 * An invertible function; `inv` is its inverse.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.Transform
 * @example
 * const exp: torch.distributions.transforms.Transform = new torch.distributions.transforms.ExpTransform();
 * exp.inv(exp(torch.tensor(1.5)))  // tensor(1.5000)
 */
export abstract class Transform {
  abstract readonly domain: constraints.Constraint;
  abstract readonly codomain: constraints.Constraint;
  declare private cacheSize: number;
  declare private last: [x: Tensor, y: Tensor] | null;

  /** What is constructed is a function with the methods of the class. */
  constructor({ cacheSize = 0 }: TransformOptions = {}) {
    if (cacheSize !== 0 && cacheSize !== 1) throw new ValueError('cache_size must be 0 or 1');
    return callable<this>(new.target.prototype as object, { cacheSize, last: null });
  }

  /** How many trailing dims are one value together. */
  get eventDim(): number {
    const { domain, codomain } = this;
    if (domain.eventDim !== codomain.eventDim) throw new ValueError('Please use either .domain.event_dim or .codomain.event_dim');
    return domain.eventDim;
  }

  /** The same transform with a cache of this size. */
  withCache(cacheSize: 0 | 1 = 1): this {
    if (this.cacheSize === cacheSize) return this;
    return callable<this>(Object.getPrototypeOf(this) as object, { ...this, cacheSize, last: null });
  }

  /** Whether another transform is known to do the same: PyTorch's `==`. */
  equals(other: Transform): boolean {
    return this === other;
  }

  /** Whether every value has one inverse. */
  get bijective(): boolean {
    return true;
  }

  /** The value at `x`; what a transform called as a function gives. */
  apply(x: Tensor): Tensor {
    if (this.last?.[0] === x) return this.last[1];
    const y = this.forward(x);
    if (this.cacheSize) this.last = [x, y];
    return y;
  }

  /** The value of which `y` is the transform. */
  invert(y: Tensor): Tensor {
    if (this.last?.[1] === y) return this.last[0];
    const x = this.inverse(y);
    if (this.cacheSize) this.last = [x, y];
    return x;
  }

  protected abstract forward(x: Tensor): Tensor;
  protected abstract inverse(y: Tensor): Tensor;

  /** log |dy/dx|. */
  abstract logAbsDetJacobian(x: Tensor, y: Tensor): Tensor;

  /** 1 where the transform grows, −1 where it falls. */
  get sign(): number | Tensor {
    throw new NotImplementedError(`${this.constructor.name} does not implement sign`);
  }

  /** The inverse, as a transform. */
  get inv(): Transform {
    return new InverseTransform(this);
  }

  /** The shape of results for inputs of this shape. */
  forwardShape(shape: readonly number[]): readonly number[] {
    return shape;
  }
  /** The shape of inputs for results of this shape. */
  inverseShape(shape: readonly number[]): readonly number[] {
    return shape;
  }

  /** PyTorch's printout. */
  toString(): string {
    return `${this.constructor.name}()`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A function with the methods of a class and these fields. */
function callable<T extends Transform>(prototype: object, fields: object): T {
  const self = ((x: Tensor) => self.apply(x)) as unknown as T;
  Object.setPrototypeOf(self, prototype);
  return Object.assign(self, fields);
}

class InverseTransform extends Transform {
  constructor(private readonly original: Transform) {
    super();
  }
  override get bijective(): boolean {
    return this.original.bijective;
  }
  override withCache(cacheSize: 0 | 1 = 1): this {
    return this.original.withCache(cacheSize).inv as this;
  }
  override equals(other: Transform): boolean {
    return other instanceof InverseTransform && this.original.equals(other.original);
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return this.original.codomain;
  }
  /** Where results lie. */
  get codomain(): constraints.Constraint {
    return this.original.domain;
  }
  protected forward(x: Tensor): Tensor {
    return this.original.invert(x);
  }
  protected inverse(y: Tensor): Tensor {
    return this.original(y);
  }
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    return this.original.logAbsDetJacobian(y, x).neg();
  }
  override get sign(): number | Tensor {
    return this.original.sign;
  }
  override get inv(): Transform {
    return this.original;
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    return this.original.inverseShape(shape);
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.original.forwardShape(shape);
  }
  override toString(): string {
    return `_InverseTransform(${String(this.original)})`;
  }
}

/**
 * Transforms one after another.
 * @example
 * const { AffineTransform, ComposeTransform, ExpTransform } = torch.distributions.transforms;
 * new ComposeTransform([new AffineTransform(1, 2), new ExpTransform()])(torch.tensor(0.5))  // tensor(7.3891)
 */
export class ComposeTransform extends Transform {
  readonly parts: readonly Transform[];

  constructor(parts: readonly Transform[], { cacheSize = 0 }: TransformOptions = {}) {
    super();
    this.parts = cacheSize ? parts.map((part) => part.withCache(cacheSize)) : [...parts];
  }
  override get bijective(): boolean {
    return this.parts.every((part) => part.bijective);
  }
  /** The domain of the first part, in as many dims as the parts behind it need. */
  get domain(): constraints.Constraint {
    const dims = this.parts.reduceRight(
      (n, { domain, codomain }) => Math.max(n + domain.eventDim - codomain.eventDim, domain.eventDim),
      this.parts.at(-1)?.codomain.eventDim ?? 0,
    );
    return widened(this.parts.at(0)?.domain ?? constraints.real, dims);
  }
  /** The codomain of the last part, widened the same way. */
  get codomain(): constraints.Constraint {
    const dims = this.parts.reduce(
      (n, { domain, codomain }) => Math.max(n + codomain.eventDim - domain.eventDim, codomain.eventDim),
      this.parts.at(0)?.domain.eventDim ?? 0,
    );
    return widened(this.parts.at(-1)?.codomain ?? constraints.real, dims);
  }
  override get inv(): Transform {
    return new ComposeTransform([...this.parts].reverse().map((part) => part.inv));
  }
  override withCache(cacheSize: 0 | 1 = 1): this {
    return new ComposeTransform(this.parts.map((part) => part.withCache(cacheSize))) as this;
  }
  override equals(other: Transform): boolean {
    return other instanceof ComposeTransform && sameParts(this.parts, other.parts);
  }
  protected forward(x: Tensor): Tensor {
    return this.parts.reduce((value, part) => part(value), x);
  }
  protected inverse(y: Tensor): Tensor {
    return this.parts.reduceRight((value, part) => part.invert(value), y);
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    let [total, value, eventDim]: [Tensor | null, Tensor, number] = [null, x, this.domain.eventDim];
    for (const part of this.parts) {
      const next = part(value);
      const own = sumRightmost(part.logAbsDetJacobian(value, next), eventDim - part.domain.eventDim);
      total = total ? total.add(own) : own;
      eventDim += part.codomain.eventDim - part.domain.eventDim;
      value = next;
    }
    return total ?? zerosLike(x);
  }
  override get sign(): number | Tensor {
    return this.parts.reduce<number | Tensor>((sign, { sign: next }) => (sign instanceof Tensor ? sign.mul(next) : times(next, sign)), 1);
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    return this.parts.reduce((sizes, part) => part.forwardShape(sizes), shape);
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.parts.reduceRight((sizes, part) => part.inverseShape(sizes), shape);
  }
  override toString(): string {
    return `ComposeTransform(\n    ${this.parts.map(String).join(',\n    ')}\n)`;
  }
}
/** Whether two chains of transforms do the same. */
export const sameParts = (parts: readonly Transform[], others: readonly Transform[]): boolean =>
  parts.length === others.length && parts.every((part, i) => part.equals(others[i]));
const times = (a: number | Tensor, b: number): number | Tensor => (a instanceof Tensor ? a.mul(b) : a * b);
/** A constraint of at least so many trailing dims. */
export const widened = (constraint: constraints.Constraint, dims: number): constraints.Constraint =>
  dims > constraint.eventDim ? constraints.independent(constraint, dims - constraint.eventDim) : constraint;

/**
 * The transform that changes nothing.
 * @example torch.distributions.transforms.identityTransform(torch.tensor(0.5))  // tensor(0.5000)
 */
export const identityTransform: Transform = new ComposeTransform([]);

/**
 * A transform of which the last `reinterpretedBatchNdims` dims are one value together: their Jacobians add up.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.IndependentTransform
 * @throws ValueError where values have fewer dims
 * @example
 * const { ExpTransform, IndependentTransform } = torch.distributions.transforms;
 * const x = torch.tensor([0.5, 1.5]);
 * new IndependentTransform(new ExpTransform(), 1).logAbsDetJacobian(x, x.exp())  // tensor(2.)
 */
export class IndependentTransform extends Transform {
  constructor(
    readonly baseTransform: Transform,
    readonly reinterpretedBatchNdims: number,
    options?: TransformOptions,
  ) {
    super(options);
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return constraints.independent(this.baseTransform.domain, this.reinterpretedBatchNdims);
  }
  /** Where results lie. */
  get codomain(): constraints.Constraint {
    return constraints.independent(this.baseTransform.codomain, this.reinterpretedBatchNdims);
  }
  override get bijective(): boolean {
    return this.baseTransform.bijective;
  }
  override get sign(): number | Tensor {
    return this.baseTransform.sign;
  }
  protected forward(x: Tensor): Tensor {
    checkDims(x.sizes, this.domain.eventDim);
    return this.baseTransform(x);
  }
  protected inverse(y: Tensor): Tensor {
    checkDims(y.sizes, this.codomain.eventDim);
    return this.baseTransform.invert(y);
  }
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    return sumRightmost(this.baseTransform.logAbsDetJacobian(x, y), this.reinterpretedBatchNdims);
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    return this.baseTransform.forwardShape(shape);
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.baseTransform.inverseShape(shape);
  }
  override toString(): string {
    return `IndependentTransform(${String(this.baseTransform)}, ${this.reinterpretedBatchNdims})`;
  }
}

/** Refuses what has fewer dims. */
export function checkDims(shape: readonly number[], least: number): void {
  if (shape.length < least) throw new ValueError('Too few dimensions on input');
}

/** A transform without parameters: all of one class do the same. */
export abstract class Plain extends Transform {
  override equals(other: Transform): boolean {
    return other.constructor === this.constructor;
  }
}
