/** The names of graph nodes, and how often a graph can be gone through backwards: both as in PyTorch. */
import { expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const F = torch.nn.functional;
const make = (...sizes: number[]) => torch.rand(sizes, { requiresGrad: true });
const y = torch.tensor([1.5, 2, 3]);
const mask = torch.tensor([true, false, true]);
const at = torch.tensor([0]);

/** [node, whether backward may run twice, the operation] */
const cases: [string, boolean, (x: torch.Tensor) => torch.Tensor][] = [
  ['SqueezeBackward4', false, (x) => x.quantile(0.5)],
  ['ViewBackward0', false, (x) => torch.einsum('i,i->', x, y)],
  ['MulBackward0', false, (x) => torch.einsum('i,j->ij', x, y)],
  ['SumBackward1', true, (x) => torch.einsum('i->', x)],
  ['UnsafeViewBackward0', false, (x) => torch.kron(x, y)],
  ['DiagonalBackward0_copy', true, (x) => torch.diag(x.expand(3, 3))],
  ['ViewBackward0', true, (x) => x.repeatInterleave(2)],
  ['IndexSelectBackward0', false, (x) => x.indexSelect(0, torch.tensor([0, 1, 1]))],
  ['LerpBackward0', true, (x) => x.lerp(y, 0.5)],
  ['LerpBackward1', false, (x) => x.lerp(y, y)],
  ['MulBackward1', true, (x) => torch.trapezoid(x)],
  ['CumsumBackward0', true, (x) => torch.cumulativeTrapezoid(x)],
  ['ComplexBackward0', false, (x) => torch.complex(x, y)],
  ['SgnBackward0', false, (x) => x.sgn()],
  ['AngleBackward0', false, (x) => x.angle()],
  ['DivBackward2', false, (x) => x.div(2, { roundingMode: 'trunc' })],
  ['RemainderBackward0', true, (x) => x.remainder(2)],
  ['RemainderBackward1', true, (x) => x.remainder(y)],
  ['ClampMinBackward1', false, (x) => x.clampMin(y)],
  ['XlogyBackward2', false, (x) => torch.xlogy(x, 2)],
  ['RoundBackward1', true, (x) => x.round({ decimals: 2 })],
  ['MaskedFillBackward0', false, (x) => x.maskedFill(mask, 0)],
  ['MaskedFillBackward1', false, (x) => x.maskedFill(mask, torch.tensor(1.5))],
  ['IndexFillBackward0', false, (x) => x.indexFill(0, at, 1)],
  ['MedianBackward0', false, (x) => x.median()],
  ['MedianBackward1', false, (x) => x.median(0).values],
  ['SortBackward1', false, (x) => x.sort({ stable: true }).values],
  ['FftR2CBackward0', false, (x) => torch.fft.fft(x)],
  ['ZeroBackward0', true, (x) => x.clone().zero_()],
  ['FillBackward2', true, (x) => x.clone().fill_(2)],
  ['AliasBackward0', true, (x) => x.at('...')],
  ['SliceBackward0', true, (x) => x.at(':')],
  ['RsubBackward1', true, (x) => torch.rsub(x, 2)],
  ['SpecialI1Backward0', false, (x) => torch.special.i1(x)],
  ['MulBackward1', false, (x) => torch.special.ndtr(x)],
  ['ViewBackward0', false, (x) => F.instanceNorm(x.expand(2, 3, 3).clone())],
  ['ScaledDotProductFlashAttentionForCpuBackward0', false, (x) => attention(x.expand(1, 1, 2, 3))],
  ['UnsafeViewBackward0', false, (x) => attention(x.expand(1, 2, 3))],
  ['AffineGridGeneratorBackward0', true, (x) => F.affineGrid(x.expand(1, 2, 3), [1, 1, 2, 2])],
  ['DivBackward1', false, (x) => F.crossEntropy(x, torch.tensor([0.2, 0.3, 0.5]))],
];
const attention = (x: torch.Tensor): torch.Tensor => F.scaledDotProductAttention(x, x, x);

it.each(cases)('%s, again: %s, %s', (name, again, run) => {
  const x = make(3);
  const result = run(x);
  const backward = () => torch.autograd.grad(result, x, { gradOutputs: torch.onesLike(result) });
  expect(result.gradFn?.name).toBe(name);
  backward();
  if (again) expect(backward).not.toThrow();
  else expect(backward).toThrow('a second time');
});

it('gives a mask of attention its gradient', () => {
  const [q, m] = [torch.ones(1, 1, 2, 4), make(2, 2)];
  F.scaledDotProductAttention(q, q, q.mul(torch.tensor([[1.5], [3]])), { attnMask: m })
    .sum()
    .backward();
  const weights = m.detach().softmax(-1);
  const expected = weights.at(':', 0).mul(weights.at(':', 1)).mul(-6);
  expect(m.grad?.at(':', 0).sub(expected).abs().max().item()).toBeLessThan(1e-5);
});
