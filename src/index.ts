/** PyTorch for TypeScript: `import * as torch from 'typetorch'`. */
import './device/cpu/index.js';
import './ops/methods.js';
import './ops/sparse-math.js';
import './nn/functional/methods.js';
import { _safeSoftmax } from './nn/functional/native.js';
import { windows } from './ops/windows.js';
import { legacyClasses } from './ops/creation.js';
import type { Tensor as TensorType } from './tensor/tensor.js';

export {
  bfloat16,
  bool,
  complex128,
  complex64,
  type DType,
  float16,
  float32,
  float64,
  int16,
  int32,
  int64,
  int8,
  uint8,
  float32 as float,
  float64 as double,
  float16 as half,
  int64 as long,
  int32 as int,
  int16 as short,
  complex64 as cfloat,
  complex128 as cdouble,
} from './ir/dtype.js';
export { canCast, getDefaultDtype, setDefaultDtype } from './tensor/promote.js';
export { getPrintoptions, setPrintoptions } from './tensor/print.js';
export { Size } from './tensor/size.js';
export { toDevice as device } from './tensor/torch-device.js';
export {
  enableGrad,
  inferenceMode,
  isAnomalyCheckNanEnabled,
  isAnomalyEnabled,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from './autograd/modes.js';
export * as autograd from './autograd-public.js';

export * from './inplace.js';
export * from './operators.js';
export * from './ops/queries.js';
export { adjoint, getDevice, isConj, isDistributed, isNeg } from './ops/tensor-methods.js';
export * as fft from './ops/fft.js';
export * as linalg from './ops/linalg/index.js';
export { cdist, pdist } from './ops/distance.js';
export { frexp } from './ops/frexp.js';
export { _unsafeMaskedIndex, _unsafeMaskedIndexPutAccumulate, indexPut } from './ops/index-put.js';
export { _chunkCat, _segmentReduce, _segmentReduce as segmentReduce } from './ops/segments.js';
export { istft, stft } from './ops/spectral.js';
export { corrcoef, cov, histogram, histogramdd } from './ops/statistics.js';
export { bartlettWindow, blackmanWindow, hammingWindow, hannWindow, kaiserWindow } from './ops/windows.js';
export { clone, getDefaultDevice, setDefaultDevice } from './ops/memory.js';
export {
  _nativeBatchNormLegit,
  _softmaxBackwardData,
  constantPadNd,
  convTbc,
  gridSampler,
  gridSampler2d,
  gridSampler3d,
  nativeBatchNorm,
  nativeChannelShuffle,
  nativeGroupNorm,
  nativeLayerNorm,
} from './nn/functional/native.js';

export { gruCell, lstmCell, rnnReluCell, rnnTanhCell } from './nn/functional/cells.js';
export { binomial } from './ops/binomial.js';
export * from './ops/determinism.js';
export { celu_, rrelu_, selu_, threshold_ } from './nn/functional/inplace.js';
export * as sparse from './sparse-public.js';
export { sparseCooTensor } from './ops/sparse.js';
export * as special from './special-public.js';
export { digamma, erf, erfc, erfinv, i0, igamma, igammac, lgamma, mvlgamma, nextafter, polygamma } from './ops/special.js';
export { cpu, cuda, getNumInteropThreads, getNumThreads, setFlushDenormal, setNumInteropThreads, setNumThreads } from './ops/runtime.js';
export { expr } from './compile/expr-template.js';
export * as masked from './nn/masked.js';
export * as nn from './nn/index.js';
export { deepcopy } from './nn/deepcopy.js';
export * as func from './func.js';
export { vmap } from './ops/vmap.js';
export * as optim from './optim/index.js';
export * as amp from './amp/index.js';
export * as distributions from './distributions/index.js';
export {
  autocast,
  clearAutocastCache,
  getAutocastDtype,
  isAutocastCacheEnabled,
  isAutocastEnabled,
  setAutocastCacheEnabled,
  setAutocastDtype,
  setAutocastEnabled,
} from './amp/autocast.js';
export { GradScaler } from './amp/grad-scaler.js';
export { load, save, saveAsync } from './serialize/index.js';
export * as numpy from './serialize/numpy.js';
export * as onnx from './serialize/onnx/index.js';
/** `torch.ops`: operators under their low-level names. */
export const ops = { aten: { _safeSoftmax: { default: _safeSoftmax } } };
/** `torch.signal` */
export const signal = { windows };
export * as backends from './backends.js';
export * as random from './random-public.js';
export * as utils from './utils.js';

export type Tensor = TensorType;
/** As in PyTorch: `new torch.Tensor([1, 2])` is float, and `x instanceof torch.Tensor` holds for every tensor. */
export const {
  Tensor,
  FloatTensor,
  DoubleTensor,
  LongTensor,
  IntTensor,
  ShortTensor,
  CharTensor,
  ByteTensor,
  BoolTensor,
  HalfTensor,
  BFloat16Tensor,
  ComplexFloatTensor,
  ComplexDoubleTensor,
} = legacyClasses;

/** Python's names of numbers, as PyTorch exports them. */
export const { PI: pi, E: e } = Math;
export const inf = Infinity;
export const nan = NaN;
/** Adds a dim where it stands among indices. */
export const newaxis = null;
/** Memory formats and the layout, by name. */
export const contiguousFormat = 'contiguous_format';
export const preserveFormat = 'preserve_format';
export const channelsLast = 'channels_last';
export const channelsLast3d = 'channels_last_3d';
export const strided = 'strided';
export const sparseCoo = 'torch.sparse_coo';

/** The version of TypeTorch. */
export const __version__ = '0.1.0';
