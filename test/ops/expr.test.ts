import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const [a, b, x] = [torch.tensor(2.5), torch.tensor([3, -4]), torch.tensor([1.5, 2])];

describe('torch.expr', () => {
  const cases: [string, () => torch.Tensor, string][] = [
    ['powers before signs', () => torch.expr`-${b}**2`, 'tensor([ -9, -16])'],
    ['powers from the right', () => torch.expr`2 ** ${torch.tensor(3)} ** 2`, 'tensor(512)'],
    ['products before sums', () => torch.expr`${a} * ${x}**2 + 1`, 'tensor([ 6.6250, 11.0000])'],
    ['floor division and modulo', () => torch.expr`${b} // 2 + ${b} % 3`, 'tensor([1, 0])'],
    ['comparisons last', () => torch.expr`${x} + 1 > 2.5 + 0`, 'tensor([False,  True])'],
    ['masks', () => torch.expr`(${x} > 1) & ~(${b} > 0)`, 'tensor([False,  True])'],
    [
      'matrix products between fused runs',
      () => torch.expr`(${torch.ones(2, 2)} * 2) @ ${torch.ones(2, 1)} - 1`,
      'tensor([[3.],\n        [3.]])',
    ],
    ['literals with a point are floats', () => torch.expr`${b} * 2.0`, 'tensor([ 6., -8.])'],
  ];
  it.each(cases)('%s', (_name, f, text) => {
    expect(String(f())).toBe(text);
  });

  it('differentiates', () => {
    const y = torch.tensor([1, 2, 3.5], { requiresGrad: true });
    torch.expr`${a} * ${y}**2 - 8 * ${y} + 12`.sum().backward();
    expect(y.grad?.tolist()).toEqual([-3, 2, 9.5]);
  });

  it('points at what it cannot read', () => {
    expect(() => torch.expr`${a} * * ${b}`).toThrow("torch.expr: unexpected '*'\n  ${0} * * ${1}\n         ^");
    expect(() => torch.expr`(${a} + 2`).toThrow("torch.expr: '(' was never closed\n  (${0} + 2\n  ^");
    expect(() => torch.expr`${a} $ 2`).toThrow('torch.expr: unexpected character');
    expect(() => torch.expr`${a} < ${b} < 3`).toThrow('chained comparisons need parentheses');
  });
});
