/** Layers for images and distances. https://pytorch.org/docs/stable/nn.html#vision-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, python, type SizeN } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

/** (*, C·r², H, W) → (*, C, H·r, W·r). https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(...args: [upscaleFactor: number]) {
    super();
    [this.upscaleFactor] = bind<[number]>('PixelShuffle', 'upscaleFactor', args);
  }

  override forward(input: Tensor): Tensor {
    return F.pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(...args: [downscaleFactor: number]) {
    super();
    [this.downscaleFactor] = bind<[number]>('PixelUnshuffle', 'downscaleFactor', args);
  }

  override forward(input: Tensor): Tensor {
    return F.pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html */
export class ChannelShuffle extends Module {
  readonly groups: number;

  constructor(...args: [groups: number]) {
    super();
    [this.groups] = bind<[number]>('ChannelShuffle', 'groups', args);
  }

  override forward(input: Tensor): Tensor {
    return F.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

export type InterpolateMode = 'nearest' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area' | 'nearest-exact';

export interface UpsampleOptions {
  size?: SizeN | null;
  scaleFactor?: SizeN | null;
  mode?: InterpolateMode;
  alignCorners?: boolean | null;
  recomputeScaleFactor?: boolean | null;
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html */
export class Upsample extends Module {
  readonly options: UpsampleOptions;

  constructor(
    ...args: Args<[size: SizeN | null, scaleFactor: SizeN | null, mode: InterpolateMode, alignCorners: boolean | null], UpsampleOptions>
  ) {
    super();
    const [size = null, scaleFactor = null, mode = 'nearest', alignCorners = null, recomputeScaleFactor = null] = bind<
      [(SizeN | null)?, (SizeN | null)?, InterpolateMode?, (boolean | null)?, (boolean | null)?]
    >('Upsample', 'size?, scaleFactor?, mode?, alignCorners?, recomputeScaleFactor?', args);
    this.options = { size, scaleFactor, mode, alignCorners, recomputeScaleFactor };
  }

  override forward(input: Tensor): Tensor {
    return F.interpolate(input, this.options as never);
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this.options;
    const scale = typeof scaleFactor === 'number' ? float(scaleFactor) : `(${[...(scaleFactor ?? [])].map(float).join(', ')})`;
    return `${scaleFactor !== null && scaleFactor !== undefined ? `scale_factor=${scale}` : `size=${python(size)}`}, mode=${python(mode)}`;
  }
}

interface FoldOptions {
  dilation?: SizeN;
  padding?: SizeN;
  stride?: SizeN;
}

/** Sliding blocks as columns. https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html */
export class Unfold extends Module {
  readonly kernelSize: SizeN;
  readonly dilation: SizeN;
  readonly padding: SizeN;
  readonly stride: SizeN;

  constructor(...args: [kernelSize: SizeN, ...Args<[dilation: SizeN, padding: SizeN, stride: SizeN], FoldOptions>]) {
    super();
    [this.kernelSize, this.dilation = 1, this.padding = 0, this.stride = 1] = bind<[SizeN, SizeN?, SizeN?, SizeN?]>(
      'Unfold',
      'kernelSize, dilation?, padding?, stride?',
      args,
    );
  }

  override forward(input: Tensor): Tensor {
    return F.unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `kernel_size=${python(this.kernelSize)}, dilation=${python(this.dilation)}, padding=${python(this.padding)}, stride=${python(this.stride)}`;
  }
}

/** The reverse: sums of overlapping blocks. https://pytorch.org/docs/stable/generated/torch.nn.Fold.html */
export class Fold extends Module {
  readonly outputSize: SizeN;
  readonly kernelSize: SizeN;
  readonly dilation: SizeN;
  readonly padding: SizeN;
  readonly stride: SizeN;

  constructor(...args: [outputSize: SizeN, kernelSize: SizeN, ...Args<[dilation: SizeN, padding: SizeN, stride: SizeN], FoldOptions>]) {
    super();
    [this.outputSize, this.kernelSize, this.dilation = 1, this.padding = 0, this.stride = 1] = bind<[SizeN, SizeN, SizeN?, SizeN?, SizeN?]>(
      'Fold',
      'outputSize, kernelSize, dilation?, padding?, stride?',
      args,
    );
  }

  override forward(input: Tensor): Tensor {
    return F.fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `output_size=${python(this.outputSize)}, kernel_size=${python(this.kernelSize)}, dilation=${python(this.dilation)}, padding=${python(this.padding)}, stride=${python(this.stride)}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(...args: Args<[dim: number, eps: number], { dim?: number; eps?: number }>) {
    super();
    [this.dim = 1, this.eps = 1e-8] = bind<[number?, number?]>('CosineSimilarity', 'dim?, eps?', args);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html */
export class PairwiseDistance extends Module {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(...args: Args<[p: number, eps: number, keepdim: boolean], { p?: number; eps?: number; keepdim?: boolean }>) {
    super();
    [this.norm = 2, this.eps = 1e-6, this.keepdim = false] = bind<[number?, number?, boolean?]>(
      'PairwiseDistance',
      'p?, eps?, keepdim?',
      args,
    );
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return F.pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html */
export class UpsamplingNearest2d extends Upsample {
  constructor(...args: Args<[size: SizeN | null, scaleFactor: SizeN | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super(...upsamplingArguments('UpsamplingNearest2d', args), 'nearest');
  }
}
/** https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...args: Args<[size: SizeN | null, scaleFactor: SizeN | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super(...upsamplingArguments('UpsamplingBilinear2d', args), 'bilinear', true);
  }
}
function upsamplingArguments(name: string, args: readonly unknown[]): [size: SizeN | null, scaleFactor: SizeN | null] {
  const [size = null, scaleFactor = null] = bind<[(SizeN | null)?, (SizeN | null)?]>(name, 'size?, scaleFactor?', args);
  return [size, scaleFactor];
}
