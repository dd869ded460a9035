/** Files of the IDX format, in which MNIST and its kin come. http://yann.lecun.com/exdb/mnist/ */
import * as torch from '../../index.js';

type Numbers = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
type Kind = readonly [array: new (length: number) => Numbers, bytes: number, read: (view: DataView, at: number) => number];

const kinds: Record<number, Kind> = {
  0x08: [Uint8Array, 1, (view, at) => view.getUint8(at)],
  0x09: [Int8Array, 1, (view, at) => view.getInt8(at)],
  0x0b: [Int16Array, 2, (view, at) => view.getInt16(at)],
  0x0c: [Int32Array, 4, (view, at) => view.getInt32(at)],
  0x0d: [Float32Array, 4, (view, at) => view.getFloat32(at)],
  0x0e: [Float64Array, 8, (view, at) => view.getFloat64(at)],
};

/** The tensor in an IDX file, whose numbers are big-endian. Throws where the file is cut short or its header lies. */
export function readIdx(file: Uint8Array): torch.Tensor {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const kind = file.length >= 4 && view.getUint16(0) === 0 ? kinds[file[2]] : undefined;
  const dims = file[3];
  if (!kind || dims < 1 || dims > 3 || file.length < 4 + 4 * dims) throw new Error('this is no IDX file');
  const sizes = Array.from({ length: dims }, (_, i) => view.getUint32(4 + 4 * i));
  const [array, bytes, read] = kind;
  const count = sizes.reduce((product, size) => product * size, 1);
  const start = 4 + 4 * dims;
  if (file.length !== start + count * bytes)
    throw new Error(`the IDX file should hold ${sizes.join(' x ')} numbers but has ${file.length} bytes`);
  if (array === Uint8Array) return torch.tensor(file.slice(start)).reshape(sizes);
  const values = new array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, start + i * bytes);
  return torch.tensor(values).reshape(sizes);
}
