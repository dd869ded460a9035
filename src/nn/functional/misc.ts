/** Smaller functions: gated, parametric and random activations, rearrangements of images, sliding blocks. */
import { nameNode, record } from '../../autograd/node.js';
import { float64, int64 } from '../../ir/dtype.js';
import { define } from '../../ops/define.js';
import { accumulateType } from '../../ops/launch.js';
import { inplaceOf } from '../../ops/inplace.js';
import { contiguousRaw, copyInto } from '../../ops/memory.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import { exponential_, uniform_ } from '../../ops/random.js';
import { convert } from '../../ops/convert.js';
import { ones, tensor, zerosLike } from '../../ops/creation.js';
import { where } from '../../ops/join.js';
import { scatter } from '../../ops/select.js';
import type { Args, Op } from '../../ops/types.js';
import { IndexError, RuntimeError, ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { leakyRelu, preluKernel } from './activation.js';
import { brackets, expandSize, type SizeN, toFloat } from './arguments.js';
import { scatterPlanes } from './pool.js';
import { softmax } from './softmax.js';
import { scalarTypeName } from '../../ops/define.js';

/**
 * The first half times the sigmoid of the second. https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 * @example F.glu(torch.tensor([1.5, 2, 0, 100]))  // tensor([0.7500, 2.0000])
 */
export const glu: Op<[], [dim: number], { dim: number }> = define('glu', 'input, dim?', (input: Tensor, dim = -1) => {
  if (input.ndim === 0) throw new RuntimeError('glu does not support 0-dimensional tensors');
  const d = dim < 0 ? dim + input.ndim : dim;
  if (d < 0 || d >= input.ndim)
    throw new IndexError(`Dimension out of range (expected to be in range of [${-input.ndim}, ${input.ndim - 1}], but got ${dim})`);
  if (input.sizes[d] % 2 !== 0) throw new RuntimeError(`Halving dimension must be even, but dimension ${d} is size ${input.sizes[d]}`);
  const [a, b] = toFloat(input).chunk(2, d);
  return nameNode('glu', a.mul(b.sigmoid()));
});

/**
 * x, or weight · x where x is negative; one weight, or one a channel.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
 * @example F.prelu(torch.tensor([-2, 3]), torch.tensor([0.25]))  // tensor([-0.5000,  3.0000])
 */
export const prelu: Op<[weight: Tensor]> = define('prelu', 'input, weight', (input: Tensor, weight: Tensor) => {
  if (weight.ndim > 1) throw new RuntimeError(`prelu: Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${weight.ndim}`);
  const count = numelOf(weight.sizes);
  if (count !== 1) {
    if (input.ndim === 0) throw new RuntimeError('Not allow zero-dim input tensor.');
    const channels = input.ndim >= 2 ? input.sizes[1] : 1;
    if (channels !== count)
      throw new RuntimeError(
        `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${count} and channel size = ${channels}.`,
      );
  }
  const shape = input.sizes.map((_, d) => (d === 1 ? count : 1));
  return preluKernel(input, input.ndim === 0 ? weight.reshape([]) : input.ndim === 1 ? weight.reshape([1]) : weight.reshape(shape));
});

export interface RReluOptions {
  lower: number;
  upper: number;
  training: boolean;
  inplace: boolean;
}

/**
 * A leaky ReLU with random slopes in training. https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
 * @example F.rrelu(torch.tensor([-1.5, 2]), { lower: 0.1, upper: 0.3 })  // tensor([-0.3000,  2.0000])
 */
export const rrelu: Op<[], [lower: number, upper: number, training: boolean, inplace: boolean], RReluOptions> = define(
  'rrelu',
  'input, lower?, upper?, training?, inplace?',
  (input: Tensor, lower = 1 / 8, upper = 1 / 3, training = false, inplace = false) => {
    if (lower > upper) throw new RuntimeError(`Lower bound should be less than or equal to the upper bound`);
    const apply = (x: Tensor): Tensor =>
      nameNode('rreluWithNoise', training ? convert(x.mul(randomSlopes(x, lower, upper)), x.dtype) : leakyRelu(x, (lower + upper) / 2));
    return inplace ? inplaceOf(input, apply, copyInto) : apply(input);
  },
);

/** A slope where x ≤ 0, drawn one by one in order; 1 elsewhere. Where x can't be read at once, all slopes are drawn. */
function randomSlopes(x: Tensor, lower: number, upper: number): Tensor {
  const negative = x.detach().le(0);
  if (!x.storage.device.canReadSync) return where(negative, uniform_(zerosLike(x.detach()), lower, upper), 1);
  const flat = (negative.reshape([-1]).tolist() as boolean[]).flatMap((is, i) => (is ? [i] : []));
  const slopes = ones([numelOf(x.sizes)], { dtype: accumulateType(x.dtype), device: x.device });
  if (flat.length === 0) return slopes.view(x.sizes);
  const round = x.dtype === float64 ? (bound: number): number => bound : Math.fround;
  const uniform = uniform_(emptyOn(x, [flat.length], float64));
  const drawn = uniform
    .mul(round(upper) - round(lower))
    .add(round(lower))
    .to(slopes.dtype);
  return scatter(slopes, 0, tensor(flat, { dtype: int64, device: x.device }), drawn).view(x.sizes);
}

export interface GumbelOptions {
  tau: number;
  hard: boolean;
  eps: number;
  dim: number;
}

/**
 * Softmax of logits with Gumbel noise. https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 * @example
 * torch.manualSeed(0);
 * F.gumbelSoftmax(torch.tensor([[0.5, 1, 2]]), { tau: 1, hard: true })  // tensor([[0., 0., 1.]])
 */
export const gumbelSoftmax: Op<[], [tau: number, hard: boolean, eps: number, dim: number], GumbelOptions> = define(
  'gumbelSoftmax',
  'logits, tau?, hard?, eps?, dim?',
  (logits: Tensor, tau = 1, hard = false, _eps?: number, dim = -1) => {
    const gumbels = exponential_(emptyOn(logits, logits.sizes)).log().neg();
    const soft = softmax(logits.add(gumbels).div(tau), dim);
    if (!hard) return soft;
    const largest = soft.detach().amax(dim, true);
    const one = soft.detach().eq(largest).to(soft.dtype);
    return one.sub(soft.detach()).add(soft);
  },
);

const checkImage = (name: string, input: Tensor): void => {
  if (input.ndim < 3)
    throw new RuntimeError(`${name} expects input to have at least 3 dimensions, but got input with ${input.ndim} dimension(s)`);
};

/**
 * (*, C·r², H, W) → (*, C, H·r, W·r). https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 * @example F.pixelShuffle(torch.ones(1, 9, 4, 4), 3).shape  // torch.Size([1, 1, 12, 12])
 */
export const pixelShuffle: Op<[upscaleFactor: number]> = define('pixelShuffle', 'input, upscaleFactor', (input: Tensor, r: number) => {
  checkImage('pixel_shuffle', input);
  if (!(r > 0)) throw new RuntimeError(`pixel_shuffle expects a positive upscale_factor, but got ${r}`);
  const [c, h, w] = input.sizes.slice(-3);
  if (c % (r * r) !== 0)
    throw new RuntimeError(
      `pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${c} is not divisible by ${r * r}`,
    );
  const batch = input.sizes.slice(0, -3);
  const n = batch.length;
  const dims = [...batch.map((_, d) => d), n, n + 3, n + 1, n + 4, n + 2];
  const blocks = input.reshape([...batch, c / (r * r), r, r, h, w]).permute(dims);
  return nameNode('pixelShuffle', blocks.reshape([...batch, c / (r * r), h * r, w * r]));
});

/**
 * The inverse of `pixelShuffle`: (*, C, H · r, W · r) → (*, C · r², H, W).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 * @example F.pixelUnshuffle(torch.ones(1, 1, 12, 12), 3).shape  // torch.Size([1, 9, 4, 4])
 */
export const pixelUnshuffle: Op<[downscaleFactor: number]> = define(
  'pixelUnshuffle',
  'input, downscaleFactor',
  (input: Tensor, r: number) => {
    checkImage('pixel_unshuffle', input);
    if (!(r > 0)) throw new RuntimeError(`pixel_unshuffle expects a positive downscale_factor, but got ${r}`);
    const [c, h, w] = input.sizes.slice(-3);
    if (h % r !== 0)
      throw new RuntimeError(
        `pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=${h} is not divisible by ${r}`,
      );
    if (w % r !== 0)
      throw new RuntimeError(
        `pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=${w} is not divisible by ${r}`,
      );
    const batch = input.sizes.slice(0, -3);
    const n = batch.length;
    const dims = [...batch.map((_, d) => d), n, n + 2, n + 4, n + 1, n + 3];
    const blocks = input.reshape([...batch, c, h / r, r, w / r, r]).permute(dims);
    return nameNode('pixelUnshuffle', blocks.reshape([...batch, c * r * r, h / r, w / r]));
  },
);

/**
 * Interleaves groups of channels. https://pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html
 * @example F.channelShuffle(torch.arange(4).reshape(1, 4, 1, 1), 2).flatten()  // tensor([0, 2, 1, 3])
 */
export const channelShuffle: Op<[groups: number]> = define('channelShuffle', 'input, groups', (input: Tensor, groups: number) => {
  checkImage('channel_shuffle', input);
  const [n, c, ...rest] = input.sizes;
  if (!(groups > 0)) throw new RuntimeError(`Number of groups to divide channels in must be positive. Value of groups:${groups}`);
  if (c % groups !== 0) throw new RuntimeError(`Number of channels must be divisible by groups. Got ${c} channels and ${groups} groups.`);
  const shuffled = input.reshape([n, groups, c / groups, ...rest]).transpose(1, 2);
  return nameNode('channelShuffle', shuffled.reshape(input.sizes));
});

interface BlockOptions {
  dilation?: SizeN;
  padding?: SizeN;
  stride?: SizeN;
}

interface Blocks {
  kernel: number[];
  dilation: number[];
  padding: number[];
  stride: number[];
  /** Number of blocks along each dim. */
  counts: number[];
}

/** Sliding blocks in an image of the given size. */
function blocksOf(size: readonly number[], kernelN: SizeN, dilationN: SizeN, paddingN: SizeN, strideN: SizeN): Blocks {
  const two = (name: string, value: SizeN) => expandSize(name, value, 2);
  const [kernel, dilation, padding, stride] = [
    two('kernel_size', kernelN),
    two('dilation', dilationN),
    two('padding', paddingN),
    two('stride', strideN),
  ];
  if (kernel.some((k) => k <= 0))
    throw new RuntimeError(`kernel size should be greater than zero, but got kernel_height: ${kernel[0]} kernel_width: ${kernel[1]}`);
  if (dilation.some((k) => k <= 0))
    throw new RuntimeError(`dilation should be greater than zero, but got dilation_height: ${dilation[0]} dilation_width: ${dilation[1]}`);
  if (padding.some((k) => k < 0))
    throw new RuntimeError(`padding should be non-negative, but got pad_height: ${padding[0]} pad_width: ${padding[1]}`);
  if (stride.some((k) => k <= 0))
    throw new RuntimeError(`stride should be greater than zero, but got stride_height: ${stride[0]} stride_width: ${stride[1]}`);
  const padded = size.map((n, d) => n + 2 * padding[d]);
  const counts = padded.map((n, d) => Math.floor((n - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1);
  return { kernel, dilation, padding, stride, counts };
}

/** Copies between an image (N, C, H, W) and columns, which lie one after another in memory. */
function runBlocks(name: 'im2col' | 'col2im', out: Tensor, input: Tensor, blocks: Blocks): void {
  const { kernel, stride, padding, dilation } = blocks;
  if (numelOf(out.sizes) > 0) runRoutine(name, [out, contiguousRaw(input)], [...kernel, ...stride, ...padding, ...dilation]);
}

/** The same memory with a batch of one before it where there is none. */
const batched = (t: Tensor): Tensor =>
  t.ndim === 4 ? t : new Tensor(t.storage, t.dtype, [1, ...t.sizes], [numelOf(t.sizes), ...t.strides], t.offset);

const pair = (size: SizeN): string => `(${expandSize('size', size, 2).join(', ')})`;
const steps = (dilation: SizeN, padding: SizeN, stride: SizeN): string =>
  `dilation=${pair(dilation)}, padding=${pair(padding)}, stride=${pair(stride)}`;

type Unfold = (input: Tensor, kernelSize: SizeN, ...args: Args<[dilation: SizeN, padding: SizeN, stride: SizeN], BlockOptions>) => Tensor;

/**
 * Sliding blocks of (N, C, H, W) as columns: (N, C · kH · kW, L). https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 * @example F.unfold(torch.ones(1, 3, 4, 4), 2).shape  // torch.Size([1, 12, 9])
 */
export const unfold: Unfold = define(
  'im2col',
  'input, kernelSize, dilation?, padding?, stride?',
  (input: Tensor, kernelSize: SizeN, dilation: SizeN = 1, padding: SizeN = 0, stride: SizeN = 1) => {
    if (input.ndim !== 3 && input.ndim !== 4)
      throw new RuntimeError(
        `Expected 3D or 4D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ${brackets(input.sizes)}`,
      );
    const [c, ...size] = input.sizes.slice(-3);
    const blocks = blocksOf(size, kernelSize, dilation, padding, stride);
    const { kernel, counts } = blocks;
    if (counts.some((count) => count < 1)) {
      throw new RuntimeError(
        `Given input with spatial size (${size.join(', ')}), kernel_size=(${kernel.join(', ')}), ${steps(dilation, padding, stride)}, calculated shape of the array of sliding blocks as (${counts.join(', ')}), but its components must be at least one.`,
      );
    }
    const columns = emptyOn(input, [...input.sizes.slice(0, -3), c * kernel[0] * kernel[1], counts[0] * counts[1]]);
    runBlocks('im2col', columns, batched(input), blocks);
    return record('im2Col', [input], columns, [], ({ grad }) => [fold(grad, size, kernelSize, dilation, padding, stride)]);
  },
);

type Fold = (
  input: Tensor,
  outputSize: SizeN,
  kernelSize: SizeN,
  ...args: Args<[dilation: SizeN, padding: SizeN, stride: SizeN], BlockOptions>
) => Tensor;

/**
 * The sum of sliding blocks, given as columns (N, C · kH · kW, L), put back to an image (N, C, H, W): the adjoint of `unfold`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 * @example
 * F.fold(torch.ones(1, 4, 4), 3, 2)
 * // tensor([[[[1., 2., 1.],
 * //           [2., 4., 2.],
 * //           [1., 2., 1.]]]])
 */
export const fold: Fold = define(
  'col2im',
  'input, outputSize, kernelSize, dilation?, padding?, stride?',
  (input: Tensor, outputSize: SizeN, kernelSize: SizeN, dilation: SizeN = 1, padding: SizeN = 0, stride: SizeN = 1) => {
    if (input.ndim !== 2 && input.ndim !== 3)
      throw new RuntimeError(
        `Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ${brackets(input.sizes)}`,
      );
    const size = expandSize('output_size', outputSize, 2);
    const blocks = blocksOf(size, kernelSize, dilation, padding, stride);
    const { kernel, counts } = blocks;
    const [rows, length] = input.sizes.slice(-2);
    const area = kernel[0] * kernel[1];
    if (rows % area !== 0)
      throw new RuntimeError(
        `Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${rows} and kernel_size=(${kernel.join(', ')}).`,
      );
    if (length !== counts[0] * counts[1])
      throw new RuntimeError(
        `Given output_size=(${size.join(', ')}), kernel_size=(${kernel.join(', ')}), ${steps(dilation, padding, stride)}, expected size of input's dimension 2 to match the calculated number of sliding blocks ${counts[0]} * ${counts[1]} = ${counts[0] * counts[1]}, but got input.size(2)=${length}.`,
      );
    const image = emptyOn(input, [...input.sizes.slice(0, -2), rows / area, ...size]);
    runBlocks('col2im', batched(image), input, blocks);
    return record('col2Im', [input], image, [], ({ grad }) => [unfold(grad, kernelSize, dilation, padding, stride)]);
  },
);

type Unpool = (
  input: Tensor,
  indices: Tensor,
  kernelSize: SizeN,
  ...args: Args<
    [stride: SizeN | null, padding: SizeN, outputSize: readonly number[] | null],
    { stride?: SizeN | null; padding?: SizeN; outputSize?: readonly number[] | null }
  >
) => Tensor;

/** Pooling forgets less than a stride at each end. */
function unpooledSizes(outputSize: readonly number[], standard: readonly number[], stride: readonly number[]): readonly number[] {
  const n = standard.length;
  const wanted = outputSize.length === n + 2 ? outputSize.slice(2) : outputSize;
  if (wanted.length !== n)
    throw new ValueError(
      `output_size should be a sequence containing ${n} or ${n + 2} elements, but it has a length of '${wanted.length}'`,
    );
  wanted.forEach((size, d) => {
    const [least, most] = [standard[d] - stride[d], standard[d] + stride[d]];
    if (!(least < size && size < most))
      throw new ValueError(`invalid output_size "${brackets(wanted)}" (dim ${d} must be between ${least} and ${most})`);
  });
  return wanted;
}

const unpoolOf = (name: string, n: number): Unpool =>
  define(
    name,
    'input, indices, kernelSize, stride?, padding?, outputSize?',
    (
      input: Tensor,
      indices: Tensor,
      kernelN: SizeN,
      strideN?: SizeN | null,
      paddingN: SizeN = 0,
      outputSize?: readonly number[] | null,
    ) => {
      const kernel = expandSize('kernel_size', kernelN, n);
      const [stride, padding] = [
        strideN === null || strideN === undefined ? kernel : expandSize('stride', strideN, n),
        expandSize('padding', paddingN, n),
      ];
      if (indices.dtype !== int64)
        throw new RuntimeError(`elements in indices should be type int64 but got: ${scalarTypeName(indices.dtype)}`);
      if (String(indices.sizes) !== String(input.sizes))
        throw new RuntimeError(
          `Expected shape of indices to be same as that of the input tensor (${brackets(input.sizes)}) but got indices tensor with shape: ${brackets(indices.sizes)}`,
        );
      const batched = input.ndim === n + 2;
      const [x, at] = batched ? [input, indices] : [input.unsqueeze(0), indices.unsqueeze(0)];
      const standard = x.sizes.slice(2).map((size, d) => (size - 1) * stride[d] + kernel[d] - 2 * padding[d]);
      const sizes = outputSize ? unpooledSizes(outputSize, standard, stride) : standard;
      const out = scatterPlanes(name, contiguousRaw(x) === x ? x : x.contiguous(), at, [x.sizes[0], x.sizes[1], ...sizes], true);
      const result = batched ? out : out.squeeze(0);
      return n === 1 ? nameNode('SqueezeBackward1', result) : result;
    },
  );

/**
 * Puts the maxima (N, C, L) that `maxPool1dWithIndices` gives back to their places, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
 * @example
 * const [values, indices] = F.maxPool1dWithIndices(torch.tensor([[[1, 4, 3, 2]]]), 2);
 * F.maxUnpool1d(values, indices, 2)  // tensor([[[0, 4, 3, 0]]])
 */
export const maxUnpool1d: Unpool = unpoolOf('maxUnpool1d', 1);
/**
 * Puts the maxima (N, C, H, W) that `maxPool2dWithIndices` gives back to their places, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
 * @example
 * const [values, indices] = F.maxPool2dWithIndices(torch.rand(1, 1, 4, 4), 2);
 * F.maxUnpool2d(values, indices, 2).shape  // torch.Size([1, 1, 4, 4])
 */
export const maxUnpool2d: Unpool = unpoolOf('maxUnpool2d', 2);
/**
 * Puts the maxima (N, C, D, H, W) that `maxPool3dWithIndices` gives back to their places, with zeros elsewhere.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
 * @example
 * const [values, indices] = F.maxPool3dWithIndices(torch.rand(1, 1, 4, 4, 4), 2);
 * F.maxUnpool3d(values, indices, 2).shape  // torch.Size([1, 1, 4, 4, 4])
 */
export const maxUnpool3d: Unpool = unpoolOf('maxUnpool3d', 3);
