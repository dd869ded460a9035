import { type OptionArgs, optionsOf } from './arguments.js';
import { bfloat16 } from '../ir/dtype.js';
import { zerosLike } from '../ops/creation.js';
import { addmm, matmul } from '../ops/matmul.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { numberOf, Optimizer, type ParamGroup, type Params, type State } from './optimizer.js';

export interface MuonOptions {
  lr: number | Tensor;
  weightDecay: number;
  momentum: number;
  nesterov: boolean;
  /** Of the quintic Newton-Schulz iteration. */
  nsCoefficients: readonly [number, number, number];
  eps: number;
  nsSteps: number;
  adjustLrFn: 'original' | 'match_rms_adamw' | null;
}

/** Brings all singular values of a matrix near 1, in bfloat16. */
function orthogonalized(grad: Tensor, [a, b, c]: readonly [number, number, number], steps: number, eps: number): Tensor {
  const tall = grad.sizes[0] > grad.sizes[1];
  const start = grad.to(bfloat16);
  let x = tall ? start.t() : start;
  x = x.div(x.norm().clampMin(eps));
  for (let i = 0; i < steps; i++) {
    const gram = matmul(x, x.t());
    x = addmm(x, addmm(gram, gram, gram, { beta: b, alpha: c }), x, { beta: a });
  }
  return tall ? x.t() : x;
}

function adjusted(lr: number, how: MuonOptions['adjustLrFn'], [rows, columns]: readonly number[]): number {
  return how === 'match_rms_adamw' ? lr * 0.2 * Math.sqrt(Math.max(rows, columns)) : lr * Math.sqrt(Math.max(1, rows / columns));
}

/**
 * Momentum whose direction is orthogonalised; for matrices of hidden layers.
 * https://pytorch.org/docs/stable/generated/torch.optim.Muon.html
 * @example
 * const w = torch.eye(2).mul(2).requiresGrad_();
 * const optimizer = new optim.Muon([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach().trace().lt(4)  // tensor(True)
 */
export class Muon extends Optimizer<MuonOptions> {
  constructor(
    params: Params<MuonOptions>,
    ...args: OptionArgs<MuonOptions, ['lr', 'weightDecay', 'momentum', 'nesterov', 'nsCoefficients', 'eps', 'nsSteps', 'adjustLrFn']>
  ) {
    const defaults: MuonOptions = {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315],
      eps: 1e-7,
      nsSteps: 5,
      adjustLrFn: null,
    };
    const all = optionsOf('Muon', defaults, args);
    if (!(numberOf(all.lr) >= 0)) throw new ValueError(`Learning rate should be >= 0 but is: ${numberOf(all.lr)}`);
    if (!(all.momentum >= 0)) throw new ValueError(`momentum should be >= 0 but is: ${all.momentum}`);
    if (!(all.weightDecay >= 0)) throw new ValueError(`weight decay should be >= 0 but is: ${all.weightDecay}`);
    if (![null, 'original', 'match_rms_adamw'].includes(all.adjustLrFn))
      throw new ValueError(`Adjust learning rate function ${String(all.adjustLrFn)} is not supported`);
    if (all.nsSteps >= 100) throw new ValueError('Number of steps must be less than 100 for computational efficiency');
    super(params, all);
    for (const { params: own } of this.paramGroups) {
      for (const param of own) {
        if (param.ndim !== 2)
          throw new ValueError(`Muon only supports 2D parameters whereas we found a parameter with size: ${String(param.shape)}`);
        if (param.dtype.isComplex) throw new RuntimeError('Muon does not support complex parameters');
      }
    }
  }

  protected override isFloat(option: string): boolean {
    return option === 'weightDecay' || option === 'momentum' || super.isFloat(option);
  }

  protected update(param: Tensor, grad: Tensor, group: ParamGroup<MuonOptions>, state: State): void {
    const { momentum, nesterov, nsCoefficients, nsSteps, eps, weightDecay, adjustLrFn } = group;
    const lr = numberOf(group.lr);
    const buffer = (state.momentumBuffer ??= zerosLike(grad)) as Tensor;
    buffer.lerp_(grad, 1 - momentum);
    const direction = orthogonalized(nesterov ? grad.lerp(buffer, momentum) : buffer, nsCoefficients, nsSteps, eps);
    param.mul_(1 - lr * weightDecay);
    param.add_(direction, { alpha: -adjusted(lr, adjustLrFn, param.sizes) });
  }
}
