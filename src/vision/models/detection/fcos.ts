/** FCOS. https://pytorch.org/vision/stable/models/fcos.html */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { generalizedBoxIouLoss, sigmoidFocalLoss } from '../../ops/losses.js';
import type { Layer } from '../../ops/misc.js';
import { LastLevelP6P7 } from '../../ops/pyramid.js';
import { AnchorGenerator } from './anchors.js';
import type { DetectionBackbone } from './backbone.js';
import { channelsOf } from './faster-rcnn.js';
import { BoxLinearCoder } from './matching.js';
import { bestAnchors, bestOf, type DetectionHead, type HeadOutputs, OneStageDetector, rareBias, type Tensor } from './one-stage.js';
import { detection, onResnet, own, resnetBackbone } from './rcnn-builders.js';
import { type RetinaNetOptions, transformOf } from './retinanet.js';
import { perAnchor, smallStart } from './rpn.js';
import type { Detection, DetectionTarget, ImageSize } from './transform.js';
import { FCOS_ResNet50_FPN_Weights } from './weights.js';

const { nn } = torch;
const { functional: F } = nn;

/** Four convolutions with norms of groups and ReLU. */
const tower = (channels: number): torch.nn.Sequential =>
  new nn.Sequential(
    ...Array.from({ length: 4 }, () => [new nn.Conv2d(channels, channels, 3, 1, 1), new nn.GroupNorm(32, channels), new nn.ReLU()]).flat(),
  );

class FCOSClassificationHead extends nn.Module {
  conv: torch.nn.Sequential;
  clsLogits: torch.nn.Conv2d;

  constructor(
    inChannels: number,
    numAnchors: number,
    readonly numClasses: number,
  ) {
    super();
    this.conv = tower(inChannels);
    smallStart(this.conv);
    this.clsLogits = new nn.Conv2d(inChannels, numAnchors * numClasses, 3, 1, 1);
    nn.init.normal_(this.clsLogits.weight, 0, 0.01);
    nn.init.constant_(this.clsLogits.bias!, rareBias);
  }

  override forward(maps: readonly Tensor[]): Tensor {
    return torch.cat(maps.map((map) => perAnchor(this.clsLogits((this.conv as Layer)(map)), this.numClasses)), 1); // prettier-ignore
  }
}

class FCOSRegressionHead extends nn.Module {
  conv: torch.nn.Sequential;
  bboxReg: torch.nn.Conv2d;
  bboxCtrness: torch.nn.Conv2d;

  constructor(inChannels: number, numAnchors: number) {
    super();
    this.conv = tower(inChannels);
    this.bboxReg = new nn.Conv2d(inChannels, numAnchors * 4, 3, 1, 1);
    this.bboxCtrness = new nn.Conv2d(inChannels, numAnchors, 3, 1, 1);
    for (const part of [this.bboxReg, this.bboxCtrness, this.conv]) smallStart(part);
  }

  override forward(maps: readonly Tensor[]): { bboxRegression: Tensor; bboxCtrness: Tensor } {
    const hidden = maps.map((map) => (this.conv as Layer)(map));
    const all = (columns: number, layers: (map: Tensor) => Tensor): Tensor =>
      torch.cat(hidden.map((map) => perAnchor(layers(map), columns)), 1); // prettier-ignore
    return {
      bboxRegression: all(4, (map) => F.relu(this.bboxReg(map))),
      bboxCtrness: all(1, (map) => this.bboxCtrness(map)),
    };
  }
}

/**
 * Logits, distances of the sides of boxes, and how near the middle of its object an anchor is, for all anchors of maps (N, inChannels, H, W).
 * https://pytorch.org/vision/stable/models/fcos.html
 * @example new vision.models.detection.FCOSHead(32, 1, 5)([torch.rand(1, 32, 3, 3)]).bboxCtrness.shape  // torch.Size([1, 9, 1])
 */
export class FCOSHead extends nn.Module {
  classificationHead: FCOSClassificationHead;
  regressionHead: FCOSRegressionHead;

  constructor(inChannels: number, numAnchors: number, numClasses: number) {
    super();
    this.classificationHead = new FCOSClassificationHead(inChannels, numAnchors, numClasses);
    this.regressionHead = new FCOSRegressionHead(inChannels, numAnchors);
  }

  override forward(maps: readonly Tensor[]): { clsLogits: Tensor; bboxRegression: Tensor; bboxCtrness: Tensor } {
    return { clsLogits: this.classificationHead(maps), ...this.regressionHead(maps) };
  }
}

export interface FCOSOptions extends Omit<RetinaNetOptions, 'head' | 'proposalMatcher' | 'fgIouThresh' | 'bgIouThresh'> {
  head?: FCOSHead | null;
  /** How far from the middle of an object its anchors lie, in their sizes. */
  centerSamplingRadius?: number;
}

const names =
  'numClasses, minSize, maxSize, imageMean, imageStd, anchorGenerator, head, centerSamplingRadius, scoreThresh, nmsThresh, detectionsPerImg, topkCandidates';

/** Classes and boxes of the anchors of an image; the class is −1 where there is no object. */
function assigned({ boxes, labels }: DetectionTarget, matched: Tensor): [classes: Tensor, boxes: Tensor] {
  const count = matched.shape[0];
  const { device } = matched;
  if (labels.numel() === 0)
    return [torch.full([count], -1, { dtype: torch.int64, device }), torch.zeros([count, 4], { dtype: boxes.dtype, device })];
  const places = matched.clamp({ min: 0 });
  return [labels.indexSelect(0, places).maskedFill(matched.lt(0), -1), boxes.indexSelect(0, places)];
}

/** 1 in the middle of an object, 0 at its sides. */
function centerness(distances: Tensor): Tensor {
  const [left, top, right, bottom] = distances.unbind(-1);
  const evenness = (a: Tensor, b: Tensor): Tensor => a.minimum(b).div(a.maximum(b));
  return evenness(left, right).mul(evenness(top, bottom)).sqrt();
}

/**
 * "FCOS: Fully Convolutional One-Stage Object Detection" (Tian et al., 2019): a list of images (3, H, W) in [0, 1] to a list of
 * `{ boxes, scores, labels }`, best first. In training it is given a list of `{ boxes, labels }` as well, and gives
 * `{ classification, bboxRegression, bboxCtrness }`. https://pytorch.org/vision/stable/models/fcos.html
 * @throws Error where targets hold no boxes, or boxes without width or height
 * @example const build = () => vision.models.detection.fcosResnet50Fpn({ numClasses: 3 }) instanceof vision.models.detection.FCOS;
 */
export class FCOS extends OneStageDetector {
  private readonly boxCoder = new BoxLinearCoder();
  private readonly centerSamplingRadius: number;

  constructor(backbone: DetectionBackbone, ...args: Args<[numClasses: number], FCOSOptions>) {
    const given = bind<FCOSOptions>('FCOS', names, args);
    const anchors = given.anchorGenerator ?? new AnchorGenerator([[8], [16], [32], [64], [128]], [1]);
    const perPixel = anchors.numAnchorsPerLocation()[0];
    if (perPixel !== 1) throw new Error(`anchor_generator.num_anchors_per_location()[0] should be 1 instead of ${perPixel}`);
    const head = given.head ?? new FCOSHead(channelsOf(backbone), perPixel, given.numClasses!);
    const { scoreThresh = 0.2, nmsThresh = 0.6, detectionsPerImg = 100, topkCandidates = 1000 } = given;
    const thresholds = { scoreThresh, nmsThresh, detectionsPerImg, topkCandidates };
    super(backbone, anchors, head as unknown as DetectionHead, transformOf(given), thresholds);
    this.centerSamplingRadius = given.centerSamplingRadius ?? 1.5;
  }

  /** An anchor belongs to the smallest object in whose middle it lies and whose size suits its map. */
  private match(anchors: Tensor, { boxes }: DetectionTarget, perLevel: readonly number[]): Tensor {
    const count = anchors.shape[0];
    if (boxes.numel() === 0) return torch.full([count], -1, { dtype: torch.int64, device: anchors.device });
    const middles = (corners: Tensor): Tensor =>
      corners
        .narrow(1, 0, 2)
        .add(corners.narrow(1, 2, 2))
        .div(2);
    const centers = middles(anchors);
    const sizes = anchors.select(1, 2).sub(anchors.select(1, 0));
    const isNear = centers.unsqueeze(1).sub(middles(boxes)).abs().amax(2).lt(sizes.mul(this.centerSamplingRadius).unsqueeze(1));
    const [x, y] = centers.unsqueeze(2).unbind(1);
    const [x0, y0, x1, y1] = boxes.unsqueeze(0).unbind(2);
    const distances = torch.stack([x.sub(x0), y.sub(y0), x1.sub(x), y1.sub(y)], 2);
    const farthest = distances.amax(2);
    const lower = sizes.mul(4);
    lower.narrow(0, 0, perLevel[0]).fill_(0);
    const upper = sizes.mul(8);
    const last = perLevel.at(-1)!;
    upper.narrow(0, count - last, last).fill_(Infinity);
    const checks = [isNear, distances.amin(2).gt(0), farthest.gt(lower.unsqueeze(1)), farthest.lt(upper.unsqueeze(1))];
    const fits = checks.reduce((all, each) => all.logicalAnd(each));
    const areas = boxes
      .select(1, 2)
      .sub(boxes.select(1, 0))
      .mul(boxes.select(1, 3).sub(boxes.select(1, 1)));
    const [best, matched] = fits.to(torch.float32).mul(areas.neg().add(1e8)).max(1);
    return matched.maskedFill(best.lt(1e-5), -1);
  }

  protected losses(
    targets: readonly DetectionTarget[],
    { clsLogits, bboxRegression, bboxCtrness }: HeadOutputs,
    anchors: readonly Tensor[],
    perLevel: readonly number[],
  ): Record<string, Tensor> {
    const found = targets.map((target, i) => assigned(target, this.match(anchors[i], target, perLevel)));
    const classes = torch.stack(found.map(([each]) => each));
    const boxes = torch.stack(found.map(([, each]) => each));
    const places = torch.stack([...anchors]);
    const isObject = classes.ge(0);
    const count = Math.max(1, isObject.sum().item() as number);
    const wanted = torch.zerosLike(clsLogits);
    const [image, anchor] = isObject.nonzero({}).unbind(1);
    wanted.setAt([image, anchor, classes.at(isObject)], 1);
    const predicted = this.boxCoder.decode(bboxRegression, places).at(isObject);
    const middle = centerness(this.boxCoder.encode(places, boxes)).at(isObject);
    const sum = { reduction: 'sum' } as const;
    return {
      classification: sigmoidFocalLoss(clsLogits, wanted, sum).div(count),
      bboxRegression: generalizedBoxIouLoss(predicted, boxes.at(isObject), sum).div(count),
      bboxCtrness: F.binaryCrossEntropyWithLogits(bboxCtrness.squeeze(2).at(isObject), middle, sum).div(count),
    };
  }

  protected find(outputs: HeadOutputs, anchors: Tensor, size: ImageSize, perLevel: readonly number[]): Detection {
    const split = (all: Tensor): Tensor[] => [...all.split([...perLevel])];
    const [logits, codes, middles] = [split(outputs.clsLogits), split(outputs.bboxRegression), split(outputs.bboxCtrness)];
    const places = split(anchors);
    const found = logits.map((each, level) =>
      bestAnchors(each.sigmoid().mul(middles[level].sigmoid()).sqrt(), size, this.thresholds, (some) =>
        this.boxCoder.decode(codes[level].indexSelect(0, some), places[level].indexSelect(0, some)),
      ),
    );
    return bestOf(found, this.thresholds);
  }
}

/**
 * FCOS on a ResNet-50. The backbone starts at random, unlike torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model must be
 * awaited. https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.fcos_resnet50_fpn.html
 * @example const build = () => vision.models.detection.fcosResnet50Fpn({ numClasses: 3 });
 */
export const fcosResnet50Fpn = detection<FCOS, FCOSOptions>(
  'fcos_resnet50_fpn',
  { weights: FCOS_ResNet50_FPN_Weights, model: FCOS, names: names.split(', ').slice(1), ...onResnet },
  (options) => {
    const backbone = resnetBackbone(options, { returnedLayers: [2, 3, 4], extraBlocks: () => new LastLevelP6P7(256, 256) });
    return new FCOS(backbone, { ...own(options), numClasses: options.numClasses ?? 91 });
  },
);
