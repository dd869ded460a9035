/** Integers are not divided by 0. */
import { type DType, int64 } from '../ir/dtype.js';
import type { Expr } from '../ir/expr.js';
import { RuntimeError } from '../tensor/errors.js';
import { isComplexNumber } from '../tensor/promote.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { zero } from './exprs.js';
import { Formula, inputLeaves } from './formula.js';
import { runReduction } from './launch.js';

/** Refuses integers divided by integers some of which are 0. Devices that cannot be read at once look at numbers alone. */
export function checkDivisor(input: unknown, other: unknown): void {
  if (isIntegral(input) && isIntegral(other) && holdsZero(other)) throw new RuntimeError('ZeroDivisionError');
}

const isIntegral = (x: unknown): boolean =>
  x instanceof Tensor ? x.dtype.category < 2 && numelOf(x.sizes) > 0 : !isComplexNumber(x) && Number.isInteger(Number(x));

function holdsZero(x: unknown): boolean {
  if (!(x instanceof Tensor)) return Number(x) === 0;
  if (!x.storage.device.canReadSync) return false;
  const found = new BigInt64Array(1);
  x.storage.device.read(countZeros(x).buffer, 0, found);
  return found[0] > 0n;
}

const formulas = new Map<DType, Formula>();
function isZero(dtype: DType): Formula {
  const [x] = inputLeaves([dtype]);
  const formula = formulas.get(dtype) ?? new Formula([x], [], [x.eq(zero(x)).cast(int64)]);
  formulas.set(dtype, formula);
  return formula;
}

function countZeros(x: Tensor): Tensor {
  const reduction = { op: 'sum', accumulate: int64, key: 'zeros', epilogue: (acc: Expr) => acc } as const;
  const dims = x.sizes.map((_, d) => d);
  return runReduction(isZero(x.dtype), reduction, int64, x.sizes, dims, false, [x], [], x.storage.device);
}
