import { type OptionArgs, optionsOf } from './arguments.js';
import type { Expr } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  checkOptions,
  decoupledDecay,
  fraction,
  nextStep,
  notNegative,
  numberOf,
  Optimizer,
  type ParamGroup,
  type Params,
  type State,
  zeros,
} from './optimizer.js';
import { type Step, type Update, updateBy } from './update.js';

/** What Adam and its relatives take. */
export interface MomentOptions {
  lr: number | Tensor;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  maximize: boolean;
}

export interface AdamOptions extends MomentOptions {
  amsgrad: boolean;
  decoupledWeightDecay: boolean;
}

export const usualMoments: Omit<MomentOptions, 'maximize'> = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };

const adamDefaults: AdamOptions = { ...usualMoments, amsgrad: false, maximize: false, decoupledWeightDecay: false };
const adamChoices = ['foreach', 'capturable', 'differentiable', 'fused'] as const;
type AdamArgs = OptionArgs<AdamOptions, ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad']>;

/** The options themselves, if they are in their ranges. */
export function checkedMoments<O extends MomentOptions>(options: O): O {
  const { lr, betas, eps, weightDecay } = options;
  checkOptions({
    'learning rate': [lr, notNegative],
    'epsilon value': [eps, notNegative],
    'beta parameter at index 0': [betas[0], fraction],
    'beta parameter at index 1': [betas[1], fraction],
    'weight_decay value': [weightDecay, notNegative],
  });
  return options;
}

/** Gradient and parameter after weight decay: L2 changes the gradient, decoupled decay the parameter. `shrink` is lr · decay or decay. */
export function decayed(p: Expr, grad: Expr, decay: Expr, shrink: Expr, decoupled: boolean, maximize: boolean): [p: Expr, g: Expr] {
  const g = maximize ? grad.neg() : grad;
  return decoupled ? [p.sub(p.mul(shrink)), g] : [p, g.add(p.mul(decay))];
}

/** m + (g − m) · weight */
export const lerp = (m: Expr, g: Expr, weight: Expr): Expr => m.add(g.sub(m).mul(weight));

function adamRule(amsgrad: boolean, decoupled: boolean, maximize: boolean): Update {
  return updateBy((tensors, [stepSize, rootCorrection, oneMinusBeta1, beta2, oneMinusBeta2, eps, decay, shrink]) => {
    const [p0, m0, v0] = tensors;
    const grad = tensors[tensors.length - 1];
    const [p, g] = decayed(p0, grad, decay, shrink, decoupled, maximize);
    const m = lerp(m0, g, oneMinusBeta1);
    const v = v0.mul(beta2).add(g.mul(g).mul(oneMinusBeta2));
    const most = amsgrad ? tensors[3].max(v) : v;
    const next = p.sub(m.div(most.sqrt().div(rootCorrection).add(eps)).mul(stepSize));
    return amsgrad ? [next, m, v, most] : [next, m, v];
  });
}

const rules = Array.from({ length: 8 }, (_, i) => adamRule(!!(i & 1), !!(i & 2), !!(i & 4)));

/**
 * Steps by running averages of gradients, divided by the root of those of their squares (Kingma & Ba, 2014).
 * https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.4000])
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: Params<AdamOptions>, ...args: AdamArgs) {
    super(params, checkedMoments(optionsOf('Adam', adamDefaults, args, ...adamChoices)));
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<AdamOptions>, state: State): Step {
    const { betas, eps, weightDecay, amsgrad, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const [m, v] = [zeros(state, 'expAvg', param), zeros(state, 'expAvgSq', param)];
    const tensors = amsgrad ? [param, m, v, zeros(state, 'maxExpAvgSq', param), grad] : [param, m, v, grad];
    const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
    return rules[+amsgrad + 2 * +decoupledWeightDecay + 4 * +maximize](tensors, [
      lr / correction1,
      Math.sqrt(correction2),
      1 - beta1,
      beta2,
      1 - beta2,
      eps,
      weightDecay,
      decoupledDecay(group.lr, weightDecay),
    ]);
  }

  protected override updateSparse(): never {
    throw new RuntimeError('Adam does not support sparse gradients, please consider SparseAdam instead');
  }
}

/**
 * Adam whose weight decay is apart from the gradient (Loshchilov & Hutter, 2017).
 * https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.3985])
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamOptions>, ...args: AdamArgs) {
    super(params, { ...optionsOf('AdamW', { ...adamDefaults, weightDecay: 1e-2 }, args, ...adamChoices), decoupledWeightDecay: true });
  }

  protected override isFloat(option: string): boolean {
    return option === 'weightDecay' || super.isFloat(option);
  }
}
