/** How operators are defined: `define` for any function, `pointwise` for elementwise formulas. */
import { bool, type DType } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import { needsRecord } from '../autograd/node.js';
import { getDevice } from '../device/registry.js';
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { checkOverlap } from '../tensor/overlap.js';
import {
  canCast,
  defaultDtypeEpoch,
  dtypeOfNumber,
  getDefaultDtype,
  isComplexNumber,
  isNumber,
  type Number_,
  resultType,
} from '../tensor/promote.js';
import { broadcastSizes, formatShape, sameSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { type CustomGradient, Formula, inputLeaves, paramLeaf } from './formula.js';
import { applyFormula, recordFormula } from './apply.js';
import { checkInplace, keepOriginal, rebase } from './inplace.js';
import { runFormulaInto } from './launch.js';
import { describe, notTensor, snakeCase } from './messages.js';
import { scalarTensor, toCommonDevice } from './scalar.js';
import { isOptions, Signature } from './signature.js';

/** What tells operators apart from other exports; read when methods are attached. */
export interface OperatorInfo {
  readonly opName: string;
  /** The in-place form, where there is one. */
  readonly inplace?: (...args: never[]) => unknown;
}

/**
 * A function whose arguments may be given by position or by name. `spec` is its parameter list (`Signature`).
 * Every operator takes the option `out`.
 * `const trace = define<Op>('trace', 'input', (input) => …)`
 */
export function define<F>(name: string, spec: string, body: (...args: never[]) => unknown, wrongOut: WrongOut = expectedOut): F {
  const signature = new Signature(name, spec);
  const run = body as (...args: unknown[]) => unknown;
  const takesTensor = tensorNames.has(signature.first);
  const op = acceptOut(signature, wrongOut, (args) => {
    const bound = signature.bind(args);
    if (takesTensor && !(bound[0] instanceof Tensor)) throw notTensor(name, signature.first, 1, bound[0]);
    return interceptor ? interceptor(name, bound, (changed) => run(...changed)) : run(...bound);
  });
  return Object.assign(op, { opName: name }) as unknown as F;
}

/** First parameters by these names are tensors, never numbers or lists. */
const tensorNames: ReadonlySet<string> = new Set(['input', 'A', 'LU', 'LD', 'LUData', 'x1', 'gradOutput']);

/** Stands between operators and their callers: autocast changes their arguments, ONNX's export notes them. In-place forms have names ending in `_`. */
export type Interceptor = (name: string, args: readonly unknown[], run: (args: readonly unknown[]) => unknown) => unknown;
let interceptor: Interceptor | null = null;
export const setInterceptor = (f: Interceptor | null): void => void (interceptor = f);
/** Whether something wants to see every operator, so that none may be left out by a shortcut. */
export const isIntercepted = (): boolean => interceptor !== null;

/** What to say of an `out` whose dtype is not the result's, both by PyTorch's names. Where the result always has `dtype`, that comes first. */
export type WrongOut = ((result: string, out: string) => string) & { readonly dtype?: DType };
const expectedOut: WrongOut = (result, out) =>
  `Expected out tensor to have dtype ${result.toLowerCase()}, but got ${out.toLowerCase()} instead`;

/** Refuses an `out` that can't hold a result of `dtype`. */
export function checkOut(dtype: DType, out: Tensor, wrongOut: WrongOut | null): void {
  if (wrongOut ? dtype === out.dtype : canCast(dtype, out.dtype)) return;
  const [from, to] = [dtype, out.dtype].map(scalarTypeName);
  throw new RuntimeError(wrongOut?.(from, to) ?? `result type ${from} can't be cast to the desired output type ${to}`);
}

/** Writes results into the caller's `out`; set by `out.ts`. */
let writeOut: (name: string, result: unknown, out: unknown, inputs: readonly Tensor[], wrongOut: WrongOut | null) => unknown;
export const setWriteOut = (f: typeof writeOut): void => void (writeOut = f);

/** `call` with the option `out`, whose dtype stands for a missing `dtype`. Without `wrongOut` results are cast as PyTorch's promotion allows. */
export function acceptOut(
  signature: Signature,
  wrongOut: WrongOut | null,
  call: (args: readonly unknown[]) => unknown,
  writeInto: (args: readonly unknown[], out: Tensor) => boolean = () => false,
) {
  return (...args: unknown[]): unknown => {
    const last = args[args.length - 1];
    if (!isOptions(last) || !('out' in last)) return call(args);
    const { out, ...options } = last;
    if (out instanceof Tensor && Object.keys(last).length === 1 && writeInto(args.slice(0, -1), out)) return out;
    if (out instanceof Tensor && signature.has('dtype') && !options.dtype) options.dtype = out.dtype;
    if (wrongOut?.dtype && out instanceof Tensor) checkOut(wrongOut.dtype, out, wrongOut);
    const inputs = args.flat().filter((x) => x instanceof Tensor);
    const result = call([...args.slice(0, -1), options]);
    return out ? writeOut(signature.functionName, result, out, inputs, wrongOut) : result;
  };
}

/** How the dtype of a pointwise operation follows from its operands. */
export type Promotion =
  /** The promoted dtype. */
  | 'arithmetic'
  /** The promoted dtype; integers and booleans become the default float dtype. */
  | 'float'
  /** Operands are promoted among each other; the formula says what comes out. */
  | 'comparison'
  /** As 'arithmetic'; floats are refused. */
  | 'integral';

export interface GradientWords {
  /** The gradient of the result. */
  readonly grad: Expr;
  readonly result: Expr;
  /** The operands in the dtype of the computation, then the other numbers. */
  readonly args: readonly Expr[];
  readonly extras: readonly never[];
}

export interface PointwiseSpec {
  /** Parameter list; the first `operands` of them take part in type promotion. */
  readonly args: string;
  readonly operands?: number;
  readonly promotion?: Promotion;
  /** How many leading operands (a condition) keep their own dtype. */
  readonly neutral?: number;
  /** The gradients of the operands, where the one derived from the formula is not PyTorch's or not stable. */
  readonly grad?: (words: GradientWords) => (Expr | null)[];
  /** PyTorch's name of the graph node, where it is not the op's. */
  readonly node?: string | ((operands: readonly unknown[], numbers: readonly Number_[]) => string);
  /** Whether numbers among the operands are no tensors in PyTorch, so that its nodes keep nothing for them. */
  readonly plainNumbers?: boolean;
  /** Whether PyTorch's nodes keep tensors that the derivative does not need: then, too, there is only one backward. */
  readonly savesMore?: boolean;
  /** Complex operands are refused with this message. */
  readonly refuse?: (dtypes: readonly DType[], common: DType) => string | null;
  readonly noInplace?: boolean;
  /** What to say of an `out` of another dtype, where none may be cast to. */
  readonly wrongOut?: WrongOut;
  /** Refuses values of arguments, which come in the order of `args`. */
  readonly check?: (...args: never[]) => void;
  /** Which operands must be tensors, not numbers: the first, all, or none. By default one of them. */
  readonly takes?: 'tensorFirst' | 'tensors' | 'numbers';
}

type PointwiseFormula = (...args: never[]) => Expr;

interface Traced {
  readonly formula: Formula;
  readonly outDtype: DType;
}

/** The class of an operand in a cache key: dtype and whether 0-dim, or the kind of number. */
function kindOf(x: Tensor | Number_ | null | undefined): number {
  if (x instanceof Tensor) return x.dtype.code + (x.sizes.length === 0 ? 16 : 0);
  if (x === null || x === undefined) return 28;
  if (typeof x === 'number') return Number.isInteger(x) ? 12 : 13;
  return typeof x === 'boolean' ? 14 : typeof x === 'bigint' ? 12 : 15;
}

const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
const NO_NUMBERS: readonly Number_[] = [];
/** The list itself where it is all tensors; one that was left out may be a hole, which `every` does not see. */
function tensorsAmong(list: readonly unknown[]): Tensor[] {
  for (let i = 0; i < list.length; i++) if (!isTensor(list[i])) return list.filter(isTensor);
  return list as Tensor[];
}

class PointwiseOp {
  readonly signature: Signature;
  private readonly operandCount: number;
  private readonly cache = new Map<string, Map<number, Traced>>();
  private epoch = defaultDtypeEpoch;
  /** What `knownTrace` found last. */
  private lastKey = 0;
  private lastTraced: Traced | undefined;

  constructor(
    readonly name: string,
    private readonly spec: PointwiseSpec,
    private readonly formula: PointwiseFormula,
  ) {
    this.signature = new Signature(name, spec.args);
    this.operandCount = spec.operands ?? 1;
  }

  /** Computes a new tensor, or writes into `target` (the first operand, in place). */
  call(raw: readonly unknown[], inplace: boolean): Tensor {
    const known = raw.length === this.operandCount ? this.knownTrace(raw) : undefined;
    if (known) {
      this.spec.check?.(...(raw as never[]));
      return this.run(known, raw as (Tensor | Number_)[], raw as (Tensor | Number_)[], inplace);
    }
    return this.callBound(raw.length === this.operandCount && !isOptions(raw[raw.length - 1]) ? raw : this.signature.bind(raw), inplace);
  }

  /** The same with arguments in the order of the signature. */
  callBound(args: readonly unknown[], inplace: boolean): Tensor {
    const operands: (Tensor | Number_ | null | undefined)[] = args.slice(0, this.operandCount) as Tensor[];
    const extras = args.slice(this.operandCount);
    if (this.spec.takes === 'numbers' && !operands.some((x) => !isNumber(x))) operands[0] = numberAsTensor(operands[0] as Number_);
    this.checkOperands(operands);
    this.spec.check?.(...(args as never[]));
    const traced = this.trace(operands, extras);
    const numbers = [...operands, ...extras].filter((x): x is Number_ => isNumber(x) && (typeof x !== 'boolean' || operands.includes(x)));
    return this.run(traced, operands, numbers, inplace);
  }

  private run(
    traced: Traced,
    operands: readonly (Tensor | Number_ | null | undefined)[],
    values: readonly (Tensor | Number_)[],
    inplace: boolean,
  ): Tensor {
    const tensors = tensorsAmong(operands);
    const params = values === tensors ? NO_NUMBERS : values.filter((x): x is Number_ => !isTensor(x));
    const local = toCommonDevice(tensors);
    return inplace ? this.runInplace(traced, local, params) : applyFormula(traced.formula, this.nodeName(operands, params), local, params);
  }

  /** What was traced for operands of these kinds before, if they are tensors and plain numbers alone. */
  private knownTrace(raw: readonly unknown[]): Traced | undefined {
    if (this.epoch !== defaultDtypeEpoch) return undefined;
    let key = 1;
    for (let i = 0; i < raw.length; i++) {
      const x = raw[i];
      if (x instanceof Tensor) key = key * 32 + x.dtype.code + (x.sizes.length === 0 ? 16 : 0);
      else if (typeof x === 'number' && !this.spec.check) key = key * 32 + (Number.isInteger(x) ? 12 : 13);
      else return undefined;
    }
    if (key !== this.lastKey) [this.lastKey, this.lastTraced] = [key, this.cache.get('')?.get(key)];
    return this.lastTraced;
  }

  /** Computes right into `out`, and says so, where it fits as it is and nothing has to be recorded. */
  writeInto(raw: readonly unknown[], out: Tensor): boolean {
    const traced = raw.length === this.operandCount ? this.knownTrace(raw) : undefined;
    if (traced?.outDtype !== out.dtype || interceptor) return false;
    const tensors = raw.filter((x) => x instanceof Tensor);
    if (needsRecord([out, ...tensors]) || tensors.some((t) => t.storage === out.storage || t.storage.device !== out.storage.device))
      return false;
    const sizes = tensors.reduce<readonly number[]>((s, t) => broadcastSizes(s, t.sizes), tensors[0].sizes);
    if (!sameSizes(sizes, out.sizes)) return false;
    this.spec.check?.(...(raw as never[]));
    checkInplace(out);
    runFormulaInto(traced.formula, out, tensors, raw.filter(isNumber));
    return true;
  }

  private nodeName(operands: readonly unknown[], numbers: readonly Number_[]): string {
    const { node = this.name } = this.spec;
    return typeof node === 'string' ? node : node(operands, numbers);
  }

  private checkOperands(operands: readonly unknown[]): void {
    operands.forEach((x, i) => {
      if (x instanceof Tensor) return;
      const { takes } = this.spec;
      const parameter = this.spec.args.split(', ')[i];
      const isMissing = x === null || x === undefined;
      if (isMissing ? parameter.endsWith('?') : isNumber(x) && !(takes === 'tensors' || (takes === 'tensorFirst' && i === 0))) return;
      const name = parameter.replace('?', '');
      if (this.spec.takes === 'tensorFirst')
        throw new TypeError(
          `${this.name}() received an invalid combination of arguments - got (${operands.map(describe).join(', ')}), but expected (Tensor input, Tensor other) or (Tensor input, Number other)`,
        );
      throw new TypeError(`${snakeCase(this.name)}(): argument '${name}' (position ${i + 1}) must be Tensor, not ${describe(x)}`);
    });
    if (!operands.some((x) => x instanceof Tensor)) {
      throw new TypeError(`${this.name}(): argument 'input' (position 1) must be Tensor, not ${describe(operands[0])}`);
    }
  }

  private trace(operands: readonly (Tensor | Number_ | null | undefined)[], extras: readonly unknown[]): Traced {
    if (this.epoch !== defaultDtypeEpoch) {
      this.cache.clear();
      this.epoch = defaultDtypeEpoch;
    }
    let key = 1;
    for (const x of operands) key = key * 32 + kindOf(x);
    const statics =
      extras.length === 0
        ? ''
        : extras.map((x) => (typeof x === 'number' ? (Number.isInteger(x) ? '#' : '%') : isComplexNumber(x) ? '&' : String(x))).join();
    this.lastKey = 0;
    let byKind = this.cache.get(statics);
    if (!byKind) this.cache.set(statics, (byKind = new Map<number, Traced>()));
    let traced = byKind.get(key);
    if (!traced) byKind.set(key, (traced = this.traceNew(operands, extras)));
    return traced;
  }

  private traceNew(operands: readonly (Tensor | Number_ | null | undefined)[], extras: readonly unknown[]): Traced {
    const present = operands.filter((x) => x !== null && x !== undefined) as (Tensor | Number_)[];
    const neutral = this.spec.neutral ?? 0;
    const common = this.computeType(present.slice(neutral));
    const inputs = inputLeaves(present.filter((x) => x instanceof Tensor).map((x) => x.dtype));
    const params: Expr[] = [];
    const number = (value: Number_, dtype: DType): Expr => {
      const leaf = paramLeaf(params.length, isComplexNumber(value) ? dtype.toComplex() : dtype);
      params.push(leaf);
      return leaf;
    };
    let next = 0;
    const values = operands.map((x, i) => {
      if (x === null || x === undefined) return undefined;
      if (x instanceof Tensor) return i < neutral ? inputs[next++] : inputs[next++].cast(common);
      return number(x, common);
    });
    const operandParams = params.length;
    const others = extras.map((x) => (typeof x === 'boolean' || !isNumber(x) ? x : number(x, numberType(x, common))));
    const output = this.formula(...([...values, ...others] as never[]));
    const gradient = this.customGradient(operands, values, others);
    const { plainNumbers, savesMore } = this.spec;
    const saves = { more: savesMore ?? false, numbers: plainNumbers ? 0 : operandParams };
    return { formula: new Formula(inputs, params, [output], gradient, saves), outDtype: output.dtype };
  }

  /** Wraps the spec's `grad`, which knows operands in the common dtype, for the leaves (tensors only). */
  private customGradient(
    operands: readonly unknown[],
    values: readonly (Expr | undefined)[],
    extras: readonly unknown[],
  ): CustomGradient | undefined {
    const { grad: rule } = this.spec;
    if (!rule) return undefined;
    return (_inputs, _params, grad, result) => {
      const all = rule({ grad, result, args: values as Expr[], extras: extras as never[] });
      return all.filter((_, i) => operands[i] instanceof Tensor);
    };
  }

  private computeType(present: readonly (Tensor | Number_)[]): DType {
    const common = resultType(present);
    const refusal = this.spec.refuse?.(
      present.map((x) => (x instanceof Tensor ? x.dtype : dtypeOfNumber(x))),
      common,
    );
    if (refusal) throw new RuntimeError(refusal);
    return this.settled(common);
  }

  /** The formula on given expressions, brought to the dtype that `common` makes of them. */
  apply(operands: readonly Expr[], common: DType): Expr {
    const refusal = this.spec.refuse?.(
      operands.map((x) => x.dtype),
      common,
    );
    if (refusal) throw new RuntimeError(refusal);
    const dtype = this.settled(common);
    return this.formula(...(operands.map((x) => x.cast(dtype)) as never[]));
  }

  private settled(common: DType): DType {
    if (this.spec.promotion === 'integral' && common.category >= 2) {
      throw new NotImplementedError(`"${snakeCase(this.name)}_cpu" not implemented for '${scalarTypeName(common)}'`);
    }
    return this.spec.promotion === 'float' && common.category < 2 ? getDefaultDtype() : common;
  }

  private runInplace(traced: Traced, tensors: readonly Tensor[], params: readonly Number_[]): Tensor {
    const [self] = tensors;
    const { formula } = traced;
    checkInplace(self);
    checkOverlap(self, tensors);
    if (!canCast(traced.outDtype, self.dtype)) {
      throw new RuntimeError(
        `result type ${scalarTypeName(traced.outDtype)} can't be cast to the desired output type ${scalarTypeName(self.dtype)}`,
      );
    }
    const sizes = tensors.reduce<readonly number[]>((s, t) => broadcastSizes(s, t.sizes), self.sizes);
    if (!sameSizes(sizes, self.sizes)) {
      throw new RuntimeError(`output with shape ${formatShape(self.sizes)} doesn't match the broadcast shape ${formatShape(sizes)}`);
    }
    const target = castFormula(formula, self.dtype);
    if (!needsRecord(tensors)) {
      runFormulaInto(target, self, tensors, params);
      return self;
    }
    const inputs = [keepOriginal(self, tensors), ...tensors.slice(1)];
    runFormulaInto(target, self, inputs, params);
    const result = new Tensor(self.storage, self.dtype, self.sizes, self.strides, self.offset);
    recordFormula(target, this.nodeName(tensors, params), inputs, params, [result]);
    rebase(self, result);
    return self;
  }
}

/** Numbers that are no operands keep to the dtype of the computation, at least a float for a fraction. */
const numberType = (x: Number_, common: DType): DType =>
  common.category < 2 && dtypeOfNumber(x).category === 2 ? getDefaultDtype() : common === bool ? dtypeOfNumber(x) : common;

const castFormulas = new WeakMap<Formula, Map<DType, Formula>>();
/** `formula` with its result cast to `dtype`, for writing in place. */
function castFormula(formula: Formula, dtype: DType): Formula {
  if (formula.outputs[0].dtype === dtype) return formula;
  let known = castFormulas.get(formula);
  if (!known) castFormulas.set(formula, (known = new Map()));
  let cast = known.get(dtype);
  if (!cast) known.set(dtype, (cast = formula.withOutputs([formula.outputs[0].cast(dtype)])));
  return cast;
}

const numberAsTensor = (x: Number_): Tensor => scalarTensor(x, dtypeOfNumber(x), getDevice('cpu'));

/** The C++ types of floats and complex numbers, which some of PyTorch's error messages use. */
export function cppTypeName({ name }: DType): string {
  const names: Record<string, string> = {
    float32: 'float',
    float64: 'double',
    float16: 'c10::Half',
    bfloat16: 'c10::BFloat16',
    complex64: 'c10::complex<float>',
    complex128: 'c10::complex<double>',
  };
  return names[name] ?? name;
}

/** PyTorch's C++ names of dtypes, which its error messages use. */
export function scalarTypeName(dtype: DType): string {
  const names: Record<string, string> = {
    float32: 'Float',
    float64: 'Double',
    float16: 'Half',
    bfloat16: 'BFloat16',
    int8: 'Char',
    int16: 'Short',
    int32: 'Int',
    int64: 'Long',
    uint8: 'Byte',
    bool: 'Bool',
    complex64: 'ComplexFloat',
    complex128: 'ComplexDouble',
  };
  return names[dtype.name];
}

/**
 * An elementwise operator from its formula over `Expr`: function, in-place form, derivative and the kernels of every device.
 * `export const square: Op = pointwise('square', { args: 'input' }, (x: Expr) => x.mul(x));`
 */
export function pointwise<F>(name: string, spec: PointwiseSpec, formula: PointwiseFormula): F {
  const op = new PointwiseOp(name, spec, formula);
  const run = (args: readonly unknown[], changes: boolean): unknown =>
    interceptor
      ? interceptor(changes ? `${name}_` : name, op.signature.bind(args), (changed) => op.callBound(changed, changes))
      : op.call(args, changes);
  const call = acceptOut(
    op.signature,
    spec.wrongOut ?? null,
    (args) => run(args, false),
    (args, out) => op.writeInto(args, out),
  );
  const inplace = (...args: unknown[]): unknown => run(args, true);
  const defined = Object.assign(call, { opName: name, ...(spec.noInplace ? {} : { inplace }) });
  pointwiseOps.set(defined, op);
  return defined as unknown as F;
}

const pointwiseOps = new WeakMap<object, PointwiseOp>();
/** The formula behind a pointwise operator, for fusing. */
export function pointwiseParts(operator: unknown): { apply(operands: readonly Expr[], common: DType): Expr } {
  const op = pointwiseOps.get(operator as object);
  if (!op) throw new TypeError('not a pointwise operator');
  return op;
}
