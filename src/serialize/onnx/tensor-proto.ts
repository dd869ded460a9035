/** Tensors in ONNX files. */
import { int64 } from '../../ir/dtype.js';
import { tensor } from '../../ops/creation.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { areSizes, bytesOf, tensorOf } from '../layout.js';
import { codeOf, dtypeOfCode, type TensorProto } from './schema.js';

export const tensorToProto = (t: Tensor, name: string): TensorProto => ({
  name,
  dims: [...t.sizes],
  dataType: codeOf(t.dtype),
  rawData: bytesOf(t),
});

/** The tensor that a file describes. Throws where its data do not fit its shape, or lie in another file. */
export function tensorFromProto(proto: TensorProto): Tensor {
  const { name = '', dims = [], rawData, dataLocation = 0 } = proto;
  if (dataLocation !== 0) throw new Error(`the data of '${name}' lie in another file, which is not supported`);
  if (!areSizes(dims)) throw new Error(`the shape of '${name}' is invalid`);
  const dtype = dtypeOfCode(proto.dataType);
  const count = numelOf(dims);
  if (rawData) {
    if (rawData.length !== count * dtype.itemsize)
      throw new Error(`'${name}' has ${rawData.length} bytes of data, not ${count * dtype.itemsize}`);
    return tensorOf(rawData, dtype, dims);
  }
  const values = proto.floatData ?? proto.int32Data ?? proto.int64Data ?? proto.doubleData ?? [];
  if (values.length !== count) throw new Error(`'${name}' has ${values.length} numbers, not ${count}`);
  // 16-bit floats are stored as the numbers of their bits.
  if (dtype.itemsize === 2 && dtype.isFloatingPoint)
    return tensorOf(new Uint8Array(Uint16Array.from(values as number[]).buffer), dtype, dims);
  return tensor([...values], { dtype: values.length === 0 ? dtype : dtype.category < 2 ? int64 : dtype })
    .to(dtype)
    .reshape(dims);
}
