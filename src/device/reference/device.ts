import type { DType } from '../../ir/dtype.js';
import { evaluator, reduceIdentity, reduceStep, type Value } from '../../ir/evaluate.js';
import { type Device, type DeviceBuffer, type Kernel, type MemoryStats, type Operand, type Routine, UnsupportedError } from '../device.js';
import { Elements } from './elements.js';

class ReferenceBuffer implements DeviceBuffer {
  readonly data: ArrayBuffer;
  constructor(readonly bytes: number) {
    this.data = new ArrayBuffer(bytes);
  }
}

const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const part = (buffer: DeviceBuffer, offset: number, bytes: number): Uint8Array =>
  new Uint8Array((buffer as ReferenceBuffer).data, offset, bytes);

/** Calls `visit` with every index of `sizes` in row-major order; the array is reused. */
function forEachIndex(sizes: readonly number[], visit: (at: readonly number[]) => void): void {
  if (sizes.includes(0)) return;
  const at = sizes.map(() => 0);
  for (;;) {
    visit(at);
    let d = sizes.length - 1;
    while (d >= 0 && ++at[d] === sizes[d]) at[d--] = 0;
    if (d < 0) return;
  }
}

/**
 * Runs Kernels on the evaluator, and Routines on copies by another device. It cannot be read synchronously, as a GPU in a
 * browser cannot: what runs here hides no round trip to the host.
 */
export class ReferenceDevice implements Device {
  readonly type = 'reference';
  readonly canReadSync = false;

  constructor(
    private readonly cpu: Device,
    readonly index = 0,
  ) {}

  supports(_dtype: DType): boolean {
    return true;
  }

  alloc(bytes: number): ReferenceBuffer {
    this.cpu.free(this.cpu.alloc(bytes)); // throws what PyTorch throws where there is not so much
    return new ReferenceBuffer(bytes);
  }

  adopt(array: ArrayBufferView): ReferenceBuffer {
    const buffer = this.alloc(array.byteLength);
    this.write(buffer, 0, array);
    return buffer;
  }

  free(_buffer: DeviceBuffer): void {}

  discard(_buffer: DeviceBuffer): void {}

  send(_buffer: DeviceBuffer): null {
    return null;
  }

  take(_ticket: number, _bytes: number): null {
    return null;
  }

  write(buffer: DeviceBuffer, byteOffset: number, source: ArrayBufferView): void {
    part(buffer, byteOffset, source.byteLength).set(bytesOf(source));
  }

  read(): never {
    throw new UnsupportedError('the reference device cannot be read synchronously; await itemAsync(), tolistAsync() or cpuAsync() instead');
  }

  async readAsync(buffer: DeviceBuffer, byteOffset: number, target: ArrayBufferView): Promise<void> {
    bytesOf(target).set(part(buffer, byteOffset, target.byteLength));
  }

  run(kernel: Kernel): void {
    if (kernel.program.reduce) runReduction(kernel);
    else runPointwise(kernel);
  }

  runAll(kernels: readonly Kernel[]): void {
    for (const kernel of kernels) this.run(kernel);
  }

  runRoutine(routine: Routine): void {
    const copies = new Map<DeviceBuffer, DeviceBuffer>();
    const operands = routine.operands.map((operand): Operand | null => {
      if (!operand) return null;
      const { dtype, offset, sizes, strides } = operand;
      return { buffer: this.copyToCpu(operand.buffer, copies), dtype, offset, sizes, strides };
    });
    try {
      this.cpu.runRoutine({ ...routine, operands });
      for (const [own, copy] of copies) this.cpu.read(copy, 0, part(own, 0, own.bytes));
    } finally {
      for (const copy of copies.values()) this.cpu.free(copy);
    }
  }

  private copyToCpu(buffer: DeviceBuffer, copies: Map<DeviceBuffer, DeviceBuffer>): DeviceBuffer {
    let copy = copies.get(buffer);
    if (!copy) {
      copy = this.cpu.alloc(buffer.bytes);
      this.cpu.write(copy, 0, part(buffer, 0, buffer.bytes));
      copies.set(buffer, copy);
    }
    return copy;
  }

  async sync(): Promise<void> {}

  memoryStats(): MemoryStats {
    return { live: 0, cached: 0, peak: 0 };
  }

  setNumThreads(_n: number): void {}

  passEnded(): void {
    this.cpu.passEnded();
  }

  getNumThreads(): number {
    return 1;
  }
}

/** Access to each operand's element at an index of the index space. */
function operandsOf({ program, operands, strides }: Kernel): { elements: Elements; at: (index: readonly number[]) => number }[] {
  const dtypes = [...program.inputs, ...program.outputs.map((out) => out.dtype)];
  return operands.map(({ buffer, offset }, o) => ({
    elements: new Elements(new DataView((buffer as ReferenceBuffer).data), dtypes[o]),
    at: (index) => index.reduce((sum, i, d) => sum + i * strides[o][d], offset),
  }));
}

function runPointwise(kernel: Kernel): void {
  const { program, sizes, params } = kernel;
  const evaluate = evaluator(program.outputs.map((out) => out.expr));
  const operands = operandsOf(kernel);
  const inputs = operands.slice(0, program.inputs.length);
  const outputs = operands.slice(program.inputs.length);
  forEachIndex(sizes, (coordinates) => {
    const values = evaluate({ inputs: inputs.map((x) => x.elements.get(x.at(coordinates))), params, coordinates });
    outputs.forEach((out, k) => out.elements.set(out.at(coordinates), values[k]));
  });
}

function runReduction(kernel: Kernel): void {
  const { program, sizes, params, reduced } = kernel;
  const { op, value } = program.reduce!;
  const evaluate = evaluator([value]);
  const finish = evaluator(program.outputs.map((out) => out.expr));
  const operands = operandsOf(kernel);
  const inputs = operands.slice(0, program.inputs.length);
  const outputs = operands.slice(program.inputs.length);
  const outer = sizes.map((n, d) => (reduced?.[d] ? 1 : n));
  const inner = sizes.map((n, d) => (reduced?.[d] ? n : 1));
  forEachIndex(outer, (kept) => {
    let acc: Value = reduceIdentity(op, value.dtype);
    forEachIndex(inner, (within) => {
      const coordinates = kept.map((i, d) => i + within[d]);
      const [x] = evaluate({ inputs: inputs.map((input) => input.elements.get(input.at(coordinates))), params, coordinates });
      acc = reduceStep(op, value.dtype, acc, x);
    });
    if (typeof acc === 'number' && value.dtype.itemsize < 8) acc = Math.fround(acc);
    const results = finish({ inputs: [], params, acc });
    outputs.forEach((out, k) => out.elements.set(out.at(kept), results[k]));
  });
}
