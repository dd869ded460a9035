/** Making storages, and keeping account of those that only the autograd engine sees. */
import type { Device } from '../device/device.js';
import type { DType } from '../ir/dtype.js';
import { contiguousStrides, isContiguous } from './shape.js';
import { numelOf } from './size.js';
import { Storage, Tensor } from './tensor.js';

let log: Storage[] | null = null;

/** Uninitialised memory for `numel` elements. */
export function allocStorage(device: Device, dtype: DType, numel: number): Storage {
  const storage = new Storage(device, device.alloc(numel * dtype.itemsize));
  if (log) {
    storage.transient = true;
    log.push(storage);
  }
  return storage;
}

/** A new contiguous tensor, uninitialised. */
export function emptyTensor(device: Device, dtype: DType, sizes: readonly number[]): Tensor {
  return new Tensor(allocStorage(device, dtype, numelOf(sizes)), dtype, sizes, contiguousStrides(sizes), 0);
}

/** A new tensor with given strides, which must be dense from offset 0. */
export function emptyStridedTensor(device: Device, dtype: DType, sizes: readonly number[], strides: readonly number[]): Tensor {
  let extent = 1;
  for (let d = 0; d < sizes.length; d++) extent = sizes[d] === 0 ? -Infinity : extent + (sizes[d] - 1) * strides[d];
  return new Tensor(allocStorage(device, dtype, Math.max(extent, 0)), dtype, sizes, strides, 0);
}

/** Runs `work` and returns its result with the storages that it made (none are noted while `work` shows tensors to users). */
export function withLog<R>(work: () => R): { result: R; made: Storage[] } {
  const outer = log;
  const made: Storage[] = [];
  log = made;
  try {
    return { result: work(), made };
  } finally {
    log = outer;
  }
}

/** Runs `work` without noting what it makes: users may keep it. */
export function withoutLog<R>(work: () => R): R {
  const outer = log;
  log = null;
  try {
    return work();
  } finally {
    log = outer;
  }
}

/** Frees a storage that nobody can see any more. */
export function freeTransient(storage: Storage): void {
  if (!storage.transient || storage.uses > 0) return;
  storage.transient = false;
  storage.device.free(storage.buffer);
}

/** Whether nothing but the engine's one reference holds the memory of a gradient, and the tensor is all of it. */
export const isOwned = (grad: Tensor): boolean =>
  grad.storage.transient && grad.storage.uses === 1 && grad.offset === 0 && isContiguous(grad.sizes, grad.strides);
