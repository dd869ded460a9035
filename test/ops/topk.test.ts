import { expect, test } from 'vitest';
import * as torch from 'typetorch';

/** Values with ties, and in some rows NaN, in every length around the limits of the selection. */
const rows = (n: number, dtype: torch.DType) => {
  const values = torch.randint(-n, n, [3, n]);
  return dtype.isFloatingPoint ? values.div(values.remainder(7)).to(dtype) : values.to(dtype);
};

test.each([torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.int16, torch.uint8])(
  'topk is the start of sort, %s',
  (dtype) => {
    torch.manualSeed(0);
    for (const [n, k] of [
      [1, 1],
      [5, 5],
      [40, 3],
      [100, 16],
      [200, 17],
      [1000, 1],
      [1000, 40],
      [3000, 40],
      [3000, 1500],
    ]) {
      // prettier-ignore
      for (const largest of [true, false]) {
      const x = rows(n, dtype);
      const [values, indices] = x.topk(k, 1, largest);
      const [sorted] = x.sort({ dim: 1, descending: largest, stable: true });
      expect(torch.equal(values.nanToNum(1e4), sorted.narrow(1, 0, k).nanToNum(1e4))).toBe(true);
      expect(torch.equal(x.gather(1, indices).nanToNum(1e4), values.nanToNum(1e4))).toBe(true);
    }
    }
  },
);
