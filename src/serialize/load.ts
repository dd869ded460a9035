/** `torch.load`: PyTorch's own files. */
import type { Device } from '../device/device.js';
import { uint8 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { tensorOf } from './layout.js';
import { isLegacy, readLegacy } from './legacy.js';
import { toJavaScript } from './python.js';
import { invalid, type MapLocation, TensorReader } from './rebuild.js';
import { type FileLike, type Source, withSource } from './source.js';
import { unpickle } from './unpickle.js';
import { isZip, ZipReader } from './zip.js';

export interface LoadOptions {
  mapLocation?: MapLocation | null;
  /** Accepted for PyTorch's sake: nothing else than weights and plain values is ever loaded. */
  weightsOnly?: boolean;
  /** Accepted too: files are read piece by piece anyway. */
  mmap?: boolean | null;
}

function checkFormat(source: Source): void {
  if (isZip(source)) return;
  const start = source.read(0, Math.min(source.length, 512));
  if (source.length === 0) throw new RuntimeError('Ran out of input: the file is empty');
  if (new TextDecoder('latin1').decode(start.subarray(257, 262)) === 'ustar')
    throw new RuntimeError(
      "this is a checkpoint in PyTorch's old tar format, which cannot be read: load it in PyTorch 1.6 or later and save it again",
    );
  throw new RuntimeError(
    'PytorchStreamReader failed reading zip archive: this is no checkpoint of PyTorch (it does not begin as zip archives do)',
  );
}

function readArchive(source: Source, mapLocation: MapLocation | null): unknown {
  checkFormat(source);
  const zip = new ZipReader(source);
  const data = zip.names.find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (!data) throw new RuntimeError('PytorchStreamReader failed locating file data.pkl: this zip archive is no checkpoint of PyTorch');
  const prefix = data.slice(0, -'data.pkl'.length);
  if (zip.has(`${prefix}constants.pkl`))
    throw new RuntimeError('this is a TorchScript archive, which holds a program: save the stateDict() of the model');
  const order = zip.has(`${prefix}byteorder`) ? new TextDecoder().decode(zip.read(`${prefix}byteorder`)) : 'little';
  if (order !== 'little') throw new RuntimeError(`checkpoints with ${order}-endian numbers cannot be read`);
  const readStorage = (key: string, size: number, device: Device): Tensor => {
    const name = `${prefix}data/${key}`;
    if (zip.sizeOf(name) !== size) throw invalid(`storage '${key}' should have ${size} bytes but has ${zip.sizeOf(name)}`);
    return tensorOf(zip.read(name), uint8, [size], { device, owned: zip.copies(name) });
  };
  return toJavaScript(unpickle(zip.read(data), new TensorReader(readStorage, mapLocation)));
}

const read = (source: Source, mapLocation: MapLocation | null): unknown =>
  isLegacy(source) ? readLegacy(source, mapLocation) : readArchive(source, mapLocation);

/**
 * Loads what `save` or PyTorch's `torch.save` wrote (the zip format, and the pickles before PyTorch 1.6): a path, or the bytes of the file.
 * Dicts with string keys come
 * as objects, other dicts as Maps, but for those of ints from 0 on, which come as objects as well; tuples are frozen arrays. Nothing in a
 * file is ever
 * executed: names of functions other than those that make tensors and containers are refused with an UnpicklingError. Throws where a file
 * is
 * cut short, corrupt or lies about its sizes. https://pytorch.org/docs/stable/generated/torch.load.html
 * @example
 * const net = new nn.Linear(2, 1);
 * torch.save(net.stateDict(), 'model.pt');
 * net.loadStateDict(torch.load('model.pt'))  // <All keys matched successfully>
 */
export function load<T>(file: FileLike, options: LoadOptions = {}): T {
  return withSource(file, (source) => read(source, options.mapLocation ?? null) as T);
}
