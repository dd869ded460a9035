import { type OptionArgs, optionsOf } from './arguments.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { SparseTensor } from '../tensor/sparse.js';
import type { Tensor } from '../tensor/tensor.js';
import { addInto, coalesce, withEntries } from '../ops/sparse-math.js';
import { type MomentOptions, usualMoments } from './adam.js';
import { checkOptions, fraction, nextStep, numberOf, Optimizer, type ParamGroup, type Params, type State, zeros } from './optimizer.js';

export type SparseAdamOptions = Omit<MomentOptions, 'weightDecay'>;

const positive = (x: number): boolean => x > 0;

/**
 * Adam for sparse gradients: only the rows that a gradient has change, and only their running averages decay.
 * https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
 * @example
 * const table = new nn.Embedding(3, 2, { sparse: true, _weight: torch.ones(3, 2) });
 * const optimizer = new optim.SparseAdam(table.parameters(), { lr: 0.1 });
 * table(torch.tensor([1])).sum().backward();
 * optimizer.step();
 * table.weight.detach()
 * // tensor([[1.0000, 1.0000],
 * //         [0.9000, 0.9000],
 * //         [1.0000, 1.0000]])
 */
export class SparseAdam extends Optimizer<SparseAdamOptions> {
  constructor(params: Params<SparseAdamOptions>, ...args: OptionArgs<SparseAdamOptions, ['lr', 'betas', 'eps', 'maximize']>) {
    const { lr, betas, eps } = usualMoments;
    const all = optionsOf<SparseAdamOptions>('SparseAdam', { lr, betas, eps, maximize: false }, args);
    checkOptions({
      'learning rate': [all.lr, positive],
      'epsilon value': [all.eps, positive],
      'beta parameter at index 0': [all.betas[0], fraction],
      'beta parameter at index 1': [all.betas[1], fraction],
    });
    super(params, all);
    this.refuse((param) => param.dtype.isComplex, 'Complex', 'does not support complex parameters');
    this.refuse((param) => param.isSparse, 'Sparse', 'requires dense parameter tensors');
  }

  private refuse(isWrong: (param: Tensor) => boolean, kind: string, why: string): void {
    const wrong = this.paramGroups.flatMap(({ params }, i) => params.flatMap((param, j) => (isWrong(param) ? [`[${i}, ${j}]`] : [])));
    if (wrong.length > 0) throw new ValueError(`${kind} params at indices [${wrong.join(', ')}]: SparseAdam ${why}`);
  }

  protected override update(): never {
    throw new RuntimeError('SparseAdam does not support dense gradients, please consider Adam instead');
  }

  protected override updateSparse(param: Tensor, given: SparseTensor, group: ParamGroup<SparseAdamOptions>, state: State): void {
    const [beta1, beta2] = group.betas;
    const step = nextStep(state);
    const [m, v] = [zeros(state, 'expAvg', param), zeros(state, 'expAvgSq', param)];
    const grad = coalesce(given);
    const g = group.maximize ? grad.entries.neg() : grad.entries;
    const rows = grad.places.unbind(0);
    const [oldM, oldV] = [m.at(...rows), v.at(...rows)];
    const changeM = g.sub(oldM).mul(1 - beta1);
    const changeV = g
      .square()
      .sub(oldV)
      .mul(1 - beta2);
    const stepSize = (numberOf(group.lr) * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    const change = oldM.add(changeM).div(oldV.add(changeV).sqrt().add(group.eps)).mul(-stepSize);
    addInto(m, withEntries(grad, changeM));
    addInto(v, withEntries(grad, changeV));
    addInto(param, withEntries(grad, change));
  }
}
