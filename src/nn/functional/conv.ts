/** Convolutions of one to three spatial dims. https://pytorch.org/docs/stable/nn.functional.html#convolution-functions */
import { record } from '../../autograd/node.js';
import { complex as complexExpr, type Expr } from '../../ir/expr.js';
import { cppTypeName, define, pointwise, scalarTypeName } from '../../ops/define.js';
import { contiguousRaw } from '../../ops/memory.js';
import { snakeCase } from '../../ops/messages.js';
import { add, sub } from '../../ops/pointwise.js';
import { sum } from '../../ops/reduce.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import type { Args, Op } from '../../ops/types.js';
import { RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, expandSize, type SizeN, toFloat } from './arguments.js';

/** What one convolution does, apart from its operands: sizes of input, weight and output, and how they meet. */
interface Geometry {
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly output: readonly number[];
  /** The routines' parameters: groups, no activation, then stride, padding and dilation of each dim. */
  readonly params: readonly number[];
}

const paramsOf = (groups: number, stride: readonly number[], padding: readonly number[], dilation: readonly number[]): number[] => [
  groups,
  0,
  ...stride.flatMap((each, d) => [each, padding[d], dilation[d]]),
];

function run(name: string, sizes: readonly number[], a: Tensor, b: Tensor, bias: Tensor | null, g: Geometry): Tensor {
  const out = emptyOn(a, sizes);
  if (numelOf(sizes) > 0) runRoutine(name, [out, contiguousRaw(a), contiguousRaw(b), bias && contiguousRaw(bias)], g.params);
  return out;
}

/** The three products that a convolution and its derivatives of every order are made of. */
function forwardProduct(input: Tensor, weight: Tensor, bias: Tensor | null, g: Geometry): Tensor {
  const out = run('conv_forward', g.output, input, weight, bias, g);
  return record('convolution', [input, weight, bias], out, [input, weight], ({ grad }, [x, w]) => [
    () => inputProduct(grad, w, null, g),
    () => weightProduct(grad, x, g),
    () => sumChannels(grad),
  ]);
}

/** The gradient of the input, given that of the output; also a transposed convolution. */
function inputProduct(grad: Tensor, weight: Tensor, bias: Tensor | null, g: Geometry): Tensor {
  const out = run('conv_grad_input', g.input, grad, weight, bias, g);
  return record('convolution', [grad, weight, bias], out, [grad, weight], ({ grad: h }, [y, w]) => [
    () => forwardProduct(h, w, null, g),
    () => weightProduct(y, h, g),
    () => sumChannels(h),
  ]);
}

function weightProduct(grad: Tensor, input: Tensor, g: Geometry): Tensor {
  const out = run('conv_grad_weight', g.weight, grad, input, null, g);
  return record('convolution', [grad, input], out, [grad, input], ({ grad: h }, [y, x]) => [
    () => forwardProduct(x, h, null, g),
    () => inputProduct(y, h, null, g),
  ]);
}

const sumChannels = (grad: Tensor): Tensor =>
  sum(
    grad,
    grad.sizes.map((_, d) => d).filter((d) => d !== 1),
  );

type Product = (input: Tensor, weight: Tensor, bias: Tensor | null, g: Geometry) => Tensor;

const real: Op = pointwise('real', { args: 'input', noInplace: true }, (x: Expr) => x.real);
const imag: Op = pointwise('imag', { args: 'input', noInplace: true }, (x: Expr) => x.imag);
const complex: Op<[imag: Tensor]> = pointwise('complex', { args: 'real, imag', operands: 2, noInplace: true }, (x: Expr, y: Expr) =>
  complexExpr(x, y),
);

/** Complex operands: four products of real ones. */
function complexProduct(product: Product): Product {
  return (input, weight, bias, g) => {
    const [a, b, c, d] = [real(input), imag(input), real(weight), imag(weight)];
    const re = sub(product(a, c, bias && real(bias), g), product(b, d, null, g));
    const im = add(product(a, d, bias && imag(bias), g), product(b, c, null, g));
    return complex(re, im);
  };
}

interface Operands {
  input: Tensor;
  weight: Tensor;
  bias: Tensor | null;
  batched: boolean;
}

/** Checks dims and dtypes, and adds the batch dim where it is missing. */
function prepare(name: string, n: number, given: Tensor, weight: Tensor, bias: Tensor | null): Operands {
  const input = toFloat(given, weight.dtype);
  if (input.ndim !== n + 1 && input.ndim !== n + 2) {
    throw new RuntimeError(
      `Expected ${n + 1}D (unbatched) or ${n + 2}D (batched) input to ${snakeCase(name)}, but got input of size: ${brackets(input.sizes)}`,
    );
  }
  if (weight.ndim < 3) throw new RuntimeError('weight should have at least three dimensions');
  if (weight.ndim !== n + 2) {
    throw new RuntimeError(
      `Expected ${weight.ndim}-dimensional input for ${weight.ndim}-dimensional weight${brackets(weight.sizes)}, but got ${n + 2}-dimensional input of size ${brackets(input.sizes)} instead`,
    );
  }
  if (bias && bias.dtype !== input.dtype)
    throw new RuntimeError(`Input type (${cppTypeName(input.dtype)}) and bias type (${cppTypeName(bias.dtype)}) should be the same`);
  if (input.dtype !== weight.dtype)
    throw new RuntimeError(`expected scalar type ${scalarTypeName(input.dtype)} but found ${scalarTypeName(weight.dtype)}`);
  const batched = input.ndim === n + 2;
  return { input: batched ? input : input.unsqueeze(0), weight, bias, batched };
}

function checkSteps(stride: readonly number[], padding: readonly number[], dilation: readonly number[], groups: number): void {
  if (stride.some((s) => s <= 0)) throw new RuntimeError('non-positive stride is not supported');
  if (padding.some((p) => p < 0)) throw new RuntimeError('negative padding is not supported');
  if (dilation.some((d) => d <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got ${brackets(dilation)}`);
  if (groups <= 0) throw new RuntimeError('non-positive groups is not supported');
}

function checkBias(bias: Tensor | null, channels: number, weight: Tensor): void {
  if (!bias || (bias.ndim === 1 && bias.sizes[0] === channels)) return;
  throw new RuntimeError(
    `Given weight of size ${brackets(weight.sizes)}, expected bias to be 1-dimensional with ${channels} elements, but got bias of size ${brackets(bias.sizes)} instead`,
  );
}

/** Padding in front; `'same'` keeps the size and puts the odd element behind. */
function paddingOf(
  padding: SizeN | string,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { front: number[]; total: number[] } {
  const n = kernel.length;
  if (typeof padding !== 'string') {
    const front = expandSize('padding', padding, n);
    return { front, total: front.map((p) => 2 * p) };
  }
  if (padding !== 'same' && padding !== 'valid') throw new RuntimeError(`Invalid padding string: '${padding}'`);
  if (padding === 'same' && stride.some((s) => s !== 1)) throw new RuntimeError("padding='same' is not supported for strided convolutions");
  const total = kernel.map((k, d) => (padding === 'same' ? dilation[d] * (k - 1) : 0));
  return { front: total.map((p) => Math.floor(p / 2)), total };
}

function convolution(
  name: string,
  n: number,
  given: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  strideN: SizeN = 1,
  padding: SizeN | string = 0,
  dilationN: SizeN = 1,
  groups = 1,
): Tensor {
  const { input, batched } = prepare(name, n, given, weight, bias);
  const [stride, dilation] = [expandSize('stride', strideN, n), expandSize('dilation', dilationN, n)];
  const [outChannels, perGroup, ...kernel] = weight.sizes;
  const { front, total } = paddingOf(padding, kernel, stride, dilation);
  checkSteps(stride, front, dilation, groups);
  const [batch, channels, ...spatial] = input.sizes;
  if (outChannels < groups || outChannels % groups !== 0) {
    throw new RuntimeError(
      `Given groups=${groups}, expected weight to be at least ${groups} at dimension 0 and divisible by it, but got weight of size ${brackets(weight.sizes)} instead`,
    );
  }
  if (channels !== perGroup * groups) {
    throw new RuntimeError(
      `Given groups=${groups}, weight of size ${brackets(weight.sizes)}, expected input${brackets(input.sizes)} to have ${perGroup * groups} channels, but got ${channels} channels instead`,
    );
  }
  checkBias(bias, outChannels, weight);
  const padded = spatial.map((size, d) => size + total[d]);
  const reach = kernel.map((k, d) => dilation[d] * (k - 1) + 1);
  if (padded.some((size, d) => size < reach[d])) {
    throw new RuntimeError(
      `Calculated padded input size per channel: (${padded.join(' x ')}). Kernel size: (${reach.join(' x ')}). Kernel size can't be greater than actual input size`,
    );
  }
  const output = [batch, outChannels, ...padded.map((size, d) => Math.floor((size - reach[d]) / stride[d]) + 1)];
  const geometry = { input: input.sizes, weight: weight.sizes, output, params: paramsOf(groups, stride, front, dilation) };
  const product = input.dtype.isComplex ? complexProduct(forwardProduct) : forwardProduct;
  const result = product(input, weight, bias, geometry);
  return batched ? result : result.squeeze(0);
}

function transposed(
  name: string,
  n: number,
  given: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  strideN: SizeN = 1,
  paddingN: SizeN = 0,
  outputPaddingN: SizeN = 0,
  groups = 1,
  dilationN: SizeN = 1,
): Tensor {
  const { input, batched } = prepare(name, n, given, weight, bias);
  const [stride, padding, dilation] = [
    expandSize('stride', strideN, n),
    expandSize('padding', paddingN, n),
    expandSize('dilation', dilationN, n),
  ];
  const outputPadding = expandSize('output_padding', outputPaddingN, n);
  checkSteps(stride, padding, dilation, groups);
  const [batch, channels, ...spatial] = input.sizes;
  const [inChannels, perGroup, ...kernel] = weight.sizes;
  if (channels !== inChannels) {
    throw new RuntimeError(
      `Given transposed=1, weight of size ${brackets(weight.sizes)}, expected input${brackets(input.sizes)} to have ${inChannels} channels, but got ${channels} channels instead`,
    );
  }
  checkBias(bias, perGroup * groups, weight);
  outputPadding.forEach((p, d) => {
    if (p >= stride[d] && p >= dilation[d])
      throw new RuntimeError(
        `output padding must be smaller than either stride or dilation, but got output_padding: ${p}, stride: ${stride[d]}, dilation: ${dilation[d]}`,
      );
  });
  const out = spatial.map((size, d) => (size - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel[d] - 1) + outputPadding[d] + 1);
  if (out.some((size) => size < 0))
    throw new RuntimeError(
      `Given input size per channel: (${spatial.join(' x ')}). Calculated output size per channel: (${out.join(' x ')}). Output size is too small`,
    );
  const geometry = {
    input: [batch, perGroup * groups, ...out],
    weight: weight.sizes,
    output: input.sizes,
    params: paramsOf(groups, stride, padding, dilation),
  };
  const product = input.dtype.isComplex ? complexTransposed : inputProduct;
  const result = product(input, weight, bias, geometry);
  return batched ? result : result.squeeze(0);
}

const complexTransposed: Product = complexProduct(inputProduct);

export interface ConvOptions {
  bias?: Tensor | null;
  stride?: SizeN;
  padding?: SizeN | 'same' | 'valid';
  dilation?: SizeN;
  groups?: number;
}

export type Conv = (
  input: Tensor,
  weight: Tensor,
  ...args: Args<[bias: Tensor | null, stride: SizeN, padding: SizeN | 'same' | 'valid', dilation: SizeN, groups: number], ConvOptions>
) => Tensor;

export type ConvTranspose = (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [bias: Tensor | null, stride: SizeN, padding: SizeN, outputPadding: SizeN, groups: number, dilation: SizeN],
    Omit<ConvOptions, 'padding'> & { padding?: SizeN; outputPadding?: SizeN }
  >
) => Tensor;

const conv = (name: string, n: number): Conv =>
  define(
    name,
    'input, weight, bias?, stride?, padding?, dilation?, groups?',
    (input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: SizeN, padding?: SizeN | string, dilation?: SizeN, groups?: number) =>
      convolution(name, n, input, weight, bias, stride, padding, dilation, groups),
  );

const convTranspose = (name: string, n: number): ConvTranspose =>
  define(
    name,
    'input, weight, bias?, stride?, padding?, outputPadding?, groups?, dilation?',
    (
      input: Tensor,
      weight: Tensor,
      bias?: Tensor | null,
      stride?: SizeN,
      padding?: SizeN,
      outputPadding?: SizeN,
      groups?: number,
      dilation?: SizeN,
    ) => transposed(name, n, input, weight, bias, stride, padding, outputPadding, groups, dilation),
  );

/**
 * The convolution of (N, C, L) or (C, L) with `weight` (O, C / groups, k): (N, O, L'). `padding` is a number, 'valid' or 'same'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 * @example F.conv1d(torch.ones(1, 1, 4), torch.ones(1, 1, 2))  // tensor([[[2., 2., 2.]]])
 */
export const conv1d: Conv = conv('conv1d', 1);
/**
 * The convolution of (N, C, H, W) or (C, H, W) with `weight` (O, C / groups, kH, kW): (N, O, H', W'). `padding` is a number, a pair,
 * 'valid' or 'same'. https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 * @example F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(6, 3, 3, 3), { padding: 1 }).shape  // torch.Size([1, 6, 8, 8])
 */
export const conv2d: Conv = conv('conv2d', 2);
/**
 * The convolution of (N, C, D, H, W) or (C, D, H, W) with `weight` (O, C / groups, kD, kH, kW): (N, O, D', H', W').
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 * @example F.conv3d(torch.ones(1, 1, 4, 4, 4), torch.ones(2, 1, 3, 3, 3)).shape  // torch.Size([1, 2, 2, 2, 2])
 */
export const conv3d: Conv = conv('conv3d', 3);
/**
 * The transpose of a convolution, which brings (N, C, L) back to its longer input; `weight` is (C, O / groups, k).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 * @example F.convTranspose1d(torch.ones(1, 1, 3), torch.ones(1, 1, 2))  // tensor([[[1., 2., 2., 1.]]])
 */
export const convTranspose1d: ConvTranspose = convTranspose('convTranspose1d', 1);
/**
 * The transpose of a convolution, which brings (N, C, H, W) back to its larger input; `weight` is (C, O / groups, kH, kW).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 * @example F.convTranspose2d(torch.ones(1, 3, 4, 4), torch.ones(3, 6, 2, 2), { stride: 2 }).shape  // torch.Size([1, 6, 8, 8])
 */
export const convTranspose2d: ConvTranspose = convTranspose('convTranspose2d', 2);
/**
 * The transpose of a convolution, which brings (N, C, D, H, W) back to its larger input; `weight` is (C, O / groups, kD, kH, kW).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
 * @example F.convTranspose3d(torch.ones(1, 2, 2, 2, 2), torch.ones(2, 1, 2, 2, 2)).shape  // torch.Size([1, 1, 3, 3, 3])
 */
export const convTranspose3d: ConvTranspose = convTranspose('convTranspose3d', 3);
