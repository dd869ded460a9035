/** The parts of floating-point numbers. */
import { float32, float64, int32, int64 } from '../ir/dtype.js';
import { constant, type Expr, where } from '../ir/expr.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import type { DType } from '../ir/dtype.js';
import type { Tensor } from '../tensor/tensor.js';
import { applyMultiple } from './apply.js';
import { define } from './define.js';
import { Formula, inputLeaves } from './formula.js';
import { type NamedTuple, tuple } from './tuple.js';
import type { Op } from './types.js';

interface Layout {
  readonly fraction: number;
  readonly bias: number;
  /** All ones in the exponent: infinity and NaN. */
  readonly special: number;
}
const layouts = new Map<DType, Layout>([
  [float32, { fraction: 23, bias: 126, special: 255 }],
  [float64, { fraction: 52, bias: 1022, special: 2047 }],
]);

/** Mantissa in [½, 1) and exponent, read from the bits; subnormal numbers are scaled up first. */
function partsOf(x: Expr, wide: DType): [mantissa: Expr, exponent: Expr] {
  const { fraction, bias, special } = layouts.get(wide) as Layout;
  const scale = fraction + 1;
  const number = (n: number | bigint): Expr => constant(n, int64);
  const field = (bits: Expr): Expr => bits.shr(number(fraction)).and(number(special));
  const value = x.cast(wide);
  const isSmall = field(value.bits()).eq(0);
  const scaled = where(isSmall, value.mul(2 ** scale), value);
  const bits = scaled.bits();
  const power = field(bits);
  const cleared = bits.and(number(~(BigInt(special) << BigInt(fraction))));
  const mantissa = cleared.or(number(BigInt(bias) << BigInt(fraction))).fromBits(wide);
  const isPlain = value.ne(0).and(power.ne(special));
  const exponent = power.sub(bias).sub(where(isSmall, number(scale), number(0)));
  return [where(isPlain, mantissa, value).cast(x.dtype), where(isPlain, exponent, number(0)).cast(int32)];
}

const formulas = new Map<DType, Formula>();
function formulaFor(dtype: DType): Formula {
  let formula = formulas.get(dtype);
  if (!formula) {
    const [x] = inputLeaves([dtype]);
    formulas.set(dtype, (formula = new Formula([x], [], partsOf(x, dtype === float64 ? float64 : float32))));
  }
  return formula;
}

/**
 * Mantissa, of modulus in [½, 1), and exponent (int32) with input = mantissa · 2^exponent. Floats only.
 * https://pytorch.org/docs/stable/generated/torch.frexp.html
 * @example
 * torch.frexp(torch.tensor([1.5, 10]))
 * // torch.return_types.frexp(
 * // mantissa=tensor([0.7500, 0.6250]),
 * // exponent=tensor([1, 4], dtype=torch.int32))
 */
export const frexp: Op<[], [], object, NamedTuple<'mantissa' | 'exponent'>> = define('frexp', 'input', (input: Tensor) => {
  if (!input.dtype.isFloatingPoint) throw new RuntimeError('torch.frexp() only supports floating-point dtypes');
  const [mantissa, exponent] = applyMultiple(formulaFor(input.dtype), [input], []);
  record('frexp', [input], [mantissa, exponent], [exponent], ({ grad }, [power]) => [grad.div(power.exp2())]);
  return tuple('frexp', ['mantissa', 'exponent'], [mantissa, exponent]);
});
