import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { addonPath } from '../../src/device/cpu/addon.js';
import { cpu } from '../../src/device/cpu/index.js';
import { RoutineError, UnsupportedError } from '../../src/device/device.js';
import { float32, int64 } from '../../src/ir/dtype.js';
import { input } from '../../src/ir/expr.js';
import { programOf } from '../ir/programs.js';

const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;

/** A sanitizer keeps freed blocks to itself, and WASM may be crowded by earlier tests. */
const pooled = cpu.library.kind === 'native' && !cpu.library.sanitizer;

/** A child of the test would be purer, but the native pool shows in this process as well. */
describe('memory stays bounded in a synchronous loop', () => {
  it('of big buffers', () => {
    for (let i = 0; i < 10; i++) cpu.alloc(50e6);
    const before = megabytes();
    for (let i = 0; i < 100; i++) cpu.write(cpu.alloc(50e6), 0, new Uint8Array(50e6));
    expect(megabytes() - before).toBeLessThan(400);
  });

  it.skipIf(!!cpu.library.sanitizer)('of tiny buffers', () => {
    for (let i = 0; i < 300_000; i++) cpu.alloc(4);
    const before = megabytes();
    for (let i = 0; i < 2_000_000; i++) cpu.alloc(4);
    expect(megabytes() - before).toBeLessThan(200);
  });

  it('of middling buffers, some of which are kept', () => {
    const kept = new Map<number, unknown>();
    const work = (n: number): void => {
      for (let i = 0; i < n; i++) kept.set(i % 50, cpu.alloc(20_000 + (i % 7) * 1000));
    };
    work(20_000);
    const before = megabytes();
    work(200_000);
    expect(kept.size).toBe(50);
    expect(megabytes() - before).toBeLessThan(200);
  });

  it('with awaits', async () => {
    const before = megabytes();
    for (let i = 0; i < 200; i++) {
      cpu.write(cpu.alloc(20e6), 0, new Uint8Array(20e6));
      await Promise.resolve();
    }
    expect(megabytes() - before).toBeLessThan(500);
  });
});

describe('buffers', () => {
  it.skipIf(!pooled)('count in memoryStats', () => {
    const before = cpu.memoryStats();
    const buffer = cpu.alloc(2 ** 20);
    expect(cpu.memoryStats().live - before.live).toBeGreaterThanOrEqual(2 ** 20);
    cpu.free(buffer);
    const after = cpu.memoryStats();
    expect(after.live).toBeLessThanOrEqual(before.live);
    expect(after.peak).toBeGreaterThanOrEqual(2 ** 20);
  });

  it.skipIf(!!cpu.library.sanitizer)('are reused after free, small and big', () => {
    for (const bytes of [16, 4096, 2 ** 20]) {
      const first = cpu.alloc(bytes);
      const { address } = first;
      cpu.free(first);
      expect(cpu.alloc(bytes).address).toBe(address);
    }
  });

  it('are aligned to 64 bytes', () => {
    const odd = [1, 3, 63, 64, 65, 100, 129, 255, 257, 1000, 5000, 123456].map((bytes) => cpu.alloc(bytes).address % 64);
    expect(odd.every((rest) => rest === 0)).toBe(true);
  });

  it('do not overlap', () => {
    const buffers = Array.from({ length: 500 }, (_, i) => cpu.alloc(1 + ((i * 37) % 300)));
    buffers.forEach((buffer, i) => cpu.write(buffer, 0, new Uint8Array(buffer.bytes).fill(i)));
    const intact = buffers.every((buffer, i) => {
      const bytes = new Uint8Array(buffer.bytes);
      cpu.read(buffer, 0, bytes);
      return bytes.every((b) => b === i % 256);
    });
    expect(intact).toBe(true);
  });

  it.skipIf(cpu.library.kind === 'wasm')('share the memory of a typed array', () => {
    const array = Float32Array.from([1, 2, 3]);
    const buffer = cpu.adopt(array);
    cpu.write(buffer, 4, Float32Array.of(7));
    expect([...array]).toEqual([1, 7, 3]);
  });

  // WebAssembly has its own memory, and adopts copies.
  it.skipIf(cpu.library.kind === 'wasm')('give adopted memory back, but not memory that others see', () => {
    const array = Float32Array.from([1, 2, 3]);
    const buffer = cpu.adopt(array);
    cpu.discard(buffer);
    expect(array.length).toBe(0);
    expect(() => cpu.write(buffer, 0, Float32Array.of(7))).toThrow('this memory was freed');
    const part = new Float32Array(4).subarray(1);
    cpu.discard(cpu.adopt(part));
    expect(part.length).toBe(3);
    const shared = new Float32Array(new SharedArrayBuffer(8));
    cpu.discard(cpu.adopt(shared));
    expect(shared.length).toBe(2);
  });

  it('take empty and DataView sources', () => {
    const buffer = cpu.adopt(new Float32Array(0));
    cpu.read(buffer, 0, new Float32Array(0));
    const bytes = new DataView(new ArrayBuffer(100));
    bytes.setInt8(99, 5);
    const copy = cpu.adopt(bytes);
    const back = new Int8Array(100);
    cpu.read(copy, 0, back);
    expect(back[99]).toBe(5);
  });
});

describe('work', () => {
  it('reports what the data did wrong', () => {
    expect(() => cpu.runRoutine({ name: 'no_such_routine', operands: [], params: [] })).toThrow(UnsupportedError);
    const source = cpu.adopt(Float32Array.of(1, 2, 3));
    const index = cpu.adopt(BigInt64Array.of(1n, 7n));
    const out = cpu.alloc(8);
    const view = (buffer: object, dtype: typeof float32, n: number) => ({
      buffer: buffer as never,
      dtype,
      offset: 0,
      sizes: [n],
      strides: [1],
    });
    const gather = () =>
      cpu.runRoutine({ name: 'gather', operands: [view(out, float32, 2), view(source, float32, 3), view(index, int64, 2)], params: [0] });
    expect(gather).toThrow(RoutineError);
  });

  it('runs on any number of threads', () => {
    const threads = cpu.getNumThreads();
    for (const n of [1, 3, 8]) {
      cpu.setNumThreads(n);
      const count = 300_000;
      const a = cpu.adopt(Float32Array.from({ length: count }, (_, i) => i % 1000));
      const out = cpu.alloc(4 * count);
      const program = programOf([float32], [input(0, float32).mul(2).add(1)]);
      cpu.run({
        program,
        sizes: [count],
        operands: [
          { buffer: a, offset: 0 },
          { buffer: out, offset: 0 },
        ],
        strides: [[1], [1]],
        params: [],
      });
      const result = new Float32Array(count);
      cpu.read(out, 0, result);
      expect(result.every((v, i) => v === 2 * (i % 1000) + 1)).toBe(true);
    }
    cpu.setNumThreads(threads);
    expect(cpu.getNumThreads()).toBe(threads);
  });

  it.skipIf(!existsSync(addonPath()))('runs in worker threads at the same time', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require(workerData);
      const owners = [];
      for (let i = 0; i < 2000; i++) {
        const owner = {};
        addon.frame[1] = 100000;
        addon.alloc(owner);
        if (i % 3) owners.push(owner);
      }
      addon.sweep();
      parentPort.postMessage(addon.frame[1]);`;
    const run = () =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(code, { eval: true, workerData: addonPath() });
        worker.once('message', resolve).once('error', reject);
      });
    const weights = await Promise.all([run(), run(), run()]);
    expect(weights.every((w) => w > 100000 * 1000)).toBe(true);
  });
});
