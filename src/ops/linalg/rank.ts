/** What singular values tell: rank, condition, pseudo-inverse and least squares. */
import { int64 } from '../../ir/dtype.js';
import { record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { empty, full, tensor, zeros } from '../creation.js';
import { define, scalarTypeName } from '../define.js';
import { matmul } from '../matmul.js';
import { maximum, selectWhere } from '../pointwise.js';
import { amax, sum } from '../reduce.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { select, squeeze, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import {
  adjoint,
  batchOf,
  colsOf,
  commonBatch,
  epsilonOf,
  floatInput,
  identityLike,
  isEmpty,
  isVectorFor,
  matrixInput,
  matrixOf,
  rowsOf,
  squareInput,
  withBatch,
} from './common.js';
import { eigh, eigvalsh } from './eig.js';
import { matrixNorm } from './norm.js';
import { qr } from './qr.js';
import { invEx } from './solve.js';
import { svd, svdvals } from './svd.js';
import { solveTriangular } from './triangular.js';

type Tolerance = number | Tensor | null | undefined;
interface Tolerances {
  readonly atol?: Tolerance;
  readonly rtol?: Tolerance;
}

/** Below what singular values count as 0: [.., 1]. The relative part is eps max(m, n) where nothing is given. */
function threshold(a: Tensor, largest: Tensor, { atol, rtol }: Tolerances): Tensor {
  const like = (x: number | Tensor): Tensor =>
    unsqueeze(x instanceof Tensor ? x : tensor(x, { dtype: largest.dtype, device: a.device }), -1);
  const absolute = like(atol ?? 0);
  const standard = epsilonOf(a.dtype) * Math.max(...matrixOf(a));
  const relative = rtol === null || rtol === undefined ? selectWhere(absolute.gt(0), 0, like(standard)) : like(rtol);
  return maximum(convert(absolute, largest.dtype), convert(relative, largest.dtype).mul(largest));
}
const largestOf = (s: Tensor): Tensor => amax(s, -1, true);

type Rank = Op<[], [tol: Tolerance, hermitian: boolean], { tol: Tolerance; hermitian: boolean; atol: Tolerance; rtol: Tolerance }>;
/**
 * How many singular values are above max(atol, rtol · the largest): int64 [..]. rtol is eps · max(m, n) unless a tolerance is given.
 * https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html
 * @example torch.linalg.matrixRank(torch.ones(3, 3))  // tensor(1)
 */
export const matrixRank: Rank = define(
  'linalg_matrix_rank',
  'A, tol?, hermitian?, *, atol?, rtol?',
  (input: Tensor, tol: Tolerance, hermitian = false, atol?: Tolerance, rtol?: Tolerance) => {
    const a = matrixInput('torch.linalg.matrix_rank', input, 'input').detach();
    if (isEmpty(a)) return zeros([...batchOf(a)], { dtype: int64, device: a.device });
    const s = hermitian ? eigvalsh(a).abs() : svdvals(a);
    const given = tol === null || tol === undefined ? { atol, rtol } : { atol: tol, rtol: 0 };
    return sum(s.gt(threshold(a, largestOf(s), given)), -1);
  },
);

/** The gradient of A⁺ for matrices of constant rank (Golub and Pereyra, 1973). */
function pinvGradient(grad: Tensor, p: Tensor, a: Tensor): Tensor {
  const [ph, gradH] = [adjoint(p), adjoint(grad)];
  if (rowsOf(a) <= colsOf(a)) {
    const k = matmul(gradH, p);
    const kph = matmul(k, ph);
    const within = matmul(matmul(ph, p), gradH.sub(matmul(k, a)));
    return kph
      .sub(adjoint(matmul(p, k)))
      .sub(matmul(matmul(a, p), kph))
      .add(within);
  }
  const k = matmul(p, gradH);
  const phk = matmul(ph, k);
  const within = matmul(matmul(gradH.sub(matmul(a, k)), p), ph);
  return within
    .sub(adjoint(matmul(k, p)))
    .add(phk)
    .sub(matmul(matmul(phk, p), a));
}

const invertAbove = (s: Tensor, moduli: Tensor, limit: Tensor): Tensor => selectWhere(moduli.gt(limit), s.reciprocal(), 0);
function pinvRaw(a: Tensor, hermitian: boolean, given: Tolerances): Tensor {
  if (hermitian) {
    const [l, v] = eigh(a);
    const moduli = l.abs();
    return matmul(v.mul(unsqueeze(invertAbove(l, moduli, threshold(a, largestOf(moduli), given)), -2)), adjoint(v));
  }
  const [u, s, vh] = svd(a, false);
  return matmul(adjoint(vh).mul(unsqueeze(invertAbove(s, s, threshold(a, largestOf(s), given)), -2)), adjoint(u));
}
/** The pseudo-inverse outside the graph of its parts, with the gradient of its own. */
function pseudoInverse(input: Tensor, hermitian: boolean, given: Tolerances): Tensor {
  if (input.ndim < 2)
    throw new RuntimeError(
      `linalg.pinv(${scalarTypeName(input.dtype)}{[${input.sizes.join(', ')}]}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types`,
    );
  const a = hermitian ? squareInput('linalg.eigh', input) : matrixInput('linalg.pinv', input);
  const [m, n] = matrixOf(a);
  const result = isEmpty(a) ? zeros([...batchOf(a), n, m], { dtype: a.dtype, device: a.device }) : pinvRaw(a.detach(), hermitian, given);
  return record('linalgPinv', [a], result, [a, result], ({ grad }, [matrix, p]) => [pinvGradient(grad, p, matrix)]);
}

type Pinv = Op<[], [rcond: Tolerance, hermitian: boolean], { rcond: Tolerance; hermitian: boolean; atol: Tolerance; rtol: Tolerance }>;
/**
 * The Moore-Penrose inverse: [.., n, m]. Singular values up to max(atol, rtol · the largest) count as 0.
 * https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html
 * @example
 * torch.linalg.pinv(torch.tensor([[2, 0], [0, 0]]), { rtol: 1e-4 })
 * // tensor([[0.5000, 0.0000],
 * //         [0.0000, 0.0000]])
 */
export const pinv: Pinv = define(
  'linalg_pinv',
  'A, rcond?, hermitian?, *, atol?, rtol?',
  (a: Tensor, rcond: Tolerance, hermitian = false, atol?: Tolerance, rtol?: Tolerance) =>
    pseudoInverse(a, hermitian, { atol, rtol: rcond ?? rtol }),
);
/**
 * `linalg.pinv` with a small tolerance. https://pytorch.org/docs/stable/generated/torch.pinverse.html
 * @example
 * torch.tensor([[2, 0], [0, 0]]).pinverse()
 * // tensor([[0.5000, 0.0000],
 * //         [0.0000, 0.0000]])
 */
export const pinverse: Op<[], [rcond: number], { rcond: number }> = define('pinverse', 'input, rcond?', (a: Tensor, rcond = 1e-15) =>
  pseudoInverse(a, false, { rtol: rcond }),
);

type ConditionNorm = number | 'fro' | 'nuc' | null;
const isConditionNorm = (p: unknown): p is 'fro' | 'nuc' | number =>
  p === 'fro' || p === 'nuc' || (typeof p === 'number' && [1, 2, Infinity].includes(Math.abs(p)));
/**
 * How much A X = B magnifies errors: |A| |A⁻¹| for the norm p, or the ratio of the extreme singular values (2, the default, and -2).
 * https://pytorch.org/docs/stable/generated/torch.linalg.cond.html
 * @example torch.linalg.cond(torch.tensor([[2, 0], [0, 4]]), 'fro')  // tensor(2.5000)
 */
export const cond: Op<[], [p: ConditionNorm], { p: ConditionNorm }> = define(
  'linalg_cond',
  'A, p?',
  (input: Tensor, given?: ConditionNorm) => {
    const p = given ?? 2;
    if (!isConditionNorm(p)) throw new RuntimeError(`linalg.cond got an invalid norm type: ${String(p)}`);
    const singular = p === 2 || p === -2;
    const a = singular ? matrixInput('linalg.cond', input) : squareInput(`linalg.cond(ord=${p})`, input);
    if (isEmpty(a)) return zeros([...batchOf(a)], { dtype: a.dtype.toReal(), device: a.device });
    if (singular) {
      const s = svdvals(a);
      const [first, last] = [select(s, -1, 0), select(s, -1, -1)];
      return p === 2 ? first.div(last) : last.div(first);
    }
    const { inverse, info } = invEx(a);
    const product = matrixNorm(a, p).mul(matrixNorm(inverse, p));
    return selectWhere(info.eq(0), product, Infinity);
  },
);

type Driver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';
interface LeastSquares {
  readonly solution: Tensor;
  readonly rank: Tensor | null;
  readonly singularValues: Tensor | null;
}
/** For matrices of full rank, by QR: of A, or of Aᴴ where there are fewer equations than unknowns. */
function solveFullRank(a: Tensor, b: Tensor): Tensor {
  if (rowsOf(a) >= colsOf(a)) {
    const [q, r] = qr(a);
    return solveTriangular(r, matmul(adjoint(q), b), { upper: true });
  }
  const [q, r] = qr(adjoint(a));
  return matmul(q, solveTriangular(adjoint(r), b, { upper: false }));
}
/** Whether the triangles [.., n, n] surely have full rank: their condition number is at most |R| |R⁻¹| in the Frobenius norm. */
function surelyHasFullRank(r: Tensor, rcond: number): boolean {
  const inverse = solveTriangular(r, identityLike(r, colsOf(r)).expand(r.sizes), { upper: true });
  const bound = matrixNorm(r, 'fro', [-2, -1]).mul(matrixNorm(inverse, 'fro', [-2, -1]));
  return bound.mul(rcond).lt(1).all().item() as boolean;
}
function leastSquares(a: Tensor, b: Tensor, rcond: number, driver: Driver): LeastSquares {
  const n = colsOf(a);
  if (isEmpty(a)) {
    const solution = zeros([...batchOf(a), n, colsOf(b)], { dtype: a.dtype, device: a.device });
    const zero = zeros([...batchOf(a)], { dtype: int64, device: a.device });
    const s = zeros([...batchOf(a), Math.min(...matrixOf(a))], { dtype: a.dtype.toReal(), device: a.device });
    return { solution, rank: zero, singularValues: s };
  }
  if (driver === 'gels') return { solution: solveFullRank(a, b), rank: null, singularValues: null };
  // Tall matrices are solved by way of their triangular factor, which may also show that the rank is full.
  const [q, r] = rowsOf(a) >= (driver === 'gelsy' ? n : 2 * n) ? qr(a) : [null, a];
  const right = q ? matmul(adjoint(q), b) : b;
  if (q && driver === 'gelsy' && surelyHasFullRank(r, rcond)) {
    const rank = full([...batchOf(a)], n, { dtype: int64, device: a.device });
    return { solution: solveTriangular(r, right, { upper: true }), rank, singularValues: null };
  }
  const [u, s, vh] = svd(r, false);
  const scaled = matmul(adjoint(u), right).mul(unsqueeze(invertAbove(s, s, largestOf(s).mul(rcond)), -1));
  return { solution: matmul(adjoint(vh), scaled), rank: sum(s.gt(largestOf(s).mul(rcond)), -1), singularValues: s };
}

function checkLeastSquares(a: Tensor, b: Tensor, driver: string): boolean {
  const name = 'torch.linalg.lstsq';
  if (a.ndim < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
  if (b.ndim < 1) throw new RuntimeError(`${name}: other must have at least 1 dimension.`);
  if (a.dtype !== b.dtype)
    throw new RuntimeError(
      `${name}: Expected input and other to have the same dtype, but got input's dtype ${scalarTypeName(a.dtype)} and other's dtype ${scalarTypeName(b.dtype)}`,
    );
  if (!['gels', 'gelsy', 'gelsd', 'gelss'].includes(driver))
    throw new RuntimeError(`${name}: parameter \`driver\` should be one of (gels, gelsy, gelsd, gelss)`);
  const isVector = isVectorFor(a, b);
  if (!isVector && rowsOf(a) !== rowsOf(b)) throw new RuntimeError(`${name}: input.size(-2) should match other.size(-2)`);
  if (isVector && rowsOf(a) !== b.sizes[b.ndim - 1]) throw new RuntimeError(`${name}: input.size(-2) should match other.size(-1)`);
  return isVector;
}

/** Σ|A X - B|² over rows, where LAPACK gives it: more equations than unknowns, full rank, any driver but gelsy. */
function residualsOf(a: Tensor, b: Tensor, { solution, rank }: LeastSquares, driver: Driver): Tensor {
  const [m, n] = matrixOf(a);
  const isFull = rank === null || n === 0 || (rank.reshape([-1]).tolist() as number[]).every((r) => r === n);
  if (m <= n || driver === 'gelsy' || !isFull) return empty([0], { dtype: a.dtype.toReal(), device: a.device });
  const rest = b.sub(matmul(a, solution)).abs();
  return sum(rest.mul(rest), -2);
}

type Lstsq = Op<
  [B: Tensor],
  [rcond: number | null],
  { rcond: number | null; driver: Driver | null },
  NamedTuple<'solution' | 'residuals' | 'rank' | 'singularValues'>
>;
/**
 * X that makes A X nearest to B: [.., n, k] or vectors [.., n]; the shortest one, where there are several. Drivers differ in what they tell
 * besides:
 * `gels` (full rank), `gelsy` (default: rank), `gelsd` and `gelss` (rank and singular values).
 * https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
 * @example
 * const A = torch.tensor([[1, 0], [0, 2], [0, 0]]);
 * torch.linalg.lstsq(A, torch.tensor([[1], [4], [9]]), { driver: 'gels' }).solution
 * // tensor([[1.],
 * //         [2.]])
 */
export const lstsq: Lstsq = define(
  'linalg_lstsq',
  'A, B, rcond?, *, driver?',
  (givenA: Tensor, givenB: Tensor, rcond?: number | null, givenDriver?: Driver | null) => {
    const driver = givenDriver ?? 'gelsy';
    const isVector = checkLeastSquares(givenA, givenB, driver);
    const [a, rhs] = [
      floatInput('torch.linalg.lstsq', givenA),
      floatInput('torch.linalg.lstsq', isVector ? unsqueeze(givenB, -1) : givenB),
    ];
    const batch = commonBatch(a, rhs);
    const [wholeA, wholeB] = [withBatch(a, batch), withBatch(rhs, batch)];
    const limit = rcond ?? epsilonOf(a.dtype) * Math.max(...matrixOf(a));
    const parts = leastSquares(wholeA.detach(), wholeB.detach(), limit, driver);
    const residuals = residualsOf(wholeA.detach(), wholeB.detach(), parts, driver);
    recordLeastSquares(wholeA, wholeB, parts.solution, residuals);
    const nothing = (dtype: Tensor['dtype']): Tensor => empty([0], { dtype, device: a.device });
    const hasValues = driver === 'gelsd' || driver === 'gelss';
    return tuple(
      'linalg_lstsq',
      ['solution', 'residuals', 'rank', 'singularValues'],
      [
        isVector ? squeeze(parts.solution, -1) : parts.solution,
        residuals,
        parts.rank && driver !== 'gels' ? parts.rank : nothing(int64),
        parts.singularValues && hasValues ? parts.singularValues : nothing(a.dtype.toReal()),
      ],
    );
  },
);

/** The solution is A⁺ B; what it changes in the residuals cancels. */
function recordLeastSquares(a: Tensor, b: Tensor, solution: Tensor, residuals: Tensor): void {
  record('linalgLstsq', [a, b], [solution, residuals], [a, b, solution], ({ grads: [gradX, gradR] }, [matrix, rhs, x]) => {
    const p = pseudoInverse(matrix, false, {});
    const fromX = gradX && {
      a: pinvGradient(matmul(gradX, adjoint(rhs)), p, matrix),
      b: matmul(adjoint(p), gradX),
    };
    if (!gradR || residuals.sizes.join() === '0') return [fromX?.a, fromX?.b];
    const slope = matmul(matrix, x).sub(rhs).mul(unsqueeze(gradR, -2)).mul(2);
    const toA = matmul(slope, adjoint(x));
    return [fromX ? fromX.a.add(toA) : toA, fromX ? fromX.b.sub(slope) : slope.neg()];
  });
}
