/**
 * Prints Programs as WGSL compute shaders.
 *
 * Integers are i32 (int64 too: it wraps at 32 bits), float16 and bfloat16 are computed in f32; elements smaller than 4 bytes lie packed
 * in words and are stored atomically. float64 is refused.
 *
 * Bindings of group 0: the inputs, the outputs, then `launch: array<i32>`, which holds in this order: how many elements are kept, how many
 * are reduced for each, the params (floats as their bits), the kept size of every dim (1 where reduced), the reduced size of every dim
 * (1 where kept), then for each operand its offset and its strides, in elements.
 */
import { bfloat16, bool, type DType, float16, float64, int16, int64, int8, uint8 } from '../dtype.js';
import { UnsupportedError } from '../errors.js';
import { type Expr, floatFunctions, type Op } from '../expr.js';
import type { Program, ReduceOp, Scalar } from '../kernel.js';
import { call, type Dialect, printStatements, shared, type Template } from './c-style.js';
import { functionsFor } from './wgsl-functions.js';

export const WORKGROUP = 64;

function checkDType(dtype: DType): void {
  if (dtype === float64) throw new UnsupportedError('WebGPU has no float64; use float32');
  if (dtype.isComplex) throw new UnsupportedError('complex numbers must be lowered before printing');
}

const typeOf = (dtype: DType): string => (dtype === bool ? 'bool' : dtype.category === 1 ? 'i32' : 'f32');

// ---- Scalar ops ----

const named =
  (prefix: string, ...ops: Op[]) =>
  (): [Op, Template][] =>
    ops.map((op) => [op, call(`${prefix}${op}`)]);

const floats: Partial<Record<Op, Template>> = {
  ...shared,
  ...Object.fromEntries(
    named(
      'f_',
      'neg',
      'sqrt',
      ...floatFunctions,
      'div',
      'rem',
      'pow',
      'min',
      'max',
      'atan2',
      'igamma',
      'igammac',
      'zeta',
      'lt',
      'le',
      'eq',
    )(),
  ),
  ...Object.fromEntries(named('', 'abs', 'floor', 'ceil', 'trunc', 'round', 'sin', 'cos', 'tan', 'atan')()),
  ne: ([a, b]) => `!f_eq(${a}, ${b})`,
  idiv: ([a, b]) => `trunc(f_div(${a}, ${b}))`,
  bits: ([a]) => `bitcast<i32>(${a})`,
};

const integers: Partial<Record<Op, Template>> = {
  ...shared,
  ...Object.fromEntries(named('', 'abs', 'min', 'max')()),
  ...Object.fromEntries((['floor', 'ceil', 'trunc', 'round'] as const).map((op) => [op, ([a]: readonly string[]) => a])),
  not: ([a]) => `(~${a})`,
  idiv: call('i_div'),
  rem: call('i_rem'),
  shl: call('i_shl'),
  shr: call('i_shr'),
  pow: call('i_pow'),
  lt: ([a, b]) => `(${a} < ${b})`,
  le: ([a, b]) => `(${a} <= ${b})`,
  eq: ([a, b]) => `(${a} == ${b})`,
  ne: ([a, b]) => `(${a} != ${b})`,
  fromBits: ([a]) => `bitcast<f32>(${a})`,
};

const bools: Partial<Record<Op, Template>> = {
  ...Object.fromEntries((['neg', 'abs', 'floor', 'ceil', 'trunc', 'round'] as const).map((op) => [op, ([a]: readonly string[]) => a])),
  ...Object.fromEntries((['add', 'max', 'or'] as const).map((op) => [op, ([a, b]: readonly string[]) => `(${a} || ${b})`])),
  ...Object.fromEntries((['mul', 'min', 'and'] as const).map((op) => [op, ([a, b]: readonly string[]) => `(${a} && ${b})`])),
  ...Object.fromEntries((['sub', 'xor', 'ne'] as const).map((op) => [op, ([a, b]: readonly string[]) => `(${a} != ${b})`])),
  not: ([a]) => `(!${a})`,
  lt: ([a, b]) => `(!${a} && ${b})`,
  le: ([a, b]) => `(!${a} || ${b})`,
  eq: ([a, b]) => `(${a} == ${b})`,
};

/** Ops on narrow integers whose result may lie outside the dtype. */
const overflowing: ReadonlySet<Op> = new Set<Op>(['add', 'sub', 'mul', 'neg', 'abs', 'not', 'shl', 'pow', 'idiv']);

/** An i32 brought into the range of `dtype`. */
function wrap(x: string, dtype: DType): string {
  if (dtype === uint8) return `(${x} & 255)`;
  if (dtype === int8) return `((${x} << 24u) >> 24u)`;
  return dtype === int16 ? `((${x} << 16u) >> 16u)` : x;
}

function cast([x]: readonly string[], { dtype: to, args: [{ dtype: from }] }: Expr): string {
  if (to === bool) return from.category === 2 ? `!f_eq(${x}, 0.0)` : from === bool ? x : `(${x} != 0)`;
  if (to.category === 1) {
    if (from === bool) return `select(0, 1, ${x})`;
    return wrap(from.category === 2 ? `to_i32(${x})` : x, to);
  }
  const value = from === bool ? `select(0.0, 1.0, ${x})` : from.category === 1 ? `f32(${x})` : x;
  if (to === float16) return `from_f16(to_f16(${value}))`;
  return to === bfloat16 ? `from_bf16(to_bf16(${value}))` : value;
}

const where: Template = ([condition, yes, no]) => `select(${no}, ${yes}, ${condition})`;

function template(op: Op, dtype: DType): Template | undefined {
  if (op === 'cast') return cast;
  if (op === 'where') return where;
  const plain = (dtype === bool ? bools : dtype.category === 1 ? integers : floats)[op];
  if (!plain || dtype.category !== 1 || !overflowing.has(op)) return plain;
  return (args, e) => wrap(plain(args, e), dtype);
}

function literal({ dtype, value }: Expr): string {
  if (dtype === bool) return value ? 'true' : 'false';
  if (dtype.category === 1) return integerLiteral(BigInt(typeof value === 'number' ? Math.trunc(value) : value), dtype);
  const x = Math.fround(Number(value));
  if (Number.isNaN(x)) return 'special(0x7fc00000u)';
  if (!Number.isFinite(x)) return x > 0 ? 'special(0x7f800000u)' : 'special(0xff800000u)';
  if (Object.is(x, -0)) return 'special(0x80000000u)';
  const text = String(x);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

function integerLiteral(value: bigint, dtype: DType): string {
  if (dtype === int64 && BigInt.asIntN(32, value) !== value)
    throw new UnsupportedError(`int64 on WebGPU has 32 bits: ${value} does not fit`);
  const wrapped = dtype === uint8 ? BigInt.asUintN(8, value) : BigInt.asIntN(8 * Math.min(dtype.itemsize, 4), value);
  return wrapped === -(2n ** 31n) ? 'i32(-2147483647 - 1)' : `${wrapped}i`;
}

const dialect: Dialect = { declare: (name, value, dtype) => `let ${name}: ${typeOf(dtype)} = ${value};`, literal, template };

// ---- Memory ----

/** Elements of a word, for those that are smaller. */
const perWord = (dtype: DType): number => (dtype === bool || dtype === uint8 || dtype === int8 ? 4 : dtype.itemsize === 2 ? 2 : 1);

function storageType(dtype: DType, written: boolean): string {
  if (perWord(dtype) > 1) return written ? 'array<atomic<u32>>' : 'array<u32>';
  return `array<${typeOf(dtype)}>`;
}

function loadElement(name: string, dtype: DType, at: string): string {
  const n = perWord(dtype);
  if (n === 1) return `${name}[${at}]`;
  const bits = 32 / n;
  const raw = `((${name}[${at} / ${n}] >> (u32(${at} % ${n}) * ${bits}u)) & ${2 ** bits - 1}u)`;
  if (dtype === bool) return `(${raw} != 0u)`;
  if (dtype === float16) return `from_f16(${raw})`;
  if (dtype === bfloat16) return `from_bf16(${raw})`;
  return wrap(`i32(${raw})`, dtype);
}

function storeElement(name: string, dtype: DType, at: string, value: string): string[] {
  const n = perWord(dtype);
  if (n === 1) return [`${name}[${at}] = ${value};`];
  const bits = 32 / n;
  const mask = `${2 ** bits - 1}u`;
  const raw =
    dtype === bool
      ? `select(0u, 1u, ${value})`
      : dtype === float16
        ? `to_f16(${value})`
        : dtype === bfloat16
          ? `to_bf16(${value})`
          : `(u32(${value}) & ${mask})`;
  const shift = `(u32(${at} % ${n}) * ${bits}u)`;
  return [`atomicAnd(&${name}[${at} / ${n}], ~(${mask} << ${shift}));`, `atomicOr(&${name}[${at} / ${n}], ${raw} << ${shift});`];
}

/** A value as one of `dtype`, where the output's dtype differs from its expression's. */
const converted = (e: Expr, dtype: DType): Expr =>
  e.dtype === dtype || (e.dtype.category === 2 && dtype.category === 2) ? e : e.cast(dtype);

// ---- Shaders ----

/** Where things lie in `launch`. */
class LaunchLayout {
  readonly params = 2;
  readonly sizes: number;
  readonly reducedSizes: number;
  readonly operands: number;
  constructor(
    program: Program,
    readonly ndim: number,
  ) {
    this.sizes = this.params + program.params.length;
    this.reducedSizes = this.sizes + ndim;
    this.operands = this.reducedSizes + ndim;
  }
  operand(o: number): number {
    return this.operands + o * (this.ndim + 1);
  }
}

function paramText(i: number, dtype: DType, layout: LaunchLayout): string {
  const word = `launch[${layout.params + i}]`;
  if (dtype === bool) return `(${word} != 0)`;
  return dtype.category === 1 ? wrap(word, dtype) : `bitcast<f32>(${word})`;
}

/** Statements that split `flat` into coordinates along dims with sizes at launch[from…]: names `prefix`0, `prefix`1, … */
function splitIndex(flat: string, prefix: string, from: number, ndim: number): string[] {
  const lines = [`var ${prefix}_rest = ${flat};`];
  for (let d = ndim - 1; d >= 0; d--) {
    lines.push(`let ${prefix}${d} = ${prefix}_rest % launch[${from + d}];`, `${prefix}_rest = ${prefix}_rest / launch[${from + d}];`);
  }
  return lines;
}

/** The element that operand `o` has at the coordinates `names`. */
function position(o: number, names: readonly string[], layout: LaunchLayout): string {
  const at = layout.operand(o);
  return [`launch[${at}]`, ...names.map((name, d) => `${name} * launch[${at + 1 + d}]`)].join(' + ');
}

const coordinates = (prefix: string, ndim: number): string[] => Array.from({ length: ndim }, (_, d) => `${prefix}${d}`);

function bindings(program: Program): string[] {
  const lines = program.inputs.map((dtype, i) => `@group(0) @binding(${i}) var<storage, read> in${i}: ${storageType(dtype, false)};`);
  const first = program.inputs.length;
  program.outputs.forEach(({ dtype }, k) => {
    lines.push(`@group(0) @binding(${first + k}) var<storage, read_write> out${k}: ${storageType(dtype, true)};`);
  });
  lines.push(`@group(0) @binding(${first + program.outputs.length}) var<storage, read> launch: array<i32>;`);
  return lines;
}

function usedInputs(roots: readonly Expr[]): Set<number> {
  const used = new Set<number>();
  const seen = new Set<Expr>();
  const stack = [...roots];
  for (let e = stack.pop(); e; e = stack.pop()) {
    if (seen.has(e)) continue;
    seen.add(e);
    checkDType(e.dtype);
    if (e.op === 'input') used.add(e.value as number);
    stack.push(...e.args);
  }
  return used;
}

function loadInputs(program: Program, roots: readonly Expr[], names: readonly string[], layout: LaunchLayout): string[] {
  return [...usedInputs(roots)]
    .sort((a, b) => a - b)
    .flatMap((i) => {
      const at = `at${i}`;
      return [
        `let ${at} = ${position(i, names, layout)};`,
        `let x${i}: ${typeOf(program.inputs[i])} = ${loadElement(`in${i}`, program.inputs[i], at)};`,
      ];
    });
}

function storeOutputs(program: Program, values: readonly string[], names: readonly string[], layout: LaunchLayout): string[] {
  return program.outputs.flatMap(({ dtype }, k) => {
    const at = `to${k}`;
    return [`let ${at} = ${position(program.inputs.length + k, names, layout)};`, ...storeElement(`out${k}`, dtype, at, values[k])];
  });
}

const leafText =
  (layout: LaunchLayout, names: readonly string[]) =>
  (e: Expr): string => {
    if (e.op === 'input') return `x${e.value as number}`;
    if (e.op === 'param') return paramText(e.value as number, e.dtype, layout);
    return e.op === 'index' ? names[e.value as number] : 'total';
  };

const header = `@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {`;

const indent = (lines: readonly string[], by = '  '): string => lines.map((line) => by + line).join('\n');

function pointwise(program: Program, ndim: number): string {
  const layout = new LaunchLayout(program, ndim);
  const names = coordinates('c', ndim);
  const roots = program.outputs.map(({ expr, dtype }) => converted(expr, dtype));
  const { lines, results } = printStatements(roots, dialect, leafText(layout, names));
  return `${header}
  let i = i32((group.x + group.y * groups.x) * ${WORKGROUP}u + lane);
  if (i >= launch[0]) { return; }
${indent([...splitIndex('i', 'c', layout.sizes, ndim), ...loadInputs(program, roots, names, layout), ...lines, ...storeOutputs(program, results, names, layout)])}
}`;
}

const foldTemplates: Readonly<Record<ReduceOp, Op>> = { sum: 'add', prod: 'mul', max: 'max', min: 'min' };

function identity(op: ReduceOp, dtype: DType): string {
  const whole = op === 'sum' ? 0 : 1;
  if (op === 'sum' || op === 'prod') return dtype === bool ? String(whole === 1) : dtype.category === 1 ? `${whole}i` : `${whole}.0f`;
  if (dtype === bool) return String(op === 'min');
  if (dtype.category === 1) return op === 'max' ? 'i32(-2147483647 - 1)' : '2147483647i';
  return `special(${op === 'max' ? '0xff800000u' : '0x7f800000u'})`;
}

/** One workgroup an output: each lane folds every 64th element, then the lanes are folded pairwise. */
function reduction(program: Program, ndim: number): string {
  const layout = new LaunchLayout(program, ndim);
  const { op, value } = program.reduce!;
  checkDType(value.dtype);
  const type = typeOf(value.dtype);
  const names = coordinates('c', ndim);
  const body = printStatements([value], dialect, leafText(layout, names));
  const roots = program.outputs.map(({ expr, dtype }) => converted(expr, dtype));
  usedInputs(roots);
  const epilogue = printStatements(roots, dialect, leafText(layout, names), 'e');
  const fold = template(foldTemplates[op], value.dtype)!;
  const folded = (a: string, b: string): string => fold([a, b], value);
  return `var<workgroup> partial: array<${type === 'bool' ? 'u32' : type}, ${WORKGROUP}>;

${header}
  let item = i32(group.x + group.y * groups.x);
  let inside = item < launch[0];
${indent(splitIndex('select(0, item, inside)', 'k', layout.sizes, ndim))}
  var acc: ${type} = ${identity(op, value.dtype)};
  for (var i = i32(lane); inside && i < launch[1]; i += ${WORKGROUP}) {
${indent(splitIndex('i', 'r', layout.reducedSizes, ndim), '    ')}
${indent(
  names.map((name, d) => `let ${name} = k${d} + r${d};`),
  '    ',
)}
${indent([...loadInputs(program, [value], names, layout), ...body.lines, `acc = ${folded('acc', body.results[0])};`], '    ')}
  }
  partial[lane] = ${type === 'bool' ? 'select(0u, 1u, acc)' : 'acc'};
  for (var width = ${WORKGROUP / 2}u; width > 0u; width = width / 2u) {
    workgroupBarrier();
    if (lane < width) {
      let a = partial[lane]${type === 'bool' ? ' != 0u' : ''};
      let b = partial[lane + width]${type === 'bool' ? ' != 0u' : ''};
      partial[lane] = ${type === 'bool' ? `select(0u, 1u, ${folded('a', 'b')})` : folded('a', 'b')};
    }
  }
  if (lane != 0u || !inside) { return; }
  let total: ${type} = ${type === 'bool' ? 'partial[0] != 0u' : 'partial[0]'};
${indent([...epilogue.lines, ...storeOutputs(program, epilogue.results, coordinates('k', ndim), layout)])}
}`;
}

/**
 * The WGSL of `program` over an index space of `ndim` dims. A pointwise shader wants kept count / 64 workgroups, a reduction one an output
 * (rows of at most 65,535 along y). Throws UnsupportedError for float64 and for int64 constants beyond 32 bits.
 */
export function printWgsl(program: Program, ndim: number): string {
  for (const dtype of [...program.inputs, ...program.params, ...program.outputs.map((out) => out.dtype)]) checkDType(dtype);
  const main = program.reduce ? reduction(program, ndim) : pointwise(program, ndim);
  return [...bindings(program), '', ...functionsFor(main), '', main, ''].join('\n');
}

/** The numbers of one launch, as the shader wants them in `launch`. */
export function launchWords(
  program: Program,
  sizes: readonly number[],
  operands: readonly { readonly offset: number; readonly strides: readonly number[] }[],
  params: readonly Scalar[],
  reduced: readonly boolean[] = [],
): Int32Array {
  const kept = sizes.map((n, d) => (reduced[d] ? 1 : n));
  const inner = sizes.map((n, d) => (reduced[d] ? n : 1));
  const count = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
  const words = [count(kept), count(inner), ...params.map((x, i) => paramWord(x, program.params[i])), ...kept, ...inner];
  for (const { offset, strides } of operands) words.push(offset, ...strides);
  return Int32Array.from(words);
}

function paramWord(x: Scalar, dtype: DType): number {
  if (dtype.category === 2) return new Int32Array(Float32Array.of(Number(x)).buffer)[0];
  const integer = BigInt(typeof x === 'number' ? Math.trunc(x) : x);
  if (BigInt.asIntN(32, integer) !== integer) throw new UnsupportedError(`int64 on WebGPU has 32 bits: ${integer} does not fit`);
  return Number(integer);
}
