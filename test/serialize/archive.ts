/** Archives for tests, made by hand. */
import { concatBytes, openSource } from '../../src/serialize/source.js';
import { crc32, writeZip } from '../../src/serialize/zip.js';

export const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

export const zip = (entries: Record<string, Uint8Array>): Uint8Array =>
  concatBytes(...writeZip(Object.entries(entries).map(([name, data]) => ({ name, data: () => data }))));

/** A checkpoint with the given pickle and storages. */
export const checkpoint = (pickle: string, storages: Record<string, Uint8Array> = {}): Uint8Array =>
  zip({
    'archive/data.pkl': bytes(pickle),
    ...Object.fromEntries(Object.entries(storages).map(([key, data]) => [`archive/data/${key}`, data])),
    'archive/version': bytes('3\n'),
  });

/** Sets the CRC-32 of all stored entries to what their data, which a test changed, now have. */
export function fixCrc(archive: Uint8Array): Uint8Array {
  const fixed = Uint8Array.from(archive);
  const view = new DataView(fixed.buffer);
  const end = fixed.length - 22;
  for (let at = view.getUint32(end + 16, true); at < end;) {
    const [size, offset] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    view.setUint32(at + 16, crc32(openSource(fixed).read(start, size)), true);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  }
  return fixed;
}
