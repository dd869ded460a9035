/**
 * A traced pointwise computation: expressions over typed inputs and params, its Program, and its gradient, which is again a Formula. So every
 * derivative of every order is one kernel.
 */
import { bool, type DType } from '../ir/dtype.js';
import { lowerComplex } from '../ir/complex.js';
import { derive } from '../ir/derive.js';
import { Expr, input, param } from '../ir/expr.js';
import type { Program, ReduceOp, Scalar } from '../ir/kernel.js';
import { simplify, topological } from '../ir/simplify.js';
import { type ComplexNumber, isComplexNumber, type Number_ } from '../tensor/promote.js';

/** Which part of which tensor a lowered operand reads or writes. */
interface Part {
  readonly source: number;
  readonly part: 0 | 1;
}

/** A Program over real numbers, with the way from tensors and numbers to its operands. */
export interface Lowering {
  readonly program: Program;
  readonly inputs: readonly Part[];
  readonly params: readonly Part[];
  readonly outputs: readonly Part[];
  /** No complex numbers: operand i is tensor i. */
  readonly direct: boolean;
}

/** The gradient of a Formula for some of its inputs. */
export interface Gradient {
  readonly formula: Formula;
  /** What the inputs of `formula` are, behind the gradient of the output: input numbers, or -1 for the result. */
  readonly uses: readonly number[];
  /** Whether PyTorch saves more than these: numbers that are operands, as tensors, or what the derivative does not need. */
  readonly savesMore: boolean;
  /** The input whose gradient output k of `formula` is. */
  readonly targets: readonly number[];
}

export type CustomGradient = (inputs: readonly Expr[], params: readonly Expr[], grad: Expr, result: Expr) => (Expr | null)[];

/** What nodes save in PyTorch besides tensors that the derivative needs. */
interface Saves {
  /** How many params, the first ones, are saved as tensors where the derivative needs them. */
  readonly numbers: number;
  readonly more: boolean;
}
const NOTHING: Saves = { numbers: 0, more: false };

export class Formula {
  readonly outputs: readonly Expr[];
  private lowered: Lowering | null = null;
  private readonly reductions = new Map<string, Lowering[]>();
  private readonly gradients = new Map<number, Gradient>();
  private readonly single: Formula[] = [];

  constructor(
    readonly inputs: readonly Expr[],
    readonly params: readonly Expr[],
    outputs: readonly Expr[],
    private readonly customGradient?: CustomGradient,
    private readonly saves = NOTHING,
  ) {
    this.outputs = simplify(outputs);
  }

  /** The same inputs and params with other outputs. */
  withOutputs(outputs: readonly Expr[]): Formula {
    return new Formula(this.inputs, this.params, outputs, this.customGradient, this.saves);
  }

  /** Output k alone. */
  only(k: number): Formula {
    if (this.outputs.length === 1) return this;
    return (this.single[k] ??= new Formula(this.inputs, this.params, [this.outputs[k]]));
  }

  get lowering(): Lowering {
    return (this.lowered ??= this.lower());
  }

  private lower(): Lowering {
    const { outputs, inputs, params } = lowerComplex(this.outputs, this.inputs, this.params);
    const exprs = simplify(outputs);
    const program = makeProgram(
      inputs.map((x) => x.expr),
      params.map((x) => x.expr),
      exprs.map((expr) => ({ dtype: expr.dtype, expr })),
    );
    const parts = this.outputs.flatMap((e, source): Part[] =>
      e.dtype.isComplex
        ? [
            { source, part: 0 },
            { source, part: 1 },
          ]
        : [{ source, part: 0 }],
    );
    const direct = inputs.length === this.inputs.length && params.length === this.params.length && parts.length === this.outputs.length;
    return { program, inputs, params, outputs: parts, direct };
  }

  /**
   * The Programs that reduce output 0 in the dtype `accumulate` and then apply `epilogue`: one, or one each for the real and the imaginary part.
   */
  reduction(op: ReduceOp, accumulate: DType, key: string, epilogue: (acc: Expr, params: readonly Expr[]) => Expr): Lowering[] {
    const name = `${op} ${accumulate.name} ${key}`;
    let known = this.reductions.get(name);
    if (!known) {
      known = this.lowerReduction(op, accumulate, epilogue);
      this.reductions.set(name, known);
    }
    return known;
  }

  private lowerReduction(op: ReduceOp, accumulate: DType, epilogue: (acc: Expr, params: readonly Expr[]) => Expr): Lowering[] {
    const { outputs, inputs, params } = lowerComplex([this.outputs[0].cast(accumulate)], this.inputs, this.params);
    return outputs.map((value, i) => {
      const acc = new Expr('acc', value.dtype);
      const [body, expr] = simplify([
        value,
        epilogue(
          acc,
          params.map((p) => p.expr),
        ),
      ]);
      const program = makeProgram(
        inputs.map((x) => x.expr),
        params.map((x) => x.expr),
        [{ dtype: expr.dtype, expr }],
        { op, value: body },
      );
      return {
        program,
        inputs,
        params,
        outputs: [{ source: 0, part: i as 0 | 1 }],
        direct: !accumulate.isComplex && inputs.length === this.inputs.length,
      };
    });
  }

  /** The gradients of the inputs in `mask` (a bit each), given the gradient of output 0. */
  gradient(mask: number): Gradient {
    let known = this.gradients.get(mask);
    if (!known) {
      known = this.deriveGradient(mask);
      this.gradients.set(mask, known);
    }
    return known;
  }

  private deriveGradient(mask: number): Gradient {
    const [output] = this.outputs;
    const grad = new Expr('input', output.dtype, [], -1);
    const result = new Expr('input', output.dtype, [], -2);
    const all = this.customGradient ? this.customGradient(this.inputs, this.params, grad, result) : derive(output, this.inputs, grad);
    // A derivative in terms of the value itself (exp, tanh, …) reads the saved result instead of computing it again.
    const known = !this.customGradient && output.args.length === 1 && output.op !== 'cast' ? [[output, result] as const] : [];
    const targets = this.inputs.flatMap((_, i) => (mask & (1 << i) && all[i] ? [i] : []));
    const outputs = simplify(
      substitute(
        targets.map((i) => fitGradient(all[i] as Expr, this.inputs[i].dtype)),
        known,
      ),
    );
    const used = new Set(topological(outputs));
    const uses = [...this.inputs.flatMap((x, i) => (used.has(x) ? [i] : [])), ...(used.has(result) ? [-1] : [])];
    const leaves = [grad, ...uses.map((i) => (i < 0 ? result : this.inputs[i]))];
    const savesMore = this.saves.more || this.params.slice(0, this.saves.numbers).some((x) => used.has(x));
    return { formula: renumbered(leaves, this.params, outputs), uses, savesMore, targets };
  }
}

/** A gradient in the dtype of its input: the real part where the input is real. */
const fitGradient = (g: Expr, dtype: DType): Expr => (g.dtype.isComplex && !dtype.isComplex ? g.real : g).cast(dtype);

/** A Formula over `leaves`, which get new input numbers in this order. */
function renumbered(leaves: readonly Expr[], params: readonly Expr[], outputs: readonly Expr[]): Formula {
  const fresh = leaves.map((x, i) => input(i, x.dtype));
  return new Formula(
    fresh,
    params,
    substitute(
      outputs,
      leaves.map((x, i) => [x, fresh[i]] as const),
    ),
  );
}

/** `roots` with some nodes replaced. */
function substitute(roots: readonly Expr[], replacements: readonly (readonly [Expr, Expr])[]): Expr[] {
  const done = new Map<Expr, Expr>(replacements);
  const visit = (e: Expr): Expr => {
    const known = done.get(e);
    if (known) return known;
    const made = e.args.length ? new Expr(e.op, e.dtype, e.args.map(visit), e.value) : e;
    done.set(e, made);
    return made;
  };
  return roots.map(visit);
}

function makeProgram(inputs: readonly Expr[], params: readonly Expr[], outputs: Program['outputs'], reduce?: Program['reduce']): Program {
  const roots = [...outputs.map((o) => o.expr), ...(reduce ? [reduce.value] : [])];
  const usesIndex = topological(roots).some((e) => e.op === 'index');
  return { inputs: inputs.map((x) => x.dtype), params: params.map((x) => x.dtype), outputs, usesIndex, ...(reduce ? { reduce } : {}) };
}

/** Fresh leaves for operands of these dtypes. */
export const inputLeaves = (dtypes: readonly DType[]): Expr[] => dtypes.map((dtype, i) => input(i, dtype));
export const paramLeaf = (i: number, dtype: DType): Expr => param(i, dtype);

/** One number for a (part of a) param. */
export function paramValue(value: Number_, part: 0 | 1, dtype: DType): Scalar {
  if (isComplexNumber(value)) return part ? (value as ComplexNumber).im : (value as ComplexNumber).re;
  if (part) return 0;
  return dtype === bool ? Boolean(value) : (value as Scalar);
}

/** Whether tensor `t` is all that formula output `k` is: then no kernel is needed. */
export const isIdentity = (formula: Formula, k: number): boolean => formula.outputs[k] === formula.inputs[0];
