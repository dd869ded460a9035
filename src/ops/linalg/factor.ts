/** Factors of square matrices and what they solve. */
import { RoutineError } from '../../device/device.js';
import { int32 } from '../../ir/dtype.js';
import { record } from '../../autograd/node.js';
import { LinAlgError, RuntimeError } from '../../tensor/errors.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { broadcastSizes } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { eye } from '../creation.js';
import { define, scalarTypeName } from '../define.js';
import { matmul } from '../matmul.js';
import { diagEmbed, tril } from '../matrix.js';
import { clone } from '../memory.js';
import { conjPhysical } from '../pointwise.js';
import { prod } from '../reduce.js';
import { emptyOn, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { diagonal, expand, squeeze, transpose, unsqueeze } from '../view.js';
import type { Op } from '../types.js';

/** The conjugate transpose. */
export const adjoint = (x: Tensor): Tensor => {
  const y = transpose(x, -2, -1);
  return x.dtype.isComplex ? conjPhysical(y) : y;
};

/** Integers become floats; batches of square matrices only. */
export function squareInput(name: string, input: Tensor): Tensor {
  if (input.ndim < 2) throw new RuntimeError(`${name}: The input tensor A must have at least 2 dimensions.`);
  const [m, n] = input.sizes.slice(-2);
  if (m !== n) throw new RuntimeError(`${name}: A must be batches of square matrices, but they are ${m} by ${n} matrices`);
  const a = input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input;
  if (a.dtype.toReal().itemsize < 4) throw new RuntimeError(`${name}: Low precision dtypes not supported. Got ${scalarTypeName(a.dtype)}`);
  return a;
}

/** A contiguous copy outside the graph, for routines that work in place. */
const scratch = (x: Tensor): Tensor => clone(x.detach(), { memoryFormat: 'contiguous_format' });

function factorLu(a: Tensor): { lu: Tensor; pivots: Tensor; info: Tensor } {
  const lu = scratch(a);
  const batch = a.sizes.slice(0, -2);
  const pivots = emptyOn(a, [...batch, Math.min(...a.sizes.slice(-2))], int32);
  const info = emptyOn(a, batch, int32);
  if (numelOf(lu.sizes) > 0) runRoutine('lu_factor', [lu, pivots, info]);
  else info.zero_();
  return { lu, pivots, info };
}

function checkInfo(info: Tensor, message: (batch: string, column: number) => string): void {
  const values = info.reshape([-1]).tolist() as number[];
  const at = values.findIndex((v) => v !== 0);
  if (at >= 0) throw new LinAlgError(message(info.ndim > 0 ? `(Batch element ${at}): ` : '', values[at]));
}
const checkPivots = (name: string, info: Tensor): void =>
  checkInfo(info, (batch, k) => `${name}: ${batch}The solver failed because the input matrix is singular. (diagonal element ${k} is zero)`);

function solveRaw(name: string, a: Tensor, b: Tensor): Tensor {
  const batch = broadcastSizes(a.sizes.slice(0, -2), b.sizes.slice(0, -2));
  const { lu, pivots, info } = factorLu(expand(a.detach(), [...batch, ...a.sizes.slice(-2)]));
  checkPivots(name, info);
  const x = scratch(expand(b.detach(), [...batch, ...b.sizes.slice(-2)]));
  if (numelOf(x.sizes) > 0) runRoutine('lu_solve', [x, lu, pivots], [0]);
  return x;
}
/** X with A X = B, batches broadcast. */
function solveMatrix(name: string, a: Tensor, b: Tensor): Tensor {
  const x = solveRaw(name, a, b);
  const [aSizes, bSizes] = [a.sizes, b.sizes];
  return record('linalgSolveEx', [a, b], x, [a, x], ({ grad }, [aSaved, xSaved]) => {
    const gradB = solveMatrix(name, adjoint(aSaved), grad);
    return [matmul(gradB, adjoint(xSaved)).neg().sumToSize(aSizes), gradB.sumToSize(bSizes)];
  });
}

/** The solution of A X = B: [.., n, k] or vectors [.., n]. https://pytorch.org/docs/stable/generated/torch.linalg.solve.html */
export const solve: Op<[B: Tensor], [], { left: boolean }> = define(
  'linalg_solve',
  'A, B, *, left?',
  (input: Tensor, b: Tensor, left = true) => {
    const a = squareInput('linalg.solve', input);
    if (a.dtype !== b.dtype)
      throw new RuntimeError(
        `linalg.solve: Expected A and B to have the same dtype, but found A of type ${scalarTypeName(a.dtype)} and B of type ${scalarTypeName(b.dtype)} instead`,
      );
    const isVector = b.ndim === 1 || (a.ndim - 1 === b.ndim && b.sizes.every((s, i) => s === a.sizes[i]));
    const rhs = isVector ? unsqueeze(b, -1) : b;
    const side = left || isVector ? rhs.ndim - 2 : rhs.ndim - 1;
    if (rhs.sizes[side] !== a.sizes[a.ndim - 1])
      throw new RuntimeError(
        `linalg.solve: Incompatible shapes of A and B for the equation ${left ? 'AX = B' : 'XA = B'} (${a.sizes.slice(-2).join('x')} and ${rhs.sizes.slice(-2).join('x')})`,
      );
    const x = left
      ? solveMatrix('linalg.solve', a, rhs)
      : transpose(solveMatrix('linalg.solve', transpose(a, -2, -1), transpose(rhs, -2, -1)), -2, -1);
    return isVector ? squeeze(x, -1) : x;
  },
);

/** The inverse matrix. https://pytorch.org/docs/stable/generated/torch.linalg.inv.html */
export const inv: Op = define('linalg_inv', 'A', (input: Tensor) => {
  const a = squareInput('linalg.inv', input);
  const identity = eye(a.sizes[a.ndim - 1], { dtype: a.dtype, device: a.device });
  const result = solveRaw('linalg.inv', a, identity);
  return record('linalgInvEx', [a], result, [result], ({ grad }, [x]) => [matmul(adjoint(x), matmul(grad, adjoint(x))).neg()]);
});

/** 1 or -1: the sign of the row exchanges. */
function parity(pivots: Tensor, dtype: Tensor['dtype']): Tensor {
  const rows = pivots.sizes[pivots.ndim - 1];
  const own = eye(1, { device: pivots.device, dtype: int32 }).reshape([1]).expand([rows]).cumsum(0);
  return convert(prod(pivots.ne(own).mul(-2).add(1), -1), dtype);
}

/** The determinant: [..]. https://pytorch.org/docs/stable/generated/torch.linalg.det.html */
export const det: Op = define('linalg_det', 'A', (input: Tensor) => {
  const a = squareInput('linalg.det', input);
  const { lu, pivots } = factorLu(a);
  const result = prod(diagonal(lu, 0, -2, -1), -1).mul(parity(pivots, a.dtype));
  return record('linalgDet', [a], result, [a, result], ({ grad }, [x, d]) => {
    const scaled = diagEmbed(unsqueeze(grad.mul(conjPhysical(d)), -1).expand(x.sizes.slice(0, -1)));
    return [solveMatrix('linalg.det', adjoint(x), scaled)];
  });
});

/** Sign and logarithm of the modulus of the determinant: [..] each. https://pytorch.org/docs/stable/generated/torch.linalg.slogdet.html */
export const slogdet: Op<[], [], object, NamedTuple<'sign' | 'logabsdet'>> = define('linalg_slogdet', 'A', (input: Tensor) => {
  const a = squareInput('linalg.slogdet', input);
  const { lu, pivots } = factorLu(a);
  const d = diagonal(lu, 0, -2, -1);
  const sign = prod(d.sgn(), -1).mul(parity(pivots, a.dtype));
  const logabsdet = d.abs().log().sum(-1);
  record('linalgSlogdet', [a], [sign, logabsdet], [a, sign], ({ grads: [gradSign, gradLog] }, [x, s]) => {
    let g = gradLog ? convert(gradLog, x.dtype) : s.mul(0);
    if (gradSign && x.dtype.isComplex) g = g.sub(conjPhysical(gradSign).mul(s).imag().mul({ re: 0, im: 1 }));
    return [solveMatrix('linalg.slogdet', adjoint(x), diagEmbed(unsqueeze(g, -1).expand(x.sizes.slice(0, -1))))];
  });
  return tuple(['sign', 'logabsdet'], [sign, logabsdet]);
});

/** The lower triangle, its diagonal halved. */
const halfTriangle = (x: Tensor): Tensor => tril(x).sub(diagEmbed(diagonal(x, 0, -2, -1)).mul(0.5));

/** Lower L (or upper Lᴴ) with A = L Lᴴ. https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html */
export const cholesky: Op<[], [], { upper: boolean }> = define('linalg_cholesky', 'A, *, upper?', (input: Tensor, upper = false) => {
  const a = squareInput('linalg.cholesky', input);
  const l = scratch(upper ? adjoint(a) : a);
  const info = emptyOn(a, a.sizes.slice(0, -2), int32);
  if (numelOf(l.sizes) > 0) runRoutine('cholesky', [l, info]);
  else info.zero_();
  checkInfo(
    info,
    (batch, k) =>
      `linalg.cholesky: ${batch}The factorization could not be completed because the input is not positive-definite (the leading minor of order ${k} is not positive-definite).`,
  );
  record('linalgCholeskyEx', [a], l, [l], ({ grad }, [factor]) => {
    const phi = halfTriangle(matmul(adjoint(factor), grad));
    const inner = phi.add(adjoint(phi)).mul(0.5);
    const left = solveMatrix('linalg.cholesky', adjoint(factor), inner);
    return [adjoint(solveMatrix('linalg.cholesky', adjoint(factor), adjoint(left)))];
  });
  return upper ? adjoint(l) : l;
});

function eighRaw(name: string, a: Tensor): { values: Tensor; vectors: Tensor } {
  const vectors = scratch(a);
  const values = emptyOn(a, a.sizes.slice(0, -1), a.dtype.toReal());
  try {
    if (numelOf(vectors.sizes) > 0) runRoutine('eigh', [values, vectors], [1]);
  } catch (error) {
    if (!(error instanceof RoutineError)) throw error;
    throw new LinAlgError(
      `${name}: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues.`,
    );
  }
  return { values, vectors };
}

/** Eigenvalues, ascending [.., n], and eigenvectors as columns of Hermitian matrices. https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html */
export const eigh: Op<[], [UPLO: 'L' | 'U'], { UPLO: 'L' | 'U' }, NamedTuple<'eigenvalues' | 'eigenvectors'>> = define(
  'linalg_eigh',
  'A, UPLO?',
  (input: Tensor, uplo = 'L') => {
    if (!/^[lu]$/i.test(uplo)) throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${uplo}`);
    const a = squareInput('linalg.eigh', input);
    const { values, vectors } = eighRaw('linalg.eigh', uplo.toUpperCase() === 'U' ? adjoint(a) : a);
    record('linalgEigh', [a], [values, vectors], [values, vectors], ({ grads: [gl, gv] }, [l, v]) => {
      let core = gl ? diagEmbed(convert(gl, v.dtype)) : null;
      if (gv) {
        const gaps = unsqueeze(l, -2).sub(unsqueeze(l, -1));
        const ones = diagEmbed(l.mul(0).add(1));
        const rotated = matmul(adjoint(v), gv).mul(gaps.add(ones).reciprocal().sub(ones));
        core = core ? core.add(rotated) : rotated;
      }
      return [core && matmul(matmul(v, core), adjoint(v))];
    });
    return tuple(['eigenvalues', 'eigenvectors'], [values, vectors]);
  },
);
/** The eigenvalues of Hermitian matrices, ascending: [.., n]. */
export const eigvalsh: Op<[], [UPLO: 'L' | 'U'], { UPLO: 'L' | 'U' }> = define(
  'linalg_eigvalsh',
  'A, UPLO?',
  (input: Tensor, uplo: 'L' | 'U' = 'L') => eigh(input, uplo).eigenvalues,
);
