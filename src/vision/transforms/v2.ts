/** Transforms of images, torchvision's version 2. https://pytorch.org/vision/stable/transforms.html */
export * from './auto-augment.js';
export * from './boxes.js';
export * from './color.js';
export * from './container.js';
export {
  CenterCrop,
  FiveCrop,
  Pad,
  RandomCrop,
  type RandomCropOptions,
  RandomHorizontalFlip,
  RandomResize,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  RandomShortestSize,
  RandomVerticalFlip,
  RandomZoomOut,
  Resize,
  ScaleJitter,
  TenCrop,
} from './crop.js';
export * as functional from './functional/index.js';
export { InterpolationMode } from './functional/index.js';
export type { Kind, KindFill } from './kind.js';
export { RandomIoUCrop, type RandomIoUCropOptions } from './iou-crop.js';
export { JPEG } from './jpeg.js';
export * from './misc.js';
export { CutMix, MixUp, type MixOptions } from './mix.js';
export {
  ImageClassification,
  type ImageClassificationOptions,
  ObjectDetection,
  SemanticSegmentation,
  type SemanticSegmentationOptions,
  VideoClassification,
  type VideoClassificationOptions,
} from './presets.js';
export { checkType, getBoundingBoxes, getKeypoints, hasAll, hasAny, queryChw, querySize, type TypeCheck } from './query.js';
export { UniformTemporalSubsample } from './temporal.js';
export { Transform } from './transform.js';
export * from './warp.js';
