/** Constructor arguments of layers, and their printouts. */
import { Signature } from '../ops/signature.js';
import type { Args, DTypeLike } from '../ops/types.js';
import type { DeviceLike } from '../tensor/torch-device.js';

const signatures = new Map<string, Signature>();

/** Binds positional and named arguments to `parameters`, PyTorch's list; those not given stay undefined. */
export function bind<T extends readonly unknown[]>(layer: string, parameters: string, args: readonly unknown[]): T {
  const key = `${layer}(${parameters})`;
  let signature = signatures.get(key);
  if (!signature) signatures.set(key, (signature = new Signature(layer, parameters)));
  return signature.bind(args) as unknown as T;
}

/** A number that is a float in PyTorch, as Python prints it: `1.0`, `1e-05`. */
export function float(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  const [mantissa, exponent] = x.toExponential().split('e');
  if (x !== 0 && (Number(exponent) < -4 || Number(exponent) >= 16))
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  return Number.isInteger(x) ? `${x}.0` : String(x);
}

/** Any other value as Python prints it. */
export function python(x: unknown): string {
  if (x === null || x === undefined) return 'None';
  if (typeof x === 'boolean') return x ? 'True' : 'False';
  if (Array.isArray(x)) return x.length === 1 ? `(${python(x[0])},)` : `(${x.map(python).join(', ')})`;
  return typeof x === 'string' ? `'${x}'` : String(x);
}

/** A size given as one number or as one a dim. */
export type SizeN = number | readonly number[];

/** `3` → `[3, 3]` for two dims. */
export const ntuple = (size: SizeN, n: number): number[] => (typeof size === 'number' ? new Array<number>(n).fill(size) : [...size]);

/** Where and in which dtype a layer's parameters are made. */
export interface Place {
  device?: DeviceLike | null;
  dtype?: DTypeLike | null;
}

/** The same as the last two arguments of a constructor. */
export type PlaceArgs = [device?: DeviceLike | null, dtype?: DTypeLike | null];

/** The optional output size of a `forward`, by position or by name. */
export type OutputSizeArgs = Args<[outputSize: readonly number[] | null], { outputSize?: readonly number[] | null }>;
export const outputSizeOf = (args: OutputSizeArgs): readonly number[] | null =>
  bind<[(readonly number[] | null)?]>('forward', 'outputSize?', args)[0] ?? null;
