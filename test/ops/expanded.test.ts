/** Writing in place to expanded tensors: PyTorch allows what writes one value. */
import { expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const rows = () => torch.arange(3).float().expand(2, 3);
const masks = torch.tensor([
  [true, false, false],
  [false, true, false],
]);

it.each<[string, number[], (x: torch.Tensor) => torch.Tensor]>([
  ['maskedFill_', [9, 9, 2], (x) => x.maskedFill_(masks, 9)],
  ['maskedFill_ of a row', [9, 1, 2], (x) => x.maskedFill_(torch.tensor([true, false, false]), 9)],
  ['indexFill_ along the expanded dim', [9, 9, 9], (x) => x.indexFill_(0, torch.tensor([0]), 9)],
  ['indexFill_ along another', [9, 1, 2], (x) => x.indexFill_(1, torch.tensor([0]), 9)],
  ['tril_', [0, 0, 0], (x) => x.tril_()],
  ['triu_', [0, 1, 2], (x) => x.triu_()],
  ['fillDiagonal_', [9, 9, 2], (x) => x.fillDiagonal_(9)],
  ['zero_', [0, 0, 0], (x) => x.zero_()],
])('%s', (_, row, write) => {
  const x = rows();
  expect(write(x)).toBe(x);
  expect(x.tolist()).toEqual([row, row]);
});

it('still refuses what writes several values', () => {
  expect(() => rows().add_(1)).toThrow('more than one element of the written-to tensor refers to a single memory location');
  expect(() => rows().indexCopy_(0, torch.tensor([0]), torch.ones(1, 3))).toThrow('single memory location');
});

it('fillDiagonal_ cuts the gradient', () => {
  const x = torch.ones(2, 2, { requiresGrad: true });
  const y = x.mul(2).fillDiagonal_(0);
  expect(y.gradFn?.name).toBe('CopySlices');
  y.sum().backward();
  expect(x.grad?.tolist()).toEqual([
    [0, 2],
    [2, 0],
  ]);
});
