/** Tensors from nothing, from numbers, from arrays. */
import { bool, complex128, complex64, type DType, float32, float64, int64, uint8 } from '../ir/dtype.js';
import { promoteTypes } from '../ir/expr.js';
import { getDevice } from '../device/registry.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { defaultComplex, dtypeOfNumber, getDefaultDtype, isComplexNumber, isNumber, type Number_ } from '../tensor/promote.js';
import { checkSizes, contiguousStrides, formatShape } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyStridedTensor, emptyTensor } from '../tensor/storage.js';
import { Storage, Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import { clone, type MemoryFormat, factory, filled, fillRaw, finish, fresh, resolveDevice, stridesFor, toDType } from './memory.js';
import { tensorOfValues } from './scalar.js';
import { dtypeOfArray } from './typed-array.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import type { FactoryOptions, Scalar } from './types.js';

/** Numbers in nested arrays, typed arrays, tensors. */
export type TensorData = Scalar | Tensor | ArrayBufferView | readonly TensorData[];

export const optionsOf = (...[dtype, device, requiresGrad]: unknown[]): FactoryOptions =>
  ({ dtype, device, requiresGrad }) as FactoryOptions;
export const FACTORY = '*, dtype?, device?, requiresGrad?, layout?, pinMemory?, memoryFormat?, out?, names?';

// --- from data --------------------------------------------------------------------------------------------------------------------------------

interface Nested {
  readonly sizes: number[];
  readonly values: Number_[];
  dtype: DType | null;
}

/** Flattens nested arrays; throws PyTorch's error where they are ragged. */
function flatten(data: TensorData): Nested {
  const sizes: number[] = [];
  for (let level: TensorData = data; isList(level); level = (level as readonly TensorData[])[0]) {
    sizes.push(level.length);
    if (level.length === 0) break;
  }
  const nested: Nested = { sizes, values: [], dtype: null };
  collect(data, 0, nested);
  return nested;
}
const isList = (x: unknown): x is readonly TensorData[] => Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));

function collect(data: TensorData, depth: number, into: Nested): void {
  if (depth < into.sizes.length) {
    if (!isList(data)) throw new TypeError(`expected sequence of length ${into.sizes[depth]} at dim ${depth} (got a ${typeof data})`);
    if (data.length !== into.sizes[depth])
      throw new ValueError(`expected sequence of length ${into.sizes[depth]} at dim ${depth} (got ${data.length})`);
    for (const item of data) collect(item, depth + 1, into);
    return;
  }
  const value = data instanceof Tensor ? scalarOf(data) : data;
  if (!isNumber(value))
    throw new TypeError(
      isList(data)
        ? 'expected a number, got a sequence: the nesting is not even'
        : `new(): invalid data type '${data === null ? 'NoneType' : typeof data}'`,
    );
  const dtype = data instanceof Tensor ? data.dtype : dtypeOfNumber(value);
  into.dtype = into.dtype ? promoteTypes(into.dtype, dtype) : dtype;
  into.values.push(value);
}

/** Reads the number of a one-element tensor; set by `read.ts`. */
let scalarOf: (t: Tensor) => Number_;
export const setScalarOf = (f: typeof scalarOf): void => void (scalarOf = f);

/** Numbers infer int64, float or complex; with `requiresGrad` always a float. */
export function inferDtype(dtype: DType | null, requiresGrad: boolean | undefined): DType {
  if (dtype === null) return getDefaultDtype();
  return requiresGrad && dtype.category < 2 ? getDefaultDtype() : dtype;
}

/**
 * A tensor with a copy of `data`. Integers infer int64, fractions the default float dtype (with `requiresGrad` integers do too), booleans
 * bool.
 * https://pytorch.org/docs/stable/generated/torch.tensor.html
 * @example
 * torch.tensor([[1, 2], [3, 4]])
 * // tensor([[1, 2],
 * //         [3, 4]])
 * torch.tensor(2.5, { requiresGrad: true })  // tensor(2.5000, requires_grad=True)
 */
export const tensor: (data: TensorData, options?: FactoryOptions) => Tensor = define(
  'tensor',
  `data, ${FACTORY}`,
  (data: TensorData, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    if (data instanceof Tensor) return finish(convertData(data, options), options);
    if (ArrayBuffer.isView(data)) return finish(fromView(data, options), options);
    const { sizes, values, dtype } = flatten(data);
    const { dtype: target, device } = factory(options, inferDtype(dtype, options.requiresGrad));
    if (dtype?.isComplex && !target.isComplex)
      throw new RuntimeError('value cannot be converted to type ' + target.name + ' without overflow');
    return finish(tensorOfValues(values, target, sizes, device), options);
  },
);

/** A detached copy of a tensor in another dtype or on another device; set by `convert.ts`. */
export let convertData: (data: Tensor, options: FactoryOptions) => Tensor;
export const setConvertData = (f: typeof convertData): void => void (convertData = f);

function fromView(data: ArrayBufferView, options: FactoryOptions): Tensor {
  const own = dtypeOfArray(data);
  const { dtype, device } = factory(options, own);
  const t = emptyTensor(device, own, [(data as Float32Array).length]);
  device.write(t.buffer, 0, data);
  return dtype === own ? t : convertData(t, { dtype });
}

/**
 * A tensor over `data`: typed arrays share their memory where the device can, tensors are returned as they are.
 * https://pytorch.org/docs/stable/generated/torch.as_tensor.html
 * @example torch.asTensor(new Float32Array([1, 2]))  // tensor([1., 2.])
 */
export const asTensor: (data: TensorData, options?: FactoryOptions) => Tensor = define(
  'asTensor',
  'data, dtype?, device?',
  (data: TensorData, dtype?: FactoryOptions['dtype'], device?: DeviceLike) => {
    if (ArrayBuffer.isView(data)) return asDtype(fromNumpy(data), dtype, device);
    return data instanceof Tensor ? asDtype(data, dtype, device) : tensor(data, { dtype, device });
  },
);
/**
 * A tensor of data, or over it: `copy` true always copies, false refuses to, and null (the default) copies only where it must.
 * https://pytorch.org/docs/stable/generated/torch.asarray.html
 * @throws ValueError where `copy` is false and the memory can't be shared
 * @example torch.asarray(new Float32Array([1, 2]), { copy: true })  // tensor([1., 2.])
 */
export const asarray: (data: TensorData, options?: FactoryOptions & { copy?: boolean | null }) => Tensor = define(
  'asarray',
  'obj, *, dtype?, device?, copy?, requiresGrad?',
  (data: TensorData, dtype?: FactoryOptions['dtype'], device?: DeviceLike, copy: boolean | null = null, requiresGrad = false) => {
    const found = asTensor(data, { dtype, device });
    const isShared =
      data instanceof Tensor ? found.storage === data.storage : ArrayBuffer.isView(data) && found.dtype === dtypeOfArray(data);
    if (copy === false && !isShared) throw new ValueError("can't alias arbitrary sequence into a tensor.");
    return finish((copy && isShared ? clone(found) : found).detach(), { requiresGrad });
  },
);
const asDtype = (t: Tensor, dtype: FactoryOptions['dtype'], device?: DeviceLike): Tensor =>
  (dtype && toDType(dtype) !== t.dtype) || (device && resolveDevice(device) !== t.storage.device)
    ? convertData(t, { dtype: dtype ?? t.dtype, device })
    : t;

/**
 * A CPU tensor that shares the memory of a typed array. https://pytorch.org/docs/stable/generated/torch.from_numpy.html
 * @example torch.fromNumpy(new Float64Array([1, 2]))  // tensor([1., 2.], dtype=torch.float64)
 */
export function fromNumpy(array: ArrayBufferView): Tensor {
  const dtype = dtypeOfArray(array);
  const device = getDevice('cpu');
  const sizes = [(array as Float32Array).length];
  return new Tensor(new Storage(device, device.adopt(array)), dtype, sizes, [1], 0);
}

/** What `make` makes of the tensor over `array`, whose memory is freed thereafter: the result must not share it. */
export function consume(array: ArrayBufferView, make: (values: Tensor) => Tensor): Tensor {
  const values = fromNumpy(array);
  const made = make(values);
  values.storage.device.discard(values.buffer);
  return made;
}

/**
 * Little-endian bytes as a 1-dim tensor. https://pytorch.org/docs/stable/generated/torch.frombuffer.html
 * @example torch.frombuffer(new Uint8Array([1, 0, 2, 0]).buffer, { dtype: torch.int16 })  // tensor([1, 2], dtype=torch.int16)
 */
export const frombuffer: (
  buffer: ArrayBuffer | ArrayBufferView,
  options: { dtype: FactoryOptions['dtype']; count?: number; offset?: number; requiresGrad?: boolean },
) => Tensor = define(
  'frombuffer',
  'buffer, *, dtype, count?, offset?, requiresGrad?',
  (buffer: ArrayBuffer | ArrayBufferView, dtypeLike: DType, count = -1, offset = 0, requiresGrad = false) => {
    const dtype = toDType(dtypeLike);
    const bytes = ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
    if (offset < 0 || offset > bytes.length)
      throw new ValueError(`offset (${offset} bytes) must be non-negative and no greater than buffer length (${bytes.length} bytes)`);
    const room = bytes.length - offset;
    if (count < 0 && room % dtype.itemsize !== 0)
      throw new ValueError(
        `buffer length (${room} bytes) after offset (${offset} bytes) must be a multiple of element size (${dtype.itemsize})`,
      );
    const n = count < 0 ? room / dtype.itemsize : count;
    if (n * dtype.itemsize > room)
      throw new ValueError(
        `requested buffer length (${n} * ${dtype.itemsize} bytes) after offset (${offset} bytes) must not be greater than actual buffer length (${bytes.length} bytes)`,
      );
    const t = emptyTensor(getDevice('cpu'), dtype, [n]);
    if (n > 0) t.storage.device.write(t.buffer, 0, bytes.subarray(offset, offset + n * dtype.itemsize));
    return finish(t, { requiresGrad });
  },
);

// --- of one value --------------------------------------------------------------------------------------------------------------------------------

type Sized = (...size: [...(number | readonly number[])[], FactoryOptions] | (number | readonly number[])[]) => Tensor;
const sized = (name: string, make: (sizes: readonly number[], options: FactoryOptions) => Tensor): Sized =>
  define<Sized>(name, `...size?, ${FACTORY}`, (size: readonly number[] = [], ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    checkSizes(size);
    return finish(make(size, options), options);
  });

/**
 * A tensor of the given size whose memory is not set. https://pytorch.org/docs/stable/generated/torch.empty.html
 * @example torch.empty(2, 3).shape  // torch.Size([2, 3])
 */
export const empty: Sized = sized('empty', (sizes, options) => {
  const { dtype, device } = factory(options, getDefaultDtype());
  return emptyTensor(device, dtype, [...sizes]);
});
/**
 * Zeros of the given size, in the default dtype. https://pytorch.org/docs/stable/generated/torch.zeros.html
 * @example
 * torch.zeros(2, 3, { dtype: torch.int64 })
 * // tensor([[0, 0, 0],
 * //         [0, 0, 0]])
 */
export const zeros: Sized = sized('zeros', (sizes, options) => filled(sizes, 0, options));
/**
 * Ones of the given size, in the default dtype. https://pytorch.org/docs/stable/generated/torch.ones.html
 * @example torch.ones(3)  // tensor([1., 1., 1.])
 */
export const ones: Sized = sized('ones', (sizes, options) => filled(sizes, 1, options));

/**
 * One value everywhere; its kind infers the dtype. https://pytorch.org/docs/stable/generated/torch.full.html
 * @example torch.full([3], 2.5)  // tensor([2.5000, 2.5000, 2.5000])
 */
export const full: (size: readonly number[], fillValue: Scalar, options?: FactoryOptions) => Tensor = define(
  'full',
  `size, fillValue, ${FACTORY}`,
  (size: readonly number[], value: Number_, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    const { dtype, device } = factory(options, inferDtype(dtypeOfNumber(value), options.requiresGrad));
    return finish(filled(size, value, { dtype, device }), options);
  },
);
/**
 * A 0-dim tensor in the default dtype.
 * @example torch.scalarTensor(2.5)  // tensor(2.5000)
 */
export const scalarTensor: (s: Scalar, options?: FactoryOptions) => Tensor = define(
  'scalarTensor',
  `s, ${FACTORY}`,
  (s: Number_, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    return finish(filled([], s, factory(options, isComplexNumber(s) ? defaultComplex() : getDefaultDtype())), options);
  },
);

type Like = (input: Tensor, options?: FactoryOptions & { memoryFormat?: MemoryFormat }) => Tensor;
type Fill = (t: Tensor) => void;
const likeWith = (input: Tensor, options: FactoryOptions, fill: Fill): Tensor => {
  const { dtype } = factory(options, input.dtype);
  const device = options.device ? resolveDevice(options.device) : input.storage.device;
  const t = emptyStridedTensor(device, dtype, input.sizes, stridesFor(input, options.memoryFormat as MemoryFormat));
  if (numelOf(t.sizes) > 0) fill(t);
  return finish(fresh(t), options);
};
const like = (name: string, fill: Fill): Like =>
  define<Like>(name, `input, ${FACTORY}`, (input: Tensor, ...rest: unknown[]) =>
    likeWith(input, { ...optionsOf(...rest), memoryFormat: rest[5] }, fill),
  );
/**
 * A tensor of the shape, dtype and device of `input` whose memory is not set.
 * https://pytorch.org/docs/stable/generated/torch.empty_like.html
 * @example torch.emptyLike(torch.ones(2, 3)).shape  // torch.Size([2, 3])
 */
export const emptyLike: Like = like('emptyLike', () => {});
/**
 * Zeros of the shape, dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.zeros_like.html
 * @example torch.zerosLike(torch.tensor([1, 2]))  // tensor([0, 0])
 */
export const zerosLike: Like = like('zerosLike', (t) => fillRaw(t, 0));
/**
 * Ones of the shape, dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.ones_like.html
 * @example torch.onesLike(torch.tensor([0.5, 2]))  // tensor([1., 1.])
 */
export const onesLike: Like = like('onesLike', (t) => fillRaw(t, 1));
/**
 * A tensor like `input`, filled with one value. https://pytorch.org/docs/stable/generated/torch.full_like.html
 * @example torch.fullLike(torch.tensor([1, 2]), 7)  // tensor([7, 7])
 */
export const fullLike: (input: Tensor, fillValue: Scalar, options?: FactoryOptions) => Tensor = define(
  'fullLike',
  `input, fillValue, ${FACTORY}`,
  (input: Tensor, value: Number_, ...rest: unknown[]) =>
    likeWith(input, { ...optionsOf(...rest), memoryFormat: rest[5] }, (t) => fillRaw(t, value)),
);

type New = (input: Tensor, ...size: [...(number | readonly number[])[], FactoryOptions] | (number | readonly number[])[]) => Tensor;
const newSized = (name: string, fill: Fill): New =>
  define<New>(name, `input, ...size, ${FACTORY}`, (input: Tensor, size: readonly number[], ...rest: unknown[]) =>
    newTensor(input, size, optionsOf(...rest), fill),
  );
function newTensor(input: Tensor, size: readonly number[], options: FactoryOptions, fill: Fill): Tensor {
  checkSizes(size);
  const { dtype } = factory(options, input.dtype);
  const t = emptyTensor(options.device ? resolveDevice(options.device) : input.storage.device, dtype, [...size]);
  fill(t);
  return finish(fresh(t), options);
}
/**
 * A tensor of unset memory, with the dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html
 * @example torch.ones(2).newEmpty([3]).shape  // torch.Size([3])
 */
export const newEmpty: New = newSized('newEmpty', () => {});
/**
 * Zeros with the dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html
 * @example torch.tensor([1]).newZeros(3)  // tensor([0, 0, 0])
 */
export const newZeros: New = newSized('newZeros', (t) => fillRaw(t, 0));
/**
 * Ones with the dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html
 * @example torch.tensor([1.5]).newOnes(3)  // tensor([1., 1., 1.])
 */
export const newOnes: New = newSized('newOnes', (t) => fillRaw(t, 1));
/**
 * A tensor filled with one value, with the dtype and device of `input`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.new_full.html
 * @example torch.tensor([1.5]).newFull([3], 2)  // tensor([2., 2., 2.])
 */
export const newFull: (input: Tensor, size: readonly number[], fillValue: Scalar, options?: FactoryOptions) => Tensor = define(
  'newFull',
  `input, size, fillValue, ${FACTORY}`,
  (input: Tensor, size: readonly number[], value: Number_, ...rest: unknown[]) =>
    newTensor(input, size, optionsOf(...rest), (t) => fillRaw(t, value)),
);
/**
 * A copy of `data`, with the dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html
 * @example torch.tensor([1.5]).newTensor([1, 2])  // tensor([1., 2.])
 */
export const newTensorFrom: (input: Tensor, data: TensorData, options?: FactoryOptions) => Tensor = define(
  'newTensor',
  `input, data, ${FACTORY}`,
  (input: Tensor, data: TensorData, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    return tensor(data, { ...options, dtype: options.dtype ?? input.dtype, device: options.device ?? undefined });
  },
);

/**
 * Uninitialised memory with given strides. https://pytorch.org/docs/stable/generated/torch.empty_strided.html
 * @example torch.emptyStrided([2, 3], [1, 2]).stride()  // [ 1, 2 ]
 */
export const emptyStrided: (size: readonly number[], stride: readonly number[], options?: FactoryOptions) => Tensor = define(
  'emptyStrided',
  `size, stride, ${FACTORY}`,
  (size: readonly number[], stride: readonly number[], ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    checkStrides(size, stride);
    const { dtype, device } = factory(options, getDefaultDtype());
    return finish(emptyStridedTensor(device, dtype, [...size], [...stride]), options);
  },
);
/**
 * A tensor of unset memory with given strides, and the dtype and device of `input`. https://pytorch.org/docs/stable/tensors.html
 * @example torch.ones(1).newEmptyStrided([2, 3], [1, 2]).stride()  // [ 1, 2 ]
 */
export const newEmptyStrided: (input: Tensor, size: readonly number[], stride: readonly number[], options?: FactoryOptions) => Tensor =
  define(
    'newEmptyStrided',
    `input, size, stride, ${FACTORY}`,
    (input: Tensor, size: readonly number[], stride: readonly number[], ...rest: unknown[]) =>
      emptyStrided(size, stride, { ...optionsOf(...rest), dtype: (rest[0] as DType) ?? input.dtype }),
  );
function checkStrides(size: readonly number[], stride: readonly number[]): void {
  checkSizes(size);
  if (size.length !== stride.length)
    throw new RuntimeError(`mismatch in length of strides and shape: ${formatShape(size)} and ${formatShape(stride)}`);
  if (stride.some((s) => !Number.isInteger(s) || s < 0))
    throw new RuntimeError(`negative strides are not supported, got ${formatShape(stride)}`);
}
/**
 * Uninitialised memory whose dims lie in memory in the order `physicalLayout`.
 * https://pytorch.org/docs/stable/generated/torch.empty_permuted.html
 * @example torch.emptyPermuted([2, 3, 5], [0, 2, 1]).stride()  // [ 15, 1, 3 ]
 */
export const emptyPermuted: (size: readonly number[], physicalLayout: readonly number[], options?: FactoryOptions) => Tensor = define(
  'emptyPermuted',
  `size, physicalLayout, ${FACTORY}`,
  (size: readonly number[], layout: readonly number[], ...rest: unknown[]) => {
    if (layout.length !== size.length)
      throw new RuntimeError(
        `Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = ${size.length} is not equal to len(physical_layout) = ${layout.length}`,
      );
    layout.forEach((d, i) => {
      if (d < 0 || d >= size.length)
        throw new RuntimeError(
          `Dimension out of range (expected to be between 0 and ${size.length - 1}, but got ${d} at index ${i}).  NB: negative dims not currently supported; file an issue if you want it.`,
        );
      if (layout.indexOf(d) !== i) throw new RuntimeError('Duplicate dim not allowed');
    });
    const strides = new Array<number>(size.length);
    contiguousStrides(layout.map((d) => size[d])).forEach((s, i) => (strides[layout[i]] = s));
    return emptyStrided(size, strides, optionsOf(...rest));
  },
);

// --- classes --------------------------------------------------------------------------------------------------------------------------------------

/** `new torch.FloatTensor([...])` and its kin: data or sizes, always of one dtype. https://pytorch.org/docs/stable/tensors.html */
function legacyClass(dtype: DType | null): TensorClass {
  const construct = function (...args: TensorData[]): Tensor {
    const target = dtype ?? getDefaultDtype();
    if (args.length === 0) return zeros([0], { dtype: target });
    const isSize = args.every((a) => typeof a === 'number');
    return isSize ? zeros(args as number[], { dtype: target }) : tensor(args[0], { dtype: target });
  };
  construct.prototype = Tensor.prototype;
  return construct as unknown as TensorClass;
}
export type TensorClass = { new (data: TensorData): Tensor; new (...size: number[]): Tensor; readonly prototype: Tensor };

export const legacyClasses = {
  Tensor: legacyClass(null),
  FloatTensor: legacyClass(float32),
  DoubleTensor: legacyClass(float64),
  LongTensor: legacyClass(int64),
  IntTensor: legacyClass(toDType('int32')),
  ShortTensor: legacyClass(toDType('int16')),
  CharTensor: legacyClass(toDType('int8')),
  ByteTensor: legacyClass(uint8),
  BoolTensor: legacyClass(bool),
  HalfTensor: legacyClass(toDType('float16')),
  BFloat16Tensor: legacyClass(toDType('bfloat16')),
  ComplexFloatTensor: legacyClass(complex64),
  ComplexDoubleTensor: legacyClass(complex128),
};
