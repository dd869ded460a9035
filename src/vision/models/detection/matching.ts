/** Which boxes belong to which objects, and how boxes are written as what a network predicts. */
import * as torch from '../../../index.js';
import { completeBoxIouLoss, distanceBoxIouLoss, generalizedBoxIouLoss } from '../../ops/losses.js';

const { functional: F } = torch.nn;
export type Tensor = torch.Tensor;

/** The places (N) where a mask is true. */
export const placesOf = (mask: Tensor): Tensor => mask.nonzero({}).squeeze(1);

/** Gives each prediction the number of its object: −1 for none, −2 where it overlaps one, but not enough. */
export class Matcher {
  static readonly BELOW_LOW_THRESHOLD = -1;
  static readonly BETWEEN_THRESHOLDS = -2;

  constructor(
    private readonly highThreshold: number,
    private readonly lowThreshold: number,
    /** Whether the best prediction for an object counts however little it overlaps it. */
    private readonly allowLowQualityMatches = false,
  ) {
    if (lowThreshold > highThreshold) throw new Error('low_threshold should be <= high_threshold');
  }

  /** From the overlaps (objects, predictions). */
  match(quality: Tensor): Tensor {
    if (quality.numel() === 0) {
      const what = quality.shape[0] === 0 ? 'ground-truth' : 'proposal';
      throw new Error(`No ${what} boxes available for one of the images during training`);
    }
    const [best, objects] = quality.max(0);
    const matches = objects
      .maskedFill(best.lt(this.highThreshold), Matcher.BETWEEN_THRESHOLDS)
      .maskedFill(best.lt(this.lowThreshold), Matcher.BELOW_LOW_THRESHOLD);
    if (!this.allowLowQualityMatches) return matches;
    return torch.where(quality.eq(quality.amax(1, true)).any(0), objects, matches);
  }
}

/** Every object has a prediction: the one that overlaps it most. */
export class SSDMatcher extends Matcher {
  constructor(threshold: number) {
    super(threshold, threshold);
  }

  override match(quality: Tensor): Tensor {
    const matches = super.match(quality);
    const best = quality.argmax(1);
    matches.setAt([best], torch.arange(best.shape[0], { device: best.device }));
    return matches;
  }
}

/** Draws predictions with and without object to learn from, at most a share of the former. */
export class BalancedPositiveNegativeSampler {
  constructor(
    private readonly batchSizePerImage: number,
    private readonly positiveFraction: number,
  ) {}

  /** From labels (N) of each image: 1 and more for objects, 0 for background. */
  sample(labels: readonly Tensor[]): { positive: Tensor[]; negative: Tensor[] } {
    const drawn = labels.map((each) => this.sampleOne(each));
    return { positive: drawn.map(([positive]) => positive), negative: drawn.map(([, negative]) => negative) };
  }

  private sampleOne(labels: Tensor): [positive: Tensor, negative: Tensor] {
    const [objects, background] = [placesOf(labels.ge(1)), placesOf(labels.eq(0))];
    const count = Math.min(objects.numel(), Math.trunc(this.batchSizePerImage * this.positiveFraction));
    const rest = Math.min(background.numel(), this.batchSizePerImage - count);
    const chosen = (places: Tensor, n: number): Tensor => {
      const some = places.indexSelect(0, torch.randperm(places.numel()).narrow(0, 0, n).to(places.device));
      return torch.zerosLike(labels, { dtype: torch.bool }).indexFill(0, some, 1);
    };
    return [chosen(objects, count), chosen(background, rest)];
  }
}

/** Widths, heights and middles of corners (N, 4). */
function measured(boxes: Tensor): [width: Tensor, height: Tensor, x: Tensor, y: Tensor] {
  const [x1, y1, x2, y2] = boxes.unbind(1);
  const [width, height] = [x2.sub(x1), y2.sub(y1)];
  return [width, height, x1.add(width.mul(0.5)), y1.add(height.mul(0.5))];
}

const lengthsOf = (lists: readonly Tensor[]): number[] => lists.map((each) => each.shape[0]);

/** Boxes as how far they lie from others, in their sizes, and logarithms of the ratios of sizes. */
export class BoxCoder {
  private readonly largest = Math.log(1000 / 16);

  constructor(readonly weights: readonly [x: number, y: number, width: number, height: number]) {}

  encode(references: readonly Tensor[], proposals: readonly Tensor[]): Tensor[] {
    return [...this.encodeSingle(torch.cat([...references]), torch.cat([...proposals])).split(lengthsOf(references), 0)];
  }

  encodeSingle(references: Tensor, proposals: Tensor): Tensor {
    const [wx, wy, ww, wh] = this.weights;
    const [width, height, x, y] = measured(proposals);
    const [wantedWidth, wantedHeight, wantedX, wantedY] = measured(references);
    const shift = (from: Tensor, to: Tensor, size: Tensor, weight: number): Tensor => to.sub(from).mul(weight).div(size);
    const growth = (from: Tensor, to: Tensor, weight: number): Tensor => to.div(from).log().mul(weight);
    const codes = [
      shift(x, wantedX, width, wx),
      shift(y, wantedY, height, wy),
      growth(width, wantedWidth, ww),
      growth(height, wantedHeight, wh),
    ];
    return torch.stack(codes, 1);
  }

  /** Codes (N, 4 · K) or (N · K, 4), and the boxes that they start from: (N, K, 4). */
  decode(codes: Tensor, boxes: readonly Tensor[]): Tensor {
    const all = torch.cat([...boxes]);
    const count = all.shape[0];
    if (count === 0) return this.decodeSingle(codes, all);
    return this.decodeSingle(codes.reshape(count, -1), all).reshape(count, -1, 4);
  }

  decodeSingle(codes: Tensor, boxes: Tensor): Tensor {
    const [width, height, x, y] = measured(boxes.to(codes.dtype)).map((side) => side.unsqueeze(1));
    const [dx, dy, dw, dh] = this.weights.map((weight, i) => codes.at(':', `${i}::4`).div(weight));
    const [middleX, middleY] = [dx.mul(width).add(x), dy.mul(height).add(y)];
    const half = (growth: Tensor, size: Tensor): Tensor => growth.clamp({ max: this.largest }).exp().mul(size).mul(0.5);
    const [halfWidth, halfHeight] = [half(dw, width), half(dh, height)];
    const corners = [middleX.sub(halfWidth), middleY.sub(halfHeight), middleX.add(halfWidth), middleY.add(halfHeight)];
    return torch.stack(corners, 2).flatten(1);
  }
}

/** Boxes as the distances of their sides from the middles of others, in sizes of those. */
export class BoxLinearCoder {
  encode(references: Tensor, proposals: Tensor): Tensor {
    const [x1, y1, x2, y2] = references.unbind(-1);
    const [x, y] = [x1.add(x2).mul(0.5), y1.add(y2).mul(0.5)];
    const [left, top, right, bottom] = proposals.unbind(-1);
    const distances = torch.stack([x.sub(left), y.sub(top), right.sub(x), bottom.sub(y)], -1);
    return distances.div(this.sizes(references));
  }

  decode(codes: Tensor, boxes: Tensor): Tensor {
    const [x1, y1, x2, y2] = boxes.to(codes.dtype).unbind(-1);
    const [x, y] = [x1.add(x2).mul(0.5), y1.add(y2).mul(0.5)];
    const [left, top, right, bottom] = codes.mul(this.sizes(boxes.to(codes.dtype))).unbind(-1);
    return torch.stack([x.sub(left), y.sub(top), x.add(right), y.add(bottom)], -1);
  }

  private sizes(boxes: Tensor): Tensor {
    const [x1, y1, x2, y2] = boxes.unbind(-1);
    const [width, height] = [x2.sub(x1), y2.sub(y1)];
    return torch.stack([width, height, width, height], -1);
  }
}

export type BoxLoss = 'l1' | 'smooth_l1' | 'ciou' | 'diou' | 'giou';

/** How far predicted codes of `anchors` are from `boxes`, summed up. */
export function boxLoss(type: BoxLoss, coder: BoxCoder, anchors: Tensor, boxes: Tensor, codes: Tensor): Tensor {
  if (type === 'l1') return F.l1Loss(codes, coder.encodeSingle(boxes, anchors), { reduction: 'sum' });
  if (type === 'smooth_l1') return F.smoothL1Loss(codes, coder.encodeSingle(boxes, anchors), { reduction: 'sum' });
  const overlap = { ciou: completeBoxIouLoss, diou: distanceBoxIouLoss, giou: generalizedBoxIouLoss }[type];
  return overlap(coder.decodeSingle(codes, anchors), boxes, { reduction: 'sum', eps: 1e-7 });
}
