/** Softmax layers, and the gated linear unit. */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';

/** Half of the input times the sigmoid of the other half. https://pytorch.org/docs/stable/generated/torch.nn.GLU.html */
export class GLU extends Module {
  readonly dim: number;

  constructor(...args: Args<[dim: number], { dim?: number }>) {
    super();
    [this.dim = -1] = bind<[number?]>('GLU', 'dim?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

type DimArgs = Args<[dim: number | null], { dim?: number | null }>;

/** The dim over which PyTorch normalises where none is given. */
const standardDim = (dim: number | null, input: Tensor): number => dim ?? ([0, 1, 3].includes(input.ndim) ? 0 : 1);

abstract class OverDim extends Module {
  readonly dim: number | null;

  constructor(...args: DimArgs) {
    super();
    [this.dim = null] = bind<[(number | null)?]>('Softmax', 'dim?', args);
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return `dim=${python(this.dim)}`;
  }
}

/** exp(x) / Σ exp(x). https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html */
export class Softmax extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.softmax(input, standardDim(this.dim, input));
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html */
export class LogSoftmax extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.logSoftmax(input, standardDim(this.dim, input));
  }
}

/** Softmax of −x. https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html */
export class Softmin extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.softmin(input, standardDim(this.dim, input));
  }
}

/** Softmax over the channels of images. https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html */
export class Softmax2d extends Module {
  override forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) throw new Error(`Softmax2d: expected input to be 3D or 4D, got ${input.ndim}D instead`);
    return F.softmax(input, -3);
  }
}
