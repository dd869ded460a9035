/** Decompositions of matrices that are hard for divide and conquer: clusters, zeros, and numbers near the ends of the range. */
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { linalg } = torch;
const n = 100;
const float64 = { dtype: torch.float64 };

const low = (dtype: torch.DType, rank: number): torch.Tensor => torch.randn([n, rank], { dtype }).matmul(torch.randn([rank, n], { dtype }));
const matrices: Record<string, () => torch.Tensor> = {
  zeros: () => torch.zeros(n, n),
  'the identity': () => torch.eye(n),
  ones: () => torch.ones(n, n),
  'rank 3, in float': () => low(torch.float32, 3),
  'rank 3, in double': () => low(torch.float64, 3),
  'rank 3, complex': () => low(torch.complex64, 3),
  'equal values in groups': () => torch.diag(torch.arange(n).div(10, { roundingMode: 'floor' }).to(torch.float32)),
  'a bidiagonal of ones': () => torch.eye(n, float64).add(torch.diag(torch.ones([n - 1], float64), 1)),
  'the Hilbert matrix': () => {
    const i = torch.arange(n, float64);
    return i.unsqueeze(0).add(i.unsqueeze(1)).add(1).reciprocal();
  },
  'rows of falling size': () => torch.diag(torch.logspace(0, -30, n, float64)).matmul(torch.randn([n, n], float64)),
  'tiny numbers': () => torch.randn([n, n], float64).mul(1e-200),
  'huge numbers': () => torch.randn([n, n], float64).mul(1e200),
  'tiny floats': () => torch.randn(n, n).mul(1e-36),
};

const largest = (x: torch.Tensor): number => x.abs().max().item() as number;
/** How far `x` is from `y`, against the largest element of `y` and the rounding error. */
function error(x: torch.Tensor, y: torch.Tensor): number {
  const epsilon = [torch.float64, torch.complex128].includes(x.dtype) ? 2 ** -52 : 2 ** -23;
  return largest(x.sub(y)) / (epsilon * n * (largest(y) || 1));
}
const isOrthonormal = (x: torch.Tensor): boolean => error(x.mH.matmul(x), torch.eye(n, { dtype: x.dtype })) < 2;

describe.each(Object.entries(matrices))('%s', (_, make) => {
  it('singular values and vectors', () => {
    torch.manualSeed(1);
    const a = make();
    const [u, s, vh] = linalg.svd(a);
    expect(error(u.mul(s.unsqueeze(0)).matmul(vh), a)).toBeLessThan(10);
    expect([isOrthonormal(u), isOrthonormal(vh.mH)]).toEqual([true, true]);
    expect(error(linalg.svdvals(a), s)).toBeLessThan(2);
    expect(s.diff().le(0).all().item()).toBe(true);
  });

  it('eigenvalues and vectors', () => {
    torch.manualSeed(1);
    const a = make();
    const b = a.add(a.mH);
    const [l, q] = linalg.eigh(b);
    expect(error(q.mul(l.unsqueeze(0)).matmul(q.mH), b)).toBeLessThan(10);
    expect(isOrthonormal(q)).toBe(true);
    expect(error(linalg.eigvalsh(b), l)).toBeLessThan(2);
    expect(l.diff().ge(0).all().item()).toBe(true);
  });
});
