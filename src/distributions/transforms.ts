/** `torch.distributions.transforms`: invertible functions with known Jacobians. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms */
import { logsigmoid, softmax, softplus } from '../nn/functional/index.js';
import { finfo } from '../ops/queries.js';
import { onesLike, zerosLike } from '../ops/creation.js';
import { cat } from '../ops/join.js';
import { NotImplementedError } from '../tensor/errors.js';
import { broadcastSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { type Param, sumRightmost } from './distribution.js';

const { independent, positive, real, realVector, simplex, unitInterval } = constraints;

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
  declare private caches: boolean;
  declare private last: [x: Tensor, y: Tensor] | null;

  /** What is constructed is a function with the methods of the class. */
  constructor({ cacheSize = 0 }: TransformOptions = {}) {
    const self = ((x: Tensor) => self.run(x)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype as object);
    [self.caches, self.last] = [cacheSize === 1, null];
    return self;
  }

  /** Whether every value has one inverse. */
  get bijective(): boolean {
    return true;
  }

  private run(x: Tensor): Tensor {
    if (this.last?.[0] === x) return this.last[1];
    const y = this.forward(x);
    if (this.caches) this.last = [x, y];
    return y;
  }

  /** The value of which `y` is the transform. */
  invert(y: Tensor): Tensor {
    if (this.last?.[1] === y) return this.last[0];
    const x = this.inverse(y);
    if (this.caches) this.last = [x, y];
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

class InverseTransform extends Transform {
  constructor(private readonly original: Transform) {
    super();
  }
  get domain(): constraints.Constraint {
    return this.original.codomain;
  }
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
  constructor(readonly parts: readonly Transform[]) {
    super();
  }
  /** The domain of the first part, in as many dims as the parts behind it need. */
  get domain(): constraints.Constraint {
    return widened(
      this.parts.at(0)?.domain ?? real,
      this.dims((part) => part.domain),
    );
  }
  /** The codomain of the last part, widened the same way. */
  get codomain(): constraints.Constraint {
    return widened(
      this.parts.at(-1)?.codomain ?? real,
      this.dims((part) => part.codomain),
    );
  }
  private dims(side: (part: Transform) => constraints.Constraint): number {
    return Math.max(0, ...this.parts.map((part) => side(part).eventDim));
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
const times = (a: number | Tensor, b: number): number | Tensor => (a instanceof Tensor ? a.mul(b) : a * b);
const widened = (constraint: constraints.Constraint, dims: number): constraints.Constraint =>
  dims > constraint.eventDim ? independent(constraint, dims - constraint.eventDim) : constraint;

/**
 * y = exp(x).
 * @example new torch.distributions.transforms.ExpTransform()(torch.tensor(0.5))  // tensor(1.6487)
 */
export class ExpTransform extends Transform {
  readonly domain = real;
  readonly codomain = positive;
  protected forward(x: Tensor): Tensor {
    return x.exp();
  }
  protected inverse(y: Tensor): Tensor {
    return y.log();
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return x;
  }
  override get sign(): number {
    return 1;
  }
}

/**
 * y = x to the power of `exponent`, for positive x.
 * @example new torch.distributions.transforms.PowerTransform(2)(torch.tensor(1.5))  // tensor(2.2500)
 */
export class PowerTransform extends Transform {
  readonly domain = positive;
  readonly codomain = positive;
  constructor(
    readonly exponent: Param,
    options?: TransformOptions,
  ) {
    super(options);
  }
  protected forward(x: Tensor): Tensor {
    return x.pow(this.exponent);
  }
  protected inverse(y: Tensor): Tensor {
    return y.pow(this.exponent instanceof Tensor ? this.exponent.reciprocal() : 1 / this.exponent);
  }
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    return y.mul(this.exponent).div(x).abs().log();
  }
  override get sign(): number | Tensor {
    return this.exponent instanceof Tensor ? this.exponent.sign() : Math.sign(this.exponent);
  }
}

/**
 * y = 1 / (1 + exp(−x)).
 * @example new torch.distributions.transforms.SigmoidTransform()(torch.tensor(0.5))  // tensor(0.6225)
 */
export class SigmoidTransform extends Transform {
  readonly domain = real;
  readonly codomain = unitInterval;
  protected forward(x: Tensor): Tensor {
    const { tiny, eps } = finfo(x.dtype);
    return x.sigmoid().clamp(tiny, 1 - eps);
  }
  protected inverse(given: Tensor): Tensor {
    const { tiny, eps } = finfo(given.dtype);
    const y = given.clamp(tiny, 1 - eps);
    return y.log().sub(y.neg().log1p());
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return logsigmoid(x).add(logsigmoid(x.neg()));
  }
  override get sign(): number {
    return 1;
  }
}

/**
 * y = log(1 + exp(x)).
 * @example new torch.distributions.transforms.SoftplusTransform()(torch.tensor(0.5))  // tensor(0.9741)
 */
export class SoftplusTransform extends Transform {
  readonly domain = real;
  readonly codomain = positive;
  protected forward(x: Tensor): Tensor {
    return softplus(x);
  }
  protected inverse(y: Tensor): Tensor {
    return y.neg().expm1().neg().log().add(y);
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return softplus(x.neg()).neg();
  }
  override get sign(): number {
    return 1;
  }
}

/**
 * y = tanh(x). Far from zero the inverse is inexact: `cacheSize: 1` helps where it is taken of results.
 * @example new torch.distributions.transforms.TanhTransform()(torch.tensor(0.5))  // tensor(0.4621)
 */
export class TanhTransform extends Transform {
  readonly domain = real;
  readonly codomain = constraints.interval(-1, 1);
  protected forward(x: Tensor): Tensor {
    return x.tanh();
  }
  protected inverse(y: Tensor): Tensor {
    return y.atanh();
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return softplus(x.mul(-2)).add(x).sub(Math.LN2).mul(-2);
  }
  override get sign(): number {
    return 1;
  }
}

/**
 * y = |x|, which has no inverse: `inv` gives the value that is not negative.
 * @example new torch.distributions.transforms.AbsTransform()(torch.tensor(-1.5))  // tensor(1.5000)
 */
export class AbsTransform extends Transform {
  readonly domain = real;
  readonly codomain = constraints.nonnegative;
  override get bijective(): boolean {
    return false;
  }
  protected forward(x: Tensor): Tensor {
    return x.abs();
  }
  protected inverse(y: Tensor): Tensor {
    return y;
  }
  logAbsDetJacobian(_x: Tensor, _y: Tensor): Tensor {
    throw new NotImplementedError('AbsTransform does not implement log_abs_det_jacobian');
  }
}

/**
 * y = loc + scale · x, over `eventDim` dims together.
 * @example new torch.distributions.transforms.AffineTransform(1, 2)(torch.tensor(0.25))  // tensor(1.5000)
 */
export class AffineTransform extends Transform {
  readonly domain: constraints.Constraint;
  readonly codomain: constraints.Constraint;
  readonly eventDim: number;

  constructor(
    readonly loc: Param,
    readonly scale: Param,
    given: number | ({ eventDim?: number } & TransformOptions) = 0,
  ) {
    const options = typeof given === 'number' ? { eventDim: given } : given;
    super(options);
    this.eventDim = options.eventDim ?? 0;
    this.domain = this.codomain = widened(real, this.eventDim);
  }
  protected forward(x: Tensor): Tensor {
    return x.mul(this.scale).add(this.loc);
  }
  protected inverse(y: Tensor): Tensor {
    return y.sub(this.loc).div(this.scale);
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    const { scale } = this;
    const each = scale instanceof Tensor ? scale.abs().log() : onesLike(x).mul(Math.log(Math.abs(scale)));
    const wide = each.expand([...broadcastSizes(x.sizes, each.sizes)]);
    return sumRightmost(wide, this.eventDim);
  }
  override get sign(): number | Tensor {
    return this.scale instanceof Tensor ? this.scale.sign() : Math.sign(this.scale);
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    const sizes = [this.loc, this.scale].map((each) => (each instanceof Tensor ? each.sizes : []));
    return sizes.reduce<readonly number[]>((wide, each) => broadcastSizes(wide, each), shape);
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.forwardShape(shape);
  }
}

/**
 * y = softmax(x), which has no inverse: `inv` gives logarithms.
 * @example new torch.distributions.transforms.SoftmaxTransform()(torch.zeros(2))  // tensor([0.5000, 0.5000])
 */
export class SoftmaxTransform extends Transform {
  readonly domain = realVector;
  readonly codomain = simplex;
  override get bijective(): boolean {
    return false;
  }
  protected forward(x: Tensor): Tensor {
    return softmax(x, -1);
  }
  protected inverse(y: Tensor): Tensor {
    return y.log();
  }
  logAbsDetJacobian(_x: Tensor, _y: Tensor): Tensor {
    throw new NotImplementedError('SoftmaxTransform does not implement log_abs_det_jacobian');
  }
}

/**
 * K − 1 real numbers to K that are positive and sum to one: each takes a share of what is left of a stick.
 * @example new torch.distributions.transforms.StickBreakingTransform()(torch.zeros(2))  // tensor([0.3333, 0.3333, 0.3333])
 */
export class StickBreakingTransform extends Transform {
  readonly domain = realVector;
  readonly codomain = simplex;

  /** How many pieces there are from each place on, as logarithms. */
  private offsets(x: Tensor): Tensor {
    return onesLike(x)
      .cumsum(-1)
      .neg()
      .add(x.sizes.at(-1)! + 1)
      .log();
  }
  protected forward(x: Tensor): Tensor {
    const z = x.sub(this.offsets(x)).sigmoid();
    const left = z.neg().add(1).cumprod(-1);
    const one = onesLike(left.narrow(-1, 0, 1));
    return cat([z, one], -1).mul(cat([one, left], -1));
  }
  protected inverse(y: Tensor): Tensor {
    const first = y.narrow(-1, 0, y.sizes.at(-1)! - 1);
    const left = first.cumsum(-1).neg().add(1).clamp(finfo(y.dtype).tiny);
    return first.log().sub(left.log()).add(this.offsets(first));
  }
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    const shifted = x.sub(this.offsets(x));
    return shifted
      .neg()
      .add(logsigmoid(shifted))
      .add(y.narrow(-1, 0, x.sizes.at(-1)!).log())
      .sum(-1);
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    return [...shape.slice(0, -1), shape.at(-1)! + 1];
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return [...shape.slice(0, -1), shape.at(-1)! - 1];
  }
}
