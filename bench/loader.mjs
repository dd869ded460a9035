// npm run build && node bench/loader.mjs: how much faster two workers decode than one, beside what two bare threads gain on this machine.
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import * as torch from 'typetorch';
import { decode, Pictures } from './loader-images.mjs';

const { DataLoader } = torch.utils.data;
const DECODED = 1024;

async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const bareThreads = (count) =>
  Promise.all(
    Array.from({ length: count }, () => {
      const worker = new Worker(fileURLToPath(import.meta.url), { argv: [DECODED / count] });
      return new Promise((resolve) => worker.on('exit', resolve));
    }),
  );

/** Time of one pass, the start of the threads left out. */
async function loaderTime(numWorkers) {
  const loader = new DataLoader(new Pictures(), { batchSize: 16, numWorkers, persistentWorkers: true });
  const pass = async () => {
    for await (const [pictures] of loader) if (pictures.shape[1] !== 3) throw new Error('no pictures');
  };
  await pass();
  const time = await timed(pass);
  await loader.close();
  return time;
}

if (isMainThread) {
  for (let round = 0; round < 3; round++) {
    const [bare1, bare2] = [await timed(() => bareThreads(1)), await timed(() => bareThreads(2))];
    const [one, two] = [await loaderTime(1), await loaderTime(2)];
    console.log(
      `bare threads ${(bare1 / bare2).toFixed(2)}   loader ${(one / two).toFixed(2)} (1 worker ${one.toFixed(0)} ms, 2 workers ${two.toFixed(0)} ms)`,
    );
  }
} else for (let i = 0; i < Number(process.argv[2]); i++) decode();
