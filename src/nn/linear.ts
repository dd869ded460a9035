/** Linear layers, and those that only change shapes. */
import { empty } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, type Place, type PlaceArgs, python } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/**
 * Gives back its input. https://pytorch.org/docs/stable/generated/torch.nn.Identity.html
 * @example new nn.Identity()(torch.tensor([1, 2]))  // tensor([1, 2])
 */
export class Identity extends Module {
  constructor(..._ignored: unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}

export type LinearOptions = Place & { bias?: boolean };

/**
 * y = x Wᵀ + b, with x of shape (*, inFeatures). https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example
 * torch.manualSeed(0);
 * new nn.Linear(2, 3)(torch.ones(1, 2)).detach()  // tensor([[ 0.3600, -0.5417, -0.1455]])
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** (outFeatures, inFeatures) */
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: [inFeatures: number, outFeatures: number, ...Args<[bias: boolean], LinearOptions>]) {
    super();
    const [inFeatures, outFeatures, bias = true, device, dtype] = bind<[number, number, boolean?, ...PlaceArgs]>(
      'Linear',
      'inFeatures, outFeatures, bias?, device?, dtype?',
      args,
    );
    [this.inFeatures, this.outFeatures] = [inFeatures, outFeatures];
    this.weight = new Parameter(empty([outFeatures, inFeatures], { device, dtype }));
    this.bias = bias ? new Parameter(empty([outFeatures], { device, dtype })) : null;
    this.resetParameters();
  }

  /**
   * Draws the weights anew.
   * @example new nn.Linear(2, 3).resetParameters();
   */
  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const bound = 1 / Math.sqrt(this.inFeatures);
    if (this.bias) init.uniform_(this.bias, -bound, bound);
  }

  override forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${python(this.bias !== null)}`;
  }
}

/** The output of multi-head attention: quantisation tools tell it from Linear by its class. */
export class NonDynamicallyQuantizableLinear extends Linear {}

/**
 * y = x1ᵀ A x2 + b. https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 * @example new nn.Bilinear(2, 3, 4)(torch.ones(5, 2), torch.ones(5, 3)).shape  // torch.Size([5, 4])
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** (outFeatures, in1Features, in2Features) */
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: [in1Features: number, in2Features: number, outFeatures: number, ...Args<[bias: boolean], LinearOptions>]) {
    super();
    const [in1Features, in2Features, outFeatures, bias = true, device, dtype] = bind<[number, number, number, boolean?, ...PlaceArgs]>(
      'Bilinear',
      'in1Features, in2Features, outFeatures, bias?, device?, dtype?',
      args,
    );
    [this.in1Features, this.in2Features, this.outFeatures] = [in1Features, in2Features, outFeatures];
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], { device, dtype }));
    this.bias = bias ? new Parameter(empty([outFeatures], { device, dtype })) : null;
    this.resetParameters();
  }

  /**
   * Draws the weights anew.
   * @example new nn.Bilinear(2, 3, 4).resetParameters();
   */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    init.uniform_(this.weight, -bound, bound);
    if (this.bias) init.uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return F.bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this;
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${python(this.bias !== null)}`;
  }
}

/**
 * Joins the dims from `startDim` to `endDim`. https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html
 * @example new nn.Flatten()(torch.ones(2, 3, 4)).shape  // torch.Size([2, 12])
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(...args: Args<[startDim: number, endDim: number], { startDim?: number; endDim?: number }>) {
    super();
    [this.startDim = 1, this.endDim = -1] = bind<[number?, number?]>('Flatten', 'startDim?, endDim?', args);
  }

  override forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/**
 * Splits one dim into several. https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 * @example new nn.Unflatten(1, [2, 3])(torch.ones(4, 6)).shape  // torch.Size([4, 2, 3])
 */
export class Unflatten extends Module {
  readonly splitDim: number;
  readonly unflattenedSize: readonly number[];

  constructor(...args: [dim: number, unflattenedSize: readonly number[]]) {
    super();
    [this.splitDim, this.unflattenedSize] = bind<[number, readonly number[]]>('Unflatten', 'dim, unflattenedSize', args);
  }

  override forward(input: Tensor): Tensor {
    return input.unflatten(this.splitDim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.splitDim}, unflattened_size=${python(this.unflattenedSize)}`;
  }
}
