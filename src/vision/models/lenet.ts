/** LeNet-5 for images of digits (N, 1, 28, 28) or (N, 1, 32, 32). http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf */
import * as torch from '../../index.js';
import { builder } from './builder.js';

const { nn } = torch;
type Tensor = torch.Tensor;

export interface LeNetOptions {
  numClasses?: number;
}

/**
 * LeNet-5 for images of 28 × 28 pixels (LeCun et al., 1998): logits (N, 10).
 * @example new vision.models.LeNet()(torch.rand(1, 1, 28, 28)).shape  // torch.Size([1, 10])
 */
export class LeNet extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  avgpool = new nn.AdaptiveAvgPool2d(5);
  classifier: torch.nn.Sequential;

  constructor({ numClasses = 10 }: LeNetOptions = {}) {
    super();
    this.classifier = new nn.Sequential(
      new nn.Linear(16 * 5 * 5, 120),
      new nn.ReLU(),
      new nn.Linear(120, 84),
      new nn.ReLU(),
      new nn.Linear(84, numClasses),
    );
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)).flatten(1));
  }
}

/**
 * LeNet-5 for images of 28 × 28 pixels (LeCun et al., 1998): logits (N, 10). https://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf
 * @example vision.models.lenet()(torch.rand(1, 1, 28, 28)).shape  // torch.Size([1, 10])
 */
export const lenet = builder(
  'lenet',
  { weights: null, model: LeNet, takes: ['numClasses'] },
  (options: LeNetOptions) => new LeNet(options),
);
