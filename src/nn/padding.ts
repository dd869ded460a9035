/** Padding. https://pytorch.org/docs/stable/nn.html#padding-layers */
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, ntuple, python, type SizeN } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Pads both ends of the last dims; `padding` starts with the last dim. */
abstract class Pad extends Module {
  readonly padding: readonly number[];

  protected constructor(spatialDims: number, args: readonly unknown[]) {
    super();
    const [padding] = bind<[SizeN]>('Pad', 'padding', args);
    this.padding = ntuple(padding, 2 * spatialDims);
  }

  protected pad(input: Tensor, mode: PadMode, value?: number): Tensor {
    return F.pad(input, this.padding, mode, value ?? null);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return python(this.padding);
  }
}

type PadArgs = [padding: SizeN];
type ConstantArgs = [padding: SizeN, value: number] | [padding: SizeN, { value: number }];

abstract class ConstantPad extends Module {
  readonly padding: readonly number[];
  readonly value: number;

  protected constructor(spatialDims: number, args: readonly unknown[]) {
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

/** https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html */
export class ConstantPad1d extends ConstantPad {
  constructor(...args: ConstantArgs) {
    super(1, args);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html */
export class ConstantPad2d extends ConstantPad {
  constructor(...args: ConstantArgs) {
    super(2, args);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html */
export class ConstantPad3d extends ConstantPad {
  constructor(...args: ConstantArgs) {
    super(3, args);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html */
export class ZeroPad1d extends Pad {
  constructor(...args: PadArgs) {
    super(1, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'constant', 0);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html */
export class ZeroPad2d extends Pad {
  constructor(...args: PadArgs) {
    super(2, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'constant', 0);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html */
export class ZeroPad3d extends Pad {
  constructor(...args: PadArgs) {
    super(3, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'constant', 0);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html */
export class ReflectionPad1d extends Pad {
  constructor(...args: PadArgs) {
    super(1, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'reflect');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html */
export class ReflectionPad2d extends Pad {
  constructor(...args: PadArgs) {
    super(2, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'reflect');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html */
export class ReflectionPad3d extends Pad {
  constructor(...args: PadArgs) {
    super(3, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'reflect');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html */
export class ReplicationPad1d extends Pad {
  constructor(...args: PadArgs) {
    super(1, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'replicate');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html */
export class ReplicationPad2d extends Pad {
  constructor(...args: PadArgs) {
    super(2, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'replicate');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html */
export class ReplicationPad3d extends Pad {
  constructor(...args: PadArgs) {
    super(3, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'replicate');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html */
export class CircularPad1d extends Pad {
  constructor(...args: PadArgs) {
    super(1, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'circular');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html */
export class CircularPad2d extends Pad {
  constructor(...args: PadArgs) {
    super(2, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'circular');
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html */
export class CircularPad3d extends Pad {
  constructor(...args: PadArgs) {
    super(3, args);
  }

  override forward(input: Tensor): Tensor {
    return this.pad(input, 'circular');
  }
}
