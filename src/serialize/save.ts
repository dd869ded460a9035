/** `torch.save`: PyTorch's own files. https://pytorch.org/docs/stable/notes/serialization.html */
import { DType } from '../ir/dtype.js';
import type { Device } from '../device/device.js';
import { RuntimeError } from '../tensor/errors.js';
import { Size, sizeOf } from '../tensor/size.js';
import { SparseTensor } from '../tensor/sparse.js';
import { type Storage, Tensor } from '../tensor/tensor.js';
import { TorchDevice } from '../tensor/torch-device.js';
import { Parameter } from '../nn/parameter.js';
import { pickle, type Pickler } from './pickle.js';
import { concatBytes, writeFile } from './source.js';
import { writeZip, type ZipItem } from './zip.js';

/** The class of a storage in `torch`, by the name of its dtype. */
export const storageClasses: Record<string, string> = {
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  int8: 'CharStorage',
  int16: 'ShortStorage',
  int32: 'IntStorage',
  int64: 'LongStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
  complex64: 'ComplexFloatStorage',
  complex128: 'ComplexDoubleStorage',
};

/** PyTorch aligns the data of storages so that they can be mapped into memory. */
const ALIGNMENT = 64;

interface Stored {
  readonly key: string;
  readonly dtype: DType;
}

/** Writes tensors into a pickle and remembers their storages. */
class TensorWriter {
  readonly storages = new Map<Storage, Stored>();

  reduce(value: object, pickler: Pickler): boolean {
    if (value instanceof Parameter) this.parameter(value, pickler);
    else if (value instanceof SparseTensor) this.sparse(value, pickler);
    else if (value instanceof Tensor) this.tensor(value, value.wantsGrad || value.node !== null, value, pickler);
    else if (value instanceof Size) pickler.call('torch', 'Size', () => pickler.tuple(() => pickler.tuple(...value)), value);
    else if (value instanceof DType) pickler.global('torch', value.name);
    else if (value instanceof TorchDevice) pickler.call('torch', 'device', () => pickler.tuple(...deviceArguments(value)), value);
    else return false;
    return true;
  }

  private parameter(value: Parameter, pickler: Pickler): void {
    const data = (): void => this.tensor(value, false, undefined, pickler);
    pickler.call('torch._utils', '_rebuild_parameter', () => pickler.tuple(data, value.wantsGrad, () => noHooks(pickler)), value);
  }

  private sparse(value: SparseTensor, pickler: Pickler): void {
    const layout = (): void => pickler.call('torch.serialization', '_get_layout', () => pickler.tuple('torch.sparse_coo'));
    const data = (): void => pickler.tuple(value.places, value.entries.detach(), sizeOf(value.sizes), value.coalesced);
    pickler.call('torch._utils', '_rebuild_sparse_tensor', () => pickler.tuple(layout, data), value);
  }

  private tensor(t: Tensor, requiresGrad: boolean, key: unknown, pickler: Pickler): void {
    const args = [() => this.storage(t, pickler), t.offset, () => pickler.tuple(...t.sizes), () => pickler.tuple(...t.strides)];
    pickler.call('torch._utils', '_rebuild_tensor_v2', () => pickler.tuple(...args, requiresGrad, () => noHooks(pickler)), key);
  }

  private storage({ storage, dtype }: Tensor, pickler: Pickler): void {
    let stored = this.storages.get(storage);
    if (!stored) this.storages.set(storage, (stored = { key: String(this.storages.size), dtype }));
    if (stored.dtype !== dtype)
      throw new RuntimeError('Cannot save multiple tensors or storages that view the same data as different types');
    const numel = Math.floor(storage.buffer.bytes / dtype.itemsize);
    pickler.persistent('storage', () => pickler.global('torch', storageClasses[dtype.name]), stored.key, locationOf(storage.device), numel);
  }

  /** The storages as entries of the archive, each read when its turn comes. */
  items(): ZipItem[] {
    return [...this.storages].map(([storage, { key, dtype }]) => ({ name: `data/${key}`, data: () => contentOf(storage, dtype) }));
  }

  /** The same for devices that can only be read asynchronously: all are read at once. */
  itemsAsync(): Promise<ZipItem[]> {
    const entries = [...this.storages].map(async ([storage, { key, dtype }]) => {
      const bytes = roomFor(storage, dtype);
      if (bytes.length > 0) await storage.device.readAsync(storage.buffer, 0, bytes);
      return { name: `data/${key}`, data: () => bytes };
    });
    return Promise.all(entries);
  }
}

const roomFor = ({ buffer }: Storage, { itemsize }: DType): Uint8Array => new Uint8Array(Math.floor(buffer.bytes / itemsize) * itemsize);

function contentOf(storage: Storage, dtype: DType): Uint8Array {
  const { device, buffer } = storage;
  if (!device.canReadSync)
    throw new RuntimeError(
      `save() cannot read a tensor on '${device.type}:${device.index}' synchronously: use 'await torch.saveAsync(…)' instead`,
    );
  const bytes = roomFor(storage, dtype);
  if (bytes.length > 0) device.read(buffer, 0, bytes);
  return bytes;
}

const noHooks = (pickler: Pickler): void => pickler.call('collections', 'OrderedDict', () => pickler.tuple());
const deviceArguments = ({ type, index }: TorchDevice): (string | number)[] => (index === null ? [type] : [type, index]);
/** Where PyTorch will look for the tensor; what it does not know it takes for the CPU's. */
const locationOf = ({ type, index }: Device): string => (type === 'cuda' ? `cuda:${index}` : 'cpu');

function archive(data: Uint8Array, storages: readonly ZipItem[]): Iterable<Uint8Array> {
  const text = (name: string, content: string): ZipItem => ({ name, data: () => new TextEncoder().encode(content) });
  const items = [
    { name: 'data.pkl', data: () => data },
    text('.format_version', '1'),
    text('.storage_alignment', String(ALIGNMENT)),
    text('byteorder', 'little'),
    ...storages,
    text('version', '3\n'),
  ];
  return writeZip(
    items.map(({ name, data: content }) => ({ name: `archive/${name}`, data: content })),
    ALIGNMENT,
  );
}

/**
 * Saves tensors, parameters, numbers, strings, bytes, sizes, dtypes, devices and containers of them as PyTorch's `torch.save` does, so that
 * PyTorch
 * loads them. Objects and Maps become dicts, arrays lists, frozen arrays tuples. Tensors that share memory still share it when loaded.
 * A file appears whole or not at all. Without `path` returns the bytes, as browsers need them. Throws a TypeError for anything else, such
 * as a module:
 * save its `stateDict()`. https://pytorch.org/docs/stable/generated/torch.save.html
 * @example
 * const net = new nn.Linear(2, 1);
 * torch.save({ model: net.stateDict(), epoch: 3 }, 'checkpoint.pt');
 * torch.load<{ epoch: number }>('checkpoint.pt').epoch  // 3
 */
export function save(obj: unknown): Uint8Array;
export function save(obj: unknown, path: string | URL): void;
export function save(obj: unknown, path?: string | URL): Uint8Array | void {
  const tensors = new TensorWriter();
  const data = pickle(obj, tensors);
  return written(archive(data, tensors.items()), path);
}

/**
 * The same for tensors on any device, such as WebGPU, that can only be read asynchronously.
 * @example
 * await torch.saveAsync({ epoch: 3 }, 'checkpoint.pt');
 * torch.load<{ epoch: number }>('checkpoint.pt').epoch  // 3
 */
export function saveAsync(obj: unknown): Promise<Uint8Array>;
export function saveAsync(obj: unknown, path: string | URL): Promise<void>;
export async function saveAsync(obj: unknown, path?: string | URL): Promise<Uint8Array | void> {
  const tensors = new TensorWriter();
  const data = pickle(obj, tensors);
  return written(archive(data, await tensors.itemsAsync()), path);
}

function written(pieces: Iterable<Uint8Array>, path?: string | URL): Uint8Array | void {
  if (path === undefined) return concatBytes(...pieces);
  writeFile(path, pieces);
}
