/** The tensor: a view of a storage, and its place in the autograd graph. Fields only; operators are added by `ops/`. */
import type { Device, DeviceBuffer } from '../device/device.js';
import type { DType } from '../ir/dtype.js';
import { type Size, sizeOf } from './size.js';

/** Memory shared by a tensor and its views. `version` counts in-place writes. */
export class Storage {
  version = 0;
  /** How many gradients in flight use this memory; only the autograd engine counts. */
  uses = 0;
  /** Made inside the autograd engine and never shown to anyone: may be freed as soon as nothing uses it. */
  transient = false;

  constructor(
    readonly device: Device,
    readonly buffer: DeviceBuffer,
  ) {}
}

/** What a tensor knows of the operation that made it; implemented by `autograd/node.ts`. */
export interface GradFn {
  readonly name: string;
  toString(): string;
}

export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;

/** A view's base, for in-place operations on views of tensors that are differentiated. */
export interface ViewInfo {
  readonly base: Tensor;
  /** The version of the storage for which the view's `gradFn` was made. */
  version: number;
  /** The function that gave this view among others; such views must not be written in place. */
  readonly among?: string;
}

export class Tensor {
  /** Set on leaves whose gradient is wanted. */
  wantsGrad = false;
  node: GradFn | null = null;
  /** Which output of `node` this is. */
  outputIndex = 0;
  ownGrad: Tensor | null = null;
  viewInfo: ViewInfo | null = null;
  /** The node that adds to this leaf's gradient, once there is one. */
  accumulator: GradFn | null = null;
  keepsGrad = false;
  /** Created in inference mode: never part of a graph. */
  inference = false;

  constructor(
    public storage: Storage,
    public dtype: DType,
    public sizes: readonly number[],
    public strides: readonly number[],
    public offset: number,
  ) {}

  /** The memory that holds the elements. */
  get buffer(): DeviceBuffer {
    return this.storage.buffer;
  }

  /** The size of each dim. */
  get shape(): Size {
    return sizeOf(this.sizes);
  }

  /** The number of dims. */
  get ndim(): number {
    return this.sizes.length;
  }
}
