/** SSDlite. https://pytorch.org/vision/stable/models/ssdlite.html */
import * as torch from '../../../index.js';
import { Conv2dNormActivation, type Layer, type NormLayer } from '../../ops/misc.js';
import { stageStarts } from '../intermediate.js';
import { mobilenetV3Large } from '../mobilenetv3.js';
import { MobileNet_V3_Large_Weights } from '../weights.js';
import { DefaultBoxGenerator } from './anchors.js';
import { type DetectionBackbone, freezeBlocks, retrieveOutChannels, trainableLayers } from './backbone.js';
import { detection, own } from './rcnn-builders.js';
import { SSD, SSDHead, ssdNames, SSDScoringHead, type SSDOptions } from './ssd.js';
import { SSDLite320_MobileNet_V3_Large_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

function normalStart(module: torch.nn.Module): void {
  for (const layer of module.modules()) {
    if (!(layer instanceof nn.Conv2d)) continue;
    nn.init.normal_(layer.weight, 0, 0.03);
    if (layer.bias) nn.init.zeros_(layer.bias);
  }
}

/** A convolution of each channel for itself, then one of pixels. */
const predictionBlock = (inChannels: number, outChannels: number, normLayer: NormLayer): torch.nn.Sequential =>
  new nn.Sequential(
    new Conv2dNormActivation(inChannels, inChannels, { kernelSize: 3, groups: inChannels, normLayer, activationLayer: nn.ReLU6 }),
    new nn.Conv2d(inChannels, outChannels, 1),
  );

class SSDLiteClassificationHead extends SSDScoringHead {}
class SSDLiteRegressionHead extends SSDScoringHead {}

class SSDLiteHead extends SSDHead {
  constructor(inChannels: readonly number[], numAnchors: readonly number[], numClasses: number, normLayer: NormLayer) {
    super(inChannels, numAnchors, numClasses, {
      block: (channels, out) => predictionBlock(channels, out, normLayer),
      start: normalStart,
      classification: SSDLiteClassificationHead,
      regression: SSDLiteRegressionHead,
    });
  }
}

function extraBlock(inChannels: number, outChannels: number, normLayer: NormLayer): torch.nn.Sequential {
  const hidden = outChannels / 2;
  const common = { normLayer, activationLayer: nn.ReLU6 };
  return new nn.Sequential(
    new Conv2dNormActivation(inChannels, hidden, { kernelSize: 1, ...common }),
    new Conv2dNormActivation(hidden, hidden, { kernelSize: 3, stride: 2, groups: hidden, ...common }),
    new Conv2dNormActivation(hidden, outChannels, { kernelSize: 1, ...common }),
  );
}

/** The maps of a MobileNet: within its block at `middle`, at its end, and of further layers. */
class SSDLiteFeatureExtractorMobileNet extends nn.Module {
  features: torch.nn.Sequential;
  extra: torch.nn.ModuleList;

  constructor(features: torch.nn.Sequential, middle: number, normLayer: NormLayer) {
    super();
    const blocks = [...features];
    const split = blocks[middle] as unknown as { block: torch.nn.Sequential; useResConnect: boolean };
    if (split.useResConnect) throw new Error('backbone[c4_pos].use_res_connect should be False');
    this.features = new nn.Sequential(
      new nn.Sequential(...blocks.slice(0, middle), split.block.at(0)),
      new nn.Sequential(split.block.at('1:'), ...blocks.slice(middle + 1)),
    );
    const channels = [(blocks.at(-1) as unknown as { outChannels: number }).outChannels, 512, 256, 256];
    const extra = new nn.ModuleList([512, 256, 256, 128].map((out, i) => extraBlock(channels[i], out, normLayer)));
    normalStart(extra);
    this.extra = extra;
  }

  override forward(images: Tensor): Record<string, Tensor> {
    const maps: Tensor[] = [];
    let x = images;
    for (const block of [...this.features, ...this.extra]) maps.push((x = (block as Layer)(x)));
    return Object.fromEntries(maps.map((map, i) => [String(i), map]));
  }
}

export interface SSDLiteOptions extends SSDOptions {
  normLayer?: NormLayer | null;
}

/** Where the layers of a MobileNet's `features` are in the extractor: block 13 is cut in two behind its first layer. */
function renamed(key: string): string {
  const [, index, rest] = /^features\.(\d+)\.(.+)$/.exec(key) ?? [];
  if (index === undefined) return key;
  if (Number(index) < 13) return `features.0.${index}.${rest}`;
  if (Number(index) > 13) return `features.1.${Number(index) - 13}.${rest}`;
  const [, inner, tail] = /^block\.(\d+)\.(.+)$/.exec(rest)!;
  return inner === '0' ? `features.0.13.${tail}` : `features.1.0.${Number(inner) - 1}.${tail}`;
}

/**
 * SSDlite for images of 320 × 320 on a MobileNetV3, "Searching for MobileNetV3" (Howard et al., 2019). The backbone starts at random, unlike
 * torchvision's: `weightsBackbone: 'DEFAULT'` loads it, and then the model must be awaited.
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.detection.ssdlite320_mobilenet_v3_large.html
 * @example const build = () => vision.models.detection.ssdlite320MobilenetV3Large({ numClasses: 3 });
 */
export const ssdlite320MobilenetV3Large = detection<SSD, SSDLiteOptions>(
  'ssdlite320_mobilenet_v3_large',
  {
    weights: SSDLite320_MobileNet_V3_Large_Weights,
    model: SSD,
    names: [...ssdNames.split(', '), 'normLayer'],
    backboneWeights: MobileNet_V3_Large_Weights,
    part: ({ backbone }) => backbone,
    rename: renamed,
  },
  (options) => {
    const { normLayer: given, numClasses = 91, ...rest } = own(options);
    const normLayer = given ?? ((channels: number): Layer => new nn.BatchNorm2d(channels, { eps: 0.001, momentum: 0.03 }));
    const isPlain = !options.weightsBackbone;
    const net = mobilenetV3Large({ normLayer, reducedTail: isPlain });
    if (isPlain) normalStart(net);
    const starts = stageStarts(net.features);
    freezeBlocks(net.features, starts, trainableLayers(options, 6, 6));
    const extractor = new SSDLiteFeatureExtractorMobileNet(net.features, starts.at(-2)!, normLayer) as unknown as DetectionBackbone;
    const anchorGenerator = new DefaultBoxGenerator(
      Array.from({ length: 6 }, () => [2, 3]),
      { minRatio: 0.2, maxRatio: 0.95 },
    );
    const channels = retrieveOutChannels(extractor, [320, 320]);
    const head = new SSDLiteHead(channels, anchorGenerator.numAnchorsPerLocation(), numClasses, normLayer);
    const limits = { scoreThresh: 0.001, nmsThresh: 0.55, detectionsPerImg: 300, topkCandidates: 300 };
    const images = { imageMean: [0.5, 0.5, 0.5], imageStd: [0.5, 0.5, 0.5] };
    return new SSD(extractor, { anchorGenerator, size: [320, 320], head, ...limits, ...images, ...rest, numClasses });
  },
);
