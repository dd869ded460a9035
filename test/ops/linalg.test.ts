import { beforeEach, describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

type Tensor = torch.Tensor;
const { linalg } = torch;

beforeEach(() => void torch.manualSeed(3));

const dtypes = [torch.float32, torch.float64, torch.complex64, torch.complex128];
const random = (sizes: number[], dtype: torch.DType = torch.float64): Tensor => torch.randn(sizes, { dtype });
const hermitian = (n: number, dtype: torch.DType): Tensor => {
  const a = random([n, n], dtype);
  return a.add(a.mH);
};
const positive = (n: number, dtype: torch.DType): Tensor => {
  const a = random([n, n], dtype);
  return a.matmul(a.mH).add(torch.eye(n, { dtype }));
};
/** The largest difference, in units that a matrix of this size and dtype may differ by. */
function distance(a: Tensor, b: Tensor): number {
  const epsilon = [torch.float64, torch.complex128].includes(a.dtype) ? 2 ** -52 : 2 ** -23;
  const scale = Math.max(1, b.abs().max().item() as number);
  return (a.sub(b).abs().max().item() as number) / (epsilon * scale * Math.max(...b.shape));
}
const isClose = (a: Tensor, b: Tensor, limit = 30): boolean => a.shape.join() === b.shape.join() && distance(a, b) < limit;
const identityLike = (a: Tensor): Tensor => torch.eye(a.shape.at(-1)!, { dtype: a.dtype });

describe.each(dtypes)('factors in %s', (dtype) => {
  // Small sizes take other ways (Jacobi, unblocked) than large ones.
  describe.each([
    [3, 3],
    [17, 9],
    [9, 17],
    [150, 130],
    [60, 140],
  ])('of %i x %i matrices', (m, n) => {
    it('QR', () => {
      const a = random([m, n], dtype);
      const [q, r] = linalg.qr(a);
      expect(isClose(q.matmul(r), a)).toBe(true);
      expect(isClose(q.mH.matmul(q), identityLike(q))).toBe(true);
      expect(isClose(r.triu(), r, 1e-9)).toBe(true);
      const whole = linalg.qr(a, 'complete');
      expect(whole.Q.shape.join()).toBe(`${m},${m}`);
      expect(isClose(whole.Q.matmul(whole.R), a)).toBe(true);
    });

    it('SVD', () => {
      const a = random([m, n], dtype);
      const [u, s, vh] = linalg.svd(a, false);
      expect(isClose(u.mul(s).matmul(vh), a)).toBe(true);
      expect(isClose(u.mH.matmul(u), identityLike(u))).toBe(true);
      expect(isClose(vh.matmul(vh.mH), identityLike(vh.mH))).toBe(true);
      expect(isClose(linalg.svdvals(a), s)).toBe(true);
      const [full] = linalg.svd(a);
      expect(isClose(full.mH.matmul(full), identityLike(full))).toBe(true);
    });

    it('LU', () => {
      const a = random([m, n], dtype);
      const [p, l, u] = linalg.lu(a);
      expect(isClose(p.matmul(l).matmul(u), a)).toBe(true);
      expect(l.abs().max().item() as number).toBeLessThan(1.5);
    });

    it('pseudo-inverse and least squares', () => {
      const [a, b] = [random([m, n], dtype), random([m, 3], dtype)];
      const p = linalg.pinv(a);
      expect(isClose(a.matmul(p).matmul(a), a, 1000)).toBe(true);
      for (const driver of ['gels', 'gelsy', 'gelsd', 'gelss'] as const)
        expect(isClose(linalg.lstsq(a, b, { driver }).solution, p.matmul(b), 10000)).toBe(true);
    });
  });

  it.each([3, 130])('of Hermitian matrices of %i rows', (n) => {
    const a = hermitian(n, dtype);
    const [l, v] = linalg.eigh(a);
    expect(isClose(a.matmul(v), v.mul(l))).toBe(true);
    expect(isClose(v.mH.matmul(v), identityLike(v))).toBe(true);
    expect(isClose(linalg.eigvalsh(a), l)).toBe(true);
    expect(isClose(linalg.eigh(a.tril()).eigenvalues, l)).toBe(true);
    expect(isClose(linalg.eigh(a.triu(), 'U').eigenvalues, l)).toBe(true);
    const [ld, pivots] = linalg.ldlFactor(a, { hermitian: true });
    expect(isClose(a.matmul(linalg.ldlSolve(ld, pivots, identityLike(a), { hermitian: true })), identityLike(a), 100000)).toBe(true);
  });

  it.each([3, 140])('of positive definite matrices of %i rows', (n) => {
    const a = positive(n, dtype);
    const l = linalg.cholesky(a);
    expect(isClose(l.matmul(l.mH), a)).toBe(true);
    expect(isClose(linalg.cholesky(a, { upper: true }), l.mH)).toBe(true);
    expect(isClose(torch.choleskySolve(a, l), identityLike(a), 100000)).toBe(true);
    expect(isClose(a.matmul(torch.choleskyInverse(l)), identityLike(a), 100000)).toBe(true);
  });

  it.each([3, 60])('of general matrices of %i rows', (n) => {
    const a = random([n, n], dtype);
    const [l, v] = linalg.eig(a);
    expect(isClose(a.to(v.dtype).matmul(v), v.mul(l), 300)).toBe(true);
    expect(isClose(linalg.eigvals(a).sum(), a.diagonal().sum().to(l.dtype), 300)).toBe(true);
  });
});

describe('losses that depend on the phases of complex vectors', () => {
  const a = random([3, 3], torch.complex128).requiresGrad_();

  it('are refused', () => {
    expect(() => linalg.eig(a)[1].imag().sum().backward()).toThrow(/linalg_eig_backward: The eigenvectors in the complex case/);
    expect(() => linalg.eigh(a)[1].real().sum().backward()).toThrow(/linalg_eigh_backward: The eigenvectors in the complex case/);
    expect(() => linalg.svd(a)[0].real().sum().backward()).toThrow(/svd_backward: The singular vectors in the complex case/);
  });

  it('are told from those that do not', () => {
    const [u, , vh] = linalg.svd(a);
    u.narrow(1, 0, 1).matmul(vh.narrow(0, 0, 1)).real().sum().backward(); // prettier-ignore
    linalg.eig(a)[1].abs().sum().backward();
    expect(Number(a.grad!.isfinite().all().item())).toBe(1);
  });
});

describe('solving', () => {
  it('broadcasts batches, from either side, for vectors and matrices', () => {
    const [a, b] = [random([2, 1, 4, 4]), random([3, 4, 5])];
    const x = linalg.solve(a, b);
    expect(x.shape.join()).toBe('2,3,4,5');
    expect(isClose(a.matmul(x), b.expand([2, 3, 4, 5]), 1000)).toBe(true);
    expect(isClose(linalg.solve(a, b.mT, { left: false }).matmul(a), b.mT.expand([2, 3, 5, 4]), 1000)).toBe(true);
    const [c, v] = [random([3, 4, 4]), random([3, 4])];
    expect(isClose(c.matmul(linalg.solve(c, v).unsqueeze(-1)).squeeze(-1), v, 1000)).toBe(true);
  });

  it('reuses factors', () => {
    const [a, b] = [random([2, 70, 70], torch.complex128), random([2, 70, 3], torch.complex128)];
    const { LU, pivots } = linalg.luFactor(a);
    expect(isClose(a.matmul(linalg.luSolve(LU, pivots, b)), b, 10000)).toBe(true);
    expect(isClose(a.mH.matmul(linalg.luSolve(LU, pivots, b, { adjoint: true })), b, 10000)).toBe(true);
    expect(isClose(linalg.luSolve(LU, pivots, b.mT, { left: false }).matmul(a), b.mT, 10000)).toBe(true);
  });

  it('reads one triangle of strided matrices', () => {
    const a = random([90, 90]).add(torch.eye(90, { dtype: torch.float64 }).mul(30)).mT;
    const b = random([90, 4]);
    expect(isClose(a.triu().matmul(linalg.solveTriangular(a, b, { upper: true })), b, 100)).toBe(true);
    const unit = a
      .tril(-1)
      .mul(0.01)
      .add(torch.eye(90, { dtype: torch.float64 }));
    const x = linalg.solveTriangular(a.mul(0.01), b.mT, { upper: false, left: false, unitriangular: true });
    expect(isClose(x.matmul(unit), b.mT, 100)).toBe(true);
  });

  it('solves tall least squares of full rank and of less', () => {
    const full = random([2, 40, 6]);
    for (const a of [full, full.slice(-1, 0, 3).matmul(random([2, 3, 6]))]) {
      const b = random([2, 40, 4]);
      const { solution, rank } = linalg.lstsq(a, b);
      expect(isClose(solution, linalg.pinv(a).matmul(b), 1000)).toBe(true);
      expect(rank.tolist()).toEqual(a === full ? [6, 6] : [3, 3]);
    }
  });

  it('gives powers, exponentials and determinants', () => {
    const a = random([5, 5]).mul(0.4);
    expect(isClose(linalg.matrixPower(a, 5), linalg.multiDot([a, a, a, a, a]))).toBe(true);
    expect(isClose(linalg.matrixPower(a, -2).matmul(a).matmul(a), identityLike(a), 10000)).toBe(true);
    expect(isClose(linalg.matrixExp(a).matmul(linalg.matrixExp(a.neg())), identityLike(a), 100)).toBe(true);
    expect(isClose(linalg.det(linalg.matrixExp(a)), a.diagonal().sum().exp())).toBe(true);
    const big = random([150, 150]).mul(0.1);
    expect(isClose(linalg.matrixExp(big.float()), linalg.matrixExp(big).float())).toBe(true);
    const { sign, logabsdet } = linalg.slogdet(a);
    expect(isClose(sign.mul(logabsdet.exp()), linalg.det(a), 100)).toBe(true);
  });

  it('differentiates determinants of singular matrices', () => {
    const a = torch.tensor([[1, 2], [2, 4]], { requiresGrad: true }); // prettier-ignore
    linalg.det(a).backward();
    expect(a.grad!.round({ decimals: 4 }).tolist()).toEqual([
      [4, -2],
      [-2, 1],
    ]);
  });

  it('gives powers in either order', () => {
    const x = torch.tensor([1, 2, 3]);
    expect(torch.vander(x, 4, true).tolist()).toEqual([
      [1, 1, 1, 1],
      [1, 2, 4, 8],
      [1, 3, 9, 27],
    ]);
    expect(torch.vander(x).select(0, 2).tolist()).toEqual([9, 3, 1]);
    expect(torch.vander(x, 0).shape.join()).toBe('3,0');
    expect(linalg.vander(x, { N: 2 }).tolist()).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
  });

  it('finds rank and condition', () => {
    const a = random([40, 3]).matmul(random([3, 50]));
    expect(linalg.matrixRank(a).item()).toBe(3);
    expect(linalg.matrixRank(a.matmul(a.mT), { hermitian: true }).item()).toBe(3);
    expect(linalg.lstsq(a, random([40, 1]), { driver: 'gelsd' }).rank.item()).toBe(3);
    const d = torch.tensor([8, 2, 4]).diag();
    expect([null, 2, -2, 1, Infinity, 'fro', 'nuc'].map((p) => linalg.cond(d, p as number).item())).toEqual([
      4,
      4,
      0.25,
      4,
      4,
      expect.closeTo(5.25, 5),
      expect.closeTo(12.25, 5),
    ]);
  });

  it('approximates matrices of low rank', () => {
    const a = random([60, 4]).matmul(random([4, 80]));
    const [u, s, v] = torch.svdLowrank(a, 4);
    expect(isClose(u.mul(s).matmul(v.mT), a, 1000)).toBe(true);
    const [, t] = torch.pcaLowrank(a, 4);
    expect(isClose(t.slice(0, 0, 3), linalg.svdvals(a.sub(a.mean(0))).slice(0, 0, 3), 1000)).toBe(true);
  });
});

describe('norms', () => {
  const x = torch.tensor([[3, -4], [0, 12]], { dtype: torch.float64 }); // prettier-ignore
  it.each([
    [Infinity, 12],
    [-Infinity, 0],
    [0, 3],
    [1, 19],
    [2, 13],
    [3, (27 + 64 + 1728) ** (1 / 3)],
  ])('of order %d', (ord, expected) => {
    expect(linalg.vectorNorm(x, ord).item()).toBeCloseTo(expected, 12);
    expect(torch.norm(x, ord).item()).toBeCloseTo(expected, 12);
  });

  it('of matrices in any two dims', () => {
    expect(linalg.matrixNorm(x, 1).item()).toBe(16);
    expect(linalg.matrixNorm(x, Infinity).item()).toBe(12);
    const batch = torch.stack([x, x.mul(2)], 1);
    expect(linalg.matrixNorm(batch, 'nuc', [0, 2], true).shape.join()).toBe('1,2,1');
    expect(linalg.matrixNorm(batch, 1, [0, 2]).tolist()).toEqual([16, 32]);
    expect(linalg.norm(batch, null, [0, 2]).tolist()).toEqual([13, 26]);
  });

  it('has the subgradient 0 at 0', () => {
    const zero = torch.zeros(3, { requiresGrad: true });
    linalg.norm(zero).backward();
    expect(zero.grad!.tolist()).toEqual([0, 0, 0]);
  });
});

describe('derivatives of complex matrices', () => {
  const c = torch.complex128;
  const checked: [string, (x: Tensor) => Tensor | readonly Tensor[]][] = [
    ['solve', (x) => linalg.solve(x, random([4, 2], c).detach())],
    ['inv', linalg.inv],
    ['det', linalg.det],
    ['slogdet', (x) => linalg.slogdet(x).logabsdet],
    ['cholesky', (x) => linalg.cholesky(x.matmul(x.mH))],
    ['lu', (x) => linalg.lu(x).slice(1)],
    ['qr', (x) => linalg.qr(x)],
    ['svdvals', linalg.svdvals],
    ['eigvals', linalg.eigvals],
    ['eigvalsh', (x) => linalg.eigvalsh(x.add(x.mH))],
    ['pinv', (x) => linalg.pinv(x)],
    ['matrixExp', linalg.matrixExp],
    ['lstsq', (x) => linalg.lstsq(x, identityLike(x)).solution],
  ];
  it.each(checked)('%s', (_name, f) => {
    const a = random([4, 4], c).requiresGrad_();
    const same = (x: Tensor): Tensor | readonly Tensor[] => {
      torch.manualSeed(5);
      return f(x);
    };
    expect(torch.autograd.gradcheck(same, a)).toBe(true);
  });
});

describe('errors', () => {
  const [flat, wide, zero] = [torch.ones(2), torch.ones(2, 3), torch.zeros(2, 2)];
  const cases: [string, () => unknown, string][] = [
    ['vectors', () => linalg.qr(flat), 'linalg.qr: The input tensor A must have at least 2 dimensions.'],
    ['wide matrices', () => linalg.inv(wide), 'linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices'],
    ['singular', () => linalg.inv(torch.stack([torch.eye(2), zero])), 'linalg.inv: (Batch element 1): The diagonal element 1 is zero'],
    ['unsolvable', () => linalg.solve(zero, flat), 'torch.linalg.solve: The solver failed because the input matrix is singular.'],
    ['shapes', () => linalg.solve(zero, torch.ones(3, 1)), 'Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)'],
    ['indefinite', () => linalg.cholesky(zero), 'not positive-definite (the leading minor of order 1 is not positive-definite)'],
    ['modes', () => linalg.qr(zero, 'x' as 'r'), "qr received unrecognized mode 'x'"],
    ['half', () => linalg.svd(zero.half()), 'Low precision dtypes not supported. Got Half'],
    ['NaN', () => linalg.eigh(zero.mul(NaN)), 'linalg.eigh: The algorithm failed to converge'],
    ['orders', () => linalg.matrixNorm(zero, 3), 'linalg.matrix_norm: Order 3 not supported.'],
    ['pivots', () => linalg.luSolve(zero, torch.tensor([9, 9], { dtype: torch.int32 }), zero), 'pivots'],
    ['chains', () => linalg.multiDot([wide, wide]), 'multi_dot(): tensors 0 and 1 with shapes [2, 3] and [2, 3] cannot be multiplied'],
    ['crosses', () => linalg.cross(wide.mT, wide.mT), 'must have length 3'],
  ];
  it.each(cases)('%s', (_name, f, message) => {
    expect(f).toThrow(message);
  });

  it('leaves its input as it was', () => {
    const a = torch.zeros(2, 2);
    expect(() => linalg.cholesky(a)).toThrow('not positive-definite');
    expect(a.tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

it('determinants round as those of the transpose where rows are contiguous', () => {
  const a = torch
    .tensor([
      [1, 2],
      [3, 4],
    ])
    .float();
  expect([torch.det(a).item(), torch.slogdet(a).sign.item()]).toEqual([-2, -1]);
  expect(torch.det(a.t()).item()).toBeCloseTo(-2, 5);
});
