/** Dropout. https://pytorch.org/docs/stable/nn.html#dropout-layers */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

type DropoutArgs = Args<[p: number, inplace: boolean], { p?: number; inplace?: boolean }>;

abstract class AnyDropout extends Module {
  readonly p: number;
  readonly inplace: boolean;

  constructor(...args: DropoutArgs) {
    super();
    [this.p = 0.5, this.inplace = false] = bind<[number?, boolean?]>('Dropout', 'p?, inplace?', args);
    if (!(this.p >= 0 && this.p <= 1)) throw new Error(`dropout probability has to be between 0 and 1, but got ${this.p}`);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `p=${this.p}, inplace=${python(this.inplace)}`;
  }
}

/** Sets elements to zero with probability p in training, and scales the others by 1 / (1 − p). https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html */
export class Dropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/** Whole channels. https://pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html */
export class Dropout1d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html */
export class Dropout2d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html */
export class Dropout3d extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/** Keeps mean and variance of SELU's outputs. https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html */
export class AlphaDropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.alphaDropout(input, this.p, this.training, this.inplace);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html */
export class FeatureAlphaDropout extends AnyDropout {
  override forward(input: Tensor): Tensor {
    return F.featureAlphaDropout(input, this.p, this.training, this.inplace);
  }
}
