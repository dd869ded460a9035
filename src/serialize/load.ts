/** `torch.load`: PyTorch's own files. */
import { RuntimeError } from '../tensor/errors.js';
import { toJavaScript } from './python.js';
import { type MapLocation, TensorReader } from './rebuild.js';
import { type FileLike, type Source, withSource } from './source.js';
import { unpickle } from './unpickle.js';
import { isZip, ZipReader } from './zip.js';

export interface LoadOptions {
  mapLocation?: MapLocation | null;
  /** Accepted for PyTorch's sake: nothing else than weights and plain values is ever loaded. */
  weightsOnly?: boolean;
}

function checkFormat(source: Source): void {
  if (isZip(source)) return;
  const start = source.read(0, Math.min(source.length, 512));
  if (source.length === 0) throw new RuntimeError('Ran out of input: the file is empty');
  const tar = new TextDecoder('latin1').decode(start.subarray(257, 262)) === 'ustar';
  if (tar || start[0] === 0x80)
    throw new RuntimeError(
      `this is a checkpoint in PyTorch's old ${tar ? 'tar' : 'pickle'} format, which cannot be read: load it in PyTorch 1.6 or later and save it again`,
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
  return toJavaScript(unpickle(zip.read(data), new TensorReader(zip, prefix, mapLocation)));
}

/**
 * Loads what `save` or PyTorch's `torch.save` wrote (the zip format, PyTorch 1.6 and later): a path, or the bytes of the file. Dicts with string keys come
 * as objects, other dicts as Maps, but for those of ints from 0 on, which come as objects as well; tuples are frozen arrays. Nothing in a file is ever
 * executed: names of functions other than those that make tensors and containers are refused with an UnpicklingError. Throws where a file is
 * cut short, corrupt or lies about its sizes. https://pytorch.org/docs/stable/generated/torch.load.html
 * @example net.loadStateDict(torch.load('model.pt'));
 */
export function load<T>(file: FileLike, options: LoadOptions = {}): T {
  return withSource(file, (source) => readArchive(source, options.mapLocation ?? null) as T);
}
