/** Kinds of regions where parameters and samples may lie. */
import { float, python } from '../nn/arguments.js';
import { choleskyEx } from '../ops/linalg/cholesky.js';
import { full } from '../ops/creation.js';
import { cat, stack } from '../ops/join.js';
import { eigvalsh } from '../ops/linalg/eig.js';
import { finfo } from '../ops/queries.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';

/** A tensor as Python formats it inside of a text: one without dims as its number. */
export const formatted = (t: Tensor): string => (t.ndim === 0 ? numberText(t) : String(t));
function numberText(t: Tensor): string {
  const value = t.item();
  return typeof value === 'number' && t.dtype.isFloatingPoint ? float(value) : String(value);
}

export type Bound = number | Tensor;
const shown = (bound: Bound): string => (typeof bound === 'number' ? float(bound) : formatted(bound));

/**
 * A region of values; printed as in PyTorch.
 * @example torch.distributions.constraints.positive.check(torch.tensor([-1.5, 2]))  // tensor([False,  True])
 */
export abstract class Constraint {
  readonly isDiscrete: boolean = false;
  /** How many trailing dims are one value together. */
  readonly eventDim: number = 0;

  /** Whether each value lies in the region. */
  abstract check(value: Tensor): Tensor;

  /** PyTorch's printout. */
  toString(): string {
    return `${this.constructor.name}()`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export class Real extends Constraint {
  check(value: Tensor): Tensor {
    return value.eq(value);
  }
}

export class Boolean extends Constraint {
  override readonly isDiscrete = true;
  check(value: Tensor): Tensor {
    return value.eq(0).logicalOr(value.eq(1));
  }
}

export class GreaterThan extends Constraint {
  constructor(readonly lowerBound: Bound) {
    super();
  }
  check(value: Tensor): Tensor {
    return value.gt(this.lowerBound);
  }
  override toString(): string {
    return `${this.constructor.name}(lower_bound=${shown(this.lowerBound)})`;
  }
}

export class GreaterThanEq extends GreaterThan {
  override check(value: Tensor): Tensor {
    return value.ge(this.lowerBound);
  }
}

export class LessThan extends Constraint {
  constructor(readonly upperBound: Bound) {
    super();
  }
  check(value: Tensor): Tensor {
    return value.lt(this.upperBound);
  }
  override toString(): string {
    return `LessThan(upper_bound=${shown(this.upperBound)})`;
  }
}

export class Interval extends Constraint {
  constructor(
    readonly lowerBound: Bound,
    readonly upperBound: Bound,
  ) {
    super();
  }
  check(value: Tensor): Tensor {
    return value.ge(this.lowerBound).logicalAnd(value.le(this.upperBound));
  }
  override toString(): string {
    return `${this.constructor.name}(lower_bound=${shown(this.lowerBound)}, upper_bound=${shown(this.upperBound)})`;
  }
}

export class HalfOpenInterval extends Interval {
  override check(value: Tensor): Tensor {
    return value.ge(this.lowerBound).logicalAnd(value.lt(this.upperBound));
  }
}

const isInteger = (value: Tensor): Tensor => value.remainder(1).eq(0);
const integerBound = (bound: Bound): string => (typeof bound === 'number' ? python(bound) : formatted(bound));

export class IntegerInterval extends Interval {
  override readonly isDiscrete = true;
  override check(value: Tensor): Tensor {
    return isInteger(value).logicalAnd(super.check(value));
  }
  override toString(): string {
    return `IntegerInterval(lower_bound=${integerBound(this.lowerBound)}, upper_bound=${integerBound(this.upperBound)})`;
  }
}

export class IntegerGreaterThan extends GreaterThan {
  override readonly isDiscrete = true;
  override check(value: Tensor): Tensor {
    return isInteger(value).logicalAnd(value.ge(this.lowerBound));
  }
  override toString(): string {
    return `IntegerGreaterThan(lower_bound=${integerBound(this.lowerBound)})`;
  }
}

export class Simplex extends Constraint {
  override readonly eventDim = 1;
  check(value: Tensor): Tensor {
    return value.ge(0).all(-1).logicalAnd(value.sum(-1).sub(1).abs().lt(1e-6));
  }
}

export class OneHot extends Constraint {
  override readonly isDiscrete = true;
  override readonly eventDim = 1;
  check(value: Tensor): Tensor {
    return value.eq(0).logicalOr(value.eq(1)).all(-1).logicalAnd(value.sum(-1).eq(1));
  }
}

export class Multinomial extends Constraint {
  override readonly isDiscrete = true;
  override readonly eventDim = 1;
  constructor(readonly upperBound: Bound) {
    super();
  }
  check(value: Tensor): Tensor {
    return value.ge(0).all(-1).logicalAnd(value.sum(-1).le(this.upperBound));
  }
}

export class LowerTriangular extends Constraint {
  override readonly eventDim: number = 2;
  check(value: Tensor): Tensor {
    return value.tril().eq(value).flatten(-2).all(-1);
  }
}

export class LowerCholesky extends LowerTriangular {
  override check(value: Tensor): Tensor {
    return super.check(value).logicalAnd(value.diagonal(0, -2, -1).gt(0).all(-1));
  }
}

/** Cholesky factors of correlation matrices: rows have length one. */
export class CorrCholesky extends LowerCholesky {
  override check(value: Tensor): Tensor {
    const tolerance = finfo(value.dtype).eps * value.sizes.at(-1)! * 10;
    const length = value.detach().norm({ dim: -1 });
    return super.check(value).logicalAnd(length.sub(1).abs().le(tolerance).all(-1));
  }
}

export class Square extends Constraint {
  override readonly eventDim: number = 2;
  check(value: Tensor): Tensor {
    const [rows, columns] = value.sizes.slice(-2);
    return full(value.sizes.slice(0, -2), rows === columns);
  }
}

export class Symmetric extends Square {
  override check(value: Tensor): Tensor {
    const isSquare = super.check(value);
    if (isSquare.all().item() !== true) return isSquare;
    return value.isclose(value.mT, { atol: 1e-6 }).flatten(-2).all(-1);
  }
}

export class PositiveSemidefinite extends Symmetric {
  override check(value: Tensor): Tensor {
    const isSymmetric = super.check(value);
    return isSymmetric.all().item() === true ? eigvalsh(value.detach()).ge(0).all(-1) : isSymmetric;
  }
}

export class PositiveDefinite extends Symmetric {
  override check(value: Tensor): Tensor {
    const isSymmetric = super.check(value);
    return isSymmetric.all().item() === true ? choleskyEx(value.detach()).info.eq(0) : isSymmetric;
  }
}

/** Constraints of pieces of a tensor along a dim. */
abstract class Pieces extends Constraint {
  override readonly isDiscrete: boolean;
  constructor(
    readonly cseq: readonly Constraint[],
    readonly dim: number,
  ) {
    super();
    this.isDiscrete = cseq.some((each) => each.isDiscrete);
  }
}

export class Cat extends Pieces {
  override readonly eventDim: number;
  constructor(
    cseq: readonly Constraint[],
    dim: number,
    readonly lengths: readonly number[] = cseq.map(() => 1),
  ) {
    super(cseq, dim);
    this.eventDim = Math.max(...cseq.map((each) => each.eventDim));
  }
  check(value: Tensor): Tensor {
    const pieces = value.split([...this.lengths], this.dim);
    return cat(
      this.cseq.map((each, i) => each.check(pieces[i])),
      this.dim,
    );
  }
}

export class Stack extends Pieces {
  override readonly eventDim: number;
  constructor(cseq: readonly Constraint[], dim: number) {
    super(cseq, dim);
    const inner = Math.max(...cseq.map((each) => each.eventDim));
    this.eventDim = dim + inner < 0 ? inner + 1 : inner;
  }
  check(value: Tensor): Tensor {
    return stack(
      this.cseq.map((each, i) => each.check(value.select(this.dim, i))),
      this.dim,
    );
  }
}

export class IndependentConstraint extends Constraint {
  override readonly isDiscrete: boolean;
  override readonly eventDim: number;

  constructor(
    readonly baseConstraint: Constraint,
    readonly reinterpretedBatchNdims: number,
  ) {
    super();
    this.isDiscrete = baseConstraint.isDiscrete;
    this.eventDim = baseConstraint.eventDim + reinterpretedBatchNdims;
  }
  check(value: Tensor): Tensor {
    const result = this.baseConstraint.check(value);
    return this.reinterpretedBatchNdims === 0 ? result : result.flatten(-this.reinterpretedBatchNdims).all(-1);
  }
  override toString(): string {
    return `IndependentConstraint(${String(this.baseConstraint)}, ${this.reinterpretedBatchNdims})`;
  }
}

/**
 * Values of a mixture: those that all components may give.
 * @example new torch.distributions.constraints.MixtureSameFamilyConstraint(torch.distributions.constraints.real).eventDim  // 0
 */
export class MixtureSameFamilyConstraint extends Constraint {
  override readonly isDiscrete: boolean;
  override readonly eventDim: number;

  constructor(readonly baseConstraint: Constraint) {
    super();
    [this.isDiscrete, this.eventDim] = [baseConstraint.isDiscrete, baseConstraint.eventDim];
  }
  check(value: Tensor): Tensor {
    return this.baseConstraint.check(value.unsqueeze(-1 - this.eventDim)).all(-1);
  }
  override toString(): string {
    return `MixtureSameFamilyConstraint(${String(this.baseConstraint)})`;
  }
}

/** What only other parameters could say. */
export class Dependent extends Constraint {
  check(): Tensor {
    throw new ValueError('Cannot determine validity of dependent constraint');
  }
}

/**
 * Whether values cannot be checked without other parameters.
 * @example torch.distributions.constraints.isDependent(torch.distributions.constraints.real)  // false
 */
export const isDependent = (constraint: Constraint): boolean => constraint instanceof Dependent;
