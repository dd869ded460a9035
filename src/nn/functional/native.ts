/** PyTorch's low-level names for normalization, padding, sampling and softmax, with the arguments of its C++ functions. */
import { RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { empty } from '../../ops/creation.js';
import { convert } from '../../ops/convert.js';
import { define } from '../../ops/define.js';
import { toDType } from '../../ops/memory.js';
import { mean as meanOf, sum } from '../../ops/reduce.js';
import { var as varianceOf } from '../../ops/variance.js';
import { maskedFill } from '../../ops/select.js';
import type { DTypeLike } from '../../ops/types.js';
import { conv1d } from './conv.js';
import { channelShuffle } from './misc.js';
import { batchNorm, groupNorm, layerNorm } from './norm.js';
import { pad } from './pad.js';
import { gridSample } from './resample.js';
import { softmax } from './softmax.js';

type Maybe = Tensor | null;
/** The result, and the mean and 1 / √(variance + eps) that it was made with. */
type Normalized = [output: Tensor, mean: Tensor, rstd: Tensor];

/** Mean and reciprocal deviation over `dims`. */
function statistics(x: Tensor, dims: readonly number[], keepdim: boolean, eps: number): [Tensor, Tensor] {
  const spread = varianceOf(x, dims, { correction: 0, keepdim });
  return [meanOf(x, dims, keepdim), spread.add(eps).rsqrt()];
}

function batchNormalized(
  input: Tensor,
  weight: Maybe,
  bias: Maybe,
  runningMean: Maybe,
  runningVar: Maybe,
  training: boolean,
  momentum: number,
  eps: number,
): Normalized {
  const output = batchNorm(input, runningMean, runningVar, { weight, bias, training, momentum, eps });
  const nothing = (): Tensor => empty([0], { dtype: input.dtype, device: input.device });
  if (!training) return [output, nothing(), nothing()];
  const others = input.sizes.map((_, d) => d).filter((d) => d !== 1);
  return [output, ...statistics(input.detach(), others, false, eps)];
}

/**
 * `batchNorm`, the mean and 1 / √(variance + ε) of the batch; the latter are empty unless `training`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 * @example torch.nativeBatchNorm(torch.tensor([[1.5], [2.5]]), null, null, null, null, true, 0.1, 1e-5)[1]  // tensor([2.])
 */
export const nativeBatchNorm: (
  input: Tensor,
  weight: Maybe,
  bias: Maybe,
  runningMean: Maybe,
  runningVar: Maybe,
  training: boolean,
  momentum: number,
  eps: number,
) => Normalized = define(
  'native_batch_norm',
  'input, weight, bias, runningMean, runningVar, training, momentum, eps',
  batchNormalized as (...args: never[]) => Normalized,
);

/**
 * `nativeBatchNorm`, with or without running statistics.
 * @example torch._nativeBatchNormLegit(torch.tensor([[1.5], [2.5]]), null, null, true, 0.1, 1e-5)[1]  // tensor([2.])
 */
export function _nativeBatchNormLegit(
  ...args:
    [input: Tensor, weight: Maybe, bias: Maybe, training: boolean, momentum: number, eps: number] | Parameters<typeof nativeBatchNorm>
): Normalized {
  if (args.length === 8) return nativeBatchNorm(...args);
  const [input, weight, bias, training, momentum, eps] = args;
  return nativeBatchNorm(input, weight, bias, null, null, training, momentum, eps);
}

/**
 * `layerNorm`, and the mean and 1 / √(variance + ε). https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 * @example torch.nativeLayerNorm(torch.tensor([[1.5, 2.5]]), [2], null, null, 1e-5)[1]  // tensor([[2.]])
 */
export const nativeLayerNorm: (input: Tensor, normalizedShape: readonly number[], weight: Maybe, bias: Maybe, eps: number) => Normalized =
  define(
    'native_layer_norm',
    'input, normalizedShape, weight, bias, eps',
    (input: Tensor, shape: readonly number[], weight: Maybe, bias: Maybe, eps: number) => {
      const output = layerNorm(input, shape, weight, bias, eps);
      const dims = shape.map((_, d) => input.ndim - shape.length + d);
      return [output, ...statistics(input.detach(), dims, true, eps)];
    },
  );

/**
 * `groupNorm`, and the mean and 1 / √(variance + ε) of every group.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 * @example torch.nativeGroupNorm(torch.ones(1, 4, 2), null, null, 1, 4, 2, 2, 1e-5)[1]  // tensor([[1., 1.]])
 */
export const nativeGroupNorm: (
  input: Tensor,
  weight: Maybe,
  bias: Maybe,
  N: number,
  C: number,
  HxW: number,
  group: number,
  eps: number,
) => Normalized = define(
  'native_group_norm',
  'input, weight, bias, N, C, HxW, group, eps',
  (input: Tensor, weight: Maybe, bias: Maybe, n: number, c: number, hxw: number, group: number, eps: number) => {
    if (c % group !== 0)
      throw new RuntimeError(
        `Expected number of channels in input to be divisible by num_groups, but got input of shape [${input.sizes.join(', ')}] and num_groups=${group}`,
      );
    if (n * c * hxw !== numelOf(input.sizes)) throw new RuntimeError('Expected X.numel() == N * C * HxW to be true, but got false.');
    const output = groupNorm(input, group, weight, bias, eps);
    return [output, ...statistics(input.reshape([n, group, (c / group) * hxw]), [2], false, eps)];
  },
);

/**
 * `nn.functional.pad` with a constant. https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 * @example torch.constantPadNd(torch.tensor([1, 2]), [1, 1], 7)  // tensor([7, 1, 2, 7])
 */
export const constantPadNd: (input: Tensor, pad: readonly number[], value?: number | boolean) => Tensor = define(
  'constant_pad_nd',
  'input, pad, value?',
  (input: Tensor, amounts: readonly number[], value: number | boolean = 0) =>
    pad(input, amounts, 'constant', typeof value === 'boolean' ? Number(value) : value),
);

const interpolations = ['bilinear', 'nearest', 'bicubic'] as const;
const paddings = ['zeros', 'border', 'reflection'] as const;
type GridSampler = (input: Tensor, grid: Tensor, interpolationMode: number, paddingMode: number, alignCorners: boolean) => Tensor;
const samplerOf = (name: string, dims: 2 | 3): GridSampler =>
  define(
    name,
    'input, grid, interpolationMode, paddingMode, alignCorners',
    (input: Tensor, grid: Tensor, interpolation: number, padding: number, alignCorners: boolean) => {
      if (input.ndim !== dims + 2)
        throw new RuntimeError(`${name}(): expected ${dims + 2}D input and grid, but got input with sizes [${input.sizes.join(', ')}]`);
      return gridSample(input, grid, { mode: interpolations[interpolation], paddingMode: paddings[padding], alignCorners });
    },
  );
/**
 * `nn.functional.gridSample` of images, its modes as numbers.
 * @example torch.gridSampler2d(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, true)  // tensor([[[[1.]]]])
 */
export const gridSampler2d: GridSampler = samplerOf('grid_sampler_2d', 2);
/**
 * `nn.functional.gridSample` of volumes, its modes as numbers.
 * @example torch.gridSampler3d(torch.ones(1, 1, 2, 2, 2), torch.zeros(1, 1, 1, 1, 3), 0, 0, true)  // tensor([[[[[1.]]]]])
 */
export const gridSampler3d: GridSampler = samplerOf('grid_sampler_3d', 3);

/**
 * `nn.functional.gridSample` of images or volumes, its modes as numbers.
 * @example torch.gridSampler(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, true)  // tensor([[[[1.]]]])
 */
export const gridSampler: GridSampler = (input, ...args) => (input.ndim === 5 ? gridSampler3d : gridSampler2d)(input, ...args);

/**
 * The low-level name of `nn.functional.channelShuffle`. https://pytorch.org/docs/stable/generated/torch.native_channel_shuffle.html
 * @example torch.nativeChannelShuffle(torch.arange(4).reshape(1, 4, 1, 1), 2).flatten()  // tensor([0, 2, 1, 3])
 */
export const nativeChannelShuffle: typeof channelShuffle = channelShuffle;

/**
 * A convolution over sequences (time, batch, channels) by a weight (width, channels, outputs), with `pad` zeros at both ends.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_tbc.html
 * @example torch.convTbc(torch.ones(4, 1, 1), torch.ones(2, 1, 1), torch.zeros(1)).flatten()  // tensor([2., 2., 2.])
 */
export const convTbc: (input: Tensor, weight: Tensor, bias: Tensor, pad?: number) => Tensor = define(
  'conv_tbc',
  'input, weight, bias, pad?',
  (input: Tensor, weight: Tensor, bias: Tensor, padding = 0) => {
    if (input.ndim !== 3) throw new RuntimeError('Input must have 3 dims: time, batch, in_channel');
    if (weight.ndim !== 3) throw new RuntimeError('Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.');
    if (bias.ndim !== 1) throw new RuntimeError('Bias must be 1-D');
    if (input.sizes[2] !== weight.sizes[1]) throw new RuntimeError('Input dim 2 (input channels) is not == dim 1 in the weight tensor');
    if (weight.sizes[2] !== bias.sizes[0]) throw new RuntimeError('Bias size must equal dim 2 in the weight tensor (output channels).');
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, 1, padding).permute(2, 0, 1);
  },
);

/**
 * The gradient of softmax from that of its output.
 * @example
 * const output = F.softmax(torch.tensor([1, 2]), 0);
 * torch._softmaxBackwardData(torch.tensor([1.5, 0]), output, 0, torch.float32)  // tensor([ 0.2949, -0.2949])
 */
export const _softmaxBackwardData: (gradOutput: Tensor, output: Tensor, dim: number, inputDtype: DTypeLike) => Tensor = define(
  '_softmax_backward_data',
  'gradOutput, output, dim, inputDtype',
  (grad: Tensor, output: Tensor, dim: number, dtype: DTypeLike) =>
    convert(output.mul(grad.sub(sum(grad.mul(output), dim, true))), toDType(dtype)),
);

/** Softmax that gives 0, not NaN, where all inputs are -∞. */
export const _safeSoftmax: (input: Tensor, dim: number, options?: { dtype?: DTypeLike | null }) => Tensor = define(
  '_safe_softmax',
  'input, dim, dtype?',
  (input: Tensor, dim: number, dtype?: DTypeLike | null) => {
    const isMasked = input.eq(-Infinity).all(dim, true);
    return maskedFill(softmax(maskedFill(input, isMasked, 0), dim, { dtype }), isMasked, 0);
  },
);
