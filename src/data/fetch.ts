/** Fetching samples and batches, in the main thread and in workers alike. */
import { tensor } from '../ops/creation.js';
import { indexSelect } from '../ops/select.js';
import type { Tensor } from '../tensor/tensor.js';
import { defaultCollate, defaultConvert } from './collate.js';
import { Dataset, type IterableDataset, Subset, TensorDataset } from './dataset.js';

export type Collate = (samples: never) => unknown;

export interface FetchOptions {
  /** null gives single samples. */
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  /** null collates by default. */
  readonly collateFn: Collate | null;
}

/** What a fetcher gives when a stream has ended. */
export const END = Symbol('end of the stream');

/** Gives the batch of these indices, the sample at this index, or the next batch of a stream; at once or later. */
export type Fetcher = (indices: number | readonly number[] | null) => unknown;

const isPromise = (x: unknown): x is Promise<unknown> => x instanceof Promise;
const later = (value: unknown, then: (value: unknown) => unknown): unknown => (isPromise(value) ? value.then(then) : then(value));

/** next(), next(), … until END: at once, or each when the one before it is there, because samples draw random numbers. */
function inTurn(next: () => unknown): unknown {
  const all: unknown[] = [];
  const take = (): unknown => {
    for (let sample: unknown; (sample = next()) !== END; all.push(sample)) if (isPromise(sample)) return sample.then(add);
    return all;
  };
  const add = (sample: unknown): unknown => {
    all.push(sample);
    return take();
  };
  return take();
}

export function makeFetcher(dataset: Dataset | IterableDataset, options: FetchOptions): Fetcher {
  return dataset instanceof Dataset ? mapFetcher(dataset, options) : streamFetcher(dataset, options);
}

function mapFetcher(dataset: Dataset, { collateFn }: FetchOptions): Fetcher {
  const collate = (samples: unknown): unknown => (collateFn ?? defaultCollate)(samples as never);
  const convert = (sample: unknown): unknown => (collateFn ?? defaultConvert)(sample as never);
  return (indices) => {
    if (typeof indices === 'number') return later(dataset.at(indices), convert);
    const rows = collateFn ? null : rowsOf(dataset, indices ?? []);
    if (rows) return rows;
    let i = 0;
    return later(
      inTurn(() => (indices && i < indices.length ? dataset.at(indices[i++]) : END)),
      collate,
    );
  };
}

/** Whole rows of tensors at once, which is much faster than sample by sample. */
function rowsOf(dataset: Dataset, indices: readonly number[]): Tensor[] | null {
  if (dataset instanceof Subset && dataset.at === Subset.prototype.at)
    return rowsOf(
      dataset.dataset as Dataset,
      indices.map((i) => dataset.indices[i]),
    );
  if (!(dataset instanceof TensorDataset) || dataset.at !== TensorDataset.prototype.at) return null;
  const index = tensor([...indices], { dtype: 'int64' });
  return dataset.tensors.map((t) => indexSelect(t, 0, index));
}

function streamFetcher(dataset: IterableDataset, { batchSize, dropLast, collateFn }: FetchOptions): Fetcher {
  const samples = dataset[Symbol.iterator]();
  const next = (): unknown => {
    const { done, value } = samples.next();
    return done ? END : value;
  };
  if (batchSize === null) return () => later(next(), (sample) => (sample === END ? END : (collateFn ?? defaultConvert)(sample as never)));
  return () => {
    let room = batchSize;
    return later(
      inTurn(() => (room-- > 0 ? next() : END)),
      (batch) => {
        const { length } = batch as unknown[];
        return length === 0 || (dropLast && length < batchSize) ? END : (collateFn ?? defaultCollate)(batch as never);
      },
    );
  };
}
