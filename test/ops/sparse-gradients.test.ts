import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { nn, optim } = torch;
const table = () => nn.Embedding.fromPretrained(torch.arange(8).view([4, 2]).div(4), { freeze: false, sparse: true });

/** What three steps on rows 1, 2, 1, then 3, 1, then 1, 1 make of the table. */
function trained(make: (params: Iterable<torch.Tensor>) => torch.optim.Optimizer): number[] {
  const embedding = table();
  const optimizer = make(embedding.parameters());
  for (const rows of [
    [1, 2, 1],
    [3, 1],
    [1, 1],
  ]) {
    optimizer.zeroGrad();
    embedding(torch.tensor(rows)).pow(2).sum().backward();
    optimizer.step();
  }
  return embedding.weight.detach().flatten().tolist() as number[];
}

describe('sparse gradients', () => {
  // By PyTorch 2.13.
  test.each([
    [
      'SparseAdam',
      (p: Iterable<torch.Tensor>) => new optim.SparseAdam(p, { lr: 0.1 }),
      [0, 0.25, 0.21806, 0.46475, 0.9, 1.15, 1.42559, 1.67559],
    ],
    [
      'SparseAdam, up',
      (p: Iterable<torch.Tensor>) => new optim.SparseAdam(p, { lr: 0.1, maximize: true }),
      [0, 0.25, 0.79224, 1.04167, 1.1, 1.35, 1.57441, 1.82441],
    ],
    ['SGD', (p: Iterable<torch.Tensor>) => new optim.SGD(p, { lr: 0.1 }), [0, 0.25, 0.144, 0.216, 0.8, 1, 1.2, 1.4]],
    [
      'SGD, momentum',
      (p: Iterable<torch.Tensor>) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
      [0, 0.25, -0.18, -0.27, 0.458, 0.5725, 0.93, 1.085],
    ],
    ['Adagrad', (p: Iterable<torch.Tensor>) => new optim.Adagrad(p, { lr: 0.1 }), [0, 0.25, 0.30698, 0.55042, 0.9, 1.15, 1.4, 1.65]],
  ])('%s makes the steps of PyTorch', (_, make, expected) => {
    trained(make).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  });

  test('optimizers that need dense ones say so and change nothing', () => {
    const embedding = table();
    embedding(torch.tensor([1]))
      .sum()
      .backward();
    const before = embedding.weight.tolist();
    const step = (optimizer: torch.optim.Optimizer) => () => optimizer.step();
    expect(step(new optim.Adam([embedding.weight]))).toThrow('Adam does not support sparse gradients, please consider SparseAdam instead');
    expect(step(new optim.RMSprop([embedding.weight]))).toThrow('RMSprop does not support sparse gradients');
    expect(step(new optim.SGD([embedding.weight], { lr: 0.1, weightDecay: 0.1 }))).toThrow('add(sparse, dense) is not supported.');
    expect(step(new optim.Adagrad([embedding.weight], { weightDecay: 0.1 }))).toThrow('not compatible with sparse gradients');
    embedding.weight.grad = embedding.weight.grad!.toDense();
    expect(step(new optim.SparseAdam([embedding.weight]))).toThrow('SparseAdam does not support dense gradients, please consider Adam');
    expect(embedding.weight.tolist()).toEqual(before);
    expect(() => new optim.SparseAdam([torch.zeros(2, { dtype: torch.complex64 })])).toThrow('Complex params at indices [[0, 0]]');
  });

  test('add up over backward passes, with dense ones too', () => {
    const { weight } = table();
    const F = nn.functional;
    F.embedding(torch.tensor([1, 2]), weight, { sparse: true })
      .sum()
      .backward();
    F.embedding(torch.tensor([1, 2]), weight, { sparse: true })
      .sum()
      .backward();
    expect(weight.grad?._nnz()).toBe(2);
    F.embedding(torch.tensor([1, 3, 3]), weight, { sparse: true, paddingIdx: 3 })
      .mul(2)
      .sum()
      .backward();
    expect(weight.grad?.coalesce().indices().tolist()).toEqual([[1, 2]]);
    expect(weight.grad?.toDense().select(1, 0).tolist()).toEqual([0, 4, 2, 0]);
    weight.sum().backward();
    expect(weight.grad?.isSparse).toBe(false);
    F.embedding(torch.tensor([0]), weight, { sparse: true })
      .sum()
      .backward();
    expect(weight.grad?.select(1, 0).tolist()).toEqual([2, 5, 3, 1]);
    const twice = F.embedding(torch.tensor([0]), weight, { sparse: true }).add(F.embedding(torch.tensor([1]), weight, { sparse: true }));
    expect(torch.autograd.grad(twice.sum(), weight)[0]?.coalesce().indices().tolist()).toEqual([[0, 1]]);
  });

  test('of bags, and zeroed', () => {
    const bag = new nn.EmbeddingBag(5, 2, { sparse: true });
    bag(torch.tensor([[1, 2], [1, 0]])).sum().backward(); // prettier-ignore
    expect(bag.weight.grad?._indices().tolist()).toEqual([[1, 2, 1, 0]]);
    expect(bag.weight.grad?._values().select(1, 0).tolist()).toEqual([0.5, 0.5, 0.5, 0.5]);
    new optim.SGD([bag.weight], { lr: 1 }).zeroGrad({ setToNone: false });
    expect(bag.weight.grad?._nnz()).toBe(0);
    expect(() => nn.functional.embeddingBag(torch.tensor([[1]]), bag.weight, { mode: 'max', sparse: true })).toThrow(
      'max mode does not support',
    );
  });
});
