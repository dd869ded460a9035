/** A reader of Python's pickles that builds values and never calls anything that a file names. */
import { UnpicklingError } from '../tensor/errors.js';
import { PyDict, type PyTuple, tuple } from './python.js';

/** What a file may name: a class or function that stands for `call`, or a value. */
export interface Global {
  readonly name: string;
  /** What Python's call of it gives. */
  readonly call?: (args: readonly unknown[]) => unknown;
  /** What the name itself stands for, where it is no function. */
  readonly value?: unknown;
}

export interface PickleContext {
  /** What a name stands for; undefined where it is not allowed. */
  find(module: string, name: string): Global | undefined;
  /** The object that lies outside of the pickle. */
  persistentLoad(id: PyTuple): unknown;
}

/** What a call gave whose content comes after it, in BUILD. */
export abstract class Buildable {
  abstract build(state: unknown): void;
}

/** Values may be copied by calls up to so many times the length of the pickle. */
const COPIES = 64;

const blocked = ['sys', 'os', 'posix', 'nt'];

const error = (why: string): Error => new UnpicklingError(`Weights only load failed. ${why}`);

/** The value of a pickle of protocol 2 to 5. */
export const unpickle = (data: Uint8Array, context: PickleContext): unknown => new Unpickler(data, context, 0).load();

/** The value of a pickle among other data, and where it ends. */
export function unpickleAt(data: Uint8Array, start: number, context: PickleContext): { value: unknown; end: number } {
  const unpickler = new Unpickler(data, context, start);
  return { value: unpickler.load(), end: unpickler.at };
}

class Unpickler {
  private stack: unknown[] = [];
  private readonly marked: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly view: DataView;
  private budget: number;

  constructor(
    private readonly data: Uint8Array,
    private readonly context: PickleContext,
    public at: number,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.budget = COPIES * data.length + 2 ** 20;
  }

  load(): unknown {
    for (;;) {
      const code = this.uint(1);
      if (code === STOP) return this.pop();
      const run = opcodes[code];
      if (!run) throw error(`Unsupported operand ${code}`);
      run(this);
    }
  }

  // --- bytes ---

  private advance(count: number): number {
    const start = this.at;
    if (!(count <= this.data.length - start)) throw error('pickle data was truncated');
    this.at += count;
    return start;
  }

  uint(bytes: 1 | 2 | 4): number {
    const start = this.advance(bytes);
    return bytes === 1 ? this.view.getUint8(start) : bytes === 2 ? this.view.getUint16(start, true) : this.view.getUint32(start, true);
  }

  int32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  length64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  double(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  bytes(count: number): Uint8Array {
    const start = this.advance(count);
    return this.data.slice(start, start + count);
  }

  text(count: number): string {
    const start = this.advance(count);
    return decode(this.data.subarray(start, start + count));
  }

  line(): string {
    const end = this.data.indexOf(10, this.at);
    if (end < 0) throw error('pickle data was truncated');
    const text = decode(this.data.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }

  /** An int of two's complement; a number where it is safe. */
  long(count: number): number | bigint {
    const bytes = this.bytes(count);
    if (count === 0) return 0;
    const hex = Array.from(bytes.reverse(), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const value = BigInt.asIntN(8 * count, BigInt(`0x${hex}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  // --- stack ---

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw error('the stack is empty');
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw error('the stack is empty');
    return this.stack[this.stack.length - 1];
  }

  mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** The values since the last mark. */
  popMark(): unknown[] {
    const outer = this.marked.pop();
    if (!outer) throw error('there is no mark on the stack');
    const items = this.stack;
    this.stack = outer;
    return items;
  }

  pushTuple(count: number): void {
    this.push(tuple(Array.from({ length: count }, () => this.pop()).reverse()));
  }

  store(key = this.memo.size): void {
    this.memo.set(key, this.top());
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw error(`there is no value ${key} in the memo`);
    this.push(this.memo.get(key));
  }

  // --- containers ---

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list) || list.constructor !== Array) throw error('Can only append to lists');
    for (const item of items) list.push(item);
  }

  addItems(items: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw error('Can only add items to sets');
    for (const item of items) set.add(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof PyDict)) throw error('Can only set items of dicts');
    if (items.length % 2 !== 0) throw error('a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.items.set(items[i], items[i + 1]);
  }

  // --- names and calls ---

  pushGlobal(module: string, name: string): void {
    const path = `${module}.${name}`;
    if (blocked.includes(module)) throw error(`Trying to load unsupported GLOBAL ${path} whose module ${module} is blocked.`);
    const found = this.context.find(module, name);
    if (!found)
      throw error(
        `Unsupported global: GLOBAL ${path} was not an allowed global by default. Only tensors, plain values and containers of them can be loaded: of a model, save its state_dict().`,
      );
    this.push('value' in found ? found.value : found);
  }

  call(): void {
    const args = this.pop();
    const target = this.pop() as Global | null;
    if (!Array.isArray(args)) throw error('the arguments of a call are no tuple');
    if (typeof target !== 'object' || !target?.call) throw error('Trying to call what is no function');
    this.spend(args);
    this.push(target.call(args));
  }

  /** Keeps small files from copying large values over and over. */
  private spend(args: readonly unknown[]): void {
    for (const arg of args) {
      if (typeof arg === 'string' || Array.isArray(arg) || ArrayBuffer.isView(arg)) this.budget -= (arg as { length: number }).length;
    }
    if (this.budget < 0) throw error('the file copies its values too often');
  }

  persistentLoad(): void {
    const id = this.pop();
    if (!Array.isArray(id)) throw error('persistent_load id must be tuple');
    this.push(this.context.persistentLoad(id as PyTuple));
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw error('a string is no UTF-8');
  }
}

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

const STOP = '.'.charCodeAt(0);
const opcodes: ((u: Unpickler) => void)[] = [];
const on = (code: string | number, run: (u: Unpickler) => void): void =>
  void (opcodes[typeof code === 'string' ? code.charCodeAt(0) : code] = run);

on(0x80, (u) => void u.uint(1)); // PROTO
on(0x95, (u) => void u.length64()); // FRAME
on('N', (u) => u.push(null));
on(0x88, (u) => u.push(true));
on(0x89, (u) => u.push(false));
on('J', (u) => u.push(u.int32()));
on('K', (u) => u.push(u.uint(1)));
on('M', (u) => u.push(u.uint(2)));
on(0x8a, (u) => u.push(u.long(u.uint(1)))); // LONG1
on('G', (u) => u.push(u.double()));
on('X', (u) => u.push(u.text(u.uint(4)))); // BINUNICODE
on(0x8c, (u) => u.push(u.text(u.uint(1)))); // SHORT_BINUNICODE
on(0x8d, (u) => u.push(u.text(u.length64()))); // BINUNICODE8
on('U', (u) => u.push(latin1(u.bytes(u.uint(1))))); // SHORT_BINSTRING
on('T', (u) => u.push(u.bytes(u.uint(4)))); // BINSTRING: Python 2's long strings are bytes
on('B', (u) => u.push(u.bytes(u.uint(4)))); // BINBYTES
on('C', (u) => u.push(u.bytes(u.uint(1)))); // SHORT_BINBYTES
on(0x8e, (u) => u.push(u.bytes(u.length64()))); // BINBYTES8
on(0x96, (u) => u.push(u.bytes(u.length64()))); // BYTEARRAY8
on('(', (u) => u.mark());
on(')', (u) => u.pushTuple(0));
on(0x85, (u) => u.pushTuple(1));
on(0x86, (u) => u.pushTuple(2));
on(0x87, (u) => u.pushTuple(3));
on('t', (u) => u.push(tuple(u.popMark())));
on(']', (u) => u.push([]));
on('a', (u) => u.append([u.pop()]));
on('e', (u) => u.append(u.popMark()));
on('}', (u) => u.push(new PyDict()));
on('s', (u) => u.setItems([u.pop(), u.pop()].reverse()));
on('u', (u) => u.setItems(u.popMark()));
on(0x8f, (u) => u.push(new Set())); // EMPTY_SET
on(0x90, (u) => u.addItems(u.popMark())); // ADDITEMS
on('q', (u) => u.store(u.uint(1)));
on('r', (u) => u.store(u.uint(4)));
on(0x94, (u) => u.store()); // MEMOIZE
on('h', (u) => u.recall(u.uint(1)));
on('j', (u) => u.recall(u.uint(4)));
on('c', (u) => u.pushGlobal(u.line(), u.line()));
on(0x93, (u) => u.pushGlobal(...([u.pop(), u.pop()].reverse().map(String) as [string, string]))); // STACK_GLOBAL
on('R', (u) => u.call());
on(0x81, (u) => u.call()); // NEWOBJ
on('Q', (u) => u.persistentLoad());
// BUILD: attributes of dicts, such as `_metadata` of a state dict, have no place here.
on('b', (u) => {
  const state = u.pop();
  const target = u.top();
  if (target instanceof Buildable) target.build(state);
  else if (!(target instanceof PyDict)) throw error('Can only build dicts');
});
