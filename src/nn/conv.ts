/** Convolutions. https://pytorch.org/docs/stable/nn.html#convolution-layers */
import { empty } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, ntuple, type Place, type PlaceArgs, python, type SizeN, type OutputSizeArgs, outputSizeOf } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { ValueError } from '../tensor/errors.js';

export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

export interface ConvOptions extends Place {
  stride?: SizeN;
  padding?: SizeN | 'same' | 'valid';
  dilation?: SizeN;
  groups?: number;
  bias?: boolean;
  paddingMode?: PaddingMode;
}

export interface ConvTransposeOptions extends Place {
  stride?: SizeN;
  padding?: SizeN;
  outputPadding?: SizeN;
  groups?: number;
  bias?: boolean;
  dilation?: SizeN;
  paddingMode?: 'zeros';
}

/** What a convolution is made from, after binding. */
interface Config {
  name: string;
  transposed: boolean;
  inChannels: number;
  outChannels: number;
  kernelSize: SizeN;
  stride?: SizeN;
  padding?: SizeN | string;
  outputPadding?: SizeN;
  dilation?: SizeN;
  groups?: number;
  bias?: boolean;
  paddingMode?: PaddingMode;
  place: Place;
}

abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | string;
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  readonly transposed: boolean;
  /** (outChannels, inChannels / groups, …kernelSize); the channels change places where it is transposed. */
  weight: Parameter;
  bias: Parameter | null;

  protected constructor(
    readonly spatialDims: number,
    config: Config,
  ) {
    super();
    const { inChannels, outChannels, groups = 1, bias = true, transposed, place } = config;
    checkConfig(config, groups);
    const sized = (size: SizeN | undefined, standard: number) => ntuple(size ?? standard, spatialDims);
    [this.inChannels, this.outChannels, this.groups, this.transposed] = [inChannels, outChannels, groups, transposed];
    this.kernelSize = sized(config.kernelSize, 1);
    this.stride = sized(config.stride, 1);
    this.padding = typeof config.padding === 'string' ? config.padding : sized(config.padding, 0);
    this.dilation = sized(config.dilation, 1);
    this.outputPadding = sized(config.outputPadding, 0);
    this.paddingMode = config.paddingMode ?? 'zeros';
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = new Parameter(empty([...channels, ...this.kernelSize], place));
    this.bias = bias ? new Parameter(empty([outChannels], place)) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight.sizes.length < 2) return;
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const [fanIn] = init._calculateFanInAndFanOut(this.weight);
    const bound = 1 / Math.sqrt(fanIn);
    if (this.bias && fanIn !== 0) init.uniform_(this.bias, -bound, bound);
  }

  /** How much is padded at both ends of each spatial dim, the last first, as `pad` takes it. */
  protected reversedPadding(): number[] {
    const { padding, kernelSize, dilation } = this;
    const ends = kernelSize.map((size, i): [number, number] => {
      if (typeof padding !== 'string') return [padding[i], padding[i]];
      const total = padding === 'same' ? dilation[i] * (size - 1) : 0;
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
    return ends.reverse().flat();
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, outputPadding, groups, paddingMode } = this;
    const parts = [`${inChannels}, ${outChannels}`, `kernel_size=${python(kernelSize)}`, `stride=${python(stride)}`];
    if (typeof padding === 'string' || padding.some((each) => each !== 0))
      parts.push(`padding=${typeof padding === 'string' ? padding : python(padding)}`);
    if (dilation.some((each) => each !== 1)) parts.push(`dilation=${python(dilation)}`);
    if (outputPadding.some((each) => each !== 0)) parts.push(`output_padding=${python(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return parts.join(', ');
  }
}

function checkConfig({ inChannels, outChannels, padding, stride, paddingMode = 'zeros', transposed }: Config, groups: number): void {
  if (!(groups > 0)) throw new ValueError('groups must be a positive integer');
  if (inChannels % groups !== 0) throw new ValueError('in_channels must be divisible by groups');
  if (outChannels % groups !== 0) throw new ValueError('out_channels must be divisible by groups');
  if (typeof padding === 'string') {
    if (padding !== 'same' && padding !== 'valid')
      throw new ValueError(`Invalid padding string '${padding}', should be one of {'valid', 'same'}`);
    if (padding === 'same' && [stride ?? 1].flat().some((each) => each !== 1))
      throw new ValueError("padding='same' is not supported for strided convolutions");
  }
  if (!['zeros', 'reflect', 'replicate', 'circular'].includes(paddingMode)) {
    throw new ValueError(
      `padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='${paddingMode}'`,
    );
  }
  if (transposed && paddingMode !== 'zeros') throw new ValueError('Only "zeros" padding mode is supported for ConvTranspose');
}

type Bound = [number, number, SizeN, SizeN?, (SizeN | string)?, SizeN?, number?, boolean?, PaddingMode?, ...PlaceArgs];
const parameters = 'inChannels, outChannels, kernelSize, stride?, padding?, dilation?, groups?, bias?, paddingMode?, device?, dtype?';

function bindConv(name: string, args: readonly unknown[]): Config {
  const [inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias, paddingMode, device, dtype] = bind<Bound>(
    name,
    parameters,
    args,
  );
  return {
    name,
    transposed: false,
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padding,
    dilation,
    groups,
    bias,
    paddingMode,
    place: { device, dtype },
  };
}

export type ConvArgs = [
  inChannels: number,
  outChannels: number,
  kernelSize: SizeN,
  ...Args<
    [stride: SizeN, padding: SizeN | 'same' | 'valid', dilation: SizeN, groups: number, bias: boolean, paddingMode: PaddingMode],
    ConvOptions
  >,
];

type Convolve = (
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: readonly number[],
  padding: readonly number[] | string,
  dilation: readonly number[],
  groups: number,
) => Tensor;

abstract class Conv extends ConvNd {
  protected convolve(input: Tensor, fn: Convolve): Tensor {
    const { weight, bias, stride, dilation, groups, paddingMode } = this;
    if (paddingMode === 'zeros') return fn(input, weight, bias, stride, this.padding, dilation, groups);
    const padded = F.pad(input, this.reversedPadding(), paddingMode);
    return fn(
      padded,
      weight,
      bias,
      stride,
      stride.map(() => 0),
      dilation,
      groups,
    );
  }

  abstract override forward(input: Tensor): Tensor;
}

/**
 * Convolves (N, C, L) or (C, L) with learned kernels, weight (O, C / groups, k): (N, O, L').
 * https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 * @example new nn.Conv1d(3, 8, 5)(torch.rand(1, 3, 20)).shape  // torch.Size([1, 8, 16])
 */
export class Conv1d extends Conv {
  constructor(...args: ConvArgs) {
    super(1, bindConv('Conv1d', args));
  }

  override forward(input: Tensor): Tensor {
    return this.convolve(input, F.conv1d as Convolve);
  }
}

/**
 * Convolves images (N, C, H, W) or (C, H, W) with learned kernels, weight (O, C / groups, kH, kW): (N, O, H', W').
 * https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 * @example new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 })(torch.rand(1, 3, 32, 32)).shape  // torch.Size([1, 8, 16, 16])
 */
export class Conv2d extends Conv {
  constructor(...args: ConvArgs) {
    super(2, bindConv('Conv2d', args));
  }

  override forward(input: Tensor): Tensor {
    return this.convolve(input, F.conv2d as Convolve);
  }
}

/**
 * Convolves volumes (N, C, D, H, W) or (C, D, H, W) with learned kernels, weight (O, C / groups, kD, kH, kW): (N, O, D', H', W').
 * https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 * @example new nn.Conv3d(1, 4, 3)(torch.rand(1, 1, 5, 6, 7)).shape  // torch.Size([1, 4, 3, 4, 5])
 */
export class Conv3d extends Conv {
  constructor(...args: ConvArgs) {
    super(3, bindConv('Conv3d', args));
  }

  override forward(input: Tensor): Tensor {
    return this.convolve(input, F.conv3d as Convolve);
  }
}

type TransposedBound = [number, number, SizeN, SizeN?, SizeN?, SizeN?, number?, boolean?, SizeN?, PaddingMode?, ...PlaceArgs];
const transposedParameters =
  'inChannels, outChannels, kernelSize, stride?, padding?, outputPadding?, groups?, bias?, dilation?, paddingMode?, device?, dtype?';

function bindTransposed(name: string, args: readonly unknown[]): Config {
  const [inChannels, outChannels, kernelSize, stride, padding, outputPadding, groups, bias, dilation, paddingMode, device, dtype] =
    bind<TransposedBound>(name, transposedParameters, args);
  return {
    name,
    transposed: true,
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padding,
    outputPadding,
    dilation,
    groups,
    bias,
    paddingMode,
    place: { device, dtype },
  };
}

export type ConvTransposeArgs = [
  inChannels: number,
  outChannels: number,
  kernelSize: SizeN,
  ...Args<
    [stride: SizeN, padding: SizeN, outputPadding: SizeN, groups: number, bias: boolean, dilation: SizeN, paddingMode: 'zeros'],
    ConvTransposeOptions
  >,
];

type ConvolveTransposed = (
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: readonly number[],
  padding: readonly number[],
  outputPadding: readonly number[],
  groups: number,
  dilation: readonly number[],
) => Tensor;

abstract class ConvTranspose extends ConvNd {
  protected convolve(input: Tensor, args: OutputSizeArgs, fn: ConvolveTransposed): Tensor {
    const { weight, bias, stride, groups, dilation } = this;
    return fn(input, weight, bias, stride, this.padding as readonly number[], this.paddingFor(input, outputSizeOf(args)), groups, dilation);
  }

  /** The output padding with which the output gets `outputSize`. */
  private paddingFor(input: Tensor, outputSize: readonly number[] | null): readonly number[] {
    if (outputSize === null) return this.outputPadding;
    const n = this.spatialDims;
    const full = input.ndim;
    if (outputSize.length !== n && outputSize.length !== full)
      throw new ValueError(
        `ConvTranspose${n}D: for ${input.ndim}D input, output_size must have ${n} or ${full} elements (got ${outputSize.length})`,
      );
    const [wanted, spatial] = [outputSize.slice(-n), input.sizes.slice(-n)];
    const least = spatial.map(
      (size, d) =>
        (size - 1) * this.stride[d] - 2 * (this.padding as readonly number[])[d] + this.dilation[d] * (this.kernelSize[d] - 1) + 1,
    );
    const most = least.map((size, d) => size + this.stride[d] - 1);
    const shown = (sizes: readonly number[]): string => `[${sizes.join(', ')}]`;
    if (wanted.some((size, d) => size < least[d] || size > most[d]))
      throw new ValueError(
        `requested an output size of ${shown(wanted)}, but valid sizes range from ${shown(least)} to ${shown(most)} (for an input of torch.Size(${shown(spatial)}))`,
      );
    return wanted.map((size, d) => size - least[d]);
  }

  abstract override forward(input: Tensor, ...args: OutputSizeArgs): Tensor;
}

/**
 * The transpose of `Conv1d`: (N, C, L) to its longer input, often used to upsample.
 * https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 * @example new nn.ConvTranspose1d(3, 8, 5)(torch.rand(1, 3, 16)).shape  // torch.Size([1, 8, 20])
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(...args: ConvTransposeArgs) {
    super(1, bindTransposed('ConvTranspose1d', args));
  }

  override forward(input: Tensor, ...args: OutputSizeArgs): Tensor {
    return this.convolve(input, args, F.convTranspose1d as ConvolveTransposed);
  }
}

/**
 * The transpose of `Conv2d`: (N, C, H, W) to its larger input, often used to upsample.
 * https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 * @example new nn.ConvTranspose2d(8, 3, 2, { stride: 2 })(torch.rand(1, 8, 16, 16)).shape  // torch.Size([1, 3, 32, 32])
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(...args: ConvTransposeArgs) {
    super(2, bindTransposed('ConvTranspose2d', args));
  }

  override forward(input: Tensor, ...args: OutputSizeArgs): Tensor {
    return this.convolve(input, args, F.convTranspose2d as ConvolveTransposed);
  }
}

/**
 * The transpose of `Conv3d`: (N, C, D, H, W) to its larger input, often used to upsample.
 * https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 * @example new nn.ConvTranspose3d(4, 1, 3)(torch.rand(1, 4, 3, 4, 5)).shape  // torch.Size([1, 1, 5, 6, 7])
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(...args: ConvTransposeArgs) {
    super(3, bindTransposed('ConvTranspose3d', args));
  }

  override forward(input: Tensor, ...args: OutputSizeArgs): Tensor {
    return this.convolve(input, args, F.convTranspose3d as ConvolveTransposed);
  }
}
