/** The random generator: PyTorch's mt19937, with the same numbers for a seed. */
import { type DType, int32, uint8 } from '../ir/dtype.js';
import { getDevice } from '../device/registry.js';
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { contiguousStrides, isContiguous, memoryOrder } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { frombuffer } from './creation.js';
import { scalarTypeName } from './define.js';
import { decodeState, encodeState, STATE_WORDS } from './generator-state.js';
import { contiguousRaw, copyInto } from './memory.js';
import { runRoutine } from './routine.js';

const DEFAULT_SEED = 67280421310721;

export const cpu = () => getDevice('cpu');

/**
 * A stream of random numbers with a state of its own. https://pytorch.org/docs/stable/generated/torch.Generator.html
 * @example
 * const generator = new torch.Generator().manualSeed(0);
 * torch.rand(2, { generator })  // tensor([0.4963, 0.7682])
 */
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

  /**
   * Starts again from a seed (any integer of 64 bits).
   * @example new torch.Generator().manualSeed(42).initialSeed()  // 42
   */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === 'number' && !Number.isInteger(seed)) throw new TypeError(`manual_seed expected a long, but got ${seed}`);
    const value = BigInt(seed);
    if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new RuntimeError('Overflow when unpacking long long');
    this.seedValue = value < 0n ? value + 2n ** 64n : value;
    this.reset();
    return this;
  }

  /**
   * The seed that was set last, or PyTorch's default one.
   * @example new torch.Generator().initialSeed()  // 67280421310721
   */
  initialSeed(): number | bigint {
    return this.seedValue <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.seedValue) : this.seedValue;
  }

  /**
   * Takes a seed from the clock and gives it.
   * @example typeof new torch.Generator().seed()  // number
   */
  seed(): number | bigint {
    const random = crypto.getRandomValues(new BigUint64Array(1))[0];
    return this.manualSeed(random & (2n ** 53n - 1n)).initialSeed();
  }

  /**
   * The whole state as bytes, laid out as PyTorch's.
   * @example new torch.Generator().getState().shape  // torch.Size([5056])
   */
  getState(): Tensor {
    const words = new Uint32Array(STATE_WORDS);
    const { state } = this;
    state.storage.device.read(state.buffer, 0, words);
    return frombuffer(encodeState(words, this.seedValue), { dtype: uint8 });
  }

  /**
   * Goes on where the generator was when `getState` was called, here or in PyTorch.
   * @example
   * const generator = new torch.Generator().manualSeed(0);
   * const state = generator.getState();
   * const first = torch.rand(2, { generator });
   * generator.setState(state);
   * torch.equal(torch.rand(2, { generator }), first)  // true
   */
  setState(state: Tensor): this {
    if (!(state instanceof Tensor) || state.dtype !== uint8) throw new TypeError('expected a torch.ByteTensor');
    const bytes = new Uint8Array(numelOf(state.sizes));
    const dense = contiguousRaw(state);
    dense.storage.device.read(dense.buffer, dense.offset, bytes);
    const decoded = decodeState(bytes);
    this.state.storage.device.write(this.state.buffer, 0, decoded.state);
    this.seedValue = decoded.seed;
    return this;
  }
}

/** What random functions draw from unless they are given another. */
export const defaultGenerator = new Generator();

/**
 * Seeds the default generator. https://pytorch.org/docs/stable/generated/torch.manual_seed.html
 * @example
 * torch.manualSeed(0);
 * torch.rand(2)  // tensor([0.4963, 0.7682])
 */
export const manualSeed = (seed: number | bigint): Generator => defaultGenerator.manualSeed(seed);
/**
 * The seed of the default generator. https://pytorch.org/docs/stable/generated/torch.initial_seed.html
 * @example
 * torch.manualSeed(7);
 * torch.initialSeed()  // 7
 */
export const initialSeed = (): number | bigint => defaultGenerator.initialSeed();
/**
 * Seeds the default generator with a random number, and returns that. https://pytorch.org/docs/stable/generated/torch.seed.html
 * @example typeof torch.seed()  // number
 */
export const seed = (): number | bigint => defaultGenerator.seed();
/**
 * The state of the default generator, as bytes. https://pytorch.org/docs/stable/generated/torch.get_rng_state.html
 * @example torch.getRngState().dtype  // torch.uint8
 */
export const getRngState = (): Tensor => defaultGenerator.getState();
/**
 * Sets the state of the default generator to one from `getRngState`. https://pytorch.org/docs/stable/generated/torch.set_rng_state.html
 * @example
 * const state = torch.getRngState();
 * const first = torch.rand(2);
 * torch.setRngState(state);
 * torch.equal(torch.rand(2), first)  // true
 */
export const setRngState = (state: Tensor): void => void defaultGenerator.setState(state);

export type MaybeGenerator = Generator | null | undefined;

/** `t` as it lies in memory: PyTorch draws for the elements of a transposed tensor in that order. */
function inMemoryOrder(t: Tensor, order: readonly number[]): Tensor {
  const by = (numbers: readonly number[]): number[] => order.map((d) => numbers[d]).reverse();
  return new Tensor(t.storage, t.dtype, by(t.sizes), by(t.strides), t.offset);
}

/** Draws into `t`, wherever and however it lies; `extra` are the parameters of each element. */
export function draw(
  routine: string,
  given: Tensor,
  generator: MaybeGenerator,
  params: readonly number[],
  extra: readonly Tensor[] = [],
): Tensor {
  if (numelOf(given.sizes) === 0) return given;
  const { state } = generator ?? defaultGenerator;
  const dense = isContiguous(given.sizes, given.strides);
  const order = memoryOrder(given.sizes, given.strides);
  const t = dense ? given : inMemoryOrder(given, order);
  const onCpu = t.storage.device === cpu();
  const direct = onCpu && isContiguous(t.sizes, t.strides);
  const target = direct
    ? new Tensor(t.storage, t.dtype, t.sizes, contiguousStrides(t.sizes), t.offset)
    : emptyTensor(cpu(), t.dtype, t.sizes);
  const operands = extra.map((each) => contiguousRaw(dense ? each : inMemoryOrder(each, order)));
  const serial = routine === 'rng_normal' ? [onCpu && !dense ? 1 : 0] : [];
  runRoutine(routine, [target, state, ...operands], [...params, ...serial]);
  if (direct) t.storage.version++;
  else copyInto(t, target.storage.device === t.storage.device ? target : convert(target, t.dtype, t.storage.device));
  return given;
}

export const refuse = (name: string, dtype: DType): Error =>
  new NotImplementedError(`"${name}" not implemented for '${scalarTypeName(dtype)}'`);
