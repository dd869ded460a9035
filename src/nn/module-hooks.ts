/** The hooks of modules, and what a call of a module runs. */
import { addHook, type HookHandle } from '../autograd/node.js';
import { isOptions } from '../ops/signature.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { type BackwardHook, type BackwardPreHook, withBackwardHooks } from './backward-hooks.js';
import type { IncompatibleKeys, LoadReport } from './module-state.js';

/** Takes a hook away again. */
export type RemovableHandle = HookHandle;

type Kwargs = Record<string, unknown>;
export type ForwardPreHook<M> = (module: M, args: unknown[]) => unknown[] | Tensor | null | undefined | void;
export type ForwardHook<M> = (module: M, args: unknown[], output: unknown) => unknown;
/** Sees the trailing options object apart; returns arguments and options, or nothing. */
export type ForwardPreHookWithKwargs<M> = (module: M, args: unknown[], kwargs: Kwargs) => [unknown[], Kwargs] | null | undefined | void;
export type ForwardHookWithKwargs<M> = (module: M, args: unknown[], kwargs: Kwargs, output: unknown) => unknown;

export type StateDictPreHook<M> = (module: M, prefix: string, keepVars: boolean) => void;
export type StateDictHook<M> = (module: M, stateDict: Record<string, Tensor>, prefix: string, localMetadata: object) => void;
/** May change the state and what is reported; both are this module's own copies. */
export type LoadStateDictPreHook<M> = (
  module: M,
  stateDict: Record<string, Tensor>,
  prefix: string,
  localMetadata: object,
  strict: boolean,
  missingKeys: LoadReport['missingKeys'],
  unexpectedKeys: LoadReport['unexpectedKeys'],
  errorMsgs: LoadReport['errorMsgs'],
) => void;
export type LoadStateDictPostHook<M> = (module: M, incompatibleKeys: IncompatibleKeys) => void;

interface ForwardEntry {
  readonly run: ForwardHook<never>;
  /** Whether it also runs when something before it threw. */
  readonly alwaysCall: boolean;
}

export interface Hooks {
  readonly forwardPre: Map<number, ForwardPreHook<never>>;
  readonly forward: Map<number, ForwardEntry>;
  readonly backwardPre: Map<number, BackwardPreHook<never>>;
  readonly backward: Map<number, BackwardHook<never>>;
  readonly statePre: Map<number, StateDictPreHook<never>>;
  readonly state: Map<number, StateDictHook<never>>;
  readonly loadPre: Map<number, LoadStateDictPreHook<never>>;
  readonly load: Map<number, LoadStateDictPostHook<never>>;
}

const noHooks = (): Hooks => ({
  forwardPre: new Map(),
  forward: new Map(),
  backwardPre: new Map(),
  backward: new Map(),
  statePre: new Map(),
  state: new Map(),
  loadPre: new Map(),
  load: new Map(),
});

/** Hooks that run for every module, before its own. */
export const globalHooks = noHooks();

const hooks = new WeakMap<object, Hooks>();
export const giveHooks = (module: object): void => void hooks.set(module, noHooks());
export const hooksOf = (module: object): Hooks => hooks.get(module)!;

export function copyHooks(from: object, to: object): void {
  const [source, target] = [hooksOf(from), hooksOf(to)];
  for (const kind of Object.keys(source) as (keyof Hooks)[])
    for (const [id, hook] of source[kind]) (target[kind] as Map<number, unknown>).set(id, hook);
}

/** The options of `registerForwardPreHook`. */
export interface PreHookOptions {
  /** Run before all other hooks of the module. */
  prepend?: boolean;
  withKwargs?: boolean;
}

/** The options of `registerForwardHook`. */
export interface ForwardHookOptions extends PreHookOptions {
  /** Run even if the module throws. */
  alwaysCall?: boolean;
}

/** Adds a hook behind the others, or with `prepend` before them. */
export function insertHook<H>(into: Map<number, H>, hook: H, prepend = false): RemovableHandle {
  const others = prepend ? [...into] : [];
  if (prepend) into.clear();
  const handle = addHook(into, hook);
  for (const [id, other] of others) into.set(id, other);
  return handle;
}

export function insertForwardPreHook<M>(
  into: Hooks,
  hook: ForwardPreHook<M> | ForwardPreHookWithKwargs<M>,
  { prepend = false, withKwargs = false }: PreHookOptions,
): RemovableHandle {
  const plain = withKwargs ? splittingPreHook(hook as ForwardPreHookWithKwargs<M>) : (hook as ForwardPreHook<M>);
  return insertHook(into.forwardPre, plain as ForwardPreHook<never>, prepend);
}

export function insertForwardHook<M>(
  into: Hooks,
  hook: ForwardHook<M> | ForwardHookWithKwargs<M>,
  { prepend = false, withKwargs = false, alwaysCall = false }: ForwardHookOptions,
): RemovableHandle {
  const plain = withKwargs
    ? (module: M, args: unknown[], output: unknown) => (hook as ForwardHookWithKwargs<M>)(module, ...splitKwargs(args), output)
    : (hook as ForwardHook<M>);
  return insertHook(into.forward, { run: plain as ForwardHook<never>, alwaysCall }, prepend);
}

const splitKwargs = (args: unknown[]): [unknown[], Kwargs] => {
  const last = args[args.length - 1];
  return isOptions(last) ? [args.slice(0, -1), last] : [args, {}];
};

const splittingPreHook =
  <M>(hook: ForwardPreHookWithKwargs<M>): ForwardPreHook<M> =>
  (module, args) => {
    const replaced = hook(module, ...splitKwargs(args));
    if (replaced === null || replaced === undefined) return undefined;
    if (!Array.isArray(replaced) || replaced.length !== 2 || !Array.isArray(replaced[0]))
      throw new RuntimeError(`forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got ${String(replaced)}.`);
    const [newArgs, kwargs] = replaced;
    return Object.keys(kwargs).length > 0 ? [...newArgs, kwargs] : newArgs;
  };

/** `module({ input: x })` is `module(x)`. */
const positional = (args: unknown[]): unknown[] => {
  const [first] = args;
  return args.length === 1 && !(first instanceof Tensor) && isOptions(first) && 'input' in first ? [first.input] : args;
};

interface Callable {
  forward(...args: never[]): unknown;
}

const callsNone = ({ forwardPre, forward, backwardPre, backward }: Hooks): boolean =>
  forwardPre.size + forward.size + backwardPre.size + backward.size === 0;

/** Runs `self.forward` and the hooks around it. */
export function callModule(self: Callable, given: unknown[]): unknown {
  const [args, own] = [positional(given), hooksOf(self)];
  return callsNone(own) && callsNone(globalHooks) ? self.forward(...(args as never[])) : callHooked(self, own, args);
}

function callHooked(self: Callable, own: Hooks, given: unknown[]): unknown {
  const module = self as never;
  const forwardHooks = [...globalHooks.forward.values(), ...own.forward.values()];
  const always = new Set(forwardHooks.filter(({ alwaysCall }) => alwaysCall));
  let args = given;
  let result: unknown;
  const runForward = (final: unknown[]): unknown => {
    args = final;
    result = self.forward(...(args as never[]));
    for (const entry of forwardHooks) {
      always.delete(entry);
      result = entry.run(module, args, result) ?? result;
    }
    return result;
  };
  try {
    args = runPreHooks(module, [...globalHooks.forwardPre.values(), ...own.forwardPre.values()], args);
    const backwardPre = [...globalHooks.backwardPre.values(), ...own.backwardPre.values()];
    return withBackwardHooks(module, backwardPre, [...globalHooks.backward.values(), ...own.backward.values()], args, runForward);
  } catch (error) {
    for (const { run } of always) result = silenced(() => run(module, args, result)) ?? result;
    throw error;
  }
}

function runPreHooks(module: never, preHooks: readonly ForwardPreHook<never>[], given: unknown[]): unknown[] {
  let args = given;
  for (const hook of preHooks) {
    const replaced = hook(module, args);
    if (replaced !== null && replaced !== undefined) args = Array.isArray(replaced) ? replaced : [replaced];
  }
  return args;
}

/** Runs a hook while another error is on its way, which is the one to report. */
function silenced(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    console.warn(
      `module forward hook with \`\`always_call=True\`\` raised an exception that was silenced as another error was raised in forward: ${what}`,
    );
    return undefined;
  }
}
