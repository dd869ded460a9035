/** VGG. https://pytorch.org/vision/stable/models/vgg.html */
import * as torch from '../../index.js';
import { builder, type WeightsEnum } from './builder.js';
import { fillConvolutions, smallNormal } from './init.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

export interface VGGOptions {
  numClasses?: number;
  initWeights?: boolean;
  dropout?: number;
}

/**
 * Images (N, 3, H, W), H and W at least 32, to logits (N, numClasses). https://pytorch.org/vision/stable/models/vgg.html
 * @example vision.models.vgg11() instanceof vision.models.VGG
 */
export class VGG extends nn.Module {
  avgpool = new nn.AdaptiveAvgPool2d([7, 7]);
  classifier: torch.nn.Sequential;

  constructor(
    readonly features: torch.nn.Sequential,
    { numClasses = 1000, initWeights = true, dropout = 0.5 }: VGGOptions = {},
  ) {
    super();
    this.classifier = new nn.Sequential(
      new nn.Linear(512 * 7 * 7, 4096),
      new nn.ReLU({ inplace: true }),
      new nn.Dropout(dropout),
      new nn.Linear(4096, 4096),
      new nn.ReLU({ inplace: true }),
      new nn.Dropout(dropout),
      new nn.Linear(4096, numClasses),
    );
    if (initWeights) fillConvolutions(this, smallNormal);
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)).flatten(1));
  }
}

/** Channels of the convolutions before each halving of the image. */
type Stages = readonly (readonly number[])[];
const configurations = {
  A: [[64], [128], [256, 256], [512, 512], [512, 512]],
  B: [
    [64, 64],
    [128, 128],
    [256, 256],
    [512, 512],
    [512, 512],
  ],
  D: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
  E: [
    [64, 64],
    [128, 128],
    [256, 256, 256, 256],
    [512, 512, 512, 512],
    [512, 512, 512, 512],
  ],
} satisfies Record<string, Stages>;

function makeLayers(stages: Stages, batchNorm: boolean): torch.nn.Sequential {
  const layers: torch.nn.Module[] = [];
  let inChannels = 3;
  for (const stage of stages) {
    for (const channels of stage) {
      layers.push(new nn.Conv2d(inChannels, channels, 3, { padding: 1 }));
      if (batchNorm) layers.push(new nn.BatchNorm2d(channels));
      layers.push(new nn.ReLU({ inplace: true }));
      inChannels = channels;
    }
    layers.push(new nn.MaxPool2d(2, { stride: 2 }));
  }
  return new nn.Sequential(...layers);
}

const vgg = (name: string, known: WeightsEnum, configuration: keyof typeof configurations, batchNorm = false) =>
  builder(
    name,
    { weights: known, model: VGG, takes: ['numClasses', 'initWeights', 'dropout'], fixed: () => ({ initWeights: false }) },
    (options: VGGOptions) => new VGG(makeLayers(configurations[configuration], batchNorm), options),
  );

/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg11.html
 * @example vision.models.vgg11({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg11 = vgg('vgg11', weights.VGG11_Weights, 'A');
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg11_bn.html
 * @example vision.models.vgg11Bn({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg11Bn = vgg('vgg11_bn', weights.VGG11_BN_Weights, 'A', true);
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg13.html
 * @example vision.models.vgg13({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg13 = vgg('vgg13', weights.VGG13_Weights, 'B');
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg13_bn.html
 * @example vision.models.vgg13Bn({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg13Bn = vgg('vgg13_bn', weights.VGG13_BN_Weights, 'B', true);
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg16.html
 * @example vision.models.vgg16({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg16 = vgg('vgg16', weights.VGG16_Weights, 'D');
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg16_bn.html
 * @example vision.models.vgg16Bn({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg16Bn = vgg('vgg16_bn', weights.VGG16_BN_Weights, 'D', true);
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg19.html
 * @example vision.models.vgg19({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg19 = vgg('vgg19', weights.VGG19_Weights, 'E');
/**
 * VGG, "Very Deep Convolutional Networks" (Simonyan & Zisserman, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg19_bn.html
 * @example vision.models.vgg19Bn({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vgg19Bn = vgg('vgg19_bn', weights.VGG19_BN_Weights, 'E', true);
