// npm run build && npm install --no-save --prefix .. sharp && node bench/loader.mjs: how much faster two workers decode JPEGs than one.
// sharp only writes the pictures.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJpegs, PICTURES, writeJpegs } from './loader-images.mjs';
import * as torch from 'typetorch';

const { DataLoader, Subset } = torch.utils.data;
const ROUNDS = 7;
// Each picture four times: where a pass is short, the end at which one worker has nothing to do counts for much.
const indices = Array.from({ length: 4 * PICTURES }, (_, i) => i % PICTURES);

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function passTime(loader) {
  const start = performance.now();
  for await (const [pictures] of loader) if (pictures.shape[1] !== 3) throw new Error('no pictures');
  return performance.now() - start;
}

const folder = mkdtempSync(join(tmpdir(), 'typetorch-jpegs-'));
const pictures = join(folder, 'noise');
mkdirSync(pictures);
try {
  await writeJpegs(pictures);
  const dataset = new Subset(openJpegs(folder), indices);
  const loaders = [1, 2].map((numWorkers) => new DataLoader(dataset, { batchSize: 16, numWorkers, persistentWorkers: true }));
  // Threads start, and the decoder is compiled for good, in the first passes.
  for (let i = 0; i < 2; i++) for (const loader of loaders) await passTime(loader);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push([await passTime(loaders[0]), await passTime(loaders[1])]);
  const [one, two] = [0, 1].map((i) => median(rounds.map((times) => times[i])));
  const ratio = median(rounds.map(([first, second]) => first / second));
  console.log(
    `${indices.length} JPEGs: 1 worker ${one.toFixed(0)} ms, 2 workers ${two.toFixed(0)} ms; ${ratio.toFixed(2)} times as fast (median of ${ROUNDS} rounds)`,
  );
  for (const loader of loaders) await loader.close();
} finally {
  rmSync(folder, { recursive: true });
}
