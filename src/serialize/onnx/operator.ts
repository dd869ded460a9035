import type { Tensor } from '../../tensor/tensor.js';
import type { NodeAttributes } from './attributes.js';

/** Computes a node's outputs of its inputs; those that are left out are missing. */
export type Operator = (inputs: readonly Tensor[], attributes: NodeAttributes, outputs: number) => Tensor | readonly Tensor[];

export function unsupported(what: string): never {
  throw new Error(`ONNX: ${what} is not supported`);
}
