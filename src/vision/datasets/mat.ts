/** Arrays in MATLAB's files of level 5. https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf */
import { builtin } from '../node.js';

export interface MatArray {
  /** Rows first; values lie column by column. */
  sizes: number[];
  values: Uint8Array | Float64Array;
}

const MI_MATRIX = 14;
const MI_COMPRESSED = 15;

interface Element {
  type: number;
  content: Buffer;
  next: number;
}

const corrupt = (): Error => new Error('the MAT file is cut short or corrupt');

/** The element at `at`: a type, a length and content, padded to eight bytes, or all in eight bytes. */
function elementAt(file: Buffer, at: number): Element {
  if (at + 8 > file.length) throw corrupt();
  const first = file.readUInt32LE(at);
  const isSmall = first >>> 16 !== 0;
  const length = isSmall ? first >>> 16 : file.readUInt32LE(at + 4);
  const start = at + (isSmall ? 4 : 8);
  if (start + length > file.length || (isSmall && length > 4)) throw corrupt();
  const type = isSmall ? first & 0xffff : first;
  const end = isSmall ? at + 8 : start + length;
  return { type, content: file.subarray(start, start + length), next: type === MI_COMPRESSED ? end : Math.ceil(end / 8) * 8 };
}

const readers: Record<number, [bytes: number, read: (content: Buffer, at: number) => number]> = {
  1: [1, (content, at) => content.readInt8(at)],
  2: [1, (content, at) => content[at]],
  3: [2, (content, at) => content.readInt16LE(at)],
  4: [2, (content, at) => content.readUInt16LE(at)],
  5: [4, (content, at) => content.readInt32LE(at)],
  6: [4, (content, at) => content.readUInt32LE(at)],
  7: [4, (content, at) => content.readFloatLE(at)],
  9: [8, (content, at) => content.readDoubleLE(at)],
};

function numbersOf({ type, content }: Element): Uint8Array | Float64Array {
  if (type === 2) return Uint8Array.from(content);
  const reader = readers[type];
  if (!reader) throw new Error(`the MAT file holds numbers of an unknown type (${type})`);
  const [bytes, read] = reader;
  return Float64Array.from({ length: Math.floor(content.length / bytes) }, (_, i) => read(content, i * bytes));
}

/** Flags, sizes, name, real parts. */
function readMatrix(content: Buffer): [name: string, array: MatArray] {
  const flags = elementAt(content, 0);
  const sizes = elementAt(content, flags.next);
  const name = elementAt(content, sizes.next);
  const values = numbersOf(elementAt(content, name.next));
  const dims = [...numbersOf(sizes)];
  if (dims.reduce((product, n) => product * n, 1) !== values.length) throw corrupt();
  return [name.content.toString('latin1'), { sizes: dims, values }];
}

/** The numeric arrays of a file by name. Throws where the file is cut short or its lengths lie. */
export function readMat(file: Buffer): Record<string, MatArray> {
  if (file.length < 128 || file.toString('latin1', 126, 128) !== 'IM') throw new Error('this is no MAT file of level 5');
  const arrays: Record<string, MatArray> = {};
  for (let at = 128; at < file.length;) {
    const element = elementAt(file, at);
    const plain = element.type === MI_COMPRESSED ? elementAt(builtin('node:zlib').inflateSync(element.content), 0) : element;
    at = element.next;
    if (plain.type !== MI_MATRIX) continue;
    const [name, array] = readMatrix(plain.content);
    arrays[name] = array;
  }
  return arrays;
}
