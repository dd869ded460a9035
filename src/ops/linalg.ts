/** `torch.linalg`: decompositions. https://pytorch.org/docs/stable/linalg.html */
import { RoutineError } from '../device/device.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype } from '../tensor/promote.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { define, scalarTypeName } from './define.js';
import { matmul } from './matmul.js';
import { contiguousRaw } from './memory.js';
import { conjPhysical } from './pointwise.js';
import { emptyOn, runRoutine } from './routine.js';
import { diagEmbed } from './matrix.js';
import { type NamedTuple, tuple } from './tuple.js';
import { diagonal, transpose } from './view.js';
import type { Op } from './types.js';

/** Integers become floats; other float types than 32 and 64 bits are refused, as in PyTorch. */
function matrixInput(name: string, input: Tensor): Tensor {
  if (input.ndim < 2) throw new RuntimeError(`linalg.${name}: The input tensor A must have at least 2 dimensions.`);
  const a = input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input;
  if (a.dtype.toReal().itemsize < 4)
    throw new RuntimeError(`linalg.${name}: Low precision dtypes not supported. Got ${scalarTypeName(a.dtype)}`);
  return a;
}

/** The conjugate transpose. */
const adjoint = (x: Tensor): Tensor => {
  const y = transpose(x, -2, -1);
  return x.dtype.isComplex ? conjPhysical(y) : y;
};

interface Svd {
  u: Tensor;
  s: Tensor;
  vh: Tensor;
}

function svdRaw(a: Tensor, full: boolean): Svd {
  const [m, n] = a.sizes.slice(-2);
  const k = Math.min(m, n);
  const batch = a.sizes.slice(0, -2);
  const u = emptyOn(a, [...batch, m, full ? m : k]);
  const s = emptyOn(a, [...batch, k], a.dtype.toReal());
  const vh = emptyOn(a, [...batch, full ? n : k, n]);
  try {
    if (numelOf(u.sizes) > 0 || numelOf(vh.sizes) > 0) runRoutine('svd', [u, s, vh, contiguousRaw(a)]);
  } catch (error) {
    if (!(error instanceof RoutineError)) throw error;
    throw new RuntimeError(
      'linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular values, or contains non-finite values.',
    );
  }
  return { u, s, vh };
}

/**
 * The gradient of U diag(S) Vᴴ = A for thin factors: see "Differentiating the Singular Value Decomposition" (Townsend, 2016). Columns of full factors beyond
 * the thin ones have none.
 */
function svdGradient(gradU: Tensor | null, gradS: Tensor | null, gradVh: Tensor | null, { u, s, vh }: Svd): Tensor {
  let core = gradS ? diagEmbed(convert(gradS, u.dtype)) : diagEmbed(s.mul(0).to(u.dtype));
  if (gradU === null && gradVh === null) return matmul(matmul(u, core), vh);
  const squares = s.mul(s);
  const gaps = squares.unsqueeze(-2).sub(squares.unsqueeze(-1));
  const inverse = gaps.add(diagEmbed(s.mul(0).add(1))).reciprocal();
  const gradV = gradVh && adjoint(gradVh);
  const v = adjoint(vh);
  const skew = (x: Tensor): Tensor => x.sub(adjoint(x)).mul(inverse.sub(diagEmbed(diagonal(inverse, 0, -2, -1))));
  if (gradU) core = core.add(skew(matmul(adjoint(u), gradU)).mul(s.unsqueeze(-2)));
  if (gradV) core = core.add(skew(matmul(adjoint(v), gradV)).mul(s.unsqueeze(-1)));
  let result = matmul(matmul(u, core), vh);
  const [m, n] = [u.sizes[u.ndim - 2], vh.sizes[vh.ndim - 1]];
  const k = s.sizes[s.ndim - 1];
  if (gradU && m > k) {
    const scaled = gradU.div(s.unsqueeze(-2));
    result = result.add(matmul(scaled.sub(matmul(u, matmul(adjoint(u), scaled))), vh));
  }
  if (gradVh && n > k) {
    const scaled = gradVh.div(s.unsqueeze(-1));
    result = result.add(matmul(u, scaled.sub(matmul(matmul(scaled, v), vh))));
  }
  return result;
}

function recordSvd(input: Tensor, parts: Svd): Svd {
  const { u, s, vh } = parts;
  const k = s.sizes[s.ndim - 1];
  record('linalgSvd', [input], [u, s, vh], [u, s, vh], ({ grads: [gu, gs, gv] }, [uSaved, sSaved, vSaved]) => {
    const thin = { u: uSaved.narrow(-1, 0, k), s: sSaved, vh: vSaved.narrow(-2, 0, k) };
    return [svdGradient(gu && gu.narrow(-1, 0, k), gs, gv && gv.narrow(-2, 0, k), thin)];
  });
  return parts;
}

type SvdResult<K extends string> = NamedTuple<K>;

/** A = U diag(S) Vh. https://pytorch.org/docs/stable/generated/torch.linalg.svd.html */
export const svd: Op<[], [fullMatrices: boolean], { fullMatrices: boolean; driver: string | null }, SvdResult<'U' | 'S' | 'Vh'>> = define(
  'svd',
  'A, fullMatrices?, *, driver?',
  (input: Tensor, full = true) => {
    const a = matrixInput('svd', input);
    const { u, s, vh } = recordSvd(a, svdRaw(a, full));
    return tuple(['U', 'S', 'Vh'], [u, s, vh]);
  },
);

/** The singular values alone, largest first. */
export const svdvals: Op<[], [], { driver: string | null }> = define('svdvals', 'A, *, driver?', (input: Tensor) => svd(input, false).S);

/** A = U diag(S) Vᵀ; note that V is not transposed. https://pytorch.org/docs/stable/generated/torch.svd.html */
export const torchSvd: Op<
  [],
  [some: boolean, computeUv: boolean],
  { some: boolean; computeUv: boolean },
  SvdResult<'U' | 'S' | 'V'>
> = define('svd', 'input, some?, computeUv?', (input: Tensor, some = true, computeUv = true) => {
  const a = matrixInput('svd', input);
  const { u, s, vh } = recordSvd(a, svdRaw(a, !some));
  return tuple(['U', 'S', 'V'], computeUv ? [u, s, adjoint(vh)] : [u.detach().mul(0), s, adjoint(vh.detach().mul(0))]);
});
