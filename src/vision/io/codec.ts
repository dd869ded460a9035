/**
 * Decoders and encoders of images: the platform's in browsers; in Node its zlib for PNG, libjpeg-turbo for JPEG,
 * and the package sharp for everything else.
 */
import { isNode } from '../node.js';
import { orientationOf } from './exif.js';
import { decodeJpeg, isJpeg } from './jpeg.js';
import { decodePng, encodePng, isPng, type Pixels } from './png.js';

/** The part of sharp that is used here. https://sharp.pixelplumbing.com */
interface Sharp {
  metadata(): Promise<{ space?: string }>;
  pipelineColourspace(space: string): Sharp;
  toColourspace(space: string): Sharp;
  raw(): Sharp;
  jpeg(options: { quality: number }): Sharp;
  toBuffer(options: { resolveWithObject: true }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}
interface SharpOptions {
  raw?: { width: number; height: number; channels: number };
  failOn?: string;
  ignoreIcc?: boolean;
}
const CMYK = 'cmyk';
type SharpFactory = (input: Uint8Array, options?: SharpOptions) => Sharp;

async function importSharp(): Promise<SharpFactory> {
  // Not a literal, so that the package may be absent.
  const name: string = 'sharp';
  try {
    return ((await import(name)) as { default: SharpFactory }).default;
  } catch {
    throw new Error(
      'writing JPEG, and reading damaged images or formats other than JPEG and PNG, needs the package sharp: npm install sharp',
    );
  }
}
let sharpThere: SharpFactory | null = null;
const loadSharp = async (): Promise<SharpFactory> => (sharpThere ??= await importSharp());

/** The pixels as they stand in the file: profiles of colours are not applied, as in torchvision. */
async function decodeWithSharp(file: Uint8Array): Promise<Pixels> {
  const sharp = await loadSharp();
  const image = sharp(file, { failOn: 'error', ignoreIcc: true });
  const isCmyk = (await image.metadata()).space === CMYK;
  const opened = isCmyk ? image.pipelineColourspace(CMYK).toColourspace(CMYK) : image;
  const { data, info } = await opened.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return isCmyk ? { width, height, channels, data: data.map((ink) => 255 - ink), isCmyk } : { width, height, channels, data };
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

/** Decodes any format that is known here. With `turn`, the orientation comes along where the pixels do not have it yet. */
export async function decode(file: Uint8Array, turn: boolean): Promise<Pixels> {
  if (!isNode()) return decodeWithPlatform(file, turn);
  const pixels = isPng(file) ? decodePng(file) : (isJpeg(file) && (await decodeJpeg(file))) || (await decodeWithSharp(file));
  return turn ? { ...pixels, orientation: orientationOf(file) } : pixels;
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

/** One of red, green and blue of what JPEG files hold for cyan, magenta or yellow, and for black (255: no ink); rounded as in Pillow. */
function lightOf(colour: number, black: number): number {
  const v = black * (255 - colour) + 128;
  return Math.max(0, black - (((v >> 8) + v) >> 8));
}

function rgbOfCmyk({ width, height, data }: Pixels): Pixels {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = 4 * Math.floor(i / 3);
    rgb[i] = lightOf(data[pixel + (i % 3)], data[pixel + 3]);
  }
  return { width, height, channels: 3, data: rgb };
}

/** The same picture with 1, 2, 3 or 4 channels. Luminance is that of JPEG and Pillow. */
export function toChannels(pixels: Pixels, channels: number): Pixels {
  if (pixels.isCmyk) return toChannels(rgbOfCmyk(pixels), channels);
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
