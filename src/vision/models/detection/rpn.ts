/** Proposals of regions that may hold objects. https://pytorch.org/vision/stable/models/faster_rcnn.html */
import * as torch from '../../../index.js';
import { batchedNms, boxIou, clipBoxesToImage, removeSmallBoxes } from '../../ops/boxes.js';
import { Conv2dNormActivation, type Layer } from '../../ops/misc.js';
import type { AnchorGenerator } from './anchors.js';
import { BalancedPositiveNegativeSampler, BoxCoder, Matcher, placesOf } from './matching.js';
import type { DetectionTarget, ImageList, ImageSize } from './transform.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;

/** Convolutions start at normal numbers. */
export function smallStart(module: torch.nn.Module): void {
  for (const layer of module.modules()) {
    if (!(layer instanceof nn.Conv2d)) continue;
    nn.init.normal_(layer.weight, 0, 0.01);
    if (layer.bias) nn.init.zeros_(layer.bias);
  }
}

/**
 * For each anchor a logit whether it holds an object, and the codes of its box, from maps (N, C, H, W).
 * https://pytorch.org/vision/stable/models/faster_rcnn.html
 * @example new vision.models.detection.RPNHead(8, 3)([torch.rand(1, 8, 4, 4)])[1][0].shape  // torch.Size([1, 12, 4, 4])
 */
export class RPNHead extends nn.Module {
  conv: torch.nn.Sequential;
  clsLogits: torch.nn.Conv2d;
  bboxPred: torch.nn.Conv2d;

  constructor(inChannels: number, numAnchors: number, convDepth = 1) {
    super();
    const convs = Array.from(
      { length: convDepth },
      () => new Conv2dNormActivation(inChannels, inChannels, { kernelSize: 3, normLayer: null }),
    );
    this.conv = new nn.Sequential(...convs);
    this.clsLogits = new nn.Conv2d(inChannels, numAnchors, 1);
    this.bboxPred = new nn.Conv2d(inChannels, numAnchors * 4, 1);
    smallStart(this);
  }

  override forward(maps: readonly Tensor[]): [logits: Tensor[], codes: Tensor[]] {
    const hidden = maps.map((map) => (this.conv as Layer)(map));
    return [hidden.map((map) => this.clsLogits(map)), hidden.map((map) => this.bboxPred(map))];
  }
}

/** What a map (N, A · columns, H, W) says of its anchors: (N, H · W · A, columns). */
export function perAnchor(map: Tensor, columns: number): Tensor {
  const [count, , height, width] = map.shape;
  return map.reshape(count, -1, columns, height, width).permute(0, 3, 4, 1, 2).reshape(count, -1, columns);
}

export interface ProposalOptions {
  fgIouThresh: number;
  bgIouThresh: number;
  batchSizePerImage: number;
  positiveFraction: number;
  preNmsTopN: { training: number; testing: number };
  postNmsTopN: { training: number; testing: number };
  nmsThresh: number;
  scoreThresh?: number;
}

/** Finds boxes (N, 4) that may hold objects, in each image. */
export class RegionProposalNetwork extends nn.Module {
  anchorGenerator: AnchorGenerator;
  head: RPNHead;
  readonly minSize = 1e-3;
  private readonly options: ProposalOptions;
  private readonly boxCoder = new BoxCoder([1, 1, 1, 1]);
  private readonly matcher: Matcher;
  private readonly sampler: BalancedPositiveNegativeSampler;

  constructor(anchorGenerator: AnchorGenerator, head: RPNHead, options: ProposalOptions) {
    super();
    [this.anchorGenerator, this.head, this.options] = [anchorGenerator, head, options];
    this.matcher = new Matcher(options.fgIouThresh, options.bgIouThresh, true);
    this.sampler = new BalancedPositiveNegativeSampler(options.batchSizePerImage, options.positiveFraction);
  }

  private assign(anchors: Tensor, { boxes }: DetectionTarget): [labels: Tensor, matched: Tensor] {
    if (boxes.numel() === 0) return [torch.zeros(anchors.shape[0], { device: anchors.device }), torch.zerosLike(anchors)];
    const matches = this.matcher.match(boxIou(boxes, anchors));
    const labels = matches.ge(0).to(torch.float32).maskedFill(matches.eq(Matcher.BETWEEN_THRESHOLDS), -1);
    return [labels, boxes.indexSelect(0, matches.clamp({ min: 0 }))];
  }

  private limit(of: { training: number; testing: number }): number {
    return this.training ? of.training : of.testing;
  }

  /** The best of every map: places and map numbers, (N, K) and (K). */
  private best(objectness: Tensor, perLevel: readonly number[]): [places: Tensor, levels: Tensor] {
    const most = this.limit(this.options.preNmsTopN);
    let offset = 0;
    const chosen = [...objectness.split([...perLevel], 1)].map((each) => {
      const { indices } = each.topk(Math.min(most, each.shape[1]), 1);
      offset += each.shape[1];
      return indices.add(offset - each.shape[1]);
    });
    const levels = chosen.map((each, i) => torch.full([each.shape[1]], i, { dtype: torch.int64, device: each.device }));
    return [torch.cat(chosen, 1), torch.cat(levels)];
  }

  private filtered(boxes: Tensor, scores: Tensor, levels: Tensor, size: ImageSize): Tensor {
    const clipped = clipBoxesToImage(boxes, size);
    const large = removeSmallBoxes(clipped, this.minSize);
    const kept = large.at(scores.indexSelect(0, large).ge(this.options.scoreThresh ?? 0));
    const [some, someScores, someLevels] = [clipped, scores, levels].map((each) => each.indexSelect(0, kept));
    const best = batchedNms(some, someScores, someLevels, this.options.nmsThresh);
    return some.indexSelect(0, best.narrow(0, 0, Math.min(this.limit(this.options.postNmsTopN), best.shape[0])));
  }

  private proposals(boxes: Tensor, objectness: Tensor, sizes: readonly ImageSize[], perLevel: readonly number[]): Tensor[] {
    const [places, levels] = this.best(objectness, perLevel);
    return sizes.map((size, i) => {
      const [ofImage, logits] = [places.at(i), objectness.at(i)];
      return this.filtered(boxes.at(i).indexSelect(0, ofImage), logits.indexSelect(0, ofImage).sigmoid(), levels, size);
    });
  }

  private losses(
    objectness: Tensor,
    codes: Tensor,
    anchors: readonly Tensor[],
    targets: readonly DetectionTarget[],
  ): Record<string, Tensor> {
    const assigned = anchors.map((each, i) => this.assign(each, targets[i]));
    const labels = assigned.map(([each]) => each);
    const wanted = torch.cat(this.boxCoder.encode(assigned.map(([, matched]) => matched), anchors)); // prettier-ignore
    const { positive, negative } = this.sampler.sample(labels);
    const objects = placesOf(torch.cat(positive));
    const sampled = torch.cat([objects, placesOf(torch.cat(negative))]);
    const options = { beta: 1 / 9, reduction: 'sum' } as const;
    const boxLoss = F.smoothL1Loss(codes.indexSelect(0, objects), wanted.indexSelect(0, objects), options).div(sampled.numel());
    const logits = objectness.flatten().indexSelect(0, sampled);
    const lossObjectness = F.binaryCrossEntropyWithLogits(logits, torch.cat(labels).indexSelect(0, sampled));
    return { lossObjectness, lossRpnBoxReg: boxLoss };
  }

  override forward(
    images: ImageList,
    features: Record<string, Tensor>,
    targets: readonly DetectionTarget[] | null,
  ): [boxes: Tensor[], losses: Record<string, Tensor>] {
    const maps = Object.values(features);
    const [logits, codes] = this.head(maps);
    const anchors = this.anchorGenerator(images, maps);
    const objectness = torch.cat(logits.map((map) => perAnchor(map, 1)), 1).squeeze(2); // prettier-ignore
    const allCodes = torch.cat(codes.map((map) => perAnchor(map, 4)), 1).reshape(-1, 4); // prettier-ignore
    const boxes = this.boxCoder.decode(allCodes.detach(), anchors).reshape(anchors.length, -1, 4);
    const perLevel = logits.map(({ shape: [, perPixel, height, width] }) => perPixel * height * width);
    const proposals = this.proposals(boxes, objectness.detach(), images.imageSizes, perLevel);
    if (!this.training) return [proposals, {}];
    if (!targets) throw new Error('targets should not be None');
    return [proposals, this.losses(objectness, allCodes, anchors, targets)];
  }
}
