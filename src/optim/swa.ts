/** `torch.optim.swa_utils`: averages of weights. https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema */
import { noGrad } from '../autograd/modes.js';
import { deepcopy } from '../nn/deepcopy.js';
import { Module } from '../nn/module.js';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../nn/norm.js';
import { Buffer } from '../nn/parameter.js';
import { tensor } from '../ops/creation.js';
import { AssertionError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import type { Optimizer } from './optimizer.js';
import { bindArguments, type Group, LRScheduler } from './scheduler.js';

/** The new average from the old one, a model's parameter and how many were averaged before. */
export type AverageFn = (averaged: Tensor, model: Tensor, numAveraged: number) => Tensor;
/** Changes all averages in place. */
export type MultiAverageFn = (averaged: readonly Tensor[], model: readonly Tensor[], numAveraged: number) => void;

/**
 * The exponential moving average: decay · averaged + (1 − decay) · model.
 * https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.get_ema_avg_fn
 * @example optim.swaUtils.getEmaAvgFn(0.75)(torch.tensor([4]), torch.tensor([8]), 1)  // tensor([5.])
 */
export function getEmaAvgFn(decay = 0.999): AverageFn {
  checkDecay(decay);
  return (averaged, model) => averaged.mul(decay).add(model.mul(1 - decay));
}
/**
 * The mean of all models so far. https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.get_swa_avg_fn
 * @example optim.swaUtils.getSwaAvgFn()(torch.tensor([4]), torch.tensor([8]), 1)  // tensor([6.])
 */
export const getSwaAvgFn = (): AverageFn => (averaged, model, n) => averaged.add(model.sub(averaged).div(n + 1));
/**
 * `getEmaAvgFn` for all tensors at once, in place. https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.get_ema_multi_avg_fn
 * @example
 * const average = [torch.tensor([4.5])];
 * optim.swaUtils.getEmaMultiAvgFn(0.75)(average, [torch.tensor([8.5])], 1);
 * average  // [ tensor([5.5000]) ]
 */
export function getEmaMultiAvgFn(decay = 0.999): MultiAverageFn {
  checkDecay(decay);
  return (averaged, model) => averaged.forEach((each, i) => each.lerp_(model[i], 1 - decay));
}
/**
 * `getSwaAvgFn` for all tensors at once, in place. https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.get_swa_multi_avg_fn
 * @example
 * const average = [torch.tensor([4.5])];
 * optim.swaUtils.getSwaMultiAvgFn()(average, [torch.tensor([8.5])], 1);
 * average  // [ tensor([6.5000]) ]
 */
export const getSwaMultiAvgFn = (): MultiAverageFn => (averaged, model, n) =>
  averaged.forEach((each, i) => each.lerp_(model[i], 1 / (n + 1)));

function checkDecay(decay: number): void {
  if (!(decay >= 0 && decay <= 1)) throw new ValueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`);
}

export interface AveragedModelOptions {
  device?: DeviceLike | null;
  avgFn?: AverageFn | null;
  multiAvgFn?: MultiAverageFn | null;
  /** Whether buffers are averaged too, instead of copied. */
  useBuffers?: boolean;
}

/**
 * A copy of `model` whose parameters are averages over the calls of `updateParameters(model)`.
 * https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
 * @example
 * const net = new nn.Linear(2, 1);
 * const { AveragedModel, getEmaMultiAvgFn } = optim.swaUtils;
 * const average = new AveragedModel(net, { multiAvgFn: getEmaMultiAvgFn(0.99) });
 * average.updateParameters(net);
 * [...average.parameters()].length  // 2
 */
export class AveragedModel<M extends Module = Module> extends Module {
  module: M;
  nAveraged: Buffer;
  private readonly update: MultiAverageFn;
  private readonly useBuffers: boolean;

  constructor(model: M, { device = null, avgFn = null, multiAvgFn = null, useBuffers = false }: AveragedModelOptions = {}) {
    super();
    if (avgFn && multiAvgFn) throw new AssertionError('Only one of avg_fn and multi_avg_fn should be provided');
    this.module = deepcopy(model);
    if (device) this.module.to(device);
    this.nAveraged = new Buffer(tensor(0, { dtype: 'int64', device: device ?? undefined }));
    this.update = multiAvgFn ?? eachBy(avgFn ?? getSwaAvgFn());
    this.useBuffers = useBuffers;
  }

  override forward(...args: never[]): unknown {
    return this.module(...(args as Parameters<M['forward']>));
  }

  /**
   * Takes the parameters of `model` into the average.
   * @example
   * const net = new nn.Linear(2, 1);
   * const average = new optim.swaUtils.AveragedModel(net);
   * average.updateParameters(net);
   * Object.keys(average.stateDict())  // [ 'n_averaged', 'module.weight', 'module.bias' ]
   */
  updateParameters(model: Module): void {
    noGrad(() => {
      const n = Number(this.nAveraged.item());
      const [own, given] = [averagedOf(this.module, this.useBuffers), averagedOf(model, this.useBuffers)];
      if (n === 0) own.forEach((each, i) => each.copy_(given[i]));
      else this.update(own, given, n);
      if (!this.useBuffers) copyBuffers(this.module, model);
      this.nAveraged.add_(1);
    });
  }
}

const averagedOf = (model: Module, buffers: boolean): Tensor[] =>
  [...model.parameters(), ...(buffers ? model.buffers() : [])].map((each) => each.detach());
const eachBy =
  (average: AverageFn): MultiAverageFn =>
  (averaged, model, n) =>
    averaged.forEach((each, i) => each.copy_(average(each, model[i], n)));
function copyBuffers(to: Module, from: Module): void {
  const sources = [...from.buffers()];
  [...to.buffers()].forEach((each, i) => each.copy_(sources[i]));
}

const isBatchNorm = (module: Module): module is BatchNorm2d =>
  module instanceof BatchNorm1d || module instanceof BatchNorm2d || module instanceof BatchNorm3d;

/**
 * Computes the running statistics of batch norms anew, over one pass through `loader`, whose batches are inputs or begin with one.
 * https://pytorch.org/docs/stable/optim.html#torch.optim.swa_utils.update_bn
 * @example
 * const net = new nn.Sequential(new nn.BatchNorm1d(2));
 * optim.swaUtils.updateBn([torch.ones(4, 2)], net);
 * net.stateDict()['0.running_mean']  // tensor([1., 1.])
 */
export function updateBn(loader: Iterable<Tensor | readonly unknown[]>, model: Module, device: DeviceLike | null = null): void {
  const norms = [...model.modules()].filter(isBatchNorm);
  if (norms.length === 0) return;
  const momenta = norms.map((norm) => norm.momentum);
  const { training } = model;
  model.train();
  for (const norm of norms) {
    norm.resetRunningStats();
    norm.momentum = null;
  }
  for (const batch of loader) {
    const input = (batch instanceof Tensor ? batch : batch[0]) as Tensor;
    noGrad(() => (model as unknown as (x: Tensor) => unknown)(device ? input.to(device) : input));
  }
  norms.forEach((norm, i) => (norm.momentum = momenta[i]));
  model.train(training);
}

interface SWALROptions {
  swaLr: number | readonly number[];
  annealEpochs?: number;
  annealStrategy?: 'cos' | 'linear';
  lastEpoch?: number;
}
/**
 * Anneals the learning rate to `swaLr` and stays there. https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
 * @example
 * const optimizer = new optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new optim.swaUtils.SWALR(optimizer, { swaLr: 0.5, annealEpochs: 2, annealStrategy: 'linear' });
 * scheduler.step();
 * scheduler.getLastLr()  // [ 0.75 ]
 */
export class SWALR extends LRScheduler {
  private readonly swaLrs: readonly number[];
  private readonly annealEpochs: number;
  private readonly strategy: 'cos' | 'linear';

  constructor(
    optimizer: Optimizer,
    ...args:
      | [swaLr: number | readonly number[], annealEpochs?: number, annealStrategy?: 'cos' | 'linear', lastEpoch?: number]
      | [swaLr: number | readonly number[], options: Omit<SWALROptions, 'swaLr'>]
      | [SWALROptions]
  ) {
    const [swaLr, epochs = 10, strategy = 'cos', lastEpoch] = bindArguments<
      [number | readonly number[], number?, ('cos' | 'linear')?, number?]
    >('SWALR', 'swaLr, annealEpochs?, annealStrategy?, lastEpoch?', args);
    super(optimizer, lastEpoch);
    if (strategy !== 'cos' && strategy !== 'linear')
      throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${String(strategy)}`);
    if (!Number.isInteger(epochs) || epochs < 0) throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${epochs}`);
    this.swaLrs = typeof swaLr === 'number' ? this.groups.map(() => swaLr) : swaLr;
    if (this.swaLrs.length !== this.groups.length) throw new ValueError(`swa_lr must have the same length as optimizer.param_groups`);
    this.annealEpochs = epochs;
    this.strategy = strategy;
    this.start();
  }

  protected override savedFields(): Record<string, string> {
    return { ...super.savedFields(), _anneal_strategy: 'strategy', anneal_epochs: 'annealEpochs' };
  }

  private anneal(t: number): number {
    return this.strategy === 'cos' ? (1 - Math.cos(Math.PI * t)) / 2 : t;
  }

  protected rate(group: Group, i: number): number {
    const step = this.annealEpochs === 0 ? Math.max(1, this.lastEpoch) : this.lastEpoch;
    const alphaAt = (at: number): number => this.anneal(Math.max(0, Math.min(1, at / Math.max(1, this.annealEpochs))));
    const [before, now] = [alphaAt(step - 1), alphaAt(step)];
    const start = before === 1 ? this.swaLrs[i] : (group.lr - before * this.swaLrs[i]) / (1 - before);
    return this.swaLrs[i] * now + start * (1 - now);
  }
}
