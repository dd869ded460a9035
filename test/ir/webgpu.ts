/** A WebGPU driver for the tests, where there is one: the package `webgpu` in build/tools or node_modules, and a Vulkan driver. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { DType } from '../../src/ir/dtype.js';
import { int64 } from '../../src/ir/dtype.js';
import type { Value } from '../../src/ir/evaluate.js';
import { launchWords, printWgsl, WORKGROUP } from '../../src/ir/print/wgsl.js';
import { type Launch, pack, unpack } from './programs.js';

export interface Gpu {
  run(l: Launch): Promise<Value[][]>;
}

/** Only what the tests use; the types of WebGPU are no dependency of this package. */
interface Device {
  readonly queue: { submit(commands: unknown[]): void; writeBuffer(buffer: unknown, offset: number, data: ArrayBufferView): void };
  createBuffer(options: object): { mapAsync(mode: number): Promise<void>; getMappedRange(): ArrayBuffer };
  createShaderModule(options: object): {
    getCompilationInfo(): Promise<{ messages: { type: string; message: string; lineNum: number }[] }>;
  };
  createComputePipelineAsync(options: object): Promise<{ getBindGroupLayout(i: number): unknown }>;
  createBindGroup(options: object): unknown;
  createCommandEncoder(): {
    beginComputePass(): {
      setPipeline(p: unknown): void;
      setBindGroup(i: number, g: unknown): void;
      dispatchWorkgroups(n: number): void;
      end(): void;
    };
    copyBufferToBuffer(from: unknown, fromOffset: number, to: unknown, toOffset: number, bytes: number): void;
    finish(): unknown;
  };
}

const STORAGE = 0x80 | 0x8 | 0x4; // STORAGE, COPY_DST, COPY_SRC
const READBACK = 0x1 | 0x8; // MAP_READ, COPY_DST

/** Dawn's instance must outlive its devices. */
const instances: unknown[] = [];

async function requestDevice(): Promise<Device | null> {
  for (const base of ['../../build/tools/package.json', '../../package.json']) {
    try {
      const require = createRequire(new URL(base, import.meta.url));
      const { create } = (await import(pathToFileURL(require.resolve('webgpu')).href)) as {
        create(flags: string[]): { requestAdapter(): Promise<{ requestDevice(): Promise<Device> } | null> };
      };
      const instance = create([]);
      instances.push(instance);
      const adapter = await instance.requestAdapter();
      if (adapter) return await adapter.requestDevice();
    } catch {
      // no such package here
    }
  }
  return null;
}

/** int64 lies in memory as i32. */
function packed(values: readonly Value[], dtype: DType): Uint8Array {
  const bytes = dtype === int64 ? new Uint8Array(Int32Array.from(values, Number).buffer) : pack(values, dtype);
  const padded = new Uint8Array(Math.max(4, Math.ceil(bytes.length / 4) * 4));
  padded.set(bytes);
  return padded;
}

function unpacked(bytes: Uint8Array, dtype: DType, length: number): Value[] {
  if (dtype === int64) return Array.from(new Int32Array(bytes.buffer, 0, length), BigInt);
  return unpack(bytes.slice(0, length * dtype.itemsize), dtype);
}

async function runOn(device: Device, l: Launch): Promise<Value[][]> {
  const { program, sizes, reduced } = l;
  const upload = (bytes: ArrayBufferView) => {
    const buffer = device.createBuffer({ size: bytes.byteLength, usage: STORAGE });
    device.queue.writeBuffer(buffer, 0, bytes);
    return buffer;
  };
  const inputs = l.inputs.map((x, i) => upload(packed(x.values, program.inputs[i])));
  const outputBytes = l.outputs.map((x, i) =>
    packed(
      Array.from({ length: x.length }, () => (program.outputs[i].dtype.category === 2 ? 0 : 0n)),
      program.outputs[i].dtype,
    ),
  );
  const outputs = outputBytes.map(upload);
  const operands = [...l.inputs, ...l.outputs].map(({ offset = 0, strides }) => ({ offset, strides }));
  const words = launchWords(program, sizes, operands, l.params ?? [], reduced);
  const module = device.createShaderModule({ code: printWgsl(program, sizes.length) });
  const errors = (await module.getCompilationInfo()).messages.filter((m) => m.type === 'error');
  if (errors.length > 0)
    throw new Error(errors.map((m) => `line ${m.lineNum}: ${m.message}`).join('\n') + '\n' + printWgsl(program, sizes.length));
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const unused = new Set(program.inputs.map((_, i) => i).filter((i) => !printWgsl(program, sizes.length).includes(`in${i}[`)));
  const entries = [...inputs, ...outputs, upload(words)]
    .map((buffer, binding) => ({ binding, resource: { buffer } }))
    .filter(({ binding }) => !unused.has(binding));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(program.reduce ? words[0] : Math.ceil(words[0] / WORKGROUP));
  pass.end();
  const readbacks = outputs.map((buffer, i) => {
    const readback = device.createBuffer({ size: outputBytes[i].length, usage: READBACK });
    encoder.copyBufferToBuffer(buffer, 0, readback, 0, outputBytes[i].length);
    return readback;
  });
  device.queue.submit([encoder.finish()]);
  const results: Value[][] = [];
  for (const [i, readback] of readbacks.entries()) {
    await readback.mapAsync(1);
    results.push(unpacked(new Uint8Array(readback.getMappedRange().slice(0)), program.outputs[i].dtype, l.outputs[i].length));
  }
  return results;
}

const device = await requestDevice();
export const gpu: Gpu | null = device && { run: (l) => runOn(device, l) };
