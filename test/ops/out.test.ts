import * as torch from 'typetorch';
import { describe, expect, it } from 'vitest';

const overlap = /some elements of the input tensor and the written-to tensor refer to a single memory location/;

describe('out', () => {
  it('is written in place, whether it fits at once or is strided, resized, cast or broadcast to', () => {
    const [x, y] = [torch.arange(6).to(torch.float32), torch.full([6], 10)];
    torch.add(x, y); // the second call takes the short way
    const [fits, wide, other] = [torch.zeros(6), torch.zeros(2, 6), torch.zeros(6, { dtype: torch.float64 })];
    const before = fits._version;
    expect(torch.add(x, y, { out: fits })).toBe(fits);
    expect(fits._version).toBeGreaterThan(before);
    for (const out of [fits, wide.at(1), torch.zeros(12).at('::2'), torch.empty(0), other]) {
      expect(torch.add(x, y, { out }).tolist()).toEqual([10, 11, 12, 13, 14, 15]);
    }
    expect(wide.tolist()).toEqual([new Array(6).fill(0), [10, 11, 12, 13, 14, 15]]);
    expect(torch.add(x, y.at('0:1'), { out: fits }).tolist()).toEqual([10, 11, 12, 13, 14, 15]);
    expect(() => torch.add(x, y, { out: torch.zeros(6).expand(2, 6).at(0).requiresGrad_() })).toThrow(
      "don't support automatic differentiation",
    );
    expect(() => torch.add(x, y, { out: torch.zeros(1).expand(6) })).toThrow('more than one element of the written-to tensor');
  });

  it('is taken by operators that choose among several forms', () => {
    const x = torch.tensor([1.5, 2, 4]);
    const written = (f: (out: torch.Tensor) => torch.Tensor, out = torch.zeros(3)): unknown => (expect(f(out)).toBe(out), out.tolist());
    expect(written((out) => torch.div(x, 2, { out }))).toEqual([0.75, 1, 2]);
    expect(written((out) => torch.div(x, 2, { roundingMode: 'floor', out }))).toEqual([0, 1, 2]);
    expect(written((out) => torch.pow(x, 2, { out }))).toEqual([2.25, 4, 16]);
    expect(written((out) => torch.max(x, torch.full([3], 3), { out }))).toEqual([3, 3, 4]);
    expect(written((out) => torch.max(x, { out }), torch.empty([]))).toBe(4);
    expect(written((out) => torch.polygamma(0, torch.ones(1), { out }), torch.zeros(1))).toEqual([torch.digamma(torch.ones(1)).item()]);
    expect(written((out) => torch.sliceCopy(x, { out } as never))).toEqual([1.5, 2, 4]);
  });

  it('does not stand for a missing operand', () => {
    const x = torch.ones(2);
    for (const f of [() => torch.div(x, undefined as never), () => x.add(null as never), () => torch.atan2(x, undefined as never)]) {
      expect(f).toThrow(/argument 'other' \(position 2\) must be Tensor, not NoneType/);
    }
  });

  it('is refused where it overlaps an input at other places', () => {
    const x = torch.arange(6).float();
    expect(() => torch.add(x.at('0:5'), 1, { out: x.at('1:6') })).toThrow(overlap);
    expect(x.tolist()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(torch.add(x, x, { out: x }).tolist()).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('may not be the input of operators that pick elements', () => {
    const x = torch.tensor([3, 1, 2]).float();
    expect(() => torch.gather(x, 0, torch.tensor([2, 1, 0]), { out: x })).toThrow(overlap);
    expect(() => torch.take(x, torch.tensor([2, 1, 0]), { out: x })).toThrow(overlap);
    expect(() => torch.maskedSelect(x, x.gt(0), { out: x })).toThrow(overlap);
    expect(() => torch.kthvalue(x, 2, { out: [x, torch.tensor(0)] })).toThrow(overlap);
    expect(x.tolist()).toEqual([3, 1, 2]);
  });

  it('must have the dtype of the result where nothing is cast', () => {
    const [x, out] = [torch.ones(2), torch.zeros(2, { dtype: torch.complex128 })];
    expect(() => torch.complex(x, x, { out })).toThrow(
      "Expected object of scalar type ComplexFloat but got scalar type ComplexDouble for argument 'out'",
    );
    expect(() => torch.multinomial(torch.zeros(2), 1, { out: torch.zeros(1) })).toThrow('multinomial expects Long tensor out, got: Float');
  });
});

describe('maskedFill', () => {
  it('truncates fractions and refuses what does not fit', () => {
    const [x, mask] = [torch.tensor([1, 2]), torch.tensor([true, false])];
    expect(x.maskedFill(mask, 2.5).tolist()).toEqual([2, 2]);
    expect(() => x.maskedFill(mask, { re: 0, im: 1 })).toThrow('value cannot be converted to type int64_t without overflow');
    expect(() => x.to(torch.int8).maskedFill(mask, torch.tensor(300))).toThrow('value cannot be converted to type int8_t without overflow');
    expect(torch.zeros(2, { dtype: torch.float16 }).maskedFill(mask, -Infinity).tolist()).toEqual([-Infinity, 0]);
  });
});
