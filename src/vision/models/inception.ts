/** Inception v3. https://pytorch.org/vision/stable/models/inception.html */
import * as torch from '../../index.js';
import { builder } from './builder.js';
import { BasicConv2d, fillTruncated, toInceptionRange } from './inception-common.js';
import { Inception_V3_Weights } from './weights.js';

const { nn } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

const wide = { padding: [0, 3] };
const tall = { padding: [3, 0] };

const averaged = (input: Tensor): Tensor => F.avgPool2d(input, 3, 1, 1);
const halved = (input: Tensor): Tensor => F.maxPool2d(input, 3, 2);

class InceptionA extends nn.Module {
  branch1x1: BasicConv2d;
  branch5x5_1: BasicConv2d;
  branch5x5_2: BasicConv2d;
  branch3x3dbl_1: BasicConv2d;
  branch3x3dbl_2: BasicConv2d;
  branch3x3dbl_3: BasicConv2d;
  branch_pool: BasicConv2d;

  constructor(inChannels: number, poolFeatures: number) {
    super();
    this.branch1x1 = new BasicConv2d(inChannels, 64, 1);
    this.branch5x5_1 = new BasicConv2d(inChannels, 48, 1);
    this.branch5x5_2 = new BasicConv2d(48, 64, 5, { padding: 2 });
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 64, 1);
    this.branch3x3dbl_2 = new BasicConv2d(64, 96, 3, { padding: 1 });
    this.branch3x3dbl_3 = new BasicConv2d(96, 96, 3, { padding: 1 });
    this.branch_pool = new BasicConv2d(inChannels, poolFeatures, 1);
  }

  override forward(input: Tensor): Tensor {
    const branch5x5 = this.branch5x5_2(this.branch5x5_1(input));
    const branch3x3dbl = this.branch3x3dbl_3(this.branch3x3dbl_2(this.branch3x3dbl_1(input)));
    return torch.cat([this.branch1x1(input), branch5x5, branch3x3dbl, this.branch_pool(averaged(input))], 1);
  }
}

class InceptionB extends nn.Module {
  branch3x3: BasicConv2d;
  branch3x3dbl_1: BasicConv2d;
  branch3x3dbl_2: BasicConv2d;
  branch3x3dbl_3: BasicConv2d;

  constructor(inChannels: number) {
    super();
    this.branch3x3 = new BasicConv2d(inChannels, 384, 3, { stride: 2 });
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 64, 1);
    this.branch3x3dbl_2 = new BasicConv2d(64, 96, 3, { padding: 1 });
    this.branch3x3dbl_3 = new BasicConv2d(96, 96, 3, { stride: 2 });
  }

  override forward(input: Tensor): Tensor {
    const branch3x3dbl = this.branch3x3dbl_3(this.branch3x3dbl_2(this.branch3x3dbl_1(input)));
    return torch.cat([this.branch3x3(input), branch3x3dbl, halved(input)], 1);
  }
}

class InceptionC extends nn.Module {
  branch1x1: BasicConv2d;
  branch7x7_1: BasicConv2d;
  branch7x7_2: BasicConv2d;
  branch7x7_3: BasicConv2d;
  branch7x7dbl_1: BasicConv2d;
  branch7x7dbl_2: BasicConv2d;
  branch7x7dbl_3: BasicConv2d;
  branch7x7dbl_4: BasicConv2d;
  branch7x7dbl_5: BasicConv2d;
  branch_pool: BasicConv2d;

  constructor(inChannels: number, channels: number) {
    super();
    this.branch1x1 = new BasicConv2d(inChannels, 192, 1);
    this.branch7x7_1 = new BasicConv2d(inChannels, channels, 1);
    this.branch7x7_2 = new BasicConv2d(channels, channels, [1, 7], wide);
    this.branch7x7_3 = new BasicConv2d(channels, 192, [7, 1], tall);
    this.branch7x7dbl_1 = new BasicConv2d(inChannels, channels, 1);
    this.branch7x7dbl_2 = new BasicConv2d(channels, channels, [7, 1], tall);
    this.branch7x7dbl_3 = new BasicConv2d(channels, channels, [1, 7], wide);
    this.branch7x7dbl_4 = new BasicConv2d(channels, channels, [7, 1], tall);
    this.branch7x7dbl_5 = new BasicConv2d(channels, 192, [1, 7], wide);
    this.branch_pool = new BasicConv2d(inChannels, 192, 1);
  }

  override forward(input: Tensor): Tensor {
    const branch7x7 = this.branch7x7_3(this.branch7x7_2(this.branch7x7_1(input)));
    const half = this.branch7x7dbl_3(this.branch7x7dbl_2(this.branch7x7dbl_1(input)));
    const branch7x7dbl = this.branch7x7dbl_5(this.branch7x7dbl_4(half));
    return torch.cat([this.branch1x1(input), branch7x7, branch7x7dbl, this.branch_pool(averaged(input))], 1);
  }
}

class InceptionD extends nn.Module {
  branch3x3_1: BasicConv2d;
  branch3x3_2: BasicConv2d;
  branch7x7x3_1: BasicConv2d;
  branch7x7x3_2: BasicConv2d;
  branch7x7x3_3: BasicConv2d;
  branch7x7x3_4: BasicConv2d;

  constructor(inChannels: number) {
    super();
    this.branch3x3_1 = new BasicConv2d(inChannels, 192, 1);
    this.branch3x3_2 = new BasicConv2d(192, 320, 3, { stride: 2 });
    this.branch7x7x3_1 = new BasicConv2d(inChannels, 192, 1);
    this.branch7x7x3_2 = new BasicConv2d(192, 192, [1, 7], wide);
    this.branch7x7x3_3 = new BasicConv2d(192, 192, [7, 1], tall);
    this.branch7x7x3_4 = new BasicConv2d(192, 192, 3, { stride: 2 });
  }

  override forward(input: Tensor): Tensor {
    const branch3x3 = this.branch3x3_2(this.branch3x3_1(input));
    const half = this.branch7x7x3_2(this.branch7x7x3_1(input));
    return torch.cat([branch3x3, this.branch7x7x3_4(this.branch7x7x3_3(half)), halved(input)], 1);
  }
}

class InceptionE extends nn.Module {
  branch1x1: BasicConv2d;
  branch3x3_1: BasicConv2d;
  branch3x3_2a: BasicConv2d;
  branch3x3_2b: BasicConv2d;
  branch3x3dbl_1: BasicConv2d;
  branch3x3dbl_2: BasicConv2d;
  branch3x3dbl_3a: BasicConv2d;
  branch3x3dbl_3b: BasicConv2d;
  branch_pool: BasicConv2d;

  constructor(inChannels: number) {
    super();
    this.branch1x1 = new BasicConv2d(inChannels, 320, 1);
    this.branch3x3_1 = new BasicConv2d(inChannels, 384, 1);
    this.branch3x3_2a = new BasicConv2d(384, 384, [1, 3], { padding: [0, 1] });
    this.branch3x3_2b = new BasicConv2d(384, 384, [3, 1], { padding: [1, 0] });
    this.branch3x3dbl_1 = new BasicConv2d(inChannels, 448, 1);
    this.branch3x3dbl_2 = new BasicConv2d(448, 384, 3, { padding: 1 });
    this.branch3x3dbl_3a = new BasicConv2d(384, 384, [1, 3], { padding: [0, 1] });
    this.branch3x3dbl_3b = new BasicConv2d(384, 384, [3, 1], { padding: [1, 0] });
    this.branch_pool = new BasicConv2d(inChannels, 192, 1);
  }

  override forward(input: Tensor): Tensor {
    const single = this.branch3x3_1(input);
    const double = this.branch3x3dbl_2(this.branch3x3dbl_1(input));
    const branches = [
      this.branch1x1(input),
      this.branch3x3_2a(single),
      this.branch3x3_2b(single),
      this.branch3x3dbl_3a(double),
      this.branch3x3dbl_3b(double),
      this.branch_pool(averaged(input)),
    ];
    return torch.cat(branches, 1);
  }
}

/** A second classifier half way. */
class InceptionAux extends nn.Module {
  conv0: BasicConv2d;
  conv1: BasicConv2d;
  fc: torch.nn.Linear;

  constructor(inChannels: number, numClasses: number) {
    super();
    this.conv0 = new BasicConv2d(inChannels, 128, 1);
    this.conv1 = new BasicConv2d(128, 768, 5);
    this.fc = new nn.Linear(768, numClasses);
  }

  override forward(input: Tensor): Tensor {
    const squeezed = this.conv1(this.conv0(F.avgPool2d(input, 5, 3)));
    return this.fc(F.adaptiveAvgPool2d(squeezed, [1, 1]).flatten(1));
  }
}

export interface InceptionOptions {
  numClasses?: number;
  /** In training, one more output. */
  auxLogits?: boolean;
  /** Whether images come normalised as for ImageNet, and are shifted to [−1, 1] first. */
  transformInput?: boolean;
  initWeights?: boolean;
  dropout?: number;
}

/** What the model gives in training. */
export type InceptionOutputs = [logits: Tensor, auxLogits: Tensor] & { logits: Tensor; auxLogits: Tensor };

/**
 * Images (N, 3, H, W), H and W at least 75, to logits (N, numClasses); in training with `auxLogits` a tuple of two.
 * https://pytorch.org/vision/stable/models/inception.html
 * @example vision.models.inceptionV3() instanceof vision.models.Inception3
 */
export class Inception3 extends nn.Module {
  Conv2d_1a_3x3 = new BasicConv2d(3, 32, 3, { stride: 2 });
  Conv2d_2a_3x3 = new BasicConv2d(32, 32, 3);
  Conv2d_2b_3x3 = new BasicConv2d(32, 64, 3, { padding: 1 });
  maxpool1 = new nn.MaxPool2d(3, { stride: 2 });
  Conv2d_3b_1x1 = new BasicConv2d(64, 80, 1);
  Conv2d_4a_3x3 = new BasicConv2d(80, 192, 3);
  maxpool2 = new nn.MaxPool2d(3, { stride: 2 });
  Mixed_5b = new InceptionA(192, 32);
  Mixed_5c = new InceptionA(256, 64);
  Mixed_5d = new InceptionA(288, 64);
  Mixed_6a = new InceptionB(288);
  Mixed_6b = new InceptionC(768, 128);
  Mixed_6c = new InceptionC(768, 160);
  Mixed_6d = new InceptionC(768, 160);
  Mixed_6e = new InceptionC(768, 192);
  AuxLogits: InceptionAux | null;
  Mixed_7a: InceptionD;
  Mixed_7b: InceptionE;
  Mixed_7c: InceptionE;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  dropout: torch.nn.Dropout;
  fc: torch.nn.Linear;
  private readonly transformInput: boolean;

  constructor(options: InceptionOptions = {}) {
    super();
    const { numClasses = 1000, auxLogits = true, transformInput = false, initWeights = true, dropout = 0.5 } = options;
    this.transformInput = transformInput;
    this.AuxLogits = auxLogits ? new InceptionAux(768, numClasses) : null;
    this.Mixed_7a = new InceptionD(768);
    this.Mixed_7b = new InceptionE(1280);
    this.Mixed_7c = new InceptionE(2048);
    this.dropout = new nn.Dropout(dropout);
    this.fc = new nn.Linear(2048, numClasses);
    if (initWeights) fillTruncated(this, (layer) => (layer === this.AuxLogits?.fc ? 0.001 : 0.1));
  }

  override forward(input: Tensor): Tensor | InceptionOutputs {
    let x = this.Conv2d_1a_3x3(this.transformInput ? toInceptionRange(input) : input);
    x = this.maxpool1(this.Conv2d_2b_3x3(this.Conv2d_2a_3x3(x)));
    x = this.maxpool2(this.Conv2d_4a_3x3(this.Conv2d_3b_1x1(x)));
    x = this.Mixed_5d(this.Mixed_5c(this.Mixed_5b(x)));
    x = this.Mixed_6e(this.Mixed_6d(this.Mixed_6c(this.Mixed_6b(this.Mixed_6a(x)))));
    const auxLogits = this.training && this.AuxLogits ? this.AuxLogits(x) : null;
    x = this.Mixed_7c(this.Mixed_7b(this.Mixed_7a(x)));
    const logits = this.fc(this.dropout(this.avgpool(x)).flatten(1));
    return auxLogits ? Object.assign([logits, auxLogits] as [Tensor, Tensor], { logits, auxLogits }) : logits;
  }
}

/**
 * Inception v3, "Rethinking the Inception Architecture" (Szegedy et al., 2015), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.inception_v3.html
 * @example vision.models.inceptionV3({ numClasses: 10 })
 */
export const inceptionV3 = builder(
  'inception_v3',
  {
    weights: Inception_V3_Weights,
    model: Inception3,
    takes: ['numClasses', 'auxLogits', 'transformInput', 'initWeights', 'dropout'],
    fixed: () => ({ initWeights: false }),
    pretrained: ({ transformInput = true, auxLogits: _, ...options }: InceptionOptions): InceptionOptions => ({
      transformInput,
      ...options,
      auxLogits: true,
    }),
    finish: (model, { auxLogits = true }) => {
      if (!auxLogits) model.AuxLogits = null;
    },
  },
  (options: InceptionOptions) => new Inception3(options),
);
