/** Memory that a program lends may begin at any address. */
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

/** The same numbers, in memory of our own and one byte beside a typed array's alignment. */
function pair(n: number): [torch.Tensor, torch.Tensor] {
  const values = Float32Array.from({ length: n }, (_, i) => i / 7 - 300);
  const bytes = new Uint8Array(4 * n + 1);
  bytes.set(new Uint8Array(values.buffer), 1);
  return [torch.asTensor(bytes.subarray(1)).view(torch.float32), torch.asTensor(values)];
}

const ops: Record<string, (x: torch.Tensor) => torch.Tensor> = {
  add: (x) => x.add(1),
  'negatives of a transposed view': (x) => x.view([10, -1]).t().neg(),
  'sum of all': (x) => x.sum(),
  'sum over rows': (x) => x.view([10, -1]).sum(0),
  'max over columns': (x) => x.view([10, -1]).amax(1),
  clone: (x) => x.clone(),
  cast: (x) => x.to(torch.float64),
  'as integers': (x) => x.view(torch.int32).add(1),
  'in place': (x) => x.add_(1),
  'in place, through a view': (x) => (x.view([10, -1]).t().mul_(2), x),
  matmul: (x) => x.view([10, -1]).matmul(x.view([-1, 10])),
  softmax: (x) => x.view([10, -1]).softmax(1),
};

describe.each([100, 6000])('%i floats at an odd address', (n) => {
  it.each(Object.entries(ops))('%s', (_, op) => {
    const [odd, even] = pair(n);
    expect(torch.equal(op(odd), op(even))).toBe(true);
  });
});
