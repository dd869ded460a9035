/** Residual networks for videos. https://pytorch.org/vision/stable/models/video_resnet.html */
import * as torch from '../../../index.js';
import type { Layer } from '../../ops/misc.js';
import { VideoClassification } from '../../transforms/presets.js';
import { builder, registerWeights, Weights, type WeightsEnum } from '../builder.js';
import { kineticsCategories } from './kinetics-categories.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** A convolution over time and space, and how its block halves what goes past it. */
interface ConvMaker {
  make: (inPlanes: number, outPlanes: number, midPlanes: number, stride?: number) => torch.nn.Module;
  downsample: (stride: number) => [time: number, height: number, width: number];
}

class Conv3DSimple extends nn.Conv3d {
  constructor(inPlanes: number, outPlanes: number, stride: number) {
    super(inPlanes, outPlanes, [3, 3, 3], { stride, padding: 1, bias: false });
  }
}

class Conv3DNoTemporal extends nn.Conv3d {
  constructor(inPlanes: number, outPlanes: number, stride: number) {
    super(inPlanes, outPlanes, [1, 3, 3], { stride: [1, stride, stride], padding: [0, 1, 1], bias: false });
  }
}

/** First over space, then over time. */
class Conv2Plus1D extends nn.Sequential {
  constructor(inPlanes: number, outPlanes: number, midPlanes: number, stride: number) {
    super(
      new nn.Conv3d(inPlanes, midPlanes, [1, 3, 3], { stride: [1, stride, stride], padding: [0, 1, 1], bias: false }),
      new nn.BatchNorm3d(midPlanes),
      new nn.ReLU({ inplace: true }),
      new nn.Conv3d(midPlanes, outPlanes, [3, 1, 1], { stride: [stride, 1, 1], padding: [1, 0, 0], bias: false }),
    );
  }
}

const simple: ConvMaker = {
  make: (inPlanes, outPlanes, _, stride = 1) => new Conv3DSimple(inPlanes, outPlanes, stride),
  downsample: (stride) => [stride, stride, stride],
};
const noTemporal: ConvMaker = {
  make: (inPlanes, outPlanes, _, stride = 1) => new Conv3DNoTemporal(inPlanes, outPlanes, stride),
  downsample: (stride) => [1, stride, stride],
};
const separate: ConvMaker = {
  make: (inPlanes, outPlanes, midPlanes, stride = 1) => new Conv2Plus1D(inPlanes, outPlanes, midPlanes, stride),
  downsample: (stride) => [stride, stride, stride],
};

class BasicBlock extends nn.Module {
  conv1: torch.nn.Sequential;
  conv2: torch.nn.Sequential;
  relu = new nn.ReLU({ inplace: true });
  downsample: torch.nn.Sequential | null;

  constructor(inPlanes: number, planes: number, { make }: ConvMaker, stride = 1, downsample: torch.nn.Sequential | null = null) {
    super();
    const midPlanes = Math.floor((inPlanes * planes * 27) / (inPlanes * 9 + 3 * planes));
    const first = make(inPlanes, planes, midPlanes, stride);
    this.conv1 = new nn.Sequential(first, new nn.BatchNorm3d(planes), new nn.ReLU({ inplace: true }));
    this.conv2 = new nn.Sequential(make(planes, planes, midPlanes), new nn.BatchNorm3d(planes));
    this.downsample = downsample;
  }

  override forward(input: Tensor): Tensor {
    const output = (this.conv2 as Layer)((this.conv1 as Layer)(input));
    return this.relu(output.add(this.downsample ? (this.downsample as Layer)(input) : input));
  }
}

class BasicStem extends nn.Sequential {
  constructor() {
    super(
      new nn.Conv3d(3, 64, [3, 7, 7], { stride: [1, 2, 2], padding: [1, 3, 3], bias: false }),
      new nn.BatchNorm3d(64),
      new nn.ReLU({ inplace: true }),
    );
  }
}

class R2Plus1dStem extends nn.Sequential {
  constructor() {
    super(
      new nn.Conv3d(3, 45, [1, 7, 7], { stride: [1, 2, 2], padding: [0, 3, 3], bias: false }),
      new nn.BatchNorm3d(45),
      new nn.ReLU({ inplace: true }),
      new nn.Conv3d(45, 64, [3, 1, 1], { stride: 1, padding: [1, 0, 0], bias: false }),
      new nn.BatchNorm3d(64),
      new nn.ReLU({ inplace: true }),
    );
  }
}

export interface VideoResNetOptions {
  numClasses?: number;
}

/**
 * Videos (N, 3, T, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/video_resnet.html
 * @example vision.models.video.r3d18() instanceof vision.models.video.VideoResNet  // true
 */
export class VideoResNet extends nn.Module {
  stem: torch.nn.Sequential;
  layer1: torch.nn.Sequential;
  layer2: torch.nn.Sequential;
  layer3: torch.nn.Sequential;
  layer4: torch.nn.Sequential;
  avgpool = new nn.AdaptiveAvgPool3d([1, 1, 1]);
  fc: torch.nn.Linear;
  private inPlanes = 64;

  constructor(
    convMakers: readonly ConvMaker[],
    layers: readonly number[],
    stem: new () => torch.nn.Sequential,
    { numClasses = 400 }: VideoResNetOptions = {},
  ) {
    super();
    this.stem = new stem();
    this.layer1 = this.makeStage(convMakers[0], 64, layers[0], 1);
    this.layer2 = this.makeStage(convMakers[1], 128, layers[1], 2);
    this.layer3 = this.makeStage(convMakers[2], 256, layers[2], 2);
    this.layer4 = this.makeStage(convMakers[3], 512, layers[3], 2);
    this.fc = new nn.Linear(512, numClasses);
    this.start();
  }

  private makeStage(maker: ConvMaker, planes: number, blocks: number, stride: number): torch.nn.Sequential {
    const changes = stride !== 1 || this.inPlanes !== planes;
    const past = { stride: maker.downsample(stride), bias: false };
    const downsample = changes ? new nn.Sequential(new nn.Conv3d(this.inPlanes, planes, 1, past), new nn.BatchNorm3d(planes)) : null;
    const stage = [new BasicBlock(this.inPlanes, planes, maker, stride, downsample)];
    this.inPlanes = planes;
    while (stage.length < blocks) stage.push(new BasicBlock(planes, planes, maker));
    return new nn.Sequential(...stage);
  }

  private start(): void {
    for (const module of this.modules()) {
      if (module instanceof nn.Conv3d) nn.init.kaimingNormal_(module.weight, { mode: 'fan_out', nonlinearity: 'relu' });
      if (!(module instanceof nn.Linear)) continue;
      nn.init.normal_(module.weight, 0, 0.01);
      nn.init.zeros_(module.bias!);
    }
  }

  override forward(input: Tensor): Tensor {
    const features = [this.stem, this.layer1, this.layer2, this.layer3, this.layer4].reduce((x, stage) => (stage as Layer)(x), input);
    return this.fc(this.avgpool(features).flatten(1));
  }
}

type Facts = readonly [file: string, numParams: number, acc1: number, acc5: number, ops: number, fileSize: number];

function kineticsWeights(
  name: string,
  [file, numParams, acc1, acc5, ops, fileSize]: Facts,
): WeightsEnum<'KINETICS400_V1', VideoClassification> {
  const meta = {
    categories: kineticsCategories,
    numParams,
    minSize: [1, 1] as const,
    recipe: 'https://github.com/pytorch/vision/tree/main/references/video_classification',
    _metrics: { 'Kinetics-400': { 'acc@1': acc1, 'acc@5': acc5 } },
    _ops: ops,
    _fileSize: fileSize,
  };
  const preset = (): VideoClassification => new VideoClassification({ cropSize: [112, 112], resizeSize: [128, 171] });
  const only = new Weights(`${name}.KINETICS400_V1`, `https://download.pytorch.org/models/${file}.pth`, meta, preset);
  return registerWeights(name, { KINETICS400_V1: only, DEFAULT: only });
}

export const R3D_18_Weights = kineticsWeights('R3D_18_Weights', ['r3d_18-b3b3357e', 33371472, 63.2, 83.479, 40.697, 127.359]);
export const MC3_18_Weights = kineticsWeights('MC3_18_Weights', ['mc3_18-a90a0ba3', 11695440, 63.96, 84.13, 43.343, 44.672]);
export const R2Plus1D_18_Weights = kineticsWeights('R2Plus1D_18_Weights', [
  'r2plus1d_18-91a641e6',
  31505325,
  67.463,
  86.175,
  40.519,
  120.318,
]);

const videoResnet = (name: string, weights: WeightsEnum, makers: readonly ConvMaker[], stem: new () => torch.nn.Sequential) =>
  builder(
    name,
    { weights, model: VideoResNet, takes: ['numClasses'], fixed: () => ({ numClasses: kineticsCategories.length }) },
    (options: VideoResNetOptions) => new VideoResNet(makers, [2, 2, 2, 2], stem, options),
  );

/**
 * "A Closer Look at Spatiotemporal Convolutions for Action Recognition" (Tran et al., 2017): convolutions over time and space.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.video.r3d_18.html
 * @example vision.models.video.r3d18({ numClasses: 5 })(torch.rand(1, 3, 4, 32, 32)).shape
 */
export const r3d18 = videoResnet('r3d_18', R3D_18_Weights, [simple, simple, simple, simple], BasicStem);
/**
 * The same, over time in the first stage only.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.video.mc3_18.html
 * @example vision.models.video.mc3_18({ numClasses: 5 })(torch.rand(1, 3, 4, 32, 32)).shape
 */
export const mc3_18 = videoResnet('mc3_18', MC3_18_Weights, [simple, noTemporal, noTemporal, noTemporal], BasicStem);
/**
 * The same, first over space, then over time.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.video.r2plus1d_18.html
 * @example vision.models.video.r2plus1d18({ numClasses: 5 })(torch.rand(1, 3, 4, 32, 32)).shape
 */
export const r2plus1d18 = videoResnet('r2plus1d_18', R2Plus1D_18_Weights, [separate, separate, separate, separate], R2Plus1dStem);
