/** RetinaNet. https://pytorch.org/vision/stable/models/retinanet.html */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { Conv2dNormActivation, type Layer, type NormLayer } from '../../ops/misc.js';
import { sigmoidFocalLoss } from '../../ops/losses.js';
import { LastLevelP6P7 } from '../../ops/pyramid.js';
import { AnchorGenerator } from './anchors.js';
import type { DetectionBackbone } from './backbone.js';
import { channelsOf, imagenetMean, imagenetStd } from './faster-rcnn.js';
import { BoxCoder, boxLoss, type BoxLoss, Matcher, placesOf } from './matching.js';
import {
  bestAnchors,
  bestOf,
  type DetectionHead,
  type HeadOutputs,
  matchAnchors,
  OneStageDetector,
  rareBias,
  sumOf,
  type Tensor,
} from './one-stage.js';
import { detection, onResnet, own, resnetBackbone } from './rcnn-builders.js';
import { perAnchor, smallStart } from './rpn.js';
import { type Detection, type DetectionTarget, GeneralizedRCNNTransform, type ImageSize } from './transform.js';
import { RetinaNet_ResNet50_FPN_V2_Weights, RetinaNet_ResNet50_FPN_Weights } from './weights.js';

const { nn } = torch;

/** Four convolutions with ReLU. */
const tower = (channels: number, normLayer: NormLayer | null): torch.nn.Sequential =>
  new nn.Sequential(...Array.from({ length: 4 }, () => new Conv2dNormActivation(channels, channels, { normLayer })));

const overMaps = (maps: readonly Tensor[], columns: number, layers: (map: Tensor) => Tensor): Tensor =>
  torch.cat(maps.map((map) => perAnchor(layers(map), columns)), 1); // prettier-ignore

class RetinaNetClassificationHead extends nn.Module {
  conv: torch.nn.Sequential;
  clsLogits: torch.nn.Conv2d;

  constructor(
    inChannels: number,
    numAnchors: number,
    readonly numClasses: number,
    normLayer: NormLayer | null,
  ) {
    super();
    this.conv = tower(inChannels, normLayer);
    smallStart(this.conv);
    this.clsLogits = new nn.Conv2d(inChannels, numAnchors * numClasses, 3, 1, 1);
    nn.init.normal_(this.clsLogits.weight, 0, 0.01);
    nn.init.constant_(this.clsLogits.bias!, rareBias);
  }

  override forward(maps: readonly Tensor[]): Tensor {
    return overMaps(maps, this.numClasses, (map) => this.clsLogits((this.conv as Layer)(map)));
  }

  loss({ labels }: DetectionTarget, logits: Tensor, matched: Tensor): Tensor {
    const objects = placesOf(matched.ge(0));
    const wanted = torch.zerosLike(logits);
    wanted.setAt([objects, labels.indexSelect(0, matched.indexSelect(0, objects))], 1);
    const valid = placesOf(matched.ne(Matcher.BETWEEN_THRESHOLDS));
    const loss = sigmoidFocalLoss(logits.indexSelect(0, valid), wanted.indexSelect(0, valid), { reduction: 'sum' });
    return loss.div(Math.max(1, objects.numel()));
  }
}

class RetinaNetRegressionHead extends nn.Module {
  conv: torch.nn.Sequential;
  bboxReg: torch.nn.Conv2d;
  private readonly boxCoder = new BoxCoder([1, 1, 1, 1]);

  constructor(
    inChannels: number,
    numAnchors: number,
    normLayer: NormLayer | null,
    private readonly lossType: BoxLoss,
  ) {
    super();
    this.conv = tower(inChannels, normLayer);
    this.bboxReg = new nn.Conv2d(inChannels, numAnchors * 4, 3, 1, 1);
    smallStart(this.bboxReg);
    smallStart(this.conv);
  }

  override forward(maps: readonly Tensor[]): Tensor {
    return overMaps(maps, 4, (map) => this.bboxReg((this.conv as Layer)(map)));
  }

  loss({ boxes }: DetectionTarget, codes: Tensor, anchors: Tensor, matched: Tensor): Tensor {
    const objects = placesOf(matched.ge(0));
    const [wanted, places] = [boxes.indexSelect(0, matched.indexSelect(0, objects)), anchors.indexSelect(0, objects)];
    const loss = boxLoss(this.lossType, this.boxCoder, places, wanted, codes.indexSelect(0, objects));
    return loss.div(Math.max(1, objects.numel()));
  }
}

export interface RetinaNetHeadOptions {
  normLayer?: NormLayer | null;
  lossType?: BoxLoss;
}

/**
 * Logits and codes of the boxes at all anchors of maps (N, inChannels, H, W): what is replaced to detect other classes.
 * https://pytorch.org/vision/stable/models/retinanet.html
 * @example new vision.models.detection.RetinaNetHead(8, 2, 5)([torch.rand(1, 8, 3, 3)]).clsLogits.shape  // torch.Size([1, 18, 5])
 */
export class RetinaNetHead extends nn.Module {
  classificationHead: RetinaNetClassificationHead;
  regressionHead: RetinaNetRegressionHead;

  constructor(
    inChannels: number,
    numAnchors: number,
    numClasses: number,
    { normLayer = null, lossType = 'l1' }: RetinaNetHeadOptions = {},
  ) {
    super();
    this.classificationHead = new RetinaNetClassificationHead(inChannels, numAnchors, numClasses, normLayer);
    this.regressionHead = new RetinaNetRegressionHead(inChannels, numAnchors, normLayer, lossType);
  }

  override forward(maps: readonly Tensor[]): { clsLogits: Tensor; bboxRegression: Tensor } {
    return { clsLogits: this.classificationHead(maps), bboxRegression: this.regressionHead(maps) };
  }

  /** The losses of classes and boxes; `matched` has the number of its object for each anchor. */
  losses(
    targets: readonly DetectionTarget[],
    { clsLogits, bboxRegression }: HeadOutputs,
    anchors: readonly Tensor[],
    matched: readonly Tensor[],
  ): Record<string, Tensor> {
    const mean = (loss: (target: DetectionTarget, i: number) => Tensor): Tensor => sumOf(targets.map(loss)).div(targets.length);
    return {
      classification: mean((target, i) => this.classificationHead.loss(target, clsLogits.at(i), matched[i])),
      bboxRegression: mean((target, i) => this.regressionHead.loss(target, bboxRegression.at(i), anchors[i], matched[i])),
    };
  }
}

/** Three sizes an octave, for five maps, in three shapes. */
function defaultAnchors(): AnchorGenerator {
  const sizes = [32, 64, 128, 256, 512].map((size) => [0, 1, 2].map((third) => Math.trunc(size * 2 ** (third / 3))));
  return new AnchorGenerator(sizes, [0.5, 1, 2]);
}

export interface RetinaNetOptions {
  numClasses?: number;
  minSize?: number | readonly number[];
  maxSize?: number;
  imageMean?: readonly number[] | null;
  imageStd?: readonly number[] | null;
  anchorGenerator?: AnchorGenerator | null;
  head?: RetinaNetHead | null;
  proposalMatcher?: Matcher | null;
  scoreThresh?: number;
  nmsThresh?: number;
  detectionsPerImg?: number;
  fgIouThresh?: number;
  bgIouThresh?: number;
  topkCandidates?: number;
}

const names =
  'numClasses, minSize, maxSize, imageMean, imageStd, anchorGenerator, head, proposalMatcher, scoreThresh, nmsThresh, detectionsPerImg, fgIouThresh, bgIouThresh, topkCandidates';

/** The transform that options ask for. */
export const transformOf = ({
  minSize = 800,
  maxSize = 1333,
  imageMean,
  imageStd,
}: Omit<RetinaNetOptions, 'head'>): GeneralizedRCNNTransform =>
  new GeneralizedRCNNTransform({ minSize, maxSize, imageMean: imageMean ?? imagenetMean, imageStd: imageStd ?? imagenetStd });

/**
 * "Focal Loss for Dense Object Detection" (Lin et al., 2017): a list of images (3, H, W) in [0, 1] to a list of `{ boxes, scores, labels }`, best
 * first. In training it is given a list of `{ boxes, labels }` as well, and gives `{ classification, bboxRegression }`.
 * https://pytorch.org/vision/stable/models/retinanet.html
 * @throws Error where targets hold no boxes, or boxes without width or height
 * @example const build = () => vision.models.detection.retinanetResnet50Fpn({ numClasses: 3 }) instanceof vision.models.detection.RetinaNet;
 */
export class RetinaNet extends OneStageDetector {
  private readonly matcher: Matcher;
  private readonly boxCoder = new BoxCoder([1, 1, 1, 1]);

  constructor(backbone: DetectionBackbone, ...args: Args<[numClasses: number], RetinaNetOptions>) {
    const given = bind<RetinaNetOptions>('RetinaNet', names, args);
    const anchors = given.anchorGenerator ?? defaultAnchors();
    const head = given.head ?? new RetinaNetHead(channelsOf(backbone), anchors.numAnchorsPerLocation()[0], given.numClasses!);
    const { scoreThresh = 0.05, nmsThresh = 0.5, detectionsPerImg = 300, topkCandidates = 1000 } = given;
    const thresholds = { scoreThresh, nmsThresh, detectionsPerImg, topkCandidates };
    super(backbone, anchors, head as unknown as DetectionHead, transformOf(given), thresholds);
    this.matcher = given.proposalMatcher ?? new Matcher(given.fgIouThresh ?? 0.5, given.bgIouThresh ?? 0.4, true);
  }

  protected losses(targets: readonly DetectionTarget[], outputs: HeadOutputs, anchors: readonly Tensor[]): Record<string, Tensor> {
    const matched = targets.map((target, i) => matchAnchors(this.matcher, anchors[i], target));
    return (this.head as unknown as RetinaNetHead).losses(targets, outputs, anchors, matched);
  }

  protected find({ clsLogits, bboxRegression }: HeadOutputs, anchors: Tensor, size: ImageSize, perLevel: readonly number[]): Detection {
    const split = (all: Tensor): Tensor[] => [...all.split([...perLevel])];
    const [logits, codes, places] = [split(clsLogits), split(bboxRegression), split(anchors)];
    const found = logits.map((each, level) =>
      bestAnchors(each.sigmoid(), size, this.thresholds, (some) =>
        this.boxCoder.decodeSingle(codes[level].indexSelect(0, some), places[level].indexSelect(0, some)),
      ),
    );
    return bestOf(found, this.thresholds);
  }
}

const listed = names.split(', ').slice(1);
const numbered = ({ numClasses = 91 }: RetinaNetOptions): { numClasses: number } => ({ numClasses });
/** Names of checkpoints written before the layers were blocks. */
const renamed = (key: string): string =>
  key.replace(
    /^(head\.\w+_head\.conv)\.(\d)\.(weight|bias)$/,
    (_, conv: string, n: string, kind: string) => `${conv}.${Number(n) / 2}.0.${kind}`,
  );

/**
 * RetinaNet on a ResNet-50. The backbone starts at random, unlike torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model
 * must be awaited. https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.retinanet_resnet50_fpn.html
 * @example const build = () => vision.models.detection.retinanetResnet50Fpn({ numClasses: 3 });
 */
export const retinanetResnet50Fpn = detection<RetinaNet, RetinaNetOptions>(
  'retinanet_resnet50_fpn',
  { weights: RetinaNet_ResNet50_FPN_Weights, model: RetinaNet, names: listed, renameOld: renamed, withoutEps: true, ...onResnet },
  (options) => {
    const backbone = resnetBackbone(options, { returnedLayers: [2, 3, 4], extraBlocks: () => new LastLevelP6P7(256, 256) });
    return new RetinaNet(backbone, { ...own(options), ...numbered(options) });
  },
);

/**
 * The same with norms in its heads and another loss of boxes.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.retinanet_resnet50_fpn_v2.html
 * @example const build = () => vision.models.detection.retinanetResnet50FpnV2({ numClasses: 3 });
 */
export const retinanetResnet50FpnV2 = detection<RetinaNet, RetinaNetOptions>(
  'retinanet_resnet50_fpn_v2',
  { weights: RetinaNet_ResNet50_FPN_V2_Weights, model: RetinaNet, names: listed, ...onResnet },
  (options) => {
    const extraBlocks = () => new LastLevelP6P7(2048, 256);
    const backbone = resnetBackbone(options, { returnedLayers: [2, 3, 4], extraBlocks }, nn.BatchNorm2d as NormLayer);
    const anchorGenerator = defaultAnchors();
    const normLayer = (channels: number): Layer => new nn.GroupNorm(32, channels) as unknown as Layer;
    const { numClasses } = numbered(options);
    const head = new RetinaNetHead(256, anchorGenerator.numAnchorsPerLocation()[0], numClasses, { normLayer, lossType: 'giou' });
    return new RetinaNet(backbone, { anchorGenerator, head, ...own(options), numClasses });
  },
);
