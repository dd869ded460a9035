/** Formulas applied to tensors, recorded for backward. */
import { isInferenceModeEnabled } from '../autograd/modes.js';
import { type Backward, gradEdge, needsRecord, record } from '../autograd/node.js';
import type { Expr } from '../ir/expr.js';
import type { Number_ } from '../tensor/promote.js';
import { broadcastSizes, sameSizes } from '../tensor/shape.js';
import { isOwned } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type Formula, isIdentity } from './formula.js';
import { accumulateType, commonDevice, runFormula, runFormulaInto, runReduction } from './launch.js';

/** A formula applied to tensors, recorded for backward. */
export function applyFormula(formula: Formula, name: string, tensors: readonly Tensor[], params: readonly Number_[]): Tensor {
  let sizes = tensors[0].sizes;
  for (let i = 1; i < tensors.length; i++) sizes = broadcastSizes(sizes, tensors[i].sizes);
  const outputs = runFormula(formula, sizes, tensors, params, commonDevice(tensors));
  if (isInferenceModeEnabled()) outputs[0].inference = true;
  else recordFormula(formula, name, tensors, params, outputs);
  return outputs[0];
}

/** Applies a formula with several outputs; none but the first may be differentiated. */
export function applyMultiple(formula: Formula, tensors: readonly Tensor[], params: readonly Number_[]): Tensor[] {
  const sizes = tensors.reduce<readonly number[]>((s, t) => broadcastSizes(s, t.sizes), tensors[0].sizes);
  return runFormula(formula, sizes, tensors, params, commonDevice(tensors));
}

export function recordFormula(
  formula: Formula,
  name: string,
  tensors: readonly Tensor[],
  params: readonly Number_[],
  outputs: readonly Tensor[],
): void {
  if (!needsRecord(tensors) || outputs[0].dtype.category < 2) return;
  let mask = 0;
  tensors.forEach((t, i) => {
    if (t.dtype.category >= 2 && gradEdge(t)) mask |= 1 << i;
  });
  const { uses, savesMore } = formula.gradient(mask);
  const saved: (Tensor | null)[] = uses.map((i) => (i < 0 ? outputs[0] : tensors[i]));
  if (savesMore) saved.push(null);
  const shapes = tensors.map((t) => t.sizes);
  record(name, tensors, outputs[0], saved, backwardOf(formula, mask, shapes, params));
}

/** A function of its own, so that the tensors above are not kept by its scope. */
const backwardOf =
  (formula: Formula, mask: number, shapes: readonly (readonly number[])[], params: readonly Number_[]): Backward =>
  ({ grad, needs }, values) =>
    backwardFormula(formula, mask, shapes, params, grad, needs, values);

function backwardFormula(
  formula: Formula,
  mask: number,
  shapes: readonly (readonly number[])[],
  params: readonly Number_[],
  grad: Tensor,
  needs: (i: number) => boolean,
  saved: readonly Tensor[],
): (Tensor | null)[] {
  const gradient = formula.gradient(mask);
  const inputs = [grad, ...saved];
  const results: (Tensor | null)[] = shapes.map(() => null);
  const wanted = gradient.targets.map((i) => needs(i));
  const count = wanted.filter(Boolean).length;
  const joint = needsRecord(inputs) || count < 2 || !gradient.targets.every((i) => sameSizes(shapes[i], grad.sizes));
  if (!joint) {
    const all = runFormula(gradient.formula, grad.sizes, inputs, params, grad.storage.device);
    gradient.targets.forEach((i, k) => (results[i] = all[k]));
    return results;
  }
  gradient.targets.forEach((i, k) => {
    if (wanted[k]) results[i] = oneGradient(gradient.formula.only(k), inputs, params, shapes[i], count === 1);
  });
  return results;
}

/** One gradient, summed to the shape of its input; written over the gradient of the output where that is used for the `last` time. */
function oneGradient(
  formula: Formula,
  inputs: readonly Tensor[],
  params: readonly Number_[],
  shape: readonly number[],
  last: boolean,
): Tensor {
  const [grad] = inputs;
  if (isIdentity(formula, 0) && sameSizes(grad.sizes, shape)) return grad;
  if (needsRecord(inputs)) return sumToSize(applyFormula(formula, 'mul', inputs, params), shape);
  if (!sameSizes(grad.sizes, shape)) return sumFormula(formula, inputs, params, grad.sizes, shape);
  if (last && isOwned(grad) && grad.dtype === formula.outputs[0].dtype) {
    runFormulaInto(formula, grad, inputs, params);
    return grad;
  }
  return runFormula(formula, shape, inputs, params, grad.storage.device)[0];
}

/** Sums the values of `formula` over the dims in which `shape` was broadcast to `sizes`, in one kernel. */
function sumFormula(
  formula: Formula,
  inputs: readonly Tensor[],
  params: readonly Number_[],
  sizes: readonly number[],
  shape: readonly number[],
): Tensor {
  const { dtype } = formula.outputs[0];
  const dims = broadcastDims(sizes, shape);
  const reduction = { op: 'sum', accumulate: accumulateType(dtype), key: 'sum', epilogue: (acc: Expr) => acc } as const;
  const summed = runReduction(formula, reduction, dtype, sizes, dims, true, inputs, params, commonDevice(inputs));
  const lead = sizes.length - shape.length;
  return lead === 0 ? summed : new Tensor(summed.storage, dtype, shape, summed.strides.slice(lead), 0);
}

/** The dims of `sizes` in which a tensor of `shape` was repeated. */
export function broadcastDims(sizes: readonly number[], shape: readonly number[]): number[] {
  const lead = sizes.length - shape.length;
  return sizes.flatMap((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : []));
}

/** Sums `grad` to `shape`, differentiably; set by `reduce.ts`, which defines the sum. */
export let sumToSize: (grad: Tensor, shape: readonly number[]) => Tensor = () => {
  throw new Error('the reductions are not loaded');
};
export function setSumToSize(f: typeof sumToSize): void {
  sumToSize = f;
}
