/** In which order samples are taken. https://pytorch.org/docs/stable/data.html#data-loading-order-and-sampler */
import { asTensor, empty } from '../ops/creation.js';
import { Generator, multinomial, random_, randint, randperm } from '../ops/random.js';
import { Signature } from '../ops/signature.js';
import type { Args } from '../ops/types.js';
import { ValueError } from '../tensor/errors.js';
import { formatTuple } from '../tensor/print.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Yields indices (or lists of them); `length` is how many. https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
 * @example
 * class Backwards extends torch.utils.data.Sampler {
 *   override get length() {
 *     return 3;
 *   }
 *   override *[Symbol.iterator]() {
 *     for (let i = 2; i >= 0; i--) yield i;
 *   }
 * }
 * [...new torch.utils.data.DataLoader<torch.Tensor>([5, 6, 7], { sampler: new Backwards(), batchSize: 3 })]
 * // [ tensor([7, 6, 5]) ]
 */
export abstract class Sampler<T = number> {
  /** How many it yields. */
  abstract get length(): number;
  abstract [Symbol.iterator](): Iterator<T>;
}

interface Sized {
  readonly length: number;
}

/**
 * All samples in order. https://pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
 * @example [...new torch.utils.data.SequentialSampler([5, 6, 7])]  // [ 0, 1, 2 ]
 */
export class SequentialSampler extends Sampler {
  constructor(readonly dataSource: Sized) {
    super();
  }

  /** How many it yields. */
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

const randomSignature = new Signature('RandomSampler', 'dataSource, replacement?, numSamples?, generator?');

/**
 * All samples in random order, or so many with replacement. https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
 * @example
 * torch.manualSeed(0);
 * new Set(new torch.utils.data.RandomSampler([5, 6, 7])).size  // 3
 */
export class RandomSampler extends Sampler {
  readonly dataSource: Sized;
  readonly replacement: boolean;
  private readonly numSamples: number | null;
  private readonly generator: Generator | null;

  constructor(
    dataSource: Sized,
    ...args: Args<[replacement: boolean, numSamples: number | null, generator: Generator | null], RandomSamplerOptions>
  ) {
    super();
    const [, replacement = false, numSamples = null, generator = null] = randomSignature.bind([dataSource, ...args]) as [
      Sized,
      boolean?,
      (number | null)?,
      (Generator | null)?,
    ];
    checkFlag('replacement', replacement, TypeError);
    this.dataSource = dataSource;
    this.replacement = replacement;
    this.numSamples = numSamples;
    this.generator = generator;
    checkCount(this.length);
  }

  /** How many it yields. */
  get length(): number {
    return this.numSamples ?? this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    const generator = this.generator ?? new Generator().manualSeed(drawSeed());
    const n = this.dataSource.length;
    if (this.replacement) {
      for (let left = this.length; left > 0; left -= 32) yield* randint(n, [Math.min(left, 32)], { generator }).tolist() as number[];
      return;
    }
    for (let left = this.length; left > 0; left -= n) yield* (randperm(n, { generator }).tolist() as number[]).slice(0, left);
  }
}

function checkCount(count: number): void {
  if (!(Number.isInteger(count) && count > 0))
    throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${count}`);
}

/**
 * The given indices in random order. https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
 * @example
 * torch.manualSeed(0);
 * [...new torch.utils.data.SubsetRandomSampler([10, 20])].length  // 2
 */
export class SubsetRandomSampler extends Sampler {
  private readonly generator: Generator | null;

  constructor(
    readonly indices: readonly number[],
    generator: Generator | null | { generator?: Generator | null } = null,
  ) {
    super();
    this.generator = generator instanceof Generator || generator === null ? generator : (generator.generator ?? null);
  }

  /** How many it yields. */
  get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const i of randperm(this.length, { generator: this.generator }).tolist() as number[]) yield this.indices[i];
  }
}

export interface WeightedSamplerOptions {
  replacement?: boolean;
  generator?: Generator | null;
}

const weightedSignature = new Signature('WeightedRandomSampler', 'weights, numSamples, replacement?, generator?');

/**
 * Indices drawn with the given weights, which need not sum to one.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
 * @example
 * torch.manualSeed(0);
 * [...new torch.utils.data.WeightedRandomSampler([0, 0, 1], 2)]  // [ 2, 2 ]
 */
export class WeightedRandomSampler extends Sampler {
  readonly weights: Tensor;
  readonly length: number;
  private readonly replacement: boolean;
  private readonly generator: Generator | null;

  constructor(
    weights: readonly number[] | Tensor,
    numSamples: number,
    ...args: Args<[replacement: boolean, generator: Generator | null], WeightedSamplerOptions>
  ) {
    super();
    const [, , replacement = true, generator = null] = weightedSignature.bind([weights, numSamples, ...args]) as [
      unknown,
      number,
      boolean?,
      (Generator | null)?,
    ];
    checkCount(numSamples);
    this.weights = asTensor(weights, { dtype: 'float64' });
    if (this.weights.ndim !== 1)
      throw new ValueError(`weights should be a 1d sequence but given weights have shape ${formatTuple(this.weights.sizes)}`);
    this.length = numSamples;
    this.replacement = replacement;
    this.generator = generator;
  }

  *[Symbol.iterator](): Iterator<number> {
    const { replacement, generator } = this;
    yield* multinomial(this.weights, this.length, { replacement, generator }).tolist() as number[];
  }
}

export interface DistributedSamplerOptions {
  numReplicas: number;
  rank: number;
  shuffle?: boolean;
  seed?: number;
  dropLast?: boolean;
}

const distributedSignature = new Signature('DistributedSampler', 'dataset, numReplicas, rank, shuffle?, seed?, dropLast?');

/**
 * The share of one of several processes: every `numReplicas`-th index, all shares of one size.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
 * @example [...new torch.utils.data.DistributedSampler([5, 6, 7, 8], { numReplicas: 2, rank: 1, shuffle: false })]  // [ 1, 3 ]
 */
export class DistributedSampler extends Sampler {
  private epoch = 0;
  readonly length: number;
  private readonly options: DistributedSamplerOptions;

  constructor(
    readonly dataset: Sized,
    ...args: Args<[numReplicas: number, rank: number, shuffle: boolean, seed: number, dropLast: boolean], DistributedSamplerOptions>
  ) {
    super();
    const bound = distributedSignature.bind([dataset, ...args]) as [unknown, number, number, boolean?, number?, boolean?];
    const [, numReplicas, rank, shuffle, seed, dropLast] = bound;
    this.options = { numReplicas, rank, shuffle, seed, dropLast };
    if (!(rank >= 0 && rank < numReplicas))
      throw new ValueError(`Invalid rank ${rank}, rank should be in the interval [0, ${numReplicas - 1}]`);
    this.length = Math[dropLast ? 'floor' : 'ceil'](dataset.length / numReplicas);
  }

  /** Shuffles differently in every epoch, but alike in all processes. */
  setEpoch(epoch: number): void {
    this.epoch = epoch;
  }

  *[Symbol.iterator](): Iterator<number> {
    const { numReplicas, rank, shuffle = true, seed = 0 } = this.options;
    const n = this.dataset.length;
    const generator = new Generator().manualSeed(seed + this.epoch);
    const order = shuffle ? (randperm(n, { generator }).tolist() as number[]) : Array.from({ length: n }, (_, i) => i);
    for (let i = rank; i < this.length * numReplicas; i += numReplicas) yield order[i % n];
  }
}

function checkFlag(name: string, value: unknown, Kind: new (message: string) => Error): void {
  if (typeof value !== 'boolean') throw new Kind(`${name} should be a boolean value, but got ${name}=${String(value)}`);
}

/** How many items something iterable says to have. */
export function lengthOf(items: unknown): number {
  const { length } = items as { length?: number };
  if (length === undefined) throw new TypeError(`object of type '${(items as object).constructor.name}' has no length`);
  return length;
}

const batchSignature = new Signature('BatchSampler', 'sampler, batchSize, dropLast');

/**
 * Lists of `batchSize` indices of another sampler. https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
 * @example [...new torch.utils.data.BatchSampler(new torch.utils.data.SequentialSampler([5, 6, 7]), 2, false)]  // [ [ 0, 1 ], [ 2 ] ]
 */
export class BatchSampler extends Sampler<number[]> {
  readonly sampler: Sampler | Iterable<number>;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(
    sampler: Sampler | Iterable<number>,
    ...args: Args<[batchSize: number, dropLast: boolean], { batchSize: number; dropLast: boolean }>
  ) {
    super();
    const [, batchSize, dropLast] = batchSignature.bind([sampler, ...args]) as [unknown, number, boolean];
    checkFlag('drop_last', dropLast, ValueError);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
    if (!(Number.isInteger(batchSize) && batchSize > 0))
      throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${batchSize}`);
  }

  /** How many it yields. */
  get length(): number {
    return Math[this.dropLast ? 'floor' : 'ceil'](lengthOf(this.sampler) / this.batchSize);
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
