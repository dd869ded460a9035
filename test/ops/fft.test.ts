/** Transforms against their definition, of lengths and batches that take different ways: lanes, single rows, columns, long rows. */
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

type Tensor = torch.Tensor;
const { fft } = torch;

/** exp(-2πi j k / n). */
function definition(n: number): Tensor {
  const k = torch.arange(n, { dtype: torch.float64 });
  const angle = k
    .unsqueeze(1)
    .mul(k)
    .remainder(n)
    .mul((-2 * Math.PI) / n);
  return torch.complex(angle.cos(), angle.sin());
}
const largest = (x: Tensor): number => x.abs().max().item() as number;
/** The largest difference, against the largest element; infinity where the shapes differ. */
function error(x: Tensor, y: Tensor): number {
  if (x.shape.join() !== y.shape.join()) return Infinity;
  return largest(x.to(torch.complex128).sub(y.to(torch.complex128))) / largest(y);
}

const lengths = [1, 2, 3, 5, 8, 15, 25, 34, 64, 77, 100, 160, 200, 211];
describe.each([
  [torch.complex64, 1e-6],
  [torch.complex128, 1e-14],
] as const)('%s', (dtype, precision) => {
  it.each(lengths)('rows of %i', (n) => {
    for (const rows of [1, 7, 16, 37]) {
      const x = torch.randn([rows, n], { dtype });
      const want = x.to(torch.complex128).matmul(definition(n));
      expect(error(fft.fft(x), want)).toBeLessThan(precision);
      expect(error(fft.ifft(fft.fft(x)), x)).toBeLessThan(precision);
      const real = x.real().contiguous();
      const spectrum = real.to(torch.complex128).matmul(definition(n));
      expect(error(fft.fft(real), spectrum)).toBeLessThan(precision);
      expect(error(fft.ifft(real), spectrum.conj().div(n))).toBeLessThan(precision);
      expect(error(fft.rfft(real), spectrum.slice(1, 0, Math.floor(n / 2) + 1))).toBeLessThan(precision);
      expect(error(fft.irfft(fft.rfft(real), n), real)).toBeLessThan(precision);
    }
  });

  it('columns and middle dims', () => {
    const x = torch.randn([3, 20, 19], { dtype });
    for (const dim of [0, 1, 2]) {
      const want = x.to(torch.complex128).movedim(dim, -1).matmul(definition(x.shape[dim])).movedim(-1, dim);
      expect(error(fft.fft(x, null, dim), want)).toBeLessThan(precision);
      expect(error(fft.fft(x.mT, null, dim).mT, fft.fft(x, null, [0, 2, 1][dim]))).toBeLessThan(precision);
      expect(error(fft.fft(x.real(), null, dim), fft.fft(x.real().to(dtype), null, dim))).toBeLessThan(precision);
    }
  });

  it('long rows', () => {
    const x = torch.randn([2 ** 17], { dtype });
    expect(error(fft.ifft(fft.fft(x)), x)).toBeLessThan(precision);
    expect(error(fft.fft(x.real()), fft.fft(x.real().to(dtype)))).toBeLessThan(precision);
    expect(error(fft.irfft(fft.rfft(x.real())), x.real())).toBeLessThan(precision);
  });
});

it('passes gradients to real inputs', () => {
  const x = torch.randn([4, 6], { dtype: torch.float64, requiresGrad: true });
  expect(torch.autograd.gradcheck((y: Tensor) => fft.fft(y), [x])).toBe(true);
  expect(torch.autograd.gradgradcheck((y: Tensor) => fft.fft(y), [x])).toBe(true);
});
