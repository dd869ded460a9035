/** Pooling. https://pytorch.org/docs/stable/nn.html#pooling-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, ntuple, python, type SizeN, type OutputSizeArgs, outputSizeOf } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';
import { ValueError } from '../tensor/errors.js';

export interface MaxPoolOptions {
  stride?: SizeN | null;
  padding?: SizeN;
  dilation?: SizeN;
  returnIndices?: boolean;
  ceilMode?: boolean;
}

export type MaxPoolArgs = [
  kernelSize: SizeN,
  ...Args<[stride: SizeN | null, padding: SizeN, dilation: SizeN, returnIndices: boolean, ceilMode: boolean], MaxPoolOptions>,
];

/** The largest value of every window; with `returnIndices`, [values, indices]. */
abstract class MaxPool extends Module {
  readonly kernelSize: SizeN;
  readonly stride: SizeN;
  readonly padding: SizeN;
  readonly dilation: SizeN;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  constructor(...args: MaxPoolArgs) {
    super();
    const [kernelSize, stride, padding = 0, dilation = 1, returnIndices = false, ceilMode = false] = bind<
      [SizeN, (SizeN | null)?, SizeN?, SizeN?, boolean?, boolean?]
    >('MaxPool', 'kernelSize, stride?, padding?, dilation?, returnIndices?, ceilMode?', args);
    [this.kernelSize, this.stride, this.padding, this.dilation, this.returnIndices, this.ceilMode] = [
      kernelSize,
      stride ?? kernelSize,
      padding,
      dilation,
      returnIndices,
      ceilMode,
    ];
  }

  protected options() {
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    return { stride, padding, dilation, ceilMode, returnIndices };
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `kernel_size=${python(kernelSize)}, stride=${python(stride)}, padding=${python(padding)}, dilation=${python(dilation)}, ceil_mode=${python(ceilMode)}`;
  }
}

/**
 * The largest element of every window of (N, C, L) or (C, L). https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 * @example new nn.MaxPool1d(2)(torch.tensor([[1.5, 4, 3, 2]]))  // tensor([[4., 3.]])
 */
export class MaxPool1d extends MaxPool {
  override forward(input: Tensor): Tensor {
    return F.maxPool1d(input, this.kernelSize, this.options()) as Tensor;
  }
}

/**
 * The largest element of every window of (N, C, H, W) or (C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 * @example new nn.MaxPool2d(3, { stride: 2, padding: 1 })(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 3, 4, 4])
 */
export class MaxPool2d extends MaxPool {
  override forward(input: Tensor): Tensor {
    return F.maxPool2d(input, this.kernelSize, this.options()) as Tensor;
  }
}

/**
 * The largest element of every window of (N, C, D, H, W) or (C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 * @example new nn.MaxPool3d(2)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export class MaxPool3d extends MaxPool {
  override forward(input: Tensor): Tensor {
    return F.maxPool3d(input, this.kernelSize, this.options()) as Tensor;
  }
}

abstract class MaxUnpool extends Module {
  readonly kernelSize: SizeN;
  readonly stride: SizeN;
  readonly padding: SizeN;

  constructor(...args: [kernelSize: SizeN, ...Args<[stride: SizeN | null, padding: SizeN], { stride?: SizeN | null; padding?: SizeN }>]) {
    super();
    const [kernelSize, stride, padding = 0] = bind<[SizeN, (SizeN | null)?, SizeN?]>('MaxUnpool', 'kernelSize, stride?, padding?', args);
    [this.kernelSize, this.stride, this.padding] = [kernelSize, stride ?? kernelSize, padding];
  }

  abstract override forward(input: Tensor, indices: Tensor, ...args: OutputSizeArgs): Tensor;
  protected abstract get dims(): number;

  override extraRepr(): string {
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding].map((each) => python(ntuple(each, this.dims)));
    return `kernel_size=${kernel}, stride=${stride}, padding=${padding}`;
  }
}

/**
 * Puts maxima back to where `MaxPool1d` found them, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 * @example
 * const [values, indices] = F.maxPool1dWithIndices(torch.tensor([[1.5, 4, 3, 2]]), 2);
 * new nn.MaxUnpool1d(2)(values, indices)  // tensor([[0., 4., 3., 0.]])
 */
export class MaxUnpool1d extends MaxUnpool {
  protected override get dims(): number {
    return 1;
  }
  override forward(input: Tensor, indices: Tensor, ...args: OutputSizeArgs): Tensor {
    return F.maxUnpool1d(input, indices, this.kernelSize, this.stride, this.padding, outputSizeOf(args));
  }
}

/**
 * Puts maxima back to where `MaxPool2d` found them, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 * @example
 * const [values, indices] = F.maxPool2dWithIndices(torch.rand(1, 3, 8, 8), 2);
 * new nn.MaxUnpool2d(2)(values, indices).shape  // torch.Size([1, 3, 8, 8])
 */
export class MaxUnpool2d extends MaxUnpool {
  protected override get dims(): number {
    return 2;
  }
  override forward(input: Tensor, indices: Tensor, ...args: OutputSizeArgs): Tensor {
    return F.maxUnpool2d(input, indices, this.kernelSize, this.stride, this.padding, outputSizeOf(args));
  }
}

/**
 * Puts maxima back to where `MaxPool3d` found them, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 * @example
 * const [values, indices] = F.maxPool3dWithIndices(torch.rand(1, 3, 4, 4, 4), 2);
 * new nn.MaxUnpool3d(2)(values, indices).shape  // torch.Size([1, 3, 4, 4, 4])
 */
export class MaxUnpool3d extends MaxUnpool {
  protected override get dims(): number {
    return 3;
  }
  override forward(input: Tensor, indices: Tensor, ...args: OutputSizeArgs): Tensor {
    return F.maxUnpool3d(input, indices, this.kernelSize, this.stride, this.padding, outputSizeOf(args));
  }
}

export interface AvgPoolOptions {
  stride?: SizeN | null;
  padding?: SizeN;
  ceilMode?: boolean;
  countIncludePad?: boolean;
  divisorOverride?: number | null;
}

export type AvgPoolArgs = [
  kernelSize: SizeN,
  ...Args<
    [stride: SizeN | null, padding: SizeN, ceilMode: boolean, countIncludePad: boolean, divisorOverride: number | null],
    AvgPoolOptions
  >,
];

abstract class AvgPool extends Module {
  readonly kernelSize: SizeN;
  readonly stride: SizeN;
  readonly padding: SizeN;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(...args: AvgPoolArgs) {
    super();
    const [kernelSize, stride, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null] = bind<
      [SizeN, (SizeN | null)?, SizeN?, boolean?, boolean?, (number | null)?]
    >('AvgPool', 'kernelSize, stride?, padding?, ceilMode?, countIncludePad?, divisorOverride?', args);
    [this.kernelSize, this.stride, this.padding] = [kernelSize, stride ?? kernelSize, padding];
    [this.ceilMode, this.countIncludePad, this.divisorOverride] = [ceilMode, countIncludePad, divisorOverride];
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `kernel_size=${python(this.kernelSize)}, stride=${python(this.stride)}, padding=${python(this.padding)}`;
  }
}

/**
 * The mean of every window of (N, C, L) or (C, L). https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 * @example new nn.AvgPool1d(2)(torch.tensor([[1.5, 4, 3, 2]]))  // tensor([[2.7500, 2.5000]])
 */
export class AvgPool1d extends AvgPool {
  override forward(input: Tensor): Tensor {
    return F.avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }

  override extraRepr(): string {
    const one = (size: SizeN) => python(typeof size === 'number' ? [size] : size);
    return `kernel_size=${one(this.kernelSize)}, stride=${one(this.stride)}, padding=${one(this.padding)}`;
  }
}

/**
 * The mean of every window of (N, C, H, W) or (C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 * @example new nn.AvgPool2d(2)(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 3, 4, 4])
 */
export class AvgPool2d extends AvgPool {
  override forward(input: Tensor): Tensor {
    return F.avgPool2d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad, this.divisorOverride);
  }
}

/**
 * The mean of every window of (N, C, D, H, W) or (C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 * @example new nn.AvgPool3d(2)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export class AvgPool3d extends AvgPool {
  override forward(input: Tensor): Tensor {
    return F.avgPool3d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad, this.divisorOverride);
  }
}

type OutputSize = number | null | readonly (number | null)[];

abstract class AdaptiveAvgPool extends Module {
  readonly outputSize: OutputSize;

  constructor(...args: [outputSize: OutputSize]) {
    super();
    [this.outputSize] = bind<[OutputSize]>('AdaptiveAvgPool', 'outputSize', args);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `output_size=${python(this.outputSize)}`;
  }
}

/**
 * The means of windows of (N, C, L) that make up `outputSize`. https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 * @example new nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.5, 4, 3, 2]]))  // tensor([[2.7500, 2.5000]])
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool1d(input, this.outputSize as never);
  }
}

/**
 * The means of windows of (N, C, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 * @example new nn.AdaptiveAvgPool2d([5, null])(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 3, 5, 8])
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool2d(input, this.outputSize as never);
  }
}

/**
 * The means of windows of (N, C, D, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 * @example new nn.AdaptiveAvgPool3d(2)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool3d(input, this.outputSize as never);
  }
}

abstract class AdaptiveMaxPool extends Module {
  readonly outputSize: OutputSize;
  readonly returnIndices: boolean;

  constructor(...args: [outputSize: OutputSize, ...Args<[returnIndices: boolean], { returnIndices?: boolean }>]) {
    super();
    [this.outputSize, this.returnIndices = false] = bind<[OutputSize, boolean?]>('AdaptiveMaxPool', 'outputSize, returnIndices?', args);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `output_size=${python(this.outputSize)}`;
  }
}

/**
 * The maxima of windows of (N, C, L) that make up `outputSize`. https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 * @example new nn.AdaptiveMaxPool1d(2)(torch.tensor([[1.5, 4, 3, 2]]))  // tensor([[4., 3.]])
 */
export class AdaptiveMaxPool1d extends AdaptiveMaxPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveMaxPool1d(input, this.outputSize as never, this.returnIndices) as Tensor;
  }
}

/**
 * The maxima of windows of (N, C, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 * @example new nn.AdaptiveMaxPool2d(5)(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 3, 5, 5])
 */
export class AdaptiveMaxPool2d extends AdaptiveMaxPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveMaxPool2d(input, this.outputSize as never, this.returnIndices) as Tensor;
  }
}

/**
 * The maxima of windows of (N, C, D, H, W) that make up `outputSize`, of which null keeps a size.
 * https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 * @example new nn.AdaptiveMaxPool3d(2)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export class AdaptiveMaxPool3d extends AdaptiveMaxPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveMaxPool3d(input, this.outputSize as never, this.returnIndices) as Tensor;
  }
}

export interface FractionalOptions {
  outputSize?: SizeN | null;
  outputRatio?: SizeN | null;
  returnIndices?: boolean;
  _randomSamples?: Tensor | null;
}

abstract class FractionalMaxPool extends Module {
  readonly kernelSize: SizeN;
  readonly outputSize: SizeN | null;
  readonly outputRatio: SizeN | null;
  readonly returnIndices: boolean;
  /** The random shifts, where they are given. */
  readonly _randomSamples: Buffer | null;

  constructor(
    ...args: [kernelSize: SizeN, ...Args<[outputSize: SizeN | null, outputRatio: SizeN | null, returnIndices: boolean], FractionalOptions>]
  ) {
    super();
    const [kernelSize, outputSize = null, outputRatio = null, returnIndices = false, samples = null] = bind<
      [SizeN, (SizeN | null)?, (SizeN | null)?, boolean?, (Tensor | null)?]
    >('FractionalMaxPool', 'kernelSize, outputSize?, outputRatio?, returnIndices?, _randomSamples?', args);
    if ((outputSize === null) === (outputRatio === null)) {
      throw new ValueError(
        outputSize === null
          ? `${this.constructor.name} requires specifying either an output size, or a pooling ratio`
          : 'only one of output_size and output_ratio may be specified',
      );
    }
    if (outputRatio !== null && [outputRatio].flat().some((ratio) => !(ratio > 0 && ratio < 1)))
      throw new ValueError(`output_ratio must be between 0 and 1 (got ${python(outputRatio)})`);
    [this.kernelSize, this.outputSize, this.outputRatio, this.returnIndices] = [kernelSize, outputSize, outputRatio, returnIndices];
    this._randomSamples = samples ? new Buffer(samples) : null;
  }

  protected options() {
    const { outputSize, outputRatio, returnIndices } = this;
    return { outputSize, outputRatio, returnIndices, _randomSamples: this._randomSamples };
  }

  abstract override forward(input: Tensor): Tensor;
}

/**
 * The largest elements of windows of (N, C, H, W) at pseudo-random steps (Graham, 2014).
 * https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
 * @example new nn.FractionalMaxPool2d(2, { outputSize: 5 })(torch.rand(1, 3, 8, 8)).shape  // torch.Size([1, 3, 5, 5])
 */
export class FractionalMaxPool2d extends FractionalMaxPool {
  override forward(input: Tensor): Tensor {
    return F.fractionalMaxPool2d(input, this.kernelSize, this.options() as never) as Tensor;
  }
}

/**
 * The largest elements of windows of (N, C, D, H, W) at pseudo-random steps (Graham, 2014).
 * https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
 * @example new nn.FractionalMaxPool3d(2, { outputRatio: 0.5 })(torch.rand(1, 3, 8, 8, 8)).shape  // torch.Size([1, 3, 4, 4, 4])
 */
export class FractionalMaxPool3d extends FractionalMaxPool {
  override forward(input: Tensor): Tensor {
    return F.fractionalMaxPool3d(input, this.kernelSize, this.options() as never) as Tensor;
  }
}

abstract class LPPool extends Module {
  readonly normType: number;
  readonly kernelSize: SizeN;
  readonly stride: SizeN | null;
  readonly ceilMode: boolean;

  constructor(
    ...args: [
      normType: number,
      kernelSize: SizeN,
      ...Args<[stride: SizeN | null, ceilMode: boolean], { stride?: SizeN | null; ceilMode?: boolean }>,
    ]
  ) {
    super();
    [this.normType, this.kernelSize, this.stride = null, this.ceilMode = false] = bind<[number, SizeN, (SizeN | null)?, boolean?]>(
      'LPPool',
      'normType, kernelSize, stride?, ceilMode?',
      args,
    );
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `norm_type=${float(this.normType)}, kernel_size=${python(this.kernelSize)}, stride=${python(this.stride)}, ceil_mode=${python(this.ceilMode)}`;
  }
}

/**
 * (Σ x^p)^(1/p) over every window of (N, C, L). https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 * @example new nn.LPPool1d(2, 2)(torch.tensor([[3, 4, 6, 8]])).shape  // torch.Size([1, 2])
 */
export class LPPool1d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/**
 * (Σ x^p)^(1/p) over every window of (N, C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 * @example new nn.LPPool2d(2, 2)(torch.rand(1, 3, 4, 4)).shape  // torch.Size([1, 3, 2, 2])
 */
export class LPPool2d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/**
 * (Σ x^p)^(1/p) over every window of (N, C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
 * @example new nn.LPPool3d(2, 2)(torch.rand(1, 3, 4, 4, 4)).shape  // torch.Size([1, 3, 2, 2, 2])
 */
export class LPPool3d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool3d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}
