import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type * as torchTypes from '../../src/index.js';
import type * as visionTypes from '../../src/vision/index.js';

type Dataset = torchTypes.utils.data.Dataset;
type Tensor = torchTypes.Tensor;

// Threads run compiled modules, so this tests the built library, which `npm test` makes first.
const load = (path: string): Promise<unknown> => import(new URL(path, import.meta.url).href);
const torch = (await load('../../dist/index.js')) as typeof torchTypes;
const vision = (await load('../../dist/vision/index.js')) as typeof visionTypes;
const images = JSON.parse(readFileSync(new URL('../vision/fixtures/images.json', import.meta.url), 'utf8')) as Record<
  string,
  { file: string }
>;
const here = new URL('./modules/squares.mjs', import.meta.url);
const modules = (await load('./modules/squares.mjs')) as Record<string, new (...args: number[]) => Dataset>;
const { ConcatDataset, DataLoader, StackDataset, Subset, TensorDataset } = torch.utils.data;

async function all<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}
const lists = (batches: Tensor[]): unknown[] => batches.map((batch) => batch.tolist());
const threads = (): number => readdirSync('/proc/self/task').length;

interface Square {
  x: Tensor;
  name: string[];
  thread: Tensor;
}

test('batches come in order from several threads', async () => {
  const loader = new DataLoader<Square>(new modules.Squares(11), { batchSize: 2, numWorkers: 3 });
  const batches = await all(loader);
  expect(batches.map(({ x }) => x.at(':', 0).tolist())).toEqual([[0, 1], [4, 9], [16, 25], [36, 49], [64, 81], [100]]);
  expect(batches.map(({ name }) => name[0])).toEqual(['n0', 'n2', 'n4', 'n6', 'n8', 'n10']);
  expect(new Set(batches.map(({ thread }) => thread.at(0).item())).size).toBe(3);
  expect(() => [...loader]).toThrow('the batches of workers come later: iterate with `for await`');
});

test('datasets of tensors need no module, and are shuffled as PyTorch does', async () => {
  const pairs = new TensorDataset(torch.arange(10), torch.arange(10).mul(10));
  torch.manualSeed(0);
  const loader = new DataLoader(pairs, { batchSize: 4, shuffle: true, numWorkers: 2 });
  expect(lists((await all(loader)).map(([x]) => x))).toEqual([
    [6, 7, 1, 4],
    [2, 0, 9, 8],
    [3, 5],
  ]);
  const joined = new ConcatDataset([new Subset(pairs, [3, 1]), pairs]);
  expect(lists((await all(new DataLoader(joined, { batchSize: 3, numWorkers: 1 }))).map(([, y]) => y))[0]).toEqual([30, 10, 0]);
  const stacked = new StackDataset<{ a: Tensor[]; b: Square }>({ a: pairs, b: new modules.Squares(10) });
  const [{ a, b }] = await all(new DataLoader<{ a: Tensor[]; b: Square }>(stacked, { batchSize: 2, numWorkers: 1 }));
  expect([a[0].tolist(), b.name]).toEqual([
    [0, 1],
    ['n0', 'n1'],
  ]);
});

test('streams are shared among the workers', async () => {
  expect(lists(await all(new DataLoader<Tensor>(new modules.Numbers(7), { batchSize: 2, numWorkers: 2 })))).toEqual([
    [0, 2],
    [1, 3],
    [4, 6],
    [5],
  ]);
  expect(lists(await all(new DataLoader<Tensor>(new modules.Numbers(7), { batchSize: 2 })))).toEqual([[0, 1], [2, 3], [4, 5], [6]]);
});

test('an error of a worker is thrown here, with its stack', async () => {
  const loader = new DataLoader<Tensor>(new modules.Faulty(5), { batchSize: 2, numWorkers: 2 });
  const seen: unknown[] = [];
  const error = await (async () => {
    for await (const batch of loader) seen.push(batch.tolist());
  })().catch((thrown: unknown) => thrown);
  expect(seen).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).message).toMatch(
    /^Caught RangeError in DataLoader worker thread 0: sample 5 is broken\nOriginal stack:\n(.|\n)*explode.*squares\.mjs/,
  );
});

test('a worker that ends, or takes too long, is an error', async () => {
  await expect(all(new DataLoader(new modules.Dying(), { numWorkers: 2 }))).rejects.toThrow(
    /DataLoader worker thread \d ended: it exited unexpectedly with code 3/,
  );
  await expect(all(new DataLoader(new modules.Hanging(), { numWorkers: 1, timeout: 0.3 }))).rejects.toThrow(
    'DataLoader timed out after 0.3 seconds',
  );
});

test('workers have random numbers of their own, which follow from the seed', async () => {
  const draw = async (): Promise<unknown[]> => {
    torch.manualSeed(3);
    return lists(await all(new DataLoader<Tensor>(new modules.Random(), { numWorkers: 2, batchSize: null })));
  };
  const first = await draw();
  expect(new Set(first.map(String)).size).toBe(4);
  expect(await draw()).toEqual(first);
  // PyTorch: a worker's generator begins with the number that the loader draws, plus the worker's.
  torch.manualSeed(3);
  const seed = BigInt(torch.empty([], { dtype: 'int64' }).random_().item() as number);
  torch.manualSeed(seed + 1n);
  expect(torch.rand(1).tolist()).toEqual(first[1]);
});

test('collateFn and workerInitFn', async () => {
  const squares = new modules.Squares(4);
  const sums = (batch: readonly Square[]): number => batch.reduce((sum, { x }) => sum + (x.sum().item() as number), 0);
  expect(await all(new DataLoader(squares, { batchSize: 2, numWorkers: 1, collateFn: sums }))).toEqual([3, 39]);
  expect(await all(new DataLoader(squares, { batchSize: 2, numWorkers: 1, collateFn: { module: here, export: 'sumUp' } }))).toEqual([
    3, 39,
  ]);
  const shifted = new DataLoader(new modules.Shifted(), {
    batchSize: null,
    numWorkers: 2,
    workerInitFn: { module: here, export: 'init', args: [10] },
  });
  expect(await all(shifted)).toEqual([10, 11, 10, 11]);
});

test('persistent workers serve several passes', async () => {
  const loader = new DataLoader<Square>(new modules.Squares(4), { numWorkers: 1, persistentWorkers: true });
  const ids = async (): Promise<unknown[]> => (await all(loader)).map(({ thread }) => thread.item());
  const first = await ids();
  expect(await ids()).toEqual(first);
  await loader.close();
  expect(await ids()).not.toEqual(first);
  await loader.close();
  const stream = new DataLoader<Tensor>(new modules.Numbers(3), { numWorkers: 1, persistentWorkers: true, batchSize: 2 });
  expect(lists(await all(stream))).toEqual(lists(await all(stream)));
  await stream.close();
});

test('threads end with the loop, also on break and on errors', async () => {
  const pairs = new TensorDataset(torch.arange(64));
  const run = async (i: number): Promise<void> => {
    for await (const [x] of new DataLoader(pairs, { batchSize: 4, numWorkers: 2 })) {
      if (i % 3 === 1) break;
      if (i % 3 === 2) throw new Error(`stop at ${x.numel()}`);
    }
  };
  await run(0);
  const before = [threads(), readdirSync('/proc/self/fd').length];
  for (let i = 0; i < 15; i++) await run(i).catch(() => {});
  expect([threads(), readdirSync('/proc/self/fd').length]).toEqual(before);
});

test('batches that a loop leaves behind free their memory', async () => {
  const rows = new TensorDataset(torch.arange(64 * 65536).reshape(64, 65536));
  const loader = new DataLoader(rows, { batchSize: 8, numWorkers: 2, persistentWorkers: true });
  const live: number[] = [];
  for (let i = 0; i < 12; i++) {
    for await (const [x] of loader) {
      expect(x.sum().item()).toBe((524288 * 524287) / 2);
      break;
    }
    live.push(torch.cpu.memoryStats().live);
  }
  await loader.close();
  expect(Math.max(...live.slice(6))).toBeLessThan(Math.max(...live.slice(0, 6)) + 2 ** 25);
});

test('many loaders leave no thread, no descriptor and no memory behind', () => {
  const program = new URL('./modules/many-loaders.mjs', import.meta.url).pathname;
  const output = execFileSync(process.execPath, ['--expose-gc', program, '20', '60'], { encoding: 'utf8', timeout: 60_000 });
  const [before, after] = JSON.parse(output) as { threads: number; descriptors: number; megabytes: number }[];
  expect([after.threads, after.descriptors]).toEqual([before.threads, before.descriptors]);
  // A bare thread of Node leaves about 0.03 MB.
  expect(after.megabytes - before.megabytes).toBeLessThan(12);
}, 60_000);

test('a folder of JPEGs is decoded by several workers, in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typetorch-jpegs-'));
  try {
    for (const name of ['cat', 'dog']) mkdirSync(join(folder, name));
    const kinds = ['jpeg RGB', 'jpeg L', 'jpeg progressive'];
    const fileOf = (i: number): Buffer => Buffer.from(images[kinds[i % 3]].file, 'base64');
    for (let i = 0; i < 12; i++) writeFileSync(join(folder, i < 6 ? 'cat' : 'dog', `${String(i).padStart(2, '0')}.jpg`), fileOf(i));
    const loader = new DataLoader<[Tensor, Tensor]>(new vision.datasets.ImageFolder(folder), { batchSize: 4, numWorkers: 2 });
    const batches = await all(loader);
    expect(batches.flatMap(([, labels]) => labels.tolist())).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    const expected = await Promise.all(kinds.map((_, i) => vision.io.decodeImage(fileOf(i), 'RGB')));
    const found = batches.flatMap(([pictures]) => pictures.unbind(0));
    expect(found.map((picture, i) => picture.equal(expected[i % 3]))).toEqual(found.map(() => true));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a quick worker goes first where order does not matter', async () => {
  const loader = new DataLoader<Square>(new modules.Squares(20), { numWorkers: 2, inOrder: false });
  const found = (await all(loader)).map(({ name }) => name[0]);
  expect(new Set(found).size).toBe(20);
});

test('contradicting options are refused', async () => {
  const squares = new modules.Squares(2);
  expect(() => new DataLoader(squares, { numWorkers: -1 })).toThrow('num_workers option should be non-negative');
  expect(() => new DataLoader(squares, { prefetchFactor: 2 })).toThrow(
    'prefetch_factor option could only be specified in multiprocessing.',
  );
  expect(() => new DataLoader(squares, { persistentWorkers: true })).toThrow('persistent_workers option needs num_workers > 0');
  expect(() => new DataLoader(squares, { timeout: -1 })).toThrow('timeout option should be non-negative');
  class Local extends torch.utils.data.Dataset {
    length = 1;
    at(): number {
      return 1;
    }
  }
  await expect(all(new DataLoader(new Local(), { numWorkers: 1 }))).rejects.toThrow('a Local cannot go to a worker thread');
  const wrong = Object.assign(new Local(), { workerSource: () => ({ module: here, export: 'noDataset' }) });
  await expect(all(new DataLoader(wrong, { numWorkers: 1 }))).rejects.toThrow(/the export 'noDataset' of .* is no dataset/);
  const missing = Object.assign(new Local(), { workerSource: () => ({ module: here, export: 'nothing' }) });
  await expect(all(new DataLoader(missing, { numWorkers: 1 }))).rejects.toThrow(/has no export 'nothing'/);
});
