/** Normalisation. https://pytorch.org/docs/stable/nn.functional.html#normalization-functions */
import { bfloat16, type DType, float16, float32, float64 } from '../../ir/dtype.js';
import { noGrad } from '../../autograd/modes.js';
import { nameNode, needsRecord, record } from '../../autograd/node.js';
import { define } from '../../ops/define.js';
import { vectorNorm as linalgNorm } from '../../ops/linalg/norm.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import type { Args } from '../../ops/types.js';
import { RuntimeError, ValueError } from '../../tensor/errors.js';
import { sameSizes } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, toFloat } from './arguments.js';
import { composedGradients } from './composed.js';
import { pad } from './pad.js';
import { avgPool2d, avgPool3d } from './pool.js';

type Maybe = Tensor | null;

/** Statistics are kept in float32 where the input has 16 bits. */
const statType = (dtype: DType): DType => (dtype === float16 || dtype === bfloat16 ? float32 : dtype);
/** What to compute in: the dtype of the input, or float32 where it has 16 bits and its parameters are float32. */
function computeType({ dtype }: Tensor, parameters: readonly Maybe[]): DType {
  const others = parameters.filter((parameter) => parameter && parameter.dtype !== dtype);
  if (others.length === 0) return dtype;
  const wider = statType(dtype);
  if (wider === dtype || parameters.some((parameter) => parameter && parameter.dtype !== wider))
    throw new RuntimeError(
      others.every((parameter) => parameter?.dtype === float32)
        ? 'mixed dtype (CPU): all inputs must share same datatype.'
        : 'mixed dtype (CPU): expect parameter to have scalar type of Float',
    );
  return wider;
}
const inType = (t: Tensor, dtype: DType): Tensor => (t.dtype === dtype ? t : t.to(dtype));
const dense = (t: Maybe): Maybe => t && contiguousRaw(t);
const size = (sizes: readonly number[]): string => `torch.Size(${brackets(sizes)})`;

function affine(x: Tensor, weight: Maybe, bias: Maybe): Tensor {
  const scaled = weight ? x.mul(weight) : x;
  return bias ? scaled.add(bias) : scaled;
}

/** (x − mean) / sqrt(var + ε) over `dims`, of recorded operations. */
function standardised(x: Tensor, dims: number[], eps: number): Tensor {
  const centred = x.sub(x.mean(dims, true));
  return centred.mul(centred.mul(centred).mean(dims, true).add(eps).rsqrt());
}

/** What the routines of one normalisation need: see native/r_norm.cpp. */
interface Normalisation {
  node: string;
  /** x, weight, bias */
  inputs: readonly [Tensor, Maybe, Maybe];
  statSizes: readonly number[];
  forward: (y: Tensor, mean: Tensor, rstd: Tensor) => void;
  backward: (gradX: Maybe, gradWeight: Maybe, gradBias: Maybe, grad: Tensor, mean: Tensor, rstd: Tensor) => void;
  composed: () => Tensor;
}

function normalise({ node, inputs, statSizes, forward, backward, composed }: Normalisation): Tensor {
  const [x, weight] = inputs;
  const [y, mean, rstd] = [emptyOn(x, x.sizes), emptyOn(x, statSizes, statType(x.dtype)), emptyOn(x, statSizes, statType(x.dtype))];
  if (numelOf(x.sizes) > 0) forward(y, mean, rstd);
  const saved = [x, mean, rstd, ...(weight ? [weight] : [])];
  return record(node, inputs, y, saved, ({ grad, needs }) => {
    if (needsRecord([grad, ...inputs])) return composedGradients([grad], inputs, () => [composed()]);
    const results = inputs.map((t, i) => (t && needs(i) ? emptyOn(t, t.sizes) : null));
    if (numelOf(x.sizes) > 0) backward(results[0], results[1], results[2], contiguousRaw(grad), mean, rstd);
    else for (const result of results) result?.zero_();
    return results;
  });
}

export interface LayerNormOptions {
  weight?: Maybe;
  bias?: Maybe;
  eps?: number;
}

function checkNormalised(x: Tensor, shape: readonly number[], operands: Record<string, Maybe | undefined>): void {
  if (shape.length < 1)
    throw new RuntimeError(
      `Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = ${brackets(shape)}`,
    );
  for (const [name, operand] of Object.entries(operands)) {
    if (operand && !sameSizes(operand.sizes, shape))
      throw new RuntimeError(
        `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${brackets(operand.sizes)} and normalized_shape = ${brackets(shape)}`,
      );
  }
  if (!sameSizes(x.sizes.slice(-shape.length), shape)) {
    throw new RuntimeError(
      `Given normalized_shape=${brackets(shape)}, expected input with shape [*, ${shape.join(', ')}], but got input of size${brackets(x.sizes)}`,
    );
  }
}

const lastDims = (x: Tensor, count: number): number[] => Array.from({ length: count }, (_, i) => x.ndim - count + i);

/**
 * (x - mean) / √(variance + ε) · weight + bias over the last dims, which `normalizedShape` gives.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 * @example F.layerNorm(torch.tensor([[1.5, 2.5]]), [2])  // tensor([[-1.0000,  1.0000]])
 */
export const layerNorm: (
  input: Tensor,
  normalizedShape: readonly number[],
  ...args: Args<[weight: Maybe, bias: Maybe, eps: number], LayerNormOptions>
) => Tensor = define(
  'layerNorm',
  'input, normalizedShape, weight?, bias?, eps?',
  (input: Tensor, shape: readonly number[], weight: Maybe = null, bias: Maybe = null, eps = 1e-5) => {
    const given = toFloat(input);
    checkNormalised(given, shape, { weight, bias });
    const x = inType(given, computeType(given, [weight, bias]));
    const n = numelOf(shape);
    const rows = n === 0 ? 0 : numelOf(x.sizes) / n;
    const flat = (t: Tensor): Tensor => contiguousRaw(t).view([rows, n]);
    const [w, b] = [dense(weight)?.view([n]) ?? null, dense(bias)?.view([n]) ?? null];
    const result = normalise({
      node: 'nativeLayerNorm',
      inputs: [x, weight, bias],
      statSizes: [rows],
      forward: (y, mean, rstd) => runRoutine('layer_norm', [flat(y), mean, rstd, flat(x), w, b], [eps]),
      backward: (gx, gw, gb, g, mean, rstd) =>
        runRoutine('layer_norm_backward', [gx && flat(gx), gw && gw.view([n]), gb && gb.view([n]), flat(g), flat(x), mean, rstd, w]),
      composed: () => affine(standardised(x, lastDims(x, shape.length), eps), weight, bias),
    });
    return inType(result, given.dtype);
  },
);

/** The distance from 1 to the next number of a dtype. */
export const machineEpsilon = (dtype: DType): number => (dtype === float64 ? 2 ** -52 : 2 ** -23);

/**
 * x / sqrt(mean(x²) + ε) over the last dims. https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 * @example F.rmsNorm(torch.tensor([[3, 4]]), [2])  // tensor([[0.8485, 1.1314]])
 */
export const rmsNorm: (
  input: Tensor,
  normalizedShape: readonly number[],
  ...args: Args<[weight: Maybe, eps: number | null], { weight?: Maybe; eps?: number | null }>
) => Tensor = define(
  'rmsNorm',
  'input, normalizedShape, weight?, eps?',
  (input: Tensor, shape: readonly number[], weight: Maybe = null, eps: number | null = null) => {
    const given = toFloat(input);
    checkNormalised(given, shape, { weight });
    const x = given.to(given.dtype.isComplex ? given.dtype : statType(given.dtype));
    const square = x.mul(x);
    const scaled = x.mul(
      square
        .mean(lastDims(x, shape.length), true)
        .add(eps ?? machineEpsilon(x.dtype.toReal()))
        .rsqrt(),
    );
    return affine(scaled, weight, null).to(given.dtype);
  },
);

/**
 * (x - mean) / √(variance + ε) · weight + bias over each of `numGroups` groups of channels of (N, C, …).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 * @example F.groupNorm(torch.arange(4).reshape(1, 4), 2)  // tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
 */
export const groupNorm: (
  input: Tensor,
  numGroups: number,
  ...args: Args<[weight: Maybe, bias: Maybe, eps: number], LayerNormOptions>
) => Tensor = define(
  'groupNorm',
  'input, numGroups, weight?, bias?, eps?',
  (input: Tensor, groups: number, weight: Maybe = null, bias: Maybe = null, eps = 1e-5) => {
    const given = toFloat(input);
    const x = inType(given, computeType(given, [weight, bias]));
    if (x.ndim < 2) throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${x.ndim}`);
    const [batch, channels, ...rest] = x.sizes;
    if (!(groups > 0)) throw new RuntimeError(`Expected num groups to be greater than 0, got ${groups}`);
    if (channels % groups !== 0)
      throw new RuntimeError(
        `Expected number of channels in input to be divisible by num_groups, but got input of shape ${brackets(x.sizes)} and num_groups=${groups}`,
      );
    for (const [name, operand] of Object.entries({ weight, bias })) {
      if (operand && (operand.ndim !== 1 || operand.sizes[0] !== channels))
        throw new RuntimeError(
          `Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape ${brackets(operand.sizes)} and input of shape ${brackets(x.sizes)}`,
        );
    }
    const flat = (t: Tensor): Tensor => contiguousRaw(t).view([batch, channels, numelOf(rest)]);
    const [w, b] = [dense(weight), dense(bias)];
    const perChannel = (t: Maybe): Maybe => t && t.view([1, channels, ...rest.map(() => 1)]);
    const result = normalise({
      node: 'nativeGroupNorm',
      inputs: [x, weight, bias],
      statSizes: [batch, groups],
      forward: (y, mean, rstd) => runRoutine('group_norm', [flat(y), mean, rstd, flat(x), w, b], [groups, eps]),
      backward: (gx, gw, gb, g, mean, rstd) =>
        runRoutine('group_norm_backward', [gx && flat(gx), gw, gb, flat(g), flat(x), mean, rstd, w], [groups]),
      composed: () =>
        affine(
          standardised(x.reshape([batch, groups, (channels / groups) * numelOf(rest)]), [2], eps).reshape(x.sizes),
          perChannel(weight),
          perChannel(bias),
        ),
    });
    return inType(result, given.dtype);
  },
);

/** Exponential moving averages of mean and (unbiased) variance. */
function updateRunning(runningMean: Maybe, runningVar: Maybe, mean: Tensor, variance: Tensor, momentum: number | Tensor): void {
  noGrad(() => {
    const keep = typeof momentum === 'number' ? 1 - momentum : momentum.neg().add(1);
    runningMean?.copy_(runningMean.mul(keep).add(mean.mul(momentum)));
    runningVar?.copy_(runningVar.mul(keep).add(variance.mul(momentum)));
  });
}

export interface BatchNormOptions extends LayerNormOptions {
  training?: boolean;
  /** A tensor where it is only known on the device. */
  momentum?: number | Tensor;
}

type BatchNorm = (
  input: Tensor,
  runningMean: Maybe,
  runningVar: Maybe,
  ...args: Args<[weight: Maybe, bias: Maybe, training: boolean, momentum: number | Tensor, eps: number], BatchNormOptions>
) => Tensor;

function checkPerChannel(x: Tensor, operands: Record<string, Maybe>): void {
  for (const [name, operand] of Object.entries(operands)) {
    if (operand && numelOf(operand.sizes) !== x.sizes[1])
      throw new RuntimeError(`${name} should contain ${x.sizes[1]} elements not ${numelOf(operand.sizes)}`);
  }
}

/**
 * (x - mean) / √(variance + ε) · weight + bias over all dims but the channels of (N, C, …): the batch's statistics in training, the running
 * ones otherwise. https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 * @example
 * F.batchNorm(torch.tensor([[1.5], [2.5]]), null, null, { training: true })
 * // tensor([[-1.0000],
 * //         [ 1.0000]])
 */
export const batchNorm: BatchNorm = define(
  'batchNorm',
  'input, runningMean, runningVar, weight?, bias?, training?, momentum?, eps?',
  (
    input: Tensor,
    runningMean: Maybe,
    runningVar: Maybe,
    weight: Maybe = null,
    bias: Maybe = null,
    training = false,
    momentum: number | Tensor = 0.1,
    eps = 1e-5,
  ) => {
    const given = toFloat(input);
    const x = inType(given, computeType(given, [weight, bias]));
    if (x.ndim === 1) {
      if (x.sizes[0] > 0) throw new RuntimeError(`batch_norm: expected input with at least 2 dimensions, got ${x.ndim}`);
      return x.clone();
    }
    checkPerChannel(x, { running_mean: runningMean, running_var: runningVar, weight, bias });
    const [batch, channels, ...rest] = x.sizes;
    const count = batch * numelOf(rest);
    if (training && count === 1)
      throw new ValueError(`Expected more than 1 value per channel when training, got input size ${size(x.sizes)}`);
    if (!training && (!runningMean || !runningVar))
      throw new RuntimeError('Expected running_mean and running_var to be defined when training=False');
    const flat = (t: Tensor): Tensor => contiguousRaw(t).view([batch, channels, numelOf(rest)]);
    const perChannel = (t: Tensor): Tensor => t.view([1, channels, ...rest.map(() => 1)]);
    const dims = x.sizes.map((_, d) => d).filter((d) => d !== 1);
    const useRunning = (mean: Tensor, rstd: Tensor): void => {
      mean.copy_(runningMean!);
      rstd.copy_(runningVar!.to(rstd.dtype).add(eps).rsqrt());
    };
    const useBatch = (mean: Tensor, rstd: Tensor): void => {
      runRoutine('batch_norm_stats', [mean, rstd, flat(x)]);
      updateRunning(runningMean, runningVar, mean, rstd.mul(count / (count - 1)), momentum);
      rstd.copy_(rstd.add(eps).rsqrt());
    };
    const result = normalise({
      node: 'nativeBatchNorm',
      inputs: [x, weight, bias],
      statSizes: [channels],
      forward: (y, mean, rstd) => {
        noGrad(() => (training ? useBatch : useRunning)(mean, rstd));
        runRoutine('batch_norm_apply', [flat(y), flat(x), mean, rstd, dense(weight), dense(bias)]);
      },
      backward: (gx, gw, gb, g, mean, rstd) =>
        runRoutine('batch_norm_backward', [gx && flat(gx), gw, gb, flat(g), flat(x), mean, rstd, dense(weight)], [training ? 1 : 0]),
      composed: () => {
        const unit = training ? standardised(x, dims, eps) : x.sub(perChannel(runningMean!)).mul(perChannel(runningVar!).add(eps).rsqrt());
        return affine(unit, weight && perChannel(weight), bias && perChannel(bias));
      },
    });
    return inType(result, given.dtype);
  },
);

export interface InstanceNormOptions extends LayerNormOptions {
  runningMean?: Maybe;
  runningVar?: Maybe;
  useInputStats?: boolean;
  momentum?: number;
}

type InstanceNorm = (
  input: Tensor,
  ...args: Args<
    [runningMean: Maybe, runningVar: Maybe, weight: Maybe, bias: Maybe, useInputStats: boolean, momentum: number, eps: number],
    InstanceNormOptions
  >
) => Tensor;

/**
 * (x - mean) / √(variance + ε) · weight + bias over the spatial dims of each channel of (N, C, …).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 * @example F.instanceNorm(torch.tensor([[[1.5, 2.5]]]))  // tensor([[[-1.0000,  1.0000]]])
 */
export const instanceNorm: InstanceNorm = define(
  'instanceNorm',
  'input, runningMean?, runningVar?, weight?, bias?, useInputStats?, momentum?, eps?',
  (
    input: Tensor,
    runningMean: Maybe = null,
    runningVar: Maybe = null,
    weight: Maybe = null,
    bias: Maybe = null,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  ) => {
    const x = toFloat(input);
    if (!useInputStats) {
      if (!runningMean || !runningVar)
        throw new RuntimeError('Expected running_mean and running_var to be defined when use_input_stats=False');
      return batchNorm(x, runningMean, runningVar, weight, bias, false, momentum, eps);
    }
    const spatial = numelOf(x.sizes.slice(2));
    if (spatial === 1) throw new ValueError(`Expected more than 1 spatial element when training, got input size ${size(x.sizes)}`);
    checkPerChannel(x, { running_mean: runningMean, running_var: runningVar, weight, bias });
    if (runningMean || runningVar) {
      noGrad(() => {
        const flat = x.detach().reshape([x.sizes[0], x.sizes[1], spatial]);
        const mean = flat.mean([2], true);
        const variance = flat
          .sub(mean)
          .square()
          .sum([2])
          .div(spatial - 1);
        updateRunning(runningMean, runningVar, mean.mean([0, 2]), variance.mean([0]), momentum);
      });
    }
    return nameNode('ViewBackward0', groupNorm(x, x.sizes[1], weight, bias, eps));
  },
);

/**
 * x / (k + α · mean of x² over `size` neighbouring channels)^β, for (N, C, …).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 * @example F.localResponseNorm(torch.ones(1, 2, 2), 2).shape  // torch.Size([1, 2, 2])
 */
export const localResponseNorm: (
  input: Tensor,
  size: number,
  ...args: Args<[alpha: number, beta: number, k: number], { alpha?: number; beta?: number; k?: number }>
) => Tensor = define(
  'localResponseNorm',
  'input, size, alpha?, beta?, k?',
  (input: Tensor, channels: number, alpha = 1e-4, beta = 0.75, k = 1) => {
    const x = input;
    if (x.ndim < 3) throw new ValueError(`Expected 3D or higher dimensionality${' '.repeat(25)} input (got ${x.ndim} dimensions)`);
    if (numelOf(x.sizes) === 0) return x;
    const square = toFloat(x.mul(x)).unsqueeze(1);
    const [before, behind] = [Math.floor(channels / 2), Math.floor((channels - 1) / 2)];
    let mean: Tensor;
    if (x.ndim === 3) mean = avgPool2d(pad(square, [0, 0, before, behind]), [channels, 1], 1).squeeze(1);
    else {
      const [n, c, d] = x.sizes;
      const volume = square.view([n, 1, c, d, -1]);
      mean = avgPool3d(pad(volume, [0, 0, 0, 0, before, behind]), [channels, 1, 1], 1)
        .squeeze(1)
        .view(x.sizes);
    }
    // Integers have integer means, as in PyTorch.
    return x.div((x.dtype.category < 2 ? mean.trunc() : mean).mul(alpha).add(k).pow(beta));
  },
);

/**
 * x / max(‖x‖, ε) over a dim. https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 * @example F.normalize(torch.tensor([[3, 4]]))  // tensor([[0.6000, 0.8000]])
 */
export const normalize: (
  input: Tensor,
  ...args: Args<[p: number, dim: number | readonly number[], eps: number], { p?: number; dim?: number | readonly number[]; eps?: number }>
) => Tensor = define('normalize', 'input, p?, dim?, eps?', (input: Tensor, p = 2, dim: number | readonly number[] = 1, eps = 1e-12) => {
  const x = toFloat(input);
  return x.div(vectorNorm(x, p, dim).clampMin(eps).expandAs(x));
});

/** The p-norm over `dim`, which stays as 1. */
export const vectorNorm = (x: Tensor, p: number, dim: number | readonly number[]): Tensor => linalgNorm(x, p, dim, true);
