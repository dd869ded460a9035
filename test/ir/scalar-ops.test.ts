import { describe, expect, it } from 'vitest';
import { cpu } from '../../src/device/cpu/index.js';
import { bfloat16, bool, type DType, dtypes, float16, float32, float64, int16, int32, int64, int8, uint8 } from '../../src/ir/dtype.js';
import { evaluate, type Value } from '../../src/ir/evaluate.js';
import { arity, binary, type Expr, input, type Op, unary, where } from '../../src/ir/expr.js';
import { all, approximate, edgesOf, families, integerEdges } from './edges.js';
import { launch, programOf, ulps } from './programs.js';

const reals = dtypes.filter((d) => !d.isComplex);
const loose = new Set<Op>(['lgamma', 'digamma', 'erfinv', 'erfc', 'igamma', 'igammac', 'zeta', 'erf']);

function tolerance(op: Op, dtype: DType): number {
  if (!approximate.has(op)) return 0;
  return dtype === float64 ? (loose.has(op) ? 5000 : 4) : 2;
}

function agree(op: Op, dtype: DType, got: Value, want: Value): boolean {
  if (typeof got !== 'number' || typeof want !== 'number') return got === want;
  if (!approximate.has(op)) return Object.is(got, want) || (op !== 'neg' && got === want);
  if (op === 'lgamma' || op === 'digamma') {
    if (Math.abs(got - want) < (dtype === float64 ? 1e-13 : 1e-6)) return true;
  }
  // A 16-bit result may round the other way when the float32 below it is an ulp apart.
  if (dtype === float16 || dtype === bfloat16) return ulps(got, want, false) <= 2 ** (dtype === float16 ? 13 : 16);
  return ulps(got, want, dtype === float64) <= tolerance(op, dtype);
}

const show = (x: Value): string => (Object.is(x, -0) ? '-0' : String(x));

async function compare(op: Op, e: Expr, dtype: DType, columns: readonly (readonly Value[])[]): Promise<string[]> {
  const n = columns[0].length;
  const program = programOf(
    columns.map(() => dtype),
    [e],
  );
  const inputs = columns.map((values) => ({ values, strides: [1] }));
  const [got] = await launch(cpu, { program, sizes: [n], inputs, outputs: [{ length: n, strides: [1] }] });
  const failures: string[] = [];
  for (let i = 0; i < n; i++) {
    const args = columns.map((values) => rounded(values[i], dtype));
    const want = storedAs(e.dtype, evaluate(e, { inputs: args, params: [] }));
    if (!agree(op, e.dtype, got[i], want)) failures.push(`${op}(${args.map(show).join(', ')}): ${show(got[i])}, not ${show(want)}`);
  }
  return failures;
}

const store = (dtype: DType, x: Value): Value => evaluate(input(0, dtype).cast(dtype === bool ? bool : dtype), { inputs: [x], params: [] });
/** What a memory of `dtype` gives back for `x`. */
function rounded(x: Value, dtype: DType): Value {
  if (dtype.category !== 2 || dtype === float64) return store(dtype, x);
  return evaluate(input(0, float64).cast(dtype), { inputs: [x], params: [] });
}
const storedAs = (dtype: DType, x: Value): Value => rounded(x, dtype);

describe('every scalar op agrees with the evaluator', () => {
  for (const [ops, types] of families)
    for (const op of ops)
      for (const dtype of types)
        it(`${op} of ${dtype.name}`, async () => {
          const edges = edgesOf(dtype);
          const x = input(0, dtype);
          const e = arity[op] === 1 ? unary(op, x) : binary(op, x, input(1, dtype));
          const columns = arity[op] === 1 ? [edges] : [edges.flatMap((a) => edges.map(() => a)), edges.flatMap(() => edges)];
          expect(await compare(op, e, dtype, columns)).toEqual([]);
        });
});

describe('casts', () => {
  for (const from of reals)
    for (const to of reals)
      if (from !== to)
        it(`${from.name} to ${to.name}`, async () => {
          expect(await compare('cast', input(0, from).cast(to), from, [edgesOf(from)])).toEqual([]);
        });
});

describe('bits and choices', () => {
  for (const dtype of [float32, float64]) {
    it(`bits of ${dtype.name}`, async () => {
      const plain = edgesOf(dtype).filter((x) => !Number.isNaN(x));
      expect(await compare('bits', input(0, dtype).bits(), dtype, [plain])).toEqual([]);
    });
    it(`${dtype.name} from bits`, async () => {
      expect(
        await compare('fromBits', input(0, int64).fromBits(dtype), int64, [[0n, 1n, -1n, 1065353216n, 4607182418800017408n, -2147483648n]]),
      ).toEqual([]);
    });
  }
  for (const dtype of all)
    it(`where of ${dtype.name}`, async () => {
      const edges = edgesOf(dtype);
      const e = where(input(0, dtype).ne(input(1, dtype)), input(0, dtype), input(1, dtype));
      expect(await compare('where', e, dtype, [edges, [...edges].reverse()])).toEqual([]);
    });
});

describe('narrow integers wrap between ops', () => {
  for (const dtype of [int8, int16, int32, uint8])
    it(`after every op of ${dtype.name}`, async () => {
      const [x, y] = [input(0, dtype), input(1, dtype)];
      const edges = integerEdges(dtype);
      const pairs = edges.flatMap((a) => edges.map((b) => [a, b] as const));
      const columns = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
      for (const e of [
        x.mul(y).idiv(3),
        x.add(y).lt(x),
        x.sub(y).cast(int64),
        x.mul(x).add(y).shr(1),
        x.neg().max(y),
        x.add(y).cast(float64),
        x.add(1).abs().cast(int16),
        where(x.lt(y), x.add(y), x).min(y),
        x.add(y).cast(bool),
        x.not().cast(float32),
      ])
        expect(await compare('where', e, dtype, columns)).toEqual([]);
    });
});
