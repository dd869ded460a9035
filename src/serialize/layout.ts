/** Tensors as bytes, and bytes as tensors. */
import type { Device } from '../device/device.js';
import { getDevice } from '../device/registry.js';
import type { DType } from '../ir/dtype.js';
import { convert } from '../ops/convert.js';
import { contiguousRaw } from '../ops/memory.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { contiguousStrides } from '../tensor/shape.js';
import { Storage, Tensor } from '../tensor/tensor.js';

/** The elements of a tensor in row-major order, little-endian. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const dense = contiguousRaw(convert(tensor, tensor.dtype, getDevice('cpu')));
  const bytes = new Uint8Array(numelOf(dense.sizes) * dense.dtype.itemsize);
  if (bytes.length > 0) dense.storage.device.read(dense.buffer, dense.offset * dense.dtype.itemsize, bytes);
  return bytes;
}

/**
 * The tensor whose elements in row-major order are `bytes`; their number must fit. Where nobody else has the bytes (`owned`) and they are aligned,
 * they may become its memory.
 */
export function tensorOf(
  bytes: Uint8Array,
  dtype: DType,
  sizes: readonly number[],
  { device = getDevice('cpu'), owned = false }: Place = {},
): Tensor {
  if (owned && bytes.length > 0 && bytes.byteOffset % dtype.itemsize === 0)
    return new Tensor(new Storage(device, device.adopt(bytes)), dtype, [...sizes], contiguousStrides(sizes), 0);
  const tensor = emptyTensor(device, dtype, [...sizes]);
  if (bytes.length > 0) device.write(tensor.buffer, 0, bytes);
  return tensor;
}

interface Place {
  device?: Device;
  owned?: boolean;
}

/** Whether `sizes` are sizes of a tensor that could exist. */
export const areSizes = (sizes: unknown): sizes is number[] =>
  Array.isArray(sizes) &&
  sizes.length <= 64 &&
  sizes.every((n) => Number.isSafeInteger(n) && n >= 0) &&
  Number.isSafeInteger(sizes.reduce((product: number, n: number) => product * Math.max(n, 1), 1));
