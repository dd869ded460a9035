/** Operators and layers for images and detection. https://pytorch.org/vision/stable/ops.html */
export * from './boxes.js';
export {
  type ActivationLayer,
  Conv2dNormActivation,
  Conv3dNormActivation,
  type ConvNormActivationOptions,
  FrozenBatchNorm2d,
  MLP,
  type MLPOptions,
  type NormLayer,
  Permute,
  SqueezeExcitation,
  type SqueezeExcitationOptions,
  StochasticDepth,
  stochasticDepth,
} from './misc.js';
export * from './deform-conv.js';
export * from './drop-block.js';
export * from './losses.js';
export * from './pyramid.js';
export * from './roi.js';
