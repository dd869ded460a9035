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

/** The coefficients of the approximant of degree 13, from the constant one. */
const PADE = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800, 33522128640,
  1323241920, 40840800, 960960, 16380, 182, 1,
].map((c) => c / 64764752532480000);
/** Up to this 1-norm the approximant is exact to double precision. */
const THETA = 5.371920351148152;

function approximant(a: Tensor): Tensor {
  const identity = identityLike(a, colsOf(a));
  const a2 = matmul(a, a);
  const a4 = matmul(a2, a2);
  const a6 = matmul(a2, a4);
  const combine = (c6: number, c4: number, c2: number): Tensor => a6.mul(PADE[c6]).add(a4.mul(PADE[c4])).add(a2.mul(PADE[c2]));
  const odd = matmul(
    a,
    matmul(a6, combine(13, 11, 9))
      .add(combine(7, 5, 3))
      .add(identity.mul(PADE[1])),
  );
  const even = matmul(a6, combine(12, 10, 8))
    .add(combine(6, 4, 2))
    .add(identity);
  return solveEx(even.sub(odd), even.add(odd)).result;
}

/** exp(A) = exp(A / 2ˢ)^(2ˢ), with an s for each matrix. */
function exponential(a: Tensor): Tensor {
  if (isEmpty(a)) return a.clone();
  const squarings = matrixNorm(a, 1, [-2, -1], true).div(THETA).log2().ceil().clamp(0, 1000);
  let result = approximant(a.div(squarings.exp2()));
  const most = squarings.max().item() as number;
  for (let i = 0; i < most; i++) result = selectWhere(squarings.gt(i), matmul(result, result), result);
  return result;
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
  const wide = a.storage.device.supports(float64) ? convert(a.detach(), a.dtype.isComplex ? complex128 : float64) : a.detach();
  const result = convert(
    noGrad(() => exponential(wide)),
    a.dtype,
  );
  return record('linalgMatrixExp', [a], result, [a], ({ grad }, [matrix]) => [exponentialGradient(grad, matrix)]);
});
