import type { DeviceBuffer } from '../device.js';

/** A block of CPU memory. Its owner in the native table is this object: when it is collected, the block is freed. */
export class CpuBuffer implements DeviceBuffer {
  /** 0 once it was freed. */
  address = 0;
  /** Its place in the native table, or -1 for memory that a JavaScript array owns. */
  slot = -1;
  /** Its memory where the library's own is crowded (WASM): copied in for every call. */
  outside: Uint8Array | null = null;
  /** What the allocation really took. */
  taken = 0;

  constructor(
    readonly bytes: number,
    /** The array whose memory this is. */
    readonly array: ArrayBufferView | null = null,
  ) {}
}
