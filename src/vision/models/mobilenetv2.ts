/** MobileNet V2. https://pytorch.org/vision/stable/models/mobilenetv2.html */
import * as torch from '../../index.js';
import { Conv2dNormActivation, type Layer, makeLayer, type NormLayer } from '../ops/misc.js';
import { builder } from './builder.js';
import { fillConvolutions, makeDivisible, smallNormal } from './init.js';
import { MobileNet_V2_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Widens the channels, filters each on its own, and narrows them again. */
class InvertedResidual extends nn.Module {
  conv: torch.nn.Sequential;
  private readonly useResConnect: boolean;

  constructor(inChannels: number, outChannels: number, stride: number, expandRatio: number, normLayer: NormLayer) {
    super();
    if (stride !== 1 && stride !== 2) throw new Error(`stride should be 1 or 2 instead of ${stride}`);
    const hidden = Math.round(inChannels * expandRatio);
    const common = { normLayer, activationLayer: nn.ReLU6 };
    const layers: Layer[] = expandRatio === 1 ? [] : [new Conv2dNormActivation(inChannels, hidden, { kernelSize: 1, ...common })];
    layers.push(
      new Conv2dNormActivation(hidden, hidden, { stride, groups: hidden, ...common }),
      new nn.Conv2d(hidden, outChannels, 1, { bias: false }),
      makeLayer(normLayer, outChannels),
    );
    this.conv = new nn.Sequential(...layers);
    this.useResConnect = stride === 1 && inChannels === outChannels;
  }

  override forward(input: Tensor): Tensor {
    const output = this.conv(input);
    return this.useResConnect ? input.add(output) : output;
  }
}

export interface MobileNetV2Options {
  numClasses?: number;
  widthMult?: number;
  /** Rows of expansion, channels, repeats and stride. */
  invertedResidualSetting?: readonly (readonly [number, number, number, number])[];
  roundNearest?: number;
  normLayer?: NormLayer;
  dropout?: number;
}

const setting: NonNullable<MobileNetV2Options['invertedResidualSetting']> = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/mobilenetv2.html
 * @example vision.models.mobilenetV2() instanceof vision.models.MobileNetV2
 */
export class MobileNetV2 extends nn.Module {
  features: torch.nn.Sequential;
  classifier: torch.nn.Sequential;
  readonly lastChannel: number;

  constructor(options: MobileNetV2Options = {}) {
    super();
    const { numClasses = 1000, widthMult = 1, invertedResidualSetting = setting, roundNearest = 8 } = options;
    const { normLayer = nn.BatchNorm2d, dropout = 0.2 } = options;
    if (invertedResidualSetting.length === 0 || invertedResidualSetting[0].length !== 4)
      throw new Error(`inverted_residual_setting should be non-empty or a 4-element list, got ${JSON.stringify(invertedResidualSetting)}`);
    const common = { normLayer, activationLayer: nn.ReLU6 };
    let channels = makeDivisible(32 * widthMult, roundNearest);
    this.lastChannel = makeDivisible(1280 * Math.max(1, widthMult), roundNearest);
    const features: Layer[] = [new Conv2dNormActivation(3, channels, { stride: 2, ...common })];
    for (const [expandRatio, wanted, repeats, stride] of invertedResidualSetting) {
      const outChannels = makeDivisible(wanted * widthMult, roundNearest);
      for (let i = 0; i < repeats; i++) {
        features.push(new InvertedResidual(channels, outChannels, i === 0 ? stride : 1, expandRatio, normLayer));
        channels = outChannels;
      }
    }
    features.push(new Conv2dNormActivation(channels, this.lastChannel, { kernelSize: 1, ...common }));
    this.features = new nn.Sequential(...features);
    this.classifier = new nn.Sequential(new nn.Dropout(dropout), new nn.Linear(this.lastChannel, numClasses));
    fillConvolutions(this, smallNormal);
  }

  override forward(input: Tensor): Tensor {
    const pooled = nn.functional.adaptiveAvgPool2d(this.features(input), [1, 1]);
    return this.classifier(pooled.flatten(1));
  }
}

/**
 * MobileNetV2, "Inverted Residuals and Linear Bottlenecks" (Sandler et al., 2018), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.mobilenet_v2.html
 * @example vision.models.mobilenetV2({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const mobilenetV2 = builder(
  'mobilenet_v2',
  {
    weights: MobileNet_V2_Weights,
    model: MobileNetV2,
    takes: ['numClasses', 'widthMult', 'invertedResidualSetting', 'roundNearest', 'normLayer', 'dropout'],
  },
  (options: MobileNetV2Options) => new MobileNetV2(options),
);
