/** Bytes of a file: read piece by piece where there are files, or given whole. */

/** A path or the whole content. Browsers have contents only. */
export type FileLike = string | URL | Uint8Array | ArrayBuffer;

export interface Source {
  readonly length: number;
  /** Whether `read` gives memory that nobody else has, rather than a view of what must not be changed. */
  readonly copies: boolean;
  /** `length` bytes from `start`. */
  read(start: number, length: number): Uint8Array;
  close(): void;
}

function fileSystem(): typeof import('node:fs') {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  if (!fs) throw new Error('there are no files here: give the bytes of the file instead of its path');
  return fs;
}

class MemorySource implements Source {
  readonly copies = false;

  constructor(private readonly bytes: Uint8Array) {}

  get length(): number {
    return this.bytes.length;
  }

  read(start: number, length: number): Uint8Array {
    checkRange(this, start, length);
    return this.bytes.subarray(start, start + length);
  }

  close(): void {}
}

class FileSource implements Source {
  readonly copies = true;
  private readonly fs = fileSystem();
  private readonly fd: number;
  readonly length: number;

  constructor(path: string | URL) {
    this.fd = this.fs.openSync(path, 'r');
    this.length = this.fs.fstatSync(this.fd).size;
  }

  read(start: number, length: number): Uint8Array {
    checkRange(this, start, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = this.fs.readSync(this.fd, bytes, done, Math.min(length - done, 2 ** 30), start + done);
      if (count === 0) throw new Error('the file became shorter while it was read');
      done += count;
    }
    return bytes;
  }

  close(): void {
    this.fs.closeSync(this.fd);
  }
}

function checkRange(source: Source, start: number, length: number): void {
  if (!(start >= 0 && length >= 0 && start + length <= source.length))
    throw new RangeError(`unexpected end of file: bytes ${start} to ${start + length} of ${source.length}`);
}

export function openSource(file: FileLike): Source {
  if (typeof file === 'string' || file instanceof URL) return new FileSource(file);
  // A plain view: the slices of Node's Buffers would be no copies.
  return new MemorySource(file instanceof Uint8Array ? new Uint8Array(file.buffer, file.byteOffset, file.length) : new Uint8Array(file));
}

/** Opens `file` for as long as `use` runs. */
export function withSource<R>(file: FileLike, use: (source: Source) => R): R {
  const source = openSource(file);
  try {
    return use(source);
  } finally {
    source.close();
  }
}

/** The path of a file in the same folder. */
export const siblingOf = (path: string | URL, name: string): string | URL =>
  path instanceof URL ? new URL(name, path) : path.replace(/[^/\\]*$/, () => name);

let written = 0;

/** Writes a file, which appears whole or not at all: it is made beside its place and renamed. */
export function writeFile(path: string | URL, chunks: Iterable<Uint8Array>): void {
  const fs = fileSystem();
  const target = path instanceof URL ? process.getBuiltinModule('node:url').fileURLToPath(path) : path;
  const temporary = `${target}.${process.pid}.${written++}.tmp`;
  try {
    const fd = fs.openSync(temporary, 'wx');
    try {
      for (const chunk of chunks) writeAll(fs, fd, chunk);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

function writeAll(fs: typeof import('node:fs'), fd: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += fs.writeSync(fd, chunk, done, Math.min(chunk.length - done, 2 ** 30));
}

export function concatBytes(...chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
