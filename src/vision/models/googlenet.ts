/** GoogLeNet. https://pytorch.org/vision/stable/models/googlenet.html */
import * as torch from '../../index.js';
import { builder } from './builder.js';
import { BasicConv2d, fillTruncated, toInceptionRange } from './inception-common.js';
import { GoogLeNet_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Four branches side by side: 1×1, 3×3, 3×3 again, and pooling. */
class Inception extends nn.Module {
  branch1: BasicConv2d;
  branch2: torch.nn.Sequential;
  branch3: torch.nn.Sequential;
  branch4: torch.nn.Sequential;

  constructor(inChannels: number, one: number, three: readonly [number, number], five: readonly [number, number], pool: number) {
    super();
    this.branch1 = new BasicConv2d(inChannels, one, 1);
    this.branch2 = new nn.Sequential(new BasicConv2d(inChannels, three[0], 1), new BasicConv2d(three[0], three[1], 3, { padding: 1 }));
    // The published model meant 5×5 here; torchvision's weights are for 3×3.
    this.branch3 = new nn.Sequential(new BasicConv2d(inChannels, five[0], 1), new BasicConv2d(five[0], five[1], 3, { padding: 1 }));
    this.branch4 = new nn.Sequential(new nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true }), new BasicConv2d(inChannels, pool, 1));
  }

  override forward(input: Tensor): Tensor {
    return torch.cat([this.branch1(input), this.branch2(input), this.branch3(input), this.branch4(input)], 1);
  }
}

/** A second classifier half way. */
class InceptionAux extends nn.Module {
  conv: BasicConv2d;
  fc1: torch.nn.Linear;
  fc2: torch.nn.Linear;
  dropout: torch.nn.Dropout;

  constructor(inChannels: number, numClasses: number, dropout: number) {
    super();
    this.conv = new BasicConv2d(inChannels, 128, 1);
    this.fc1 = new nn.Linear(2048, 1024);
    this.fc2 = new nn.Linear(1024, numClasses);
    this.dropout = new nn.Dropout(dropout);
  }

  override forward(input: Tensor): Tensor {
    const squeezed = this.conv(nn.functional.adaptiveAvgPool2d(input, [4, 4])).flatten(1);
    return this.fc2(this.dropout(this.fc1(squeezed).relu()));
  }
}

export interface GoogLeNetOptions {
  numClasses?: number;
  /** In training, two more outputs. */
  auxLogits?: boolean;
  /** Whether images come normalised as for ImageNet, and are shifted to [−1, 1] first. */
  transformInput?: boolean;
  initWeights?: boolean;
  dropout?: number;
  dropoutAux?: number;
}

/** What the model gives in training. */
export type GoogLeNetOutputs = [logits: Tensor, auxLogits2: Tensor | null, auxLogits1: Tensor | null] & {
  logits: Tensor;
  auxLogits2: Tensor | null;
  auxLogits1: Tensor | null;
};

const halve = (size: number) => new nn.MaxPool2d(size, { stride: 2, ceilMode: true });

/**
 * Images (N, 3, H, W) to logits (N, numClasses); in training with `auxLogits` a tuple of three.
 * https://pytorch.org/vision/stable/models/googlenet.html
 * @example vision.models.googlenet() instanceof vision.models.GoogLeNet
 */
export class GoogLeNet extends nn.Module {
  conv1 = new BasicConv2d(3, 64, 7, { stride: 2, padding: 3 });
  maxpool1 = halve(3);
  conv2 = new BasicConv2d(64, 64, 1);
  conv3 = new BasicConv2d(64, 192, 3, { padding: 1 });
  maxpool2 = halve(3);
  inception3a = new Inception(192, 64, [96, 128], [16, 32], 32);
  inception3b = new Inception(256, 128, [128, 192], [32, 96], 64);
  maxpool3 = halve(3);
  inception4a = new Inception(480, 192, [96, 208], [16, 48], 64);
  inception4b = new Inception(512, 160, [112, 224], [24, 64], 64);
  inception4c = new Inception(512, 128, [128, 256], [24, 64], 64);
  inception4d = new Inception(512, 112, [144, 288], [32, 64], 64);
  inception4e = new Inception(528, 256, [160, 320], [32, 128], 128);
  maxpool4 = halve(2);
  inception5a = new Inception(832, 256, [160, 320], [32, 128], 128);
  inception5b = new Inception(832, 384, [192, 384], [48, 128], 128);
  aux1: InceptionAux | null;
  aux2: InceptionAux | null;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  dropout: torch.nn.Dropout;
  fc: torch.nn.Linear;
  private readonly transformInput: boolean;

  constructor(options: GoogLeNetOptions = {}) {
    super();
    const { numClasses = 1000, auxLogits = true, transformInput = false, initWeights = true, dropout = 0.2, dropoutAux = 0.7 } = options;
    this.transformInput = transformInput;
    this.aux1 = auxLogits ? new InceptionAux(512, numClasses, dropoutAux) : null;
    this.aux2 = auxLogits ? new InceptionAux(528, numClasses, dropoutAux) : null;
    this.dropout = new nn.Dropout(dropout);
    this.fc = new nn.Linear(1024, numClasses);
    if (initWeights) fillTruncated(this, () => 0.01);
  }

  override forward(input: Tensor): Tensor | GoogLeNetOutputs {
    const { training } = this;
    let x = this.conv1(this.transformInput ? toInceptionRange(input) : input);
    x = this.maxpool2(this.conv3(this.conv2(this.maxpool1(x))));
    x = this.inception4a(this.maxpool3(this.inception3b(this.inception3a(x))));
    const auxLogits1 = training && this.aux1 ? this.aux1(x) : null;
    x = this.inception4d(this.inception4c(this.inception4b(x)));
    const auxLogits2 = training && this.aux2 ? this.aux2(x) : null;
    x = this.inception5b(this.inception5a(this.maxpool4(this.inception4e(x))));
    const logits = this.fc(this.dropout(this.avgpool(x).flatten(1)));
    if (!training || !this.aux1) return logits;
    return Object.assign([logits, auxLogits2, auxLogits1] as [Tensor, Tensor | null, Tensor | null], { logits, auxLogits2, auxLogits1 });
  }
}

/**
 * GoogLeNet, "Going Deeper with Convolutions" (Szegedy et al., 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.googlenet.html
 * @example vision.models.googlenet({ numClasses: 10 })
 */
export const googlenet = builder(
  'googlenet',
  {
    weights: GoogLeNet_Weights,
    model: GoogLeNet,
    takes: ['numClasses', 'auxLogits', 'transformInput', 'initWeights', 'dropout', 'dropoutAux'],
    fixed: () => ({ initWeights: false }),
    pretrained: ({ transformInput = true, auxLogits: _, ...options }: GoogLeNetOptions): GoogLeNetOptions => ({
      transformInput,
      ...options,
      auxLogits: true,
    }),
    finish: (model, { auxLogits = false }) => {
      if (!auxLogits) model.aux1 = model.aux2 = null;
    },
  },
  (options: GoogLeNetOptions) => new GoogLeNet(options),
);
