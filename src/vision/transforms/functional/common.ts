/** What the functions on images share. Images are tensors (…, C, H, W), uint8 or float in [0, 1]. */
import * as torch from '../../../index.js';
import { BoundingBoxes, KeyPoints, Mask } from '../../tv-tensors.js';

export type Tensor = torch.Tensor;
export type DType = torch.DType;

const largest: Record<string, number> = {
  uint8: 255,
  int8: 127,
  int16: 32767,
  uint16: 65535,
  int32: 2 ** 31 - 1,
  int64: Number.MAX_SAFE_INTEGER,
};
const valueBits: Record<string, number> = { uint8: 8, int8: 7, int16: 15, uint16: 16, int32: 31, int64: 63 };

/** What stands for white. */
export const maxValue = (dtype: DType): number => largest[dtype.name] ?? 1;

export function numValueBits(dtype: DType): number {
  const bits = valueBits[dtype.name];
  if (bits === undefined) throw new TypeError(`Number of value bits is only defined for integer dtypes, but got ${String(dtype)}.`);
  return bits;
}

export const isFloat = (image: Tensor): boolean => image.dtype.isFloatingPoint;

/** The image in its own dtype if that is a float, else in float32. */
export const asFloat = (image: Tensor): Tensor => (isFloat(image) ? image : image.to(torch.float32));

/** Channels, height and width. */
export function chw(image: Tensor): [channels: number, height: number, width: number] {
  if (image instanceof BoundingBoxes || image instanceof KeyPoints) return [1, ...image.canvasSize];
  if (image instanceof Mask && image.ndim === 2) return [1, image.shape[0], image.shape[1]];
  if (!(image instanceof torch.Tensor)) throw new TypeError(`images must be tensors, but got ${String(image)} instead.`);
  const [channels, height, width] = image.shape.slice(-3);
  if (width === undefined) throw new TypeError(`Expected an image of size (..., C, H, W). Got ${String(image.shape)}.`);
  return [channels, height, width];
}

/** (…, C, H, W) → (N, C, H, W), and how to go back to the leading dims. */
export function batched(image: Tensor): { batch: Tensor; unbatch: (result: Tensor) => Tensor } {
  const leading = image.shape.slice(0, -3);
  const [channels, height, width] = chw(image);
  const count = leading.reduce((product, n) => product * n, 1);
  return {
    batch: image.reshape(count, channels, height, width),
    unbatch: (result) => result.reshape([...leading, ...result.shape.slice(1)]),
  };
}

/** Python's `round`: halves go to even. */
export function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** One size for both dims, or height and width. */
export function pairOf(
  size: number | readonly number[],
  message = 'Please provide only two dimensions (h, w) for size.',
): [number, number] {
  if (typeof size === 'number') return [size, size];
  if (size.length === 1) return [size[0], size[0]];
  if (size.length !== 2) throw new Error(message);
  return [size[0], size[1]];
}
