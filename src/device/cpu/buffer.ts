import type { DeviceBuffer } from '../device.js';

/** A block of CPU memory. */
export class CpuBuffer implements DeviceBuffer {
  /** 0 once it was freed. */
  address = 0;
  /** Its place in the native table, whose owner it is: when it is collected, the block is freed. -1 for memory of something else. */
  slot = -1;
  /** Its memory where the library's own is crowded (WASM): copied in for every call. */
  outside: Uint8Array | null = null;

  constructor(
    readonly bytes: number,
    /** The array or the slab whose memory this is. */
    public keeps: ArrayBufferView | CpuBuffer | null = null,
  ) {}

  get skew(): number {
    return this.address % 16;
  }
}
