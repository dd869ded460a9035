import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { checkpoint } from './archive.js';

/** What PyTorch 2.13 wrote for `torch.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 3))`. */
const pickle = atob(
  'gAJjdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3NwYXJzZV90ZW5zb3IKcQBjdG9yY2guc2VyaWFsaXphdGlvbgpfZ2V0X2xheW91dApxAVgQAAAAdG9yY2guc3BhcnNlX2Nvb3EChXED' +
    'UnEEKGN0b3JjaC5fdXRpbHMKX3JlYnVpbGRfdGVuc29yX3YyCnEFKChYBwAAAHN0b3JhZ2VxBmN0b3JjaApMb25nU3RvcmFnZQpxB1gBAAAAMHEIWAMAAABjcHVxCUsEdHEKUUsA' +
    'SwJLAoZxC0sCSwGGcQyJY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnENKVJxDnRxD1JxEGgFKChoBmN0b3JjaApGbG9hdFN0b3JhZ2UKcRFYAQAAADFxEmgJSwJ0cRNRSwBLAoVx' +
    'FEsBhXEViWgNKVJxFnRxF1JxGGN0b3JjaApTaXplCnEZSwJLA4ZxGoVxG1JxHIl0cR2GcR5ScR8u',
);
const archive = (...places: bigint[]): Uint8Array =>
  checkpoint(pickle, { 0: new Uint8Array(BigInt64Array.of(...places).buffer), 1: new Uint8Array(Float32Array.of(1, 2).buffer) });

test('sparse tensors of PyTorch are read', () => {
  const sparse = torch.load<torch.Tensor>(archive(0n, 1n, 1n, 0n));
  expect([sparse.isSparse, sparse.isCoalesced(), sparse.toDense().tolist()]).toEqual([
    true,
    false,
    [
      [0, 1, 0],
      [2, 0, 0],
    ],
  ]);
});

test('places outside of the tensor are refused', () => {
  expect(() => torch.load(archive(0n, 7n, 1n, 0n))).toThrow('size is inconsistent with indices: for dim 0, size is 2 but found index 7');
  expect(() => torch.load(archive(0n, -1n, 1n, 0n))).toThrow('found negative index -1 for dim 0');
});

test('they are saved, each once', () => {
  const sparse = torch.sparseCooTensor([[1, 0]], [1.5, 2], [3]);
  const loaded = torch.load<Record<string, torch.Tensor>>(torch.save({ a: sparse, b: sparse.coalesce(), again: sparse }));
  expect(String(loaded.a)).toBe(String(sparse));
  expect([loaded.again === loaded.a, loaded.a.isCoalesced(), loaded.b.isCoalesced()]).toEqual([true, false, true]);
});
