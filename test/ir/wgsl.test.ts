import { describe, expect, it } from 'vitest';
import { bfloat16, bool, complex64, type DType, float16, float32, float64, int32, int64, int8, uint8 } from '../../src/ir/dtype.js';
import { evaluate, evaluator, reduceIdentity, reduceStep, type Value } from '../../src/ir/evaluate.js';
import { acc, arity, binary, constant, type Expr, index, input, type Op, param, unary, where } from '../../src/ir/expr.js';
import { printWgsl } from '../../src/ir/print/wgsl.js';
import { all, approximate, edgesOf, families, integerEdges } from './edges.js';
import { programOf, reductionOf } from './programs.js';
import { gpu } from './webgpu.js';

const [x, y] = [input(0, float32), input(1, float32)];
const onGpu = all.filter((dtype) => dtype !== float64);

describe('printed WGSL', () => {
  it('of a pointwise kernel', () => {
    expect(printWgsl(programOf([float32, float32], [x.mul(y).add(1)]), 2)).toMatchSnapshot();
  });

  it('of params, coordinates and infinite constants', () => {
    const e = where(index(0).lt(param(1, int64)), x.mul(param(0, float32)), -Infinity);
    expect(printWgsl(programOf([float32], [e], [float32, int64]), 1)).toMatchSnapshot();
  });

  it('of elements that share words', () => {
    const program = programOf([uint8, float16, bool], [input(0, uint8).add(1), input(1, float16).add(1), input(2, bool).not()]);
    expect(printWgsl(program, 1)).toMatchSnapshot();
  });

  it('of a reduction with an epilogue', () => {
    expect(printWgsl(reductionOf([float32], 'sum', x.square(), acc(float32).sqrt()), 2)).toMatchSnapshot();
  });

  it('of a maximum of bools', () => {
    expect(printWgsl(reductionOf([bool], 'max', input(0, bool), acc(bool)), 1)).toMatchSnapshot();
  });

  it('of every scalar op', () => {
    const lines: string[] = [];
    for (const [ops, types] of families)
      for (const op of ops)
        for (const dtype of types.filter((t) => t !== float64)) {
          const text = printWgsl(programOf([dtype, dtype], [exprOf(op, dtype)]), 1);
          const statement = text.split('\n').filter((line) => /let v\d+/.test(line));
          lines.push(`${op} ${dtype.name}: ${statement.map((line) => line.trim()).join(' ')}`);
        }
    expect(lines.join('\n')).toMatchSnapshot();
  });

  it('refuses what WebGPU has not', () => {
    expect(() => printWgsl(programOf([float64], [input(0, float64)]), 1)).toThrow('no float64');
    expect(() => printWgsl(programOf([float32], [x.cast(float64).cast(float32)]), 1)).toThrow('no float64');
    expect(() => printWgsl(programOf([complex64], [input(0, complex64)]), 1)).toThrow('complex');
    expect(() => printWgsl(programOf([], [constant(2n ** 40n, int64)]), 1)).toThrow('does not fit');
  });
});

function exprOf(op: Op, dtype: DType): Expr {
  return arity[op] === 1 ? unary(op, input(0, dtype)) : binary(op, input(0, dtype), input(1, dtype));
}

/** WebGPU may flush denormals, and its functions are good to a few units in the last place of moderate arguments. */
function alike(op: Op, dtype: DType, got: Value, want: Value): boolean {
  if (typeof got !== 'number' || typeof want !== 'number') return got === want;
  if (Number.isNaN(want) || Number.isNaN(got)) return Number.isNaN(got) && Number.isNaN(want);
  const tiny = 1.2e-38;
  if (got === want || (Math.abs(got) <= tiny && Math.abs(want) <= tiny)) return true;
  if (!Number.isFinite(got) || !Number.isFinite(want))
    return Math.min(Math.abs(got), Math.abs(want)) > 3.3e38 && Math.sign(got) === Math.sign(want);
  const step = dtype === float16 ? 2 ** -10 : dtype === bfloat16 ? 2 ** -7 : 2e-4;
  const relative = approximate.has(op) ? step : op === 'rem' ? 1e-3 : op === 'div' || op === 'sqrt' ? 1e-6 : 0;
  return Math.abs(got - want) <= relative * Math.max(Math.abs(got), Math.abs(want)) + (approximate.has(op) ? 1e-5 : 0);
}

/** Where WGSL promises nothing: angles and quotients that are far out, and denormal arguments of functions. */
function unpromised(op: Op, args: readonly Value[]): boolean {
  const numbers = args.map((a) => Math.abs(Number(a))).filter(Number.isFinite);
  const [least, most] = [Math.min(...numbers.filter((a) => a > 0)), Math.max(...numbers)];
  if (least < 1.2e-38) return true;
  if (['sin', 'cos', 'tan'].includes(op))
    return !args.every((a) => Number.isFinite(a)) || most > 100 || (op === 'tan' && Math.abs(Math.cos(most)) < 1e-5);
  if (['rem', 'idiv'].includes(op) && typeof args[0] === 'number') return most / least > 1e4;
  if (op === 'pow') return most > 100;
  if (['lgamma', 'digamma'].includes(op)) return (args[0] as number) < 0 && (args[0] as number) < -100;
  if (['zeta', 'igamma', 'igammac'].includes(op)) return most > 25 || least < 1e-4;
  return false;
}

const memoryValue = (dtype: DType, v: Value): Value =>
  dtype.category === 2 ? evaluate(input(0, float64).cast(dtype), { inputs: [v], params: [] }) : v;

async function differences(op: Op, e: Expr, dtype: DType, columns: readonly (readonly Value[])[]): Promise<string[]> {
  const n = columns[0].length;
  const program = programOf(
    columns.map(() => dtype),
    [e],
  );
  const [got] = await gpu!.run({
    program,
    sizes: [n],
    inputs: columns.map((values) => ({ values, strides: [1] })),
    outputs: [{ length: n, strides: [1] }],
  });
  const found: string[] = [];
  for (let i = 0; i < n; i++) {
    const args = columns.map((values) => memoryValue(dtype, values[i]));
    if (unpromised(op, args)) continue;
    let want = memoryValue(e.dtype, evaluate(e, { inputs: args, params: [] }));
    if (e.dtype === int64) want = BigInt.asIntN(32, want as bigint);
    if (!alike(op, e.dtype, got[i], want)) found.push(`${op}(${args.join(', ')}): ${got[i]}, not ${want}`);
  }
  return found;
}

const edges32 = (dtype: DType): Value[] => (dtype === int64 ? integerEdges(int64, 32n) : edgesOf(dtype));

function columnsFor(op: Op, dtype: DType): Value[][] {
  const edges = edges32(dtype);
  if (arity[op] === 1) return [edges];
  const few = dtype.category === 2 ? edges.filter((_, i) => i % 3 === 0 || i > edges.length - 4) : edges;
  // Shifts by 32 and more bits are no int64's here, nor is the lowest int32 divided by -1.
  const pairs = few
    .flatMap((a) => few.map((b) => [a, b]))
    .filter(([, b]) => !(dtype === int64 && ['shl', 'shr', 'idiv'].includes(op) && (b === 31n || b === 63n)));
  return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
}

describe.skipIf(!gpu)('WGSL on a driver agrees with the evaluator', () => {
  for (const [ops, types] of families)
    for (const op of ops)
      for (const dtype of types.filter((t) => t !== float64))
        it(`${op} of ${dtype.name}`, async () => {
          expect(await differences(op, exprOf(op, dtype), dtype, columnsFor(op, dtype))).toEqual([]);
        });

  for (const from of onGpu)
    for (const to of onGpu)
      if (from !== to)
        it(`${from.name} to ${to.name}`, async () => {
          const edges = edges32(from).filter(
            (v) => to !== int64 || from.category !== 2 || Math.abs(memoryValue(from, v) as number) < 2 ** 31,
          );
          expect(await differences('cast', input(0, from).cast(to), from, [edges])).toEqual([]);
        });

  const cases = [
    ['sum', float32],
    ['max', float32],
    ['min', float16],
    ['prod', bfloat16],
    ['sum', int32],
    ['max', int8],
    ['min', bool],
    ['sum', bool],
    ['max', int64],
  ] as const;
  for (const [op, dtype] of cases)
    it(`${op} of ${dtype.name}`, async () => {
      const sizes = [3, 70, 5];
      const values = Array.from({ length: 1050 }, (_, i): Value =>
        dtype === bool ? i % 71 !== 3 : dtype.category === 1 ? BigInt((i * 37) % 120) - 50n : 1 + ((i * 37) % 64) / 512,
      );
      const program = reductionOf([dtype], op, input(0, dtype), acc(dtype));
      const reduced = [false, true, false];
      const [got] = await gpu!.run({
        program,
        sizes,
        inputs: [{ values, strides: [350, 5, 1] }],
        outputs: [{ length: 15, strides: [5, 0, 1] }],
        reduced,
      });
      const run = evaluator([input(0, dtype)]);
      const want = Array.from({ length: 15 }, (_, i) => {
        let total = reduceIdentity(op, dtype);
        for (let r = 0; r < 70; r++)
          total = reduceStep(
            op,
            dtype,
            total,
            run({ inputs: [memoryValue(dtype, values[Math.floor(i / 5) * 350 + r * 5 + (i % 5)])], params: [] })[0],
          );
        return total;
      });
      const tolerance = dtype === float32 ? 1e-5 : 2e-2;
      const wrong = got.filter((v, i) => (typeof v === 'number' ? Math.abs(v / (want[i] as number) - 1) > tolerance : v !== want[i]));
      expect(wrong).toEqual([]);
    });
});
