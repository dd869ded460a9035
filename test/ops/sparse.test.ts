import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const places = torch.tensor([[0, 1, 1], [2, 0, 2]]); // prettier-ignore
const values = torch.tensor([3, 4, 5], { dtype: torch.float32 });
const sparse = torch.sparseCooTensor(places, values, [2, 3]);
const dense = [[0, 0, 3], [4, 0, 5]]; // prettier-ignore

describe('sparse tensors', () => {
  test('print as PyTorch does', () => {
    expect(String(sparse)).toBe(
      'tensor(indices=tensor([[0, 1, 1],\n                       [2, 0, 2]]),\n       values=tensor([3., 4., 5.]),\n' +
        '       size=(2, 3), nnz=3, layout=torch.sparse_coo)',
    );
    const tracked = torch.sparseCooTensor(places, values.clone().requiresGrad_(), [2, 3]);
    expect(String(tracked)).toContain('layout=torch.sparse_coo,\n       grad_fn=<SparseCooTensorWithDimsAndTensorsBackward0>)');
    expect(String(torch.sparseCooTensor([[1]], [2], { dtype: 'float64' }))).toContain('size=(2,), nnz=1, dtype=torch.float64,');
  });

  test('are dense tensors in short', () => {
    expect(sparse.toDense().tolist()).toEqual(dense);
    const back = torch.tensor(dense).toSparse();
    expect([back.indices().tolist(), back.values().tolist()]).toEqual([places.tolist(), [3, 4, 5]]);
    const rows = torch.tensor(dense).toSparse(1);
    expect([rows.sparseDim(), rows.denseDim(), rows.values().tolist()]).toEqual([1, 1, dense]);
    expect([sparse.isSparse, sparse.layout, sparse.ndim, sparse.numel()]).toEqual([true, 'torch.sparse_coo', 2, 6]);
    expect(torch.ones(2).isSparse).toBe(false);
  });

  test('sum what has one place', () => {
    const twice = torch.sparseCooTensor([[1, 0, 1], [0, 2, 0]], [1, 2, 3], [2, 3]); // prettier-ignore
    expect(() => twice.indices()).toThrow('Cannot get indices on an uncoalesced tensor, please call .coalesce() first');
    const one = twice.coalesce();
    expect([one.indices().tolist(), one.values().tolist(), one.isCoalesced()]).toEqual([[[0, 1], [2, 0]], [2, 4], true]); // prettier-ignore
    expect(twice.toDense().tolist()).toEqual([[0, 0, 2], [4, 0, 0]]); // prettier-ignore
  });

  test('compute with numbers, each other and matrices', () => {
    expect(sparse.mul(2).div(4).toDense().tolist()).toEqual([[0, 0, 1.5], [2, 0, 2.5]]); // prettier-ignore
    expect(sparse.add(sparse.t().t(), { alpha: 2 }).toDense().tolist()).toEqual([[0, 0, 9], [12, 0, 15]]); // prettier-ignore
    expect(sparse.mul(torch.full([2, 3], 3)).toDense().tolist()).toEqual([[0, 0, 9], [12, 0, 15]]); // prettier-ignore
    expect(sparse.matmul(torch.ones(3, 2)).tolist()).toEqual([[3, 3], [9, 9]]); // prettier-ignore
    expect(torch.sparse.mm(sparse, sparse.t()).toDense().tolist()).toEqual([[9, 15], [15, 41]]); // prettier-ignore
    expect(torch.sparse.sum(sparse, 1).toDense().tolist()).toEqual([3, 9]);
    expect(sparse.square().sum().item()).toBe(50);
  });

  test('give gradients to values and to the other operand', () => {
    const leaf = torch.sparseCooTensor(places, values, [2, 3], { requiresGrad: true });
    const other = torch.ones(3, 2, { requiresGrad: true });
    torch.sparse.mm(leaf, other).sum().backward();
    expect(leaf.grad?.toDense().tolist()).toEqual([[0, 0, 2], [2, 0, 2]]); // prettier-ignore
    expect(other.grad?.tolist()).toEqual([[4, 4], [0, 0], [8, 8]]); // prettier-ignore
    const weights = values.clone().requiresGrad_();
    torch.sparseCooTensor(places, weights, [2, 3]).coalesce().toDense().square().sum().backward();
    expect(weights.grad?.tolist()).toEqual([6, 8, 10]);
  });

  test('refuse what they cannot do', () => {
    expect(() => sparse.cos()).toThrow('toDense()');
    expect(() => sparse.add(1)).toThrow('add(sparse, dense) is not supported. Use add(dense, sparse) instead.');
    expect(() => values.coalesce()).toThrow('coalesce expected sparse coordinate tensor layout but got Strided');
    expect(() => torch.sparse.mm(sparse, torch.ones(2, 2))).toThrow('addmm: Argument #3 (dense): Expected dim 0 size 3, got 2');
    expect(() => torch.sparseCooTensor(places, values, [2, 2]).toDense()).toThrow('out of bounds');
    expect(() => torch.sparseCooTensor(places, torch.ones(4), [2, 3])).toThrow('indices and values must have same nnz');
    expect(() => torch.sparseCooTensor(places, values, [2, 3, 4])).toThrow("'len(size) == sparse_dim + dense_dim' is not satisfied");
  });
});
