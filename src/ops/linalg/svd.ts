/** The singular value decomposition. */
import { record } from '../../autograd/node.js';
import type { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { zeros } from '../creation.js';
import { define } from '../define.js';
import { matmul } from '../matmul.js';
import { diagEmbed } from '../matrix.js';
import { contiguousRaw } from '../memory.js';
import { emptyOn, runRoutine } from '../routine.js';
import { type NamedTuple, tuple } from '../tuple.js';
import { diagonal, narrow, unsqueeze } from '../view.js';
import type { Op } from '../types.js';
import { adjoint, batchOf, checkPhase, colsOf, converging, isEmpty, matrixInput, matrixOf, rowsOf } from './common.js';

const notConverged = (): string =>
  'linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values, or contains non-finite values.';

const phaseMessage =
  'svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. The specified loss function depends on this phase term, making it ill-defined.';

interface Svd {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly vh: Tensor;
}

function svdRaw(a: Tensor, full: boolean): Svd {
  const [m, n] = matrixOf(a);
  const k = Math.min(m, n);
  const batch = batchOf(a);
  const u = emptyOn(a, [...batch, m, full ? m : k]);
  const s = emptyOn(a, [...batch, k], a.dtype.toReal());
  const vh = emptyOn(a, [...batch, full ? n : k, n]);
  if (!isEmpty(u) || !isEmpty(vh)) converging(() => runRoutine('svd', [u, s, vh, contiguousRaw(a)]), notConverged);
  return { u, s, vh };
}

/** 1 / (sⱼ² - sᵢ²), and 0 on the diagonal. */
function inverseGaps(s: Tensor): Tensor {
  const ones = diagEmbed(s.detach().mul(0).add(1));
  const squares = s.mul(s);
  return unsqueeze(squares, -2).sub(unsqueeze(squares, -1)).add(ones).reciprocal().sub(ones);
}
const skew = (x: Tensor): Tensor => x.sub(adjoint(x));

/** What of the gradient lies between U and Vᴴ. */
function svdCore(gradU: Tensor | null, gradS: Tensor | null, gradV: Tensor | null, { u, s, vh }: Svd): Tensor {
  let core = diagEmbed(gradS ? convert(gradS, u.dtype) : convert(s.detach().mul(0), u.dtype));
  if (!gradU && !gradV) return core;
  const gaps = inverseGaps(s);
  const turnU = gradU && skew(matmul(adjoint(u), gradU));
  const turnV = gradV && skew(matmul(vh, gradV));
  const diagonals = [turnU, turnV].flatMap((turn) => (turn ? diagonal(turn, 0, -2, -1) : []));
  checkPhase(diagonals[0], diagonals[1] ?? null, phaseMessage);
  if (turnU) core = core.add(turnU.mul(gaps).mul(unsqueeze(s, -2)));
  if (turnV) core = core.add(turnV.mul(gaps).mul(unsqueeze(s, -1)));
  if (turnU && turnV && u.dtype.isComplex) core = core.add(diagEmbed(diagonal(turnU, 0, -2, -1).div(s.mul(2))));
  return core;
}

/**
 * The gradient of A = U diag(S) Vᴴ for thin factors; see "Differentiating the Singular Value Decomposition" (Townsend, 2016).
 * Columns of full factors beyond the thin ones have none.
 */
function svdGradient(gradU: Tensor | null, gradS: Tensor | null, gradVh: Tensor | null, parts: Svd): Tensor {
  const { u, s, vh } = parts;
  const k = s.sizes[s.ndim - 1];
  let result = matmul(matmul(u, svdCore(gradU, gradS, gradVh && adjoint(gradVh), parts)), vh);
  if (gradU && rowsOf(u) > k) {
    const scaled = gradU.div(unsqueeze(s, -2));
    result = result.add(matmul(scaled.sub(matmul(u, matmul(adjoint(u), scaled))), vh));
  }
  if (gradVh && colsOf(vh) > k) {
    const scaled = gradVh.div(unsqueeze(s, -1));
    result = result.add(matmul(u, scaled.sub(matmul(matmul(scaled, adjoint(vh)), vh))));
  }
  return result;
}

function decompose(input: Tensor, full: boolean): Svd {
  const a = matrixInput('linalg.svd', input);
  const parts = svdRaw(a, full);
  const { u, s, vh } = parts;
  const k = s.sizes[s.ndim - 1];
  record('linalgSvd', [a], [u, s, vh], [u, s, vh], ({ grads: [gu, gs, gv] }, [uSaved, sSaved, vSaved]) => {
    const thin = { u: narrow(uSaved, -1, 0, k), s: sSaved, vh: narrow(vSaved, -2, 0, k) };
    return [svdGradient(gu && narrow(gu, -1, 0, k), gs, gv && narrow(gv, -2, 0, k), thin)];
  });
  return parts;
}

type SvdOptions = { fullMatrices: boolean; driver: string | null };
/**
 * A = U diag(S) Vh, S descending and real: U [.., m, m], S [.., k], Vh [.., n, n] with k = min(m, n), or [.., m, k] and [.., k, n] without
 * `fullMatrices`.
 * https://pytorch.org/docs/stable/generated/torch.linalg.svd.html
 * @throws LinAlgError where the matrix holds NaN or infinities
 * @example torch.linalg.svd(torch.tensor([[3, 0], [0, -4]]), { fullMatrices: false }).S  // tensor([4., 3.])
 */
export const svd: Op<[], [fullMatrices: boolean], SvdOptions, NamedTuple<'U' | 'S' | 'Vh'>> = define(
  'linalg_svd',
  'A, fullMatrices?, *, driver?',
  (a: Tensor, full = true) => {
    const { u, s, vh } = decompose(a, full);
    return tuple('linalg_svd', ['U', 'S', 'Vh'], [u, s, vh]);
  },
);

/**
 * The singular values alone, largest first: [.., min(m, n)]. https://pytorch.org/docs/stable/generated/torch.linalg.svdvals.html
 * @example torch.linalg.svdvals(torch.tensor([[3, 0], [0, -4]]))  // tensor([4., 3.])
 */
export const svdvals: Op<[], [], { driver: string | null }> = define('linalg_svdvals', 'A, *, driver?', (input: Tensor) => {
  const a = matrixInput('linalg.svd', input);
  if (a.requiresGrad) return decompose(a, false).s;
  const s = emptyOn(a, [...batchOf(a), Math.min(...matrixOf(a))], a.dtype.toReal());
  if (!isEmpty(s)) converging(() => runRoutine('svd', [null, s, null, contiguousRaw(a)]), notConverged);
  return s;
});

type TorchSvd = Op<[], [some: boolean, computeUv: boolean], { some: boolean; computeUv: boolean }, NamedTuple<'U' | 'S' | 'V'>>;
/**
 * A = U diag(S) Vᴴ; note that V is not transposed. https://pytorch.org/docs/stable/generated/torch.svd.html
 * @example
 * const { U, S, V } = torch.svd(torch.tensor([[3.5, 0], [0, -4]]));
 * S  // tensor([4.0000, 3.5000])
 */
export const torchSvd: TorchSvd = define('svd', 'input, some?, computeUv?', (input: Tensor, some = true, computeUv = true) => {
  if (computeUv) {
    const { u, s, vh } = decompose(input, !some);
    return tuple('svd', ['U', 'S', 'V'], [u, s, adjoint(vh)]);
  }
  const [m, n] = matrixOf(input);
  const zero = (size: number): Tensor => zeros([...batchOf(input), size, size], { dtype: input.dtype, device: input.device });
  return tuple('svd', ['U', 'S', 'V'], [zero(m), svdvals(input), zero(n)]);
});
