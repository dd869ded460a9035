/** Checking gradients against finite differences. */
import { grad as gradOf } from '../autograd/backward.js';
import { enableGrad, noGrad } from '../autograd/modes.js';
import { float64 } from '../ir/dtype.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { tensor } from './creation.js';
import { requiresGrad_ } from './autograd.js';
import { detach } from './convert.js';
import { contiguousRaw, zeros } from './memory.js';
import { mul } from './pointwise.js';
import { sum } from './reduce.js';
import { toTypedArray } from './read.js';

export interface GradcheckOptions {
  eps?: number;
  atol?: number;
  rtol?: number;
  raiseException?: boolean;
}

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];
const listOf = (x: Tensor | readonly Tensor[]): readonly Tensor[] => (x instanceof Tensor ? [x] : x);
const values = (t: Tensor): number[] => Array.from(toTypedArray(detach(t)) as Float64Array, Number);
const isDifferentiable = (t: Tensor): boolean => t.dtype.category >= 2 && t.requiresGrad;

/** Real numbers that a tensor holds: two for a complex element. */
const scalarsOf = (t: Tensor): number => numelOf(t.sizes) * (t.dtype.isComplex ? 2 : 1);

/** A tensor like `t` with one real number set to 1. */
function unit(t: Tensor, k: number): Tensor {
  const flat = new Float64Array(scalarsOf(t));
  flat[k] = 1;
  return fromScalars(t, flat);
}
function fromScalars(t: Tensor, flat: Float64Array): Tensor {
  const out = zeros(t.sizes, { dtype: t.dtype, device: t.storage.device });
  if (t.dtype.toReal() !== float64) throw new RuntimeError('gradcheck expects float64 or complex128 tensors');
  if (flat.length > 0) out.storage.device.write(out.buffer, 0, flat);
  return out;
}

/** d (output numbers) / d (number k of input i), by central differences. */
function numericalColumn(fn: Checked, inputs: readonly Tensor[], i: number, k: number, eps: number): number[][] {
  const moved = (by: number): number[][] => {
    const flat = Float64Array.from(values(contiguousRaw(detach(inputs[i]))));
    flat[k] += by;
    const changed = fromScalars(inputs[i], flat);
    return noGrad(() => listOf(fn(...inputs.map((t, j) => (j === i ? changed : detach(t))))).map(values));
  };
  const [plus, minus] = [moved(eps), moved(-eps)];
  return plus.map((out, o) => out.map((v, n) => (v - minus[o][n]) / (2 * eps)));
}

function compare(analytical: number, numerical: number, { atol = 1e-5, rtol = 1e-3 }: GradcheckOptions): boolean {
  return Math.abs(analytical - numerical) <= atol + rtol * Math.abs(numerical) || (Number.isNaN(analytical) && Number.isNaN(numerical));
}

function check(fn: Checked, given: readonly Tensor[], options: GradcheckOptions): string | null {
  const inputs = given.map((t) => (isDifferentiable(t) ? requiresGrad_(contiguousRaw(detach(t)).clone()) : t));
  const outputs = listOf(fn(...inputs));
  const wanted = inputs.filter(isDifferentiable);
  for (const [o, output] of outputs.entries()) {
    if (!output.requiresGrad) continue;
    const rows = Array.from({ length: scalarsOf(output) }, (_, n) => {
      const grads = gradOf(output, wanted, { gradOutputs: unit(output, n), retainGraph: true, allowUnused: true });
      return grads.map((g, j) => (g ? values(g) : new Array<number>(scalarsOf(wanted[j])).fill(0)));
    });
    for (const [j, t] of wanted.entries()) {
      for (let k = 0; k < scalarsOf(t); k++) {
        const numeric = numericalColumn(fn, inputs, inputs.indexOf(t), k, options.eps ?? 1e-6)[o];
        for (const [n, row] of rows.entries()) {
          if (!compare(row[j][k], numeric[n], options)) {
            return `Jacobian mismatch for output ${o} with respect to input ${j},\nnumerical: ${numeric[n]}\nanalytical: ${row[j][k]} (output element ${n}, input element ${k})`;
          }
        }
      }
    }
  }
  return null;
}

/**
 * Compares the gradients of `fn` with central differences. Inputs that are checked must be float64 (or complex128) and require grad.
 * https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
 * @throws RuntimeError with both numbers where they differ, unless `raiseException` is false
 * @example
 * const x = torch.rand(3, { dtype: torch.float64, requiresGrad: true });
 * torch.autograd.gradcheck((x: torch.Tensor) => x.sin(), [x])  // true
 */
export function gradcheck(fn: Checked, inputs: Tensor | readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const list = listOf(inputs);
  if (!list.some(isDifferentiable))
    throw new ValueError('gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.');
  const failure = check(fn, list, options);
  if (failure && options.raiseException !== false) throw new RuntimeError(failure);
  return failure === null;
}

/**
 * `gradcheck` of the gradients themselves: second derivatives.
 * https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html
 * @example
 * const x = torch.rand(3, { dtype: torch.float64, requiresGrad: true });
 * torch.autograd.gradgradcheck((x: torch.Tensor) => x.sin(), [x])  // true
 */
export function gradgradcheck(fn: Checked, inputs: Tensor | readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const list = listOf(inputs);
  const first = (...args: Tensor[]): readonly Tensor[] => {
    const enabled = args.map((t) => (t.dtype.category >= 2 && !t.requiresGrad ? requiresGrad_(detach(t).clone()) : t));
    const wanted = enabled.filter(isDifferentiable);
    const outputs = listOf(fn(...enabled)).filter((t) => t.requiresGrad);
    const weighted = outputs.map((t) => sum(mul(t, weights(t))));
    return gradOf(weighted, wanted, { createGraph: true, allowUnused: true }).map((g, i) => g ?? mul(wanted[i], 0));
  };
  const recorded = (...args: Tensor[]): readonly Tensor[] => enableGrad(() => first(...args));
  return gradcheck(recorded, list, options);
}

/** Fixed odd numbers of either sign, so that sums of gradients do not cancel. */
function weights(t: Tensor): Tensor {
  const n = numelOf(t.sizes);
  const pattern = Array.from({ length: n }, (_, i) => (((i * 37) % 101) * 2 + 1) / 128 - 0.75);
  return tensor(pattern, { dtype: t.dtype.toReal() }).reshape([...t.sizes]);
}
