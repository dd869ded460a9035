import type { Optimizer } from './optimizer.js';
import { Tensor } from '../tensor/tensor.js';
import { bindArguments, type Group } from './scheduler.js';
import { ValueError } from '../tensor/errors.js';

interface PlateauOptions {
  mode?: 'min' | 'max';
  factor?: number;
  patience?: number;
  threshold?: number;
  thresholdMode?: 'rel' | 'abs';
  cooldown?: number;
  minLr?: number | readonly number[];
  eps?: number;
}

type PlateauArguments = [('min' | 'max')?, number?, number?, number?, ('rel' | 'abs')?, number?, (number | readonly number[])?, number?];

const minOf = (minLr: number | readonly number[], group: number): number => (typeof minLr === 'number' ? minLr : minLr[group]);

/** PyTorch's names of the options. */
const savedOptions: readonly (readonly [name: string, option: keyof PlateauOptions])[] = [
  ['factor', 'factor'],
  ['min_lrs', 'minLr'],
  ['patience', 'patience'],
  ['cooldown', 'cooldown'],
  ['eps', 'eps'],
  ['mode', 'mode'],
  ['threshold', 'threshold'],
  ['threshold_mode', 'thresholdMode'],
];

/**
 * The rate times `factor` when a metric has not improved for more than `patience` epochs.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1 });
 * for (const loss of [1, 1, 1]) scheduler.step(loss);
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export class ReduceLROnPlateau {
  best: number;
  numBadEpochs = 0;
  lastEpoch = 0;
  private cooldownLeft = 0;
  /** PyTorch's for groups that come later. */
  private defaultMinLr: number | null;
  private readonly options: Required<PlateauOptions>;

  constructor(
    readonly optimizer: Optimizer,
    ...args: PlateauArguments | [PlateauOptions]
  ) {
    const [mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8] =
      bindArguments<PlateauArguments>(
        'ReduceLROnPlateau',
        'mode?, factor?, patience?, threshold?, thresholdMode?, cooldown?, minLr?, eps?',
        args,
      );
    if (factor >= 1) throw new ValueError('Factor should be < 1.0.');
    if (!['min', 'max'].includes(mode)) throw new ValueError(`mode ${mode} is unknown!`);
    if (!['rel', 'abs'].includes(thresholdMode)) throw new ValueError(`threshold mode ${thresholdMode} is unknown!`);
    this.options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
    this.best = mode === 'min' ? Infinity : -Infinity;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
  }

  /** The groups of the optimizer. */
  get groups(): Group[] {
    return this.optimizer.paramGroups as unknown as Group[];
  }

  /** Takes note of the metric of one epoch. */
  step(metrics: number | Tensor): void {
    const value = metrics instanceof Tensor ? Number(metrics.item()) : metrics;
    this.lastEpoch++;
    if (this.isBetter(value)) [this.best, this.numBadEpochs] = [value, 0];
    else this.numBadEpochs++;
    if (this.cooldownLeft > 0) [this.cooldownLeft, this.numBadEpochs] = [this.cooldownLeft - 1, 0];
    if (this.numBadEpochs <= this.options.patience) return;
    this.reduce();
    [this.cooldownLeft, this.numBadEpochs] = [this.options.cooldown, 0];
  }

  private isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    return mode === 'min' ? value < bound : value > bound;
  }

  private reduce(): void {
    const { factor, minLr, eps } = this.options;
    this.groups.forEach((group, i) => {
      const next = Math.max(group.lr * factor, minOf(minLr, i));
      if (group.lr - next > eps) group.lr = next;
    });
  }

  /** The rates that were set last, one a group. */
  getLastLr(): number[] {
    return this.groups.map((group) => group.lr);
  }

  /** What another scheduler needs to go on, under PyTorch's names. */
  stateDict(): Record<string, unknown> {
    const options = savedOptions.map(([name, option]) => [name, this.options[option]]);
    return {
      ...Object.fromEntries(options),
      min_lrs: this.groups.map((_, i) => minOf(this.options.minLr, i)),
      default_min_lr: this.defaultMinLr,
      mode_worse: this.options.mode === 'min' ? Infinity : -Infinity,
      best: this.best,
      num_bad_epochs: this.numBadEpochs,
      last_epoch: this.lastEpoch,
      cooldown_counter: this.cooldownLeft,
      _last_lr: this.getLastLr(),
    };
  }

  /** Takes over what `stateDict` gave, here or in PyTorch. */
  loadStateDict(state: Record<string, unknown>): void {
    const { best, num_bad_epochs: bad, last_epoch: epoch, cooldown_counter: cooldown } = state as Record<string, number>;
    [this.best, this.numBadEpochs, this.lastEpoch, this.cooldownLeft] = [best, bad, epoch, cooldown];
    if ('default_min_lr' in state) this.defaultMinLr = state.default_min_lr as number | null;
    for (const [name, option] of savedOptions) if (name in state) Reflect.set(this.options, option, state[name]);
  }
}
