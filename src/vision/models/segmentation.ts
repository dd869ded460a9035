/** `vision.models.segmentation`: classes of pixels. https://pytorch.org/vision/stable/models.html#semantic-segmentation */
import * as torch from '../../index.js';
import type { Layer } from '../ops/misc.js';
import { SemanticSegmentation } from '../transforms/presets.js';
import { type BackboneOptions, type Builder, builder, registerWeights, Weights, type WeightsEnum, type WeightsOptions } from './builder.js';
import { IntermediateLayerGetter, stageStarts } from './intermediate.js';
import { type MobileNetV3, mobilenetV3Large } from './mobilenetv3.js';
import { type ResNet, resnet101, resnet50 } from './resnet.js';
import { vocCategories } from './voc-categories.js';
import { MobileNet_V3_Large_Weights, ResNet101_Weights, ResNet50_Weights } from './weights.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;

type Backbone<K extends string> = torch.nn.Module & { forward(input: Tensor): Record<K, Tensor> };

const resized = (x: Tensor, like: Tensor): Tensor =>
  F.interpolate(x, { size: like.sizes.slice(-2), mode: 'bilinear', alignCorners: false });

/** Logits (N, numClasses, H, W) of the pixels. `aux` is of the second classifier, which helps in training. */
export interface SegmentationOutput {
  out: Tensor;
  aux?: Tensor;
}

abstract class SimpleSegmentationModel extends nn.Module {
  /** Gives `out`, and `aux` where there is a second classifier. */
  readonly backbone: Backbone<'out' | 'aux'>;
  readonly classifier: Layer;
  readonly auxClassifier: Layer | null;

  constructor(backbone: Backbone<'out' | 'aux'>, classifier: Layer, auxClassifier: Layer | null = null) {
    super();
    [this.backbone, this.classifier, this.auxClassifier] = [backbone, classifier, auxClassifier];
  }

  override forward(input: Tensor): SegmentationOutput {
    const features = this.backbone(input);
    const out = resized(this.classifier(features.out), input);
    return this.auxClassifier ? { out, aux: resized(this.auxClassifier(features.aux), input) } : { out };
  }
}

/**
 * Fully convolutional network, images (N, 3, H, W) to `{ out }`: logits (N, numClasses, H, W).
 * https://pytorch.org/vision/stable/models/fcn.html
 * @example vision.models.segmentation.fcnResnet50() instanceof vision.models.segmentation.FCN  // true
 */
export class FCN extends SimpleSegmentationModel {}

/**
 * DeepLabV3, images (N, 3, H, W) to `{ out }`: logits (N, numClasses, H, W).
 * https://pytorch.org/vision/stable/models/deeplabv3.html
 * @example vision.models.segmentation.deeplabv3Resnet50() instanceof vision.models.segmentation.DeepLabV3  // true
 */
export class DeepLabV3 extends SimpleSegmentationModel {}

/** A convolution without bias, its norm and ReLU. */
const convNorm = (inChannels: number, channels: number, kernel: number, dilation = 1): Layer[] => [
  new nn.Conv2d(inChannels, channels, kernel, { padding: kernel === 1 ? 0 : dilation, dilation, bias: false }),
  new nn.BatchNorm2d(channels),
  new nn.ReLU(),
];

class FCNHead extends nn.Sequential {
  constructor(inChannels: number, channels: number) {
    const inner = Math.floor(inChannels / 4);
    super(...convNorm(inChannels, inner, 3), new nn.Dropout(0.1), new nn.Conv2d(inner, channels, 1));
  }
}

class ASPPConv extends nn.Sequential {
  constructor(inChannels: number, outChannels: number, dilation: number) {
    super(...convNorm(inChannels, outChannels, 3, dilation));
  }
}

class ASPPPooling extends nn.Sequential {
  constructor(inChannels: number, outChannels: number) {
    super(new nn.AdaptiveAvgPool2d(1), ...convNorm(inChannels, outChannels, 1));
  }
  override forward(input: Tensor): Tensor {
    return resized(super.forward(input) as Tensor, input);
  }
}

/** Atrous spatial pyramid pooling: convolutions of several dilations side by side. */
class ASPP extends nn.Module {
  convs: torch.nn.ModuleList;
  project: torch.nn.Sequential;

  constructor(inChannels: number, atrousRates: readonly number[], outChannels = 256) {
    super();
    this.convs = new nn.ModuleList([
      new nn.Sequential(...convNorm(inChannels, outChannels, 1)),
      ...atrousRates.map((rate) => new ASPPConv(inChannels, outChannels, rate)),
      new ASPPPooling(inChannels, outChannels),
    ]);
    this.project = new nn.Sequential(...convNorm((atrousRates.length + 2) * outChannels, outChannels, 1), new nn.Dropout(0.5));
  }

  override forward(input: Tensor): Tensor {
    return this.project(
      torch.cat(
        [...this.convs].map((conv) => (conv as Layer)(input)),
        1,
      ),
    );
  }
}

class DeepLabHead extends nn.Sequential {
  constructor(inChannels: number, numClasses: number) {
    super(new ASPP(inChannels, [12, 24, 36]), ...convNorm(256, 256, 3), new nn.Conv2d(256, numClasses, 1));
  }
}

class LRASPPHead extends nn.Module {
  cbr: torch.nn.Sequential;
  scale: torch.nn.Sequential;
  lowClassifier: torch.nn.Conv2d;
  highClassifier: torch.nn.Conv2d;

  constructor(lowChannels: number, highChannels: number, numClasses: number, interChannels: number) {
    super();
    this.cbr = new nn.Sequential(
      new nn.Conv2d(highChannels, interChannels, 1, { bias: false }),
      new nn.BatchNorm2d(interChannels),
      new nn.ReLU({ inplace: true }),
    );
    this.scale = new nn.Sequential(
      new nn.AdaptiveAvgPool2d(1),
      new nn.Conv2d(highChannels, interChannels, 1, { bias: false }),
      new nn.Sigmoid(),
    );
    this.lowClassifier = new nn.Conv2d(lowChannels, numClasses, 1);
    this.highClassifier = new nn.Conv2d(interChannels, numClasses, 1);
  }

  override forward({ low, high }: Record<'low' | 'high', Tensor>): Tensor {
    const x = this.cbr(high).mul(this.scale(high));
    return this.lowClassifier(low).add(this.highClassifier(resized(x, low)));
  }
}

/**
 * Lite R-ASPP, "Searching for MobileNetV3" (Howard et al., 2019): images (N, 3, H, W) to `{ out }`: logits (N, numClasses, H, W).
 * The backbone gives features of low level, `low`, and of high level, `high`.
 * https://pytorch.org/vision/stable/models/lraspp.html
 * @example vision.models.segmentation.lrasppMobilenetV3Large() instanceof vision.models.segmentation.LRASPP  // true
 */
export class LRASPP extends nn.Module {
  readonly backbone: Backbone<'low' | 'high'>;
  readonly classifier: LRASPPHead;

  constructor(backbone: Backbone<'low' | 'high'>, lowChannels: number, highChannels: number, numClasses: number, interChannels = 128) {
    super();
    this.backbone = backbone;
    this.classifier = new LRASPPHead(lowChannels, highChannels, numClasses, interChannels);
  }

  override forward(input: Tensor): SegmentationOutput {
    return { out: resized(this.classifier(this.backbone(input)), input) };
  }
}

const recipes = 'https://github.com/pytorch/vision/tree/main/references/segmentation#';

type Key = 'COCO_WITH_VOC_LABELS_V1' | 'DEFAULT';
type Facts = readonly [numParams: number, miou: number, pixelAcc: number, ops: number, fileSize: number, recipe: string];
function cocoWeights(name: string, file: string, facts: Facts): WeightsEnum<Key, SemanticSegmentation> {
  const [numParams, miou, pixelAcc, ops, fileSize, recipe] = facts;
  const meta = {
    categories: vocCategories,
    numParams,
    minSize: [1, 1] as const,
    recipe: recipes + recipe,
    _metrics: { 'COCO-val2017-VOC-labels': { miou, pixel_acc: pixelAcc } },
    _ops: ops,
    _fileSize: fileSize,
  };
  const url = `https://download.pytorch.org/models/${file}.pth`;
  const only = new Weights(`${name}.COCO_WITH_VOC_LABELS_V1`, url, meta, () => new SemanticSegmentation({ resizeSize: 520 }));
  return registerWeights(name, { COCO_WITH_VOC_LABELS_V1: only, DEFAULT: only });
}

export const FCN_ResNet50_Weights = cocoWeights('FCN_ResNet50_Weights', 'fcn_resnet50_coco-1167a1af', [35322218, 60.5, 91.4, 152.717, 135.009, 'fcn_resnet50']); // prettier-ignore
export const FCN_ResNet101_Weights = cocoWeights('FCN_ResNet101_Weights', 'fcn_resnet101_coco-7ecb50ca', [54314346, 63.7, 91.9, 232.738, 207.711, 'deeplabv3_resnet101']); // prettier-ignore
export const DeepLabV3_ResNet50_Weights = cocoWeights('DeepLabV3_ResNet50_Weights', 'deeplabv3_resnet50_coco-cd0a2569', [42004074, 66.4, 92.4, 178.722, 160.515, 'deeplabv3_resnet50']); // prettier-ignore
export const DeepLabV3_ResNet101_Weights = cocoWeights('DeepLabV3_ResNet101_Weights', 'deeplabv3_resnet101_coco-586e9e4e', [60996202, 67.4, 92.4, 258.743, 233.217, 'fcn_resnet101']); // prettier-ignore
export const DeepLabV3_MobileNet_V3_Large_Weights = cocoWeights('DeepLabV3_MobileNet_V3_Large_Weights', 'deeplabv3_mobilenet_v3_large-fc3c493d', [11029328, 60.3, 91.2, 10.452, 42.301, 'deeplabv3_mobilenet_v3_large']); // prettier-ignore
export const LRASPP_MobileNet_V3_Large_Weights = cocoWeights('LRASPP_MobileNet_V3_Large_Weights', 'lraspp_mobilenet_v3_large-d234d4ea', [3221538, 57.9, 91.2, 2.086, 12.49, 'lraspp_mobilenet_v3_large']); // prettier-ignore

export interface SegmentationOptions {
  /** With the background; 21 where weights are given by name. */
  numClasses?: number;
  /** Whether there is a second classifier; there is one where weights are given by name. */
  auxLoss?: boolean;
}

/** As other builders; with `weightsBackbone` alone, the model comes later too. */
export interface SegmentationBuilder<M extends torch.nn.Module, O extends object> extends Builder<M, O & BackboneOptions> {
  (options?: O & { weights?: null; pretrained?: false; weightsBackbone?: null; progress?: boolean; checkHash?: boolean }): M;
  (options: O & { weightsBackbone: Weights | string; progress?: boolean; checkHash?: boolean }): Promise<M>;
  (options: O & BackboneOptions & WeightsOptions): Promise<M>;
}

/** A backbone that gives `out`, and the channels of its layers. */
interface Stages {
  backbone: Backbone<'out' | 'aux'>;
  outChannels: number;
  auxChannels: number;
}
const ofResNet = (net: ResNet, hasAux: boolean): Stages => ({
  backbone: new IntermediateLayerGetter(net, { layer4: 'out', ...(hasAux && { layer3: 'aux' as const }) }),
  outChannels: 2048,
  auxChannels: 1024,
});

/** The last block and the one before the image was halved for the fourth time: 1 / 16 and 1 / 8 of its size. */
function stagesOf({ features }: MobileNetV3): { high: number; low: number; channels: (at: number) => number } {
  const blocks = [...features] as unknown as { outChannels: number }[];
  const starts = stageStarts(features);
  return { high: blocks.length - 1, low: starts[starts.length - 4], channels: (at) => blocks[at].outChannels };
}
function ofMobileNet(net: MobileNetV3, hasAux: boolean): Stages {
  const { high, low, channels } = stagesOf(net);
  const layers = { [high]: 'out' as const, ...(hasAux && { [low]: 'aux' as const }) };
  return { backbone: new IntermediateLayerGetter(net.features, layers), outChannels: channels(high), auxChannels: channels(low) };
}

const keepName = (key: string): string => key;
const withoutFeatures = (key: string): string => key.replace(/^features\./, '');

interface Parts<M> {
  weights: WeightsEnum;
  backboneWeights: WeightsEnum;
  /** How keys of the classifier's checkpoint are named within the backbone. */
  rename: (key: string) => string;
  stages: (hasAux: boolean) => Stages;
  model: new (backbone: Backbone<'out' | 'aux'>, classifier: Layer, auxClassifier: Layer | null) => M;
  head: new (inChannels: number, numClasses: number) => Layer;
}
const segmentation = <M extends SimpleSegmentationModel>(
  name: string,
  { weights, backboneWeights, rename, stages, model, head }: Parts<M>,
): SegmentationBuilder<M, SegmentationOptions> =>
  builder(
    name,
    {
      weights,
      model,
      takes: ['numClasses', 'auxLoss', 'weightsBackbone'],
      fixed: () => ({ numClasses: vocCategories.length, auxLoss: true }),
      backbone: { weights: backboneWeights, part: ({ backbone }) => backbone, rename },
    },
    ({ numClasses = vocCategories.length, auxLoss = false }: SegmentationOptions & BackboneOptions) => {
      const { backbone, outChannels, auxChannels } = stages(auxLoss);
      const auxClassifier = auxLoss ? new FCNHead(auxChannels, numClasses) : null;
      return new model(backbone, new head(outChannels, numClasses), auxClassifier);
    },
  ) as SegmentationBuilder<M, SegmentationOptions>;

const dilated = { replaceStrideWithDilation: [false, true, true] };
const resnet50Parts = { backboneWeights: ResNet50_Weights, rename: keepName, stages: (hasAux: boolean) => ofResNet(resnet50(dilated), hasAux) }; // prettier-ignore
const resnet101Parts = { backboneWeights: ResNet101_Weights, rename: keepName, stages: (hasAux: boolean) => ofResNet(resnet101(dilated), hasAux) }; // prettier-ignore
const mobilenetParts = { backboneWeights: MobileNet_V3_Large_Weights, rename: withoutFeatures };

/**
 * FCN, "Fully Convolutional Networks for Semantic Segmentation" (Long et al., 2014), on a ResNet-50. The backbone starts at random, unlike
 * torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model must be awaited.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.fcn_resnet50.html
 * @example vision.models.segmentation.fcnResnet50({ numClasses: 5 })(torch.rand(2, 3, 64, 64)).out.shape
 */
export const fcnResnet50 = segmentation('fcn_resnet50', { weights: FCN_ResNet50_Weights, model: FCN, head: FCNHead, ...resnet50Parts });
/**
 * The same on a ResNet-101.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.fcn_resnet101.html
 * @example vision.models.segmentation.fcnResnet101({ numClasses: 5, auxLoss: true })(torch.rand(2, 3, 64, 64)).aux
 */
export const fcnResnet101 = segmentation('fcn_resnet101', { weights: FCN_ResNet101_Weights, model: FCN, head: FCNHead, ...resnet101Parts });
/**
 * DeepLabV3, "Rethinking Atrous Convolution for Semantic Image Segmentation" (Chen et al., 2017), on a ResNet-50. The backbone starts at
 * random, unlike torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model must be awaited.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.deeplabv3_resnet50.html
 * @example vision.models.segmentation.deeplabv3Resnet50({ numClasses: 5 })(torch.rand(2, 3, 64, 64)).out.shape
 */
export const deeplabv3Resnet50 = segmentation('deeplabv3_resnet50', { weights: DeepLabV3_ResNet50_Weights, model: DeepLabV3, head: DeepLabHead, ...resnet50Parts }); // prettier-ignore
/**
 * The same on a ResNet-101.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.deeplabv3_resnet101.html
 * @example vision.models.segmentation.deeplabv3Resnet101({ numClasses: 5 })(torch.rand(2, 3, 64, 64)).out.shape
 */
export const deeplabv3Resnet101 = segmentation('deeplabv3_resnet101', { weights: DeepLabV3_ResNet101_Weights, model: DeepLabV3, head: DeepLabHead, ...resnet101Parts }); // prettier-ignore
/**
 * The same on a MobileNetV3.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.deeplabv3_mobilenet_v3_large.html
 * @example vision.models.segmentation.deeplabv3MobilenetV3Large({ numClasses: 5 })(torch.rand(2, 3, 64, 64)).out.shape
 */
export const deeplabv3MobilenetV3Large = segmentation('deeplabv3_mobilenet_v3_large', {
  weights: DeepLabV3_MobileNet_V3_Large_Weights,
  model: DeepLabV3,
  head: DeepLabHead,
  stages: (hasAux) => ofMobileNet(mobilenetV3Large({ dilated: true }), hasAux),
  ...mobilenetParts,
});

type LRASPPOptions = Pick<SegmentationOptions, 'numClasses'>;
/**
 * Lite R-ASPP, "Searching for MobileNetV3" (Howard et al., 2019), on a MobileNetV3. The backbone starts at random, unlike torchvision's:
 * `weightsBackbone: 'DEFAULT'` loads it, and then the model must be awaited.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.segmentation.lraspp_mobilenet_v3_large.html
 * @example vision.models.segmentation.lrasppMobilenetV3Large({ numClasses: 5 })(torch.rand(2, 3, 64, 64)).out.shape
 */
export const lrasppMobilenetV3Large = builder(
  'lraspp_mobilenet_v3_large',
  {
    weights: LRASPP_MobileNet_V3_Large_Weights,
    model: LRASPP,
    takes: ['numClasses', 'weightsBackbone'],
    fixed: () => ({ numClasses: vocCategories.length }),
    backbone: { weights: MobileNet_V3_Large_Weights, part: ({ backbone }) => backbone, rename: withoutFeatures },
  },
  ({ numClasses = vocCategories.length }: LRASPPOptions & BackboneOptions) => {
    const net = mobilenetV3Large({ dilated: true });
    const { high, low, channels } = stagesOf(net);
    const backbone = new IntermediateLayerGetter(net.features, { [low]: 'low', [high]: 'high' } as const);
    return new LRASPP(backbone, channels(low), channels(high), numClasses);
  },
) as SegmentationBuilder<LRASPP, LRASPPOptions>;
