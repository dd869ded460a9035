/** Schedulers made of schedulers. */
import type { Optimizer } from './optimizer.js';
import { bindArguments, type Group, LRScheduler } from './scheduler.js';
import { ValueError } from '../tensor/errors.js';

type State = Record<string, unknown>;

/** A scheduler of schedulers, whose states it saves with its own. */
abstract class Combination extends LRScheduler {
  protected abstract readonly schedulers: readonly LRScheduler[];

  protected override counters(): State {
    return {};
  }

  override stateDict(): State {
    return { ...super.stateDict(), _schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: State): void {
    super.loadStateDict(state);
    this.schedulers.forEach((scheduler, i) => scheduler.loadStateDict((state._schedulers as State[])[i]));
  }

  protected rate({ lr }: Group): number {
    return lr;
  }
}

/**
 * One scheduler after another; scheduler i + 1 takes over at `milestones[i]`.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const { ConstantLR, ExponentialLR, SequentialLR } = optim.lrScheduler;
 * const scheduler = new SequentialLR(optimizer, [new ConstantLR(optimizer, { factor: 0.5 }), new ExponentialLR(optimizer, 0.5)], [2]);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export class SequentialLR extends Combination {
  protected readonly schedulers: readonly LRScheduler[];
  private readonly milestones: readonly number[];

  constructor(
    optimizer: Optimizer,
    ...args:
      | [schedulers: readonly LRScheduler[], milestones: readonly number[]]
      | [{ schedulers: readonly LRScheduler[]; milestones: readonly number[] }]
  ) {
    const [schedulers, milestones] = bindArguments<[readonly LRScheduler[], readonly number[]]>(
      'SequentialLR',
      'schedulers, milestones, lastEpoch?',
      args,
    );
    if (schedulers.length < 1) throw new ValueError('SequentialLR expects at least one scheduler, but got no scheduler.');
    if (milestones.length !== schedulers.length - 1) {
      throw new ValueError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    }
    super(optimizer);
    [this.schedulers, this.milestones] = [schedulers, milestones];
    this.begin();
  }

  /** Takes back the first steps that all schedulers made when they were constructed, then makes that of the first. */
  private begin(): void {
    this.lastEpoch = 0;
    for (const group of this.groups) group.lr = group.initialLr!;
    for (const scheduler of this.schedulers) scheduler.lastEpoch--;
    this.schedulers[0].start();
    this.lastLrs = this.schedulers[0].getLastLr();
  }

  protected override savedFields(): Record<string, string> {
    return { last_epoch: 'lastEpoch', _last_lr: 'lastLrs', _milestones: 'milestones' };
  }

  override step(): void {
    this.lastEpoch++;
    const turn = this.milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    const scheduler = this.schedulers[turn];
    if (turn > 0 && this.milestones[turn - 1] === this.lastEpoch) scheduler.step(0);
    else scheduler.step();
    this.lastLrs = scheduler.getLastLr();
  }
}

/**
 * All schedulers step together. https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const { ChainedScheduler, ExponentialLR, StepLR } = optim.lrScheduler;
 * const scheduler = new ChainedScheduler([new ExponentialLR(optimizer, 0.5), new StepLR(optimizer, 2, 0.5)]);
 * for (let epoch = 0; epoch < 2; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.125 ]
 */
export class ChainedScheduler extends Combination {
  protected readonly schedulers: readonly LRScheduler[];

  constructor(...args: [schedulers: readonly LRScheduler[]] | [{ schedulers: readonly LRScheduler[] }]) {
    const [schedulers] = bindArguments<[readonly LRScheduler[]]>('ChainedScheduler', 'schedulers, optimizer?', args);
    if (schedulers.length < 1) throw new ValueError('ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.');
    super(schedulers[0].optimizer);
    this.schedulers = schedulers;
    this.lastLrs = this.groups.map((group) => group.lr);
  }

  protected override savedFields(): Record<string, string> {
    return { _last_lr: 'lastLrs' };
  }

  override step(): void {
    for (const scheduler of this.schedulers) scheduler.step();
    this.lastLrs = this.groups.map((group) => group.lr);
  }
}
