import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { DataLoader, Dataset, IterableDataset, randomSplit, TensorDataset } = torch.utils.data;

const pairs = (n: number) => new TensorDataset(torch.arange(n), torch.arange(n).mul(10));
const firsts = (loader: Iterable<torch.Tensor[]>) => [...loader].map(([x]) => x.tolist());

test('batches in order', () => {
  const loader = new DataLoader(pairs(5), { batchSize: 2 });
  expect(loader.length).toBe(3);
  expect([...loader].map((batch) => batch.map((each) => each.tolist()))).toEqual([
    [
      [0, 1],
      [0, 10],
    ],
    [
      [2, 3],
      [20, 30],
    ],
    [[4], [40]],
  ]);
  expect(firsts(new DataLoader(pairs(5), { batchSize: 2, dropLast: true }))).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

// What torch 1.13 gives after torch.manual_seed(0) for two passes over DataLoader(range(10), batch_size=4, shuffle=True).
test('shuffles as PyTorch does', () => {
  torch.manualSeed(0);
  const loader = new DataLoader(pairs(10), { batchSize: 4, shuffle: true });
  expect(firsts(loader)).toEqual([
    [6, 7, 1, 4],
    [2, 0, 9, 8],
    [3, 5],
  ]);
  expect(firsts(loader)).toEqual([
    [2, 4, 7, 0],
    [8, 9, 5, 3],
    [6, 1],
  ]);
});

test("random splits are PyTorch's", () => {
  const parts = randomSplit(pairs(10), [7, 3], { generator: new torch.Generator().manualSeed(42) });
  expect(parts.map((part) => [...part.indices])).toEqual([
    [2, 6, 1, 8, 4, 5, 0],
    [9, 3, 7],
  ]);
  expect(randomSplit(pairs(10), [0.25, 0.75]).map((part) => part.length)).toEqual([3, 7]);
  expect(() => randomSplit(pairs(10), [3, 3])).toThrow('Sum of input lengths does not equal the length of the input dataset!');
});

class Squares extends Dataset<{ x: number; name: string }> {
  get length(): number {
    return 3;
  }

  at(index: number): { x: number; name: string } {
    return { x: index * index + 0.5, name: `n${index}` };
  }
}

test('samples of any kind are collated', () => {
  const [batch] = [...new DataLoader<{ x: torch.Tensor; name: string[] }>(new Squares(), { batchSize: 3 })];
  expect(batch.x.tolist()).toEqual([0.5, 1.5, 4.5]);
  expect(batch.name).toEqual(['n0', 'n1', 'n2']);
});

class Later extends Dataset<number> {
  get length(): number {
    return 3;
  }

  async at(index: number): Promise<number> {
    return index;
  }
}

class Stream extends IterableDataset<number> {
  *[Symbol.iterator](): Iterator<number> {
    yield* [1, 2, 3];
  }
}

test('samples that come later, and streams', async () => {
  const found: unknown[] = [];
  for await (const batch of new DataLoader<torch.Tensor>(new Later(), { batchSize: 2 })) found.push(batch.tolist());
  expect(found).toEqual([[0, 1], [2]]);
  expect(() => [...new DataLoader(new Later())]).toThrow('iterate with `for await`');
  expect([...new DataLoader<torch.Tensor>(new Stream(), { batchSize: 2 })].map((each) => each.tolist())).toEqual([[1, 2], [3]]);
});

class Drawn extends Dataset<torch.Tensor> {
  get length(): number {
    return 6;
  }

  async at(index: number): Promise<torch.Tensor> {
    await new Promise((done) => setTimeout(done, 3 * (6 - index)));
    return torch.rand(1);
  }
}

test('samples that come later draw their random numbers in order', async () => {
  torch.manualSeed(0);
  const expected = torch.rand(6).tolist();
  const found: unknown[] = [];
  torch.manualSeed(0);
  for await (const batch of new DataLoader<torch.Tensor>(new Drawn(), { batchSize: 3, generator: new torch.Generator() }))
    found.push(...(batch.flatten().tolist() as number[]));
  expect(found).toEqual(expected);
});

test('contradicting options are refused', () => {
  expect(() => new DataLoader(pairs(3), { shuffle: true, sampler: [0, 1] })).toThrow('sampler option is mutually exclusive with shuffle');
  expect(() => new DataLoader(pairs(3), { batchSize: 0 })).toThrow('batch_size should be a positive integer value, but got batch_size=0');
  expect(() => new TensorDataset(torch.ones(2), torch.ones(3))).toThrow('Size mismatch between tensors');
});

test('a dataset gives all its samples in a loop', () => {
  const [first] = randomSplit(pairs(4), [3, 1], { generator: new torch.Generator().manualSeed(0) });
  expect(([...first] as torch.Tensor[][]).map(([x]) => x.item())).toEqual(first.indices);
});

test('numbers are collated as by PyTorch', () => {
  const { defaultCollate } = torch.utils.data;
  expect(String(defaultCollate([1, 2]))).toBe('tensor([1, 2])');
  expect(String(defaultCollate([1, 0.1]))).toBe('tensor([1.0000, 0.1000], dtype=torch.float64)');
  expect(String(defaultCollate([true, false]))).toBe('tensor([ True, False])');
});
