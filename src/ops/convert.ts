/** Changing dtype and device, and copying between tensors. */
import {
  bfloat16,
  bool,
  complex128,
  complex64,
  type DType,
  float16,
  float32,
  float64,
  int16,
  int32,
  int64,
  int8,
  uint8,
} from '../ir/dtype.js';
import { needsRecord, record } from '../autograd/node.js';
import { isInferenceModeEnabled } from '../autograd/modes.js';
import { RuntimeError } from '../tensor/errors.js';
import { checkOverlap } from '../tensor/overlap.js';
import { broadcastSizes, formatShape, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyStridedTensor, emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import type { Device } from '../device/device.js';
import { type DeviceLike, TorchDevice } from '../tensor/torch-device.js';
import { isNumber, type Number_ } from '../tensor/promote.js';
import { setConvertData } from './creation.js';
import { sumToSize } from './apply.js';
import { define } from './define.js';
import { alias, checkInplace, keepOriginal, rebase } from './inplace.js';
import {
  castFormula,
  clone,
  contiguousRaw,
  copyInto,
  fillRaw,
  type MemoryFormat,
  isDTypeName,
  resolveDevice,
  stridesFor,
  toDType,
} from './memory.js';
import { launch } from './launch.js';
import { setViewDtype } from './view.js';
import { viewOf } from './make-view.js';
import type { DTypeLike, Op, TensorLike } from './types.js';

/**
 * A tensor outside the graph over the same memory. https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html
 * @example
 * const x = torch.ones(2, { requiresGrad: true });
 * x.mul(2).detach().requiresGrad  // false
 */
export const detach: Op = define('detach', 'input', (input: Tensor) => {
  const t = alias(input);
  t.inference = input.inference;
  return t;
});

/** A converted copy, on another device if asked; recorded. */
function converted(input: Tensor, dtype: DType, device: Device, format?: MemoryFormat): Tensor {
  const source = input.storage.device === device ? input : movedTo(input, device);
  if (dtype === source.dtype && source !== input) return recordConversion(input, source);
  const copy = emptyStridedTensor(device, dtype, input.sizes, stridesFor(input, format));
  if (numelOf(copy.sizes) > 0) launch(castFormula(source.dtype, dtype).lowering, copy.sizes, [source], [], [copy], [copy.strides]);
  return recordConversion(input, copy);
}
function recordConversion(input: Tensor, copy: Tensor): Tensor {
  const { dtype } = input;
  const { device } = input.storage;
  if (isInferenceModeEnabled()) copy.inference = true;
  return record('ToCopyBackward0', [input], copy, [], ({ grad }) => [converted(grad, dtype, device)]);
}

/** A copy of the bytes on another device: the values stay on the host in between. */
function movedTo(input: Tensor, device: Device): Tensor {
  const dense = contiguousRaw(input);
  const copy = emptyTensor(device, dense.dtype, dense.sizes);
  const bytes = new Uint8Array(numelOf(dense.sizes) * dense.dtype.itemsize);
  if (bytes.length > 0) {
    dense.storage.device.read(dense.buffer, dense.offset * dense.dtype.itemsize, bytes);
    device.write(copy.buffer, 0, bytes);
  }
  return copy;
}

/** `input` as `dtype` on `device`: itself if nothing changes. */
export function convert(input: Tensor, dtype: DType, device: Device = input.storage.device, copy = false, format?: MemoryFormat): Tensor {
  const keepsFormat = !format || String(format).replace('torch.', '') === 'preserve_format';
  if (!copy && keepsFormat && dtype === input.dtype && device === input.storage.device) return input;
  if (dtype === input.dtype && device === input.storage.device) return format ? clone(input, { memoryFormat: format }) : clone(input);
  return converted(input, dtype, device, format);
}

type ToOptions = {
  dtype?: DTypeLike | null;
  device?: DeviceLike | null;
  other?: Tensor;
  copy?: boolean;
  nonBlocking?: boolean;
  memoryFormat?: MemoryFormat;
};
const isDeviceName = (x: unknown): boolean =>
  x instanceof TorchDevice || (typeof x === 'string' && /^(cpu|cuda|webgpu|reference|meta)(:\d+)?$/.test(x));

/**
 * The tensor in another dtype or on another device; itself if it is so already.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.to.html
 * @example torch.tensor([1.5, 2]).to(torch.int64)  // tensor([1, 2])
 */
export function to(input: Tensor, ...args: (DTypeLike | DeviceLike | Tensor | boolean | ToOptions | null | undefined)[]): Tensor {
  let dtype = input.dtype;
  let { device } = input.storage;
  const flags: boolean[] = [];
  let format: MemoryFormat | undefined;
  let copy = false;
  const take = (x: unknown): void => {
    if (x === null || x === undefined) return;
    if (x instanceof Tensor) [dtype, device] = [x.dtype, x.storage.device];
    else if (typeof x === 'boolean') flags.push(x);
    else if (isDeviceName(x)) device = resolveDevice(x as DeviceLike);
    else if (typeof x === 'object' && Object.getPrototypeOf(x) === Object.prototype) {
      const options = x as ToOptions;
      [options.other, options.device, options.dtype].forEach(take);
      copy = options.copy ?? false;
      format = options.memoryFormat;
    } else if (typeof x === 'string' && !isDTypeName(x)) device = resolveDevice(x);
    else dtype = toDType(x as DTypeLike);
  };
  args.forEach(take);
  return convert(input, dtype, device, copy || flags[1] === true, format);
}
Object.assign(to, { opName: 'to' });

type Cast = Op<[], [], { memoryFormat: MemoryFormat }>;
const cast = (name: string, dtype: DType): Cast =>
  define<Cast>(name, 'input, *, memoryFormat?', (input: Tensor, format?: MemoryFormat) => convert(input, dtype, undefined, false, format));
/**
 * As float32. https://pytorch.org/docs/stable/generated/torch.Tensor.float.html
 * @example torch.tensor([1, 2]).float()  // tensor([1., 2.])
 */
export const float: Cast = cast('float', float32);
/**
 * As float64. https://pytorch.org/docs/stable/generated/torch.Tensor.double.html
 * @example torch.tensor([1, 2]).double()  // tensor([1., 2.], dtype=torch.float64)
 */
export const double: Cast = cast('double', float64);
/**
 * As float16. https://pytorch.org/docs/stable/generated/torch.Tensor.half.html
 * @example torch.tensor([1, 2]).half()  // tensor([1., 2.], dtype=torch.float16)
 */
export const half: Cast = cast('half', float16);
/**
 * As bfloat16. https://pytorch.org/docs/stable/generated/torch.Tensor.bfloat16.html
 * @example torch.tensor([1, 2]).bfloat16()  // tensor([1., 2.], dtype=torch.bfloat16)
 */
const toBfloat16: Cast = cast('bfloat16', bfloat16);
/**
 * As int8. https://pytorch.org/docs/stable/generated/torch.Tensor.char.html
 * @example torch.tensor([1, 2]).char()  // tensor([1, 2], dtype=torch.int8)
 */
export const char: Cast = cast('char', int8);
/**
 * As int16. https://pytorch.org/docs/stable/generated/torch.Tensor.short.html
 * @example torch.tensor([1, 2]).short()  // tensor([1, 2], dtype=torch.int16)
 */
export const short: Cast = cast('short', int16);
/**
 * As int32. https://pytorch.org/docs/stable/generated/torch.Tensor.int.html
 * @example torch.tensor([1.5, 2]).int()  // tensor([1, 2], dtype=torch.int32)
 */
export const int: Cast = cast('int', int32);
/**
 * As int64; fractions are cut off. https://pytorch.org/docs/stable/generated/torch.Tensor.long.html
 * @example torch.tensor([1.5, -2.5]).long()  // tensor([ 1, -2])
 */
export const long: Cast = cast('long', int64);
/**
 * As uint8. https://pytorch.org/docs/stable/generated/torch.Tensor.byte.html
 * @example torch.tensor([1, 2]).byte()  // tensor([1, 2], dtype=torch.uint8)
 */
export const byte: Cast = cast('byte', uint8);
/**
 * As bool: whether nonzero. https://pytorch.org/docs/stable/generated/torch.Tensor.bool.html
 * @example torch.tensor([0, 2]).bool()  // tensor([False,  True])
 */
const toBool: Cast = cast('bool', bool);
/**
 * As complex64. https://pytorch.org/docs/stable/generated/torch.Tensor.cfloat.html
 * @example torch.tensor([1, 2]).cfloat()  // tensor([1.+0.j, 2.+0.j])
 */
export const cfloat: Cast = cast('cfloat', complex64);
/**
 * As complex128. https://pytorch.org/docs/stable/generated/torch.Tensor.cdouble.html
 * @example torch.tensor([1, 2]).cdouble()  // tensor([1.+0.j, 2.+0.j], dtype=torch.complex128)
 */
export const cdouble: Cast = cast('cdouble', complex128);
export { toBfloat16 as bfloat16, toBool as bool };
/**
 * The tensor in the dtype and on the device of `other`. https://pytorch.org/docs/stable/generated/torch.Tensor.type_as.html
 * @example torch.tensor([1, 2]).typeAs(torch.tensor([0.5]))  // tensor([1., 2.])
 */
export const typeAs: Op<[other: Tensor]> = define('typeAs', 'input, other', (input: Tensor, other: Tensor) =>
  convert(input, other.dtype, other.storage.device),
);

/**
 * On the CPU. https://pytorch.org/docs/stable/generated/torch.Tensor.cpu.html
 * @example torch.ones(2).cpu().device  // device(type='cpu')
 */
export const cpu: Op = define('cpu', 'input', (input: Tensor) => convert(input, input.dtype, resolveDevice('cpu')));
/**
 * On the CPU, from any device.
 * @example await torch.cpuAsync(torch.ones(2))  // tensor([1., 1.])
 */
export const cpuAsync: Op<[], [], object, Promise<Tensor>> = define('cpuAsync', 'input', async (input: Tensor) => {
  if (input.storage.device.type === 'cpu') return input;
  const dense = contiguousRaw(input);
  const copy = emptyTensor(resolveDevice('cpu'), dense.dtype, dense.sizes);
  const bytes = new Uint8Array(numelOf(dense.sizes) * dense.dtype.itemsize);
  await dense.storage.device.readAsync(dense.buffer, dense.offset * dense.dtype.itemsize, bytes);
  copy.storage.device.write(copy.buffer, 0, bytes);
  return recordConversion(input, copy);
});
/**
 * The tensor in the memory of a CUDA device; throws where there is none. https://pytorch.org/docs/stable/generated/torch.Tensor.cuda.html
 * @example torch.ones(2).isCuda  // false
 */
export const cuda: Op<[], [device: DeviceLike], { device: DeviceLike }> = define(
  'cuda',
  'input, device?',
  (input: Tensor, device: DeviceLike = 'cuda') => convert(input, input.dtype, resolveDevice(device)),
);

// --- writing --------------------------------------------------------------------------------------------------------------------------------------

/**
 * Copies `src`, broadcast and converted, into `input`. https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
 * @example
 * torch.zeros(2, 2).copy_(torch.tensor([1, 2]))
 * // tensor([[1., 2.],
 * //         [1., 2.]])
 */
export const copy_: Op<[src: TensorLike], [nonBlocking: boolean], object> = define(
  'copy_',
  'input, src, nonBlocking?',
  (input: Tensor, src: TensorLike) => {
    const source = isNumber(src) ? null : src;
    if (!source) return fill_(input, src as Number_);
    checkInplace(input);
    if (!sameSizes(broadcastSizes(input.sizes, source.sizes), input.sizes)) {
      throw new RuntimeError(
        `output with shape ${formatShape(input.sizes)} doesn't match the broadcast shape ${formatShape(broadcastSizes(input.sizes, source.sizes))}`,
      );
    }
    checkOverlap(input, [source]);
    const recorded = needsRecord([input, source]);
    const old = recorded ? keepOriginal(input, []) : input;
    copyInto(input, source);
    if (!recorded) return input;
    return rebaseCopy(input, old, source);
  },
);

function rebaseCopy(input: Tensor, old: Tensor, source: Tensor): Tensor {
  const result = alias(input);
  const [sizes, dtype, device] = [source.sizes, source.dtype, source.storage.device];
  record('CopyBackwards', [old, source], result, [], ({ grad }) => [
    () => zerosOf(grad),
    () => convert(sumToSize(grad, sizes), dtype, device),
  ]);
  rebase(input, result);
  return input;
}
const zerosOf = (grad: Tensor): Tensor => {
  const zero = emptyTensor(grad.storage.device, grad.dtype, grad.sizes);
  if (numelOf(zero.sizes) > 0) fillRaw(zero, 0);
  return zero;
};

/**
 * Writes one value everywhere. https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
 * @example torch.empty(2).fill_(7)  // tensor([7., 7.])
 */
export const fill_: Op<[value: TensorLike]> = define('fill_', 'input, value', (input: Tensor, value: TensorLike) => {
  if (value instanceof Tensor) {
    if (value.ndim > 0)
      throw new RuntimeError(`fill_ only supports 0-dimension value tensor but got tensor with ${value.ndim} dimensions.`);
    return copy_(input, value);
  }
  return filledInPlace('FillBackward2', input, value as Number_);
});
function filledInPlace(node: string, input: Tensor, value: Number_): Tensor {
  checkInplace(input, true);
  const old = needsRecord([input]) ? keepOriginal(input, []) : null;
  fillRaw(input, value);
  if (!old) return input;
  const result = alias(input);
  record(node, [old], result, [], ({ grad }) => [zerosOf(grad)]);
  rebase(input, result);
  return input;
}
/**
 * A new tensor like `input` with one value everywhere.
 * @example torch.fill(torch.zeros(2), 7)  // tensor([7., 7.])
 */
export const fill: Op<[value: TensorLike]> = define('fill', 'input, value', (input: Tensor, value: TensorLike) =>
  fill_(clone(input), value),
);
/**
 * Zeros in place. https://pytorch.org/docs/stable/generated/torch.Tensor.zero_.html
 * @example torch.ones(2).zero_()  // tensor([0., 0.])
 */
export const zero_: Op = define('zero_', 'input', (input: Tensor) => filledInPlace('zero', input, 0));

setConvertData((data, { dtype, device }) => {
  const target = dtype ? toDType(dtype) : data.dtype;
  return convert(alias(data), target, device ? resolveDevice(device) : data.storage.device, true);
});

/** The same memory as elements of another dtype. */
setViewDtype((input, dtypeLike) => {
  const dtype = toDType(dtypeLike as DTypeLike);
  const [from, to] = [input.dtype.itemsize, dtype.itemsize];
  const alignment = dtype.toReal().itemsize;
  if (((input.buffer.skew ?? 0) + input.offset * from) % alignment !== 0)
    throw new RuntimeError(`the address of a ${dtype.name} view must be a multiple of ${alignment} bytes: clone() the tensor first`);
  const retyped = (sizes: readonly number[], strides: readonly number[], offset: number): Tensor => {
    const v = viewOf(input, sizes, strides, offset);
    v.dtype = dtype;
    return v;
  };
  if (from === to) return retyped(input.sizes, input.strides, input.offset);
  if (input.ndim === 0)
    throw new RuntimeError(`self.dim() cannot be 0 to view ${input.dtype.name} as ${dtype.name} (different element sizes)`);
  const last = input.ndim - 1;
  if (input.strides[last] !== 1)
    throw new RuntimeError(
      `self.stride(-1) must be 1 to view ${input.dtype.name} as ${dtype.name} (different element sizes), but got ${input.strides[last]}`,
    );
  const scale = (x: number, d: number): number => (d === last ? 1 : (x * from) / to);
  const width = (input.sizes[last] * from) / to;
  const strides = input.strides.map(scale);
  const offset = (input.offset * from) / to;
  if (!Number.isInteger(width) || !Number.isInteger(offset) || !strides.every(Number.isInteger)) {
    throw new RuntimeError(
      `self.size(-1) must be divisible by ${to / from} to view ${input.dtype.name} as ${dtype.name} (different element sizes), but got ${input.sizes[last]}`,
    );
  }
  return retyped(
    input.sizes.map((n, d) => (d === last ? width : n)),
    strides,
    offset,
  );
});
