import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as vision from 'typetorch/vision';

const script = fileURLToPath(new URL('../../build/examples/vision/shapes.js', import.meta.url));

test('a small network learns to tell shapes apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typetorch-shapes-'));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { ...process.env, TYPETORCH_FIGURES: folder },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const rates = [...stdout.matchAll(/epoch \d: ([\d.]+) %/g)].map(([, rate]) => Number(rate));
  expect(rates.length).toBe(3);
  expect(rates[2]).toBeGreaterThan(75);
  const picture = await vision.io.decodeImage(readFileSync(join(folder, 'shapes.png')));
  expect([...picture.shape]).toEqual([3, 104, 274]);
  rmSync(folder, { recursive: true });
});
