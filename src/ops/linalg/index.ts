/** `torch.linalg`. https://pytorch.org/docs/stable/linalg.html */
export { cholesky, choleskyEx } from './cholesky.js';
export { eig, eigh, eigvals, eigvalsh } from './eig.js';
export { ldlFactor, ldlFactorEx, ldlSolve } from './ldl.js';
export { lu, luFactor, luFactorEx, luSolve } from './lu.js';
export { LinAlgError } from '../../tensor/errors.js';
export { matmul } from '../matmul.js';
export { matrixExp } from './matrix-exp.js';
export { matrixNorm, norm, vectorNorm } from './norm.js';
export { cross, diagonal, multiDot, vander, vecdot } from './products.js';
export { householderProduct, qr } from './qr.js';
export { cond, lstsq, matrixRank, pinv } from './rank.js';
export { det, inv, invEx, matrixPower, slogdet, solve, solveEx, tensorinv, tensorsolve } from './solve.js';
export { svd, svdvals } from './svd.js';
export { solveTriangular } from './triangular.js';
