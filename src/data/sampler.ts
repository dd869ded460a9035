/** In which order samples are taken. https://pytorch.org/docs/stable/data.html#data-loading-order-and-sampler */
import { empty, tensor } from '../ops/creation.js';
import { Generator, multinomial, random_, randint, randperm } from '../ops/random.js';

/** Yields indices (or lists of them); `length` is how many. */
export abstract class Sampler<T = number> {
  abstract get length(): number;
  abstract [Symbol.iterator](): Iterator<T>;
}

interface Sized {
  readonly length: number;
}

export class SequentialSampler extends Sampler {
  constructor(readonly dataSource: Sized) {
    super();
  }

  get length(): number {
    return this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield i;
  }
}

/** A number of 64 bits from the default generator, as PyTorch seeds with. */
export const drawSeed = (generator?: Generator | null): bigint =>
  BigInt(random_(empty([], { dtype: 'int64' }), { generator }).item() as number | bigint);

export interface RandomSamplerOptions {
  replacement?: boolean;
  numSamples?: number | null;
  generator?: Generator | null;
}

/** All samples in random order, or so many with replacement. */
export class RandomSampler extends Sampler {
  constructor(
    readonly dataSource: Sized,
    readonly options: RandomSamplerOptions = {},
  ) {
    super();
    if (!(this.length > 0)) throw new Error(`num_samples should be a positive integer value, but got num_samples=${this.length}`);
  }

  get length(): number {
    return this.options.numSamples ?? this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    const generator = this.options.generator ?? new Generator().manualSeed(drawSeed());
    const n = this.dataSource.length;
    if (this.options.replacement) {
      for (let left = this.length; left > 0; left -= 32) yield* randint(n, [Math.min(left, 32)], { generator }).tolist() as number[];
      return;
    }
    for (let left = this.length; left > 0; left -= n) yield* (randperm(n, { generator }).tolist() as number[]).slice(0, left);
  }
}

/** The given indices in random order. */
export class SubsetRandomSampler extends Sampler {
  constructor(
    readonly indices: readonly number[],
    readonly generator: Generator | null = null,
  ) {
    super();
  }

  get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const i of randperm(this.length, { generator: this.generator }).tolist() as number[]) yield this.indices[i];
  }
}

/** Indices drawn with the given weights. */
export class WeightedRandomSampler extends Sampler {
  constructor(
    readonly weights: readonly number[],
    readonly numSamples: number,
    readonly options: { replacement?: boolean; generator?: Generator | null } = {},
  ) {
    super();
    if (!(Number.isInteger(numSamples) && numSamples > 0))
      throw new Error(`num_samples should be a positive integer value, but got num_samples=${numSamples}`);
  }

  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Iterator<number> {
    const { replacement = true, generator } = this.options;
    yield* multinomial(tensor([...this.weights], { dtype: 'float64' }), this.numSamples, { replacement, generator }).tolist() as number[];
  }
}

/** Lists of `batchSize` indices of another sampler. */
export class BatchSampler extends Sampler<number[]> {
  constructor(
    readonly sampler: Sampler,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    super();
    if (!(Number.isInteger(batchSize) && batchSize > 0))
      throw new Error(`batch_size should be a positive integer value, but got batch_size=${batchSize}`);
  }

  get length(): number {
    return Math[this.dropLast ? 'floor' : 'ceil'](this.sampler.length / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<number[]> {
    let batch: number[] = [];
    const all = { [Symbol.iterator]: () => this.sampler[Symbol.iterator]() };
    for (const index of all) {
      batch.push(index);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
