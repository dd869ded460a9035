/** `torch.autograd.graph`. https://pytorch.org/docs/stable/autograd.html#module-torch.autograd.graph */
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { gradEdge, type Node } from './node.js';

export { disableSavedTensorsHooks, type PackHook, savedTensorsHooks, type UnpackHook } from './saved-tensor.js';

/** Where a gradient flows: an output of a node. */
export interface GradientEdge {
  readonly node: Node;
  readonly outputNr: number;
}

/**
 * Where the gradient of a tensor flows: to the operation that made it, or to what adds to its `.grad`.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.get_gradient_edge
 * @example torch.autograd.graph.getGradientEdge(torch.ones(1, { requiresGrad: true }).exp()).node.name  // ExpBackward0
 */
export function getGradientEdge(tensor: Tensor): GradientEdge {
  const edge = gradEdge(tensor);
  if (!edge) throw new RuntimeError('It is not possible to get the gradient edge for a Tensor that does not require gradients');
  return { node: edge.node, outputNr: edge.index };
}

/**
 * Notes that tensors were written to by other means, so that backward refuses what was saved of them before.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.increment_version
 * @example
 * const x = torch.ones(1);
 * torch.autograd.graph.incrementVersion(x);
 * x._version  // 1
 */
export function incrementVersion(tensors: Tensor | Iterable<Tensor>): void {
  for (const { storage } of tensors instanceof Tensor ? [tensors] : tensors) storage.version++;
}
