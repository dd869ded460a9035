/** `torch.nn.functional`. https://pytorch.org/docs/stable/nn.functional.html */
export {
  celu,
  elu,
  gelu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  relu,
  relu6,
  selu,
  silu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from './activation.js';
export { affineGrid } from './affine-grid.js';
export { celu_, elu_, hardtanh_, leakyRelu_, relu_, rrelu_, selu_, threshold_ } from './inplace.js';
export { scaledDotProductAttention } from './attention.js';
export { multiHeadAttentionForward, type MultiHeadOptions } from './multi-head.js';
export { pdist } from '../../ops/distance.js';
export { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from './conv.js';
export {
  bilinear,
  cosineEmbeddingLoss,
  cosineSimilarity,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  pairwiseDistance,
  poissonNllLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './distance.js';
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from './dropout.js';
export { embedding, oneHot } from './embedding.js';
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from './loss.js';
export {
  channelShuffle,
  fold,
  glu,
  gumbelSoftmax,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  pixelShuffle,
  pixelUnshuffle,
  prelu,
  rrelu,
  unfold,
} from './misc.js';
export { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, normalize, rmsNorm } from './norm.js';
export { pad } from './pad.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
} from './pool.js';
export { logSoftmax, softmax, softmin } from './softmax.js';
export { linear } from '../../ops/matmul.js';
export { sigmoid, tanh } from '../../ops/pointwise.js';
export { fractionalMaxPool2d, fractionalMaxPool3d, lpPool1d, lpPool2d, lpPool3d } from './pool-more.js';
export { gridSample, interpolate, upsample, upsampleBilinear, upsampleNearest } from './resample.js';
export { ctcLoss, embeddingBag, linearCrossEntropy } from './sequence.js';
