/** From a constraint to a transform of real numbers into its region. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraint_registry */
import { NotImplementedError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import * as kinds from './constraint-kinds.js';
import type { Bound, Constraint } from './constraint-kinds.js';
import * as T from './transforms.js';
import type { Transform } from './transforms.js';

type Kind<C extends Constraint> = abstract new (...args: never) => C;
type Factory = (constraint: never) => Transform;

// A registry is called like a function.
export interface ConstraintRegistry {
  (constraint: Constraint): Transform;
}

/**
 * Says for constraints of a class which transform leads into their region.
 * @throws NotImplementedError where none is known
 * @example
 * const { constraints, transforms } = torch.distributions;
 * const registry = new torch.distributions.ConstraintRegistry();
 * registry.register(constraints.positive, () => new transforms.SoftplusTransform());
 * registry(constraints.positive)  // SoftplusTransform()
 */
export class ConstraintRegistry {
  declare private factories: Map<unknown, Factory>;

  /** What is constructed is a function with the methods of the class. */
  constructor() {
    const self = ((constraint: Constraint) => self.transformFor(constraint)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype as object);
    self.factories = new Map();
    return self;
  }

  /** Takes `factory` for all constraints of a class, given as the class or as one of them. */
  register<C extends Constraint>(constraint: C | Kind<C>, factory: (constraint: C) => Transform): (constraint: C) => Transform {
    this.factories.set(constraint instanceof kinds.Constraint ? constraint.constructor : constraint, factory);
    return factory;
  }

  private transformFor(constraint: Constraint): Transform {
    const factory = this.factories.get(constraint.constructor) as ((constraint: Constraint) => Transform) | undefined;
    if (!factory) throw new NotImplementedError(`Cannot transform _${constraint.constructor.name} constraints`);
    return factory(constraint);
  }
}

/**
 * Bijections from real numbers to the region of a constraint, as Hamiltonian Monte Carlo needs them.
 * @throws NotImplementedError where none is known
 * @example torch.distributions.bijectTo(torch.distributions.constraints.simplex)  // StickBreakingTransform()
 */
export const bijectTo: ConstraintRegistry = new ConstraintRegistry();
/**
 * Transforms from real numbers to the region of a constraint, for parameters that an optimizer moves freely.
 * @throws NotImplementedError where none is known
 * @example torch.distributions.transformTo(torch.distributions.constraints.simplex)  // SoftmaxTransform()
 */
export const transformTo: ConstraintRegistry = new ConstraintRegistry();

function registerBoth<C extends Constraint>(kind: Kind<C>, factory: (constraint: C, registry: ConstraintRegistry) => Transform): void {
  for (const registry of [bijectTo, transformTo]) registry.register(kind, (constraint) => factory(constraint, registry));
}

const minus = (a: Bound, b: Bound): Bound => (a instanceof Tensor ? a.sub(b) : b instanceof Tensor ? b.neg().add(a) : a - b);
const fromExp = (bound: Bound, scale: number): Transform =>
  new T.ComposeTransform([new T.ExpTransform(), new T.AffineTransform(bound, scale)]);
function intoInterval({ lowerBound, upperBound }: kinds.Interval): Transform {
  if (lowerBound === 0 && upperBound === 1) return new T.SigmoidTransform();
  return new T.ComposeTransform([new T.SigmoidTransform(), new T.AffineTransform(lowerBound, minus(upperBound, lowerBound))]);
}

registerBoth(kinds.Real, () => T.identityTransform);
registerBoth(
  kinds.IndependentConstraint,
  ({ baseConstraint, reinterpretedBatchNdims }, registry) => new T.IndependentTransform(registry(baseConstraint), reinterpretedBatchNdims),
);
registerBoth(kinds.GreaterThan, ({ lowerBound }) => fromExp(lowerBound, 1));
registerBoth(kinds.GreaterThanEq, ({ lowerBound }) => fromExp(lowerBound, 1));
registerBoth(kinds.LessThan, ({ upperBound }) => fromExp(upperBound, -1));
registerBoth(kinds.Interval, intoInterval);
registerBoth(kinds.HalfOpenInterval, intoInterval);
registerBoth(kinds.CorrCholesky, () => new T.CorrCholeskyTransform());
registerBoth(kinds.Cat, ({ cseq, dim, lengths }, registry) => new T.CatTransform(cseq.map(registry), dim, lengths));
registerBoth(kinds.Stack, ({ cseq, dim }, registry) => new T.StackTransform(cseq.map(registry), dim));
bijectTo.register(kinds.Simplex, () => new T.StickBreakingTransform());
transformTo.register(kinds.Simplex, () => new T.SoftmaxTransform());
transformTo.register(kinds.LowerCholesky, () => new T.LowerCholeskyTransform());
transformTo.register(kinds.PositiveDefinite, () => new T.PositiveDefiniteTransform());
transformTo.register(kinds.PositiveSemidefinite, () => new T.PositiveDefiniteTransform());
