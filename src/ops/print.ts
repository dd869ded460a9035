/** `String(x)`: what Python's `print(x)` shows. */
import { gradEdge } from '../autograd/node.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { numelOf } from '../tensor/size.js';
import { formatTensor, getPrintoptions, type PrintedValue } from '../tensor/print.js';
import type { Tensor } from '../tensor/tensor.js';
import { contiguousRaw, deviceOf, getDefaultDevice } from './memory.js';
import { type Item, decodeElement } from './read.js';
import { newArray } from './typed-array.js';
import { alias } from './inplace.js';

/** Reads single elements of a large tensor (only its edges are printed), all of a small one. */
function reader(t: Tensor): (position: number) => Item {
  const { device, buffer } = t.storage;
  const decode = decodeElement(t.dtype);
  const array = newArray(t.dtype, 1);
  return (position) => {
    device.read(buffer, position * t.dtype.itemsize, array);
    return decode(array, 0);
  };
}

function wholeReader(t: Tensor): (position: number) => Item {
  const array = newArray(t.dtype, numelOf(t.sizes));
  if (array.length > 0) t.storage.device.read(t.buffer, t.offset * t.dtype.itemsize, array);
  const decode = decodeElement(t.dtype);
  return (position) => decode(array, position - t.offset);
}

const unreadable = (t: Tensor): string => {
  const size = `size=(${t.sizes.join(', ')}${t.sizes.length === 1 ? ',' : ''})`;
  return `tensor(..., device='${deviceOf(t)}', ${size}, dtype=${t.dtype})`;
};

/** The printed form; a device that cannot be read synchronously shows `...` in place of the values. */
export function formatted(t: Tensor, kind = 'tensor', defaultDtype = getDefaultDtype()): string {
  if (!t.storage.device.canReadSync) return unreadable(t);
  gradEdge(t);
  const summarised = numelOf(t.sizes) > getPrintoptions().threshold;
  const source = summarised ? alias(t) : contiguousRaw(alias(t));
  const get = summarised ? reader(source) : wholeReader(source);
  const device = deviceOf(t);
  return formatTensor(
    {
      dtype: t.dtype,
      shape: t.sizes,
      strides: source.strides,
      offset: source.offset,
      get: (position) => get(position) as PrintedValue,
      requiresGrad: t.wantsGrad,
      gradFnName: t.node?.name ?? null,
      device: device === getDefaultDevice() && device.type === 'cpu' ? null : String(device),
    },
    { defaultDtype, kind },
  );
}
