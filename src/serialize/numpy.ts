/** NumPy's files: `.npy` (one array) and `.npz` (several by name). https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import '../device/cpu/index.js';
import '../ops/methods.js';
import type { Tensor } from '../tensor/tensor.js';
import { areSizes, bytesOf } from './layout.js';
import { type ArrayLayout, arrayOf, byteLengthOf, codes } from './numpy-array.js';
import { isPickle, unpickleArrays } from './numpy-pickle.js';
import { concatBytes, type FileLike, openSource, type Source, withSource, writeFile } from './source.js';
import { isZip, writeZip, ZipReader } from './zip.js';

const magic = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'));
/** The data of an array begin at a multiple of this. */
const ALIGNMENT = 64;

const invalid = (why: string): Error => new Error(`the .npy file is invalid: ${why}`);

interface Header extends ArrayLayout {
  /** Where the data begin. */
  readonly data: number;
}

function readHeader(source: Source): Header {
  const begin = source.read(0, Math.min(source.length, 12));
  if (begin.length < 12 || !magic.every((byte, i) => byte === begin[i])) throw invalid('it does not begin with \\x93NUMPY');
  const version = begin[6];
  if (version < 1 || version > 3) throw invalid(`version ${version} is unknown`);
  const view = new DataView(begin.buffer, begin.byteOffset);
  const [length, at] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (at + length > source.length) throw invalid('its header is cut short');
  return { ...parseHeader(new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(source.read(at, length))), data: at + length };
}

/** Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseHeader(text: string): ArrayLayout {
  if (/'descr':\s*'\|O/.test(text)) throw new Error('Object arrays cannot be loaded: they hold a pickle');
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    throw invalid(`its header is ${JSON.stringify(text.slice(0, 100).trim())}`);
  const shape = sizes
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (!areSizes(shape)) throw invalid(`the shape (${sizes})`);
  return { descr, fortranOrder: order === 'True', shape };
}

function readNpy(source: Source): Tensor {
  const { data, ...layout } = readHeader(source);
  const size = byteLengthOf(layout);
  if (data + size > source.length)
    throw invalid(`an array of shape (${layout.shape.join(', ')}) needs ${size} bytes of data, but there are ${source.length - data}`);
  return arrayOf(source.read(data, size), layout);
}

function readNpz(source: Source): Record<string, Tensor> {
  const zip = new ZipReader(source);
  const arrays = zip.names.filter((name) => name.endsWith('.npy'));
  return Object.fromEntries(arrays.map((name) => [name.slice(0, -'.npy'.length), readNpy(openSource(zip.read(name)))]));
}

/**
 * The tensor of a `.npy` file, or the tensors of a `.npz` file by name: a path, or the bytes of the file. Arrays in Fortran order keep
 * their strides, big-endian ones are turned round, and uint16, uint32 and uint64 become int32 and int64. With `allowPickle` it also reads
 * pickles of arrays, numbers, strings and containers of them; nothing in them is ever executed. Throws for arrays of objects, strings and
 * records, and where a file lies. https://numpy.org/doc/stable/reference/generated/numpy.load.html
 * @example
 * numpy.save(torch.tensor([1.5, 2]), 'data.npy');
 * numpy.load('data.npy')  // tensor([1.5000, 2.0000])
 */
export function load<T extends Tensor | Record<string, Tensor> = Tensor>(file: FileLike, options?: { allowPickle?: false }): T;
export function load<T>(file: FileLike, options: { allowPickle: boolean }): T;
export function load(file: FileLike, { allowPickle = false }: { allowPickle?: boolean } = {}): unknown {
  return withSource(file, (source) => {
    if (isZip(source)) return readNpz(source);
    const bytes = source.read(0, Math.min(source.length, 2));
    if (!isPickle(bytes)) return readNpy(source);
    if (!allowPickle)
      throw new Error('This file contains pickled (object) data. Load it with { allowPickle: true }: nothing in it is executed.');
    return unpickleArrays(source.read(0, source.length));
  });
}

function npyBytes(tensor: Tensor): Uint8Array {
  const code = codes[tensor.dtype.name];
  if (!code) throw new TypeError(`NumPy has no ${tensor.dtype}`);
  const order = tensor.dtype.itemsize === 1 ? '|' : '<';
  const shape = tensor.sizes.length === 1 ? `${tensor.sizes[0]},` : tensor.sizes.join(', ');
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT - 10;
  const header = new TextEncoder().encode(`${text.padEnd(length - 1)}\n`);
  return concatBytes(magic, Uint8Array.of(1, 0, length & 255, length >> 8), header, bytesOf(tensor));
}

/**
 * Writes a `.npy` file; without `path` returns its bytes. https://numpy.org/doc/stable/reference/generated/numpy.save.html
 * @example numpy.load(numpy.save(torch.tensor([1, 2])))  // tensor([1, 2])
 */
export function save(tensor: Tensor): Uint8Array;
export function save(tensor: Tensor, path: string | URL): void;
export function save(tensor: Tensor, path?: string | URL): Uint8Array | void {
  if (path === undefined) return npyBytes(tensor);
  writeFile(path, [npyBytes(tensor)]);
}

/**
 * Writes tensors by name into a `.npz` file, uncompressed; without `path` returns its bytes.
 * https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 * @example Object.keys(numpy.load<Record<string, torch.Tensor>>(numpy.savez({ x: torch.ones(2), y: torch.zeros(2) })))  // [ 'x', 'y' ]
 */
export function savez(tensors: Record<string, Tensor>): Uint8Array;
export function savez(tensors: Record<string, Tensor>, path: string | URL): void;
export function savez(tensors: Record<string, Tensor>, path?: string | URL): Uint8Array | void {
  const items = Object.entries(tensors).map(([name, tensor]) => ({ name: `${name}.npy`, data: () => npyBytes(tensor) }));
  if (path === undefined) return concatBytes(...writeZip(items));
  writeFile(path, writeZip(items));
}
