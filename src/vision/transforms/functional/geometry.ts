/** The functions that move pixels, for images, masks and boxes alike. https://pytorch.org/vision/stable/transforms.html#geometry */
import { bind, type Call } from '../../arguments.js';
import { BoundingBoxes, KeyPoints, Mask, wrap } from '../../tv-tensors.js';
import * as boxes from './boxes.js';
import type { Tensor } from './common.js';
import * as crops from './crop.js';
import * as points from './points.js';
import { type Interpolation, resize as resizeImage, type ResizeOptions } from './resize.js';
import * as warps from './warp.js';

/** Moves boxes, points, masks, or else images. */
function byKind<T extends Tensor>(
  target: T,
  onImage: (image: Tensor) => Tensor,
  onBoxes: (target: BoundingBoxes) => BoundingBoxes,
  onPoints: (target: KeyPoints) => KeyPoints,
  onMask: (mask: Tensor) => Tensor = onImage,
): T {
  if (target instanceof BoundingBoxes) return onBoxes(target) as Tensor as T;
  if (target instanceof KeyPoints) return onPoints(target) as Tensor as T;
  if (!(target instanceof Mask)) return wrap(onImage(target), target);
  // Masks may have no dim for channels.
  const moved = onMask(target.ndim === 2 ? target.unsqueeze(0) : target);
  return new Mask(target.ndim === 2 ? moved.squeeze(0) : moved) as Tensor as T;
}

/**
 * Swaps left and right. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.horizontal_flip.html
 * @example v2.functional.horizontalFlip(torch.tensor([[[1, 2, 3]]]))  // tensor([[[3, 2, 1]]])
 */
export const horizontalFlip = <T extends Tensor>(image: T): T =>
  byKind(
    image,
    crops.horizontalFlip,
    (target) => boxes.flipBoxes(target, 0),
    (target) => points.flipPoints(target, 0),
  );
/**
 * The older name of `horizontalFlip`.
 * @example v2.functional.hflip(torch.tensor([[[1, 2, 3]]]))  // tensor([[[3, 2, 1]]])
 */
export const hflip = horizontalFlip;
/**
 * Swaps top and bottom. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.vertical_flip.html
 * @example v2.functional.verticalFlip(torch.tensor([[[1], [2]]])).flatten()  // tensor([2, 1])
 */
export const verticalFlip = <T extends Tensor>(image: T): T =>
  byKind(
    image,
    crops.verticalFlip,
    (target) => boxes.flipBoxes(target, 1),
    (target) => points.flipPoints(target, 1),
  );
/**
 * The older name of `verticalFlip`.
 * @example v2.functional.vflip(torch.tensor([[[1], [2]]])).flatten()  // tensor([2, 1])
 */
export const vflip = verticalFlip;

/**
 * (…, C, H, W) → (…, C, H', W'). One number is the size of the shorter edge. Bytes come out exactly as from PyTorch; floats are differentiable.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.resize.html
 * @example v2.functional.resize(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 16).shape  // torch.Size([3, 16, 24])
 */
export function resize<T extends Tensor>(
  image: T,
  ...args: Call<
    [size: number | readonly number[] | null],
    [interpolation: Interpolation, maxSize: number | null, antialias: boolean],
    ResizeOptions & { size: number | readonly number[] | null }
  >
): T {
  const names = 'size!, interpolation, maxSize, antialias';
  const { size, ...options } = bind<ResizeOptions & { size: number | readonly number[] | null }>('resize', names, args);
  return byKind(
    image,
    (x) => resizeImage(x, size, options),
    (target) => boxes.resizeBoxes(target, size, options.maxSize ?? null),
    (target) => points.resizePoints(target, size, options.maxSize ?? null),
    (mask) => {
      const interpolation = options.interpolation === 'nearest-exact' ? 'nearest-exact' : 'nearest';
      return resizeImage(mask, size, { maxSize: options.maxSize, interpolation });
    },
  );
}

/**
 * An image with margins; `padding` is one number, two (left and right, top and bottom) or four.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.pad.html
 * @example v2.functional.pad(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), [1, 2]).shape  // torch.Size([3, 36, 50])
 */
export function pad<T extends Tensor>(
  image: T,
  ...args: Call<[padding: crops.Padding], [fill: crops.Fill, paddingMode: crops.PaddingMode], crops.PadOptions & { padding: crops.Padding }>
): T {
  const { padding, ...options } = bind<crops.PadOptions & { padding: crops.Padding }>('pad', 'padding!, fill, paddingMode', args);
  return byKind(
    image,
    (x) => crops.pad(x, padding, options),
    (target) => boxes.padBoxes(target, padding, options.paddingMode ?? 'constant'),
    (target) => points.padPoints(target, padding, options.paddingMode ?? 'constant'),
    (mask) => {
      if (Array.isArray(options.fill)) throw new Error('Non-scalar fill value is not supported');
      return crops.pad(mask, padding, options);
    },
  );
}

interface Rectangle {
  top: number;
  left: number;
  height: number;
  width: number;
}

/**
 * What lies outside of the image is black. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.crop.html
 * @example v2.functional.crop(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 4, 8, 16, 16).shape  // torch.Size([3, 16, 16])
 */
export function crop<T extends Tensor>(
  image: T,
  ...args: Call<[top: number, left: number, height: number, width: number], [], Rectangle>
): T {
  const { top, left, height, width } = bind<Rectangle>('crop', 'top!, left!, height!, width!', args);
  return byKind(
    image,
    (x) => crops.crop(x, top, left, height, width),
    (target) => boxes.cropBoxes(target, top, left, height, width),
    (target) => points.cropPoints(target, top, left, height, width),
  );
}

/**
 * Pads where the image is too small. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.center_crop.html
 * @example v2.functional.centerCrop(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 16).shape  // torch.Size([3, 16, 16])
 */
export function centerCrop<T extends Tensor>(
  image: T,
  ...args: Call<[outputSize: number | readonly number[]], [], { outputSize: number | readonly number[] }>
): T {
  const { outputSize } = bind<{ outputSize: number | readonly number[] }>('center_crop', 'outputSize!', args);
  return byKind(
    image,
    (x) => crops.centerCrop(x, outputSize),
    (target) => boxes.centerCropBoxes(target, outputSize),
    (target) => points.centerCropPoints(target, outputSize),
  );
}

interface ResizedCropOptions extends Rectangle {
  size: number | readonly number[];
  interpolation?: Interpolation;
  antialias?: boolean;
}

/**
 * A rectangle cut out of an image, and resized.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.resized_crop.html
 * @example v2.functional.resizedCrop(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 4, 8, 16, 16, 24).shape  // torch.Size([3, 24, 24])
 */
export function resizedCrop<T extends Tensor>(
  image: T,
  ...args: Call<
    [top: number, left: number, height: number, width: number, size: number | readonly number[]],
    [interpolation: Interpolation, antialias: boolean],
    ResizedCropOptions
  >
): T {
  const names = 'top!, left!, height!, width!, size!, interpolation, antialias';
  const { top, left, height, width, size, ...options } = bind<ResizedCropOptions>('resized_crop', names, args);
  return resize(crop(image, top, left, height, width), size, options);
}

interface AffineArguments extends warps.AffineOptions {
  angle: number;
  translate: readonly number[];
  scale: number;
  shear: number | readonly number[];
}

/**
 * Rotates by `angle` degrees, moves by `translate` pixels, scales and shears.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.affine.html
 * @example v2.functional.affine(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 30, [2, 0], 1, 0).shape  // torch.Size([3, 32, 48])
 */
export function affine<T extends Tensor>(
  image: T,
  ...args: Call<
    [angle: number, translate: readonly number[], scale: number, shear: number | readonly number[]],
    [interpolation: Interpolation, fill: crops.Fill, center: readonly number[] | null],
    AffineArguments
  >
): T {
  const names = 'angle!, translate!, scale!, shear!, interpolation, fill, center';
  const { angle, translate, scale, shear, ...options } = bind<AffineArguments>('affine', names, args);
  const run = (x: Tensor, interpolation = options.interpolation): Tensor =>
    warps.affine(x, angle, translate, scale, shear, { ...options, ...(interpolation && { interpolation }) });
  const [shearX, shearY = 0] = typeof shear === 'number' ? [shear] : shear;
  const move: points.AffineMove = {
    angle,
    translate: [translate[0], translate[1]],
    scale,
    shear: [shearX, shearY],
    center: options.center,
  };
  return byKind(
    image,
    (x) => run(x),
    (target) => boxes.affineBoxes(target, move),
    (target) => points.affinePoints(target, move),
    (mask) => run(mask, 'nearest'),
  );
}

/**
 * Turns the image counter-clockwise by `angle` degrees.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.rotate.html
 * @example v2.functional.rotate(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 30).shape  // torch.Size([3, 32, 48])
 */
export function rotate<T extends Tensor>(
  image: T,
  ...args: Call<
    [angle: number],
    [interpolation: Interpolation, expand: boolean, center: readonly number[] | null, fill: crops.Fill],
    warps.RotateOptions & { angle: number }
  >
): T {
  const names = 'angle!, interpolation, expand, center, fill';
  const { angle, ...options } = bind<warps.RotateOptions & { angle: number }>('rotate', names, args);
  const { expand, center } = options;
  const move: points.AffineMove = { angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0], center, expand };
  return byKind(
    image,
    (x) => warps.rotate(x, angle, options),
    (target) => boxes.affineBoxes(target, move),
    (target) => points.affinePoints(target, move),
    (mask) => warps.rotate(mask, angle, { ...options, interpolation: 'nearest' }),
  );
}

interface PerspectiveArguments extends warps.PerspectiveOptions {
  startpoints: warps.Points | null;
  endpoints: warps.Points | null;
}

/**
 * Moves four points of the image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.perspective.html
 * @example
 * v2.functional.perspective(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), [[0, 0], [47, 0], [47, 31], [0, 31]], [[2, 2], [45, 0], [47, 31], [0, 31]]).shape
 * // torch.Size([3, 32, 48])
 */
export function perspective<T extends Tensor>(
  image: T,
  ...args: Call<
    [startpoints: warps.Points | null, endpoints: warps.Points | null],
    [interpolation: Interpolation, fill: crops.Fill, coefficients: readonly number[] | null],
    PerspectiveArguments
  >
): T {
  const names = 'startpoints!, endpoints!, interpolation, fill, coefficients';
  const { startpoints, endpoints, ...options } = bind<PerspectiveArguments>('perspective', names, args);
  const goes = (): points.PointMap => points.perspectiveMap(startpoints, endpoints, options.coefficients ?? null);
  return byKind(
    image,
    (x) => warps.perspective(x, startpoints, endpoints, options),
    (target) => boxes.perspectiveBoxes(target, goes()),
    (target) => points.movePoints(target, target.canvasSize, goes()),
    (mask) => warps.perspective(mask, startpoints, endpoints, { ...options, interpolation: 'nearest' }),
  );
}

/**
 * Moves each pixel by its `displacement` (1, H, W, 2), where 2 is the whole image.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.elastic.html
 * @example
 * v2.functional.elastic(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), torch.zeros(1, 32, 48, 2)).shape
 * // torch.Size([3, 32, 48])
 */
export function elastic<T extends Tensor>(
  image: T,
  ...args: Call<[displacement: Tensor], [interpolation: Interpolation, fill: crops.Fill], warps.WarpOptions & { displacement: Tensor }>
): T {
  const names = 'displacement!, interpolation, fill';
  const { displacement, ...options } = bind<warps.WarpOptions & { displacement: Tensor }>('elastic', names, args);
  return byKind(
    image,
    (x) => warps.elastic(x, displacement, options),
    (target) => boxes.elasticBoxes(target, points.elasticMap(target.canvasSize, displacement)),
    (target) => points.movePoints(target, target.canvasSize, points.elasticMap(target.canvasSize, displacement)),
    (mask) => warps.elastic(mask, displacement, { ...options, interpolation: 'nearest' }),
  );
}
/**
 * The longer name of `elastic`.
 * @example v2.functional.elasticTransform(torch.zeros(3, 4, 5), torch.zeros(1, 4, 5, 2)).shape  // torch.Size([3, 4, 5])
 */
export const elasticTransform = elastic;
