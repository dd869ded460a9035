/** Node's own modules, looked up when they are needed, so that everything else works in browsers. */
interface Builtins {
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:module': typeof import('node:module');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
  'node:zlib': typeof import('node:zlib');
}

export const isNode = (): boolean => typeof globalThis.process?.getBuiltinModule === 'function';

export function builtin<K extends keyof Builtins>(name: K): Builtins[K] {
  if (!isNode()) throw new Error(`this needs files, which browsers do not have (${name})`);
  return process.getBuiltinModule(name) as Builtins[K];
}
