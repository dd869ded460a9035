/** Which formula computes a Kullback-Leibler divergence. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl */
import { NotImplementedError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Distribution } from './distribution.js';

type Kind<D> = abstract new (...args: never) => D;
type Divergence = (p: never, q: never) => Tensor;
const entries: { p: Kind<Distribution>; q: Kind<Distribution>; run: Divergence }[] = [];

/**
 * Says how to compute `klDivergence` of distributions of the classes `p` and `q`; the most special classes win.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.kl.register_kl
 * @example
 * class Unit extends torch.distributions.Normal {
 *   constructor() {
 *     super(0, 1);
 *   }
 * }
 * torch.distributions.registerKl(Unit, Unit, () => torch.tensor(0.5));
 * torch.distributions.klDivergence(new Unit(), new Unit())  // tensor(0.5000)
 */
export function registerKl<P extends Distribution, Q extends Distribution>(p: Kind<P>, q: Kind<Q>, run: (p: P, q: Q) => Tensor): void {
  entries.unshift({ p, q, run: run as Divergence });
}

/** How many classes stand between a value's own and `kind`. */
function distance(value: object, kind: Kind<Distribution>): number {
  let steps = 0;
  for (let at = Object.getPrototypeOf(value) as object | null; at && at !== (kind.prototype as object); steps++)
    at = Object.getPrototypeOf(at) as object | null;
  return steps;
}

/**
 * KL(p ‖ q), the mean of log p(x) − log q(x) over x of p: [batch].
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.kl.kl_divergence
 * @throws NotImplementedError where no formula is known for the two
 * @example
 * const { klDivergence, Normal } = torch.distributions;
 * klDivergence(new Normal(1, 2), new Normal(0, 1))  // tensor(1.3069)
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  const known = entries.filter((each) => p instanceof each.p && q instanceof each.q);
  const cost = (each: (typeof entries)[number]): number => distance(p, each.p) + distance(q, each.q);
  const best = known.reduce<(typeof entries)[number] | null>((a, b) => (a && cost(a) <= cost(b) ? a : b), null);
  if (!best)
    throw new NotImplementedError(`No KL(p || q) is implemented for p type ${p.constructor.name} and q type ${q.constructor.name}`);
  return (best.run as (p: Distribution, q: Distribution) => Tensor)(p, q);
}
