/** `torch.distributions.constraints`: where parameters and samples may lie. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraints */
import { bind } from '../nn/arguments.js';
import type { Args } from '../ops/types.js';
import * as kinds from './constraint-kinds.js';

type Constraint = kinds.Constraint;
type Bound = kinds.Bound;
export { Constraint, isDependent, MixtureSameFamilyConstraint } from './constraint-kinds.js';

/** What only other parameters could say. */
export const dependent: Constraint = new kinds.Dependent();
/** 0 and 1. */
export const boolean: Constraint = new kinds.Boolean();
/** Vectors of zeros and a one. */
export const oneHot: Constraint = new kinds.OneHot();
/** 0, 1, 2, … */
export const nonnegativeInteger: Constraint = new kinds.IntegerGreaterThan(0);
/** 1, 2, 3, … */
export const positiveInteger: Constraint = new kinds.IntegerGreaterThan(1);
/** All numbers, but not NaN. */
export const real: Constraint = new kinds.Real();
/** Vectors of them. */
export const realVector: Constraint = new kinds.IndependentConstraint(real, 1);
/** Above zero. */
export const positive: Constraint = new kinds.GreaterThan(0);
/** Zero and above. */
export const nonnegative: Constraint = new kinds.GreaterThanEq(0);
/** From 0 to 1. */
export const unitInterval: Constraint = new kinds.Interval(0, 1);
/** Vectors of shares that sum to one. */
export const simplex: Constraint = new kinds.Simplex();
/** Matrices with zeros above the diagonal. */
export const lowerTriangular: Constraint = new kinds.LowerTriangular();
/** The same with a positive diagonal. */
export const lowerCholesky: Constraint = new kinds.LowerCholesky();
/** Cholesky factors of correlation matrices: rows have length one. */
export const corrCholesky: Constraint = new kinds.CorrCholesky();
/** Matrices with as many rows as columns. */
export const square: Constraint = new kinds.Square();
/** Matrices equal to their transposes. */
export const symmetric: Constraint = new kinds.Symmetric();
/** Symmetric matrices without negative eigenvalues. */
export const positiveSemidefinite: Constraint = new kinds.PositiveSemidefinite();
/** Symmetric matrices with positive eigenvalues. */
export const positiveDefinite: Constraint = new kinds.PositiveDefinite();

/**
 * Values of which the last `ndims` dims are one value together.
 * @example torch.distributions.constraints.independent(torch.distributions.constraints.positive, 1).check(torch.tensor([-1, 2]))  // tensor(False)
 */
export const independent = (base: Constraint, ndims: number): Constraint => new kinds.IndependentConstraint(base, ndims);
/**
 * Integers from `lower` to `upper`.
 * @example torch.distributions.constraints.integerInterval(0, 2).check(torch.tensor([2, 3]))  // tensor([ True, False])
 */
export const integerInterval = (lower: Bound, upper: Bound): Constraint => new kinds.IntegerInterval(lower, upper);
/**
 * Numbers above `lower`.
 * @example torch.distributions.constraints.greaterThan(1).check(torch.tensor([1, 2]))  // tensor([False,  True])
 */
export const greaterThan = (lower: Bound): Constraint => new kinds.GreaterThan(lower);
/**
 * Numbers from `lower` on.
 * @example torch.distributions.constraints.greaterThanEq(1).check(torch.tensor([0, 1]))  // tensor([False,  True])
 */
export const greaterThanEq = (lower: Bound): Constraint => new kinds.GreaterThanEq(lower);
/**
 * Numbers below `upper`.
 * @example torch.distributions.constraints.lessThan(1).check(torch.tensor([0, 1]))  // tensor([ True, False])
 */
export const lessThan = (upper: Bound): Constraint => new kinds.LessThan(upper);
/**
 * Vectors of counts that sum to `upper` at most.
 * @example torch.distributions.constraints.multinomial(3).check(torch.tensor([1, 3]))  // tensor(False)
 */
export const multinomial = (upper: Bound): Constraint => new kinds.Multinomial(upper);
/**
 * Numbers from `lower` to `upper`.
 * @example torch.distributions.constraints.interval(-1, 1).check(torch.tensor([1, 2]))  // tensor([ True, False])
 */
export const interval = (lower: Bound, upper: Bound): Constraint => new kinds.Interval(lower, upper);
/**
 * Numbers from `lower` to below `upper`.
 * @example torch.distributions.constraints.halfOpenInterval(0, 1).check(torch.tensor([0, 1]))  // tensor([ True, False])
 */
export const halfOpenInterval = (lower: Bound, upper: Bound): Constraint => new kinds.HalfOpenInterval(lower, upper);

interface CatOptions {
  dim?: number;
  lengths?: readonly number[];
}
/**
 * Constraints of pieces of a tensor that lie one behind the other along `dim`, of one element each unless `lengths` says otherwise.
 * @example
 * const { cat, positive, real } = torch.distributions.constraints;
 * cat([real, positive]).check(torch.tensor([-1, -2]))  // tensor([ True, False])
 */
export const cat = (
  cseq: readonly Constraint[],
  ...args: Args<[dim: number, lengths: readonly number[] | null], CatOptions>
): Constraint => {
  const [dim = 0, lengths] = bind<[number?, (readonly number[])?]>('cat', 'dim?, lengths?', args);
  return new kinds.Cat(cseq, dim, lengths ?? undefined);
};
/**
 * Constraints of the slices of a tensor along `dim`.
 * @example
 * const { positive, real, stack } = torch.distributions.constraints;
 * stack([real, positive]).check(torch.tensor([[-1], [-2]]))
 * // tensor([[ True],
 * //         [False]])
 */
export const stack = (cseq: readonly Constraint[], ...args: Args<[dim: number], { dim?: number }>): Constraint =>
  new kinds.Stack(cseq, bind<[number?]>('stack', 'dim?', args)[0] ?? 0);
