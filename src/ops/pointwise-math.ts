/** Elementwise functions: exponentials, logarithms, trigonometry, rounding and sign. */
import { bool } from '../ir/dtype.js';
import { constant, Expr, where } from '../ir/expr.js';
import { hypot as hypotExpr } from '../ir/complex.js';
import { pointwise } from './define.js';
import { one, zero } from './exprs.js';
import type { Op } from './types.js';
import { type Unary, type Binary, unary, binary, arithmetic, noComplex, copysignExpr } from './pointwise-kinds.js';

// --- exponentials, logarithms, trigonometry -----------------------------------------------------------------------------------------

/** e^input. https://pytorch.org/docs/stable/generated/torch.exp.html */
export const exp: Unary = unary('exp', (x) => x.exp());
/** 2^input. */
export const exp2: Unary = unary('exp2', (x) => x.exp2());
/** e^input - 1, accurate near 0. */
export const expm1: Unary = unary('expm1', (x) => x.expm1());
/** The natural logarithm. */
export const log: Unary = unary('log', (x) => x.log());
/** The logarithm to base 2. */
export const log2: Unary = unary('log2', (x) => x.log2());
/** The logarithm to base 10. */
export const log10: Unary = unary('log10', (x) => x.log10());
/** ln(1 + input), accurate near 0. */
export const log1p: Unary = unary('log1p', (x) => x.log1p());
/** Sine; radians, as all of these. */
export const sin: Unary = unary('sin', (x) => x.sin());
export const cos: Unary = unary('cos', (x) => x.cos());
export const tan: Unary = unary('tan', (x) => x.tan());
export const asin: Unary = unary('asin', (x) => x.asin());
export const acos: Unary = unary('acos', (x) => x.acos());
export const atan: Unary = unary('atan', (x) => x.atan());
export const sinh: Unary = unary('sinh', (x) => x.sinh());
export const cosh: Unary = unary('cosh', (x) => x.cosh());
export const tanh: Unary = unary('tanh', (x) => x.tanh());
export const asinh: Unary = unary('asinh', (x) => x.asinh());
export const acosh: Unary = unary('acosh', (x) => x.acosh());
export const atanh: Unary = unary('atanh', (x) => x.atanh());
/** The angle of the point (other, input). https://pytorch.org/docs/stable/generated/torch.atan2.html */
export const atan2: Binary = binary('atan2', (x, y) => x.atan2(y), { promotion: 'float', takes: 'tensors', ...noComplex('atan2') });
/** √(input² + other²) without overflow. */
export const hypot: Binary = binary('hypot', hypotExpr, {
  grad: ({ grad, result, args: [x, y] }) => [grad.mul(x.div(result)), grad.mul(y.div(result))],
  takes: 'tensors',
  ...noComplex('hypot'),
});
/** sin(πx) / πx, 1 at 0. https://pytorch.org/docs/stable/generated/torch.sinc.html */
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
/** Degrees to radians. */
export const deg2rad: Unary = unary('deg2rad', (x) => x.mul(Math.PI / 180), noComplex('deg2rad'));
/** Radians to degrees. */
export const rad2deg: Unary = unary('rad2deg', (x) => x.mul(180 / Math.PI), noComplex('rad2deg'));
/** 1 / (1 + e^-input). https://pytorch.org/docs/stable/generated/torch.sigmoid.html */
export const sigmoid: Unary = unary('sigmoid', (x) => x.sigmoid(), {
  grad: ({ grad, result }) => [grad.mul(one(result).sub(result).mul(result).conj())],
});
/** ln(input / (1 - input)), of input clamped to [eps, 1 - eps] if eps is given. https://pytorch.org/docs/stable/generated/torch.logit.html */
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
/** The largest integer not above. */
export const floor: Unary = rounding('floor', (x) => x.floor());
/** The smallest integer not below. */
export const ceil: Unary = rounding('ceil', (x) => x.ceil());
/** The integer part. */
export const trunc: Unary = rounding('trunc', (x) => x.trunc());
/** Alias of `trunc`. */
export const fix: Unary = rounding('fix', (x) => x.trunc());
/** input - trunc(input). */
export const frac: Unary = unary('frac', (x) => x.sub(x.trunc()), { ...arithmetic, grad: ({ grad }) => [grad], ...noComplex('frac') });
/** The nearest integer, halves to even; `decimals` places are kept. https://pytorch.org/docs/stable/generated/torch.round.html */
export const round: Op<[], [], { decimals: number }> = pointwise(
  'round',
  { args: 'input, *, decimals?', grad: ({ grad }) => [grad.mul(0)], ...noComplex('round') },
  (x: Expr, decimals?: Expr) => {
    if (x.dtype.category < 2) return x;
    if (!decimals) return x.round();
    const up = constant(10, x.dtype).pow(decimals.abs().cast(x.dtype));
    return where(decimals.eq(0), x.round(), where(decimals.gt(0), x.mul(up).round().div(up), x.div(up).round().mul(up)));
  },
);
const signOf = (x: Expr): Expr => (x.dtype === bool ? x : x.gt(0).cast(x.dtype).sub(x.lt(0).cast(x.dtype)));
/** -1, 0 or 1. https://pytorch.org/docs/stable/generated/torch.sign.html */
export const sign: Unary = unary('sign', signOf, { ...arithmetic, grad: ({ grad }) => [grad.mul(0)], ...noComplex('sign') });
/** input / |input|, 0 at 0: `sign` for complex numbers too. */
export const sgn: Unary = unary(
  'sgn',
  (x) => {
    if (!x.dtype.isComplex) return signOf(x);
    const size = x.abs();
    return where(size.eq(0), zero(x), x.div(size));
  },
  {
    ...arithmetic,
    grad: ({ grad, result, args: [x] }) => {
      if (!x.dtype.isComplex) return [grad.mul(0)];
      const size = x.abs();
      const turned = result.mul(result.conj().mul(grad).real.cast(result.dtype));
      return [where(size.eq(0), zero(x), grad.sub(turned).div(size))];
    },
  },
);
/** Whether the sign bit is set. */
export const signbit: Unary = unary('signbit', (x) => x.signbit(), { ...arithmetic, noInplace: true, ...noComplex('signbit') });
/** |input| with the sign of other. https://pytorch.org/docs/stable/generated/torch.copysign.html */
export const copysign: Binary = binary('copysign', copysignExpr, {
  promotion: 'float',
  takes: 'tensorFirst',
  grad: ({ grad, result, args: [x] }) => [grad.mul(where(x.eq(0), zero(x), result.div(x))), grad.mul(0)],
});
