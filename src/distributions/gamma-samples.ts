/** Samples of gamma and Dirichlet distributions, in the order in which PyTorch draws them, with exact derivatives. */
import { record } from '../autograd/node.js';
import { float64 } from '../ir/dtype.js';
import { digamma } from '../ir/special.js';
import { alias } from '../ops/inplace.js';
import { convert } from '../ops/convert.js';
import { cpu } from '../ops/generator.js';
import { rand, randn } from '../ops/random.js';
import { finfo } from '../ops/queries.js';
import { tensorOfValues } from '../ops/scalar.js';
import type { Tensor } from '../tensor/tensor.js';

const uniform = (): number => rand([], { dtype: float64 }).item() as number;
const normal = (): number => randn([], { dtype: float64 }).item() as number;

/** "A simple method for generating gamma variables" (Marsaglia and Tsang, 2000), in PyTorch's mixture of precisions. */
function sample(alpha: number, round: (x: number) => number): number {
  if (!(alpha > 0)) return alpha === 0 ? 0 : NaN;
  const scale = alpha < 1 ? (1 - uniform()) ** round(1 / alpha) : 1;
  const d = round((alpha < 1 ? round(alpha + 1) : alpha) - Math.fround(1 / 3));
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const y = 1 + c * x;
    if (y <= 0) continue;
    const v = y * y * y;
    const u = 1 - uniform();
    const square = x * x;
    if (u < 1 - Math.fround(0.0331) * square * square || Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return scale * d * v;
  }
}

const numbersOf = (t: Tensor): number[] => convert(alias(t), float64, cpu()).reshape([-1]).tolist() as number[];
const like = (values: readonly number[], t: Tensor): Tensor => tensorOfValues(values, t.dtype, t.sizes, t.storage.device);

/** A function of corresponding elements, computed in double precision. */
function elementwise(f: (...values: number[]) => number, first: Tensor, ...rest: Tensor[]): Tensor {
  const others = rest.map(numbersOf);
  return like(
    numbersOf(first).map((x, i) => f(x, ...others.map((each) => each[i]))),
    first,
  );
}

/** Gamma numbers of these shapes and rate 1; their derivatives are those at fixed probabilities. */
export function standardGamma(concentration: Tensor): Tensor {
  const { tiny } = finfo(concentration.dtype);
  const round = concentration.dtype === float64 ? (x: number): number => x : Math.fround;
  const result = elementwise((alpha) => Math.max(tiny, round(sample(alpha, round))), concentration.detach());
  return record('standardGamma', [concentration], result, [concentration, result], ({ grad }, [alpha, x]) => [
    grad.mul(elementwise(gammaDerivative, alpha.detach(), x.detach())),
  ]);
}

/**
 * dx/dα of a gamma variable x at a fixed probability P(α, x): −(∂P/∂α) / density, by the power series of P, whose terms
 * x^(α + n) e^(−x) / Γ(α + n + 1) have the logarithmic derivatives ln x − ψ(α + n + 1).
 */
function gammaDerivative(alpha: number, x: number): number {
  if (alpha > 1e6) return normalDerivative(alpha, x);
  const log = Math.log(x);
  let [term, psi, sum] = [x / alpha, digamma(alpha + 1), 0];
  for (let n = 1; ; n++) {
    const part = term * (log - psi);
    sum += part;
    if ((alpha + n > x && Math.abs(part) <= 1e-17 * Math.abs(sum)) || n > 1e6) return -sum;
    psi += 1 / (alpha + n);
    term *= x / (alpha + n);
  }
}

/** The same for large α, where x ≈ α + √α z + (z² − 1) / 3 with a normal variable z. */
function normalDerivative(alpha: number, x: number): number {
  const root = Math.sqrt(alpha);
  const z = (x - alpha) / root;
  return 1 + (z - (z * z - 1) / (3 * root)) / (2 * root);
}

/** Dirichlet numbers: gamma numbers over their sum along the last dim. */
export function sampleDirichlet(concentration: Tensor): Tensor {
  const alphas = concentration.detach();
  const gammas = elementwise((alpha) => sample(alpha, (x) => x), alphas.double());
  const shares = gammas.div(gammas.sum(-1, true)).to(concentration.dtype);
  const result = shares.clamp(finfo(shares.dtype).tiny, 1 - finfo(shares.dtype).eps / 2);
  return record('dirichlet', [concentration], result, [concentration, result], ({ grad }, [alpha, x]) => {
    const total = alpha.detach().sum(-1, true).expandAs(alpha);
    const own = elementwise(betaDerivative, x.detach(), alpha.detach(), total);
    return [own.mul(grad.sub(x.detach().mul(grad).sum(-1, true)))];
  });
}

/** dx/dα / (1 − x) of a beta variable x with α and β = total − α, at a fixed probability: by a series from the nearer end. */
function betaDerivative(x: number, alpha: number, total: number): number {
  const beta = total - alpha;
  return x * total <= alpha ? fromZero(x, alpha, beta) : fromOne(x, alpha, beta);
}
/** I_x(α, β) has the terms x^(α + n) (1 − x)^β Γ(α + β + n) / (Γ(β) Γ(α + n + 1)). */
function fromZero(x: number, alpha: number, beta: number): number {
  const log = Math.log(x);
  let [term, above, below, sum] = [x / alpha, digamma(alpha + beta), digamma(alpha + 1), 0];
  for (let n = 0; ; n++) {
    const part = term * (log + above - below);
    sum += part;
    if (Math.abs(part) <= 1e-17 * Math.abs(sum) || n > 1e6) return -sum;
    above += 1 / (alpha + beta + n);
    below += 1 / (alpha + n + 1);
    term *= (x * (alpha + beta + n)) / (alpha + n + 1);
  }
}
/** The same series of 1 − I_x(α, β) = I_(1 − x)(β, α), where α is the second parameter. */
function fromOne(x: number, alpha: number, beta: number): number {
  const y = 1 - x;
  const log = Math.log(x) - digamma(alpha);
  let [term, psi, sum] = [x / beta, digamma(alpha + beta), 0];
  for (let n = 0; ; n++) {
    const part = term * (log + psi);
    sum += part;
    if (Math.abs(part) <= 1e-17 * Math.abs(sum) || n > 1e6) return sum;
    psi += 1 / (alpha + beta + n);
    term *= (y * (alpha + beta + n)) / (beta + n + 1);
  }
}
