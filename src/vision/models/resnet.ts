/** ResNet, ResNeXt and Wide ResNet. https://pytorch.org/vision/stable/models/resnet.html */
import * as torch from '../../index.js';
import { type Layer, makeLayer, type NormLayer } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

const conv3x3 = (inPlanes: number, outPlanes: number, stride = 1, groups = 1, dilation = 1): torch.nn.Conv2d =>
  new nn.Conv2d(inPlanes, outPlanes, 3, { stride, padding: dilation, groups, bias: false, dilation });

const conv1x1 = (inPlanes: number, outPlanes: number, stride = 1): torch.nn.Conv2d =>
  new nn.Conv2d(inPlanes, outPlanes, 1, { stride, bias: false });

export interface BlockOptions {
  stride?: number;
  downsample?: torch.nn.Sequential | null;
  groups?: number;
  baseWidth?: number;
  dilation?: number;
  normLayer?: NormLayer;
}

/**
 * Two 3×3 convolutions, and what comes in added to what comes out. https://pytorch.org/vision/stable/models/resnet.html
 * @example new vision.models.BasicBlock(64, 64)(torch.rand(1, 64, 8, 8)).shape
 */
export class BasicBlock extends nn.Module {
  static readonly expansion = 1;
  conv1: torch.nn.Conv2d;
  bn1: Layer;
  relu = new nn.ReLU({ inplace: true });
  conv2: torch.nn.Conv2d;
  bn2: Layer;
  downsample: torch.nn.Sequential | null;

  constructor(inplanes: number, planes: number, options: BlockOptions = {}) {
    super();
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1, normLayer = nn.BatchNorm2d } = options;
    if (groups !== 1 || baseWidth !== 64) throw new Error('BasicBlock only supports groups=1 and base_width=64');
    if (dilation > 1) throw new Error('Dilation > 1 not supported in BasicBlock');
    this.conv1 = conv3x3(inplanes, planes, stride);
    this.bn1 = makeLayer(normLayer, planes);
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = makeLayer(normLayer, planes);
    this.downsample = downsample;
  }

  /** The norm behind the last convolution. */
  get lastNorm(): Layer {
    return this.bn2;
  }

  override forward(input: Tensor): Tensor {
    const hidden = this.relu(this.bn1(this.conv1(input)));
    const identity = this.downsample ? this.downsample(input) : input;
    return this.relu(this.bn2(this.conv2(hidden)).add(identity));
  }
}

/**
 * 1×1, 3×3 and 1×1 convolutions, the last to four times the planes. The stride is in the 3×3 one.
 * https://pytorch.org/vision/stable/models/resnet.html
 * @example new vision.models.Bottleneck(256, 64)(torch.rand(1, 256, 8, 8)).shape
 */
export class Bottleneck extends nn.Module {
  static readonly expansion = 4;
  conv1: torch.nn.Conv2d;
  bn1: Layer;
  conv2: torch.nn.Conv2d;
  bn2: Layer;
  conv3: torch.nn.Conv2d;
  bn3: Layer;
  relu = new nn.ReLU({ inplace: true });
  downsample: torch.nn.Sequential | null;

  constructor(inplanes: number, planes: number, options: BlockOptions = {}) {
    super();
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1, normLayer = nn.BatchNorm2d } = options;
    const width = Math.trunc(planes * (baseWidth / 64)) * groups;
    const outPlanes = planes * Bottleneck.expansion;
    this.conv1 = conv1x1(inplanes, width);
    this.bn1 = makeLayer(normLayer, width);
    this.conv2 = conv3x3(width, width, stride, groups, dilation);
    this.bn2 = makeLayer(normLayer, width);
    this.conv3 = conv1x1(width, outPlanes);
    this.bn3 = makeLayer(normLayer, outPlanes);
    this.downsample = downsample;
  }

  /** The norm behind the last convolution. */
  get lastNorm(): Layer {
    return this.bn3;
  }

  override forward(input: Tensor): Tensor {
    const squeezed = this.relu(this.bn1(this.conv1(input)));
    const hidden = this.relu(this.bn2(this.conv2(squeezed)));
    const identity = this.downsample ? this.downsample(input) : input;
    return this.relu(this.bn3(this.conv3(hidden)).add(identity));
  }
}

export interface ResNetOptions {
  numClasses?: number;
  /** Starts every block as the identity. */
  zeroInitResidual?: boolean;
  groups?: number;
  widthPerGroup?: number;
  /** Whether the second, third and fourth stage dilate instead of halving the image. */
  replaceStrideWithDilation?: readonly boolean[] | null;
  normLayer?: NormLayer;
}

type Block = typeof BasicBlock | typeof Bottleneck;

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/resnet.html
 * @example vision.models.resnet18() instanceof vision.models.ResNet
 */
export class ResNet extends nn.Module {
  conv1: torch.nn.Conv2d;
  bn1: Layer;
  relu = new nn.ReLU({ inplace: true });
  maxpool = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: torch.nn.Sequential;
  layer2: torch.nn.Sequential;
  layer3: torch.nn.Sequential;
  layer4: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  fc: torch.nn.Linear;
  private inplanes = 64;
  private dilation = 1;

  constructor(
    block: Block,
    layers: readonly number[],
    private readonly options: ResNetOptions = {},
  ) {
    super();
    const { numClasses = 1000, zeroInitResidual = false, replaceStrideWithDilation, normLayer = nn.BatchNorm2d } = options;
    const dilated = replaceStrideWithDilation ?? [false, false, false];
    if (dilated.length !== 3) throw new Error(`replace_stride_with_dilation should be None or a 3-element tuple, got ${String(dilated)}`);
    this.conv1 = new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
    this.bn1 = makeLayer(normLayer, 64);
    this.layer1 = this.makeStage(block, 64, layers[0], 1, false);
    this.layer2 = this.makeStage(block, 128, layers[1], 2, dilated[0]);
    this.layer3 = this.makeStage(block, 256, layers[2], 2, dilated[1]);
    this.layer4 = this.makeStage(block, 512, layers[3], 2, dilated[2]);
    this.fc = new nn.Linear(512 * block.expansion, numClasses);
    this.resetParameters(zeroInitResidual);
  }

  private makeStage(block: Block, planes: number, blocks: number, stride: number, dilate: boolean): torch.nn.Sequential {
    const { groups = 1, widthPerGroup: baseWidth = 64, normLayer = nn.BatchNorm2d } = this.options;
    const firstDilation = this.dilation;
    if (dilate) [this.dilation, stride] = [this.dilation * stride, 1];
    const outPlanes = planes * block.expansion;
    const changes = stride !== 1 || this.inplanes !== outPlanes;
    const downsample = changes ? new nn.Sequential(conv1x1(this.inplanes, outPlanes, stride), makeLayer(normLayer, outPlanes)) : null;
    const stage = [new block(this.inplanes, planes, { stride, downsample, groups, baseWidth, dilation: firstDilation, normLayer })];
    this.inplanes = outPlanes;
    while (stage.length < blocks) stage.push(new block(outPlanes, planes, { groups, baseWidth, dilation: this.dilation, normLayer }));
    return new nn.Sequential(...stage);
  }

  private resetParameters(zeroInitResidual: boolean): void {
    for (const module of this.modules()) {
      if (module instanceof nn.Conv2d) nn.init.kaimingNormal_(module.weight, { mode: 'fan_out', nonlinearity: 'relu' });
      if (!zeroInitResidual || !(module instanceof BasicBlock || module instanceof Bottleneck)) continue;
      const { weight } = module.lastNorm as unknown as { weight?: Tensor | null };
      if (weight) nn.init.zeros_(weight);
    }
  }

  override forward(input: Tensor): Tensor {
    const stem = this.maxpool(this.relu(this.bn1(this.conv1(input))));
    const features = this.layer4(this.layer3(this.layer2(this.layer1(stem))));
    return this.fc(this.avgpool(features).flatten(1));
  }
}

const resnet = (name: string, known: WeightsEnum, block: Block, layers: readonly number[], fixed: ResNetOptions = {}) =>
  builder(
    name,
    {
      weights: known,
      model: ResNet,
      takes: ['numClasses', 'zeroInitResidual', 'groups', 'widthPerGroup', 'replaceStrideWithDilation', 'normLayer'],
    },
    (options: ResNetOptions) => new ResNet(block, layers, { ...options, ...fixed }),
  );

/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html
 * @example vision.models.resnet18({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnet18 = resnet('resnet18', weights.ResNet18_Weights, BasicBlock, [2, 2, 2, 2]);
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet34.html
 * @example vision.models.resnet34({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnet34 = resnet('resnet34', weights.ResNet34_Weights, BasicBlock, [3, 4, 6, 3]);
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html
 * @example vision.models.resnet50({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnet50 = resnet('resnet50', weights.ResNet50_Weights, Bottleneck, [3, 4, 6, 3]);
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet101.html
 * @example vision.models.resnet101({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnet101 = resnet('resnet101', weights.ResNet101_Weights, Bottleneck, [3, 4, 23, 3]);
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet152.html
 * @example vision.models.resnet152({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnet152 = resnet('resnet152', weights.ResNet152_Weights, Bottleneck, [3, 8, 36, 3]);
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnext50_32x4d.html
 * @example vision.models.resnext50_32x4d({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnext50_32x4d = resnet('resnext50_32x4d', weights.ResNeXt50_32X4D_Weights, Bottleneck, [3, 4, 6, 3], {
  groups: 32,
  widthPerGroup: 4,
});
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnext101_32x8d.html
 * @example vision.models.resnext101_32x8d({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnext101_32x8d = resnet('resnext101_32x8d', weights.ResNeXt101_32X8D_Weights, Bottleneck, [3, 4, 23, 3], {
  groups: 32,
  widthPerGroup: 8,
});
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.resnext101_64x4d.html
 * @example vision.models.resnext101_64x4d({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const resnext101_64x4d = resnet('resnext101_64x4d', weights.ResNeXt101_64X4D_Weights, Bottleneck, [3, 4, 23, 3], {
  groups: 64,
  widthPerGroup: 4,
});
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.wide_resnet50_2.html
 * @example vision.models.wideResnet50_2({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const wideResnet50_2 = resnet('wide_resnet50_2', weights.Wide_ResNet50_2_Weights, Bottleneck, [3, 4, 6, 3], {
  widthPerGroup: 128,
});
/**
 * Residual network, "Deep Residual Learning for Image Recognition" (He et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.wide_resnet101_2.html
 * @example vision.models.wideResnet101_2({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const wideResnet101_2 = resnet('wide_resnet101_2', weights.Wide_ResNet101_2_Weights, Bottleneck, [3, 4, 23, 3], {
  widthPerGroup: 128,
});
