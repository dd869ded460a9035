/** Saves memory for time: what backward needs is computed again. https://pytorch.org/docs/stable/checkpoint.html */
import { enableGrad } from '../autograd/modes.js';
import { savedTensorsHooks } from '../autograd/saved-tensor.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { getRngState, setRngState } from './generator.js';
import { isOptions } from './signature.js';

export interface CheckpointOptions {
  /** Whether the second run draws the same random numbers. */
  preserveRngState?: boolean;
  /** PyTorch's older way; both ways are one here. */
  useReentrant?: boolean;
}

/** Runs `work` with the random numbers that followed `state`, if one is given. */
function withRngState<R>(state: Tensor | null, work: () => R): R {
  if (!state) return work();
  const now = getRngState();
  setRngState(state);
  try {
    return work();
  } finally {
    setRngState(now);
  }
}

/**
 * `fn(...args)` that keeps nothing for backward but its arguments: backward calls `fn` again, which must do the same as before. The arguments
 * follow each other, or come as one list.
 * https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint
 * @example
 * const x = torch.tensor([2, 3], { requiresGrad: true });
 * torch.utils.checkpoint.checkpoint((t: torch.Tensor) => t.mul(t).exp().log(), x, { useReentrant: false }).sum().backward();
 * x.grad  // tensor([4.0000, 6.0000])
 */
export function checkpoint<A extends unknown[], R>(fn: (...args: A) => R, args: A, options?: CheckpointOptions): R;
export function checkpoint<A extends unknown[], R>(fn: (...args: A) => R, ...args: [...A, options?: CheckpointOptions]): R;
export function checkpoint<R>(fn: (...args: unknown[]) => R, ...given: unknown[]): R {
  const last = given[given.length - 1];
  const options = isOptions(last) && Object.keys(last).every((key) => optionNames.has(key)) ? last : null;
  const listed = options ? given.slice(0, -1) : given;
  const args = listed.length === 1 && Array.isArray(listed[0]) ? (listed[0] as unknown[]) : listed;
  return runTwice(fn, args, options ?? {});
}
const optionNames = new Set(['preserveRngState', 'useReentrant']);

function runTwice<R>(fn: (...args: unknown[]) => R, args: readonly unknown[], { preserveRngState = true }: CheckpointOptions): R {
  const state = preserveRngState ? getRngState() : null;
  let count = 0;
  let again: Tensor[] | null = null;
  const keep = (tensor: Tensor): number => again!.push(tensor) - 1;
  const runAgain = (): Tensor[] => {
    again = [];
    withRngState(state, () =>
      enableGrad(() =>
        savedTensorsHooks(
          keep,
          (i: number) => again![i],
          () => fn(...args),
        ),
      ),
    );
    if (again.length !== count)
      throw new RuntimeError(
        `torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n` +
          `Number of tensors saved during forward: ${count}\nNumber of tensors saved during recomputation: ${again.length}`,
      );
    return again;
  };
  return savedTensorsHooks(
    () => count++,
    (i: number) => (again ?? runAgain())[i],
    () => fn(...args),
  );
}

type Layer = (x: never) => unknown;

/**
 * Functions or modules one after another, such as a `Sequential`, in `segments` parts, each but the last of which is checkpointed.
 * https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential
 * @example
 * const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 1));
 * torch.utils.checkpoint.checkpointSequential(net, 2, torch.ones(1, 2)).shape  // torch.Size([1, 1])
 */
export function checkpointSequential(functions: Iterable<Layer>, segments: number, input: Tensor, options: CheckpointOptions = {}): Tensor {
  const layers = [...functions];
  const size = Math.floor(layers.length / segments);
  const run =
    (start: number, end: number) =>
    (x: Tensor): Tensor =>
      layers.slice(start, end).reduce((value, layer) => layer(value as never) as Tensor, x);
  let x = input;
  for (let k = 0; k < segments - 1; k++) x = checkpoint(run(k * size, (k + 1) * size), [x], options);
  return run((segments - 1) * size, layers.length)(x);
}
