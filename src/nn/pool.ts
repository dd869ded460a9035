/** Pooling. https://pytorch.org/docs/stable/nn.html#pooling-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, python, type SizeN } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';

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

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html */
export class MaxPool1d extends MaxPool {
  override forward(input: Tensor): Tensor {
    return F.maxPool1d(input, this.kernelSize, this.options()) as Tensor;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html */
export class MaxPool2d extends MaxPool {
  override forward(input: Tensor): Tensor {
    return F.maxPool2d(input, this.kernelSize, this.options()) as Tensor;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html */
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

  abstract override forward(input: Tensor, indices: Tensor, outputSize?: readonly number[] | null): Tensor;

  override extraRepr(): string {
    return `kernel_size=${python(this.kernelSize)}, stride=${python(this.stride)}, padding=${python(this.padding)}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html */
export class MaxUnpool1d extends MaxUnpool {
  override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return F.maxUnpool1d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html */
export class MaxUnpool2d extends MaxUnpool {
  override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return F.maxUnpool2d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html */
export class MaxUnpool3d extends MaxUnpool {
  override forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return F.maxUnpool3d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
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

/** https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html */
export class AvgPool1d extends AvgPool {
  override forward(input: Tensor): Tensor {
    return F.avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }

  override extraRepr(): string {
    const one = (size: SizeN) => python(typeof size === 'number' ? [size] : size);
    return `kernel_size=${one(this.kernelSize)}, stride=${one(this.stride)}, padding=${one(this.padding)}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html */
export class AvgPool2d extends AvgPool {
  override forward(input: Tensor): Tensor {
    return F.avgPool2d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad, this.divisorOverride);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html */
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

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool1d(input, this.outputSize as never);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool2d(input, this.outputSize as never);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html */
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

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html */
export class AdaptiveMaxPool1d extends AdaptiveMaxPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveMaxPool1d(input, this.outputSize as never, this.returnIndices) as Tensor;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html */
export class AdaptiveMaxPool2d extends AdaptiveMaxPool {
  override forward(input: Tensor): Tensor {
    return F.adaptiveMaxPool2d(input, this.outputSize as never, this.returnIndices) as Tensor;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html */
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
      throw new Error(
        `FractionalMaxPool requires specifying either an output size, or a pooling ratio${outputSize === null ? '' : ', not both'}`,
      );
    }
    [this.kernelSize, this.outputSize, this.outputRatio, this.returnIndices] = [kernelSize, outputSize, outputRatio, returnIndices];
    this._randomSamples = samples ? new Buffer(samples) : null;
  }

  protected options() {
    const { outputSize, outputRatio, returnIndices } = this;
    return { outputSize, outputRatio, returnIndices, _randomSamples: this._randomSamples };
  }

  abstract override forward(input: Tensor): Tensor;
}

/** https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html */
export class FractionalMaxPool2d extends FractionalMaxPool {
  override forward(input: Tensor): Tensor {
    return F.fractionalMaxPool2d(input, this.kernelSize, this.options() as never) as Tensor;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html */
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

/** https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html */
export class LPPool1d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html */
export class LPPool2d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html */
export class LPPool3d extends LPPool {
  override forward(input: Tensor): Tensor {
    return F.lpPool3d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}
