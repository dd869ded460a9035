/** AlexNet. https://pytorch.org/vision/stable/models/alexnet.html */
import * as torch from '../../index.js';
import { builder } from './builder.js';
import { AlexNet_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

const relu = () => new nn.ReLU({ inplace: true });

export interface AlexNetOptions {
  numClasses?: number;
  dropout?: number;
}

/**
 * Images (N, 3, H, W), H and W at least 63, to logits (N, numClasses). https://pytorch.org/vision/stable/models/alexnet.html
 * @example vision.models.alexnet() instanceof vision.models.AlexNet
 */
export class AlexNet extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(3, 64, 11, { stride: 4, padding: 2 }),
    relu(),
    new nn.MaxPool2d(3, { stride: 2 }),
    new nn.Conv2d(64, 192, 5, { padding: 2 }),
    relu(),
    new nn.MaxPool2d(3, { stride: 2 }),
    new nn.Conv2d(192, 384, 3, { padding: 1 }),
    relu(),
    new nn.Conv2d(384, 256, 3, { padding: 1 }),
    relu(),
    new nn.Conv2d(256, 256, 3, { padding: 1 }),
    relu(),
    new nn.MaxPool2d(3, { stride: 2 }),
  );
  avgpool = new nn.AdaptiveAvgPool2d([6, 6]);
  classifier: torch.nn.Sequential;

  constructor({ numClasses = 1000, dropout = 0.5 }: AlexNetOptions = {}) {
    super();
    this.classifier = new nn.Sequential(
      new nn.Dropout(dropout),
      new nn.Linear(256 * 6 * 6, 4096),
      relu(),
      new nn.Dropout(dropout),
      new nn.Linear(4096, 4096),
      relu(),
      new nn.Linear(4096, numClasses),
    );
  }

  override forward(input: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(input)).flatten(1));
  }
}

/**
 * AlexNet, as in "One weird trick for parallelizing convolutional neural networks" (Krizhevsky, 2014), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html
 * @example vision.models.alexnet({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const alexnet = builder(
  'alexnet',
  { weights: AlexNet_Weights, model: AlexNet, takes: ['numClasses', 'dropout'] },
  (options: AlexNetOptions) => new AlexNet(options),
);
