/** MobileNet V3. https://pytorch.org/vision/stable/models/mobilenetv3.html */
import * as torch from '../../index.js';
import { Conv2dNormActivation, type Layer, type NormLayer, SqueezeExcitation } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import { fillConvolutions, makeDivisible, smallNormal } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

interface BlockConfig {
  inputChannels: number;
  kernel: number;
  expandedChannels: number;
  outChannels: number;
  useSE: boolean;
  activation: 'RE' | 'HS';
  stride: number;
  dilation: number;
}

/** Widens the channels, filters each on its own, weighs them and narrows them again. */
class InvertedResidual extends nn.Module {
  block: torch.nn.Sequential;
  readonly outChannels: number;
  /** Whether the block is the first of a stage: it halves the image, or would if it were not dilated. */
  readonly startsStage: boolean;
  readonly useResConnect: boolean;

  constructor(config: BlockConfig, normLayer: NormLayer) {
    super();
    const { inputChannels, kernel, expandedChannels, outChannels, useSE, activation, stride, dilation } = config;
    const common = { normLayer, activationLayer: activation === 'HS' ? nn.Hardswish : nn.ReLU };
    const layers: Layer[] = [];
    if (expandedChannels !== inputChannels)
      layers.push(new Conv2dNormActivation(inputChannels, expandedChannels, { kernelSize: 1, ...common }));
    layers.push(
      new Conv2dNormActivation(expandedChannels, expandedChannels, {
        kernelSize: kernel,
        stride: dilation > 1 ? 1 : stride,
        dilation,
        groups: expandedChannels,
        ...common,
      }),
    );
    if (useSE) {
      const squeezed = makeDivisible(Math.floor(expandedChannels / 4), 8);
      layers.push(new SqueezeExcitation(expandedChannels, squeezed, { scaleActivation: nn.Hardsigmoid }));
    }
    layers.push(new Conv2dNormActivation(expandedChannels, outChannels, { kernelSize: 1, normLayer, activationLayer: null }));
    this.block = new nn.Sequential(...layers);
    [this.outChannels, this.startsStage] = [outChannels, stride > 1];
    this.useResConnect = stride === 1 && inputChannels === outChannels;
  }

  override forward(input: Tensor): Tensor {
    const output = this.block(input);
    return this.useResConnect ? output.add(input) : output;
  }
}

export interface MobileNetV3Options {
  numClasses?: number;
  widthMult?: number;
  /** Halves the channels of the last blocks. */
  reducedTail?: boolean;
  /** Dilates the last blocks instead of halving the image. */
  dilated?: boolean;
  normLayer?: NormLayer;
  dropout?: number;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/mobilenetv3.html
 * @example vision.models.mobilenetV3Large() instanceof vision.models.MobileNetV3
 */
export class MobileNetV3 extends nn.Module {
  features: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  classifier: torch.nn.Sequential;

  constructor(setting: readonly BlockConfig[], lastChannel: number, options: MobileNetV3Options = {}) {
    super();
    if (setting.length === 0) throw new Error('The inverted_residual_setting should not be empty');
    const { numClasses = 1000, dropout = 0.2 } = options;
    const { normLayer = (channels: number) => new nn.BatchNorm2d(channels, { eps: 0.001, momentum: 0.01 }) } = options;
    const common = { normLayer, activationLayer: nn.Hardswish };
    const outChannels = setting[setting.length - 1].outChannels;
    this.features = new nn.Sequential(
      new Conv2dNormActivation(3, setting[0].inputChannels, { kernelSize: 3, stride: 2, ...common }),
      ...setting.map((config) => new InvertedResidual(config, normLayer)),
      new Conv2dNormActivation(outChannels, 6 * outChannels, { kernelSize: 1, ...common }),
    );
    this.classifier = new nn.Sequential(
      new nn.Linear(6 * outChannels, lastChannel),
      new nn.Hardswish({ inplace: true }),
      new nn.Dropout({ p: dropout, inplace: true }),
      new nn.Linear(lastChannel, numClasses),
    );
    fillConvolutions(this, smallNormal);
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)).flatten(1));
  }
}

/** Input channels, kernel, expanded channels, output channels, squeeze-and-excitation, activation, stride. */
type Row = readonly [number, number, number, number, boolean, 'RE' | 'HS', number];

const large: readonly Row[] = [
  [16, 3, 16, 16, false, 'RE', 1],
  [16, 3, 64, 24, false, 'RE', 2],
  [24, 3, 72, 24, false, 'RE', 1],
  [24, 5, 72, 40, true, 'RE', 2],
  [40, 5, 120, 40, true, 'RE', 1],
  [40, 5, 120, 40, true, 'RE', 1],
  [40, 3, 240, 80, false, 'HS', 2],
  [80, 3, 200, 80, false, 'HS', 1],
  [80, 3, 184, 80, false, 'HS', 1],
  [80, 3, 184, 80, false, 'HS', 1],
  [80, 3, 480, 112, true, 'HS', 1],
  [112, 3, 672, 112, true, 'HS', 1],
  [112, 5, 672, 160, true, 'HS', 2],
  [160, 5, 960, 160, true, 'HS', 1],
  [160, 5, 960, 160, true, 'HS', 1],
];

const small: readonly Row[] = [
  [16, 3, 16, 16, true, 'RE', 2],
  [16, 3, 72, 24, false, 'RE', 2],
  [24, 3, 88, 24, false, 'RE', 1],
  [24, 5, 96, 40, true, 'HS', 2],
  [40, 5, 240, 40, true, 'HS', 1],
  [40, 5, 240, 40, true, 'HS', 1],
  [40, 5, 120, 48, true, 'HS', 1],
  [48, 5, 144, 48, true, 'HS', 1],
  [48, 5, 288, 96, true, 'HS', 2],
  [96, 5, 576, 96, true, 'HS', 1],
  [96, 5, 576, 96, true, 'HS', 1],
];

const tailLength = 3;

/** The last three blocks are the tail: their own channels may be halved, but not those that come in. */
function configure(rows: readonly Row[], { widthMult = 1, reducedTail = false, dilated = false }: MobileNetV3Options): BlockConfig[] {
  const start = rows.length - tailLength;
  const scale = (channels: number, isTail: boolean) => makeDivisible((isTail && reducedTail ? channels / 2 : channels) * widthMult, 8);
  return rows.map(([inputChannels, kernel, expanded, out, useSE, activation, stride], i) => ({
    inputChannels: scale(inputChannels, i > start),
    kernel,
    expandedChannels: scale(expanded, i > start),
    outChannels: scale(out, i >= start),
    useSE,
    activation,
    stride,
    dilation: dilated && i >= start ? 2 : 1,
  }));
}

const mobilenetV3 = (name: string, known: WeightsEnum, rows: readonly Row[], lastChannel: number) =>
  builder(
    name,
    { weights: known, model: MobileNetV3, takes: ['numClasses', 'widthMult', 'reducedTail', 'dilated', 'normLayer', 'dropout'] },
    (options: MobileNetV3Options) => {
      const { widthMult = 1, reducedTail = false } = options;
      return new MobileNetV3(
        configure(rows, options),
        makeDivisible((reducedTail ? lastChannel / 2 : lastChannel) * widthMult, 8),
        options,
      );
    },
  );

/**
 * MobileNetV3, "Searching for MobileNetV3" (Howard et al., 2019), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mobilenet_v3_large.html
 * @example vision.models.mobilenetV3Large({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mobilenetV3Large = mobilenetV3('mobilenet_v3_large', weights.MobileNet_V3_Large_Weights, large, 1280);
/**
 * MobileNetV3, "Searching for MobileNetV3" (Howard et al., 2019), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mobilenet_v3_small.html
 * @example vision.models.mobilenetV3Small({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mobilenetV3Small = mobilenetV3('mobilenet_v3_small', weights.MobileNet_V3_Small_Weights, small, 1024);
