/** Memory that a program lends may begin at any address; elements may not, as in typed arrays. */
import { expect, test } from 'vitest';
import * as torch from 'typetorch';

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i);

test('bytes at an odd address are shared', () => {
  const memory = bytes(4001).subarray(1);
  const x = torch.asTensor(memory);
  x.add_(1);
  expect([memory[0], memory[3999]]).toEqual([2, 161]);
  expect(torch.equal(x.view([10, -1]).t().to(torch.float32).sum(0), torch.asTensor(memory.slice()).view([10, -1]).float().sum(1))).toBe(
    true,
  );
});

test('a view as wider elements at an odd address is refused, and its copy is not', () => {
  const [odd, even] = [torch.asTensor(bytes(401).subarray(1)), torch.asTensor(bytes(401).slice(1))];
  expect(() => odd.view(torch.int32)).toThrow('the address of a int32 view must be a multiple of 4 bytes: clone() the tensor first');
  expect(torch.equal(odd.clone().view(torch.int32), even.view(torch.int32))).toBe(true);
  expect(odd.view(torch.int8).sizes).toEqual([400]);
});

test('floats four bytes beside the alignment of doubles', () => {
  const floats = torch.asTensor(new Float32Array(9).subarray(1));
  expect(() => floats.view(torch.float64)).toThrow('must be a multiple of 8 bytes');
  expect(floats.view(torch.complex64).sizes).toEqual([4]);
});
