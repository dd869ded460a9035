/** Arithmetic on sizes and strides. */
import { IndexError, RuntimeError, ValueError } from './errors.js';

export const formatShape = (sizes: readonly number[]): string => `[${sizes.join(', ')}]`;

export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

export function contiguousStrides(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(sizes[d], 1);
  }
  return strides;
}

/** Whether elements in row-major order lie one after another in memory. */
export function isContiguous(sizes: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (sizes[d] === 0) return true;
    if (sizes[d] === 1) continue;
    if (strides[d] !== step) return false;
    step *= sizes[d];
  }
  return sizes.every((n) => n > 0) || sizes.includes(0);
}

/** Whether the elements fill a block of memory without gaps and overlaps, in some order of the dims. */
export function isNonOverlappingAndDense(sizes: readonly number[], strides: readonly number[]): boolean {
  const dims = sizes.map((_, d) => d).filter((d) => sizes[d] !== 1);
  dims.sort((a, b) => strides[a] - strides[b]);
  let step = 1;
  for (const d of dims) {
    if (strides[d] !== step) return false;
    step *= sizes[d];
  }
  return true;
}

/**
 * The dims in the order in which they lie in memory, innermost first, as PyTorch's `TensorIterator` walks them: a dim of stride 0 lies nowhere
 * and stays where it is.
 */
export function memoryOrder(sizes: readonly number[], strides: readonly number[]): number[] {
  const order = sizes.map((_, d) => sizes.length - 1 - d);
  const compare = (a: number, b: number): number =>
    strides[a] === 0 || strides[b] === 0 ? 0 : strides[a] - strides[b] || Math.max(sizes[a] - sizes[b], 0);
  for (let i = 1; i < order.length; i++) {
    for (let at = i, j = i - 1; j >= 0; j--) {
      const compared = compare(order[j], order[at]);
      if (compared < 0) break;
      if (compared === 0) continue;
      [order[at], order[j]] = [order[j], order[at]];
      at = j;
    }
  }
  return order;
}

/** Contiguous strides in the memory order of `strides`. */
export function denseStridesLike(sizes: readonly number[], strides: readonly number[]): number[] {
  const result = new Array<number>(sizes.length);
  let step = 1;
  for (const d of memoryOrder(sizes, strides)) {
    result[d] = step;
    step *= Math.max(sizes[d], 1);
  }
  return result;
}

/** Turns a negative dim into its non-negative one; a 0-dim tensor has dims 0 and -1 too. */
export function wrapDim(dim: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  if (!Number.isInteger(dim)) throw new TypeError(`dim must be an int, not ${String(dim)}`);
  if (dim < -n || dim >= n) {
    throw new IndexError(`Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${dim})`);
  }
  return dim < 0 ? dim + n : dim;
}

/** `dims` wrapped, without repetitions; none given means all. */
export function wrapDims(dims: number | readonly number[] | null | undefined, ndim: number): number[] {
  if (dims === null || dims === undefined || (Array.isArray(dims) && dims.length === 0)) return Array.from({ length: ndim }, (_, d) => d);
  const wrapped = (typeof dims === 'number' ? [dims] : [...dims]).map((d) => wrapDim(d, ndim));
  wrapped.forEach((d, i) => {
    if (wrapped.indexOf(d) !== i) throw new RuntimeError(`dim ${d} appears multiple times in the list of dims`);
  });
  return ndim === 0 ? [] : wrapped;
}

/** The shape that both shapes broadcast to. */
export function broadcastSizes(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameSizes(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const result = new Array<number>(ndim);
  for (let d = 0; d < ndim; d++) {
    const x = a[d - ndim + a.length] ?? 1;
    const y = b[d - ndim + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RuntimeError(`The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${d}`);
    }
    result[d] = x === 1 ? y : x;
  }
  return result;
}

/** The strides with which a view of `sizes` is read as if it had the shape `target`. */
export function broadcastStrides(sizes: readonly number[], strides: readonly number[], target: readonly number[]): readonly number[] {
  if (sameSizes(sizes, target)) return strides;
  const lead = target.length - sizes.length;
  const result = new Array<number>(target.length).fill(0);
  for (let d = 0; d < sizes.length; d++) result[d + lead] = sizes[d] === 1 ? 0 : strides[d];
  return result;
}

/** Replaces a single -1 in a requested shape by what `numel` leaves for it. */
export function inferSize(shape: readonly number[], numel: number): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown !== shape.lastIndexOf(-1)) throw new RuntimeError('only one dimension can be inferred');
  const known = shape.reduce((n, s, d) => (d === unknown ? n : n * s), 1);
  shape.forEach((s) => {
    if (!Number.isInteger(s)) throw new TypeError(`a size must be an int, not ${String(s)}`);
    if (s < -1) throw new RuntimeError(`invalid shape dimension ${s}`);
  });
  const mismatch = (): Error => new RuntimeError(`shape '${formatShape(shape)}' is invalid for input of size ${numel}`);
  if (unknown < 0) {
    if (known !== numel) throw mismatch();
    return [...shape];
  }
  if (known === 0 && numel !== 0) throw mismatch();
  if (known === 0) {
    throw new RuntimeError(
      `cannot reshape tensor of 0 elements into shape ${formatShape(shape)} because the unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  if (numel % known !== 0) throw mismatch();
  return shape.map((s, d) => (d === unknown ? numel / known : s));
}

/** Strides that view a tensor of these sizes and strides in the shape `shape` without a copy, or null where a copy is needed. */
export function viewStrides(sizes: readonly number[], strides: readonly number[], shape: readonly number[]): number[] | null {
  if (sizes.includes(0)) return contiguousStrides(shape);
  const result = new Array<number>(shape.length);
  let v = shape.length - 1;
  let chunk = 1;
  let base = strides.length ? strides[strides.length - 1] : 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    chunk *= sizes[d];
    const ends = d === 0 || (sizes[d - 1] !== 1 && strides[d - 1] !== chunk * base);
    if (!ends) continue;
    let covered = 1;
    while (v >= 0 && (covered < chunk || shape[v] === 1)) {
      result[v] = covered * base;
      covered *= shape[v];
      v--;
    }
    if (covered !== chunk) return null;
    if (d > 0) {
      chunk = 1;
      base = strides[d - 1];
    }
  }
  for (; v >= 0; v--) {
    if (shape[v] !== 1) return null;
    result[v] = 1;
  }
  return result;
}

/** Checks sizes that a user asks for. */
export function checkSizes(sizes: readonly number[]): void {
  let numel = 1;
  for (const n of sizes) {
    if (typeof n !== 'number' || !Number.isInteger(n)) throw new TypeError(`a size must be an int, not ${String(n)}`);
    if (n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${n}: ${formatShape(sizes)}`);
    numel *= n;
  }
  if (!Number.isSafeInteger(numel)) throw new RuntimeError(`numel: integer multiplication overflow for shape ${formatShape(sizes)}`);
  if (sizes.length > 64) throw new ValueError(`a tensor has at most 64 dims, not ${sizes.length}`);
}
