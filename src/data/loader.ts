/** Batches from a dataset. */
import type { Generator } from '../ops/random.js';
import { Signature } from '../ops/signature.js';
import type { Args } from '../ops/types.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { Dataset, IterableDataset, ListDataset, type ModuleExport } from './dataset.js';
import { describe, sourceOf } from './describe.js';
import { type Collate, END, makeFetcher } from './fetch.js';
import type { Setup } from './protocol.js';
import { BatchSampler, drawSeed, lengthOf, RandomSampler, type Sampler, SequentialSampler } from './sampler.js';
import { WorkerPool } from './workers.js';

export interface DataLoaderOptions<T> {
  /** null gives single samples. */
  batchSize?: number | null;
  shuffle?: boolean;
  sampler?: Sampler | Iterable<number> | null;
  batchSampler?: Sampler<number[]> | Iterable<number[]> | null;
  /** Threads that load ahead; then iterate with `for await`. */
  numWorkers?: number;
  /** Makes a batch of a list of samples. A function runs in the main thread, the export of a module in the workers. */
  collateFn?: ((samples: never) => T) | ModuleExport | null;
  /** Accepted for PyTorch's sake, and without effect. */
  pinMemory?: boolean;
  dropLast?: boolean;
  /** Seconds to wait for a batch of the workers; 0 waits for ever. */
  timeout?: number;
  /** A function of a module that each worker calls with its number before it begins. */
  workerInitFn?: ModuleExport | null;
  generator?: Generator | null;
  /** How many batches each worker loads ahead: 2 unless given. */
  prefetchFactor?: number | null;
  /** Keeps the workers for the next pass. */
  persistentWorkers?: boolean;
  /** Whether batches come in order though a later one is ready earlier. */
  inOrder?: boolean;
}

type Settings<T> = Required<DataLoaderOptions<T>>;

const defaults: Settings<never> = {
  batchSize: 1,
  shuffle: false,
  sampler: null,
  batchSampler: null,
  numWorkers: 0,
  collateFn: null,
  pinMemory: false,
  dropLast: false,
  timeout: 0,
  workerInitFn: null,
  generator: null,
  prefetchFactor: null,
  persistentWorkers: false,
  inOrder: true,
};
const names = Object.keys(defaults) as (keyof Settings<never>)[];
const positional = names.slice(0, names.indexOf('generator') + 1);
const named = names.slice(positional.length);
const signature = new Signature(
  'DataLoader',
  `dataset, ${[...positional, '*', ...named].map((name) => (name === '*' ? name : `${name}?`)).join(', ')}`,
);

/** The options of a constructor's arguments, which may come by position. */
function settingsOf<T>(args: readonly unknown[]): Settings<T> {
  const [, ...values] = signature.bind(args);
  const given = names.map((name, i) => [name, values[i]] as const).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(given) as DataLoaderOptions<T>) };
}

function checkWorkers<T>({ numWorkers, timeout, prefetchFactor, persistentWorkers, workerInitFn, collateFn }: Settings<T>): void {
  if (!(Number.isInteger(numWorkers) && numWorkers >= 0))
    throw new ValueError('num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.');
  if (!(timeout >= 0)) throw new ValueError('timeout option should be non-negative');
  if (prefetchFactor !== null && numWorkers === 0)
    throw new ValueError(
      'prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None.',
    );
  if (prefetchFactor !== null && !(prefetchFactor > 0)) throw new ValueError('prefetch_factor option should be non-negative');
  if (persistentWorkers && numWorkers === 0) throw new ValueError('persistent_workers option needs num_workers > 0');
  if (typeof workerInitFn === 'function')
    throw new TypeError(
      "a function cannot go to a worker thread: name the module that exports it, { module: new URL('./init.js', import.meta.url), export: 'init' }",
    );
  if (collateFn && typeof collateFn !== 'function' && numWorkers === 0)
    throw new TypeError('without workers collateFn is a function, not the export of a module');
}

function checkBatches<T>({ batchSize, shuffle, sampler, batchSampler, dropLast }: Settings<T>): void {
  if (sampler && shuffle) throw new ValueError('sampler option is mutually exclusive with shuffle');
  if (batchSampler && (shuffle || sampler || dropLast || batchSize !== 1))
    throw new ValueError('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last');
  if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
    throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${batchSize}`);
  if (batchSize === null && dropLast)
    throw new ValueError('batch_size=None option disables auto-batching and is mutually exclusive with drop_last');
}

function checkStream<T>({ shuffle, sampler, batchSampler }: Settings<T>): void {
  for (const [name, value] of Object.entries({ shuffle, sampler, batch_sampler: batchSampler }))
    if (value)
      throw new ValueError(
        `DataLoader with IterableDataset: expected unspecified ${name} option, but got ${name}=${value === true ? 'True' : 'one'}`,
      );
}

/** Ends the workers of loaders that were forgotten. */
const forgotten = new FinalizationRegistry<WorkerPool>((pool) => void pool.terminate());

/**
 * Batches of a dataset, in order or shuffled with PyTorch's random numbers: `for (const [x, y] of loader)`. With `numWorkers` threads load
 * ahead, and where
 * samples come later: `for await (const [x, y] of loader)`. The threads end with the loop, also where it is left by `break` or an error. A
 * worker makes
 * its own dataset: those of this library over shared memory, others from their `workerSource`. An error in a worker is thrown in the loop,
 * with its stack.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * const loader = new torch.utils.data.DataLoader(data, { batchSize: 2 });
 * for (const [x, y] of loader) console.assert(x.mul(10).equal(y));
 * for await (const [x] of new torch.utils.data.DataLoader(data, { batchSize: 2 })) console.assert(x.numel() === 2);
 * loader.length  // 2
 */
export class DataLoader<T = Tensor[]> {
  readonly dataset: Dataset | IterableDataset;
  readonly batchSize: number | null;
  readonly numWorkers: number;
  readonly sampler: Sampler | Iterable<number> | null = null;
  readonly batchSampler: Sampler<number[]> | Iterable<number[]> | null = null;
  private readonly settings: Settings<T>;
  /** The workers that are kept between passes. */
  private kept: WorkerPool | null = null;

  constructor(
    dataset: Dataset | IterableDataset | readonly unknown[],
    ...args: Args<[batchSize: number | null, shuffle: boolean, sampler: Sampler | Iterable<number> | null], DataLoaderOptions<T>>
  ) {
    const settings = settingsOf<T>([dataset, ...args]);
    checkWorkers(settings);
    checkBatches(settings);
    this.dataset = Array.isArray(dataset) ? new ListDataset(dataset) : (dataset as Dataset | IterableDataset);
    this.settings = settings;
    this.numWorkers = settings.numWorkers;
    this.batchSize = settings.batchSampler ? null : settings.batchSize;
    if (this.dataset instanceof IterableDataset) checkStream(settings);
    else {
      const { shuffle, sampler, batchSampler, dropLast, generator } = settings;
      this.sampler = sampler ?? (shuffle ? new RandomSampler(this.dataset, { generator }) : new SequentialSampler(this.dataset));
      this.batchSampler = batchSampler ?? (this.batchSize === null ? null : new BatchSampler(this.sampler, this.batchSize, dropLast));
    }
  }

  /** How many batches one pass gives. */
  get length(): number {
    if (this.dataset instanceof Dataset) return lengthOf(this.batchSampler ?? this.sampler);
    const samples = lengthOf(this.dataset);
    return this.batchSize === null ? samples : Math[this.settings.dropLast ? 'floor' : 'ceil'](samples / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<T> {
    if (this.numWorkers > 0) throw new TypeError('the batches of workers come later: iterate with `for await`');
    for (const batch of this.fetched()) {
      if (batch instanceof Promise) throw new TypeError('this dataset gives its samples later: iterate with `for await`');
      yield batch as T;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.numWorkers > 0 ? this.worked() : this.awaited();
  }

  private async *awaited(): AsyncGenerator<T, void, undefined> {
    for (const batch of this.fetched()) {
      const value = await batch;
      if (value === END) return;
      yield value as T;
    }
  }

  private *fetched(): Iterable<unknown> {
    const { dropLast, collateFn } = this.settings;
    // PyTorch draws a number for its workers before the sampler begins.
    drawSeed(this.settings.generator);
    const fetch = makeFetcher(this.dataset, { batchSize: this.batchSize, dropLast, collateFn: collateFn as Collate | null });
    const indices = this.indices();
    for (let next = indices.next(); !next.done; next = indices.next()) {
      const batch = fetch(next.value);
      if (batch === END) return;
      yield batch;
    }
  }

  /** Indices of batches or samples; for a stream endless nulls. */
  private indices(): Iterator<number | number[] | null> {
    const indices = this.batchSampler ?? this.sampler;
    if (indices) return indices[Symbol.iterator]();
    return { next: () => ({ done: false, value: null }) };
  }

  private async *worked(): AsyncGenerator<T, void, undefined> {
    const { collateFn, persistentWorkers } = this.settings;
    const pool = this.takePool();
    let finished = false;
    try {
      for await (const batch of pool.pass(this.indices())) yield (typeof collateFn === 'function' ? collateFn(batch as never) : batch) as T;
      finished = true;
    } finally {
      // What was fetched ahead belongs to this pass, so workers are kept only when it has ended.
      if (persistentWorkers && finished) this.keepPool(pool);
      else await pool.terminate();
    }
  }

  private takePool(): WorkerPool {
    const pool = this.kept;
    this.kept = null;
    if (!pool) return this.startPool();
    forgotten.unregister(pool);
    pool.reset();
    return pool;
  }

  private keepPool(pool: WorkerPool): void {
    forgotten.register(this, pool, pool);
    this.kept = pool;
  }

  private startPool(): WorkerPool {
    const { numWorkers, batchSize, dropLast, collateFn, workerInitFn, generator, prefetchFactor, inOrder, timeout } = this.settings;
    const seed = drawSeed(generator);
    const shared = {
      kind: 'setup',
      numWorkers,
      dataset: describe(this.dataset),
      batchSize,
      dropLast,
      collate: typeof collateFn === 'function' ? 'main' : collateFn && sourceOf(collateFn),
      init: workerInitFn && sourceOf(workerInitFn),
    } as const;
    const setups = Array.from({ length: numWorkers }, (_, id): Setup => ({ ...shared, id, seed: seed + BigInt(id) }));
    return new WorkerPool(setups, { prefetchFactor: prefetchFactor ?? 2, inOrder, timeout: 1000 * timeout });
  }

  /** Ends the workers that `persistentWorkers` keeps; the next pass starts new ones. */
  async close(): Promise<void> {
    const pool = this.kept;
    this.kept = null;
    if (!pool) return;
    forgotten.unregister(pool);
    await pool.terminate();
  }
}
