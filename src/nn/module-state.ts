/** What `stateDict`, `loadStateDict` and `to` of a module do with one tensor or name. */
import type { Device } from '../device/device.js';
import { DType, dtypes } from '../ir/dtype.js';
import { convert } from '../ops/convert.js';
import { clone, copyInto, type MemoryFormat, resolveDevice } from '../ops/memory.js';
import { describe } from '../ops/messages.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { type DeviceLike, TorchDevice } from '../tensor/torch-device.js';
import { become, Buffer, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter.js';
import { RuntimeError } from '../tensor/errors.js';

export type StateDict = Record<string, Tensor>;

/** Names that a loaded state lacks, and names that it has in vain. */
export class IncompatibleKeys {
  constructor(
    readonly missingKeys: string[],
    readonly unexpectedKeys: string[],
  ) {}

  *[Symbol.iterator](): IterableIterator<string[]> {
    yield this.missingKeys;
    yield this.unexpectedKeys;
  }

  toString(): string {
    const { missingKeys, unexpectedKeys } = this;
    if (missingKeys.length === 0 && unexpectedKeys.length === 0) return '<All keys matched successfully>';
    const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`;
    return `_IncompatibleKeys(missing_keys=${list(missingKeys)}, unexpected_keys=${list(unexpectedKeys)})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export interface LoadReport {
  missingKeys: string[];
  unexpectedKeys: string[];
  errorMsgs: string[];
}

/** `runningMean` → `running_mean`: the name of a field in PyTorch. A name that begins with a capital is one already. */
export const toSnake = (name: string): string =>
  /^[A-Z]/.test(name) ? name : name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`);

/** Which fields of a module `registerBuffer` made buffers, with whether each is persistent. */
const registered = new WeakMap<object, Map<string, boolean>>();
export const buffersOf = (module: object): Map<string, boolean> => {
  let names = registered.get(module);
  if (!names) registered.set(module, (names = new Map()));
  return names;
};

export const isBuffer = (owner: object, value: unknown, key: string): value is Tensor =>
  value instanceof Buffer || (value instanceof Tensor && buffersOf(owner).has(key));

const isPersistent = (owner: object, value: Tensor, key: string): boolean =>
  value instanceof Buffer ? value.persistent : buffersOf(owner).get(key)!;

/** A module's own parameters, then its persistent buffers, as PyTorch orders them. */
export function ownState(module: object): [name: string, tensor: Tensor][] {
  const fields = Object.entries(module) as [string, unknown][];
  const parameters = fields.filter(([, value]) => value instanceof Parameter);
  const buffers = fields.filter(([key, value]) => isBuffer(module, value, key) && isPersistent(module, value, key));
  return [...parameters, ...buffers].map(([key, value]) => [toSnake(key), value as Tensor]);
}

export const detached = (t: Tensor): Tensor => new Tensor(t.storage, t.dtype, t.sizes, t.strides, t.offset);

const keyProblem = (kind: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${kind} key(s) in state_dict: ${names.map((name) => `"${name}"`).join(', ')}. `];

/** Throws what is wrong with a state; names that do not agree matter only with `strict`. */
export function refuseProblems(module: object, { missingKeys, unexpectedKeys, errorMsgs }: LoadReport, strict: boolean): void {
  const names = strict ? [...keyProblem('Missing', missingKeys), ...keyProblem('Unexpected', unexpectedKeys)] : [];
  const problems = [...names, ...errorMsgs];
  if (problems.length > 0)
    throw new RuntimeError(`Error(s) in loading state_dict for ${module.constructor.name}:\n\t${problems.join('\n\t')}`);
}

const isUninitialized = (target: Tensor): target is UninitializedParameter | UninitializedBuffer =>
  (target instanceof UninitializedParameter || target instanceof UninitializedBuffer) && !target.initialized;

/** Why `source` can't be loaded into `target`, if so. */
export function loadProblem(name: string, source: unknown, target: Tensor): string | null {
  if (!(source instanceof Tensor))
    return `While copying the parameter named "${name}", expected torch.Tensor or Tensor-like object from checkpoint but received <class '${describe(source)}'>`;
  if (isUninitialized(target) || String(source.sizes) === String(target.sizes)) return null;
  return `size mismatch for ${name}: copying a param with shape torch.Size(${formatShape(source.sizes)}) from checkpoint, the shape in current model is torch.Size(${formatShape(target.sizes)}).`;
}

export function loadInto(target: Tensor, source: Tensor, assign: boolean): void {
  if (isUninitialized(target)) target.materialize(source.sizes);
  if (assign) become(target, detached(source));
  else copyInto(target, source.storage === target.storage ? clone(source) : convert(source, source.dtype, target.storage.device));
}

export interface ToOptions {
  dtype?: DType | string;
  device?: DeviceLike;
  nonBlocking?: boolean;
  /** Applies to parameters and buffers of four or five dims. */
  memoryFormat?: MemoryFormat;
}

interface Target {
  dtype?: DType;
  device?: Device;
  memoryFormat?: MemoryFormat;
}

export function parseTo(targets: readonly (DType | DeviceLike | Tensor | ToOptions | boolean)[]): Target {
  const found: Target = {};
  for (const target of targets) {
    if (target instanceof DType) found.dtype = target;
    else if (target instanceof Tensor) Object.assign(found, { dtype: target.dtype, device: target.storage.device });
    else if (target instanceof TorchDevice) found.device = resolveDevice(target);
    else if (typeof target === 'string') Object.assign(found, parseName(target));
    else if (typeof target === 'object') Object.assign(found, parseOptions(target));
  }
  return found;
}

const parseOptions = ({ dtype, device, memoryFormat }: ToOptions): Target => ({
  ...(dtype && parseName(dtype)),
  ...(device && { device: resolveDevice(device) }),
  ...(memoryFormat && { memoryFormat }),
});

function parseName(name: DType | string): Target {
  const dtype = name instanceof DType ? name : dtypes.find((each) => each.name === name || each.toString() === name);
  return dtype ? { dtype } : { device: resolveDevice(name as string) };
}
