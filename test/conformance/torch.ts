/** The library under test, seen without its types: calls are made by name. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Dynamic = ((...args: unknown[]) => Dynamic) & (new (...args: unknown[]) => Dynamic) & { [name: string]: Dynamic };

export interface Tensor {
  readonly dtype: { toString(): string };
  readonly shape: readonly number[];
  readonly requiresGrad: boolean;
  grad: unknown;
  toTypedArrayAsync(): Promise<ArrayBufferView>;
  [name: string]: unknown;
}

/** Thrown for what the library does not have; counted apart from failures. */
export class Missing extends Error {}
/** Thrown for what cannot be asked of it (a dtype that the device lacks …). */
export class Skipped extends Error {}

export async function loadTorch(root: string): Promise<Dynamic> {
  const entry = process.env.TYPETORCH_ENTRY ?? join(root, 'dist', 'index.js');
  return (await import(pathToFileURL(entry).href)) as unknown as Dynamic;
}

/** Adds the device `reference`, which refuses to be read synchronously, as a GPU in a browser does. */
export async function registerReference(root: string): Promise<void> {
  await import(pathToFileURL(join(root, 'dist', 'device', 'reference', 'index.js')).href);
}

/** Finds `torch.nn.functional.gelu` (already in camelCase); the corpus writes `torch.torch.ops…` for what lies in `torch.ops`. */
export function resolve(torch: Dynamic, path: string): { owner: Dynamic; value: Dynamic } {
  const names = path.replace(/^(torch\.)+/, '').split('.');
  let owner = torch;
  for (const name of names.slice(0, -1)) {
    owner = owner[name];
    if (owner === undefined) throw new Missing(`no ${path}`);
  }
  const value = owner[names.at(-1)!];
  if (value === undefined) throw new Missing(`no ${path}`);
  return { owner, value };
}

export function method(self: unknown, name: string): (...args: unknown[]) => unknown {
  const found = (self as Record<string, unknown> | null | undefined)?.[name];
  if (typeof found !== 'function') throw new Missing(`no method ${name}`);
  return (found as (...args: unknown[]) => unknown).bind(self);
}

export const asTensor = (value: unknown): Tensor | null =>
  typeof value === 'object' && value !== null && 'requiresGrad' in value && 'dtype' in value && 'toTypedArray' in value
    ? (value as unknown as Tensor)
    : null;
