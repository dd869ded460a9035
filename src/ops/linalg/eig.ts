/** Eigenvalues and eigenvectors. */
import { record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { diagEmbed } from '../matrix.js';
import { conj } from '../misc.js';
import { contiguousRaw } from '../memory.js';
import { isfinite } from '../pointwise.js';
import { item } from '../read.js';
import { all } from '../reduce.js';
import { emptyOn, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { diagonal, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import { adjoint, checkPhase, converging, isEmpty, scratch, squareInput } from './common.js';
import { solveEx } from './solve.js';

type Eigen = NamedTuple<'eigenvalues' | 'eigenvectors'>;

const notConverged = (name: string) => (): string =>
  `${name}: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues.`;

/** From the lower triangle alone. */
function eighRaw(a: Tensor, wantsVectors: boolean): { values: Tensor; vectors: Tensor } {
  const vectors = scratch(a);
  const values = emptyOn(a, a.sizes.slice(0, -1), a.dtype.toReal());
  if (!isEmpty(vectors)) converging(() => runRoutine('eigh', [values, vectors], [wantsVectors ? 1 : 0]), notConverged('linalg.eigh'));
  return { values, vectors };
}

/** 1 / (λⱼ - λᵢ), and 0 on the diagonal. */
function inverseGaps(values: Tensor): Tensor {
  const ones = diagEmbed(values.detach().mul(0).add(1));
  return unsqueeze(values, -2).sub(unsqueeze(values, -1)).add(ones).reciprocal().sub(ones);
}

const phaseMessage = (name: string): string =>
  `${name}: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this quantity, so it is ill-defined.`;

function checkUplo(uplo: string): void {
  if (!/^[lu]$/i.test(uplo)) throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${uplo}`);
}

/**
 * Eigenvalues, ascending [.., n], and eigenvectors as columns, of Hermitian matrices: only the triangle `UPLO` is read.
 * https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html
 * @throws LinAlgError where the matrix holds NaN or infinities
 * @example
 * const { eigenvalues, eigenvectors } = torch.linalg.eigh(torch.tensor([[2, 1], [1, 2]]));
 * eigenvalues  // tensor([1., 3.])
 * eigenvectors.abs()
 * // tensor([[0.7071, 0.7071],
 * //         [0.7071, 0.7071]])
 */
export const eigh: Op<[], [UPLO: 'L' | 'U'], { UPLO: 'L' | 'U' }, Eigen> = define(
  'linalg_eigh',
  'A, UPLO?',
  (input: Tensor, uplo = 'L') => {
    checkUplo(uplo);
    const a = squareInput('linalg.eigh', input);
    const { values, vectors } = eighRaw(uplo.toUpperCase() === 'U' ? adjoint(a) : a, true);
    record('linalgEigh', [a], [values, vectors], [values, vectors], ({ grads: [gradL, gradV] }, [l, v]) => {
      let core = gradL ? diagEmbed(convert(gradL, v.dtype)) : null;
      if (gradV) {
        const moved = matmul(adjoint(v), gradV);
        checkPhase(diagonal(moved, 0, -2, -1), null, phaseMessage('linalg_eigh_backward'));
        const rotated = moved.mul(inverseGaps(l));
        core = core ? core.add(rotated) : rotated;
      }
      return [core && matmul(matmul(v, core), adjoint(v))];
    });
    return tuple('linalg_eigh', ['eigenvalues', 'eigenvectors'], [values, vectors]);
  },
);
/**
 * The eigenvalues of Hermitian matrices, ascending: [.., n]. https://pytorch.org/docs/stable/generated/torch.linalg.eigvalsh.html
 * @example torch.linalg.eigvalsh(torch.tensor([[2, 1], [1, 2]]))  // tensor([1., 3.])
 */
export const eigvalsh: Op<[], [UPLO: 'L' | 'U'], { UPLO: 'L' | 'U' }> = define(
  'linalg_eigvalsh',
  'A, UPLO?',
  (input: Tensor, uplo: 'L' | 'U' = 'L') => {
    checkUplo(uplo);
    const a = squareInput('linalg.eigvalsh', input);
    return a.requiresGrad ? eigh(a, uplo).eigenvalues : eighRaw(uplo.toUpperCase() === 'U' ? adjoint(a) : a, false).values;
  },
);

function eigRaw(a: Tensor, wantsVectors: boolean): { values: Tensor; vectors: Tensor | null } {
  if (item(all(isfinite(a))) === false) throw new RuntimeError('torch.linalg.eig: input tensor should not contain infs or NaNs.');
  const dtype = a.dtype.toComplex();
  const values = emptyOn(a, a.sizes.slice(0, -1), dtype);
  const vectors = wantsVectors ? emptyOn(a, a.sizes, dtype) : null;
  if (!isEmpty(a)) converging(() => runRoutine('eig', [values, vectors, contiguousRaw(a)]), notConverged('linalg.eig'));
  return { values, vectors };
}

/** V⁻ᴴ (diag(gL) + (Vᴴ gV - Vᴴ V diag(Re(Vᴴ gV))) / conj(λⱼ - λᵢ)) Vᴴ: columns of V have unit norm, so moves along them do not count. */
function eigGradient(gradL: Tensor | null, gradV: Tensor | null, l: Tensor, v: Tensor): Tensor {
  let core = gradL && diagEmbed(gradL);
  const vh = adjoint(v);
  if (gradV) {
    const moved = matmul(vh, gradV);
    const diag = diagonal(moved, 0, -2, -1);
    checkPhase(diag, null, phaseMessage('linalg_eig_backward'));
    const along = convert(diag.real(), v.dtype);
    const rotated = moved.sub(matmul(vh, v).mul(unsqueeze(along, -2))).mul(inverseGaps(conj(l)));
    core = core ? core.add(rotated) : rotated;
  }
  return solveEx(vh, matmul(core as Tensor, vh)).result;
}

/**
 * Eigenvalues [.., n] and eigenvectors as columns of unit norm [.., n, n], both complex, in no particular order.
 * https://pytorch.org/docs/stable/generated/torch.linalg.eig.html
 * @throws RuntimeError where the matrix holds NaN or infinities
 * @example torch.linalg.eig(torch.tensor([[2, 0], [0, 3]])).eigenvalues  // tensor([2.+0.j, 3.+0.j])
 */
export const eig: Op<[], [], object, Eigen> = define('linalg_eig', 'A', (input: Tensor) => {
  const a = squareInput('linalg.eig', input);
  const raw = eigRaw(a, true);
  const { values } = raw;
  const vectors = raw.vectors as Tensor;
  const { isComplex } = a.dtype;
  record('linalgEig', [a], [values, vectors], [values, vectors], ({ grads: [gradL, gradV] }, [l, v]) => {
    if (!gradL && !gradV) return [null];
    const gradient = eigGradient(gradL, gradV, l, v);
    return [isComplex ? gradient : gradient.real()];
  });
  return tuple('linalg_eig', ['eigenvalues', 'eigenvectors'], [values, vectors]);
});
/**
 * The eigenvalues of square matrices, complex [.., n]. https://pytorch.org/docs/stable/generated/torch.linalg.eigvals.html
 * @example torch.linalg.eigvals(torch.tensor([[2, 1], [0, 3]]))  // tensor([2.+0.j, 3.+0.j])
 */
export const eigvals: Op = define('linalg_eigvals', 'A', (input: Tensor) => {
  const a = squareInput('linalg.eigvals', input);
  return a.requiresGrad ? eig(a).eigenvalues : eigRaw(a, false).values;
});
