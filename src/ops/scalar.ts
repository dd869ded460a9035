/** Numbers and 0-dim tensors beside other tensors. */
import { complex64, type DType } from '../ir/dtype.js';
import { type ComplexNumber, isComplexNumber, type Number_ } from '../tensor/promote.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { Device } from '../device/device.js';
import { toArrayOf, type NumericArray } from './typed-array.js';

/** A contiguous tensor with these values, converted to `dtype`. */
export function tensorOfValues(values: readonly Number_[], dtype: DType, sizes: readonly number[], device: Device): Tensor {
  const t = emptyTensor(device, dtype, sizes);
  if (values.length > 0) device.write(t.buffer, 0, encode(values, dtype));
  return t;
}

export const scalarTensor = (value: Number_, dtype: DType, device: Device): Tensor => tensorOfValues([value], dtype, [], device);

function encode(values: readonly Number_[], dtype: DType): NumericArray {
  if (!dtype.isComplex) return toArrayOf(values.map(realPart), dtype);
  const flat = values.flatMap((v) => (isComplexNumber(v) ? [v.re, v.im] : [Number(v), 0]));
  return dtype === complex64 ? Float32Array.from(flat) : Float64Array.from(flat);
}

const realPart = (v: Number_): number | bigint | boolean => (isComplexNumber(v) ? (v as ComplexNumber).re : v) as number | bigint | boolean;

/** 0-dim CPU tensors follow the device of the others, as in PyTorch. */
export function toCommonDevice(tensors: Tensor[]): Tensor[] {
  const first = tensors[0].storage.device;
  let same = true;
  for (let i = 1; i < tensors.length; i++) same &&= tensors[i].storage.device === first;
  if (same) return tensors;
  const target = tensors.find((t) => t.storage.device.type !== 'cpu')?.storage.device;
  return target ? tensors.map((t) => (t.sizes.length === 0 && t.storage.device.type === 'cpu' ? copyScalar(t, target) : t)) : tensors;
}

function copyScalar(t: Tensor, device: Device): Tensor {
  const copy = emptyTensor(device, t.dtype, []);
  const bytes = new Uint8Array(t.dtype.itemsize);
  t.storage.device.read(t.buffer, t.offset * t.dtype.itemsize, bytes);
  device.write(copy.buffer, 0, bytes);
  copy.node = t.node;
  copy.outputIndex = t.outputIndex;
  return copy;
}
