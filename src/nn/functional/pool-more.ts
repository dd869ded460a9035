/** Power-average and fractional pooling. */
import { int64 } from '../../ir/dtype.js';
import { define } from '../../ops/define.js';
import { contiguousRaw } from '../../ops/memory.js';
import { uniform_ } from '../../ops/random.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import { record } from '../../autograd/node.js';
import type { Args } from '../../ops/types.js';
import { RuntimeError, ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { expandSize, type SizeN } from './arguments.js';
import { relu } from './activation.js';
import { avgPool1d, avgPool2d, avgPool3d, scatterPlanes } from './pool.js';
import { snakeCase } from '../../ops/messages.js';

type LPPool = (
  input: Tensor,
  normType: number,
  kernelSize: SizeN,
  ...args: Args<[stride: SizeN | null, ceilMode: boolean], { stride?: SizeN | null; ceilMode?: boolean }>
) => Tensor;

const lpPoolOf = (name: string, n: number): LPPool =>
  define(
    name,
    'input, normType, kernelSize, stride?, ceilMode?',
    (input: Tensor, p: number, kernelSize: SizeN, stride?: SizeN | null, ceilMode = false) => {
      const area = expandSize('kernel_size', kernelSize, n).reduce((a, b) => a * b, 1);
      const mean = [avgPool1d, avgPool2d, avgPool3d][n - 1](input.pow(p), kernelSize, stride ?? null, 0, ceilMode);
      return mean
        .sign()
        .mul(relu(mean.abs()))
        .mul(area)
        .pow(1 / p);
    },
  );

/**
 * (Σ x^p)^(1/p) over every window of (N, C, L). https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
 * @example F.lpPool1d(torch.tensor([[[3, 4, 6, 8]]]), 2, 2)  // tensor([[[ 4.8990, 10.0000]]])
 */
export const lpPool1d: LPPool = lpPoolOf('lpPool1d', 1);
/**
 * (Σ x^p)^(1/p) over every window of (N, C, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
 * @example F.lpPool2d(torch.ones(1, 1, 4, 4), 2, 2).shape  // torch.Size([1, 1, 2, 2])
 */
export const lpPool2d: LPPool = lpPoolOf('lpPool2d', 2);
/**
 * (Σ x^p)^(1/p) over every window of (N, C, D, H, W). https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html
 * @example F.lpPool3d(torch.ones(1, 1, 4, 4, 4), 2, 2).shape  // torch.Size([1, 1, 2, 2, 2])
 */
export const lpPool3d: LPPool = lpPoolOf('lpPool3d', 3);

export interface FractionalOptions {
  outputSize?: SizeN | null;
  outputRatio?: SizeN | null;
  returnIndices?: boolean;
  _randomSamples?: Tensor | null;
}

type Fractional = (
  input: Tensor,
  kernelSize: SizeN,
  ...args: Args<[outputSize: SizeN | null, outputRatio: SizeN | null, returnIndices: boolean], FractionalOptions>
) => Tensor;

const dimNames = ['time', 'height', 'width'];
function fractional(
  name: string,
  n: number,
  input: Tensor,
  kernelN: SizeN,
  outputSize: SizeN | null,
  outputRatio: SizeN | null,
  samples: Tensor | null,
): [Tensor, Tensor] {
  if (outputSize === null && outputRatio === null)
    throw new ValueError(`${snakeCase(name)} requires specifying either an output_size or an output_ratio`);
  if (input.ndim !== n + 1 && input.ndim !== n + 2)
    throw new RuntimeError(`${name}: Expected ${n + 1}D or ${n + 2}D tensor, but got: [${input.sizes.join(', ')}]`);
  const batched = input.ndim === n + 2;
  const x = batched ? input : input.unsqueeze(0);
  const [batch, channels, ...spatial] = x.sizes;
  const kernel = expandSize('kernel_size', kernelN, n);
  const ratio =
    outputRatio === null
      ? null
      : [outputRatio].flat().length === 1
        ? new Array<number>(n).fill([outputRatio].flat()[0])
        : [...(outputRatio as readonly number[])];
  if (ratio?.some((r) => !(r > 0 && r < 1)))
    throw new ValueError(`${snakeCase(name)} requires output_ratio to be a number between 0 and 1`);
  const out = outputSize !== null ? expandSize('output_size', outputSize, n) : spatial.map((size, d) => Math.floor(size * ratio![d]));
  spatial.forEach((size, d) => {
    if (out[d] + kernel[d] - 1 > size)
      throw new RuntimeError(
        `${snakeCase(name)}(): pool ${dimNames[d + 3 - n]} ${kernel[d]} too large relative to input ${dimNames[d + 3 - n]} ${size}`,
      );
  });
  const u = samples ?? uniform_(emptyOn(x, [batch, channels, n]));
  const sizes = [batch, channels, ...out];
  const [values, indices] = [emptyOn(x, sizes), emptyOn(x, sizes, int64)];
  if (numelOf(sizes) > 0) runRoutine('fractional_max_pool', [values, indices, contiguousRaw(x), contiguousRaw(u)], kernel);
  record(name, [x], values, [indices], ({ grad }, [at]) => [scatterPlanes(`${name}Backward`, grad, at, x.sizes)]);
  return batched ? [values, indices] : [values.squeeze(0), indices.squeeze(0)];
}

const fractionalOf = (name: string, n: number): Fractional =>
  define(name, 'input, kernelSize, outputSize?, outputRatio?, returnIndices?, _randomSamples?', ((
    input: Tensor,
    kernel: SizeN,
    size: SizeN | null = null,
    ratio: SizeN | null = null,
    returnIndices = false,
    samples: Tensor | null = null,
  ) => {
    const results = fractional(name, n, input, kernel, size, ratio, samples);
    return returnIndices ? results : results[0];
  }) as (...args: never[]) => Tensor);

/**
 * The largest elements of windows of (N, C, H, W) at pseudo-random steps (Graham, 2014); `outputSize` or `outputRatio` says how many.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 * @example F.fractionalMaxPool2d(torch.ones(1, 3, 8, 8), 2, { outputSize: 5 }).shape  // torch.Size([1, 3, 5, 5])
 */
export const fractionalMaxPool2d: Fractional = fractionalOf('fractionalMaxPool2d', 2);
/**
 * The largest elements of windows of (N, C, D, H, W) at pseudo-random steps (Graham, 2014); `outputSize` or `outputRatio` says how many.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
 * @example F.fractionalMaxPool3d(torch.ones(1, 3, 8, 8, 8), 2, { outputRatio: 0.5 }).shape  // torch.Size([1, 3, 4, 4, 4])
 */
export const fractionalMaxPool3d: Fractional = fractionalOf('fractionalMaxPool3d', 3);
