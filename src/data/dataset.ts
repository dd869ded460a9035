/** Datasets: what a DataLoader takes samples from. https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset */
import type { Args } from '../ops/types.js';
import { callable } from '../ops/signature.js';
import { type Generator, randperm } from '../ops/random.js';
import { select } from '../ops/view.js';
import { AssertionError, IndexError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * An export of a module: how a worker thread, which functions and objects cannot reach, comes by what it needs. The export (`default` unless named) is the
 * value itself, or a function or class that makes it of `args`, which are copied to the worker.
 * `{ module: new URL('./digits.js', import.meta.url), export: 'Digits', args: ['data/train'] }`
 */
export interface ModuleExport {
  readonly module: string | URL;
  readonly export?: string;
  readonly args?: readonly unknown[];
}

/**
 * Samples by number: subclasses define `length` and `at`. https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
 * @example
 * class Squares extends torch.utils.data.Dataset<number> {
 *   override get length() {
 *     return 4;
 *   }
 *   override at(index: number) {
 *     return index ** 2;
 *   }
 * }
 * for (const batch of new torch.utils.data.DataLoader<torch.Tensor>(new Squares(), { batchSize: 4 })) console.assert(batch.numel() === 4);
 * new Squares().at(3)  // 9
 */
export abstract class Dataset<T = unknown> {
  /** How a worker of a DataLoader makes its copy of this dataset. The datasets of this library know it without. */
  workerSource?(): ModuleExport;
  /** How many samples there are. */
  abstract get length(): number;
  /** The sample at `index`, 0 ≤ index < length; it may come later. */
  abstract at(index: number): T | Promise<T>;

  /** All samples in their order. */
  *[Symbol.iterator](): IterableIterator<ReturnType<this['at']>> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as ReturnType<this['at']>;
  }
}

/**
 * Samples one after the other; a `length` says how many, where it is known. In a worker, `getWorkerInfo` tells which of them to give.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
 * @example
 * class Countdown extends torch.utils.data.IterableDataset<number> {
 *   override *[Symbol.iterator]() {
 *     for (let i = 3; i > 0; i--) yield i;
 *   }
 * }
 * [...new torch.utils.data.DataLoader<torch.Tensor>(new Countdown(), { batchSize: 2 })]  // [ tensor([3, 2]), tensor([1]) ]
 */
export abstract class IterableDataset<T = unknown> {
  /** How a worker of a DataLoader makes its copy of this dataset. */
  workerSource?(): ModuleExport;
  abstract [Symbol.iterator](): Iterator<T>;
}

/**
 * The samples of one stream after those of another. https://pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
 * @example
 * class Countdown extends torch.utils.data.IterableDataset<number> {
 *   override *[Symbol.iterator]() {
 *     for (let i = 2; i > 0; i--) yield i;
 *   }
 * }
 * [...new torch.utils.data.ChainDataset([new Countdown(), new Countdown()])]  // [ 2, 1, 2, 1 ]
 */
export class ChainDataset<T> extends IterableDataset<T> {
  readonly datasets: readonly IterableDataset<T>[];

  constructor(datasets: Iterable<IterableDataset<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.some((each) => !(each instanceof IterableDataset)))
      throw new AssertionError('ChainDataset only supports IterableDataset');
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const dataset of this.datasets) yield* { [Symbol.iterator]: () => dataset[Symbol.iterator]() };
  }
}

/**
 * The i-th rows of several tensors. https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * data.at(2)  // [ tensor(2), tensor(20) ]
 */
export class TensorDataset extends Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];

  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.length === 0 || tensors.some((t) => t.ndim === 0 || t.sizes[0] !== tensors[0].sizes[0]))
      throw new AssertionError('Size mismatch between tensors');
    this.tensors = tensors;
  }

  /** How many samples there are. */
  get length(): number {
    return this.tensors[0].sizes[0];
  }

  /** The sample at `index`, 0 ≤ index < length. */
  at(index: number): Tensor[] {
    return this.tensors.map((t) => select(t, 0, index));
  }
}

/** An array as a dataset. */
export class ListDataset<T> extends Dataset<T> {
  constructor(readonly items: readonly T[]) {
    super();
  }

  get length(): number {
    return this.items.length;
  }

  at(index: number): T {
    return this.items[index];
  }
}

/**
 * Some samples of a dataset. https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * new torch.utils.data.Subset(data, [3, 1]).at(0)  // [ tensor(3), tensor(30) ]
 */
export class Subset<T> extends Dataset<T> {
  constructor(
    readonly dataset: Dataset<T>,
    readonly indices: readonly number[],
  ) {
    super();
  }

  /** How many samples there are. */
  get length(): number {
    return this.indices.length;
  }

  /** The sample at `index`, 0 ≤ index < length. */
  at(index: number): T | Promise<T> {
    return this.dataset.at(this.indices[index]);
  }
}

/**
 * One dataset after another. https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * new torch.utils.data.ConcatDataset([data, data]).length  // 8
 */
export class ConcatDataset<T> extends Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  /** Where each dataset ends. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<Dataset<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new AssertionError('datasets should not be an empty iterable');
    if (this.datasets.some((each) => !(each instanceof Dataset)))
      throw new AssertionError('ConcatDataset does not support IterableDataset');
    let end = 0;
    this.cumulativeSizes = this.datasets.map((each) => (end += each.length));
  }

  /** How many samples there are. */
  get length(): number {
    return this.cumulativeSizes[this.cumulativeSizes.length - 1];
  }

  /** The sample at `index`, 0 ≤ index < length. */
  at(index: number): T | Promise<T> {
    if (index < -this.length) throw new ValueError('absolute value of index should not exceed dataset length');
    const position = index < 0 ? index + this.length : index;
    const which = this.cumulativeSizes.findIndex((end) => position < end);
    if (which < 0) throw new IndexError(`index ${index} is out of range for a dataset of ${this.length} samples`);
    return this.datasets[which].at(which === 0 ? position : position - this.cumulativeSizes[which - 1]);
  }
}

/**
 * Datasets side by side: sample i is the list of their i-th samples, or an object of them where the datasets are given by name.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.StackDataset
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * new torch.utils.data.StackDataset(data, data).length  // 4
 */
export class StackDataset<T = unknown[]> extends Dataset<T> {
  readonly datasets: readonly Dataset[] | Readonly<Record<string, Dataset>>;
  private readonly list: readonly Dataset[];

  constructor(...datasets: Dataset[] | [Record<string, Dataset>]) {
    super();
    const [first] = datasets;
    this.datasets = first === undefined || first instanceof Dataset ? (datasets as Dataset[]) : first;
    this.list = Object.values(this.datasets);
    if (this.list.length === 0) throw new ValueError('At least one dataset should be passed');
    if (this.list.some((each) => each.length !== this.list[0].length)) throw new ValueError('Size mismatch between datasets');
  }

  /** How many samples there are. */
  get length(): number {
    return this.list[0].length;
  }

  /** The sample at `index`, 0 ≤ index < length. */
  at(index: number): T | Promise<T> {
    const samples = this.list.map((each) => each.at(index));
    return samples.some((each) => each instanceof Promise) ? Promise.all(samples).then((all) => this.named(all)) : this.named(samples);
  }

  private named(samples: readonly unknown[]): T {
    return (
      Array.isArray(this.datasets) ? samples : Object.fromEntries(Object.keys(this.datasets).map((key, i) => [key, samples[i]]))
    ) as T;
  }
}

/** Sizes from numbers, or from fractions that sum to 1 (the rest goes round). */
function partSizes(lengths: readonly number[], total: number): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > 1e-9 || sum > 1 + 1e-9) {
    if (sum !== total) throw new ValueError('Sum of input lengths does not equal the length of the input dataset!');
    return [...lengths];
  }
  const sizes = lengths.map((fraction) => {
    if (fraction < 0 || fraction > 1) throw new ValueError(`Fraction ${fraction} is not between 0 and 1`);
    return Math.floor(total * fraction);
  });
  const rest = total - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]++;
  return sizes;
}

/**
 * Splits a dataset at random into parts of the given sizes. https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 * @example
 * const data = new torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * torch.utils.data.randomSplit(data, [3, 1]).map((part) => part.length)  // [ 3, 1 ]
 */
export const randomSplit = callable<
  <T>(dataset: Dataset<T>, lengths: readonly number[], ...args: Args<[generator: Generator], { generator?: Generator }>) => Subset<T>[]
>('random_split', 'dataset, lengths, generator?', (dataset: Dataset<unknown>, lengths: readonly number[], generator?: Generator) => {
  const sizes = partSizes(lengths, dataset.length);
  const order = randperm(dataset.length, { generator }).tolist() as number[];
  let start = 0;
  return sizes.map((size) => new Subset(dataset, order.slice(start, (start += size))));
});
