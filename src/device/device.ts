/**
 * The interface that every device implements: memory, and two kinds of work (Kernels and Routines).
 *
 * It knows nothing of tensors, autograd or operators, and it does not grow when operators are added. Shapes, dtypes and
 * indices are checked by the callers before anything is launched; a device may rely on that.
 */
import type { DType } from '../ir/dtype.js';
import type { Program, Scalar } from '../ir/kernel.js';

/** Memory of a device. The object is also the token by which the garbage collector decides its fate. */
export interface DeviceBuffer {
  readonly bytes: number;
  /** How far it begins behind a multiple of 16 bytes; 0 unless it was lent. */
  readonly skew?: number;
}

/** Where an operand lies: `offset` and `strides` count elements of `dtype`. A Tensor is one. */
export interface Operand {
  readonly buffer: DeviceBuffer;
  readonly dtype: DType;
  readonly offset: number;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/**
 * One launch of a Program over the index space `sizes`. `operands` are the inputs, then the outputs; `strides[i]` has one entry
 * a dim of `sizes` (0 = broadcast, or reduced for an output). `reduced[d]` marks the reduced dims. Inputs may overlap each other;
 * an output may be the very same view as an input (in place), never a shifted one.
 */
export interface Kernel {
  readonly program: Program;
  readonly sizes: readonly number[];
  readonly operands: readonly { readonly buffer: DeviceBuffer; readonly offset: number }[];
  readonly strides: readonly (readonly number[])[];
  readonly params: readonly Scalar[];
  readonly reduced?: readonly boolean[];
}

/** A named native algorithm: `native/routines.def` lists them, each documents its operands and params at its definition. */
export interface Routine {
  readonly name: string;
  readonly operands: readonly (Operand | null)[];
  readonly params: readonly Scalar[];
}

/** Thrown by `run` when a Routine reports a failure found in the data (an index out of range, a singular matrix …). */
export class RoutineError extends Error {
  constructor(
    readonly code: number,
    readonly details: readonly number[],
  ) {
    super(`routine failed with code ${code} (${details.join(', ')})`);
  }
}

export { UnsupportedError } from '../ir/errors.js';

export interface MemoryStats {
  /** Bytes in buffers that are in use, in buffers kept for reuse, and the most that were ever in use. */
  readonly live: number;
  readonly cached: number;
  readonly peak: number;
}

export interface Device {
  readonly type: string;
  readonly index: number;
  /** Whether `read` works (a GPU in a browser can only be read asynchronously). */
  readonly canReadSync: boolean;
  supports(dtype: DType): boolean;
  /** Uninitialised memory, at least 64-byte aligned. Throws PyTorch's out-of-memory text where it cannot be had. */
  alloc(bytes: number): DeviceBuffer;
  /** Makes `array`'s own memory a buffer where the device can, else a copy of it. */
  adopt(array: ArrayBufferView): DeviceBuffer;
  /** Gives memory back before the collector would. The buffer must never be used again. */
  free(buffer: DeviceBuffer): void;
  /** `free` for a buffer that `adopt` gave: its array is empty afterwards, where the array is all of its memory. */
  discard(buffer: DeviceBuffer): void;
  /** The ticket with which another thread `take`s the memory of `buffer`, which is gone here then; null where it has to be copied. */
  send(buffer: DeviceBuffer): number | null;
  /** The memory that another thread sent, `bytes` long; null where it went with that thread. */
  take(ticket: number, bytes: number): DeviceBuffer | null;
  write(buffer: DeviceBuffer, byteOffset: number, source: ArrayBufferView): void;
  read(buffer: DeviceBuffer, byteOffset: number, target: ArrayBufferView): void;
  readAsync(buffer: DeviceBuffer, byteOffset: number, target: ArrayBufferView): Promise<void>;
  run(kernel: Kernel): void;
  /** Runs kernels that do not depend on each other. */
  runAll(kernels: readonly Kernel[]): void;
  runRoutine(routine: Routine): void;
  /** Says that a backward pass is over: now is the time to look for garbage. */
  passEnded(): void;
  /** Waits for everything launched so far. */
  sync(): Promise<void>;
  memoryStats(): MemoryStats;
  setNumThreads(n: number): void;
  getNumThreads(): number;
}
