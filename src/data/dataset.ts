/** Datasets: what a DataLoader takes samples from. https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset */
import { type Generator, randperm } from '../ops/random.js';
import { select } from '../ops/view.js';
import type { Tensor } from '../tensor/tensor.js';

/** Samples by number. */
export abstract class Dataset<T = unknown> {
  abstract get length(): number;
  /** The sample at `index`, 0 ≤ index < length; it may come later. */
  abstract at(index: number): T | Promise<T>;
}

/** Samples one after the other, when their number is not known. */
export abstract class IterableDataset<T = unknown> {
  abstract [Symbol.iterator](): Iterator<T>;
}

/** The i-th rows of several tensors. https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset */
export class TensorDataset extends Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];

  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.length === 0 || tensors.some((t) => t.ndim === 0 || t.sizes[0] !== tensors[0].sizes[0]))
      throw new Error('Size mismatch between tensors');
    this.tensors = tensors;
  }

  get length(): number {
    return this.tensors[0].sizes[0];
  }

  at(index: number): Tensor[] {
    return this.tensors.map((t) => select(t, 0, index));
  }
}

/** Some samples of a dataset. */
export class Subset<T> extends Dataset<T> {
  constructor(
    readonly dataset: Dataset<T>,
    readonly indices: readonly number[],
  ) {
    super();
  }

  get length(): number {
    return this.indices.length;
  }

  at(index: number): T | Promise<T> {
    return this.dataset.at(this.indices[index]);
  }
}

/** One dataset after another. */
export class ConcatDataset<T> extends Dataset<T> {
  readonly datasets: readonly Dataset<T>[];

  constructor(datasets: Iterable<Dataset<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new Error('datasets should not be an empty iterable');
  }

  get length(): number {
    return this.datasets.reduce((sum, each) => sum + each.length, 0);
  }

  at(index: number): T | Promise<T> {
    let rest = index;
    for (const dataset of this.datasets) {
      if (rest < dataset.length) return dataset.at(rest);
      rest -= dataset.length;
    }
    throw new RangeError(`index ${index} is out of range`);
  }
}

/** Datasets side by side: sample i is the list of their i-th samples. */
export class StackDataset extends Dataset<unknown[]> {
  readonly datasets: readonly Dataset[];

  constructor(...datasets: Dataset[]) {
    super();
    if (datasets.length === 0 || datasets.some((each) => each.length !== datasets[0].length))
      throw new Error('Size mismatch between datasets');
    this.datasets = datasets;
  }

  get length(): number {
    return this.datasets[0].length;
  }

  at(index: number): unknown[] {
    return this.datasets.map((each) => each.at(index));
  }
}

/** Sizes from numbers, or from fractions that sum to 1 (the rest goes round). */
function partSizes(lengths: readonly number[], total: number): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > 1e-9 || sum > 1 + 1e-9) {
    if (sum !== total) throw new Error('Sum of input lengths does not equal the length of the input dataset!');
    return [...lengths];
  }
  const sizes = lengths.map((fraction) => {
    if (fraction < 0 || fraction > 1) throw new Error(`Fraction ${fraction} is not between 0 and 1`);
    return Math.floor(total * fraction);
  });
  const rest = total - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]++;
  return sizes;
}

/** Splits a dataset at random into parts of the given sizes. https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split */
export function randomSplit<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  { generator }: { generator?: Generator } = {},
): Subset<T>[] {
  const sizes = partSizes(lengths, dataset.length);
  const order = randperm(dataset.length, { generator }).tolist() as number[];
  let start = 0;
  return sizes.map((size) => new Subset(dataset, order.slice(start, (start += size))));
}
