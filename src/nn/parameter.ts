/** Tensors that a Module owns. */
import { Tensor } from '../tensor/tensor.js';
import { empty } from '../ops/creation.js';

/** Makes `target` be what `source` is: the same memory, dtype and shape. Everyone who holds `target` sees it. */
export function become(target: Tensor, source: Tensor): void {
  target.storage = source.storage;
  target.dtype = source.dtype;
  target.sizes = source.sizes;
  target.strides = source.strides;
  target.offset = source.offset;
}

/**
 * A tensor that is a parameter of the module whose field it is: `parameters()` gives it and optimizers change it.
 * It shares the memory of `data`. https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
 * @example
 * const weight = new nn.Parameter(torch.ones(2));
 * weight
 * // Parameter containing:
 * // tensor([1., 1.], requires_grad=True)
 */
export class Parameter extends Tensor {
  constructor(data: Tensor = empty(0), requiresGrad: boolean | { requiresGrad?: boolean } = true) {
    super(data.storage, data.dtype, data.sizes, data.strides, data.offset);
    this.wantsGrad = typeof requiresGrad === 'boolean' ? requiresGrad : (requiresGrad.requiresGrad ?? true);
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * A tensor that belongs to the state of the module whose field it is, but is not trained, such as running statistics.
 * A buffer that is not `persistent` is left out of `stateDict()`. https://pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
 * @example
 * class Counter extends nn.Module {
 *   count = new nn.Buffer(torch.tensor(0));
 * }
 * new Counter().stateDict()  // { count: tensor(0) }
 */
export class Buffer extends Tensor {
  readonly persistent: boolean;

  constructor(data: Tensor, persistent: boolean | { persistent?: boolean } = true) {
    super(data.storage, data.dtype, data.sizes, data.strides, data.offset);
    this.persistent = typeof persistent === 'boolean' ? persistent : (persistent.persistent ?? true);
  }
}

/**
 * A parameter whose shape is found in the first forward run.
 * https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html
 * @example new nn.UninitializedParameter().initialized  // false
 */
export class UninitializedParameter extends Parameter {
  initialized = false;

  constructor() {
    super(empty(0));
  }

  /**
   * Gives the parameter its shape; its values are not set.
   * @example
   * const weight = new nn.UninitializedParameter();
   * weight.materialize([2, 3]);
   * weight.shape  // torch.Size([2, 3])
   */
  materialize(shape: readonly number[]): void {
    become(this, empty(shape, { dtype: this.dtype, device: this.device }));
    this.initialized = true;
    Object.setPrototypeOf(this, Parameter.prototype);
  }

  override toString(): string {
    return '<UninitializedParameter>';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * A buffer of a lazy layer, whose shape is not known yet. https://pytorch.org/docs/stable/generated/torch.nn.UninitializedBuffer.html
 * @example new nn.UninitializedBuffer().initialized  // false
 */
export class UninitializedBuffer extends Buffer {
  initialized = false;

  constructor() {
    super(empty(0));
  }

  /**
   * Gives the buffer its shape.
   * @example
   * const buffer = new nn.UninitializedBuffer();
   * buffer.materialize([2, 3]);
   * buffer.shape  // torch.Size([2, 3])
   */
  materialize(shape: readonly number[]): void {
    become(this, empty(shape, { dtype: this.dtype, device: this.device }));
    this.initialized = true;
  }
}
