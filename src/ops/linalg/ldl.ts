/** Factors of symmetric and Hermitian matrices that need not be positive-definite. */
import { int32 } from '../../ir/dtype.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { contiguousRaw } from '../memory.js';
import { emptyOn, runIndexed, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { expand } from '../view.js';
import type { Op } from '../types.js';
import {
  batchOf,
  checkInfo,
  checkSameType,
  colsOf,
  commonBatch,
  isEmpty,
  matrixInput,
  rowsOf,
  scratch,
  squareInput,
  withBatch,
} from './common.js';

function factor(name: string, input: Tensor, hermitian: boolean, checkErrors: boolean): [LD: Tensor, pivots: Tensor, info: Tensor] {
  const a = squareInput(name, input);
  const ld = scratch(a);
  const pivots = emptyOn(a, a.sizes.slice(0, -1), int32);
  const info = emptyOn(a, batchOf(a), int32);
  if (isEmpty(ld)) info.zero_();
  else runRoutine('ldl_factor', [ld, pivots, info], [hermitian ? 1 : 0]);
  if (checkErrors)
    checkInfo(info, (batch, k) => `torch.${name}: ${batch}The factorization could not be completed because D[${k},${k}] is zero.`);
  return [ld, pivots, info];
}

/**
 * A compact form of A = L D Lᵀ (of Lᴴ if `hermitian`) from its lower triangle, as LAPACK's sytrf: `LD` [.., n, n], `pivots` int32 [.., n].
 * Not differentiable.
 * https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor.html
 * @example
 * const { LD, pivots } = torch.linalg.ldlFactor(torch.tensor([[4, 2], [2, 3]]));
 * LD.tril()
 * // tensor([[4.0000, 0.0000],
 * //         [0.5000, 2.0000]])
 */
export const ldlFactor: Op<[], [], { hermitian: boolean }, NamedTuple<'LD' | 'pivots'>> = define(
  'linalg_ldl_factor',
  'A, *, hermitian?',
  (a: Tensor, hermitian = false) => {
    const [ld, pivots] = factor('linalg.ldl_factor', a, hermitian, true);
    return tuple('linalg_ldl_factor', ['LD', 'pivots'], [ld, pivots]);
  },
);
/**
 * `ldlFactor` that reports singular matrices in `info`. https://pytorch.org/docs/stable/generated/torch.linalg.ldl_factor_ex.html
 * @example torch.linalg.ldlFactorEx(torch.tensor([[4, 2], [2, 3]])).info  // tensor(0, dtype=torch.int32)
 */
export const ldlFactorEx: Op<[], [], { hermitian: boolean; checkErrors: boolean }, NamedTuple<'LD' | 'pivots' | 'info'>> = define(
  'linalg_ldl_factor_ex',
  'A, *, hermitian?, checkErrors?',
  (a: Tensor, hermitian = false, checkErrors = false) =>
    tuple('linalg_ldl_factor_ex', ['LD', 'pivots', 'info'], factor('linalg.ldl_factor_ex', a, hermitian, checkErrors)),
);

/**
 * The solution of A X = B from what `ldlFactor` gives. https://pytorch.org/docs/stable/generated/torch.linalg.ldl_solve.html
 * @example
 * const { LD, pivots } = torch.linalg.ldlFactor(torch.tensor([[4, 2], [2, 3]]));
 * torch.linalg.ldlSolve(LD, pivots, torch.tensor([[8.5], [7]]))
 * // tensor([[1.4375],
 * //         [1.3750]])
 */
export const ldlSolve: Op<[pivots: Tensor, B: Tensor], [], { hermitian: boolean }> = define(
  'linalg_ldl_solve',
  'LD, pivots, B, *, hermitian?',
  (factored: Tensor, pivots: Tensor, b: Tensor, hermitian = false) => {
    const name = 'torch.linalg.ldl_solve';
    const ld = squareInput(name, factored);
    matrixInput(name, b, 'B');
    checkSameType(name, ld, b);
    if (pivots.dtype.category !== 1) throw new RuntimeError(`${name}: Expected pivots to be integers. Got ${pivots.dtype.name}`);
    if (pivots.sizes.join() !== ld.sizes.slice(0, -1).join())
      throw new RuntimeError(
        `${name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape [${pivots.sizes.join(', ')}] instead`,
      );
    if (rowsOf(b) !== colsOf(ld))
      throw new RuntimeError(`${name}: Incompatible shapes of LD and B: [${ld.sizes.join(', ')}] and [${b.sizes.join(', ')}]`);
    const batch = commonBatch(ld, b);
    const x = scratch(withBatch(b, batch));
    const order = contiguousRaw(expand(convert(pivots, int32), [...batch, colsOf(ld)]));
    if (!isEmpty(x))
      runIndexed(
        'ldl_solve',
        [x, contiguousRaw(withBatch(ld.detach(), batch)), order],
        [hermitian ? 1 : 0],
        (pivot) => `${name}: there is no row ${pivot}, which pivots names`,
      );
    return x;
  },
);
