/** What learning-rate schedulers share. https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate */
import { Signature } from '../ops/signature.js';
import { describe } from '../ops/messages.js';
import { numberOf, Optimizer } from './optimizer.js';
import { KeyError } from '../tensor/errors.js';

/** A group of any optimizer, as schedulers see it. */
export interface Group {
  lr: number;
  initialLr?: number;
  momentum?: number;
  betas?: [number, number];
  [option: string]: unknown;
}

/** Positional arguments in PyTorch's order, or an options object at the end. */
export function bindArguments<T extends readonly unknown[]>(name: string, parameters: string, args: readonly unknown[]): T {
  return new Signature(name, parameters).bind(args) as unknown as T;
}

/**
 * What all schedulers share: the rate of every group of an optimizer, by epoch.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler: optim.lrScheduler.LRScheduler = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * scheduler.step();
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  readonly baseLrs: number[];
  lastEpoch: number;
  protected lastLrs: number[] = [];

  constructor(optimizer: Optimizer, lastEpoch = -1) {
    if (!(optimizer instanceof Optimizer)) throw new TypeError(`${describe(optimizer)} is not an Optimizer`);
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch;
    for (const group of this.groups) {
      if (lastEpoch === -1) group.initialLr ??= numberOf(group.lr);
      else if (group.initialLr === undefined)
        throw new KeyError("param 'initial_lr' is not specified in param_groups when resuming an optimizer");
    }
    this.baseLrs = this.groups.map((group) => group.initialLr!);
  }

  /** The groups of the optimizer. */
  get groups(): Group[] {
    return this.optimizer.paramGroups as unknown as Group[];
  }

  /** The learning rate of group `i` at `lastEpoch`, given that of the epoch before in `group.lr`. */
  protected abstract rate(group: Group, i: number): number;

  /** The learning rate of group `i` at `lastEpoch`, whatever was before. */
  protected closedForm(i: number): number {
    return this.rate(this.groups[i], i);
  }

  /** Subclasses call this when their options are set. */
  start(): void {
    this.step();
  }

  /** Goes on to the next epoch, or to the one given. */
  step(epoch?: number): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const rates = this.groups.map((group, i) => (epoch === undefined ? this.rate(group, i) : this.closedForm(i)));
    this.assign(rates);
  }

  protected assign(rates: readonly number[]): void {
    this.groups.forEach((group, i) => (group.lr = rates[i]));
    this.lastLrs = [...rates];
  }

  /** The rates that were set last, one a group. */
  getLastLr(): number[] {
    return [...this.lastLrs];
  }

  /** PyTorch's names of the fields that `stateDict` holds; subclasses add theirs. */
  protected savedFields(): Record<string, string> {
    return { base_lrs: 'baseLrs', last_epoch: 'lastEpoch', _last_lr: 'lastLrs' };
  }

  /** What PyTorch's schedulers know of their own calls. */
  protected counters(): Record<string, unknown> {
    return { _step_count: this.lastEpoch + 1, _is_initial: false, _get_lr_called_within_step: false };
  }

  /** What another scheduler of the same kind needs to go on, under PyTorch's names. */
  stateDict(): Record<string, unknown> {
    const own = Object.entries(this.savedFields()).map(([name, field]) => [name, copied(Reflect.get(this, field))]);
    return { ...Object.fromEntries(own), ...this.counters() };
  }

  /** Takes over what `stateDict` gave, here or in PyTorch. */
  loadStateDict(state: Record<string, unknown>): void {
    for (const [name, field] of Object.entries(this.savedFields())) if (name in state) Reflect.set(this, field, copied(state[name]));
  }
}

const copied = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])] : value);
