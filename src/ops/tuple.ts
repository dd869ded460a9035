/** Several results as a tuple whose parts also have names, as PyTorch's named tuples. */
import type { Tensor } from '../tensor/tensor.js';

export type NamedTuple<K extends string> = Tensor[] & { readonly [name in K]: Tensor };

/** `[a, b]` with `.values` and `.indices`, say. `values` hides Array's method of that name, as it must. */
export function tuple<K extends string>(names: readonly K[], parts: readonly Tensor[]): NamedTuple<K> {
  const result = [...parts];
  names.forEach((name, i) => Object.defineProperty(result, name, { get: () => result[i], enumerable: false }));
  return result as unknown as NamedTuple<K>;
}
