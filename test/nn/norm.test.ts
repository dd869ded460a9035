import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const F = torch.nn.functional;
const [weight, bias] = [torch.tensor([0.5, 1, 2, -1]), torch.tensor([0.25, 0, -0.5, 1])];
type Norm = (x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) => torch.Tensor;
const norms: [string, Norm, number[]][] = [
  ['layerNorm', (x, w, b) => F.layerNorm(x, [4], w, b), [3, 4]],
  ['groupNorm', (x, w, b) => F.groupNorm(x, 2, w, b), [2, 4, 3]],
  ['batchNorm', (x, w, b) => F.batchNorm(x, null, null, w, b, true), [3, 4, 5]],
  ['instanceNorm', (x, w, b) => F.instanceNorm(x, { weight: w, bias: b }), [2, 4, 5]],
];

// As PyTorch does, which computes in float32 then.
test.each(norms)('%s of 16-bit inputs takes float32 parameters', (_, norm, sizes) => {
  const x = torch.randn(sizes).bfloat16().requiresGrad_();
  const [w, b] = [weight.clone().requiresGrad_(), bias.clone().requiresGrad_()];
  const y = norm(x, w, b);
  const exact = norm(x.detach().float(), weight, bias);
  expect(y.dtype).toBe(torch.bfloat16);
  expect(torch.equal(y, exact.bfloat16())).toBe(true);
  y.sum().backward();
  expect([x.grad!.dtype, w.grad!.dtype, b.grad!.dtype]).toEqual([torch.bfloat16, torch.float32, torch.float32]);
});

test.each(norms)('%s refuses other mixtures', (_, norm, sizes) => {
  expect(() => norm(torch.randn(sizes), weight.bfloat16(), bias.bfloat16())).toThrow(
    'mixed dtype (CPU): expect parameter to have scalar type of Float',
  );
  expect(() => norm(torch.randn(sizes).bfloat16(), weight.double(), bias.double())).toThrow('mixed dtype (CPU)');
});
