/** The state of a generator as PyTorch saves it: `CPUGeneratorImplState`, little-endian. */
import { RuntimeError } from '../tensor/errors.js';

/** Words of mt19937. */
const WORDS = 624;
/** mt19937, how many words are used, whether a normal number is kept, and that number. */
export const STATE_WORDS = WORDS + 4;

/** Where PyTorch keeps what, in bytes. */
const at = { seed: 0, left: 8, seeded: 12, next: 16, words: 24, normal: 5024, hasNormal: 5040 } as const;
const SIZE = 5056;
/** Before PyTorch kept normal numbers of 32 bits as well. */
const LEGACY_SIZE = 5048;

/** The bytes of a state. `next` of a fresh generator is 0, though all its words count as used. */
export function encodeState(state: Uint32Array, seed: bigint): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  const used = state[WORDS];
  const isFresh = used === WORDS && state[0] === Number(BigInt.asUintN(32, seed));
  view.setBigUint64(at.seed, seed, true);
  view.setInt32(at.left, Math.min(WORDS + 1 - used, WORDS), true);
  view.setInt32(at.seeded, 1, true);
  view.setBigUint64(at.next, BigInt(isFresh ? 0 : used), true);
  for (let i = 0; i < WORDS; i++) view.setUint32(at.words + 8 * i, state[i], true);
  if (!state[WORDS + 1]) return bytes;
  view.setUint32(at.normal, state[WORDS + 2], true);
  view.setUint32(at.normal + 4, state[WORDS + 3], true);
  view.setInt32(at.hasNormal, 1, true);
  return bytes;
}

/** Reads what `encodeState` or PyTorch wrote. */
export function decodeState(bytes: Uint8Array): { state: Uint32Array; seed: bigint } {
  if (bytes.length !== SIZE && bytes.length !== LEGACY_SIZE)
    throw new RuntimeError(
      `Expected either a CPUGeneratorImplStateLegacy of size ${LEGACY_SIZE} or a CPUGeneratorImplState of size ${SIZE} but found the input RNG state size to be ${bytes.length}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [left, next] = [view.getInt32(at.left, true), view.getBigUint64(at.next, true)];
  if (view.getInt32(at.seeded, true) !== 1 || left < 1 || left > WORDS || next > WORDS) throw new RuntimeError('Invalid mt19937 state');
  const state = new Uint32Array(STATE_WORDS);
  for (let i = 0; i < WORDS; i++) state[i] = view.getUint32(at.words + 8 * i, true);
  state[WORDS] = left === 1 ? WORDS : Number(next);
  if (view.getInt32(at.hasNormal, true) !== 0)
    state.set([1, view.getUint32(at.normal, true), view.getUint32(at.normal + 4, true)], WORDS + 1);
  return { state, seed: view.getBigUint64(at.seed, true) };
}
