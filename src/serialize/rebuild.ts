/** The objects of a checkpoint: what its names and storages stand for. */
import { DType, dtypes, uint8 } from '../ir/dtype.js';
import type { Device } from '../device/device.js';
import { deviceTypes } from '../device/registry.js';
import { resolveDevice } from '../ops/memory.js';
import { sparseCooTensor } from '../ops/sparse.js';
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { type Size, sizeOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { type DeviceLike, toDevice, TorchDevice } from '../tensor/torch-device.js';
import { Parameter } from '../nn/parameter.js';
import { areSizes } from './layout.js';
import { PyDict, type PyTuple } from './python.js';
import { storageClasses } from './save.js';
import type { Global, PickleContext } from './unpickle.js';

/** Where tensors go: a device for all, or one for each device that the file names. */
export type MapLocation = DeviceLike | Readonly<Record<string, DeviceLike>>;

/** What a tensor of the file refers to: memory, and the dtype of its elements. */
class Stored {
  constructor(
    readonly dtype: DType,
    readonly content: Tensor,
  ) {}
}

/** Makes the tensors of a checkpoint, and says which names it may use. */
export class TensorReader implements PickleContext {
  private readonly contents = new Map<string, Tensor>();
  private readonly globals: ReadonlyMap<string, Global>;

  constructor(
    /** The bytes of a storage, as a tensor. */
    private readonly readStorage: (key: string, size: number, device: Device) => Tensor,
    private readonly mapLocation: MapLocation | null,
  ) {
    this.globals = new Map([...plainGlobals, ...this.tensorGlobals()].map((each) => [each.name, each]));
  }

  find(module: string, name: string): Global | undefined {
    const found = this.globals.get(`${module.replace('__builtin__', 'builtins')}.${name}`);
    if (!found && module === 'torch' && otherTypes.test(name)) throw new RuntimeError(`torch.${name} is not supported`);
    return found;
  }

  persistentLoad(id: PyTuple): Stored {
    const [kind, type, key, location, numel] = id;
    const dtype = storageTypes.get((type as Global | null)?.name ?? '');
    if (kind !== 'storage' || typeof key !== 'string' || typeof location !== 'string') throw invalid('a storage');
    if (!dtype) throw new RuntimeError(`${(type as Global | null)?.name ?? 'this storage'} is not supported`);
    if (!Number.isSafeInteger(numel)) throw invalid(`the size of storage '${key}'`);
    let content = this.contents.get(key);
    if (!content) this.contents.set(key, (content = this.readStorage(key, (numel as number) * dtype.itemsize, this.deviceFor(location))));
    return new Stored(dtype, content);
  }

  private deviceFor(location: string): Device {
    const map = this.mapLocation;
    const wanted = map === null ? location : typeof map === 'string' || map instanceof TorchDevice ? map : (map[location] ?? location);
    const { type } = toDevice(wanted);
    if (!deviceTypes().includes(type))
      throw new RuntimeError(
        `Attempting to deserialize object on a ${type.toUpperCase()} device but there is none here. ` +
          "Use torch.load with { mapLocation: 'cpu' } to map your storages to the CPU.",
      );
    return resolveDevice(wanted);
  }

  private tensorGlobals(): Global[] {
    const named = (name: string, call: (args: readonly unknown[]) => unknown): Global => ({ name, call });
    return [
      named('torch._utils._rebuild_tensor', ([storage, offset, sizes, strides]) => viewOf(storage, offset, sizes, strides)),
      named('torch._utils._rebuild_tensor_v2', ([storage, offset, sizes, strides, grad]) => viewOf(storage, offset, sizes, strides, grad)),
      named('torch._utils._rebuild_tensor_v3', ([storage, offset, sizes, strides, grad, , dtype]) => {
        if (!(storage instanceof Stored) || !(dtype instanceof DType)) throw invalid('a tensor');
        return viewOf(new Stored(dtype, storage.content), offset, sizes, strides, grad);
      }),
      // A tensor with attributes, which have no place here.
      named('torch._tensor._rebuild_from_type_v2', ([make, , args]) => called(make, args)),
      named('torch.serialization._get_layout', ([name]) => name),
      named('torch._utils._rebuild_sparse_tensor', ([layout, data]) => sparseOf(layout, data)),
      named('torch._utils._rebuild_parameter', ([data, grad]) => parameterOf(data, grad)),
      named('torch._utils._rebuild_parameter_with_state', ([data, grad]) => parameterOf(data, grad)),
      named('torch.nn.parameter.Parameter', ([data, grad = true]) => parameterOf(data, grad)),
    ];
  }
}

export const invalid = (what: string): Error => new RuntimeError(`the checkpoint is invalid: ${what}`);

/** The tensor of a storage that `_rebuild_tensor` describes. Nothing outside of the storage may be reached. */
function viewOf(storage: unknown, offset: unknown, sizes: unknown, strides: unknown, grad: unknown = false): Tensor {
  if (!(storage instanceof Stored) || !areSizes(sizes) || !areSizes(strides) || sizes.length !== strides.length || !areSizes([offset]))
    throw invalid('the shape of a tensor');
  const { dtype, content } = storage;
  let extent = sizes.includes(0) ? 0 : 1;
  if (extent > 0) for (let d = 0; d < sizes.length; d++) extent += (sizes[d] - 1) * strides[d];
  if (((offset as number) + extent) * dtype.itemsize > content.sizes[0])
    throw invalid(`a tensor of shape [${sizes.join(', ')}] reaches beyond its storage of ${content.sizes[0]} bytes`);
  const tensor = new Tensor(content.storage, dtype, [...sizes], [...strides], offset as number);
  if (grad === true) tensor.wantsGrad = checkDifferentiable(tensor);
  return tensor;
}

function sparseOf(layout: unknown, data: unknown): Tensor {
  if (layout !== 'torch.sparse_coo') throw new NotImplementedError(`rebuilding sparse tensor for layout ${String(layout)}`);
  if (!Array.isArray(data) || !(data[0] instanceof Tensor) || !(data[1] instanceof Tensor) || !areSizes(data[2]))
    throw invalid('a sparse tensor');
  const [places, entries, sizes, isCoalesced = false] = data as [Tensor, Tensor, number[], boolean?];
  return sparseCooTensor(places, entries, sizes, { isCoalesced: isCoalesced === true, checkInvariants: true });
}

function called(make: unknown, args: unknown): unknown {
  const { name, call } = (make ?? {}) as Partial<Global>;
  if (!name?.startsWith('torch._utils.') || !call || !Array.isArray(args)) throw invalid('a tensor');
  return call(args);
}

function checkDifferentiable(tensor: Tensor): true {
  if (tensor.dtype.category < 2) throw invalid(`a tensor of ${tensor.dtype} that requires grad`);
  return true;
}

function parameterOf(data: unknown, grad: unknown): Parameter {
  if (!(data instanceof Tensor)) throw invalid('a parameter');
  return new Parameter(data, grad === true && checkDifferentiable(data));
}

/** PyTorch's types that are not ours. */
const otherTypes = /^(u?int\d+|float[48]\w+|complex32|qu?int\w+|\w+Storage)$/;

const storageTypes = new Map<string, DType>([
  ...dtypes.map((dtype): [string, DType] => [`torch.${storageClasses[dtype.name]}`, dtype]),
  ['torch.storage.UntypedStorage', uint8],
]);

function bytesOfText([text, encoding]: readonly unknown[]): Uint8Array {
  if (typeof text !== 'string' || encoding !== 'latin1') throw invalid('bytes');
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function bytearrayOf([bytes = new Uint8Array(0)]: readonly unknown[]): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw invalid('a bytearray');
  return bytes.slice();
}

function dictOf([items = []]: readonly unknown[]): PyDict {
  const dict = new PyDict();
  if (items instanceof PyDict) for (const [key, value] of items.items) dict.items.set(key, value);
  else if (Array.isArray(items) && items.every((item) => Array.isArray(item) && item.length === 2))
    for (const [key, value] of items as [unknown, unknown][]) dict.items.set(key, value);
  else throw invalid('a dict');
  return dict;
}

function listArgument([items = []]: readonly unknown[]): unknown[] {
  if (!Array.isArray(items)) throw invalid('a set');
  return items as unknown[];
}

function shapeOf([sizes]: readonly unknown[]): Size {
  if (!areSizes(sizes)) throw invalid('a torch.Size');
  return sizeOf(sizes);
}

function complexOf([re, im = 0]: readonly unknown[]): { re: number; im: number } {
  if (typeof re !== 'number' || typeof im !== 'number') throw invalid('a complex number');
  return { re, im };
}

function deviceFrom([type, index]: readonly unknown[]): TorchDevice {
  if (typeof type !== 'string') throw invalid('a torch.device');
  return toDevice(type, typeof index === 'number' ? index : undefined);
}

/** Names of plain values. */
export const plainGlobals: readonly Global[] = [
  { name: 'collections.OrderedDict', call: dictOf },
  { name: 'collections.Counter', call: dictOf },
  { name: 'builtins.set', call: (args) => new Set(listArgument(args)) },
  { name: 'builtins.complex', call: complexOf },
  { name: 'builtins.bytearray', call: bytearrayOf },
  { name: '_codecs.encode', call: bytesOfText },
  { name: 'torch.Tensor' },
  { name: 'torch.Size', call: shapeOf },
  { name: 'torch.device', call: deviceFrom },
  ...dtypes.map((dtype) => ({ name: `torch.${dtype.name}`, value: dtype })),
  ...[...storageTypes.keys()].map((name) => ({ name })),
];
