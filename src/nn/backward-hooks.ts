/** Hooks that see the gradients of a module's inputs and outputs. */
import { type Node, record, requiresGrad } from '../autograd/node.js';
import { alias } from '../ops/inplace.js';
import { Tensor } from '../tensor/tensor.js';

type Grads = readonly (Tensor | null)[];
type Replacement = Tensor | Grads | null | undefined | void;
/** Sees the gradients of inputs and outputs; what it returns replaces those of the inputs. */
export type BackwardHook<M> = (module: M, gradInput: Grads, gradOutput: Grads) => Replacement;
/** Sees the gradients of the outputs; what it returns replaces them. */
export type BackwardPreHook<M> = (module: M, gradOutput: Grads) => Replacement;

const listOf = (given: Replacement, otherwise: Grads): Grads => (given instanceof Tensor ? [given] : (given ?? otherwise));

/** The same tensors behind one node of the graph, whose gradients go through `pass`. */
function gate(tensors: readonly Tensor[], pass: (grads: Grads) => Grads): Tensor[] {
  const outputs = tensors.map(alias);
  record('BackwardHookFunctionBackward', tensors, outputs, [], ({ grads }) => grads);
  const node = outputs.find((each) => each.node)?.node as Node | undefined;
  node?.registerPrehook((grads) => [...pass(grads)]);
  return outputs;
}

const isDifferentiable = (x: unknown): x is Tensor => x instanceof Tensor && requiresGrad(x);
const tensorsOf = (value: unknown): Tensor[] => (Array.isArray(value) ? value : [value]).filter((x) => x instanceof Tensor);

/** `value` with its tensors replaced, in order. */
function refill(value: unknown, tensors: readonly Tensor[], wanted: (x: unknown) => boolean): unknown {
  let next = 0;
  const fill = (x: unknown): unknown => (wanted(x) ? tensors[next++] : x);
  return Array.isArray(value) ? value.map(fill) : fill(value);
}

/** Runs a module's forward between gates at which its hooks are called. */
export function withBackwardHooks<M>(
  module: M,
  preHooks: readonly BackwardPreHook<M>[],
  hooks: readonly BackwardHook<M>[],
  args: unknown[],
  run: (args: unknown[]) => unknown,
): unknown {
  if (preHooks.length + hooks.length === 0) return run(args);
  let gradOutput: Grads = [];
  const callHooks = (gradInput: Grads): Grads => {
    let grads = gradInput;
    for (const hook of hooks) grads = listOf(hook(module, grads, gradOutput), grads);
    return grads;
  };
  const inputs = args.filter(isDifferentiable);
  const output = run(inputs.length > 0 ? (refill(args, gate(inputs, callHooks), isDifferentiable) as unknown[]) : args);
  const outputs = tensorsOf(output);
  if (!outputs.some(isDifferentiable)) return output;
  const gated = gate(outputs, (grads) => {
    gradOutput = grads;
    for (const hook of preHooks) gradOutput = listOf(hook(module, gradOutput), gradOutput);
    if (inputs.length === 0) callHooks(tensorsOf(args).map(() => null));
    return gradOutput;
  });
  return refill(output, gated, (x) => x instanceof Tensor);
}
