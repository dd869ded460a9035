import type { DType } from '../../ir/dtype.js';
import type { Program, Scalar } from '../../ir/kernel.js';
import { printBytecode, splitInt64 } from '../../ir/print/bytecode.js';
import {
  type Device,
  type DeviceBuffer,
  type Kernel,
  type MemoryStats,
  type Operand,
  type Routine,
  RoutineError,
  UnsupportedError,
} from '../device.js';
import { MemoryPolicy } from '../memory.js';
import { CpuBuffer } from './buffer.js';
import { SMALL, Slabs } from './slabs.js';
import { FRAME_DATA, FRAME_DATA_BYTES, type Library, names, Request } from './library.js';

const MAX_DIMS = 64;

/** What the library knows a Program by. */
interface Registered {
  readonly id: number;
  readonly itemsizes: readonly number[];
}

type TypedArray = Exclude<ArrayBufferView, DataView> & { length: number; [index: number]: number | bigint };

const typedArrays = [Float32Array, Float64Array, BigInt64Array, Int32Array, Int16Array, Int8Array, Uint8Array, Uint16Array];

/** The host's processor and memory. */
export class CpuDevice implements Device {
  readonly type = 'cpu';
  readonly index = 0;
  readonly canReadSync = true;
  private frame: Float64Array;
  /** Views of the frame's data area by array constructor, for reads and writes of a few elements. */
  private frameViews = new Map<unknown, TypedArray>();
  private readonly policy: MemoryPolicy;
  private readonly opCodes: ReadonlyMap<string, number>;
  private readonly routineIds: ReadonlyMap<string, number>;
  private readonly slabs = new Slabs((bytes) => (this.library.crowded?.(bytes) ? null : this.allocBlock(bytes)));
  private readonly small: number;
  private anyOutside = false;
  private readonly guests: CpuBuffer[] = [];
  /** The property of a Program that holds its Registered. */
  private readonly registration = Symbol('registered program');

  constructor(readonly library: Library) {
    this.frame = library.frame;
    this.small = library.sanitizer ? -1 : SMALL;
    this.policy = new MemoryPolicy(library.collector);
    this.opCodes = new Map(names(library.ops).map((name, code) => [name.replace(/_$/, ''), code]));
    this.routineIds = new Map(names(library.routines).map((name, id) => [name, id]));
    this.viewFrame();
  }

  private viewFrame(): void {
    this.frame = this.library.frame;
    const { buffer, byteOffset } = this.frame;
    for (const View of typedArrays) {
      const view = new View(buffer as ArrayBuffer, byteOffset + 8 * FRAME_DATA, FRAME_DATA_BYTES / View.BYTES_PER_ELEMENT);
      this.frameViews.set(View, view as unknown as TypedArray);
    }
  }

  /** A WASM memory that grew has a new buffer. */
  private currentFrame(): Float64Array {
    if (this.frame.length === 0) this.viewFrame();
    return this.frame;
  }

  supports(_dtype: DType): boolean {
    return true;
  }

  alloc(bytes: number): CpuBuffer {
    if (bytes <= this.small && bytes >= 0) return this.allocSmall(bytes);
    if (this.library.crowded?.(bytes)) return this.allocOutside(bytes);
    return this.allocBlock(bytes);
  }

  private allocSmall(bytes: number): CpuBuffer {
    this.policy.charge(bytes);
    const buffer = new CpuBuffer(bytes);
    return this.slabs.take(buffer) ? buffer : this.allocOutside(bytes);
  }

  private allocBlock(bytes: number): CpuBuffer {
    this.policy.charge(bytes);
    const buffer = new CpuBuffer(bytes);
    if (!this.tryAlloc(buffer)) {
      this.policy.collectAll();
      if (!this.tryAlloc(buffer)) throw outOfMemory(bytes);
    }
    return buffer;
  }

  private allocOutside(bytes: number): CpuBuffer {
    this.anyOutside = true;
    const buffer = new CpuBuffer(bytes);
    try {
      buffer.outside = new Uint8Array(bytes);
    } catch {
      throw outOfMemory(bytes);
    }
    return buffer;
  }

  /** Copies into the library's memory what lies outside, for one call. */
  private bringIn(operands: readonly ({ readonly buffer: DeviceBuffer } | null)[]): void {
    for (const operand of operands) {
      const block = operand?.buffer as CpuBuffer | undefined;
      if (!block?.outside || block.address !== 0) continue;
      const f = this.request(Request.alloc, block.bytes);
      if (f[1] === 0) {
        this.putBack();
        throw outOfMemory(block.bytes);
      }
      block.address = f[1];
      this.guests.push(block);
      this.library.write(block.outside);
    }
  }

  private putBack(): void {
    for (const block of this.guests) {
      const f = this.currentFrame();
      f[1] = block.address;
      this.library.read(block.outside!);
      f[0] = Request.free;
      f[2] = block.bytes;
      this.library.call();
      block.address = 0;
    }
    this.guests.length = 0;
  }

  private tryAlloc(buffer: CpuBuffer): boolean {
    if (!(buffer.bytes <= Number.MAX_SAFE_INTEGER)) return false;
    this.currentFrame()[1] = buffer.bytes;
    this.library.alloc(buffer);
    const f = this.currentFrame();
    if (f[1] === 0) return false;
    if (f[2] > 0) this.policy.mapped(f[2]);
    buffer.address = f[1];
    buffer.slot = f[3];
    return true;
  }

  adopt(array: ArrayBufferView): CpuBuffer {
    const fixed = array.byteLength > 0 && !(array.buffer as { resizable?: boolean }).resizable;
    if (fixed) {
      this.library.adopt(array);
      const address = this.currentFrame()[1];
      if (address !== 0) {
        const buffer = new CpuBuffer(array.byteLength, array);
        buffer.address = address;
        return buffer;
      }
    }
    const copy = this.alloc(array.byteLength);
    this.write(copy, 0, array);
    return copy;
  }

  free(buffer: DeviceBuffer): void {
    const block = buffer as CpuBuffer;
    block.outside = null;
    if (block.keeps instanceof CpuBuffer) this.slabs.giveBack(block);
    else if (block.slot >= 0) this.release(block);
    else return;
    this.policy.discharge(block.bytes);
  }

  discard(buffer: DeviceBuffer): void {
    const block = buffer as CpuBuffer;
    if (!ArrayBuffer.isView(block.keeps)) return this.free(block);
    const { buffer: memory, byteLength } = block.keeps;
    block.keeps = null;
    block.address = 0;
    if (byteLength === memory.byteLength) this.library.detach?.(memory);
  }

  send(buffer: DeviceBuffer): number | null {
    const block = buffer as CpuBuffer;
    if (!this.library.send || block.slot < 0) return null;
    this.currentFrame()[1] = block.slot;
    block.address = 0;
    block.slot = -1;
    this.library.send();
    this.policy.discharge(block.bytes);
    return this.currentFrame()[1];
  }

  take(ticket: number, bytes: number): CpuBuffer | null {
    this.policy.charge(bytes);
    const buffer = new CpuBuffer(bytes);
    this.currentFrame()[1] = ticket;
    this.library.take?.(buffer);
    const f = this.currentFrame();
    buffer.address = f[1];
    buffer.slot = f[3];
    return buffer.address === 0 ? null : buffer;
  }

  private release(block: CpuBuffer): void {
    this.currentFrame()[1] = block.slot;
    block.address = 0;
    block.slot = -1;
    this.library.release();
  }

  write(buffer: DeviceBuffer, byteOffset: number, source: ArrayBufferView): void {
    checkRange(buffer, byteOffset, source.byteLength);
    const { outside } = buffer as CpuBuffer;
    if (outside) return outside.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), byteOffset);
    const f = this.currentFrame();
    const address = addressOf(buffer) + byteOffset;
    f[1] = address;
    const view = source.byteLength <= FRAME_DATA_BYTES ? this.frameViews.get(source.constructor) : undefined;
    if (!view) return this.library.write(source);
    const array = source as TypedArray;
    for (let i = 0; i < array.length; i++) view[i] = array[i];
    f[0] = Request.put;
    f[2] = source.byteLength;
    this.library.call();
  }

  read(buffer: DeviceBuffer, byteOffset: number, target: ArrayBufferView): void {
    checkRange(buffer, byteOffset, target.byteLength);
    const { outside } = buffer as CpuBuffer;
    if (outside)
      return new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(
        outside.subarray(byteOffset, byteOffset + target.byteLength),
      );
    const f = this.currentFrame();
    const address = addressOf(buffer) + byteOffset;
    f[1] = address;
    const view = target.byteLength <= FRAME_DATA_BYTES ? this.frameViews.get(target.constructor) : undefined;
    if (!view) return this.library.read(target);
    f[0] = Request.fetch;
    f[2] = target.byteLength;
    this.library.call();
    const array = target as TypedArray;
    for (let i = 0; i < array.length; i++) array[i] = view[i];
  }

  async readAsync(buffer: DeviceBuffer, byteOffset: number, target: ArrayBufferView): Promise<void> {
    this.read(buffer, byteOffset, target);
  }

  run(kernel: Kernel): void {
    const { program, sizes, operands, strides, params, reduced } = kernel;
    if (this.anyOutside) this.bringIn(operands);
    const known = this.registered(program);
    const f = this.currentFrame();
    const ndim = sizes.length;
    if (ndim > MAX_DIMS) throw new UnsupportedError(`only tensors with up to ${MAX_DIMS} dims are supported`);
    f[0] = Request.kernel;
    f[1] = known.id;
    f[2] = ndim;
    f[3] = operands.length;
    let at = 4;
    for (let d = 0; d < ndim; d++) f[at++] = sizes[d];
    if (program.reduce) for (let d = 0; d < ndim; d++) f[at++] = reduced?.[d] ? 1 : 0;
    for (let o = 0; o < operands.length; o++) {
      const operand = operands[o];
      f[at++] = addressOf(operand.buffer) + operand.offset * known.itemsizes[o];
      const s = strides[o];
      for (let d = 0; d < ndim; d++) f[at++] = s[d];
    }
    for (let i = 0; i < params.length; i++) at = writeParam(f, at, params[i]);
    this.library.call();
    if (f[0] !== 0) this.check();
    if (this.guests.length > 0) this.putBack();
  }

  /** Neighbours that run one program with the same numbers over contiguous memory are one call. */
  runAll(kernels: readonly Kernel[]): void {
    for (let from = 0, to = 1; from < kernels.length; from = to, to = from + 1) {
      const room = Math.floor((this.currentFrame().length - 16 - 2 * kernels[from].params.length) / (kernels[from].operands.length + 1));
      if (!this.anyOutside && isDense(kernels[from]))
        while (to < kernels.length && to - from < room && isLike(kernels[from], kernels[to]) && isDense(kernels[to])) to++;
      if (to - from > 1) this.runPieces(kernels.slice(from, to));
      else this.run(kernels[from]);
    }
  }

  private runPieces(kernels: readonly Kernel[]): void {
    const [{ program, operands, params }] = kernels;
    const known = this.registered(program);
    const f = this.currentFrame();
    f[0] = Request.kernels;
    f[1] = known.id;
    f[2] = operands.length;
    f[3] = kernels.length;
    let at = 4;
    for (const param of params) at = writeParam(f, at, param);
    for (const { sizes, operands } of kernels) {
      f[at++] = numelOf(sizes);
      for (let o = 0; o < operands.length; o++) f[at++] = addressOf(operands[o].buffer) + operands[o].offset * known.itemsizes[o];
    }
    this.library.call();
    if (f[0] !== 0) this.check();
  }

  private registered(program: Program): Registered {
    return (program as unknown as Record<symbol, Registered | undefined>)[this.registration] ?? this.register(program);
  }

  private register(program: Program): Registered {
    const words = printBytecode(program, this.opCodes);
    const f = this.currentFrame();
    if (words.length + 1 > f.length) throw new UnsupportedError(`a program of ${words.length} words`);
    f.set(words, 1);
    f[0] = Request.register;
    this.library.call();
    const g = this.currentFrame();
    if (g[0] !== 0) throw new UnsupportedError('a program with an op that the native library lacks, or with too many operands');
    const operands = [...program.inputs, ...program.outputs.map((out) => out.dtype)];
    const known: Registered = { id: g[1], itemsizes: operands.map((dtype) => dtype.itemsize) };
    Object.defineProperty(program, this.registration, { value: known });
    return known;
  }

  runRoutine(routine: Routine): void {
    const { name, operands, params } = routine;
    const id = this.routineIds.get(name);
    if (id === undefined) throw new UnsupportedError(`no routine '${name}' in the native library`);
    if (this.anyOutside) this.bringIn(operands);
    const f = this.currentFrame();
    f[0] = Request.routine;
    f[1] = id;
    f[2] = operands.length;
    f[3] = params.length;
    let at = 4;
    for (let i = 0; i < params.length; i++) f[at++] = Number(params[i]);
    for (let o = 0; o < operands.length; o++) {
      if (at + 4 + 2 * MAX_DIMS > f.length) throw new UnsupportedError(`${operands.length} operands of routine '${name}'`);
      at = writeOperand(f, at, operands[o]);
    }
    this.library.call();
    if (f[0] !== 0) this.check();
    if (this.guests.length > 0) this.putBack();
  }

  /** Throws what the last call reported, if it did. */
  private check(): void {
    const [status, ...details] = this.currentFrame().slice(0, 5);
    if (status === 0) return;
    this.putBack();
    throw new RoutineError(status, details);
  }

  passEnded(): void {
    this.policy.passEnded();
  }

  async sync(): Promise<void> {}

  memoryStats(): MemoryStats {
    const f = this.request(Request.stats);
    return { live: f[1], cached: f[2], peak: f[3] };
  }

  setNumThreads(n: number): void {
    this.request(Request.threads, n);
  }

  getNumThreads(): number {
    return this.request(Request.threads, 0)[1];
  }

  private request(what: number, argument = 0): Float64Array {
    const f = this.currentFrame();
    f[0] = what;
    f[1] = argument;
    this.library.call();
    return this.currentFrame();
  }
}

/** Whether every operand is contiguous, so that a kernel is a loop over elements. */
function isDense({ program, sizes, strides }: Kernel): boolean {
  if (program.reduce || program.usesIndex) return false;
  for (const s of strides) {
    for (let d = sizes.length - 1, step = 1; d >= 0; step *= sizes[d--]) if (s[d] !== step && sizes[d] !== 1) return false;
  }
  return true;
}
function isLike(a: Kernel, b: Kernel): boolean {
  if (a.program !== b.program) return false;
  for (let i = 0; i < a.params.length; i++) if (!Object.is(a.params[i], b.params[i])) return false;
  return true;
}
function numelOf(sizes: readonly number[]): number {
  let n = 1;
  for (const size of sizes) n *= size;
  return n;
}

function addressOf(buffer: DeviceBuffer): number {
  const { address } = buffer as CpuBuffer;
  if (!address) throw new Error('this memory was freed');
  return address;
}

function checkRange(buffer: DeviceBuffer, byteOffset: number, bytes: number): void {
  if (!(byteOffset >= 0 && byteOffset + bytes <= buffer.bytes)) {
    throw new RangeError(`bytes ${byteOffset} to ${byteOffset + bytes} of a buffer of ${buffer.bytes}`);
  }
}

/** Params are pairs hi, lo; floats and safe integers are lo alone. */
function writeParam(f: Float64Array, at: number, value: Scalar): number {
  if (typeof value === 'bigint') [f[at], f[at + 1]] = splitInt64(value);
  else {
    f[at] = 0;
    f[at + 1] = Number(value);
  }
  return at + 2;
}

function writeOperand(f: Float64Array, at: number, operand: Operand | null): number {
  if (operand === null) {
    f[at] = f[at + 1] = f[at + 2] = 0;
    return at + 3;
  }
  const { sizes, strides, dtype } = operand;
  const ndim = sizes.length;
  if (ndim > MAX_DIMS) throw new UnsupportedError(`only tensors with up to ${MAX_DIMS} dims are supported`);
  f[at++] = addressOf(operand.buffer) + operand.offset * dtype.itemsize;
  f[at++] = dtype.code;
  f[at++] = ndim;
  for (let d = 0; d < ndim; d++) f[at++] = sizes[d];
  for (let d = 0; d < ndim; d++) f[at++] = strides[d];
  return at;
}

/** PyTorch's text. */
function outOfMemory(bytes: number): Error {
  const error = new Error(
    `[enforce fail at alloc_cpu.cpp] data. DefaultCPUAllocator: can't allocate memory: you tried to allocate ${bytes} bytes. Error code 12 (Cannot allocate memory)`,
  );
  error.name = 'RuntimeError';
  return error;
}
