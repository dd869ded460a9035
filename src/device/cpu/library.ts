/** The native library as the device sees it, whether an addon or WASM: calls go through the frame (`native/core.cpp`). */
import type { Collector } from '../memory.js';

export interface Library {
  readonly kind: 'native' | 'wasm';
  /** The arguments and results of a call. WASM may move it: read it anew after anything that allocates. */
  readonly frame: Float64Array;
  call(): void;
  /** frame[1] bytes → frame[1] address or 0, frame[2] how many of its bytes are new pages, frame[3] the slot that `release` wants. */
  alloc(owner: object): void;
  release(): void;
  /** frame[1] the slot of a block that another thread may take → frame[1] its ticket. */
  send?(): void;
  /** frame[1] a ticket → as `alloc`, frame[1] 0 where the block is gone with the thread that sent it. */
  take?(owner: object): void;
  /** Whether `bytes` more should rather lie in JavaScript's memory. */
  crowded?(bytes: number): boolean;
  /** The memory of `view` at frame[1], or 0 where it cannot be shared. */
  adopt(view: ArrayBufferView): void;
  /** Frees the memory of `buffer`, which is empty from then on. */
  detach?(buffer: ArrayBufferLike): void;
  /** Copies `view` to the address in frame[1], or fills it from there. */
  write(view: ArrayBufferView): void;
  read(view: ArrayBufferView): void;
  /** Comma-separated names, in the order of their numbers. */
  readonly routines: string;
  readonly ops: string;
  readonly isa: string;
  /** Set where every overrun is to be seen: then buffers do not share blocks. */
  readonly sanitizer?: string;
  readonly collector: Collector;
}

/** What frame[0] asks for. */
export const Request = {
  kernel: 1,
  routine: 2,
  register: 3,
  alloc: 4,
  free: 5,
  fetch: 6,
  stats: 7,
  threads: 8,
  limit: 9,
  trim: 10,
  copy: 11,
  put: 12,
  kernels: 13,
} as const;

/** The first double of the frame that `fetch` and `put` move, and how many bytes they may. */
export const FRAME_DATA = 8;
export const FRAME_DATA_BYTES = 64;

export const names = (list: string): string[] => list.split(',').filter((name) => name !== '');
