/** MNASNet. https://pytorch.org/vision/stable/models/mnasnet.html */
import * as torch from '../../index.js';
import { builder, type WeightsEnum } from './builder.js';
import { fillWeights, makeDivisible } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

const norm = (channels: number) => new nn.BatchNorm2d(channels, { momentum: 1 - 0.9997 });
const relu = () => new nn.ReLU({ inplace: true });
const pointwise = (inChannels: number, outChannels: number) => [
  new nn.Conv2d(inChannels, outChannels, 1, { bias: false }),
  norm(outChannels),
];
const depthwise = (channels: number, kernelSize: number, stride: number) => [
  new nn.Conv2d(channels, channels, kernelSize, { padding: Math.floor(kernelSize / 2), stride, groups: channels, bias: false }),
  norm(channels),
];

class _InvertedResidual extends nn.Module {
  layers: torch.nn.Sequential;
  private readonly applyResidual: boolean;

  constructor(inChannels: number, outChannels: number, kernelSize: number, stride: number, expansion: number) {
    super();
    const middle = inChannels * expansion;
    this.layers = new nn.Sequential(
      ...pointwise(inChannels, middle),
      relu(),
      ...depthwise(middle, kernelSize, stride),
      relu(),
      ...pointwise(middle, outChannels),
    );
    this.applyResidual = inChannels === outChannels && stride === 1;
  }

  override forward(input: Tensor): Tensor {
    const output = this.layers(input);
    return this.applyResidual ? output.add(input) : output;
  }
}

function stack(inChannels: number, outChannels: number, kernelSize: number, stride: number, expansion: number, repeats: number) {
  const blocks = Array.from({ length: repeats }, (_, i) =>
    i === 0
      ? new _InvertedResidual(inChannels, outChannels, kernelSize, stride, expansion)
      : new _InvertedResidual(outChannels, outChannels, kernelSize, 1, expansion),
  );
  return new nn.Sequential(...blocks);
}

export interface MNASNetOptions {
  numClasses?: number;
  dropout?: number;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses); `alpha` scales the channels. https://pytorch.org/vision/stable/models/mnasnet.html
 * @example vision.models.mnasnet0_5() instanceof vision.models.MNASNet
 */
export class MNASNet extends nn.Module {
  layers: torch.nn.Sequential;
  classifier: torch.nn.Sequential;

  constructor(
    readonly alpha: number,
    { numClasses = 1000, dropout = 0.2 }: MNASNetOptions = {},
  ) {
    super();
    if (!(alpha > 0)) throw new Error(`alpha should be greater than 0.0 instead of ${alpha}`);
    const depths = [32, 16, 24, 40, 80, 96, 192, 320].map((depth) => makeDivisible(depth * alpha, 8));
    this.layers = new nn.Sequential(
      new nn.Conv2d(3, depths[0], 3, { padding: 1, stride: 2, bias: false }),
      norm(depths[0]),
      relu(),
      ...depthwise(depths[0], 3, 1),
      relu(),
      ...pointwise(depths[0], depths[1]),
      stack(depths[1], depths[2], 3, 2, 3, 3),
      stack(depths[2], depths[3], 5, 2, 3, 3),
      stack(depths[3], depths[4], 5, 2, 6, 3),
      stack(depths[4], depths[5], 3, 1, 6, 2),
      stack(depths[5], depths[6], 5, 2, 6, 4),
      stack(depths[6], depths[7], 3, 1, 6, 1),
      ...pointwise(depths[7], 1280),
      relu(),
    );
    this.classifier = new nn.Sequential(new nn.Dropout({ p: dropout, inplace: true }), new nn.Linear(1280, numClasses));
    fillWeights(this, (layer) => {
      if (layer instanceof nn.Conv2d) nn.init.kaimingNormal_(layer.weight, { mode: 'fan_out', nonlinearity: 'relu' });
      else nn.init.kaimingUniform_(layer.weight, { mode: 'fan_out', nonlinearity: 'sigmoid' });
    });
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.layers(input).mean([2, 3]));
  }
}

const mnasnet = (name: string, known: WeightsEnum, alpha: number) =>
  builder(
    name,
    { weights: known, model: MNASNet, takes: ['numClasses', 'dropout'] },
    (options: MNASNetOptions) => new MNASNet(alpha, options),
  );

/**
 * MNASNet (Tan et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mnasnet0_5.html
 * @example vision.models.mnasnet0_5({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mnasnet0_5 = mnasnet('mnasnet0_5', weights.MNASNet0_5_Weights, 0.5);
/**
 * MNASNet (Tan et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mnasnet0_75.html
 * @example vision.models.mnasnet0_75({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mnasnet0_75 = mnasnet('mnasnet0_75', weights.MNASNet0_75_Weights, 0.75);
/**
 * MNASNet (Tan et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mnasnet1_0.html
 * @example vision.models.mnasnet1_0({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mnasnet1_0 = mnasnet('mnasnet1_0', weights.MNASNet1_0_Weights, 1);
/**
 * MNASNet (Tan et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mnasnet1_3.html
 * @example vision.models.mnasnet1_3({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mnasnet1_3 = mnasnet('mnasnet1_3', weights.MNASNet1_3_Weights, 1.3);
