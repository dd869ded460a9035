import { CpuBuffer } from './buffer.js';

/** Buffers up to this many bytes share slabs. */
export const SMALL = 256;
const SLAB = 4096;
const SLOT = 64;
/** Slots freed by hand that are kept for reuse; each keeps its slab. */
const MOST_FREE = 1024;

/**
 * Small buffers, carved from slabs, since a weak reference a buffer costs more than the arithmetic on it. A buffer keeps its slab,
 * and the slab's memory is freed when no buffer of it is left.
 */
export class Slabs {
  private slab: CpuBuffer | null = null;
  private used = SLAB;
  private readonly freeSlabs: CpuBuffer[] = [];
  private readonly freeAddresses: number[] = [];

  /** `allocate` makes a slab, or gives null where memory is crowded. */
  constructor(private readonly allocate: (bytes: number) => CpuBuffer | null) {}

  /** Gives `buffer` its memory; false where there is none. */
  take(buffer: CpuBuffer): boolean {
    if (buffer.bytes <= SLOT && this.freeSlabs.length > 0) {
      buffer.keeps = this.freeSlabs.pop()!;
      buffer.address = this.freeAddresses.pop()!;
      return true;
    }
    const size = (Math.max(buffer.bytes, 1) + SLOT - 1) & -SLOT;
    if (this.used + size > SLAB) {
      this.slab = this.allocate(SLAB);
      this.used = 0;
      if (!this.slab) this.used = SLAB;
    }
    if (!this.slab) return false;
    buffer.keeps = this.slab;
    buffer.address = this.slab.address + this.used;
    this.used += size;
    return true;
  }

  /** Takes back the memory of `buffer`. */
  giveBack(buffer: CpuBuffer): void {
    if (buffer.bytes <= SLOT && this.freeSlabs.length < MOST_FREE) {
      this.freeSlabs.push(buffer.keeps as CpuBuffer);
      this.freeAddresses.push(buffer.address);
    }
    buffer.keeps = null;
    buffer.address = 0;
  }
}
