/** ConvNeXt. https://pytorch.org/vision/stable/models/convnext.html */
import * as torch from '../../index.js';
import { Conv2dNormActivation, type Layer, makeLayer, type NormLayer, Permute, StochasticDepth } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import { fillWeights } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Layer norm over the channels of (N, C, H, W). */
class LayerNorm2d extends nn.LayerNorm {
  override forward(input: Tensor): Tensor {
    return super.forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2);
  }
}

class CNBlock extends nn.Module {
  layerScale: torch.nn.Parameter;
  block: torch.nn.Sequential;
  stochasticDepth: StochasticDepth;

  constructor(dim: number, layerScale: number, stochasticDepthProb: number) {
    super();
    this.block = new nn.Sequential(
      new nn.Conv2d(dim, dim, 7, { padding: 3, groups: dim }),
      new Permute([0, 2, 3, 1]),
      new nn.LayerNorm(dim, { eps: 1e-6 }),
      new nn.Linear(dim, 4 * dim),
      new nn.GELU(),
      new nn.Linear(4 * dim, dim),
      new Permute([0, 3, 1, 2]),
    );
    this.layerScale = new nn.Parameter(torch.ones(dim, 1, 1).mul(layerScale));
    this.stochasticDepth = new StochasticDepth(stochasticDepthProb, 'row');
  }

  override forward(input: Tensor): Tensor {
    return this.stochasticDepth(this.layerScale.mul(this.block(input))).add(input);
  }
}

/** One stage: its channels, those of the next stage, and its number of blocks. */
export interface CNBlockConfig {
  inputChannels: number;
  outChannels: number | null;
  numLayers: number;
}

export interface ConvNeXtOptions {
  numClasses?: number;
  stochasticDepthProb?: number;
  layerScale?: number;
  normLayer?: NormLayer;
}

/**
 * Images (N, 3, H, W), H and W at least 32, to logits (N, numClasses). https://pytorch.org/vision/stable/models/convnext.html
 * @example vision.models.convnextTiny() instanceof vision.models.ConvNeXt
 */
export class ConvNeXt extends nn.Module {
  features: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool2d(1);
  classifier: torch.nn.Sequential;

  constructor(blockSetting: readonly CNBlockConfig[], options: ConvNeXtOptions = {}) {
    super();
    if (blockSetting.length === 0) throw new Error('The block_setting should not be empty');
    const { numClasses = 1000, stochasticDepthProb = 0, layerScale = 1e-6 } = options;
    const { normLayer = (channels: number) => new LayerNorm2d(channels, { eps: 1e-6 }) } = options;
    const stem = { kernelSize: 4, stride: 4, padding: 0, normLayer, activationLayer: null, bias: true };
    const layers: Layer[] = [new Conv2dNormActivation(3, blockSetting[0].inputChannels, stem)];
    const total = blockSetting.reduce((sum, { numLayers }) => sum + numLayers, 0);
    let made = 0;
    for (const { inputChannels, outChannels, numLayers } of blockSetting) {
      const blocks = Array.from(
        { length: numLayers },
        () => new CNBlock(inputChannels, layerScale, (stochasticDepthProb * made++) / (total - 1)),
      );
      layers.push(new nn.Sequential(...blocks));
      if (outChannels === null) continue;
      const halve = new nn.Conv2d(inputChannels, outChannels, 2, { stride: 2 });
      layers.push(new nn.Sequential(makeLayer(normLayer, inputChannels), halve));
    }
    this.features = new nn.Sequential(...layers);
    const last = blockSetting[blockSetting.length - 1];
    const channels = last.outChannels ?? last.inputChannels;
    this.classifier = new nn.Sequential(makeLayer(normLayer, channels), new nn.Flatten(1), new nn.Linear(channels, numClasses));
    fillWeights(this, ({ weight }) => nn.init.truncNormal_(weight, { std: 0.02 }));
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)));
  }
}

function stages(channels: readonly number[], depths: readonly number[]): CNBlockConfig[] {
  return channels.map((inputChannels, i) => ({ inputChannels, outChannels: channels[i + 1] ?? null, numLayers: depths[i] }));
}

const convnext = (name: string, known: WeightsEnum, setting: readonly CNBlockConfig[], stochasticDepthProb: number) =>
  builder(
    name,
    { weights: known, model: ConvNeXt, takes: ['numClasses', 'stochasticDepthProb', 'layerScale', 'normLayer'] },
    (options: ConvNeXtOptions) => new ConvNeXt(setting, { stochasticDepthProb, ...options }),
  );

const tiny = stages([96, 192, 384, 768], [3, 3, 9, 3]);
const small = stages([96, 192, 384, 768], [3, 3, 27, 3]);
const base = stages([128, 256, 512, 1024], [3, 3, 27, 3]);
const large = stages([192, 384, 768, 1536], [3, 3, 27, 3]);

/**
 * ConvNeXt, "A ConvNet for the 2020s" (Liu et al., 2022), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.convnext_tiny.html
 * @example vision.models.convnextTiny({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const convnextTiny = convnext('convnext_tiny', weights.ConvNeXt_Tiny_Weights, tiny, 0.1);
/**
 * ConvNeXt, "A ConvNet for the 2020s" (Liu et al., 2022), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.convnext_small.html
 * @example vision.models.convnextSmall({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const convnextSmall = convnext('convnext_small', weights.ConvNeXt_Small_Weights, small, 0.4);
/**
 * ConvNeXt, "A ConvNet for the 2020s" (Liu et al., 2022), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.convnext_base.html
 * @example vision.models.convnextBase({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const convnextBase = convnext('convnext_base', weights.ConvNeXt_Base_Weights, base, 0.5);
/**
 * ConvNeXt, "A ConvNet for the 2020s" (Liu et al., 2022), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.convnext_large.html
 * @example vision.models.convnextLarge({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const convnextLarge = convnext('convnext_large', weights.ConvNeXt_Large_Weights, large, 0.5);
