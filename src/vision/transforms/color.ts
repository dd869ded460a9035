/** Transforms of colours. https://pytorch.org/vision/stable/transforms.html#color */
import type * as torch from '../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../arguments.js';
import { chw } from './functional/common.js';
import * as F from './functional/index.js';
import { permutation, random, RandomTransform, Transform, uniform } from './transform.js';

type Tensor = torch.Tensor;
type Range = readonly [low: number, high: number];

/**
 * The luma of an image, in one channel or in three alike.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Grayscale.html
 * @example new v2.Grayscale()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([1, 32, 48])
 */
export class Grayscale extends Transform {
  readonly numOutputChannels: number;

  constructor(...args: Args<[numOutputChannels: number], { numOutputChannels?: number }>) {
    super();
    this.numOutputChannels = bind<{ numOutputChannels?: number }>('Grayscale', 'numOutputChannels', args).numOutputChannels ?? 1;
  }

  protected transform(image: Tensor): Tensor {
    return F.rgbToGrayscale(image, this.numOutputChannels);
  }
}

const probability = (name: string, args: readonly unknown[], standard = 0.5): number => bind<{ p?: number }>(name, 'p', args).p ?? standard;
type Probability = Args<[p: number], { p?: number }>;

/**
 * With as many channels as before. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomGrayscale.html
 * @example new v2.RandomGrayscale(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomGrayscale extends RandomTransform {
  constructor(...args: Probability) {
    super(probability('RandomGrayscale', args, 0.1));
  }

  protected transform(image: Tensor): Tensor {
    return F.rgbToGrayscale(image, chw(image)[0]);
  }
}

/**
 * Three equal channels of a gray image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RGB.html
 * @example new v2.RGB()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RGB extends Transform {
  protected transform(image: Tensor): Tensor {
    return F.grayscaleToRgb(image);
  }
}

/** Bounds: whole numbers are integers, others floats. */
const pythonTuple = (range: Range): string => `(${range.map((x) => (x === Infinity ? 'inf' : String(x))).join(', ')})`;

type Strength = number | Range | null;

/** Factors around `center`; a single number says how far from it they may be. */
function strengthRange(value: Strength | undefined, name: string, center: number, bound: Range): Range | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && value < 0) throw new Error(`If ${name} is a single number, it must be non negative.`);
  const [low, high] = typeof value === 'number' ? [center - value, center + value] : value;
  const least = typeof value === 'number' && center === 1 ? Math.max(low, 0) : low;
  if (!(bound[0] <= least && least <= high && high <= bound[1]))
    throw new Error(
      `${name} values should be between ${pythonTuple(bound)} and increasing, but got [${pythonFloat(least)}, ${pythonFloat(high)}].`,
    );
  return least === center && high === center ? null : [least, high];
}

export interface ColorJitterOptions {
  brightness?: Strength;
  contrast?: Strength;
  saturation?: Strength;
  hue?: Strength;
}

const draw = (range: Range | null): number | null => range && uniform(range[0], range[1]);

/**
 * Changes brightness, contrast, saturation and hue, in random order.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ColorJitter.html
 * @example
 * new v2.ColorJitter({ brightness: 0.5, hue: 0.1 })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape
 * // torch.Size([3, 32, 48])
 */
export class ColorJitter extends Transform {
  readonly brightness: Range | null;
  readonly contrast: Range | null;
  readonly saturation: Range | null;
  readonly hue: Range | null;

  constructor(...args: Args<[brightness: Strength, contrast: Strength, saturation: Strength, hue: Strength], ColorJitterOptions>) {
    super();
    const given = bind<ColorJitterOptions>('ColorJitter', 'brightness, contrast, saturation, hue', args);
    this.brightness = strengthRange(given.brightness, 'brightness', 1, [0, Infinity]);
    this.contrast = strengthRange(given.contrast, 'contrast', 1, [0, Infinity]);
    this.saturation = strengthRange(given.saturation, 'saturation', 1, [0, Infinity]);
    this.hue = strengthRange(given.hue, 'hue', 0, [-0.5, 0.5]);
  }

  protected transform(image: Tensor): Tensor {
    const order = permutation(4);
    const factors = [this.brightness, this.contrast, this.saturation, this.hue].map(draw);
    const adjust = [F.adjustBrightness, F.adjustContrast, F.adjustSaturation, F.adjustHue];
    return order.reduce((x, i) => (factors[i] === null ? x : adjust[i](x, factors[i])), image);
  }
}

/**
 * The channels in random order. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomChannelPermutation.html
 * @example new v2.RandomChannelPermutation()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomChannelPermutation extends Transform {
  protected transform(image: Tensor): Tensor {
    return F.permuteChannels(image, permutation(chw(image)[0]));
  }
}

export interface PhotometricOptions {
  brightness?: Range;
  contrast?: Range;
  saturation?: Range;
  hue?: Range;
  p?: number;
}

/**
 * The distortions of SSD, each with probability p.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomPhotometricDistort.html
 * @example new v2.RandomPhotometricDistort()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomPhotometricDistort extends Transform {
  readonly brightness: Range;
  readonly contrast: Range;
  readonly hue: Range;
  readonly saturation: Range;
  readonly p: number;

  constructor(...args: Args<[brightness: Range, contrast: Range, saturation: Range, hue: Range, p: number], PhotometricOptions>) {
    super();
    const given = bind<PhotometricOptions>('RandomPhotometricDistort', 'brightness, contrast, saturation, hue, p', args);
    this.brightness = given.brightness ?? [0.875, 1.125];
    this.contrast = given.contrast ?? [0.5, 1.5];
    this.hue = given.hue ?? [-0.05, 0.05];
    this.saturation = given.saturation ?? [0.5, 1.5];
    this.p = given.p ?? 0.5;
  }

  protected transform(image: Tensor): Tensor {
    const perhaps = (range: Range): number | null => (random() < this.p ? uniform(range[0], range[1]) : null);
    const [brightness, contrast] = [perhaps(this.brightness), perhaps(this.contrast)];
    const [saturation, hue] = [perhaps(this.saturation), perhaps(this.hue)];
    const contrastFirst = random() < 0.5;
    const channels = random() < this.p ? permutation(chw(image)[0]) : null;
    let x = brightness === null ? image : F.adjustBrightness(image, brightness);
    if (contrast !== null && contrastFirst) x = F.adjustContrast(x, contrast);
    if (saturation !== null) x = F.adjustSaturation(x, saturation);
    if (hue !== null) x = F.adjustHue(x, hue);
    if (contrast !== null && !contrastFirst) x = F.adjustContrast(x, contrast);
    return channels ? F.permuteChannels(x, channels) : x;
  }
}

/** A transform by a function, with probability p. */
class RandomChange extends RandomTransform {
  constructor(
    p: number,
    private readonly change: (image: Tensor) => Tensor,
  ) {
    super(p);
  }

  protected transform(image: Tensor): Tensor {
    return this.change(image);
  }
}

const randomly = (name: string, change: (image: Tensor) => Tensor): new (...args: Probability) => RandomChange =>
  class extends RandomChange {
    constructor(...args: Probability) {
      super(probability(name, args), change);
    }
  };

/**
 * Spreads the histogram evenly with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomEqualize.html
 * @example new v2.RandomEqualize(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomEqualize extends randomly('RandomEqualize', F.equalize) {}

/**
 * Inverts the colors with probability `p`. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomInvert.html
 * @example new v2.RandomInvert(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomInvert extends randomly('RandomInvert', F.invert) {}

/**
 * Stretches the values to the whole range with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomAutocontrast.html
 * @example new v2.RandomAutocontrast(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomAutocontrast extends randomly('RandomAutocontrast', F.autocontrast) {}

/**
 * Keeps only the highest `bits` of every value with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomPosterize.html
 * @example new v2.RandomPosterize(4)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomPosterize extends RandomTransform {
  readonly bits: number;

  constructor(...args: Call<[bits: number], [p: number], { bits: number; p?: number }>) {
    const { bits, p = 0.5 } = bind<{ bits: number; p?: number }>('RandomPosterize', 'bits!, p', args);
    super(p);
    this.bits = bits;
  }

  protected transform(image: Tensor): Tensor {
    return F.posterize(image, this.bits);
  }
}

/**
 * Inverts values at or above `threshold` with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomSolarize.html
 * @example new v2.RandomSolarize(128)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomSolarize extends RandomTransform {
  readonly threshold: number;

  constructor(...args: Call<[threshold: number], [p: number], { threshold: number; p?: number }>) {
    const { threshold, p = 0.5 } = bind<{ threshold: number; p?: number }>('RandomSolarize', 'threshold!, p', args);
    super(p);
    this.threshold = threshold;
  }

  protected transform(image: Tensor): Tensor {
    return F.solarize(image, this.threshold);
  }
}

/**
 * Changes the sharpness by a factor with probability `p`.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomAdjustSharpness.html
 * @example new v2.RandomAdjustSharpness(2)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomAdjustSharpness extends RandomTransform {
  readonly sharpnessFactor: number;

  constructor(...args: Call<[sharpnessFactor: number], [p: number], { sharpnessFactor: number; p?: number }>) {
    const names = 'sharpnessFactor!, p';
    const { sharpnessFactor, p = 0.5 } = bind<{ sharpnessFactor: number; p?: number }>('RandomAdjustSharpness', names, args);
    super(p);
    this.sharpnessFactor = sharpnessFactor;
  }

  protected transform(image: Tensor): Tensor {
    return F.adjustSharpness(image, this.sharpnessFactor);
  }
}
