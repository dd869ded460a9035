/** The native library as WebAssembly: in browsers, and in Node where there is no C++ compiler. */
import { type Library, Request } from './library.js';

interface Exports {
  readonly memory: WebAssembly.Memory;
  tt_new_frame(doubles: number): number;
  tt_call(): void;
  tt_names(what: number): number;
  _initialize?(): void;
}

const FRAME_DOUBLES = 1 << 16;

/**
 * Blocks of dead owners come back between tasks only. A loop that never lets a task end would fill the heap: beyond this, buffers
 * lie in JavaScript's memory, which the collector bounds, and are copied in and out.
 */
const CROWDED = 512 * 2 ** 20;

interface Block {
  readonly slot: number;
  readonly address: number;
  readonly bytes: number;
}

/** Bytes of the module: beside the built package in Node, fetched in a browser. */
async function findModule(): Promise<BufferSource> {
  const url = new URL('../../../build/wasm/typetorch.wasm', import.meta.url);
  if (url.protocol === 'file:') return (await import('node:fs/promises')).readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url.href}: ${response.status}`);
  return response.arrayBuffer();
}

/** Instantiates the library, from `source` if it is given. */
export async function loadWasm(source?: BufferSource): Promise<Library> {
  const module = await WebAssembly.compile(source ?? (await findModule()));
  // The module needs nothing of the system; what libc imports for printing and exiting must exist but is never reached.
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => 0;
  }
  const instance = await WebAssembly.instantiate(module, imports);
  const exports = instance.exports as unknown as Exports;
  exports._initialize?.();
  return new WasmLibrary(exports);
}

class WasmLibrary implements Library {
  readonly kind = 'wasm';
  readonly routines: string;
  readonly ops: string;
  readonly isa: string;
  private readonly frameAddress: number;
  private view: Float64Array;
  private readonly blocks: (Block | null)[] = [];
  private readonly vacant: number[] = [];
  private weight = 0;
  private readonly registry = new FinalizationRegistry<Block>((block) => this.drop(block));

  constructor(private readonly exports: Exports) {
    this.frameAddress = exports.tt_new_frame(FRAME_DOUBLES);
    this.view = this.newView();
    [this.routines, this.ops, this.isa] = [0, 1, 2].map((what) => this.text(exports.tt_names(what)));
  }

  private newView(): Float64Array {
    return new Float64Array(this.exports.memory.buffer, this.frameAddress, FRAME_DOUBLES);
  }

  private text(address: number): string {
    const bytes = new Uint8Array(this.exports.memory.buffer, address);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }

  get frame(): Float64Array {
    if (this.view.length === 0) this.view = this.newView();
    return this.view;
  }

  call(): void {
    this.exports.tt_call();
  }

  alloc(owner: object): void {
    const bytes = this.frame[1];
    this.frame[0] = Request.alloc;
    this.exports.tt_call();
    const f = this.frame;
    if (f[1] === 0) return;
    const slot = this.vacant.pop() ?? this.blocks.length;
    const block = { slot, address: f[1], bytes };
    this.blocks[slot] = block;
    this.weight += bytes;
    this.registry.register(owner, block);
    f[3] = slot;
  }

  crowded(bytes: number): boolean {
    return this.weight + bytes > CROWDED;
  }

  release(): void {
    const block = this.blocks[this.frame[1]];
    if (block) this.drop(block);
  }

  /** Frees a block, once. */
  private drop(block: Block): void {
    if (this.blocks[block.slot] !== block) return;
    this.blocks[block.slot] = null;
    this.vacant.push(block.slot);
    this.weight -= block.bytes;
    const f = this.frame;
    f[0] = Request.free;
    f[1] = block.address;
    f[2] = block.bytes;
    this.exports.tt_call();
  }

  adopt(_view: ArrayBufferView): void {
    this.frame[1] = 0;
  }

  private bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, length);
  }

  write(view: ArrayBufferView): void {
    this.bytes(this.frame[1], view.byteLength).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  read(view: ArrayBufferView): void {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(this.bytes(this.frame[1], view.byteLength));
  }

  /** Nothing dies inside a task here: the registry's callbacks run between tasks. */
  readonly collector = { sweep: (): number => this.weight };
}
