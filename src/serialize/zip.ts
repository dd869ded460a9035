/** Zip archives: reading stored and deflated entries, writing stored ones. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
import { inflate } from './inflate.js';
import { concatBytes, type Source } from './source.js';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END_BYTES = 22;
/** A field of 32 bits that says "look into the zip64 extra field". */
const LARGE = 0xffffffff;
const UTF8 = 0x800;
const ENCRYPTED = 1;
const DEFLATED = 8;

const crcTables = Array.from({ length: 4 }, () => new Uint32Array(256));
for (let n = 0; n < 256; n++) {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  crcTables[0][n] = crc;
}
for (let n = 0; n < 256; n++)
  for (let t = 1; t < 4; t++) crcTables[t][n] = (crcTables[t - 1][n] >>> 8) ^ crcTables[0][crcTables[t - 1][n] & 255];

/** The checksum of zip archives; Node has a quicker one. */
export const crc32 = (bytes: Uint8Array): number =>
  globalThis.process?.getBuiltinModule?.('node:zlib').crc32?.(bytes) ?? crc32Portably(bytes);

export function crc32Portably(bytes: Uint8Array): number {
  const [t0, t1, t2, t3] = crcTables;
  let crc = -1;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Where its local header lies. */
  readonly offset: number;
}

const corrupt = (why: string): Error => new Error(`the zip archive is corrupt: ${why}`);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(`the size ${value}`);
  return Number(value);
}

/** Whether a file begins as zip archives do. */
export const isZip = (source: Source): boolean => source.length >= 4 && viewOf(source.read(0, 4)).getUint32(0, true) === LOCAL;

/** The entries of an archive, read when they are asked for. */
export class ZipReader {
  private readonly entries = new Map<string, Entry>();
  private readonly directory: number;

  constructor(private readonly source: Source) {
    const { count, offset, size } = findDirectory(source);
    this.directory = offset;
    const bytes = source.read(offset, size);
    for (let i = 0, at = 0; i < count; i++) {
      const { entry, next } = readCentral(bytes, at);
      if (this.entries.has(entry.name)) throw corrupt(`two entries '${entry.name}'`);
      this.entries.set(entry.name, entry);
      at = next;
    }
    this.checkLayout();
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** How many bytes an entry has. */
  sizeOf(name: string): number {
    return this.entry(name).size;
  }

  /** Whether `read` gives memory that nobody else has. */
  copies(name: string): boolean {
    return this.source.copies || this.entry(name).method === DEFLATED;
  }

  /** The bytes of an entry. Throws where they are not those that were written. */
  read(name: string): Uint8Array {
    const { compressed, size, method, crc, offset } = this.entry(name);
    const header = viewOf(this.source.read(offset, 30));
    if (header.getUint32(0, true) !== LOCAL) throw corrupt(`no header of '${name}'`);
    const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (start + compressed > this.directory) throw corrupt(`'${name}' reaches beyond the data`);
    const raw = this.source.read(start, compressed);
    const bytes = method === DEFLATED ? inflate(raw, size) : raw;
    if (crc32(bytes) !== crc) throw corrupt(`bad CRC-32 of '${name}'`);
    return bytes;
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) throw new Error(`there is no '${name}' in the zip archive`);
    return entry;
  }

  /** Refuses entries that overlap or grow out of all proportion, as zip bombs do. */
  private checkLayout(): void {
    let end = 0;
    let inflated = 0;
    for (const entry of [...this.entries.values()].sort((a, b) => a.offset - b.offset)) {
      const { name, flags, method, compressed, size, offset } = entry;
      if (flags & ENCRYPTED) throw new Error(`'${name}' in the zip archive is encrypted`);
      if (method !== 0 && method !== DEFLATED)
        throw new Error(`'${name}' in the zip archive is compressed by an unknown method (${method})`);
      if (method === 0 && size !== compressed) throw corrupt(`the size of '${name}'`);
      if (offset < end) throw corrupt(`'${name}' overlaps another entry`);
      end = offset + 30 + compressed;
      if (method === DEFLATED) inflated += size;
    }
    if (end > this.directory) throw corrupt('entries reach beyond the data');
    if (inflated > Math.max(2 ** 28, 100 * this.source.length))
      throw new Error(`the zip archive would grow from ${this.source.length} to ${inflated} bytes: it looks like a zip bomb`);
  }
}

interface Directory {
  count: number;
  offset: number;
  size: number;
}

function findDirectory(source: Source): Directory {
  const tailLength = Math.min(source.length, END_BYTES + 0xffff);
  const tail = viewOf(source.read(source.length - tailLength, tailLength));
  let at = tailLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) throw corrupt('failed finding central directory (the file may be cut short)');
  const found = directory64(source, source.length - tailLength + at) ?? {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
  if (found.offset + found.size > source.length || found.count * 46 > found.size) throw corrupt('the central directory does not fit');
  return found;
}

/** What the zip64 record before the end says, if there is one. */
function directory64(source: Source, end: number): Directory | null {
  if (end < 20) return null;
  const locator = viewOf(source.read(end - 20, 20));
  if (locator.getUint32(0, true) !== LOCATOR64) return null;
  const record = viewOf(source.read(safe(locator.getBigUint64(8, true)), 56));
  if (record.getUint32(0, true) !== END64) throw corrupt('no zip64 record');
  const [count, size, offset] = [32, 40, 48].map((field) => safe(record.getBigUint64(field, true)));
  return { count, size, offset };
}

function readCentral(bytes: Uint8Array, at: number): { entry: Entry; next: number } {
  const view = viewOf(bytes);
  if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) throw corrupt('the central directory');
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
  const next = at + 46 + nameLength + extraLength + commentLength;
  if (next > bytes.length) throw corrupt('the central directory');
  const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  const [size, compressed, offset] = widened(
    [24, 20, 42].map((field) => view.getUint32(at + field, true)),
    extra,
  );
  const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  return { entry: { name, flags, method, crc: view.getUint32(at + 16, true), compressed, size, offset }, next };
}

/** Replaces the fields that are too small by those of the zip64 extra field, which come in their order. */
function widened(fields: number[], extra: Uint8Array): number[] {
  if (!fields.includes(LARGE)) return fields;
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let value = at + 4;
    return fields.map((field) => {
      if (field !== LARGE) return field;
      if (value + 8 > extra.length) throw corrupt('a zip64 field');
      value += 8;
      return safe(view.getBigUint64(value - 8, true));
    });
  }
  throw corrupt('no zip64 field');
}

/** An entry to write; `data` is asked for when its turn comes. */
export interface ZipItem {
  readonly name: string;
  readonly data: () => Uint8Array;
}

/** The pieces of an archive of stored entries, whose data begin at multiples of `alignment` bytes. */
export function* writeZip(items: Iterable<ZipItem>, alignment = 1): Iterable<Uint8Array> {
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data } of items) {
    const bytes = data();
    const entry = { name: new TextEncoder().encode(name), crc: crc32(bytes), size: bytes.length, offset };
    const header = localHeader(entry, alignment);
    yield header;
    yield bytes;
    central.push(centralHeader(entry));
    offset += header.length + bytes.length;
  }
  yield* central;
  yield endRecords(
    central.length,
    central.reduce((sum, each) => sum + each.length, 0),
    offset,
  );
}

interface Written {
  readonly name: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** Fields of 2, 4 or 8 bytes, little-endian. */
function packed(...fields: [bytes: 2 | 4 | 8, value: number][]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [length]) => sum + length, 0));
  const view = viewOf(bytes);
  let at = 0;
  for (const [length, value] of fields) {
    if (length === 2) view.setUint16(at, value, true);
    else if (length === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += length;
  }
  return bytes;
}

const clipped = (value: number): number => Math.min(value, LARGE);

/** Version, flags, method, time, date, CRC and sizes, which local and central headers have alike. */
const shared = ({ crc, size }: Written): [2 | 4, number][] => [
  [2, 45],
  [2, UTF8],
  [2, 0],
  [4, 0x210000],
  [4, crc],
  [4, clipped(size)],
  [4, clipped(size)],
];

function localHeader(entry: Written, alignment: number): Uint8Array {
  const { name, size, offset } = entry;
  const large = size >= LARGE ? packed([2, 1], [2, 16], [8, size], [8, size]) : new Uint8Array(0);
  const start = offset + 30 + name.length + large.length;
  const gap = (alignment - ((start + 4) % alignment)) % alignment;
  // PyTorch pads with an extra field 'FB' full of Z.
  const padding = alignment > 1 ? concatBytes(packed([2, 0x4246], [2, gap]), new Uint8Array(gap).fill(0x5a)) : new Uint8Array(0);
  const extra = concatBytes(large, padding);
  return concatBytes(packed([4, LOCAL], ...shared(entry), [2, name.length], [2, extra.length]), name, extra);
}

function centralHeader(entry: Written): Uint8Array {
  const { name, size, offset } = entry;
  const large: [8, number][] = [];
  if (size >= LARGE) large.push([8, size], [8, size]);
  if (offset >= LARGE) large.push([8, offset]);
  const extra = large.length > 0 ? packed([2, 1], [2, 8 * large.length], ...large) : new Uint8Array(0);
  const head = packed(
    [4, CENTRAL],
    [2, 45],
    ...shared(entry),
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, clipped(offset)],
  );
  return concatBytes(head, name, extra);
}

function endRecords(count: number, size: number, offset: number): Uint8Array {
  const end = packed(
    [4, END],
    [2, 0],
    [2, 0],
    [2, Math.min(count, 0xffff)],
    [2, Math.min(count, 0xffff)],
    [4, size],
    [4, clipped(offset)],
    [2, 0],
  );
  if (count < 0xffff && offset < LARGE) return end;
  const end64 = packed([4, END64], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, offset]);
  return concatBytes(end64, packed([4, LOCATOR64], [4, 0], [8, offset + size], [4, 1]), end);
}
