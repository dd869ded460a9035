/** Transforms that reshape, that treat pieces of a tensor differently, and those by a distribution function. */
import { bind } from '../nn/arguments.js';
import { cat, stack } from '../ops/join.js';
import type { Args } from '../ops/types.js';
import { AssertionError, ValueError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { type Distribution, sumRightmost } from './distribution.js';
import { checkDims, Transform, type TransformOptions } from './transform.js';

/**
 * The same numbers in another shape: dims of `inShape` at the end become `outShape`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.ReshapeTransform
 * @throws ValueError where the shapes have different numbers of elements
 * @example new torch.distributions.transforms.ReshapeTransform([4], [2, 2])(torch.zeros(3, 4)).shape  // torch.Size([3, 2, 2])
 */
export class ReshapeTransform extends Transform {
  constructor(
    readonly inShape: readonly number[],
    readonly outShape: readonly number[],
    options?: TransformOptions,
  ) {
    super(options);
    if (numelOf(inShape) !== numelOf(outShape)) throw new ValueError('in_shape, out_shape have different numbers of elements');
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return constraints.independent(constraints.real, this.inShape.length);
  }
  /** Where results lie. */
  get codomain(): constraints.Constraint {
    return constraints.independent(constraints.real, this.outShape.length);
  }
  protected forward(x: Tensor): Tensor {
    return x.reshape([...batchOf(x, this.inShape), ...this.outShape]);
  }
  protected inverse(y: Tensor): Tensor {
    return y.reshape([...batchOf(y, this.outShape), ...this.inShape]);
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return x.newZeros(batchOf(x, this.inShape));
  }
  override forwardShape(shape: readonly number[]): readonly number[] {
    return replaced(shape, this.inShape, this.outShape);
  }
  override inverseShape(shape: readonly number[]): readonly number[] {
    return replaced(shape, this.outShape, this.inShape);
  }
}
const batchOf = (x: Tensor, event: readonly number[]): number[] => x.sizes.slice(0, x.ndim - event.length);
function replaced(shape: readonly number[], from: readonly number[], to: readonly number[]): readonly number[] {
  checkDims(shape, from.length);
  const cut = shape.length - from.length;
  const last = shape.slice(cut);
  if (last.join() !== from.join())
    throw new ValueError(`Shape mismatch: expected torch.Size([${last.join(', ')}]) but got torch.Size([${from.join(', ')}])`);
  return [...shape.slice(0, cut), ...to];
}

/** A transform for each piece of a tensor along a dim. */
abstract class OfPieces extends Transform {
  constructor(
    readonly transforms: readonly Transform[],
    readonly dim: number,
    options: TransformOptions,
  ) {
    super(options);
  }
  override get bijective(): boolean {
    return this.transforms.every((each) => each.bijective);
  }
  protected abstract pieces(whole: Tensor): readonly Tensor[];
  protected abstract joined(pieces: readonly Tensor[]): Tensor;

  protected forward(x: Tensor): Tensor {
    const pieces = this.pieces(x);
    return this.joined(this.transforms.map((each, i) => each(pieces[i])));
  }
  protected inverse(y: Tensor): Tensor {
    const pieces = this.pieces(y);
    return this.joined(this.transforms.map((each, i) => each.invert(pieces[i])));
  }
}

interface CatOptions extends TransformOptions {
  dim?: number;
  lengths?: readonly number[] | null;
}

/**
 * Transforms of pieces that lie one behind the other along `dim`, of one element each unless `lengths` says otherwise.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.CatTransform
 * @throws ValueError where the lengths don't sum to the size of `dim`
 * @example
 * const { CatTransform, ExpTransform, identityTransform } = torch.distributions.transforms;
 * new CatTransform([new ExpTransform(), identityTransform], 0, [1, 2])(torch.zeros(3))  // tensor([1., 0., 0.])
 */
export class CatTransform extends OfPieces {
  readonly lengths: readonly number[];

  constructor(tseq: readonly Transform[], ...args: Args<[dim: number, lengths: readonly number[] | null, cacheSize: 0 | 1], CatOptions>) {
    const [dim = 0, lengths, cacheSize] = bind<[number?, (readonly number[])?, (0 | 1)?]>('CatTransform.__init__', 'dim?, lengths?, cacheSize?', args); // prettier-ignore
    super(tseq, dim, { cacheSize });
    this.lengths = lengths ?? tseq.map(() => 1);
    if (this.lengths.length !== tseq.length)
      throw new AssertionError(`lengths (${this.lengths.length}) must match transforms (${tseq.length})`);
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return constraints.cat(this.transforms.map((each) => each.domain), this.dim, this.lengths); // prettier-ignore
  }
  /** Where results lie. */
  get codomain(): constraints.Constraint {
    return constraints.cat(this.transforms.map((each) => each.codomain), this.dim, this.lengths); // prettier-ignore
  }
  override get eventDim(): number {
    return Math.max(...this.transforms.map((each) => each.eventDim));
  }
  protected pieces(whole: Tensor): readonly Tensor[] {
    const [size, total] = [whole.size(this.dim), this.lengths.reduce((a, b) => a + b, 0)];
    if (size !== total) throw new AssertionError(`x.size(${this.dim}) = ${size} must equal length ${total}`);
    return whole.split([...this.lengths], this.dim);
  }
  protected joined(pieces: readonly Tensor[]): Tensor {
    return cat([...pieces], this.dim);
  }
  /** Those of the pieces one behind the other, or their sum where `dim` is a part of each value. */
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    const [xs, ys] = [this.pieces(x), this.pieces(y)];
    const each = this.transforms.map((t, i) => sumRightmost(t.logAbsDetJacobian(xs[i], ys[i]), this.eventDim - t.eventDim));
    const dim = (this.dim < 0 ? this.dim : this.dim - x.ndim) + this.eventDim;
    return dim < 0 ? cat(each, dim) : each.reduce((a, b) => a.add(b));
  }
}

/**
 * Transforms of the slices along `dim`.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.StackTransform
 * @throws ValueError where there are not as many slices as transforms
 * @example
 * const { ExpTransform, identityTransform, StackTransform } = torch.distributions.transforms;
 * new StackTransform([new ExpTransform(), identityTransform], 1)(torch.zeros(1, 2))  // tensor([[1., 0.]])
 */
export class StackTransform extends OfPieces {
  constructor(tseq: readonly Transform[], ...args: Args<[dim: number, cacheSize: 0 | 1], { dim?: number } & TransformOptions>) {
    const [dim = 0, cacheSize] = bind<[number?, (0 | 1)?]>('StackTransform.__init__', 'dim?, cacheSize?', args);
    super(tseq, dim, { cacheSize });
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return constraints.stack(this.transforms.map((each) => each.domain), this.dim); // prettier-ignore
  }
  /** Where results lie. */
  get codomain(): constraints.Constraint {
    return constraints.stack(this.transforms.map((each) => each.codomain), this.dim); // prettier-ignore
  }
  protected pieces(whole: Tensor): readonly Tensor[] {
    const [size, count] = [whole.size(this.dim), this.transforms.length];
    if (size !== count) throw new AssertionError(`x.size(${this.dim}) = ${size} must equal len(transforms) ${count}`);
    return whole.unbind(this.dim);
  }
  protected joined(pieces: readonly Tensor[]): Tensor {
    return stack([...pieces], this.dim);
  }
  logAbsDetJacobian(x: Tensor, y: Tensor): Tensor {
    const [xs, ys] = [this.pieces(x), this.pieces(y)];
    return this.joined(this.transforms.map((each, i) => each.logAbsDetJacobian(xs[i], ys[i])));
  }
}

/**
 * Values to their probabilities under a distribution, as copulas need them.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.transforms.CumulativeDistributionTransform
 * @example
 * const { Normal, transforms } = torch.distributions;
 * new transforms.CumulativeDistributionTransform(new Normal(0, 1))(torch.tensor(0.5))  // tensor(0.6915)
 */
export class CumulativeDistributionTransform extends Transform {
  readonly codomain = constraints.unitInterval;

  constructor(
    readonly distribution: Distribution,
    options?: TransformOptions,
  ) {
    super(options);
  }
  /** Where inputs lie. */
  get domain(): constraints.Constraint {
    return this.distribution.support;
  }
  override get sign(): number {
    return 1;
  }
  protected forward(x: Tensor): Tensor {
    return this.distribution.cdf(x);
  }
  protected inverse(y: Tensor): Tensor {
    return this.distribution.icdf(y);
  }
  logAbsDetJacobian(x: Tensor, _y: Tensor): Tensor {
    return this.distribution.logProb(x);
  }
}
