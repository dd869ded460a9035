import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

/** A seeded generator (mulberry32): the same calls in every run. */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Method = (...args: unknown[]) => unknown;
const skipped = new Set([
  'constructor',
  'backward',
  'registerHook',
  'itemAsync',
  'tolistAsync',
  'toTypedArrayAsync',
  'cpuAsync',
  'cuda',
  'to',
]);
const methods = Object.getOwnPropertyNames(torch.Tensor.prototype).filter((name) => {
  const d = Object.getOwnPropertyDescriptor(torch.Tensor.prototype, name);
  return typeof d?.value === 'function' && !skipped.has(name);
});
const dtypes = [torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64];

describe('random calls with bad shapes, strides, dtypes and numbers', () => {
  const random = generator(20261124);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const sizes = (): number[] => Array.from({ length: Math.floor(random() * 4) }, () => pick([0, 1, 1, 2, 3, 5]));
  const number = (): unknown =>
    pick([
      0,
      1,
      -1,
      2,
      7,
      0.5,
      -3.5,
      NaN,
      Infinity,
      2 ** 53,
      -(2 ** 31),
      null,
      undefined,
      true,
      'sum',
      [],
      [0],
      [1, -1],
      [2, 3],
      { dim: 9 },
      { re: 1, im: 2 },
    ]);

  const tensor = (): torch.Tensor => {
    let t = torch
      .ones(sizes())
      .mul(3)
      .sub(random() * 4)
      .to(pick(dtypes));
    if (random() < 0.3) t = t.dtype.isFloatingPoint ? t.requiresGrad_() : t;
    if (random() < 0.3 && t.ndim > 1) t = t.transpose(0, t.ndim - 1);
    if (random() < 0.2) t = t.unsqueeze(0).expand([2, ...t.shape]);
    if (random() < 0.2 && t.ndim > 0) t = t.slice(0, 1, 3);
    return t;
  };
  const argument = (): unknown => (random() < 0.5 ? tensor() : number());

  it('give a result or an error, and the process lives', () => {
    let failures = 0;
    for (let i = 0; i < 6000; i++) {
      const name = pick(methods);
      const self = tensor();
      const before = { sizes: [...self.shape], dtype: self.dtype };
      const args = Array.from({ length: Math.floor(random() * 4) }, argument);
      try {
        (self as unknown as Record<string, Method>)[name](...args);
      } catch (error) {
        failures++;
        expect(error).toBeInstanceOf(Error);
        expect({ sizes: [...self.shape], dtype: self.dtype }, `${name} changed its tensor`).toEqual(before);
      }
    }
    expect(failures).toBeGreaterThan(1000);
    expect(torch.ones(3).sum().item()).toBe(3);
  });

  it('refuses absurd sizes with a message', () => {
    expect(() => torch.zeros(2 ** 53 - 1)).toThrow(/can't allocate memory: you tried to allocate/);
    expect(() => torch.zeros(2 ** 40, 2 ** 40)).toThrow(/overflow/);
    expect(() => torch.zeros(-1)).toThrow('Trying to create tensor with negative dimension -1: [-1]');
    expect(() => torch.ones(3).view(NaN)).toThrow(TypeError);
    expect(() => torch.ones(3).select(0, 3)).toThrow('select(): index 3 out of range for tensor of size [3] at dimension 0');
    expect(() => torch.ones(3).indexSelect(0, torch.tensor([5]))).toThrow('index out of range in self');
  });
});
