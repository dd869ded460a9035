/** DenseNet. https://pytorch.org/vision/stable/models/densenet.html */
import * as torch from '../../index.js';
import { builder, type WeightsEnum } from './builder.js';
import * as weights from './weights.js';

const { nn } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

interface DenseOptions {
  growthRate: number;
  bnSize: number;
  dropRate: number;
}

class _DenseLayer extends nn.Module {
  norm1: torch.nn.BatchNorm2d;
  relu1 = new nn.ReLU({ inplace: true });
  conv1: torch.nn.Conv2d;
  norm2: torch.nn.BatchNorm2d;
  relu2 = new nn.ReLU({ inplace: true });
  conv2: torch.nn.Conv2d;
  private readonly dropRate: number;

  constructor(inFeatures: number, { growthRate, bnSize, dropRate }: DenseOptions) {
    super();
    const squeezed = bnSize * growthRate;
    this.norm1 = new nn.BatchNorm2d(inFeatures);
    this.conv1 = new nn.Conv2d(inFeatures, squeezed, 1, { bias: false });
    this.norm2 = new nn.BatchNorm2d(squeezed);
    this.conv2 = new nn.Conv2d(squeezed, growthRate, 3, { padding: 1, bias: false });
    this.dropRate = dropRate;
  }

  override forward(input: Tensor | readonly Tensor[]): Tensor {
    const features = input instanceof torch.Tensor ? input : torch.cat([...input], 1);
    const squeezed = this.conv1(this.relu1(this.norm1(features)));
    const made = this.conv2(this.relu2(this.norm2(squeezed)));
    return this.dropRate > 0 ? F.dropout(made, this.dropRate, this.training) : made;
  }
}

/** Every layer sees what all before it made. */
class _DenseBlock extends nn.ModuleDict {
  constructor(numLayers: number, inFeatures: number, options: DenseOptions) {
    super();
    for (let i = 0; i < numLayers; i++) this.addModule(`denselayer${i + 1}`, new _DenseLayer(inFeatures + i * options.growthRate, options));
  }

  override forward(input: Tensor): Tensor {
    const features = [input];
    for (const layer of this.values()) features.push((layer as _DenseLayer)(features));
    return torch.cat(features, 1);
  }
}

class _Transition extends nn.Sequential {
  constructor(inFeatures: number, outFeatures: number) {
    super({
      norm: new nn.BatchNorm2d(inFeatures),
      relu: new nn.ReLU({ inplace: true }),
      conv: new nn.Conv2d(inFeatures, outFeatures, 1, { bias: false }),
      pool: new nn.AvgPool2d(2, { stride: 2 }),
    });
  }
}

export interface DenseNetOptions {
  growthRate?: number;
  blockConfig?: readonly number[];
  numInitFeatures?: number;
  /** How many times the growth rate the squeezed features of a layer are. */
  bnSize?: number;
  dropRate?: number;
  numClasses?: number;
}

/**
 * Images (N, 3, H, W), H and W at least 29, to logits (N, numClasses). https://pytorch.org/vision/stable/models/densenet.html
 * @example vision.models.densenet121() instanceof vision.models.DenseNet
 */
export class DenseNet extends nn.Module {
  features: torch.nn.Sequential;
  classifier: torch.nn.Linear;

  constructor(options: DenseNetOptions = {}) {
    super();
    const { growthRate = 32, blockConfig = [6, 12, 24, 16], numInitFeatures = 64, bnSize = 4, dropRate = 0, numClasses = 1000 } = options;
    const layers: Record<string, torch.nn.Module> = {
      conv0: new nn.Conv2d(3, numInitFeatures, 7, { stride: 2, padding: 3, bias: false }),
      norm0: new nn.BatchNorm2d(numInitFeatures),
      relu0: new nn.ReLU({ inplace: true }),
      pool0: new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    };
    let features = numInitFeatures;
    for (const [i, numLayers] of blockConfig.entries()) {
      layers[`denseblock${i + 1}`] = new _DenseBlock(numLayers, features, { growthRate, bnSize, dropRate });
      features += numLayers * growthRate;
      if (i === blockConfig.length - 1) break;
      layers[`transition${i + 1}`] = new _Transition(features, Math.floor(features / 2));
      features = Math.floor(features / 2);
    }
    layers.norm5 = new nn.BatchNorm2d(features);
    this.features = new nn.Sequential(layers);
    this.classifier = new nn.Linear(features, numClasses);
    for (const module of this.modules()) if (module instanceof nn.Conv2d) nn.init.kaimingNormal_(module.weight);
    nn.init.zeros_(this.classifier.bias!);
  }

  override forward(input: Tensor): Tensor {
    const pooled = F.adaptiveAvgPool2d(this.features(input).relu(), [1, 1]);
    return this.classifier(pooled.flatten(1));
  }
}

/** Old checkpoints have a dot between a layer's name and its number: `norm.1` for `norm1`. */
const rename = (key: string): string => key.replace(/(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)/, '$1$2');

const densenet = (name: string, known: WeightsEnum, growthRate: number, blockConfig: readonly number[], numInitFeatures: number) =>
  builder(
    name,
    {
      weights: known,
      model: DenseNet,
      takes: ['growthRate', 'blockConfig', 'numInitFeatures', 'bnSize', 'dropRate', 'numClasses'],
      rename,
    },
    (options: DenseNetOptions) => new DenseNet({ growthRate, blockConfig, numInitFeatures, ...options }),
  );

/**
 * DenseNet, "Densely Connected Convolutional Networks" (Huang et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.densenet121.html
 * @example vision.models.densenet121({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const densenet121 = densenet('densenet121', weights.DenseNet121_Weights, 32, [6, 12, 24, 16], 64);
/**
 * DenseNet, "Densely Connected Convolutional Networks" (Huang et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.densenet161.html
 * @example vision.models.densenet161({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const densenet161 = densenet('densenet161', weights.DenseNet161_Weights, 48, [6, 12, 36, 24], 96);
/**
 * DenseNet, "Densely Connected Convolutional Networks" (Huang et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.densenet169.html
 * @example vision.models.densenet169({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const densenet169 = densenet('densenet169', weights.DenseNet169_Weights, 32, [6, 12, 32, 32], 64);
/**
 * DenseNet, "Densely Connected Convolutional Networks" (Huang et al., 2016), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.densenet201.html
 * @example vision.models.densenet201({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const densenet201 = densenet('densenet201', weights.DenseNet201_Weights, 32, [6, 12, 48, 32], 64);
