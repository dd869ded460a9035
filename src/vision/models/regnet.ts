/** RegNet X and Y. https://pytorch.org/vision/stable/models/regnet.html */
import * as torch from '../../index.js';
import { type ActivationLayer, Conv2dNormActivation, type Layer, makeLayer, type NormLayer, SqueezeExcitation } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import { makeDivisible, smallNormal } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

interface BlockOptions {
  groupWidth: number;
  seRatio: number | null;
  normLayer: NormLayer;
  activation: ActivationLayer;
}

function bottleneckLayers(widthIn: number, widthOut: number, stride: number, options: BlockOptions): Record<string, Layer> {
  const { groupWidth, seRatio, normLayer, activation } = options;
  const common = { normLayer, activationLayer: activation };
  const layers: Record<string, Layer> = {
    a: new Conv2dNormActivation(widthIn, widthOut, { kernelSize: 1, ...common }),
    b: new Conv2dNormActivation(widthOut, widthOut, { stride, groups: Math.floor(widthOut / groupWidth), ...common }),
  };
  if (seRatio) layers.se = new SqueezeExcitation(widthOut, Math.round(seRatio * widthIn), { activation });
  layers.c = new Conv2dNormActivation(widthOut, widthOut, { kernelSize: 1, normLayer, activationLayer: null });
  return layers;
}

class BottleneckTransform extends nn.Sequential {
  constructor(widthIn: number, widthOut: number, stride: number, options: BlockOptions) {
    super(bottleneckLayers(widthIn, widthOut, stride, options));
  }
}

class ResBottleneckBlock extends nn.Module {
  proj: Conv2dNormActivation | null = null;
  f: BottleneckTransform;
  activation: Layer;

  constructor(widthIn: number, widthOut: number, stride: number, options: BlockOptions) {
    super();
    const { normLayer, activation } = options;
    if (widthIn !== widthOut || stride !== 1)
      this.proj = new Conv2dNormActivation(widthIn, widthOut, { kernelSize: 1, stride, normLayer, activationLayer: null });
    this.f = new BottleneckTransform(widthIn, widthOut, stride, options);
    this.activation = makeLayer(activation, { inplace: true });
  }

  override forward(input: Tensor): Tensor {
    return this.activation((this.proj ? this.proj(input) : input).add(this.f(input)));
  }
}

class AnyStage extends nn.Sequential {}

/** Halves the image. */
class SimpleStemIN extends Conv2dNormActivation {}

/** How widths grow with depth: w0 + wa · i, rounded to powers of wm. */
export interface BlockParams {
  depth: number;
  w0: number;
  wa: number;
  wm: number;
  groupWidth: number;
  seRatio?: number | null;
}

interface Stage {
  width: number;
  depth: number;
  groupWidth: number;
}

function stagesOf({ depth, w0, wa, wm, groupWidth }: BlockParams): Stage[] {
  if (wa < 0 || w0 <= 0 || wm <= 1 || w0 % 8 !== 0) throw new Error('Invalid RegNet settings');
  const powers = torch.arange(depth).mul(wa).add(w0).div(w0).log().div(Math.log(wm)).round();
  const widths = torch.pow(wm, powers).mul(w0).div(8).round().mul(8).tolist() as number[];
  const stages: Stage[] = [];
  for (const width of widths) {
    const last = stages.at(-1);
    if (last?.width === width) last.depth++;
    else stages.push({ width, depth: 1, groupWidth });
  }
  return stages.map((stage) => {
    const group = Math.min(groupWidth, stage.width);
    return { ...stage, width: makeDivisible(stage.width, group), groupWidth: group };
  });
}

export interface RegNetOptions {
  numClasses?: number;
  stemWidth?: number;
  normLayer?: NormLayer;
  activation?: ActivationLayer;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/regnet.html
 * @example vision.models.regnetY400mf() instanceof vision.models.RegNet
 */
export class RegNet extends nn.Module {
  stem: SimpleStemIN;
  trunkOutput: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  fc: torch.nn.Linear;

  constructor(params: BlockParams, options: RegNetOptions = {}) {
    super();
    const { numClasses = 1000, stemWidth = 32, normLayer = nn.BatchNorm2d, activation = nn.ReLU } = options;
    this.stem = new SimpleStemIN(3, stemWidth, { stride: 2, normLayer, activationLayer: activation });
    let current = stemWidth;
    const trunk: Record<string, torch.nn.Module> = {};
    for (const [i, { width, depth, groupWidth }] of stagesOf(params).entries()) {
      const block = { groupWidth, seRatio: params.seRatio ?? null, normLayer, activation };
      const stage: Record<string, torch.nn.Module> = {};
      for (let j = 0; j < depth; j++)
        stage[`block${i + 1}-${j}`] = new ResBottleneckBlock(j === 0 ? current : width, width, j === 0 ? 2 : 1, block);
      trunk[`block${i + 1}`] = new AnyStage(stage);
      current = width;
    }
    this.trunkOutput = new nn.Sequential(trunk);
    this.fc = new nn.Linear(current, numClasses);
    this.resetParameters();
  }

  private resetParameters(): void {
    for (const layer of this.modules()) {
      if (!(layer instanceof nn.Conv2d)) continue;
      const fanOut = layer.kernelSize[0] * layer.kernelSize[1] * layer.outChannels;
      nn.init.normal_(layer.weight, 0, Math.sqrt(2 / fanOut));
    }
    smallNormal(this.fc.weight);
    nn.init.zeros_(this.fc.bias!);
  }

  override forward(input: Tensor): Tensor {
    return this.fc(this.avgpool(this.trunkOutput(this.stem(input))).flatten(1));
  }
}

const regnet = (name: string, known: WeightsEnum, params: readonly [number, number, number, number, number], seRatio: number | null) => {
  const [depth, w0, wa, wm, groupWidth] = params;
  return builder(
    name,
    { weights: known, model: RegNet, takes: ['numClasses', 'stemWidth', 'normLayer', 'activation'] },
    (options: RegNetOptions) => new RegNet({ depth, w0, wa, wm, groupWidth, seRatio }, options),
  );
};

/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_400mf.html
 * @example vision.models.regnetY400mf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY400mf = regnet('regnet_y_400mf', weights.RegNet_Y_400MF_Weights, [16, 48, 27.89, 2.09, 8], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_800mf.html
 * @example vision.models.regnetY800mf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY800mf = regnet('regnet_y_800mf', weights.RegNet_Y_800MF_Weights, [14, 56, 38.84, 2.4, 16], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_1_6gf.html
 * @example vision.models.regnetY1_6gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY1_6gf = regnet('regnet_y_1_6gf', weights.RegNet_Y_1_6GF_Weights, [27, 48, 20.71, 2.65, 24], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_3_2gf.html
 * @example vision.models.regnetY3_2gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY3_2gf = regnet('regnet_y_3_2gf', weights.RegNet_Y_3_2GF_Weights, [21, 80, 42.63, 2.66, 24], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_8gf.html
 * @example vision.models.regnetY8gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY8gf = regnet('regnet_y_8gf', weights.RegNet_Y_8GF_Weights, [17, 192, 76.82, 2.19, 56], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_16gf.html
 * @example vision.models.regnetY16gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY16gf = regnet('regnet_y_16gf', weights.RegNet_Y_16GF_Weights, [18, 200, 106.23, 2.48, 112], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_32gf.html
 * @example vision.models.regnetY32gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY32gf = regnet('regnet_y_32gf', weights.RegNet_Y_32GF_Weights, [20, 232, 115.89, 2.53, 232], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_y_128gf.html
 * @example vision.models.regnetY128gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetY128gf = regnet('regnet_y_128gf', weights.RegNet_Y_128GF_Weights, [27, 456, 160.83, 2.52, 264], 0.25);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_400mf.html
 * @example vision.models.regnetX400mf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX400mf = regnet('regnet_x_400mf', weights.RegNet_X_400MF_Weights, [22, 24, 24.48, 2.54, 16], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_800mf.html
 * @example vision.models.regnetX800mf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX800mf = regnet('regnet_x_800mf', weights.RegNet_X_800MF_Weights, [16, 56, 35.73, 2.28, 16], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_1_6gf.html
 * @example vision.models.regnetX1_6gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX1_6gf = regnet('regnet_x_1_6gf', weights.RegNet_X_1_6GF_Weights, [18, 80, 34.01, 2.25, 24], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_3_2gf.html
 * @example vision.models.regnetX3_2gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX3_2gf = regnet('regnet_x_3_2gf', weights.RegNet_X_3_2GF_Weights, [25, 88, 26.31, 2.25, 48], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_8gf.html
 * @example vision.models.regnetX8gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX8gf = regnet('regnet_x_8gf', weights.RegNet_X_8GF_Weights, [23, 80, 49.56, 2.88, 120], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_16gf.html
 * @example vision.models.regnetX16gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX16gf = regnet('regnet_x_16gf', weights.RegNet_X_16GF_Weights, [22, 216, 55.59, 2.1, 128], null);
/**
 * RegNet, "Designing Network Design Spaces" (Radosavovic et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.regnet_x_32gf.html
 * @example vision.models.regnetX32gf({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const regnetX32gf = regnet('regnet_x_32gf', weights.RegNet_X_32GF_Weights, [23, 320, 69.86, 2, 168], null);
