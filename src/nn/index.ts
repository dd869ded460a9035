/** `torch.nn` */
export * from './activation.js';
export { AdaptiveLogSoftmaxWithLoss } from './adaptive-softmax.js';
export { MultiheadAttention, type AttentionOptions } from './attention.js';
export { ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential } from './container.js';
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
} from './conv.js';
export * from './dropout.js';
export { Embedding, EmbeddingBag, type EmbeddingOptions } from './embedding.js';
export * as functional from './functional/index.js';
export * as init from './init.js';
export * from './lazy.js';
export { Bilinear, Flatten, Identity, Linear, type LinearOptions, Unflatten } from './linear.js';
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  CTCLoss,
  GaussianNLLLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  LinearCrossEntropyLoss,
  type LossOptions,
  MSELoss,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  NLLLoss,
  NLLLoss2d,
  PoissonNLLLoss,
  type ReductionMode,
  SmoothL1Loss,
  SoftMarginLoss,
} from './loss.js';
export * from './margin-loss.js';
export { Module, type StateDict } from './module.js';
export type { RemovableHandle } from './module-hooks.js';
export * as modules from './modules.js';
export * from './norm.js';
export * from './padding.js';
export { Buffer, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter.js';
export * from './pool.js';
export * from './softmax.js';
export { GRU, GRUCell, LSTM, LSTMCell, RNN, RNNBase, RNNCell, RNNCellBase, type RNNOptions } from './rnn.js';
export * from './transformer.js';
export * as utils from './utils.js';
export * from './vision.js';
