/** Pyramids of feature maps: "Feature Pyramid Networks for Object Detection" (Lin et al., 2017). */
import * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import { boxArea } from './boxes.js';
import { Conv2dNormActivation, type Layer, type NormLayer } from './misc.js';
import { roiAlign } from './roi.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Maps = Record<string, Tensor>;

/**
 * Makes further maps of the results of a pyramid: the base of such layers.
 * @example new vision.ops.LastLevelMaxPool() instanceof vision.ops.ExtraFPNBlock  // true
 */
export abstract class ExtraFPNBlock extends nn.Module {
  /** `results` and their `names`, with more of them; `inputs` are what came into the pyramid. */
  abstract override forward(results: Tensor[], inputs: readonly Tensor[], names: string[]): [results: Tensor[], names: string[]];
}

/**
 * One more map, `pool`: every other pixel of the last one. https://pytorch.org/vision/stable/generated/torchvision.ops.FeaturePyramidNetwork.html
 * @example
 * const [maps, names] = new vision.ops.LastLevelMaxPool()([torch.rand(1, 2, 8, 8)], [], ['a']);
 * [names, maps[1].shape]  // [ [ 'a', 'pool' ], torch.Size([1, 2, 4, 4]) ]
 */
export class LastLevelMaxPool extends ExtraFPNBlock {
  forward(results: Tensor[], _: readonly Tensor[], names: string[]): [Tensor[], string[]] {
    const last = results.at(-1)!;
    return [
      [...results, nn.functional.maxPool2d(last, 1, { stride: 2 })],
      [...names, 'pool'],
    ];
  }
}

/**
 * Two more maps, `p6` and `p7`, each half as large as the one before: convolutions of the last result, or, where the numbers of channels
 * differ, of the last input. https://pytorch.org/vision/stable/models/retinanet.html
 * @example
 * const [maps, names] = new vision.ops.LastLevelP6P7(2, 2)([torch.rand(1, 2, 8, 8)], [torch.rand(1, 2, 8, 8)], ['a']);
 * [names, maps[2].shape]  // [ [ 'a', 'p6', 'p7' ], torch.Size([1, 2, 2, 2]) ]
 */
export class LastLevelP6P7 extends ExtraFPNBlock {
  p6: torch.nn.Conv2d;
  p7: torch.nn.Conv2d;
  private readonly usesResult: boolean;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.p6 = new nn.Conv2d(inChannels, outChannels, 3, 2, 1);
    this.p7 = new nn.Conv2d(outChannels, outChannels, 3, 2, 1);
    for (const { weight, bias } of [this.p6, this.p7]) {
      nn.init.kaimingUniform_(weight, { a: 1 });
      nn.init.zeros_(bias!);
    }
    this.usesResult = inChannels === outChannels;
  }

  forward(results: Tensor[], inputs: readonly Tensor[], names: string[]): [Tensor[], string[]] {
    const p6 = this.p6(this.usesResult ? results.at(-1)! : inputs.at(-1)!);
    return [
      [...results, p6, this.p7(nn.functional.relu(p6))],
      [...names, 'p6', 'p7'],
    ];
  }
}

export interface FeaturePyramidOptions {
  extraBlocks?: ExtraFPNBlock | null;
  normLayer?: NormLayer | null;
}

interface FeaturePyramidArguments extends FeaturePyramidOptions {
  inChannelsList: readonly number[];
  outChannels: number;
}

/**
 * Maps of falling size to maps with `outChannels` channels, each with what coarser ones know. The inputs are an object of maps
 * (N, C, H, W), the finest first, and so are the results. https://pytorch.org/vision/stable/generated/torchvision.ops.FeaturePyramidNetwork.html
 * @example
 * const pyramid = new vision.ops.FeaturePyramidNetwork([10, 20], 5);
 * const { fine } = pyramid({ fine: torch.rand(1, 10, 16, 16), coarse: torch.rand(1, 20, 8, 8) });
 * fine.shape  // torch.Size([1, 5, 16, 16])
 */
export class FeaturePyramidNetwork extends nn.Module {
  innerBlocks = new nn.ModuleList();
  layerBlocks = new nn.ModuleList();
  extraBlocks: ExtraFPNBlock | null;

  constructor(
    ...args: Call<
      [inChannelsList: readonly number[], outChannels: number],
      [extraBlocks: ExtraFPNBlock | null, normLayer: NormLayer | null],
      FeaturePyramidArguments
    >
  ) {
    super();
    const names = 'inChannelsList!, outChannels!, extraBlocks, normLayer';
    const given = bind<FeaturePyramidArguments>('FeaturePyramidNetwork', names, args);
    const { inChannelsList, outChannels, extraBlocks = null, normLayer = null } = given;
    const shared = { normLayer, activationLayer: null };
    for (const inChannels of inChannelsList) {
      if (inChannels === 0) throw new Error('in_channels=0 is currently not supported');
      this.innerBlocks.append(new Conv2dNormActivation(inChannels, outChannels, { kernelSize: 1, padding: 0, ...shared }));
      this.layerBlocks.append(new Conv2dNormActivation(outChannels, outChannels, { kernelSize: 3, ...shared }));
    }
    for (const module of this.modules()) {
      if (!(module instanceof nn.Conv2d)) continue;
      nn.init.kaimingUniform_(module.weight, { a: 1 });
      if (module.bias) nn.init.zeros_(module.bias);
    }
    this.extraBlocks = extraBlocks;
  }

  override forward(maps: Maps): Maps {
    const inputs = Object.values(maps);
    let inner: Tensor | null = null;
    const results = inputs.map((): Tensor | null => null);
    for (let i = inputs.length - 1; i >= 0; i--) {
      const lateral = (this.innerBlocks.at(i) as Layer)(inputs[i]);
      const coarser: Tensor | null = inner && nn.functional.interpolate(inner, { size: lateral.shape.slice(-2), mode: 'nearest' });
      inner = coarser ? lateral.add(coarser) : lateral;
      results[i] = (this.layerBlocks.at(i) as Layer)(inner);
    }
    const found = results as Tensor[];
    const [all, names] = this.extraBlocks ? this.extraBlocks(found, inputs, Object.keys(maps)) : [found, Object.keys(maps)];
    return Object.fromEntries(names.map((name, i) => [name, all[i]]));
  }
}

type ImageSize = readonly [height: number, width: number];

/** How much smaller than the images a map is: a power of two. */
function scaleOf(map: Tensor, images: readonly ImageSize[]): number {
  const height = Math.max(...images.map(([rows]) => rows));
  return 2 ** Math.round(Math.log2(map.shape[2] / height));
}

interface MultiScaleOptions {
  /** The size of a box (its square root) that belongs to `canonicalLevel`. */
  canonicalScale?: number;
  canonicalLevel?: number;
}
interface MultiScaleArguments extends MultiScaleOptions {
  featmapNames: readonly string[];
  outputSize: number | readonly [number, number];
  samplingRatio: number;
}

/**
 * `roiAlign` from that map of a pyramid which suits the size of a box: maps (N, C, H, W) by name, boxes (L, 4) for each image, and the
 * sizes of the images, to (K, C, height, width). https://pytorch.org/vision/stable/generated/torchvision.ops.MultiScaleRoIAlign.html
 * @example
 * const maps = { fine: torch.rand(1, 5, 64, 64), coarse: torch.rand(1, 5, 16, 16) };
 * const boxes = [torch.tensor([[0, 0, 40, 30], [10, 0, 500, 400]]).float()];
 * new vision.ops.MultiScaleRoIAlign(['fine', 'coarse'], 3, 2)(maps, boxes, [[512, 512]]).shape  // torch.Size([2, 5, 3, 3])
 */
export class MultiScaleRoIAlign extends nn.Module {
  readonly featmapNames: readonly string[];
  readonly outputSize: readonly [number, number];
  readonly samplingRatio: number;
  readonly canonicalScale: number;
  readonly canonicalLevel: number;

  constructor(
    ...args: Call<
      [featmapNames: readonly string[], outputSize: number | readonly [number, number], samplingRatio: number],
      [],
      MultiScaleArguments
    >
  ) {
    super();
    const names = 'featmapNames!, outputSize!, samplingRatio!, *, canonicalScale, canonicalLevel';
    const given = bind<MultiScaleArguments>('MultiScaleRoIAlign', names, args);
    const { featmapNames, outputSize, samplingRatio, canonicalScale = 224, canonicalLevel = 4 } = given;
    [this.featmapNames, this.samplingRatio] = [featmapNames, samplingRatio];
    this.outputSize = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize;
    [this.canonicalScale, this.canonicalLevel] = [canonicalScale, canonicalLevel];
  }

  /** The number of the map for each box. */
  private levels(boxes: Tensor, scales: readonly number[]): Tensor {
    const [least, most] = [-Math.log2(scales[0]), -Math.log2(scales.at(-1)!)];
    const level = boxArea(boxes).sqrt().div(this.canonicalScale).log2().add(this.canonicalLevel).add(1e-6).floor();
    return level.clamp(least, most).sub(least).to(torch.int64);
  }

  override forward(maps: Maps, boxes: readonly Tensor[], imageShapes: readonly ImageSize[]): Tensor {
    if (imageShapes.length === 0) throw new Error('images list should not be empty');
    const used = Object.entries(maps).flatMap(([name, map]) => (this.featmapNames.includes(name) ? [map] : []));
    const scales = used.map((map) => scaleOf(map, imageShapes));
    const corners = torch.cat([...boxes]);
    const images = torch.cat(boxes.map((each, i) => torch.fullLike(each.narrow(1, 0, 1), i)));
    const rois = torch.cat([images, corners], 1);
    const pool = (level: number, some: Tensor): Tensor =>
      roiAlign(used[level], some, this.outputSize, { spatialScale: scales[level], samplingRatio: this.samplingRatio });
    if (used.length === 1) return pool(0, rois);
    const levels = this.levels(corners.detach(), scales);
    const places = used.map((_, level) => levels.eq(level).nonzero({}).squeeze(1));
    const pooled = torch.cat(places.map((place, level) => pool(level, rois.indexSelect(0, place)).to(used[0].dtype)));
    return pooled.indexSelect(0, torch.cat(places).argsort());
  }

  override extraRepr(): string {
    const names = this.featmapNames.map((name) => `'${name}'`).join(', ');
    return `featmap_names=[${names}], output_size=(${this.outputSize.join(', ')}), sampling_ratio=${this.samplingRatio}`;
  }
}
