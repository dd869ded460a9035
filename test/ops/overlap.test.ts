import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const matrix = (): torch.Tensor => torch.arange(9, { dtype: torch.float32 }).view(3, 3);
const expanded = (): torch.Tensor => torch.zeros(1, 3).expand(3, 3);
const text = (what: string): string =>
  `unsupported operation: ${what} a single memory location. Please clone() the tensor before performing the operation.`;

describe('writing', () => {
  test.each<[string, (x: torch.Tensor) => unknown]>([
    ['copy_ of its transpose', (x) => x.copy_(x.t())],
    ['add_ of its transpose', (x) => x.add_(x.t())],
    ['lerp_', (x) => x.lerp_(x.t(), 0.5)],
    ['addcmul_', (x) => x.addcmul_(x.t(), x)],
    ['clamp_', (x) => x.clamp_(x.t())],
    ['rows one further', (x) => x.at('1:').copy_(x.at(':-1'))],
    ['an assignment of rows one further', (x) => x.setAt(['1:'], x.at(':-1'))],
    ['into out', (x) => torch.add(x.at(':-1'), 1, { out: x.at('1:') })],
  ])('over the memory of an input is refused: %s', (_, write) => {
    const x = matrix();
    expect(() => write(x)).toThrow(text('some elements of the input tensor and the written-to tensor refer to'));
    expect(x.equal(matrix())).toBe(true);
  });

  test('over the same elements, or between them, is not', () => {
    const x = matrix();
    x.mul_(x).sub_(x.view(3, 3)).at(0).add_(x.at(1));
    expect(String(x.sum())).toBe('tensor(0.)');
    const line = torch.arange(6);
    line.at('::2').add_(line.at('1::2'));
    expect(line.tolist()).toEqual([1, 1, 5, 3, 9, 5]);
  });

  test.each<[string, (x: torch.Tensor) => unknown]>([
    ['add_', (x) => x.add_(1)],
    ['copy_', (x) => x.copy_(torch.ones(3, 3))],
    ['exp_', (x) => x.exp_()],
    ['normal_', (x) => x.normal_()],
    ['cumsum_', (x) => x.cumsum_(0)],
    ['indexAdd_', (x) => x.indexAdd_(0, torch.tensor([0]), torch.ones(1, 3))],
  ])('one element of an expanded tensor several times is refused: %s', (_, write) =>
    expect(() => write(expanded())).toThrow(text('more than one element of the written-to tensor refers to')),
  );

  test('one number to an expanded tensor is not', () => {
    expect(expanded().fill_(2).sum().item()).toBe(18);
    expect(torch.ones(1).expand(3).zero_().sum().item()).toBe(0);
  });
});
