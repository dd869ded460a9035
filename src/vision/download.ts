/** Downloads into a folder: resumed where they were interrupted, checked, and whole or not there. */
import { builtin } from './node.js';

export interface Checksum {
  md5?: string | null;
  /** The beginning of the SHA-256, as in the names of PyTorch's files. */
  sha256?: string | null;
}

export interface DownloadOptions extends Checksum {
  filename?: string | null;
  /** Shows how far it is. */
  progress?: boolean;
}

/** The digest of a file in hexadecimal digits. */
export function digestOf(path: string, algorithm: 'md5' | 'sha256'): string {
  const fs = builtin('node:fs');
  const hash = builtin('node:crypto').createHash(algorithm);
  const chunk = Buffer.alloc(1 << 20);
  const file = fs.openSync(path, 'r');
  try {
    for (let n = fs.readSync(file, chunk); n > 0; n = fs.readSync(file, chunk)) hash.update(chunk.subarray(0, n));
  } finally {
    fs.closeSync(file);
  }
  return hash.digest('hex');
}

/** Whether the file is there, and has this checksum if one is given. */
export function checkIntegrity(path: string, { md5, sha256 }: Checksum = {}): boolean {
  if (!builtin('node:fs').statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  if (md5 && digestOf(path, 'md5') !== md5.toLowerCase()) return false;
  return !sha256 || digestOf(path, 'sha256').startsWith(sha256.toLowerCase());
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** One line on the terminal that is written over and over. */
class ProgressLine {
  private shown = -1;

  constructor(
    private readonly name: string,
    private readonly total: number,
  ) {}

  show(done: number): void {
    const percent = this.total > 0 ? Math.floor((100 * done) / this.total) : 0;
    if (percent === this.shown) return;
    this.shown = percent;
    const filled = Math.floor(percent / 4);
    const bar = '█'.repeat(filled).padEnd(25, '░');
    process.stderr.write(`\r${this.name} ${bar} ${percent}% ${megabytes(done)}/${megabytes(this.total)} MB`);
  }

  end(): void {
    if (this.shown >= 0) process.stderr.write('\n');
  }
}

/** The server's answer for the bytes from `start` on, and where they begin. */
async function request(url: string, start: number): Promise<{ response: Response; start: number }> {
  const headers: Record<string, string> = { 'User-Agent': 'typetorch', 'Accept-Encoding': 'identity' };
  if (start > 0) headers.Range = `bytes=${start}-`;
  const response = await fetch(url, { headers });
  if (response.status === 416) return request(url, 0);
  if (!response.ok || !response.body) throw new Error(`HTTP Error ${response.status}: ${response.statusText} (${url})`);
  const resumes = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`);
  return { response, start: resumes ? start : 0 };
}

/** Appends what is missing to `part`. Throws where the connection ends too early; what came stays. */
async function fetchInto(part: string, url: string, name: string, progress: boolean): Promise<void> {
  const fs = builtin('node:fs');
  const { response, start } = await request(url, fs.statSync(part, { throwIfNoEntry: false })?.size ?? 0);
  const total = start + Number(response.headers.get('content-length') ?? 0);
  const line = progress ? new ProgressLine(name, total) : null;
  const file = fs.openSync(part, start > 0 ? 'a' : 'w');
  let done = start;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      for (let written = 0; written < chunk.length;) written += fs.writeSync(file, chunk, written);
      done += chunk.length;
      line?.show(done);
    }
  } finally {
    fs.closeSync(file);
    line?.end();
  }
  if (done < total) throw new Error(`retrieval incomplete: got only ${done} out of ${total} bytes`);
}

const attempts = 3;

async function fetchPatiently(part: string, url: string, name: string, progress: boolean): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchInto(part, url, name, progress);
    } catch (error) {
      if (attempt === attempts || String(error).includes('HTTP Error')) throw error;
    }
  }
}

/**
 * Downloads a file into the folder `root` and gives its path; a file that is there with the right checksum is left alone. What an
 * interrupted download got is kept beside it as `.part`, and the next call goes on from there. Throws where the checksum is wrong.
 * https://github.com/pytorch/vision/blob/main/torchvision/datasets/utils.py
 */
export async function downloadUrl(url: string, root: string, options: DownloadOptions = {}): Promise<string> {
  const fs = builtin('node:fs');
  const { filename, progress = true, ...checksum } = options;
  const name = filename ?? builtin('node:path').basename(new URL(url).pathname);
  const path = builtin('node:path').join(root, name);
  if (checkIntegrity(path, checksum)) return path;
  fs.mkdirSync(root, { recursive: true });
  await fetchPatiently(`${path}.part`, url, name, progress);
  if (!checkIntegrity(`${path}.part`, checksum)) {
    fs.rmSync(`${path}.part`);
    throw new Error(`File not found or corrupted: ${url} does not have the checksum ${checksum.md5 ?? checksum.sha256}`);
  }
  fs.renameSync(`${path}.part`, path);
  return path;
}

/** The first of several places that has the file. */
export async function downloadFromMirrors(
  mirrors: readonly string[],
  file: string,
  root: string,
  options: DownloadOptions,
): Promise<string> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    try {
      return await downloadUrl(mirror + file, root, options);
    } catch (error) {
      failures.push(`${mirror}: ${String(error instanceof Error ? error.message : error)}`);
    }
  }
  throw new Error(`Error downloading ${file}:\n${failures.join('\n')}`);
}
