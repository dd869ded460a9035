/**
 * Python's values in JavaScript, for files that Python wrote or will read:
 *
 * | Python                         | JavaScript                                                    |
 * | ------------------------------ | ------------------------------------------------------------- |
 * | `int`, `float`                 | number; bigint where an int is no safe integer                |
 * | `complex`                      | `{re, im}`                                                    |
 * | `str`, `bytes`, `None`         | string, Uint8Array, null                                      |
 * | `list`, `tuple`                | array, frozen array                                           |
 * | `set`                          | Set                                                           |
 * | `dict` with `str` keys         | object                                                        |
 * | `dict` with keys 0, 1, …       | object that remembers that its keys are ints (`withIntKeys`)  |
 * | any other `dict`               | Map                                                           |
 */
import { hasIntKeys, withIntKeys } from '../tensor/int-keys.js';

/** A dict while it is being built: its keys decide at last what it becomes. */
export class PyDict {
  readonly items = new Map<unknown, unknown>();
}

/** A tuple while it is being built. */
export class PyTuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export const tuple = (items: readonly unknown[]): PyTuple => {
  const made = new PyTuple(items.length);
  items.forEach((item, i) => (made[i] = item));
  return made;
};

/** Python itself recurses no deeper. */
const MAX_DEPTH = 1000;

/** Values as users get them, those that are no containers by `finish`. What several places share, they still share. */
export function toJavaScript(root: unknown, finish: (value: unknown) => unknown = (value) => value): unknown {
  const known = new Map<unknown, unknown>();
  const convert = (value: unknown, depth: number): unknown => {
    if (!isContainer(value)) return finish(value);
    if (depth > MAX_DEPTH) throw new Error(`the file nests containers more than ${MAX_DEPTH} deep`);
    const found = known.get(value);
    if (found !== undefined) return found;
    const made = emptyLike(value);
    known.set(value, made);
    fill(made, value, (inner) => convert(inner, depth + 1));
    return made;
  };
  return convert(root, 0);
}

type Container = PyDict | unknown[] | Set<unknown>;
const isContainer = (value: unknown): value is Container =>
  value instanceof PyDict || value instanceof Set || (Array.isArray(value) && (value.constructor === Array || value instanceof PyTuple));

const isIndex = (key: unknown): boolean => typeof key === 'number' && Number.isSafeInteger(key) && key >= 0 && !Object.is(key, -0);

function emptyLike(value: Container): object {
  if (value instanceof Set) return new Set();
  if (Array.isArray(value)) return [];
  const keys = [...value.items.keys()];
  if (keys.every((key) => typeof key === 'string')) return {};
  return keys.every(isIndex) ? withIntKeys({}) : new Map();
}

function fill(made: object, value: Container, convert: (inner: unknown) => unknown): void {
  if (value instanceof Set) for (const item of value) (made as Set<unknown>).add(convert(item));
  else if (Array.isArray(value)) fillArray(made as unknown[], value, convert);
  else if (made instanceof Map) for (const [key, item] of value.items) made.set(convert(key), convert(item));
  else for (const [key, item] of value.items) setOwn(made, String(key), convert(item));
}

function fillArray(made: unknown[], items: unknown[], convert: (inner: unknown) => unknown): void {
  for (const item of items) made.push(convert(item));
  if (items instanceof PyTuple) Object.freeze(made);
}

/** Sets a property of any name, `__proto__` too. */
const setOwn = (target: object, key: string, value: unknown): void =>
  void Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });

/** The keys and values of what is written as a dict, or null. */
export function dictEntries(value: object): [unknown, unknown][] | null {
  if (value instanceof Map) return [...value];
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && prototype !== null) return null;
  const entries = Object.entries(value);
  return hasIntKeys(value) ? entries.map(([key, item]) => [Number(key), item]) : entries;
}
