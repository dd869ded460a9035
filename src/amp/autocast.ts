/** Mixed precision: operators that gain from it compute in bfloat16 or float16. https://pytorch.org/docs/stable/amp.html */
import { isGradEnabled, type Scope, scoped } from '../autograd/modes.js';
import { deviceTypes } from '../device/registry.js';
import { bfloat16, type DType, float16, float32, float64 } from '../ir/dtype.js';
import { to } from '../ops/convert.js';
import { type Interceptor, setInterceptor } from '../ops/define.js';
import { toDType } from '../ops/memory.js';
import type { DTypeLike } from '../ops/types.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { type Policy, policyOf } from './lists.js';

export interface AutocastOptions {
  /** bfloat16 (unless given) or float16. */
  dtype?: DTypeLike | null;
  enabled?: boolean;
  /** Whether a parameter is cast only once while the scope lasts. */
  cacheEnabled?: boolean | null;
}

/** A parameter in the lower precision, as long as it is not written to. */
interface CachedCast {
  readonly version: number;
  readonly cast: Tensor;
}

interface State {
  readonly enabled: boolean;
  readonly dtype: DType;
  readonly cacheEnabled: boolean;
}

let state: State = { enabled: false, dtype: bfloat16, cacheEnabled: true };
let depth = 0;
let cache = new WeakMap<Tensor, CachedCast>();

/** Casts the arguments of an operator on the list; nothing inside of it is cast again. */
const intercept: Interceptor = (name, args, run) => {
  const policy = policyOf(name, args);
  if (!policy) return run(args);
  setInterceptor(null);
  try {
    return run(policy === 'unchanged' ? args : castAll(args, targetOf(policy, args)));
  } finally {
    setInterceptor(intercept);
  }
};

function targetOf(policy: Exclude<Policy, 'unchanged'>, args: readonly unknown[]): DType {
  if (policy === 'float32') return float32;
  if (policy === 'lower') return state.dtype;
  return args.flat().some((arg) => isEligible(arg) && arg.dtype === float32) ? float32 : state.dtype;
}

const isEligible = (x: unknown): x is Tensor =>
  x instanceof Tensor && x.dtype.isFloatingPoint && x.dtype !== float64 && x.storage.device.type === 'cpu';

const castAll = (args: readonly unknown[], dtype: DType): unknown[] => args.map((arg) => castArgument(arg, dtype));

function castArgument(arg: unknown, dtype: DType): unknown {
  if (Array.isArray(arg)) return arg.some(isEligible) ? castAll(arg, dtype) : arg;
  if (!isEligible(arg) || arg.dtype === dtype) return arg;
  const keep = state.cacheEnabled && dtype === state.dtype && isGradEnabled() && arg.wantsGrad && arg.node === null;
  return keep ? cachedCast(arg, dtype) : to(arg, dtype);
}

function cachedCast(parameter: Tensor, dtype: DType): Tensor {
  const { version } = parameter.storage;
  const known = cache.get(parameter);
  if (known && known.version === version && known.cast.dtype === dtype) return known.cast;
  const cast = to(parameter, dtype);
  cache.set(parameter, { version, cast });
  return cast;
}

function set(next: State): void {
  state = next;
  setInterceptor(state.enabled ? intercept : null);
}

function enter(next: State): () => void {
  const outer = state;
  set(next);
  depth++;
  return () => {
    if (--depth === 0) clearAutocastCache();
    set(outer);
  };
}

function stateFor(deviceType: string, options: AutocastOptions): State {
  const { enabled = true, cacheEnabled } = options;
  const dtype = options.dtype ? toDType(options.dtype) : state.dtype;
  const wanted = { enabled, dtype, cacheEnabled: cacheEnabled ?? state.cacheEnabled };
  if (deviceType === 'cpu') return dtype === bfloat16 || dtype === float16 || !enabled ? wanted : unsupported(wanted);
  if (!['cuda', 'webgpu'].includes(deviceType))
    throw new RuntimeError(`User specified an unsupported autocast device_type '${deviceType}'`);
  if (enabled && !deviceTypes().includes(deviceType))
    console.warn(`User provided device_type of '${deviceType}', but ${deviceType.toUpperCase()} is not available. Disabling`);
  return state;
}

function unsupported(wanted: State): State {
  console.warn(
    'In CPU autocast, but the target dtype is not supported. Disabling autocast.\nCPU Autocast only supports dtype of torch.bfloat16, torch.float16 currently.',
  );
  return { ...wanted, enabled: false };
}

/**
 * Runs `body` so that matrix products, convolutions, attention and their kin compute in `dtype`, and what needs the range or precision,
 * such as losses,
 * in float32; all other operators compute in the dtype of their inputs. Parameters stay float32 and receive float32 gradients. Without a
 * body the scope
 * lasts until it is disposed of: `using _ = torch.autocast('cpu')`. Call `backward()` outside. Throws for device types that cannot
 * autocast.
 * https://pytorch.org/docs/stable/amp.html#torch.autocast
 * @example
 * const net = new nn.Linear(2, 3);
 * torch.autocast('cpu', { dtype: torch.bfloat16 }, () => net(torch.ones(1, 2)).dtype)  // torch.bfloat16
 */
export function autocast(deviceType: string, options?: AutocastOptions): Scope;
export function autocast<R>(deviceType: string, body: () => R): R;
export function autocast<R>(deviceType: string, options: AutocastOptions, body: () => R): R;
export function autocast<R>(deviceType: string, options: AutocastOptions | (() => R) = {}, body?: () => R): R | Scope {
  if (typeof deviceType !== 'string') throw new TypeError(`Expected \`device_type\` of type \`str\`, got: \`${typeof deviceType}\``);
  const [settings, work] = typeof options === 'function' ? [{}, options] : [options, body];
  const next = stateFor(deviceType, settings);
  return scoped(() => enter(next), work);
}

/**
 * Whether autocast is on. https://pytorch.org/docs/stable/generated/torch.is_autocast_enabled.html
 * @example torch.autocast('cpu', () => torch.isAutocastEnabled('cpu'))  // true
 */
export const isAutocastEnabled = (deviceType = 'cpu'): boolean => deviceType === 'cpu' && state.enabled;
/**
 * What autocast computes in. https://pytorch.org/docs/stable/amp.html
 * @example torch.getAutocastDtype('cpu')  // torch.bfloat16
 */
export const getAutocastDtype = (_deviceType = 'cpu'): DType => state.dtype;
/**
 * Whether casts of parameters are kept within an autocast region. https://pytorch.org/docs/stable/amp.html
 * @example torch.isAutocastCacheEnabled()  // true
 */
export const isAutocastCacheEnabled = (): boolean => state.cacheEnabled;
/**
 * Whether a device type can autocast. https://pytorch.org/docs/stable/amp.html#torch.amp.autocast_mode.is_autocast_available
 * @example torch.amp.isAutocastAvailable('cpu')  // true
 */
export const isAutocastAvailable = (deviceType: string): boolean => deviceType === 'cpu';
/**
 * Forgets the casts of parameters, which otherwise last as long as the outermost scope. https://pytorch.org/docs/stable/amp.html
 * @example torch.clearAutocastCache();
 */
export const clearAutocastCache = (): void => void (cache = new WeakMap());

/**
 * Switches autocast on or off until it is set again: scopes (`autocast`) are safer.
 * @example
 * torch.setAutocastEnabled('cpu', true);
 * torch.isAutocastEnabled('cpu')  // true
 * torch.setAutocastEnabled('cpu', false);
 */
export function setAutocastEnabled(_deviceType: string, enabled: boolean): void {
  set({ ...state, enabled });
}

/**
 * Sets the dtype of autocast until it is set again.
 * @example
 * torch.setAutocastDtype('cpu', torch.float16);
 * torch.getAutocastDtype('cpu')  // torch.float16
 * torch.setAutocastDtype('cpu', torch.bfloat16);
 */
export function setAutocastDtype(_deviceType: string, dtype: DTypeLike): void {
  set({ ...state, dtype: toDType(dtype) });
}

/**
 * Sets whether autocast casts a parameter only once.
 * @example
 * torch.setAutocastCacheEnabled(false);
 * torch.isAutocastCacheEnabled()  // false
 * torch.setAutocastCacheEnabled(true);
 */
export function setAutocastCacheEnabled(cacheEnabled: boolean): void {
  set({ ...state, cacheEnabled });
}
