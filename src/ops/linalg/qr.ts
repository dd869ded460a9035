/** QR factors by Householder reflectors. */
import { nameNode, needsRecord, record } from '../../autograd/node.js';
import { RuntimeError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { empty } from '../creation.js';
import { define } from '../define.js';
import { cat } from '../join.js';
import { matmul } from '../matmul.js';
import { diagEmbed, tril, triu } from '../matrix.js';
import { conj } from '../misc.js';
import { contiguousRaw } from '../memory.js';
import { emptyOn, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { diagonal, expand, narrow, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import {
  adjoint,
  batchOf,
  checkSameType,
  colsOf,
  floatInput,
  identityLike,
  isEmpty,
  matrixInput,
  matrixOf,
  rowsOf,
  scratch,
} from './common.js';
import { solveTriangular } from './triangular.js';

/** R above the reflectors, and their scales, outside the graph. */
function geqrfRaw(input: Tensor): { a: Tensor; tau: Tensor } {
  const a = scratch(input);
  const tau = emptyOn(a, [...batchOf(a), Math.min(...matrixOf(a))]);
  if (!isEmpty(a)) runRoutine('geqrf', [a, tau]);
  return { a, tau };
}
/** The first `cols` columns of H₀ H₁ … */
function productRaw(a: Tensor, tau: Tensor, cols: number): Tensor {
  const q = emptyOn(a, [...batchOf(a), rowsOf(a), cols]);
  if (!isEmpty(q)) runRoutine('householder_product', [q, contiguousRaw(a), contiguousRaw(tau)]);
  return q;
}

/** X + Xᴴ with the diagonal counted once. */
function symmetrized(x: Tensor): Tensor {
  const twice = x.add(adjoint(x));
  const half = diagonal(twice, 0, -2, -1).mul(0.5);
  return twice.sub(diagEmbed(half));
}

function qrGradient(gradQ: Tensor | null, gradR: Tensor | null, q: Tensor, r: Tensor, a: Tensor): Tensor {
  const [m, n] = [rowsOf(q), colsOf(r)];
  const extra = n - m;
  if (extra > 0) {
    const rest = gradR && narrow(gradR, -1, m, extra);
    const back = rest && matmul(narrow(a, -1, m, extra), adjoint(rest));
    const whole = gradQ && back ? gradQ.add(back) : (gradQ ?? back);
    const square = qrGradient(whole, gradR && narrow(gradR, -1, 0, m), q, narrow(r, -1, 0, m), narrow(a, -1, 0, m));
    return cat([square, rest ? matmul(q, rest) : narrow(a, -1, m, extra).mul(0)], -1);
  }
  const fromR = gradR && matmul(gradR, adjoint(r));
  const fromQ = gradQ && matmul(adjoint(q), gradQ);
  const core = fromR && fromQ ? fromR.sub(fromQ) : (fromR ?? (fromQ as Tensor).neg());
  const inner = matmul(q, symmetrized(triu(core)));
  return solveTriangular(adjoint(r), gradQ ? inner.add(gradQ) : inner, { upper: false, left: false });
}

export type QrMode = 'reduced' | 'complete' | 'r';
function checkMode(mode: string): void {
  if (!['reduced', 'complete', 'r'].includes(mode))
    throw new RuntimeError(`qr received unrecognized mode '${mode}' but expected one of 'reduced' (default), 'r', or 'complete'`);
}
function checkDifferentiable(mode: QrMode, m: number, n: number): void {
  if (mode === 'r')
    throw new RuntimeError(
      "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to require gradients through linalg.qr",
    );
  if (mode === 'complete' && m > n)
    throw new RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols");
}

function decompose(name: string, input: Tensor, mode: QrMode): NamedTuple<'Q' | 'R'> {
  checkMode(mode);
  const a = matrixInput('linalg.qr', input);
  const [m, n] = matrixOf(a);
  const packed = geqrfRaw(a);
  const rows = mode === 'complete' ? m : Math.min(m, n);
  const r = triu(narrow(packed.a, -2, 0, rows));
  const q =
    mode === 'r'
      ? empty([0], { dtype: a.dtype, device: a.device })
      : isEmpty(a)
        ? identityLike(a, m, rows)
            .expand([...batchOf(a), m, rows])
            .clone()
        : productRaw(packed.a, packed.tau, rows);
  record('linalgQr', [a], [q, r], [a, q, r], ({ grads: [gradQ, gradR] }, [matrix, savedQ, savedR]) => {
    checkDifferentiable(mode, m, n);
    return [gradQ || gradR ? qrGradient(gradQ, gradR, savedQ, savedR, matrix) : null];
  });
  return tuple(name, ['Q', 'R'], [q, r]);
}
/**
 * Orthonormal Q and upper triangular R with Q R = A: [.., m, k], [.., k, n] for `reduced`, k = min(m, n); k = m for `complete`; Q is empty
 * for `r`.
 * https://pytorch.org/docs/stable/generated/torch.linalg.qr.html
 * @example
 * const A = torch.tensor([[3.5, 1], [0, 2]]);
 * const { Q, R } = torch.linalg.qr(A);
 * torch.dist(Q.matmul(R), A).lt(1e-5)  // tensor(True)
 */
export const qr: Op<[], [mode: QrMode], { mode: QrMode }, NamedTuple<'Q' | 'R'>> = define(
  'linalg_qr',
  'A, mode?',
  (a: Tensor, mode: QrMode = 'reduced') => decompose('linalg_qr', a, mode),
);
/**
 * `linalg.qr`, reduced or complete. https://pytorch.org/docs/stable/generated/torch.qr.html
 * @example
 * const A = torch.tensor([[3.5, 1], [0, 2]]);
 * const { Q, R } = A.qr();
 * torch.dist(Q.matmul(R), A).lt(1e-5)  // tensor(True)
 */
export const torchQr: Op<[], [some: boolean], { some: boolean }, NamedTuple<'Q' | 'R'>> = define(
  'qr',
  'input, some?',
  (a: Tensor, some = true) => decompose('qr', a, some ? 'reduced' : 'complete'),
);

/**
 * R and the reflectors in one matrix, as LAPACK's geqrf. Not differentiable. https://pytorch.org/docs/stable/generated/torch.geqrf.html
 * @example
 * const { a, tau } = torch.geqrf(torch.tensor([[3.5, 1], [4, 2]]));
 * [a.shape, tau.shape]  // [ torch.Size([2, 2]), torch.Size([2]) ]
 */
export const geqrf: Op<[], [], object, NamedTuple<'a' | 'tau'>> = define('geqrf', 'input', (input: Tensor) => {
  if (input.ndim < 2) throw new RuntimeError('torch.geqrf: input must have at least 2 dimensions.');
  const { a, tau } = geqrfRaw(floatInput('torch.geqrf', input));
  return tuple('geqrf', ['a', 'tau'], [a, tau]);
});

/** H₀ H₁ … C, or the adjoint of the product times C, one differentiable reflector after the other. */
function reflect(a: Tensor, tau: Tensor, c: Tensor, adjointed: boolean): Tensor {
  if (isEmpty(a) || isEmpty(tau)) return record('ormqr', [a, tau, c], scratch(c), [], ({ grad }) => [null, null, grad]);
  const count = tau.sizes[tau.ndim - 1];
  const vectors = tril(narrow(a, -1, 0, count), -1).add(identityLike(a, rowsOf(a), count));
  const scales = unsqueeze(adjointed ? conj(tau) : tau, -2);
  const order = Array.from({ length: count }, (_, i) => (adjointed ? i : count - 1 - i));
  return order.reduce((result, i) => {
    const v = narrow(vectors, -1, i, 1);
    return result.sub(matmul(v.mul(narrow(scales, -1, i, 1)), matmul(adjoint(v), result)));
  }, c);
}

function checkReflectors(name: string, a: Tensor, tau: Tensor, batch: readonly number[]): void {
  if (tau.sizes.slice(0, -1).join() !== batch.join())
    throw new RuntimeError(
      `${name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got [${tau.sizes.slice(0, -1).join(', ')}]`,
    );
  checkSameType(name, a, tau);
}
/**
 * The first n columns of the product of reflectors, as `geqrf` gives them.
 * https://pytorch.org/docs/stable/generated/torch.linalg.householder_product.html
 * @example
 * const { a, tau } = torch.geqrf(torch.tensor([[3.5, 1], [4, 2]]));
 * const Q = torch.linalg.householderProduct(a, tau);
 * torch.dist(Q.T.matmul(Q), torch.eye(2)).lt(1e-5)  // tensor(True)
 */
export const householderProduct: Op<[tau: Tensor]> = define('linalg_householder_product', 'input, tau', (input: Tensor, tau: Tensor) => {
  const name = 'torch.linalg.householder_product';
  if (input.ndim < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
  const [m, n] = matrixOf(input);
  if (m < n) throw new RuntimeError(`${name}: input.shape[-2] must be greater than or equal to input.shape[-1]`);
  if (tau.ndim >= 1 && n < tau.sizes[tau.ndim - 1])
    throw new RuntimeError(`${name}: input.shape[-1] must be greater than or equal to tau.shape[-1]`);
  if (input.ndim - tau.ndim !== 1)
    throw new RuntimeError(
      `${name}: Expected tau to have one dimension less than input, but got tau.ndim equal to ${tau.ndim} and input.ndim is equal to ${input.ndim}`,
    );
  const [a, scales] = [floatInput(name, input), floatInput(name, tau)];
  checkReflectors(name, a, scales, batchOf(a));
  if (!needsRecord([a, scales])) return productRaw(a, scales, n);
  return nameNode('linalgHouseholderProduct', reflect(a, scales, expand(identityLike(a, m, n), a.sizes), false));
});

function checkOrmqr(input: Tensor, tau: Tensor, other: Tensor, left: boolean): void {
  const side = left ? -2 : -1;
  if (input.ndim < 2) throw new RuntimeError('torch.ormqr: input must have at least 2 dimensions.');
  if (other.ndim < 2) throw new RuntimeError('torch.ormqr: other must have at least 2 dimensions.');
  const [size, count] = [other.sizes[other.ndim + side], tau.sizes[tau.ndim - 1]];
  if (count > size) throw new RuntimeError(`torch.ormqr: other.shape[${side}] must be greater than or equal to tau.shape[-1]`);
  if (size !== rowsOf(input)) throw new RuntimeError(`torch.ormqr: other.shape[${side}] must be equal to input.shape[-2]`);
  if (count !== Math.min(size, colsOf(input)))
    throw new RuntimeError(`torch.ormqr: tau.shape[-1] must be equal to min(other.shape[${side}], input.shape[-1])`);
}
type Ormqr = Op<[tau: Tensor, other: Tensor], [left: boolean, transpose: boolean], { left: boolean; transpose: boolean }>;
/**
 * Q C or C Q (or with Qᴴ) for the product Q of the reflectors of `geqrf`. https://pytorch.org/docs/stable/generated/torch.ormqr.html
 * @example
 * const { a, tau } = torch.geqrf(torch.tensor([[3.5, 1], [4, 2]]));
 * const B = torch.ones(2, 1);
 * const Q = torch.linalg.householderProduct(a, tau);
 * torch.dist(torch.ormqr(a, tau, B), Q.matmul(B)).lt(1e-5)  // tensor(True)
 */
export const ormqr: Ormqr = define(
  'ormqr',
  'input, tau, other, left?, transpose?',
  (input: Tensor, tau: Tensor, other: Tensor, left = true, transposed = false) => {
    checkOrmqr(input, tau, other, left);
    const [a, scales, c] = [input, tau, other].map((x) => floatInput('torch.ormqr', x));
    checkReflectors('torch.ormqr', a, scales, batchOf(a));
    checkSameType('torch.ormqr', a, c);
    const result = left ? applyProduct(a, scales, c, transposed) : adjoint(applyProduct(a, scales, adjoint(c), !transposed));
    return nameNode('ormqr', result);
  },
);
function applyProduct(a: Tensor, tau: Tensor, c: Tensor, adjointed: boolean): Tensor {
  if (needsRecord([a, tau, c])) return reflect(a, tau, c, adjointed);
  const result = scratch(c);
  if (!isEmpty(result)) runRoutine('ormqr', [result, contiguousRaw(a), contiguousRaw(tau)], [adjointed ? 1 : 0]);
  return result;
}
