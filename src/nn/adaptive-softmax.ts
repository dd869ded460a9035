import { noGrad } from '../autograd/modes.js';
import { cat } from '../ops/join.js';
import { type NamedTuple, namedtuple } from '../ops/tuple.js';
import type { Args } from '../ops/types.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, type Place, type PlaceArgs } from './arguments.js';
import { ModuleList, Sequential } from './container.js';
import * as F from './functional/index.js';
import { Linear } from './linear.js';
import { Module } from './module.js';

function checkCutoffs(cutoffs: readonly number[], classes: number): void {
  if (cutoffs.length === 0) throw new ValueError('cutoffs should be a sequence of length larger than 0');
  if (cutoffs.some((c, i) => !Number.isInteger(c) || c < 1 || c > classes - 1 || (i > 0 && c <= cutoffs[i - 1])))
    throw new ValueError(
      'cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1',
    );
}

function checkTarget(input: Tensor, target: Tensor): void {
  if (target.ndim > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
  if (input.ndim !== target.ndim + 1)
    throw new RuntimeError(
      `${target.ndim}D target tensor expects ${target.ndim + 1}D input tensors, but found inputs with size ${String(input.shape)}`,
    );
  if (target.ndim === 1 && input.sizes[0] !== target.sizes[0])
    throw new RuntimeError('Input and target should have the same size in the batch dimension.');
}

type Options = Place & { divValue?: number; headBias?: boolean };

/**
 * Log-softmax over many classes, sorted by frequency: rare ones share clusters with smaller projections, which are computed for the samples
 * that
 * need them. `forward(input, target)` gives [output, loss].
 * https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
 * @example
 * torch.manualSeed(0);
 * const head = new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 50]);
 * const { output, loss } = head(torch.rand(4, 8), torch.tensor([1, 20, 60, 3]));
 * output.shape  // torch.Size([4])
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly shortlistSize: number;
  head: Linear;
  tail = new ModuleList();

  constructor(
    ...args: [inFeatures: number, nClasses: number, cutoffs: readonly number[], ...Args<[divValue: number, headBias: boolean], Options>]
  ) {
    super();
    const [inFeatures, classes, cutoffs, divValue = 4, headBias = false, device, dtype] = bind<
      [number, number, readonly number[], number?, boolean?, ...PlaceArgs]
    >('AdaptiveLogSoftmaxWithLoss', 'inFeatures, nClasses, cutoffs, divValue?, headBias?, device?, dtype?', args);
    checkCutoffs(cutoffs, classes);
    [this.inFeatures, this.nClasses, this.divValue, this.headBias] = [inFeatures, classes, divValue, headBias];
    this.cutoffs = [...cutoffs, classes];
    this.shortlistSize = cutoffs[0];
    this.head = new Linear(inFeatures, this.shortlistSize + cutoffs.length, { bias: headBias, device, dtype });
    cutoffs.forEach((cutoff, i) => {
      const width = Math.floor(inFeatures / divValue ** (i + 1));
      const size = this.cutoffs[i + 1] - cutoff;
      this.tail.append(
        new Sequential(
          new Linear(inFeatures, width, { bias: false, device, dtype }),
          new Linear(width, size, { bias: false, device, dtype }),
        ),
      );
    });
  }

  /**
   * Draws the weights anew.
   * @example new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 50]).resetParameters();
   */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster.children()) (layer as Linear).resetParameters();
  }

  private cluster(i: number, input: Tensor): Tensor {
    return F.logSoftmax(([...this.tail][i] as Sequential).forward(input), 1);
  }

  override forward(given: Tensor, givenTarget: Tensor): NamedTuple<'output' | 'loss'> {
    checkTarget(given, givenTarget);
    const [input, target] = givenTarget.ndim > 0 ? [given, givenTarget] : [given.unsqueeze(0), givenTarget.unsqueeze(0)];
    const [low, high] = [Number(target.min().item()), Number(target.max().item())];
    if (low < 0 || high >= this.nClasses)
      throw new RuntimeError(`Target values should be in [0, ${this.nClasses - 1}], but values in range [${low}, ${high}] were found. `);
    const head = F.logSoftmax(this.head.forward(input), 1);
    let output = head.gather(1, target.clampMax(this.shortlistSize - 1).unsqueeze(1)).squeeze(1);
    for (let i = 0; i + 1 < this.cutoffs.length; i++) {
      const rows = target
        .ge(this.cutoffs[i])
        .logicalAnd(target.lt(this.cutoffs[i + 1]))
        .nonzero()
        .squeeze(1);
      if (rows.sizes[0] === 0) continue;
      const local = this.cluster(i, input.indexSelect(0, rows)).gather(1, target.indexSelect(0, rows).sub(this.cutoffs[i]).unsqueeze(1));
      const cluster = head.select(1, this.shortlistSize + i).indexSelect(0, rows);
      output = output.indexCopy(0, rows, local.squeeze(1).add(cluster));
    }
    const loss = output.neg().mean();
    return namedtuple('_ASMoutput', ['output', 'loss'], [givenTarget.ndim > 0 ? output : output.squeeze(0), loss]);
  }

  /**
   * Log-probabilities of all classes, (N, nClasses).
   * @example new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 50]).logProb(torch.rand(4, 8)).shape  // torch.Size([4, 100])
   */
  logProb(input: Tensor): Tensor {
    const head = F.logSoftmax(this.head.forward(input), 1);
    const clusters = Array.from({ length: this.cutoffs.length - 1 }, (_, i) =>
      this.cluster(i, input).add(head.select(1, this.shortlistSize + i).unsqueeze(1)),
    );
    return cat([head.narrow(1, 0, this.shortlistSize), ...clusters], 1);
  }

  /**
   * The likeliest class of each sample.
   * @example new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 50]).predict(torch.rand(4, 8)).shape  // torch.Size([4])
   */
  predict(input: Tensor): Tensor {
    return noGrad(() => this.logProb(input)).argmax(1);
  }
}
