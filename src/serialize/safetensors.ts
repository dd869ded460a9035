/** Files of the safetensors format (https://github.com/huggingface/safetensors): names and tensors, nothing that runs. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type DType, dtypes } from '../ir/dtype.js';
import { emptyTensor } from '../tensor/storage.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { getDevice } from '../device/registry.js';
import { convert } from '../ops/convert.js';
import { contiguousRaw } from '../ops/memory.js';

const codes: Record<string, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
};
const dtypeOf = (code: string): DType | undefined => dtypes.find((dtype) => codes[dtype.name] === code);

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

export type Tensors = Record<string, Tensor>;
export type Metadata = Record<string, string>;

/** The bytes of a safetensors file. Strided and shared tensors are written whole, each on its own. */
export function serialize(tensors: Tensors, metadata?: Metadata): Uint8Array {
  const header: Record<string, Entry | Metadata> = metadata ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const code = codes[tensor.dtype.name];
    if (!code) throw new TypeError(`safetensors cannot hold ${tensor.dtype} (tensor '${name}')`);
    const start = end;
    end += numelOf(tensor.sizes) * tensor.dtype.itemsize;
    header[name] = { dtype: code, shape: [...tensor.sizes], data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text + ' '.repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8));
  const file = new Uint8Array(8 + json.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  for (const [name, tensor] of Object.entries(tensors)) readInto(tensor, file, 8 + json.length + (header[name] as Entry).data_offsets[0]);
  return file;
}

function readInto(tensor: Tensor, file: Uint8Array, offset: number): void {
  const dense = contiguousRaw(convert(tensor, tensor.dtype, getDevice('cpu')));
  const bytes = numelOf(dense.sizes) * dense.dtype.itemsize;
  if (bytes > 0) dense.storage.device.read(dense.buffer, dense.offset * dense.dtype.itemsize, file.subarray(offset, offset + bytes));
}

const broken = (why: string): Error => new Error(`Error while deserializing header: ${why}`);

function parseHeader(file: Uint8Array): { header: Record<string, Entry>; data: number } {
  if (file.length < 8) throw broken('header too small');
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (length > 100_000_000) throw broken('header too large');
  if (8 + length > file.length) throw broken('invalid header length');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length)));
  } catch {
    throw broken('invalid JSON in header');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw broken('invalid JSON in header');
  const { __metadata__: _, ...entries } = header as Record<string, Entry>;
  return { header: entries, data: 8 + length };
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;

/** The tensors of a safetensors file, by name. Throws where the file is cut short or its header lies. */
export function deserialize(file: Uint8Array): Tensors {
  const { header, data } = parseHeader(file);
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, readEntry(name, entry, file, data)]));
}

function readEntry(name: string, entry: Entry, file: Uint8Array, data: number): Tensor {
  const dtype = dtypeOf(entry?.dtype);
  if (!dtype) throw broken(`unknown dtype of tensor '${name}'`);
  const { shape, data_offsets: offsets } = entry;
  if (!Array.isArray(shape) || !shape.every(isSize) || !Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw broken(`invalid entry of tensor '${name}'`);
  const [start, end] = offsets;
  const bytes = numelOf(shape) * dtype.itemsize;
  if (end - start !== bytes || data + end > file.length) throw broken(`tensor '${name}' does not fit its data`);
  const tensor = emptyTensor(getDevice('cpu'), dtype, shape);
  if (bytes > 0) tensor.storage.device.write(tensor.buffer, 0, file.subarray(data + start, data + end));
  return tensor;
}

/** Writes a file, which appears whole or not at all. */
export function saveFile(tensors: Tensors, path: string, metadata?: Metadata): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, serialize(tensors, metadata));
  renameSync(temporary, path);
}

export const loadFile = (path: string): Tensors => deserialize(readFileSync(path));
