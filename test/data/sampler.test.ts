import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { BatchSampler, ChainDataset, ConcatDataset, DataLoader, defaultConvert, DistributedSampler, IterableDataset } = torch.utils.data;
const { RandomSampler, SequentialSampler, StackDataset, SubsetRandomSampler, TensorDataset, WeightedRandomSampler } = torch.utils.data;

const sized = (length: number): { length: number } => ({ length });

// The numbers that follow are those of PyTorch 2.13 after torch.manual_seed(0).
test("samplers draw PyTorch's numbers", () => {
  torch.manualSeed(0);
  expect([...new WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3, 0.6], 5, true)]).toEqual([5, 4, 4, 5, 4]);
  expect([...new WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, { replacement: false })]).toEqual([1, 4, 0, 3, 5]);
  expect([...new RandomSampler(sized(5), { replacement: true, numSamples: 40 })].join('')).toBe('2100221130101430124031041224110001033240');
  expect([...new RandomSampler(sized(4), false, 6)]).toEqual([2, 0, 1, 3, 3, 0]);
  expect([...new SubsetRandomSampler([5, 7, 9])]).toEqual([7, 9, 5]);
});

test('shares of several processes', () => {
  const shares = (options: object): number[][] =>
    [0, 1, 2].map((rank) => {
      const sampler = new DistributedSampler(sized(10), { numReplicas: 3, rank, ...options });
      sampler.setEpoch(2);
      return [...sampler];
    });
  expect(shares({ seed: 1 })).toEqual([
    [6, 7, 1, 4],
    [0, 8, 9, 6],
    [3, 5, 2, 0],
  ]);
  expect(shares({ shuffle: false, dropLast: true })).toEqual([
    [0, 3, 6],
    [1, 4, 7],
    [2, 5, 8],
  ]);
  expect(() => new DistributedSampler(sized(10), { numReplicas: 2, rank: 2 })).toThrow(
    'Invalid rank 2, rank should be in the interval [0, 1]',
  );
});

test('batches of any sampler', () => {
  expect([...new BatchSampler(new SequentialSampler(sized(5)), 2, false)]).toEqual([[0, 1], [2, 3], [4]]);
  expect(new BatchSampler([3, 1, 2], 2, true).length).toBe(1);
  expect(() => new BatchSampler([1], 0, false)).toThrow('batch_size should be a positive integer value, but got batch_size=0');
});

class Count extends IterableDataset<number> {
  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    super();
  }

  get length(): number {
    return this.to - this.from;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = this.from; i < this.to; i++) yield i;
  }
}

const values = (loader: Iterable<torch.Tensor>): unknown[] => [...loader].map((batch) => batch.tolist());

test('streams', () => {
  const chain = new ChainDataset([new Count(0, 3), new Count(7, 9)]);
  expect(values(new DataLoader<torch.Tensor>(chain, 2))).toEqual([[0, 1], [2, 7], [8]]);
  expect(values(new DataLoader<torch.Tensor>(chain, { batchSize: 2, dropLast: true }))).toHaveLength(2);
  expect(new DataLoader(new Count(0, 5), 2).length).toBe(3);
  expect([...new DataLoader<number>(new Count(0, 2), { batchSize: null })]).toEqual([0, 1]);
  expect(() => new DataLoader(chain, 1, true)).toThrow('expected unspecified shuffle option, but got shuffle=True');
  expect(() => new ChainDataset([new TensorDataset(torch.ones(1)) as never])).toThrow('ChainDataset only supports IterableDataset');
});

test('datasets of datasets', () => {
  const [a, b] = [new TensorDataset(torch.arange(3)), new TensorDataset(torch.arange(3).add(10))];
  const both = new ConcatDataset([a, b]);
  expect([both.length, both.cumulativeSizes]).toEqual([6, [3, 6]]);
  expect([4, -1, 0].map((i) => (both.at(i) as torch.Tensor[])[0].item())).toEqual([11, 12, 0]);
  expect(() => both.at(6)).toThrow('out of range');
  expect(() => both.at(-7)).toThrow('absolute value of index should not exceed dataset length');
  const stacked = new StackDataset<{ x: torch.Tensor[]; y: torch.Tensor[] }>({ x: a, y: b });
  expect(((stacked.at(1) as { y: torch.Tensor[] }).y[0] as torch.Tensor).item()).toBe(11);
  expect(() => new StackDataset(a, new TensorDataset(torch.ones(1)))).toThrow('Size mismatch between datasets');
  expect(() => new StackDataset()).toThrow('At least one dataset should be passed');
});

class Renamed extends TensorDataset {
  override at(index: number): torch.Tensor[] {
    return super.at(index).map((x) => x.add(100));
  }
}

test('arrays are datasets, and subclasses keep their own samples', () => {
  expect(values(new DataLoader<torch.Tensor>([1, 2, 3], 2))).toEqual([[1, 2], [3]]);
  expect([...new DataLoader(new Renamed(torch.arange(2)), 2)].map(([x]) => x.tolist())).toEqual([[100, 101]]);
  expect((defaultConvert([new Float32Array([1, 2]), 'text']) as [torch.Tensor, string])[0].tolist()).toEqual([1, 2]);
});
