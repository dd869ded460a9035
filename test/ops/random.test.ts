/** Values by PyTorch 2.13 for the same seed. */
import { beforeEach, expect, test } from 'vitest';
import * as torch from 'typetorch';

const F = torch.nn.functional;
beforeEach(() => void torch.manualSeed(0));
const rounded = (t: torch.Tensor): unknown => t.mul(1e4).round().div(1e4).tolist();

test('numbers for a transposed tensor are drawn in the order of its memory', () => {
  expect(rounded(torch.randLike(torch.ones(3, 2).t()))).toEqual(
    rounded(
      torch.tensor([
        [0.4963, 0.0885, 0.3074],
        [0.7682, 0.132, 0.6341],
      ]),
    ),
  );
  torch.manualSeed(0);
  expect(
    torch
      .empty(3, 2)
      .t()
      .bernoulli_(torch.tensor([[0.2, 0.5, 0.7]]))
      .tolist(),
  ).toEqual([
    [0, 1, 1],
    [0, 1, 1],
  ]);
  torch.manualSeed(0);
  expect(rounded(torch.empty(3, 6).t().normal_().narrow(0, 0, 1))).toEqual(rounded(torch.tensor([[1.541, 0.4033, -0.8567]])));
});

test('dropout of a transposed tensor keeps what PyTorch keeps', () => {
  expect(F.dropout(torch.ones(3, 2).t(), 0.5).tolist()).toEqual([
    [0, 2, 0],
    [0, 0, 0],
  ]);
});

test('bernoulli draws in row-major order', () => {
  expect(torch.bernoulli(torch.full([3, 2], 0.5).t()).tolist()).toEqual([
    [1, 0, 1],
    [1, 1, 0],
  ]);
});

test('a tensor like a slice lies in the order of its memory', () => {
  expect(torch.emptyLike(torch.ones(8, 10).t().at(':', '::2')).stride()).toEqual([1, 10]);
  expect(torch.ones(3, 1).expand(3, 4).clone().stride()).toEqual([4, 1]);
});

test('bounds of 16-bit uniform numbers are not rounded first', () => {
  torch.manualSeed(1);
  const t = torch.empty(108, { dtype: torch.bfloat16 }).uniform_(-0.5246313898711125, 0.5246313898711125);
  expect(t.at(54).item()).toBe(-0.5234375);
});

test('one sample is drawn as without replacement', () => {
  const weights = torch.tensor([0.5, 2, 3, 4]);
  const once = torch.multinomial(weights, 1).tolist();
  torch.manualSeed(0);
  expect(torch.multinomial(weights, 1, true).tolist()).toEqual(once);
});
