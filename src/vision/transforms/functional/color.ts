/** Colours of images. https://pytorch.org/vision/stable/transforms.html#color */
import * as torch from '../../../index.js';
import { bind, type Call, pythonFloat } from '../../arguments.js';
import { wrap } from '../../tv-tensors.js';
import { asFloat, chw, isFloat, maxValue, numValueBits, type Tensor } from './common.js';
import { toDtype } from './dtype.js';

/** x + y · factor, rounded once, as PyTorch's processors do: in float64 the product of two floats is exact. */
function addScaled(x: Tensor, y: Tensor, factor: number): Tensor {
  if (x.dtype !== torch.float32) return x.add(y, { alpha: factor });
  return x
    .to(torch.float64)
    .add(y.to(torch.float64), { alpha: Math.fround(factor) })
    .to(torch.float32);
}

/** Luminance, (…, 3, H, W) → (…, 1, H, W), not yet in the dtype of the image. */
function luminance(image: Tensor): Tensor {
  const [red, green, blue] = asFloat(image).unbind(-3);
  return addScaled(addScaled(red.mul(0.2989), green, 0.587), blue, 0.114).unsqueeze(-3);
}

/**
 * The luma of an image (*, 3, H, W): 0.2989 R + 0.587 G + 0.114 B, in one channel or in three alike.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.rgb_to_grayscale.html
 * @example
 * v2.functional.rgbToGrayscale(torch.tensor([[[255]], [[100]], [[0]]], { dtype: torch.uint8 }))
 * // tensor([[[134]]], dtype=torch.uint8)
 */
export function rgbToGrayscale(image: Tensor, numOutputChannels: number | { numOutputChannels?: number } = 1): Tensor {
  const wanted = typeof numOutputChannels === 'number' ? numOutputChannels : (numOutputChannels.numOutputChannels ?? 1);
  if (wanted !== 1 && wanted !== 3) throw new Error(`num_output_channels must be 1 or 3, got ${wanted}.`);
  const gray = chw(image)[0] === 1 ? image.clone() : luminance(image).to(image.dtype);
  return wrap(wanted === 3 ? gray.expand([...image.shape.slice(0, -3), 3, ...image.shape.slice(-2)]) : gray, image);
}

/**
 * The luma of an image, in one channel or in three alike.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.to_grayscale.html
 * @example
 * v2.functional.toGrayscale(torch.tensor([[[255]], [[100]], [[0]]], { dtype: torch.uint8 }))
 * // tensor([[[134]]], dtype=torch.uint8)
 */
export const toGrayscale = rgbToGrayscale;

/**
 * One channel as three alike. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.grayscale_to_rgb.html
 * @example v2.functional.grayscaleToRgb(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 })).shape  // torch.Size([3, 1, 3])
 */
export const grayscaleToRgb = (image: Tensor): Tensor => (chw(image)[0] >= 3 ? image : rgbToGrayscale(image, 3));

function checkChannels(image: Tensor): number {
  const [channels] = chw(image);
  if (channels !== 1 && channels !== 3)
    throw new TypeError(`Input image tensor permitted channel values are 1 or 3, but found ${channels}`);
  return channels;
}

function checkFactor(name: string, factor: number): void {
  if (!(factor >= 0)) throw new Error(`${name} (${pythonFloat(factor)}) is not non-negative.`);
}

const clipped = (value: Tensor, like: Tensor): Tensor => wrap(value.clamp(0, maxValue(like.dtype)).to(like.dtype), like);

/** image · ratio + other · (1 − ratio) */
const blend = (image: Tensor, other: Tensor, ratio: number): Tensor =>
  clipped(addScaled(asFloat(image).mul(ratio), other, 1 - ratio), image);

/**
 * An image blended with black: 0 gives black, 1 the image itself, more a brighter one.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_brightness.html
 * @example
 * v2.functional.adjustBrightness(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 0.5).flatten()
 * // tensor([  0,  50, 100], dtype=torch.uint8)
 */
export function adjustBrightness(image: Tensor, ...args: Call<[brightnessFactor: number], [], { brightnessFactor: number }>): Tensor {
  const { brightnessFactor } = bind<{ brightnessFactor: number }>('adjust_brightness', 'brightnessFactor!', args);
  checkFactor('brightness_factor', brightnessFactor);
  checkChannels(image);
  return clipped(asFloat(image).mul(brightnessFactor), image);
}

/** The luminance, whole numbers where the image has them. */
const grayOf = (image: Tensor): Tensor => (isFloat(image) ? luminance(image) : luminance(image).floor());

/**
 * An image blended with its gray: 0 gives gray, 1 the image itself, more stronger colors.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_saturation.html
 * @example
 * v2.functional.adjustSaturation(torch.tensor([[[255]], [[100]], [[0]]], { dtype: torch.uint8 }), 0.5).flatten()
 * // tensor([194, 117,  67], dtype=torch.uint8)
 */
export function adjustSaturation(image: Tensor, ...args: Call<[saturationFactor: number], [], { saturationFactor: number }>): Tensor {
  const { saturationFactor } = bind<{ saturationFactor: number }>('adjust_saturation', 'saturationFactor!', args);
  checkFactor('saturation_factor', saturationFactor);
  return checkChannels(image) === 1 ? image : blend(image, grayOf(image), saturationFactor);
}

/**
 * 0 gives one shade of gray. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_contrast.html
 * @example
 * v2.functional.adjustContrast(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 0.5).flatten()
 * // tensor([ 50, 100, 150], dtype=torch.uint8)
 */
export function adjustContrast(image: Tensor, ...args: Call<[contrastFactor: number], [], { contrastFactor: number }>): Tensor {
  const { contrastFactor } = bind<{ contrastFactor: number }>('adjust_contrast', 'contrastFactor!', args);
  checkFactor('contrast_factor', contrastFactor);
  const gray = checkChannels(image) === 3 ? grayOf(image) : asFloat(image);
  return blend(image, gray.mean([-3, -2, -1], true), contrastFactor);
}

/**
 * 0 blurs, 2 doubles the sharpness; borders stay.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_sharpness.html
 * @example v2.functional.adjustSharpness(torch.zeros(3, 32, 48, { dtype: torch.uint8 }), 2).shape  // torch.Size([3, 32, 48])
 */
export function adjustSharpness(image: Tensor, ...args: Call<[sharpnessFactor: number], [], { sharpnessFactor: number }>): Tensor {
  const { sharpnessFactor } = bind<{ sharpnessFactor: number }>('adjust_sharpness', 'sharpnessFactor!', args);
  const [channels, height, width] = chw(image);
  if (channels !== 1 && channels !== 3) throw new TypeError(`Input image tensor can have 1 or 3 channels, but found ${channels}`);
  checkFactor('sharpness_factor', sharpnessFactor);
  if (image.numel() === 0 || height <= 2 || width <= 2) return image;
  const values = asFloat(image).reshape(-1, 1, height, width);
  const [a, b] = [1 / 13, 5 / 13];
  const kernel = torch.tensor([a, a, a, a, b, a, a, a, a], { dtype: values.dtype, device: values.device }).reshape(1, 1, 3, 3);
  const smooth = torch.nn.functional.conv2d(values, kernel);
  const blurred = isFloat(image) ? smooth : smooth.round();
  const inner = values.narrow(-2, 1, height - 2).narrow(-1, 1, width - 2);
  const change = torch.nn.functional.pad(blurred.sub(inner), [1, 1, 1, 1]);
  const sharpened = addScaled(values, change, 1 - sharpnessFactor);
  return clipped(sharpened.reshape(image.shape), image);
}

/** (…, 3, H, W) in [0, 1] → hue, saturation and value in [0, 1]. */
function rgbToHsv(image: Tensor): [hue: Tensor, saturation: Tensor, value: Tensor] {
  const [red, green] = image.unbind(-3);
  const [least, most] = [image.amin(-3), image.amax(-3)];
  const isGray = most.eq(least);
  const range = most.sub(least);
  const saturation = range.div(torch.where(isGray, torch.onesLike(most), most));
  const divisor = torch.where(isGray, torch.onesLike(range), range).unsqueeze(-3);
  const [r, g, b] = most.unsqueeze(-3).sub(image).div(divisor).unbind(-3);
  const [isRed, isGreen] = [most.eq(red), most.eq(green)];
  const hue = torch.where(isRed, b.sub(g), torch.where(isGreen, r.add(2).sub(b), g.add(4).sub(r)));
  return [
    hue
      .mul(1 / 6)
      .add(1)
      .fmod(1),
    saturation,
    most,
  ];
}

/** For each sixth of the circle, which of (v, p, q, t) is red, green and blue. */
const sectors = [
  [0, 2, 1, 1, 3, 0],
  [3, 0, 0, 2, 1, 1],
  [1, 1, 3, 0, 0, 2],
];

function hsvToRgb(hue: Tensor, saturation: Tensor, value: Tensor): Tensor {
  const sixths = hue.mul(6);
  const sector = sixths.floor();
  const part = sixths.sub(sector).mul(saturation);
  const paler = torch.onesLike(saturation).sub(saturation);
  const scaled = (x: Tensor): Tensor => x.mul(value).clamp(0, 1);
  const candidates = torch.stack([value, scaled(paler), scaled(torch.onesLike(part).sub(part)), scaled(part.add(paler))], -3);
  const index = sector.to(torch.int64).remainder(6);
  const chosen = sectors.map((row) => torch.tensor(row, { device: hue.device }).take(index));
  return candidates.gather(-3, torch.stack(chosen, -3));
}

/**
 * Turns the colour circle by `hueFactor`, −0.5 to 0.5.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_hue.html
 * @example
 * v2.functional.adjustHue(torch.tensor([[[255]], [[100]], [[0]]], { dtype: torch.uint8 }), 0.5).flatten()
 * // tensor([  0, 155, 255], dtype=torch.uint8)
 */
export function adjustHue(image: Tensor, ...args: Call<[hueFactor: number], [], { hueFactor: number }>): Tensor {
  const { hueFactor } = bind<{ hueFactor: number }>('adjust_hue', 'hueFactor!', args);
  if (!(hueFactor >= -0.5 && hueFactor <= 0.5)) throw new Error(`hue_factor (${hueFactor}) is not in [-0.5, 0.5].`);
  if (checkChannels(image) === 1 || image.numel() === 0) return image;
  const [hue, saturation, value] = rgbToHsv(toDtype(image, torch.float32, true));
  return wrap(toDtype(hsvToRgb(hue.add(hueFactor).remainder(1), saturation, value), image.dtype, true), image);
}

/**
 * gain · image^gamma, of values in [0, 1].
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.adjust_gamma.html
 * @example
 * v2.functional.adjustGamma(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 2).flatten()
 * // tensor([  0,  39, 157], dtype=torch.uint8)
 */
export function adjustGamma(image: Tensor, ...args: Call<[gamma: number], [gain: number], { gamma: number; gain?: number }>): Tensor {
  const { gamma, gain = 1 } = bind<{ gamma: number; gain?: number }>('adjust_gamma', 'gamma!, gain', args);
  if (!(gamma >= 0)) throw new Error('Gamma should be a non-negative real number');
  const powered = (isFloat(image) ? image : toDtype(image, torch.float32, true)).pow(gamma);
  return wrap(toDtype(gain === 1 ? powered : powered.mul(gain).clamp(0, 1), image.dtype, true), image);
}

/**
 * Keeps the first `bits` bits of each value.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.posterize.html
 * @example
 * v2.functional.posterize(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 2).flatten()
 * // tensor([  0,  64, 192], dtype=torch.uint8)
 */
export function posterize(image: Tensor, ...args: Call<[bits: number], [], { bits: number }>): Tensor {
  const { bits } = bind<{ bits: number }>('posterize', 'bits!', args);
  if (!Number.isInteger(bits) || bits < 0 || bits > 8)
    throw new TypeError(`bits must be a positive integer in the range [0, 8], got ${bits} instead.`);
  if (isFloat(image)) {
    const levels = 2 ** bits;
    const floors = image.mul(levels).floor();
    return wrap(floors.clamp(0, levels - 1).mul(1 / levels), image);
  }
  const all = numValueBits(image.dtype);
  return bits >= all ? image : wrap(image.bitwiseAnd((2 ** bits - 1) * 2 ** (all - bits)), image);
}

/**
 * The colors inverted. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.invert.html
 * @example
 * v2.functional.invert(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 })).flatten()
 * // tensor([255, 155,  55], dtype=torch.uint8)
 */
export function invert(image: Tensor): Tensor {
  if (isFloat(image)) return wrap(image.neg().add(1), image);
  return wrap(image.dtype === torch.uint8 ? image.bitwiseNot() : image.bitwiseXor(maxValue(image.dtype)), image);
}

/**
 * Inverts what is at least `threshold`. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.solarize.html
 * @example
 * v2.functional.solarize(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), 128).flatten()
 * // tensor([  0, 100,  55], dtype=torch.uint8)
 */
export function solarize(image: Tensor, ...args: Call<[threshold: number], [], { threshold: number }>): Tensor {
  const { threshold } = bind<{ threshold: number }>('solarize', 'threshold!', args);
  if (threshold > maxValue(image.dtype))
    throw new TypeError(
      `Threshold should be less or equal the maximum value of the dtype, but got ${isFloat(image) ? pythonFloat(threshold) : threshold}`,
    );
  return wrap(torch.where(image.ge(threshold), invert(image), image), image);
}

/**
 * Spreads each channel over the whole range.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.autocontrast.html
 * @example
 * v2.functional.autocontrast(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 })).flatten()
 * // tensor([  0, 127, 254], dtype=torch.uint8)
 */
export function autocontrast(image: Tensor): Tensor {
  checkChannels(image);
  if (image.numel() === 0) return image;
  const values = asFloat(image);
  const [least, most] = [values.amin([-2, -1], true), values.amax([-2, -1], true)];
  const isFlat = most.eq(least);
  const scale = torch.where(isFlat, torch.onesLike(most), most.sub(least).mul(1 / maxValue(image.dtype)));
  return clipped(values.sub(torch.where(isFlat, torch.zerosLike(least), least)).div(scale), image);
}

/**
 * Makes all shades equally frequent, channel by channel.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.equalize.html
 * @example
 * v2.functional.equalize(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 })).flatten()
 * // tensor([  0, 100, 200], dtype=torch.uint8)
 */
export function equalize(image: Tensor): Tensor {
  if (image.numel() === 0) return image;
  const bytes = toDtype(image, torch.uint8, true);
  const flat = bytes.flatten(-2).to(torch.int64);
  const pixels = flat.shape.at(-1)!;
  const counts = torch.zeros([...flat.shape.slice(0, -1), 256], { dtype: torch.int64, device: image.device });
  const histogram = counts.scatterAdd(-1, flat, torch.onesLike(flat));
  const cumulative = histogram.cumsum(-1);
  const last = cumulative.argmax(-1, true);
  const step = histogram.gather(-1, last).neg().add(pixels).div(255, { roundingMode: 'floor' });
  const shades = cumulative
    .narrow(-1, 0, 255)
    .add(step.div(2, { roundingMode: 'floor' }))
    .div(step.clamp({ min: 1 }), { roundingMode: 'floor' })
    .clamp(0, 255);
  const table = torch.cat([torch.zerosLike(step), shades], -1);
  const equalized = table.gather(-1, flat).to(torch.uint8).reshape(bytes.shape);
  return wrap(toDtype(torch.where(step.ne(0).unsqueeze(-1), equalized, bytes), image.dtype, true), image);
}

/**
 * The channels in another order. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.permute_channels.html
 * @example
 * v2.functional.permuteChannels(torch.tensor([[[255]], [[100]], [[0]]], { dtype: torch.uint8 }), [2, 1, 0]).flatten()
 * // tensor([  0, 100, 255], dtype=torch.uint8)
 */
export function permuteChannels(
  image: Tensor,
  ...args: Call<[permutation: readonly number[]], [], { permutation: readonly number[] }>
): Tensor {
  const { permutation } = bind<{ permutation: readonly number[] }>('permute_channels', 'permutation!', args);
  const [channels] = chw(image);
  if (permutation.length !== channels)
    throw new Error(`Length of permutation does not match number of channels: ${permutation.length} != ${channels}`);
  return wrap(image.indexSelect(-3, torch.tensor(permutation, { dtype: torch.int64, device: image.device })), image);
}
