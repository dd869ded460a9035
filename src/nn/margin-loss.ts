/** Losses with a margin. https://pytorch.org/docs/stable/nn.html#loss-functions */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind } from './arguments.js';
import * as F from './functional/index.js';
import { common, type Flag, type LossOptions, reductionOf, type ReductionMode, type WeightedBound } from './loss.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';
import { ValueError } from '../tensor/errors.js';

type MarginOptions = LossOptions & { margin?: number };
type MarginArgs = Args<[margin: number, sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode], MarginOptions>;

abstract class MarginLoss extends Module {
  readonly reduction: ReductionMode;
  readonly margin: number;

  protected constructor(standard: number, args: readonly unknown[]) {
    super();
    const [margin = standard, sizeAverage, reduce, reduction] = bind<[number?, Flag?, Flag?, ReductionMode?]>(
      'MarginLoss',
      `margin?, ${common}`,
      args,
    );
    [this.margin, this.reduction] = [margin, reductionOf(reduction, sizeAverage, reduce)];
  }

  protected get options() {
    return { margin: this.margin, reduction: this.reduction };
  }
}

/**
 * x where y = 1, max(0, margin - x) where y = -1: `nn.functional.hingeEmbeddingLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 * @example new nn.HingeEmbeddingLoss()(torch.tensor([0.5, 0.2]), torch.tensor([1, -1]))  // tensor(0.6500)
 */
export class HingeEmbeddingLoss extends MarginLoss {
  constructor(...args: MarginArgs) {
    super(1, args);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, this.options);
  }
}

/**
 * 1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1.
 * https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 * @example new nn.CosineEmbeddingLoss()(torch.tensor([[1, 0]]), torch.tensor([[0, 1]]), torch.tensor([1]))  // tensor(1.)
 */
export class CosineEmbeddingLoss extends MarginLoss {
  constructor(...args: MarginArgs) {
    super(0, args);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosineEmbeddingLoss(input1, input2, target, this.options);
  }
}

/**
 * max(0, -y (x₁ - x₂) + margin): `nn.functional.marginRankingLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 * @example new nn.MarginRankingLoss()(torch.tensor([1.5]), torch.tensor([2]), torch.tensor([1]))  // tensor(0.5000)
 */
export class MarginRankingLoss extends MarginLoss {
  constructor(...args: MarginArgs) {
    super(0, args);
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.marginRankingLoss(input1, input2, target, this.options);
  }
}

/**
 * A margin loss over classes: `nn.functional.multiMarginLoss`. https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
 * @example new nn.MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([2]))  // tensor(0.5000)
 */
export class MultiMarginLoss extends Module {
  readonly p: number;
  readonly margin: number;
  readonly reduction: ReductionMode;
  weight: Buffer | null;

  constructor(
    ...args: Args<
      [p: number, margin: number, weight: Tensor | null, sizeAverage: boolean | null, reduce: boolean | null, reduction: ReductionMode],
      MarginOptions & { p?: number; weight?: Tensor | null }
    >
  ) {
    super();
    const [p = 1, margin = 1, weight, sizeAverage, reduce, reduction] = bind<[number?, number?, ...WeightedBound]>(
      'MultiMarginLoss',
      `p?, margin?, weight?, ${common}`,
      args,
    );
    if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
    if (weight && weight.ndim !== 1)
      throw new ValueError(`MultiMarginLoss: expected weight to be None or 1D tensor, got ${weight.ndim}D instead`);
    this.weight = weight ? new Buffer(weight) : null;
    [this.p, this.margin, this.reduction] = [p, margin, reductionOf(reduction, sizeAverage, reduce)];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return F.multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

interface TripletOptions extends MarginOptions {
  p?: number;
  eps?: number;
  swap?: boolean;
}

function checkMargin(layer: string, margin: number): void {
  if (!(margin > 0)) throw new ValueError(`${layer}: expected margin to be greater than 0, got ${margin} instead`);
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin): `nn.functional.tripletMarginLoss`.
 * https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 * @example new nn.TripletMarginLoss()(torch.tensor([[0.5, 0]]), torch.tensor([[1.5, 0]]), torch.tensor([[0.5, 1]]))  // tensor(1.)
 */
export class TripletMarginLoss extends Module {
  readonly reduction: ReductionMode;
  private readonly options: { margin: number; p: number; eps: number; swap: boolean };

  constructor(
    ...args: Args<
      [
        margin: number,
        p: number,
        eps: number,
        swap: boolean,
        sizeAverage: boolean | null,
        reduce: boolean | null,
        reduction: ReductionMode,
      ],
      TripletOptions
    >
  ) {
    super();
    const [margin = 1, p = 2, eps = 1e-6, swap = false, sizeAverage, reduce, reduction] = bind<
      [number?, number?, number?, boolean?, Flag?, Flag?, ReductionMode?]
    >('TripletMarginLoss', `margin?, p?, eps?, swap?, ${common}`, args);
    checkMargin('TripletMarginLoss', margin);
    [this.options, this.reduction] = [{ margin, p, eps, swap }, reductionOf(reduction, sizeAverage, reduce)];
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return F.tripletMarginLoss(anchor, positive, negative, { ...this.options, reduction: this.reduction });
  }
}

type Distance = (x: Tensor, y: Tensor) => Tensor;

/**
 * `TripletMarginLoss` with any distance function. https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 * @example
 * const distance = (a: torch.Tensor, b: torch.Tensor) => a.sub(b).abs().sum(1);
 * new nn.TripletMarginWithDistanceLoss({ distanceFunction: distance })(torch.zeros(1, 2), torch.ones(1, 2), torch.ones(1, 2).neg())
 * // tensor(1.)
 */
export class TripletMarginWithDistanceLoss extends Module {
  private readonly options: { distanceFunction: Distance | null; margin: number; swap: boolean; reduction: ReductionMode };

  constructor(options: { distanceFunction?: Distance | null; margin?: number; swap?: boolean; reduction?: ReductionMode } = {}) {
    super();
    const { distanceFunction = null, margin = 1, swap = false, reduction = 'mean' } = options;
    checkMargin('TripletMarginWithDistanceLoss', margin);
    this.options = { distanceFunction, margin, swap, reduction };
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return F.tripletMarginWithDistanceLoss(anchor, positive, negative, this.options);
  }
}
