/** What ties tensors to the engine: the engine's arithmetic, and the methods of a tensor that concern gradients. */
import { backward as runBackward, type BackwardArguments } from '../autograd/backward.js';
import { gradOps } from '../autograd/engine.js';
import { AccumulateGrad, addHook, gradEdge, type HookHandle } from '../autograd/node.js';
import { withoutLog } from '../tensor/storage.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor, TensorHook } from '../tensor/tensor.js';
import { define } from './define.js';
import { alias } from './inplace.js';
import { clone, copyInto, emptyLike, fillRaw, isDense } from './memory.js';
import { add, ne } from './pointwise.js';
import { item } from './read.js';
import { any } from './reduce.js';
import type { Op } from './types.js';

gradOps.add = add;
gradOps.addInPlace = (a, b) => (add as unknown as { inplace: (x: Tensor, y: Tensor) => Tensor }).inplace(a, b);
gradOps.cloneLike = (grad, like) => {
  if (isDense(like)) return clone(alias(grad), { memoryFormat: 'contiguous_format' });
  const copy = emptyLike(like, grad.dtype);
  copyInto(copy, grad);
  return copy;
};
const filledLike = (t: Tensor, value: number): Tensor => {
  const like = emptyLike(t);
  fillRaw(like, value);
  return like;
};
gradOps.onesLike = (t) => filledLike(t, 1);
gradOps.zerosLike = (t) => filledLike(t, 0);
gradOps.hasNan = (t) => t.storage.device.canReadSync && item(any(ne(t, t))) === true;

/**
 * Adds the gradients of this tensor to the `.grad` of the leaves. https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
 * @example
 * const x = torch.tensor([1, 2], { requiresGrad: true });
 * x.square().sum().backward();
 * x.grad  // tensor([2., 4.])
 */
export const backward: Op<
  [],
  [gradient: Tensor | null, retainGraph: boolean, createGraph: boolean, inputs: Tensor | readonly Tensor[]],
  BackwardArguments,
  void
> = define(
  'backward',
  'input, gradient?, retainGraph?, createGraph?, inputs?',
  (input: Tensor, gradient?: Tensor | null, retainGraph?: boolean, createGraph?: boolean, inputs?: readonly Tensor[]) =>
    withoutLog(() => runBackward(input, gradient ? [gradient] : null, { retainGraph, createGraph, inputs })),
);

/**
 * Makes this leaf want a gradient, or not. https://pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html
 * @example torch.ones(2).requiresGrad_().requiresGrad  // true
 */
export const requiresGrad_: Op<[], [requiresGrad: boolean], { requiresGrad: boolean }> = define(
  'requiresGrad_',
  'input, requiresGrad?',
  (input: Tensor, wants = true) => {
    setRequiresGrad(input, wants);
    return input;
  },
);

export function setRequiresGrad(t: Tensor, wants: boolean): void {
  if (t.node && !wants)
    throw new RuntimeError(
      "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
    );
  if (wants && t.dtype.category < 2) throw new RuntimeError(`only Tensors of floating point dtype can require gradients`);
  if (wants && t.inference) throw new RuntimeError('Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.');
  if (!t.node) t.wantsGrad = wants;
}

/**
 * Keeps the gradient of this non-leaf in its `.grad`. https://pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true });
 * const y = x.mul(2);
 * y.retainGrad();
 * y.square().backward();
 * y.grad  // tensor([12.])
 */
export const retainGrad: Op<[], [], object, void> = define('retainGrad', 'input', (input: Tensor) => {
  const edge = gradEdge(input);
  if (!edge) throw new RuntimeError("can't retain_grad on Tensor that has requires_grad=False");
  if (!input.node) return;
  input.keepsGrad = true;
  (edge.node.retainers ??= new Map()).set(edge.index, input);
});

/**
 * Calls `hook` with the gradient of this tensor when it is computed; what it returns replaces the gradient.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true });
 * x.registerHook((grad) => grad.mul(10));
 * x.square().backward();
 * x.grad  // tensor([60.])
 */
export const registerHook: Op<[hook: TensorHook], [], object, HookHandle> = define(
  'registerHook',
  'input, hook',
  (input: Tensor, hook: TensorHook) => {
    const edge = gradEdge(input);
    if (!edge) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
    const hooks = (edge.node.tensorHooks ??= new Map<number, Map<number, TensorHook>>());
    let own = hooks.get(edge.index);
    if (!own) hooks.set(edge.index, (own = new Map()));
    return addHook(own, hook);
  },
);

/**
 * Calls `hook` with this leaf after its gradient was added to, so that it can be used and forgotten before others are computed.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true });
 * x.registerPostAccumulateGradHook((leaf) => console.log(leaf.grad));
 * x.square().backward();  // prints tensor([6.])
 */
export const registerPostAccumulateGradHook: Op<[hook: (leaf: Tensor) => void], [], object, HookHandle> = define(
  'registerPostAccumulateGradHook',
  'input, hook',
  (input: Tensor, hook: (leaf: Tensor) => void) => {
    const node = gradEdge(input)?.node;
    if (!node) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
    if (!(node instanceof AccumulateGrad)) throw new RuntimeError('post accumulate grad hooks cannot be registered on non-leaf tensors');
    return addHook((node.accumulatedHooks ??= new Map()), hook);
  },
);

/**
 * Leaves the graph, in place. https://pytorch.org/docs/stable/generated/torch.Tensor.detach_.html
 * @example torch.ones(2, { requiresGrad: true }).detach_().requiresGrad  // false
 */
export const detach_: Op = define('detach_', 'input', (input: Tensor) => {
  if (input.viewInfo)
    throw new RuntimeError(
      "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as a solution.",
    );
  input.node = null;
  input.wantsGrad = false;
  return input;
});
