/** Random numbers, equal to those of PyTorch's CPU generator for the same seed. Other devices receive what the CPU draws. */
import { bool, type DType, float32, int32, int64, uint8 } from '../ir/dtype.js';
import { RoutineError } from '../device/device.js';
import { getDevice } from '../device/registry.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { broadcastSizes, contiguousStrides, isContiguous } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { empty, emptyLike, frombuffer } from './creation.js';
import { define, scalarTypeName, sumToSize } from './define.js';
import { alias, checkInplace } from './inplace.js';
import { contiguousRaw, copyInto, toDType } from './memory.js';
import { add, div, mul } from './pointwise.js';
import { runRoutine } from './routine.js';
import { isOptions } from './signature.js';
import { expand } from './view.js';
import type { FactoryOptions, Op } from './types.js';

const STATE_WORDS = 628;
const DEFAULT_SEED = 67280421310721;

const cpu = () => getDevice('cpu');

/** A stream of random numbers with a state of its own. https://pytorch.org/docs/stable/generated/torch.Generator.html */
export class Generator {
  readonly device: string;
  private seedValue: bigint = BigInt(DEFAULT_SEED);
  private stateTensor: Tensor | null = null;

  constructor(device: string | { device?: unknown } = 'cpu') {
    this.device = typeof device === 'string' ? device : String(device.device ?? 'cpu');
  }

  /** The state that routines draw from (int32 words). */
  get state(): Tensor {
    if (!this.stateTensor) this.reset();
    return this.stateTensor!;
  }

  private reset(): void {
    this.stateTensor ??= emptyTensor(cpu(), int32, [STATE_WORDS]);
    runRoutine('rng_seed', [this.stateTensor], [Number(BigInt.asUintN(32, this.seedValue))]);
  }

  /** Starts again from a seed (any integer of 64 bits). */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === 'number' && !Number.isInteger(seed)) throw new TypeError(`manual_seed expected a long, but got ${seed}`);
    const value = BigInt(seed);
    if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new RuntimeError('Overflow when unpacking long long');
    this.seedValue = value < 0n ? value + 2n ** 64n : value;
    this.reset();
    return this;
  }

  initialSeed(): number | bigint {
    return this.seedValue <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.seedValue) : this.seedValue;
  }

  /** Takes a seed from the clock and gives it. */
  seed(): number | bigint {
    const random = crypto.getRandomValues(new BigUint64Array(1))[0];
    return this.manualSeed(random & (2n ** 53n - 1n)).initialSeed();
  }

  /** The whole state as bytes. */
  getState(): Tensor {
    const bytes = new Uint8Array(STATE_WORDS * 4);
    const { state } = this;
    state.storage.device.read(state.buffer, 0, bytes);
    return frombuffer(bytes, { dtype: uint8 });
  }

  setState(state: Tensor): this {
    if (!(state instanceof Tensor) || state.dtype !== uint8) throw new TypeError('expected a torch.ByteTensor');
    if (numelOf(state.sizes) !== STATE_WORDS * 4) throw new RuntimeError('RNG state is wrong size');
    const bytes = new Uint8Array(STATE_WORDS * 4);
    const dense = contiguousRaw(state);
    dense.storage.device.read(dense.buffer, dense.offset, bytes);
    this.state.storage.device.write(this.state.buffer, 0, bytes);
    return this;
  }
}

/** What random functions draw from unless they are given another. */
export const defaultGenerator = new Generator();

/** Seeds the default generator. https://pytorch.org/docs/stable/generated/torch.manual_seed.html */
export const manualSeed = (seed: number | bigint): Generator => defaultGenerator.manualSeed(seed);
export const initialSeed = (): number | bigint => defaultGenerator.initialSeed();
export const seed = (): number | bigint => defaultGenerator.seed();
export const getRngState = (): Tensor => defaultGenerator.getState();
export const setRngState = (state: Tensor): void => void defaultGenerator.setState(state);

type MaybeGenerator = Generator | null | undefined;

/** Draws into `t` in row-major order, wherever and however it lies. */
function draw(routine: string, t: Tensor, generator: MaybeGenerator, params: readonly number[], extra: readonly Tensor[] = []): Tensor {
  if (numelOf(t.sizes) === 0) return t;
  const { state } = generator ?? defaultGenerator;
  const direct = t.storage.device === cpu() && isContiguous(t.sizes, t.strides);
  const target = direct
    ? new Tensor(t.storage, t.dtype, t.sizes, contiguousStrides(t.sizes), t.offset)
    : emptyTensor(cpu(), t.dtype, t.sizes);
  const more = routine === 'rng_normal' ? [direct || t.storage.device !== cpu() ? 0 : 1] : [];
  runRoutine(routine, [target, state, ...extra], [...params, ...more]);
  if (direct) t.storage.version++;
  else copyInto(t, target.storage.device === t.storage.device ? target : convert(target, t.dtype, t.storage.device));
  return t;
}

const refuse = (name: string, dtype: DType): Error => new RuntimeError(`"${name}" not implemented for '${scalarTypeName(dtype)}'`);

// --- in place ---------------------------------------------------------------------------------------------------------------------

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
const realParts = (t: Tensor): Tensor =>
  t.dtype.isComplex ? new Tensor(t.storage, t.dtype.toReal(), [...t.sizes, 2], [...t.strides.map((s) => 2 * s), 1], 2 * t.offset) : t;

/** Uniform in [from, to). https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html */
export const uniform_: Fill<[from: number, to: number], { from?: number; to?: number }> = filler(
  'uniform_',
  'input, from?, to?, *, generator?',
  (t: Tensor, from = 0, to = 1, generator?: MaybeGenerator) => {
    if (!(from <= to)) throw new RuntimeError(`uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`);
    if (t.dtype.category < 2) throw refuse('check_uniform_bounds', t.dtype);
    draw('rng_uniform', realParts(t), generator, [from, to]);
  },
);

function drawNormal(t: Tensor, mean: number, std: number, generator: MaybeGenerator): void {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${std}`);
  if (t.dtype.isComplex) {
    draw('rng_normal', realParts(t), generator, [mean, std / Math.SQRT2]);
  } else if (!t.dtype.isFloatingPoint) throw refuse('normal_kernel_cpu', t.dtype);
  else draw('rng_normal', t, generator, [mean, std]);
}

/** Normal numbers. https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html */
export const normal_: Fill<[mean: number, std: number], { mean?: number; std?: number }> = filler(
  'normal_',
  'input, mean?, std?, *, generator?',
  (t: Tensor, mean = 0, std = 1, generator?: MaybeGenerator) => drawNormal(t, mean, std, generator),
);

const halves = (x: bigint): [number, number] => [Number(BigInt.asIntN(32, x >> 32n)), Number(BigInt.asUintN(32, x))];

/** Integers of [from, to); all that the dtype holds if neither is given. https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html */
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

function checkRange(low: bigint, high: bigint): void {
  if (low >= high) throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
}

/** The largest integer that `random_` may draw for a dtype. */
function largestOf(dtype: DType): bigint {
  if (dtype.isFloatingPoint) return 2n ** BigInt(dtype.itemsize === 8 ? 53 : dtype === float32 ? 24 : dtype.name === 'float16' ? 11 : 8);
  if (dtype === bool) return 1n;
  return 2n ** BigInt(8 * dtype.itemsize - (dtype.isSigned ? 1 : 0)) - 1n;
}

const isProbability = (p: number): boolean => p >= 0 && p <= 1;

/** Ones with probability p (a number, or a tensor that broadcasts), else zeros. https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html */
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

function drawBernoulli(t: Tensor, p: Tensor, generator: MaybeGenerator): void {
  if (!p.dtype.isFloatingPoint) throw new RuntimeError(`expected probabilities tensor to have floating type, got ${p.dtype}`);
  draw('rng_bernoulli_tensor', t, generator, [], [contiguousRaw(convert(p, p.dtype, cpu()))]);
}

/** https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html */
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
/** https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html */
export const geometric_: Fill<[p: number], { p?: number }> = filler(
  'geometric_',
  'input, p, *, generator?',
  (t: Tensor, p: number, generator?: MaybeGenerator) => {
    if (!(p > 0 && p < 1)) throw new RuntimeError(`geometric_ expects p to be in (0, 1), but got p=${p}`);
    draw('rng_geometric', t, generator, [p]);
  },
);
/** https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html */
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
/** https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html */
export const logNormal_: Fill<[mean: number, std: number], { mean?: number; std?: number }> = filler(
  'logNormal_',
  'input, mean?, std?, *, generator?',
  (t: Tensor, mean = 1, std = 2, generator?: MaybeGenerator) => {
    if (!(std > 0)) throw new RuntimeError(`log_normal_ expects std > 0.0, but found std=${std}`);
    if (!t.dtype.isFloatingPoint) throw refuse('log_normal_cpu', t.dtype);
    draw('rng_log_normal', t, generator, [mean, std]);
  },
);

// --- new tensors -------------------------------------------------------------------------------------------------------------------

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
  return requiresGrad ? t.requiresGrad_() : t;
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
const fillUniform = (t: Tensor, generator: MaybeGenerator): void => {
  const parts = t.dtype.isComplex ? new Tensor(t.storage, t.dtype.toReal(), [...t.sizes, 2], contiguousStrides([...t.sizes, 2]), 0) : t;
  draw('rng_uniform', parts, generator, [0, 1]);
};
const fillNormal = (t: Tensor, generator: MaybeGenerator): void => drawNormal(t, 0, 1, generator);

/** Uniform numbers of [0, 1). https://pytorch.org/docs/stable/generated/torch.rand.html */
export const rand: Sized = sized('check_uniform_bounds', fillUniform);
/** Standard normal numbers. https://pytorch.org/docs/stable/generated/torch.randn.html */
export const randn: Sized = sized('normal_kernel_cpu', fillNormal);

type Like = (input: Tensor, options?: RandomOptions) => Tensor;
const like =
  (fill: (t: Tensor, generator: MaybeGenerator) => void): Like =>
  (input, options = {}) =>
    filled((others) => emptyLike(input, others as object), options, fill);
/** https://pytorch.org/docs/stable/generated/torch.rand_like.html */
export const randLike: Like = like(fillUniform);
/** https://pytorch.org/docs/stable/generated/torch.randn_like.html */
export const randnLike: Like = like(fillNormal);

type RandintArgs =
  | [high: number, size: readonly number[], options?: RandomOptions]
  | [low: number, high: number, size: readonly number[], options?: RandomOptions]
  | [options: RandomOptions & { low?: number; high: number; size: readonly number[] }];

/** Integers of [low, high), low being 0 unless given. https://pytorch.org/docs/stable/generated/torch.randint.html */
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

/** https://pytorch.org/docs/stable/generated/torch.randint_like.html */
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

/** A random permutation of 0 … n − 1. https://pytorch.org/docs/stable/generated/torch.randperm.html */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  if (!(Number.isInteger(n) && n >= 0)) throw new RuntimeError(`n must be non-negative, got ${n}`);
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
/** Normal numbers with means and deviations of their own, or of a given size. https://pytorch.org/docs/stable/generated/torch.normal.html */
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
  return record(
    'normal',
    [mean, std].filter((x) => x instanceof Tensor),
    result,
    [],
    ({ grad }) => [mean, std].flatMap((x) => (x instanceof Tensor ? [sumToSize(mul(grad, 0), x.sizes)] : [])),
  );
}

/** Zeros and ones: one with the probability that `input` gives, or with p. https://pytorch.org/docs/stable/generated/torch.bernoulli.html */
export const bernoulli: Op<[], [p: number], { p: number; generator: MaybeGenerator }> = define(
  'bernoulli',
  'input, p?, *, generator?',
  (input: Tensor, p?: number, generator?: MaybeGenerator) => {
    const t = emptyLike(alias(input));
    if (p !== undefined && p !== null) bernoulli_(t, p, { generator });
    else drawBernoulli(t, input, generator);
    return record('bernoulli', [input], t, [], ({ grad }) => [mul(grad, 0)]);
  },
);

/** Poisson numbers of the given rates. https://pytorch.org/docs/stable/generated/torch.poisson.html */
export const poisson: Op<[], [], { generator: MaybeGenerator }> = define(
  'poisson',
  'input, generator?',
  (input: Tensor, generator?: MaybeGenerator) => {
    if (!input.dtype.isFloatingPoint) throw refuse('poisson_cpu', input.dtype);
    const t = emptyLike(alias(input));
    try {
      draw('rng_poisson', t, generator, [], [contiguousRaw(convert(alias(input), input.dtype, cpu()))]);
    } catch (error) {
      throw error instanceof RoutineError ? new RuntimeError('invalid Poisson rate, expected rate to be non-negative') : error;
    }
    return record('poisson', [input], t, [], ({ grad }) => [mul(grad, 0)]);
  },
);

/** Positions drawn with the given weights. https://pytorch.org/docs/stable/generated/torch.multinomial.html */
export const multinomial: Op<[numSamples: number], [replacement: boolean], { replacement: boolean; generator: MaybeGenerator }> = define(
  'multinomial',
  'input, numSamples, replacement?, *, generator?',
  (input: Tensor, count: number, replacement = false, generator?: MaybeGenerator) => {
    if (input.ndim !== 1 && input.ndim !== 2) throw new RuntimeError('prob_dist must be 1 or 2 dim');
    if (!input.dtype.isFloatingPoint)
      throw new RuntimeError(`multinomial only supports floating-point dtypes for input, got: ${scalarTypeName(input.dtype)}`);
    if (!(count > 0)) throw new RuntimeError('cannot sample n_sample <= 0 samples');
    const n = input.sizes[input.ndim - 1];
    if (n > 2 ** 24) throw new RuntimeError('number of categories cannot exceed 2^24');
    if (!replacement && count > n) throw new RuntimeError('cannot sample n_sample > prob_dist.size(-1) samples without replacement');
    const weights = contiguousRaw(convert(alias(input), input.dtype, cpu()));
    const rows = input.ndim === 2 ? input.sizes[0] : 1;
    const out = emptyTensor(cpu(), int64, [rows, count]);
    const table = weights.view([rows, n]);
    if (rows > 0) (replacement || count === 1 ? drawWith : drawWithout)(out, table, generator, replacement);
    return convert(input.ndim === 2 ? out : out.view([count]), int64, input.storage.device);
  },
);

const weightErrors: Record<number, string> = {
  1: 'probability tensor contains either `inf`, `nan` or element < 0',
  2: 'invalid multinomial distribution (sum of probabilities <= 0)',
  3: 'invalid multinomial distribution (encountering probability entry < 0)',
  4: 'invalid multinomial distribution (encountering probability entry = infinity or NaN)',
};
const badWeights = (kind: number): Error => new RuntimeError(weightErrors[kind]);

function drawWith(out: Tensor, weights: Tensor, generator: MaybeGenerator, replacement: boolean): void {
  if (!replacement) return drawWithout(out, weights, generator);
  try {
    draw('rng_multinomial', out, generator, [], [weights]);
  } catch (error) {
    throw error instanceof RoutineError ? badWeights(error.details[0]) : error;
  }
}

/** The largest of weight / exponential: as PyTorch samples without replacement. */
function drawWithout(out: Tensor, weights: Tensor, generator: MaybeGenerator): void {
  const values = weights.tolist() as number[][];
  if (values.some((row) => row.some((w) => !(w >= 0) || w === Infinity))) throw badWeights(1);
  if (values.some((row) => row.reduce((sum, w) => sum + w, 0) <= 0)) throw badWeights(2);
  const keys = emptyTensor(cpu(), weights.dtype, weights.sizes);
  draw('rng_exponential', keys, generator, [1]);
  const [rows, count] = out.sizes;
  runRoutine('topk', [emptyTensor(cpu(), weights.dtype, [rows, count]), out, div(weights, keys)], [1]);
}
