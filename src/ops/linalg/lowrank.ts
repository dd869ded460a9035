/** Singular values of large matrices of low rank, by random projections (Halko, Martinsson and Tropp, 2009, algorithms 4.4 and 5.1). */
import { ValueError } from '../../tensor/errors.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { broadcastSizes } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { randn } from '../random.js';
import { mean } from '../reduce.js';
import type { Op } from '../types.js';
import { adjoint, colsOf, rowsOf } from './common.js';
import { qr } from './qr.js';
import { svd } from './svd.js';

type LowRank = [U: Tensor, S: Tensor, V: Tensor];

/** Orthonormal columns that span nearly what A does. */
function approximateBasis(a: Tensor, q: number, niter: number): Tensor {
  let basis = qr(matmul(a, randn([colsOf(a), q], { dtype: a.dtype, device: a.device }))).Q;
  for (let i = 0; i < niter; i++) {
    basis = qr(matmul(adjoint(a), basis)).Q;
    basis = qr(matmul(a, basis)).Q;
  }
  return basis;
}

function lowRank(input: Tensor, q: number, niter: number, offset: Tensor | null): LowRank {
  const a = offset ? input.sub(offset.expand(broadcastSizes(input.sizes, offset.sizes))) : input;
  const isWide = rowsOf(a) < colsOf(a);
  const tall = isWide ? adjoint(a) : a;
  const basis = approximateBasis(tall, q, niter);
  const [u, s, vh] = svd(matmul(adjoint(basis), tall), false);
  const [left, right] = [matmul(basis, u), adjoint(vh)];
  return isWide ? [right, s, left] : [left, s, right];
}

type SvdLowrank = Op<[], [q: number, niter: number, M: Tensor | null], { q: number; niter: number; M: Tensor | null }, LowRank>;
/**
 * U, S and V with U diag(S) Vᴴ near A - M, for rank at most about q. https://pytorch.org/docs/stable/generated/torch.svd_lowrank.html
 * @example
 * torch.manualSeed(0);
 * torch.svdLowrank(torch.ones(5, 4), 1)[1]  // tensor([4.4721])
 */
export const svdLowrank: SvdLowrank = define('svd_lowrank', 'A, q?, niter?, M?', (a: Tensor, q = 6, niter = 2, m: Tensor | null = null) =>
  lowRank(a, q, niter, m),
);

type PcaLowrank = Op<[], [q: number | null, center: boolean, niter: number], { q: number | null; center: boolean; niter: number }, LowRank>;
/**
 * `svdLowrank` of A with the means of its columns taken away, unless `center` is false.
 * https://pytorch.org/docs/stable/generated/torch.pca_lowrank.html
 * @example
 * torch.manualSeed(0);
 * torch.pcaLowrank(torch.rand(5, 4), { q: 3 })[2].shape  // torch.Size([4, 3])
 */
export const pcaLowrank: PcaLowrank = define(
  'pca_lowrank',
  'A, q?, center?, niter?',
  (input: Tensor, given?: number | null, center = true, niter = 2) => {
    const a = input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input;
    const smaller = Math.min(rowsOf(a), colsOf(a));
    const q = given ?? Math.min(6, smaller);
    if (!(q >= 0 && q <= smaller)) throw new ValueError(`q(=${q}) must be non-negative integer and not greater than min(m, n)=${smaller}`);
    if (!(niter >= 0)) throw new ValueError(`niter(=${niter}) must be non-negative integer`);
    return lowRank(a, q, niter, center ? mean(a, -2, true) : null);
  },
);
