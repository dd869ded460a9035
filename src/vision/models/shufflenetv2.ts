/** ShuffleNet V2. https://pytorch.org/vision/stable/models/shufflenetv2.html */
import * as torch from '../../index.js';
import { builder, type WeightsEnum } from './builder.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

const pointwise = (inChannels: number, outChannels: number) => [
  new nn.Conv2d(inChannels, outChannels, 1, { bias: false }),
  new nn.BatchNorm2d(outChannels),
  new nn.ReLU({ inplace: true }),
];

const depthwise = (channels: number, stride: number) => [
  new nn.Conv2d(channels, channels, 3, { stride, padding: 1, bias: false, groups: channels }),
  new nn.BatchNorm2d(channels),
];

/** Half of the channels pass through, or are halved in size; the others are filtered; then both are shuffled. */
class InvertedResidual extends nn.Module {
  branch1: torch.nn.Sequential;
  branch2: torch.nn.Sequential;

  constructor(
    inChannels: number,
    outChannels: number,
    private readonly stride: number,
  ) {
    super();
    const branch = Math.floor(outChannels / 2);
    this.branch1 = stride > 1 ? new nn.Sequential(...depthwise(inChannels, stride), ...pointwise(inChannels, branch)) : new nn.Sequential();
    this.branch2 = new nn.Sequential(
      ...pointwise(stride > 1 ? inChannels : branch, branch),
      ...depthwise(branch, stride),
      ...pointwise(branch, branch),
    );
  }

  override forward(input: Tensor): Tensor {
    const [kept, filtered] = this.stride === 1 ? input.chunk(2, 1) : [this.branch1(input), input];
    return nn.functional.channelShuffle(torch.cat([kept, this.branch2(filtered)], 1), 2);
  }
}

export interface ShuffleNetV2Options {
  numClasses?: number;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/shufflenetv2.html
 * @example vision.models.shufflenetV2X0_5() instanceof vision.models.ShuffleNetV2
 */
export class ShuffleNetV2 extends nn.Module {
  conv1: torch.nn.Sequential;
  maxpool = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  stage2: torch.nn.Sequential;
  stage3: torch.nn.Sequential;
  stage4: torch.nn.Sequential;
  conv5: torch.nn.Sequential;
  fc: torch.nn.Linear;

  constructor(stagesRepeats: readonly number[], stagesOutChannels: readonly number[], { numClasses = 1000 }: ShuffleNetV2Options = {}) {
    super();
    if (stagesRepeats.length !== 3) throw new Error('expected stages_repeats as list of 3 positive ints');
    if (stagesOutChannels.length !== 5) throw new Error('expected stages_out_channels as list of 5 positive ints');
    const [first, , , fourth, last] = stagesOutChannels;
    this.conv1 = new nn.Sequential(
      new nn.Conv2d(3, first, 3, { stride: 2, padding: 1, bias: false }),
      new nn.BatchNorm2d(first),
      new nn.ReLU({ inplace: true }),
    );
    const makeStage = (i: number) => {
      const [inChannels, outChannels] = stagesOutChannels.slice(i, i + 2);
      const blocks = Array.from({ length: stagesRepeats[i] }, (_, j) =>
        j === 0 ? new InvertedResidual(inChannels, outChannels, 2) : new InvertedResidual(outChannels, outChannels, 1),
      );
      return new nn.Sequential(...blocks);
    };
    this.stage2 = makeStage(0);
    this.stage3 = makeStage(1);
    this.stage4 = makeStage(2);
    this.conv5 = new nn.Sequential(...pointwise(fourth, last));
    this.fc = new nn.Linear(last, numClasses);
  }

  override forward(input: Tensor): Tensor {
    const stem = this.maxpool(this.conv1(input));
    return this.fc(this.conv5(this.stage4(this.stage3(this.stage2(stem)))).mean([2, 3]));
  }
}

const shufflenet = (name: string, known: WeightsEnum, channels: readonly number[]) =>
  builder(
    name,
    { weights: known, model: ShuffleNetV2, takes: ['numClasses'] },
    (options: ShuffleNetV2Options) => new ShuffleNetV2([4, 8, 4], channels, options),
  );

/**
 * ShuffleNet V2 (Ma et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.shufflenet_v2_x0_5.html
 * @example vision.models.shufflenetV2X0_5({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const shufflenetV2X0_5 = shufflenet('shufflenet_v2_x0_5', weights.ShuffleNet_V2_X0_5_Weights, [24, 48, 96, 192, 1024]);
/**
 * ShuffleNet V2 (Ma et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.shufflenet_v2_x1_0.html
 * @example vision.models.shufflenetV2X1_0({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const shufflenetV2X1_0 = shufflenet('shufflenet_v2_x1_0', weights.ShuffleNet_V2_X1_0_Weights, [24, 116, 232, 464, 1024]);
/**
 * ShuffleNet V2 (Ma et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.shufflenet_v2_x1_5.html
 * @example vision.models.shufflenetV2X1_5({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const shufflenetV2X1_5 = shufflenet('shufflenet_v2_x1_5', weights.ShuffleNet_V2_X1_5_Weights, [24, 176, 352, 704, 1024]);
/**
 * ShuffleNet V2 (Ma et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.shufflenet_v2_x2_0.html
 * @example vision.models.shufflenetV2X2_0({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const shufflenetV2X2_0 = shufflenet('shufflenet_v2_x2_0', weights.ShuffleNet_V2_X2_0_Weights, [24, 244, 488, 976, 2048]);
