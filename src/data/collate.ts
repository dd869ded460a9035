/** How samples become batches. */
import { float64 } from '../ir/dtype.js';
import { tensor } from '../ops/creation.js';
import { stack } from '../ops/join.js';
import { isOptions } from '../ops/signature.js';
import { Tensor } from '../tensor/tensor.js';
import { RuntimeError } from '../tensor/errors.js';

/** Fractions keep all their digits, as in PyTorch. */
const tensorOf = (values: readonly (number | boolean | bigint)[]): Tensor =>
  values.some((x) => typeof x === 'number' && !Number.isInteger(x))
    ? tensor(values as number[], { dtype: float64 })
    : tensor(values as number[]);
const isScalar = (x: unknown): x is number | boolean | bigint => ['number', 'boolean', 'bigint'].includes(typeof x);

/** Applies `f` to every value of a plain object. */
const mapValues = (object: object, f: (value: unknown, key: string) => unknown): object =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, f(value, key)]));

/**
 * Makes one batch of a list of samples: tensors and typed arrays are stacked, numbers become tensors, strings stay a list, lists and
 * objects are taken apart.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 * @example
 * torch.utils.data.defaultCollate([1.5, 2])  // tensor([1.5000, 2.0000], dtype=torch.float64)
 * torch.utils.data.defaultCollate([{ x: 1, y: [2, 3] }, { x: 4, y: [5, 6] }])
 * // { x: tensor([1, 4]), y: [ tensor([2, 5]), tensor([3, 6]) ] }
 */
export function defaultCollate(batch: readonly unknown[]): unknown {
  const [first] = batch;
  if (first instanceof Tensor) return stack(batch as Tensor[], 0);
  if (isScalar(first)) return tensorOf(batch as (number | boolean | bigint)[]);
  if (typeof first === 'string') return [...batch];
  if (ArrayBuffer.isView(first))
    return stack(
      batch.map((each) => tensor(each as ArrayBufferView)),
      0,
    );
  if (Array.isArray(first)) return collateLists(batch as unknown[][]);
  if (isOptions(first)) return mapValues(first, (_, key) => defaultCollate(batch.map((each) => (each as Record<string, unknown>)[key])));
  throw new TypeError(
    `default_collate: batch must contain tensors, typed arrays, numbers, objects or lists; found ${first === null ? 'null' : ((first as object)?.constructor?.name ?? typeof first)}`,
  );
}

function collateLists(batch: readonly (readonly unknown[])[]): unknown[] {
  const [first] = batch;
  if (batch.some((each) => each.length !== first.length)) throw new RuntimeError('each element in list of batch should be of equal size');
  return first.map((_, i) => defaultCollate(batch.map((each) => each[i])));
}

/**
 * Makes tensors of the typed arrays in a sample; all else stays. https://pytorch.org/docs/stable/data.html#torch.utils.data.default_convert
 * @example torch.utils.data.defaultConvert([new Float32Array([1, 2]), 'a'])  // [ tensor([1., 2.]), 'a' ]
 */
export function defaultConvert(data: unknown): unknown {
  if (data instanceof Tensor) return data;
  if (ArrayBuffer.isView(data) && !(data instanceof DataView)) return tensor(data);
  if (Array.isArray(data)) return data.map(defaultConvert);
  return isOptions(data) ? mapValues(data, defaultConvert) : data;
}
