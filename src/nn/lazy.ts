/** Layers that find their input size in the first forward run. https://pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, type PlaceArgs, type SizeN } from './arguments.js';
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
} from './conv.js';
import { Linear, type LinearOptions } from './linear.js';
import type { Module } from './module.js';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './norm.js';
import { Parameter, UninitializedBuffer, UninitializedParameter } from './parameter.js';

type Sized = Record<string, unknown> & { resetParameters(): void };

/**
 * Replaces the fields whose shapes depend on the input by uninitialised ones, and gives them their shapes before the first forward run.
 * `shapes` are by field; `sizeField` receives the number of input features or channels. Then the module is one of the class `Eager`.
 */
function makeLazy(
  module: Module,
  Eager: { readonly prototype: object },
  sizeField: string,
  sizeOf: (input: Tensor) => number,
  shapes: (size: number) => Record<string, readonly number[]>,
): void {
  const fields = module as unknown as Sized;
  const names = Object.keys(shapes(0)).filter((name) => fields[name]);
  for (const name of names) fields[name] = fields[name] instanceof Parameter ? new UninitializedParameter() : new UninitializedBuffer();
  const handle = module.registerForwardPreHook((_, [input]) => {
    handle.remove();
    const size = sizeOf(input as Tensor);
    fields[sizeField] = size;
    const fresh = names.map((name) => fields[name] as UninitializedParameter).filter((each) => !each.initialized);
    names.forEach((name) => {
      const field = fields[name] as UninitializedParameter;
      if (!field.initialized) field.materialize(shapes(size)[name]);
    });
    if (fresh.length > 0) fields.resetParameters();
    Object.setPrototypeOf(module, Eager.prototype);
  });
}

const lastDim = (input: Tensor): number => input.sizes[input.ndim - 1];

/**
 * A `Linear` that takes `inFeatures` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html
 * @example new nn.LazyLinear(3)(torch.ones(1, 5)).shape  // torch.Size([1, 3])
 */
export class LazyLinear extends Linear {
  constructor(outFeatures: number, ...args: Args<[bias: boolean], LinearOptions>) {
    super(0, outFeatures, ...args);
    makeLazy(this, Linear, 'inFeatures', lastDim, (size) => ({ weight: [outFeatures, size], ...(this.bias && { bias: [outFeatures] }) }));
  }
}

type Convolution = Module & {
  outChannels: number;
  groups: number;
  kernelSize: readonly number[];
  bias: unknown;
  spatialDims: number;
  transposed: boolean;
};

function makeLazyConv(module: Convolution, Eager: { readonly prototype: object }): void {
  const { outChannels, groups, kernelSize, spatialDims, transposed } = module;
  const channels = (input: Tensor) => input.sizes[input.ndim - spatialDims - 1];
  const weight = (size: number) => (transposed ? [size, outChannels / groups, ...kernelSize] : [outChannels, size / groups, ...kernelSize]);
  makeLazy(module, Eager, 'inChannels', channels, (size) => ({ weight: weight(size), ...(module.bias ? { bias: [outChannels] } : {}) }));
}

type LazyConvArgs = [
  outChannels: number,
  kernelSize: SizeN,
  ...Args<[stride: SizeN, padding: SizeN | 'same' | 'valid', dilation: SizeN, groups: number], ConvOptions>,
];
type LazyTransposeArgs = [
  outChannels: number,
  kernelSize: SizeN,
  ...Args<[stride: SizeN, padding: SizeN, outputPadding: SizeN, groups: number], ConvTransposeOptions>,
];

/**
 * A `Conv1d` that takes `inChannels` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html
 * @example new nn.LazyConv1d(8, 3)(torch.ones(1, 2, 8)).shape  // torch.Size([1, 8, 6])
 */
export class LazyConv1d extends Conv1d {
  constructor(...args: LazyConvArgs) {
    super(0, ...args);
    makeLazyConv(this, Conv1d);
  }
}

/**
 * A `ConvTranspose1d` that takes `inChannels` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html
 * @example new nn.LazyConvTranspose1d(8, 3)(torch.ones(1, 2, 8)).shape  // torch.Size([1, 8, 10])
 */
export class LazyConvTranspose1d extends ConvTranspose1d {
  constructor(...args: LazyTransposeArgs) {
    super(0, ...args);
    makeLazyConv(this, ConvTranspose1d);
  }
}

/**
 * A `Conv2d` that takes `inChannels` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
 * @example new nn.LazyConv2d(8, 3)(torch.ones(1, 2, 8, 8)).shape  // torch.Size([1, 8, 6, 6])
 */
export class LazyConv2d extends Conv2d {
  constructor(...args: LazyConvArgs) {
    super(0, ...args);
    makeLazyConv(this, Conv2d);
  }
}

/**
 * A `ConvTranspose2d` that takes `inChannels` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html
 * @example new nn.LazyConvTranspose2d(8, 3)(torch.ones(1, 2, 8, 8)).shape  // torch.Size([1, 8, 10, 10])
 */
export class LazyConvTranspose2d extends ConvTranspose2d {
  constructor(...args: LazyTransposeArgs) {
    super(0, ...args);
    makeLazyConv(this, ConvTranspose2d);
  }
}

/**
 * A `Conv3d` that takes `inChannels` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html
 * @example new nn.LazyConv3d(8, 3)(torch.ones(1, 2, 4, 4, 4)).shape  // torch.Size([1, 8, 2, 2, 2])
 */
export class LazyConv3d extends Conv3d {
  constructor(...args: LazyConvArgs) {
    super(0, ...args);
    makeLazyConv(this, Conv3d);
  }
}

/**
 * A `ConvTranspose3d` that takes `inChannels` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html
 * @example new nn.LazyConvTranspose3d(8, 3)(torch.ones(1, 2, 4, 4, 4)).shape  // torch.Size([1, 8, 6, 6, 6])
 */
export class LazyConvTranspose3d extends ConvTranspose3d {
  constructor(...args: LazyTransposeArgs) {
    super(0, ...args);
    makeLazyConv(this, ConvTranspose3d);
  }
}

type LazyNormArgs = Args<[eps: number, momentum: number | null, affine: boolean, trackRunningStats: boolean], BatchNormOptions>;
/** Lazy instance norms too have weights and running statistics unless told otherwise. */
function lazyNormOptions(args: LazyNormArgs): BatchNormOptions {
  const [eps, momentum, affine = true, trackRunningStats = true, device, dtype, bias] = bind<
    [number?, (number | null)?, boolean?, boolean?, PlaceArgs[0]?, PlaceArgs[1]?, boolean?]
  >('LazyNorm', 'eps?, momentum?, affine?, trackRunningStats?, device?, dtype?, bias?', args);
  return { eps, momentum, affine, trackRunningStats, bias, device, dtype };
}

const channelsOf = (input: Tensor): number => input.sizes[1];
const perChannel = (size: number) => ({ weight: [size], bias: [size], runningMean: [size], runningVar: [size] });

/**
 * A `BatchNorm1d` that takes `numFeatures` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html
 * @example new nn.LazyBatchNorm1d()(torch.rand(4, 3)).shape  // torch.Size([4, 3])
 */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, BatchNorm1d, 'numFeatures', channelsOf, perChannel);
  }
}

/**
 * A `BatchNorm2d` that takes `numFeatures` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html
 * @example new nn.LazyBatchNorm2d()(torch.rand(4, 3, 2, 2)).shape  // torch.Size([4, 3, 2, 2])
 */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, BatchNorm2d, 'numFeatures', channelsOf, perChannel);
  }
}

/**
 * A `BatchNorm3d` that takes `numFeatures` from its first input. https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html
 * @example new nn.LazyBatchNorm3d()(torch.rand(4, 3, 2, 2, 2)).shape  // torch.Size([4, 3, 2, 2, 2])
 */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, BatchNorm3d, 'numFeatures', channelsOf, perChannel);
  }
}

/**
 * An `InstanceNorm1d` that takes `numFeatures` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html
 * @example new nn.LazyInstanceNorm1d()(torch.rand(4, 3, 2)).shape  // torch.Size([4, 3, 2])
 */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, InstanceNorm1d, 'numFeatures', channelsOf, perChannel);
  }
}

/**
 * An `InstanceNorm2d` that takes `numFeatures` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
 * @example new nn.LazyInstanceNorm2d()(torch.rand(4, 3, 2, 2)).shape  // torch.Size([4, 3, 2, 2])
 */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, InstanceNorm2d, 'numFeatures', channelsOf, perChannel);
  }
}

/**
 * An `InstanceNorm3d` that takes `numFeatures` from its first input.
 * https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html
 * @example new nn.LazyInstanceNorm3d()(torch.rand(4, 3, 2, 2, 2)).shape  // torch.Size([4, 3, 2, 2, 2])
 */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  constructor(...args: LazyNormArgs) {
    super(0, lazyNormOptions(args));
    makeLazy(this, InstanceNorm3d, 'numFeatures', channelsOf, perChannel);
  }
}
