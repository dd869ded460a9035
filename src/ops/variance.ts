/** Variance and standard deviation. */
import { type DType } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import { record, nameNode } from '../autograd/node.js';
import { wrapDims } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import { accumulateType } from './launch.js';
import { div, eq, mul, selectWhere, sqrt, sub } from './pointwise.js';
import type { Dims, Op } from './types.js';
import { asFloat, countOf, mean, reduceRaw, restoreDims, type ReduceSpec } from './reduce.js';

type Spread = Op<
  [],
  [dim: Dims | boolean | null, unbiased: boolean | number, keepdim: boolean],
  { dim: Dims | null; unbiased: boolean; correction: number | null; keepdim: boolean }
>;
const SPREAD = 'input, dim?, unbiased?, keepdim?, *, correction?';

interface SpreadArguments {
  readonly dims: number[];
  readonly correction: number;
  readonly keepdim: boolean;
}
function spreadArguments(input: Tensor, dim: unknown, unbiased: unknown, keepdim: unknown, correction: unknown): SpreadArguments {
  const bare = typeof dim === 'boolean';
  const flag = bare ? dim : unbiased;
  const amount = typeof correction === 'number' ? correction : flag === false ? 0 : 1;
  return { dims: wrapDims(bare ? null : (dim as Dims | null), input.ndim), correction: amount, keepdim: keepdim === true };
}

/** Σ|x - mean|² / (n - correction), in two passes. */
function varianceRaw(input: Tensor, { dims, correction, keepdim }: SpreadArguments): Tensor {
  const { dtype } = input;
  const wide = accumulateType(dtype);
  const real = wide.toReal();
  const n = countOf(input.sizes, dims);
  const divided = (key: string, value: ReduceSpec['value'], accumulate: DType, outDtype: DType, by: number): ReduceSpec => ({
    op: 'sum',
    key,
    value,
    accumulate,
    outDtype,
    epilogue: (acc, [count]) => acc.div(count),
    params: [{ value: by, dtype: real }],
  });
  const center = reduceRaw(
    divided('center', (x) => x.cast(wide), wide, wide, n),
    [input],
    dims,
    true,
  );
  const spread = divided('variance', (x, c) => squaredDistance(x.cast(wide), c), real, dtype.toReal(), Math.max(n - correction, 0));
  return reduceRaw(spread, [input, center], dims, keepdim);
}
const varianceGrad = (grad: Tensor, x: Tensor, { dims, correction, keepdim }: SpreadArguments): Tensor =>
  mul(
    mul(restoreDims(grad, dims, keepdim), 2 / Math.max(countOf(x.sizes, dims) - correction, 0)),
    sub(x, mean(x, x.ndim === 0 ? null : dims, x.ndim > 0)),
  );

function variance(name: string, given: Tensor, args: SpreadArguments): Tensor {
  const input = asFloat(given);
  return record(name, [input], varianceRaw(input, args), [input], ({ grad }, [x]) => [varianceGrad(grad, x, args)]);
}
function squaredDistance(x: Expr, c: Expr): Expr {
  const d = x.sub(c);
  return d.dtype.isComplex ? d.real.mul(d.real).add(d.imag.mul(d.imag)) : d.mul(d);
}
/**
 * Variance over `dim` (all dims by default): Σ (x - mean)² / (N - correction), with `correction` 1, or 0 if `unbiased` is false.
 * https://pytorch.org/docs/stable/generated/torch.var.html
 * @example torch.var(torch.tensor([[1, 2], [3, 5]]), 1)  // tensor([0.5000, 2.0000])
 */
const variance_: Spread = define('var', SPREAD, (input: Tensor, ...rest: unknown[]) =>
  variance('var', input, spreadArguments(input, rest[0], rest[1], rest[2], rest[3])),
);
export { variance_ as var };

function deviation(given: Tensor, args: SpreadArguments): Tensor {
  const input = asFloat(given);
  const result = sqrt(varianceRaw(input, args));
  return record('std', [input], result, [input, result], ({ grad }, [x, s]) => [
    varianceGrad(selectWhere(eq(s, 0), 0, div(grad, mul(s, 2))), x, args),
  ]);
}
/**
 * Standard deviation over `dim` (all dims by default): the root of `var`. https://pytorch.org/docs/stable/generated/torch.std.html
 * @example torch.std(torch.tensor([1, 2, 3, 4]))  // tensor(1.2910)
 */
export const std: Spread = define('std', SPREAD, (input: Tensor, ...rest: unknown[]) =>
  deviation(input, spreadArguments(input, rest[0], rest[1], rest[2], rest[3])),
);

type WithMean = (input: Tensor, ...args: Parameters<Spread> extends [Tensor, ...infer A] ? A : never) => [Tensor, Tensor];
const withMean = (name: string, spread: (input: Tensor, args: SpreadArguments) => Tensor): WithMean =>
  define<WithMean>(name, SPREAD, (input: Tensor, ...rest: unknown[]) => {
    const args = spreadArguments(input, rest[0], rest[1], rest[2], rest[3]);
    return [spread(input, args), mean(input, args.dims, args.keepdim)].map((t) => nameNode(name, t)) as [Tensor, Tensor];
  });
/**
 * `var` and `mean` at once. https://pytorch.org/docs/stable/generated/torch.var_mean.html
 * @example torch.varMean(torch.tensor([1, 2, 3, 4]))  // [ tensor(1.6667), tensor(2.5000) ]
 */
export const varMean: WithMean = withMean('varMean', (input, args) => variance('varMean', input, args));
/**
 * `std` and `mean` at once. https://pytorch.org/docs/stable/generated/torch.std_mean.html
 * @example torch.stdMean(torch.tensor([1, 2, 3, 4]))  // [ tensor(1.2910), tensor(2.5000) ]
 */
export const stdMean: WithMean = withMean('stdMean', deviation);
