/** Random numbers, equal to those of PyTorch's CPU generator for the same seed. Other devices receive what the CPU draws. */
import { bool, int64 } from '../ir/dtype.js';
import { RoutineError } from '../device/device.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { broadcastSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { empty, emptyLike } from './creation.js';
import { sumToSize } from './apply.js';
import { define, scalarTypeName } from './define.js';
import { alias } from './inplace.js';
import { contiguousRaw, fresh, toDType } from './memory.js';
import { add, div, mul } from './pointwise.js';
import { emptyOn, runRoutine } from './routine.js';
import { isOptions } from './signature.js';
import type { FactoryOptions, Op } from './types.js';
import { cpu, draw, refuse, type MaybeGenerator } from './generator.js';
import { bernoulli_, checkRange, drawBernoulli, drawNormal, halves, realParts } from './random-fill.js';

export { defaultGenerator, Generator, getRngState, initialSeed, manualSeed, seed, setRngState } from './generator.js';
export { bernoulli_, cauchy_, exponential_, geometric_, logNormal_, normal_, random_, uniform_ } from './random-fill.js';

export interface RandomOptions extends FactoryOptions {
  generator?: MaybeGenerator;
}

/** Makes a tensor without gradient, fills it, then marks it. */
function filled(
  make: (options: FactoryOptions) => Tensor,
  { generator, requiresGrad, ...options }: RandomOptions,
  fill: (t: Tensor, generator: MaybeGenerator) => void,
): Tensor {
  const t = make(options);
  fill(t, generator);
  return requiresGrad ? fresh(t).requiresGrad_() : fresh(t);
}

/** Positional arguments and the options object behind them. */
function parted(args: readonly unknown[]): { rest: unknown[]; options: RandomOptions & Record<string, unknown> } {
  const last = args.at(-1);
  return isOptions(last)
    ? { rest: args.slice(0, -1), options: { ...last } as RandomOptions & Record<string, unknown> }
    : { rest: [...args], options: {} };
}

type Sized = (...size: [...(number | readonly number[])[], RandomOptions] | (number | readonly number[])[]) => Tensor;

const sized =
  (name: string, fill: (t: Tensor, generator: MaybeGenerator) => void): Sized =>
  (...args) => {
    const { rest, options } = parted(args);
    const dtype = options.dtype ? toDType(options.dtype) : getDefaultDtype();
    if (dtype.category < 2) throw refuse(name, dtype);
    return filled((others) => empty(...(rest as number[]), others), { ...options, dtype }, fill);
  };

/** Uniform numbers of [0, 1), and normal numbers; complex ones have such parts. */
const fillUniform = (t: Tensor, generator: MaybeGenerator): void => void draw('rng_uniform', realParts(t), generator, [0, 1]);
const fillNormal = (t: Tensor, generator: MaybeGenerator): void => drawNormal(t, 0, 1, generator);

/**
 * Uniform numbers of [0, 1). https://pytorch.org/docs/stable/generated/torch.rand.html
 * @example
 * torch.manualSeed(0);
 * torch.rand(2, 2)
 * // tensor([[0.4963, 0.7682],
 * //         [0.0885, 0.1320]])
 */
export const rand: Sized = sized('check_uniform_bounds', fillUniform);
/**
 * Standard normal numbers. https://pytorch.org/docs/stable/generated/torch.randn.html
 * @example
 * torch.manualSeed(0);
 * torch.randn(2, 2)
 * // tensor([[ 1.5410, -0.2934],
 * //         [-2.1788,  0.5684]])
 */
export const randn: Sized = sized('normal_kernel_cpu', fillNormal);

type Like = (input: Tensor, options?: RandomOptions) => Tensor;
const like =
  (fill: (t: Tensor, generator: MaybeGenerator) => void): Like =>
  (input, options = {}) =>
    filled((others) => emptyLike(input, others as object), options, fill);
/**
 * Uniform numbers in [0, 1), in the shape, dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.rand_like.html
 * @example
 * torch.manualSeed(0);
 * torch.randLike(torch.zeros(3))  // tensor([0.4963, 0.7682, 0.0885])
 */
export const randLike: Like = like(fillUniform);
/**
 * Standard normal numbers, in the shape, dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.randn_like.html
 * @example
 * torch.manualSeed(0);
 * torch.randnLike(torch.zeros(3))  // tensor([ 1.5410, -0.2934, -2.1788])
 */
export const randnLike: Like = like(fillNormal);

type RandintArgs =
  | [high: number, size: readonly number[], options?: RandomOptions]
  | [low: number, high: number, size: readonly number[], options?: RandomOptions]
  | [options: RandomOptions & { low?: number; high: number; size: readonly number[] }];

/**
 * Integers of [low, high), low being 0 unless given. https://pytorch.org/docs/stable/generated/torch.randint.html
 * @example
 * torch.manualSeed(0);
 * torch.randint(0, 10, [5])  // tensor([4, 9, 3, 0, 3])
 */
export function randint(...args: RandintArgs): Tensor {
  const { rest, options } = parted(args);
  const size = (options.size ?? rest.find((each) => Array.isArray(each))) as readonly number[] | undefined;
  const numbers = rest.filter((each) => typeof each === 'number' || typeof each === 'bigint');
  const high = (options.high ?? numbers.at(-1)) as number | undefined;
  const low = (options.low ?? (numbers.length > 1 ? numbers[0] : 0)) as number;
  if (high === undefined || size === undefined)
    throw new TypeError(
      'randint() received an invalid combination of arguments - expected (int high, tuple of ints size) or (int low, int high, tuple of ints size)',
    );
  const { low: _low, high: _high, size: _size, ...others } = options;
  return filled(
    (factory) => empty(size, { ...factory, dtype: factory.dtype ?? int64 }),
    others,
    (t, generator) => fillInteger(t, low, high, generator),
  );
}

function fillInteger(t: Tensor, low: number, high: number, generator: MaybeGenerator): void {
  const [from, to] = [BigInt(Math.trunc(Number(low))), BigInt(Math.trunc(Number(high)))];
  checkRange(from, to);
  draw('rng_randint', t, generator, [...halves(from), ...halves(to - from)]);
}

/**
 * Integers in [low, high), in the shape, dtype and device of `input`. https://pytorch.org/docs/stable/generated/torch.randint_like.html
 * @example
 * torch.manualSeed(0);
 * torch.randintLike(torch.zeros(3), 10)  // tensor([4., 9., 3.])
 */
export function randintLike(
  input: Tensor,
  ...args: [high: number, options?: RandomOptions] | [low: number, high: number, options?: RandomOptions]
): Tensor {
  const { rest, options } = parted(args);
  const { low, high, ...others } = options as RandomOptions & { low?: number; high?: number };
  const numbers = rest as number[];
  return filled(
    (factory) => emptyLike(input, factory as object),
    others,
    (t, generator) => fillInteger(t, low ?? (numbers.length > 1 ? numbers[0] : 0), high ?? numbers.at(-1)!, generator),
  );
}

/**
 * A random permutation of 0 … n − 1. https://pytorch.org/docs/stable/generated/torch.randperm.html
 * @example
 * torch.manualSeed(0);
 * torch.randperm(4)  // tensor([0, 1, 3, 2])
 */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  if (!(Number.isInteger(n) && n >= 0)) throw new RuntimeError(`Trying to create tensor with negative dimension ${n}: [${n}]`);
  const t = filled(
    (others) => empty([n], { ...others, dtype: int64 }),
    { ...options, requiresGrad: false },
    (each, generator) => draw('rng_randperm', each, generator, []),
  );
  return options.dtype ? convert(t, toDType(options.dtype)) : t;
}

type Normal = {
  (mean: Tensor | number, std: Tensor | number, options?: RandomOptions): Tensor;
  (mean: number, std: number, size: readonly number[], options?: RandomOptions): Tensor;
  (mean: Tensor, options?: RandomOptions): Tensor;
};
/**
 * Normal numbers with means and deviations of their own, or of a given size. https://pytorch.org/docs/stable/generated/torch.normal.html
 * @example
 * torch.manualSeed(0);
 * torch.normal(torch.tensor([0.5, 100]), torch.tensor([1, 0.1]))  // tensor([ 2.0410, 99.9707])
 */
export const normal: Normal = (...args: unknown[]): Tensor => {
  const { rest, options } = parted(args);
  const [mean = options.mean ?? 0, std = options.std ?? 1, size = options.size] = rest as [
    Tensor | number | undefined,
    Tensor | number | undefined,
    readonly number[] | undefined,
  ];
  const { mean: _mean, std: _std, size: _size, ...others } = options;
  if (!(mean instanceof Tensor) && !(std instanceof Tensor)) {
    return filled(
      (factory) => empty((size ?? []) as readonly number[], factory),
      others,
      (t, generator) => drawNormal(t, mean as number, std as number, generator),
    );
  }
  return scaledNormal(mean as Tensor | number, std as Tensor | number, others.generator);
};

function scaledNormal(mean: Tensor | number, std: Tensor | number, generator: MaybeGenerator): Tensor {
  const sizesOf = (x: Tensor | number): readonly number[] => (x instanceof Tensor ? x.sizes : []);
  const model = (mean instanceof Tensor ? mean : std) as Tensor;
  if (std instanceof Tensor ? numelOf(std.sizes) > 0 && Number(std.detach().amin().item()) < 0 : std < 0)
    throw new RuntimeError('normal expects all elements of std >= 0.0');
  const t = emptyTensor(model.storage.device, model.dtype, [...broadcastSizes(sizesOf(mean), sizesOf(std))]);
  fillNormal(t, generator);
  const plain = (x: Tensor | number): Tensor | number => (x instanceof Tensor ? alias(x) : x);
  const result = add(mul(t, plain(std)), plain(mean));
  const overload = !(mean instanceof Tensor) ? 2 : std instanceof Tensor ? 3 : 1;
  return record(
    `NormalBackward${overload}`,
    [mean, std].filter((x) => x instanceof Tensor),
    result,
    [],
    ({ grad }) => [mean, std].flatMap((x) => (x instanceof Tensor ? [sumToSize(mul(grad, 0), x.sizes)] : [])),
  );
}

/**
 * Zeros and ones: one with the probability that `input` gives, or with p. https://pytorch.org/docs/stable/generated/torch.bernoulli.html
 * @example
 * torch.manualSeed(0);
 * torch.bernoulli(torch.tensor([0, 0.5, 0.5, 1]))  // tensor([0., 0., 1., 1.])
 */
export const bernoulli: Op<[], [p: number], { p: number; generator: MaybeGenerator }> = define(
  'bernoulli',
  'input, p?, *, generator?',
  (input: Tensor, p?: number, generator?: MaybeGenerator) => {
    const t = emptyOn(input, input.sizes);
    if (p !== undefined && p !== null) bernoulli_(t, p, { generator });
    else drawBernoulli(t, input, generator);
    return record('bernoulli', [input], fresh(t), [], ({ grad }) => [mul(grad, 0)]);
  },
);

/**
 * Poisson numbers of the given rates. https://pytorch.org/docs/stable/generated/torch.poisson.html
 * @example
 * torch.manualSeed(0);
 * torch.poisson(torch.tensor([0.5, 3, 30]))  // tensor([ 2.,  4., 31.])
 */
export const poisson: Op<[], [], { generator: MaybeGenerator }> = define(
  'poisson',
  'input, generator?',
  (input: Tensor, generator?: MaybeGenerator) => {
    if (!input.dtype.isFloatingPoint) throw refuse('poisson_cpu', input.dtype);
    const t = emptyOn(input, input.sizes);
    try {
      draw('rng_poisson', t, generator, [], [convert(alias(input), input.dtype, cpu())]);
    } catch (error) {
      throw error instanceof RoutineError ? new RuntimeError('invalid Poisson rate, expected rate to be non-negative') : error;
    }
    return record('poisson', [input], fresh(t), [], ({ grad }) => [mul(grad, 0)]);
  },
);

/**
 * Positions drawn with the given weights. https://pytorch.org/docs/stable/generated/torch.multinomial.html
 * @example
 * torch.manualSeed(0);
 * torch.multinomial(torch.tensor([0, 0.3, 0.7]), 4, true)  // tensor([2, 2, 2, 2])
 */
export const multinomial: Op<[numSamples: number], [replacement: boolean], { replacement: boolean; generator: MaybeGenerator }> = define(
  'multinomial',
  'input, numSamples, replacement?, *, generator?',
  (given: Tensor, count: number, replacement = false, generator?: MaybeGenerator) => {
    if (given.ndim !== 1 && given.ndim !== 2) throw new RuntimeError('prob_dist must be 1 or 2 dim');
    if (given.dtype.isComplex || given.dtype === bool)
      throw new RuntimeError(`multinomial only supports floating-point dtypes for input, got: ${scalarTypeName(given.dtype)}`);
    const input = given.dtype.isFloatingPoint ? given : convert(alias(given), getDefaultDtype(), given.storage.device);
    if (!(count > 0)) throw new RuntimeError('cannot sample n_sample <= 0 samples');
    const n = input.sizes[input.ndim - 1];
    if (n > 2 ** 24) throw new RuntimeError('number of categories cannot exceed 2^24');
    if (!replacement && count > n) throw new RuntimeError('cannot sample n_sample > prob_dist.size(-1) samples without replacement');
    const weights = convert(alias(input), input.dtype, cpu()).view(input.ndim === 2 ? input.sizes : [1, n]);
    const out = emptyTensor(cpu(), int64, [weights.sizes[0], count]);
    if (weights.sizes[0] > 0) (replacement && count > 1 ? drawWith : drawWithout)(out, weights, generator);
    return convert(input.ndim === 2 ? out : out.view([count]), int64, input.storage.device);
  },
  Object.assign((_: string, got: string) => `multinomial expects Long tensor out, got: ${got}`, { dtype: int64 }),
);

const weightErrors: Record<number, string> = {
  1: 'probability tensor contains either `inf`, `nan` or element < 0',
  2: 'invalid multinomial distribution (sum of probabilities <= 0)',
  3: 'invalid multinomial distribution (encountering probability entry < 0)',
  4: 'invalid multinomial distribution (encountering probability entry = infinity or NaN)',
};
const badWeights = (kind: number): Error => new RuntimeError(weightErrors[kind]);

function drawWith(out: Tensor, weights: Tensor, generator: MaybeGenerator): void {
  try {
    draw('rng_multinomial', out, generator, [], [weights]);
  } catch (error) {
    throw error instanceof RoutineError ? badWeights(error.details[0]) : error;
  }
}

/** The largest of weight / exponential: as PyTorch samples without replacement, and single samples. */
function drawWithout(out: Tensor, weights: Tensor, generator: MaybeGenerator): void {
  if (!weights.ge(0).logicalAnd(weights.lt(Infinity)).all().item()) throw badWeights(1);
  if (weights.sum(1).le(0).any().item()) throw badWeights(2);
  const keys = draw('rng_exponential', emptyLike(weights), generator, [1]);
  const [rows, count] = out.sizes;
  runRoutine('topk', [emptyTensor(cpu(), weights.dtype, [rows, count]), out, contiguousRaw(div(weights, keys))], [1]);
}
