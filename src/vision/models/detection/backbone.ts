/** Classifiers as backbones of detectors. https://pytorch.org/vision/stable/models.html#object-detection-instance-segmentation-and-person-keypoint-detection */
import * as torch from '../../../index.js';
import { FrozenBatchNorm2d, type Layer, type NormLayer } from '../../ops/misc.js';
import { type ExtraFPNBlock, FeaturePyramidNetwork, LastLevelMaxPool } from '../../ops/pyramid.js';
import { getModelBuilder, type Weights } from '../builder.js';
import { IntermediateLayerGetter, stageStarts } from '../intermediate.js';
import type { MobileNetV3 } from '../mobilenetv3.js';
import type { ResNet } from '../resnet.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Module = torch.nn.Module;

/** Gives maps by name, each with `outChannels` channels; or one map. */
export type DetectionBackbone = Module & { forward(images: Tensor): Tensor | Record<string, Tensor>; readonly outChannels?: unknown };

export interface ExtractorOptions {
  trainableLayers?: number;
  /** Which stages give maps. */
  returnedLayers?: readonly number[] | null;
  extraBlocks?: ExtraFPNBlock | null;
  normLayer?: NormLayer | null;
}

/**
 * A model and a pyramid over what some of its layers give: images to maps named `'0'`, `'1'`, … and those of the extra blocks.
 * @example
 * const body = vision.models.resnet18();
 * const net = new vision.models.detection.BackboneWithFPN(body, { layer3: '0', layer4: '1' }, [256, 512], 64);
 * Object.keys(net(torch.rand(1, 3, 64, 64)))  // [ '0', '1', 'pool' ]
 */
export class BackboneWithFPN extends nn.Module {
  body: IntermediateLayerGetter<string>;
  fpn: FeaturePyramidNetwork;
  readonly outChannels: number;

  constructor(
    backbone: Module,
    returnLayers: Record<string, string>,
    inChannelsList: readonly number[],
    outChannels: number,
    { extraBlocks, normLayer }: Pick<ExtractorOptions, 'extraBlocks' | 'normLayer'> = {},
  ) {
    super();
    this.body = new IntermediateLayerGetter(backbone, returnLayers);
    const options = { extraBlocks: extraBlocks ?? new LastLevelMaxPool(), normLayer: normLayer ?? null };
    this.fpn = new FeaturePyramidNetwork(inChannelsList, outChannels, options);
    this.outChannels = outChannels;
  }

  override forward(images: Tensor): Record<string, Tensor> {
    return this.fpn(this.body(images));
  }
}

function freeze(parameters: Iterable<Tensor>): void {
  for (const parameter of parameters) parameter.requiresGrad_(false);
}

const numbered = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name, i) => [name, String(i)]));

/** A pyramid of 256 channels over a ResNet. */
export function resnetExtractor(net: ResNet, { trainableLayers = 3, returnedLayers, ...options }: ExtractorOptions): BackboneWithFPN {
  if (trainableLayers < 0 || trainableLayers > 5) throw new Error(`Trainable layers should be in the range [0,5], got ${trainableLayers}`);
  const trained = ['layer4', 'layer3', 'layer2', 'layer1', 'conv1'].slice(0, trainableLayers);
  if (trainableLayers === 5) trained.push('bn1');
  freeze([...net.namedParameters()].flatMap(([name, each]) => (trained.some((layer) => name.startsWith(layer)) ? [] : [each])));
  const stages = returnedLayers ?? [1, 2, 3, 4];
  if (stages.some((stage) => stage < 1 || stage > 4))
    throw new Error(`Each returned layer should be in the range [1,4]. Got [${stages.join(', ')}]`);
  const channels = stages.map((stage) => net.fc.inFeatures / 2 ** (4 - stage));
  return new BackboneWithFPN(net, numbered(stages.map((stage) => `layer${stage}`)), channels, 256, options);
}

/** Blocks of a MobileNet before those that are trained. */
export function freezeBlocks(features: torch.nn.Sequential, starts: readonly number[], trainableLayers: number): void {
  const count = starts.length;
  if (trainableLayers < 0 || trainableLayers > count)
    throw new Error(`Trainable layers should be in the range [0,${count}], got ${trainableLayers} `);
  const first = trainableLayers === 0 ? features.length : starts[count - trainableLayers];
  for (const block of [...features].slice(0, first)) freeze(block.parameters());
}

/** A pyramid of 256 channels over a MobileNet, or its last block with as many. */
export function mobilenetExtractor(
  { features }: MobileNetV3,
  { trainableLayers = 2, returnedLayers, fpn, ...options }: ExtractorOptions & { fpn: boolean },
): DetectionBackbone & { readonly outChannels: number } {
  const starts = stageStarts(features);
  freezeBlocks(features, starts, trainableLayers);
  const channels = (at: number): number => (features.at(at) as unknown as { outChannels: number }).outChannels;
  if (!fpn) {
    const net = new nn.Sequential(features, new nn.Conv2d(channels(features.length - 1), 256, 1));
    return Object.assign(net, { outChannels: 256 }) as unknown as DetectionBackbone & { outChannels: number };
  }
  const stages = (returnedLayers ?? [starts.length - 2, starts.length - 1]).map((stage) => starts[stage]);
  if (stages.includes(undefined as never)) throw new Error(`Each returned layer should be in the range [0,${starts.length - 1}]`);
  return new BackboneWithFPN(features, numbered(stages.map(String)), stages.map(channels), 256, options); // prettier-ignore
}

export interface FpnBackboneOptions extends ExtractorOptions {
  /** The name of its builder, such as `resnet18`. */
  backboneName: string;
  /** Of the classifier; with them the backbone comes later. */
  weights?: Weights | string | null;
}

interface NamedBackbone<B> {
  (options: FpnBackboneOptions & { weights?: null }): B;
  (options: FpnBackboneOptions & { weights: Weights | string }): Promise<B>;
}

/** Builds a classifier by name and makes a backbone of it, at once or when its weights are there. */
function named<M, B>(extract: (net: M, options: ExtractorOptions) => B): NamedBackbone<B> {
  const build = ({ backboneName, weights = null, normLayer, ...options }: FpnBackboneOptions): B | Promise<B> => {
    const made = getModelBuilder(backboneName)({ weights: weights as null, normLayer: normLayer ?? FrozenBatchNorm2d }) as M | Promise<M>;
    return made instanceof Promise ? made.then((net) => extract(net, options)) : extract(made, options);
  };
  return build as NamedBackbone<B>;
}

/**
 * A ResNet by name under a pyramid of 256 channels, for detectors; its norms are frozen unless `normLayer` is another.
 * https://pytorch.org/vision/main/_modules/torchvision/models/detection/backbone_utils.html
 * @throws Error where no model has this name
 * @example
 * const backbone = vision.models.detection.resnetFpnBackbone({ backboneName: 'resnet18', trainableLayers: 5 });
 * Object.keys(backbone(torch.rand(1, 3, 64, 64)))  // [ '0', '1', '2', '3', 'pool' ]
 */
export const resnetFpnBackbone = named<ResNet, BackboneWithFPN>(resnetExtractor);

/** What builders of detectors take beside the options of the detector itself. */
export interface DetectorOptions {
  /** With the background; 91 where weights are given by name. */
  numClasses?: number;
  /** How many stages of a pretrained backbone are trained; without pretrained weights all are. */
  trainableBackboneLayers?: number | null;
  weightsBackbone?: Weights | string | null;
  /** Whether weights will be loaded. */
  isTrained?: boolean;
}

/** How many layers are trained. */
export function trainableLayers(
  { isTrained, weightsBackbone, trainableBackboneLayers }: DetectorOptions,
  most: number,
  standard: number,
): number {
  const layers = isTrained || weightsBackbone ? (trainableBackboneLayers ?? standard) : most;
  if (layers < 0 || layers > most) throw new Error(`Trainable backbone layers should be in the range [0,${most}], got ${layers} `);
  return layers;
}

/** Statistics of pretrained backbones stay as they are. */
export const normOf = ({ isTrained, weightsBackbone }: DetectorOptions): NormLayer =>
  isTrained || weightsBackbone ? (FrozenBatchNorm2d as NormLayer) : (nn.BatchNorm2d as NormLayer);

/** Old checkpoints were trained without a constant in the denominator. */
export function overwriteEps(model: Module, eps: number): void {
  for (const module of model.modules()) if (module instanceof FrozenBatchNorm2d) module.eps = eps;
}

/** The channels of the maps that a backbone gives for images of `size` (width, height). */
export function retrieveOutChannels(model: DetectionBackbone, [width, height]: readonly [number, number]): number[] {
  const wasTraining = model.training;
  model.eval();
  const found = torch.noGrad(() => (model as Layer)(torch.zeros(1, 3, height, width)) as Tensor | Record<string, Tensor>);
  if (wasTraining) model.train();
  return (found instanceof torch.Tensor ? [found] : Object.values(found)).map((map) => map.shape[1]);
}
