/** The part of a module that is called, with the hooks that can be registered on it. */
import { addHook } from '../autograd/node.js';
import type { BackwardHook, BackwardPreHook } from './backward-hooks.js';
import {
  callModule,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardHookWithKwargs,
  type ForwardPreHook,
  type ForwardPreHookWithKwargs,
  giveHooks,
  hooksOf,
  insertForwardHook,
  insertForwardPreHook,
  type LoadStateDictPostHook,
  type LoadStateDictPreHook,
  type PreHookOptions,
  type RemovableHandle,
  type StateDictHook,
  type StateDictPreHook,
} from './module-hooks.js';
import { NotImplementedError } from '../tensor/errors.js';

export abstract class HookedModule {
  constructor() {
    const self = ((...args: unknown[]) => callModule(self, args)) as unknown as this;
    delete (self as Partial<Record<'name' | 'length', unknown>>).name;
    delete (self as Partial<Record<'name' | 'length', unknown>>).length;
    Object.setPrototypeOf(self, new.target.prototype as object);
    giveHooks(self);
    return self;
  }

  /** Computes the output; subclasses define it. */
  forward(..._args: never[]): unknown {
    throw new NotImplementedError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /**
   * Calls `hook(module, args)` before every forward; what it returns replaces the arguments. With `withKwargs` it is called as
   * `hook(module, args, kwargs)`, where `kwargs` is the trailing options object, and returns `[args, kwargs]` or nothing.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   * @example
   * const net = new nn.Identity();
   * net.registerForwardPreHook((_, [x]) => [(x as torch.Tensor).mul(2)]);
   * net(torch.tensor([1, 2]))  // tensor([2, 4])
   */
  registerForwardPreHook(hook: ForwardPreHook<this>, options?: PreHookOptions & { withKwargs?: false }): RemovableHandle;
  registerForwardPreHook(hook: ForwardPreHookWithKwargs<this>, options: PreHookOptions & { withKwargs: true }): RemovableHandle;
  registerForwardPreHook(hook: ForwardPreHook<this> | ForwardPreHookWithKwargs<this>, options: PreHookOptions = {}): RemovableHandle {
    return insertForwardPreHook(hooksOf(this), hook, options);
  }

  /**
   * Calls `hook(module, args, output)` after every forward; what it returns replaces the output. With `withKwargs` it is called as
   * `hook(module, args, kwargs, output)`; with `alwaysCall` also when forward throws, which changes nothing about the error.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   * @example
   * const net = new nn.Identity();
   * const handle = net.registerForwardHook((_, args, output) => (output as torch.Tensor).neg());
   * net(torch.tensor([1, 2]))  // tensor([-1, -2])
   * handle.remove();
   */
  registerForwardHook(hook: ForwardHook<this>, options?: ForwardHookOptions & { withKwargs?: false }): RemovableHandle;
  registerForwardHook(hook: ForwardHookWithKwargs<this>, options: ForwardHookOptions & { withKwargs: true }): RemovableHandle;
  registerForwardHook(hook: ForwardHook<this> | ForwardHookWithKwargs<this>, options: ForwardHookOptions = {}): RemovableHandle {
    return insertForwardHook(hooksOf(this), hook, options);
  }

  /**
   * Calls `hook(module, gradInput, gradOutput)` when the gradients of the module's inputs are known; what it returns replaces them.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
   * @example
   * const net = new nn.Linear(2, 3);
   * const shapes: string[] = [];
   * net.registerFullBackwardHook((_, gradInput, gradOutput) => void shapes.push(String(gradOutput[0]?.shape)));
   * net(torch.ones(1, 2, { requiresGrad: true })).sum().backward();
   * shapes  // [ 'torch.Size([1, 3])' ]
   */
  registerFullBackwardHook(hook: BackwardHook<this>): RemovableHandle {
    return addHook(hooksOf(this).backward, hook);
  }

  /**
   * Calls `hook(module, gradOutput)` before the gradients go through the module; what it returns replaces them.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_pre_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerFullBackwardPreHook((_, gradOutput) => gradOutput.map((g) => g?.mul(10) ?? null));
   * net(torch.ones(1, 2)).sum().backward();
   * net.bias?.grad  // tensor([10.])
   */
  registerFullBackwardPreHook(hook: BackwardPreHook<this>): RemovableHandle {
    return addHook(hooksOf(this).backwardPre, hook);
  }

  /**
   * Calls `hook(module, prefix, keepVars)` before `stateDict` reads this module.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_state_dict_pre_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerStateDictPreHook((module) => void nn.init.ones_(module.weight));
   * net.stateDict().weight  // tensor([[1., 1.]])
   */
  registerStateDictPreHook(hook: StateDictPreHook<this>): RemovableHandle {
    return addHook(hooksOf(this).statePre, hook);
  }

  /**
   * Calls `hook(module, stateDict, prefix, localMetadata)` after `stateDict` has read this module and all below it; it may change `stateDict`.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_state_dict_post_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerStateDictPostHook((_, stateDict, prefix) => void delete stateDict[`${prefix}bias`]);
   * Object.keys(new nn.Sequential(net).stateDict())  // [ '0.weight' ]
   */
  registerStateDictPostHook(hook: StateDictHook<this>): RemovableHandle {
    return addHook(hooksOf(this).state, hook);
  }

  /**
   * Calls `hook(module, stateDict, prefix, localMetadata, strict, missingKeys, unexpectedKeys, errorMsgs)` before `loadStateDict` reads
   * this module's part; it may change `stateDict` and what is reported.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_load_state_dict_pre_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerLoadStateDictPreHook((module, stateDict, prefix) => {
   *   stateDict[`${prefix}bias`] ??= torch.zeros(1);
   * });
   * net.loadStateDict({ weight: torch.ones(1, 2) });
   * net.bias?.item()  // 0
   */
  registerLoadStateDictPreHook(hook: LoadStateDictPreHook<this>): RemovableHandle {
    return addHook(hooksOf(this).loadPre, hook);
  }

  /**
   * Calls `hook(module, incompatibleKeys)` after `loadStateDict` has loaded this module and all below it. It may take names out of
   * `missingKeys` and `unexpectedKeys`, or add some; with `strict` those left over are an error.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_load_state_dict_post_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerLoadStateDictPostHook((_, { missingKeys }) => void missingKeys.splice(0));
   * net.loadStateDict({ weight: torch.ones(1, 2) });
   * net.weight.detach()  // tensor([[1., 1.]])
   */
  registerLoadStateDictPostHook(hook: LoadStateDictPostHook<this>): RemovableHandle {
    return addHook(hooksOf(this).load, hook);
  }
}
