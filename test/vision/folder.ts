import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder of each test of a file, which is gone after it. */
export let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'typetorch-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file into it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}
