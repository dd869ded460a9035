/** Dropout. https://pytorch.org/docs/stable/nn.html#dropout-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { ValueError } from '../tensor/errors.js';

type DropoutArgs = Args<[p: number, inplace: boolean], { p?: number; inplace?: boolean }>;

abstract class AnyDropout extends Module {
  readonly p: number;
  readonly inplace: boolean;

  constructor(...args: DropoutArgs) {
    super();
    [this.p = 0.5, this.inplace = false] = bind<[number?, boolean?]>('Dropout', 'p?, inplace?', args);
    if (!(this.p >= 0 && this.p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${this.p}`);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `p=${this.p}, inplace=${python(this.inplace)}`;
  }
}

/**
 * Zeroes elements with probability `p` in training, and scales the others by 1 / (1 - p).
 * https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 * @example
 * torch.manualSeed(0);
 * new nn.Dropout(0.5)(torch.ones(4))  // tensor([0., 0., 2., 0.])
 */
export class Dropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels of (N, C, L) in training: `nn.functional.dropout1d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 * @example new nn.Dropout1d(0.5)(torch.ones(2, 3, 4)).shape  // torch.Size([2, 3, 4])
 */
export class Dropout1d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels of (N, C, H, W) in training: `nn.functional.dropout2d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 * @example new nn.Dropout2d(0.5)(torch.ones(2, 3, 4, 4)).shape  // torch.Size([2, 3, 4, 4])
 */
export class Dropout2d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels of (N, C, D, H, W) in training: `nn.functional.dropout3d`.
 * https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 * @example new nn.Dropout3d(0.5)(torch.ones(2, 3, 4, 4, 4)).shape  // torch.Size([2, 3, 4, 4, 4])
 */
export class Dropout3d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Keeps mean and variance of SELU's outputs. https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 * @example new nn.AlphaDropout(0.5).eval()(torch.ones(2))  // tensor([1., 1.])
 */
export class AlphaDropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.alphaDropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * `AlphaDropout` of whole channels. https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
 * @example new nn.FeatureAlphaDropout(0.5).eval()(torch.ones(1, 2))  // tensor([[1., 1.]])
 */
export class FeatureAlphaDropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.featureAlphaDropout(input, this.p, this.training, this.inplace);
  }
}
