/** Protocol buffers, as far as ONNX needs them. https://protobuf.dev/programming-guides/encoding/ */
import { concatBytes } from '../source.js';

/** How a field is written: numbers, text, bytes, or another message. */
export type FieldType = 'int' | 'float' | 'double' | 'string' | 'bytes' | Schema;

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

/** The fields of a message by number. The inner messages may be given later, since messages may hold each other. */
export interface Schema {
  readonly [number: number]: Field;
}

/** A message: fields that were not written are missing, repeated ones are arrays. Ints are numbers, or bigints where they are not safe. */
export type Message = Record<string, unknown>;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Messages hold each other no deeper than this. */
const MAX_DEPTH = 64;

const wireOf = (type: FieldType): number => (type === 'int' ? VARINT : type === 'float' ? FIXED32 : type === 'double' ? FIXED64 : BYTES);
const corrupt = (why: string): Error => new Error(`the file is no valid protocol buffer: ${why}`);

// --- writing ------------------------------------------------------------------------------------------------------------------

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

const fixed32 = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer);
const fixed64 = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);
const delimited = (bytes: Uint8Array): Uint8Array[] => [varint(bytes.length), bytes];

function encodeValue(type: FieldType, value: unknown): Uint8Array[] {
  if (type === 'int') return [varint(value as number | bigint)];
  if (type === 'float') return [fixed32(value as number)];
  if (type === 'double') return [fixed64(value as number)];
  if (type === 'string') return delimited(new TextEncoder().encode(value as string));
  return delimited(type === 'bytes' ? (value as Uint8Array) : encode(type, value as Message));
}

/** The bytes of a message. Repeated numbers are packed. */
export function encode(schema: Schema, message: Message): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const [number, { name, type, repeated }] of Object.entries(schema)) {
    const value = message[name];
    if (value === undefined || value === null) continue;
    const key = (wire: number): Uint8Array => varint((Number(number) << 3) | wire);
    const values = repeated ? (value as unknown[]) : [value];
    if (repeated && wireOf(type) !== BYTES) {
      if (values.length > 0) pieces.push(key(BYTES), ...delimited(concatBytes(...values.flatMap((each) => encodeValue(type, each)))));
    } else for (const each of values) pieces.push(key(wireOf(type)), ...encodeValue(type, each));
  }
  return concatBytes(...pieces);
}

// --- reading ------------------------------------------------------------------------------------------------------------------

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  private advance(count: number): number {
    const start = this.at;
    if (!(count <= this.bytes.length - start)) throw corrupt('it is cut short');
    this.at += count;
    return start;
  }

  unsigned(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.view.getUint8(this.advance(1));
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw corrupt('a number is too long');
  }

  int(): number | bigint {
    const value = BigInt.asIntN(64, this.unsigned());
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  float(): number {
    return this.view.getFloat32(this.advance(4), true);
  }

  double(): number {
    return this.view.getFloat64(this.advance(8), true);
  }

  delimited(): Uint8Array {
    const length = Number(this.unsigned());
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  skip(wire: number): void {
    if (wire === VARINT) this.unsigned();
    else if (wire === FIXED64) this.advance(8);
    else if (wire === BYTES) this.delimited();
    else if (wire === FIXED32) this.advance(4);
    else throw corrupt(`wire type ${wire}`);
  }

  value(type: FieldType, depth: number): unknown {
    if (type === 'int') return this.int();
    if (type === 'float') return this.float();
    if (type === 'double') return this.double();
    const bytes = this.delimited();
    if (type === 'string') return new TextDecoder().decode(bytes);
    return type === 'bytes' ? bytes : decodeMessage(type, bytes, depth + 1);
  }
}

/** The message that `bytes` hold; fields that the schema does not know are left out. */
export const decode = (schema: Schema, bytes: Uint8Array): Message => decodeMessage(schema, bytes, 0);

function decodeMessage(schema: Schema, bytes: Uint8Array, depth: number): Message {
  if (depth > MAX_DEPTH) throw corrupt('it is nested too deeply');
  const reader = new Reader(bytes);
  const message: Message = {};
  while (!reader.done) {
    const key = Number(reader.unsigned());
    const [field, wire] = [schema[Math.floor(key / 8)], key % 8];
    if (!field) reader.skip(wire);
    else if (field.repeated) {
      message[field.name] ??= [];
      readRepeated(reader, field, wire, message[field.name] as unknown[], depth);
    } else {
      if (wire !== wireOf(field.type)) throw corrupt(`field ${field.name}`);
      message[field.name] = reader.value(field.type, depth);
    }
  }
  return message;
}

/** Repeated numbers come packed or one by one. */
function readRepeated(reader: Reader, { name, type }: Field, wire: number, into: unknown[], depth: number): void {
  if (wire === wireOf(type)) into.push(reader.value(type, depth));
  else if (wire === BYTES && wireOf(type) !== BYTES) {
    const packed = new Reader(reader.delimited());
    while (!packed.done) into.push(packed.value(type, depth));
  } else throw corrupt(`field ${name}`);
}
