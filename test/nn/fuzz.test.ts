import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

/** Seeded numbers of [0, 1): the same calls in every run (mulberry32). */
function mulberry(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const functional = torch.nn.functional as unknown as Record<string, (...args: unknown[]) => unknown>;
const names = Object.keys(functional).sort();
const dtypes = [torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64];
const numbers = [
  0,
  1,
  -1,
  2,
  3,
  0.5,
  NaN,
  Infinity,
  2 ** 53,
  -(2 ** 31),
  null,
  undefined,
  true,
  'sum',
  'reflect',
  [],
  [0],
  [1, -1],
  [2, 3],
  { dim: 9 },
  { re: 1, im: 2 },
];

test('nn.functional gives a result or an error whatever it gets, and the process lives', { timeout: 120_000 }, () => {
  const random = mulberry(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const tensor = (): torch.Tensor => {
    let t = torch
      .ones(Array.from({ length: Math.floor(random() * 6) }, () => pick([0, 1, 1, 2, 3, 4])))
      .mul(3)
      .sub(random() * 4)
      .to(pick(dtypes));
    if (random() < 0.4 && t.dtype.isFloatingPoint) t = t.requiresGrad_();
    if (random() < 0.3 && t.ndim > 1) t = t.transpose(0, t.ndim - 1);
    return random() < 0.2 ? t.unsqueeze(0).expand([2, ...t.shape]) : t;
  };
  let [worked, refused] = [0, 0];
  for (let i = 0; i < 8000; i++) {
    const args = [tensor(), ...Array.from({ length: Math.floor(random() * 5) }, () => (random() < 0.5 ? tensor() : pick(numbers)))];
    const name = pick(names);
    try {
      const result = functional[name](...args);
      if (result instanceof torch.Tensor && result.requiresGrad) result.sum().backward();
      worked++;
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      refused++;
    }
  }
  expect(worked).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
  expect(torch.ones(3).sum().item()).toBe(3);
});
