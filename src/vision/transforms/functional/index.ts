/** Functions on images. https://pytorch.org/vision/stable/transforms.html#v2-api-reference-recommended */
export * from './color.js';
export { chw, maxValue } from './common.js';
export * from './crop.js';
export { convertImageDtype, toDtype } from './dtype.js';
export * from './misc.js';
export { clampBoundingBoxes, convertBoundingBoxFormat } from './boxes.js';
export {
  affine,
  centerCrop,
  crop,
  elastic,
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
