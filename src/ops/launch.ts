/** Runs Formulas on tensors: operands, output layout, reductions. No autograd here. */
import { bfloat16, bool, type DType, float16, float32, int64 } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import type { ReduceOp } from '../ir/kernel.js';
import type { Device, Kernel } from '../device/device.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Number_ } from '../tensor/promote.js';
import {
  broadcastStrides,
  contiguousStrides,
  denseStridesLike,
  isContiguous,
  isNonOverlappingAndDense,
  sameSizes,
} from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { allocStorage, emptyStridedTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { type Formula, type Lowering, paramValue } from './formula.js';

type KernelOperand = Kernel['operands'][number];

const double = (strides: readonly number[]): number[] => strides.map((s) => 2 * s);

const noParams: readonly never[] = [];

/** The operand and strides of (a part of) `t`, read as if it had `sizes`. */
function operandOf(t: Tensor, part: 0 | 1, strides: readonly number[]): { operand: KernelOperand; strides: readonly number[] } {
  if (!t.dtype.isComplex) return { operand: t, strides };
  return { operand: { buffer: t.buffer, offset: 2 * t.offset + part }, strides: double(strides) };
}

/** The kernel of a lowered program over `sizes`; `outputStrides[k]` may have zeros at reduced dims. */
export function kernelOf(
  lowering: Lowering,
  sizes: readonly number[],
  inputs: readonly Tensor[],
  params: readonly Number_[],
  outputs: readonly Tensor[],
  outputStrides: readonly (readonly number[])[],
  reduced?: readonly boolean[],
): Kernel {
  const { program } = lowering;
  const operands: KernelOperand[] = [];
  const strides: (readonly number[])[] = [];
  const push = (t: Tensor, part: 0 | 1, s: readonly number[]): void => {
    const o = operandOf(t, part, s);
    operands.push(o.operand);
    strides.push(o.strides);
  };
  if (lowering.direct) {
    for (const t of inputs) {
      operands.push(t);
      strides.push(broadcastStrides(t.sizes, t.strides, sizes));
    }
    for (let k = 0; k < outputs.length; k++) {
      operands.push(outputs[k]);
      strides.push(outputStrides[k]);
    }
  } else {
    for (const { source, part } of lowering.inputs)
      push(inputs[source], part, broadcastStrides(inputs[source].sizes, inputs[source].strides, sizes));
    for (const { source, part } of lowering.outputs) push(outputs[source], part, outputStrides[source]);
  }
  const values =
    params.length === 0 ? noParams : lowering.params.map(({ source, part }, i) => paramValue(params[source], part, program.params[i]));
  return { program, sizes, operands, strides, params: values, reduced };
}

/** Runs what `kernelOf` gives. */
export const launch: (...args: Parameters<typeof kernelOf>) => void = (lowering, sizes, inputs, params, outputs, outputStrides, reduced) =>
  outputs[0].storage.device.run(kernelOf(lowering, sizes, inputs, params, outputs, outputStrides, reduced));

/** The strides of an elementwise result: those of the first operand that is dense and has its shape, else contiguous. */
function elementwiseStrides(inputs: readonly Tensor[], sizes: readonly number[]): readonly number[] {
  for (const t of inputs) {
    if (!sameSizes(t.sizes, sizes)) continue;
    if (isContiguous(sizes, t.strides))
      return t.strides.length === sizes.length && isExactlyContiguous(t) ? t.strides : contiguousStrides(sizes);
    if (isNonOverlappingAndDense(sizes, t.strides)) return denseStridesLike(sizes, t.strides);
  }
  return contiguousStrides(sizes);
}

/** Contiguous with the very strides of a new tensor (sizes of 1 and 0 leave room). */
function isExactlyContiguous(t: Tensor): boolean {
  let step = 1;
  for (let d = t.sizes.length - 1; d >= 0; d--) {
    if (t.strides[d] !== step) return false;
    step *= Math.max(t.sizes[d], 1);
  }
  return true;
}

/** New tensors with the outputs of `formula` over `sizes`. */
export function runFormula(
  formula: Formula,
  sizes: readonly number[],
  inputs: readonly Tensor[],
  params: readonly Number_[],
  device: Device,
): Tensor[] {
  const strides = sizes.length === 0 ? (sizes as readonly never[]) : elementwiseStrides(inputs, sizes);
  if (formula.outputs.length === 1) {
    const output = emptyStridedTensor(device, formula.outputs[0].dtype, sizes, strides);
    if (numelOf(sizes) > 0) launch(formula.lowering, sizes, inputs, params, [output], [strides]);
    return [output];
  }
  const outputs = formula.outputs.map((e) => emptyStridedTensor(device, e.dtype, sizes, strides));
  if (numelOf(sizes) > 0)
    launch(
      formula.lowering,
      sizes,
      inputs,
      params,
      outputs,
      outputs.map((t) => t.strides),
    );
  return outputs;
}

/** Writes output 0 of `formula` into `target`. */
export function runFormulaInto(formula: Formula, target: Tensor, inputs: readonly Tensor[], params: readonly Number_[]): void {
  if (numelOf(target.sizes) > 0) launch(formula.lowering, target.sizes, inputs, params, [target], [target.strides]);
  target.storage.version++;
}

/** The dtype in which sums and products of `dtype` are accumulated. */
export const accumulateType = (dtype: DType): DType => (dtype === float16 || dtype === bfloat16 ? float32 : dtype);

export interface Reduction {
  readonly op: ReduceOp;
  readonly accumulate: DType;
  /** Tells apart epilogues of one formula. */
  readonly key: string;
  readonly epilogue: (acc: Expr, params: readonly Expr[]) => Expr;
}

/** Sums (or the like) output 0 of `formula` over the dims in `dims`, which stay as 1 if `keepdim`. */
export function runReduction(
  formula: Formula,
  reduction: Reduction,
  outDtype: DType,
  sizes: readonly number[],
  dims: readonly number[],
  keepdim: boolean,
  inputs: readonly Tensor[],
  params: readonly Number_[],
  device: Device,
): Tensor {
  const reduced = sizes.map((_, d) => dims.includes(d));
  const kept = sizes.map((n, d) => (reduced[d] ? 1 : n));
  const strides = contiguousStrides(kept);
  const storage = allocStorage(device, outDtype, numelOf(kept));
  const full = new Tensor(storage, outDtype, kept, strides, 0);
  const outputStrides = strides.map((s, d) => (reduced[d] ? 0 : s));
  if (numelOf(kept) > 0) {
    for (const lowering of formula.reduction(reduction.op, reduction.accumulate, `${reduction.key} ${outDtype.name}`, (a, p) =>
      reduction.epilogue(a, p).cast(outDtype.toReal()),
    )) {
      launch(lowering, sizes, inputs, params, [full], [outputStrides], reduced);
    }
  }
  if (keepdim) return full;
  const pick = <T>(list: readonly T[]): T[] => list.filter((_, d) => !reduced[d]);
  return new Tensor(storage, outDtype, pick(kept), pick(strides), 0);
}

/** The one device of these tensors; 0-dim CPU tensors go anywhere. */
export function commonDevice(tensors: readonly Tensor[]): Device {
  let device: Device | null = null;
  for (const t of tensors) {
    const own = t.storage.device;
    if (device === null || device === own) device = own;
    else throw mixedDevices(device, own);
  }
  if (device === null) throw new RuntimeError('at least one tensor is needed');
  return device;
}

function mixedDevices(a: Device, b: Device): Error {
  const name = (d: Device): string => (d.type === 'cpu' ? 'cpu' : `${d.type}:${d.index}`);
  return new RuntimeError(`Expected all tensors to be on the same device, but found at least two devices, ${name(a)} and ${name(b)}!`);
}

/** What integers are summed in. */
export const sumType = (dtype: DType): DType => (dtype === bool || dtype.category === 1 ? int64 : dtype);
