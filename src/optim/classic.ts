/** Adagrad, Adadelta, RMSprop, Rprop and ASGD. */
import { type OptionArgs, optionsOf } from './arguments.js';
import { where } from '../ir/expr.js';
import { fullLike } from '../ops/creation.js';
import { addInto, coalesce, withEntries } from '../ops/sparse-math.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { SparseTensor } from '../tensor/sparse.js';
import type { Tensor } from '../tensor/tensor.js';
import { lerp } from './adam.js';
import { checkOptions, nextStep, notNegative, numberOf, Optimizer, type ParamGroup, type Params, type State, zeros } from './optimizer.js';
import { type Step, type Update, updateBy } from './update.js';

interface CommonOptions {
  lr: number | Tensor;
  weightDecay: number;
  maximize: boolean;
}

const bothSigns = (make: (maximize: boolean) => Update): readonly Update[] => [make(false), make(true)];

function check({ lr, weightDecay, ...others }: CommonOptions, names: Record<string, string> = {}): void {
  checkOptions({ 'learning rate': [lr, notNegative], 'weight_decay value': [weightDecay, notNegative] });
  for (const [key, name] of Object.entries(names))
    checkOptions({ [name]: [(others as unknown as Record<string, number>)[key], notNegative] });
}

export type AdagradOptions = CommonOptions & { lrDecay: number; initialAccumulatorValue: number; eps: number };

const adagradRules = bothSigns((maximize) =>
  updateBy(([p, sum0, grad], [lr, eps, decay]) => {
    const g = (maximize ? grad.neg() : grad).add(p.mul(decay));
    const sum = sum0.add(g.mul(g));
    return [p.sub(g.div(sum.sqrt().add(eps)).mul(lr)), sum];
  }),
);

/**
 * Gradients divided by the root of the sum of their squares (Duchi et al., 2011).
 * https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Adagrad([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.4000])
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(
    params: Params<AdagradOptions>,
    ...args: OptionArgs<AdagradOptions, ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps']>
  ) {
    const defaults: AdagradOptions = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false };
    const all = optionsOf('Adagrad', defaults, args, 'foreach', 'differentiable', 'fused');
    check(all, { lrDecay: 'lr_decay value', initialAccumulatorValue: 'initial_accumulator_value value', eps: 'epsilon value' });
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<AdagradOptions>, state: State): Step {
    const lr = numberOf(group.lr) / (1 + (nextStep(state) - 1) * group.lrDecay);
    const sum = (state.sum ??= fullLike(param, group.initialAccumulatorValue)) as Tensor;
    return adagradRules[+group.maximize]([param, sum, grad], [lr, group.eps, group.weightDecay]);
  }

  protected override updateSparse(param: Tensor, given: SparseTensor, group: ParamGroup<AdagradOptions>, state: State): void {
    if (group.weightDecay !== 0) throw new RuntimeError('weight_decay option is not compatible with sparse gradients');
    const lr = numberOf(group.lr) / (1 + (nextStep(state) - 1) * group.lrDecay);
    const sum = (state.sum ??= fullLike(param, group.initialAccumulatorValue)) as Tensor;
    const grad = coalesce(given);
    addInto(sum, withEntries(grad, grad.entries.square()));
    const root = sum.at(...grad.places.unbind(0)).sqrt();
    addInto(param, withEntries(grad, grad.entries.div(root.add(group.eps)).mul(group.maximize ? lr : -lr)));
  }
}

export type AdadeltaOptions = CommonOptions & { rho: number; eps: number };

const adadeltaRules = bothSigns((maximize) =>
  updateBy(([p, square0, sum0, grad], [lr, rho, oneMinusRho, eps, decay]) => {
    const g = (maximize ? grad.neg() : grad).add(p.mul(decay));
    const square = square0.mul(rho).add(g.mul(g).mul(oneMinusRho));
    const delta = sum0.add(eps).sqrt().div(square.add(eps).sqrt()).mul(g);
    return [p.sub(delta.mul(lr)), square, sum0.mul(rho).add(delta.mul(delta).mul(oneMinusRho))];
  }),
);

/**
 * Steps by the ratio of running averages of past steps and gradients (Zeiler, 2012).
 * https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Adadelta([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.4997])
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, ...args: OptionArgs<AdadeltaOptions, ['lr', 'rho', 'eps', 'weightDecay']>) {
    const defaults: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };
    const all = optionsOf('Adadelta', defaults, args, 'foreach', 'capturable', 'differentiable');
    check(all, { eps: 'epsilon value' });
    checkOptions({ 'rho value': [all.rho, (x) => x >= 0 && x <= 1] });
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, { lr, rho, eps, weightDecay, maximize }: ParamGroup<AdadeltaOptions>, state: State): Step {
    nextStep(state);
    const tensors = [param, zeros(state, 'squareAvg', param), zeros(state, 'accDelta', param), grad];
    return adadeltaRules[+maximize](tensors, [numberOf(lr), rho, 1 - rho, eps, weightDecay]);
  }
}

export type RMSpropOptions = CommonOptions & { alpha: number; eps: number; momentum: number; centered: boolean };

function rmspropRule(momentum: boolean, centered: boolean, maximize: boolean): Update {
  return updateBy((tensors, [lr, alpha, oneMinusAlpha, eps, decay, factor]) => {
    const [p, square0] = tensors;
    const grad = tensors[tensors.length - 1];
    const g = (maximize ? grad.neg() : grad).add(p.mul(decay));
    const square = square0.mul(alpha).add(g.mul(g).mul(oneMinusAlpha));
    const mean = centered ? lerp(tensors[2], g, oneMinusAlpha) : null;
    const step = g.div((mean ? square.sub(mean.mul(mean)) : square).sqrt().add(eps));
    const buffer = momentum ? tensors[centered ? 3 : 2].mul(factor).add(step) : null;
    return [p.sub((buffer ?? step).mul(lr)), square, ...(mean ? [mean] : []), ...(buffer ? [buffer] : [])];
  });
}

const rmspropRules = Array.from({ length: 8 }, (_, i) => rmspropRule(!!(i & 1), !!(i & 2), !!(i & 4)));

/**
 * Gradients divided by the root of a running average of their squares (Hinton, 2012).
 * https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.RMSprop([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([0.5000])
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(
    params: Params<RMSpropOptions>,
    ...args: OptionArgs<RMSpropOptions, ['lr', 'alpha', 'eps', 'weightDecay', 'momentum', 'centered']>
  ) {
    const defaults: RMSpropOptions = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false };
    const all = optionsOf('RMSprop', defaults, args, 'foreach', 'capturable', 'differentiable');
    check(all, { eps: 'epsilon value', momentum: 'momentum value', alpha: 'alpha value' });
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<RMSpropOptions>, state: State): Step {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    nextStep(state);
    const moving = [...(centered ? ['gradAvg'] : []), ...(momentum > 0 ? ['momentumBuffer'] : [])].map((name) => zeros(state, name, param));
    const rule = rmspropRules[+(momentum > 0) + 2 * +centered + 4 * +maximize];
    return rule([param, zeros(state, 'squareAvg', param), ...moving, grad], [numberOf(lr), alpha, 1 - alpha, eps, weightDecay, momentum]);
  }
}

export interface RpropOptions {
  lr: number | Tensor;
  etas: readonly [number, number];
  stepSizes: readonly [number, number];
  maximize: boolean;
}

const rpropRules = bothSigns((maximize) =>
  updateBy(([p, previous, size0, grad], [shrink, grow, least, most]) => {
    const g = maximize ? grad.neg() : grad;
    const agreement = g.mul(previous);
    const size = size0
      .mul(where(agreement.gt(0), grow, where(agreement.lt(0), shrink, agreement.mul(0).add(1))))
      .max(least)
      .min(most);
    const used = where(agreement.lt(0), g.mul(0), g);
    const sign = where(used.gt(0), size, where(used.lt(0), size.neg(), size.mul(0)));
    return [p.sub(sign), used, size];
  }),
);

/**
 * Resilient backpropagation. https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Rprop([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.4000])
 */
export class Rprop extends Optimizer<RpropOptions> {
  constructor(params: Params<RpropOptions>, ...args: OptionArgs<RpropOptions, ['lr', 'etas', 'stepSizes']>) {
    const defaults: RpropOptions = { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false };
    const all = optionsOf('Rprop', defaults, args, 'foreach', 'capturable', 'differentiable');
    checkOptions({ 'learning rate': [all.lr, notNegative] });
    if (!(all.etas[0] > 0 && all.etas[0] < 1 && all.etas[1] > 1))
      throw new ValueError(`Invalid eta values: ${all.etas[0]}, ${all.etas[1]}`);
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, { lr, etas, stepSizes, maximize }: ParamGroup<RpropOptions>, state: State): Step {
    nextStep(state);
    const size = (state.stepSize ??= fullLike(param, numberOf(lr))) as Tensor;
    return rpropRules[+maximize]([param, zeros(state, 'prev', param), size, grad], [...etas, ...stepSizes]);
  }
}

export type ASGDOptions = CommonOptions & { lambd: number; alpha: number; t0: number };

const asgdRules = [0, 1, 2, 3].map((i) =>
  updateBy(([p0, average, grad], [eta, shrink, mu, decay]) => {
    const g = (i & 1 ? grad.neg() : grad).add(p0.mul(decay));
    const p = p0.mul(shrink).sub(g.mul(eta));
    return [p, i & 2 ? average.add(p.sub(average).mul(mu)) : p];
  }),
);

/**
 * Averaged stochastic gradient descent. https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.ASGD([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.2000])
 */
export class ASGD extends Optimizer<ASGDOptions> {
  constructor(params: Params<ASGDOptions>, ...args: OptionArgs<ASGDOptions, ['lr', 'lambd', 'alpha', 't0', 'weightDecay']>) {
    const defaults: ASGDOptions = { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false };
    const all = optionsOf('ASGD', defaults, args, 'foreach', 'capturable', 'differentiable');
    check(all);
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<ASGDOptions>, state: State): Step {
    const { lambd, alpha, t0, weightDecay, maximize } = group;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const eta = (state.eta as number | undefined) ?? lr;
    const mu = (state.mu as number | undefined) ?? 1;
    state.eta = lr / (1 + lambd * lr * step) ** alpha;
    state.mu = 1 / Math.max(1, step - t0);
    return asgdRules[+maximize + 2 * +(mu !== 1)]([param, zeros(state, 'ax', param), grad], [eta, 1 - lambd * eta, mu, weightDecay]);
  }
}
