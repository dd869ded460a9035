/** The hooks of modules, and what a call of a module runs. */
import { isOptions } from '../ops/signature.js';
import { Tensor } from '../tensor/tensor.js';
import { type BackwardHook, type BackwardPreHook, withBackwardHooks } from './backward-hooks.js';

/** Takes a hook away again. */
export interface RemovableHandle {
  remove(): void;
}

export type ForwardPreHook<M> = (module: M, args: unknown[]) => unknown[] | Tensor | null | undefined | void;
export type ForwardHook<M> = (module: M, args: unknown[], output: unknown) => unknown;

export interface Hooks<M> {
  forwardPre: Map<number, ForwardPreHook<M>>;
  forward: Map<number, ForwardHook<M>>;
  backwardPre: Map<number, BackwardPreHook<M>>;
  backward: Map<number, BackwardHook<M>>;
}

export const noHooks = <M>(): Hooks<M> => ({ forwardPre: new Map(), forward: new Map(), backwardPre: new Map(), backward: new Map() });

export const copyOfHooks = <M>({ forwardPre, forward, backwardPre, backward }: Hooks<M>): Hooks<M> => ({
  forwardPre: new Map(forwardPre),
  forward: new Map(forward),
  backwardPre: new Map(backwardPre),
  backward: new Map(backward),
});

let hookCount = 0;

export function addHook<T>(hooks: Map<number, T>, hook: T): RemovableHandle {
  const id = hookCount++;
  hooks.set(id, hook);
  return { remove: () => void hooks.delete(id) };
}

/** `module({ input: x })` is `module(x)`. */
const positional = (args: unknown[]): unknown[] => {
  const [first] = args;
  return args.length === 1 && !(first instanceof Tensor) && isOptions(first) && 'input' in first ? [first.input] : args;
};

/** Runs `self.forward` and the hooks around it. */
export function callModule<M extends { forward(...args: never[]): unknown }>(self: M, hooks: Hooks<M>, given: unknown[]): unknown {
  let args = positional(given);
  for (const hook of hooks.forwardPre.values()) {
    const replaced = hook(self, args);
    if (replaced !== null && replaced !== undefined) args = Array.isArray(replaced) ? replaced : [replaced];
  }
  const run = (final: unknown[]): unknown => self.forward(...(final as never[]));
  const { backwardPre, backward } = hooks;
  const watched = backward.size + backwardPre.size > 0;
  let output = watched ? withBackwardHooks(self, [...backwardPre.values()], [...backward.values()], args, run) : run(args);
  for (const hook of hooks.forward.values()) output = hook(self, args, output) ?? output;
  return output;
}
