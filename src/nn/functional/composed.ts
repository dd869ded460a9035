/** Gradients of gradients for functions whose own gradients are computed by routines. */
import { grad as gradOf } from '../../autograd/backward.js';
import type { Tensor } from '../../tensor/tensor.js';

/**
 * Gradients of `inputs` that can be differentiated again: those of the same outputs, composed of recorded operations by `compute`.
 * `grads` are the gradients of its outputs, null where there is none.
 */
export function composedGradients(
  grads: readonly (Tensor | null)[],
  inputs: readonly (Tensor | null)[],
  compute: () => readonly Tensor[],
): (Tensor | null)[] {
  const wanted = inputs.filter((t): t is Tensor => t !== null && t.requiresGrad);
  const outputs = compute().filter((_, i) => grads[i]);
  const given = grads.filter((g): g is Tensor => g !== null);
  const found = gradOf(outputs, wanted, { gradOutputs: given, createGraph: true, allowUnused: true });
  return inputs.map((t) => (t?.requiresGrad ? found[wanted.indexOf(t)] : null));
}
