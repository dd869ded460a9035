/** SqueezeNet. https://pytorch.org/vision/stable/models/squeezenet.html */
import * as torch from '../../index.js';
import { builder } from './builder.js';
import { fillWeights, smallNormal } from './init.js';
import { SqueezeNet1_0_Weights, SqueezeNet1_1_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Few channels, then many: half of them through 1×1 and half through 3×3 convolutions. */
class Fire extends nn.Module {
  squeeze: torch.nn.Conv2d;
  squeezeActivation = new nn.ReLU({ inplace: true });
  expand1x1: torch.nn.Conv2d;
  expand1x1Activation = new nn.ReLU({ inplace: true });
  expand3x3: torch.nn.Conv2d;
  expand3x3Activation = new nn.ReLU({ inplace: true });

  constructor(inplanes: number, squeezePlanes: number, expandPlanes: number) {
    super();
    this.squeeze = new nn.Conv2d(inplanes, squeezePlanes, 1);
    this.expand1x1 = new nn.Conv2d(squeezePlanes, expandPlanes, 1);
    this.expand3x3 = new nn.Conv2d(squeezePlanes, expandPlanes, 3, { padding: 1 });
  }

  override forward(input: Tensor): Tensor {
    const squeezed = this.squeezeActivation(this.squeeze(input));
    const expanded = [this.expand1x1Activation(this.expand1x1(squeezed)), this.expand3x3Activation(this.expand3x3(squeezed))];
    return torch.cat(expanded, 1);
  }
}

const pool = () => new nn.MaxPool2d(3, { stride: 2, ceilMode: true });

const featuresOf = {
  '1_0': () => [
    new nn.Conv2d(3, 96, 7, { stride: 2 }),
    new nn.ReLU({ inplace: true }),
    pool(),
    new Fire(96, 16, 64),
    new Fire(128, 16, 64),
    new Fire(128, 32, 128),
    pool(),
    new Fire(256, 32, 128),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    pool(),
    new Fire(512, 64, 256),
  ],
  '1_1': () => [
    new nn.Conv2d(3, 64, 3, { stride: 2 }),
    new nn.ReLU({ inplace: true }),
    pool(),
    new Fire(64, 16, 64),
    new Fire(128, 16, 64),
    pool(),
    new Fire(128, 32, 128),
    new Fire(256, 32, 128),
    pool(),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    new Fire(512, 64, 256),
  ],
};

export interface SqueezeNetOptions {
  numClasses?: number;
  dropout?: number;
}

/**
 * Images (N, 3, H, W), H and W at least 21, to logits (N, numClasses). https://pytorch.org/vision/stable/models/squeezenet.html
 * @example vision.models.squeezenet1_0() instanceof vision.models.SqueezeNet
 */
export class SqueezeNet extends nn.Module {
  features: torch.nn.Sequential;
  classifier: torch.nn.Sequential;

  constructor(version: '1_0' | '1_1' = '1_0', { numClasses = 1000, dropout = 0.5 }: SqueezeNetOptions = {}) {
    super();
    if (!Object.hasOwn(featuresOf, version)) throw new Error(`Unsupported SqueezeNet version ${version}: 1_0 or 1_1 expected`);
    this.features = new nn.Sequential(...featuresOf[version]());
    const finalConv = new nn.Conv2d(512, numClasses, 1);
    this.classifier = new nn.Sequential(
      new nn.Dropout(dropout),
      finalConv,
      new nn.ReLU({ inplace: true }),
      new nn.AdaptiveAvgPool2d([1, 1]),
    );
    fillWeights(this, (layer) => {
      if (layer === finalConv) smallNormal(layer.weight);
      else nn.init.kaimingUniform_(layer.weight);
    });
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.features(input)).flatten(1);
  }
}

/**
 * SqueezeNet (Iandola et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.squeezenet1_0.html
 * @example vision.models.squeezenet1_0({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const squeezenet1_0 = builder(
  'squeezenet1_0',
  { weights: SqueezeNet1_0_Weights, model: SqueezeNet, takes: ['numClasses', 'dropout'] },
  (options: SqueezeNetOptions) => new SqueezeNet('1_0', options),
);
/**
 * SqueezeNet (Iandola et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.squeezenet1_1.html
 * @example vision.models.squeezenet1_1({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const squeezenet1_1 = builder(
  'squeezenet1_1',
  { weights: SqueezeNet1_1_Weights, model: SqueezeNet, takes: ['numClasses', 'dropout'] },
  (options: SqueezeNetOptions) => new SqueezeNet('1_1', options),
);
