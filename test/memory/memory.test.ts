import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('steady.mjs', import.meta.url));

/** Resident megabytes at twenty moments of a loop in a process of its own. */
function memoryOf(kind: string, steps: number): number[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, kind, String(steps)], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return (JSON.parse(stdout) as { samples: number[] }).samples;
}

const peak = (samples: readonly number[]) => Math.max(...samples);

test.each(['mlp', 'awaiting'])('20,000 training steps of an MLP stay flat (%s)', { timeout: 120_000 }, (kind) => {
  const samples = memoryOf(kind, 20_000);
  expect(peak(samples)).toBeLessThan(300);
  expect(peak(samples.slice(10))).toBeLessThan(peak(samples.slice(2, 10)) * 1.15 + 10);
});

test('500 steps with 100 MB of temporaries each stay flat', { timeout: 120_000 }, () => {
  const samples = memoryOf('large', 500);
  expect(peak(samples.slice(10))).toBeLessThan(peak(samples.slice(2, 10)) * 1.15 + 20);
});

test('backward frees what the graph saved, though the loss is still held', () => {
  const child = fileURLToPath(new URL('released.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', child], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const results = Object.values(JSON.parse(stdout) as Record<string, { before: number; held: number; after: number }>);
  expect(results.length).toBe(3);
  for (const { before, held, after } of results) {
    expect(held).toBeGreaterThan(before + 11);
    expect(after).toBeLessThan(before + 9);
  }
});
