/** NumPy's arrays as tensors: how their elements are stored. */
import { type DType, dtypes, int32, int64 } from '../ir/dtype.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { tensorOf } from './layout.js';

/** Kind and size of the elements, without the byte order. */
export const codes: Record<string, string> = {
  float64: 'f8',
  float32: 'f4',
  float16: 'f2',
  int64: 'i8',
  int32: 'i4',
  int16: 'i2',
  int8: 'i1',
  uint8: 'u1',
  bool: 'b1',
  complex64: 'c8',
  complex128: 'c16',
};

/** How the elements of an array are stored. */
export interface ArrayLayout {
  /** Byte order, kind and size of the elements: `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** How elements are stored, and the dtype that holds them: unsigned ints become the next larger signed ones. */
interface Elements {
  readonly dtype: DType;
  readonly itemsize: number;
  /** The size of what is turned round where the file is big-endian. */
  readonly wordSize: number;
  readonly unsigned: boolean;
}

function elementsOf(descr: string): Elements {
  const code = descr.slice(1);
  const itemsize = Number(code.slice(1));
  const wordSize = code[0] === 'c' ? itemsize / 2 : itemsize;
  const dtype = dtypes.find(({ name }) => codes[name] === code);
  if (dtype) return { dtype, itemsize, wordSize, unsigned: false };
  const wider = { u2: int32, u4: int64, u8: int64 }[code];
  if (!wider) throw new TypeError(`NumPy's dtype '${descr}' is not supported`);
  return { dtype: wider, itemsize, wordSize, unsigned: true };
}

/** How many bytes an array has. */
export const byteLengthOf = ({ shape, descr }: ArrayLayout): number => numelOf(shape) * elementsOf(descr).itemsize;

/** The array whose elements `given` holds. */
export function arrayOf(given: Uint8Array, { descr, fortranOrder, shape }: ArrayLayout): Tensor {
  const elements = elementsOf(descr);
  let bytes = given;
  if (descr.startsWith('>')) bytes = swapped(bytes, elements.wordSize);
  if (elements.unsigned) bytes = widened(bytes, elements);
  if (!fortranOrder) return tensorOf(bytes, elements.dtype, shape);
  const t = tensorOf(bytes, elements.dtype, [...shape].reverse());
  return new Tensor(t.storage, t.dtype, [...shape], [...t.strides].reverse(), 0);
}

/** A copy in which the bytes of every word are turned round. */
function swapped(bytes: Uint8Array, wordSize: number): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at < copy.length; at += wordSize) copy.subarray(at, at + wordSize).reverse();
  return copy;
}

/** Unsigned ints as the signed ones of `dtype`. */
function widened(bytes: Uint8Array, { dtype, itemsize }: Elements): Uint8Array {
  const { buffer } = bytes.slice();
  if (itemsize === 2) return new Uint8Array(Int32Array.from(new Uint16Array(buffer)).buffer);
  if (itemsize === 4) return new Uint8Array(BigInt64Array.from(Array.from(new Uint32Array(buffer), BigInt)).buffer);
  if (new BigInt64Array(buffer).some((value) => value < 0n)) throw new RangeError(`a uint64 of 2^63 or more does not fit ${dtype}`);
  return new Uint8Array(buffer);
}
