/** Cholesky factors, and solving with them. */
import { int32 } from '../../ir/dtype.js';
import { nameNode, record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { tril } from '../matrix.js';
import { emptyOn, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import type { Op } from '../types.js';
import {
  adjoint,
  batchOf,
  checkInfo,
  checkSameType,
  commonBatch,
  identityLike,
  isEmpty,
  matrixInput,
  matrixOf,
  rowsOf,
  scratch,
  squareInput,
  withBatch,
} from './common.js';
import { solveTriangular } from './triangular.js';

/** L⁻ᴴ X L⁻¹ */
function congruence(l: Tensor, x: Tensor): Tensor {
  const left = solveTriangular(adjoint(l), x, { upper: true });
  return solveTriangular(l, left, { upper: false, left: false });
}

function factor(input: Tensor, upper: boolean, name: string, checkErrors: boolean): NamedTuple<'L' | 'info'> {
  const a = squareInput('linalg.cholesky', input);
  const l = scratch(upper ? adjoint(a) : a);
  const info = emptyOn(a, batchOf(a), int32);
  if (isEmpty(l)) info.zero_();
  else runRoutine('cholesky', [l, info]);
  if (checkErrors)
    checkInfo(
      info,
      (batch, k) =>
        `${name}: ${batch}The factorization could not be completed because the input is not positive-definite (the leading minor of order ${k} is not positive-definite).`,
    );
  record('linalgCholeskyEx', [a], l, [l], ({ grad }, [factored]) => {
    const phi = matmul(adjoint(factored), grad);
    const hermitian = tril(phi)
      .add(adjoint(tril(phi, -1)))
      .mul(0.5);
    return [congruence(factored, hermitian)];
  });
  return tuple('linalg_cholesky_ex', ['L', 'info'], [nameNode('linalgCholeskyEx', upper ? adjoint(l) : l), info]);
}

/**
 * Lower L (or upper Lᴴ) with A = L Lᴴ. https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
 * @throws LinAlgError where a matrix is not positive-definite
 * @example
 * torch.linalg.cholesky(torch.tensor([[4, 2], [2, 5]]))
 * // tensor([[2., 0.],
 * //         [1., 2.]])
 */
export const cholesky: Op<[], [], { upper: boolean }> = define(
  'linalg_cholesky',
  'A, *, upper?',
  (a: Tensor, upper = false) => factor(a, upper, 'linalg.cholesky', true).L,
);
/**
 * `cholesky` that reports matrices which are not positive-definite in `info`.
 * https://pytorch.org/docs/stable/generated/torch.linalg.cholesky_ex.html
 * @example torch.linalg.choleskyEx(torch.tensor([[4, 2], [2, 0]])).info  // tensor(2, dtype=torch.int32)
 */
export const choleskyEx: Op<[], [], { upper: boolean; checkErrors: boolean }, NamedTuple<'L' | 'info'>> = define(
  'linalg_cholesky_ex',
  'A, *, upper?, checkErrors?',
  (a: Tensor, upper = false, checkErrors = false) => factor(a, upper, 'linalg.cholesky_ex', checkErrors),
);
/**
 * Lower L, or upper U, with A = L Lᴴ: `linalg.cholesky` under its older name. https://pytorch.org/docs/stable/generated/torch.cholesky.html
 * @example
 * torch.tensor([[4, 2], [2, 5]]).cholesky(true)
 * // tensor([[2., 1.],
 * //         [0., 2.]])
 */
export const torchCholesky: Op<[], [upper: boolean], { upper: boolean }> = define('cholesky', 'input, upper?', (a: Tensor, upper = false) =>
  nameNode('cholesky', factor(a, upper, 'cholesky', true).L),
);

function solveFactored(b: Tensor, l: Tensor, upper: boolean): Tensor {
  const lower = upper ? adjoint(l) : l;
  const half = solveTriangular(lower, b, { upper: false });
  return solveTriangular(adjoint(lower), half, { upper: true });
}

/** -(G + Gᴴ) L, or -U (G + Gᴴ): the gradient of the factor from G, that of A⁻¹ put between two solutions. */
function factorGradient(product: Tensor, l: Tensor, upper: boolean): Tensor {
  const common = product.add(adjoint(product));
  return (upper ? matmul(l, common) : matmul(common, l)).neg();
}

/**
 * The solution of A X = B from the Cholesky factor of A. https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html
 * @example
 * const L = torch.linalg.cholesky(torch.tensor([[4, 2], [2, 5]]));
 * torch.choleskySolve(torch.tensor([[8.5], [9.5]]), L)
 * // tensor([[1.4688],
 * //         [1.3125]])
 */
export const choleskySolve: Op<[L: Tensor], [upper: boolean], { upper: boolean }> = define(
  'cholesky_solve',
  'B, L, upper?',
  (givenB: Tensor, givenL: Tensor, upper = false) => {
    const [b, l] = [matrixInput('cholesky_solve', givenB, 'B'), squareInput('cholesky_solve', givenL)];
    if (rowsOf(b) !== rowsOf(l))
      throw new RuntimeError(
        `Incompatible matrix sizes for cholesky_solve: each A matrix is ${matrixOf(l).join(' by ')} but each b matrix is ${matrixOf(b).join(' by ')}`,
      );
    checkSameType('cholesky_solve', l, b);
    const batch = commonBatch(b, l);
    return solveWhole(withBatch(b, batch), withBatch(l, batch), upper);
  },
);
function solveWhole(b: Tensor, l: Tensor, upper: boolean): Tensor {
  const x = solveFactored(b.detach(), l.detach(), upper);
  return record('choleskySolve', [b, l], x, [l, x], ({ grad, needs }, [factored, solution]) => {
    const gradB = solveWhole(grad, factored, upper);
    return [gradB, needs(1) ? factorGradient(matmul(gradB, adjoint(solution)), factored, upper) : null];
  });
}

/**
 * A⁻¹ from the Cholesky factor of A. https://pytorch.org/docs/stable/generated/torch.cholesky_inverse.html
 * @example
 * torch.choleskyInverse(torch.tensor([[2.5, 0], [0, 0.5]]))
 * // tensor([[0.1600, 0.0000],
 * //         [0.0000, 4.0000]])
 */
export const choleskyInverse: Op<[], [upper: boolean], { upper: boolean }> = define(
  'cholesky_inverse',
  'L, upper?',
  (input: Tensor, upper = false) => {
    const l = squareInput('cholesky_inverse', input);
    const identity = identityLike(l, rowsOf(l)).expand(l.sizes);
    const inverse = solveFactored(identity, l.detach(), upper);
    return record('choleskyInverse', [l], inverse, [l, inverse], ({ grad }, [factored, result]) => [
      factorGradient(matmul(result, matmul(grad, result)), factored, upper),
    ]);
  },
);
