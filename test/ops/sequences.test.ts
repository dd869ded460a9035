import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const keywords =
  '*, Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False';

test.each([
  ['linspace', ''],
  ['logspace', ', float base = 10.0'],
] as const)('%s says what it takes, as PyTorch does', (name, base) => {
  const f = torch[name] as (...args: unknown[]) => torch.Tensor;
  const lines = ['Tensor start, Tensor', 'Number start, Tensor', 'Tensor start, Number', 'Number start, Number'];
  const expected = lines.map((ends) => ` * (${ends} end, int steps${base}, ${keywords})\n`).join('');
  const message = (got: string): string =>
    `${name}() received an invalid combination of arguments - got (${got}), but expected one of:\n${expected}`;
  expect(() => f('a', 'b', 'c')).toThrow(message('str, str, str'));
  expect(() => f(0, 1, 2.5)).toThrow(message('int, int, float'));
  expect(() => f(null, 1, 3)).toThrow(message('NoneType, int, int'));
  expect(() => f(0, 1)).toThrow(message('int, int'));
  expect(() => f(0, 1, -1)).toThrow('number of steps must be non-negative');
});
