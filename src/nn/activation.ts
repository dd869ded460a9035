/** Activations as layers. https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity */
import { fullLike, full } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, type Place, type PlaceArgs, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

type InplaceArgs = Args<[inplace: boolean], { inplace?: boolean }>;

/** A layer without numbers of its own, perhaps in place. */
abstract class Plain extends Module {
  readonly inplace: boolean;

  constructor(...args: InplaceArgs) {
    super();
    [this.inplace = false] = bind<[boolean?]>('activation', 'inplace?', args);
  }

  protected run(input: Tensor, fn: (x: Tensor, options: { inplace: boolean }) => Tensor): Tensor {
    return fn(input, { inplace: this.inplace });
  }

  abstract override forward(input: Tensor): Tensor;

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/** max(0, x). https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.relu(input, { inplace: this.inplace });
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html */
export class ReLU6 extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.relu6);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.SELU.html */
export class SELU extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.selu);
  }
}

/** x · sigmoid(x). https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.silu);
  }
}

/** x · tanh(softplus(x)). https://pytorch.org/docs/stable/generated/torch.nn.Mish.html */
export class Mish extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.mish);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html */
export class Hardswish extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.hardswish);
  }

  override extraRepr(): string {
    return '';
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html */
export class Hardsigmoid extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.hardsigmoid);
  }

  override extraRepr(): string {
    return '';
  }
}

/** 1 / (1 + exp(−x)). https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return input.tanh();
  }
}

/** log(sigmoid(x)). https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html */
export class LogSigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/** x / (1 + |x|). https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html */
export class Softsign extends Module {
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** x − tanh(x). https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html */
export class Tanhshrink extends Module {
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.GELU.html */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(...args: Args<[approximate: 'none' | 'tanh'], { approximate?: 'none' | 'tanh' }>) {
    super();
    [this.approximate = 'none'] = bind<['none' | 'tanh' | undefined]>('GELU', 'approximate?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${python(this.approximate)}`;
  }
}

type AlphaArgs = Args<[alpha: number, inplace: boolean], { alpha?: number; inplace?: boolean }>;

/** x, or α (exp(x) − 1) where x is negative. https://pytorch.org/docs/stable/generated/torch.nn.ELU.html */
export class ELU extends Module {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...args: AlphaArgs) {
    super();
    [this.alpha = 1, this.inplace = false] = bind<[number?, boolean?]>('ELU', 'alpha?, inplace?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }

  override extraRepr(): string {
    return `alpha=${float(this.alpha)}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.CELU.html */
export class CELU extends Module {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...args: AlphaArgs) {
    super();
    [this.alpha = 1, this.inplace = false] = bind<[number?, boolean?]>('CELU', 'alpha?, inplace?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }

  override extraRepr(): string {
    return `alpha=${float(this.alpha)}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(...args: Args<[negativeSlope: number, inplace: boolean], { negativeSlope?: number; inplace?: boolean }>) {
    super();
    [this.negativeSlope = 0.01, this.inplace = false] = bind<[number?, boolean?]>('LeakyReLU', 'negativeSlope?, inplace?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.leakyRelu(input, this.negativeSlope, this.inplace);
  }

  override extraRepr(): string {
    return `negative_slope=${this.negativeSlope}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** A leaky ReLU whose slope is learned. https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html */
export class PReLU extends Module {
  readonly numParameters: number;
  private readonly initial: number;
  weight: Parameter;

  constructor(...args: Args<[numParameters: number, init: number], Place & { numParameters?: number; init?: number }>) {
    super();
    const [count = 1, initial = 0.25, device, dtype] = bind<[number?, number?, ...PlaceArgs]>(
      'PReLU',
      'numParameters?, init?, device?, dtype?',
      args,
    );
    [this.numParameters, this.initial] = [count, initial];
    this.weight = new Parameter(full([count], initial, { device, dtype: dtype ?? 'float32' }));
  }

  resetParameters(): void {
    this.weight.data = fullLike(this.weight, this.initial);
  }

  override forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** A leaky ReLU whose slope is random in training. https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(...args: Args<[lower: number, upper: number, inplace: boolean], { lower?: number; upper?: number; inplace?: boolean }>) {
    super();
    [this.lower = 1 / 8, this.upper = 1 / 3, this.inplace = false] = bind<[number?, number?, boolean?]>(
      'RReLU',
      'lower?, upper?, inplace?',
      args,
    );
  }

  override forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...args: Args<[minVal: number, maxVal: number, inplace: boolean], { minVal?: number; maxVal?: number; inplace?: boolean }>) {
    super();
    [this.minVal = -1, this.maxVal = 1, this.inplace = false] = bind<[number?, number?, boolean?]>(
      'Hardtanh',
      'minVal?, maxVal?, inplace?',
      args,
    );
    if (!(this.maxVal > this.minVal)) throw new Error('max_val must be greater than min_val');
  }

  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  override extraRepr(): string {
    return `min_val=${float(this.minVal)}, max_val=${float(this.maxVal)}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html */
export class Threshold extends Module {
  readonly threshold: number;
  readonly value: number;
  readonly inplace: boolean;

  constructor(...args: [threshold: number, value: number, ...InplaceArgs]) {
    super();
    [this.threshold, this.value, this.inplace = false] = bind<[number, number, boolean?]>('Threshold', 'threshold, value, inplace?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html */
export class Hardshrink extends Module {
  readonly lambd: number;

  constructor(...args: Args<[lambd: number], { lambd?: number }>) {
    super();
    [this.lambd = 0.5] = bind<[number?]>('Hardshrink', 'lambd?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return String(this.lambd);
  }
}

/** https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html */
export class Softshrink extends Module {
  readonly lambd: number;

  constructor(...args: Args<[lambd: number], { lambd?: number }>) {
    super();
    [this.lambd = 0.5] = bind<[number?]>('Softshrink', 'lambd?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return String(this.lambd);
  }
}

/** log(1 + exp(β x)) / β. https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(...args: Args<[beta: number, threshold: number], { beta?: number; threshold?: number }>) {
    super();
    [this.beta = 1, this.threshold = 20] = bind<[number?, number?]>('Softplus', 'beta?, threshold?', args);
  }

  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${float(this.beta)}, threshold=${float(this.threshold)}`;
  }
}
