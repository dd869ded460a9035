/** Conversions between the dtypes of images. */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { wrap } from '../../tv-tensors.js';
import { type DType, isFloat, maxValue, numValueBits, type Tensor } from './common.js';

function floatToInt(image: Tensor, dtype: DType): Tensor {
  const unsafe = image.dtype === torch.float32 ? ['int32', 'int64'] : image.dtype === torch.float64 ? ['int64'] : [];
  if (unsafe.includes(dtype.name))
    throw new Error(`The conversion from ${String(image.dtype)} to ${String(dtype)} cannot be performed safely.`);
  // A little less than max + 1, so that each integer gets an equal share of [0, 1].
  return image.mul(maxValue(dtype) + 1 - 1e-3).to(dtype);
}

function intToInt(image: Tensor, dtype: DType): Tensor {
  const shift = numValueBits(image.dtype) - numValueBits(dtype);
  return shift > 0 ? image.bitwiseRightShift(shift).to(dtype) : image.to(dtype).bitwiseLeftShift(-shift);
}

function scaled(image: Tensor, dtype: DType): Tensor {
  if (isFloat(image)) return floatToInt(image, dtype);
  return dtype.isFloatingPoint ? image.to(dtype).mul(1 / maxValue(image.dtype)) : intToInt(image, dtype);
}

/**
 * Converts the dtype; with `scale`, values as well: [0, 255] to [0, 1].
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.to_dtype.html
 * @example
 * v2.functional.toDtype(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), torch.float32, { scale: true })
 * // tensor([[[0.0000, 0.3922, 0.7843]]])
 */
export function toDtype(image: Tensor, ...args: Args<[dtype: DType, scale: boolean], { dtype?: DType; scale?: boolean }>): Tensor {
  const { dtype = torch.float32, scale = false } = bind<{ dtype?: DType; scale?: boolean }>('to_dtype', 'dtype, scale', args);
  if (image.dtype === dtype) return image;
  if (!scale || (isFloat(image) && dtype.isFloatingPoint)) return image.to(dtype);
  return wrap(scaled(image, dtype), image);
}

/**
 * Converts dtype and range. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.convert_image_dtype.html
 * @example
 * v2.functional.convertImageDtype(torch.tensor([[[0, 100, 200]]], { dtype: torch.uint8 }), torch.float32)
 * // tensor([[[0.0000, 0.3922, 0.7843]]])
 */
export const convertImageDtype = (image: Tensor, dtype: DType = torch.float32): Tensor => toDtype(image, dtype, true);
