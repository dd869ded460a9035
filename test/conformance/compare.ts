/** Comparing results with the corpus, as its README says. */
import {
  bytesToValues,
  camel,
  type Encoded,
  type EncodedObject,
  type EncodedTensor,
  isTensor,
  numel,
  type Tolerance,
  toNumber,
  type Values,
} from './corpus.js';
import { encodedValues } from './build.js';
import { asTensor, type Dynamic, Skipped, type Tensor } from './torch.js';

export class Mismatch extends Error {}

export const dtypeName = (tensor: Tensor): string => String(tensor.dtype).replace(/^torch\./, '');

export async function readValues(tensor: Tensor): Promise<Values> {
  const array = await tensor.toTypedArrayAsync();
  const bytes = array.buffer.slice(array.byteOffset, array.byteOffset + array.byteLength) as ArrayBuffer;
  return bytesToValues(bytes, dtypeName(tensor));
}

export interface Leaf {
  path: string;
  actual: unknown;
  expected: Encoded;
}

const isSequence = (e: Encoded): e is EncodedObject | Encoded[] =>
  Array.isArray(e) || (typeof e === 'object' && e !== null && ['tuple', 'namedtuple'].includes(e.$));

const isSparse = (e: Encoded): e is EncodedTensor => typeof e === 'object' && e !== null && 'layout' in e && e.layout === 'sparse_coo';

/** Places and values of a sparse tensor; the corpus has coalesced ones. */
function pairSparse(actual: unknown, expected: EncodedTensor, path: string): Leaf[] {
  const tensor = asTensor(actual);
  if (!tensor?.isSparse || String([...tensor.shape]) !== String(expected.shape))
    throw new Mismatch(`${path}: expected a sparse tensor of shape [${expected.shape.join(', ')}], got ${describe(actual)}`);
  const sparse = (tensor as unknown as Dynamic).coalesce();
  return [
    { path: `${path}.indices()`, actual: sparse.indices(), expected: expected.indices as Encoded },
    { path: `${path}.values()`, actual: sparse.values(), expected: expected.values as Encoded },
  ];
}

/** Pairs results with expectations, depth first; names of namedtuples must lead to the same results as their positions. */
export function pair(actual: unknown, expected: Encoded, path = 'output'): Leaf[] {
  if (isSparse(expected)) return pairSparse(actual, expected, path);
  if (!isSequence(expected)) return [{ path, actual, expected }];
  const items = Array.isArray(expected) ? expected : (expected.v as Encoded[]);
  if (typeof actual !== 'object' || actual === null || asTensor(actual))
    throw new Mismatch(`${path}: expected ${items.length} results, got ${describe(actual)}`);
  const list = Array.from(actual as Iterable<unknown>);
  if (list.length !== items.length) throw new Mismatch(`${path}: expected ${items.length} results, got ${list.length}`);
  if (!Array.isArray(expected)) checkNames(actual as Record<string, unknown>, list, (expected.fields ?? []) as string[], path);
  return items.flatMap((item, i) => pair(list[i], item, `${path}[${i}]`));
}

function checkNames(actual: Record<string, unknown>, list: unknown[], fields: string[], path: string): void {
  fields.forEach((field, i) => {
    if (actual[camel(field)] !== list[i]) throw new Mismatch(`${path}.${camel(field)} is not ${path}[${i}]`);
  });
}

export const describe = (value: unknown): string => {
  const tensor = asTensor(value);
  if (tensor) return `a ${dtypeName(tensor)} tensor of shape [${tensor.shape.join(', ')}]`;
  return value === null || typeof value !== 'object' ? String(value) : Array.isArray(value) ? `an array of ${value.length}` : 'an object';
};

export interface Limits extends Tolerance {
  mode: string;
}

/** Throws Mismatch unless `actual` is what `expected` says. */
export async function compareLeaf({ path, actual, expected }: Leaf, limits: Limits): Promise<void> {
  if (isTensor(expected)) return compareTensor(actual, expected, path, limits);
  if (typeof expected === 'object' && expected !== null) return compareSpecial(actual, expected as EncodedObject, path, limits);
  if (typeof expected === 'number' && (typeof actual === 'bigint' || typeof actual === 'number')) {
    if (Number(actual) !== expected) throw new Mismatch(`${path}: expected ${expected}, got ${actual}`);
  } else if ((actual ?? null) !== expected) throw new Mismatch(`${path}: expected ${expected}, got ${describe(actual)}`);
}

function compareSpecial(actual: unknown, expected: EncodedObject, path: string, limits: Limits): void {
  const fail = () => new Mismatch(`${path}: expected ${JSON.stringify(expected.v)}, got ${describe(actual)}`);
  if (expected.$ === 'float') {
    if (typeof actual !== 'number' || !close(actual, toNumber(expected.v), limits)) throw fail();
  } else if (expected.$ === 'complex') {
    const z = actual as { re: number; im: number };
    const part = (name: 're' | 'im') => toNumber((expected[name] as EncodedObject).v);
    if (!close(z.re, part('re'), limits) || !close(z.im, part('im'), limits)) throw fail();
  } else if (expected.$ === 'size') {
    if (String(Array.from(actual as Iterable<number>)) !== String(expected.v)) throw fail();
  } else if (expected.$ === 'dtype') {
    if (String(actual) !== `torch.${expected.v as string}`) throw fail();
  } else throw new Skipped(`outputs of kind ${expected.$}`);
}

export async function compareTensor(actual: unknown, expected: EncodedTensor, path: string, limits: Limits): Promise<void> {
  const tensor = asTensor(actual);
  const [shape, want] = [expected.shape, `a ${expected.dtype} tensor of shape [${expected.shape.join(', ')}]`];
  if (!tensor) throw new Mismatch(`${path}: expected ${want}, got ${describe(actual)}`);
  if (dtypeName(tensor) !== expected.dtype || tensor.shape.join() !== shape.join())
    throw new Mismatch(`${path}: expected ${want}, got ${describe(tensor)}`);
  if (limits.mode === 'shape' || expected.data === undefined || numel(shape) === 0) return;
  const [a, b] = [await readValues(tensor), encodedValues(expected)];
  if (a.length !== b.length) throw new Mismatch(`${path}: expected ${b.length} values, got ${a.length}`);
  const complex = expected.dtype.startsWith('complex');
  const problem = limits.mode === 'unordered' ? compareUnordered(a, b, complex, limits) : compareValues(a, b, complex, limits);
  if (problem) throw new Mismatch(`${path}: ${problem}`);
}

const close = (a: number, b: number, { rtol, atol }: Tolerance): boolean =>
  a === b ||
  (Number.isNaN(a) && Number.isNaN(b)) ||
  Math.abs(a - b) <= (Number.isFinite(b) && Number.isFinite(a) ? atol + rtol * Math.abs(b) : -1);

function closeComplex(ar: number, ai: number, br: number, bi: number, { rtol, atol }: Tolerance): boolean {
  if (!Number.isFinite(br) || !Number.isFinite(bi)) return !Number.isFinite(ar) || !Number.isFinite(ai);
  return Math.hypot(ar - br, ai - bi) <= atol + rtol * Math.hypot(br, bi);
}

function compareValues(a: Values, b: Values, complex: boolean, limits: Tolerance): string | null {
  const step = complex ? 2 : 1;
  const wrong: number[] = [];
  for (let i = 0; i < b.length; i += step) if (!sameAt(a, i, b, i, complex, limits)) wrong.push(i);
  if (wrong.length === 0) return null;
  const show = (values: Values, i: number) => (complex ? `${values[i]}+${values[i + 1]}j` : String(values[i]));
  const [first] = wrong;
  return `${wrong.length} of ${b.length / step} values differ, first at ${first / step}: expected ${show(b, first)}, got ${show(a, first)}`;
}

function sameAt(a: Values, i: number, b: Values, j: number, complex: boolean, limits: Tolerance): boolean {
  if (typeof b[j] === 'bigint') return a[i] === b[j];
  const [x, y] = [a as ArrayLike<number>, b as ArrayLike<number>];
  return complex ? closeComplex(x[i], x[i + 1], y[j], y[j + 1], limits) : close(x[i], y[j], limits);
}

/** Equal as multisets: each expected value takes a result of its own. */
function compareUnordered(a: Values, b: Values, complex: boolean, limits: Tolerance): string | null {
  const step = complex ? 2 : 1;
  const free = new Set(Array.from({ length: a.length / step }, (_, i) => i * step));
  for (let j = 0; j < b.length; j += step) {
    const found = [...free].find((i) => sameAt(a, i, b, j, complex, limits));
    if (found === undefined) return `no result equals the expected ${b[j]}${complex ? `+${b[j + 1]}j` : ''}`;
    free.delete(found);
  }
  return null;
}
