/** Flips, crops and margins of images. https://pytorch.org/vision/stable/transforms.html#geometry */
import * as torch from '../../../index.js';
import { type Args, bind, type Call } from '../../arguments.js';
import { wrap } from '../../tv-tensors.js';
import { batched, chw, isFloat, pairOf, roundHalfEven, type Tensor } from './common.js';

/** Swaps left and right. */
export const horizontalFlip = (image: Tensor): Tensor => image.flip(-1);

/** Swaps top and bottom. */
export const verticalFlip = (image: Tensor): Tensor => image.flip(-2);

export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric';
/** One margin for all sides; left and right, top and bottom; or left, top, right, bottom. */
export type Padding = number | readonly number[];
/** One value, or one for each channel. */
export type Fill = number | readonly number[] | null;

type Sides = [left: number, right: number, top: number, bottom: number];

/** The margins by side. */
export function sidesOf(padding: Padding): Sides {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (padding.length === 1) return [padding[0], padding[0], padding[0], padding[0]];
  if (padding.length === 2) return [padding[0], padding[0], padding[1], padding[1]];
  if (padding.length === 4) return [padding[0], padding[2], padding[1], padding[3]];
  throw new Error(`Padding must be an int or a 1, 2, or 4 element tuple or list. Found ${padding.length}`);
}

/** Mirrors with the border pixel repeated. */
function padSymmetric(batch: Tensor, [left, right, top, bottom]: Sides): Tensor {
  const mirrored = (image: Tensor, dim: number, before: number, after: number): Tensor => {
    const size = image.shape.at(dim)!;
    const index = Array.from({ length: before + size + after }, (_, i) => {
      const at = i - before;
      return at < 0 ? -at - 1 : at < size ? at : 2 * size - 1 - at;
    });
    return image.indexSelect(dim, torch.tensor(index, { dtype: torch.int64, device: image.device }));
  };
  return mirrored(mirrored(batch, -1, left, right), -2, top, bottom);
}

function padWith(batch: Tensor, sides: Sides, mode: PaddingMode, value: number): Tensor {
  if (mode === 'symmetric') return padSymmetric(batch, sides);
  if (mode === 'constant') return torch.nn.functional.pad(batch, sides, 'constant', value);
  const values = isFloat(batch) ? batch : batch.to(torch.float32);
  return torch.nn.functional.pad(values, sides, mode === 'edge' ? 'replicate' : 'reflect').to(batch.dtype);
}

/** The margins in one colour: pads what differs from it. */
function padColour(batch: Tensor, sides: Sides, fill: readonly number[]): Tensor {
  const padded = padWith(batch, sides, 'constant', 0);
  const inside = padWith(torch.onesLike(batch.narrow(1, 0, 1).narrow(0, 0, 1), { dtype: torch.bool }), sides, 'constant', 0);
  const colour = torch
    .tensor([...fill], { device: batch.device })
    .to(batch.dtype)
    .reshape(1, -1, 1, 1);
  return torch.where(inside, padded, colour);
}

export interface PadOptions {
  fill?: Fill;
  paddingMode?: PaddingMode;
}

const paddingModes = ['constant', 'edge', 'reflect', 'symmetric'];

/** Adds margins. */
export function pad(image: Tensor, padding: Padding, ...args: Args<[fill: Fill, paddingMode: PaddingMode], PadOptions>): Tensor {
  const { fill, paddingMode = 'constant' } = bind<PadOptions>('pad', 'fill, paddingMode', args);
  const sides = sidesOf(padding);
  if (!paddingModes.includes(paddingMode))
    throw new Error(
      `\`padding_mode\` should be either \`'constant'\`, \`'edge'\`, \`'reflect'\` or \`'symmetric'\`, but got \`'${paddingMode}'\`.`,
    );
  const values = fill === null || fill === undefined ? [0] : typeof fill === 'number' ? [fill] : fill;
  const { batch, unbatch } = batched(image);
  if (values.length <= 1) return unbatch(padWith(batch, sides, paddingMode, values[0] ?? 0));
  if (paddingMode !== 'constant') throw new Error(`Padding mode '${paddingMode}' is not supported if fill is not scalar`);
  return unbatch(padColour(batch, sides, values));
}

const cut = (image: Tensor, top: number, left: number, height: number, width: number): Tensor =>
  image.narrow(-2, top, height).narrow(-1, left, width);

/** What lies outside of the image is black. */
export function crop(image: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const [, imageHeight, imageWidth] = chw(image);
  const [right, bottom] = [left + width, top + height];
  if (left >= 0 && top >= 0 && right <= imageWidth && bottom <= imageHeight) return cut(image, top, left, height, width);
  const [firstRow, firstColumn] = [Math.min(Math.max(top, 0), imageHeight), Math.min(Math.max(left, 0), imageWidth)];
  const [rows, columns] = [Math.min(bottom, imageHeight) - firstRow, Math.min(right, imageWidth) - firstColumn];
  const inside = cut(image, firstRow, firstColumn, Math.max(rows, 0), Math.max(columns, 0));
  return pad(inside, [
    Math.max(Math.min(right, 0) - left, 0),
    Math.max(Math.min(bottom, 0) - top, 0),
    Math.max(right - Math.max(imageWidth, left), 0),
    Math.max(bottom - Math.max(imageHeight, top), 0),
  ]);
}

/** Pads where the image is too small. */
export function centerCrop(image: Tensor, outputSize: number | readonly number[]): Tensor {
  const [height, width] = pairOf(outputSize);
  const [, imageHeight, imageWidth] = chw(image);
  const [missingY, missingX] = [Math.max(height - imageHeight, 0), Math.max(width - imageWidth, 0)];
  const margins = [Math.floor(missingX / 2), Math.floor(missingY / 2), Math.ceil(missingX / 2), Math.ceil(missingY / 2)];
  const padded = missingX + missingY > 0 ? pad(image, margins) : image;
  const [, paddedHeight, paddedWidth] = chw(padded);
  return cut(padded, roundHalfEven((paddedHeight - height) / 2), roundHalfEven((paddedWidth - width) / 2), height, width);
}

interface CropSize {
  size: number | readonly number[];
}

/**
 * Four corners and the centre. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.five_crop.html
 * @example v2.functional.fiveCrop(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 16).length  // 5
 */
export function fiveCrop(image: Tensor, ...args: Call<[size: number | readonly number[]], [], CropSize>): Tensor[] {
  const { size } = bind<CropSize>('five_crop', 'size!', args);
  const [height, width] = pairOf(size);
  const [, imageHeight, imageWidth] = chw(image);
  if (width > imageWidth || height > imageHeight)
    throw new Error(
      `Requested crop size ${typeof size === 'number' ? size : `[${size.join(', ')}]`} is bigger than input size (${imageHeight}, ${imageWidth})`,
    );
  const [bottom, right] = [imageHeight - height, imageWidth - width];
  const corners = [
    [0, 0],
    [0, right],
    [bottom, 0],
    [bottom, right],
  ].map(([top, left]) => crop(image, top, left, height, width));
  return [...corners, centerCrop(image, [height, width])].map((part) => wrap(part, image));
}

/**
 * `fiveCrop` of the image and of its mirror image.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.ten_crop.html
 * @example v2.functional.tenCrop(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 16).length  // 10
 */
export function tenCrop(
  image: Tensor,
  ...args: Call<[size: number | readonly number[]], [verticalFlip: boolean], CropSize & { verticalFlip?: boolean }>
): Tensor[] {
  const { size, verticalFlip: isVertical = false } = bind<CropSize & { verticalFlip?: boolean }>('ten_crop', 'size!, verticalFlip', args);
  return [...fiveCrop(image, size), ...fiveCrop(wrap(isVertical ? verticalFlip(image) : horizontalFlip(image), image), size)];
}

/**
 * Sets a rectangle to `value`, which is broadcast.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.erase.html
 * @example
 * v2.functional.erase(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 0, 0, 1, 2, torch.tensor(9)).flatten()
 * // tensor([  9,   9, 200], dtype=torch.uint8)
 */
export function erase(
  image: Tensor,
  top: number,
  left: number,
  height: number,
  width: number,
  value: Tensor,
  inplace: boolean | { inplace?: boolean } = false,
): Tensor {
  const isInplace = typeof inplace === 'boolean' ? inplace : (inplace.inplace ?? false);
  const target = isInplace ? image : image.clone();
  cut(target, top, left, height, width).copy_(value.to(image.dtype));
  return target;
}
