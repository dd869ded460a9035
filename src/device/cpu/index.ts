/** Registers the device `cpu`: on the native addon, or on WASM where there is none. `TYPETORCH_CPU=native|wasm` forces one. */
import { registerDevice } from '../registry.js';
import { CpuDevice } from './device.js';
import type { Library } from './library.js';

const inNode = typeof process !== 'undefined' && !!process.versions?.node;

async function loadLibrary(): Promise<Library> {
  const wanted = inNode ? process.env.TYPETORCH_CPU : 'wasm';
  if (wanted !== 'wasm') {
    try {
      return (await import('./addon.js')).loadAddon();
    } catch (error) {
      if (wanted === 'native') throw error;
      const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
      if (!missing) console.warn(`typetorch: the native library does not load, WebAssembly is used instead: ${(error as Error).message}`);
    }
  }
  return (await import('./wasm.js')).loadWasm();
}

export const cpu = new CpuDevice(await loadLibrary());
registerDevice('cpu', () => cpu);
