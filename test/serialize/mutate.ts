/** Damaged files for tests. */

/** Numbers of [0, n) from a seed. */
export function randomInts(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A copy with a few bytes changed, a piece cut out, repeated or the end cut off. */
export function mutated(file: Uint8Array, random: (n: number) => number): Uint8Array {
  const [a, b] = [random(file.length), random(file.length)].sort((x, y) => x - y);
  const kind = random(6);
  if (kind === 0) return file.slice(0, a);
  if (kind === 1) return Uint8Array.from([...file.slice(0, a), ...file.slice(b)]);
  if (kind === 2) return Uint8Array.from([...file.slice(0, b), ...file.slice(a)]);
  const copy = file.slice();
  for (let i = 0; i <= random(4); i++) copy[random(copy.length)] = kind === 3 ? 255 : random(256);
  return copy;
}
