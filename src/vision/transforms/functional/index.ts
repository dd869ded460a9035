/** Functions on images. https://pytorch.org/vision/stable/transforms.html#v2-api-reference-recommended */
export * from './color.js';
export { chw, maxValue } from './common.js';
export * from './crop.js';
export { convertImageDtype, toDtype } from './dtype.js';
export * from './misc.js';
export { type Interpolation, InterpolationMode, resize, type ResizeOptions } from './resize.js';
export {
  affine,
  type AffineOptions,
  elastic,
  perspective,
  type PerspectiveOptions,
  rotate,
  type RotateOptions,
  type WarpOptions,
} from './warp.js';
