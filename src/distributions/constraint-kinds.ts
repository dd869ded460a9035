/** Kinds of regions where parameters and samples may lie. */
import { float, python } from '../nn/arguments.js';
import { choleskyEx } from '../ops/linalg/cholesky.js';
import { onesLike } from '../ops/creation.js';
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

export class PositiveDefinite extends Constraint {
  override readonly eventDim = 2;
  check(value: Tensor): Tensor {
    const isSymmetric = value.isclose(value.mT, { atol: 1e-6 }).flatten(-2).all(-1);
    if (isSymmetric.all().item() !== true) return isSymmetric;
    return choleskyEx(value.detach()).info.eq(0);
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

/** Values of a mixture: those that all components may give. */
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
  check(value: Tensor): Tensor {
    return onesLike(value).bool();
  }
}

/** Whether values cannot be checked. */
export const isDependent = (constraint: Constraint): boolean => constraint instanceof Dependent;
