/** Decompression of deflate streams (RFC 1951) whose length is known. */

interface Huffman {
  /** How many codes there are of each length, and the symbols in the order of their codes. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const MAX_BITS = 15;
const lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
];
const distanceExtra = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const corrupt = (): Error => new Error('corrupt compressed data');

/** The code in which symbol i has `lengths[i]` bits. */
function huffman(lengths: ArrayLike<number>): Huffman {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (let i = 0; i < lengths.length; i++) counts[lengths[i]]++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2);
  let free = 1;
  for (let bits = 1; bits <= MAX_BITS; bits++) {
    free = 2 * free - counts[bits];
    if (free < 0) throw corrupt();
    next[bits + 1] = next[bits] + counts[bits];
  }
  const symbols = new Uint16Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) if (lengths[i] > 0) symbols[next[lengths[i]]++] = i;
  return { counts, symbols };
}

const fixedLengths = Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
const fixedCodes: [Huffman, Huffman] = [huffman(fixedLengths), huffman(new Uint8Array(30).fill(5))];

class Inflater {
  private at = 0;
  private bitBuffer = 0;
  private bitCount = 0;
  private length = 0;

  constructor(
    private readonly input: Uint8Array,
    private readonly output: Uint8Array,
  ) {}

  run(): void {
    for (let last = false; !last;) {
      last = this.bits(1) === 1;
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.block(...fixedCodes);
      else if (kind === 2) this.block(...this.dynamicCodes());
      else throw corrupt();
    }
    if (this.length !== this.output.length) throw corrupt();
  }

  private bits(count: number): number {
    while (this.bitCount < count) {
      if (this.at >= this.input.length) throw corrupt();
      this.bitBuffer |= this.input[this.at++] << this.bitCount;
      this.bitCount += 8;
    }
    const value = this.bitBuffer & ((1 << count) - 1);
    this.bitBuffer >>>= count;
    this.bitCount -= count;
    return value;
  }

  private symbol({ counts, symbols }: Huffman): number {
    let [code, first, index] = [0, 0, 0];
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      code |= this.bits(1);
      const count = counts[bits];
      if (code - count < first) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw corrupt();
  }

  private stored(): void {
    this.bitBuffer = this.bitCount = 0;
    const length = this.bits(16);
    const complement = this.bits(16);
    const end = this.at + length;
    if (length !== (~complement & 0xffff) || end > this.input.length || this.length + length > this.output.length) throw corrupt();
    this.output.set(this.input.subarray(this.at, end), this.length);
    this.at = end;
    this.length += length;
  }

  private dynamicCodes(): [Huffman, Huffman] {
    const [literals, distances, codes] = [this.bits(5) + 257, this.bits(5) + 1, this.bits(4) + 4];
    const codeLengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) codeLengths[codeLengthOrder[i]] = this.bits(3);
    const lengths = this.codeLengths(huffman(codeLengths), literals + distances);
    return [huffman(lengths.subarray(0, literals)), huffman(lengths.subarray(literals))];
  }

  private codeLengths(code: Huffman, count: number): Uint8Array {
    const lengths = new Uint8Array(count);
    for (let i = 0; i < count;) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw corrupt();
      const value = symbol === 16 ? lengths[i - 1] : 0;
      const repeat = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (i + repeat > count) throw corrupt();
      lengths.fill(value, i, (i += repeat));
    }
    return lengths;
  }

  private block(literals: Huffman, distances: Huffman): void {
    const { output } = this;
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        if (this.length >= output.length) throw corrupt();
        output[this.length++] = symbol;
      } else this.repeat(symbol - 257, distances);
    }
  }

  private repeat(lengthCode: number, distances: Huffman): void {
    if (lengthCode >= lengthBase.length) throw corrupt();
    const length = lengthBase[lengthCode] + this.bits(lengthExtra[lengthCode]);
    const distanceCode = this.symbol(distances);
    if (distanceCode >= distanceBase.length) throw corrupt();
    const distance = distanceBase[distanceCode] + this.bits(distanceExtra[distanceCode]);
    const { output } = this;
    if (distance > this.length || this.length + length > output.length) throw corrupt();
    for (let i = 0; i < length; i++, this.length++) output[this.length] = output[this.length - distance];
  }
}

/** The `size` bytes that `input` was compressed from. Throws where they are not exactly so many. */
export function inflate(input: Uint8Array, size: number): Uint8Array {
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  return zlib && size > 0 ? inflateNatively(zlib, input, size) : inflatePortably(input, size);
}

function inflateNatively(zlib: typeof import('node:zlib'), input: Uint8Array, size: number): Uint8Array {
  let output: Uint8Array;
  try {
    output = zlib.inflateRawSync(input, { maxOutputLength: size });
  } catch {
    throw corrupt();
  }
  if (output.length !== size) throw corrupt();
  return output;
}

/** The same where the platform has no synchronous decompression. */
export function inflatePortably(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  new Inflater(input, output).run();
  return output;
}
