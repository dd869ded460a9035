import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

describe('distances', () => {
  const [a, b] = [torch.randn(40, 6, { dtype: torch.float64 }), torch.randn(30, 6, { dtype: torch.float64 })];
  it.each([0, 0.5, 1, 2, 3, Infinity])('of order %d between all rows', (p) => {
    const expected = torch.linalg.vectorNorm(a.unsqueeze(1).sub(b), p, -1);
    expect(torch.allclose(torch.cdist(a, b, p), expected)).toBe(true);
    const own = torch.cdist(a, a, p);
    const [i, j] = torch.triuIndices(40, 40, 1).unbind(0);
    expect(torch.allclose(torch.pdist(a, p), own.at(i, j))).toBe(true);
  });

  it('differentiates near rows, and equal ones', () => {
    const x = torch.tensor([[1, 2], [1, 2]], { dtype: torch.float64, requiresGrad: true }); // prettier-ignore
    torch.cdist(x, torch.tensor([[1, 2]], { dtype: torch.float64 })).sum().backward(); // prettier-ignore
    expect(x.grad!.tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('covariance', () => {
  it('repeats and rates observations', () => {
    const x = torch.tensor([[1, 4, 2], [5, 3, 7]], { dtype: torch.float64 }); // prettier-ignore
    const repeated = torch.cov(x.at(':', torch.tensor([0, 1, 1, 2])));
    expect(torch.allclose(torch.cov(x, { fweights: torch.tensor([1, 2, 1]) }), repeated)).toBe(true);
    expect(torch.corrcoef(x).diagonal().tolist()).toEqual([1, 1]);
    expect(() => torch.cov(x, { fweights: torch.tensor([1, -1, 1]) })).toThrow('cov(): fweights cannot be negative');
  });
});

describe('histograms', () => {
  it('count, weigh and rate', () => {
    const x = torch.tensor([1, 2, 1, 4.5, -3]);
    const { hist, binEdges } = torch.histogram(x, 4, { range: [0, 4] });
    expect(hist.tolist()).toEqual([0, 2, 1, 0]);
    expect(binEdges.tolist()).toEqual([0, 1, 2, 3, 4]);
    const weighted = torch.histogram(x, torch.tensor([0, 1.5, 5]), { weight: torch.tensor([1, 2, 4, 8, 16]), density: true });
    expect(weighted.hist.tolist()).toEqual([expect.closeTo(5 / 15 / 1.5, 6), expect.closeTo(10 / 15 / 3.5, 6)]);
  });

  it('have as many dims as points', () => {
    const points = torch.tensor([[0, 1], [1, 0], [2, 0], [2, 2]]).float(); // prettier-ignore
    const { hist, binEdges } = torch.histogramdd(points, [3, 2]);
    expect(hist.tolist()).toEqual([
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(binEdges.map((edges) => edges.shape[0])).toEqual([4, 3]);
  });
});

describe('masked', () => {
  const x = torch.tensor([[1, 5, 3], [4, 2, 6]]).float(); // prettier-ignore
  const mask = torch.tensor([[true, false, true], [false, false, false]]); // prettier-ignore
  it('leaves masked elements aside', () => {
    expect(torch.masked.sum(x, 1, { mask }).tolist()).toEqual([4, 0]);
    expect(torch.masked.mean(x, 1, { mask }).tolist()).toEqual([2, NaN]);
    expect(torch.masked.amax(x, 1, { mask }).tolist()).toEqual([3, -Infinity]);
    expect(torch.masked.median(x, 1, { mask }).tolist()).toEqual([1, NaN]);
    expect(torch.masked.var(x, 1, { mask }).tolist()).toEqual([2, NaN]);
    expect(torch.masked.softmax(x, 1, { mask }).select(0, 0).at(1).item()).toBe(0);
  });
  it('knows the limits of integers', () => {
    const i = torch.tensor([3, 7]);
    expect(torch.masked.amin(i, 0, { mask: torch.tensor([false, false]) }).item()).toBe(2n ** 63n - 1n);
  });
});

describe('parts and positions', () => {
  it('frexp is exact, also for subnormal numbers', () => {
    const x = torch.tensor([0, -3, 5e-324, 1e300, Infinity], { dtype: torch.float64 });
    const { mantissa, exponent } = torch.frexp(x);
    expect(mantissa.tolist()).toEqual([0, -0.75, 0.5, expect.closeTo(0.7466108948025751, 15), Infinity]);
    expect(exponent.tolist()).toEqual([0, 2, -1073, 997, 0]);
  });

  it('index_put adds up positions that come twice', () => {
    const x = torch.zeros(3);
    const positions = [torch.tensor([0, 2, 0])];
    expect(x.indexPut(positions, torch.tensor([1, 2, 3]).float(), true).tolist()).toEqual([4, 0, 2]);
    x.indexPut_(positions, torch.tensor(7).float());
    expect(x.tolist()).toEqual([7, 0, 7]);
    expect(() => x.indexPut_([torch.tensor([5])], torch.tensor(1).float())).toThrow('out of bounds');
  });

  it('reduces segments', () => {
    const data = torch.tensor([1, 2, 3, 4, 5]).float();
    const lengths = torch.tensor([2, 0, 3]);
    expect(torch._segmentReduce(data, 'sum', { lengths }).tolist()).toEqual([3, 0, 12]);
    expect(torch._segmentReduce(data, 'max', { lengths, initial: 4 }).tolist()).toEqual([4, 4, 5]);
    expect(torch._segmentReduce(data, 'mean', { offsets: torch.tensor([0, 2, 2, 5]) }).tolist()).toEqual([1.5, NaN, 4]);
  });
});
