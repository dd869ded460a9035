/** Elementwise functions: exponentials, logarithms, trigonometry, rounding and sign. */
import { bool } from '../ir/dtype.js';
import { constant, Expr, where } from '../ir/expr.js';
import { hypot as hypotExpr } from '../ir/complex.js';
import { pointwise } from './define.js';
import { one, zero } from './exprs.js';
import type { Op } from './types.js';
import { type Unary, type Binary, unary, binary, arithmetic, noComplex, copysignExpr, overloadNode } from './pointwise-kinds.js';

// --- exponentials, logarithms, trigonometry -----------------------------------------------------------------------------------------

/**
 * e^input; integers give floats. https://pytorch.org/docs/stable/generated/torch.exp.html
 * @example torch.exp(torch.tensor([0, 1]))  // tensor([1.0000, 2.7183])
 */
export const exp: Unary = unary('exp', (x) => x.exp());
/**
 * 2^input; integers give floats. https://pytorch.org/docs/stable/generated/torch.exp2.html
 * @example torch.exp2(torch.tensor([0, 3]))  // tensor([1., 8.])
 */
export const exp2: Unary = unary('exp2', (x) => x.exp2());
/**
 * e^input - 1, accurate near 0. https://pytorch.org/docs/stable/generated/torch.expm1.html
 * @example torch.expm1(torch.tensor([0, 1e-8]))  // tensor([0.0000e+00, 1.0000e-08])
 */
export const expm1: Unary = unary('expm1', (x) => x.expm1());
/**
 * Natural logarithm; NaN below 0. Integers give floats. https://pytorch.org/docs/stable/generated/torch.log.html
 * @example torch.log(torch.tensor([1, Math.E]))  // tensor([0., 1.])
 */
export const log: Unary = unary('log', (x) => x.log());
/**
 * Logarithm to base 2; NaN below 0. Integers give floats. https://pytorch.org/docs/stable/generated/torch.log2.html
 * @example torch.log2(torch.tensor([1, 8]))  // tensor([0., 3.])
 */
export const log2: Unary = unary('log2', (x) => x.log2());
/**
 * Logarithm to base 10; NaN below 0. Integers give floats. https://pytorch.org/docs/stable/generated/torch.log10.html
 * @example torch.log10(torch.tensor([1, 1000]))  // tensor([0., 3.])
 */
export const log10: Unary = unary('log10', (x) => x.log10());
/**
 * ln(1 + input), accurate near 0. https://pytorch.org/docs/stable/generated/torch.log1p.html
 * @example torch.log1p(torch.tensor([0, 1e-8]))  // tensor([0.0000e+00, 1.0000e-08])
 */
export const log1p: Unary = unary('log1p', (x) => x.log1p());
/**
 * Sine of radians. https://pytorch.org/docs/stable/generated/torch.sin.html
 * @example torch.sin(torch.tensor([0, Math.PI / 2]))  // tensor([0., 1.])
 */
export const sin: Unary = unary('sin', (x) => x.sin());
/**
 * Cosine of radians. https://pytorch.org/docs/stable/generated/torch.cos.html
 * @example torch.cos(torch.tensor([0, Math.PI]))  // tensor([ 1., -1.])
 */
export const cos: Unary = unary('cos', (x) => x.cos());
/**
 * Tangent of radians. https://pytorch.org/docs/stable/generated/torch.tan.html
 * @example torch.tan(torch.tensor([0, Math.PI / 4]))  // tensor([0., 1.])
 */
export const tan: Unary = unary('tan', (x) => x.tan());
/**
 * Arc sine in radians, within [-π/2, π/2]; NaN outside of [-1, 1]. https://pytorch.org/docs/stable/generated/torch.asin.html
 * @example torch.asin(torch.tensor([0, 1]))  // tensor([0.0000, 1.5708])
 */
export const asin: Unary = unary('asin', (x) => x.asin());
/**
 * Arc cosine in radians, within [0, π]; NaN outside of [-1, 1]. https://pytorch.org/docs/stable/generated/torch.acos.html
 * @example torch.acos(torch.tensor([1, 0]))  // tensor([0.0000, 1.5708])
 */
export const acos: Unary = unary('acos', (x) => x.acos());
/**
 * Arc tangent in radians, within [-π/2, π/2]. https://pytorch.org/docs/stable/generated/torch.atan.html
 * @example torch.atan(torch.tensor([0, 1]))  // tensor([0.0000, 0.7854])
 */
export const atan: Unary = unary('atan', (x) => x.atan());
/**
 * Hyperbolic sine. https://pytorch.org/docs/stable/generated/torch.sinh.html
 * @example torch.sinh(torch.tensor([0, 1]))  // tensor([0.0000, 1.1752])
 */
export const sinh: Unary = unary('sinh', (x) => x.sinh());
/**
 * Hyperbolic cosine. https://pytorch.org/docs/stable/generated/torch.cosh.html
 * @example torch.cosh(torch.tensor([0, 1]))  // tensor([1.0000, 1.5431])
 */
export const cosh: Unary = unary('cosh', (x) => x.cosh());
/**
 * Hyperbolic tangent. https://pytorch.org/docs/stable/generated/torch.tanh.html
 * @example torch.tanh(torch.tensor([0, 1]))  // tensor([0.0000, 0.7616])
 */
export const tanh: Unary = unary('tanh', (x) => x.tanh());
/**
 * Inverse hyperbolic sine. https://pytorch.org/docs/stable/generated/torch.asinh.html
 * @example torch.asinh(torch.tensor([0, 1]))  // tensor([0.0000, 0.8814])
 */
export const asinh: Unary = unary('asinh', (x) => x.asinh());
/**
 * Inverse hyperbolic cosine; NaN below 1. https://pytorch.org/docs/stable/generated/torch.acosh.html
 * @example torch.acosh(torch.tensor([1, 2]))  // tensor([0.0000, 1.3170])
 */
export const acosh: Unary = unary('acosh', (x) => x.acosh());
/**
 * Inverse hyperbolic tangent; NaN outside of [-1, 1]. https://pytorch.org/docs/stable/generated/torch.atanh.html
 * @example torch.atanh(torch.tensor([0, 0.5]))  // tensor([0.0000, 0.5493])
 */
export const atanh: Unary = unary('atanh', (x) => x.atanh());
/**
 * The angle of the point (other, input). https://pytorch.org/docs/stable/generated/torch.atan2.html
 * @example torch.atan2(torch.tensor([1, -1]), torch.tensor([-1, -1]))  // tensor([ 2.3562, -2.3562])
 */
export const atan2: Binary = binary('atan2', (x, y) => x.atan2(y), { promotion: 'float', takes: 'tensors', ...noComplex('atan2') });
/**
 * √(input² + other²) without overflow. https://pytorch.org/docs/stable/generated/torch.hypot.html
 * @example torch.hypot(torch.tensor([3.5]), torch.tensor([4.5]))  // tensor([5.7009])
 */
export const hypot: Binary = binary('hypot', hypotExpr, {
  grad: ({ grad, result, args: [x, y] }) => [grad.mul(x.div(result)), grad.mul(y.div(result))],
  takes: 'tensors',
  ...noComplex('hypot'),
});
/**
 * sin(πx) / πx, 1 at 0. https://pytorch.org/docs/stable/generated/torch.sinc.html
 * @example torch.sinc(torch.tensor([0, 0.5]))  // tensor([1.0000, 0.6366])
 */
export const sinc: Unary = unary(
  'sinc',
  (x) => {
    const scaledX = x.mul(Math.PI);
    return where(x.eq(0), one(x), scaledX.sin().div(scaledX));
  },
  {
    grad: ({ grad, args: [x] }) => {
      const s = x.mul(Math.PI);
      const slope = s.mul(s.cos()).sub(s.sin()).div(s.mul(x));
      return [grad.mul(where(s.mul(s).eq(0), zero(x), slope).conj())];
    },
  },
);
/**
 * Degrees as radians. https://pytorch.org/docs/stable/generated/torch.deg2rad.html
 * @example torch.deg2rad(torch.tensor([0, 180]))  // tensor([0.0000, 3.1416])
 */
export const deg2rad: Unary = unary('deg2rad', (x) => x.mul(Math.PI / 180), noComplex('deg2rad'));
/**
 * Radians to degrees. https://pytorch.org/docs/stable/generated/torch.rad2deg.html
 * @example torch.rad2deg(torch.tensor([0, Math.PI]))  // tensor([  0., 180.])
 */
export const rad2deg: Unary = unary('rad2deg', (x) => x.mul(180 / Math.PI), noComplex('rad2deg'));
/**
 * 1 / (1 + e^-input). https://pytorch.org/docs/stable/generated/torch.sigmoid.html
 * @example torch.sigmoid(torch.tensor([0, 2]))  // tensor([0.5000, 0.8808])
 */
export const sigmoid: Unary = unary('sigmoid', (x) => x.sigmoid(), {
  grad: ({ grad, result }) => [grad.mul(one(result).sub(result).mul(result).conj())],
});
/**
 * ln(input / (1 - input)), of input clamped to [eps, 1 - eps] if eps is given. https://pytorch.org/docs/stable/generated/torch.logit.html
 * @example torch.logit(torch.tensor([0.5, 1]), 0.1)  // tensor([0.0000, 2.1972])
 */
export const logit: Op<[], [eps: number | null], { eps: number | null }> = pointwise(
  'logit',
  {
    args: 'input, eps?',
    promotion: 'float',
    grad: ({ grad, args: [x], extras: [eps] }) => {
      const slope = grad.div(x.mul(one(x).sub(x)));
      const [low, high] = eps ? [eps as Expr, one(x).sub(eps)] : [zero(x), one(x)];
      const outside = x.lt(low).or(x.gt(high));
      return [where(outside, constant(eps ? 0 : NaN, x.dtype), slope)];
    },
  },
  (x: Expr, eps?: Expr | null) => {
    const p = eps ? where(x.lt(eps), eps, where(x.gt(one(x).sub(eps)), one(x).sub(eps), x)) : x;
    return p.div(one(x).sub(p)).log();
  },
);

// --- rounding and sign ----------------------------------------------------------------------------------------------------------------

const rounding = (name: string, f: (x: Expr) => Expr): Unary =>
  unary(name, (x) => (x.dtype.category < 2 ? x : f(x)), { ...arithmetic, grad: ({ grad }) => [grad.mul(0)], ...noComplex(name) });
/**
 * Rounded towards -∞; integers stay as they are. https://pytorch.org/docs/stable/generated/torch.floor.html
 * @example torch.floor(torch.tensor([-1.5, 1.5]))  // tensor([-2.,  1.])
 */
export const floor: Unary = rounding('floor', (x) => x.floor());
/**
 * Rounded towards +∞; integers stay as they are. https://pytorch.org/docs/stable/generated/torch.ceil.html
 * @example torch.ceil(torch.tensor([-1.5, 1.5]))  // tensor([-1.,  2.])
 */
export const ceil: Unary = rounding('ceil', (x) => x.ceil());
/**
 * Rounded towards 0; integers stay as they are. https://pytorch.org/docs/stable/generated/torch.trunc.html
 * @example torch.trunc(torch.tensor([-1.5, 1.5]))  // tensor([-1.,  1.])
 */
export const trunc: Unary = rounding('trunc', (x) => x.trunc());
/**
 * Alias of `trunc`.
 * @example torch.fix(torch.tensor([-1.5, 1.5]))  // tensor([-1.,  1.])
 */
export const fix: Unary = rounding('fix', (x) => x.trunc());
/**
 * The part behind the point, with the sign of the input. https://pytorch.org/docs/stable/generated/torch.frac.html
 * @example torch.frac(torch.tensor([-1.5, 2.25]))  // tensor([-0.5000,  0.2500])
 */
export const frac: Unary = unary('frac', (x) => x.sub(x.trunc()), { ...arithmetic, grad: ({ grad }) => [grad], ...noComplex('frac') });
/**
 * The nearest integer, halves to even; `decimals` places are kept. https://pytorch.org/docs/stable/generated/torch.round.html
 * @example torch.round(torch.tensor([0.5, 1.5, 2.345]), { decimals: 1 })  // tensor([0.5000, 1.5000, 2.3000])
 */
export const round: Op<[], [], { decimals: number }> = pointwise(
  'round',
  {
    args: 'input, *, decimals?',
    node: (_, numbers) => `RoundBackward${numbers.length}`,
    grad: ({ grad }) => [grad.mul(0)],
    ...noComplex('round'),
  },
  (x: Expr, decimals?: Expr) => {
    if (x.dtype.category < 2) return x;
    if (!decimals) return x.round();
    const up = constant(10, x.dtype).pow(decimals.abs().cast(x.dtype));
    return where(decimals.eq(0), x.round(), where(decimals.gt(0), x.mul(up).round().div(up), x.div(up).round().mul(up)));
  },
);
const signOf = (x: Expr): Expr => (x.dtype === bool ? x : x.gt(0).cast(x.dtype).sub(x.lt(0).cast(x.dtype)));
/**
 * -1, 0 or 1, the sign of each element. https://pytorch.org/docs/stable/generated/torch.sign.html
 * @example torch.sign(torch.tensor([-2.5, 0, 3]))  // tensor([-1.,  0.,  1.])
 */
export const sign: Unary = unary('sign', signOf, { ...arithmetic, grad: ({ grad }) => [grad.mul(0)], ...noComplex('sign') });
/**
 * input / |input|, 0 at 0: `sign` for complex numbers too. https://pytorch.org/docs/stable/generated/torch.sgn.html
 * @example torch.sgn(torch.tensor([{ re: 3, im: 4 }]))  // tensor([0.6000+0.8000j])
 */
export const sgn: Unary = unary(
  'sgn',
  (x) => {
    if (!x.dtype.isComplex) return signOf(x);
    const size = x.abs();
    return where(size.eq(0), zero(x), x.div(size));
  },
  {
    ...arithmetic,
    savesMore: true,
    grad: ({ grad, result, args: [x] }) => {
      if (!x.dtype.isComplex) return [grad.mul(0)];
      const size = x.abs();
      const turned = result.mul(result.conj().mul(grad).real.cast(result.dtype));
      return [where(size.eq(0), zero(x), grad.sub(turned).div(size))];
    },
  },
);
/**
 * Whether the sign bit is set. https://pytorch.org/docs/stable/generated/torch.signbit.html
 * @example torch.signbit(torch.tensor([-1.5, 0, 2]))  // tensor([ True, False, False])
 */
export const signbit: Unary = unary('signbit', (x) => x.signbit(), { ...arithmetic, noInplace: true, ...noComplex('signbit') });
/**
 * |input| with the sign of other. https://pytorch.org/docs/stable/generated/torch.copysign.html
 * @example torch.copysign(torch.tensor([1.5, -2]), -0)  // tensor([-1.5000, -2.0000])
 */
export const copysign: Binary = binary('copysign', copysignExpr, {
  node: overloadNode('Copysign', 1, 0, 1),
  savesMore: true,
  promotion: 'float',
  takes: 'tensorFirst',
  grad: ({ grad, result, args: [x] }) => [grad.mul(where(x.eq(0), zero(x), result.div(x))), grad.mul(0)],
});
