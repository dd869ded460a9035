/** SSD. https://pytorch.org/vision/stable/models/ssd.html */
import * as torch from '../../../index.js';
import { bind, type Call } from '../../arguments.js';
import type { Layer } from '../../ops/misc.js';
import { type VGG, vgg16 } from '../vgg.js';
import { VGG16_Weights } from '../weights.js';
import { DefaultBoxGenerator } from './anchors.js';
import { type DetectionBackbone, freezeBlocks, retrieveOutChannels, trainableLayers } from './backbone.js';
import { imagenetMean, imagenetStd } from './faster-rcnn.js';
import { BoxCoder, placesOf, SSDMatcher } from './matching.js';
import {
  bestOf,
  type Candidates,
  type DetectionHead,
  type HeadOutputs,
  matchAnchors,
  OneStageDetector,
  sumOf,
  type Tensor,
} from './one-stage.js';
import { detection, own } from './rcnn-builders.js';
import { perAnchor } from './rpn.js';
import { type Detection, type DetectionTarget, GeneralizedRCNNTransform, type ImageSize } from './transform.js';
import { clipBoxesToImage } from '../../ops/boxes.js';
import { SSD300_VGG16_Weights } from './weights.js';

const { nn } = torch;
const { functional: F } = nn;

function xavierStart<M extends torch.nn.Module>(module: M): M {
  for (const layer of module.modules()) {
    if (!(layer instanceof nn.Conv2d)) continue;
    nn.init.xavierUniform_(layer.weight);
    if (layer.bias) nn.init.zeros_(layer.bias);
  }
  return module;
}

/** One module for each map. */
export class SSDScoringHead extends nn.Module {
  moduleList: torch.nn.ModuleList;

  constructor(
    moduleList: torch.nn.ModuleList,
    private readonly numColumns: number,
  ) {
    super();
    this.moduleList = moduleList;
  }

  override forward(maps: readonly Tensor[]): Tensor {
    return torch.cat(maps.map((map, i) => perAnchor((this.moduleList.at(i) as Layer)(map), this.numColumns)), 1); // prettier-ignore
  }
}

class SSDClassificationHead extends SSDScoringHead {}
class SSDRegressionHead extends SSDScoringHead {}

/** Makes the module for a map, and starts it. */
export interface HeadParts {
  block: (inChannels: number, outChannels: number) => torch.nn.Module;
  start: (list: torch.nn.ModuleList) => void;
  classification: typeof SSDScoringHead;
  regression: typeof SSDScoringHead;
}

const plainParts: HeadParts = {
  block: (inChannels, outChannels) => new nn.Conv2d(inChannels, outChannels, 3, { padding: 1 }),
  start: xavierStart,
  classification: SSDClassificationHead,
  regression: SSDRegressionHead,
};

/**
 * Logits and codes of the default boxes of maps, each with its own numbers of channels and boxes.
 * https://pytorch.org/vision/stable/models/ssd.html
 * @example new vision.models.detection.SSDHead([8], [4], 5)([torch.rand(1, 8, 3, 3)]).clsLogits.shape  // torch.Size([1, 36, 5])
 */
export class SSDHead extends nn.Module {
  classificationHead: SSDScoringHead;
  regressionHead: SSDScoringHead;

  constructor(inChannels: readonly number[], numAnchors: readonly number[], numClasses: number, parts: HeadParts = plainParts) {
    super();
    const { block, start, classification, regression } = parts;
    const scoring = (head: typeof SSDScoringHead, columns: number): SSDScoringHead => {
      const list = new nn.ModuleList(inChannels.map((channels, i) => block(channels, columns * numAnchors[i])));
      start(list);
      return new head(list, columns);
    };
    this.classificationHead = scoring(classification, numClasses);
    this.regressionHead = scoring(regression, 4);
  }

  override forward(maps: readonly Tensor[]): { bboxRegression: Tensor; clsLogits: Tensor } {
    return { bboxRegression: this.regressionHead(maps), clsLogits: this.classificationHead(maps) };
  }
}

export interface SSDOptions {
  numClasses?: number;
  imageMean?: readonly number[] | null;
  imageStd?: readonly number[] | null;
  head?: SSDHead | null;
  scoreThresh?: number;
  nmsThresh?: number;
  detectionsPerImg?: number;
  iouThresh?: number;
  topkCandidates?: number;
  positiveFraction?: number;
}

export const ssdNames = 'imageMean, imageStd, head, scoreThresh, nmsThresh, detectionsPerImg, iouThresh, topkCandidates, positiveFraction';

type SSDArgs = Call<
  [anchorGenerator: DefaultBoxGenerator, size: readonly [width: number, height: number], numClasses: number],
  [imageMean: readonly number[] | null, imageStd: readonly number[] | null, head: SSDHead | null],
  SSDOptions & { anchorGenerator: DefaultBoxGenerator; size: readonly [number, number]; numClasses: number }
>;

function headOf(backbone: DetectionBackbone, anchors: DefaultBoxGenerator, size: readonly [number, number], numClasses: number): SSDHead {
  const { outChannels } = backbone;
  const channels = Array.isArray(outChannels) ? (outChannels as number[]) : retrieveOutChannels(backbone, size);
  if (channels.length !== anchors.aspectRatios.length)
    throw new Error(
      `The length of the output channels from the backbone (${channels.length}) do not match the length of the anchor generator aspect ratios (${anchors.aspectRatios.length})`,
    );
  return new SSDHead(channels, anchors.numAnchorsPerLocation(), numClasses);
}

/**
 * "SSD: Single Shot MultiBox Detector" (Liu et al., 2015) for images of a fixed size: a list of images (3, H, W) in [0, 1] to a list of
 * `{ boxes, scores, labels }`, best first. In training it is given a list of `{ boxes, labels }` as well, and gives
 * `{ bboxRegression, classification }`. https://pytorch.org/vision/stable/models/ssd.html
 * @throws Error where targets hold no boxes, or boxes without width or height
 * @example const build = () => vision.models.detection.ssd300Vgg16({ numClasses: 3 }) instanceof vision.models.detection.SSD;
 */
export class SSD extends OneStageDetector {
  private readonly matcher: SSDMatcher;
  private readonly boxCoder = new BoxCoder([10, 10, 5, 5]);
  private readonly negToPosRatio: number;

  constructor(backbone: DetectionBackbone, ...args: SSDArgs) {
    const names = `anchorGenerator!, size!, numClasses!, ${ssdNames}`;
    const given = bind<Required<Pick<SSDOptions, 'numClasses'>> & SSDOptions & { anchorGenerator: DefaultBoxGenerator; size: readonly [number, number] }>('SSD', names, args); // prettier-ignore
    const { anchorGenerator, size, numClasses, imageMean, imageStd } = given;
    const head = given.head ?? headOf(backbone, anchorGenerator, size, numClasses);
    const fixed = { minSize: Math.min(...size), maxSize: Math.max(...size), sizeDivisible: 1, fixedSize: size };
    const transform = new GeneralizedRCNNTransform({ ...fixed, imageMean: imageMean ?? imagenetMean, imageStd: imageStd ?? imagenetStd });
    const { scoreThresh = 0.01, nmsThresh = 0.45, detectionsPerImg = 200, topkCandidates = 400, positiveFraction = 0.25 } = given;
    super(backbone, anchorGenerator, head as unknown as DetectionHead, transform, {
      scoreThresh,
      nmsThresh,
      detectionsPerImg,
      topkCandidates,
    });
    this.matcher = new SSDMatcher(given.iouThresh ?? 0.5);
    this.negToPosRatio = (1 - positiveFraction) / positiveFraction;
  }

  /** The loss of the boxes of an image, the classes of its anchors, and how many have an object. */
  private ofImage(
    { boxes, labels }: DetectionTarget,
    codes: Tensor,
    anchors: Tensor,
    matched: Tensor,
  ): [loss: Tensor, classes: Tensor, objects: number] {
    const places = placesOf(matched.ge(0));
    const numbers = matched.indexSelect(0, places);
    const wanted = this.boxCoder.encodeSingle(boxes.indexSelect(0, numbers), anchors.indexSelect(0, places));
    const loss = F.smoothL1Loss(codes.indexSelect(0, places), wanted, { reduction: 'sum' });
    const classes = torch.zeros([anchors.shape[0]], { dtype: labels.dtype, device: labels.device });
    classes.setAt([places], labels.indexSelect(0, numbers));
    return [loss, classes, places.numel()];
  }

  /** Of the background, the anchors that are most mistaken: a few for each object. */
  private hardest(losses: Tensor, isObject: Tensor): Tensor {
    const counts = isObject.sum(1, true).mul(this.negToPosRatio);
    const order = losses.detach().maskedFill(isObject, -Infinity).sort(1, true).indices;
    return order.argsort(1).lt(counts);
  }

  protected losses(targets: readonly DetectionTarget[], outputs: HeadOutputs, anchors: readonly Tensor[]): Record<string, Tensor> {
    const { clsLogits, bboxRegression } = outputs;
    const found = targets.map((target, i) =>
      this.ofImage(target, bboxRegression.at(i), anchors[i], matchAnchors(this.matcher, anchors[i], target)),
    );
    const classes = torch.stack(found.map(([, each]) => each));
    const count = Math.max(1, found.reduce((sum, [, , objects]) => sum + objects, 0)); // prettier-ignore
    const losses = F.crossEntropy(clsLogits.reshape(-1, clsLogits.shape[2]), classes.reshape(-1), { reduction: 'none' }).reshape(
      classes.shape,
    );
    const isObject = classes.gt(0);
    const hard = this.hardest(losses, isObject);
    return {
      bboxRegression: sumOf(found.map(([loss]) => loss)).div(count),
      classification: losses.at(isObject).sum().add(losses.at(hard).sum()).div(count),
    };
  }

  protected find({ clsLogits, bboxRegression }: HeadOutputs, anchors: Tensor, size: ImageSize): Detection {
    const scores = clsLogits.softmax(-1);
    const boxes = clipBoxesToImage(this.boxCoder.decodeSingle(bboxRegression, anchors), size);
    const { scoreThresh, topkCandidates } = this.thresholds;
    const ofClass = (label: number): Candidates => {
      const all = scores.select(1, label);
      const sure = placesOf(all.gt(scoreThresh));
      const [best, order] = all.indexSelect(0, sure).topk(Math.min(topkCandidates, sure.shape[0]));
      const places = sure.indexSelect(0, order);
      return { boxes: boxes.indexSelect(0, places), scores: best, labels: torch.fullLike(best, label, { dtype: torch.int64 }) };
    };
    return bestOf(
      Array.from({ length: scores.shape[1] - 1 }, (_, i) => ofClass(i + 1)),
      this.thresholds,
    );
  }
}

const relu = (): torch.nn.ReLU => new nn.ReLU({ inplace: true });

/** Two convolutions; the second halves the map, or has no margins. */
const extraBlock = (inChannels: number, hidden: number, outChannels: number, halves: boolean): torch.nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(inChannels, hidden, 1),
    relu(),
    new nn.Conv2d(hidden, outChannels, 3, halves ? { padding: 1, stride: 2 } : {}),
    relu(),
  );

/** The maps of a VGG, the first normalised and scaled, and of further layers. */
class SSDFeatureExtractorVGG extends nn.Module {
  scaleWeight: torch.nn.Parameter;
  features: torch.nn.Sequential;
  extra: torch.nn.ModuleList;

  constructor(features: torch.nn.Sequential) {
    super();
    const layers = [...features];
    const pools = layers.flatMap((layer, i) => (layer instanceof nn.MaxPool2d ? [i] : []));
    layers[pools[2]] = new nn.MaxPool2d(2, { stride: 2, ceilMode: true });
    this.scaleWeight = new nn.Parameter(torch.ones(512).mul(20));
    this.features = new nn.Sequential(...layers.slice(0, pools[3]));
    const extra = new nn.ModuleList([
      extraBlock(1024, 256, 512, true),
      extraBlock(512, 128, 256, true),
      extraBlock(256, 128, 256, false),
      extraBlock(256, 128, 256, false),
    ]);
    xavierStart(extra);
    const fc = new nn.Sequential(
      new nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: false }),
      new nn.Conv2d(512, 1024, 3, { padding: 6, dilation: 6 }),
      relu(),
      new nn.Conv2d(1024, 1024, 1),
      relu(),
    );
    xavierStart(fc);
    extra.insert(0, new nn.Sequential(...layers.slice(pools[3], -1), fc));
    this.extra = extra;
  }

  override forward(images: Tensor): Record<string, Tensor> {
    let x = (this.features as Layer)(images);
    const maps = [this.scaleWeight.reshape(1, -1, 1, 1).mul(F.normalize(x))];
    for (const block of this.extra) maps.push((x = (block as Layer)(x)));
    return Object.fromEntries(maps.map((map, i) => [String(i), map]));
  }
}

function vggExtractor({ features }: VGG, trained: number): SSDFeatureExtractorVGG {
  const pools = [...features].flatMap((layer, i) => (layer instanceof nn.MaxPool2d ? [i] : []));
  freezeBlocks(features, [0, ...pools.slice(0, -1)], trained);
  return new SSDFeatureExtractorVGG(features);
}

/** Where the layers of a VGG's `features` are in the extractor: the fourth pooling begins the first extra block. */
function renamedVgg(key: string): string {
  const [, index, kind] = /^features\.(\d+)\.(\w+)$/.exec(key) ?? [];
  if (index === undefined) return key;
  return Number(index) < 23 ? key : `extra.0.${Number(index) - 23}.${kind}`;
}

/**
 * SSD for images of 300 × 300 on a VGG-16. The backbone starts at random, unlike torchvision's: `weightsBackbone: 'IMAGENET1K_FEATURES'` loads
 * it, and then the model must be awaited. https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.ssd300_vgg16.html
 * @example const build = () => vision.models.detection.ssd300Vgg16({ numClasses: 3 });
 */
export const ssd300Vgg16 = detection<SSD, SSDOptions>(
  'ssd300_vgg16',
  {
    weights: SSD300_VGG16_Weights,
    model: SSD,
    names: ssdNames.split(', '),
    backboneWeights: VGG16_Weights,
    part: ({ backbone }) => backbone,
    rename: renamedVgg,
  },
  (options) => {
    const backbone = vggExtractor(vgg16(), trainableLayers(options, 5, 4)) as unknown as DetectionBackbone;
    const scales = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05];
    const anchorGenerator = new DefaultBoxGenerator([[2], [2, 3], [2, 3], [2, 3], [2], [2]], { scales, steps: [8, 16, 32, 64, 100, 300] });
    const images = { imageMean: [0.48235, 0.45882, 0.40784], imageStd: [1 / 255, 1 / 255, 1 / 255] };
    return new SSD(backbone, { anchorGenerator, size: [300, 300], ...images, ...own(options), numClasses: options.numClasses ?? 91 });
  },
);
