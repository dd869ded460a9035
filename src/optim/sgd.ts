import { type OptionArgs, optionsOf } from './arguments.js';
import { addInto, withEntries } from '../ops/sparse-math.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { SparseTensor } from '../tensor/sparse.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions, notNegative, numberOf, Optimizer, type ParamGroup, type Params, type State, zeros } from './optimizer.js';
import { type Step, type Update, updateBy } from './update.js';

export interface SGDOptions {
  lr: number | Tensor;
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
}

/** p ← p − lr · g, where g = ±gradient + decay · p. */
const plain = (maximize: boolean): Update => updateBy(([p, g], [lr, decay]) => [p.sub((maximize ? g.neg() : g).add(p.mul(decay)).mul(lr))]);

/** The same without decay, so that a gradient of infinity times zero does not matter. */
const bare = (maximize: boolean): Update => updateBy(([p, g], [lr]) => [maximize ? p.add(g.mul(lr)) : p.sub(g.mul(lr))]);

const withMomentum = (first: boolean, nesterov: boolean, maximize: boolean): Update =>
  updateBy(([p, buffer, grad], [lr, decay, momentum, fresh]) => {
    const g = (maximize ? grad.neg() : grad).add(p.mul(decay));
    const next = first ? g : buffer.mul(momentum).add(g.mul(fresh));
    return [p.sub((nesterov ? g.add(next.mul(momentum)) : next).mul(lr)), next];
  });

const bareRules = [bare(false), bare(true)];
const plainRules = [plain(false), plain(true)];
const momentumRules = Array.from({ length: 8 }, (_, i) => withMomentum(!!(i & 1), !!(i & 2), !!(i & 4)));

/**
 * Stochastic gradient descent, with momentum if wanted. https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.2000])
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, ...args: OptionArgs<SGDOptions, ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov']>) {
    const defaults: SGDOptions = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    const all = optionsOf('SGD', defaults, args, 'foreach', 'differentiable', 'fused');
    checkOptions({
      'learning rate': [all.lr, notNegative],
      'momentum value': [all.momentum, notNegative],
      'weight_decay value': [all.weightDecay, notNegative],
    });
    if (all.nesterov && (all.momentum <= 0 || all.dampening !== 0))
      throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    super(params, all);
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<SGDOptions>, state: State): Step {
    const { momentum, dampening, weightDecay, nesterov, maximize } = group;
    const lr = numberOf(group.lr);
    if (momentum === 0) {
      if (weightDecay === 0) return bareRules[+maximize]([param, grad], [lr]);
      return plainRules[+maximize]([param, grad], [lr, weightDecay]);
    }
    const first = !state.momentumBuffer;
    const buffer = zeros(state, 'momentumBuffer', param);
    return momentumRules[+first + 2 * +nesterov + 4 * +maximize]([param, buffer, grad], [lr, weightDecay, momentum, 1 - dampening]);
  }

  /** Without momentum only the rows of the gradient change. */
  protected override updateSparse(param: Tensor, grad: SparseTensor, group: ParamGroup<SGDOptions>, state: State): Step | void {
    if (group.weightDecay !== 0) throw new RuntimeError('add(sparse, dense) is not supported. Use add(dense, sparse) instead.');
    if (group.momentum !== 0) return this.update(param, grad.toDense(), group, state);
    const lr = numberOf(group.lr);
    addInto(param, withEntries(grad, grad.entries.mul(group.maximize ? lr : -lr)));
  }
}
