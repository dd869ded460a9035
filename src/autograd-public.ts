/** `torch.autograd`. */
import { backward as runBackward, grad as gradOf } from './autograd/backward.js';
import { stack } from './ops/join.js';
import { unbind } from './ops/view-parts.js';
import { callable } from './ops/signature.js';
import type { Args } from './ops/types.js';
import type { Tensor } from './tensor/tensor.js';
export { Function, FunctionContext } from './autograd/function.js';
export { detectAnomaly, enableGrad, inferenceMode, noGrad, setDetectAnomaly, setGradEnabled } from './autograd/modes.js';
export * as graph from './autograd/graph.js';
export { gradcheck, gradgradcheck } from './ops/gradcheck.js';
/** `torch.autograd.functional` */
export * as functional from './ops/jacobian.js';

type Tensors = Tensor | readonly Tensor[];
type MaybeTensors = Tensor | readonly (Tensor | null)[] | null;
type Flag = boolean | null;

/**
 * Adds the gradients of `tensors` to the `.grad` of the leaves (or of `inputs` alone).
 * https://pytorch.org/docs/stable/generated/torch.autograd.backward.html
 * @example
 * const x = torch.tensor([3], { requiresGrad: true });
 * torch.autograd.backward(x.pow(2));
 * x.grad  // tensor([6.])
 */
export const backward = callable<
  (
    tensors: Tensors,
    ...args: Args<
      [gradTensors: MaybeTensors, retainGraph: Flag, createGraph: boolean],
      { gradTensors?: MaybeTensors; retainGraph?: Flag; createGraph?: boolean; inputs?: Tensors | null }
    >
  ) => void
>(
  'backward',
  'tensors, gradTensors?, retainGraph?, createGraph?, gradVariables?, inputs?',
  (
    tensors: Tensors,
    gradTensors?: MaybeTensors,
    retainGraph?: Flag,
    createGraph?: boolean,
    _gradVariables?: unknown,
    inputs?: Tensors | null,
  ) => runBackward(tensors, gradTensors, { retainGraph, createGraph, inputs }),
);

interface GradOptions {
  gradOutputs?: MaybeTensors;
  retainGraph?: Flag;
  createGraph?: boolean;
  allowUnused?: Flag;
  /** The first dim of `gradOutputs` counts vectors, whose gradients are stacked. */
  isGradsBatched?: boolean;
  /** Zeros where an input was not used. */
  materializeGrads?: boolean;
}

/**
 * The gradients of `outputs` with respect to `inputs`, which keep their `.grad`.
 * https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 * @throws RuntimeError where an input was not used, unless `allowUnused` or `materializeGrads`
 * @example
 * const x = torch.tensor([3], { requiresGrad: true });
 * torch.autograd.grad(x.pow(2), x)  // [ tensor([6.]) ]
 */
export const grad = callable<
  (
    outputs: Tensors,
    inputs: Tensors,
    ...args: Args<[gradOutputs: MaybeTensors, retainGraph: Flag, createGraph: boolean, onlyInputs: boolean, allowUnused: Flag], GradOptions>
  ) => Tensor[]
>(
  'grad',
  'outputs, inputs, gradOutputs?, retainGraph?, createGraph?, onlyInputs?, allowUnused?, isGradsBatched?, materializeGrads?',
  (
    outputs: Tensors,
    inputs: Tensors,
    gradOutputs?: MaybeTensors,
    retainGraph?: Flag,
    createGraph?: boolean,
    ...[, allowUnused, isGradsBatched, materializeGrads]: [unknown?, Flag?, boolean?, boolean?]
  ) => {
    const options = { retainGraph, createGraph, allowUnused, materializeGrads };
    return isGradsBatched ? batchedGrad(outputs, inputs, gradOutputs ?? [], options) : gradOf(outputs, inputs, { ...options, gradOutputs });
  },
);

/** `grad` for each vector along the first dim of `gradOutputs`. */
function batchedGrad(outputs: Tensors, inputs: Tensors, gradOutputs: Tensor | readonly (Tensor | null)[], options: GradOptions): Tensor[] {
  const columns = (Array.isArray(gradOutputs) ? gradOutputs : [gradOutputs]).map((each: Tensor | null) => each && unbind(each, 0));
  const count = columns.find((each) => each)?.length ?? 0;
  const rows = Array.from({ length: count }, (_, i) =>
    gradOf(outputs, inputs, {
      ...options,
      gradOutputs: columns.map((each) => each && each[i]),
      retainGraph: i < count - 1 || options.retainGraph,
    }),
  );
  return rows[0].map((first, k) => first && stack(rows.map((row) => row[k])));
}
