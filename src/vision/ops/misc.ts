/** Layers that many models share. https://pytorch.org/vision/stable/ops.html#layers */
import * as torch from '../../index.js';
import { bind, type Call, pythonFloat } from '../arguments.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** A module that maps one tensor to another. */
export type Layer = torch.nn.Module & { forward(input: Tensor): Tensor };

/** Makes a layer: a class, or a function such as `(channels) => new nn.BatchNorm2d(channels, { eps: 1e-3 })`. */
export type LayerMaker<A extends unknown[]> = (new (...args: A) => Layer) | ((...args: A) => Layer);
export type NormLayer = LayerMaker<[channels: number]>;
export type ActivationLayer = LayerMaker<[options?: { inplace?: boolean }]>;

const isClass = <A extends unknown[]>(maker: LayerMaker<A>): maker is new (...args: A) => Layer => maker.prototype instanceof nn.Module;
export const makeLayer = <A extends unknown[]>(maker: LayerMaker<A>, ...args: A): Layer =>
  isClass(maker) ? new maker(...args) : maker(...args);

const inplaceOptions = (inplace: boolean | null): [{ inplace: boolean }?] => (inplace === null ? [] : [{ inplace }]);

type Size = number | readonly number[];

export interface ConvNormActivationOptions {
  kernelSize?: Size;
  stride?: Size;
  /** By default what keeps the size at stride 1. */
  padding?: Size | 'same' | 'valid' | null;
  groups?: number;
  normLayer?: NormLayer | null;
  activationLayer?: ActivationLayer | null;
  dilation?: Size;
  inplace?: boolean | null;
  /** By default there is a bias where there is no norm. */
  bias?: boolean | null;
}

function samePadding(kernelSize: Size, dilation: Size): Size {
  if (typeof kernelSize === 'number' && typeof dilation === 'number') return Math.floor((kernelSize - 1) / 2) * dilation;
  const dims = typeof kernelSize === 'number' ? (dilation as readonly number[]).length : kernelSize.length;
  const at = (size: Size, i: number) => (typeof size === 'number' ? size : size[i]);
  return Array.from({ length: dims }, (_, i) => Math.floor((at(kernelSize, i) - 1) / 2) * at(dilation, i));
}

type Conv = new (
  inChannels: number,
  outChannels: number,
  kernelSize: Size,
  options: { stride: Size; padding: Size | 'same' | 'valid'; dilation: Size; groups: number; bias: boolean },
) => Layer;

abstract class ConvNormActivation extends nn.Sequential {
  constructor(
    conv: Conv,
    inChannels: number,
    readonly outChannels: number,
    options: ConvNormActivationOptions & { normLayer: NormLayer | null },
  ) {
    const { kernelSize = 3, stride = 1, padding, groups = 1, normLayer, dilation = 1, inplace = true, bias } = options;
    const { activationLayer = nn.ReLU } = options;
    const layers: Layer[] = [
      new conv(inChannels, outChannels, kernelSize, {
        stride,
        padding: padding ?? samePadding(kernelSize, dilation),
        dilation,
        groups,
        bias: bias ?? normLayer === null,
      }),
    ];
    if (normLayer) layers.push(makeLayer(normLayer, outChannels));
    if (activationLayer) layers.push(makeLayer(activationLayer, ...inplaceOptions(inplace)));
    super(...layers);
  }
}

interface Channels {
  inChannels: number;
  outChannels: number;
}
type ConvNormArgs = Call<
  [inChannels: number, outChannels: number],
  [
    kernelSize: Size,
    stride: Size,
    padding: Size | 'same' | 'valid' | null,
    groups: number,
    normLayer: NormLayer | null,
    activationLayer: ActivationLayer | null,
    dilation: Size,
    inplace: boolean | null,
    bias: boolean | null,
  ],
  ConvNormActivationOptions & Channels
>;

function bindConv(name: string, args: ConvNormArgs): ConvNormActivationOptions & Channels {
  const names = 'inChannels!, outChannels!, kernelSize, stride, padding, groups, normLayer, activationLayer, dilation, inplace, bias';
  return bind<ConvNormActivationOptions & Channels>(name, names, args);
}

/**
 * Convolution, norm, activation on (N, C, H, W). https://pytorch.org/vision/stable/generated/torchvision.ops.Conv2dNormActivation.html
 * @example new vision.ops.Conv2dNormActivation(3, 8)(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 8, 8, 8])
 */
export class Conv2dNormActivation extends ConvNormActivation {
  constructor(...args: ConvNormArgs) {
    const { inChannels, outChannels, normLayer = nn.BatchNorm2d, ...options } = bindConv('Conv2dNormActivation', args);
    super(nn.Conv2d, inChannels, outChannels, { normLayer, ...options });
  }
}

/**
 * Convolution, norm, activation on (N, C, D, H, W). https://pytorch.org/vision/stable/generated/torchvision.ops.Conv3dNormActivation.html
 * @example new vision.ops.Conv3dNormActivation(3, 8)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 8, 4, 4, 4])
 */
export class Conv3dNormActivation extends ConvNormActivation {
  constructor(...args: ConvNormArgs) {
    const { inChannels, outChannels, normLayer = nn.BatchNorm3d, ...options } = bindConv('Conv3dNormActivation', args);
    super(nn.Conv3d, inChannels, outChannels, { normLayer, ...options });
  }
}

export interface SqueezeExcitationOptions {
  activation?: ActivationLayer;
  scaleActivation?: ActivationLayer;
}

interface SqueezeExcitationArguments extends SqueezeExcitationOptions {
  inputChannels: number;
  squeezeChannels: number;
}

/**
 * Scales every channel by what a small network makes of the channel means.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.SqueezeExcitation.html
 * @example new vision.ops.SqueezeExcitation(8, 2)(torch.rand(1, 8, 4, 4)).shape  // torch.Size([1, 8, 4, 4])
 */
export class SqueezeExcitation extends nn.Module {
  avgpool = new nn.AdaptiveAvgPool2d(1);
  fc1: torch.nn.Conv2d;
  fc2: torch.nn.Conv2d;
  activation: Layer;
  scaleActivation: Layer;

  constructor(
    ...args: Call<
      [inputChannels: number, squeezeChannels: number],
      [activation: ActivationLayer, scaleActivation: ActivationLayer],
      SqueezeExcitationArguments
    >
  ) {
    super();
    const names = 'inputChannels!, squeezeChannels!, activation, scaleActivation';
    const { inputChannels, squeezeChannels, ...options } = bind<SqueezeExcitationArguments>('SqueezeExcitation', names, args);
    this.fc1 = new nn.Conv2d(inputChannels, squeezeChannels, 1);
    this.fc2 = new nn.Conv2d(squeezeChannels, inputChannels, 1);
    this.activation = makeLayer(options.activation ?? nn.ReLU);
    this.scaleActivation = makeLayer(options.scaleActivation ?? nn.Sigmoid);
  }

  override forward(input: Tensor): Tensor {
    const hidden = this.activation(this.fc1(this.avgpool(input)));
    return this.scaleActivation(this.fc2(hidden)).mul(input);
  }
}

export interface MLPOptions {
  normLayer?: NormLayer | null;
  activationLayer?: ActivationLayer;
  inplace?: boolean | null;
  bias?: boolean;
  dropout?: number;
}

interface MLPArguments extends MLPOptions {
  inChannels: number;
  hiddenChannels: readonly number[];
}

/**
 * Linear layers with activations and dropout between them. https://pytorch.org/vision/stable/generated/torchvision.ops.MLP.html
 * @example new vision.ops.MLP(4, [8, 2])(torch.rand(5, 4)).shape  // torch.Size([5, 2])
 */
export class MLP extends nn.Sequential {
  constructor(
    ...args: Call<
      [inChannels: number, hiddenChannels: readonly number[]],
      [normLayer: NormLayer | null, activationLayer: ActivationLayer, inplace: boolean | null, bias: boolean, dropout: number],
      MLPArguments
    >
  ) {
    const names = 'inChannels!, hiddenChannels!, normLayer, activationLayer, inplace, bias, dropout';
    const { inChannels, hiddenChannels, ...options } = bind<MLPArguments>('MLP', names, args);
    const { normLayer = null, activationLayer = nn.ReLU, inplace = null, bias = true, dropout = 0 } = options;
    const given = inplaceOptions(inplace);
    const layers: Layer[] = [];
    for (const [i, channels] of hiddenChannels.entries()) {
      layers.push(new nn.Linear(i === 0 ? inChannels : hiddenChannels[i - 1], channels, { bias }));
      if (i < hiddenChannels.length - 1) {
        if (normLayer) layers.push(makeLayer(normLayer, channels));
        layers.push(makeLayer(activationLayer, ...given));
      }
      layers.push(new nn.Dropout(dropout, ...given));
    }
    super(...layers);
  }
}

/**
 * The dims in another order, as a module. https://pytorch.org/vision/stable/generated/torchvision.ops.Permute.html
 * @example new vision.ops.Permute([0, 2, 1])(torch.rand(2, 3, 4)).shape  // torch.Size([2, 4, 3])
 */
export class Permute extends nn.Module {
  readonly dims: readonly number[];

  constructor(...args: Call<[dims: readonly number[]], [], { dims: readonly number[] }>) {
    super();
    this.dims = bind<{ dims: readonly number[] }>('Permute', 'dims!', args).dims;
  }

  override forward(input: Tensor): Tensor {
    return input.permute(this.dims);
  }
}

/**
 * Batch norm whose statistics and parameters stay as they are.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.FrozenBatchNorm2d.html
 * @example new vision.ops.FrozenBatchNorm2d(3)(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 3, 4, 4])
 */
export class FrozenBatchNorm2d extends nn.Module {
  weight: torch.nn.Buffer;
  bias: torch.nn.Buffer;
  runningMean: torch.nn.Buffer;
  runningVar: torch.nn.Buffer;
  eps: number;

  constructor(...args: Call<[numFeatures: number], [eps: number], { numFeatures: number; eps?: number }>) {
    super();
    const { numFeatures, eps = 1e-5 } = bind<{ numFeatures: number; eps?: number }>('FrozenBatchNorm2d', 'numFeatures!, eps', args);
    this.eps = eps;
    this.weight = new nn.Buffer(torch.ones(numFeatures));
    this.bias = new nn.Buffer(torch.zeros(numFeatures));
    this.runningMean = new nn.Buffer(torch.zeros(numFeatures));
    this.runningVar = new nn.Buffer(torch.ones(numFeatures));
  }

  override forward(input: Tensor): Tensor {
    const scale = this.weight.mul(this.runningVar.add(this.eps).rsqrt());
    const shift = this.bias.sub(this.runningMean.mul(scale));
    return input.mul(scale.reshape(1, -1, 1, 1)).add(shift.reshape(1, -1, 1, 1));
  }

  override toString(): string {
    return `FrozenBatchNorm2d(${this.weight.shape[0]}, eps=${pythonFloat(this.eps)})`;
  }
}

interface DepthOptions {
  p: number;
  mode: 'batch' | 'row';
}

/**
 * Drops whole samples ('row') or the whole batch with probability p, and scales what stays by 1 / (1 − p).
 * https://pytorch.org/vision/stable/generated/torchvision.ops.stochastic_depth.html
 * @example
 * vision.ops.stochasticDepth(torch.ones(2, 1), 0.5, 'row', false)
 * // tensor([[1.],
 * //         [1.]])
 */
export function stochasticDepth(
  input: Tensor,
  ...args: Call<[p: number, mode: 'batch' | 'row'], [training: boolean], DepthOptions & { training?: boolean }>
): Tensor {
  const { p, mode, training = true } = bind<DepthOptions & { training?: boolean }>('stochastic_depth', 'p!, mode!, training', args);
  if (!(p >= 0 && p <= 1)) throw new Error(`drop probability has to be between 0 and 1, but got ${p}`);
  if (mode !== 'batch' && mode !== 'row') throw new Error(`mode has to be either 'batch' or 'row', but got ${String(mode)}`);
  if (!training || p === 0) return input;
  const size = input.shape.map((n, i) => (i === 0 && mode === 'row' ? n : 1));
  const noise = torch.empty(size, { dtype: input.dtype, device: input.device }).bernoulli_(1 - p);
  return input.mul(p < 1 ? noise.div(1 - p) : noise);
}

/**
 * Leaves out whole examples or batches in training (Huang et al., 2016): `stochasticDepth` as a module.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.StochasticDepth.html
 * @example
 * new vision.ops.StochasticDepth(0.5, 'row').eval()(torch.ones(2, 1))
 * // tensor([[1.],
 * //         [1.]])
 */
export class StochasticDepth extends nn.Module {
  readonly p: number;
  readonly mode: 'batch' | 'row';

  constructor(...args: Call<[p: number, mode: 'batch' | 'row'], [], DepthOptions>) {
    super();
    const { p, mode } = bind<DepthOptions>('StochasticDepth', 'p!, mode!', args);
    [this.p, this.mode] = [p, mode];
  }

  override forward(input: Tensor): Tensor {
    return stochasticDepth(input, this.p, this.mode, this.training);
  }

  override toString(): string {
    return `StochasticDepth(p=${pythonFloat(this.p)}, mode=${this.mode})`;
  }
}
