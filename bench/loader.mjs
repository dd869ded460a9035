// npm run build && npm install --no-save --prefix .. sharp && node bench/loader.mjs: how much faster two workers decode JPEGs than one, beside what two bare
// threads gain on this machine. Sharp decodes in libuv's threads, which all workers share: here there is one for each worker. Without that limit
// one worker keeps four of them busy.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { decode, openJpegs, PICTURES, writeJpegs } from './loader-images.mjs';
import * as torch from 'typetorch';

const { DataLoader } = torch.utils.data;
const program = fileURLToPath(import.meta.url);

async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const bareThreads = (count) =>
  Promise.all(
    Array.from({ length: count }, () => {
      const worker = new Worker(program, { argv: [(4 * PICTURES) / count] });
      return new Promise((resolve) => worker.on('exit', resolve));
    }),
  );

/** Time of one pass, the start of the threads left out. */
async function loaderTime(folder, numWorkers) {
  const loader = new DataLoader(openJpegs(folder), { batchSize: 16, numWorkers, persistentWorkers: true });
  const pass = async () => {
    for await (const [pictures] of loader) if (pictures.shape[1] !== 3) throw new Error('no pictures');
  };
  await pass();
  const time = await timed(pass);
  await loader.close();
  return time;
}

/** The same in a process with a libuv thread for each worker. */
const limitedTime = (folder, workers) =>
  Number(execFileSync(process.execPath, [program, folder, workers], { env: { ...process.env, UV_THREADPOOL_SIZE: String(workers) } }));

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'typetorch-jpegs-'));
  mkdirSync(join(folder, 'noise'));
  try {
    await writeJpegs(join(folder, 'noise'));
    for (let round = 0; round < 3; round++) {
      const [bare1, bare2] = [await timed(() => bareThreads(1)), await timed(() => bareThreads(2))];
      const [one, two] = [limitedTime(folder, 1), limitedTime(folder, 2)];
      console.log(
        `bare threads ${(bare1 / bare2).toFixed(2)}   loader ${(one / two).toFixed(2)} (1 worker ${one.toFixed(0)} ms, 2 workers ${two.toFixed(0)} ms)`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [, , first, workers] = process.argv;
if (!isMainThread) for (let i = 0; i < Number(first); i++) decode();
else if (workers) console.log(await loaderTime(first, Number(workers)));
else await main();
