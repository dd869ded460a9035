/** Bringing values to JavaScript. */
import { bfloat16, bool, type DType, float16, int64 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import type { ComplexNumber, Number_ } from '../tensor/promote.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { UnsupportedError } from '../device/device.js';
import { setScalarOf } from './creation.js';
import { define } from './define.js';
import { contiguousRaw, deviceOf } from './memory.js';
import { fromBfloat, fromHalf, newArray, type NumericArray } from './typed-array.js';
import { setReadIndex } from './view.js';
import type { Op } from './types.js';

/** A number as `item()` gives it. */
export type Item = number | bigint | boolean | ComplexNumber;
export type NestedItems = Item | NestedItems[];

function checkReadable(t: Tensor, method: string): void {
  if (t.storage.device.canReadSync) return;
  throw new UnsupportedError(`${method}() cannot read a tensor on '${deviceOf(t)}' synchronously: use 'await x.${method}Async()' instead`);
}

/** The raw elements in row-major order. */
function readRaw(t: Tensor, method: string): NumericArray {
  checkReadable(t, method);
  const dense = contiguousRaw(t);
  const array = newArray(t.dtype, numelOf(t.sizes));
  if (array.length > 0) dense.storage.device.read(dense.buffer, dense.offset * t.dtype.itemsize, array);
  return array;
}

async function readRawAsync(t: Tensor): Promise<NumericArray> {
  const dense = contiguousRaw(t);
  const array = newArray(t.dtype, numelOf(t.sizes));
  if (array.length > 0) await dense.storage.device.readAsync(dense.buffer, dense.offset * t.dtype.itemsize, array);
  return array;
}

/** Reads element i of a raw array as a number. */
export function decodeElement(dtype: DType): (array: NumericArray, i: number) => Item {
  if (dtype === bool) return (a, i) => a[i] !== 0;
  if (dtype.isComplex) return (a, i) => ({ re: a[2 * i] as number, im: a[2 * i + 1] as number });
  if (dtype === float16) return (a, i) => fromHalf(a[i] as number);
  if (dtype === bfloat16) return (a, i) => fromBfloat(a[i] as number);
  if (dtype === int64) return (a, i) => safeInteger(a[i] as bigint);
  return (a, i) => a[i] as number;
}
const safeInteger = (x: bigint): number | bigint => (x >= Number.MIN_SAFE_INTEGER && x <= Number.MAX_SAFE_INTEGER ? Number(x) : x);

function onlyElement(t: Tensor, array: NumericArray): Item {
  return decodeElement(t.dtype)(array, 0);
}
function checkSingle(t: Tensor): void {
  const n = numelOf(t.sizes);
  if (n !== 1) throw new RuntimeError(`a Tensor with ${n} elements cannot be converted to Scalar`);
}

/**
 * The value of a one-element tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.item.html
 * @example torch.tensor([2.5]).item()  // 2.5
 */
export const item: Op<[], [], object, Item> = define('item', 'input', (input: Tensor) => {
  checkSingle(input);
  return onlyElement(input, readRaw(input, 'item'));
});
/**
 * `item` for every device.
 * @example await torch.tensor([2.5]).itemAsync()  // 2.5
 */
export const itemAsync: Op<[], [], object, Promise<Item>> = define('itemAsync', 'input', async (input: Tensor) => {
  checkSingle(input);
  return onlyElement(input, await readRawAsync(input));
});

function nest(t: Tensor, array: NumericArray): NestedItems {
  const read = decodeElement(t.dtype);
  let next = 0;
  const build = (depth: number): NestedItems =>
    depth === t.sizes.length ? read(array, next++) : Array.from({ length: t.sizes[depth] }, () => build(depth + 1));
  return build(0);
}
/**
 * The values as nested arrays; a 0-dim tensor gives a number. https://pytorch.org/docs/stable/generated/torch.Tensor.tolist.html
 * @example torch.tensor([[1, 2], [3, 4]]).tolist()  // [ [ 1, 2 ], [ 3, 4 ] ]
 */
export const tolist: Op<[], [], object, NestedItems> = define('tolist', 'input', (input: Tensor) => nest(input, readRaw(input, 'tolist')));
/**
 * `tolist` on every device, awaited.
 * @example await torch.tensor([1, 2]).tolistAsync()  // [ 1, 2 ]
 */
export const tolistAsync: Op<[], [], object, Promise<NestedItems>> = define('tolistAsync', 'input', async (input: Tensor) =>
  nest(input, await readRawAsync(input)),
);
/**
 * A copy of the values in row-major order: API.md, rule 10, says in which array.
 * @example torch.tensor([1.5, 2]).toTypedArray()  // Float32Array(2) [ 1.5, 2 ]
 */
export const toTypedArray: Op<[], [], object, NumericArray> = define('toTypedArray', 'input', (input: Tensor) =>
  readRaw(input, 'toTypedArray'),
);
/**
 * `toTypedArray` on every device, awaited.
 * @example await torch.tensor([1.5, 2]).toTypedArrayAsync()  // Float32Array(2) [ 1.5, 2 ]
 */
export const toTypedArrayAsync: Op<[], [], object, Promise<NumericArray>> = define('toTypedArrayAsync', 'input', (input: Tensor) =>
  readRawAsync(input),
);
/**
 * The values as a typed array, as NumPy's users expect. https://pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
 * @example torch.tensor([1.5, 2]).numpy()  // Float32Array(2) [ 1.5, 2 ]
 */
export const numpy: Op<[], [], object, NumericArray> = define('numpy', 'input', (input: Tensor) => {
  if (input.wantsGrad || input.node)
    throw new RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
  return readRaw(input, 'toTypedArray');
});

setScalarOf((t): Number_ => item(t));
setReadIndex((t) => Number(item(t)));
