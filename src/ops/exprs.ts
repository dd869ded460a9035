/** Small expressions that several formulas share. */
import type { DType } from '../ir/dtype.js';
import { constant, type Expr } from '../ir/expr.js';

/** 0 and 1 in the dtype of `x`. */
export const zero = (x: Expr): Expr => constant(0, x.dtype);
export const one = (x: Expr): Expr => constant(1, x.dtype);

/** The largest finite number of a float dtype. */
export function largestOf(dtype: DType): number {
  switch (dtype.name) {
    case 'float16':
      return 65504;
    case 'bfloat16':
      return 3.3895313892515355e38;
    case 'float64':
      return Number.MAX_VALUE;
    default:
      return 3.4028234663852886e38;
  }
}
