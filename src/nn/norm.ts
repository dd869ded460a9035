/** Normalisation. https://pytorch.org/docs/stable/nn.html#normalization-layers */
import { ones, tensor, zeros } from '../ops/creation.js';
import type { Args, DTypeLike } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import { bind, float, type Place, type PlaceArgs, python } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { Module, type StateDict } from './module.js';
import { Buffer, Parameter } from './parameter.js';
import { ValueError } from '../tensor/errors.js';

export interface BatchNormOptions extends Place {
  eps?: number;
  momentum?: number | null;
  affine?: boolean;
  trackRunningStats?: boolean;
  bias?: boolean;
}

export type BatchNormArgs = [
  numFeatures: number,
  ...Args<[eps: number, momentum: number | null, affine: boolean, trackRunningStats: boolean], BatchNormOptions>,
];

/** States from before PyTorch 0.4.1 have no `num_batches_tracked`. */
function acceptWithoutCount(norm: RunningNorm, stateDict: StateDict, prefix: string): void {
  if (norm.numBatchesTracked) stateDict[`${prefix}num_batches_tracked`] ??= norm.numBatchesTracked;
}

/** Parameters and running statistics of batch and instance norm. */
abstract class RunningNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  /** null averages over all batches. */
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Buffer | null;
  runningVar: Buffer | null;
  numBatchesTracked: Buffer | null;

  protected constructor(name: string, standard: { affine: boolean; track: boolean }, args: readonly unknown[]) {
    super();
    const [numFeatures, eps = 1e-5, momentum = 0.1, affine = standard.affine, track = standard.track, device, dtype, bias = true] = bind<
      [number, number?, (number | null)?, boolean?, boolean?, (DeviceLike | null)?, (DTypeLike | null)?, boolean?]
    >(name, 'numFeatures, eps?, momentum?, affine?, trackRunningStats?, device?, dtype?, bias?', args);
    [this.numFeatures, this.eps, this.momentum, this.affine, this.trackRunningStats] = [numFeatures, eps, momentum, affine, track];
    const place = { device, dtype };
    this.weight = affine ? new Parameter(ones([numFeatures], place)) : null;
    this.bias = affine && bias ? new Parameter(zeros([numFeatures], place)) : null;
    this.runningMean = track ? new Buffer(zeros([numFeatures], place)) : null;
    this.runningVar = track ? new Buffer(ones([numFeatures], place)) : null;
    this.numBatchesTracked = track ? new Buffer(tensor(0, { dtype: 'int64', device })) : null;
    if (track) this.registerLoadStateDictPreHook(acceptWithoutCount);
  }

  resetRunningStats(): void {
    this.runningMean?.zero_();
    this.runningVar?.fill_(1);
    this.numBatchesTracked?.zero_();
  }

  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) init.ones_(this.weight);
    if (this.bias) init.zeros_(this.bias);
  }

  protected abstract checkInput(input: Tensor): void;

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, bias, trackRunningStats } = this;
    const learnt = `affine=${python(affine)}, bias=${python(bias !== null)}`;
    return `${numFeatures}, eps=${float(eps)}, momentum=${momentum === null ? 'None' : float(momentum)}, ${learnt}, track_running_stats=${python(trackRunningStats)}`;
  }
}

abstract class BatchNorm extends RunningNorm {
  constructor(...args: BatchNormArgs) {
    super('BatchNorm', { affine: true, track: true }, args);
  }

  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const { runningMean, runningVar, weight, bias, training } = this;
    const usesBatch = training || runningMean === null || runningVar === null;
    const keep = training && this.trackRunningStats;
    return F.batchNorm(
      input,
      training && !keep ? null : runningMean,
      training && !keep ? null : runningVar,
      weight,
      bias,
      usesBatch,
      keep ? this.nextMomentum() : (this.momentum ?? 0),
      this.eps,
    );
  }

  /** Without a momentum, that of the plain mean over all batches. */
  private nextMomentum(): number | Tensor {
    this.numBatchesTracked?.add_(1);
    return this.momentum ?? this.numBatchesTracked!.to(this.runningMean!.dtype).reciprocal();
  }
}

const expectDims = (input: Tensor, dims: readonly number[]): void => {
  if (!dims.includes(input.ndim))
    throw new ValueError(`expected ${dims.map((n) => `${n}D`).join(' or ')} input (got ${input.ndim}D input)`);
};

/**
 * Batch norm (Ioffe & Szegedy, 2015) over the channels of (N, C) or (N, C, L): the batch's statistics in training, running ones otherwise.
 * https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 * @example
 * new nn.BatchNorm1d(1)(torch.tensor([[1.5], [2.5]])).detach()
 * // tensor([[-1.0000],
 * //         [ 1.0000]])
 */
export class BatchNorm1d extends BatchNorm {
  protected checkInput(input: Tensor): void {
    expectDims(input, [2, 3]);
  }
}

/**
 * Batch norm (Ioffe & Szegedy, 2015) over the channels of (N, C, H, W): the batch's statistics in training, running ones otherwise.
 * https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 * @example new nn.BatchNorm2d(3)(torch.rand(2, 3, 4, 4)).shape  // torch.Size([2, 3, 4, 4])
 */
export class BatchNorm2d extends BatchNorm {
  protected checkInput(input: Tensor): void {
    expectDims(input, [4]);
  }
}

/**
 * Batch norm (Ioffe & Szegedy, 2015) over the channels of (N, C, D, H, W): the batch's statistics in training, running ones otherwise.
 * https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
 * @example new nn.BatchNorm3d(3)(torch.rand(2, 3, 4, 4, 4)).shape  // torch.Size([2, 3, 4, 4, 4])
 */
export class BatchNorm3d extends BatchNorm {
  protected checkInput(input: Tensor): void {
    expectDims(input, [5]);
  }
}

/**
 * Batch norm over (N, C, …) whose statistics are those of all processes: here there is one, so they are the batch's.
 * https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html
 * @example new nn.SyncBatchNorm(3)(torch.rand(2, 3, 4, 4)).shape  // torch.Size([2, 3, 4, 4])
 */
export class SyncBatchNorm extends BatchNorm {
  protected checkInput(input: Tensor): void {
    if (input.ndim < 2) throw new ValueError(`expected at least 2D input (got ${input.ndim}D input)`);
  }

  /**
   * The module with all its batch norms replaced by synchronised ones, which share their parameters and statistics.
   * @example nn.SyncBatchNorm.convertSyncBatchnorm(new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3)));
   */
  static convertSyncBatchnorm(module: Module): Module {
    const fields = module as unknown as Record<string, unknown>;
    for (const [key, child] of Object.entries(fields)) if (child instanceof Module) fields[key] = SyncBatchNorm.convertSyncBatchnorm(child);
    return module instanceof BatchNorm && !(module instanceof SyncBatchNorm) ? SyncBatchNorm.of(module) : module;
  }

  private static of({ numFeatures, eps, momentum, affine, trackRunningStats, ...state }: BatchNorm): SyncBatchNorm {
    const { weight, bias, runningMean, runningVar, numBatchesTracked, training } = state;
    const norm = new SyncBatchNorm(numFeatures, eps, momentum, affine, trackRunningStats);
    return Object.assign(norm, { weight, bias, runningMean, runningVar, numBatchesTracked, training });
  }
}

abstract class InstanceNorm extends RunningNorm {
  constructor(...args: BatchNormArgs) {
    super('InstanceNorm', { affine: false, track: false }, args);
  }

  protected abstract readonly batchedDims: number;

  protected checkInput(input: Tensor): void {
    expectDims(input, [this.batchedDims - 1, this.batchedDims]);
  }

  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const channels = input.sizes[input.ndim - this.batchedDims + 1];
    if (this.weight && channels !== this.numFeatures)
      throw new ValueError(
        `expected input's size at dim=${input.ndim - this.batchedDims + 1} to match num_features (${this.numFeatures}), but got: ${channels}.`,
      );
    if (input.ndim === this.batchedDims) return this.normalise(input);
    return this.normalise(input.unsqueeze(0)).squeeze(0);
  }

  private normalise(input: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias, momentum, eps } = this;
    return F.instanceNorm(input, runningMean, runningVar, weight, bias, this.training || !this.trackRunningStats, momentum ?? 0, eps);
  }
}

/**
 * Instance norm (Ulyanov et al., 2016) over (N, C, L) or (C, L): each channel of each example by itself.
 * https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 * @example new nn.InstanceNorm1d(1)(torch.tensor([[[1.5, 2.5]]]))  // tensor([[[-1.0000,  1.0000]]])
 */
export class InstanceNorm1d extends InstanceNorm {
  protected get batchedDims(): number {
    return 3;
  }
}

/**
 * Instance norm (Ulyanov et al., 2016) over (N, C, H, W) or (C, H, W): each channel of each example by itself.
 * https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 * @example new nn.InstanceNorm2d(3)(torch.rand(2, 3, 4, 4)).shape  // torch.Size([2, 3, 4, 4])
 */
export class InstanceNorm2d extends InstanceNorm {
  protected get batchedDims(): number {
    return 4;
  }
}

/**
 * Instance norm (Ulyanov et al., 2016) over (N, C, D, H, W) or (C, D, H, W): each channel of each example by itself.
 * https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
 * @example new nn.InstanceNorm3d(3)(torch.rand(2, 3, 4, 4, 4)).shape  // torch.Size([2, 3, 4, 4, 4])
 */
export class InstanceNorm3d extends InstanceNorm {
  protected get batchedDims(): number {
    return 5;
  }
}

const shapeOf = (shape: number | readonly number[]): number[] => (typeof shape === 'number' ? [shape] : [...shape]);

export interface LayerNormOptions extends Place {
  eps?: number;
  elementwiseAffine?: boolean;
  bias?: boolean;
}

/**
 * Layer norm (Ba et al., 2016): (x - mean) / √(variance + ε) · weight + bias over the last dims.
 * https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 * @example new nn.LayerNorm(2)(torch.tensor([[1.5, 2.5]])).detach()  // tensor([[-1.0000,  1.0000]])
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    ...args: [
      normalizedShape: number | readonly number[],
      ...Args<[eps: number, elementwiseAffine: boolean, bias: boolean], LayerNormOptions>,
    ]
  ) {
    super();
    const [shape, eps = 1e-5, affine = true, bias = true, device, dtype] = bind<
      [number | readonly number[], number?, boolean?, boolean?, ...PlaceArgs]
    >('LayerNorm', 'normalizedShape, eps?, elementwiseAffine?, bias?, device?, dtype?', args);
    [this.normalizedShape, this.eps, this.elementwiseAffine] = [shapeOf(shape), eps, affine];
    this.weight = affine ? new Parameter(ones(this.normalizedShape, { device, dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros(this.normalizedShape, { device, dtype })) : null;
  }

  /**
   * Sets weights to 1 and biases to 0.
   * @example new nn.LayerNorm(2).resetParameters();
   */
  resetParameters(): void {
    if (this.weight) init.ones_(this.weight);
    if (this.bias) init.zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return F.layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const learnt = `elementwise_affine=${python(this.elementwiseAffine)}, bias=${python(this.bias !== null)}`;
    return `${python(this.normalizedShape)}, eps=${float(this.eps)}, ${learnt}`;
  }
}

/**
 * x / √(mean(x²) + ε) · weight over the last dims (Zhang & Sennrich, 2019). https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 * @example new nn.RMSNorm(2)(torch.tensor([[3, 4]])).detach()  // tensor([[0.8485, 1.1314]])
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(
    ...args: [
      normalizedShape: number | readonly number[],
      ...Args<[eps: number | null, elementwiseAffine: boolean], Place & { eps?: number | null; elementwiseAffine?: boolean }>,
    ]
  ) {
    super();
    const [shape, eps = null, affine = true, device, dtype] = bind<[number | readonly number[], (number | null)?, boolean?, ...PlaceArgs]>(
      'RMSNorm',
      'normalizedShape, eps?, elementwiseAffine?, device?, dtype?',
      args,
    );
    [this.normalizedShape, this.eps, this.elementwiseAffine] = [shapeOf(shape), eps, affine];
    this.weight = affine ? new Parameter(ones(this.normalizedShape, { device, dtype })) : null;
  }

  /**
   * Sets weights to 1.
   * @example new nn.RMSNorm(2).resetParameters();
   */
  resetParameters(): void {
    if (this.weight) init.ones_(this.weight);
  }

  override forward(input: Tensor): Tensor {
    return F.rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    return `${python(this.normalizedShape)}, eps=${this.eps === null ? 'None' : float(this.eps)}, elementwise_affine=${python(this.elementwiseAffine)}`;
  }
}

/**
 * Group norm (Wu & He, 2018): normalises each of `numGroups` groups of the channels of (N, C, …).
 * https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 * @example new nn.GroupNorm(2, 4)(torch.rand(1, 4, 3)).shape  // torch.Size([1, 4, 3])
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    ...args: [
      numGroups: number,
      numChannels: number,
      ...Args<[eps: number, affine: boolean], Place & { eps?: number; affine?: boolean; bias?: boolean }>,
    ]
  ) {
    super();
    const [numGroups, numChannels, eps = 1e-5, affine = true, device, dtype, bias = true] = bind<
      [number, number, number?, boolean?, (DeviceLike | null)?, (DTypeLike | null)?, boolean?]
    >('GroupNorm', 'numGroups, numChannels, eps?, affine?, device?, dtype?, bias?', args);
    if (numChannels % numGroups !== 0) throw new ValueError(`num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`);
    [this.numGroups, this.numChannels, this.eps, this.affine] = [numGroups, numChannels, eps, affine];
    this.weight = affine ? new Parameter(ones([numChannels], { device, dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros([numChannels], { device, dtype })) : null;
  }

  /**
   * Sets weights to 1 and biases to 0.
   * @example new nn.GroupNorm(2, 4).resetParameters();
   */
  resetParameters(): void {
    if (this.weight) init.ones_(this.weight);
    if (this.bias) init.zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return F.groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${float(this.eps)}, affine=${python(this.affine)}, bias=${python(this.bias !== null)}`;
  }
}

interface ResponseOptions {
  alpha?: number;
  beta?: number;
  k?: number;
}

/**
 * x / (k + α · mean of x² over `size` neighbouring channels)^β. https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 * @example new nn.LocalResponseNorm(2)(torch.rand(1, 4, 3)).shape  // torch.Size([1, 4, 3])
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(...args: [size: number, ...Args<[alpha: number, beta: number, k: number], ResponseOptions>]) {
    super();
    [this.size, this.alpha = 1e-4, this.beta = 0.75, this.k = 1] = bind<[number, number?, number?, number?]>(
      'LocalResponseNorm',
      'size, alpha?, beta?, k?',
      args,
    );
  }

  override forward(input: Tensor): Tensor {
    return F.localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${float(this.alpha)}, beta=${float(this.beta)}, k=${float(this.k)}`;
  }
}

/**
 * The same under Lua Torch's name. https://pytorch.org/docs/stable/generated/torch.nn.CrossMapLRN2d.html
 * @example new nn.CrossMapLRN2d(2)(torch.rand(1, 4, 3, 3)).shape  // torch.Size([1, 4, 3, 3])
 */
export class CrossMapLRN2d extends LocalResponseNorm {}
