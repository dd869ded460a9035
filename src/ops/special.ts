/** `torch.special`: special functions as formulas, mostly rational and Chebyshev approximations from Cephes. */
import { constant, where } from '../ir/expr.js';
import { zero } from './exprs.js';
import { type Binary, exp2, expm1, log1p, logit, round, sigmoid, sinc, xlogy } from './pointwise.js';
import { logsumexp } from './reduce.js';
import { binary, nan } from './special-kinds.js';

/**
 * The float next to `input` in the direction of `other`. https://pytorch.org/docs/stable/generated/torch.nextafter.html
 * @example torch.nextafter(torch.tensor([1.5]), torch.tensor([2.5])).sub(1.5)  // tensor([1.1921e-07])
 */
export const nextafter: Binary = binary(
  'nextafter',
  (x, y) => {
    const bits = x.bits();
    const up = x.lt(y).xor(x.lt(0));
    const moved = where(up, bits.add(1), bits.sub(1)).fromBits(x.dtype);
    const smallest = constant(1, bits.dtype).fromBits(x.dtype);
    const fromZero = where(y.lt(0), smallest.neg(), smallest);
    return where(x.isnan().or(y.isnan()), nan(x), where(x.eq(y), y, where(x.eq(0), fromZero, moved)));
  },
  { grad: ({ grad, args: [x, y] }) => [where(x.eq(y), zero(grad), grad), zero(grad)], takes: 'tensors' },
);

export * from './special-bessel.js';
export * from './special-gamma.js';
export * from './special-polynomials.js';
export { exp2, expm1, log1p, logit, logsumexp, round, sigmoid as expit, sinc, xlogy };
export { digamma as psi, igamma as gammainc, igammac as gammaincc, lgamma as gammaln, mvlgamma as multigammaln } from './special-gamma.js';
