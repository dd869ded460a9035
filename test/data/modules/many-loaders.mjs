// Makes loaders in a process of its own and prints what they leave behind: node many-loaders.mjs WARM COUNT
import { readdirSync } from 'node:fs';
import * as torch from '../../../dist/index.js';

const { DataLoader, TensorDataset } = torch.utils.data;
const [warm, count] = process.argv.slice(2).map(Number);
const pairs = new TensorDataset(torch.arange(64));

/** Every second loop is left by `break`, every fifth by an error. */
async function run(i) {
  for await (const _ of new DataLoader(pairs, { batchSize: 8, numWorkers: 1 })) {
    if (i % 2 === 1) break;
    if (i % 5 === 0) throw new Error('enough');
  }
}

async function measured(loaders) {
  for (let i = 1; i <= loaders; i++) await run(i).catch(() => {});
  globalThis.gc();
  return {
    threads: readdirSync('/proc/self/task').length,
    descriptors: readdirSync('/proc/self/fd').length,
    megabytes: process.memoryUsage().rss / 2 ** 20,
  };
}

console.log(JSON.stringify([await measured(warm), await measured(count)]));
