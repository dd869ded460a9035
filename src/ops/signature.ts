/** Binds arguments given by position and by name, as every PyTorch function takes them. */
import { Tensor } from '../tensor/tensor.js';

/** Names that NumPy's users write. */
const synonyms: Record<string, string> = { axis: 'dim', keepdims: 'keepdim', self: 'input', axes: 'dims' };

/** Whether `x` is an options object: a plain object that is no complex number. */
export function isOptions(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null || x instanceof Tensor || Array.isArray(x)) return false;
  const prototype = Object.getPrototypeOf(x) as unknown;
  return (prototype === Object.prototype || prototype === null) && !('re' in x && 'im' in x);
}

/**
 * A parameter list such as `'input, dim, keepdim?, *, dtype?'`: `?` marks optional parameters, those behind `*` are given by name only,
 * and `...size` collects numbers or takes one array.
 */
export class Signature {
  private readonly names: readonly string[];
  private readonly positional: number;
  private readonly required: ReadonlySet<number>;
  private readonly variadic: number;

  constructor(
    readonly functionName: string,
    spec: string,
  ) {
    const words = spec
      .split(',')
      .map((w) => w.trim())
      .filter(Boolean);
    const star = words.indexOf('*');
    const all = words.filter((w) => w !== '*');
    this.names = all.map((w) => w.replace('...', '').replace('?', ''));
    this.positional = star < 0 ? all.length : star;
    this.required = new Set(all.flatMap((w, i) => (w.endsWith('?') ? [] : [i])));
    this.variadic = all.findIndex((w) => w.startsWith('...'));
  }

  /** The name of the first parameter. */
  get first(): string {
    return this.names[0];
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  bind(args: readonly unknown[]): unknown[] {
    const named = args.length > 0 && isOptions(args[args.length - 1]) ? (args[args.length - 1] as Record<string, unknown>) : null;
    const count = named ? args.length - 1 : args.length;
    const bound = this.variadic >= 0 ? this.bindVariadic(args, count) : this.bindPositional(args, count);
    if (named) this.bindNamed(bound, named);
    for (const i of this.required) if (bound[i] === undefined) throw this.missing(i);
    return bound;
  }

  private bindPositional(args: readonly unknown[], count: number): unknown[] {
    if (count > this.positional) {
      throw new TypeError(
        `${this.functionName}() takes ${this.positional} positional argument${this.positional === 1 ? '' : 's'} but ${count} were given`,
      );
    }
    return args.slice(0, count);
  }

  /** Collects `f(a, 1, 2, 3)` as `f(a, [1, 2, 3])`. */
  private bindVariadic(args: readonly unknown[], count: number): unknown[] {
    const at = this.variadic;
    const isList =
      Array.isArray(args[at]) ||
      count <= at ||
      typeof args[at] === 'string' ||
      (typeof args[at] === 'object' && !(args[at] instanceof Tensor));
    if (isList) return this.bindPositional(args, count);
    return [...args.slice(0, at), args.slice(at, count)];
  }

  private bindNamed(bound: unknown[], named: Record<string, unknown>): void {
    for (const key of Object.keys(named)) {
      let i = this.names.indexOf(key);
      if (i < 0 && key in synonyms) i = this.names.indexOf(synonyms[key]);
      if (i < 0) throw new TypeError(`${this.functionName}() got an unexpected keyword argument '${key}'`);
      if (bound[i] !== undefined) throw new TypeError(`${this.functionName}() got multiple values for argument '${key}'`);
      bound[i] = named[key];
    }
  }

  private missing(i: number): Error {
    const { functionName, names } = this;
    return new TypeError(`${functionName}() missing 1 required positional argument: "${names[i]}"`);
  }
}

/**
 * `body`, whose arguments may also be given by name in one trailing options object.
 * `const clip = callable<Clip>('clip_grad_norm_', 'parameters, maxNorm, normType?', (parameters, maxNorm, normType = 2) => …)`
 */
export function callable<F>(functionName: string, spec: string, body: (...args: never[]) => unknown): F {
  const signature = new Signature(functionName, spec);
  const run = body as (...args: unknown[]) => unknown;
  return ((...args: unknown[]) => run(...signature.bind(args))) as F;
}
