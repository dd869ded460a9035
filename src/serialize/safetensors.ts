/** Files of the safetensors format (https://github.com/huggingface/safetensors): names and tensors, nothing that runs. */
import '../device/cpu/index.js';
import '../ops/methods.js';
import { type DType, dtypes } from '../ir/dtype.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { areSizes, bytesOf, tensorOf } from './layout.js';
import { concatBytes, type FileLike, openSource, siblingOf, type Source, writeFile } from './source.js';

/** By name of the dtype; in the order in which tensors stand in a file, wide ones first, so that all data are aligned. */
const codes: Record<string, string> = {
  int64: 'I64',
  float64: 'F64',
  complex64: 'C64',
  float32: 'F32',
  int32: 'I32',
  bfloat16: 'BF16',
  float16: 'F16',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};
const dtypeOf = (code: string): DType | undefined => dtypes.find((dtype) => codes[dtype.name] === code);

const MAX_HEADER = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [start: number, end: number];
}

export type Tensors = Record<string, Tensor>;
export type Metadata = Record<string, string>;

// --- writing ------------------------------------------------------------------------------------------------------------------

const byteCount = (tensor: Tensor): number => numelOf(tensor.sizes) * tensor.dtype.itemsize;

/** As the library orders them: by dtype, then by name. */
function inFileOrder(tensors: Tensors): [string, Tensor][] {
  const order = Object.keys(codes);
  const rank = ({ dtype }: Tensor): number => order.indexOf(dtype.name);
  return Object.entries(tensors).sort(([a, x], [b, y]) => rank(x) - rank(y) || (a < b ? -1 : 1));
}

function* pieces(tensors: Tensors, metadata?: Metadata): Iterable<Uint8Array> {
  const entries = inFileOrder(tensors);
  const header: [string, Entry | Metadata][] = metadata ? [['__metadata__', metadata]] : [];
  let end = 0;
  for (const [name, tensor] of entries) {
    const code = codes[tensor.dtype.name];
    if (!code) throw new TypeError(`safetensors cannot hold ${tensor.dtype} (tensor '${name}')`);
    const start = end;
    end += byteCount(tensor);
    header.push([name, { dtype: code, shape: [...tensor.sizes], data_offsets: [start, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padding = (8 - (json.length % 8)) % 8;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length + padding), true);
  yield length;
  yield json;
  yield new Uint8Array(padding).fill(0x20);
  for (const [, tensor] of entries) yield bytesOf(tensor);
}

/**
 * The bytes of a safetensors file. Strided and shared tensors are written whole, each on its own. Throws a TypeError for complex128.
 * https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.save
 * @example safetensors.serialize({ weight: torch.ones(2) }).length  // 80
 */
export const serialize = (tensors: Tensors, metadata?: Metadata): Uint8Array => concatBytes(...pieces(tensors, metadata));

/**
 * Writes a file, which appears whole or not at all. https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.save_file
 * @example
 * safetensors.saveFile({ weight: torch.ones(2, 3) }, 'model.safetensors');
 * safetensors.loadFile('model.safetensors').weight.shape  // torch.Size([2, 3])
 */
export const saveFile = (tensors: Tensors, path: string | URL, metadata?: Metadata): void => writeFile(path, pieces(tensors, metadata));

/** What a file beside the shards says: which shard holds which tensor. */
interface ShardIndex {
  readonly metadata: { readonly total_size: number };
  readonly weight_map: Record<string, string>;
}

/**
 * Writes files of at most `maxShardSize` bytes of data each, and an index that `safeOpen` reads, as Hugging Face's libraries do:
 * `saveSharded(state, 'out/model.safetensors')` makes `out/model-00001-of-00002.safetensors`, … and `out/model.safetensors.index.json`.
 * @example
 * safetensors.saveSharded({ a: torch.ones(2), b: torch.ones(2) }, 'model.safetensors', { maxShardSize: 8 });
 * safetensors.loadFile('model.safetensors.index.json').b  // tensor([1., 1.])
 */
export function saveSharded(
  tensors: Tensors,
  path: string,
  { maxShardSize = 5e9, metadata }: { maxShardSize?: number; metadata?: Metadata } = {},
): void {
  const shards = splitIntoShards(tensors, maxShardSize);
  const stem = path.replace(/\.safetensors$/, '');
  const number = (n: number): string => String(n).padStart(5, '0');
  const weightMap: [string, string][] = [];
  shards.forEach((shard, i) => {
    const file = `${stem}-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    saveFile(shard, file, metadata);
    for (const name of Object.keys(shard)) weightMap.push([name, file.replace(/^.*[/\\]/, '')]);
  });
  const total = Object.values(tensors).reduce((sum, tensor) => sum + byteCount(tensor), 0);
  const index: ShardIndex = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  writeFile(`${stem}.safetensors.index.json`, [new TextEncoder().encode(JSON.stringify(index, null, 2))]);
}

function splitIntoShards(tensors: Tensors, limit: number): Tensors[] {
  const shards: [string, Tensor][][] = [[]];
  let size = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = byteCount(tensor);
    if (size > 0 && size + bytes > limit) {
      shards.push([]);
      size = 0;
    }
    shards[shards.length - 1].push([name, tensor]);
    size += bytes;
  }
  return shards.map((shard) => Object.fromEntries(shard));
}

// --- reading ------------------------------------------------------------------------------------------------------------------

/** Tensors of one or several files, each read when it is asked for. `close` it, or open it with `using`. */
export interface SafeTensors {
  keys(): string[];
  /** The tensor with this name. Throws where there is none, or where the file cannot hold it. */
  getTensor(name: string): Tensor;
  metadata(): Metadata | null;
  close(): void;
  [Symbol.dispose](): void;
}

const broken = (why: string): Error => new Error(`Error while deserializing header: ${why}`);
const missing = (name: string): Error => new Error(`File does not contain tensor ${name}`);

/** One file. */
class SafeTensorsFile implements SafeTensors {
  private readonly entries: ReadonlyMap<string, Entry>;
  private readonly notes: Metadata | null;
  private readonly data: number;

  constructor(private readonly source: Source) {
    const { header, data } = readHeader(source);
    const { __metadata__: notes = null, ...entries } = header;
    if (notes !== null && !isMetadata(notes)) throw broken('invalid metadata');
    this.notes = notes;
    this.data = data;
    this.entries = new Map(Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry)]));
    checkOffsets(this.entries, source.length - data);
  }

  keys(): string[] {
    return [...this.entries.keys()];
  }

  metadata(): Metadata | null {
    return this.notes && { ...this.notes };
  }

  getTensor(name: string): Tensor {
    const entry = this.entries.get(name);
    if (!entry) throw missing(name);
    const dtype = dtypeOf(entry.dtype);
    if (!dtype) throw new TypeError(`tensor '${name}' has the dtype ${entry.dtype}, which is not supported`);
    const [start, end] = entry.data_offsets;
    if (end - start !== numelOf(entry.shape) * dtype.itemsize) throw broken(`the shape of tensor '${name}' does not fit its data`);
    return tensorOf(this.source.read(this.data + start, end - start), dtype, entry.shape, { owned: this.source.copies });
  }

  close(): void {
    this.source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function readHeader(source: Source): { header: Record<string, unknown>; data: number } {
  if (source.length < 8) throw broken('header too small');
  const start = source.read(0, 8);
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER) throw broken('header too large');
  if (8 + length > source.length) throw broken('invalid header length');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(source.read(8, length)));
  } catch {
    throw broken('invalid JSON in header');
  }
  if (!isRecord(header)) throw broken('invalid JSON in header');
  return { header, data: 8 + length };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isMetadata = (x: unknown): x is Metadata => isRecord(x) && Object.values(x).every((value) => typeof value === 'string');

function checkEntry(name: string, entry: unknown): Entry {
  if (
    !isRecord(entry) ||
    typeof entry.dtype !== 'string' ||
    !areSizes(entry.shape) ||
    !areSizes(entry.data_offsets) ||
    entry.data_offsets.length !== 2
  )
    throw broken(`invalid entry of tensor '${name}'`);
  return entry as unknown as Entry;
}

/** The data of all tensors must lie one after another and fill the file. */
function checkOffsets(entries: ReadonlyMap<string, Entry>, length: number): void {
  let at = 0;
  for (const [name, { data_offsets: offsets }] of [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (offsets[0] !== at || offsets[1] < at) throw broken(`invalid offset of tensor '${name}'`);
    at = offsets[1];
  }
  if (at !== length) throw broken(at > length ? 'the file is cut short' : 'the file holds more data than its tensors');
}

/** The shards that an index names, each opened when its first tensor is asked for. */
class ShardedSafeTensors implements SafeTensors {
  private readonly shards = new Map<string, SafeTensors>();
  private readonly files: ReadonlyMap<string, string>;

  constructor(
    index: unknown,
    private readonly open: (file: string) => SafeTensors,
  ) {
    const map = isRecord(index) ? index.weight_map : null;
    if (!isMetadata(map)) throw new Error('this is no index of safetensors files: it has no weight_map');
    const outside = Object.values(map).find((file) => /[/\\]/.test(file));
    if (outside) throw new Error(`the index names '${outside}', which does not lie beside it`);
    this.files = new Map(Object.entries(map));
  }

  keys(): string[] {
    return [...this.files.keys()];
  }

  metadata(): Metadata | null {
    const [first] = this.files.values();
    return first === undefined ? null : this.shard(first).metadata();
  }

  getTensor(name: string): Tensor {
    const file = this.files.get(name);
    if (file === undefined) throw missing(name);
    return this.shard(file).getTensor(name);
  }

  private shard(file: string): SafeTensors {
    let shard = this.shards.get(file);
    if (!shard) this.shards.set(file, (shard = this.open(file)));
    return shard;
  }

  close(): void {
    for (const shard of this.shards.values()) shard.close();
    this.shards.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a safetensors file, or the index (`….safetensors.index.json`) of several, without reading the tensors yet. Throws where the header
 * lies.
 * https://huggingface.co/docs/safetensors/api/torch#safetensors.safe_open
 * @example
 * safetensors.saveFile({ weight: torch.ones(2, 3) }, 'model.safetensors');
 * const file = safetensors.safeOpen('model.safetensors');
 * file.keys()  // [ 'weight' ]
 * file.getTensor('weight').shape  // torch.Size([2, 3])
 */
export function safeOpen(file: FileLike): SafeTensors {
  if (!(file instanceof Uint8Array || file instanceof ArrayBuffer) && String(file).endsWith('.json')) return openShards(file);
  const source = openSource(file);
  try {
    return new SafeTensorsFile(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

function openShards(path: string | URL): SafeTensors {
  const source = openSource(path);
  try {
    const index: unknown = JSON.parse(new TextDecoder().decode(source.read(0, source.length)));
    return new ShardedSafeTensors(index, (name) => safeOpen(siblingOf(path, name)));
  } finally {
    source.close();
  }
}

/**
 * All tensors of a safetensors file, or of the shards of an index, by name.
 * https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.load_file
 * @example
 * safetensors.saveFile({ weight: torch.ones(2, 3) }, 'model.safetensors');
 * Object.keys(safetensors.loadFile('model.safetensors'))  // [ 'weight' ]
 */
export function loadFile(path: FileLike): Tensors {
  const file = safeOpen(path);
  try {
    return Object.fromEntries(file.keys().map((name) => [name, file.getTensor(name)]));
  } finally {
    file.close();
  }
}

/**
 * The tensors in the bytes of a safetensors file, by name. Throws where it is cut short or its header lies.
 * https://huggingface.co/docs/safetensors/api/torch#safetensors.torch.load
 * @example safetensors.deserialize(safetensors.serialize({ weight: torch.ones(2) }))  // { weight: tensor([1., 1.]) }
 */
export const deserialize = (file: Uint8Array): Tensors => loadFile(file);
