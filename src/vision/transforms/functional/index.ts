/** Functions on images. https://pytorch.org/vision/stable/transforms.html#v2-api-reference-recommended */
export * from './color.js';
export { erase, type Fill, fiveCrop, type Padding, type PaddingMode, type PadOptions, tenCrop } from './crop.js';
export { convertImageDtype, toDtype } from './dtype.js';
export { jpeg } from './jpeg.js';
export * from './misc.js';
export { clampKeypoints, sanitizeKeypoints } from './points.js';
export {
  clampBoundingBoxes,
  type ClampBoxesOptions,
  convertBoundingBoxFormat,
  type ConvertFormatOptions,
  sanitizeBoundingBoxes,
  type SanitizeBoxesOptions,
} from './boxes.js';
export {
  affine,
  centerCrop,
  crop,
  elastic,
  elasticTransform,
  hflip,
  horizontalFlip,
  pad,
  perspective,
  resize,
  resizedCrop,
  rotate,
  verticalFlip,
  vflip,
} from './geometry.js';
export { type Interpolation, InterpolationMode, type ResizeOptions } from './resize.js';
export type { AffineOptions, PerspectiveOptions, RotateOptions, WarpOptions } from './warp.js';
