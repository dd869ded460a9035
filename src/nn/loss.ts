/** Losses as modules. https://pytorch.org/docs/stable/nn.html#loss-functions */
import type { Args, DTypeLike } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import { bind, type Place } from './arguments.js';
import * as F from './functional/index.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';

export type ReductionMode = 'none' | 'mean' | 'sum';

export interface LossOptions {
  /** Old names of `reduction`. */
  sizeAverage?: boolean | null;
  reduce?: boolean | null;
  reduction?: ReductionMode;
}

/** The meaning of PyTorch's old `size_average` and `reduce`. */
export function reductionOf(reduction: ReductionMode = 'mean', sizeAverage?: boolean | null, reduce?: boolean | null): ReductionMode {
  if ((sizeAverage ?? null) === null && (reduce ?? null) === null) return reduction;
  return reduce === false ? 'none' : sizeAverage === false ? 'sum' : 'mean';
}

export type Flag = boolean | null | undefined;
type LossArgs = Args<[sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode], LossOptions>;
export const common = 'sizeAverage?, reduce?, reduction?';

abstract class Loss extends Module {
  readonly reduction: ReductionMode;

  constructor(...args: LossArgs) {
    super();
    const [sizeAverage, reduce, reduction] = bind<[Flag, Flag, ReductionMode?]>('Loss', common, args);
    this.reduction = reductionOf(reduction, sizeAverage, reduce);
  }
}

const named = (reduction: ReductionMode) => ({ reduction });

/**
 * The mean of |x - y|. https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 * @example new nn.L1Loss()(torch.tensor([0.5, 4]), torch.tensor([0, 1]))  // tensor(1.7500)
 */
export class L1Loss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, named(this.reduction));
  }
}

/**
 * The mean of (x - y)². https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 * @example new nn.MSELoss()(torch.tensor([0.5, 4]), torch.tensor([0, 1]))  // tensor(4.6250)
 */
export class MSELoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, named(this.reduction));
  }
}

/**
 * The mean of ln(1 + e^(-y x)) for y = 1 or -1. https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
 * @example new nn.SoftMarginLoss()(torch.tensor([0.5, -1]), torch.tensor([1, -1]))  // tensor(0.3937)
 */
export class SoftMarginLoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, named(this.reduction));
  }
}

/**
 * A margin loss for several classes each: `nn.functional.multilabelMarginLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
 * @example new nn.MultiLabelMarginLoss()(torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([[2, -1, 0]]))  // tensor(0.5000)
 */
export class MultiLabelMarginLoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelMarginLoss(input, target, named(this.reduction));
  }
}

type WeightedArgs = Args<
  [weight: Tensor | null, sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode],
  LossOptions & { weight?: Tensor | null }
>;
export type WeightedBound = [(Tensor | null)?, Flag?, Flag?, ReductionMode?];

/** The weights are a buffer. */
abstract class WeightedLoss extends Module {
  readonly reduction: ReductionMode;
  weight: Buffer | null;

  constructor(...args: WeightedArgs) {
    super();
    const [weight, sizeAverage, reduce, reduction] = bind<WeightedBound>('Loss', `weight?, ${common}`, args);
    this.weight = weight ? new Buffer(weight) : null;
    this.reduction = reductionOf(reduction, sizeAverage, reduce);
  }
}

/**
 * Binary cross entropy of probabilities: `nn.functional.binaryCrossEntropy`.
 * https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 * @example new nn.BCELoss()(torch.tensor([0.9, 0.2]), torch.tensor([1, 0]).float())  // tensor(0.1643)
 */
export class BCELoss extends WeightedLoss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/**
 * Binary cross entropy averaged over classes: `nn.functional.multilabelSoftMarginLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
 * @example new nn.MultiLabelSoftMarginLoss()(torch.tensor([[0.5, -1]]), torch.tensor([[1, 0]]))  // tensor(0.3937)
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelSoftMarginLoss(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/**
 * Binary cross entropy of logits: `nn.functional.binaryCrossEntropyWithLogits`.
 * https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 * @example new nn.BCEWithLogitsLoss()(torch.tensor([2.5, -1]), torch.tensor([1, 0]).float())  // tensor(0.1961)
 */
export class BCEWithLogitsLoss extends Module {
  readonly reduction: ReductionMode;
  weight: Buffer | null;
  posWeight: Buffer | null;

  constructor(
    ...args: Args<
      [weight: Tensor | null, sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode, posWeight: Tensor | null],
      LossOptions & { weight?: Tensor | null; posWeight?: Tensor | null }
    >
  ) {
    super();
    const [weight, sizeAverage, reduce, reduction, posWeight] = bind<[...WeightedBound, (Tensor | null)?]>(
      'BCEWithLogitsLoss',
      `weight?, ${common}, posWeight?`,
      args,
    );
    this.weight = weight ? new Buffer(weight) : null;
    this.posWeight = posWeight ? new Buffer(posWeight) : null;
    this.reduction = reductionOf(reduction, sizeAverage, reduce);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropyWithLogits(input, target, { weight: this.weight, posWeight: this.posWeight, reduction: this.reduction });
  }
}

interface NLLOptions extends LossOptions {
  weight?: Tensor | null;
  ignoreIndex?: number;
}

/**
 * Minus the log-probability of the class: `nn.functional.nllLoss`. https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 * @example new nn.NLLLoss()(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([1]))  // tensor(0.6931)
 */
export class NLLLoss extends Module {
  readonly reduction: ReductionMode;
  readonly ignoreIndex: number;
  weight: Buffer | null;

  constructor(
    ...args: Args<
      [weight: Tensor | null, sizeAverage: boolean | null, ignoreIndex: number, reduce: boolean | null, reduction: ReductionMode],
      NLLOptions
    >
  ) {
    super();
    const [weight, sizeAverage, ignoreIndex = -100, reduce, reduction] = bind<[(Tensor | null)?, Flag?, number?, Flag?, ReductionMode?]>(
      'NLLLoss',
      'weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?',
      args,
    );
    this.weight = weight ? new Buffer(weight) : null;
    [this.ignoreIndex, this.reduction] = [ignoreIndex, reductionOf(reduction, sizeAverage, reduce)];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.nllLoss(input, target, { weight: this.weight, ignoreIndex: this.ignoreIndex, reduction: this.reduction });
  }
}

/**
 * The older name for images: `NLLLoss` takes them as well. https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 * @example new nn.NLLLoss2d()(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2).long())  // tensor(0.)
 */
export class NLLLoss2d extends NLLLoss {}

/**
 * Cross entropy of logits (N, C, …) with classes (N, …) or probabilities: `nn.functional.crossEntropy`.
 * https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 * @example new nn.CrossEntropyLoss({ labelSmoothing: 0.1 })(torch.tensor([[2.5, 0.5, 1]]), torch.tensor([0]))  // tensor(0.4230)
 */
export class CrossEntropyLoss extends Module {
  readonly reduction: ReductionMode;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  weight: Buffer | null;

  constructor(
    ...args: Args<
      [
        weight: Tensor | null,
        sizeAverage: boolean | null,
        ignoreIndex: number,
        reduce: boolean | null,
        reduction: ReductionMode,
        labelSmoothing: number,
      ],
      NLLOptions & { labelSmoothing?: number }
    >
  ) {
    super();
    const [weight, sizeAverage, ignoreIndex = -100, reduce, reduction, labelSmoothing = 0] = bind<
      [(Tensor | null)?, Flag?, number?, Flag?, ReductionMode?, number?]
    >('CrossEntropyLoss', 'weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?, labelSmoothing?', args);
    this.weight = weight ? new Buffer(weight) : null;
    [this.ignoreIndex, this.reduction, this.labelSmoothing] = [ignoreIndex, reductionOf(reduction, sizeAverage, reduce), labelSmoothing];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return F.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

interface PoissonOptions extends LossOptions {
  logInput?: boolean;
  full?: boolean;
  eps?: number;
}

/**
 * Minus the log-likelihood of a Poisson distribution: `nn.functional.poissonNllLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 * @example new nn.PoissonNLLLoss()(torch.tensor([0.5]), torch.tensor([2]))  // tensor(0.6487)
 */
export class PoissonNLLLoss extends Module {
  readonly reduction: ReductionMode;
  private readonly options: { logInput: boolean; full: boolean; eps: number };

  constructor(
    ...args: Args<
      [logInput: boolean, full: boolean, sizeAverage: boolean | null, eps: number, reduce: boolean | null, reduction: ReductionMode],
      PoissonOptions
    >
  ) {
    super();
    const [logInput = true, full = false, sizeAverage, eps = 1e-8, reduce, reduction] = bind<
      [boolean?, boolean?, Flag?, number?, Flag?, ReductionMode?]
    >('PoissonNLLLoss', 'logInput?, full?, sizeAverage?, eps?, reduce?, reduction?', args);
    [this.options, this.reduction] = [{ logInput, full, eps }, reductionOf(reduction, sizeAverage, reduce)];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.poissonNllLoss(input, target, { ...this.options, reduction: this.reduction });
  }
}

/**
 * Minus the log-likelihood of a normal distribution: `nn.functional.gaussianNllLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 * @example new nn.GaussianNLLLoss()(torch.tensor([1.5]), torch.tensor([2.5]), torch.tensor([0.5]))  // tensor(0.6534)
 */
export class GaussianNLLLoss extends Module {
  readonly reduction: ReductionMode;
  readonly full: boolean;
  readonly eps: number;

  constructor(options: { full?: boolean; eps?: number; reduction?: ReductionMode } = {}) {
    super();
    [this.full = false, this.eps = 1e-6, this.reduction = 'mean'] = bind<[boolean?, number?, ReductionMode?]>(
      'GaussianNLLLoss',
      '*, full?, eps?, reduction?',
      [options],
    );
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    return F.gaussianNllLoss(input, target, variance, { full: this.full, eps: this.eps, reduction: this.reduction });
  }
}

/**
 * The Kullback-Leibler divergence from log-probabilities: `nn.functional.klDiv`.
 * https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 * @example new nn.KLDivLoss({ reduction: 'batchmean' })(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.9, 0.1]]))  // tensor(0.3681)
 */
export class KLDivLoss extends Module {
  readonly reduction: ReductionMode | 'batchmean';
  readonly logTarget: boolean;

  constructor(
    ...args: Args<
      [sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode | 'batchmean', logTarget: boolean],
      Omit<LossOptions, 'reduction'> & { reduction?: ReductionMode | 'batchmean'; logTarget?: boolean }
    >
  ) {
    super();
    const [sizeAverage, reduce, reduction, logTarget = false] = bind<[Flag, Flag, ReductionMode?, boolean?]>(
      'KLDivLoss',
      `${common}, logTarget?`,
      args,
    );
    [this.reduction, this.logTarget] = [reductionOf(reduction, sizeAverage, reduce), logTarget];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/**
 * Squared below β, absolute above: `nn.functional.smoothL1Loss`. https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 * @example new nn.SmoothL1Loss()(torch.tensor([0.5, 4]), torch.tensor([0, 0]))  // tensor(1.8125)
 */
export class SmoothL1Loss extends Module {
  readonly reduction: ReductionMode;
  readonly beta: number;

  constructor(
    ...args: Args<
      [sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode, beta: number],
      LossOptions & { beta?: number }
    >
  ) {
    super();
    const [sizeAverage, reduce, reduction, beta = 1] = bind<[Flag, Flag, ReductionMode?, number?]>(
      'SmoothL1Loss',
      `${common}, beta?`,
      args,
    );
    [this.reduction, this.beta] = [reductionOf(reduction, sizeAverage, reduce), beta];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/**
 * Squared up to δ, absolute above: `nn.functional.huberLoss`. https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 * @example new nn.HuberLoss()(torch.tensor([0.5, 4]), torch.tensor([0, 0]))  // tensor(1.8125)
 */
export class HuberLoss extends Module {
  readonly reduction: ReductionMode;
  readonly delta: number;

  constructor(...args: Args<[reduction: ReductionMode, delta: number], { reduction?: ReductionMode; delta?: number }>) {
    super();
    [this.reduction = 'mean', this.delta = 1] = bind<[ReductionMode?, number?]>('HuberLoss', 'reduction?, delta?', args);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/**
 * Connectionist temporal classification (Graves et al., 2006): `nn.functional.ctcLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 * @example
 * const logProbs = F.logSoftmax(torch.zeros(5, 1, 4), 2);
 * new nn.CTCLoss()(logProbs, torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))  // tensor(1.6881)
 */
export class CTCLoss extends Module {
  readonly blank: number;
  readonly reduction: ReductionMode;
  readonly zeroInfinity: boolean;

  constructor(
    ...args: Args<
      [blank: number, reduction: ReductionMode, zeroInfinity: boolean],
      { blank?: number; reduction?: ReductionMode; zeroInfinity?: boolean }
    >
  ) {
    super();
    [this.blank = 0, this.reduction = 'mean', this.zeroInfinity = false] = bind<[number?, ReductionMode?, boolean?]>(
      'CTCLoss',
      'blank?, reduction?, zeroInfinity?',
      args,
    );
  }

  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Tensor | readonly number[],
    targetLengths: Tensor | readonly number[],
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}

export interface LinearCrossEntropyLossOptions extends Place {
  outFeatures?: readonly number[];
  bias?: boolean;
  reduction?: ReductionMode;
  weight?: Tensor | null;
  ignoreIndex?: number | null;
  labelSmoothing?: number;
  options?: unknown;
}

/**
 * A linear layer and the cross entropy of its logits in one. https://pytorch.org/docs/stable/nn.html#loss-functions
 * @example new nn.LinearCrossEntropyLoss(3, 4)(torch.ones(2, 3), torch.tensor([0, 1])).shape  // torch.Size([])
 */
export class LinearCrossEntropyLoss extends Module {
  readonly inFeatures: number;
  readonly numClasses: number;
  readonly outFeatures: readonly number[];
  readonly reduction: ReductionMode;
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number;
  linear: Linear;
  weight: Buffer | null;

  constructor(...args: [inFeatures: number, numClasses: number, options?: LinearCrossEntropyLossOptions]) {
    super();
    const [
      inFeatures,
      numClasses,
      outFeatures = [],
      bias = false,
      device,
      dtype,
      reduction = 'mean',
      weight,
      ignoreIndex,
      labelSmoothing = 0,
    ] = bind<
      [
        number,
        number,
        (readonly number[])?,
        boolean?,
        (DeviceLike | null)?,
        (DTypeLike | null)?,
        ReductionMode?,
        (Tensor | null)?,
        (number | null)?,
        number?,
      ]
    >(
      'LinearCrossEntropyLoss',
      'inFeatures, numClasses, outFeatures?, bias?, device?, dtype?, reduction?, weight?, ignoreIndex?, labelSmoothing?, options?',
      args,
    );
    [this.inFeatures, this.numClasses, this.outFeatures, this.reduction] = [inFeatures, numClasses, outFeatures, reduction];
    [this.ignoreIndex, this.labelSmoothing] = [ignoreIndex ?? null, labelSmoothing];
    this.linear = new Linear(
      inFeatures,
      outFeatures.reduce((a, b) => a * b, numClasses),
      { bias, device, dtype },
    );
    this.weight = weight ? new Buffer(weight) : null;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { linear, numClasses, outFeatures, weight, reduction, ignoreIndex, labelSmoothing } = this;
    const shape = [numClasses, ...outFeatures];
    const linearWeight = linear.weight.reshape([...shape, this.inFeatures]);
    return F.linearCrossEntropy(input, linearWeight, target, {
      linearBias: linear.bias && linear.bias.reshape(shape),
      weight,
      reduction,
      ignoreIndex,
      labelSmoothing,
    });
  }
}
