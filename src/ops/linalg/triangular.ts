/** Systems with triangular matrices. */
import { nameNode, record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { tril, triu } from '../matrix.js';
import { clone } from '../memory.js';
import { runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { transpose } from '../view.js';
import type { Op } from '../types.js';
import {
  adjoint,
  checkEquation,
  checkSameType,
  commonBatch,
  isEmpty,
  matrixInput,
  matrixOf,
  rowsOf,
  scratch,
  squareInput,
  withBatch,
} from './common.js';

/** X with A X = B for matrices of one batch shape. */
function solveFromLeft(a: Tensor, b: Tensor, upper: boolean, unitriangular: boolean): Tensor {
  const x = scratch(b);
  if (!isEmpty(x)) runRoutine('triangular_solve', [x, a], [upper ? 1 : 0, unitriangular ? 1 : 0]);
  return record('linalgSolveTriangular', [a, b], x, [a, x], ({ grad, needs }, [matrix, solution]) => {
    const gradB = solveFromLeft(adjoint(matrix), grad, !upper, unitriangular);
    const triangle = upper ? triu : tril;
    const edge = unitriangular ? (upper ? 1 : -1) : 0;
    return [needs(0) ? triangle(matmul(gradB, adjoint(solution)).neg(), edge) : null, gradB];
  });
}

type SolveTriangular = (A: Tensor, B: Tensor, options: { upper: boolean; left?: boolean; unitriangular?: boolean }) => Tensor;
/**
 * The solution of A X = B (or X A = B) for triangular A; the other triangle is not read. Batches broadcast.
 * https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html
 * @example
 * torch.linalg.solveTriangular(torch.tensor([[2, 1], [0, 4]]), torch.tensor([[4], [8]]), { upper: true })
 * // tensor([[1.],
 * //         [2.]])
 */
export const solveTriangular: SolveTriangular = define(
  'linalg_solve_triangular',
  'A, B, *, upper, left?, unitriangular?',
  (input: Tensor, b: Tensor, upper: boolean, left = true, unitriangular = false) => {
    const a = squareInput('linalg.solve_triangular', input);
    const rhs = matrixInput('linalg.solve_triangular', b, 'B');
    checkSameType('linalg.solve_triangular', a, rhs);
    checkEquation('linalg.solve_triangular', a, rhs, left);
    const batch = commonBatch(a, rhs);
    const [wholeA, wholeB] = [withBatch(a, batch), withBatch(rhs, batch)];
    if (left) return solveFromLeft(wholeA, wholeB, upper, unitriangular);
    const turned = solveFromLeft(transpose(wholeA, -2, -1), transpose(wholeB, -2, -1), !upper, unitriangular);
    return nameNode('linalgSolveTriangular', transpose(turned, -2, -1));
  },
);

type TriangularSolve = Op<
  [A: Tensor],
  [upper: boolean, transpose: boolean, unitriangular: boolean],
  { upper: boolean; transpose: boolean; unitriangular: boolean },
  NamedTuple<'solution' | 'clonedCoefficient'>
>;
/**
 * The solution of A X = b, and a copy of A. https://pytorch.org/docs/stable/generated/torch.triangular_solve.html
 * @example
 * torch.triangularSolve(torch.tensor([[4.5], [8]]), torch.tensor([[2.5, 1], [0, 4]])).solution
 * // tensor([[1.],
 * //         [2.]])
 */
export const triangularSolve: TriangularSolve = define(
  'triangular_solve',
  'b, A, upper?, transpose?, unitriangular?',
  (b: Tensor, input: Tensor, upper = true, transposed = false, unitriangular = false) => {
    const a = squareInput('triangular_solve', input);
    matrixInput('triangular_solve', b, 'b');
    if (rowsOf(a) !== rowsOf(b))
      throw new RuntimeError(
        `Incompatible matrix sizes for triangular_solve: each A matrix is ${matrixOf(a).join(' by ')} but each b matrix is ${matrixOf(b).join(' by ')}`,
      );
    checkSameType('triangular_solve', a, b);
    const batch = commonBatch(a, b);
    const whole = withBatch(a, batch);
    const matrix = transposed ? transpose(whole, -2, -1) : whole;
    const solution = solveFromLeft(matrix, withBatch(b, batch), upper !== transposed, unitriangular);
    const named = [solution, clone(whole)].map((t) => nameNode('triangularSolve', t));
    return tuple('triangular_solve', ['solution', 'clonedCoefficient'], named);
  },
);
