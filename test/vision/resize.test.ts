import { expect, test } from 'vitest';
import * as torch from 'typetorch';
import { resampleBytes } from '../../src/companion.js';

/** Taps that reach over both ends. */
function someTaps(input: number, output: number, width: number): Parameters<typeof resampleBytes>[1] {
  const first = Int32Array.from({ length: output }, (_, i) => Math.floor((i * input) / output));
  const weights = Int32Array.from({ length: output * width }, (_, i) => ((i * 7919) % 1000) - 300);
  return { first, width, weights, precision: 10 };
}

/** What the taps say, byte by byte. */
function plainly(line: readonly number[], { first, width, weights, precision }: Parameters<typeof resampleBytes>[1]): number[] {
  return Array.from(first, (start, o) => {
    const sum = Array.from({ length: width }, (_, k) => weights[o * width + k] * (line[start + k] ?? 0)).reduce((a, b) => a + b);
    return Math.min(Math.max((sum + 2 ** (precision - 1)) >> precision, 0), 255);
  });
}

test.each([
  [1, 1, 1],
  [5, 7, 3],
  [16, 16, 4],
  [17, 40, 16],
  [50, 15, 33],
  [40, 33, 70],
])('bytes along lines of %d become %d, in %d lines', (input, output, lines) => {
  torch.manualSeed(0);
  const taps = someTaps(input, output, 4);
  const rows = torch.randint(0, 256, [lines, input], { dtype: torch.uint8 });
  const expected = (rows.tolist() as number[][]).map((line) => plainly(line, taps));
  expect(resampleBytes(rows.unsqueeze(2), taps).squeeze(2).tolist()).toEqual(expected);
  expect(resampleBytes(rows.t().contiguous().unsqueeze(0), taps).squeeze(0).t().tolist()).toEqual(expected);
});
