/** Printing expressions in languages that look like C: one statement a node, the operators from a table. */
import type { DType } from '../dtype.js';
import { UnsupportedError } from '../errors.js';
import type { Expr, Op } from '../expr.js';
import { inOrder } from '../order.js';

export type Template = (args: readonly string[], e: Expr) => string;

/** What differs between the languages. */
export interface Dialect {
  /** A statement that names a value. */
  readonly declare: (name: string, value: string, dtype: DType) => string;
  readonly literal: (e: Expr) => string;
  /** The template of `op` on arguments of `dtype`, or undefined where the language has none. */
  readonly template: (op: Op, dtype: DType) => Template | undefined;
}

const infix =
  (operator: string): Template =>
  ([a, b]) =>
    `(${a} ${operator} ${b})`;
const prefix =
  (operator: string): Template =>
  ([a]) =>
    `(${operator}${a})`;
export const call =
  (name: string): Template =>
  (args) =>
    `${name}(${args.join(', ')})`;

/** What C, CUDA and WGSL have in common, for numbers that no edge case troubles. */
export const shared: Partial<Record<Op, Template>> = {
  neg: prefix('-'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  and: infix('&'),
  or: infix('|'),
  xor: infix('^'),
};

export interface Printed {
  readonly lines: readonly string[];
  /** The names of the roots' values. */
  readonly results: readonly string[];
}

/** Statements that compute `roots`; `leaf` gives the text of inputs, params, coordinates and the accumulator. Names begin with `name`. */
export function printStatements(roots: readonly Expr[], dialect: Dialect, leaf: (e: Expr) => string, name = 'v'): Printed {
  const lines: string[] = [];
  const names = new Map<Expr, string>();
  for (const e of inOrder(roots)) {
    if (e.op === 'const') {
      names.set(e, dialect.literal(e));
      continue;
    }
    const own = `${name}${lines.length}`;
    lines.push(dialect.declare(own, valueOf(e, dialect, leaf, names), e.dtype));
    names.set(e, own);
  }
  return { lines, results: roots.map((e) => names.get(e)!) };
}

function valueOf(e: Expr, dialect: Dialect, leaf: (e: Expr) => string, names: ReadonlyMap<Expr, string>): string {
  if (e.args.length === 0) return leaf(e);
  const operand = e.op === 'where' ? e.args[1] : e.args[0];
  const template = dialect.template(e.op, operand.dtype);
  if (!template) throw new UnsupportedError(`no '${e.op}' of ${operand.dtype} here`);
  return template(
    e.args.map((arg) => names.get(arg)!),
    e,
  );
}
