/** Attention and its gradients on shapes that fill blocks, panels and vectors or leave some over, beside the product, softmax and product in float64. */
import * as torch from 'typetorch';
import { expect, it } from 'vitest';

const { scaledDotProductAttention } = torch.nn.functional;
type Tensors = readonly [query: torch.Tensor, key: torch.Tensor, value: torch.Tensor];
type Mask = torch.Tensor | null;

const shapes = [
  [1, 2, 128, 128, 32, 32],
  [2, 1, 70, 70, 16, 16],
  [1, 1, 64, 64, 6, 5],
  [1, 2, 65, 130, 24, 12],
  [1, 1, 33, 17, 5, 7],
  [1, 1, 1, 100, 16, 16],
  [1, 1, 100, 1, 3, 2],
  [1, 2, 130, 65, 20, 22],
  [1, 1, 257, 300, 32, 48],
];

function composed([query, key, value]: Tensors, mask: Mask): torch.Tensor {
  const scores = query.matmul(key.transpose(-1, -2)).div(Math.sqrt(query.size(-1)));
  const masked = !mask ? scores : mask.dtype === torch.bool ? scores.maskedFill(mask.logicalNot(), -Infinity) : scores.add(mask);
  const weights = masked.softmax(-1);
  return weights.maskedFill(weights.isnan(), 0).matmul(value);
}

const masks: Record<string, (t: number, s: number) => Mask> = {
  none: () => null,
  causal: (t, s) => torch.ones([t, s], { dtype: torch.bool }).tril(),
  bool: (t, s) => torch.rand(t, s).gt(0.3),
  added: (t, s) => torch.randn(t, s),
};

for (const [batch, heads, t, s, d, v] of shapes)
  for (const [kind, make] of Object.entries(masks))
    it(`${batch} × ${heads} heads, ${t} × ${d} and ${s} × ${v}, mask: ${kind}`, () => {
      torch.manualSeed(t + d);
      const mask = make(t, s);
      const given = [t, s, s].map((n, i) => torch.randn(batch, heads, n, i < 2 ? d : v));
      const gradient = torch.randn(batch, heads, t, v);
      const [tensors, exact] = [given, given.map((x) => x.double())].map((all) => all.map((x) => x.requiresGrad_()) as unknown as Tensors);
      const options = kind === 'causal' ? { isCausal: true } : { attnMask: mask };
      const outputs = [
        scaledDotProductAttention(...tensors, options),
        composed(exact, mask?.dtype === torch.bool ? mask : (mask?.double() ?? null)),
      ];
      const got = [outputs[0], ...torch.autograd.grad(outputs[0], [...tensors], gradient)];
      const wanted = [outputs[1], ...torch.autograd.grad(outputs[1], [...exact], gradient.double())];
      for (const [i, each] of got.entries())
        expect([i, (each.double().sub(wanted[i]).abs().max().item() as number) < 2e-5]).toEqual([i, true]);
    });
