/** Softmax and its relatives. https://pytorch.org/docs/stable/nn.functional.html */
import type { DType } from '../../ir/dtype.js';
import { record } from '../../autograd/node.js';
import { convert } from '../../ops/convert.js';
import { define } from '../../ops/define.js';
import { contiguousRaw, toDType } from '../../ops/memory.js';
import { exp, mul, neg, sub } from '../../ops/pointwise.js';
import { sum } from '../../ops/reduce.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import type { DTypeLike, Op } from '../../ops/types.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { wrapDim } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { needsRecord } from '../../autograd/node.js';

type Over = Op<
  [],
  [dim: number | null, _stacklevel: number, dtype: DTypeLike | null],
  { dim: number | null; _stacklevel: number; dtype: DTypeLike | null }
>;
const SPEC = 'input, dim?, _stacklevel?, dtype?';

/** The dim over which PyTorch normalises where none is given. */
const implicitDim = (input: Tensor): number => ([0, 1, 3].includes(input.ndim) ? 0 : 1);

const floatType = (input: Tensor, dtype?: DTypeLike | null): DType =>
  dtype ? toDType(dtype) : input.dtype.category < 2 ? getDefaultDtype() : input.dtype;

/** Runs a routine over one dim; scalars count as one row. */
function rows(name: string, operands: readonly Tensor[], dim: number): Tensor {
  const [first] = operands;
  const out = emptyOn(first, first.sizes);
  if (numelOf(out.sizes) > 0) {
    const shaped = [out, ...operands.map(contiguousRaw)].map((t) => (t.ndim === 0 ? t.view([1]) : t));
    runRoutine(name, shaped, [dim]);
  }
  return out;
}

/** Gradient of softmax: y · (g − Σ g·y); of log_softmax: g − e^y · Σ g. */
function gradient(log: boolean, grad: Tensor, y: Tensor, dim: number): Tensor {
  if (!needsRecord([grad, y])) return rows(log ? 'log_softmax_backward' : 'softmax_backward', [grad, y], dim);
  if (log) return sub(grad, mul(exp(y), sum(grad, dim, true)));
  return mul(y, sub(grad, sum(mul(grad, y), dim, true)));
}

function normalised(log: boolean, input: Tensor, dim: number | null | undefined, dtype?: DTypeLike | null): Tensor {
  const x = convert(input, floatType(input, dtype));
  const d = wrapDim(dim ?? implicitDim(x), Math.max(x.ndim, 1));
  const y = rows(log ? 'log_softmax' : 'softmax', [x], d);
  return record(log ? 'logSoftmax' : 'softmax', [x], y, [y], ({ grad }, [result]) => [gradient(log, grad, result, x.ndim === 0 ? 0 : d)]);
}

/**
 * eˣ / Σ eˣ over `dim`. https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 * @example F.softmax(torch.tensor([1, 2, 3]), 0)  // tensor([0.0900, 0.2447, 0.6652])
 */
export const softmax: Over = define('softmax', SPEC, (input: Tensor, dim?: number | null, _level?: number, dtype?: DTypeLike | null) =>
  normalised(false, input, dim, dtype),
);

/**
 * ln(softmax(x)), without loss of precision. https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 * @example F.logSoftmax(torch.tensor([1, 2, 3]), 0)  // tensor([-2.4076, -1.4076, -0.4076])
 */
export const logSoftmax: Over = define(
  'logSoftmax',
  SPEC,
  (input: Tensor, dim?: number | null, _level?: number, dtype?: DTypeLike | null) => normalised(true, input, dim, dtype),
);

/**
 * softmax(−x). https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
 * @example F.softmin(torch.tensor([1, 2, 3]), 0)  // tensor([0.6652, 0.2447, 0.0900])
 */
export const softmin: Over = define('softmin', SPEC, (input: Tensor, dim?: number | null, _level?: number, dtype?: DTypeLike | null) =>
  normalised(false, neg(input), dim, dtype),
);
