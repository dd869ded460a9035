/** `torch.expr`: infix arithmetic on tensors, one kernel for every run of elementwise operators. */
import { bool, int64 } from '../ir/dtype.js';
import { constant, type Expr } from '../ir/expr.js';
import { applyFormula } from '../ops/apply.js';
import { pointwiseParts } from '../ops/define.js';
import { describe } from '../ops/messages.js';
import { Formula, inputLeaves, paramLeaf } from '../ops/formula.js';
import { matmul } from '../ops/matmul.js';
import * as pointwise from '../ops/pointwise.js';

import { scalarTensor, toCommonDevice } from '../ops/scalar.js';
import { resolveDevice } from '../ops/memory.js';
import {
  defaultDtypeEpoch,
  dtypeOfNumber,
  getDefaultDtype,
  isComplexNumber,
  isNumber,
  type Number_,
  promoteClasses,
} from '../tensor/promote.js';
import { Tensor } from '../tensor/tensor.js';
import type { TensorLike } from '../ops/types.js';
import { type BinaryOperator, parse, type Syntax } from './expr-parser.js';

const operators: Record<Exclude<BinaryOperator, '@'>, unknown> = {
  '+': pointwise.add,
  '-': pointwise.sub,
  '*': pointwise.mul,
  '/': pointwise.trueDivide,
  '//': pointwise.floorDivide,
  '%': pointwise.remainder,
  '**': pointwise.generalPow,
  '&': pointwise.bitwiseAnd,
  '|': pointwise.bitwiseOr,
  '^': pointwise.bitwiseXor,
  '<<': pointwise.bitwiseLeftShift,
  '>>': pointwise.bitwiseRightShift,
  '<': pointwise.lt,
  '<=': pointwise.le,
  '>': pointwise.gt,
  '>=': pointwise.ge,
  '==': pointwise.eq,
  '!=': pointwise.ne,
};
const unaryOperators = { '-': pointwise.neg, '~': pointwise.bitwiseNot } as const;
const nodeNames: Record<string, string> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '**': 'pow', '%': 'remainder' };

/** A value while tracing. Its class decides promotion: 0 a bare number, 1 a 0-dim tensor, 2 a tensor. */
interface Traced {
  readonly expr: Expr;
  readonly rank: 0 | 1 | 2;
  readonly literal?: number;
}

class Tracer {
  readonly inputs: Expr[] = [];
  readonly params: Expr[] = [];
  readonly tensors: number[] = [];
  readonly numbers: number[] = [];
  private readonly leaves = new Map<number, Traced>();

  constructor(private readonly values: readonly TensorLike[]) {}

  trace(syntax: Syntax): Traced {
    switch (syntax.kind) {
      case 'operand':
        return this.operand(syntax.index);
      case 'number': {
        const dtype = syntax.isFloat ? getDefaultDtype() : int64;
        return { expr: constant(syntax.value, dtype), rank: 0, literal: syntax.value };
      }
      case 'unary':
        return this.unary(syntax.op, this.trace(syntax.arg));
      default:
        return this.binary(syntax.op as Exclude<BinaryOperator, '@'>, this.trace(syntax.left), this.trace(syntax.right));
    }
  }

  private operand(i: number): Traced {
    let known = this.leaves.get(i);
    if (!known) this.leaves.set(i, (known = this.leaf(i, this.values[i])));
    return known;
  }

  private leaf(i: number, value: TensorLike): Traced {
    if (value instanceof Tensor) {
      const expr = inputLeaves([...this.inputs.map((e) => e.dtype), value.dtype])[this.inputs.length];
      this.inputs.push(expr);
      this.tensors.push(i);
      return { expr, rank: value.sizes.length === 0 ? 1 : 2 };
    }
    const expr = paramLeaf(this.params.length, dtypeOfNumber(value));
    this.params.push(expr);
    this.numbers.push(i);
    return { expr, rank: 0 };
  }

  private unary(op: '-' | '+' | '~', x: Traced): Traced {
    if (op === '+') return x;
    if (x.literal !== undefined && op === '-') return { expr: constant(-x.literal, x.expr.dtype), rank: 0, literal: -x.literal };
    return { expr: pointwiseParts(unaryOperators[op]).apply([x.expr], x.expr.dtype), rank: x.rank };
  }

  private binary(op: Exclude<BinaryOperator, '@'>, a: Traced, b: Traced): Traced {
    const rank = Math.max(a.rank, b.rank) as 0 | 1 | 2;
    const common = promoteClasses([a, b].map((x) => ({ dtype: x.expr.dtype, rank: x.rank })));
    if (op === '**' && (b.literal === 2 || b.literal === 3) && common !== bool) {
      const x = a.expr.cast(common);
      return { expr: b.literal === 2 ? x.mul(x) : x.mul(x).mul(x), rank };
    }
    return { expr: pointwiseParts(operators[op]).apply([a.expr, b.expr], common), rank };
  }
}

/** A fused run: its formula and which operands feed it. */
interface Plan {
  readonly formula: Formula;
  readonly tensors: readonly number[];
  readonly numbers: readonly number[];
  readonly name: string;
}

/** One call site: its syntax, cut at every `@`, and the plans for the kinds of operands seen so far. */
class CallSite {
  private readonly syntax: Syntax;
  private readonly plans = new Map<string, Plan>();
  private epoch = defaultDtypeEpoch;

  constructor(strings: readonly string[]) {
    this.syntax = parse(strings);
  }

  run(values: readonly TensorLike[]): Tensor {
    values.forEach((v, i) => {
      if (!(v instanceof Tensor) && !isNumber(v))
        throw new TypeError(`torch.expr: operand ${i} must be Tensor or Number, not ${describe(v)}`);
    });
    return this.evaluate(this.syntax, [...values], 'root');
  }

  /** Computes the products below `syntax` first, then the rest as one kernel. */
  private evaluate(syntax: Syntax, values: TensorLike[], path: string): Tensor {
    const elementwise = this.withProducts(syntax, values, path);
    if (elementwise.kind === 'operand') return asTensor(values[elementwise.index]);
    return this.runFused(elementwise, values, path);
  }

  private withProducts(syntax: Syntax, values: TensorLike[], path: string): Syntax {
    if (syntax.kind === 'unary') return { ...syntax, arg: this.withProducts(syntax.arg, values, `${path}u`) };
    if (syntax.kind !== 'binary') return syntax;
    if (syntax.op !== '@')
      return {
        ...syntax,
        left: this.withProducts(syntax.left, values, `${path}l`),
        right: this.withProducts(syntax.right, values, `${path}r`),
      };
    const product = matmul(this.evaluate(syntax.left, values, `${path}l`), this.evaluate(syntax.right, values, `${path}r`));
    return { kind: 'operand', index: values.push(product) - 1 };
  }

  private runFused(syntax: Syntax, values: readonly TensorLike[], path: string): Tensor {
    const plan = this.planFor(syntax, values, path);
    const tensors = plan.tensors.map((i) => values[i] as Tensor);
    const numbers = plan.numbers.map((i) => values[i] as Number_);
    if (tensors.length === 0) throw new TypeError('torch.expr: at least one operand must be a Tensor');
    return applyFormula(plan.formula, plan.name, toCommonDevice(tensors), numbers);
  }

  private planFor(syntax: Syntax, values: readonly TensorLike[], path: string): Plan {
    if (this.epoch !== defaultDtypeEpoch) {
      this.plans.clear();
      this.epoch = defaultDtypeEpoch;
    }
    let key = path;
    for (const v of values) key += v instanceof Tensor ? `|${v.dtype.code}${v.sizes.length === 0 ? 's' : ''}` : `|${kindOf(v)}`;
    let plan = this.plans.get(key);
    if (!plan) this.plans.set(key, (plan = makePlan(syntax, values)));
    return plan;
  }
}
const kindOf = (v: Number_): string => (isComplexNumber(v) ? 'c' : typeof v === 'number' ? (Number.isInteger(v) ? 'i' : 'f') : typeof v);
const asTensor = (v: TensorLike): Tensor => (v instanceof Tensor ? v : scalarTensor(v, dtypeOfNumber(v), resolveDevice('cpu')));

function makePlan(syntax: Syntax, values: readonly TensorLike[]): Plan {
  const tracer = new Tracer(values);
  const { expr } = tracer.trace(syntax);
  const formula = new Formula(tracer.inputs, tracer.params, [expr]);
  return {
    formula,
    tensors: tracer.tensors,
    numbers: tracer.numbers,
    name: syntax.kind === 'binary' ? (nodeNames[syntax.op] ?? 'expr') : 'neg',
  };
}

const sites = new WeakMap<readonly string[], CallSite>();

/**
 * Infix arithmetic with Python's operators and precedence (`**`, `@`, `//`, `%`, comparisons, `&`, `|`, `^`, `~`, shifts): parsed once per
 * call
 * site, differentiable, and one kernel for every run of elementwise operators. A literal such as `2.0` is a float, `2` an integer.
 * @throws SyntaxError with a caret under the place that cannot be read
 * @example
 * const x = torch.tensor([1, 2], { requiresGrad: true });
 * torch.expr`3 * ${x}**2 + 1`.detach()  // tensor([ 4., 13.])
 */
export function expr(strings: TemplateStringsArray, ...values: TensorLike[]): Tensor {
  let site = sites.get(strings);
  if (!site) sites.set(strings, (site = new CallSite(strings)));
  return site.run(values);
}
