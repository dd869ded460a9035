/** EfficientNet and EfficientNet V2. https://pytorch.org/vision/stable/models/efficientnet.html */
import * as torch from '../../index.js';
import { Conv2dNormActivation, type Layer, type NormLayer, SqueezeExcitation, StochasticDepth } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import { fillConvolutions, makeDivisible } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** One stage: how its blocks look and how many there are. */
export interface MBConvConfig {
  /** In fused blocks the first two convolutions are one. */
  fused: boolean;
  expandRatio: number;
  kernel: number;
  stride: number;
  inputChannels: number;
  outChannels: number;
  numLayers: number;
}

function mobileLayers(config: MBConvConfig, expanded: number, normLayer: NormLayer): Layer[] {
  const { kernel, stride, inputChannels, outChannels } = config;
  const common = { normLayer, activationLayer: nn.SiLU };
  const widened = expanded === inputChannels ? [] : [new Conv2dNormActivation(inputChannels, expanded, { kernelSize: 1, ...common })];
  return [
    ...widened,
    new Conv2dNormActivation(expanded, expanded, { kernelSize: kernel, stride, groups: expanded, ...common }),
    new SqueezeExcitation(expanded, Math.max(1, Math.floor(inputChannels / 4)), { activation: () => new nn.SiLU({ inplace: true }) }),
    new Conv2dNormActivation(expanded, outChannels, { kernelSize: 1, normLayer, activationLayer: null }),
  ];
}

function fusedLayers(config: MBConvConfig, expanded: number, normLayer: NormLayer): Layer[] {
  const { kernel: kernelSize, stride, inputChannels, outChannels } = config;
  const common = { normLayer, activationLayer: nn.SiLU };
  if (expanded === inputChannels) return [new Conv2dNormActivation(inputChannels, outChannels, { kernelSize, stride, ...common })];
  return [
    new Conv2dNormActivation(inputChannels, expanded, { kernelSize, stride, ...common }),
    new Conv2dNormActivation(expanded, outChannels, { kernelSize: 1, normLayer, activationLayer: null }),
  ];
}

class MBConv extends nn.Module {
  block: torch.nn.Sequential;
  stochasticDepth: StochasticDepth;
  private readonly useResConnect: boolean;

  constructor(config: MBConvConfig, stochasticDepthProb: number, normLayer: NormLayer) {
    super();
    if (config.stride !== 1 && config.stride !== 2) throw new Error('illegal stride value');
    const expanded = makeDivisible(config.inputChannels * config.expandRatio, 8);
    this.block = new nn.Sequential(...(config.fused ? fusedLayers : mobileLayers)(config, expanded, normLayer));
    this.stochasticDepth = new StochasticDepth(stochasticDepthProb, 'row');
    this.useResConnect = config.stride === 1 && config.inputChannels === config.outChannels;
  }

  override forward(input: Tensor): Tensor {
    const output = this.block(input);
    return this.useResConnect ? this.stochasticDepth(output).add(input) : output;
  }
}

/** As MBConv, but its first two convolutions are one. */
class FusedMBConv extends MBConv {}

export interface EfficientNetOptions {
  numClasses?: number;
  dropout?: number;
  stochasticDepthProb?: number;
  normLayer?: NormLayer;
  lastChannel?: number | null;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/efficientnet.html
 * @example vision.models.efficientnetB0() instanceof vision.models.EfficientNet
 */
export class EfficientNet extends nn.Module {
  features: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  classifier: torch.nn.Sequential;

  constructor(setting: readonly MBConvConfig[], options: EfficientNetOptions = {}) {
    super();
    if (setting.length === 0) throw new Error('The inverted_residual_setting should not be empty');
    const { numClasses = 1000, dropout = 0.2, stochasticDepthProb = 0.2, normLayer = nn.BatchNorm2d, lastChannel } = options;
    const common = { normLayer, activationLayer: nn.SiLU };
    const total = setting.reduce((sum, { numLayers }) => sum + numLayers, 0);
    let made = 0;
    const makeStage = (config: MBConvConfig) => {
      const blocks = Array.from({ length: config.numLayers }, (_, i) => {
        const each = i === 0 ? config : { ...config, inputChannels: config.outChannels, stride: 1 };
        return new (config.fused ? FusedMBConv : MBConv)(each, (stochasticDepthProb * made++) / total, normLayer);
      });
      return new nn.Sequential(...blocks);
    };
    const narrow = setting[setting.length - 1].outChannels;
    const wide = lastChannel ?? 4 * narrow;
    this.features = new nn.Sequential(
      new Conv2dNormActivation(3, setting[0].inputChannels, { kernelSize: 3, stride: 2, ...common }),
      ...setting.map(makeStage),
      new Conv2dNormActivation(narrow, wide, { kernelSize: 1, ...common }),
    );
    this.classifier = new nn.Sequential(new nn.Dropout({ p: dropout, inplace: true }), new nn.Linear(wide, numClasses));
    fillConvolutions(this, (weight) => {
      const range = 1 / Math.sqrt(weight.shape[0]);
      nn.init.uniform_(weight, -range, range);
    });
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)).flatten(1));
  }
}

/** Expansion, kernel, stride, input channels, output channels, number of blocks. */
type Row = readonly [number, number, number, number, number, number];

const configOf = ([expandRatio, kernel, stride, inputChannels, outChannels, numLayers]: Row, fused: boolean): MBConvConfig => ({
  fused,
  expandRatio,
  kernel,
  stride,
  inputChannels,
  outChannels,
  numLayers,
});

const baseline: readonly Row[] = [
  [1, 3, 1, 32, 16, 1],
  [6, 3, 2, 16, 24, 2],
  [6, 5, 2, 24, 40, 2],
  [6, 3, 2, 40, 80, 3],
  [6, 5, 1, 80, 112, 3],
  [6, 5, 2, 112, 192, 4],
  [6, 3, 1, 192, 320, 1],
];

function scaled(widthMult: number, depthMult: number): MBConvConfig[] {
  const scale = (channels: number) => makeDivisible(channels * widthMult, 8);
  return baseline.map(([expandRatio, kernel, stride, inputs, outputs, layers]) =>
    configOf([expandRatio, kernel, stride, scale(inputs), scale(outputs), Math.ceil(layers * depthMult)], false),
  );
}

/** The first three stages of V2 are fused. */
const second = (rows: readonly Row[]): MBConvConfig[] => rows.map((row, i) => configOf(row, i < 3));

const v2s: readonly Row[] = [
  [1, 3, 1, 24, 24, 2],
  [4, 3, 2, 24, 48, 4],
  [4, 3, 2, 48, 64, 4],
  [4, 3, 2, 64, 128, 6],
  [6, 3, 1, 128, 160, 9],
  [6, 3, 2, 160, 256, 15],
];
const v2m: readonly Row[] = [
  [1, 3, 1, 24, 24, 3],
  [4, 3, 2, 24, 48, 5],
  [4, 3, 2, 48, 80, 5],
  [4, 3, 2, 80, 160, 7],
  [6, 3, 1, 160, 176, 14],
  [6, 3, 2, 176, 304, 18],
  [6, 3, 1, 304, 512, 5],
];
const v2l: readonly Row[] = [
  [1, 3, 1, 32, 32, 4],
  [4, 3, 2, 32, 64, 7],
  [4, 3, 2, 64, 96, 7],
  [4, 3, 2, 96, 192, 10],
  [6, 3, 1, 192, 224, 19],
  [6, 3, 2, 224, 384, 25],
  [6, 3, 1, 384, 640, 7],
];

const normWith =
  (options: torch.nn.BatchNormOptions): NormLayer =>
  (channels: number) =>
    new nn.BatchNorm2d(channels, options);
const slowNorm = normWith({ eps: 0.001, momentum: 0.01 });
const v2Norm = normWith({ eps: 0.001 });

const efficientnet = (name: string, known: WeightsEnum, setting: readonly MBConvConfig[], standard: EfficientNetOptions) =>
  builder(
    name,
    { weights: known, model: EfficientNet, takes: ['numClasses', 'dropout', 'stochasticDepthProb', 'normLayer', 'lastChannel'] },
    (options: EfficientNetOptions) => new EfficientNet(setting, { ...standard, ...options }),
  );

const first = (n: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7, widthMult: number, depthMult: number, dropout: number) =>
  efficientnet(`efficientnet_b${n}`, weights[`EfficientNet_B${n}_Weights`], scaled(widthMult, depthMult), {
    dropout,
    ...(n < 5 ? {} : { normLayer: slowNorm }),
  });

/**
 * EfficientNet-B0 (Tan & Le, 2019), for images of 224 × 224 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b0.html
 * @example vision.models.efficientnetB0({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const efficientnetB0 = first(0, 1, 1, 0.2);
/**
 * EfficientNet-B1 (Tan & Le, 2019), for images of 240 × 240 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b1.html
 * @example vision.models.efficientnetB1({ numClasses: 10 })(torch.rand(1, 3, 240, 240)).shape
 */
export const efficientnetB1 = first(1, 1, 1.1, 0.2);
/**
 * EfficientNet-B2 (Tan & Le, 2019), for images of 288 × 288 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b2.html
 * @example vision.models.efficientnetB2({ numClasses: 10 })(torch.rand(1, 3, 288, 288)).shape
 */
export const efficientnetB2 = first(2, 1.1, 1.2, 0.3);
/**
 * EfficientNet-B3 (Tan & Le, 2019), for images of 300 × 300 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b3.html
 * @example vision.models.efficientnetB3({ numClasses: 10 })(torch.rand(1, 3, 300, 300)).shape
 */
export const efficientnetB3 = first(3, 1.2, 1.4, 0.3);
/**
 * EfficientNet-B4 (Tan & Le, 2019), for images of 380 × 380 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b4.html
 * @example vision.models.efficientnetB4({ numClasses: 10 })(torch.rand(1, 3, 380, 380)).shape
 */
export const efficientnetB4 = first(4, 1.4, 1.8, 0.4);
/**
 * EfficientNet-B5 (Tan & Le, 2019), for images of 456 × 456 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b5.html
 * @example vision.models.efficientnetB5({ numClasses: 10 })(torch.rand(1, 3, 456, 456)).shape
 */
export const efficientnetB5 = first(5, 1.6, 2.2, 0.4);
/**
 * EfficientNet-B6 (Tan & Le, 2019), for images of 528 × 528 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b6.html
 * @example vision.models.efficientnetB6({ numClasses: 10 })(torch.rand(1, 3, 528, 528)).shape
 */
export const efficientnetB6 = first(6, 1.8, 2.6, 0.5);
/**
 * EfficientNet-B7 (Tan & Le, 2019), for images of 600 × 600 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_b7.html
 * @example vision.models.efficientnetB7({ numClasses: 10 })(torch.rand(1, 3, 600, 600)).shape
 */
export const efficientnetB7 = first(7, 2, 3.1, 0.5);

const secondVersion = (size: 'S' | 'M' | 'L', rows: readonly Row[], dropout: number) =>
  efficientnet(`efficientnet_v2_${size.toLowerCase()}`, weights[`EfficientNet_V2_${size}_Weights`], second(rows), {
    dropout,
    lastChannel: 1280,
    normLayer: v2Norm,
  });

/**
 * EfficientNetV2-S (Tan & Le, 2021), for images of 384 × 384 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_v2_s.html
 * @example vision.models.efficientnetV2S({ numClasses: 10 })(torch.rand(1, 3, 384, 384)).shape
 */
export const efficientnetV2S = secondVersion('S', v2s, 0.2);
/**
 * EfficientNetV2-M (Tan & Le, 2021), for images of 480 × 480 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_v2_m.html
 * @example vision.models.efficientnetV2M({ numClasses: 10 })(torch.rand(1, 3, 480, 480)).shape
 */
export const efficientnetV2M = secondVersion('M', v2m, 0.3);
/**
 * EfficientNetV2-L (Tan & Le, 2021), for images of 480 × 480 pixels.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.efficientnet_v2_l.html
 * @example vision.models.efficientnetV2L({ numClasses: 10 })(torch.rand(1, 3, 480, 480)).shape
 */
export const efficientnetV2L = secondVersion('L', v2l, 0.4);
