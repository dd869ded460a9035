/** Softmax layers, and the gated linear unit. */
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { ValueError } from '../tensor/errors.js';

/**
 * Half of the input times the sigmoid of the other half. https://pytorch.org/docs/stable/generated/torch.nn.GLU.html
 * @example new nn.GLU()(torch.tensor([1.5, 2, 0, 100]))  // tensor([0.7500, 2.0000])
 */
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

/**
 * e^x / Σ e^x over `dim`. https://pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 * @example new nn.Softmax(0)(torch.tensor([1, 2, 3]))  // tensor([0.0900, 0.2447, 0.6652])
 */
export class Softmax extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.softmax(input, standardDim(this.dim, input));
  }
}

/**
 * ln(softmax(x)) over `dim`. https://pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 * @example new nn.LogSoftmax(0)(torch.tensor([1, 2, 3]))  // tensor([-2.4076, -1.4076, -0.4076])
 */
export class LogSoftmax extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.logSoftmax(input, standardDim(this.dim, input));
  }
}

/**
 * softmax(-x) over `dim`. https://pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 * @example new nn.Softmin(0)(torch.tensor([1, 2, 3]))  // tensor([0.6652, 0.2447, 0.0900])
 */
export class Softmin extends OverDim {
  override forward(input: Tensor): Tensor {
    return F.softmin(input, standardDim(this.dim, input));
  }
}

/**
 * Softmax over the channels of (N, C, H, W) or (C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
 * @example new nn.Softmax2d()(torch.ones(1, 4, 1, 1)).flatten()  // tensor([0.2500, 0.2500, 0.2500, 0.2500])
 */
export class Softmax2d extends Module {
  override forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) throw new ValueError(`Softmax2d: expected input to be 3D or 4D, got ${input.ndim}D instead`);
    return F.softmax(input, -3);
  }
}
