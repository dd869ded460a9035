/** `torch.optim.lr_scheduler`: schedules of the learning rate by epoch. */
import { withIntKeys } from '../tensor/int-keys.js';
import type { Optimizer } from './optimizer.js';
import { bindArguments, type Group, LRScheduler } from './scheduler.js';
import { ValueError } from '../tensor/errors.js';

export { LRScheduler } from './scheduler.js';
export { ChainedScheduler, SequentialLR } from './scheduler-chain.js';
export { CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR } from './scheduler-cycle.js';
export { ReduceLROnPlateau } from './scheduler-plateau.js';

type Lambda = (epoch: number) => number;

const perGroup = (lambdas: Lambda | readonly Lambda[], count: number): readonly Lambda[] => {
  const list = typeof lambdas === 'function' ? new Array<Lambda>(count).fill(lambdas) : lambdas;
  if (list.length !== count) throw new ValueError(`Expected ${count} lr_lambdas, but got ${list.length}`);
  return list;
};

/**
 * The initial rate times lrLambda(epoch), one function for all groups or one for each.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.125 ]
 */
export class LambdaLR extends LRScheduler {
  private readonly lambdas: readonly Lambda[];

  constructor(
    optimizer: Optimizer,
    ...args: [lrLambda: Lambda | readonly Lambda[], lastEpoch?: number] | [{ lrLambda: Lambda | readonly Lambda[]; lastEpoch?: number }]
  ) {
    const [lambdas, lastEpoch] = bindArguments<[Lambda | readonly Lambda[], number?]>('LambdaLR', 'lrLambda, lastEpoch?', args);
    super(optimizer, lastEpoch);
    this.lambdas = perGroup(lambdas, this.groups.length);
    this.start();
  }

  /** As in PyTorch, functions are not saved. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), lr_lambdas: this.lambdas.map(() => null) };
  }

  protected rate(_: Group, i: number): number {
    return this.baseLrs[i] * this.lambdas[i](this.lastEpoch);
  }
}

/**
 * The rate times lrLambda(epoch), every epoch. https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.125 ]
 */
export class MultiplicativeLR extends LRScheduler {
  private readonly lambdas: readonly Lambda[];

  constructor(
    optimizer: Optimizer,
    ...args: [lrLambda: Lambda | readonly Lambda[], lastEpoch?: number] | [{ lrLambda: Lambda | readonly Lambda[]; lastEpoch?: number }]
  ) {
    const [lambdas, lastEpoch] = bindArguments<[Lambda | readonly Lambda[], number?]>('MultiplicativeLR', 'lrLambda, lastEpoch?', args);
    super(optimizer, lastEpoch);
    this.lambdas = perGroup(lambdas, this.groups.length);
    this.start();
  }

  /** As in PyTorch, functions are not saved. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), lr_lambdas: this.lambdas.map(() => null) };
  }

  protected rate({ lr }: Group, i: number): number {
    return this.lastEpoch > 0 ? lr * this.lambdas[i](this.lastEpoch) : lr;
  }

  /** An epoch that was asked for multiplies too, even the first. */
  protected override closedForm(i: number): number {
    return this.groups[i].lr * this.lambdas[i](this.lastEpoch);
  }
}

/**
 * The rate times `gamma` every `stepSize` epochs. https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 2, 0.5);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export class StepLR extends LRScheduler {
  private readonly stepSize: number;
  private readonly gamma: number;

  constructor(
    optimizer: Optimizer,
    ...args:
      | [stepSize: number, gamma?: number, lastEpoch?: number]
      | [stepSize: number, { gamma?: number }]
      | [{ stepSize: number; gamma?: number }]
  ) {
    const [stepSize, gamma = 0.1, lastEpoch] = bindArguments<[number, number?, number?]>('StepLR', 'stepSize, gamma?, lastEpoch?', args);
    super(optimizer, lastEpoch);
    [this.stepSize, this.gamma] = [stepSize, gamma];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), step_size: 'stepSize', gamma: 'gamma' };
  }

  protected rate({ lr }: Group): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma;
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * this.gamma ** Math.floor(this.lastEpoch / this.stepSize);
  }
}

/**
 * The rate times `gamma` at each milestone. https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, [1, 3], 0.5);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.25 ]
 */
export class MultiStepLR extends LRScheduler {
  private milestones: readonly number[];
  private readonly gamma: number;

  constructor(
    optimizer: Optimizer,
    ...args:
      | [milestones: readonly number[], gamma?: number, lastEpoch?: number]
      | [milestones: readonly number[], { gamma?: number }]
      | [{ milestones: readonly number[]; gamma?: number }]
  ) {
    const [milestones, gamma = 0.1, lastEpoch] = bindArguments<[readonly number[], number?, number?]>(
      'MultiStepLR',
      'milestones, gamma?, lastEpoch?',
      args,
    );
    super(optimizer, lastEpoch);
    [this.milestones, this.gamma] = [milestones, gamma];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), gamma: 'gamma' };
  }

  /** PyTorch counts how often each milestone comes. */
  override stateDict(): Record<string, unknown> {
    const counts: Record<number, number> = withIntKeys({});
    for (const milestone of this.milestones) counts[milestone] = (counts[milestone] ?? 0) + 1;
    return { ...super.stateDict(), milestones: counts };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    super.loadStateDict(state);
    const counts = Object.entries((state.milestones ?? {}) as Record<number, number>);
    if (state.milestones) this.milestones = counts.flatMap(([milestone, count]) => new Array<number>(count).fill(Number(milestone)));
  }

  protected rate({ lr }: Group): number {
    return lr * this.gamma ** this.milestones.filter((milestone) => milestone === this.lastEpoch).length;
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * this.gamma ** this.milestones.filter((milestone) => milestone <= this.lastEpoch).length;
  }
}

interface ConstantOptions {
  factor?: number;
  totalIters?: number;
  lastEpoch?: number;
}

/**
 * The rate times `factor` for the first `totalIters` epochs.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 5 });
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export class ConstantLR extends LRScheduler {
  private readonly factor: number;
  private readonly totalIters: number;

  constructor(optimizer: Optimizer, ...args: [factor?: number, totalIters?: number, lastEpoch?: number] | [ConstantOptions]) {
    const [factor = 1 / 3, totalIters = 5, lastEpoch] = bindArguments<[number?, number?, number?]>(
      'ConstantLR',
      'factor?, totalIters?, lastEpoch?',
      args,
    );
    if (!(factor >= 0 && factor <= 1)) throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch);
    [this.factor, this.totalIters] = [factor, totalIters];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), factor: 'factor', total_iters: 'totalIters' };
  }

  protected rate({ lr }: Group): number {
    if (this.lastEpoch === 0) return lr * this.factor;
    return this.lastEpoch === this.totalIters ? lr * (1 / this.factor) : lr;
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * (this.lastEpoch >= this.totalIters ? 1 : this.factor);
  }
}

interface LinearOptions {
  startFactor?: number;
  endFactor?: number;
  totalIters?: number;
  lastEpoch?: number;
}

/**
 * The rate times a factor that moves linearly from `startFactor` to `endFactor` in `totalIters` epochs.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.25, totalIters: 6 });
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.625 ]
 */
export class LinearLR extends LRScheduler {
  private readonly from: number;
  private readonly to: number;
  private readonly totalIters: number;

  constructor(
    optimizer: Optimizer,
    ...args: [startFactor?: number, endFactor?: number, totalIters?: number, lastEpoch?: number] | [LinearOptions]
  ) {
    const [from = 1 / 3, to = 1, totalIters = 5, lastEpoch] = bindArguments<[number?, number?, number?, number?]>(
      'LinearLR',
      'startFactor?, endFactor?, totalIters?, lastEpoch?',
      args,
    );
    if (!(from > 0 && from <= 1))
      throw new ValueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.');
    if (!(to >= 0 && to <= 1)) throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch);
    [this.from, this.to, this.totalIters] = [from, to, totalIters];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), start_factor: 'from', end_factor: 'to', total_iters: 'totalIters' };
  }

  protected rate({ lr }: Group): number {
    const { lastEpoch: epoch, from, to, totalIters } = this;
    if (epoch === 0) return lr * from;
    return epoch > totalIters ? lr : lr * (1 + (to - from) / (totalIters * from + (epoch - 1) * (to - from)));
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * (this.from + ((this.to - this.from) * Math.min(this.totalIters, this.lastEpoch)) / this.totalIters);
  }
}

/**
 * The rate times `gamma` every epoch. https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.125 ]
 */
export class ExponentialLR extends LRScheduler {
  private readonly gamma: number;

  constructor(optimizer: Optimizer, ...args: [gamma: number, lastEpoch?: number] | [{ gamma: number; lastEpoch?: number }]) {
    const [gamma, lastEpoch] = bindArguments<[number, number?]>('ExponentialLR', 'gamma, lastEpoch?', args);
    super(optimizer, lastEpoch);
    this.gamma = gamma;
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), gamma: 'gamma' };
  }

  protected rate({ lr }: Group): number {
    return this.lastEpoch === 0 ? lr : lr * this.gamma;
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * this.gamma ** this.lastEpoch;
  }
}

interface PolynomialOptions {
  totalIters?: number;
  power?: number;
  lastEpoch?: number;
}

/**
 * Falls to zero in `totalIters` epochs as a polynomial of degree `power`.
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.PolynomialLR(optimizer, 4);
 * for (let epoch = 0; epoch < 2; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0.5 ]
 */
export class PolynomialLR extends LRScheduler {
  private readonly totalIters: number;
  private readonly power: number;

  constructor(optimizer: Optimizer, ...args: [totalIters?: number, power?: number, lastEpoch?: number] | [PolynomialOptions]) {
    const [totalIters = 5, power = 1, lastEpoch] = bindArguments<[number?, number?, number?]>(
      'PolynomialLR',
      'totalIters?, power?, lastEpoch?',
      args,
    );
    super(optimizer, lastEpoch);
    [this.totalIters, this.power] = [totalIters, power];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), total_iters: 'totalIters', power: 'power' };
  }

  protected rate({ lr }: Group): number {
    const { lastEpoch: epoch, totalIters, power } = this;
    if (epoch === 0 || epoch > totalIters) return lr;
    return lr * ((1 - epoch / totalIters) / (1 - (epoch - 1) / totalIters)) ** power;
  }

  protected override closedForm(i: number): number {
    return this.baseLrs[i] * (1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters) ** this.power;
  }
}

interface CosineOptions {
  TMax: number;
  etaMin?: number;
  lastEpoch?: number;
}

/**
 * Falls to `etaMin` in `TMax` epochs as a cosine (Loshchilov & Hutter, 2016).
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 4);
 * for (let epoch = 0; epoch < 4; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 0 ]
 */
export class CosineAnnealingLR extends LRScheduler {
  private readonly TMax: number;
  private readonly etaMin: number;

  constructor(
    optimizer: Optimizer,
    ...args: [TMax: number, etaMin?: number, lastEpoch?: number] | [TMax: number, { etaMin?: number }] | [CosineOptions]
  ) {
    const [TMax, etaMin = 0, lastEpoch] = bindArguments<[number, number?, number?]>('CosineAnnealingLR', 'TMax, etaMin?, lastEpoch?', args);
    super(optimizer, lastEpoch);
    [this.TMax, this.etaMin] = [TMax, etaMin];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), T_max: 'TMax', eta_min: 'etaMin' };
  }

  protected rate({ lr }: Group, i: number): number {
    const { lastEpoch: epoch, TMax, etaMin } = this;
    if (epoch === 0) return lr;
    if ((epoch - 1 - TMax) % (2 * TMax) === 0) return lr + ((this.baseLrs[i] - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2;
    return ((1 + Math.cos((Math.PI * epoch) / TMax)) / (1 + Math.cos((Math.PI * (epoch - 1)) / TMax))) * (lr - etaMin) + etaMin;
  }

  protected override closedForm(i: number): number {
    return this.etaMin + ((this.baseLrs[i] - this.etaMin) * (1 + Math.cos((Math.PI * this.lastEpoch) / this.TMax))) / 2;
  }
}
