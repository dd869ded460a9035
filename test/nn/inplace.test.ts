import { expect, test } from 'vitest';
import * as torch from 'typetorch';

const { nn } = torch;

const activations = {
  ReLU: nn.ReLU,
  ReLU6: nn.ReLU6,
  SELU: nn.SELU,
  SiLU: nn.SiLU,
  Mish: nn.Mish,
  Hardswish: nn.Hardswish,
  Hardsigmoid: nn.Hardsigmoid,
  ELU: nn.ELU,
  CELU: nn.CELU,
  LeakyReLU: nn.LeakyReLU,
  Hardtanh: nn.Hardtanh,
};

test.each(Object.entries(activations))('%s in place has the gradient of %s', (_, Activation) => {
  torch.manualSeed(0);
  const gradients = [false, true].map((inplace) => {
    torch.manualSeed(1);
    const net = new nn.Sequential(new nn.Linear(3, 8), new Activation({ inplace }), new nn.Linear(8, 2));
    net(torch.randn(5, 3)).square().sum().backward();
    return [...net.parameters()].map((p) => p.grad!);
  });
  for (const [i, gradient] of gradients[0].entries()) expect(gradients[1][i].allclose(gradient)).toBe(true);
});

test('zero vectors normalise with the gradient 1 / eps', () => {
  const zeros = torch.zeros(2, 3, { requiresGrad: true });
  nn.functional.normalize(zeros, { dim: -1, eps: 0.5 }).sum().backward();
  expect(zeros.grad!.tolist()).toEqual([
    [2, 2, 2],
    [2, 2, 2],
  ]);
});

test('short last dims of many rows are reduced whole', () => {
  for (const length of [1, 2, 3, 7, 8, 9]) {
    const x = torch
      .arange(9000 * length)
      .reshape(9000, length)
      .to(torch.float32);
    const expected = torch
      .arange(9000)
      .mul(length)
      .add((length - 1) / 2);
    expect(x.mean(1).sub(expected).abs().max().item()).toBeLessThan(0.01);
  }
});
