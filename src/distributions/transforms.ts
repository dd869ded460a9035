/** `torch.distributions.transforms`: invertible functions with known Jacobians. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms */
import { logsigmoid, softmax, softplus } from '../nn/functional/index.js';
import { finfo } from '../ops/queries.js';
import { onesLike } from '../ops/creation.js';
import { cat } from '../ops/join.js';
import { NotImplementedError } from '../tensor/errors.js';
import { broadcastSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { type Param, sumRightmost } from './distribution.js';
import { checkDims, Plain, Transform, type TransformOptions, widened } from './transform.js';

export { CatTransform, CumulativeDistributionTransform, ReshapeTransform, StackTransform } from './joined-transforms.js';
export { CorrCholeskyTransform, LowerCholeskyTransform, PositiveDefiniteTransform } from './matrix-transforms.js';
export { ComposeTransform, identityTransform, IndependentTransform, Transform, type TransformOptions } from './transform.js';

const { positive, real, realVector, simplex, unitInterval } = constraints;

const sizesOf = (value: Param): readonly number[] => (value instanceof Tensor ? value.sizes : []);
const equal = (a: Param, b: Param): boolean =>
  typeof a === 'number' && typeof b === 'number'
    ? a === b
    : onesLike(a instanceof Tensor ? a : (b as Tensor))
        .mul(a)
        .eq(b)
        .all()
        .item() === true;

/**
 * y = exp(x).
 * @example new torch.distributions.transforms.ExpTransform()(torch.tensor(0.5))  // tensor(1.6487)
 */
export class ExpTransform extends Plain {
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
  override equals(other: Transform): boolean {
    return other instanceof PowerTransform && equal(this.exponent, other.exponent);
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
  override forwardShape(shape: readonly number[]): readonly number[] {
    return broadcastSizes(shape, sizesOf(this.exponent));
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.forwardShape(shape);
  }
}

function clippedSigmoid(x: Tensor): Tensor {
  const { tiny, eps } = finfo(x.dtype);
  return x.sigmoid().clamp(tiny, 1 - eps);
}

/**
 * y = 1 / (1 + exp(−x)).
 * @example new torch.distributions.transforms.SigmoidTransform()(torch.tensor(0.5))  // tensor(0.6225)
 */
export class SigmoidTransform extends Plain {
  readonly domain = real;
  readonly codomain = unitInterval;
  protected forward(x: Tensor): Tensor {
    return clippedSigmoid(x);
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
export class SoftplusTransform extends Plain {
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
export class TanhTransform extends Plain {
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
export class AbsTransform extends Plain {
  readonly domain = real;
  readonly codomain = positive;
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

  constructor(
    readonly loc: Param,
    readonly scale: Param,
    given: number | ({ eventDim?: number } & TransformOptions) = 0,
  ) {
    const options = typeof given === 'number' ? { eventDim: given } : given;
    super(options);
    this.domain = this.codomain = widened(real, options.eventDim ?? 0);
  }
  override equals(other: Transform): boolean {
    return other instanceof AffineTransform && equal(this.loc, other.loc) && equal(this.scale, other.scale);
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
    return broadcastSizes(broadcastSizes(shape, sizesOf(this.loc)), sizesOf(this.scale));
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return this.forwardShape(shape);
  }
}

/**
 * y = softmax(x), which has no inverse: `inv` gives logarithms.
 * @example new torch.distributions.transforms.SoftmaxTransform()(torch.zeros(2))  // tensor([0.5000, 0.5000])
 */
export class SoftmaxTransform extends Plain {
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
export class StickBreakingTransform extends Plain {
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
    const z = clippedSigmoid(x.sub(this.offsets(x)));
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
    checkDims(shape, 1);
    return [...shape.slice(0, -1), shape.at(-1)! + 1];
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    checkDims(shape, 1);
    return [...shape.slice(0, -1), shape.at(-1)! - 1];
  }
}
