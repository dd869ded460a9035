/** float16 and bfloat16 as bits. */
const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The bits of the float16 nearest to the float32 nearest to `x`, ties to even. */
export function toFloat16Bits(x: number): number {
  word[0] = x;
  const sign = (bits[0] >>> 16) & 0x8000;
  const size = Math.abs(word[0]);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const magnitude = bits[0] & 0x7fffffff;
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

export function fromFloat16Bits(raw: number): number {
  const sign = raw & 0x8000 ? -1 : 1;
  const exponent = (raw >>> 10) & 0x1f;
  const fraction = raw & 0x3ff;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

export function toBfloat16Bits(x: number): number {
  word[0] = x;
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat16Bits(raw: number): number {
  bits[0] = raw << 16;
  return word[0];
}

/** The integer nearest to `x`, ties to even. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction < 0.5) return floor || x * 0;
  if (fraction > 0.5) return floor + 1 || -0;
  return floor % 2 === 0 ? floor || x * 0 : floor + 1 || -0;
}
