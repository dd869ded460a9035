/** Anything that can be plotted: arrays, typed arrays, and tensors (which have `tolist`). */
export type Values = ArrayLike<number | bigint | boolean> | { tolist(): unknown } | number;

const hasTolist = (x: unknown): x is { tolist(): unknown } => typeof x === 'object' && x !== null && 'tolist' in x;

/** One-dimensional values as plain numbers. */
export function toNumbers(values: Values): number[] {
  const list = hasTolist(values) ? values.tolist() : values;
  if (typeof list === 'number' || typeof list === 'bigint') return [Number(list)];
  return Array.from(list as ArrayLike<unknown>, Number);
}

export type ImageData = readonly (ArrayLike<number> | readonly (readonly number[])[])[] | { tolist(): unknown };

/** An image as rows of numbers or of RGB triples. */
export function toRows(image: ImageData): (number | number[])[][] {
  const rows = (hasTolist(image) ? image.tolist() : image) as ArrayLike<ArrayLike<number | number[]>>;
  return Array.from(rows, (row) => Array.from(row, (value) => (typeof value === 'object' ? Array.from(value, Number) : Number(value))));
}

/** Smallest and largest finite value; [0, 1] where there is none. */
export function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
