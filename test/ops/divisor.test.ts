import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const x = torch.tensor([4, 5]);
const zeros = torch.tensor([1, 0]);

describe('integers divided by zeros', () => {
  test.each<[string, () => torch.Tensor]>([
    ['floorDivide', () => x.floorDivide(zeros)],
    ['floorDivide by a number', () => x.floorDivide(0)],
    ['floorDivide_', () => x.clone().floorDivide_(zeros)],
    ['remainder', () => x.remainder(zeros)],
    ['remainder of bytes', () => x.to(torch.uint8).remainder(zeros.to(torch.uint8))],
    ['remainder of a number', () => torch.remainder(5 as unknown as torch.Tensor, zeros)],
    ['remainder into out', () => torch.remainder(x, zeros, { out: torch.empty(2, { dtype: torch.int64 }) })],
    ['fmod', () => x.fmod(zeros)],
    ['div', () => x.div(zeros, { roundingMode: 'trunc' })],
    ['a broadcast divisor', () => x.remainder(torch.tensor([[3], [0]]))],
  ])('%s is refused', (_, f) => expect(f).toThrow('ZeroDivisionError'));

  test('floats, empty tensors and other divisors are not', () => {
    expect(String(x.div(zeros))).toBe('tensor([4., inf])');
    expect(String(x.floorDivide(zeros.float()))).toBe('tensor([4., inf])');
    expect(String(torch.empty(0, { dtype: torch.int64 }).floorDivide(torch.tensor(0)))).toBe('tensor([], dtype=torch.int64)');
    expect(
      String(
        x.remainder(
          torch
            .tensor([
              [3, 0],
              [2, 7],
            ])
            .at(':', 0),
        ),
      ),
    ).toBe('tensor([1, 1])');
  });
});
