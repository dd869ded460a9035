/** Activations as layers. https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity */
import { fullLike, full } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, type Place, type PlaceArgs, python } from './arguments.js';
import * as F from './functional/index.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { AssertionError } from '../tensor/errors.js';

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

/**
 * max(0, x). https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 * @example new nn.ReLU()(torch.tensor([-1.5, 2]))  // tensor([0., 2.])
 */
export class ReLU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.relu(input, { inplace: this.inplace });
  }
}

/**
 * min(max(0, x), 6). https://pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
 * @example new nn.ReLU6()(torch.tensor([-1.5, 7]))  // tensor([0., 6.])
 */
export class ReLU6 extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.relu6);
  }
}

/**
 * `nn.functional.selu`: an exponential unit whose output keeps mean 0 and variance 1 (Klambauer et al., 2017).
 * https://pytorch.org/docs/stable/generated/torch.nn.SELU.html
 * @example new nn.SELU()(torch.tensor([-1.5, 2]))  // tensor([-1.3658,  2.1014])
 */
export class SELU extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.selu);
  }
}

/**
 * x · sigmoid(x). https://pytorch.org/docs/stable/generated/torch.nn.SiLU.html
 * @example new nn.SiLU()(torch.tensor([-1.5, 2]))  // tensor([-0.2736,  1.7616])
 */
export class SiLU extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.silu);
  }
}

/**
 * x · tanh(softplus(x)). https://pytorch.org/docs/stable/generated/torch.nn.Mish.html
 * @example new nn.Mish()(torch.tensor([-1.5, 2]))  // tensor([-0.2981,  1.9440])
 */
export class Mish extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.mish);
  }
}

/**
 * x · relu6(x + 3) / 6. https://pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
 * @example new nn.Hardswish()(torch.tensor([1.5, 4]))  // tensor([1.1250, 4.0000])
 */
export class Hardswish extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.hardswish);
  }

  override extraRepr(): string {
    return '';
  }
}

/**
 * relu6(x + 3) / 6. https://pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
 * @example new nn.Hardsigmoid()(torch.tensor([-4, 1.5]))  // tensor([0.0000, 0.7500])
 */
export class Hardsigmoid extends Plain {
  override forward(input: Tensor): Tensor {
    return this.run(input, F.hardsigmoid);
  }

  override extraRepr(): string {
    return '';
  }
}

/**
 * 1 / (1 + e^-x). https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
 * @example new nn.Sigmoid()(torch.tensor([0, 2]))  // tensor([0.5000, 0.8808])
 */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

/**
 * Hyperbolic tangent. https://pytorch.org/docs/stable/generated/torch.nn.Tanh.html
 * @example new nn.Tanh()(torch.tensor([0, 1]))  // tensor([0.0000, 0.7616])
 */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return input.tanh();
  }
}

/**
 * ln(sigmoid(x)). https://pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
 * @example new nn.LogSigmoid()(torch.tensor([0, 2]))  // tensor([-0.6931, -0.1269])
 */
export class LogSigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/**
 * x / (1 + |x|). https://pytorch.org/docs/stable/generated/torch.nn.Softsign.html
 * @example new nn.Softsign()(torch.tensor([-1, 3]))  // tensor([-0.5000,  0.7500])
 */
export class Softsign extends Module {
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/**
 * x − tanh(x). https://pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
 * @example new nn.Tanhshrink()(torch.tensor([-1.5, 2]))  // tensor([-0.5949,  1.0360])
 */
export class Tanhshrink extends Module {
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/**
 * x · Φ(x) with the normal distribution Φ, or its tanh approximation (Hendrycks & Gimpel, 2016).
 * https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
 * @example new nn.GELU()(torch.tensor([-1.5, 2]))  // tensor([-0.1002,  1.9545])
 */
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

/**
 * x, or α (e^x - 1) where x is negative. https://pytorch.org/docs/stable/generated/torch.nn.ELU.html
 * @example new nn.ELU()(torch.tensor([-1.5, 2]))  // tensor([-0.7769,  2.0000])
 */
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

/**
 * max(0, x) + min(0, α (e^(x/α) - 1)). https://pytorch.org/docs/stable/generated/torch.nn.CELU.html
 * @example new nn.CELU(0.5)(torch.tensor([-1.5, 2]))  // tensor([-0.4751,  2.0000])
 */
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

/**
 * x, or negativeSlope · x where x is negative. https://pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 * @example new nn.LeakyReLU(0.1)(torch.tensor([-1.5, 2]))  // tensor([-0.1500,  2.0000])
 */
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

/**
 * A leaky ReLU whose slope is learned. https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 * @example new nn.PReLU()(torch.tensor([-2, 3])).detach()  // tensor([-0.5000,  3.0000])
 */
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

  /**
   * Sets every slope to its first value.
   * @example new nn.PReLU().resetParameters();
   */
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

/**
 * A leaky ReLU whose slope is random in training. https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html
 * @example new nn.RReLU(0.1, 0.3).eval()(torch.tensor([-1.5, 2]))  // tensor([-0.3000,  2.0000])
 */
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

/**
 * x limited to [minVal, maxVal]. https://pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
 * @example new nn.Hardtanh(-1, 1)(torch.tensor([-1.5, 0.5]))  // tensor([-1.0000,  0.5000])
 */
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
    if (!(this.maxVal > this.minVal)) throw new AssertionError(`max_val (${this.maxVal}) must be greater than min_val (${this.minVal})`);
  }

  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  override extraRepr(): string {
    return `min_val=${float(this.minVal)}, max_val=${float(this.maxVal)}${this.inplace ? ', inplace=True' : ''}`;
  }
}

/**
 * x, or `value` where x ≤ threshold. https://pytorch.org/docs/stable/generated/torch.nn.Threshold.html
 * @example new nn.Threshold(1, -1)(torch.tensor([0.5, 2]))  // tensor([-1.,  2.])
 */
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

/**
 * x, or 0 where |x| ≤ λ. https://pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
 * @example new nn.Hardshrink(0.5)(torch.tensor([-1.5, 0.2]))  // tensor([-1.5000,  0.0000])
 */
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

/**
 * x - λ above λ, x + λ below -λ, else 0. https://pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
 * @example new nn.Softshrink(0.5)(torch.tensor([-1.5, 0.2]))  // tensor([-1.,  0.])
 */
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

/**
 * log(1 + exp(β x)) / β. https://pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 * @example new nn.Softplus()(torch.tensor([-1.5, 30]))  // tensor([ 0.2014, 30.0000])
 */
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
