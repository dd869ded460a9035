/** `torch.binomial`, drawn as PyTorch draws it: by inversion for few expected successes, else by Hörmann's rejection (BTRS). */
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { broadcastSizes } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { define, scalarTypeName } from './define.js';
import { cpu, type MaybeGenerator } from './generator.js';
import { alias } from './inplace.js';
import { mul } from './pointwise.js';
import { rand } from './random.js';
import { tensorOfValues } from './scalar.js';
import type { Op } from './types.js';
import { expand } from './view.js';

type Uniform = () => number;

/** Adds up geometric waiting times until they exceed the count. */
function byInversion(count: number, prob: number, uniform: Uniform): number {
  const logFailure = Math.log1p(-prob);
  let waited = 0;
  for (let successes = 0; ; successes++) {
    waited += Math.ceil(Math.log(uniform()) / logFailure);
    if (waited > count) return successes;
  }
}

const stirlingTails = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707,
  0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];
function stirlingTail(k: number): number {
  if (k <= 9) return stirlingTails[k];
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

/** "The generation of binomial random variates" (Hörmann, 1993); names are the paper's. */
function byRejection(count: number, prob: number, uniform: Uniform): number {
  const deviation = Math.sqrt(count * prob * (1 - prob));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * prob;
  const c = count * prob + 0.5;
  const vr = 0.92 - 4.2 / b;
  const r = prob / (1 - prob);
  const alpha = (2.83 + 5.1 / b) * deviation;
  const m = Math.floor((count + 1) * prob);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > count) continue;
    const bound =
      (m + 0.5) * Math.log((m + 1) / (r * (count - m + 1))) +
      (count + 1) * Math.log((count - m + 1) / (count - k + 1)) +
      (k + 0.5) * Math.log((r * (count - k + 1)) / (k + 1)) +
      stirlingTail(m) +
      stirlingTail(count - m) -
      stirlingTail(k) -
      stirlingTail(count - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}

function sample(count: number, prob: number, uniform: Uniform): number {
  if (Number.isNaN(count) || Number.isNaN(prob)) return NaN;
  if (count <= 0 || prob <= 0) return 0;
  if (prob >= 1) return count;
  if (prob > 0.5) return count - sample(count, 1 - prob, uniform);
  return (count * prob >= 10 ? byRejection : byInversion)(count, prob, uniform);
}

/**
 * Numbers of successes in `count` trials that succeed with probability `prob`; both are float tensors of one dtype.
 * https://pytorch.org/docs/stable/generated/torch.binomial.html
 * @throws RuntimeError where the dtypes differ
 * @example
 * torch.manualSeed(0);
 * torch.binomial(torch.tensor([100.5, 10]).floor(), torch.tensor([0.5, 0.1])).shape  // torch.Size([2])
 */
export const binomial: Op<[prob: Tensor], [], { generator: MaybeGenerator }> = define(
  'binomial',
  'count, prob, generator?',
  (count: Tensor, prob: Tensor, generator?: MaybeGenerator) => {
    if (!count.dtype.isFloatingPoint)
      throw new RuntimeError(`binomial only supports floating-point dtypes for count, got: ${scalarTypeName(count.dtype)}`);
    if (!prob.dtype.isFloatingPoint)
      throw new RuntimeError(`binomial only supports floating-point dtypes for prob, got: ${scalarTypeName(prob.dtype)}`);
    if (count.dtype !== prob.dtype)
      throw new RuntimeError(`Found dtype ${scalarTypeName(prob.dtype)} but expected ${scalarTypeName(count.dtype)}`);
    const sizes = [...broadcastSizes(count.sizes, prob.sizes)];
    const numbers = (t: Tensor): number[] =>
      expand(convert(alias(t), t.dtype, cpu()), sizes)
        .reshape(-1)
        .tolist() as number[];
    const uniform = (): number => rand([], { dtype: 'float64', generator }).item() as number;
    const probs = numbers(prob);
    const values = numbers(count).map((n, i) => sample(n, probs[i], uniform));
    const result = tensorOfValues(values, count.dtype, sizes, count.storage.device);
    return record('binomial', [count, prob], result, [], ({ grad }) => [mul(grad, 0), mul(grad, 0)]);
  },
);
