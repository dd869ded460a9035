/** What detectors share that look at all anchors at once. */
import * as torch from '../../../index.js';
import { batchedNms, boxIou, clipBoxesToImage } from '../../ops/boxes.js';
import type { AnchorGenerator, DefaultBoxGenerator } from './anchors.js';
import type { DetectionBackbone } from './backbone.js';
import type { Matcher } from './matching.js';
import { placesOf } from './matching.js';
import {
  checkDegenerate,
  checkTargets,
  type Detection,
  type DetectionTarget,
  type GeneralizedRCNNTransform,
  type ImageSize,
} from './transform.js';

const { nn } = torch;
export type Tensor = torch.Tensor;

/** What a head says of the anchors of all images: (N, anchors, …) by name. */
export type HeadOutputs = Record<string, Tensor>;
export type DetectionHead = torch.nn.Module & { forward(maps: readonly Tensor[]): HeadOutputs };

/** Boxes that may be found in an image, before the best are chosen. */
export interface Candidates {
  boxes: Tensor;
  scores: Tensor;
  labels: Tensor;
}

export interface Thresholds {
  scoreThresh: number;
  nmsThresh: number;
  detectionsPerImg: number;
  topkCandidates: number;
}

/** The candidates of one image that no better one covers. */
export function bestOf(found: readonly Candidates[], { nmsThresh, detectionsPerImg }: Thresholds): Detection {
  const all = (key: keyof Candidates): Tensor => torch.cat(found.map((each) => each[key]));
  const [boxes, scores, labels] = [all('boxes'), all('scores'), all('labels')];
  const order = batchedNms(boxes, scores, labels, nmsThresh);
  const first = order.narrow(0, 0, Math.min(detectionsPerImg, order.shape[0]));
  return { boxes: boxes.indexSelect(0, first), scores: scores.indexSelect(0, first), labels: labels.indexSelect(0, first) };
}

/** The best classes at the anchors of one map, from scores (anchors, classes); `decode` gives boxes at some anchors. */
export function bestAnchors(
  scores: Tensor,
  size: ImageSize,
  { scoreThresh, topkCandidates }: Thresholds,
  decode: (places: Tensor) => Tensor,
): Candidates {
  const classes = scores.shape[1];
  const flat = scores.flatten();
  const sure = placesOf(flat.gt(scoreThresh));
  const [best, order] = flat.indexSelect(0, sure).topk(Math.min(topkCandidates, sure.shape[0]));
  const chosen = sure.indexSelect(0, order);
  const anchors = chosen.div(classes, { roundingMode: 'floor' });
  return { boxes: clipBoxesToImage(decode(anchors), size), scores: best, labels: chosen.remainder(classes) };
}

export interface OneStageDetector {
  (images: readonly Tensor[]): Detection[];
  (images: readonly Tensor[], targets: readonly DetectionTarget[]): Record<string, Tensor>;
}

export abstract class OneStageDetector extends nn.Module {
  backbone: DetectionBackbone;
  anchorGenerator: AnchorGenerator | DefaultBoxGenerator;
  head: DetectionHead;
  transform: GeneralizedRCNNTransform;
  protected readonly thresholds: Thresholds;

  constructor(
    backbone: DetectionBackbone,
    anchors: AnchorGenerator | DefaultBoxGenerator,
    head: DetectionHead,
    transform: GeneralizedRCNNTransform,
    thresholds: Thresholds,
  ) {
    super();
    [this.backbone, this.anchorGenerator, this.head, this.transform] = [backbone, anchors, head, transform];
    this.thresholds = thresholds;
  }

  /** Losses by name. `perLevel` are the numbers of anchors of the maps. */
  protected abstract losses(
    targets: readonly DetectionTarget[],
    outputs: HeadOutputs,
    anchors: readonly Tensor[],
    perLevel: readonly number[],
  ): Record<string, Tensor>;

  /** What is found in one image. */
  protected abstract find(outputs: HeadOutputs, anchors: Tensor, size: ImageSize, perLevel: readonly number[]): Detection;

  override forward(images: readonly Tensor[], targets: readonly DetectionTarget[] | null = null): Detection[] | Record<string, Tensor> {
    if (this.training) checkTargets(targets);
    const originals = images.map((image) => [image.shape.at(-2)!, image.shape.at(-1)!] as const);
    const [batch, moved] = this.transform(images, targets);
    if (moved) checkDegenerate(moved);
    const features = this.backbone(batch.tensors);
    const maps = features instanceof torch.Tensor ? [features] : Object.values(features);
    const outputs = this.head(maps);
    const anchors = this.anchorGenerator(batch, maps);
    const perPixel = this.anchorGenerator.numAnchorsPerLocation();
    const perLevel = maps.map(({ shape }, i) => shape[2] * shape[3] * perPixel[i]);
    if (this.training) return this.losses(moved!, outputs, anchors, perLevel);
    const ofImage = (i: number): HeadOutputs => Object.fromEntries(Object.entries(outputs).map(([key, all]) => [key, all.at(i)]));
    const found = batch.imageSizes.map((size, i) => this.find(ofImage(i), anchors[i], size, perLevel));
    return this.transform.postprocess(found, batch.imageSizes, originals);
  }
}

/** The number of the object of each anchor of an image; −1 for none. */
export function matchAnchors(matcher: Matcher, anchors: Tensor, { boxes }: DetectionTarget): Tensor {
  if (boxes.numel() > 0) return matcher.match(boxIou(boxes, anchors));
  return torch.full([anchors.shape[0]], -1, { dtype: torch.int64, device: anchors.device });
}

export const sumOf = (tensors: readonly Tensor[]): Tensor => tensors.reduce((sum, each) => sum.add(each));
/** The bias with which classes start at a probability of a hundredth. */
export const rareBias = -Math.log((1 - 0.01) / 0.01);
