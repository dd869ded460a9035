/** `torch.linalg`. https://pytorch.org/docs/stable/linalg.html */
export { svd, svdvals } from '../linalg.js';
export { cholesky, det, eigh, eigvalsh, inv, slogdet, solve } from './factor.js';
