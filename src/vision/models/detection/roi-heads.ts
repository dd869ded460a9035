/** What a detector says of its proposals: classes, boxes, masks and key points. */
import * as torch from '../../../index.js';
import { batchedNms, boxIou, clipBoxesToImage, removeSmallBoxes } from '../../ops/boxes.js';
import type { Layer } from '../../ops/misc.js';
import type { MultiScaleRoIAlign } from '../../ops/pyramid.js';
import { keypointLoss, keypointsOf } from './keypoints.js';
import { maskLoss, masksOf } from './masks.js';
import { BalancedPositiveNegativeSampler, BoxCoder, Matcher, placesOf } from './matching.js';
import type { Detection, DetectionTarget, ImageSize } from './transform.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;
type Maps = Record<string, Tensor>;
type Losses = Record<string, Tensor>;

/** Features of boxes to logits (N, classes) and codes (N, 4 · classes). */
export type BoxPredictor = torch.nn.Module & { forward(features: Tensor): [logits: Tensor, codes: Tensor] };

/** Layers that look at boxes, in order. */
export interface Branch {
  roiPool: MultiScaleRoIAlign;
  head: Layer;
  predictor: Layer;
}

export interface RoIHeadsOptions {
  fgIouThresh: number;
  bgIouThresh: number;
  batchSizePerImage: number;
  positiveFraction: number;
  bboxRegWeights?: readonly [number, number, number, number] | null;
  scoreThresh: number;
  nmsThresh: number;
  detectionsPerImg: number;
  mask?: Branch | null;
  keypoint?: Branch | null;
}

/** Proposals to learn from. */
interface Samples {
  boxes: Tensor[];
  /** The number of the object for each. */
  matched: Tensor[];
  labels: Tensor[];
  /** Codes of the objects' boxes. */
  wanted: Tensor[];
}

function boxLosses(logits: Tensor, codes: Tensor, { labels, wanted }: Samples): Losses {
  const classes = torch.cat(labels);
  const objects = placesOf(classes.gt(0));
  const ofClass = codes.reshape(logits.shape[0], -1, 4).at(objects, classes.indexSelect(0, objects));
  const options = { beta: 1 / 9, reduction: 'sum' } as const;
  const lossBoxReg = F.smoothL1Loss(ofClass, torch.cat(wanted).indexSelect(0, objects), options).div(classes.numel());
  return { lossClassifier: F.crossEntropy(logits, classes), lossBoxReg };
}

const floats: readonly torch.DType[] = [torch.float32, torch.float64, torch.float16];

/** Classifies proposals and corrects their boxes; with `mask` and `keypoint` it finds these as well. */
export class RoIHeads extends nn.Module {
  boxRoiPool: MultiScaleRoIAlign;
  boxHead: Layer;
  boxPredictor: BoxPredictor;
  maskRoiPool: MultiScaleRoIAlign | null;
  maskHead: Layer | null;
  maskPredictor: Layer | null;
  keypointRoiPool: MultiScaleRoIAlign | null;
  keypointHead: Layer | null;
  keypointPredictor: Layer | null;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedPositiveNegativeSampler;
  private readonly boxCoder: BoxCoder;
  scoreThresh: number;
  nmsThresh: number;
  detectionsPerImg: number;

  constructor(boxRoiPool: MultiScaleRoIAlign, boxHead: Layer, boxPredictor: BoxPredictor, options: RoIHeadsOptions) {
    super();
    [this.boxRoiPool, this.boxHead, this.boxPredictor] = [boxRoiPool, boxHead, boxPredictor];
    const { mask, keypoint } = options;
    [this.maskRoiPool, this.maskHead, this.maskPredictor] = [mask?.roiPool ?? null, mask?.head ?? null, mask?.predictor ?? null];
    this.keypointRoiPool = keypoint?.roiPool ?? null;
    [this.keypointHead, this.keypointPredictor] = [keypoint?.head ?? null, keypoint?.predictor ?? null];
    this.matcher = new Matcher(options.fgIouThresh, options.bgIouThresh);
    this.sampler = new BalancedPositiveNegativeSampler(options.batchSizePerImage, options.positiveFraction);
    this.boxCoder = new BoxCoder(options.bboxRegWeights ?? [10, 10, 5, 5]);
    [this.scoreThresh, this.nmsThresh, this.detectionsPerImg] = [options.scoreThresh, options.nmsThresh, options.detectionsPerImg];
  }

  hasMask(): boolean {
    return [this.maskRoiPool, this.maskHead, this.maskPredictor].every((part) => part !== null);
  }

  hasKeypoint(): boolean {
    return [this.keypointRoiPool, this.keypointHead, this.keypointPredictor].every((part) => part !== null);
  }

  private checkTypes({ boxes, labels, keypoints }: DetectionTarget): void {
    if (!floats.includes(boxes.dtype)) throw new TypeError(`target boxes must of float type, instead got ${String(boxes.dtype)}`);
    if (labels.dtype !== torch.int64) throw new TypeError(`target labels must of int64 type, instead got ${String(labels.dtype)}`);
    if (this.hasKeypoint() && keypoints?.dtype !== torch.float32)
      throw new TypeError(`target keypoints must of float type, instead got ${String(keypoints?.dtype)}`);
  }

  private checkKeys(targets: readonly DetectionTarget[]): void {
    for (const key of ['boxes', 'labels', ...(this.hasMask() ? ['masks'] : [])])
      if (!targets.every((target) => key in target)) throw new Error(`Every element of targets should have a ${key} key`);
  }

  private assign(boxes: Tensor, { boxes: objects, labels }: DetectionTarget): [matched: Tensor, labels: Tensor] {
    const none = (): Tensor => torch.zeros(boxes.shape[0], { dtype: torch.int64, device: boxes.device });
    if (objects.numel() === 0) return [none(), none()];
    const matches = this.matcher.match(boxIou(objects, boxes));
    const matched = matches.clamp({ min: 0 });
    const found = labels.indexSelect(0, matched).to(torch.int64);
    return [matched, found.maskedFill(matches.eq(Matcher.BELOW_LOW_THRESHOLD), 0).maskedFill(matches.eq(Matcher.BETWEEN_THRESHOLDS), -1)];
  }

  private samples(proposals: readonly Tensor[], targets: readonly DetectionTarget[]): Samples {
    this.checkKeys(targets);
    const { dtype } = proposals[0];
    const all = proposals.map((boxes, i) => torch.cat([boxes, targets[i].boxes.to(dtype)]));
    const assigned = all.map((boxes, i) => this.assign(boxes, targets[i]));
    const { positive, negative } = this.sampler.sample(assigned.map(([, labels]) => labels));
    const places = positive.map((each, i) => placesOf(each.logicalOr(negative[i])));
    const chosen = (lists: readonly Tensor[]): Tensor[] => lists.map((each, i) => each.indexSelect(0, places[i]));
    const [boxes, matched] = [chosen(all), chosen(assigned.map(([each]) => each))];
    const objects = targets.map((target) => (target.boxes.numel() === 0 ? torch.zeros(1, 4, { dtype }) : target.boxes.to(dtype)));
    const wanted = this.boxCoder.encode(objects.map((each, i) => each.indexSelect(0, matched[i])), boxes); // prettier-ignore
    return { boxes, matched, labels: chosen(assigned.map(([, labels]) => labels)), wanted };
  }

  /** The best boxes of an image, from boxes (N, classes, 4) and scores (N, classes). */
  private best(boxes: Tensor, scores: Tensor, size: ImageSize): Detection {
    const classes = scores.shape[1];
    const flat = scores.narrow(1, 1, classes - 1).reshape(-1);
    const sure = placesOf(flat.gt(this.scoreThresh));
    const corners = clipBoxesToImage(boxes, size)
      .narrow(1, 1, classes - 1)
      .reshape(-1, 4)
      .indexSelect(0, sure);
    const large = removeSmallBoxes(corners, 1e-2);
    const kept = sure.indexSelect(0, large);
    const found = { boxes: corners.indexSelect(0, large), labels: kept.remainder(classes - 1).add(1), scores: flat.indexSelect(0, kept) };
    const order = batchedNms(found.boxes, found.scores, found.labels, this.nmsThresh);
    const first = order.narrow(0, 0, Math.min(this.detectionsPerImg, order.shape[0]));
    const chosen = (each: Tensor): Tensor => each.indexSelect(0, first);
    return { boxes: chosen(found.boxes), labels: chosen(found.labels), scores: chosen(found.scores) };
  }

  private detections(logits: Tensor, codes: Tensor, proposals: readonly Tensor[], sizes: readonly ImageSize[]): Detection[] {
    const counts = proposals.map((each) => each.shape[0]);
    const boxes = this.boxCoder.decode(codes, proposals).reshape(logits.shape[0], -1, 4).split(counts, 0);
    const scores = logits.softmax(-1).split(counts, 0);
    return sizes.map((size, i) => this.best(boxes[i], scores[i], size));
  }

  /** The samples that hold an object. */
  private objectsOf({ boxes, matched, labels }: Samples): { boxes: Tensor[]; matched: Tensor[] } {
    const places = labels.map((each) => placesOf(each.gt(0)));
    const chosen = (lists: readonly Tensor[]): Tensor[] => lists.map((each, i) => each.indexSelect(0, places[i]));
    return { boxes: chosen(boxes), matched: chosen(matched) };
  }

  private masks(maps: Maps, boxes: readonly Tensor[], sizes: readonly ImageSize[]): Tensor {
    return this.maskPredictor!(this.maskHead!(this.maskRoiPool!(maps, boxes, sizes)));
  }

  private keypoints(maps: Maps, boxes: readonly Tensor[], sizes: readonly ImageSize[]): Tensor {
    return this.keypointPredictor!(this.keypointHead!(this.keypointRoiPool!(maps, boxes, sizes)));
  }

  private learn(maps: Maps, samples: Samples, sizes: readonly ImageSize[], targets: readonly DetectionTarget[]): Losses {
    const features = this.boxHead(this.boxRoiPool(maps, samples.boxes, sizes));
    const losses = boxLosses(...this.boxPredictor(features), samples);
    const { boxes, matched } = this.objectsOf(samples);
    const listed = (key: 'masks' | 'labels' | 'keypoints'): Tensor[] => targets.map((target) => target[key]!);
    if (this.hasMask()) losses.lossMask = maskLoss(this.masks(maps, boxes, sizes), boxes, listed('masks'), listed('labels'), matched);
    if (this.hasKeypoint()) losses.lossKeypoint = keypointLoss(this.keypoints(maps, boxes, sizes), boxes, listed('keypoints'), matched);
    return losses;
  }

  private find(maps: Maps, proposals: readonly Tensor[], sizes: readonly ImageSize[]): Detection[] {
    const [logits, codes] = this.boxPredictor(this.boxHead(this.boxRoiPool(maps, proposals, sizes)));
    const found = this.detections(logits, codes, proposals, sizes);
    const boxes = found.map((each) => each.boxes);
    if (this.hasMask()) {
      const masks = masksOf(this.masks(maps, boxes, sizes), found.map(({ labels }) => labels)); // prettier-ignore
      found.forEach((each, i) => (each.masks = masks[i]));
    }
    if (this.hasKeypoint()) {
      const heat = this.keypoints(maps, boxes, sizes).split(boxes.map((each) => each.shape[0]), 0); // prettier-ignore
      found.forEach((each, i) => ([each.keypoints, each.keypointsScores] = keypointsOf(heat[i], boxes[i])));
    }
    return found;
  }

  override forward(
    maps: Maps,
    proposals: readonly Tensor[],
    sizes: readonly ImageSize[],
    targets: readonly DetectionTarget[] | null,
  ): [found: Detection[], losses: Losses] {
    for (const target of targets ?? []) this.checkTypes(target);
    if (!this.training) return [this.find(maps, proposals, sizes), {}];
    if (!targets) throw new Error('targets should not be None');
    return [[], this.learn(maps, this.samples(proposals, targets), sizes, targets)];
  }
}
