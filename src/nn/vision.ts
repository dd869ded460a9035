/** Layers for images and distances. https://pytorch.org/docs/stable/nn.html#vision-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, python, type SizeN } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

/**
 * (*, C · r², H, W) → (*, C, H · r, W · r) (Shi et al., 2016). https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 * @example new nn.PixelShuffle(3)(torch.rand(1, 9, 4, 4)).shape  // torch.Size([1, 1, 12, 12])
 */
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

/**
 * (*, C, H · r, W · r) → (*, C · r², H, W): the inverse of `PixelShuffle`.
 * https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 * @example new nn.PixelUnshuffle(3)(torch.rand(1, 1, 12, 12)).shape  // torch.Size([1, 9, 4, 4])
 */
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

/**
 * Interleaves `groups` groups of the channels of (N, C, …). https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 * @example new nn.ChannelShuffle(2)(torch.arange(4).reshape(1, 4, 1, 1)).flatten()  // tensor([0, 2, 1, 3])
 */
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

/**
 * Resizes (N, C, …) to a size or by a factor: `nn.functional.interpolate`. https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 * @example new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' })(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 3, 8, 8])
 */
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

/**
 * Sliding blocks as columns. https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 * @example new nn.Unfold(2)(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 12, 9])
 */
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

/**
 * The reverse: sums of overlapping blocks. https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
 * @example new nn.Fold(4, 2)(torch.rand(1, 12, 9)).shape  // torch.Size([1, 3, 4, 4])
 */
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

/**
 * x₁·x₂ / (‖x₁‖ ‖x₂‖) along `dim`, norms not below ε. https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
 * @example new nn.CosineSimilarity()(torch.tensor([[1, 0]]), torch.tensor([[1, 1]]))  // tensor([0.7071])
 */
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

/**
 * ‖x₁ - x₂ + ε‖ₚ over the last dim. https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
 * @example new nn.PairwiseDistance()(torch.tensor([[0.5, 0.5]]), torch.tensor([[3.5, 4.5]]))  // tensor([5.0000])
 */
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

/**
 * Resizes images (N, C, H, W) by repeating pixels. https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
 * @example new nn.UpsamplingNearest2d({ scaleFactor: 2 })(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 3, 8, 8])
 */
export class UpsamplingNearest2d extends Upsample {
  constructor(...args: Args<[size: SizeN | null, scaleFactor: SizeN | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super(...upsamplingArguments('UpsamplingNearest2d', args), 'nearest');
  }
}
/**
 * Resizes images (N, C, H, W) with bilinear interpolation and aligned corners.
 * https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
 * @example new nn.UpsamplingBilinear2d({ scaleFactor: 2 })(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 3, 8, 8])
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...args: Args<[size: SizeN | null, scaleFactor: SizeN | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super(...upsamplingArguments('UpsamplingBilinear2d', args), 'bilinear', true);
  }
}
function upsamplingArguments(name: string, args: readonly unknown[]): [size: SizeN | null, scaleFactor: SizeN | null] {
  const [size = null, scaleFactor = null] = bind<[(SizeN | null)?, (SizeN | null)?]>(name, 'size?, scaleFactor?', args);
  return [size, scaleFactor];
}
