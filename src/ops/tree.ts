/** Tensors in lists and objects. */
import { Tensor } from '../tensor/tensor.js';
import { isOptions } from './signature.js';
import { mapList } from './tuple.js';

export const isList = (x: unknown): x is readonly unknown[] => Array.isArray(x);

/** Applies `f` to every tensor of a value: a tensor, a list, or an object of such. */
export function mapTensors(value: unknown, f: (t: Tensor) => unknown): unknown {
  if (value instanceof Tensor) return f(value);
  if (isList(value)) return mapList(value, (each) => mapTensors(each, f));
  return isOptions(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTensors(each, f)])) : value;
}
export function tensorsOf(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(value, (t) => found.push(t));
  return found;
}
