/** Padding. https://pytorch.org/docs/stable/nn.html#padding-layers */
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, ntuple, python, type SizeN } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';
type PadArgs = [padding: SizeN];

/** Pads both ends of the last dims; `padding` starts with the last dim. */
class Pad extends Module {
  readonly padding: readonly number[];

  constructor(
    spatialDims: number,
    private readonly mode: PadMode,
    args: readonly unknown[],
  ) {
    super();
    const [padding] = bind<[SizeN]>('Pad', 'padding', args);
    this.padding = ntuple(padding, 2 * spatialDims);
  }

  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, this.mode);
  }

  override extraRepr(): string {
    return python(this.padding);
  }
}

const padding = (spatialDims: number, mode: PadMode): new (...args: PadArgs) => Pad =>
  class extends Pad {
    constructor(...args: PadArgs) {
      super(spatialDims, mode, args);
    }
  };

type ConstantArgs = [padding: SizeN, value: number] | [padding: SizeN, { value: number }];

class ConstantPad extends Module {
  readonly padding: readonly number[];
  readonly value: number;

  constructor(spatialDims: number, args: readonly unknown[]) {
    super();
    const [padding, value] = bind<[SizeN, number]>('ConstantPad', 'padding, value', args);
    [this.padding, this.value] = [ntuple(padding, 2 * spatialDims), value];
  }

  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, 'constant', this.value);
  }

  override extraRepr(): string {
    return `padding=${python(this.padding)}, value=${float(this.value)}`;
  }
}

const constantPadding = (spatialDims: number): new (...args: ConstantArgs) => ConstantPad =>
  class extends ConstantPad {
    constructor(...args: ConstantArgs) {
      super(spatialDims, args);
    }
  };

/**
 * Pads (N, C, L) or (C, L) at both ends with a value. https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
 * @example new nn.ConstantPad1d(1, 9)(torch.tensor([[1, 2]]))  // tensor([[9, 1, 2, 9]])
 */
export class ConstantPad1d extends constantPadding(1) {}
/**
 * Pads (N, C, H, W) or (C, H, W) on all sides with a value. https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
 * @example new nn.ConstantPad2d([1, 0, 0, 0], 9)(torch.tensor([[[1, 2]]]))  // tensor([[[9, 1, 2]]])
 */
export class ConstantPad2d extends constantPadding(2) {}
/**
 * Pads (N, C, D, H, W) or (C, D, H, W) on all sides with a value. https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
 * @example new nn.ConstantPad3d(1, 9)(torch.ones(1, 2, 2, 2)).shape  // torch.Size([1, 4, 4, 4])
 */
export class ConstantPad3d extends constantPadding(3) {}
/**
 * Pads (N, C, L) or (C, L) at both ends with zeros. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
 * @example new nn.ZeroPad1d(1)(torch.tensor([[1, 2]]))  // tensor([[0, 1, 2, 0]])
 */
export class ZeroPad1d extends padding(1, 'constant') {}
/**
 * Pads (N, C, H, W) or (C, H, W) on all sides with zeros. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
 * @example new nn.ZeroPad2d([1, 0, 0, 0])(torch.tensor([[[1, 2]]]))  // tensor([[[0, 1, 2]]])
 */
export class ZeroPad2d extends padding(2, 'constant') {}
/**
 * Pads (N, C, D, H, W) or (C, D, H, W) on all sides with zeros. https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
 * @example new nn.ZeroPad3d(1)(torch.ones(1, 2, 2, 2)).shape  // torch.Size([1, 4, 4, 4])
 */
export class ZeroPad3d extends padding(3, 'constant') {}
/**
 * Pads (N, C, L) or (C, L) with its mirror image, without repeating the end.
 * https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
 * @example new nn.ReflectionPad1d(1)(torch.tensor([[1, 2, 3]]))  // tensor([[2, 1, 2, 3, 2]])
 */
export class ReflectionPad1d extends padding(1, 'reflect') {}
/**
 * Pads (N, C, H, W) or (C, H, W) with its mirror image, without repeating the border.
 * https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
 * @example new nn.ReflectionPad2d([1, 0, 0, 0])(torch.tensor([[[1, 2, 3]]]))  // tensor([[[2, 1, 2, 3]]])
 */
export class ReflectionPad2d extends padding(2, 'reflect') {}
/**
 * Pads (N, C, D, H, W) or (C, D, H, W) with its mirror image, without repeating the border.
 * https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
 * @example new nn.ReflectionPad3d(1)(torch.ones(1, 2, 2, 2)).shape  // torch.Size([1, 4, 4, 4])
 */
export class ReflectionPad3d extends padding(3, 'reflect') {}
/**
 * Pads (N, C, L) or (C, L) with its first and last elements. https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
 * @example new nn.ReplicationPad1d(1)(torch.tensor([[1, 2, 3]]))  // tensor([[1, 1, 2, 3, 3]])
 */
export class ReplicationPad1d extends padding(1, 'replicate') {}
/**
 * Pads (N, C, H, W) or (C, H, W) with its border. https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
 * @example new nn.ReplicationPad2d([1, 0, 0, 0])(torch.tensor([[[1, 2, 3]]]))  // tensor([[[1, 1, 2, 3]]])
 */
export class ReplicationPad2d extends padding(2, 'replicate') {}
/**
 * Pads (N, C, D, H, W) or (C, D, H, W) with its border. https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
 * @example new nn.ReplicationPad3d(1)(torch.ones(1, 2, 2, 2)).shape  // torch.Size([1, 4, 4, 4])
 */
export class ReplicationPad3d extends padding(3, 'replicate') {}
/**
 * Pads (N, C, L) or (C, L) with its other end. https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
 * @example new nn.CircularPad1d(1)(torch.tensor([[1, 2, 3]]))  // tensor([[3, 1, 2, 3, 1]])
 */
export class CircularPad1d extends padding(1, 'circular') {}
/**
 * Pads (N, C, H, W) or (C, H, W) with its other side. https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
 * @example new nn.CircularPad2d([1, 0, 0, 0])(torch.tensor([[[1, 2, 3]]]))  // tensor([[[3, 1, 2, 3]]])
 */
export class CircularPad2d extends padding(2, 'circular') {}
/**
 * Pads (N, C, D, H, W) or (C, D, H, W) with its other side. https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
 * @example new nn.CircularPad3d(1)(torch.ones(1, 2, 2, 2)).shape  // torch.Size([1, 4, 4, 4])
 */
export class CircularPad3d extends padding(3, 'circular') {}
