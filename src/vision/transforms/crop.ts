/** Transforms that flip, crop, pad and resize. https://pytorch.org/vision/stable/transforms.html#geometry */
import type * as torch from '../../index.js';
import { type Args, bind, type Call } from '../arguments.js';
import { chw, pairOf, roundHalfEven } from './functional/common.js';
import { sidesOf } from './functional/crop.js';
import * as F from './functional/index.js';
import { BoundingBoxes, Mask } from '../tv-tensors.js';
import { fillOf, type KindFill } from './kind.js';
import { random, randomInteger, RandomGeometricTransform, GeometricTransform, tensorsOf, Transform, uniform } from './transform.js';

type Tensor = torch.Tensor;
type Size = number | readonly number[];
type Probability = Args<[p: number], { p?: number }>;
interface SizeOptions {
  size: Size;
}
type Sized = Call<[size: Size], [], SizeOptions>;
const sizeFrom = (name: string, args: Sized): [number, number] => pairOf(bind<SizeOptions>(name, 'size!', args).size);

/**
 * Swaps left and right with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomHorizontalFlip.html
 * @example new v2.RandomHorizontalFlip(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomHorizontalFlip extends RandomGeometricTransform {
  constructor(...args: Probability) {
    super(bind<{ p?: number }>('RandomHorizontalFlip', 'p', args).p ?? 0.5);
  }

  protected transform(image: Tensor): Tensor {
    return F.horizontalFlip(image);
  }
}

/**
 * Swaps top and bottom with probability `p`. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomVerticalFlip.html
 * @example new v2.RandomVerticalFlip(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomVerticalFlip extends RandomGeometricTransform {
  constructor(...args: Probability) {
    super(bind<{ p?: number }>('RandomVerticalFlip', 'p', args).p ?? 0.5);
  }

  protected transform(image: Tensor): Tensor {
    return F.verticalFlip(image);
  }
}

/**
 * Resizes to `size`: the shorter side for one number, else [height, width].
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Resize.html
 * @example new v2.Resize(16)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 16, 24])
 */
export class Resize extends GeometricTransform {
  readonly size: Size | null;
  readonly interpolation: F.Interpolation;
  readonly maxSize: number | null;
  readonly antialias: boolean;

  constructor(
    ...args: Call<
      [size: Size | null],
      [interpolation: F.Interpolation, maxSize: number | null, antialias: boolean],
      F.ResizeOptions & { size: Size | null }
    >
  ) {
    super();
    const names = 'size!, interpolation, maxSize, antialias';
    const { size, ...given } = bind<F.ResizeOptions & { size: Size | null }>('Resize', names, args);
    this.size = typeof size === 'number' ? [size] : size;
    this.interpolation = given.interpolation ?? 'bilinear';
    this.maxSize = given.maxSize ?? null;
    this.antialias = given.antialias ?? true;
  }

  protected override lists(): readonly string[] {
    return ['size'];
  }

  protected transform(image: Tensor): Tensor {
    const { interpolation, maxSize, antialias } = this;
    return F.resize(image, this.size, { interpolation, maxSize, antialias });
  }
}

/**
 * The middle of an image, padded where the image is smaller.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.CenterCrop.html
 * @example new v2.CenterCrop(24)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 24, 24])
 */
export class CenterCrop extends GeometricTransform {
  readonly size: readonly [number, number];

  constructor(...args: Sized) {
    super();
    this.size = sizeFrom('CenterCrop', args);
  }

  protected transform(image: Tensor): Tensor {
    return F.centerCrop(image, this.size);
  }
}

function checkedPadding(padding: F.Padding): F.Padding {
  const isWhole = (n: unknown): boolean => Number.isInteger(n);
  if (typeof padding === 'number' ? isWhole(padding) : [1, 2, 4].includes(padding.length) && padding.every(isWhole)) return padding;
  const shown = typeof padding === 'number' ? String(padding) : `(${padding.join(', ')})`;
  throw new Error(`Padding must be an int or a 1, 2, or 4 element of tuple or list, got ${shown}.`);
}

function checkedMode(mode: F.PaddingMode): F.PaddingMode {
  if (['constant', 'edge', 'reflect', 'symmetric'].includes(mode)) return mode;
  throw new Error('Padding mode should be either constant, edge, reflect or symmetric');
}

interface KindPadOptions {
  fill?: KindFill;
  paddingMode?: F.PaddingMode;
}

export interface RandomResizedCropOptions {
  /** The least and the most of the area. */
  scale?: readonly [number, number];
  /** The least and the most of width / height. */
  ratio?: readonly [number, number];
  interpolation?: F.Interpolation;
  antialias?: boolean;
}

/** Ten tries for a box of random area and ratio, its logarithm uniform; null if none fits. */
export function randomBox(
  area: number,
  scale: readonly number[],
  ratio: readonly number[],
  fits: (long: number, short: number) => boolean,
): [long: number, short: number] | null {
  const [low, high] = ratio.map((r) => Math.fround(Math.log(r)));
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * uniform(scale[0], scale[1]);
    const aspect = Math.fround(Math.exp(uniform(low, high)));
    const box: [number, number] = [roundHalfEven(Math.sqrt(target * aspect)), roundHalfEven(Math.sqrt(target / aspect))];
    if (fits(...box)) return box;
  }
  return null;
}

/**
 * A random part of random shape, resized. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomResizedCrop.html
 * @example new v2.RandomResizedCrop(24)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 24, 24])
 */
export class RandomResizedCrop extends GeometricTransform {
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly interpolation: F.Interpolation;
  readonly antialias: boolean;

  constructor(
    ...args: Call<
      [size: Size],
      [scale: readonly [number, number], ratio: readonly [number, number], interpolation: F.Interpolation, antialias: boolean],
      RandomResizedCropOptions & SizeOptions
    >
  ) {
    super();
    const names = 'size!, scale, ratio, interpolation, antialias';
    const given = bind<RandomResizedCropOptions & SizeOptions>('RandomResizedCrop', names, args);
    this.size = pairOf(given.size);
    this.scale = given.scale ?? [0.08, 1];
    this.ratio = given.ratio ?? [3 / 4, 4 / 3];
    this.interpolation = given.interpolation ?? 'bilinear';
    this.antialias = given.antialias ?? true;
  }

  private box(height: number, width: number): [top: number, left: number, height: number, width: number] {
    const found = randomBox(height * width, this.scale, this.ratio, (w, h) => w > 0 && w <= width && h > 0 && h <= height);
    if (found) {
      const [w, h] = found;
      return [randomInteger(0, height - h + 1), randomInteger(0, width - w + 1), h, w];
    }
    const [least, most] = [Math.min(...this.ratio), Math.max(...this.ratio)];
    const ratio = width / height;
    const w = ratio > most ? roundHalfEven(height * most) : width;
    const h = ratio < least ? roundHalfEven(width / least) : height;
    return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
  }

  protected transform(image: Tensor): Tensor {
    const { interpolation, antialias } = this;
    const [, height, width] = chw(image);
    return F.resizedCrop(image, ...this.box(height, width), this.size, { interpolation, antialias });
  }
}

/** Refuses what cannot be cut into several. */
function checkPictures(inputs: readonly never[], name: string): void {
  if (tensorsOf(inputs).some((t) => t instanceof BoundingBoxes || t instanceof Mask))
    throw new TypeError(`BoundingBoxes'es and Mask's are not supported by ${name}()`);
}

export interface FiveCrop {
  (image: Tensor): Tensor[];
}

/**
 * Gives a list of images. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.FiveCrop.html
 * @example new v2.FiveCrop(16)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).length  // 5
 */
export class FiveCrop extends Transform {
  readonly size: readonly [number, number];

  constructor(...args: Sized) {
    super();
    this.size = sizeFrom('FiveCrop', args);
  }

  override forward(...inputs: never[]): unknown {
    checkPictures(inputs, 'FiveCrop');
    return super.forward(...inputs);
  }

  protected transform(image: Tensor): Tensor[] {
    return F.fiveCrop(image, this.size);
  }
}

export interface TenCrop {
  (image: Tensor): Tensor[];
}

/**
 * Gives a list of images. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.TenCrop.html
 * @example new v2.TenCrop(16)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).length  // 10
 */
export class TenCrop extends Transform {
  readonly size: readonly [number, number];
  readonly verticalFlip: boolean;

  constructor(...args: Call<[size: Size], [verticalFlip: boolean], SizeOptions & { verticalFlip?: boolean }>) {
    super();
    const { size, verticalFlip = false } = bind<SizeOptions & { verticalFlip?: boolean }>('TenCrop', 'size!, verticalFlip', args);
    this.size = pairOf(size);
    this.verticalFlip = verticalFlip;
  }

  override forward(...inputs: never[]): unknown {
    checkPictures(inputs, 'TenCrop');
    return super.forward(...inputs);
  }

  protected transform(image: Tensor): Tensor[] {
    return F.tenCrop(image, this.size, this.verticalFlip);
  }
}

/**
 * Pads the sides of an image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Pad.html
 * @example new v2.Pad(2)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 36, 52])
 */
export class Pad extends GeometricTransform {
  readonly padding: F.Padding;
  readonly fill: KindFill;
  readonly paddingMode: F.PaddingMode;

  constructor(...args: Call<[padding: F.Padding], [fill: KindFill, paddingMode: F.PaddingMode], KindPadOptions & { padding: F.Padding }>) {
    super();
    const given = bind<KindPadOptions & { padding: F.Padding }>('Pad', 'padding!, fill, paddingMode', args);
    this.padding = checkedPadding(given.padding);
    this.fill = given.fill ?? 0;
    this.paddingMode = checkedMode(given.paddingMode ?? 'constant');
  }

  protected override lists(): readonly string[] {
    return ['padding'];
  }

  protected transform(image: Tensor): Tensor {
    return F.pad(image, this.padding, { fill: fillOf(this.fill, image), paddingMode: this.paddingMode });
  }
}

export interface RandomCropOptions extends KindPadOptions {
  padding?: F.Padding | null;
  padIfNeeded?: boolean;
}

/**
 * A random part, perhaps of the padded image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomCrop.html
 * @example new v2.RandomCrop(24)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 24, 24])
 */
export class RandomCrop extends GeometricTransform {
  readonly size: readonly [number, number];
  /** Left, right, top and bottom. */
  readonly padding: readonly number[] | null;
  readonly padIfNeeded: boolean;
  readonly fill: KindFill;
  readonly paddingMode: F.PaddingMode;

  constructor(
    ...args: Call<
      [size: Size],
      [padding: F.Padding | null, padIfNeeded: boolean, fill: KindFill, paddingMode: F.PaddingMode],
      RandomCropOptions & SizeOptions
    >
  ) {
    super();
    const names = 'size!, padding, padIfNeeded, fill, paddingMode';
    const given = bind<RandomCropOptions & SizeOptions>('RandomCrop', names, args);
    this.size = pairOf(given.size);
    this.padding = given.padding == null ? null : sidesOf(checkedPadding(given.padding));
    this.padIfNeeded = given.padIfNeeded ?? false;
    this.fill = given.fill ?? 0;
    this.paddingMode = checkedMode(given.paddingMode ?? 'constant');
  }

  protected override lists(): readonly string[] {
    return ['padding'];
  }

  protected transform(image: Tensor): Tensor {
    const [, imageHeight, imageWidth] = chw(image);
    const [height, width] = this.size;
    const [left, right, top, bottom] = this.padding ?? [0, 0, 0, 0];
    const extraY = this.padIfNeeded ? Math.max(height - imageHeight - top - bottom, 0) : 0;
    const extraX = this.padIfNeeded ? Math.max(width - imageWidth - left - right, 0) : 0;
    const padding = [left + extraX, top + extraY, right + extraX, bottom + extraY];
    const isPadded = padding.some((margin) => margin !== 0);
    const { fill, paddingMode } = this;
    const padded = isPadded ? F.pad(image, padding, { fill: fillOf(fill, image), paddingMode }) : image;
    const [, paddedHeight, paddedWidth] = chw(padded);
    if (paddedHeight < height || paddedWidth < width)
      throw new Error(
        `Required crop size (${height}, ${width}) is larger than ${isPadded ? 'padded ' : ''}input image size (${paddedHeight}, ${paddedWidth}).`,
      );
    const y = paddedHeight > height ? randomInteger(0, paddedHeight - height + 1) : 0;
    const x = paddedWidth > width ? randomInteger(0, paddedWidth - width + 1) : 0;
    return F.crop(padded, y, x, height, width);
  }
}

export interface RandomZoomOutOptions {
  fill?: KindFill;
  sideRange?: readonly [number, number];
  p?: number;
}

/**
 * Puts the image somewhere on a larger canvas. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomZoomOut.html
 * @example
 * torch.manualSeed(0);
 * new v2.RandomZoomOut()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomZoomOut extends RandomGeometricTransform {
  readonly fill: KindFill;
  readonly sideRange: readonly [number, number];

  constructor(...args: Args<[fill: KindFill, sideRange: readonly [number, number], p: number], RandomZoomOutOptions>) {
    const { fill = 0, sideRange = [1, 4], p = 0.5 } = bind<RandomZoomOutOptions>('RandomZoomOut', 'fill, sideRange, p', args);
    super(p);
    if (!(sideRange[0] >= 1 && sideRange[0] <= sideRange[1])) throw new Error(`Invalid side range provided ${String(sideRange)}.`);
    this.fill = fill;
    this.sideRange = sideRange;
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
    const [low, high] = this.sideRange;
    const scale = Math.fround(low + Math.fround(random() * (high - low)));
    const [canvasWidth, canvasHeight] = [Math.trunc(Math.fround(width * scale)), Math.trunc(Math.fround(height * scale))];
    const [x, y] = [random(), random()];
    const left = Math.trunc(Math.fround((canvasWidth - width) * x));
    const top = Math.trunc(Math.fround((canvasHeight - height) * y));
    return F.pad(image, [left, top, canvasWidth - left - width, canvasHeight - top - height], { fill: fillOf(this.fill, image) });
  }
}

export interface ScaleOptions {
  interpolation?: F.Interpolation;
  antialias?: boolean;
}

const resizing = ({ interpolation = 'bilinear', antialias = true }: ScaleOptions): Required<ScaleOptions> => ({ interpolation, antialias });

export interface ScaleJitterOptions extends ScaleOptions {
  scaleRange?: readonly [number, number];
}

/**
 * Fits the image into `targetSize`, then scales by a random factor.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ScaleJitter.html
 * @example
 * torch.manualSeed(0);
 * new v2.ScaleJitter([32, 32])(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class ScaleJitter extends GeometricTransform {
  readonly targetSize: readonly [number, number];
  readonly scaleRange: readonly [number, number];
  readonly interpolation: F.Interpolation;
  readonly antialias: boolean;

  constructor(
    ...args: Call<
      [targetSize: readonly [number, number]],
      [scaleRange: readonly [number, number], interpolation: F.Interpolation, antialias: boolean],
      ScaleJitterOptions & { targetSize: readonly [number, number] }
    >
  ) {
    super();
    const names = 'targetSize!, scaleRange, interpolation, antialias';
    const given = bind<ScaleJitterOptions & { targetSize: readonly [number, number] }>('ScaleJitter', names, args);
    [this.targetSize, this.scaleRange] = [given.targetSize, given.scaleRange ?? [0.1, 2]];
    ({ interpolation: this.interpolation, antialias: this.antialias } = resizing(given));
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
    const [low, high] = this.scaleRange;
    const scale = Math.fround(low + Math.fround(random() * (high - low)));
    const ratio = Math.fround(Math.min(this.targetSize[1] / height, this.targetSize[0] / width) * scale);
    return F.resize(image, [Math.trunc(Math.fround(height * ratio)), Math.trunc(Math.fround(width * ratio))], resizing(this));
  }
}

/**
 * The shorter edge becomes one of `minSize`. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomShortestSize.html
 * @example
 * torch.manualSeed(0);
 * new v2.RandomShortestSize([16, 24])(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomShortestSize extends GeometricTransform {
  readonly minSize: readonly number[];
  readonly maxSize: number | null;
  readonly interpolation: F.Interpolation;
  readonly antialias: boolean;

  constructor(
    ...args: Call<
      [minSize: Size],
      [maxSize: number | null, interpolation: F.Interpolation, antialias: boolean],
      F.ResizeOptions & { minSize: Size }
    >
  ) {
    super();
    const names = 'minSize!, maxSize, interpolation, antialias';
    const { minSize, maxSize = null, ...rest } = bind<F.ResizeOptions & { minSize: Size }>('RandomShortestSize', names, args);
    this.minSize = typeof minSize === 'number' ? [minSize] : minSize;
    this.maxSize = maxSize;
    ({ interpolation: this.interpolation, antialias: this.antialias } = resizing(rest));
  }

  protected override lists(): readonly string[] {
    return ['minSize'];
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
    const shortest = this.minSize[randomInteger(0, this.minSize.length)] / Math.min(height, width);
    const ratio = this.maxSize === null ? shortest : Math.min(shortest, this.maxSize / Math.max(height, width));
    return F.resize(image, [Math.trunc(height * ratio), Math.trunc(width * ratio)], resizing(this));
  }
}

/**
 * The shorter edge becomes a random number. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomResize.html
 * @example
 * torch.manualSeed(0);
 * new v2.RandomResize(16, 24)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomResize extends GeometricTransform {
  readonly minSize: number;
  readonly maxSize: number;
  readonly interpolation: F.Interpolation;
  readonly antialias: boolean;

  constructor(
    ...args: Call<
      [minSize: number, maxSize: number],
      [interpolation: F.Interpolation, antialias: boolean],
      ScaleOptions & { minSize: number; maxSize: number }
    >
  ) {
    super();
    const names = 'minSize!, maxSize!, interpolation, antialias';
    const given = bind<ScaleOptions & { minSize: number; maxSize: number }>('RandomResize', names, args);
    [this.minSize, this.maxSize] = [given.minSize, given.maxSize];
    ({ interpolation: this.interpolation, antialias: this.antialias } = resizing(given));
  }

  protected transform(image: Tensor): Tensor {
    return F.resize(image, [randomInteger(this.minSize, this.maxSize)], resizing(this));
  }
}
