/** Elementwise arithmetic: each operator is its formula; derivatives are derived unless `grad` states PyTorch's own. */
import { bool, type DType, float64, int64 } from '../ir/dtype.js';
import { Expr, where } from '../ir/expr.js';
import { hypot as hypotExpr } from '../ir/complex.js';
import { RuntimeError } from '../tensor/errors.js';
import { isNumber } from '../tensor/promote.js';
import { Tensor } from '../tensor/tensor.js';
import { pointwise } from './define.js';
import { checkDivisor } from './divisor.js';
import { one, zero } from './exprs.js';
import type { Op, OutOption, Scalar, TensorLike } from './types.js';
import {
  type Unary,
  type Binary,
  unary,
  binary,
  arithmetic,
  none,
  overloadNode,
  overloadNodes,
  noComplex,
  refuseBoolSubtraction,
  copysignExpr,
  integral,
} from './pointwise-kinds.js';

/** y · alpha; booleans are no expressions. */
function scaled(y: Expr, alpha: Expr | boolean | undefined): Expr {
  if (alpha === undefined || alpha === true) return y;
  const factor = alpha === false ? zero(y) : alpha.cast(y.dtype);
  return y.dtype === bool ? y.and(factor) : y.mul(factor);
}

/**
 * input + alpha · other, broadcast and promoted. https://pytorch.org/docs/stable/generated/torch.add.html
 * @example torch.add(torch.tensor([1, 2]), torch.tensor([10, 20]), { alpha: 2 })  // tensor([21, 42])
 */
export const add: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'add',
  { args: 'input, other, *, alpha?', operands: 2, takes: 'numbers' },
  (x: Expr, y: Expr, alpha?: Expr) => (x.dtype === bool ? x.or(scaled(y, alpha)) : x.add(scaled(y, alpha))),
);
/**
 * input - alpha · other. https://pytorch.org/docs/stable/generated/torch.sub.html
 * @example torch.sub(torch.tensor([5, 6]), torch.tensor([1, 2]), { alpha: 2 })  // tensor([3, 2])
 */
export const sub: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'sub',
  { args: 'input, other, *, alpha?', operands: 2, refuse: refuseBoolSubtraction, takes: 'numbers' },
  (x: Expr, y: Expr, alpha?: Expr) => x.sub(scaled(y, alpha)),
);
/**
 * other - alpha · input. https://pytorch.org/docs/stable/generated/torch.rsub.html
 * @example torch.rsub(torch.tensor([1, 2]), 10)  // tensor([9, 8])
 */
export const rsub: Op<[other: TensorLike], [], { alpha: Scalar }> = pointwise(
  'rsub',
  {
    args: 'input, other, *, alpha?',
    operands: 2,
    takes: 'tensorFirst',
    node: overloadNode('Rsub', 1, 0, 1),
    refuse: refuseBoolSubtraction,
  },
  (x: Expr, y: Expr, alpha?: Expr) => y.sub(scaled(x, alpha)),
);
/**
 * input · other, broadcast and promoted; a logical and for booleans. https://pytorch.org/docs/stable/generated/torch.mul.html
 * @example
 * torch.mul(torch.tensor([[1], [2]]), torch.tensor([3, 4]))
 * // tensor([[3, 4],
 * //         [6, 8]])
 */
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
  {
    args: 'input, other, mode',
    operands: 2,
    takes: 'numbers',
    node: 'DivBackward2',
    savesMore: true,
    grad: ({ grad }) => [grad.mul(0), grad.mul(0)],
    check: checkDivisor,
  },
  (x: Expr, y: Expr, mode: RoundingMode) => (mode === 'floor' ? floorDiv(x, y) : x.dtype.category < 2 ? x.idiv(y) : x.div(y).trunc()),
);

interface DivisionOptions extends Partial<OutOption> {
  roundingMode?: RoundingMode;
}
/** Dispatches a division by its rounding mode. */
function divideBy(inplace: boolean) {
  return (input: Tensor, other: TensorLike | { other: TensorLike }, options?: DivisionOptions | RoundingMode): Tensor => {
    const named = typeof options === 'object' && options !== null ? options : { roundingMode: options };
    const mode = named.roundingMode ?? null;
    const out = named.out ? [{ out: named.out }] : [];
    if (mode !== null && mode !== 'trunc' && mode !== 'floor') {
      throw new RuntimeError(`div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '${String(mode)}'`);
    }
    const divisor = isDivisor(other) ? other.other : other;
    const form = <F>(op: F): F => (inplace ? ((op as { inplace?: F }).inplace as F) : op);
    return mode === null ? form(divTrue)(input, divisor, ...out) : form(divRounded)(input, divisor, mode, ...out);
  };
}
const isDivisor = (x: unknown): x is { other: TensorLike } =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype && 'other' in x;

export type Division = (input: Tensor, other: TensorLike, options?: DivisionOptions) => Tensor;
const division = (name: string): Division => Object.assign(divideBy(false), { opName: name, inplace: divideBy(true) }) as Division;
/**
 * input / other; integers give floats. With `roundingMode` 'trunc' or 'floor' the quotient is rounded, and integers stay integers.
 * https://pytorch.org/docs/stable/generated/torch.div.html
 * @example torch.div(torch.tensor([-7, 7]), 2, { roundingMode: 'floor' })  // tensor([-4,  3])
 */
export const div: Division = division('div');
/** Alias of `div`. */
export const divide: Division = division('divide');
/**
 * input / other, always a float; `div` without rounding. https://pytorch.org/docs/stable/generated/torch.true_divide.html
 * @example torch.trueDivide(torch.tensor([1, 2]), 4)  // tensor([0.2500, 0.5000])
 */
export const trueDivide: Binary = divTrue;
/**
 * The quotient rounded towards -∞. Not for complex numbers. https://pytorch.org/docs/stable/generated/torch.floor_divide.html
 * @example torch.floorDivide(torch.tensor([-7, 7]), 2)  // tensor([-4,  3])
 */
export const floorDivide: Binary = binary('floorDivide', floorDiv, {
  ...none,
  takes: 'numbers',
  check: checkDivisor,
  ...noComplex('floor_divide'),
});
/**
 * Python's modulo: has the sign of the divisor. https://pytorch.org/docs/stable/generated/torch.remainder.html
 * @example torch.remainder(torch.tensor([-3, 3]), 2)  // tensor([1, 1])
 */
export const remainder: Binary = binary(
  'remainder',
  (x, y) => {
    const rest = x.rem(y);
    return x.dtype.isSigned ? where(rest.ne(0).and(rest.lt(0).xor(y.lt(0))), rest.add(y), rest) : rest;
  },
  {
    node: overloadNode('Remainder', 1, 1, 0),
    grad: ({ grad, args: [x, y] }) => [grad, grad.mul(floorDiv(x, y)).neg()],
    check: checkDivisor,
    ...noComplex('remainder'),
  },
);
/**
 * C's modulo: has the sign of the dividend. https://pytorch.org/docs/stable/generated/torch.fmod.html
 * @example torch.fmod(torch.tensor([-3, 3]), 2)  // tensor([-1,  1])
 */
export const fmod: Binary = binary('fmod', (x, y) => x.rem(y), {
  takes: 'tensorFirst',
  node: overloadNode('Fmod', 1, 1, 0),
  check: checkDivisor,
  ...noComplex('fmod'),
});

/**
 * -input. Booleans are refused. https://pytorch.org/docs/stable/generated/torch.neg.html
 * @example torch.neg(torch.tensor([1, -2]))  // tensor([-1,  2])
 */
export const neg: Unary = unary('neg', (x) => x.neg(), {
  ...arithmetic,
  refuse: (_, d) =>
    d === bool
      ? 'Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.'
      : null,
});
/**
 * |input|; the absolute value of complex numbers, as floats. https://pytorch.org/docs/stable/generated/torch.abs.html
 * @example torch.abs(torch.tensor([-1, 2]))  // tensor([1, 2])
 */
export const abs: Unary = unary('abs', (x) => (x.dtype.isSigned ? x.abs() : x), arithmetic);
/**
 * input². https://pytorch.org/docs/stable/generated/torch.positive.html
 * @example torch.square(torch.tensor([-1.5, 2]))  // tensor([2.2500, 4.0000])
 */
export const square: Unary = unary('square', (x) => (x.dtype === bool ? x.cast(int64) : x.mul(x)), { ...arithmetic, node: 'PowBackward0' });
/**
 * 1 / input; integers give floats. https://pytorch.org/docs/stable/generated/torch.reciprocal.html
 * @example torch.reciprocal(torch.tensor([2, 4]))  // tensor([0.5000, 0.2500])
 */
export const reciprocal: Unary = unary('reciprocal', (x) => x.reciprocal(), {
  grad: ({ grad, result }) => [grad.neg().mul(result.mul(result).conj())],
});
/**
 * √input; NaN below 0. Integers give floats. https://pytorch.org/docs/stable/generated/torch.sqrt.html
 * @example torch.sqrt(torch.tensor([4, 2, -1]))  // tensor([2.0000, 1.4142,    nan])
 */
export const sqrt: Unary = unary('sqrt', (x) => x.sqrt());
/**
 * 1 / √input; integers give floats. https://pytorch.org/docs/stable/generated/torch.rsqrt.html
 * @example torch.rsqrt(torch.tensor([4, 1]))  // tensor([0.5000, 1.0000])
 */
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
const powNode = overloadNodes('Pow', [1, 2, 0]);
/** `pow` of any exponent by the one general formula; `pow` picks faster ones for small numbers. */
export const generalPow: Binary = binary('pow', (x, y) => (x.dtype === bool ? x.or(y.not()) : x.pow(y)), { node: powNode });

/** Numbers that have a faster form; integers refuse negative ones. */
function power(inplace: boolean) {
  return (input: TensorLike, exponent: TensorLike | { exponent: TensorLike }, ...rest: [out?: Partial<OutOption>]): Tensor => {
    const e = (typeof exponent === 'object' && exponent !== null && 'exponent' in exponent ? exponent.exponent : exponent) as TensorLike;
    const form = <F>(op: F): F => (inplace ? ((op as { inplace?: F }).inplace as F) : op);
    if (typeof e === 'number' && !isNumber(input)) {
      if (e < 0 && Number.isInteger(e) && isInteger(input.dtype))
        throw new RuntimeError('Integers to negative integer powers are not allowed.');
      const fixed = fixedPowers.get(e);
      if (fixed && input.dtype !== bool) return form(fixed)(input, ...rest);
    }
    return form(generalPow)(input as Tensor, e, ...rest);
  };
}
export type Power = (input: TensorLike, exponent: TensorLike, out?: Partial<OutOption>) => Tensor;
/**
 * input^exponent, elementwise; either may be a number. Integers refuse negative integer exponents.
 * https://pytorch.org/docs/stable/generated/torch.pow.html
 * @example torch.pow(torch.tensor([1, 2, 3]), 2)  // tensor([1, 4, 9])
 */
export const pow: Power = Object.assign(power(false), { opName: 'pow', inplace: power(true) }) as Power;
/**
 * `pow` computed in float64 (complex128 for complex numbers). https://pytorch.org/docs/stable/generated/torch.float_power.html
 * @example torch.floatPower(torch.tensor([1, 2]), -2)  // tensor([1.0000, 0.2500], dtype=torch.float64)
 */
export const floatPower: Op<[exponent: TensorLike]> = pointwise(
  'floatPower',
  { args: 'input, exponent', operands: 2, node: powNode },
  (x: Expr, y: Expr) => {
    const wide = x.dtype.isComplex ? float64.toComplex() : float64;
    return x.cast(wide).pow(y.cast(wide));
  },
);

/**
 * input + value · tensor1 · tensor2. https://pytorch.org/docs/stable/generated/torch.addcmul.html
 * @example torch.addcmul(torch.zeros(2), torch.tensor([1, 2]), torch.tensor([3, 4]), { value: 0.5 })  // tensor([1.5000, 4.0000])
 */
export const addcmul: Op<[tensor1: TensorLike, tensor2: TensorLike], [], { value: Scalar }> = pointwise(
  'addcmul',
  { args: 'input, tensor1, tensor2, *, value?', operands: 3 },
  (x: Expr, a: Expr, b: Expr, value?: Expr) => x.add(scaled(a.mul(b), value)),
);
/**
 * input + value · tensor1 / tensor2; integers give floats. https://pytorch.org/docs/stable/generated/torch.addcdiv.html
 * @example torch.addcdiv(torch.zeros(2), torch.tensor([1, 2]), torch.tensor([4, 4]), { value: 2 })  // tensor([0.5000, 1.0000])
 */
export const addcdiv: Op<[tensor1: TensorLike, tensor2: TensorLike], [], { value: Scalar }> = pointwise(
  'addcdiv',
  { args: 'input, tensor1, tensor2, *, value?', operands: 3, promotion: 'float' },
  (x: Expr, a: Expr, b: Expr, value?: Expr) => x.add(scaled(a.div(b), value)),
);
/**
 * input + weight · (end - input), exact at both ends. https://pytorch.org/docs/stable/generated/torch.lerp.html
 * @example torch.lerp(torch.zeros(3), torch.tensor([10, 20, 30]), 0.5)  // tensor([ 5., 10., 15.])
 */
export const lerp: Op<[end: TensorLike, weight: TensorLike]> = pointwise(
  'lerp',
  {
    args: 'input, end, weight',
    operands: 3,
    promotion: 'float',
    node: overloadNode('Lerp', 2, 1, 0),
    plainNumbers: true,
    grad: ({ grad, args: [x, end, w] }) => [grad.mul(one(w).sub(w).conj()), grad.mul(w.conj()), grad.mul(end.sub(x).conj())],
  },
  (x: Expr, end: Expr, w: Expr) => {
    const near = w.dtype.isComplex ? hypotExpr(w.real, w.imag).lt(0.5) : w.abs().lt(0.5);
    const span = end.sub(x);
    return where(near, x.add(w.mul(span)), end.sub(span.mul(one(w).sub(w))));
  },
);
/**
 * ln(e^input + e^other), without overflow. https://pytorch.org/docs/stable/generated/torch.logaddexp.html
 * @example torch.logaddexp(torch.tensor([0, 1000.5]), torch.tensor([0, 1000.5]))  // tensor([6.9315e-01, 1.0012e+03])
 */
export const logaddexp: Binary = binary('logaddexp', (x, y) => logAdd(x, y, 1), {
  takes: 'tensors',
  grad: ({ grad, args: [x, y] }) => [grad.div(y.sub(x).exp().add(1).conj()), grad.div(x.sub(y).exp().add(1).conj())],
});
/**
 * log2(2^input + 2^other), without overflow. https://pytorch.org/docs/stable/generated/torch.logaddexp2.html
 * @example torch.logaddexp2(torch.tensor([1.5]), torch.tensor([1.5]))  // tensor([2.5000])
 */
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
/**
 * input · ln(other), 0 where input is 0. https://pytorch.org/docs/stable/special.html#torch.special.xlogy
 * @example torch.special.xlogy(torch.tensor([0, 2]), torch.tensor([0, Math.E]))  // tensor([0., 2.])
 */
export const xlogy: Binary = binary('xlogy', (x, y) => where(y.isnan(), y, where(x.eq(0), zero(x), x.mul(y.log()))), {
  node: overloadNodes('Xlogy', [0, 1, 2]),
  promotion: 'float',
  grad: ({ grad, args: [x, y] }) => [grad.mul(where(x.eq(0).and(y.le(0)), zero(x), y.log())), grad.mul(x.div(y))],
});

/**
 * Greatest common divisor of integers, elementwise and never negative. https://pytorch.org/docs/stable/generated/torch.gcd.html
 * @example torch.gcd(torch.tensor([12, -9]), torch.tensor([18, 6]))  // tensor([6, 3])
 */
export const gcd: Binary = binary('gcd', gcdExpr, { ...integral, takes: 'tensors' });
function gcdExpr(x: Expr, y: Expr): Expr {
  let [a, b] = [x.abs(), y.abs()];
  // Fibonacci numbers are the worst case: 92 steps cover 64 bits.
  const steps = x.dtype === int64 ? 92 : x.dtype.itemsize === 4 ? 46 : x.dtype.itemsize === 2 ? 24 : 13;
  for (let i = 0; i < steps; i++) [a, b] = [where(b.eq(0), a, b), where(b.eq(0), b, a.rem(b))];
  return a;
}
/**
 * Least common multiple of integers, elementwise and never negative. https://pytorch.org/docs/stable/generated/torch.lcm.html
 * @example torch.lcm(torch.tensor([4, 6]), torch.tensor([6, 0]))  // tensor([12,  0])
 */
export const lcm: Binary = binary(
  'lcm',
  (x, y) => {
    const g = gcdExpr(x, y);
    return where(g.eq(0), zero(x), x.idiv(g).mul(y).abs());
  },
  { ...integral, takes: 'tensors' },
);
/**
 * input · 2^other, as floats. https://pytorch.org/docs/stable/generated/torch.ldexp.html
 * @example torch.ldexp(torch.tensor([1, 3]), torch.tensor([2, -1]))  // tensor([4.0000, 1.5000])
 */
export const ldexp: Binary = binary('ldexp', (x, y) => x.mul(y.exp2()), { promotion: 'float', takes: 'tensors' });
