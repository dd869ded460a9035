/** The hooks of optimizers, and the class that runs them. */
import { insertHook, type RemovableHandle } from '../nn/module-hooks.js';
import type { Args } from '../ops/types.js';
import { bind } from '../nn/arguments.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';

export interface OptimizerStateDict {
  state: Record<number, Record<string, unknown>>;
  param_groups: Record<string, unknown>[];
}

type Closure = () => Tensor;
type StepArgs = [closure?: Closure];
type Nothing = null | undefined | void;
/** Returns other arguments, or nothing. PyTorch's keyword arguments are always empty here. */
export type StepPreHook<O> = (optimizer: O, args: StepArgs, kwargs: object) => [args: StepArgs, kwargs: object] | Nothing;
export type StepPostHook<O> = (optimizer: O, args: StepArgs, kwargs: object) => void;
/** Returns another state, or nothing. */
export type StateHook<O> = (optimizer: O, stateDict: OptimizerStateDict) => OptimizerStateDict | Nothing;
type Hook<O> = (optimizer: O) => void;
type PrependArgs = Args<[prepend: boolean], { prepend?: boolean }>;

const globalPreHooks = new Map<number, StepPreHook<never>>();
const globalPostHooks = new Map<number, StepPostHook<never>>();

/**
 * Calls `hook(optimizer, args, kwargs)` before every step of every optimizer.
 * https://pytorch.org/docs/stable/generated/torch.optim.optimizer.register_optimizer_step_pre_hook.html
 * @example
 * let steps = 0;
 * const handle = optim.optimizer.registerOptimizerStepPreHook(() => void steps++);
 * new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 }).step();
 * handle.remove();
 * steps  // 1
 */
export function registerOptimizerStepPreHook(hook: StepPreHook<HookedOptimizer>): RemovableHandle {
  return insertHook(globalPreHooks, hook);
}

/**
 * Calls `hook(optimizer, args, kwargs)` after every step of every optimizer.
 * https://pytorch.org/docs/stable/generated/torch.optim.optimizer.register_optimizer_step_post_hook.html
 * @example
 * let steps = 0;
 * const handle = optim.optimizer.registerOptimizerStepPostHook(() => void steps++);
 * new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 }).step();
 * handle.remove();
 * steps  // 1
 */
export function registerOptimizerStepPostHook(hook: StepPostHook<HookedOptimizer>): RemovableHandle {
  return insertHook(globalPostHooks, hook);
}

const prepended = (args: PrependArgs): boolean | undefined => bind<[boolean?]>('registerHook', 'prepend?', args)[0];

export abstract class HookedOptimizer {
  private readonly stepPreHooks = new Map<number, StepPreHook<never>>();
  private readonly stepPostHooks = new Map<number, StepPostHook<never>>();
  private readonly statePreHooks = new Map<number, Hook<never>>();
  private readonly statePostHooks = new Map<number, StateHook<never>>();
  private readonly loadPreHooks = new Map<number, StateHook<never>>();
  private readonly loadPostHooks = new Map<number, Hook<never>>();

  /**
   * Calls `hook(optimizer, args, kwargs)` before every step; it may return `[args, kwargs]` to use instead.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_pre_hook.html
   * @example
   * const w = torch.tensor([1.5], { requiresGrad: true });
   * const optimizer = new optim.SGD([w], { lr: 0.1 });
   * optimizer.registerStepPreHook(() => void w.grad?.clamp_(-1, 1));
   * w.mul(8).sum().backward();
   * optimizer.step();
   * w.detach()  // tensor([1.4000])
   */
  registerStepPreHook(hook: StepPreHook<this>): RemovableHandle {
    return insertHook(this.stepPreHooks, hook);
  }

  /**
   * Calls `hook(optimizer, args, kwargs)` after every step.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_post_hook.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * let steps = 0;
   * optimizer.registerStepPostHook(() => void steps++);
   * optimizer.step();
   * steps  // 1
   */
  registerStepPostHook(hook: StepPostHook<this>): RemovableHandle {
    return insertHook(this.stepPostHooks, hook);
  }

  /**
   * Calls `hook(optimizer)` before `stateDict`; before all other hooks with `prepend`.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_state_dict_pre_hook.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.registerStateDictPreHook((each) => void (each.paramGroups[0].lr = 0.5));
   * optimizer.stateDict().param_groups[0].lr  // 0.5
   */
  registerStateDictPreHook(hook: Hook<this>, ...args: PrependArgs): RemovableHandle {
    return insertHook(this.statePreHooks, hook, prepended(args));
  }

  /**
   * Calls `hook(optimizer, stateDict)` with what `stateDict` gives; it may change that, or return another.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_state_dict_post_hook.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.registerStateDictPostHook((_, stateDict) => ({ ...stateDict, param_groups: [] }));
   * optimizer.stateDict().param_groups  // []
   */
  registerStateDictPostHook(hook: StateHook<this>, ...args: PrependArgs): RemovableHandle {
    return insertHook(this.statePostHooks, hook, prepended(args));
  }

  /**
   * Calls `hook(optimizer, stateDict)` with a shallow copy of what `loadStateDict` is given; it may change that, or return another.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_load_state_dict_pre_hook.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.registerLoadStateDictPreHook((each, stateDict) => ({ ...stateDict, param_groups: each.stateDict().param_groups }));
   * optimizer.loadStateDict({ state: {}, param_groups: [] });
   */
  registerLoadStateDictPreHook(hook: StateHook<this>, ...args: PrependArgs): RemovableHandle {
    return insertHook(this.loadPreHooks, hook, prepended(args));
  }

  /**
   * Calls `hook(optimizer)` after `loadStateDict`.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_load_state_dict_post_hook.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.registerLoadStateDictPostHook((each) => void (each.paramGroups[0].lr = 0.5));
   * optimizer.loadStateDict(optimizer.stateDict());
   * optimizer.paramGroups[0].lr  // 0.5
   */
  registerLoadStateDictPostHook(hook: Hook<this>, ...args: PrependArgs): RemovableHandle {
    return insertHook(this.loadPostHooks, hook, prepended(args));
  }

  /**
   * Changes every parameter that has a gradient. `closure` computes the loss again and returns it.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.step.html
   * @example
   * const w = torch.tensor([1.5], { requiresGrad: true });
   * const optimizer = new optim.SGD([w], { lr: 0.1 });
   * w.sum().backward();
   * optimizer.step();
   * w.detach()  // tensor([1.4000])
   */
  step(closure: Closure): Tensor;
  step(closure?: Closure): Tensor | undefined;
  step(closure?: Closure): Tensor | undefined {
    let [args, kwargs]: [StepArgs, object] = [[closure], {}];
    for (const hook of [...globalPreHooks.values(), ...this.stepPreHooks.values()])
      [args, kwargs] = replacement(hook(this as never, args, kwargs)) ?? [args, kwargs];
    const loss = this.runStep(...args);
    for (const hook of [...this.stepPostHooks.values(), ...globalPostHooks.values()]) hook(this as never, args, kwargs);
    return loss;
  }

  /** A step without its hooks. */
  protected abstract runStep(closure?: Closure): Tensor | undefined;

  /**
   * The options and the state, with parameters as numbers, under PyTorch's names.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * Object.keys(optimizer.stateDict())  // [ 'state', 'param_groups' ]
   */
  stateDict(): OptimizerStateDict {
    for (const hook of this.statePreHooks.values()) hook(this as never);
    return this.passed(this.saveState(), this.statePostHooks);
  }

  protected abstract saveState(): OptimizerStateDict;

  /**
   * Takes over what `stateDict` gave; groups must have the same sizes.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.loadStateDict(optimizer.stateDict());
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    this.loadState(this.passed({ ...stateDict }, this.loadPreHooks));
    for (const hook of this.loadPostHooks.values()) hook(this as never);
  }

  protected abstract loadState(stateDict: OptimizerStateDict): void;

  private passed(stateDict: OptimizerStateDict, hooks: Map<number, StateHook<never>>): OptimizerStateDict {
    let passed = stateDict;
    for (const hook of hooks.values()) passed = hook(this as never, passed) ?? passed;
    return passed;
  }
}

function replacement(result: ReturnType<StepPreHook<never>>): [StepArgs, object] | undefined {
  if (result === null || result === undefined) return undefined;
  if (Array.isArray(result) && result.length === 2 && Array.isArray(result[0])) return result as [StepArgs, object];
  throw new RuntimeError(`step must return None or a tuple of (new_args, new_kwargs), but got ${String(result)}.`);
}
