/** Asking for gradients: `backward` and `grad`. */
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { gradOps, runBackward } from './engine.js';
import { type Edge, gradEdge } from './node.js';

export interface BackwardArguments {
  gradient?: Tensor | null;
  retainGraph?: boolean | null;
  createGraph?: boolean;
  inputs?: Tensor | readonly Tensor[] | null;
}

export interface GradArguments {
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  retainGraph?: boolean | null;
  createGraph?: boolean;
  allowUnused?: boolean | null;
  materializeGrads?: boolean;
}

const listOf = <T>(x: T | readonly T[] | null | undefined): readonly T[] =>
  Array.isArray(x) ? (x as readonly T[]) : x === null || x === undefined ? [] : [x as T];

/** The gradient to start from: given, or 1 for a scalar. */
function rootGrad(output: Tensor, given: Tensor | null | undefined): Tensor {
  if (!given) {
    if (numelOf(output.sizes) !== 1) throw new RuntimeError('grad can be implicitly created only for scalar outputs');
    return gradOps.onesLike(output);
  }
  if (!sameSizes(given.sizes, output.sizes)) {
    throw new RuntimeError(
      `Mismatch in shape: grad_output[0] has a shape of torch.Size(${formatShape(given.sizes)}) and output[0] has a shape of torch.Size(${formatShape(output.sizes)}).`,
    );
  }
  if (given.dtype.isComplex !== output.dtype.isComplex) {
    throw new RuntimeError(
      `For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: grad_output[0] has a dtype of ${given.dtype} and output[0] has a dtype of ${output.dtype}.`,
    );
  }
  return given;
}

function rootsOf(outputs: readonly Tensor[], grads: readonly (Tensor | null | undefined)[]): { edge: Edge; grad: Tensor }[] {
  return outputs.map((output, i) => {
    const edge = gradEdge(output);
    if (!edge) throw new RuntimeError(`element ${i} of tensors does not require grad and does not have a grad_fn`);
    return { edge, grad: rootGrad(output, grads[i]) };
  });
}

/** Adds the gradients of `tensors` to the `.grad` of the leaves (or of `inputs` alone). */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradTensors: Tensor | readonly (Tensor | null)[] | null = null,
  options: Omit<BackwardArguments, 'gradient'> = {},
): void {
  const outputs = listOf<Tensor>(tensors);
  const { inputs } = options;
  const createGraph = options.createGraph ?? false;
  const wanted = inputs === null || inputs === undefined ? undefined : listOf<Tensor>(inputs);
  if (wanted?.length === 0) throw new RuntimeError('`inputs` argument to `backward()` cannot be empty.');
  const capture = wanted?.map((t) => edgeOfInput(t, 0));
  runBackward(rootsOf(outputs, listOf<Tensor | null>(gradTensors)), {
    keepGraph: options.retainGraph ?? createGraph,
    createGraph,
    ...(capture ? { capture, accumulate: true } : {}),
  });
}

function edgeOfInput(t: Tensor, i: number): Edge {
  const edge = gradEdge(t);
  if (!edge)
    throw new RuntimeError(i === 0 ? 'One of the differentiated Tensors does not require grad' : `input ${i} does not require grad`);
  return edge;
}

/** The gradients of `outputs` with respect to `inputs`, which keep their `.grad`. */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], named: GradArguments = {}): Tensor[] {
  const createGraph = named.createGraph ?? false;
  const wanted = listOf<Tensor>(inputs);
  const roots = rootsOf(listOf<Tensor>(outputs), listOf<Tensor | null>(named.gradOutputs));
  const grads = runBackward(roots, { keepGraph: named.retainGraph ?? createGraph, createGraph, capture: wanted.map(edgeOfInput) });
  return grads.map((g, i) => {
    if (g) return g;
    if (named.materializeGrads) return gradOps.zerosLike(wanted[i]);
    if (named.allowUnused) return null as unknown as Tensor;
    throw new RuntimeError(
      `The differentiated Tensor at index ${i} appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.`,
    );
  });
}
