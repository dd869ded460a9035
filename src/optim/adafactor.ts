import { type OptionArgs, optionsOf } from './arguments.js';
import { float16, bfloat16, float64 } from '../ir/dtype.js';
import { zerosLike, zeros } from '../ops/creation.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions, notNegative, numberOf, Optimizer, type ParamGroup, type Params, type State } from './optimizer.js';

export interface AdafactorOptions {
  lr: number | Tensor;
  beta2Decay: number;
  eps: readonly [number | null, number];
  d: number;
  weightDecay: number;
  maximize: boolean;
}

const machineEpsilon = ({ dtype }: Tensor): number =>
  dtype === float64 ? 2 ** -52 : dtype === float16 ? 2 ** -10 : dtype === bfloat16 ? 2 ** -7 : 2 ** -23;

/** Square root of the mean of squares. */
const rootMeanSquare = (x: Tensor): Tensor => x.mul(x).mean().sqrt();

/**
 * Adam with the variance of a matrix kept as a row and a column. https://pytorch.org/docs/stable/generated/torch.optim.Adafactor.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.Adafactor([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach()  // tensor([1.3500])
 */
export class Adafactor extends Optimizer<AdafactorOptions> {
  constructor(params: Params<AdafactorOptions>, ...args: OptionArgs<AdafactorOptions, ['lr', 'beta2Decay', 'eps', 'd', 'weightDecay']>) {
    const defaults: AdafactorOptions = { lr: 1e-2, beta2Decay: -0.8, eps: [null, 1e-3], d: 1, weightDecay: 0, maximize: false };
    const all = optionsOf('Adafactor', defaults, args, 'foreach');
    checkOptions({
      'learning rate': [all.lr, notNegative],
      'weight_decay value': [all.weightDecay, notNegative],
      'clipping threshold d': [all.d, (x) => x >= 1],
    });
    super(params, all);
  }

  protected override isFloat(option: string): boolean {
    return option === 'weightDecay' || super.isFloat(option);
  }

  protected update(param: Tensor, gradient: Tensor, group: ParamGroup<AdafactorOptions>, state: State): void {
    const step = (state.step = ((state.step as number | undefined) ?? 0) + 1);
    const grad = group.maximize ? gradient.neg() : gradient;
    const lr = numberOf(group.lr);
    const [eps1, eps2] = [group.eps[0] ?? machineEpsilon(param), group.eps[1]];
    const alpha = rootMeanSquare(param)
      .clampMin(eps2)
      .mul(Math.min(lr, 1 / Math.sqrt(step)));
    if (group.weightDecay !== 0) param.mul_(1 - lr * group.weightDecay);
    const weight = step ** group.beta2Decay;
    const variance = grad.ndim > 1 ? factored(grad, state, weight, eps1) : full(grad, state, weight);
    const update = variance
      .clampMin(eps1 * eps1)
      .rsqrt()
      .mul(grad);
    const clip = rootMeanSquare(update).div(group.d).clampMin(1);
    param.sub_(update.mul(alpha.div(clip)));
  }
}

function factored(grad: Tensor, state: State, weight: number, eps1: number): Tensor {
  const squares = grad.mul(grad);
  const row = (state.rowVar ??= zeros([...grad.sizes.slice(0, -1), 1], { dtype: grad.dtype, device: grad.device })) as Tensor;
  const col = (state.colVar ??= zeros([...grad.sizes.slice(0, -2), 1, grad.sizes[grad.ndim - 1]], {
    dtype: grad.dtype,
    device: grad.device,
  })) as Tensor;
  row.lerp_(squares.mean([-1], true), weight);
  col.lerp_(squares.mean([-2], true), weight);
  return row.matmul(col).div(row.mean([-2], true).clampMin(eps1));
}

function full(grad: Tensor, state: State, weight: number): Tensor {
  const variance = (state.variance ??= zerosLike(grad)) as Tensor;
  return variance.lerp_(grad.mul(grad), weight);
}
