/** JPEG files, decoded by libjpeg-turbo on WebAssembly: to the bit what torchvision gives. https://libjpeg-turbo.org */
import type { Pixels } from './png.js';

/** The part of the codec that is used here. https://github.com/cornerstonejs/codecs */
interface Decoder {
  /** Room for a file, in memory of the codec. */
  getEncodedBuffer(length: number): Uint8Array;
  readHeader(): void;
  decode(): void;
  /** A copy of the pixels. */
  getDecodedBuffer(): Uint8ClampedArray;
  getFrameInfo(): { width: number; height: number; componentCount: number };
}
type Codec = () => Promise<{ JPEGDecoder: new () => Decoder }>;

export const isJpeg = (file: Uint8Array): boolean => file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff;

async function startDecoder(): Promise<Decoder> {
  // Not a literal: bundles for browsers, which decode by themselves, leave it out.
  const name: string = '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
  const { default: codec } = (await import(name)) as { default: Codec };
  return new (await codec()).JPEGDecoder();
}
let decoder: Decoder | null = null;

// The codec counts bytes in 32 bits.
const isTooLarge = ({ width, height, componentCount }: ReturnType<Decoder['getFrameInfo']>): boolean =>
  width * height * componentCount >= 2 ** 31;

function decodeWith(found: Decoder, file: Uint8Array): Pixels | null {
  found.getEncodedBuffer(file.length).set(file);
  found.readHeader();
  if (isTooLarge(found.getFrameInfo())) return null;
  found.decode();
  const { width, height, componentCount } = found.getFrameInfo();
  return { width, height, channels: componentCount, data: new Uint8Array(found.getDecodedBuffer().buffer) };
}

/** The pixels of a JPEG file; null where the codec refuses it, because it is damaged or in CMYK. */
export async function decodeJpeg(file: Uint8Array): Promise<Pixels | null> {
  const found = (decoder ??= await startDecoder());
  try {
    return decodeWith(found, file);
  } catch {
    // What it throws leaves its stack as it was: no further picture goes through this one.
    decoder = null;
    return null;
  }
}
