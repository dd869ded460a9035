/** One elementwise kernel that updates several tensors in place: how optimizers write their rules. */
import type { Device, Kernel } from '../device/device.js';
import type { DType } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import { Formula, inputLeaves, paramLeaf } from '../ops/formula.js';
import { kernelOf } from '../ops/launch.js';
import { Tensor } from '../tensor/tensor.js';

/** New values of the first tensors, from all tensors and numbers. */
export type Rule = (tensors: Expr[], numbers: Expr[]) => Expr[];

/** A kernel that has still to run. */
export interface Step {
  readonly device: Device;
  readonly kernel: Kernel;
}

/** What writes the values that `rule` gives into the first tensors of `tensors`, which all have one shape. */
export type Update = (tensors: readonly Tensor[], numbers: readonly number[]) => Step;

/** Runs the steps of all parameters, which do not depend on each other, with as few calls as the devices can. */
export function runSteps(steps: readonly Step[]): void {
  for (const device of new Set(steps.map((step) => step.device))) {
    const own = steps.filter((step) => step.device === device && !step.kernel.sizes.includes(0));
    device.runAll(own.map((step) => step.kernel));
  }
}

const real = (t: Tensor): Tensor =>
  t.dtype.isComplex ? new Tensor(t.storage, t.dtype.toReal(), [...t.sizes, 2], [...t.strides.map((s) => 2 * s), 1], 2 * t.offset) : t;

/** Compiles `rule` once for each combination of dtypes. Complex tensors are updated as pairs of real numbers. */
export function updateBy(rule: Rule): Update {
  const formulas = new Map<string, Formula>();
  const formulaFor = (tensors: readonly Tensor[], count: number): Formula => {
    const key = tensors.length === 1 ? tensors[0].dtype.name : tensors.map((t) => t.dtype.code).join();
    let formula = formulas.get(key);
    if (!formula)
      formulas.set(
        key,
        (formula = compile(
          rule,
          tensors.map((t) => t.dtype),
          count,
        )),
      );
    return formula;
  };
  return (given, numbers) => {
    const tensors = given[0].dtype.isComplex ? given.map(real) : given;
    const formula = formulaFor(tensors, numbers.length);
    const outputs = tensors.slice(0, formula.outputs.length);
    for (const output of outputs) output.storage.version++;
    const { sizes, storage } = outputs[0];
    const strides = outputs.map((t) => t.strides);
    return { device: storage.device, kernel: kernelOf(formula.lowering, sizes, tensors, numbers, outputs, strides) };
  };
}

function compile(rule: Rule, dtypes: readonly DType[], count: number): Formula {
  const inputs = inputLeaves(dtypes);
  const params = Array.from({ length: count }, (_, i) => paramLeaf(i, dtypes[0]));
  return new Formula(
    inputs,
    params,
    rule(inputs, params).map((value, i) => value.cast(dtypes[i])),
  );
}
