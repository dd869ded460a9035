/** Checkpoints from before PyTorch 1.6: pickles one after the other, then the contents of the storages. */
import type { Device } from '../device/device.js';
import { uint8 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { tensorOf } from './layout.js';
import { toJavaScript } from './python.js';
import { invalid, type MapLocation, TensorReader } from './rebuild.js';
import type { Source } from './source.js';
import { unpickleAt } from './unpickle.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const noNames = { find: () => undefined, persistentLoad: (): never => unexpected() };
const unexpected = (): never => {
  throw invalid('its header');
};

/** Whether a file begins as these do: with a pickle of the magic number. */
export const isLegacy = (source: Source): boolean =>
  source.length >= 13 && [0x80, 2, 0x8a, 10, 0x6c].every((byte, i) => source.read(i, 1)[0] === byte);

interface Storages {
  read(key: string, size: number, device: Device): Tensor;
  /** Fills the storages with what stands behind the list of their keys. */
  fill(keys: readonly unknown[], start: number): void;
}

/** Storages are empty until their contents come, behind everything that refers to them. */
function emptyStorages(file: Uint8Array): Storages {
  const contents = new Map<string, Tensor>();
  let promised = 0;
  return {
    read(key, size, device) {
      if ((promised += size) > file.length) throw invalid(`the size of storage '${key}'`);
      const content = tensorOf(new Uint8Array(size), uint8, [size], { device });
      contents.set(key, content);
      return content;
    },
    fill(keys, start) {
      const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
      let at = start;
      for (const key of keys) {
        const content = contents.get(key as string);
        if (!content) throw invalid(`storage '${String(key)}'`);
        const [size] = content.sizes;
        if (at + 8 + size > file.length)
          throw new RuntimeError('unexpected EOF: the checkpoint is cut short. The file might be corrupted.');
        const count = Number(view.getBigInt64(at, true));
        if (count === 0 ? size !== 0 : count < 0 || size % count !== 0) throw invalid(`the size of storage '${String(key)}'`);
        if (size > 0) content.storage.device.write(content.buffer, 0, file.subarray(at + 8, at + 8 + size));
        contents.delete(key as string);
        at += 8 + size;
      }
      if (contents.size > 0) throw invalid('its list of storages');
    },
  };
}

/** The values of such a file. Throws where it is cut short, corrupt or lies about its sizes. */
export function readLegacy(source: Source, mapLocation: MapLocation | null): unknown {
  const file = source.read(0, source.length);
  const magic = unpickleAt(file, 0, noNames);
  const protocol = unpickleAt(file, magic.end, noNames);
  if (magic.value !== MAGIC || protocol.value !== PROTOCOL) unexpected();
  const system = unpickleAt(file, protocol.end, noNames);
  if ((toJavaScript(system.value) as { little_endian?: boolean }).little_endian === false)
    throw new RuntimeError('checkpoints with big-endian numbers cannot be read');
  const storages = emptyStorages(file);
  const content = unpickleAt(file, system.end, new TensorReader((key, size, device) => storages.read(key, size, device), mapLocation));
  const keys = unpickleAt(file, content.end, noNames);
  if (!Array.isArray(keys.value)) throw invalid('its list of storages');
  storages.fill(keys.value, keys.end);
  return toJavaScript(content.value);
}
