// Times the workloads here and, row by row in the same minute, in PyTorch where a Python has it.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as torch from 'typetorch';
import { rows } from './workloads.mjs';

const script = fileURLToPath(new URL('torch_bench.py', import.meta.url));

/** The times of `least` to `most` runs, as many as fit into `limit` ms. */
function timed(step, repeat, least, most, limit) {
  const times = [];
  for (let spent = 0; times.length < least || (spent < limit && times.length < most);) {
    const start = performance.now();
    for (let k = 0; k < repeat; k++) step();
    const each = performance.now() - start;
    times.push(each / repeat);
    spent += each;
  }
  return times;
}

/** The median once all code is compiled; `torch_bench.py` does the same. */
function measure(step, repeat) {
  timed(step, repeat, 2, Infinity, 1500);
  const times = timed(step, repeat, 5, 3000, 700);
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** A PyTorch process that answers row by row; null where no Python has torch. */
function startPeer() {
  const python = [process.env.PYTHON, 'python3', '/usr/bin/python3'].find(
    (each) => each && spawnSync(each, ['-c', 'import torch']).status === 0,
  );
  if (!python) return null;
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, GOMP_SPINCOUNT: '20000', OMP_NUM_THREADS: '2' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  return { next, ask: (name) => (child.stdin.write(`${name}\n`), next()), end: () => child.stdin.end() };
}

const agrees = (a, b) => Math.abs(a - b) <= 5e-3 * Math.max(1, Math.abs(a), Math.abs(b));
const number = (ms) => (ms < 0.1 ? `${(1000 * ms).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`);

const only = process.argv.slice(2);
torch.setNumThreads?.(2);
const peer = startPeer();
console.log(
  peer ? `PyTorch ${(await peer.next()).torch}, 2 threads; ratio > 1: TypeTorch is faster` : 'no PyTorch here: only our own times',
);
console.log(`${'workload'.padEnd(30)}${'TypeTorch'.padStart(12)}${'PyTorch'.padStart(12)}${'ratio'.padStart(8)}  checksums`);
const ratios = [];
for (const { name, make, repeat } of rows) {
  if (only.length > 0 && !only.some((each) => name.includes(each))) continue;
  const { step, checksum } = make();
  const value = checksum();
  const ms = measure(step, repeat);
  const other = await peer?.ask(name);
  if (other) ratios.push(other.ms / ms);
  const verdict = other ? (agrees(value, other.checksum) ? 'equal' : `DIFFER: ${value} and ${other.checksum}`) : String(value);
  console.log(
    `${name.padEnd(30)}${number(ms).padStart(12)}${(other ? number(other.ms) : '–').padStart(12)}${(other ? (other.ms / ms).toFixed(2) : '–').padStart(8)}  ${verdict}`,
  );
}
peer?.end();
if (ratios.length > 0)
  console.log(`geometric mean ${Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length).toFixed(2)}`);
