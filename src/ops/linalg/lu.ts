/** LU factors: P A = L U with partial pivoting, and solving with them. */
import { int32 } from '../../ir/dtype.js';
import { nameNode, record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import { type Tensor, Tensor as TensorClass } from '../../tensor/tensor.js';
import { empty, tensor } from '../creation.js';
import { arange } from '../sequences.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { cat } from '../join.js';
import { matmul } from '../matmul.js';
import { tril, triu } from '../matrix.js';
import { contiguousRaw } from '../memory.js';
import { emptyOn, runIndexed, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { expand, narrow, transpose, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import {
  adjoint,
  batchOf,
  checkEquation,
  checkInfo,
  checkSameType,
  colsOf,
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

export interface LuFactors {
  readonly lu: Tensor;
  /** Row i was exchanged with row pivots[i] - 1. */
  readonly pivots: Tensor;
  /** 0, or the first column (from 1) whose pivot is 0. */
  readonly info: Tensor;
}

/** The factors outside the graph. */
export function factorLu(a: Tensor): LuFactors {
  const lu = scratch(a);
  const batch = batchOf(a);
  const pivots = emptyOn(a, [...batch, Math.min(...matrixOf(a))], int32);
  const info = emptyOn(a, batch, int32);
  if (isEmpty(lu)) info.zero_();
  else runRoutine('lu_factor', [lu, pivots, info]);
  return { lu, pivots, info };
}

function rowOrder(pivots: readonly number[], rows: number): number[] {
  const order = Array.from({ length: rows }, (_, i) => i);
  pivots.forEach((p, i) => {
    if (p < 1 || p > rows) throw new RuntimeError(`lu_unpack: pivots must be between 1 and ${rows}, but got ${p}`);
    [order[i], order[p - 1]] = [order[p - 1], order[i]];
  });
  return order;
}
/** P with P L U = A, as matrices of 0 and 1: [.., rows, rows]. */
function permutation(pivots: Tensor, rows: number, like: Tensor): Tensor {
  const batch = pivots.sizes.slice(0, -1);
  const count = pivots.sizes[pivots.ndim - 1];
  const flat = pivots.reshape([-1, Math.max(count, 1)]).tolist() as number[][];
  const order = tensor(
    flat.map((row) => rowOrder(row, rows)),
    { device: like.device },
  ).reshape([...batch, 1, rows]);
  return convert(order.eq(unsqueeze(arange(rows, { device: like.device }), -1)), like.dtype);
}

/** L with its unit diagonal, and U, from the factors in one matrix. */
function unpack(lu: Tensor): [L: Tensor, U: Tensor] {
  const [m, n] = matrixOf(lu);
  const k = Math.min(m, n);
  const lower = tril(narrow(lu, -1, 0, k), -1);
  return [lower.add(identityLike(lu, m, k)), triu(narrow(lu, -2, 0, k))];
}

/** The gradient of Pᴴ A from those of L and U. With M = L₁⁻¹ Pᴴ dA₁ U₁⁻¹, dL₁ = L₁ tril(M, -1) and dU₁ = triu(M) U₁. */
function luGradient(gradL: Tensor, gradU: Tensor, l: Tensor, u: Tensor): Tensor {
  const k = colsOf(l);
  const [extraRows, extraCols] = [rowsOf(l) - k, colsOf(u) - k];
  const top = (x: Tensor): Tensor => narrow(x, -2, 0, k);
  const left = (x: Tensor): Tensor => narrow(x, -1, 0, k);
  const below = (x: Tensor): Tensor => narrow(x, -2, k, extraRows);
  const right = (x: Tensor): Tensor => narrow(x, -1, k, extraCols);
  let lower = matmul(adjoint(top(l)), top(gradL));
  let upper = matmul(left(gradU), adjoint(left(u)));
  if (extraCols > 0) lower = lower.sub(matmul(right(gradU), adjoint(right(u))));
  if (extraRows > 0) upper = upper.sub(matmul(adjoint(below(l)), below(gradL)));
  const byU = (x: Tensor): Tensor => solveTriangular(adjoint(left(u)), x, { upper: false, left: false });
  const byL = (x: Tensor): Tensor => solveTriangular(adjoint(top(l)), x, { upper: true, unitriangular: true });
  let result = byL(byU(tril(lower, -1).add(triu(upper))));
  if (extraCols > 0) result = cat([result, byL(right(gradU))], -1);
  if (extraRows > 0) result = cat([result, byU(below(gradL))], -2);
  return result;
}

function recordFactors(a: Tensor, { lu, pivots }: LuFactors): void {
  record('linalgLuFactorEx', [a], [lu, pivots], [lu, pivots], ({ grads: [grad] }, [factors, order]) => {
    if (!grad) return [null];
    const [l, u] = unpack(factors);
    const k = colsOf(l);
    const inner = luGradient(tril(narrow(grad, -1, 0, k), -1), triu(narrow(grad, -2, 0, k)), l, u);
    return [matmul(permutation(order, rowsOf(l), l), inner)];
  });
}

function checkPivoting(pivot: boolean): void {
  if (!pivot) throw new RuntimeError('linalg.lu_factor: LU without pivoting is not implemented on the CPU');
}
function factors(name: string, input: Tensor, pivot: boolean, checkErrors: boolean): LuFactors {
  const a = matrixInput(name, input);
  checkPivoting(pivot);
  const result = factorLu(a);
  if (checkErrors)
    checkInfo(
      result.info,
      (batch, i) =>
        `torch.${name}: ${batch}U[${i},${i}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)`,
      RuntimeError,
    );
  recordFactors(a, result);
  return result;
}

/**
 * The factors of P A = L U in one matrix `LU` [.., m, n], and `pivots` [.., min(m, n)] (int32, from 1). Throws for a zero pivot.
 * https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.tensor([[1, 2], [2, 2]]));
 * [LU, pivots]
 * // [
 * //   tensor([[2.0000, 2.0000],
 * //           [0.5000, 1.0000]]),
 * //   tensor([2, 2], dtype=torch.int32)
 * // ]
 */
export const luFactor: Op<[], [], { pivot: boolean }, NamedTuple<'LU' | 'pivots'>> = define(
  'linalg_lu_factor',
  'A, *, pivot?',
  (input: Tensor, pivot = true) => {
    const { lu, pivots } = factors('linalg.lu_factor', input, pivot, true);
    return tuple('linalg_lu_factor', ['LU', 'pivots'], [lu, pivots]);
  },
);
/**
 * `luFactor` that reports zero pivots in `info`. https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor_ex.html
 * @example torch.linalg.luFactorEx(torch.tensor([[1, 2], [2, 2]])).info  // tensor(0, dtype=torch.int32)
 */
export const luFactorEx: Op<[], [], { pivot: boolean; checkErrors: boolean }, NamedTuple<'LU' | 'pivots' | 'info'>> = define(
  'linalg_lu_factor_ex',
  'A, *, pivot?, checkErrors?',
  (input: Tensor, pivot = true, checkErrors = false) => {
    const { lu, pivots, info } = factors('linalg.lu_factor_ex', input, pivot, checkErrors);
    return tuple('linalg_lu_factor_ex', ['LU', 'pivots', 'info'], [lu, pivots, info]);
  },
);
/**
 * P, L and U with P L U = A. https://pytorch.org/docs/stable/generated/torch.linalg.lu.html
 * @example
 * const { P, L, U } = torch.linalg.lu(torch.tensor([[1, 2], [2, 2]]));
 * P.matmul(L).matmul(U)
 * // tensor([[1., 2.],
 * //         [2., 2.]])
 */
export const lu: Op<[], [], { pivot: boolean }, NamedTuple<'P' | 'L' | 'U'>> = define(
  'linalg_lu',
  'A, *, pivot?',
  (input: Tensor, pivot = true) => {
    const { lu: both, pivots } = factors('linalg.lu', input, pivot, false);
    const [p, l, u] = luUnpack(both, pivots);
    return factorsOf('linalg_lu', p, nameNode('linalgLu', l), nameNode('linalgLu', u));
  },
);

/**
 * `luFactor`, with the infos if asked for. https://pytorch.org/docs/stable/generated/torch.lu.html
 * @example
 * const [LU, pivots] = torch.tensor([[1.5, 2], [2, 2]]).lu();
 * pivots  // tensor([2, 2], dtype=torch.int32)
 */
export const torchLu: Op<
  [],
  [pivot: boolean, getInfos: boolean],
  { pivot: boolean; getInfos: boolean; out: unknown },
  [LU: Tensor, pivots: Tensor, info?: Tensor] & Partial<NamedTuple<'LU' | 'pivots' | 'info'>>
> = define('lu', 'A, pivot?, getInfos?', (input: Tensor, pivot = true, getInfos = false) => {
  const { lu: both, pivots, info } = factors('linalg.lu_factor_ex', input, pivot, !getInfos);
  return getInfos ? tuple('_lu_with_info', ['LU', 'pivots', 'info'], [both, pivots, info]) : [both, pivots];
});

const factorsOf = (kind: string, ...parts: Tensor[]): NamedTuple<'P' | 'L' | 'U'> => tuple(kind, ['P', 'L', 'U'], parts);

type Unpack = Op<
  [pivots: Tensor],
  [unpackData: boolean, unpackPivots: boolean],
  { unpackData: boolean; unpackPivots: boolean },
  NamedTuple<'P' | 'L' | 'U'>
>;
/**
 * The matrices P, L and U from what `luFactor` gives; empty where not wanted.
 * https://pytorch.org/docs/stable/generated/torch.lu_unpack.html
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.tensor([[1, 2], [2, 2]]));
 * const { P, L, U } = torch.luUnpack(LU, pivots);
 * L
 * // tensor([[1.0000, 0.0000],
 * //         [0.5000, 1.0000]])
 */
export const luUnpack: Unpack = define(
  'lu_unpack',
  'LUData, LUPivots, unpackData?, unpackPivots?',
  (data: Tensor, pivots: Tensor, unpackData = true, unpackPivots = true) => {
    if (pivots.dtype !== int32)
      throw new RuntimeError(
        'torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is intended to be used with the output produced by torch.linalg.lu_factor',
      );
    const nothing = (): Tensor => empty([0], { dtype: data.dtype, device: data.device });
    const [l, u] = unpackData ? unpack(data) : [nothing(), nothing()];
    const p = unpackPivots ? permutation(pivots, rowsOf(data), data) : nothing();
    return factorsOf('lu_unpack', p, nameNode('luUnpack', l), nameNode('luUnpack', u));
  },
);

const wrongPivot = (pivot: number, rows: number): string => `linalg.lu_solve: pivots must be between 1 and ${rows}, but got ${pivot}`;
const PLAIN = 0;
const TRANSPOSED = 1;
const ADJOINT = 2;
/** X with op(A) X = B from the factors of A, outside the graph. */
export function luSolveRaw(factored: Tensor, pivots: Tensor, b: Tensor, adjointed: boolean): Tensor {
  const x = scratch(b);
  const mode = !adjointed ? PLAIN : factored.dtype.isComplex ? ADJOINT : TRANSPOSED;
  if (!isEmpty(x)) runIndexed('lu_solve', [x, contiguousRaw(factored.detach()), contiguousRaw(pivots)], [mode], wrongPivot);
  return x;
}

/** The gradient of the factors in one matrix from that of A = P L U. */
function factorsGradient(gradA: Tensor, factored: Tensor, pivots: Tensor): Tensor {
  const [l, u] = unpack(factored);
  const inner = matmul(transpose(permutation(pivots, rowsOf(l), l), -2, -1), gradA);
  return tril(matmul(inner, adjoint(u)), -1).add(triu(matmul(adjoint(l), inner)));
}

function solveFromLeft(factored: Tensor, pivots: Tensor, b: Tensor, adjointed: boolean): Tensor {
  const x = luSolveRaw(factored, pivots, b, adjointed);
  return record('linalgLuSolve', [factored, b], x, [factored, pivots, x], ({ grad, needs }, [lu_, order, solution]) => {
    const gradB = solveFromLeft(lu_, order, grad, !adjointed);
    const product = adjointed ? matmul(solution, adjoint(gradB)) : matmul(gradB, adjoint(solution));
    return [needs(0) ? factorsGradient(product.neg(), lu_, order) : null, gradB];
  });
}

function checkPivots(factored: Tensor, pivots: Tensor): void {
  if (!(pivots instanceof TensorClass) || pivots.dtype !== int32)
    throw new RuntimeError('linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32');
  if (pivots.ndim < 1 || pivots.sizes[pivots.ndim - 1] !== colsOf(factored))
    throw new RuntimeError('linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix');
  if (pivots.sizes.slice(0, -1).join() !== batchOf(factored).join())
    throw new RuntimeError(
      `linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape [${pivots.sizes.join(', ')}] instead`,
    );
}

/**
 * The solution of A X = B (or X A = B, and of Aᴴ in place of A) from `LU` and `pivots` of `luFactor`.
 * https://pytorch.org/docs/stable/generated/torch.linalg.lu_solve.html
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.tensor([[1, 2], [2, 2]]));
 * torch.linalg.luSolve(LU, pivots, torch.tensor([[3], [4]]).float())
 * // tensor([[1.],
 * //         [1.]])
 */
export const luSolve: Op<[pivots: Tensor, B: Tensor], [], { left: boolean; adjoint: boolean }> = define(
  'linalg_lu_solve',
  'LU, pivots, B, *, left?, adjoint?',
  (factored: Tensor, pivots: Tensor, b: Tensor, left = true, adjointed = false) => {
    const a = squareInput('linalg.lu_solve', factored);
    matrixInput('linalg.lu_solve', b, 'B');
    checkSameType('linalg.lu_solve', a, b);
    checkPivots(a, pivots);
    checkEquation('linalg.lu_solve', a, b, left);
    const batch = commonBatch(a, b);
    const [wholeA, wholeB] = [withBatch(a, batch), withBatch(b, batch)];
    const order = expand(pivots, [...batch, colsOf(a)]);
    if (left) return solveFromLeft(wholeA, order, wholeB, adjointed);
    return nameNode('linalgLuSolve', adjoint(solveFromLeft(wholeA, order, adjoint(wholeB), !adjointed)));
  },
);
/**
 * `linalg.luSolve` with the right-hand side first. https://pytorch.org/docs/stable/generated/torch.lu_solve.html
 * @example
 * const { LU, pivots } = torch.linalg.luFactor(torch.tensor([[1, 2], [2, 2]]));
 * torch.luSolve(torch.tensor([[3], [4]]).float(), LU, pivots)
 * // tensor([[1.],
 * //         [1.]])
 */
export const torchLuSolve: Op<[LUData: Tensor, LUPivots: Tensor]> = define(
  'lu_solve',
  'b, LUData, LUPivots',
  (b: Tensor, data: Tensor, pivots: Tensor) => luSolve(data, pivots, b),
);
