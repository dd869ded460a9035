/** The exponential of matrices, by scaling and squaring with a Padé approximant (Higham, 2005). */
import { noGrad } from '../../autograd/modes.js';
import { record } from '../../autograd/node.js';
import { complex128, float64 } from '../../ir/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { cat } from '../join.js';
import { matmul } from '../matmul.js';
import { selectWhere } from '../pointwise.js';
import { narrow } from '../view.js';
import type { Op } from '../types.js';
import { adjoint, colsOf, identityLike, isEmpty, squareInput } from './common.js';
import { matrixNorm } from './norm.js';
import { solveEx } from './solve.js';

/** The coefficients of an approximant, from the constant one, and the 1-norm up to which it is exact to the precision of its dtypes. */
interface Pade {
  readonly coefficients: readonly number[];
  readonly theta: number;
}
const PADE_7: Pade = { coefficients: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1], theta: 3.92572478313866 };
const PADE_13: Pade = {
  coefficients: [
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800, 33522128640,
    1323241920, 40840800, 960960, 16380, 182, 1,
  ],
  theta: 5.371920351148152,
};
const padeOf = (a: Tensor): Pade => (a.dtype === float64 || a.dtype === complex128 ? PADE_13 : PADE_7);

function approximant(a: Tensor, { coefficients }: Pade): Tensor {
  const c = coefficients.map((x) => x / coefficients[0]);
  const a2 = matmul(a, a);
  const a4 = matmul(a2, a2);
  const a6 = matmul(a2, a4);
  const identity = identityLike(a, colsOf(a));
  /** c_k + c_(k+2) A² + c_(k+4) A⁴ + c_(k+6) A⁶ (1 + …). */
  const combine = (k: number): Tensor => {
    const low = identity
      .mul(c[k])
      .add(a2.mul(c[k + 2]))
      .add(a4.mul(c[k + 4]));
    if (c.length === 8) return low.add(a6.mul(c[k + 6]));
    const high = a6
      .mul(c[k + 12])
      .add(a4.mul(c[k + 10]))
      .add(a2.mul(c[k + 8]));
    return low.add(a6.mul(c[k + 6])).add(matmul(a6, high));
  };
  const odd = matmul(a, combine(1));
  const even = combine(0);
  return solveEx(even.sub(odd), even.add(odd)).result;
}

/** exp(A) = exp(A / 2ˢ)^(2ˢ), with an s for each matrix. */
function exponential(a: Tensor): Tensor {
  if (isEmpty(a)) return a.clone();
  const pade = padeOf(a);
  const squarings = matrixNorm(a, 1, [-2, -1], true).div(pade.theta).log2().ceil().clamp(0, 1000);
  let result = approximant(a.div(squarings.exp2()), pade);
  const most = squarings.max().item() as number;
  for (let i = 0; i < most; i++) result = selectWhere(squarings.gt(i), matmul(result, result), result);
  return result;
}

/** Small matrices are raised in double precision: squarings double the rounding error. */
function widened(a: Tensor): Tensor {
  if (colsOf(a) > 128 || !a.storage.device.supports(float64)) return a;
  return convert(a, a.dtype.isComplex ? complex128 : float64);
}

/** The derivative in the direction G stands in the corner of exp([[Aᴴ, G], [0, Aᴴ]]). */
function exponentialGradient(grad: Tensor, a: Tensor): Tensor {
  const n = colsOf(a);
  const ah = adjoint(a);
  const block = cat([cat([ah, grad], -1), cat([grad.mul(0), ah], -1)], -2);
  return narrow(narrow(matrixExp(block), -2, 0, n), -1, n, n);
}

/**
 * I + A + A²/2! + …, for square matrices [.., n, n]. https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html
 * @example
 * torch.linalg.matrixExp(torch.zeros(2, 2))
 * // tensor([[1., 0.],
 * //         [0., 1.]])
 */
export const matrixExp: Op = define('linalg_matrix_exp', 'A', (input: Tensor) => {
  const a = squareInput('linalg.matrix_exp', input);
  const result = convert(
    noGrad(() => exponential(widened(a.detach()))),
    a.dtype,
  );
  return record('linalgMatrixExp', [a], result, [a], ({ grad }, [matrix]) => [exponentialGradient(grad, matrix)]);
});
