/** Systems of linear equations, inverses and determinants. */
import { int32 } from '../../ir/dtype.js';
import { isGradEnabled } from '../../autograd/modes.js';
import { nameNode, record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { arange } from '../sequences.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { diagEmbed } from '../matrix.js';
import { isDense } from '../memory.js';
import { conj } from '../misc.js';
import { selectWhere } from '../pointwise.js';
import { item } from '../read.js';
import { any, prod, productOfOthers } from '../reduce.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { diagonal, movedim, reshape, squeeze, transpose, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import {
  adjoint,
  checkEquation,
  checkInfo,
  checkSameType,
  colsOf,
  commonBatch,
  floatInput,
  identityLike,
  isVectorFor,
  rowsOf,
  squareInput,
  withBatch,
} from './common.js';
import { factorLu, type LuFactors, luSolveRaw } from './lu.js';
import { svd } from './svd.js';

interface Solution {
  readonly x: Tensor;
  readonly info: Tensor;
}

/** X with A X = B, batches broadcast; nothing is checked. */
function solveMatrix(a: Tensor, b: Tensor): Solution {
  const batch = commonBatch(a, b);
  const { lu, pivots, info } = factorLu(withBatch(a.detach(), batch));
  const x = luSolveRaw(lu, pivots, withBatch(b, batch), false);
  const [aSizes, bSizes] = [a.sizes, b.sizes];
  record('linalgSolveEx', [a, b], x, [a, x, lu, pivots], ({ grad, needs }, [matrix, solution, factors, order]) => {
    const gradB = isGradEnabled() ? solveMatrix(adjoint(matrix), grad).x : luSolveRaw(factors, order, grad, true);
    return [needs(0) ? matmul(gradB, adjoint(solution)).neg().sumToSize(aSizes) : null, gradB.sumToSize(bSizes)];
  });
  return { x, info };
}

function checkSolvable(name: string, info: Tensor): void {
  checkInfo(info, (batch) => `${name}: ${batch}The solver failed because the input matrix is singular.`);
}

/** Solves for a right-hand side on either side, of matrices or vectors. */
function solveAny(name: string, givenA: Tensor, givenB: Tensor, left: boolean): Solution {
  const a = squareInput(name, givenA);
  const b = floatInput(name, givenB, 'B');
  checkSameType(name, a, b);
  const isVector = isVectorFor(a, b);
  const rhs = isVector ? unsqueeze(b, -1) : b;
  checkEquation(name, a, rhs, left || isVector);
  if (left || isVector) {
    const { x, info } = solveMatrix(a, rhs);
    return { x: nameNode('linalgSolveEx', isVector ? squeeze(x, -1) : x), info };
  }
  const { x, info } = solveMatrix(transpose(a, -2, -1), transpose(rhs, -2, -1));
  return { x: nameNode('linalgSolveEx', transpose(x, -2, -1)), info };
}

/**
 * The solution of A X = B: [.., n, k] or vectors [.., n]. https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
 * @throws LinAlgError where a matrix is singular
 * @example torch.linalg.solve(torch.tensor([[2, 0], [0, 4]]), torch.tensor([2, 2]))  // tensor([1.0000, 0.5000])
 */
export const solve: Op<[B: Tensor], [], { left: boolean }> = define(
  'linalg_solve',
  'A, B, *, left?',
  (a: Tensor, b: Tensor, left = true) => {
    const { x, info } = solveAny('linalg.solve', a, b, left);
    checkSolvable('torch.linalg.solve', info);
    return x;
  },
);
/**
 * `solve` that reports singular matrices in `info`. https://pytorch.org/docs/stable/generated/torch.linalg.solve_ex.html
 * @example torch.linalg.solveEx(torch.tensor([[2, 0], [0, 4]]), torch.tensor([2, 2])).info  // tensor(0, dtype=torch.int32)
 */
export const solveEx: Op<[B: Tensor], [], { left: boolean; checkErrors: boolean }, NamedTuple<'result' | 'info'>> = define(
  'linalg_solve_ex',
  'A, B, *, left?, checkErrors?',
  (a: Tensor, b: Tensor, left = true, checkErrors = false) => {
    const { x, info } = solveAny('linalg.solve', a, b, left);
    if (checkErrors) checkSolvable('torch.linalg.solve_ex', info);
    return tuple('linalg_solve_ex', ['result', 'info'], [x, info]);
  },
);

function inverse(name: string, input: Tensor, checkErrors: boolean): NamedTuple<'inverse' | 'info'> {
  const a = squareInput('linalg.inv', input);
  const { lu, pivots, info } = factorLu(a);
  const x = luSolveRaw(lu, pivots, identityLike(a, rowsOf(a)).expand(a.sizes), false);
  if (checkErrors)
    checkInfo(
      info,
      (batch, i) =>
        `${name}: ${batch}The diagonal element ${i} is zero, the inversion could not be completed because the input matrix is singular.`,
    );
  record('linalgInvEx', [a], x, [x], ({ grad }, [result]) => {
    const back = adjoint(result);
    return [matmul(back, matmul(grad, back)).neg()];
  });
  return tuple('linalg_inv_ex', ['inverse', 'info'], [x, info]);
}
/**
 * The inverse of square matrices [.., n, n]. https://pytorch.org/docs/stable/generated/torch.linalg.inv.html
 * @throws LinAlgError where a matrix is singular
 * @example
 * torch.linalg.inv(torch.tensor([[2, 0], [0, 4]]))
 * // tensor([[0.5000, 0.0000],
 * //         [0.0000, 0.2500]])
 */
export const inv: Op = define('linalg_inv', 'A', (input: Tensor) => inverse('linalg.inv', input, true).inverse);
/**
 * `inv` that reports singular matrices in `info`. https://pytorch.org/docs/stable/generated/torch.linalg.inv_ex.html
 * @example torch.linalg.invEx(torch.zeros(2, 2)).info  // tensor(1, dtype=torch.int32)
 */
export const invEx: Op<[], [], { checkErrors: boolean }, NamedTuple<'inverse' | 'info'>> = define(
  'linalg_inv_ex',
  'A, *, checkErrors?',
  (input: Tensor, checkErrors = false) => inverse('linalg.inv_ex', input, checkErrors),
);

/** The factors of A or Aᵀ, which have one determinant: PyTorch takes what lies by columns, and rounds accordingly. */
const factorEither = (a: Tensor): LuFactors => factorLu(isDense(a) && !a.dtype.isComplex ? transpose(a.detach(), -2, -1) : a);

/** 1 or -1: the sign of the row exchanges. */
function parity(pivots: Tensor, dtype: Tensor['dtype']): Tensor {
  const own = arange(1, pivots.sizes[pivots.ndim - 1] + 1, { dtype: int32, device: pivots.device });
  return convert(prod(pivots.ne(own).mul(-2).add(1), -1), dtype);
}

/** Diagonal matrices of the shape of `like` with one number each. */
const scaledIdentity = (scale: Tensor, like: Tensor): Tensor => diagEmbed(unsqueeze(scale, -1).expand(like.sizes.slice(0, -1)));

/** det(A) A⁻ᴴ, which is the adjugate of a singular matrix: from A = U S Vᴴ, each product of the other singular values. */
function determinantGradient(grad: Tensor, a: Tensor, determinant: Tensor, singular: boolean): Tensor {
  if (!singular) return solveMatrix(adjoint(a), scaledIdentity(grad.mul(conj(determinant)), a)).x;
  const [u, s, vh] = svd(a);
  const scale = conj(det(u).mul(det(vh))).mul(grad);
  const others = convert(productOfOthers(s, s.ndim - 1), u.dtype).mul(unsqueeze(scale, -1));
  return matmul(u.mul(unsqueeze(others, -2)), vh);
}
/**
 * The determinant: [..]. https://pytorch.org/docs/stable/generated/torch.linalg.det.html
 * @example torch.linalg.det(torch.tensor([[2, 0], [0, 4]]))  // tensor(8.)
 */
export const det: Op = define('linalg_det', 'A', (input: Tensor) => {
  const a = squareInput('linalg.det', input);
  const { lu, pivots, info } = factorEither(a);
  const result = prod(diagonal(lu, 0, -2, -1), -1).mul(parity(pivots, a.dtype));
  return record('linalgDet', [a], result, [a, result, info], ({ grad }, [x, d, zeroPivots]) => [
    determinantGradient(grad, x, d, item(any(zeroPivots)) === true),
  ]);
});

/**
 * Sign and logarithm of the modulus of the determinant: [..] each. https://pytorch.org/docs/stable/generated/torch.linalg.slogdet.html
 * @example
 * const { sign, logabsdet } = torch.linalg.slogdet(torch.tensor([[-2, 0], [0, 4]]));
 * [sign, logabsdet]  // [ tensor(-1.), tensor(2.0794) ]
 */
export const slogdet: Op<[], [], object, NamedTuple<'sign' | 'logabsdet'>> = define('linalg_slogdet', 'A', (input: Tensor) => {
  const a = squareInput('linalg.slogdet', input);
  const { lu, pivots } = factorEither(a);
  const d = diagonal(lu, 0, -2, -1);
  const sign = prod(d.sgn(), -1).mul(parity(pivots, a.dtype));
  const logabsdet = d.abs().log().sum(-1);
  record('linalgSlogdet', [a], [sign, logabsdet], [a, sign], ({ grads: [gradSign, gradLog] }, [x, s]) => {
    let g = gradLog ? convert(gradLog, x.dtype) : s.mul(0);
    if (gradSign && x.dtype.isComplex) g = g.sub(conj(gradSign).mul(s).imag().mul({ re: 0, im: 1 }));
    return [solveMatrix(adjoint(x), scaledIdentity(g, x)).x];
  });
  return tuple('linalg_slogdet', ['sign', 'logabsdet'], [sign, logabsdet]);
});
/**
 * `linalg.slogdet`. https://pytorch.org/docs/stable/generated/torch.slogdet.html
 * @example torch.slogdet(torch.tensor([[2, 0], [0, -4]])).sign  // tensor(-1.)
 */
export const torchSlogdet: typeof slogdet = define('slogdet', 'input', (input: Tensor) =>
  tuple('slogdet', ['sign', 'logabsdet'], slogdet(input)),
);
/**
 * The logarithm of the determinant; NaN where it is negative. https://pytorch.org/docs/stable/generated/torch.logdet.html
 * @example torch.logdet(torch.eye(3))  // tensor(0.)
 */
export const logdet: Op = define('logdet', 'input', (input: Tensor) => {
  const { sign, logabsdet } = slogdet(input);
  return sign.dtype.isComplex ? sign.log().add(logabsdet) : selectWhere(sign.eq(-1), NaN, logabsdet);
});

/**
 * A tensor X with tensordot(A, X, ind) = the identity. https://pytorch.org/docs/stable/generated/torch.linalg.tensorinv.html
 * @example torch.linalg.tensorinv(torch.eye(24).reshape(4, 6, 8, 3)).shape  // torch.Size([8, 3, 4, 6])
 */
export const tensorinv: Op<[], [ind: number], { ind: number }> = define('linalg_tensorinv', 'A, ind?', (a: Tensor, ind = 2) => {
  if (ind <= 0) throw new RuntimeError(`Expected a strictly positive integer for 'ind', but got ${ind}`);
  const [front, back] = [a.sizes.slice(0, ind), a.sizes.slice(ind)];
  const [m, n] = [numelOf(back), numelOf(front)];
  if (m !== n)
    throw new RuntimeError(
      `Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${m} != ${n}`,
    );
  return reshape(inv(reshape(a, [n, m])), [...back, ...front]);
});

type TensorSolve = Op<[B: Tensor], [dims: readonly number[] | null], { dims: readonly number[] | null }>;
/**
 * A tensor X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first.
 * https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html
 * @example torch.linalg.tensorsolve(torch.eye(24).reshape(6, 4, 2, 3, 4), torch.ones(6, 4)).shape  // torch.Size([2, 3, 4])
 */
export const tensorsolve: TensorSolve = define('linalg_tensorsolve', 'A, B, dims?', (a: Tensor, b: Tensor, dims?: number[] | null) => {
  const ends = dims?.map((_, i) => a.ndim - dims.length + i) ?? [];
  const moved = dims ? movedim(a, dims, ends) : a;
  const result = moved.sizes.slice(b.ndim);
  const [m, n] = [numelOf(result), numelOf(moved.sizes.slice(0, b.ndim))];
  if (m !== n)
    throw new RuntimeError(
      `Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${m} != ${n}`,
    );
  return reshape(solve(reshape(moved, [n, m]), reshape(b, [n])), result);
});

function powerOf(a: Tensor, n: number): Tensor {
  if (n === 0) return record('matrixPower', [a], identityLike(a, colsOf(a)).expand(a.sizes).clone(), [], ({ grad }) => [grad.mul(0)]);
  if (n === 1) return a.clone();
  if (n === 3) return matmul(matmul(a, a), a);
  let [square, result]: [Tensor, Tensor | null] = [a, null];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result ? matmul(result, square) : square;
    if (rest > 1) square = matmul(square, square);
  }
  return result as Tensor;
}
/**
 * The product of n copies of square matrices; of their inverses for negative n.
 * https://pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html
 * @example
 * torch.linalg.matrixPower(torch.tensor([[2, 0], [0, 4]]), -2)
 * // tensor([[0.2500, 0.0000],
 * //         [0.0000, 0.0625]])
 */
export const matrixPower: Op<[n: number]> = define('linalg_matrix_power', 'A, n', (a: Tensor, n: number) => {
  if (a.ndim < 2) throw new RuntimeError('linalg.matrix_power: The input tensor A must have at least 2 dimensions.');
  if (rowsOf(a) !== colsOf(a))
    throw new RuntimeError(`linalg.matrix_power: A must be batches of square matrices, but they are ${rowsOf(a)} by ${colsOf(a)} matrices`);
  return n < 0 ? powerOf(inv(a), -n) : powerOf(a, n);
});
