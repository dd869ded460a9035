/** Prints a Program as the words that native code registers (`native/core.cpp`: read_code): straight-line code over typed registers. */
import { bool, type DType, float32, float64, int64 } from '../dtype.js';
import type { Expr } from '../expr.js';
import type { Program } from '../kernel.js';

/** The register types of `native/internal.h`. */
const enum Reg {
  f32,
  f64,
  i64,
  u8,
  raw16,
}

const reduceCodes = { sum: 0, prod: 1, max: 2, min: 3 } as const;

function registerOf(dtype: DType): Reg {
  if (dtype === bool) return Reg.u8;
  if (dtype === float64) return Reg.f64;
  return dtype.isFloatingPoint ? Reg.f32 : Reg.i64;
}

/** A register that holds the bits of a dtype unchanged. */
const rawRegisters: Readonly<Record<number, Reg>> = { 1: Reg.u8, 2: Reg.raw16, 4: Reg.f32, 8: Reg.i64 };

const isInteger = (dtype: DType): boolean => dtype.category === 1;
const isNarrow = (dtype: DType): boolean => isInteger(dtype) && dtype !== int64;

/** Whether every value of integer dtype `from` is one of `to`. */
function holds(to: DType, from: DType): boolean {
  if (from.isSigned && !to.isSigned) return false;
  return from === to || to.itemsize > from.itemsize;
}

/** Ops whose low bits depend on the low bits of their arguments only; narrow integers are wrapped after them when needed, not before. */
const lowBits: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'and', 'or', 'xor', 'not', 'shl', 'where']);
/** Ops on narrow integers whose result may lie outside the dtype. */
const overflowing: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'abs', 'not', 'shl', 'pow', 'idiv']);

/** What a register holds at some time. */
interface Cell {
  readonly id: number;
  readonly register: Reg;
  slot: number;
  /** The last instruction that reads it; Infinity for outputs. */
  lastRead: number;
}

/** A cell seen as a dtype: narrow integers are kept in wide registers, so one cell may serve several dtypes. */
interface Value {
  readonly cell: Cell;
  readonly dtype: DType;
  /** The integer in the register may differ from the value in its high bits. */
  readonly dirty: boolean;
}

interface Step {
  readonly op: number;
  readonly type: Reg;
  readonly aux: number;
  readonly result: Cell;
  readonly args: readonly Value[];
}

interface Output {
  readonly dtype: DType;
  readonly expr: Expr;
}

/** Splits an integer into hi * 2^32 + lo. */
export function splitInt64(value: bigint): [hi: number, lo: number] {
  const wrapped = BigInt.asIntN(64, value);
  return [Number(wrapped >> 32n), Number(wrapped & 0xffffffffn)];
}

class Assembler {
  private readonly steps: Step[] = [];
  private readonly byExpr = new Map<Expr, Value>();
  private readonly byKey = new Map<string, Value>();
  private readonly inputs: Value[];
  private readonly uniforms: { cell: Cell; param: number; hi: number; lo: number }[] = [];
  private cells = 0;

  constructor(
    private readonly opCodes: ReadonlyMap<string, number>,
    inputDTypes: readonly DType[],
    private readonly params: readonly DType[],
    /** Inputs are accumulators: registers, not memory. */
    private readonly accumulated = false,
  ) {
    this.inputs = inputDTypes.map((dtype) => this.value(dtype, accumulated && isNarrow(dtype)));
  }

  private value(dtype: DType, dirty: boolean): Value {
    return { cell: { id: this.cells++, register: registerOf(dtype), slot: -1, lastRead: -1 }, dtype, dirty };
  }

  private emit(op: string, type: Reg, aux: number, args: readonly Value[], dtype: DType, dirty = false): Value {
    const code = this.opCodes.get(op);
    if (code === undefined) throw new Error(`no scalar op '${op}' in this native library`);
    const key = `${code} ${type} ${aux} ${args.map((a) => a.cell.id).join(' ')} ${dtype.code}`;
    const known = this.byKey.get(key);
    if (known) return known;
    const value = this.value(dtype, dirty);
    this.steps.push({ op: code, type, aux, result: value.cell, args });
    this.byKey.set(key, value);
    return value;
  }

  private uniform(dtype: DType, param: number, hi: number, lo: number): Value {
    const key = `uniform ${dtype.code} ${param} ${hi} ${Object.is(lo, -0) ? '-0' : lo}`;
    let value = this.byKey.get(key);
    if (!value) {
      value = this.value(dtype, param >= 0 && isNarrow(dtype));
      this.byKey.set(key, value);
      this.uniforms.push({ cell: value.cell, param, hi, lo });
    }
    return value;
  }

  private constant(e: Expr): Value {
    if (!isInteger(e.dtype)) return this.uniform(e.dtype, -1, 0, Number(e.value));
    const integer = BigInt(typeof e.value === 'number' ? Math.trunc(e.value) : e.value);
    const bits = 8 * e.dtype.itemsize;
    return this.uniform(e.dtype, -1, ...splitInt64(e.dtype.isSigned ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer)));
  }

  /** The value with its high bits put right. */
  private clean(x: Value): Value {
    return x.dirty ? this.emit('cast', Reg.i64, x.dtype.code, [x], x.dtype) : x;
  }

  private cast(x: Value, to: DType): Value {
    const from = x.dtype;
    if (from === to) return x;
    if (isInteger(from) && isInteger(to)) {
      if (holds(to, from)) return { ...this.clean(x), dtype: to };
      const source = to.itemsize > from.itemsize ? this.clean(x) : x;
      return this.emit('cast', Reg.i64, to.code, [source], to);
    }
    if (to === float32 && x.cell.register === Reg.f32) return { ...x, dtype: to };
    const source = this.clean(x);
    return this.emit('cast', source.cell.register, to.code, [source], to);
  }

  private lower(e: Expr): Value {
    switch (e.op) {
      case 'input':
        return this.inputs[e.value as number];
      case 'acc':
        return { ...this.inputs[0], dtype: e.dtype };
      case 'param':
        return this.uniform(this.params[e.value as number], e.value as number, 0, 0);
      case 'const':
        return this.constant(e);
      case 'index':
        return this.emit('index', Reg.i64, e.value as number, [], int64);
      case 'cast':
        return this.cast(this.byExpr.get(e.args[0])!, e.dtype);
      case 'where':
        return this.lowerWhere(e);
      default:
        return this.lowerOp(e);
    }
  }

  private lowerWhere(e: Expr): Value {
    const [condition, yes, no] = e.args.map((arg) => this.byExpr.get(arg)!);
    return this.emit('where', registerOf(e.dtype), 0, [condition, yes, no], e.dtype, yes.dirty || no.dirty);
  }

  private lowerOp(e: Expr): Value {
    let args = e.args.map((arg) => this.byExpr.get(arg)!);
    if (!lowBits.has(e.op)) args = args.map((x) => this.clean(x));
    else if (e.op === 'shl') args = [args[0], this.clean(args[1])];
    const dirty = isNarrow(e.dtype) && (overflowing.has(e.op) || args.some((x) => x.dirty));
    return this.emit(e.op, args[0].cell.register, e.op === 'fromBits' ? e.dtype.code : 0, args, e.dtype, dirty);
  }

  /** Lowers `root` and all below it, without recursion: chains may be long. */
  private build(root: Expr): Value {
    const stack: Expr[] = [root];
    while (stack.length > 0) {
      const e = stack[stack.length - 1];
      const missing = this.byExpr.has(e) ? [] : e.args.filter((arg) => !this.byExpr.has(arg));
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      stack.pop();
      if (!this.byExpr.has(e)) this.byExpr.set(e, this.lower(e));
    }
    return this.byExpr.get(root)!;
  }

  /** The value of an output, which the store brings into its dtype where that only rounds or drops high bits. */
  private buildOutput({ dtype, expr }: Output): Value {
    const value = this.build(expr);
    if (isInteger(value.dtype) && isInteger(dtype) && dtype.itemsize <= value.dtype.itemsize) return value;
    if (value.dtype.isFloatingPoint && dtype.isFloatingPoint && registerOf(dtype) === value.cell.register) return value;
    return this.cast(value, dtype);
  }

  /** The words of the code with these outputs. `exact`: the outputs' registers are read as they are, not stored in their dtype. */
  assemble(outputs: readonly Output[], exact = false): number[] {
    const values = outputs.map((out) => (exact ? this.clean(this.build(out.expr)) : this.buildOutput(out)));
    const raw = this.inputs.map((x) => !exact && !this.accumulated && this.onlyMoved(x, values, outputs));
    const slots = this.allocate(values, raw);
    const words = [slots.length, ...slots, this.inputs.length];
    this.inputs.forEach((x, i) => words.push(x.dtype.code, raw[i] ? 1 : 0));
    words.push(this.uniforms.length);
    for (const u of this.uniforms) words.push(u.cell.slot, u.param, u.hi, u.lo);
    words.push(this.steps.length);
    for (const s of this.steps) {
      const [a, b = a, c = a] = s.args.map((x) => x.cell.slot);
      const read = s.args.length > 0 ? [a, b, c] : [s.result.slot, s.result.slot, s.result.slot];
      words.push(s.op, s.type, s.aux, s.result.slot, ...read);
    }
    words.push(outputs.length);
    values.forEach((value, k) => {
      const source = this.inputs.findIndex((x) => x.cell === value.cell);
      words.push(value.cell.slot, outputs[k].dtype.code, source >= 0 && raw[source] ? 1 : 0);
    });
    return words;
  }

  /** Whether input `x` is only stored as it is, so that its bits may be moved unseen. */
  private onlyMoved(x: Value, values: readonly Value[], outputs: readonly Output[]): boolean {
    if (this.steps.some((s) => s.args.some((a) => a.cell === x.cell))) return false;
    const stores = outputs.filter((_, k) => values[k].cell === x.cell);
    return stores.length > 0 && stores.every((out) => out.dtype === x.dtype);
  }

  /** Gives every cell a slot and returns the slots' register types. Dead temporaries leave theirs to later ones; outputs keep their own. */
  private allocate(outputs: readonly Value[], raw: readonly boolean[]): Reg[] {
    this.steps.forEach((s, at) => s.args.forEach((arg) => (arg.cell.lastRead = at)));
    for (const out of outputs) out.cell.lastRead = Infinity;
    const slots: Reg[] = [];
    const take = (cell: Cell, type: Reg): void => {
      cell.slot = slots.push(type) - 1;
    };
    this.inputs.forEach((x, i) => take(x.cell, raw[i] ? rawRegisters[x.dtype.itemsize] : x.cell.register));
    for (const u of this.uniforms) take(u.cell, u.cell.register);

    const free: number[][] = [[], [], [], [], []];
    const temporary = new Set<Cell>();
    this.steps.forEach((s, at) => {
      for (const cell of new Set(s.args.map((x) => x.cell)))
        if (cell.lastRead === at && temporary.has(cell)) free[cell.register].push(cell.slot);
      const reused = s.result.lastRead === Infinity ? undefined : free[s.result.register].pop();
      if (reused === undefined) take(s.result, s.result.register);
      else s.result.slot = reused;
      if (s.result.lastRead !== Infinity) temporary.add(s.result);
    });
    return slots;
  }
}

/**
 * The words of `program`. `opCodes` gives the native number of each scalar op.
 * Throws where the program holds complex numbers or an op that the library lacks.
 */
export function printBytecode(program: Program, opCodes: ReadonlyMap<string, number>): number[] {
  const { reduce } = program;
  const body = new Assembler(opCodes, program.inputs, program.params);
  const head = [program.params.length, reduce ? reduceCodes[reduce.op] : -1];
  const usesIndex = program.usesIndex ? 1 : 0;
  if (!reduce) return [...head, 0, usesIndex, ...body.assemble(program.outputs)];
  const words = body.assemble([{ dtype: reduce.value.dtype, expr: reduce.value }], true);
  const epilogue = new Assembler(opCodes, [reduce.value.dtype], program.params, true);
  return [...head, registerOf(reduce.value.dtype), usesIndex, ...words, ...epilogue.assemble(program.outputs)];
}
