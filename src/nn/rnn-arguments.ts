/** What recurrent layers are given: arguments of single kinds, and states. */
import { RuntimeError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';

export type Nonlinearity = 'tanh' | 'relu';

/** RNN's own argument, which stands fourth. */
export function takeNonlinearity(args: readonly unknown[]): { nonlinearity: Nonlinearity; rest: unknown[] } {
  const rest = [...args];
  const last = rest.at(-1);
  let nonlinearity: unknown = typeof rest[3] === 'string' ? rest.splice(3, 1)[0] : undefined;
  if (typeof last === 'object' && last !== null && 'nonlinearity' in last) {
    const { nonlinearity: named, ...options } = last;
    nonlinearity = named;
    rest[rest.length - 1] = options;
  }
  if (nonlinearity === undefined) nonlinearity = 'tanh';
  if (nonlinearity !== 'tanh' && nonlinearity !== 'relu')
    throw new ValueError(`Unknown nonlinearity '${String(nonlinearity)}'. Select from 'tanh' or 'relu'.`);
  return { nonlinearity, rest };
}

/** Only LSTMs project their hidden state. */
export function refuseProjection(args: readonly unknown[]): void {
  if (args.some((each) => typeof each === 'object' && each !== null && 'projSize' in each && each.projSize !== 0))
    throw new ValueError('proj_size argument is only supported for LSTM, not RNN or GRU');
}

/** States have a batch dim where the input has one. */
export function checkStateDims(states: readonly Tensor[], ndim: number): void {
  if (states.every((state) => state.ndim === ndim)) return;
  const kind = ndim === 3 ? 'batched 3-D' : 'unbatched 2-D';
  const found = states.map((state) => `${state.ndim}-D`);
  throw new RuntimeError(
    found.length === 2
      ? `For ${kind} input, hx and cx should also be ${ndim}-D but got (${found.join(', ')}) tensors`
      : `For ${kind} input, hx should also be ${ndim}-D but got ${found[0]} tensor`,
  );
}
