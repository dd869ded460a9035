/** Words that PyTorch's error messages are made of. */

/** PyTorch's spelling of a name. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Python's name for the type of a value. */
export function describe(x: unknown): string {
  if (typeof x === 'number') return Number.isInteger(x) ? 'int' : 'float';
  if (typeof x === 'boolean') return 'bool';
  if (x === null || x === undefined) return 'NoneType';
  if (typeof x === 'string') return 'str';
  return Array.isArray(x) ? 'list' : typeof x === 'object' ? (x.constructor?.name ?? 'object') : typeof x;
}

/** What to throw where an argument, counted from 1, is no tensor. */
export const notTensor = (name: string, parameter: string, position: number, got: unknown): Error =>
  new TypeError(`${snakeCase(name)}(): argument '${parameter}' (position ${position}) must be Tensor, not ${describe(got)}`);
