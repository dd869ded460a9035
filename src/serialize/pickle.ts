/** A writer of Python's pickles, protocol 2. */
import { dictEntries } from './python.js';
import { isComplexNumber } from '../tensor/promote.js';

const PROTOCOL = 2;

export interface PickleRules {
  /** How an object that is no plain value is written; false where it is unknown. */
  reduce(value: object, write: Pickler): boolean;
}

const code = (text: string): number => text.charCodeAt(0);

/** The pickle of `value`. Throws a TypeError for what Python would not know. */
export function pickle(value: unknown, rules: PickleRules): Uint8Array {
  const pickler = new Pickler(rules);
  pickler.save(value);
  return pickler.finish();
}

export class Pickler {
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private readonly memo = new Map<unknown, number>();
  /** Frozen arrays being written: tuples that contain themselves have no pickle. */
  private readonly open = new Set<unknown>();

  constructor(private readonly rules: PickleRules) {
    this.put(0x80, PROTOCOL);
  }

  finish(): Uint8Array {
    this.put(code('.'));
    return this.bytes.slice(0, this.length);
  }

  save(value: unknown): void {
    if (value === null || value === undefined) this.put(code('N'));
    else if (typeof value === 'boolean') this.put(value ? 0x88 : 0x89);
    else if (typeof value === 'number') this.saveNumber(value);
    else if (typeof value === 'bigint') this.saveLong(value);
    else if (this.recall(value)) return;
    else if (typeof value === 'string') this.saveString(value);
    else if (typeof value === 'symbol') throw new TypeError('cannot save a symbol');
    else this.saveObject(value);
  }

  /** A call of `module.name`, whose arguments `args` writes (a tuple); the result is remembered as `key`. */
  call(module: string, name: string, args: () => void, key?: unknown): void {
    this.global(module, name);
    args();
    this.put(code('R'));
    if (key !== undefined) this.remember(key);
  }

  global(module: string, name: string): void {
    const line = `${module}\n${name}\n`;
    const key = `global ${line}`;
    if (this.recall(key)) return;
    this.put(code('c'));
    this.append(new TextEncoder().encode(line));
    this.remember(key);
  }

  /** A tuple of values, or of what functions write. */
  tuple(...items: readonly unknown[]): void {
    if (items.length === 0) return this.put(code(')'));
    if (items.length > 3) this.put(code('('));
    for (const item of items)
      if (typeof item === 'function') (item as () => void)();
      else this.save(item);
    this.put(items.length > 3 ? code('t') : 0x84 + items.length);
  }

  /** An object outside of the pickle. */
  persistent(...id: readonly unknown[]): void {
    this.tuple(...id);
    this.put(code('Q'));
  }

  private saveNumber(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.saveFloat(value);
    else if (value >= 0 && value < 256) this.put(code('K'), value);
    else if (value >= 0 && value < 65536) this.put(code('M'), value & 255, value >> 8);
    else if (value === (value | 0)) {
      this.put(code('J'));
      this.word(value);
    } else this.saveLong(BigInt(value));
  }

  private saveFloat(value: number): void {
    this.put(code('G'));
    const at = this.grow(8);
    this.view.setFloat64(at, value, false);
  }

  private saveLong(value: bigint): void {
    const bytes: number[] = [];
    while (value !== BigInt.asIntN(8 * bytes.length, value) || bytes.length === 0)
      bytes.push(Number((value >> BigInt(8 * bytes.length)) & 255n));
    if (bytes.length > 255) throw new RangeError('an int of more than 255 bytes cannot be saved');
    this.put(0x8a, bytes.length, ...bytes);
  }

  private saveString(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.put(code('X'));
    this.word(bytes.length);
    this.append(bytes);
    this.remember(text);
  }

  private saveObject(value: object): void {
    if (this.rules.reduce(value, this)) return;
    if (isComplexNumber(value) && Object.keys(value).length === 2)
      this.call(
        '__builtin__',
        'complex',
        () =>
          this.tuple(
            () => this.saveFloat(value.re),
            () => this.saveFloat(value.im),
          ),
        value,
      );
    else if (value instanceof Uint8Array) this.saveBytes(value);
    else if (value instanceof Set) this.call('__builtin__', 'set', () => this.tuple(() => this.saveList([...value])), value);
    else if (Array.isArray(value)) this.saveArray(value);
    else this.saveDict(value);
  }

  private saveArray(value: readonly unknown[]): void {
    if (!Object.isFrozen(value)) return this.saveList(value, value);
    if (this.open.has(value)) throw new TypeError('cannot save a frozen array that contains itself');
    this.open.add(value);
    this.tuple(...value.map((item) => () => this.save(item)));
    this.open.delete(value);
    this.remember(value);
  }

  private saveList(items: readonly unknown[], key?: unknown): void {
    this.put(code(']'));
    if (key !== undefined) this.remember(key);
    if (items.length === 0) return;
    this.put(code('('));
    for (const item of items) this.save(item);
    this.put(code('e'));
  }

  private saveBytes(value: Uint8Array): void {
    const text = Array.from(value, (byte) => String.fromCharCode(byte)).join('');
    this.call('_codecs', 'encode', () => this.tuple(text, 'latin1'), value);
  }

  private saveDict(value: object): void {
    const entries = dictEntries(value);
    if (!entries)
      throw new TypeError(
        `cannot save a ${value.constructor?.name}: only tensors, numbers, strings and containers of them (of a module, its stateDict())`,
      );
    this.put(code('}'));
    this.remember(value);
    if (entries.length === 0) return;
    this.put(code('('));
    for (const [key, item] of entries) {
      this.save(key);
      this.save(item);
    }
    this.put(code('u'));
  }

  /** Writes a reference to a value that was written before; false if it was not. */
  private recall(key: unknown): boolean {
    const id = this.memo.get(key);
    if (id === undefined) return false;
    if (id < 256) this.put(code('h'), id);
    else {
      this.put(code('j'));
      this.word(id);
    }
    return true;
  }

  private remember(key: unknown): void {
    const id = this.memo.size;
    this.memo.set(key, id);
    if (id < 256) return this.put(code('q'), id);
    this.put(code('r'));
    this.word(id);
  }

  private put(...bytes: readonly number[]): void {
    const start = this.grow(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.bytes[start + i] = bytes[i];
  }

  private word(value: number): void {
    const at = this.grow(4);
    this.view.setInt32(at, value, true);
  }

  private append(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Makes room for `count` bytes and gives their place. */
  private grow(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return start;
  }
}
