/** What `stateDict`, `loadStateDict` and `to` of a module do with one tensor or name. */
import type { Device } from '../device/device.js';
import { DType, dtypes } from '../ir/dtype.js';
import { convert } from '../ops/convert.js';
import { clone, copyInto, resolveDevice } from '../ops/memory.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { type DeviceLike, TorchDevice } from '../tensor/torch-device.js';
import { become, UninitializedBuffer, UninitializedParameter } from './parameter.js';

export interface ToOptions {
  dtype?: DType | string;
  device?: DeviceLike;
}

export const detached = (t: Tensor): Tensor => new Tensor(t.storage, t.dtype, t.sizes, t.strides, t.offset);

export const keyProblem = (kind: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${kind} key(s) in state_dict: ${names.map((name) => `"${name}"`).join(', ')}. `];

const isUninitialized = (target: Tensor): target is UninitializedParameter | UninitializedBuffer =>
  (target instanceof UninitializedParameter || target instanceof UninitializedBuffer) && !target.initialized;

export function shapeProblem(name: string, source: Tensor | undefined, target: Tensor): string[] {
  if (!source || isUninitialized(target) || String(source.sizes) === String(target.sizes)) return [];
  return [
    `size mismatch for ${name}: copying a param with shape torch.Size(${formatShape(source.sizes)}) from checkpoint, the shape in current model is torch.Size(${formatShape(target.sizes)}).`,
  ];
}

export function loadInto(target: Tensor, source: Tensor, assign: boolean): void {
  if (isUninitialized(target)) target.materialize(source.sizes);
  if (assign) become(target, detached(source));
  else copyInto(target, source.storage === target.storage ? clone(source) : convert(source, source.dtype, target.storage.device));
}

export function parseTo(targets: readonly (DType | DeviceLike | Tensor | ToOptions)[]): { dtype?: DType; device?: Device } {
  const found: { dtype?: DType; device?: Device } = {};
  for (const target of targets) {
    if (target instanceof DType) found.dtype = target;
    else if (target instanceof Tensor) Object.assign(found, { dtype: target.dtype, device: target.storage.device });
    else if (target instanceof TorchDevice) found.device = resolveDevice(target);
    else if (typeof target === 'string') Object.assign(found, parseName(target));
    else Object.assign(found, target.dtype && parseName(target.dtype), target.device && { device: resolveDevice(target.device) });
  }
  return found;
}

function parseName(name: DType | string): { dtype?: DType; device?: Device } {
  const dtype = name instanceof DType ? name : dtypes.find((each) => each.name === name || each.toString() === name);
  return dtype ? { dtype } : { device: resolveDevice(name as string) };
}
