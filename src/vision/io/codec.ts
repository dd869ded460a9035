/** Decoders and encoders of images: the platform's in browsers; in Node its zlib for PNG, and the package sharp for everything else. */
import { isNode } from '../node.js';
import { decodePng, encodePng, isPng, type Pixels } from './png.js';

/** The part of sharp that is used here. https://sharp.pixelplumbing.com */
interface Sharp {
  rotate(): Sharp;
  raw(): Sharp;
  jpeg(options: { quality: number }): Sharp;
  toColourspace(space: string): Sharp;
  toBuffer(options: { resolveWithObject: true }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}
type SharpFactory = (input: Uint8Array, options?: { raw?: { width: number; height: number; channels: number }; failOn?: string }) => Sharp;

async function importSharp(): Promise<SharpFactory> {
  // Not a literal, so that the package may be absent.
  const name: string = 'sharp';
  try {
    return ((await import(name)) as { default: SharpFactory }).default;
  } catch {
    throw new Error('images other than PNG need the package sharp: npm install sharp');
  }
}
let sharpThere: SharpFactory | null = null;
const loadSharp = async (): Promise<SharpFactory> => (sharpThere ??= await importSharp());

async function decodeWithSharp(file: Uint8Array, applyExifOrientation: boolean): Promise<Pixels> {
  const sharp = await loadSharp();
  const image = sharp(file, { failOn: 'error' });
  const { data, info } = await (applyExifOrientation ? image.rotate() : image).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** Browsers give four channels; alpha that is nowhere used is left out. */
async function decodeWithPlatform(file: Uint8Array, applyExifOrientation: boolean): Promise<Pixels> {
  const options: ImageBitmapOptions = { imageOrientation: applyExifOrientation ? 'from-image' : 'none', premultiplyAlpha: 'none' };
  const bitmap = await createImageBitmap(new Blob([file as Uint8Array<ArrayBuffer>]), options);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const rgba = { width, height, channels: 4, data: new Uint8Array(data.buffer) };
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return rgba;
  return toChannels(rgba, 3);
}

/** Decodes any format that is known here. */
export async function decode(file: Uint8Array, applyExifOrientation: boolean): Promise<Pixels> {
  if (!isNode()) return decodeWithPlatform(file, applyExifOrientation);
  return isPng(file) ? decodePng(file) : decodeWithSharp(file, applyExifOrientation);
}

async function encodeWithPlatform(pixels: Pixels, type: string, quality?: number): Promise<Uint8Array> {
  const { width, height } = pixels;
  const canvas = new OffscreenCanvas(width, height);
  const data = new Uint8ClampedArray(toChannels(pixels, 4).data);
  canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type, quality });
  return new Uint8Array(await blob.arrayBuffer());
}

export async function encodeAsPng(pixels: Pixels, compressionLevel: number): Promise<Uint8Array> {
  return isNode() ? encodePng(pixels, compressionLevel) : encodeWithPlatform(pixels, 'image/png');
}

export async function encodeAsJpeg(pixels: Pixels, quality: number): Promise<Uint8Array> {
  if (!isNode()) return encodeWithPlatform(pixels, 'image/jpeg', quality / 100);
  const { width, height, channels, data } = pixels;
  const sharp = await loadSharp();
  const image = sharp(data, { raw: { width, height, channels } });
  const gray = channels === 1 ? image.toColourspace('b-w') : image;
  return (await gray.jpeg({ quality }).toBuffer({ resolveWithObject: true })).data;
}

/** The same picture with 1, 2, 3 or 4 channels. Luminance is that of JPEG and Pillow. */
export function toChannels(pixels: Pixels, channels: number): Pixels {
  if (pixels.channels === channels) return pixels;
  const { width, height, channels: had, data } = pixels;
  const result = new Uint8Array(width * height * channels);
  const [green, blue] = had >= 3 ? [1, 2] : [0, 0];
  const alpha = had % 2 === 0 ? had - 1 : -1;
  for (let from = 0, to = 0; to < result.length; from += had, to += channels) {
    const r = data[from];
    const g = data[from + green];
    const b = data[from + blue];
    if (channels >= 3) {
      result[to] = r;
      result[to + 1] = g;
      result[to + 2] = b;
    } else result[to] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    if (channels % 2 === 0) result[to + channels - 1] = alpha < 0 ? 255 : data[from + alpha];
  }
  return { width, height, channels, data: result };
}
