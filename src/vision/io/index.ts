/** Reads and writes images. Everything that decodes or encodes comes later: `await` it. https://pytorch.org/vision/stable/io.html */
import { consume } from '../../companion.js';
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { builtin } from '../node.js';
import { decode, encodeAsJpeg, encodeAsPng, toChannels } from './codec.js';
import { upright } from './exif.js';
import type { Pixels } from './png.js';

type Tensor = torch.Tensor;

/** How many channels an image is to have. https://pytorch.org/vision/stable/generated/torchvision.io.ImageReadMode.html */
export const ImageReadMode = {
  UNCHANGED: 'UNCHANGED',
  GRAY: 'GRAY',
  GRAY_ALPHA: 'GRAY_ALPHA',
  RGB: 'RGB',
  RGB_ALPHA: 'RGB_ALPHA',
  RGBA: 'RGBA',
} as const;
export type ImageReadMode = keyof typeof ImageReadMode;

const channelsOf: Record<ImageReadMode, number> = { UNCHANGED: 0, GRAY: 1, GRAY_ALPHA: 2, RGB: 3, RGB_ALPHA: 4, RGBA: 4 };

export interface DecodeOptions {
  mode?: ImageReadMode;
  /** Turns the image as the camera was held. */
  applyExifOrientation?: boolean;
}

/**
 * The bytes of a file, as a tensor (N), uint8. https://pytorch.org/vision/stable/generated/torchvision.io.read_file.html
 * @example
 * vision.io.writeFile('bytes.bin', torch.tensor([1, 2], { dtype: torch.uint8 }));
 * vision.io.readFile('bytes.bin')  // tensor([1, 2], dtype=torch.uint8)
 */
export const readFile = (path: string): Tensor => torch.tensor(new Uint8Array(builtin('node:fs').readFileSync(path)));

/**
 * Writes a tensor of bytes (N) to a file. https://pytorch.org/vision/stable/generated/torchvision.io.write_file.html
 * @example vision.io.writeFile('bytes.bin', torch.tensor([1, 2], { dtype: torch.uint8 }));
 */
export const writeFile = (filename: string, data: Tensor): void => builtin('node:fs').writeFileSync(filename, bytesOf(data));

function bytesOf(data: Tensor | Uint8Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data.dtype !== torch.uint8) throw new Error(`Input tensor must have uint8 data type, got ${String(data.dtype)}`);
  if (data.ndim !== 1) throw new Error('Expected a non empty 1-dimensional tensor');
  return data.cpu().toTypedArray() as Uint8Array;
}

/** (C, H, W) of pixels row by row, whose memory goes at once: images of which only a collection frees the pixels take fresh pages. */
const tensorOf = ({ width, height, channels, data }: Pixels): Tensor =>
  consume(data, (bytes) => bytes.reshape(height, width, channels).permute(2, 0, 1).clone({ memoryFormat: 'contiguous_format' }));

/**
 * Bytes (C, H, W) of an image file: its content, or its path. Node needs the package sharp for formats other than JPEG and PNG.
 * https://pytorch.org/vision/stable/generated/torchvision.io.decode_image.html
 * @example
 * const bytes = await vision.io.encodePng(torch.zeros(3, 32, 48, { dtype: torch.uint8 }));
 * (await vision.io.decodeImage(bytes)).shape  // torch.Size([3, 32, 48])
 */
export async function decodeImage(
  input: Tensor | Uint8Array | string,
  mode: ImageReadMode | DecodeOptions = {},
  options: DecodeOptions = {},
): Promise<Tensor> {
  const given = typeof mode === 'string' ? { mode, ...options } : mode;
  const { mode: wanted = 'UNCHANGED', applyExifOrientation = false } = given;
  const channels = channelsOf[wanted.toUpperCase() as ImageReadMode];
  if (channels === undefined) throw new Error(`'${wanted}' is not a valid ImageReadMode`);
  const file = typeof input === 'string' ? builtin('node:fs').readFileSync(input) : bytesOf(input);
  if (file.length === 0) throw new Error('Expected a non empty 1-dimensional tensor');
  const pixels = await decode(file, applyExifOrientation);
  return upright(tensorOf(channels === 0 ? pixels : toChannels(pixels, channels)), pixels.orientation);
}

/**
 * Reads an image file as a tensor (C, H, W), uint8. https://pytorch.org/vision/stable/generated/torchvision.io.read_image.html
 * @example
 * await vision.io.writePng(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 'image.png');
 * (await vision.io.readImage('image.png')).shape  // torch.Size([3, 32, 48])
 */
export const readImage = (path: string, mode: ImageReadMode | DecodeOptions = {}, options: DecodeOptions = {}): Promise<Tensor> =>
  decodeImage(path, mode, options);

/**
 * `decodeImage`, for JPEG files. https://pytorch.org/vision/stable/generated/torchvision.io.decode_jpeg.html
 * @example const decode = (bytes: torch.Tensor) => vision.io.decodeJpeg(bytes);
 */
export const decodeJpeg: (input: Tensor | Uint8Array, mode?: ImageReadMode | DecodeOptions, options?: DecodeOptions) => Promise<Tensor> =
  decodeImage;
/**
 * `decodeImage`, for PNG files. https://pytorch.org/vision/stable/generated/torchvision.io.decode_png.html
 * @example
 * const bytes = await vision.io.encodePng(torch.zeros(3, 32, 48, { dtype: torch.uint8 }));
 * (await vision.io.decodePng(bytes)).shape  // torch.Size([3, 32, 48])
 */
export const decodePng: typeof decodeJpeg = decodeImage;
/**
 * `decodeImage`, for WEBP files. https://pytorch.org/vision/stable/generated/torchvision.io.decode_webp.html
 * @example const decode = (bytes: torch.Tensor) => vision.io.decodeWebp(bytes);
 */
export const decodeWebp: typeof decodeJpeg = decodeImage;
/**
 * `decodeImage`, for GIF files. https://pytorch.org/vision/stable/generated/torchvision.io.decode_gif.html
 * @example const decode = (bytes: torch.Tensor) => vision.io.decodeGif(bytes);
 */
export const decodeGif: typeof decodeJpeg = decodeImage;

/**
 * Pixels row by row of bytes (C, H, W).
 * @example
 * const { width, height } = vision.io.pixelsOf(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), [1, 3]);
 * width  // 48
 */
export function pixelsOf(image: Tensor, allowed: readonly number[]): Pixels {
  if (image.dtype !== torch.uint8) throw new Error('Input tensor dtype should be uint8');
  if (image.ndim !== 3) throw new Error('Input data should be a 3-dimensional tensor');
  const [channels, height, width] = image.shape;
  if (!allowed.includes(channels)) throw new Error(`The number of channels should be ${allowed.join(' or ')}, got: ${channels}`);
  return { width, height, channels, data: image.cpu().permute(1, 2, 0).contiguous().toTypedArray() as Uint8Array };
}

interface PngOptions {
  compressionLevel?: number;
}
type PngArgs = Args<[compressionLevel: number], PngOptions>;
interface JpegOptions {
  quality?: number;
}
type JpegArgs = Args<[quality: number], JpegOptions>;

/**
 * The bytes of a PNG file. https://pytorch.org/vision/stable/generated/torchvision.io.encode_png.html
 * @example (await vision.io.encodePng(torch.zeros(3, 32, 48, { dtype: torch.uint8 }))).dtype  // torch.uint8
 */
export async function encodePng(input: Tensor, ...args: PngArgs): Promise<Tensor> {
  const { compressionLevel = 6 } = bind<PngOptions>('encode_png', 'compressionLevel', args);
  if (!(compressionLevel >= 0 && compressionLevel <= 9)) throw new Error('Compression level should be between 0 and 9');
  return torch.tensor(new Uint8Array(await encodeAsPng(pixelsOf(input, [1, 3]), compressionLevel)));
}

/**
 * The bytes of a JPEG file. https://pytorch.org/vision/stable/generated/torchvision.io.encode_jpeg.html
 * @example const bytes = () => vision.io.encodeJpeg(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 90);
 */
export async function encodeJpeg(input: Tensor, ...args: JpegArgs): Promise<Tensor> {
  const { quality = 75 } = bind<JpegOptions>('encode_jpeg', 'quality', args);
  if (!(quality >= 1 && quality <= 100)) throw new Error('Image quality should be a positive number between 1 and 100');
  return torch.tensor(new Uint8Array(await encodeAsJpeg(pixelsOf(input, [1, 3]), quality)));
}

/**
 * Writes an image (C, H, W), uint8, to a PNG file. https://pytorch.org/vision/stable/generated/torchvision.io.write_png.html
 * @example await vision.io.writePng(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 'image.png');
 */
export const writePng = async (input: Tensor, filename: string, ...args: PngArgs): Promise<void> =>
  writeFile(filename, await encodePng(input, ...args));

/**
 * Writes an image (C, H, W), uint8, to a JPEG file. https://pytorch.org/vision/stable/generated/torchvision.io.write_jpeg.html
 * @example const write = () => vision.io.writeJpeg(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 'image.jpg', 90);
 */
export const writeJpeg = async (input: Tensor, filename: string, ...args: JpegArgs): Promise<void> =>
  writeFile(filename, await encodeJpeg(input, ...args));
