import * as torch from 'typetorch';
import { describe, expect, it } from 'vitest';

const { float64 } = torch;
const double = (x: number): torch.Tensor => torch.tensor(x, { dtype: float64 });

// Expected values were printed by PyTorch 2.13.
describe('at the edges', () => {
  it('incomplete gamma functions of huge orders lie around a half', () => {
    expect(torch.igamma(double(1e10), double(1e10)).item()).toBeCloseTo(0.5000013298075828, 10);
    expect(torch.igammac(double(1e20), double(1e20)).item()).toBeCloseTo(0.5, 9);
    expect(torch.igammac(double(1e10), double(1.0001e10)).item()).toBeCloseTo(7.645e-24, 25);
    expect([torch.igamma(double(Infinity), double(NaN)).item(), torch.igammac(double(NaN), double(0)).item()]).toEqual([0, 1]);
  });

  it('atanh of infinity is a quarter turn', () => {
    const z = torch.tensor([{ re: Infinity, im: -1 }, { re: 2, im: Infinity }, { re: -Infinity, im: 0 }], { dtype: torch.complex128 }); // prettier-ignore
    expect(torch.atanh(z).abs().tolist()).toEqual([Math.PI / 2, Math.PI / 2, Math.PI / 2]);
    expect(torch.atanh(z).imag().sign().tolist()).toEqual([-1, 1, 1]);
  });

  it('a bound of clamp that is left out is none', () => {
    const x = torch.tensor([1, 2, 3]);
    expect(torch.clamp(x, { max: torch.tensor([0, 2, 2]) }).tolist()).toEqual([0, 2, 2]);
    expect(x.clamp({ max: torch.tensor(2) }).tolist()).toEqual([1, 2, 2]);
    expect(x.clamp({ min: torch.tensor(2) }).tolist()).toEqual([2, 2, 3]);
  });

  it('integers are not divided by the number 0', () => {
    const x = torch.tensor([1, 2]);
    for (const _ of [1, 2]) {
      expect(() => x.floorDivide(0)).toThrow('ZeroDivisionError');
      expect(() => x.remainder(0)).toThrow('ZeroDivisionError');
      expect(() => x.fmod(0)).toThrow('ZeroDivisionError');
      expect(() => x.div(0, { roundingMode: 'trunc' })).toThrow('ZeroDivisionError');
      expect(() => x.floorDivide_(0)).toThrow('ZeroDivisionError');
    }
    expect(x.tolist()).toEqual([1, 2]);
    expect(x.div(0).tolist()).toEqual([Infinity, Infinity]);
    expect(torch.tensor([1.5]).floorDivide(0).tolist()).toEqual([Infinity]);
    expect(torch.tensor([], { dtype: torch.int64 }).floorDivide(0).tolist()).toEqual([]);
  });

  it('norms of empty matrices are 0 where they are sums or maxima', () => {
    for (const ord of [1, 2, Infinity, 'fro', 'nuc'] as const) expect(torch.linalg.norm(torch.empty(0, 3), ord).item()).toBe(0);
    expect(() => torch.linalg.norm(torch.empty(0, 3), -2)).toThrow(/amin\(\): Expected reduction dim .* to have non-zero size/);
  });

  it('arange of small integers counts fractional steps, that of int64 whole ones', () => {
    expect(torch.arange(3.1, { dtype: torch.int32 }).tolist()).toEqual([0, 1, 2, 3]);
    expect(torch.arange(3.1, { dtype: torch.int64 }).tolist()).toEqual([0, 1, 2]);
  });

  it('quantiles of a scalar are scalars, and coordinates may be huge', () => {
    expect(torch.quantile(torch.tensor(2.5), 0.5, 0, true).shape).toEqual([]);
    expect(torch.nanquantile(torch.tensor(2.5), torch.tensor([0.5, 0.1]), 0, true).shape).toEqual([2]);
    expect(torch.unravelIndex(torch.tensor([5], { dtype: torch.uint8 }), [2, 3]).map((t) => t.dtype)).toEqual([torch.int64, torch.int64]);
  });

  it('a loss without a target that counts has no gradient', () => {
    const x = torch.randn(2, 3, { requiresGrad: true });
    const loss = torch.nn.functional.crossEntropy(x, torch.tensor([1, 1]), { ignoreIndex: 1, labelSmoothing: 0.1 });
    loss.backward();
    expect([loss.item(), x.grad!.abs().sum().item()]).toEqual([NaN, 0]);
  });
});

describe('what errors say', () => {
  it('einsum names the subscript whose sizes differ', () => {
    expect(() => torch.einsum('ij,jk->ik', torch.zeros(2, 3), torch.zeros(4, 5))).toThrow(
      'einsum(): subscript j has size 4 for operand 1 which does not broadcast with previously seen size 3',
    );
    expect(torch.einsum('ij,jk->ik', torch.ones(2, 1), torch.ones(3, 1)).tolist()).toEqual([[3], [3]]);
  });

  it('a value changed in place is named by its operation', () => {
    const y = torch.ones(3, { requiresGrad: true }).exp();
    y.mul_(2);
    expect(() => y.sum().backward()).toThrow(
      '[torch.FloatTensor [3]], which is output 0 of Exp, is at version 1; expected version 0 instead.',
    );
  });

  it('a fraction is no index', () => {
    expect(() => torch.zeros(3).at(0.5)).toThrow('None and long or byte Variables are valid indices (got float)');
  });
});

describe('mistakes in programs', () => {
  const { nn } = torch;
  const F = nn.functional;
  const { zeros } = torch;
  it.each([
    [() => F.scaledDotProductAttention(zeros(1, 2, 4), zeros(1, 3, 5), zeros(1, 3, 5)), 'Expected size for first two dimensions of batch2 tensor to be: [1, 4] but got: [1, 5].'],
    [() => F.scaledDotProductAttention(zeros(1, 2, 4), zeros(1, 3, 4), zeros(1, 5, 4)), 'Expected size for first two dimensions of batch2 tensor to be: [1, 3] but got: [1, 5].'],
    [() => F.scaledDotProductAttention(zeros(2, 4), zeros(3, 5), zeros(3, 5)), 'mat1 and mat2 shapes cannot be multiplied (2x4 and 5x3)'],
    [() => F.binaryCrossEntropy(torch.tensor([1.5]), torch.ones(1)), 'all elements of input should be between 0 and 1'],
    [() => F.binaryCrossEntropy(torch.tensor([0.5]), torch.tensor([1.5])), 'all elements of target should be between 0 and 1'],
    [() => F.crossEntropy(zeros(2, 3), zeros(2)), 'expected target dtype to be Long or Byte, but got Float'],
    [() => new nn.LSTM(3, 4)(zeros(5, 2, 3), [zeros(1, 3, 4), zeros(1, 3, 4)]), 'Expected hidden[0] size (1, 2, 4), got [1, 3, 4]'],
    [() => new nn.GRU(3, 4)(zeros(5, 2, 3), zeros(1, 3, 4)), 'Expected hidden size (1, 2, 4), got [1, 3, 4]'],
    [() => new nn.Sequential(1 as never), 'int is not a Module subclass'],
    [() => torch.where(torch.ones(2), 1, 2), 'where expected condition to be a boolean tensor, but got a tensor with dtype Float'],
    [() => zeros(2, { device: 'cuda' }), 'Torch not compiled with CUDA enabled'],
    [() => torch.randperm(-1), 'Trying to create tensor with negative dimension -1: [-1]'],
  ])('%#', (run, message) => expect(run).toThrow(message)); // prettier-ignore

  it('weights of choices may be integers', () => {
    expect(torch.multinomial(torch.tensor([0, 3]), 4, true).tolist()).toEqual([1, 1, 1, 1]);
  });
});

it('expand tells of the last dim that does not fit', () => {
  expect(() => torch.zeros(3, 4).expand(2, 2)).toThrow(
    'The expanded size of the tensor (2) must match the existing size (4) at non-singleton dimension 1.  Target sizes: [2, 2].  Tensor sizes: [3, 4]',
  );
});
