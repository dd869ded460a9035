/** Faster R-CNN. https://pytorch.org/vision/stable/models/faster_rcnn.html */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { Conv2dNormActivation, type Layer, type NormLayer } from '../../ops/misc.js';
import { MultiScaleRoIAlign } from '../../ops/pyramid.js';
import { AnchorGenerator } from './anchors.js';
import type { DetectionBackbone } from './backbone.js';
import { type BoxPredictor, type Branch, RoIHeads } from './roi-heads.js';
import { RegionProposalNetwork, RPNHead } from './rpn.js';
import { checkDegenerate, checkTargets, type Detection, type DetectionTarget, GeneralizedRCNNTransform } from './transform.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;

export const imagenetMean = [0.485, 0.456, 0.406];
export const imagenetStd = [0.229, 0.224, 0.225];

export interface FasterRCNNOptions {
  /** With the background. */
  numClasses?: number | null;
  /** Of the shorter edge; in training one of several is drawn. */
  minSize?: number | readonly number[];
  maxSize?: number;
  imageMean?: readonly number[] | null;
  imageStd?: readonly number[] | null;
  rpnAnchorGenerator?: AnchorGenerator | null;
  rpnHead?: RPNHead | null;
  rpnPreNmsTopNTrain?: number;
  rpnPreNmsTopNTest?: number;
  rpnPostNmsTopNTrain?: number;
  rpnPostNmsTopNTest?: number;
  rpnNmsThresh?: number;
  rpnFgIouThresh?: number;
  rpnBgIouThresh?: number;
  rpnBatchSizePerImage?: number;
  rpnPositiveFraction?: number;
  rpnScoreThresh?: number;
  boxRoiPool?: MultiScaleRoIAlign | null;
  boxHead?: Layer | null;
  boxPredictor?: BoxPredictor | null;
  boxScoreThresh?: number;
  boxNmsThresh?: number;
  boxDetectionsPerImg?: number;
  boxFgIouThresh?: number;
  boxBgIouThresh?: number;
  boxBatchSizePerImage?: number;
  boxPositiveFraction?: number;
  bboxRegWeights?: readonly [number, number, number, number] | null;
}

export const fasterNames =
  'numClasses, minSize, maxSize, imageMean, imageStd, rpnAnchorGenerator, rpnHead, rpnPreNmsTopNTrain, rpnPreNmsTopNTest, rpnPostNmsTopNTrain, rpnPostNmsTopNTest, rpnNmsThresh, rpnFgIouThresh, rpnBgIouThresh, rpnBatchSizePerImage, rpnPositiveFraction, rpnScoreThresh, boxRoiPool, boxHead, boxPredictor, boxScoreThresh, boxNmsThresh, boxDetectionsPerImg, boxFgIouThresh, boxBgIouThresh, boxBatchSizePerImage, boxPositiveFraction, bboxRegWeights';

export type DetectorArgs<O> = Args<[numClasses: number | null], O>;

/** The layers for masks and key points, which their models make before all others. */
export interface Branches {
  mask?: Branch;
  keypoint?: Branch;
}

/** Two hidden layers. */
class TwoMLPHead extends nn.Module {
  fc6: torch.nn.Linear;
  fc7: torch.nn.Linear;

  constructor(inChannels: number, representationSize: number) {
    super();
    this.fc6 = new nn.Linear(inChannels, representationSize);
    this.fc7 = new nn.Linear(representationSize, representationSize);
  }

  override forward(features: Tensor): Tensor {
    return F.relu(this.fc7(F.relu(this.fc6(features.flatten(1)))));
  }
}

/** Convolutions start as for ReLU, in the widths of their results. */
export function kaimingStart(module: torch.nn.Module): void {
  for (const layer of module.modules()) {
    if (!(layer instanceof nn.Conv2d)) continue;
    nn.init.kaimingNormal_(layer.weight, { mode: 'fan_out', nonlinearity: 'relu' });
    if (layer.bias) nn.init.zeros_(layer.bias);
  }
}

/** Convolutions with norms, then hidden layers. */
export class FastRCNNConvFCHead extends nn.Sequential {
  constructor(
    [channels, height, width]: readonly [number, number, number],
    convLayers: readonly number[],
    fcLayers: readonly number[],
    normLayer: NormLayer | null = null,
  ) {
    const inputs = [channels, ...convLayers];
    const convs = convLayers.map((out, i) => new Conv2dNormActivation(inputs[i], out, { normLayer }));
    const widths = [inputs.at(-1)! * height * width, ...fcLayers];
    const hidden = fcLayers.flatMap((out, i) => [new nn.Linear(widths[i], out), new nn.ReLU({ inplace: true })]);
    super(...convs, new nn.Flatten(), ...hidden);
    kaimingStart(this);
  }
}

/**
 * Features of boxes (N, inChannels) to logits (N, numClasses) and codes (N, 4 · numClasses): what is replaced to detect other classes.
 * https://pytorch.org/tutorials/intermediate/torchvision_tutorial.html
 * @example
 * const net = vision.models.detection.fasterrcnnMobilenetV3LargeFpn();
 * net.roiHeads.boxPredictor = new vision.models.detection.FastRCNNPredictor(1024, 5);
 */
export class FastRCNNPredictor extends nn.Module {
  clsScore: torch.nn.Linear;
  bboxPred: torch.nn.Linear;

  constructor(inChannels: number, numClasses: number) {
    super();
    this.clsScore = new nn.Linear(inChannels, numClasses);
    this.bboxPred = new nn.Linear(inChannels, numClasses * 4);
  }

  override forward(features: Tensor): [logits: Tensor, codes: Tensor] {
    const flat = features.flatten(1);
    return [this.clsScore(flat), this.bboxPred(flat)];
  }
}

/** Five sizes, for the maps of a pyramid, in three shapes. */
export const defaultAnchors = (): AnchorGenerator => new AnchorGenerator([[32], [64], [128], [256], [512]], [0.5, 1, 2]);

/** Of the channels that all maps have. */
export function channelsOf({ outChannels }: DetectionBackbone): number {
  if (typeof outChannels === 'number') return outChannels;
  throw new Error(
    'backbone should contain an attribute out_channels specifying the number of output channels (assumed to be the same for all the levels)',
  );
}

function proposalNetwork(channels: number, given: FasterRCNNOptions): RegionProposalNetwork {
  const anchors = given.rpnAnchorGenerator ?? defaultAnchors();
  return new RegionProposalNetwork(anchors, given.rpnHead ?? new RPNHead(channels, anchors.numAnchorsPerLocation()[0]), {
    fgIouThresh: given.rpnFgIouThresh ?? 0.7,
    bgIouThresh: given.rpnBgIouThresh ?? 0.3,
    batchSizePerImage: given.rpnBatchSizePerImage ?? 256,
    positiveFraction: given.rpnPositiveFraction ?? 0.5,
    preNmsTopN: { training: given.rpnPreNmsTopNTrain ?? 2000, testing: given.rpnPreNmsTopNTest ?? 1000 },
    postNmsTopN: { training: given.rpnPostNmsTopNTrain ?? 2000, testing: given.rpnPostNmsTopNTest ?? 1000 },
    nmsThresh: given.rpnNmsThresh ?? 0.7,
    scoreThresh: given.rpnScoreThresh ?? 0,
  });
}

/** The pooling of the maps of a pyramid. */
export const pyramidPool = (outputSize: number): MultiScaleRoIAlign =>
  new MultiScaleRoIAlign({ featmapNames: ['0', '1', '2', '3'], outputSize, samplingRatio: 2 });

function headsOf(channels: number, given: FasterRCNNOptions, branches: Branches): RoIHeads {
  const pool = given.boxRoiPool ?? pyramidPool(7);
  const head = given.boxHead ?? (new TwoMLPHead(channels * pool.outputSize[0] ** 2, 1024) as unknown as Layer);
  const predictor = given.boxPredictor ?? (new FastRCNNPredictor(1024, given.numClasses!) as unknown as BoxPredictor);
  return new RoIHeads(pool, head, predictor, {
    fgIouThresh: given.boxFgIouThresh ?? 0.5,
    bgIouThresh: given.boxBgIouThresh ?? 0.5,
    batchSizePerImage: given.boxBatchSizePerImage ?? 512,
    positiveFraction: given.boxPositiveFraction ?? 0.25,
    bboxRegWeights: given.bboxRegWeights,
    scoreThresh: given.boxScoreThresh ?? 0.05,
    nmsThresh: given.boxNmsThresh ?? 0.5,
    detectionsPerImg: given.boxDetectionsPerImg ?? 100,
    ...branches,
  });
}

function checkClasses({ numClasses, boxPredictor }: FasterRCNNOptions): void {
  const isNumbered = numClasses !== null && numClasses !== undefined;
  if (isNumbered && boxPredictor) throw new Error('num_classes should be None when box_predictor is specified');
  if (!isNumbered && !boxPredictor) throw new Error('num_classes should not be None when box_predictor is not specified');
}

/** What a detector gives: losses by name while it is trained, else what it found in each image. */
export interface Detector {
  (images: readonly Tensor[]): Detection[];
  (images: readonly Tensor[], targets: readonly DetectionTarget[]): Record<string, Tensor>;
}

export interface FasterRCNN {
  (images: readonly Tensor[]): Detection[];
  (images: readonly Tensor[], targets: readonly DetectionTarget[]): Record<string, Tensor>;
}

/**
 * "Faster R-CNN" (Ren et al., 2015): a list of images (3, H, W) in [0, 1] to a list of `{ boxes, labels, scores }`, best first. In training it
 * is given a list of `{ boxes, labels }` as well, and gives `{ lossClassifier, lossBoxReg, lossObjectness, lossRpnBoxReg }`.
 * The backbone gives maps of `outChannels` channels. https://pytorch.org/vision/stable/models/faster_rcnn.html
 * @throws Error where targets hold no boxes, or boxes without width or height
 * @example
 * const net = vision.models.detection.fasterrcnnMobilenetV3LargeFpn({ numClasses: 3, minSize: 64 }).eval();
 * const [{ boxes }] = net([torch.rand(3, 64, 64)]);
 */
export class FasterRCNN extends nn.Module {
  transform: GeneralizedRCNNTransform;
  backbone: DetectionBackbone;
  rpn: RegionProposalNetwork;
  roiHeads: RoIHeads;

  constructor(backbone: DetectionBackbone, ...args: DetectorArgs<FasterRCNNOptions>);
  constructor(backbone: DetectionBackbone, options: FasterRCNNOptions, branches: Branches);
  constructor(backbone: DetectionBackbone, ...args: unknown[]) {
    super();
    const branches = args.length === 2 && args[0] !== null && typeof args[0] === 'object' ? (args.pop() as Branches) : {};
    const given = bind<FasterRCNNOptions>('FasterRCNN', fasterNames, args);
    const channels = channelsOf(backbone);
    checkClasses(given);
    const rpn = proposalNetwork(channels, given);
    const heads = headsOf(channels, given, branches);
    this.transform = new GeneralizedRCNNTransform({
      minSize: given.minSize ?? 800,
      maxSize: given.maxSize ?? 1333,
      imageMean: given.imageMean ?? imagenetMean,
      imageStd: given.imageStd ?? imagenetStd,
    });
    [this.backbone, this.rpn, this.roiHeads] = [backbone, rpn, heads];
  }

  override forward(images: readonly Tensor[], targets: readonly DetectionTarget[] | null = null): Detection[] | Record<string, Tensor> {
    if (this.training) checkTargets(targets);
    const originals = images.map((image) => [image.shape.at(-2)!, image.shape.at(-1)!] as const);
    const [batch, moved] = this.transform(images, targets);
    if (moved) checkDegenerate(moved);
    const found = this.backbone(batch.tensors);
    const maps = found instanceof torch.Tensor ? { '0': found } : found;
    const [proposals, proposalLosses] = this.rpn(batch, maps, moved);
    const [detections, losses] = this.roiHeads(maps, proposals, batch.imageSizes, moved);
    if (this.training) return { ...losses, ...proposalLosses };
    return this.transform.postprocess(detections, batch.imageSizes, originals);
  }
}
