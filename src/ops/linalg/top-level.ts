/** The linear algebra that PyTorch keeps in `torch` itself. */
export { choleskyInverse, choleskySolve, torchCholesky as cholesky } from './cholesky.js';
export { luUnpack, torchLu as lu, torchLuSolve as luSolve } from './lu.js';
export { pcaLowrank, svdLowrank } from './lowrank.js';
export { matrixExp } from './matrix-exp.js';
export { dist, renorm, torchNorm as norm } from './norm.js';
export { chainMatmul, torchCross as cross, torchVander as vander } from './products.js';
export { geqrf, householderProduct as orgqr, ormqr, torchQr as qr } from './qr.js';
export { pinverse } from './rank.js';
export { det, inv as inverse, logdet, matrixPower, torchSlogdet as slogdet } from './solve.js';
export { torchSvd as svd } from './svd.js';
export { triangularSolve } from './triangular.js';
