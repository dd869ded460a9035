/** `torch.nn.utils.parametrizations.orthogonal`. https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html */
import { noGrad } from '../autograd/modes.js';
import { int32 } from '../ir/dtype.js';
import { zerosLike } from '../ops/creation.js';
import { cat } from '../ops/join.js';
import { householderProduct, matrixExp, solve } from '../ops/linalg/index.js';
import { geqrf } from '../ops/linalg/top-level.js';
import { finfo } from '../ops/queries.js';
import { randn } from '../ops/random.js';
import { eye } from '../ops/sequences.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import { sameSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';
import { registerParametrization } from './parametrize.js';

type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';
const maps: readonly OrthogonalMap[] = ['matrix_exp', 'cayley', 'householder'];
interface OrthogonalOptions {
  orthogonalMap?: OrthogonalMap | null;
  /** Whether a fixed orthogonal matrix takes part, so that any value can be assigned. */
  useTrivialization?: boolean;
}

const identity = (n: number, like: Tensor): Tensor => eye(n, { dtype: like.dtype, device: like.device });

function isOrthogonal(q: Tensor): boolean {
  const [n, k] = q.sizes.slice(-2);
  return q.mH.matmul(q).allclose(identity(k, q), { atol: 10 * n * finfo(q.dtype).eps });
}

/** Q of the QR decomposition with positive diagonal of R. */
function orthogonalized(a: Tensor): Tensor {
  const { a: x, tau } = geqrf(a);
  return householderProduct(x, tau).mul(x.diagonal(0, -2, -1).sgn().unsqueeze(-2));
}

/** Tall matrices, and whether they had to be transposed for it. */
const tall = (x: Tensor): [Tensor, boolean] => (x.sizes[x.ndim - 2] < x.sizes[x.ndim - 1] ? [x.mT, true] : [x, false]);

/** The orthogonal matrix [.., n, k] of a skew one, made of the lower triangle of `x`. */
function fromSkew(x: Tensor, map: OrthogonalMap): Tensor {
  const [n, k] = x.sizes.slice(-2);
  const lower = x.tril();
  const square = n === k ? lower : cat([lower, x.newZeros([...x.sizes.slice(0, -1), n - k])], -1);
  const skew = square.sub(square.mH);
  const q = map === 'matrix_exp' ? matrixExp(skew) : solve(identity(n, x).sub(skew.mul(0.5)), identity(n, x).add(skew.mul(0.5)));
  return q.narrow(-1, 0, k);
}

/** The product of the reflections below the diagonal; the diagonal holds signs, which have no gradient. */
function fromReflections(x: Tensor): Tensor {
  const reflections = x.tril(-1);
  const tau = reflections.mul(reflections).sum(-2).add(1).reciprocal().mul(2);
  return householderProduct(reflections, tau).mul(x.diagonal(0, -2, -1).to(int32).unsqueeze(-2));
}

class _Orthogonal extends Module {
  base: Buffer | null = null;

  constructor(
    weight: Tensor,
    readonly orthogonalMap: OrthogonalMap,
    readonly useTrivialization: boolean,
  ) {
    super();
    if (weight.dtype.isComplex && orthogonalMap === 'householder')
      throw new ValueError('The householder parametrization does not support complex tensors.');
  }

  override forward(given: Tensor): Tensor {
    const [x, isTransposed] = tall(given);
    const q = this.orthogonalMap === 'householder' ? fromReflections(x) : fromSkew(x, this.orthogonalMap);
    const result = this.base ? this.base.matmul(q) : q;
    return isTransposed ? result.mT : result;
  }

  rightInverse(value: Tensor): Tensor {
    return noGrad(() => (this.useTrivialization ? this.rebase(value) : this.reflections(value)));
  }

  /** Remembers `value` as the base, beside which the matrix is the identity. */
  private rebase(value: Tensor): Tensor {
    const [q] = tall(value);
    const [n, k] = q.sizes.slice(-2);
    const whole = n === k ? q : cat([q, randn([...q.sizes.slice(0, -1), n - k], { dtype: q.dtype, device: q.device })], -1);
    this.base = new Buffer(n === k && isOrthogonal(q) ? q.clone() : orthogonalized(whole));
    const start = zerosLike(value);
    start.diagonal(0, -2, -1).fill_(-1);
    return start;
  }

  private reflections(value: Tensor): Tensor {
    if (this.orthogonalMap !== 'householder')
      throw new NotImplementedError(
        'It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False.',
      );
    const [q, isTransposed] = tall(value);
    const { a, tau } = geqrf(q);
    const diagonal = a.diagonal(0, -2, -1);
    // A reflection that is not used leaves the sign of R's element to be turned.
    diagonal.copy_(diagonal.sign().mul(tau.eq(0).to(a.dtype).mul(-2).add(1)));
    return isTransposed ? a.mT : a;
  }
}

/**
 * Keeps a matrix, or a batch of them, orthogonal or unitary: its rows where it is wide, its columns where it is tall.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html
 * @throws ValueError where the field is no matrix, or the map is unknown
 * @example
 * const { weight } = nn.utils.parametrizations.orthogonal(new nn.Linear(20, 40));
 * torch.allclose(weight.T.matmul(weight), torch.eye(20), { atol: 1e-4 })  // true
 */
export function orthogonal<M extends Module>(module: M, name = 'weight', options: OrthogonalOptions | OrthogonalMap = {}): M {
  const { orthogonalMap = null, useTrivialization = true } = typeof options === 'string' ? { orthogonalMap: options } : options;
  const weight = (module as unknown as Record<string, unknown>)[name];
  if (!(weight instanceof Tensor)) throw new ValueError(`Module '${String(module)}' has no parameter or buffer with name '${name}'`);
  if (weight.ndim < 2) throw new ValueError(`Expected a matrix or batch of matrices. Got a tensor of ${weight.ndim} dimensions.`);
  const isSquare = sameSizes(weight.sizes.slice(-1), weight.sizes.slice(-2, -1));
  const map = orthogonalMap ?? (isSquare || weight.dtype.isComplex ? 'matrix_exp' : 'householder');
  if (!maps.includes(map))
    throw new ValueError(`orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: ${String(map)}`);
  return registerParametrization(module, name, new _Orthogonal(weight, map, useTrivialization)) as M;
}
