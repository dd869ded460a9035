/** Arguments of functions and constructors: by position, then one options object by name. */

/** Whether `x` is an options object: a plain object. */
const isOptions = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** Optional arguments: every prefix of `T`, each optionally followed by the options by name. */
export type Args<T extends readonly unknown[], O> = [options?: O] | (T extends readonly [infer H, ...infer R] ? [H, ...Args<R, O>] : never);

/** Arguments of which `R` must be there: by position, or all by name in the options object. */
export type Call<R extends readonly unknown[], T extends readonly unknown[], O> = [...R, ...Args<T, Partial<O>>] | [options: O];

/** `'a', 'b', and 'c'` */
function enumerated(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  if (quoted.length < 3) return quoted.join(' and ');
  return `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
}

function checkRequired(functionName: string, names: readonly string[], bound: Record<string, unknown>): void {
  const missing = names.flatMap((name) => (name.endsWith('!') && !(name.slice(0, -1) in bound) ? [name.slice(0, -1)] : []));
  if (missing.length === 0) return;
  const plural = missing.length > 1 ? 's' : '';
  throw new TypeError(`${functionName}() missing ${missing.length} required positional argument${plural}: ${enumerated(missing)}`);
}

/**
 * The arguments as one object. `names` is PyTorch's order; those with `!` must be there, those behind `*` are given by name only.
 * `const { size, antialias = true } = bind<ResizeOptions>('Resize', 'size!, interpolation, antialias', args);`
 */
export function bind<O extends object>(functionName: string, names: string, args: readonly unknown[]): O {
  const listed = names.split(',').map((name) => name.trim());
  const all = listed.map((name) => name.replace('!', ''));
  const positional = all.includes('*') ? all.slice(0, all.indexOf('*')) : all;
  const last = args.at(-1);
  const named = isOptions(last) ? last : {};
  const given = isOptions(last) ? args.slice(0, -1) : args;
  if (given.length > positional.length)
    throw new TypeError(`${functionName}() takes ${positional.length} positional arguments but ${given.length} were given`);
  const bound: Record<string, unknown> = Object.fromEntries(given.map((value, i) => [positional[i], value]));
  for (const [name, value] of Object.entries(named)) {
    if (!all.includes(name)) throw new TypeError(`${functionName}() got an unexpected keyword argument '${name}'`);
    if (name in bound) throw new TypeError(`${functionName}() got multiple values for argument '${name}'`);
    bound[name] = value;
  }
  checkRequired(functionName, listed, bound);
  return bound as O;
}

/** A number that is a float in Python, as Python prints it: `1.0`, `1e-05`. */
export function pythonFloat(x: number): string {
  const [mantissa, exponent] = x.toExponential().split('e-');
  if (exponent !== undefined && Number(exponent) > 4) return `${mantissa}e-${exponent.padStart(2, '0')}`;
  return Number.isInteger(x) ? `${x}.0` : String(x);
}
