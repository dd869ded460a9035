/** `torch.nn.init`: fills tensors in place, outside the graph, with PyTorch's random numbers. https://pytorch.org/docs/stable/nn.init.html */
import { isOptions } from '../ops/signature.js';
import { noGrad } from '../autograd/modes.js';
import * as fill from '../ops/random.js';
import type { Generator } from '../ops/random.js';
import { empty } from '../ops/creation.js';
import { eye } from '../ops/sequences.js';
import { where } from '../ops/join.js';
import { runRoutine } from '../ops/routine.js';
import { indexFill } from '../ops/select.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind } from './arguments.js';
import { ValueError } from '../tensor/errors.js';

export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

/**
 * The recommended gain of a nonlinearity. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
 * @example nn.init.calculateGain('leaky_relu', 0.2)  // 1.3867504905630728
 */
export function calculateGain(nonlinearity: Nonlinearity, given: number | null | { param?: number | null } = null): number {
  const param = isOptions(given) ? (given.param ?? null) : given;
  if (/^(linear|sigmoid|conv(_transpose)?[123]d)$/.test(nonlinearity)) return 1;
  if (nonlinearity === 'tanh') return 5 / 3;
  if (nonlinearity === 'relu') return Math.SQRT2;
  if (nonlinearity === 'selu') return 3 / 4;
  if (nonlinearity !== 'leaky_relu') throw new ValueError(`Unsupported nonlinearity ${String(nonlinearity)}`);
  if (param !== null && typeof param !== 'number') throw new ValueError(`negative_slope ${String(param)} not a valid number`);
  return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
}

/**
 * How many inputs and outputs one element of a weight connects. https://pytorch.org/docs/stable/nn.init.html
 * @example nn.init._calculateFanInAndFanOut(torch.empty(3, 5))  // [ 5, 3 ]
 */
export function _calculateFanInAndFanOut(tensor: Tensor): [fanIn: number, fanOut: number] {
  if (tensor.ndim < 2) throw new ValueError('Fan in and fan out can not be computed for tensor with fewer than 2 dimensions');
  const [rows, cols, ...field] = tensor.sizes;
  const size = field.reduce((product, n) => product * n, 1);
  return [cols * size, rows * size];
}

interface Drawn {
  generator?: Generator | null;
}

const generatorOf = (generator: Generator | null | undefined) => (generator ? { generator } : {});

/**
 * Fills with numbers of the uniform distribution over [a, b). https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_
 * @example
 * torch.manualSeed(0);
 * nn.init.uniform_(torch.empty(3))  // tensor([0.4963, 0.7682, 0.0885])
 */
export function uniform_(tensor: Tensor, ...args: Args<[a: number, b: number], Drawn & { a?: number; b?: number }>): Tensor {
  const [a = 0, b = 1, generator] = bind<[number?, number?, (Generator | null)?]>('uniform_', 'a?, b?, generator?', args);
  return noGrad(() => fill.uniform_(tensor, a, b, generatorOf(generator)));
}

/**
 * Fills with numbers of the normal distribution with `mean` and `std`. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_
 * @example
 * torch.manualSeed(0);
 * nn.init.normal_(torch.empty(3))  // tensor([ 1.5410, -0.2934, -2.1788])
 */
export function normal_(tensor: Tensor, ...args: Args<[mean: number, std: number], Drawn & { mean?: number; std?: number }>): Tensor {
  const [mean = 0, std = 1, generator] = bind<[number?, number?, (Generator | null)?]>('normal_', 'mean?, std?, generator?', args);
  return noGrad(() => fill.normal_(tensor, mean, std, generatorOf(generator)));
}

/**
 * Fills with one value. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_
 * @example nn.init.constant_(torch.empty(2), 0.5)  // tensor([0.5000, 0.5000])
 */
export const constant_ = (tensor: Tensor, val: number | { val: number }): Tensor =>
  noGrad(() => tensor.fill_(typeof val === 'number' ? val : val.val));
/**
 * Fills with ones. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.ones_
 * @example nn.init.ones_(torch.empty(2))  // tensor([1., 1.])
 */
export const ones_ = (tensor: Tensor): Tensor => constant_(tensor, 1);
/**
 * Fills with zeros. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.zeros_
 * @example nn.init.zeros_(torch.empty(2))  // tensor([0., 0.])
 */
export const zeros_ = (tensor: Tensor): Tensor => constant_(tensor, 0);

interface TruncOptions extends Drawn {
  mean?: number;
  std?: number;
  a?: number;
  b?: number;
}

/**
 * Fills with numbers of the normal distribution; those outside of [a, b] are drawn again.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 * @example
 * torch.manualSeed(0);
 * nn.init.truncNormal_(torch.empty(3), { std: 0.02 })  // tensor([ 0.0308, -0.0059, -0.0436])
 */
export function truncNormal_(tensor: Tensor, ...args: Args<[mean: number, std: number, a: number, b: number], TruncOptions>): Tensor {
  const [mean = 0, std = 1, a = -2, b = 2, generator] = bind<[number?, number?, number?, number?, (Generator | null)?]>(
    'truncNormal_',
    'mean?, std?, a?, b?, generator?',
    args,
  );
  if (!(a < b)) throw new Error(`trunc_normal_ expects a < b, but got a=${a} and b=${b}`);
  const drawn = () => fill.normal_(empty(tensor.sizes, { dtype: tensor.dtype, device: tensor.device }), mean, std, generatorOf(generator));
  const outside = () => tensor.lt(a).logicalOr(tensor.gt(b));
  return noGrad(() => {
    tensor.copy_(drawn());
    for (let wrong = outside(); wrong.any().item(); wrong = outside()) tensor.copy_(where(wrong, drawn(), tensor));
    return tensor;
  });
}

/**
 * Fills a matrix with the identity. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_
 * @example
 * nn.init.eye_(torch.empty(2, 3))
 * // tensor([[1., 0., 0.],
 * //         [0., 1., 0.]])
 */
export function eye_(tensor: Tensor): Tensor {
  if (tensor.ndim !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  return noGrad(() => tensor.copy_(eye(tensor.sizes[0], tensor.sizes[1])));
}

/**
 * Fills the weight of a convolution so that it passes its input through. https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
 * @example nn.init.dirac_(torch.empty(1, 1, 3))  // tensor([[[0., 1., 0.]]])
 */
export function dirac_(tensor: Tensor, groups: number | { groups?: number } = 1): Tensor {
  const count = typeof groups === 'number' ? groups : (groups.groups ?? 1);
  if (tensor.ndim < 3 || tensor.ndim > 5) throw new ValueError('Only tensors with 3, 4, or 5 dimensions are supported');
  const [outChannels, inChannels, ...field] = tensor.sizes;
  if (outChannels % count !== 0) throw new ValueError('dim 0 must be divisible by groups');
  const perGroup = outChannels / count;
  const centre = field.map((size) => Math.floor(size / 2));
  return noGrad(() => {
    tensor.zero_();
    for (let group = 0; group < count; group++) {
      for (let d = 0; d < Math.min(perGroup, inChannels); d++)
        [group * perGroup + d, d, ...centre].reduce((part, i) => part.select(0, i), tensor).fill_(1);
    }
    return tensor;
  });
}

interface XavierOptions extends Drawn {
  gain?: number;
}

const gainAndGenerator = (name: string, args: readonly unknown[]) => bind<[number?, (Generator | null)?]>(name, 'gain?, generator?', args);

function xavierStd(tensor: Tensor, gain: number): number {
  const [fanIn, fanOut] = _calculateFanInAndFanOut(tensor);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Fills with U(-a, a), a = gain · √(6 / (fanIn + fanOut)). Glorot & Bengio, 2010.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_
 * @example
 * torch.manualSeed(0);
 * nn.init.xavierUniform_(torch.empty(1, 3))  // tensor([[-0.0092,  0.6570, -1.0080]])
 */
export function xavierUniform_(tensor: Tensor, ...args: Args<[gain: number], XavierOptions>): Tensor {
  const [gain = 1, generator] = gainAndGenerator('xavierUniform_', args);
  const bound = Math.sqrt(3) * xavierStd(tensor, gain);
  return uniform_(tensor, -bound, bound, { generator });
}

/**
 * Fills with N(0, std²), std = gain · √(2 / (fanIn + fanOut)). Glorot & Bengio, 2010.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_normal_
 * @example
 * torch.manualSeed(0);
 * nn.init.xavierNormal_(torch.empty(1, 3))  // tensor([[ 1.0896, -0.2075, -1.5406]])
 */
export function xavierNormal_(tensor: Tensor, ...args: Args<[gain: number], XavierOptions>): Tensor {
  const [gain = 1, generator] = gainAndGenerator('xavierNormal_', args);
  return normal_(tensor, 0, xavierStd(tensor, gain), { generator });
}

type FanMode = 'fan_in' | 'fan_out';

interface KaimingOptions extends Drawn {
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}

type KaimingArgs = Args<[a: number, mode: FanMode, nonlinearity: Nonlinearity], KaimingOptions>;

function kaiming(name: string, tensor: Tensor, args: readonly unknown[]): { std: number; generator?: Generator | null } {
  const [a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu', generator] = bind<[number?, FanMode?, Nonlinearity?, (Generator | null)?]>(
    name,
    'a?, mode?, nonlinearity?, generator?',
    args,
  );
  if (mode !== 'fan_in' && mode !== 'fan_out')
    throw new Error(`Mode ${String(mode)} not supported, please use one of ['fan_in', 'fan_out']`);
  const fans = _calculateFanInAndFanOut(tensor);
  return { std: calculateGain(nonlinearity, a) / Math.sqrt(fans[mode === 'fan_in' ? 0 : 1]), generator };
}

const isEmpty = (tensor: Tensor): boolean => tensor.sizes.includes(0);

/**
 * Fills with U(-b, b), b = gain · √(3 / fan), with the fan and the nonlinearity of the options. He et al., 2015.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_
 * @example
 * torch.manualSeed(0);
 * nn.init.kaimingUniform_(torch.empty(1, 3), { nonlinearity: 'relu' })  // tensor([[-0.0106,  0.7586, -1.1640]])
 */
export function kaimingUniform_(tensor: Tensor, ...args: KaimingArgs): Tensor {
  if (isEmpty(tensor)) return tensor;
  const { std, generator } = kaiming('kaimingUniform_', tensor, args);
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, { generator });
}

/**
 * Fills with N(0, std²), std = gain / √fan, with the fan and the nonlinearity of the options. He et al., 2015.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_
 * @example
 * torch.manualSeed(0);
 * nn.init.kaimingNormal_(torch.empty(1, 3), { mode: 'fan_out' })  // tensor([[ 2.1793, -0.4150, -3.0813]])
 */
export function kaimingNormal_(tensor: Tensor, ...args: KaimingArgs): Tensor {
  if (isEmpty(tensor)) return tensor;
  const { std, generator } = kaiming('kaimingNormal_', tensor, args);
  return normal_(tensor, 0, std, { generator });
}

/** Orthonormal columns with the span of `a` (m ≥ n), and the diagonal of R. */
function factor(a: Tensor): { q: Tensor; diagonal: Tensor } {
  const [m, n] = a.sizes;
  const [q, tau] = [empty([m, n], { dtype: a.dtype }), empty([n], { dtype: a.dtype })];
  runRoutine('geqrf', [a, tau]);
  runRoutine('householder_product', [q, a, tau]);
  return { q, diagonal: a.diagonal() };
}

/**
 * Fills a matrix with orthonormal rows or columns (Saxe et al., 2013); further dims count as columns.
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 * @example
 * torch.manualSeed(0);
 * const w = nn.init.orthogonal_(torch.empty(2, 2));
 * torch.dist(w.matmul(w.T), torch.eye(2)).lt(1e-5)  // tensor(True)
 */
export function orthogonal_(tensor: Tensor, ...args: Args<[gain: number], XavierOptions>): Tensor {
  const [gain = 1, generator] = gainAndGenerator('orthogonal_', args);
  if (tensor.ndim < 2) throw new ValueError('Only tensors with 2 or more dimensions are supported');
  if (isEmpty(tensor)) return tensor;
  const rows = tensor.sizes[0];
  const cols = tensor.numel() / rows;
  return noGrad(() => {
    const drawn = fill.normal_(empty([rows, cols], { dtype: tensor.dtype, device: tensor.device }), 0, 1, generatorOf(generator));
    const { q, diagonal } = factor(rows < cols ? drawn.t().contiguous() : drawn);
    const signed = q.mul(diagonal.sign());
    return tensor.copy_((rows < cols ? signed.t() : signed).reshape(tensor.sizes)).mul_(gain);
  });
}

/**
 * Fills a matrix with N(0, std²), and a fraction of every column with zeros (Martens, 2010).
 * https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
 * @example
 * torch.manualSeed(0);
 * nn.init.sparse_(torch.empty(4, 2), 0.5).eq(0).sum(0)  // tensor([2, 2])
 */
export function sparse_(
  tensor: Tensor,
  ...args: [sparsity: number, ...Args<[std: number], Drawn & { std?: number }>] | [Drawn & { sparsity: number; std?: number }]
): Tensor {
  const [sparsity, std = 0.01, generator] = bind<[number, number?, (Generator | null)?]>('sparse_', 'sparsity, std?, generator?', args);
  if (tensor.ndim !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  const [rows, cols] = tensor.sizes;
  const zeros = Math.ceil(sparsity * rows);
  return noGrad(() => {
    fill.normal_(tensor, 0, std, generatorOf(generator));
    for (let col = 0; col < cols; col++) {
      const column = tensor.select(1, col);
      column.copy_(indexFill(column, 0, fill.randperm(rows).narrow(0, 0, zeros), 0));
    }
    return tensor;
  });
}
