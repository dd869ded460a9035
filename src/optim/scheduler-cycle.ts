/** Schedules that go up and down: warm restarts, cyclic, one cycle. */
import type { Optimizer } from './optimizer.js';
import { bindArguments, type Group, LRScheduler } from './scheduler.js';
import { ValueError } from '../tensor/errors.js';

const usesBetas = (group: Group): boolean => Array.isArray(group.betas);

function setMomentum(group: Group, momentum: number): void {
  if (usesBetas(group)) group.betas = [momentum, group.betas![1]];
  else group.momentum = momentum;
}

const checkMomentum = (groups: readonly Group[]): void => {
  if (!groups.every((group) => usesBetas(group) || group.momentum !== undefined)) {
    throw new ValueError('optimizer must support momentum or beta1 with `cycle_momentum` option enabled');
  }
};

/** What PyTorch saves of where the momentum stands, if it goes up and down at all. */
const usesBeta1 = (cycles: boolean, groups: readonly Group[]): object => (cycles ? { use_beta1: groups.every(usesBetas) } : {});

const each = (value: number | readonly number[], count: number): number[] =>
  typeof value === 'number' ? new Array<number>(count).fill(value) : [...value];

interface RestartOptions {
  T0: number;
  TMult?: number;
  etaMin?: number;
  lastEpoch?: number;
}

/**
 * A cosine that starts again after T0 epochs, then after T0 · TMult, … (Loshchilov & Hutter, 2016).
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 3);
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 1 ]
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  private readonly T0: number;
  private readonly TMult: number;
  private readonly etaMin: number;
  private period: number;
  private position: number;

  constructor(
    optimizer: Optimizer,
    ...args: [T0: number, TMult?: number, etaMin?: number, lastEpoch?: number] | [RestartOptions] | [T0: number, Omit<RestartOptions, 'T0'>]
  ) {
    const [T0, TMult = 1, etaMin = 0, lastEpoch] = bindArguments<[number, number?, number?, number?]>(
      'CosineAnnealingWarmRestarts',
      'T0, TMult?, etaMin?, lastEpoch?',
      args,
    );
    if (!(Number.isInteger(T0) && T0 > 0)) throw new ValueError(`Expected positive integer T_0, but got ${T0}`);
    if (!(Number.isInteger(TMult) && TMult >= 1)) throw new ValueError(`Expected integer T_mult >= 1, but got ${TMult}`);
    super(optimizer, lastEpoch);
    [this.T0, this.TMult, this.etaMin] = [T0, TMult, etaMin];
    [this.period, this.position] = [T0, this.lastEpoch];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), T_0: 'T0', T_mult: 'TMult', eta_min: 'etaMin', T_i: 'period', T_cur: 'position' };
  }

  /** PyTorch's does not count its steps. */
  protected override counters(): Record<string, unknown> {
    return { ...super.counters(), _step_count: 0 };
  }

  protected rate(_: Group, i: number): number {
    return this.etaMin + ((this.baseLrs[i] - this.etaMin) * (1 + Math.cos((Math.PI * this.position) / this.period))) / 2;
  }

  override step(epoch?: number): void {
    if (epoch === undefined && this.lastEpoch >= 0) {
      this.position++;
      if (this.position >= this.period) [this.position, this.period] = [this.position - this.period, this.period * this.TMult];
    } else this.locate(epoch ?? 0);
    this.lastEpoch = Math.floor(epoch ?? this.lastEpoch + 1);
    this.assign(this.groups.map((group, i) => this.rate(group, i)));
  }

  private locate(epoch: number): void {
    if (epoch < 0) throw new ValueError(`Expected non-negative epoch, but got ${epoch}`);
    [this.period, this.position] = [this.T0, epoch];
    while (this.position >= this.period) [this.position, this.period] = [this.position - this.period, this.period * this.TMult];
  }
}

type CyclicMode = 'triangular' | 'triangular2' | 'exp_range';

interface CyclicOptions {
  baseLr: number | readonly number[];
  maxLr: number | readonly number[];
  stepSizeUp?: number;
  stepSizeDown?: number | null;
  mode?: CyclicMode;
  gamma?: number;
  scaleFn?: ((x: number) => number) | null;
  scaleMode?: 'cycle' | 'iterations';
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  lastEpoch?: number;
}

const cyclicParameters =
  'baseLr, maxLr, stepSizeUp?, stepSizeDown?, mode?, gamma?, scaleFn?, scaleMode?, cycleMomentum?, baseMomentum?, maxMomentum?, lastEpoch?';
type Rates = number | readonly number[];
type CyclicArguments = [
  Rates,
  Rates,
  number?,
  (number | null)?,
  CyclicMode?,
  number?,
  (((x: number) => number) | null)?,
  ('cycle' | 'iterations')?,
  boolean?,
  Rates?,
  Rates?,
  number?,
];

/**
 * Between `baseLr` and `maxLr`, up and down again (Smith, 2015).
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.CyclicLR(optimizer, 0.5, 1, { stepSizeUp: 3, cycleMomentum: false });
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 1 ]
 */
export class CyclicLR extends LRScheduler {
  private readonly maxLrs: number[];
  private readonly total: number;
  private readonly ratio: number;
  private readonly scaleFn: ((x: number) => number) | null;
  private readonly scaleMode: 'cycle' | 'iterations';
  private readonly mode: CyclicMode;
  private readonly gamma: number;
  private readonly cycleMomentum: boolean;
  private readonly baseMomentums: number[];
  private readonly maxMomentums: number[];

  constructor(
    optimizer: Optimizer,
    ...args: CyclicArguments | [CyclicOptions] | [baseLr: Rates, maxLr: Rates, Omit<CyclicOptions, 'baseLr' | 'maxLr'>]
  ) {
    const bound = bindArguments<CyclicArguments>('CyclicLR', cyclicParameters, args);
    const [
      baseLr,
      maxLr,
      up = 2000,
      down,
      mode = 'triangular',
      gamma = 1,
      scaleFn,
      scaleMode = 'cycle',
      cycleMomentum = true,
      baseMomentum = 0.8,
      maxMomentum = 0.9,
      lastEpoch = -1,
    ] = bound;
    const groups = optimizer.paramGroups as unknown as Group[];
    each(baseLr, groups.length).forEach((lr, i) => lastEpoch === -1 && Object.assign(groups[i], { lr, initialLr: lr }));
    super(optimizer, lastEpoch);
    this.maxLrs = each(maxLr, groups.length);
    this.total = up + (down ?? up);
    this.ratio = up / this.total;
    if (!scaleFn && !['triangular', 'triangular2', 'exp_range'].includes(mode))
      throw new ValueError('mode is invalid and scale_fn is None');
    [this.mode, this.gamma, this.scaleFn, this.cycleMomentum] = [mode, gamma, scaleFn ?? null, cycleMomentum];
    this.scaleMode = scaleFn ? scaleMode : mode === 'exp_range' ? 'iterations' : 'cycle';
    if (cycleMomentum) checkMomentum(groups);
    [this.baseMomentums, this.maxMomentums] = cycleMomentum
      ? [each(baseMomentum, groups.length), each(maxMomentum, groups.length)]
      : [[], []];
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    const rates = { max_lrs: 'maxLrs', total_size: 'total', step_ratio: 'ratio', mode: 'mode', gamma: 'gamma', scale_mode: 'scaleMode' };
    const momenta: Record<string, string> = this.cycleMomentum ? { base_momentums: 'baseMomentums', max_momentums: 'maxMomentums' } : {};
    return { ...super.savedFields(), ...rates, cycle_momentum: 'cycleMomentum', ...momenta };
  }

  /** As in PyTorch, a function is not saved. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), ...usesBeta1(this.cycleMomentum, this.groups), _scale_fn_custom: null };
  }

  protected rate(group: Group, i: number): number {
    const cycle = Math.floor(1 + this.lastEpoch / this.total);
    const x = 1 + this.lastEpoch / this.total - cycle;
    const scale = this.scale(this.scaleMode === 'cycle' ? cycle : this.lastEpoch);
    const height = (x <= this.ratio ? x / this.ratio : (x - 1) / (this.ratio - 1)) * scale;
    const [base, max] = [this.baseMomentums[i], this.maxMomentums[i]];
    if (this.cycleMomentum) setMomentum(group, max - (max - base) * height);
    return this.baseLrs[i] + (this.maxLrs[i] - this.baseLrs[i]) * height;
  }

  private scale(x: number): number {
    if (this.scaleFn) return this.scaleFn(x);
    return this.mode === 'triangular' ? 1 : this.mode === 'triangular2' ? 1 / 2 ** (x - 1) : this.gamma ** x;
  }
}

interface OneCycleOptions {
  maxLr: Rates;
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  pctStart?: number;
  annealStrategy?: 'cos' | 'linear';
  cycleMomentum?: boolean;
  baseMomentum?: Rates;
  maxMomentum?: Rates;
  divFactor?: number;
  finalDivFactor?: number;
  threePhase?: boolean;
  lastEpoch?: number;
}

const oneCycleParameters =
  'maxLr, totalSteps?, epochs?, stepsPerEpoch?, pctStart?, annealStrategy?, cycleMomentum?, baseMomentum?, maxMomentum?, divFactor?, finalDivFactor?, threePhase?, lastEpoch?';
type OneCycleArguments = [
  Rates,
  (number | null)?,
  (number | null)?,
  (number | null)?,
  number?,
  ('cos' | 'linear')?,
  boolean?,
  Rates?,
  Rates?,
  number?,
  number?,
  boolean?,
  number?,
];

type Level = 'initial_lr' | 'max_lr' | 'min_lr';
type Momentum = 'max_momentum' | 'base_momentum';
/** As PyTorch saves it. */
interface Phase {
  end_step: number;
  start_lr: Level;
  end_lr: Level;
  start_momentum: Momentum;
  end_momentum: Momentum;
}
const phase = (end_step: number, start_lr: Level, end_lr: Level, start_momentum: Momentum, end_momentum: Momentum): Phase => ({
  end_step,
  start_lr,
  end_lr,
  start_momentum,
  end_momentum,
});

const anneals = {
  cos: (from: number, to: number, at: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * at)),
  linear: (from: number, to: number, at: number) => (to - from) * at + from,
};

function phasesOf(total: number, start: number, three: boolean): Phase[] {
  const first = phase(start * total - 1, 'initial_lr', 'max_lr', 'max_momentum', 'base_momentum');
  if (!three) return [first, phase(total - 1, 'max_lr', 'min_lr', 'base_momentum', 'max_momentum')];
  return [
    first,
    phase(2 * start * total - 2, 'max_lr', 'initial_lr', 'base_momentum', 'max_momentum'),
    phase(total - 1, 'initial_lr', 'min_lr', 'max_momentum', 'max_momentum'),
  ];
}

/**
 * Up to `maxLr` once, then down to almost nothing (Smith & Topin, 2017).
 * https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 2, { totalSteps: 10, cycleMomentum: false });
 * for (let epoch = 0; epoch < 3; epoch++) scheduler.step();
 * scheduler.getLastLr()  // [ 1.9009692640269473 ]
 */
export class OneCycleLR extends LRScheduler {
  private readonly total: number;
  private readonly phases: Phase[];
  private readonly strategy: keyof typeof anneals;
  private readonly levels: Record<Level, number>[];
  private readonly momenta: Record<Momentum, number>[];
  private readonly cycleMomentum: boolean;

  constructor(optimizer: Optimizer, ...args: OneCycleArguments | [OneCycleOptions] | [maxLr: Rates, Omit<OneCycleOptions, 'maxLr'>]) {
    const bound = bindArguments<OneCycleArguments>('OneCycleLR', oneCycleParameters, args);
    const [
      maxLr,
      totalSteps,
      epochs,
      stepsPerEpoch,
      pctStart = 0.3,
      annealStrategy = 'cos',
      cycleMomentum = true,
      baseMomentum = 0.85,
      maxMomentum = 0.95,
    ] = bound;
    const [divFactor = 25, finalDivFactor = 1e4, threePhase = false, lastEpoch = -1] = bound.slice(9) as [
      number?,
      number?,
      boolean?,
      number?,
    ];
    if (totalSteps && !(Number.isInteger(totalSteps) && totalSteps > 0))
      throw new ValueError(`Expected positive integer total_steps, but got ${totalSteps}`);
    if (!totalSteps && !(epochs && stepsPerEpoch))
      throw new ValueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
    if (!(pctStart >= 0 && pctStart <= 1)) throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    if (!Object.hasOwn(anneals, annealStrategy))
      throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${annealStrategy}`);
    const groups = optimizer.paramGroups as unknown as Group[];
    const levels = each(maxLr, groups.length).map((max) => ({
      initial_lr: max / divFactor,
      max_lr: max,
      min_lr: max / divFactor / finalDivFactor,
    }));
    // PyTorch keeps the bounds in the groups.
    levels.forEach(
      (level, i) => lastEpoch === -1 && Object.assign(groups[i], { initialLr: level.initial_lr, maxLr: level.max_lr, minLr: level.min_lr }),
    );
    super(optimizer, lastEpoch);
    this.total = totalSteps || epochs! * stepsPerEpoch!;
    [this.phases, this.strategy, this.levels] = [phasesOf(this.total, pctStart, threePhase), annealStrategy, levels];
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) checkMomentum(groups);
    const [bases, maxima] = [each(baseMomentum, groups.length), each(maxMomentum, groups.length)];
    this.momenta = bases.map((base, i) => ({ base_momentum: base, max_momentum: maxima[i] }));
    if (cycleMomentum && lastEpoch === -1)
      groups.forEach((group, i) => Object.assign(group, { baseMomentum: bases[i], maxMomentum: maxima[i] }));
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    const own = { total_steps: 'total', _schedule_phases: 'phases', _anneal_func_type: 'strategy', cycle_momentum: 'cycleMomentum' };
    return { ...super.savedFields(), ...own };
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), ...usesBeta1(this.cycleMomentum, this.groups) };
  }

  protected rate(group: Group, i: number): number {
    if (this.lastEpoch > this.total)
      throw new ValueError(`Tried to step ${this.lastEpoch} times. The total number of steps is ${this.total}`);
    const found = this.phases.findIndex((each) => this.lastEpoch <= each.end_step);
    const at = found < 0 ? this.phases.length - 1 : found;
    const { end_step: end, start_lr, end_lr, start_momentum, end_momentum } = this.phases[at];
    const begin = at === 0 ? 0 : this.phases[at - 1].end_step;
    const anneal = (from: number, to: number): number => anneals[this.strategy](from, to, (this.lastEpoch - begin) / (end - begin));
    const [levels, momenta] = [this.levels[i], this.momenta[i]];
    if (this.cycleMomentum) setMomentum(group, anneal(momenta[start_momentum], momenta[end_momentum]));
    return anneal(levels[start_lr], levels[end_lr]);
  }
}
