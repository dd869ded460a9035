/** Takes files out of archives. Nothing is written outside of the given folder. */
import { type DownloadOptions, downloadUrl } from '../download.js';
import { builtin } from '../node.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8').replace(/\0.*$/s, '');

/** The path of an archive's member below `folder`. */
function insidePath(folder: string, name: string): string {
  const { resolve, sep } = builtin('node:path');
  const path = resolve(folder, name);
  if (path !== resolve(folder) && !path.startsWith(resolve(folder) + sep))
    throw new Error(`the archive holds '${name}', which lies outside of its folder`);
  return path;
}

function writeMember(folder: string, name: string, content: Uint8Array): void {
  const fs = builtin('node:fs');
  const path = insidePath(folder, name);
  fs.mkdirSync(builtin('node:path').dirname(path), { recursive: true });
  fs.writeFileSync(path, content);
}

/** Unpacks `x.gz` to `x`, which appears whole or not at all. */
export function extractGzip(path: string, target: string): void {
  const fs = builtin('node:fs');
  const content = builtin('node:zlib').gunzipSync(fs.readFileSync(path));
  fs.writeFileSync(`${target}.part`, content);
  fs.renameSync(`${target}.part`, target);
}

const BLOCK = 512;

/** A size in octal digits, or in binary where the first bit is set. */
function tarSize(field: Uint8Array): number {
  if (field[0] & 0x80) return field.subarray(1).reduce((size, byte) => size * 256 + byte, 0);
  return Number.parseInt(text(field).trim() || '0', 8);
}

interface TarMember {
  name: string;
  type: string;
  content: Uint8Array;
}

/** The members of a tar archive. Throws where it is cut short or its lengths lie. */
export function* readTar(archive: Uint8Array): Iterable<TarMember> {
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return;
    const size = tarSize(header.subarray(124, 136));
    at += BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || at + size > archive.length) throw new Error('the tar archive is cut short or corrupt');
    const content = archive.subarray(at, at + size);
    at += Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156]);
    if (type === 'L') {
      longName = text(content);
      continue;
    }
    const prefix = text(header.subarray(257, 262)) === 'ustar' ? text(header.subarray(345, 500)) : '';
    const name = longName ?? (prefix ? `${prefix}/` : '') + text(header.subarray(0, 100));
    longName = null;
    yield { name, type, content };
  }
}

/** Unpacks the files of a tar archive, gzipped or not; links are left out. */
export function extractTar(path: string, folder: string): void {
  const file = builtin('node:fs').readFileSync(path);
  const archive = file[0] === 0x1f && file[1] === 0x8b ? builtin('node:zlib').gunzipSync(file) : file;
  for (const { name, type, content } of readTar(archive)) if (type === '0' || type === '\0') writeMember(folder, name, content);
}

/** Downloads a tar archive into the folder `root`, and unpacks it there. */
export const downloadTar = async (url: string, root: string, options: DownloadOptions): Promise<void> =>
  extractTar(await downloadUrl(url, root, options), root);

/** Reads a piece of an open file. */
function pieceOf(file: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (builtin('node:fs').readSync(file, bytes, 0, length, start) !== length) throw new Error('the zip archive is cut short');
  return bytes;
}

interface ZipMember {
  name: string;
  method: number;
  packed: number;
  size: number;
  offset: number;
}

const END_RECORD = 22;

function* readDirectory(file: number, length: number): Iterable<ZipMember> {
  const tail = pieceOf(file, Math.max(0, length - 65557), Math.min(length, 65557));
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + END_RECORD > tail.length) throw new Error('this is no zip archive');
  const [size, start] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const directory = pieceOf(file, start, size);
  for (let at = 0; at + 46 <= size;) {
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    yield {
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    };
    at += 46 + nameLength + extra + comment;
  }
}

function readMember(file: number, { name, method, packed, size, offset }: ZipMember): Uint8Array {
  const header = pieceOf(file, offset, 30);
  const content = pieceOf(file, offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), packed);
  if (method !== 0 && method !== 8) throw new Error(`'${name}' is compressed by an unknown method (${method})`);
  const unpacked = method === 0 ? content : builtin('node:zlib').inflateRawSync(content, { maxOutputLength: Math.max(size, 1) });
  if (unpacked.length !== size) throw new Error(`'${name}' should have ${size} bytes but has ${unpacked.length}`);
  return unpacked;
}

/** Unpacks the members of a zip archive that are `wanted`, under the names that `wanted` gives them. */
export function extractZip(path: string, folder: string, wanted: (name: string) => string | null): void {
  const fs = builtin('node:fs');
  const file = fs.openSync(path, 'r');
  try {
    for (const member of readDirectory(file, fs.fstatSync(file).size)) {
      const name = wanted(member.name);
      if (name !== null) writeMember(folder, name, readMember(file, member));
    }
  } finally {
    fs.closeSync(file);
  }
}
