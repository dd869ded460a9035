/** Threads, memory and devices of the process. */
import type { MemoryStats } from '../device/device.js';
import { getDevice } from '../device/registry.js';
import { RuntimeError } from '../tensor/errors.js';

/**
 * How many threads the CPU engine uses. https://pytorch.org/docs/stable/generated/torch.get_num_threads.html
 * @example torch.getNumThreads() >= 1  // true
 */
export const getNumThreads = (): number => getDevice('cpu').getNumThreads();

/**
 * Sets how many threads the CPU engine uses. https://pytorch.org/docs/stable/generated/torch.set_num_threads.html
 * @example
 * const threads = torch.getNumThreads();
 * torch.setNumThreads(1);
 * torch.getNumThreads()  // 1
 * torch.setNumThreads(threads);
 */
export function setNumThreads(count: number): void {
  if (!(Number.isInteger(count) && count > 0)) throw new RuntimeError(`set_num_threads expects a positive integer, but got ${count}`);
  getDevice('cpu').setNumThreads(count);
}

/**
 * How many operations run beside each other: one. https://pytorch.org/docs/stable/generated/torch.get_num_interop_threads.html
 * @example torch.getNumInteropThreads()  // 1
 */
export const getNumInteropThreads = (): number => 1;

/**
 * Takes the number of operations that may run beside each other; they still run one after another.
 * https://pytorch.org/docs/stable/generated/torch.set_num_interop_threads.html
 * @example torch.setNumInteropThreads(2);
 */
export function setNumInteropThreads(count: number): void {
  if (!(Number.isInteger(count) && count > 0)) throw new RuntimeError('Expected positive number of threads');
}

/**
 * Asks for numbers near 0 to become 0. Gives false: this is not supported here.
 * https://pytorch.org/docs/stable/generated/torch.set_flush_denormal.html
 * @example torch.setFlushDenormal(true)  // false
 */
export const setFlushDenormal = (_mode: boolean): boolean => false;

/** `torch.cpu` */
export const cpu = {
  isAvailable: (): boolean => true,
  deviceCount: (): number => 1,
  /** Bytes in use, kept for reuse, and the most that were ever in use. */
  memoryStats: (): MemoryStats => getDevice('cpu').memoryStats(),
  synchronize: (): Promise<void> => getDevice('cpu').sync(),
};

/** `torch.cuda` */
export const cuda = {
  isAvailable: (): boolean => false,
  deviceCount: (): number => 0,
  isInitialized: (): boolean => false,
  /** Without a device there is nothing to seed or to free. */
  manualSeed: (_seed: number | bigint): void => {},
  manualSeedAll: (_seed: number | bigint): void => {},
  emptyCache: (): void => {},
};
