/** Convolutions whose kernels look at places that were learned: "Deformable ConvNets v2" (Zhu et al., 2018). */
import * as torch from '../../index.js';
import { type Args, bind, type Call } from '../arguments.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Pair = readonly [number, number];
type Size = number | readonly number[];

const pairOf = (size: Size): Pair => (typeof size === 'number' ? [size, size] : [size[0], size[1]]);

interface Places {
  kernel: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
}

/** How many places a kernel has in `size` pixels. */
const outputSize = (size: number, { kernel, stride, padding, dilation }: Places, axis: 0 | 1): number =>
  Math.floor((size + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;

/** The coordinates along one axis at which an undeformed kernel looks: (kernel, outputs). */
function regular({ kernel, stride, padding, dilation }: Places, outputs: number, axis: 0 | 1, like: Tensor): Tensor {
  const place = { dtype: like.dtype, device: like.device };
  const taps = torch.arange(kernel[axis], place).mul(dilation[axis]).sub(padding[axis]);
  return taps.unsqueeze(1).add(torch.arange(outputs, place).mul(stride[axis]));
}

function checkOffset(input: Tensor, offset: Tensor, mask: Tensor | null, { kernel }: Places, [height, width]: Pair): number {
  const taps = kernel[0] * kernel[1];
  const groups = Math.floor(offset.shape[1] / (2 * taps));
  if (groups === 0 || offset.shape[1] % (2 * taps) !== 0)
    throw new Error(
      `the shape of the offset tensor at dimension 1 is not valid. It should be a multiple of 2 * weight.size[2] * weight.size[3].\nGot offset.shape[1]=${offset.shape[1]}, while 2 * weight.size[2] * weight.size[3]=${2 * taps}`,
    );
  if (input.shape[1] % groups !== 0) throw new Error('input.shape[1] must be divisible by offset groups');
  if (offset.shape[2] !== height || offset.shape[3] !== width)
    throw new Error(`offset output dims: (${offset.shape[2]}, ${offset.shape[3]}) - computed output dims: (${height}, ${width})`);
  if (mask && (mask.shape[1] !== groups * taps || mask.shape[2] !== height || mask.shape[3] !== width))
    throw new Error(`mask.shape is not valid: got ${String(mask.shape)}, expected (N, ${groups * taps}, ${height}, ${width})`);
  return groups;
}

/** The columns (N, C, kernel, outputs) that the kernels are multiplied with; bilinear between pixels, zero outside. */
function columnsOf(input: Tensor, offset: Tensor, mask: Tensor | null, places: Places): { columns: Tensor; size: Pair } {
  const [batch, channels, height, width] = input.shape;
  const size: Pair = [outputSize(height, places, 0), outputSize(width, places, 1)];
  const groups = checkOffset(input, offset, mask, places, size);
  const [kernelHeight, kernelWidth] = places.kernel;
  const [moveY, moveX] = offset.reshape(batch * groups, kernelHeight, kernelWidth, 2, ...size).unbind(3);
  const y = moveY.add(regular(places, size[0], 0, input).reshape(kernelHeight, 1, size[0], 1));
  const x = moveX.add(regular(places, size[1], 1, input).reshape(kernelWidth, 1, size[1]));
  // For gridSample the middle of the first pixel is 1 / size − 1.
  const onGrid = (at: Tensor, pixels: number): Tensor => at.mul(2).add(1).div(pixels).sub(1);
  const taps = kernelHeight * kernelWidth;
  const grid = torch.stack([onGrid(x, width), onGrid(y, height)], -1).reshape(batch * groups, taps * size[0], size[1], 2);
  const parts = input.reshape(batch * groups, -1, height, width);
  const sampled = torch.nn.functional.gridSample(parts, grid, { mode: 'bilinear', paddingMode: 'zeros', alignCorners: false });
  const weighted = mask ? sampled.mul(mask.reshape(batch * groups, 1, taps * size[0], size[1])) : sampled;
  return { columns: weighted.reshape(batch, channels, taps, size[0] * size[1]), size };
}

export interface DeformConvOptions {
  stride?: Size;
  padding?: Size;
  dilation?: Size;
  /** Factors (N, offset groups · kernel height · kernel width, H', W') of what is looked at. */
  mask?: Tensor | null;
}

/**
 * A convolution of `input` (N, C, H, W) with `weight` (O, C / groups, kernel height, kernel width), whose places are moved by `offset`
 * (N, 2 · offset groups · kernel height · kernel width, H', W'), down and to the right in turn. Differentiable in everything.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.deform_conv2d.html
 * @throws Error where shapes do not fit
 * @example
 * const [input, weight] = [torch.rand(4, 3, 10, 10), torch.rand(5, 3, 3, 3)];
 * vision.ops.deformConv2d(input, torch.rand(4, 18, 8, 8), weight, { mask: torch.rand(4, 9, 8, 8) }).shape  // torch.Size([4, 5, 8, 8])
 */
export function deformConv2d(
  input: Tensor,
  offset: Tensor,
  weight: Tensor,
  ...args: Args<
    [bias: Tensor | null, stride: Size, padding: Size, dilation: Size, mask: Tensor | null],
    DeformConvOptions & { bias?: Tensor | null }
  >
): Tensor {
  const given = bind<DeformConvOptions & { bias?: Tensor | null }>('deform_conv2d', 'bias, stride, padding, dilation, mask', args);
  const { bias, stride = 1, padding = 0, dilation = 1, mask = null } = given;
  const [outChannels, groupChannels, ...kernel] = weight.shape;
  const places = { kernel: pairOf(kernel), stride: pairOf(stride), padding: pairOf(padding), dilation: pairOf(dilation) };
  const { columns, size } = columnsOf(input, offset, mask, places);
  const groups = input.shape[1] / groupChannels;
  const [batch, , taps, outputs] = columns.shape;
  const products = weight.reshape(groups, -1, groupChannels * taps).matmul(columns.reshape(batch, groups, groupChannels * taps, outputs));
  const result = products.reshape(batch, outChannels, ...size);
  return bias ? result.add(bias.reshape(1, -1, 1, 1)) : result;
}

interface DeformConv2dOptions {
  stride?: Size;
  padding?: Size;
  dilation?: Size;
  groups?: number;
  bias?: boolean;
}
interface DeformConv2dArguments extends DeformConv2dOptions {
  inChannels: number;
  outChannels: number;
  kernelSize: Size;
}

/**
 * `deformConv2d` as a module: called with the input, the offsets and perhaps the mask.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.DeformConv2d.html
 * @example new vision.ops.DeformConv2d(3, 5, 3)(torch.rand(1, 3, 6, 6), torch.zeros(1, 18, 4, 4)).shape  // torch.Size([1, 5, 4, 4])
 */
export class DeformConv2d extends nn.Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  weight: torch.nn.Parameter;
  bias: torch.nn.Parameter | null;

  constructor(
    ...args: Call<
      [inChannels: number, outChannels: number, kernelSize: Size],
      [stride: Size, padding: Size, dilation: Size, groups: number, bias: boolean],
      DeformConv2dArguments
    >
  ) {
    super();
    const names = 'inChannels!, outChannels!, kernelSize!, stride, padding, dilation, groups, bias';
    const given = bind<DeformConv2dArguments>('DeformConv2d', names, args);
    const { inChannels, outChannels, kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = given;
    if (inChannels % groups !== 0) throw new Error('in_channels must be divisible by groups');
    if (outChannels % groups !== 0) throw new Error('out_channels must be divisible by groups');
    [this.inChannels, this.outChannels, this.groups] = [inChannels, outChannels, groups];
    [this.kernelSize, this.stride, this.padding, this.dilation] = [kernelSize, stride, padding, dilation].map(pairOf);
    this.weight = new nn.Parameter(torch.empty(outChannels, inChannels / groups, ...this.kernelSize));
    this.bias = bias ? new nn.Parameter(torch.empty(outChannels)) : null;
    this.resetParameters();
  }

  /** Starts as `nn.Conv2d` does. */
  resetParameters(): void {
    nn.init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (!this.bias) return;
    const bound = 1 / Math.sqrt((this.inChannels / this.groups) * this.kernelSize[0] * this.kernelSize[1]);
    nn.init.uniform_(this.bias, -bound, bound);
  }

  override forward(input: Tensor, offset: Tensor, mask: Tensor | null = null): Tensor {
    const { weight, bias, stride, padding, dilation } = this;
    return deformConv2d(input, offset, weight, { bias, stride, padding, dilation, mask });
  }

  override extraRepr(): string {
    const tuple = ([first, second]: Pair): string => `(${first}, ${second})`;
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}`];
    if (this.padding.some((size) => size !== 0)) parts.push(`padding=${tuple(this.padding)}`);
    if (this.dilation.some((size) => size !== 1)) parts.push(`dilation=${tuple(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (!this.bias) parts.push('bias=False');
    return parts.join(', ');
  }
}
