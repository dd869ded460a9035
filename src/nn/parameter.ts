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
 */
export class Parameter extends Tensor {
  constructor(data: Tensor = empty(0), requiresGrad = true) {
    super(data.storage, data.dtype, data.sizes, data.strides, data.offset);
    this.wantsGrad = requiresGrad;
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
 */
export class Buffer extends Tensor {
  constructor(
    data: Tensor,
    readonly persistent = true,
  ) {
    super(data.storage, data.dtype, data.sizes, data.strides, data.offset);
  }
}

/** A parameter whose shape is found in the first forward run. https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html */
export class UninitializedParameter extends Parameter {
  initialized = false;

  constructor() {
    super(empty(0));
  }

  /** Gives the parameter its shape; its values are not set. */
  materialize(shape: readonly number[]): void {
    become(this, empty(shape, { dtype: this.dtype, device: this.device }));
    this.initialized = true;
  }
}

/** The same for a buffer. */
export class UninitializedBuffer extends Buffer {
  initialized = false;

  constructor() {
    super(empty(0));
  }

  materialize(shape: readonly number[]): void {
    become(this, empty(shape, { dtype: this.dtype, device: this.device }));
    this.initialized = true;
  }
}
