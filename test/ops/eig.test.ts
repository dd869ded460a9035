/** Eigenvalues and eigenvectors of general matrices against their definition. */
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

type Tensor = torch.Tensor;
const { linalg } = torch;
const float64 = { dtype: torch.float64 };
const random = (n: number, dtype: torch.DType = torch.float64): Tensor => torch.randn([n, n], { dtype });

const matrices: Record<string, () => Tensor> = {
  '1 by 1': () => random(1),
  '2 by 2': () => random(2),
  '3 by 3': () => random(3),
  '20 by 20': () => random(20),
  '33 by 33, of floats': () => random(33, torch.float32),
  '130 by 130': () => random(130),
  '50 by 50, complex': () => random(50, torch.complex128),
  'a rotation': () => torch.tensor([[0, -1], [1, 0]], float64), // prettier-ignore
  'a permutation': () => torch.eye(100, float64).roll(1, 0),
  'the identity': () => torch.eye(8, float64),
  zeros: () => torch.zeros([8, 8], float64),
  ones: () => torch.ones([50, 50], float64),
  'a Jordan block': () => torch.eye(8, float64).add(torch.diag(torch.ones([7], float64), 1)),
  'a triangle': () => random(30).triu(),
  symmetric: () => {
    const a = random(40);
    return a.add(a.t());
  },
  'skew-symmetric': () => {
    const a = random(41);
    return a.sub(a.t());
  },
  'of rank 3': () => torch.randn([60, 3], float64).matmul(torch.randn([3, 60], float64)),
  'of huge numbers': () => random(40).mul(1e150),
  'of tiny numbers': () => random(40).mul(1e-150),
};

const largest = (x: Tensor): number => x.abs().max().item() as number;

describe.each(Object.entries(matrices))('%s', (_, make) => {
  it('has these eigenvectors', () => {
    torch.manualSeed(2);
    const a = make();
    const epsilon = [torch.float64, torch.complex128].includes(a.dtype) ? 2 ** -52 : 2 ** -23;
    const scale = epsilon * a.shape[0] * (largest(a) || 1);
    const [l, v] = linalg.eig(a);
    expect(
      largest(
        a
          .to(v.dtype)
          .matmul(v)
          .sub(v.mul(l.unsqueeze(0))),
      ) / scale,
    ).toBeLessThan(20);
    expect(largest(v.abs().square().sum(0).sub(1))).toBeLessThan(100 * epsilon);
    expect(largest(linalg.eigvals(a).sum().sub(a.diagonal().sum())) / scale).toBeLessThan(20);
  });

  it('has conjugate pairs where it is real', () => {
    torch.manualSeed(2);
    const a = make();
    const [l, v] = linalg.eig(a);
    const imaginary = l.imag().tolist() as number[];
    if (a.dtype.isComplex) return;
    imaginary.forEach((im, k) => {
      const [own, next] = [v.select(1, k), v.select(1, Math.min(k + 1, imaginary.length - 1))];
      if (im === 0) expect(largest(own.imag())).toBe(0);
      if (im > 0) expect([imaginary[k + 1], torch.equal(next.conj(), own)]).toEqual([-im, true]);
    });
    expect(imaginary.length).toBe(a.shape[0]);
  });
});
