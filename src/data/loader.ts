/** Batches from a dataset. */
import { tensor } from '../ops/creation.js';
import { stack } from '../ops/join.js';
import type { Generator } from '../ops/random.js';
import { indexSelect } from '../ops/select.js';
import { Tensor } from '../tensor/tensor.js';
import { Dataset, IterableDataset, Subset, TensorDataset } from './dataset.js';
import { BatchSampler, drawSeed, RandomSampler, type Sampler, SequentialSampler } from './sampler.js';

/** Makes one batch of a list of samples: tensors are stacked, numbers become tensors, lists and objects are taken apart. https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate */
export function defaultCollate(batch: readonly unknown[]): unknown {
  const [first] = batch;
  if (first instanceof Tensor) return stack(batch as Tensor[], 0);
  if (typeof first === 'number' || typeof first === 'boolean' || typeof first === 'bigint') return tensor(batch as number[]);
  if (typeof first === 'string') return [...batch];
  if (ArrayBuffer.isView(first))
    return stack(
      batch.map((each) => tensor(each as ArrayBufferView)),
      0,
    );
  if (Array.isArray(first)) {
    if (batch.some((each) => (each as unknown[]).length !== first.length))
      throw new Error('each element in list of batch should be of equal size');
    return first.map((_, i) => defaultCollate(batch.map((each) => (each as unknown[])[i])));
  }
  if (typeof first === 'object' && first !== null) {
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, defaultCollate(batch.map((each) => (each as Record<string, unknown>)[key]))]),
    );
  }
  throw new TypeError(`default_collate: batch must contain tensors, numbers, lists or objects; found ${typeof first}`);
}

export interface DataLoaderOptions<T> {
  /** null gives single samples. */
  batchSize?: number | null;
  shuffle?: boolean;
  sampler?: Sampler | Iterable<number> | null;
  batchSampler?: Sampler<number[]> | Iterable<number[]> | null;
  collateFn?: ((samples: unknown[]) => T) | null;
  dropLast?: boolean;
  generator?: Generator | null;
}

interface Source {
  indices: Iterable<number | number[]>;
  length: number | undefined;
}

/**
 * Batches of a dataset, in order or shuffled with PyTorch's random numbers: `for (const [x, y] of loader)`; `for await` where samples come later.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
export class DataLoader<T = Tensor[]> {
  readonly batchSize: number | null;
  private readonly source: Source | null;

  constructor(
    readonly dataset: Dataset | IterableDataset,
    private readonly options: DataLoaderOptions<T> = {},
  ) {
    const { batchSize = 1, shuffle = false, sampler, batchSampler, dropLast = false } = options;
    if (sampler && shuffle) throw new Error('sampler option is mutually exclusive with shuffle');
    if (batchSampler && (shuffle || sampler || dropLast || (options.batchSize ?? 1) !== 1)) {
      throw new Error('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last');
    }
    if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0))
      throw new Error(`batch_size should be a positive integer value, but got batch_size=${batchSize}`);
    if (batchSize === null && dropLast)
      throw new Error('batch_size=None option disables auto-batching and is mutually exclusive with drop_last');
    this.batchSize = batchSampler ? null : batchSize;
    this.source = dataset instanceof IterableDataset ? null : this.sourceOf(dataset);
  }

  private sourceOf(dataset: Dataset): Source {
    const { shuffle = false, sampler, batchSampler, dropLast = false, generator } = this.options;
    if (batchSampler) return { indices: batchSampler as Iterable<number[]>, length: (batchSampler as { length?: number }).length };
    const order = (sampler ?? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset))) as Sampler;
    if (this.batchSize === null) return { indices: order as Iterable<number>, length: order.length };
    const batches = new BatchSampler(order, this.batchSize, dropLast);
    return { indices: batches as Iterable<number[]>, length: batches.length };
  }

  /** How many batches one pass gives. */
  get length(): number {
    const length = this.source?.length;
    if (length === undefined) throw new TypeError('this DataLoader has no length');
    return length;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const samples of this.samples()) {
      if (samples instanceof Promise) throw new TypeError('this dataset gives its samples later: iterate with `for await`');
      yield samples as T;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (const samples of this.samples()) yield (await samples) as T;
  }

  private *samples(): Iterable<unknown> {
    if (this.source === null) return yield* this.stream();
    // PyTorch draws a number for its workers before the sampler begins.
    drawSeed(this.options.generator);
    for (const index of this.source.indices) yield typeof index === 'number' ? this.sample(index) : this.batch(index);
  }

  private sample(index: number): unknown {
    const { collateFn } = this.options;
    const value = (this.dataset as Dataset).at(index);
    return collateFn ? collateFn(value as unknown[]) : value;
  }

  private batch(indices: number[]): unknown {
    const { collateFn } = this.options;
    const rows = collateFn ? null : rowsOf(this.dataset as Dataset, indices);
    if (rows) return rows;
    const samples = indices.map((index) => (this.dataset as Dataset).at(index));
    const collate = collateFn ?? defaultCollate;
    return samples.some((each) => each instanceof Promise) ? Promise.all(samples).then((all) => collate(all)) : collate(samples);
  }

  private *stream(): Iterable<unknown> {
    const { collateFn, dropLast = false } = this.options;
    const collate = collateFn ?? (this.batchSize === null ? (x: unknown) => x : defaultCollate);
    if (this.batchSize === null) {
      for (const sample of this.dataset as IterableDataset) yield (collate as (x: unknown) => unknown)(sample);
      return;
    }
    let batch: unknown[] = [];
    for (const sample of this.dataset as IterableDataset) {
      batch.push(sample);
      if (batch.length < this.batchSize) continue;
      yield (collate as (x: unknown[]) => unknown)(batch);
      batch = [];
    }
    if (batch.length > 0 && !dropLast) yield (collate as (x: unknown[]) => unknown)(batch);
  }
}

/** Whole rows of tensors at once, which is much faster than sample by sample. */
function rowsOf(dataset: Dataset, indices: readonly number[]): Tensor[] | null {
  if (dataset instanceof Subset)
    return rowsOf(
      dataset.dataset as Dataset,
      indices.map((i) => dataset.indices[i]),
    );
  if (!(dataset instanceof TensorDataset)) return null;
  const index = tensor([...indices], { dtype: 'int64' });
  return dataset.tensors.map((t) => indexSelect(t, 0, index));
}
