/** `torch.random`. https://pytorch.org/docs/stable/random.html */
import { type Scope, scoped } from './autograd/modes.js';
import { getRngState, setRngState } from './ops/generator.js';

export { defaultGenerator, getRngState, initialSeed, manualSeed, seed, setRngState } from './ops/generator.js';

export interface ForkOptions {
  /** Whether to do anything. */
  enabled?: boolean;
}

/**
 * Runs `body` with random numbers of its own: behind it the default generator goes on as if nothing had been drawn. Works as
 * `using _ = torch.random.forkRng()` too. https://pytorch.org/docs/stable/random.html#torch.random.fork_rng
 * @example
 * torch.manualSeed(0);
 * torch.random.forkRng(() => torch.rand(100));
 * torch.rand(2)  // tensor([0.4963, 0.7682])
 */
export function forkRng(options?: ForkOptions): Scope;
export function forkRng<R>(body: () => R): R;
export function forkRng<R>(options: ForkOptions, body: () => R): R;
export function forkRng<R>(options: ForkOptions | (() => R) = {}, body?: () => R): R | Scope {
  const [{ enabled = true }, work] = typeof options === 'function' ? [{}, options] : [options, body];
  return scoped(() => {
    const state = enabled ? getRngState() : null;
    return () => void (state && setRngState(state));
  }, work);
}
