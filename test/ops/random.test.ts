/** Values by PyTorch 2.13 for the same seed. */
import { beforeEach, describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import { cpu } from '../../src/device/cpu/index.js';

const F = torch.nn.functional;
beforeEach(() => void torch.manualSeed(0));
const rounded = (t: torch.Tensor): unknown => t.mul(1e4).round().div(1e4).tolist();

test('numbers for a transposed tensor are drawn in the order of its memory', () => {
  expect(rounded(torch.randLike(torch.ones(3, 2).t()))).toEqual(
    rounded(
      torch.tensor([
        [0.4963, 0.0885, 0.3074],
        [0.7682, 0.132, 0.6341],
      ]),
    ),
  );
  torch.manualSeed(0);
  expect(
    torch
      .empty(3, 2)
      .t()
      .bernoulli_(torch.tensor([[0.2, 0.5, 0.7]]))
      .tolist(),
  ).toEqual([
    [0, 1, 1],
    [0, 1, 1],
  ]);
  torch.manualSeed(0);
  expect(rounded(torch.empty(3, 6).t().normal_().narrow(0, 0, 1))).toEqual(rounded(torch.tensor([[1.541, 0.4033, -0.8567]])));
});

test('dropout of a transposed tensor keeps what PyTorch keeps', () => {
  expect(F.dropout(torch.ones(3, 2).t(), 0.5).tolist()).toEqual([
    [0, 2, 0],
    [0, 0, 0],
  ]);
});

test('bernoulli draws in row-major order', () => {
  expect(torch.bernoulli(torch.full([3, 2], 0.5).t()).tolist()).toEqual([
    [1, 0, 1],
    [1, 1, 0],
  ]);
});

test('a tensor like a slice lies in the order of its memory', () => {
  expect(torch.emptyLike(torch.ones(8, 10).t().at(':', '::2')).stride()).toEqual([1, 10]);
  expect(torch.ones(3, 1).expand(3, 4).clone().stride()).toEqual([4, 1]);
});

test('bounds of 16-bit uniform numbers are not rounded first', () => {
  torch.manualSeed(1);
  const t = torch.empty(108, { dtype: torch.bfloat16 }).uniform_(-0.5246313898711125, 0.5246313898711125);
  expect(t.at(54).item()).toBe(-0.5234375);
});

test('one sample is drawn as without replacement', () => {
  const weights = torch.tensor([0.5, 2, 3, 4]);
  const once = torch.multinomial(weights, 1).tolist();
  torch.manualSeed(0);
  expect(torch.multinomial(weights, 1, true).tolist()).toEqual(once);
});

describe('states of generators', () => {
  // What PyTorch 2.13 has at these places of torch.get_rng_state() after manual_seed(7), rand(3) and randn(1).
  const numbers = (state: torch.Tensor): unknown[] => {
    const bytes = state.toTypedArray() as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const [word, last] = [view.getBigUint64(24, true), view.getBigUint64(24 + 8 * 623, true)];
    return [view.getBigUint64(0, true), view.getInt32(8, true), view.getBigUint64(16, true), word, last];
  };

  test('are laid out as PyTorch lays them out', () => {
    torch.manualSeed(7);
    expect(numbers(torch.getRngState())).toEqual([7n, 1, 0n, 7n, 1352272845n]);
    torch.rand(3);
    expect(numbers(torch.getRngState())).toEqual([7n, 622, 3n, 2022286329n, 4033246365n]);
    torch.randn(1);
    const state = torch.getRngState();
    expect(numbers(state)).toEqual([7n, 618, 7n, 2022286329n, 4033246365n]);
    const tail = Buffer.from((state.toTypedArray() as Uint8Array).slice(5016)).toString('hex');
    expect(tail).toBe('0000000000000000cb4c3f53472df03f000000000000000001000000000000000000000000000000');
  });

  test('go on where they were saved', () => {
    const generator = new torch.Generator().manualSeed(-1);
    torch.randn(3, { generator });
    const state = generator.getState();
    const expected = torch.randn(700, { generator });
    const other = new torch.Generator();
    other.setState(state);
    expect(torch.randn(700, { generator: other }).equal(expected)).toBe(true);
    expect(other.initialSeed()).toBe(2n ** 64n - 1n);
  });

  test('that are none are refused and change nothing', () => {
    torch.manualSeed(3);
    const wrong = torch.getRngState();
    wrong.narrow(0, 8, 4).fill_(0);
    expect(() => torch.setRngState(wrong)).toThrow('Invalid mt19937 state');
    expect(() => torch.setRngState(torch.zeros(3, { dtype: 'uint8' }))).toThrow('but found the input RNG state size to be 3');
    expect(() => torch.setRngState(torch.zeros(5056))).toThrow('expected a torch.ByteTensor');
    expect(torch.initialSeed()).toBe(3);
  });

  test('new tensors have not been changed yet', () => {
    const x = torch.ones(2, 3);
    const all = [
      x,
      torch.rand(2),
      torch.randn(2),
      torch.eye(2),
      torch.zerosLike(x),
      x.newFull([2], 1),
      torch.bernoulli(x),
      torch.cat([x, x]),
    ];
    expect(all.map((each) => each._version)).toEqual(all.map(() => 0));
    expect(x.fill_(1)._version).toBe(1);
  });
});

/** Where the processor multiplies and adds at once, as that did which gave the number. */
const fuses = /avx|neon/.test(cpu.library.isa);
test.skipIf(!fuses)('normals agree to the last bit', () => {
  expect(torch.randn(4096).view(torch.int32).to(torch.int64).sum().item()).toBe(-137988588543);
});
