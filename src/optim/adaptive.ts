/** Relatives of Adam: NAdam, RAdam, Adamax. */
import { type OptionArgs, optionsOf } from './arguments.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkedMoments, decayed, lerp, type MomentOptions, usualMoments } from './adam.js';
import {
  checkOptions,
  decoupledDecay,
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

export type RAdamOptions = MomentOptions & { decoupledWeightDecay: boolean };
export type NAdamOptions = RAdamOptions & { momentumDecay: number };
export type AdamaxOptions = MomentOptions;

const nadamRules = [0, 1, 2, 3].map((i) =>
  updateBy(([p0, m0, v0, grad], [gradStep, momentStep, correction2, oneMinusBeta1, beta2, oneMinusBeta2, eps, decay, shrink]) => {
    const [p, g] = decayed(p0, grad, decay, shrink, !!(i & 1), !!(i & 2));
    const m = lerp(m0, g, oneMinusBeta1);
    const v = v0.mul(beta2).add(g.mul(g).mul(oneMinusBeta2));
    const denominator = v.div(correction2).sqrt().add(eps);
    return [p.sub(g.div(denominator).mul(gradStep)).sub(m.div(denominator).mul(momentStep)), m, v];
  }),
);

/**
 * Adam with Nesterov momentum (Dozat, 2016). https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.NAdam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.3944])
 */
export class NAdam extends Optimizer<NAdamOptions> {
  constructor(
    params: Params<NAdamOptions>,
    ...args: OptionArgs<NAdamOptions, ['lr', 'betas', 'eps', 'weightDecay', 'momentumDecay', 'decoupledWeightDecay']>
  ) {
    const defaults: NAdamOptions = { ...usualMoments, lr: 2e-3, momentumDecay: 4e-3, decoupledWeightDecay: false, maximize: false };
    const all = optionsOf('NAdam', defaults, args, 'foreach', 'capturable', 'differentiable');
    checkOptions({ 'momentum_decay value': [all.momentumDecay, notNegative] });
    super(params, checkedMoments(all));
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<NAdamOptions>, state: State): Step {
    const { betas, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const muAt = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [mu, muNext] = [muAt(step), muAt(step + 1)];
    const product = (state.muProduct = ((state.muProduct as number | undefined) ?? 1) * mu);
    return nadamRules[+decoupledWeightDecay + 2 * +maximize](
      [param, zeros(state, 'expAvg', param), zeros(state, 'expAvgSq', param), grad],
      [
        (lr * (1 - mu)) / (1 - product),
        (lr * muNext) / (1 - product * muNext),
        1 - beta2 ** step,
        1 - beta1,
        beta2,
        1 - beta2,
        eps,
        weightDecay,
        decoupledDecay(group.lr, weightDecay),
      ],
    );
  }
}

function radamRule(rectified: boolean, decoupled: boolean, maximize: boolean): Update {
  return updateBy(([p0, m0, v0, grad], [stepSize, oneMinusBeta1, beta2, oneMinusBeta2, eps, decay, shrink]) => {
    const [p, g] = decayed(p0, grad, decay, shrink, decoupled, maximize);
    const m = lerp(m0, g, oneMinusBeta1);
    const v = v0.mul(beta2).add(g.mul(g).mul(oneMinusBeta2));
    const direction = rectified ? m.div(v.sqrt().add(eps)) : m;
    return [p.sub(direction.mul(stepSize)), m, v];
  });
}

const radamRules = Array.from({ length: 8 }, (_, i) => radamRule(!!(i & 1), !!(i & 2), !!(i & 4)));

/**
 * Adam with a rectified variance (Liu et al., 2019). https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.RAdam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.2000])
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(
    params: Params<RAdamOptions>,
    ...args: OptionArgs<RAdamOptions, ['lr', 'betas', 'eps', 'weightDecay', 'decoupledWeightDecay']>
  ) {
    const defaults: RAdamOptions = { ...usualMoments, decoupledWeightDecay: false, maximize: false };
    super(params, checkedMoments(optionsOf('RAdam', defaults, args, 'foreach', 'capturable', 'differentiable')));
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<RAdamOptions>, state: State): Step {
    const { betas, eps, weightDecay, decoupledWeightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const lr = numberOf(group.lr);
    const step = nextStep(state);
    const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
    const rhoInf = 2 / (1 - beta2) - 1;
    const rho = rhoInf - (2 * step * beta2 ** step) / correction2;
    const rectified = rho > 5;
    const rectification = Math.sqrt(((rho - 4) * (rho - 2) * rhoInf) / ((rhoInf - 4) * (rhoInf - 2) * rho)) * Math.sqrt(correction2);
    const stepSize = (lr / correction1) * (rectified ? rectification : 1);
    return radamRules[+rectified + 2 * +decoupledWeightDecay + 4 * +maximize](
      [param, zeros(state, 'expAvg', param), zeros(state, 'expAvgSq', param), grad],
      [stepSize, 1 - beta1, beta2, 1 - beta2, eps, weightDecay, decoupledDecay(group.lr, weightDecay)],
    );
  }
}

const adamaxRules = [false, true].map((maximize) =>
  updateBy(([p, m0, u0, grad], [stepSize, oneMinusBeta1, beta2, eps, decay]) => {
    const g = (maximize ? grad.neg() : grad).add(p.mul(decay));
    const m = lerp(m0, g, oneMinusBeta1);
    const u = u0.mul(beta2).max(g.abs().add(eps));
    return [p.sub(m.div(u).mul(stepSize)), m, u];
  }),
);

/**
 * Adam with the infinity norm (Kingma & Ba, 2014). https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Adamax([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.4000])
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, ...args: OptionArgs<AdamaxOptions, ['lr', 'betas', 'eps', 'weightDecay']>) {
    const defaults: AdamaxOptions = { ...usualMoments, lr: 2e-3, maximize: false };
    super(params, checkedMoments(optionsOf('Adamax', defaults, args, 'foreach', 'capturable', 'differentiable')));
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<AdamaxOptions>, state: State): Step {
    const { betas, eps, weightDecay, maximize } = group;
    const [beta1, beta2] = betas;
    const stepSize = numberOf(group.lr) / (1 - beta1 ** nextStep(state));
    return adamaxRules[+maximize](
      [param, zeros(state, 'expAvg', param), zeros(state, 'expInf', param), grad],
      [stepSize, 1 - beta1, beta2, eps, weightDecay],
    );
  }
}
