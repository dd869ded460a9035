/** Filling tensors with random numbers in place. */
import { bool, type DType, float32 } from '../ir/dtype.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { define, scalarTypeName } from './define.js';
import { alias, checkInplace } from './inplace.js';
import { mul } from './pointwise.js';
import { expand } from './view.js';
import { cpu, draw, refuse, type MaybeGenerator } from './generator.js';

/** An in-place fill: the tensor leaves the graph that its old value had. */
function filler<F>(name: string, spec: string, body: (t: Tensor, ...args: never[]) => void): F {
  return define(name, spec, (input: Tensor, ...args: unknown[]) => {
    checkInplace(input);
    (body as (t: Tensor, ...rest: unknown[]) => void)(alias(input), ...args);
    if (input.node) record(name, [input], input, [], ({ grad }) => [mul(grad, 0)]);
    return input;
  }) as F;
}

type Fill<A extends readonly unknown[], O> = (
  input: Tensor,
  ...args: Partial<A> | [...Partial<A>, O & { generator?: MaybeGenerator }] | [O & { generator?: MaybeGenerator }]
) => Tensor;

/** Complex numbers as pairs of real ones. */
export const realParts = (t: Tensor): Tensor =>
  t.dtype.isComplex ? new Tensor(t.storage, t.dtype.toReal(), [...t.sizes, 2], [...t.strides.map((s) => 2 * s), 1], 2 * t.offset) : t;

/**
 * Uniform in [from, to). https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).uniform_(-1, 1)  // tensor([-0.0075,  0.5364, -0.8230])
 */
export const uniform_: Fill<[from: number, to: number], { from?: number; to?: number }> = filler(
  'uniform_',
  'input, from?, to?, *, generator?',
  (t: Tensor, from = 0, to = 1, generator?: MaybeGenerator) => {
    if (!(from <= to)) throw new RuntimeError(`uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`);
    if (t.dtype.category < 2) throw refuse('check_uniform_bounds', t.dtype);
    draw('rng_uniform', realParts(t), generator, [from, to]);
  },
);

export function drawNormal(t: Tensor, mean: number, std: number, generator: MaybeGenerator): void {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${std}`);
  if (t.dtype.isComplex) {
    draw('rng_normal', realParts(t), generator, [mean, std / Math.SQRT2]);
  } else if (!t.dtype.isFloatingPoint) throw refuse('normal_kernel_cpu', t.dtype);
  else draw('rng_normal', t, generator, [mean, std]);
}

/**
 * Fills with numbers of the normal distribution with `mean` and `std`. https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).normal_(10, 0.1)  // tensor([10.1541,  9.9707,  9.7821])
 */
export const normal_: Fill<[mean: number, std: number], { mean?: number; std?: number }> = filler(
  'normal_',
  'input, mean?, std?, *, generator?',
  (t: Tensor, mean = 0, std = 1, generator?: MaybeGenerator) => drawNormal(t, mean, std, generator),
);

export const halves = (x: bigint): [number, number] => [Number(BigInt.asIntN(32, x >> 32n)), Number(BigInt.asUintN(32, x))];

/**
 * Integers of [from, to); all that the dtype holds if neither is given. https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3, { dtype: torch.int64 }).random_(10)  // tensor([4, 9, 3])
 */
export const random_: Fill<[from: number, to: number | null], { from?: number; to?: number }> = filler(
  'random_',
  'input, from?, to?, *, generator?',
  (t: Tensor, from?: number | bigint | null, to?: number | bigint | null, generator?: MaybeGenerator) => {
    if (from === undefined || from === null) {
      draw('rng_random', t, generator, []);
      return;
    }
    const [low, high] = to === undefined ? [0n, BigInt(from)] : [BigInt(from), to === null ? largestOf(t.dtype) + 1n : BigInt(to)];
    if (low === -(2n ** 63n) && to === null) {
      draw('rng_random', t, generator, [1]);
      return;
    }
    checkRange(low, high);
    draw('rng_randint', t, generator, [...halves(low), ...halves(high - low)]);
  },
);

export function checkRange(low: bigint, high: bigint): void {
  if (low >= high) throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
}

/** The largest integer that `random_` may draw for a dtype. */
function largestOf(dtype: DType): bigint {
  if (dtype.isFloatingPoint) return 2n ** BigInt(dtype.itemsize === 8 ? 53 : dtype === float32 ? 24 : dtype.name === 'float16' ? 11 : 8);
  if (dtype === bool) return 1n;
  return 2n ** BigInt(8 * dtype.itemsize - (dtype.isSigned ? 1 : 0)) - 1n;
}

const isProbability = (p: number): boolean => p >= 0 && p <= 1;

/**
 * Ones with probability p (a number, or a tensor that broadcasts), else zeros.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(4).bernoulli_(0.5)  // tensor([0., 0., 1., 0.])
 */
export const bernoulli_: Fill<[p: number | Tensor], { p?: number | Tensor }> = filler(
  'bernoulli_',
  'input, p?, *, generator?',
  (t: Tensor, p: number | Tensor = 0.5, generator?: MaybeGenerator) => {
    if (p instanceof Tensor) {
      drawBernoulli(t, expand(p, t.sizes), generator);
      return;
    }
    if (!isProbability(p)) throw new RuntimeError(`bernoulli_ expects p to be in [0, 1], but got p=${p}`);
    draw('rng_bernoulli', t, generator, [p]);
  },
);

export function drawBernoulli(t: Tensor, p: Tensor, generator: MaybeGenerator): void {
  if (!p.dtype.isFloatingPoint) throw new RuntimeError(`expected probabilities tensor to have floating type, got ${p.dtype}`);
  draw('rng_bernoulli_tensor', t, generator, [], [convert(p, p.dtype, cpu())]);
}

/**
 * Fills with numbers of the exponential distribution of rate `lambd`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).exponential_()  // tensor([3.5083, 1.2304, 0.6150])
 */
export const exponential_: Fill<[lambd: number], { lambd?: number }> = filler(
  'exponential_',
  'input, lambd?, *, generator?',
  (t: Tensor, lambd = 1, generator?: MaybeGenerator) => {
    if (!(lambd > 0)) throw new RuntimeError(`exponential_ expects lambda > 0.0, but found lambda=${lambd}`);
    if (!t.dtype.isFloatingPoint)
      throw new RuntimeError(
        `Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified ${scalarTypeName(t.dtype)}`,
      );
    draw('rng_exponential', t, generator, [lambd]);
  },
);
/**
 * Fills with the number of trials up to the first success of probability `p`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).geometric_(0.5)  // tensor([1., 1., 2.])
 */
export const geometric_: Fill<[p: number], { p?: number }> = filler(
  'geometric_',
  'input, p, *, generator?',
  (t: Tensor, p: number, generator?: MaybeGenerator) => {
    if (!(p > 0 && p < 1)) throw new RuntimeError(`geometric_ expects p to be in (0, 1), but got p=${p}`);
    draw('rng_geometric', t, generator, [p]);
  },
);
/**
 * Fills with numbers of the Cauchy distribution around `median`, of scale `sigma`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).cauchy_()  // tensor([10.5977,  0.7648, -0.1283])
 */
export const cauchy_: Fill<[median: number, sigma: number], { median?: number; sigma?: number }> = filler(
  'cauchy_',
  'input, median?, sigma?, *, generator?',
  (t: Tensor, median = 0, sigma = 1, generator?: MaybeGenerator) => {
    if (!(sigma > 0)) throw new RuntimeError(`cauchy_ expects sigma > 0.0, but found sigma=${sigma}`);
    if (!t.dtype.isFloatingPoint)
      throw new RuntimeError(
        `Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified ${scalarTypeName(t.dtype)}`,
      );
    draw('rng_cauchy', t, generator, [median, sigma]);
  },
);
/**
 * Log-normal numbers in place: e^x of normal x with `mean` and `std`.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html
 * @example
 * torch.manualSeed(0);
 * torch.empty(3).logNormal_()  // tensor([5.9263e+01, 1.5116e+00, 3.4819e-02])
 */
export const logNormal_: Fill<[mean: number, std: number], { mean?: number; std?: number }> = filler(
  'logNormal_',
  'input, mean?, std?, *, generator?',
  (t: Tensor, mean = 1, std = 2, generator?: MaybeGenerator) => {
    if (!(std > 0)) throw new RuntimeError(`log_normal_ expects std > 0.0, but found std=${std}`);
    if (!t.dtype.isFloatingPoint) throw refuse('log_normal_cpu', t.dtype);
    draw('rng_log_normal', t, generator, [mean, std]);
  },
);
