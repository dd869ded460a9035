/** `torch.save`: PyTorch's own files. https://pytorch.org/docs/stable/notes/serialization.html */
import { DType } from '../ir/dtype.js';
import type { Device } from '../device/device.js';
import { RuntimeError } from '../tensor/errors.js';
import { Size } from '../tensor/size.js';
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

  /** The bytes of each storage, as entries of the archive. */
  items(): ZipItem[] {
    return [...this.storages].map(([storage, { key, dtype }]) => ({
      name: `data/${key}`,
      data: () => {
        const bytes = new Uint8Array(Math.floor(storage.buffer.bytes / dtype.itemsize) * dtype.itemsize);
        if (bytes.length > 0) storage.device.read(storage.buffer, 0, bytes);
        return bytes;
      },
    }));
  }
}

const noHooks = (pickler: Pickler): void => pickler.call('collections', 'OrderedDict', () => pickler.tuple());
const deviceArguments = ({ type, index }: TorchDevice): (string | number)[] => (index === null ? [type] : [type, index]);
/** Where PyTorch will look for the tensor; what it does not know it takes for the CPU's. */
const locationOf = ({ type, index }: Device): string => (type === 'cuda' ? `cuda:${index}` : 'cpu');

function* archive(value: unknown): Iterable<Uint8Array> {
  const tensors = new TensorWriter();
  const data = pickle(value, tensors);
  const text = (name: string, content: string): ZipItem => ({ name, data: () => new TextEncoder().encode(content) });
  const items = [
    { name: 'data.pkl', data: () => data },
    text('.format_version', '1'),
    text('.storage_alignment', String(ALIGNMENT)),
    text('byteorder', 'little'),
    ...tensors.items(),
    text('version', '3\n'),
  ];
  yield* writeZip(
    items.map(({ name, data: content }) => ({ name: `archive/${name}`, data: content })),
    ALIGNMENT,
  );
}

/**
 * Saves tensors, parameters, numbers, strings, bytes, sizes, dtypes, devices and containers of them as PyTorch's `torch.save` does, so that PyTorch
 * loads them. Objects and Maps become dicts, arrays lists, frozen arrays tuples. Tensors that share memory still share it when loaded.
 * A file appears whole or not at all. Without `path` returns the bytes, as browsers need them. Throws a TypeError for anything else, such as a module:
 * save its `stateDict()`. https://pytorch.org/docs/stable/generated/torch.save.html
 * @example torch.save({ model: net.stateDict(), optimizer: optimizer.stateDict() }, 'checkpoint.pt');
 */
export function save(obj: unknown): Uint8Array;
export function save(obj: unknown, path: string | URL): void;
export function save(obj: unknown, path?: string | URL): Uint8Array | void {
  if (path === undefined) return concatBytes(...archive(obj));
  writeFile(path, archive(obj));
}
