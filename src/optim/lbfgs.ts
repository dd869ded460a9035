import { type OptionArgs, optionsOf } from './arguments.js';
import { enableGrad, noGrad } from '../autograd/modes.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { cat } from '../ops/join.js';
import { tensor, zerosLike } from '../ops/creation.js';
import type { OptimizerStateDict } from './hooks.js';
import { broughtTo, numberOf, Optimizer, type Params } from './optimizer.js';
import { float64 } from '../ir/dtype.js';
import { type Rounding, strongWolfe } from './strong-wolfe.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';

export interface LBFGSOptions {
  lr: number | Tensor;
  maxIter: number;
  maxEval: number;
  toleranceGrad: number;
  toleranceChange: number;
  historySize: number;
  lineSearchFn: 'strong_wolfe' | null;
}

/** What is remembered between calls of `step`. */
interface Memory {
  direction: Tensor | null;
  t: number;
  olds: { y: Tensor; s: Tensor; ro: number }[];
  scale: number;
  previousGrad: Tensor | null;
  previousLoss: number;
  iterations: number;
}

/** The same as PyTorch saves it. */
interface SavedMemory {
  n_iter: number;
  d?: Tensor | null;
  t?: number | Tensor;
  old_dirs?: Tensor[] | null;
  old_stps?: Tensor[];
  ro?: Tensor[];
  H_diag?: Tensor | number;
  prev_flat_grad?: Tensor | null;
  prev_loss?: number | Tensor;
}

const number = (t: Tensor): number => Number(t.item());
const largest = (t: Tensor): number => number(t.abs().amax());

type GivenOptions = Omit<LBFGSOptions, 'maxEval'> & { maxEval: number | null };

/**
 * Limited-memory BFGS; `step` needs a closure. https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 * @example
 * const w = torch.tensor([1.5], { requiresGrad: true });
 * const optimizer = new optim.LBFGS([w]);
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(3).square().sum();
 *   loss.backward();
 *   return loss;
 * });
 * w.detach()  // tensor([3.])
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  private readonly memory: Memory = { direction: null, t: 0, olds: [], scale: 1, previousGrad: null, previousLoss: 0, iterations: 0 };

  constructor(
    params: Params<LBFGSOptions>,
    ...args: OptionArgs<GivenOptions, ['lr', 'maxIter', 'maxEval', 'toleranceGrad', 'toleranceChange']>
  ) {
    const defaults: GivenOptions = {
      lr: 1,
      maxIter: 20,
      maxEval: null,
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
    };
    const all = optionsOf('LBFGS', defaults, args);
    super(params, { ...all, maxEval: all.maxEval ?? Math.floor((all.maxIter * 5) / 4) });
    if (this.paramGroups.length !== 1) throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
  }

  protected override isFloat(): boolean {
    return false;
  }

  protected update(): void {
    throw new Error('LBFGS changes all parameters at once');
  }

  private get params(): Tensor[] {
    return this.paramGroups[0].params;
  }

  private get round(): Rounding {
    return this.params[0].dtype === float64 ? (x) => x : Math.fround;
  }

  private flatGrad(): Tensor {
    return cat(
      this.params.map((param) => (param.ownGrad?.toDense() ?? zerosLike(param)).reshape(-1)),
      0,
    );
  }

  private move(t: number, direction: Tensor): void {
    let offset = 0;
    for (const param of this.params) {
      const count = numelOf(param.sizes);
      param.add_(direction.narrow(0, offset, count).viewAs(param), { alpha: t });
      offset += count;
    }
  }

  protected override runStep(closure?: () => Tensor): Tensor {
    if (!closure) throw new TypeError("LBFGS.step() missing 1 required positional argument: 'closure'");
    return noGrad(() => this.minimise(() => enableGrad(closure)));
  }

  private minimise(closure: () => Tensor): Tensor {
    const [group, memory, round] = [this.paramGroups[0], this.memory, this.round];
    const { maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const lr = numberOf(group.lr);
    const first = closure();
    let loss = number(first);
    let [evaluations, iterations] = [1, 0];
    let grad = this.flatGrad();
    if (largest(grad) <= toleranceGrad) return first;
    while (iterations < maxIter) {
      iterations++;
      memory.iterations++;
      const direction = this.nextDirection(grad);
      [memory.previousGrad, memory.previousLoss] = [grad.clone(), loss];
      let t = memory.iterations === 1 ? round(Math.min(1, 1 / number(grad.abs().sum())) * lr) : lr;
      const slope = number(grad.dot(direction));
      memory.t = t;
      if (slope > -toleranceChange) break;
      let calls = 0;
      if (lineSearchFn === 'strong_wolfe') {
        const start = this.params.map((param) => param.clone());
        const evaluate = (step: number) => {
          this.move(step, direction);
          const value = number(closure());
          const gradient = this.flatGrad();
          this.params.forEach((param, i) => param.copy_(start[i]));
          return { loss: value, grad: gradient };
        };
        ({ loss, grad, t, calls } = strongWolfe(evaluate, t, direction, loss, grad, slope, round, maxEval - evaluations));
        this.move(t, direction);
      } else {
        if (lineSearchFn !== null) throw new RuntimeError("only 'strong_wolfe' is supported");
        this.move(t, direction);
        if (iterations !== maxIter) {
          loss = number(closure());
          grad = this.flatGrad();
          calls = 1;
        }
      }
      memory.t = t;
      evaluations += calls;
      if (iterations === maxIter || evaluations >= maxEval) break;
      if (largest(grad) <= toleranceGrad || largest(direction.mul(t)) <= toleranceChange) break;
      if (Math.abs(loss - memory.previousLoss) < toleranceChange) break;
    }
    return first;
  }

  /** Minus the gradient times the approximate inverse Hessian, by the two-loop recursion. */
  private nextDirection(grad: Tensor): Tensor {
    const { memory, round } = this;
    if (memory.iterations === 1) {
      [memory.olds, memory.scale] = [[], 1];
      return (memory.direction = grad.neg());
    }
    this.remember(grad.sub(memory.previousGrad!), memory.direction!.mul(memory.t));
    const q = grad.neg();
    const alphas = memory.olds.map(() => 0);
    for (let i = memory.olds.length - 1; i >= 0; i--) {
      const { y, s, ro } = memory.olds[i];
      alphas[i] = round(number(s.dot(q)) * ro);
      q.add_(y, { alpha: -alphas[i] });
    }
    const r = q.mul(memory.scale);
    memory.olds.forEach(({ y, s, ro }, i) => r.add_(s, { alpha: round(alphas[i] - round(number(y.dot(r)) * ro)) }));
    return (memory.direction = r);
  }

  private remember(y: Tensor, s: Tensor): void {
    const ys = number(y.dot(s));
    if (ys <= 1e-10) return;
    if (this.memory.olds.length === this.paramGroups[0].historySize) this.memory.olds.shift();
    this.memory.olds.push({ y, s, ro: this.round(1 / ys) });
    this.memory.scale = this.round(ys / number(y.dot(y)));
  }

  protected override saveState(): OptimizerStateDict {
    const { direction, t, olds, scale, previousGrad, previousLoss, iterations } = this.memory;
    const scalar = (value: number): Tensor => tensor(value, { dtype: this.params[0].dtype });
    const state = {
      func_evals: iterations,
      n_iter: iterations,
      d: direction,
      t,
      old_dirs: olds.map(({ y }) => y),
      old_stps: olds.map(({ s }) => s),
      ro: olds.map(({ ro }) => scalar(ro)),
      H_diag: scalar(scale),
      prev_flat_grad: previousGrad,
      prev_loss: previousLoss,
    };
    const all = super.saveState();
    // PyTorch keeps it with the first parameter.
    if (iterations > 0) all.state[0] = state;
    return all;
  }

  protected override loadState(stateDict: OptimizerStateDict): void {
    super.loadState({ ...stateDict, state: {} });
    const saved = stateDict.state[0] as unknown as SavedMemory | undefined;
    if (!saved) return;
    const here = (value: Tensor): Tensor => broughtTo(value, this.params[0]);
    const olds = (saved.old_dirs ?? []).map((y, i) => ({ y: here(y), s: here(saved.old_stps![i]), ro: number(saved.ro![i]) }));
    Object.assign(this.memory, {
      direction: saved.d && here(saved.d),
      t: Number(saved.t ?? 0),
      olds,
      scale: saved.H_diag instanceof Tensor ? number(saved.H_diag) : (saved.H_diag ?? 1),
      previousGrad: saved.prev_flat_grad && here(saved.prev_flat_grad),
      previousLoss: Number(saved.prev_loss ?? 0),
      iterations: saved.n_iter,
    });
  }
}
