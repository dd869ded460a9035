// npm run build && npm install --no-save --prefix .. sharp && node bench/loader.mjs: how much faster two workers decode JPEGs than one, beside what two
// decodings at once gain on this machine.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openJpegs, writeJpegs } from './loader-images.mjs';
import * as torch from 'typetorch';

const { DataLoader } = torch.utils.data;

async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** Time of decoding all files, `count` at once. */
function bareTime(folder, count) {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const decodeNext = async () => {
    for (let file; (file = files.pop());) await sharp(file).raw().toBuffer();
  };
  return timed(() => Promise.all(Array.from({ length: count }, decodeNext)));
}

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

const folder = mkdtempSync(join(tmpdir(), 'typetorch-jpegs-'));
const pictures = join(folder, 'noise');
mkdirSync(pictures);
try {
  await writeJpegs(pictures);
  for (let round = 0; round < 5; round++) {
    const [bare1, bare2] = [await bareTime(pictures, 1), await bareTime(pictures, 2)];
    const [one, two] = [await loaderTime(folder, 1), await loaderTime(folder, 2)];
    console.log(
      `bare ${(bare1 / bare2).toFixed(2)} (${bare1.toFixed(0)} ms, ${bare2.toFixed(0)} ms)   loader ${(one / two).toFixed(2)} (1 worker ${one.toFixed(0)} ms, 2 workers ${two.toFixed(0)} ms)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
