import { describe, expect, it } from 'vitest';
import { cpu } from '../../src/device/cpu/index.js';
import { ReferenceDevice } from '../../src/device/reference/device.js';
import { bfloat16, bool, type DType, float16, float32, float64, int32, int64, int8 } from '../../src/ir/dtype.js';
import type { Value } from '../../src/ir/evaluate.js';
import { acc, constant, type Expr, index, input, param } from '../../src/ir/expr.js';
import type { ReduceOp } from '../../src/ir/kernel.js';
import { launch, type Launch, programOf, reductionOf } from './programs.js';

const reference = new ReferenceDevice(cpu);

/** A small deterministic generator (xorshift32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function close(a: Value, b: Value): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), Math.abs(b), 1);
}

/** What the CPU gets wrong, or null. */
async function difference(l: Launch): Promise<object | null> {
  const [got, want] = [await launch(cpu, l), await launch(reference, l)];
  for (const [output, values] of got.entries()) {
    const at = values.findIndex((x, i) => !close(x, want[output][i]));
    if (at >= 0)
      return {
        output,
        at,
        got: values[at],
        want: want[output][at],
        sizes: l.sizes,
        strides: [...l.inputs, ...l.outputs].map((x) => x.strides),
        reduced: l.reduced,
      };
  }
  return null;
}

const makers = new Map<DType, (next: (below: number) => number) => Value>([
  [float32, (next) => (next(2001) - 1000) / 64],
  [float64, (next) => (next(2001) - 1000) / 64],
  [float16, (next) => (next(201) - 100) / 8],
  [bfloat16, (next) => (next(201) - 100) / 8],
  [int8, (next) => BigInt(next(256) - 128)],
  [int32, (next) => BigInt(next(200001) - 100000)],
  [int64, (next) => BigInt(next(200001) - 100000)],
  [bool, (next) => next(2) === 1],
]);

interface View {
  readonly strides: number[];
  readonly offset: number;
  readonly length: number;
}

/** Any layout for an input: permuted, broadcast, reversed, with gaps. */
function anyView(sizes: readonly number[], next: (below: number) => number): View {
  const order = sizes.map((_, d) => d);
  for (let d = order.length - 1; d > 0; d--) {
    const other = next(d + 1);
    [order[d], order[other]] = [order[other], order[d]];
  }
  const strides = sizes.map(() => 0);
  let step = 1 + (next(4) === 0 ? 1 : 0);
  let offset = next(3);
  let length = offset + 1;
  const keepOrder = next(2) === 0;
  for (const d of keepOrder ? sizes.map((_, i) => sizes.length - 1 - i) : order) {
    if (next(6) === 0) continue;
    const extent = step * Math.max(sizes[d] - 1, 0);
    length += extent;
    strides[d] = next(6) === 0 ? -step : step;
    if (strides[d] < 0) offset += extent;
    step *= Math.max(sizes[d], 1);
  }
  return { strides, offset, length };
}

/** A dense layout for an output: contiguous or permuted; `reduced` dims have stride 0. */
function denseView(sizes: readonly number[], next: (below: number) => number, reduced: readonly boolean[] = []): View {
  const strides = sizes.map(() => 0);
  const dims = sizes.map((_, d) => d).filter((d) => !reduced[d]);
  if (next(2)) dims.reverse();
  let step = 1 + (next(4) === 0 ? 1 : 0);
  let length = 1;
  for (const d of dims) {
    strides[d] = step;
    length += step * Math.max(sizes[d] - 1, 0);
    step *= Math.max(sizes[d], 1);
  }
  return { strides, offset: 0, length };
}

function someSizes(next: (below: number) => number): number[] {
  const choices = [0, 1, 2, 3, 4, 5, 7, 8, 13, 33, 70];
  const sizes = Array.from({ length: next(5) }, () => choices[1 + next(choices.length - 1)]);
  if (sizes.length > 0 && next(12) === 0) sizes[next(sizes.length)] = 0;
  if (next(8) === 0) return [1 + next(3000)];
  if (next(8) === 0) return [1 + next(5), 1 + next(1500)];
  return sizes.reduce((a, b) => a * b, 1) > 20000 ? sizes.slice(0, 2) : sizes;
}

const formulas: readonly ((x: Expr, y: Expr) => Expr[])[] = [
  (x, y) => [x.add(y)],
  (x) => [x],
  (x, y) => [x, y],
  (x, y) => [x.mul(y).add(1), x.sub(y)],
  (x, y) => [x.max(y).cast(float64).div(3), x.lt(y)],
  (x) => [x.cast(float16), x.cast(int8)],
  () => [constant(3, int32), constant(2.5, float32)],
  (x, y) => [x.mul(x).sub(y).mul(y).add(x)],
];

describe('random launches agree with the reference device', () => {
  for (let seed = 1; seed <= 250; seed++)
    it(`pointwise ${seed}`, async () => {
      const next = generator(seed * 7919);
      const sizes = someSizes(next);
      const dtypes = [...makers.keys()];
      const types = [dtypes[next(dtypes.length)], dtypes[next(dtypes.length)]];
      const exprs = formulas[next(formulas.length)](input(0, types[0]), input(1, types[1]));
      const program = programOf(types, exprs);
      const inputs = types.map((dtype) => {
        const { strides, offset, length } = anyView(sizes, next);
        return { values: Array.from({ length }, () => makers.get(dtype)!(next)), strides, offset };
      });
      expect(await difference({ program, sizes, inputs, outputs: exprs.map(() => denseView(sizes, next)) })).toBeNull();
    });

  for (let seed = 1; seed <= 200; seed++)
    it(`graph ${seed}`, async () => {
      const next = generator(seed * 15485863);
      const dtype = [float32, float64][next(2)];
      const values: Expr[] = [input(0, dtype), input(1, dtype), input(2, dtype), param(0, dtype), constant(0.5, dtype)];
      const pick = (): Expr => values[next(2) ? next(values.length) : Math.max(0, values.length - 1 - next(3))];
      const count = 2 + next(25);
      for (let i = 0; i < count; i++) {
        const [x, y] = [pick(), pick()];
        values.push([x.add(y), x.sub(y), x.mul(y), x.max(y), x.min(y), x.neg(), x.abs(), x.sub(x.mul(y)), x.lt(y).cast(dtype)][next(9)]);
      }
      const outputs = [values[values.length - 1], ...(next(2) ? [pick()] : [])];
      const n = [1, 5, 100, 4100, 5003][next(5)];
      const edge = (): number | undefined => [NaN, Infinity, -Infinity, 0, -0][next(200)];
      const inputs = [0, 1, 2].map(() => {
        const stride = next(4) === 0 ? 0 : 1;
        return { values: Array.from({ length: stride ? n : 1 }, () => edge() ?? (next(2001) - 1000) / 512), strides: [stride] };
      });
      const program = programOf([dtype, dtype, dtype], outputs, [dtype]);
      expect(
        await difference({ program, sizes: [n], inputs, outputs: outputs.map(() => ({ length: n, strides: [1] })), params: [0.75] }),
      ).toBeNull();
    });

  const reductions: readonly [ReduceOp, DType][] = [
    ['sum', float32],
    ['sum', float64],
    ['sum', float16],
    ['sum', int64],
    ['sum', int32],
    ['sum', bool],
    ['prod', bool],
    ['prod', int8],
    ['prod', float64],
    ['max', float32],
    ['min', float32],
    ['max', int64],
    ['min', int32],
    ['max', float64],
    ['min', bool],
    ['max', bfloat16],
  ];
  for (let seed = 1; seed <= 250; seed++)
    it(`reduction ${seed}`, async () => {
      const next = generator(seed * 104729);
      const sizes = someSizes(next);
      const reduced = sizes.map(() => next(2) === 1);
      const [op, dtype] = reductions[next(reductions.length)];
      const other = dtype === bool ? bool : [dtype, int8][next(2)];
      const [x, y] = [input(0, dtype), input(1, other)];
      const value = (op === 'prod' ? (dtype === float64 ? x.mul(0.01).add(1) : x) : [x, x.mul(y), x.add(y)][next(3)]).cast(dtype);
      const output = [acc(dtype), acc(dtype).cast(float32), acc(dtype).cast(float64).mul(0.5)][next(3)];
      const program = reductionOf([dtype, other], op, value, output);
      const inputs = [dtype, other].map((type) => {
        const { strides, offset, length } = anyView(sizes, next);
        return { values: Array.from({ length }, () => makers.get(type)!(next)), strides, offset };
      });
      const empty = sizes.some((n, d) => n === 0 && reduced[d]);
      const undefinedResult = empty && (op === 'max' || op === 'min') && dtype.category === 1;
      const outputs = [denseView(sizes, next, reduced)];
      expect(undefinedResult ? null : await difference({ program, sizes, inputs, outputs, reduced })).toBeNull();
    });
});

describe('launches', () => {
  it('gives coordinates', async () => {
    const program = programOf([float32], [index(0).mul(100).add(index(2)), index(1).cast(float32).add(input(0, float32))]);
    const sizes = [3, 1500, 2];
    const input0 = { values: Array.from({ length: 6 }, (_, i) => i), strides: [2, 0, 1] };
    expect(
      await difference({
        program,
        sizes,
        inputs: [input0],
        outputs: [
          { length: 9000, strides: [1, 6, 3] },
          { length: 9000, strides: [3000, 2, 1] },
        ],
      }),
    ).toBeNull();
  });

  it('takes params of every kind', async () => {
    const dtypes = [float32, float64, int64, int32, bool, float16];
    const program = programOf(
      [],
      dtypes.map((dtype, i) => param(i, dtype)),
      dtypes,
    );
    const outputs = dtypes.map(() => ({ length: 3, strides: [1] }));
    expect(await difference({ program, sizes: [3], inputs: [], outputs, params: [0.1, 0.1, -(2n ** 62n) - 1n, -7, true, 0.1] })).toBeNull();
  });

  it('writes in place', async () => {
    const [x, y] = [input(0, float32), input(1, float32)];
    const n = 5000;
    const a = cpu.adopt(Float32Array.from({ length: n }, (_, i) => i));
    const b = cpu.adopt(new Float32Array(n).fill(2));
    const operands = [
      { buffer: a, offset: 0 },
      { buffer: b, offset: 0 },
    ];
    // The first output is read again by the second.
    const program = programOf([float32, float32], [x.add(1), x.mul(y)]);
    cpu.run({ program, sizes: [n], operands: [...operands, operands[0], operands[1]], strides: [[1], [1], [1], [1]], params: [] });
    const [first, second] = [new Float32Array(n), new Float32Array(n)];
    cpu.read(a, 0, first);
    cpu.read(b, 0, second);
    expect(first.every((v, i) => v === i + 1)).toBe(true);
    expect(second.every((v, i) => v === 2 * i)).toBe(true);
  });

  it('sums long rows alike on any number of threads', async () => {
    const n = 1_000_003;
    const values = Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i)));
    const exact = values.reduce((a, b) => a + b, 0);
    const buffer = cpu.adopt(values);
    const out = cpu.alloc(4);
    const program = reductionOf([float32], 'sum', input(0, float32), acc(float32));
    const threads = cpu.getNumThreads();
    const results = [1, 2, 5].map((t) => {
      cpu.setNumThreads(t);
      cpu.run({
        program,
        sizes: [n],
        operands: [
          { buffer, offset: 0 },
          { buffer: out, offset: 0 },
        ],
        strides: [[1], [0]],
        params: [],
        reduced: [true],
      });
      const result = new Float32Array(1);
      cpu.read(out, 0, result);
      return result[0];
    });
    cpu.setNumThreads(threads);
    expect(new Set(results).size).toBe(1);
    expect(Math.abs(results[0] - exact)).toBeLessThan(1e-3);
  });

  it('keeps NaN in max and min, and gives identities for nothing', async () => {
    const n = 300;
    const values = Array.from({ length: n }, (_, i) => (i === 250 ? NaN : i));
    for (const op of ['max', 'min'] as const) {
      const program = reductionOf([float32], op, input(0, float32), acc(float32));
      expect(
        await difference({
          program,
          sizes: [n],
          inputs: [{ values, strides: [1] }],
          outputs: [{ length: 1, strides: [0] }],
          reduced: [true],
        }),
      ).toBeNull();
      expect(
        await difference({
          program,
          sizes: [2, 0],
          inputs: [{ values: [], strides: [0, 1] }],
          outputs: [{ length: 2, strides: [1, 0] }],
          reduced: [false, true],
        }),
      ).toBeNull();
    }
  });

  it('handles 64 dims, and refuses more', async () => {
    const program = programOf([float32], [input(0, float32).add(1)]);
    const sizes = Array.from({ length: 64 }, (_, d) => (d % 16 === 0 ? 2 : 1));
    const strides = sizes.map((_, d) => 2 ** (d / 16));
    expect(
      await difference({
        program,
        sizes,
        inputs: [{ values: Array.from({ length: 16 }, (_, i) => i), strides: strides.map(Math.floor) }],
        outputs: [{ length: 16, strides: strides.map(Math.floor) }],
      }),
    ).toBeNull();
    const many = Array.from({ length: 65 }, () => 1);
    await expect(
      launch(cpu, { program, sizes: many, inputs: [{ values: [1], strides: many }], outputs: [{ length: 1, strides: many }] }),
    ).rejects.toThrow('64 dims');
  });

  it('refuses memory that cannot be had, and memory that was freed', () => {
    expect(() => cpu.alloc(2 ** 53)).toThrow("can't allocate memory: you tried to allocate 9007199254740992 bytes");
    expect(() => cpu.alloc(2 ** 60)).toThrow("can't allocate memory");
    expect(() => cpu.alloc(NaN)).toThrow("can't allocate memory");
    const buffer = cpu.alloc(16);
    cpu.free(buffer);
    cpu.free(buffer);
    expect(() => cpu.read(buffer, 0, new Float32Array(4))).toThrow('freed');
    expect(() => cpu.read(cpu.alloc(16), 8, new Float32Array(4))).toThrow(RangeError);
  });
});
