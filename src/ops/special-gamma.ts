/** Error functions, gamma functions and the normal distribution. */
import { nameNode } from '../autograd/node.js';
import { trigamma } from '../ir/derive.js';
import { constant, type Expr, where } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import * as cephes from './cephes.js';
import { define } from './define.js';
import { one, zero } from './exprs.js';
import { add, type Binary, sub, type Unary } from './pointwise.js';
import type { Op, OutOption } from './types.js';
import { overloadNodes } from './pointwise-kinds.js';
import { binary, nan, ratio, unary, wide } from './special-kinds.js';

// --- error functions, gamma functions -----------------------------------------------------------------------------------------------------------------

/**
 * The error function, 2/√π ∫₀ˣ e^-t² dt. https://pytorch.org/docs/stable/special.html#torch.special.erf
 * @example torch.erf(torch.tensor([0, 1]))  // tensor([0.0000, 0.8427])
 */
export const erf: Unary = unary('erf', (x) => x.erf());
/**
 * The complementary error function 1 - erf(x), accurate for large x. https://pytorch.org/docs/stable/special.html#torch.special.erfc
 * @example torch.erfc(torch.tensor([0, 1]))  // tensor([1.0000, 0.1573])
 */
export const erfc: Unary = unary('erfc', (x) => x.erfc());
/**
 * The inverse of the error function; infinite at -1 and 1, NaN outside. https://pytorch.org/docs/stable/special.html#torch.special.erfinv
 * @example torch.erfinv(torch.tensor([0, 0.5, 1]))  // tensor([0.0000, 0.4769,    inf])
 */
export const erfinv: Unary = unary('erfinv', (x) => x.erfinv());
/**
 * e^(x²) erfc(x): by the definition where that is stable, by a continued fraction for large x.
 * https://pytorch.org/docs/stable/special.html#torch.special.erfcx
 * @example torch.special.erfcx(torch.tensor([0, 1]))  // tensor([1.0000, 0.4276])
 */
export const erfcx: Unary = unary(
  'erfcx',
  wide((x) => {
    const fraction = (): Expr => {
      let tail = zero(x);
      for (let k = 60; k >= 1; k--) tail = constant(k / 2, x.dtype).div(x.add(tail));
      return x
        .add(tail)
        .reciprocal()
        .mul(1 / Math.sqrt(Math.PI));
    };
    const direct = x.mul(x).exp().mul(x.erfc());
    return where(x.gt(2), fraction(), direct);
  }),
  {
    node: 'specialErfcx',
    grad: ({ grad, result, args: [x] }) => [
      grad.mul(
        x
          .mul(2)
          .mul(result)
          .sub(2 / Math.sqrt(Math.PI)),
      ),
    ],
  },
);
/**
 * ln |Γ(input)|. https://pytorch.org/docs/stable/special.html#torch.special.gammaln
 * @example torch.lgamma(torch.tensor([1, 4]))  // tensor([0.0000, 1.7918])
 */
export const lgamma: Unary = unary('lgamma', (x) => x.lgamma());
/**
 * The derivative of ln Γ. https://pytorch.org/docs/stable/special.html#torch.special.digamma
 * @example torch.digamma(torch.tensor([1, 0.5]))  // tensor([-0.5772, -1.9635])
 */
export const digamma: Unary = unary('digamma', (x) => x.digamma());
/**
 * The regularised lower incomplete gamma function P(input, other). https://pytorch.org/docs/stable/special.html#torch.special.gammainc
 * @example torch.igamma(torch.tensor([4, 4]), torch.tensor([3, 5]))  // tensor([0.3528, 0.7350])
 */
export const igamma: Binary = binary('igamma', (a, x) => a.igamma(x), { takes: 'tensors' });
/**
 * The regularised upper incomplete gamma function, 1 - P(input, other).
 * https://pytorch.org/docs/stable/special.html#torch.special.gammaincc
 * @example torch.igammac(torch.tensor([4, 4]), torch.tensor([3, 5]))  // tensor([0.6472, 0.2650])
 */
export const igammac: Binary = binary('igammac', (a, x) => a.igammac(x), { takes: 'tensors' });
/**
 * The Hurwitz zeta function. https://pytorch.org/docs/stable/special.html#torch.special.zeta
 * @example torch.special.zeta(torch.tensor([2, 4]), 1)  // tensor([1.6449, 1.0823])
 */
export const zeta: Binary = binary('zeta', (x, q) => x.zeta(q));

const polygammaOfOrder = new Map<number, Unary>();
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const polygammaExpr = (n: number, x: Expr): Expr =>
  n === 1
    ? trigamma(x)
    : constant(n + 1, x.dtype)
        .zeta(x)
        .mul(n % 2 === 0 ? -factorial(n) : factorial(n));
function polygammaOp(n: number): Unary {
  let op = polygammaOfOrder.get(n);
  if (!op) {
    op =
      n === 0
        ? unary('polygamma', (x) => x.digamma())
        : unary('polygamma', (x) => polygammaExpr(n, x), { grad: ({ grad, args: [x] }) => [grad.mul(polygammaExpr(n + 1, x))] });
    polygammaOfOrder.set(n, op);
  }
  return op;
}
function polygammaOf(a: number | Tensor, b: number | Tensor, inplace: boolean, ...out: [Partial<OutOption>?]): Tensor {
  const [n, x] = typeof a === 'number' ? [a, b as Tensor] : [b as number, a];
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 31) throw new RuntimeError('polygamma(n, x) does not support negative n.');
  const op = polygammaOp(n);
  return inplace ? (op as unknown as { inplace: (t: Tensor) => Tensor }).inplace(x) : op(x, ...out);
}
/**
 * The n-th derivative of digamma; `torch.polygamma(n, x)` and `x.polygamma(n)`.
 * https://pytorch.org/docs/stable/special.html#torch.special.polygamma
 * @example torch.polygamma(1, torch.tensor([1, 0.5]))  // tensor([1.6449, 4.9348])
 */
export const polygamma: (a: number | Tensor, b: number | Tensor, out?: Partial<OutOption>) => Tensor = Object.assign(
  (a: number | Tensor, b: number | Tensor, ...out: [Partial<OutOption>?]) => polygammaOf(a, b, false, ...out),
  {
    opName: 'polygamma',
    inplace: (a: number | Tensor, b: number | Tensor) => polygammaOf(a, b, true),
  },
);
/**
 * ln of the multivariate gamma function of dimension p. https://pytorch.org/docs/stable/special.html#torch.special.multigammaln
 * @example torch.mvlgamma(torch.tensor([2.5, 4]), 2)  // tensor([0.8570, 3.5651])
 */
export const mvlgamma: Op<[p: number]> = define('mvlgamma', 'input, p', (input: Tensor, p: number) => {
  if (!(p >= 1)) throw new RuntimeError('p has to be greater than or equal to 1');
  if (!Number.isInteger(p) || p > 2 ** 16) throw new TypeError(`mvlgamma(): argument 'p' must be a small int, not ${p}`);
  let total = lgamma(input);
  for (let j = 1; j < p; j++) total = add(total, lgamma(sub(input, j / 2)));
  return nameNode('mvlgamma', add(total, (p * (p - 1) * Math.log(Math.PI)) / 4));
});

// --- normal distribution, entropy -------------------------------------------------------------------------------------------------------------------

const halfErfc = (x: Expr): Expr => x.mul(-Math.SQRT1_2).erfc().mul(0.5);
/**
 * The standard normal distribution function. https://pytorch.org/docs/stable/special.html#torch.special.ndtr
 * @example torch.special.ndtr(torch.tensor([-2, 0, 2]))  // tensor([0.0228, 0.5000, 0.9772])
 */
export const ndtr: Unary = unary('ndtr', halfErfc, { node: 'MulBackward1' });
/**
 * The logarithm of `ndtr`, accurate far below 0. https://pytorch.org/docs/stable/special.html#torch.special.log_ndtr
 * @example torch.special.logNdtr(torch.tensor([-2, 0, 2]))  // tensor([-3.7832, -0.6931, -0.0230])
 */
export const logNdtr: Unary = unary(
  'logNdtr',
  wide((x) => {
    const t = x.mul(Math.SQRT1_2);
    const small = erfcxExpr(t.neg()).mul(0.5).log().sub(t.mul(t));
    return where(x.lt(-1), small, t.erfc().mul(-0.5).log1p());
  }),
  {
    node: 'specialLogNdtr',
    grad: ({ grad, result, args: [x] }) => [
      grad.mul(
        result
          .add(x.mul(x).mul(0.5))
          .neg()
          .exp()
          .mul(1 / Math.sqrt(2 * Math.PI)),
      ),
    ],
  },
);
function erfcxExpr(x: Expr): Expr {
  let tail = zero(x);
  for (let k = 60; k >= 1; k--) tail = constant(k / 2, x.dtype).div(x.add(tail));
  const fraction = x
    .add(tail)
    .reciprocal()
    .mul(1 / Math.sqrt(Math.PI));
  return where(x.gt(2), fraction, x.mul(x).exp().mul(x.erfc()));
}
/**
 * The inverse of `ndtr`: the quantile of the standard normal distribution. https://pytorch.org/docs/stable/special.html#torch.special.ndtri
 * @example torch.special.ndtri(torch.tensor([0, 0.25, 0.5]))  // tensor([   -inf, -0.6745,  0.0000])
 */
export const ndtri: Unary = unary(
  'ndtri',
  wide((p) => {
    const { p0, q0, p1, q1, p2, q2 } = cephes.ndtri;
    const threshold = 0.1353352832366127;
    const upper = p.gt(1 - threshold);
    const y = where(upper, one(p).sub(p), p);
    const c = y.sub(0.5);
    const c2 = c.mul(c);
    const middle = c.add(c.mul(c2.mul(ratio(c2, p0, q0)))).mul(2.5066282746310007);
    const x = y.log().mul(-2).sqrt();
    const x0 = x.sub(x.log().div(x));
    const z = x.reciprocal();
    const x1 = z.mul(where(x.lt(8), ratio(z, p1, q1), ratio(z, p2, q2)));
    const tail = where(upper, x0.sub(x1), x1.sub(x0));
    const value = where(y.gt(threshold), middle, tail);
    return where(p.eq(0), -Infinity, where(p.eq(1), Infinity, where(p.lt(0).or(p.gt(1)), nan(p), value)));
  }),
  {
    node: 'specialNdtri',
    grad: ({ grad, result }) => [grad.mul(result.mul(result).mul(0.5).exp()).mul(Math.sqrt(2 * Math.PI))],
  },
);
/**
 * -x ln x, 0 at 0, -inf below. https://pytorch.org/docs/stable/special.html#torch.special.entr
 * @example torch.special.entr(torch.tensor([-0.5, 0, 0.5]))  // tensor([  -inf, 0.0000, 0.3466])
 */
export const entr: Unary = unary(
  'entr',
  (x) => where(x.isnan(), x, where(x.gt(0), x.neg().mul(x.log()), where(x.eq(0), zero(x), constant(-Infinity, x.dtype)))),
  {
    node: 'specialEntr',
    grad: ({ grad, args: [x] }) => [grad.mul(x.log().neg().sub(1))],
  },
);
/**
 * input · ln(1 + other), 0 where input is 0. https://pytorch.org/docs/stable/special.html#torch.special.xlog1py
 * @example torch.special.xlog1py(torch.tensor([0, 2]), torch.tensor([5, 1]))  // tensor([0.0000, 1.3863])
 */
export const xlog1py: Binary = binary('xlog1py', (x, y) => where(y.isnan(), y, where(x.eq(0), zero(x), x.mul(y.log1p()))), {
  node: overloadNodes('SpecialXlog1Py', [0, 1, 2]),
  grad: ({ grad, args: [x, y] }) => [grad.mul(where(x.eq(0).and(y.le(-1)), zero(x), y.log1p())), grad.mul(x.div(y.add(1)))],
});
