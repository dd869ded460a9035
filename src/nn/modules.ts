/** `torch.nn.modules`: hooks that run for every module. https://pytorch.org/docs/stable/nn.html#global-hooks-for-module */
import { addHook } from '../autograd/node.js';
import type { BackwardHook, BackwardPreHook } from './backward-hooks.js';
import { Module } from './module.js';
import {
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardHookWithKwargs,
  type ForwardPreHook,
  globalHooks,
  insertForwardHook,
  insertForwardPreHook,
  type RemovableHandle,
} from './module-hooks.js';

type GlobalHookOptions = Omit<ForwardHookOptions, 'prepend' | 'withKwargs'>;

/**
 * Calls `hook(module, args)` before the forward of every module and before its own hooks.
 * https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_pre_hook.html
 * @example
 * const names: string[] = [];
 * const handle = nn.modules.module.registerModuleForwardPreHook((module) => void names.push(module.constructor.name));
 * new nn.Sequential(new nn.ReLU(), new nn.Tanh())(torch.ones(1));
 * handle.remove();
 * names  // [ 'Sequential', 'ReLU', 'Tanh' ]
 */
function registerModuleForwardPreHook(hook: ForwardPreHook<Module>): RemovableHandle {
  return insertForwardPreHook(globalHooks, hook, {});
}

/**
 * Calls `hook(module, args, output)` after the forward of every module and before its own hooks, with the options of `registerForwardHook`.
 * https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_hook.html
 * @example
 * const shapes: string[] = [];
 * const handle = nn.modules.module.registerModuleForwardHook((module, args, output) => void shapes.push(String((output as torch.Tensor).shape)));
 * new nn.Linear(2, 3)(torch.ones(1, 2));
 * handle.remove();
 * shapes  // [ 'torch.Size([1, 3])' ]
 */
function registerModuleForwardHook(hook: ForwardHook<Module>, options?: GlobalHookOptions & { withKwargs?: false }): RemovableHandle;
function registerModuleForwardHook(hook: ForwardHookWithKwargs<Module>, options: GlobalHookOptions & { withKwargs: true }): RemovableHandle;
function registerModuleForwardHook(
  hook: ForwardHook<Module> | ForwardHookWithKwargs<Module>,
  options: GlobalHookOptions & { withKwargs?: boolean } = {},
): RemovableHandle {
  return insertForwardHook(globalHooks, hook, options);
}

/**
 * Calls `hook(module, gradOutput)` before gradients go through any module.
 * https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_pre_hook.html
 * @example
 * let calls = 0;
 * const handle = nn.modules.module.registerModuleFullBackwardPreHook(() => void calls++);
 * new nn.Linear(2, 1)(torch.ones(1, 2)).sum().backward();
 * handle.remove();
 * calls  // 1
 */
function registerModuleFullBackwardPreHook(hook: BackwardPreHook<Module>): RemovableHandle {
  return addHook(globalHooks.backwardPre, hook);
}

/**
 * Calls `hook(module, gradInput, gradOutput)` when the gradients of any module's inputs are known.
 * https://pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_hook.html
 * @example
 * let calls = 0;
 * const handle = nn.modules.module.registerModuleFullBackwardHook(() => void calls++);
 * new nn.Linear(2, 1)(torch.ones(1, 2)).sum().backward();
 * handle.remove();
 * calls  // 1
 */
function registerModuleFullBackwardHook(hook: BackwardHook<Module>): RemovableHandle {
  return addHook(globalHooks.backward, hook);
}

/** `torch.nn.modules.module` */
export const module = {
  Module,
  registerModuleForwardHook,
  registerModuleForwardPreHook,
  registerModuleFullBackwardHook,
  registerModuleFullBackwardPreHook,
};
