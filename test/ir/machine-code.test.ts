/** Launches big enough to be compiled: what the code generator makes agrees with the evaluator. */
import { describe, expect, it } from 'vitest';
import { cpu } from '../../src/device/cpu/index.js';
import { type DType, float32, float64 } from '../../src/ir/dtype.js';
import { evaluate } from '../../src/ir/evaluate.js';
import { arity, binary, type Expr, input, type Op, param, unary, where } from '../../src/ir/expr.js';
import { edgesOf } from './edges.js';
import { launch, programOf, ulps } from './programs.js';

/** More than four blocks of the interpreter, and no whole number of vectors. */
const LENGTH = 4096 + 1024 + 7;

const exact: readonly Op[] = ['neg', 'abs', 'floor', 'ceil', 'trunc', 'round', 'sqrt', 'add', 'sub', 'mul', 'div', 'min', 'max'];
const elementary = { exp: 2, exp2: 2, expm1: 2, log: 2, log1p: 2, tanh: 2, erf: 6 } as const;

const repeat = (values: readonly number[]): number[] => Array.from({ length: LENGTH }, (_, i) => values[i % values.length]);
/** Numbers in (-4, 4), the same everywhere. */
const numbers = (seed: number): number[] =>
  Array.from({ length: LENGTH }, (_, i) => Math.fround(((Math.imul(i + seed * 7919, 2654435761) >>> 0) / 2 ** 29 - 4) * 0.999));

/** The elements of `outputs` over `columns` that are further than `tolerance` units in the last place from the evaluator's. */
async function failures(
  dtype: DType,
  outputs: readonly Expr[],
  columns: readonly (readonly number[])[],
  { tolerance = 0, params = [] as readonly number[] } = {},
): Promise<string[]> {
  const program = programOf(
    columns.map(() => dtype),
    outputs,
    params.map(() => dtype),
  );
  const results = await launch(cpu, {
    program,
    sizes: [LENGTH],
    params,
    inputs: columns.map((values) => ({ values, strides: [values.length === 1 ? 0 : 1] })),
    outputs: outputs.map(() => ({ length: LENGTH, strides: [1] })),
  });
  const wrong: string[] = [];
  outputs.forEach((e, k) => {
    for (let i = 0; i < LENGTH; i++) {
      const args = columns.map((values) => Number(values[i % values.length]));
      const want = Number(evaluate(e, { inputs: args, params }));
      const got = Number(results[k][i]);
      if (got !== want && !(ulps(got, want, dtype === float64) <= tolerance))
        wrong.push(`${e.op}(${args.join(', ')}): ${got}, not ${want}`);
    }
  });
  return wrong.slice(0, 10);
}

const pairs = (values: readonly number[]): [number[], number[]] => [
  repeat(values.flatMap((a) => values.map(() => a))),
  repeat(values.flatMap(() => values)),
];
const finite = (dtype: DType): number[] => edgesOf(dtype).map((x) => (dtype === float32 ? Math.fround(Number(x)) : Number(x)));

for (const dtype of [float32, float64])
  describe(`machine code of ${dtype.name}`, () => {
    const [x, y] = [input(0, dtype), input(1, dtype)];

    for (const op of exact)
      it(`${op}`, async () => {
        const e = arity[op] === 1 ? unary(op, x) : binary(op, x, y);
        expect(await failures(dtype, [e], arity[op] === 1 ? [repeat(finite(dtype))] : pairs(finite(dtype)))).toEqual([]);
      });

    it('keeps NaN in min and max with constants on either side', async () => {
      const zero = x.mul(0).abs();
      for (const e of [x.max(1), x.min(1), binary('max', 1, x), binary('min', 1, x), x.max(zero), zero.min(x)])
        expect(await failures(dtype, [e], [repeat(finite(dtype))])).toEqual([]);
    });

    it('compares, combines what it compared, and chooses', async () => {
      const columns = pairs(finite(dtype));
      const [less, same] = [x.lt(y), x.eq(y)];
      for (const mask of [less, x.le(y), same, x.ne(y), less.or(same), less.and(y.lt(3)), less.xor(same), less.not(), x.ne(x).or(less)])
        expect(await failures(dtype, [where(mask, x, y), mask.cast(dtype).add(x)], columns)).toEqual([]);
    });

    it('keeps more values than there are registers', async () => {
      const steps = Array.from({ length: 70 }, (_, k) => x.mul(k + 0.5).add(y));
      const folded = steps.reduceRight((sum, step) => step.sub(sum.mul(0.25)));
      expect(await failures(dtype, [folded, steps[3].max(steps[60])], [numbers(1), numbers(2)])).toEqual([]);
    });

    it('reads more operands than there are registers for addresses, some the same for all elements', async () => {
      const all = Array.from({ length: 24 }, (_, k) => input(k, dtype));
      const columns = all.map((_, k) => (k % 5 === 4 ? [k + 0.25] : numbers(k)));
      const sum = all.reduce((a, b, k) => a.add(b.mul(all[(k * 7) % all.length])));
      expect(await failures(dtype, [sum, all[3].sub(all[22])], columns)).toEqual([]);
    });

    it('takes parameters', async () => {
      const e = x.mul(param(0, dtype)).add(param(1, dtype)).div(param(2, dtype));
      expect(await failures(dtype, [e], [numbers(1)], { params: [2.5, -1.25, 3] })).toEqual([]);
    });
  });

describe('machine code of elementary functions', () => {
  const x = input(0, float32);
  for (const [op, tolerance] of Object.entries(elementary))
    it(`${op}`, async () => {
      const e = unary(op as Op, x);
      for (const column of [repeat(finite(float32)), numbers(1), numbers(2).map((v) => Math.fround(v * 30))])
        expect(await failures(float32, [e], [column], { tolerance })).toEqual([]);
    });

  it('in a formula with others', async () => {
    const gelu = x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
    const steps = [x.sigmoid(), x.tanh().mul(x.exp()), where(x.lt(0), x.exp(), x.add(1).log())];
    for (const e of [gelu, ...steps]) expect(await failures(float32, [e], [numbers(3).map(Math.abs)], { tolerance: 12 })).toEqual([]);
  });

  it('leaves masks that are stored to the interpreter', async () => {
    expect(await failures(float32, [x.exp().lt(1)], [numbers(4)])).toEqual([]);
  });
});
