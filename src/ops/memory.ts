/** Making, filling and copying memory. */
import { bool, type DType, dtypes, float32, float64 } from '../ir/dtype.js';
import { type Expr, index } from '../ir/expr.js';
import { record } from '../autograd/node.js';
import { isInferenceModeEnabled } from '../autograd/modes.js';
import { getDevice } from '../device/registry.js';
import type { Device } from '../device/device.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype, isComplexNumber, type Number_ } from '../tensor/promote.js';
import { checkSizes, denseStridesLike, isContiguous, contiguousStrides } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyStridedTensor, emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type DeviceLike, toDevice, TorchDevice } from '../tensor/torch-device.js';
import { define } from './define.js';
import { Formula, inputLeaves, paramLeaf } from './formula.js';
import { viewOps } from './inplace.js';
import { launch, runFormulaInto } from './launch.js';
import type { DTypeLike, FactoryOptions, Op } from './types.js';

// --- names of dtypes and devices ----------------------------------------------------------------------------------------------------------

const byName = new Map<string, DType>(dtypes.map((d) => [d.name, d]));
for (const [alias, name] of Object.entries({
  float: 'float32',
  double: 'float64',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
  cfloat: 'complex64',
  cdouble: 'complex128',
})) {
  byName.set(alias, byName.get(name) as DType);
}

export const isDTypeName = (name: string): boolean => byName.has(name.replace(/^torch\./, ''));

/** A dtype given as itself or by name. */
export function toDType(dtype: DTypeLike | string): DType {
  if (typeof dtype !== 'string') return dtype;
  const found = byName.get(dtype.replace(/^torch\./, ''));
  if (!found) throw new TypeError(`unknown dtype '${dtype}'`);
  return found;
}

let defaultDevice: DeviceLike = 'cpu';
/**
 * Sets the device on which tensors are made. https://pytorch.org/docs/stable/generated/torch.set_default_device.html
 * @example torch.setDefaultDevice('cpu');
 */
export const setDefaultDevice = (device: DeviceLike): void => void (defaultDevice = toDevice(device));
/**
 * The device on which tensors are made. https://pytorch.org/docs/stable/generated/torch.get_default_device.html
 * @example torch.getDefaultDevice()  // device(type='cpu')
 */
export const getDefaultDevice = (): TorchDevice => toDevice(defaultDevice);

/** The device behind a user's name for it. */
export function resolveDevice(device: DeviceLike | Device | null | undefined): Device {
  if (device && typeof device === 'object' && 'run' in device) return device;
  const { type, index: i } = toDevice(device ?? defaultDevice);
  return getDevice(type, i ?? 0);
}

/** The user's name of a device. */
export const deviceOf = (t: Tensor): TorchDevice => {
  const { type, index: i } = t.storage.device;
  return type === 'cpu' ? toDevice('cpu') : toDevice(type, i);
};

// --- filling --------------------------------------------------------------------------------------------------------------------------------

export interface RawOptions {
  dtype?: DTypeLike | null;
  device?: DeviceLike | Device | null;
}

const fills = new Map<number, Formula>();
function fillFormula(dtype: DType, value: Number_): Formula {
  const kind = typeof value === 'number' ? (Number.isInteger(value) ? 0 : 1) : typeof value === 'object' ? 2 : 3;
  const key = dtype.code * 4 + kind;
  let formula = fills.get(key);
  if (!formula) {
    const leaf = paramLeaf(
      0,
      isComplexNumber(value)
        ? dtype.toComplex()
        : typeof value === 'number' && !Number.isInteger(value) && dtype.category < 2
          ? float32
          : dtype,
    );
    fills.set(key, (formula = new Formula([], [leaf], [leaf.cast(dtype)])));
  }
  return formula;
}

/** Writes `value` into every element. */
export function fillRaw(target: Tensor, value: Number_): void {
  runFormulaInto(fillFormula(target.dtype, value), target, [], [value]);
}

/** A new tensor after its first writes, which do not count as changes. */
export function fresh(t: Tensor): Tensor {
  t.storage.version = 0;
  return t;
}

/** A new tensor of one value, outside any graph. */
export function filled(sizes: readonly number[], value: Number_, options: RawOptions = {}): Tensor {
  checkSizes(sizes);
  const dtype = options.dtype ? toDType(options.dtype) : getDefaultDtype();
  const t = emptyTensor(resolveDevice(options.device), dtype, [...sizes]);
  fillRaw(t, value);
  return fresh(t);
}
/** Zeros, outside any graph. */
export const zeros = (sizes: readonly number[], options?: RawOptions): Tensor => filled(sizes, 0, options);

const sequenceFormulas = new Map<string, Formula>();
/** start, start + step, …: `n` elements of `dtype`. */
export function sequence(n: number, start: Number_, step: Number_, dtype: DType, device: Device): Tensor {
  // Floats are computed in float64 and rounded once, as PyTorch does.
  const compute = !dtype.isFloatingPoint ? dtype : device.supports(float64) ? float64 : float32;
  const key = `${dtype.name} ${compute.name}`;
  let formula = sequenceFormulas.get(key);
  if (!formula) {
    const params = [paramLeaf(0, compute), paramLeaf(1, compute)];
    formula = new Formula([], params, [params[0].add(index(0).cast(compute).mul(params[1])).cast(dtype)]);
    sequenceFormulas.set(key, formula);
  }
  const t = emptyTensor(device, dtype, [n]);
  if (n > 0) launch(formula.lowering, [n], [], [start, step], [t], [t.strides]);
  return t;
}

// --- copying ----------------------------------------------------------------------------------------------------------------------------------

const casts = new Map<string, Formula>();
export function castFormula(from: DType, to: DType): Formula {
  const key = `${from.code} ${to.code}`;
  let formula = casts.get(key);
  if (!formula) {
    const [x] = inputLeaves([from]);
    casts.set(key, (formula = new Formula([x], [], [castExpr(x, to)])));
  }
  return formula;
}
const castExpr = (x: Expr, to: DType): Expr => (x.dtype.isComplex && !to.isComplex && to !== bool ? x.real.cast(to) : x.cast(to));

/** Copies `source`, broadcast and converted, into the memory of `target`. No autograd, no version. */
export function copyInto(target: Tensor, source: Tensor): void {
  const local = source.storage.device === target.storage.device ? source : transferred(source, target.storage.device);
  runFormulaInto(castFormula(source.dtype, target.dtype), target, [local], []);
}

/** A copy on another device, by way of the host. */
function transferred(source: Tensor, device: Device): Tensor {
  const dense = contiguousRaw(source);
  const copy = emptyTensor(device, dense.dtype, dense.sizes);
  const bytes = new Uint8Array(numelOf(dense.sizes) * dense.dtype.itemsize);
  dense.storage.device.read(dense.buffer, dense.offset * dense.dtype.itemsize, bytes);
  device.write(copy.buffer, 0, bytes);
  return copy;
}

export const isDense = (t: Tensor): boolean => isContiguous(t.sizes, t.strides);

/** `t`, or a contiguous copy of it, outside the graph. */
export const contiguousRaw = (t: Tensor): Tensor => (isDense(t) ? t : copyRaw(t));

/** A contiguous copy outside the graph. */
export const copyRaw = (t: Tensor): Tensor => copyOf(t, contiguousStrides(t.sizes));

function copyOf(t: Tensor, strides: readonly number[]): Tensor {
  const copy = emptyStridedTensor(t.storage.device, t.dtype, t.sizes, strides);
  if (numelOf(t.sizes) > 0) launch(castFormula(t.dtype, t.dtype).lowering, t.sizes, [t], [], [copy], [strides]);
  return copy;
}

export type MemoryFormat = 'contiguous_format' | 'preserve_format' | 'channels_last' | 'channels_last_3d';

/** The strides that a memory format gives to a copy of `t`. */
export function stridesFor(t: Tensor, format: MemoryFormat | undefined): readonly number[] {
  if (t.sizes.length === 0) return t.sizes;
  const name = String(format ?? 'preserve_format').replace('torch.', '');
  if (name.startsWith('channels_last')) return channelsLastStrides(t.sizes, name);
  return name === 'preserve_format' && !isDense(t) ? denseStridesLike(t.sizes, t.strides) : contiguousStrides(t.sizes);
}

function channelsLastStrides(sizes: readonly number[], name: string): number[] {
  const ndim = name === 'channels_last' ? 4 : 5;
  if (sizes.length !== ndim) throw new RuntimeError(`required rank ${ndim} tensor to use ${name} format`);
  const order = [0, ...Array.from({ length: ndim - 2 }, (_, d) => d + 2), 1];
  const strides = new Array<number>(ndim);
  let step = 1;
  for (const d of order.reverse()) {
    strides[d] = step;
    step *= Math.max(sizes[d], 1);
  }
  return strides;
}

/**
 * A copy with its own memory. https://pytorch.org/docs/stable/generated/torch.clone.html
 * @example torch.clone(torch.tensor([1, 2]))  // tensor([1, 2])
 */
export const clone: Op<[], [], { memoryFormat: MemoryFormat }> = define(
  'clone',
  'input, *, memoryFormat?',
  (input: Tensor, memoryFormat?: MemoryFormat) => {
    const copy = copyOf(input, stridesFor(input, memoryFormat));
    if (isInferenceModeEnabled()) copy.inference = true;
    return record('clone', [input], copy, [], ({ grad }) => [grad]);
  },
);

/** The tensor itself if it is contiguous, else a contiguous copy. https://pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html */
export const contiguous: Op<[], [], { memoryFormat: MemoryFormat }> = define(
  'contiguous',
  'input, *, memoryFormat?',
  (input: Tensor, memoryFormat?: MemoryFormat) => {
    const strides = memoryFormat && String(memoryFormat).includes('channels_last') ? stridesFor(input, memoryFormat) : null;
    const fits = strides ? strides.every((s, d) => s === input.strides[d] || input.sizes[d] === 1) : isDense(input);
    return fits ? input : clone(input, { memoryFormat: memoryFormat ?? 'contiguous_format' });
  },
);

viewOps.clone = (t) => copyOf(t, stridesFor(t, 'preserve_format'));

/** Uninitialised memory in the memory order of `t`. */
export const emptyLike = (t: Tensor, dtype: DType = t.dtype): Tensor =>
  emptyStridedTensor(t.storage.device, dtype, t.sizes, stridesFor(t, 'preserve_format'));

/** Reads the dtype, device and requiresGrad of a factory's options. */
export function factory(options: FactoryOptions | undefined, inferred: DType): { dtype: DType; device: Device } {
  return { dtype: options?.dtype ? toDType(options.dtype) : inferred, device: resolveDevice(options?.device) };
}

/** Marks a new leaf as requiring grad if the options say so. */
export function finish(t: Tensor, options: FactoryOptions | undefined): Tensor {
  if (options?.requiresGrad) {
    if (t.dtype.category < 2) throw new RuntimeError('Only Tensors of floating point and complex dtype can require gradients');
    t.wantsGrad = true;
  }
  t.inference = isInferenceModeEnabled();
  return t;
}
