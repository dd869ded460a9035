/** Values on their way between threads: tensors are handed over with their memory, or copied through shared blocks. */
import { getDevice } from '../device/registry.js';
import { type DType, dtypes } from '../ir/dtype.js';
import { contiguousRaw } from '../ops/memory.js';
import { convert } from '../ops/convert.js';
import { isOptions } from '../ops/signature.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { RuntimeError } from '../tensor/errors.js';
import { contiguousStrides, isContiguous } from '../tensor/shape.js';
import { Storage, Tensor } from '../tensor/tensor.js';

/** Memory that both threads see, or, in pages that are not isolated, memory that is handed over. */
export type Block = SharedArrayBuffer | ArrayBuffer;

const ALIGNMENT = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function newBlock(bytes: number): Block {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** What has to be named when a block is posted: memory that is not shared moves. */
export const moved = (block: Block | null): Transferable[] => (block instanceof ArrayBuffer ? [block] : []);

/** A value in which tensors are places of a block, or memory that a ticket gives. */
export type Encoded =
  | readonly ['value', unknown]
  | readonly ['list', readonly Encoded[]]
  | readonly ['object', readonly (readonly [string, Encoded])[]]
  | readonly ['tensor', dtype: string, sizes: readonly number[], offset: number]
  | readonly ['sent', dtype: string, sizes: readonly number[], ticket: number];

export interface Parcel {
  readonly value: Encoded;
  readonly block: Block | null;
}

export interface PackOptions {
  /** A block that may be used again. */
  readonly spare?: Block | null;
  /** Nobody keeps the tensors of the value: their memory goes with them where it can. */
  readonly given?: boolean;
}

/** Packs a value for another thread. */
export function pack(value: unknown, { spare = null, given = false }: PackOptions = {}): Parcel {
  const tensors: { tensor: Tensor; offset: number }[] = [];
  let size = 0;
  const encode = (x: unknown): Encoded => {
    if (Array.isArray(x)) return ['list', x.map(encode)];
    if (isOptions(x)) return ['object', Object.entries(x).map(([key, item]) => [key, encode(item)] as const)];
    if (!(x instanceof Tensor)) return ['value', x];
    const ticket = given ? send(x) : null;
    if (ticket !== null) return ['sent', x.dtype.name, [...x.sizes], ticket];
    const offset = size;
    size += aligned(bytesOf(x.dtype, x.sizes));
    tensors.push({ tensor: x, offset });
    return ['tensor', x.dtype.name, [...x.sizes], offset];
  };
  const encoded = encode(value);
  if (size === 0) return { value: encoded, block: null };
  const block = spare && spare.byteLength >= size ? spare : newBlock(size);
  for (const { tensor, offset } of tensors) copyOut(tensor, new Uint8Array(block), offset);
  return { value: encoded, block };
}

const bytesOf = (dtype: DType, sizes: readonly number[]): number => numelOf(sizes) * dtype.itemsize;

/** The ticket for the memory of a tensor that is all of it. */
function send({ storage, dtype, sizes, strides, offset }: Tensor): number | null {
  const isWhole = offset === 0 && isContiguous(sizes, strides) && storage.buffer.bytes === bytesOf(dtype, sizes);
  return isWhole && storage.device === getDevice('cpu') ? storage.device.send(storage.buffer) : null;
}

function copyOut(tensor: Tensor, bytes: Uint8Array, offset: number): void {
  const dense = contiguousRaw(convert(tensor, tensor.dtype, getDevice('cpu')));
  const count = bytesOf(dense.dtype, dense.sizes);
  if (count > 0) dense.storage.device.read(dense.buffer, dense.offset * dense.dtype.itemsize, bytes.subarray(offset, offset + count));
}

const dtypeNamed = (name: string): DType => dtypes.find((dtype) => dtype.name === name)!;

/** Gives the value back. Tensors get memory of their own, or with `share` live in the block itself. */
export function unpack({ value, block }: Parcel, share = false): unknown {
  const bytes = block && new Uint8Array(block);
  const decode = (encoded: Encoded): unknown => {
    if (encoded[0] === 'value') return encoded[1];
    if (encoded[0] === 'list') return encoded[1].map(decode);
    if (encoded[0] === 'object') return Object.fromEntries(encoded[1].map(([key, item]) => [key, decode(item)]));
    const [kind, name, sizes, place] = encoded;
    const dtype = dtypeNamed(name);
    if (kind === 'sent') return take(place, dtype, sizes);
    const content = bytes ? bytes.subarray(place, place + bytesOf(dtype, sizes)) : new Uint8Array(0);
    return share && content.length > 0 ? sharing(content, dtype, sizes) : copyIn(content, dtype, sizes);
  };
  return decode(value);
}

function take(ticket: number, dtype: DType, sizes: readonly number[]): Tensor {
  const device = getDevice('cpu');
  const buffer = device.take(ticket, bytesOf(dtype, sizes));
  if (!buffer) throw new RuntimeError('the thread that made this batch has ended, and its memory with it');
  return new Tensor(new Storage(device, buffer), dtype, sizes, contiguousStrides(sizes), 0);
}

function copyIn(bytes: Uint8Array, dtype: DType, sizes: readonly number[]): Tensor {
  const tensor = emptyTensor(getDevice('cpu'), dtype, sizes);
  if (bytes.length > 0) tensor.storage.device.write(tensor.buffer, 0, bytes);
  return tensor;
}

function sharing(bytes: Uint8Array, dtype: DType, sizes: readonly number[]): Tensor {
  const device = getDevice('cpu');
  return new Tensor(new Storage(device, device.adopt(bytes)), dtype, sizes, contiguousStrides(sizes), 0);
}
