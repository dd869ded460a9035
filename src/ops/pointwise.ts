/** Elementwise operators: each is its formula; derivatives are derived unless `grad` states PyTorch's own. */
import { bool, type DType, float64, int64 } from '../ir/dtype.js';
import { constant, Expr, where } from '../ir/expr.js';
import { hypot as hypotExpr } from '../ir/complex.js';
import { RuntimeError } from '../tensor/errors.js';
import { isNumber } from '../tensor/promote.js';
import type { Tensor } from '../tensor/tensor.js';
import { pointwise, type PointwiseSpec } from './define.js';
import { acos, acosh, asin, asinh, atan, atan2, atanh } from './pointwise-math.js';
import { largestOf, one, zero } from './exprs.js';
import type { Op, Scalar, TensorLike } from './types.js';
import {
  type Unary,
  type Binary,
  unary,
  binary,
  arithmetic,
  none,
  noComplex,
  refuseBoolSubtraction,
  sameFloats,
  copysignExpr,
} from './pointwise-kinds.js';

// --- arithmetic -------------------------------------------------------------------------------------------------------------------

/** y · alpha; booleans are no expressions. */
function scaled(y: Expr, alpha: Expr | boolean | undefined): Expr {
  if (alpha === undefined || alpha === true) return y;
  const factor = alpha === false ? zero(y) : alpha.cast(y.dtype);
  return y.dtype === bool ? y.and(factor) : y.mul(factor);
}

/** input + alpha · other, broadcast and promoted. https://pytorch.org/docs/stable/generated/torch.add.html */
export const add: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'add',
  { args: 'input, other, *, alpha?', operands: 2, takes: 'numbers' },
  (x: Expr, y: Expr, alpha?: Expr) => (x.dtype === bool ? x.or(scaled(y, alpha)) : x.add(scaled(y, alpha))),
);
/** input - alpha · other. https://pytorch.org/docs/stable/generated/torch.sub.html */
export const sub: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'sub',
  { args: 'input, other, *, alpha?', operands: 2, refuse: refuseBoolSubtraction, takes: 'numbers' },
  (x: Expr, y: Expr, alpha?: Expr) => x.sub(scaled(y, alpha)),
);
/** other - alpha · input. https://pytorch.org/docs/stable/generated/torch.rsub.html */
export const rsub: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'rsub',
  { args: 'input, other, *, alpha?', operands: 2, takes: 'tensorFirst', refuse: refuseBoolSubtraction },
  (x: Expr, y: Expr, alpha?: Expr) => y.sub(scaled(x, alpha)),
);
/** input · other. https://pytorch.org/docs/stable/generated/torch.mul.html */
export const mul: Binary = binary('mul', (x, y) => (x.dtype === bool ? x.and(y) : x.mul(y)), { takes: 'numbers' });

const floorDiv = (x: Expr, y: Expr): Expr => (x.dtype.category < 2 ? floorDivInteger(x, y) : floorDivFloat(x, y));
function floorDivInteger(x: Expr, y: Expr): Expr {
  const quotient = x.idiv(y);
  const inexact = quotient.mul(y).ne(x);
  return x.dtype.isSigned ? where(inexact.and(x.lt(0).xor(y.lt(0))), quotient.sub(1), quotient) : quotient;
}
/** Python's float floor division: exact where a / b rounds up to an integer. */
function floorDivFloat(x: Expr, y: Expr): Expr {
  const rest = x.rem(y);
  const quotient = x.sub(rest).div(y);
  const lower = where(rest.ne(0).and(y.lt(0).xor(rest.lt(0))), quotient.sub(1), quotient);
  const floor = lower.floor();
  const nearest = where(lower.sub(floor).gt(0.5), floor.add(1), floor);
  return where(y.eq(0), x.div(y), where(lower.ne(0), nearest, copysignExpr(zero(x), x.div(y))));
}

type RoundingMode = 'trunc' | 'floor' | null;
const divTrue: Binary = binary('div', (x, y) => x.div(y), { promotion: 'float', takes: 'numbers' });
const divRounded: Op<[other: TensorLike, mode: 'trunc' | 'floor']> = pointwise(
  'div',
  { args: 'input, other, mode', operands: 2, takes: 'numbers', grad: ({ grad }) => [grad.mul(0), grad.mul(0)] },
  (x: Expr, y: Expr, mode: RoundingMode) => (mode === 'floor' ? floorDiv(x, y) : x.dtype.category < 2 ? x.idiv(y) : x.div(y).trunc()),
);

/** Dispatches a division by its rounding mode. */
function divideBy(inplace: boolean) {
  return (input: Tensor, other: TensorLike | { other: TensorLike }, options?: { roundingMode?: RoundingMode } | RoundingMode): Tensor => {
    const mode = typeof options === 'object' && options !== null ? (options.roundingMode ?? null) : (options ?? null);
    if (mode !== null && mode !== 'trunc' && mode !== 'floor') {
      throw new RuntimeError(`div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '${String(mode)}'`);
    }
    const divisor = isDivisor(other) ? other.other : other;
    const form = <F>(op: F): F => (inplace ? ((op as { inplace?: F }).inplace as F) : op);
    return mode === null ? form(divTrue)(input, divisor) : form(divRounded)(input, divisor, mode);
  };
}
const isDivisor = (x: unknown): x is { other: TensorLike } =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype && 'other' in x;

export type Division = (input: Tensor, other: TensorLike, options?: { roundingMode?: RoundingMode }) => Tensor;
const division = (name: string): Division => Object.assign(divideBy(false), { opName: name, inplace: divideBy(true) }) as Division;
/** input / other; `roundingMode` 'trunc' or 'floor' rounds. https://pytorch.org/docs/stable/generated/torch.div.html */
export const div: Division = division('div');
/** Alias of `div`. */
export const divide: Division = division('divide');
/** input / other, always a float. */
export const trueDivide: Binary = divTrue;
/** The quotient rounded down. https://pytorch.org/docs/stable/generated/torch.floor_divide.html */
export const floorDivide: Binary = binary('floorDivide', floorDiv, { ...none, takes: 'numbers', ...noComplex('floor_divide') });
/** Python's modulo: has the sign of the divisor. https://pytorch.org/docs/stable/generated/torch.remainder.html */
export const remainder: Binary = binary(
  'remainder',
  (x, y) => {
    const rest = x.rem(y);
    return x.dtype.isSigned ? where(rest.ne(0).and(rest.lt(0).xor(y.lt(0))), rest.add(y), rest) : rest;
  },
  { grad: ({ grad, args: [x, y] }) => [grad, grad.mul(floorDiv(x, y)).neg()], ...noComplex('remainder') },
);
/** C's modulo: has the sign of the dividend. https://pytorch.org/docs/stable/generated/torch.fmod.html */
export const fmod: Binary = binary('fmod', (x, y) => x.rem(y), { takes: 'tensorFirst', ...noComplex('fmod') });

/** -input. https://pytorch.org/docs/stable/generated/torch.neg.html */
export const neg: Unary = unary('neg', (x) => x.neg(), {
  ...arithmetic,
  refuse: (_, d) =>
    d === bool
      ? 'Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.'
      : null,
});
/** |input|. https://pytorch.org/docs/stable/generated/torch.abs.html */
export const abs: Unary = unary('abs', (x) => (x.dtype.isSigned ? x.abs() : x), arithmetic);
/** input itself. https://pytorch.org/docs/stable/generated/torch.positive.html */
export const square: Unary = unary('square', (x) => (x.dtype === bool ? x.cast(int64) : x.mul(x)), { ...arithmetic, node: 'PowBackward0' });
/** 1 / input. https://pytorch.org/docs/stable/generated/torch.reciprocal.html */
export const reciprocal: Unary = unary('reciprocal', (x) => x.reciprocal(), {
  grad: ({ grad, result }) => [grad.neg().mul(result.mul(result).conj())],
});
/** Square root. */
export const sqrt: Unary = unary('sqrt', (x) => x.sqrt());
/** 1 / √input. */
export const rsqrt: Unary = unary('rsqrt', (x) => x.sqrt().reciprocal(), {
  grad: ({ grad, result }) => [grad.mul(-0.5).mul(result.mul(result).mul(result).conj())],
});

const isInteger = (d: DType): boolean => d.category < 2;
const integerPower = (x: Expr, k: number): Expr => (k === 2 ? x.mul(x) : x.mul(x).mul(x));
const fixedPowers = new Map<number, Unary>(
  [2, 3].map((k) => [
    k,
    unary(k === 2 ? 'square' : 'cube', (x) => (x.dtype === bool ? x : integerPower(x, k)), { ...arithmetic, node: 'PowBackward0' }),
  ]),
);
/** `pow` of any exponent by the one general formula; `pow` picks faster ones for small numbers. */
export const generalPow: Binary = binary('pow', (x, y) => (x.dtype === bool ? x.or(y.not()) : x.pow(y)));

/** Numbers that have a faster form; integers refuse negative ones. */
function power(inplace: boolean) {
  return (input: TensorLike, exponent: TensorLike | { exponent: TensorLike }): Tensor => {
    const e = (typeof exponent === 'object' && exponent !== null && 'exponent' in exponent ? exponent.exponent : exponent) as TensorLike;
    const form = <F>(op: F): F => (inplace ? ((op as { inplace?: F }).inplace as F) : op);
    if (typeof e === 'number' && !isNumber(input)) {
      if (e < 0 && Number.isInteger(e) && isInteger(input.dtype))
        throw new RuntimeError('Integers to negative integer powers are not allowed.');
      const fixed = fixedPowers.get(e);
      if (fixed && input.dtype !== bool) return form(fixed)(input);
    }
    return form(generalPow)(input as Tensor, e);
  };
}
export type Power = (input: TensorLike, exponent: TensorLike) => Tensor;
/** input to the power of exponent. https://pytorch.org/docs/stable/generated/torch.pow.html */
export const pow: Power = Object.assign(power(false), { opName: 'pow', inplace: power(true) }) as Power;
/** `pow` in float64. https://pytorch.org/docs/stable/generated/torch.float_power.html */
export const floatPower: Op<[exponent: TensorLike]> = pointwise(
  'floatPower',
  { args: 'input, exponent', operands: 2 },
  (x: Expr, y: Expr) => {
    const wide = x.dtype.isComplex ? float64.toComplex() : float64;
    return x.cast(wide).pow(y.cast(wide));
  },
);

/** input + value · tensor1 · tensor2. https://pytorch.org/docs/stable/generated/torch.addcmul.html */
export const addcmul: Op<[tensor1: TensorLike, tensor2: TensorLike], [], { value: Scalar }> = pointwise(
  'addcmul',
  { args: 'input, tensor1, tensor2, *, value?', operands: 3 },
  (x: Expr, a: Expr, b: Expr, value?: Expr) => x.add(scaled(a.mul(b), value)),
);
/** input + value · tensor1 / tensor2. https://pytorch.org/docs/stable/generated/torch.addcdiv.html */
export const addcdiv: Op<[tensor1: TensorLike, tensor2: TensorLike], [], { value: Scalar }> = pointwise(
  'addcdiv',
  { args: 'input, tensor1, tensor2, *, value?', operands: 3, promotion: 'float' },
  (x: Expr, a: Expr, b: Expr, value?: Expr) => x.add(scaled(a.div(b), value)),
);
/** input + weight · (end - input), exact at both ends. https://pytorch.org/docs/stable/generated/torch.lerp.html */
export const lerp: Op<[end: TensorLike, weight: TensorLike]> = pointwise(
  'lerp',
  {
    args: 'input, end, weight',
    operands: 3,
    promotion: 'float',
    grad: ({ grad, args: [x, end, w] }) => [grad.mul(one(w).sub(w).conj()), grad.mul(w.conj()), grad.mul(end.sub(x).conj())],
  },
  (x: Expr, end: Expr, w: Expr) => {
    const near = w.dtype.isComplex ? hypotExpr(w.real, w.imag).lt(0.5) : w.abs().lt(0.5);
    const span = end.sub(x);
    return where(near, x.add(w.mul(span)), end.sub(span.mul(one(w).sub(w))));
  },
);

// --- comparison and logic ---------------------------------------------------------------------------------------------------------------

const comparison = (name: string, f: (x: Expr, y: Expr) => Expr, ordered = true): Binary =>
  binary(name, f, { promotion: 'comparison', takes: 'tensorFirst', ...(ordered ? noComplex(name) : {}) });
/** input == other, elementwise. */
export const eq: Binary = comparison('eq', (x, y) => x.eq(y), false);
export const ne: Binary = comparison('ne', (x, y) => x.ne(y), false);
export const lt: Binary = comparison('lt', (x, y) => x.lt(y));
export const le: Binary = comparison('le', (x, y) => x.le(y));
export const gt: Binary = comparison('gt', (x, y) => x.gt(y));
export const ge: Binary = comparison('ge', (x, y) => x.ge(y));

const truth = (x: Expr): Expr => x.cast(bool);
export const logicalAnd: Binary = binary('logicalAnd', (x, y) => truth(x).and(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalOr: Binary = binary('logicalOr', (x, y) => truth(x).or(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalXor: Binary = binary('logicalXor', (x, y) => truth(x).xor(truth(y)), { promotion: 'comparison', takes: 'tensors' });
export const logicalNot: Unary = unary('logicalNot', (x) => truth(x).not(), arithmetic);

const integral = { promotion: 'integral' } as const;
export const bitwiseAnd: Binary = binary('bitwiseAnd', (x, y) => x.and(y), integral);
export const bitwiseOr: Binary = binary('bitwiseOr', (x, y) => x.or(y), integral);
export const bitwiseXor: Binary = binary('bitwiseXor', (x, y) => x.xor(y), integral);
export const bitwiseNot: Unary = unary('bitwiseNot', (x) => x.not(), integral);
export const bitwiseLeftShift: Binary = binary('bitwiseLeftShift', (x, y) => x.shl(y), integral);
export const bitwiseRightShift: Binary = binary('bitwiseRightShift', (x, y) => x.shr(y), integral);

const test = (name: string, f: (x: Expr) => Expr): Unary => unary(name, f, { ...arithmetic, noInplace: true });
const no = (x: Expr): Expr => constant(false, bool).and(x.eq(x));
const parts = (x: Expr, f: (part: Expr) => Expr, join: 'or' | 'and'): Expr => (x.dtype.isComplex ? f(x.real)[join](f(x.imag)) : f(x));
/** Whether NaN. */
export const isnan: Unary = test('isnan', (x) => parts(x, (p) => p.ne(p), 'or'));
/** Whether +inf or -inf. */
export const isinf: Unary = test('isinf', (x) => (x.dtype.category < 2 ? no(x) : parts(x, (p) => p.abs().eq(Infinity), 'or')));
/** Whether neither NaN nor infinite. */
export const isfinite: Unary = test('isfinite', (x) => (x.dtype.category < 2 ? no(x).not() : parts(x, (p) => p.abs().lt(Infinity), 'and')));
export const isposinf: Unary = test('isposinf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(Infinity)));
export const isneginf: Unary = test('isneginf', (x) => (x.dtype.category < 2 ? no(x) : x.eq(-Infinity)));
/** Whether the imaginary part is 0. */
export const isreal: Unary = test('isreal', (x) => (x.dtype.isComplex ? x.imag.eq(0) : no(x).not()));

function checkTolerances(_input: Tensor, _other: Tensor, rtol = 0, atol = 0): void {
  if (rtol < 0) throw new RuntimeError(`rtol must be greater than or equal to zero, but got ${rtol}`);
  if (atol < 0) throw new RuntimeError(`atol must be greater than or equal to zero, but got ${atol}`);
}
/** Whether |input - other| ≤ atol + rtol · |other|. https://pytorch.org/docs/stable/generated/torch.isclose.html */
export const isclose: Op<
  [other: Tensor],
  [rtol: number, atol: number, equalNan: boolean],
  { rtol: number; atol: number; equalNan: boolean }
> = pointwise(
  'isclose',
  { args: 'input, other, rtol?, atol?, equalNan?', operands: 2, takes: 'tensors', noInplace: true, check: checkTolerances },
  (x: Expr, y: Expr, rtol?: Expr, atol?: Expr, equalNan?: boolean) => {
    const wide = x.dtype.category < 2 ? float64 : x.dtype.toReal();
    const [a, b] = x.dtype.category < 2 ? [x.cast(float64), y.cast(float64)] : [x, y];
    const limit = (atol ? atol.cast(wide) : constant(1e-8, wide)).add((rtol ? rtol.cast(wide) : constant(1e-5, wide)).mul(b.abs()));
    const distance = a.sub(b).abs();
    const close = x.eq(y).or(distance.lt(Infinity).and(distance.le(limit)));
    const bothNan = parts(x, (p) => p.ne(p), 'or').and(parts(y, (p) => p.ne(p), 'or'));
    return equalNan ? close.or(bothNan) : close;
  },
);

// --- extrema ---------------------------------------------------------------------------------------------------------------------------

/** The larger; NaN wins. https://pytorch.org/docs/stable/generated/torch.maximum.html */
export const maximum: Binary = binary('maximum', (x, y) => x.max(y), { takes: 'tensors', ...noComplex('maximum') });
/** The smaller; NaN wins. */
export const minimum: Binary = binary('minimum', (x, y) => x.min(y), { takes: 'tensors', ...noComplex('minimum') });
const preferNumber =
  (pick: (x: Expr, y: Expr) => Expr) =>
  (x: Expr, y: Expr): Expr =>
    where(x.isnan(), y, where(y.isnan(), x, pick(x, y)));
const keepWinner = (wins: (x: Expr, y: Expr) => Expr): Pick<PointwiseSpec, 'grad'> => ({
  grad: ({ grad, args: [x, y] }) => {
    const first = wins(x, y).or(y.isnan());
    return [where(first, grad, zero(grad)), where(first, zero(grad), grad)];
  },
});
/** The larger; a number wins over NaN. */
export const fmax: Binary = binary(
  'fmax',
  preferNumber((x, y) => x.max(y)),
  { ...keepWinner((x, y) => x.ge(y)), takes: 'tensors', ...noComplex('fmax') },
);
/** The smaller; a number wins over NaN. */
export const fmin: Binary = binary(
  'fmin',
  preferNumber((x, y) => x.min(y)),
  { ...keepWinner((x, y) => x.le(y)), takes: 'tensors', ...noComplex('fmin') },
);

const clampGrad: PointwiseSpec['grad'] = ({ grad, args: [x, low, high] }) => {
  const above = low ? x.ge(low) : undefined;
  const below = high ? x.le(high) : undefined;
  const inside = above && below ? above.and(below) : ((above ?? below) as Expr);
  const atLow = low && (high ? x.lt(low).and(low.lt(high)) : x.lt(low));
  const atHigh = high && (low ? x.gt(high).or(high.lt(low)) : x.gt(high));
  const masked = (m: Expr | undefined): Expr | null => (m ? where(m, grad, zero(grad)) : null);
  return [masked(inside), masked(atLow), masked(atHigh)];
};
/** input limited to [min, max]; either may be missing. https://pytorch.org/docs/stable/generated/torch.clamp.html */
export const clamp: Op<[], [min: TensorLike | null, max: TensorLike | null], { min: TensorLike | null; max: TensorLike | null }> =
  pointwise(
    'clamp',
    { args: 'input, min?, max?', operands: 3, grad: clampGrad, ...noComplex('clamp') },
    (x: Expr, low?: Expr, high?: Expr) => {
      if (!low && !high) throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
      const raised = low ? x.max(low) : x;
      return high ? raised.min(high) : raised;
    },
  );
/** Alias of `clamp`. */
export const clip: typeof clamp = clamp;
export const clampMin: Op<[min: TensorLike]> = pointwise(
  'clampMin',
  {
    args: 'input, min',
    operands: 2,
    takes: 'tensorFirst',
    grad: ({ grad, args: [x, low] }) => [where(x.ge(low), grad, zero(grad)), where(x.lt(low), grad, zero(grad))],
  },
  (x: Expr, y: Expr) => x.max(y),
);
export const clampMax: Op<[max: TensorLike]> = pointwise(
  'clampMax',
  {
    args: 'input, max',
    operands: 2,
    takes: 'tensorFirst',
    grad: ({ grad, args: [x, high] }) => [where(x.le(high), grad, zero(grad)), where(x.gt(high), grad, zero(grad))],
  },
  (x: Expr, y: Expr) => x.min(y),
);

/** other where condition is false. https://pytorch.org/docs/stable/generated/torch.where.html */
export const selectWhere: Op<[input: TensorLike, other: TensorLike]> = pointwise(
  'where',
  { args: 'condition, input, other', operands: 3, neutral: 1, noInplace: true },
  (condition: Expr, x: Expr, y: Expr) => where(condition.cast(bool), x, y),
);

/** NaN and infinities replaced. https://pytorch.org/docs/stable/generated/torch.nan_to_num.html */
export const nanToNum: Op<
  [],
  [nan: number | null, posinf: number | null, neginf: number | null],
  { nan: number | null; posinf: number | null; neginf: number | null }
> = pointwise(
  'nanToNum',
  {
    args: 'input, nan?, posinf?, neginf?',
    grad: ({ grad, args: [x] }) => [
      where(
        parts(x, (p) => p.abs().lt(Infinity), 'and'),
        grad,
        zero(grad),
      ),
    ],
  },
  (x: Expr, nan?: Expr, posinf?: Expr, neginf?: Expr) => {
    if (x.dtype.category < 2) return x;
    const clean = (p: Expr): Expr => {
      const pick = (e: Expr | undefined | null, fallback: number): Expr => (e ? e.cast(p.dtype) : constant(fallback, p.dtype));
      const largest = largestOf(p.dtype);
      return where(
        p.isnan(),
        pick(nan, 0),
        where(p.eq(Infinity), pick(posinf, largest), where(p.eq(-Infinity), pick(neginf, -largest), p)),
      );
    };
    return x.dtype.isComplex ? new Expr('complex', x.dtype, [clean(x.real), clean(x.imag)]) : clean(x);
  },
);

/** 0 below 0, 1 above, `values` at 0. https://pytorch.org/docs/stable/generated/torch.heaviside.html */
export const heaviside: Op<[values: Tensor]> = pointwise(
  'heaviside',
  { args: 'input, values', operands: 2, takes: 'tensors', ...none, ...noComplex('heaviside') },
  (x: Expr, v: Expr) => where(x.eq(0), v, where(x.lt(0).or(x.isnan()), zero(x), one(x))),
);
/** ln(e^a + e^b). https://pytorch.org/docs/stable/generated/torch.logaddexp.html */
export const logaddexp: Binary = binary('logaddexp', (x, y) => logAdd(x, y, 1), {
  takes: 'tensors',
  grad: ({ grad, args: [x, y] }) => [grad.div(y.sub(x).exp().add(1).conj()), grad.div(x.sub(y).exp().add(1).conj())],
});
/** log2(2^a + 2^b). */
export const logaddexp2: Binary = binary('logaddexp2', (x, y) => logAdd(x, y, Math.LN2), {
  takes: 'tensors',
  grad: ({ grad, args: [x, y] }) => [grad.div(y.sub(x).exp2().add(1)), grad.div(x.sub(y).exp2().add(1))],
});
function logAdd(x: Expr, y: Expr, base: number): Expr {
  const [a, b] = x.dtype.isComplex ? [x.real, y.real] : [x, y];
  const first = a.ge(b);
  const [big, small] = [where(first, x, y), where(first, y, x)];
  const sum = big.add(small.sub(big).mul(base).exp().log1p().div(base));
  return where(a.isnan().or(b.isnan()), x.add(y), where(a.eq(b).and(a.abs().eq(Infinity)), x, sum));
}
/** input · ln(other), 0 where input is 0. https://pytorch.org/docs/stable/special.html#torch.special.xlogy */
export const xlogy: Binary = binary('xlogy', (x, y) => where(y.isnan(), y, where(x.eq(0), zero(x), x.mul(y.log()))), {
  promotion: 'float',
  grad: ({ grad, args: [x, y] }) => [grad.mul(where(x.eq(0).and(y.le(0)), zero(x), y.log())), grad.mul(x.div(y))],
});

/** Greatest common divisor of integers, by a fixed number of Euclid's steps. */
export const gcd: Binary = binary('gcd', gcdExpr, { ...integral, takes: 'tensors' });
function gcdExpr(x: Expr, y: Expr): Expr {
  let [a, b] = [x.abs(), y.abs()];
  // Fibonacci numbers are the worst case: 92 steps cover 64 bits.
  const steps = x.dtype === int64 ? 92 : x.dtype.itemsize === 4 ? 46 : x.dtype.itemsize === 2 ? 24 : 13;
  for (let i = 0; i < steps; i++) [a, b] = [where(b.eq(0), a, b), where(b.eq(0), b, a.rem(b))];
  return a;
}
/** Least common multiple. */
export const lcm: Binary = binary(
  'lcm',
  (x, y) => {
    const g = gcdExpr(x, y);
    return where(g.eq(0), zero(x), x.idiv(g).mul(y).abs());
  },
  { ...integral, takes: 'tensors' },
);
/** input · 2^other. https://pytorch.org/docs/stable/generated/torch.ldexp.html */
export const ldexp: Binary = binary('ldexp', (x, y) => x.mul(y.exp2()), { promotion: 'float', takes: 'tensors' });

// --- complex -----------------------------------------------------------------------------------------------------------------------------

/** The angle of a complex number; 0 or π for a real one. https://pytorch.org/docs/stable/generated/torch.angle.html */
export const angle: Unary = unary(
  'angle',
  (x) => (x.dtype.isComplex ? x.imag.atan2(x.real) : where(x.isnan(), x, where(x.lt(0), constant(Math.PI, x.dtype), zero(x)))),
  {
    noInplace: true,
    grad: ({ grad, args: [x] }) => {
      if (!x.dtype.isComplex) return [grad.mul(0)];
      const norm = x.real.mul(x.real).add(x.imag.mul(x.imag));
      const pick = (v: Expr): Expr => where(norm.eq(0), zero(v), v);
      return [new Expr('complex', x.dtype, [pick(grad.mul(x.imag.neg()).div(norm)), pick(grad.mul(x.real).div(norm))])];
    },
  },
);
/** The complex conjugate, as a new tensor. */
export const conjPhysical: Unary = unary('conjPhysical', (x) => x.conj(), arithmetic);
/** real + i · imag. https://pytorch.org/docs/stable/generated/torch.complex.html */
export const complex: Op<[imag: Tensor]> = pointwise(
  'complex',
  { args: 'real, imag', operands: 2, takes: 'tensors', refuse: sameFloats, noInplace: true },
  (re: Expr, im: Expr) => new Expr('complex', re.dtype.toComplex(), [re, im]),
);
/** abs · (cos angle + i · sin angle). */
export const polar: Op<[angle: Tensor]> = pointwise(
  'polar',
  {
    args: 'abs, angle',
    operands: 2,
    takes: 'tensors',
    noInplace: true,
    grad: ({ grad, result }) => {
      const size = result.abs();
      const toward = where(size.eq(0), zero(result), result.div(size.cast(result.dtype)));
      const turned = new Expr('complex', result.dtype, [result.imag.neg(), result.real]);
      return [grad.conj().mul(toward).real, grad.conj().mul(turned).real];
    },
  },
  (r: Expr, a: Expr) => new Expr('complex', r.dtype.toComplex(), [r.mul(a.cos()), r.mul(a.sin())]),
);

// --- aliases -----------------------------------------------------------------------------------------------------------------------------

export const absolute: Unary = abs;
export const negative: Unary = neg;
export const subtract: typeof sub = sub;
export const multiply: Binary = mul;
export const arcsin: Unary = asin;
export const arccos: Unary = acos;
export const arctan: Unary = atan;
export const arctan2: Binary = atan2;
export const arcsinh: Unary = asinh;
export const arccosh: Unary = acosh;
export const arctanh: Unary = atanh;
export const greater: Binary = gt;
export const greaterEqual: Binary = ge;
export const less: Binary = lt;
export const lessEqual: Binary = le;
export const notEqual: Binary = ne;

export { type Binary, type Unary } from './pointwise-kinds.js';
export * from './pointwise-math.js';
