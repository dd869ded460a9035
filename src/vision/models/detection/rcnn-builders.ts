/** Builders of detectors in two stages. https://pytorch.org/vision/stable/models.html#object-detection-instance-segmentation-and-person-keypoint-detection */
import * as torch from '../../../index.js';
import type { Layer, NormLayer } from '../../ops/misc.js';
import type { ExtraFPNBlock } from '../../ops/pyramid.js';
import {
  type BackboneOptions,
  type Builder,
  builder,
  type BuilderSpec,
  type Weights,
  type WeightsEnum,
  type WeightsOptions,
} from '../builder.js';
import { mobilenetV3Large } from '../mobilenetv3.js';
import { resnet50 } from '../resnet.js';
import { MobileNet_V3_Large_Weights, ResNet50_Weights } from '../weights.js';
import { AnchorGenerator } from './anchors.js';
import {
  type BackboneWithFPN,
  type DetectionBackbone,
  type DetectorOptions,
  type ExtractorOptions,
  mobilenetExtractor,
  normOf,
  overwriteEps,
  resnetExtractor,
  trainableLayers,
} from './backbone.js';
import { defaultAnchors, FastRCNNConvFCHead, FasterRCNN, fasterNames, type FasterRCNNOptions } from './faster-rcnn.js';
import { KeypointRCNN, type KeypointRCNNOptions } from './keypoint-rcnn.js';
import { MaskRCNN, MaskRCNNHeads, type MaskRCNNOptions } from './mask-rcnn.js';
import { RPNHead } from './rpn.js';
import * as known from './weights.js';

const { nn } = torch;
type Module = torch.nn.Module;

/** As other builders; with `weightsBackbone` alone, the model comes later too. */
export interface DetectionBuilder<M extends Module, O extends object> extends Builder<M, O & BackboneOptions> {
  (options?: O & { weights?: null; pretrained?: false; weightsBackbone?: null; progress?: boolean; checkHash?: boolean }): M;
  (options: O & { weightsBackbone: Weights | string; progress?: boolean; checkHash?: boolean }): Promise<M>;
  (options: O & BackboneOptions & WeightsOptions): Promise<M>;
}

const listed = (names: string): string[] => names.split(',').map((name) => name.trim());
export const detectorNames = ['trainableBackboneLayers', 'weightsBackbone', 'isTrained'];

/** Keys of a classifier's checkpoint within the body of a pyramid. */
const bodyOf = (net: { backbone: DetectionBackbone }): Module => (net.backbone as unknown as BackboneWithFPN).body;
const keepName = (key: string): string => key;
const withoutFeatures = (key: string): string => key.replace(/^features\./, '');

/** Names of checkpoints written before the layers were blocks. */
const renamed = (key: string): string =>
  key
    .replace(/^(rpn\.head\.conv)\.(weight|bias)$/, '$1.0.0.$2')
    .replace(
      /^(roi_heads\.mask_head)\.mask_fcn(\d)\.(weight|bias)$/,
      (_, head: string, n: string, kind: string) => `${head}.${Number(n) - 1}.0.${kind}`,
    );

type Options<O> = Omit<O, 'numClasses'> & Omit<DetectorOptions, 'isTrained' | 'weightsBackbone'>;

interface Detecting<M extends Module, O extends object> {
  weights: WeightsEnum;
  model: BuilderSpec<M, O>['model'];
  names: readonly string[];
  fixed?: Record<string, number>;
  backboneWeights: WeightsEnum;
  part: (model: M) => Module;
  rename: (key: string) => string;
  renameOld?: (key: string) => string;
  /** Checkpoints whose norms had no constant in the denominator. */
  withoutEps?: boolean;
}

/** A builder of a detector on a classifier. */
export function detection<M extends Module, O extends object>(
  name: string,
  spec: Detecting<M, O>,
  make: (options: O & DetectorOptions) => M,
): DetectionBuilder<M, Options<O>> {
  return builder<M, O & DetectorOptions>(
    name,
    {
      weights: spec.weights,
      model: spec.model,
      takes: ['numClasses', ...spec.names, ...detectorNames] as (keyof (O & DetectorOptions) & string)[],
      fixed: (weights) => ({ numClasses: weights.meta.categories!.length, ...spec.fixed }) as unknown as Partial<O & DetectorOptions>,
      pretrained: (options) => ({ ...options, isTrained: true }),
      rename: spec.renameOld,
      backbone: { weights: spec.backboneWeights, part: spec.part, rename: spec.rename },
      finish: (model, _, { name: set }) => spec.withoutEps && set === 'COCO_V1' && overwriteEps(model, 0),
    },
    make,
  ) as unknown as DetectionBuilder<M, Options<O>>;
}

/** What is for the detector itself. */
export function own<O extends DetectorOptions>({
  trainableBackboneLayers: _,
  weightsBackbone: __,
  isTrained: ___,
  ...options
}: O): Omit<O, 'trainableBackboneLayers' | 'weightsBackbone' | 'isTrained'> {
  return options;
}

/** A ResNet-50 under a pyramid, whose extra blocks are made last. Its norms are frozen where it is pretrained, if there is no other choice. */
export function resnetBackbone(
  options: DetectorOptions,
  { extraBlocks, ...extractor }: Omit<ExtractorOptions, 'extraBlocks'> & { extraBlocks?: () => ExtraFPNBlock } = {},
  normLayer?: NormLayer,
): BackboneWithFPN {
  const net = resnet50({ normLayer: normLayer ?? normOf(options) });
  return resnetExtractor(net, { trainableLayers: trainableLayers(options, 5, 3), extraBlocks: extraBlocks?.(), ...extractor });
}

export const onResnet = { backboneWeights: ResNet50_Weights, part: bodyOf, rename: keepName };
const batchNorm = nn.BatchNorm2d as NormLayer;
const fasterList = listed(fasterNames).slice(1);
const onMobilenet = { backboneWeights: MobileNet_V3_Large_Weights, part: bodyOf, rename: withoutFeatures };

/** The heads of the second versions, with norms. */
function betterHeads(): { rpnAnchorGenerator: AnchorGenerator; rpnHead: RPNHead; boxHead: Layer } {
  const rpnAnchorGenerator = defaultAnchors();
  const rpnHead = new RPNHead(256, rpnAnchorGenerator.numAnchorsPerLocation()[0], 2);
  const boxHead = new FastRCNNConvFCHead([256, 7, 7], [256, 256, 256, 256], [1024], batchNorm) as unknown as Layer;
  return { rpnAnchorGenerator, rpnHead, boxHead };
}

const numbered = ({ numClasses = 91 }: DetectorOptions): { numClasses: number } => ({ numClasses });

/**
 * Faster R-CNN on a ResNet-50. The backbone starts at random, unlike torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model
 * must be awaited. https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.fasterrcnn_resnet50_fpn.html
 * @example const build = () => vision.models.detection.fasterrcnnResnet50Fpn({ numClasses: 3 });
 */
export const fasterrcnnResnet50Fpn = detection<FasterRCNN, FasterRCNNOptions>(
  'fasterrcnn_resnet50_fpn',
  {
    weights: known.FasterRCNN_ResNet50_FPN_Weights,
    model: FasterRCNN,
    names: fasterList,
    renameOld: renamed,
    withoutEps: true,
    ...onResnet,
  },
  (options) => new FasterRCNN(resnetBackbone(options), { ...own(options), ...numbered(options) }),
);

/**
 * The same with deeper heads and norms, "Benchmarking Detection Transfer Learning with Vision Transformers" (Li et al., 2021).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.fasterrcnn_resnet50_fpn_v2.html
 * @example const build = () => vision.models.detection.fasterrcnnResnet50FpnV2({ numClasses: 3 });
 */
export const fasterrcnnResnet50FpnV2 = detection<FasterRCNN, FasterRCNNOptions>(
  'fasterrcnn_resnet50_fpn_v2',
  { weights: known.FasterRCNN_ResNet50_FPN_V2_Weights, model: FasterRCNN, names: fasterList, ...onResnet },
  (options) => {
    const backbone = resnetBackbone(options, { normLayer: batchNorm }, batchNorm);
    return new FasterRCNN(backbone, { ...betterHeads(), ...own(options), ...numbered(options) });
  },
);

function fasterMobilenet(options: FasterRCNNOptions & DetectorOptions): FasterRCNN {
  const net = mobilenetV3Large({ normLayer: normOf(options) });
  const backbone = mobilenetExtractor(net, { fpn: true, trainableLayers: trainableLayers(options, 6, 3) });
  const sizes = Array.from({ length: 3 }, () => [32, 64, 128, 256, 512]);
  return new FasterRCNN(backbone, { rpnAnchorGenerator: new AnchorGenerator(sizes, [0.5, 1, 2]), ...own(options), ...numbered(options) });
}

/**
 * Faster R-CNN on a MobileNetV3.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn.html
 * @example const build = () => vision.models.detection.fasterrcnnMobilenetV3LargeFpn({ numClasses: 3 });
 */
export const fasterrcnnMobilenetV3LargeFpn = detection<FasterRCNN, FasterRCNNOptions>(
  'fasterrcnn_mobilenet_v3_large_fpn',
  { weights: known.FasterRCNN_MobileNet_V3_Large_FPN_Weights, model: FasterRCNN, names: fasterList, renameOld: renamed, ...onMobilenet },
  fasterMobilenet,
);

/**
 * The same for small images, with fewer proposals.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn.html
 * @example const build = () => vision.models.detection.fasterrcnnMobilenetV3Large320Fpn({ numClasses: 3 });
 */
export const fasterrcnnMobilenetV3Large320Fpn = detection<FasterRCNN, FasterRCNNOptions>(
  'fasterrcnn_mobilenet_v3_large_320_fpn',
  {
    weights: known.FasterRCNN_MobileNet_V3_Large_320_FPN_Weights,
    model: FasterRCNN,
    names: fasterList,
    renameOld: renamed,
    ...onMobilenet,
  },
  (options) =>
    fasterMobilenet({ minSize: 320, maxSize: 640, rpnPreNmsTopNTest: 150, rpnPostNmsTopNTest: 150, rpnScoreThresh: 0.05, ...options }),
);

const maskNames = [...fasterList, 'maskRoiPool', 'maskHead', 'maskPredictor'];

/**
 * Mask R-CNN on a ResNet-50. The backbone starts at random, unlike torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model
 * must be awaited. https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.maskrcnn_resnet50_fpn.html
 * @example const build = () => vision.models.detection.maskrcnnResnet50Fpn({ numClasses: 3 });
 */
export const maskrcnnResnet50Fpn = detection<MaskRCNN, MaskRCNNOptions>(
  'maskrcnn_resnet50_fpn',
  { weights: known.MaskRCNN_ResNet50_FPN_Weights, model: MaskRCNN, names: maskNames, renameOld: renamed, withoutEps: true, ...onResnet },
  (options) => new MaskRCNN(resnetBackbone(options), { ...own(options), ...numbered(options) }),
);

/**
 * The same with deeper heads and norms.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.maskrcnn_resnet50_fpn_v2.html
 * @example const build = () => vision.models.detection.maskrcnnResnet50FpnV2({ numClasses: 3 });
 */
export const maskrcnnResnet50FpnV2 = detection<MaskRCNN, MaskRCNNOptions>(
  'maskrcnn_resnet50_fpn_v2',
  { weights: known.MaskRCNN_ResNet50_FPN_V2_Weights, model: MaskRCNN, names: maskNames, ...onResnet },
  (options) => {
    const backbone = resnetBackbone(options, { normLayer: batchNorm }, batchNorm);
    const heads = betterHeads();
    const maskHead = new MaskRCNNHeads(256, [256, 256, 256, 256], 1, batchNorm) as unknown as Layer;
    return new MaskRCNN(backbone, { ...heads, maskHead, ...own(options), ...numbered(options) });
  },
);

/**
 * Keypoint R-CNN on a ResNet-50, for persons and their 17 points. The backbone starts at random, unlike torchvision's:
 * `weightsBackbone: 'DEFAULT'` loads it, and then the model must be awaited.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.keypointrcnn_resnet50_fpn.html
 * @example const build = () => vision.models.detection.keypointrcnnResnet50Fpn({ numKeypoints: 5 });
 */
export const keypointrcnnResnet50Fpn = detection<KeypointRCNN, KeypointRCNNOptions>(
  'keypointrcnn_resnet50_fpn',
  {
    weights: known.KeypointRCNN_ResNet50_FPN_Weights,
    model: KeypointRCNN,
    names: [...fasterList, 'keypointRoiPool', 'keypointHead', 'keypointPredictor', 'numKeypoints'],
    fixed: { numKeypoints: 17 },
    renameOld: renamed,
    withoutEps: true,
    ...onResnet,
  },
  (options) => new KeypointRCNN(resnetBackbone(options), { ...own(options), numClasses: options.numClasses ?? 2 }),
);
