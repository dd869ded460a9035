/** Kullback-Leibler divergences. https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl */
import { solveTriangular } from '../ops/linalg/triangular.js';
import { xlogy } from '../ops/pointwise.js';
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { Categorical, OneHotCategorical } from './categorical.js';
import { Independent, TransformedDistribution } from './combined.js';
import { Cauchy, Gumbel, HalfNormal, Laplace, Normal, Uniform } from './continuous.js';
import { Exponential, Pareto } from './exponential.js';
import { Bernoulli, Binomial, Geometric, Poisson } from './counts.js';
import { type Distribution, sumRightmost } from './distribution.js';
import { Beta, Dirichlet, Gamma } from './gamma.js';
import { MultivariateNormal } from './multivariate-normal.js';

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

/** `values`, infinite where `mask` holds. */
const infiniteWhere = (mask: Tensor, values: Tensor): Tensor => values.maskedFill(mask, Infinity);
const oneMinus = (x: Tensor): Tensor => x.neg().add(1);

registerKl(Bernoulli, Bernoulli, (p, q) => {
  const events = xlogy(p.probs, p.probs.div(q.probs));
  const others = xlogy(oneMinus(p.probs), oneMinus(p.probs).div(oneMinus(q.probs)));
  return infiniteWhere(q.probs.eq(0), events)
    .maskedFill(p.probs.eq(0), 0)
    .add(infiniteWhere(q.probs.eq(1), others).maskedFill(p.probs.eq(1), 0));
});
registerKl(Binomial, Binomial, (p, q) => {
  if (p.totalCount.lt(q.totalCount).any().item() === true)
    throw new NotImplementedError('KL between Binomials where q.total_count > p.total_count is not implemented');
  const kl = p.totalCount.mul(p.probs.mul(p.logits.sub(q.logits)).add(p.probs.neg().log1p()).sub(q.probs.neg().log1p()));
  return infiniteWhere(p.totalCount.gt(q.totalCount), kl);
});
const categorical = (p: Categorical | OneHotCategorical, q: Categorical | OneHotCategorical): Tensor => {
  const each = p.probs.mul(p.logits.sub(q.logits));
  const impossible = q.probs.eq(0).expandAs(each);
  return infiniteWhere(impossible, each).maskedFill(p.probs.eq(0).expandAs(each), 0).sum(-1);
};
registerKl(Categorical, Categorical, categorical);
registerKl(OneHotCategorical, OneHotCategorical, categorical);
registerKl(Geometric, Geometric, (p, q) => p.entropy().neg().sub(q.probs.neg().log1p().div(p.probs)).sub(q.logits));
registerKl(Poisson, Poisson, (p, q) => p.rate.mul(p.rate.log().sub(q.rate.log())).sub(p.rate.sub(q.rate)));
registerKl(Exponential, Exponential, (p, q) => {
  const ratio = q.rate.div(p.rate);
  return ratio.log().neg().add(ratio).sub(1);
});
registerKl(Normal, Normal, (p, q) => {
  const ratio = p.scale.div(q.scale).square();
  const off = p.loc.sub(q.loc).div(q.scale).square();
  return ratio.add(off).sub(1).sub(ratio.log()).mul(0.5);
});
registerKl(HalfNormal, HalfNormal, (p, q) => klDivergence(p.baseDist, q.baseDist));
registerKl(Laplace, Laplace, (p, q) => {
  const ratio = p.scale.div(q.scale);
  const off = p.loc.sub(q.loc).abs();
  return ratio
    .log()
    .neg()
    .add(off.div(q.scale))
    .add(ratio.mul(off.neg().div(p.scale).exp()))
    .sub(1);
});
registerKl(Cauchy, Cauchy, (p, q) => {
  const distanceSquared = p.loc.sub(q.loc).square();
  return p.scale.add(q.scale).square().add(distanceSquared).log().sub(p.scale.mul(q.scale).mul(4).log());
});
registerKl(Gumbel, Gumbel, (p, q) => {
  const ratio = p.scale.div(q.scale);
  const [a, b] = [q.loc.div(q.scale), p.loc.div(q.scale)];
  const gamma = 0.57721566490153286060651209008240243;
  return ratio
    .log()
    .neg()
    .sub(a)
    .add(b)
    .add(ratio.mul(gamma))
    .add(a.add(ratio.add(1).lgamma()).sub(b).exp())
    .sub(1 + gamma);
});
registerKl(Uniform, Uniform, (p, q) => {
  const kl = q.high.sub(q.low).div(p.high.sub(p.low)).log();
  return infiniteWhere(q.low.gt(p.low).logicalOr(q.high.lt(p.high)), kl);
});
registerKl(Uniform, Normal, (p, q) => {
  const range = p.high.sub(p.low);
  const spread = q.scale
    .mul(Math.sqrt(2 * Math.PI))
    .div(range)
    .log();
  const own = range.div(q.scale).square().div(24);
  const off = p.high.add(p.low).sub(q.loc.mul(2)).div(q.scale.mul(2)).square().div(2);
  return spread.add(own).add(off);
});
registerKl(Gamma, Gamma, (p, q) =>
  q.concentration
    .mul(p.rate.div(q.rate).log())
    .add(q.concentration.lgamma().sub(p.concentration.lgamma()))
    .add(p.concentration.sub(q.concentration).mul(p.concentration.digamma()))
    .add(q.rate.sub(p.rate).mul(p.concentration.div(p.rate))),
);
registerKl(Exponential, Gamma, (p, q) => {
  const ratio = q.rate.div(p.rate);
  const gamma = 0.57721566490153286060651209008240243;
  return q.concentration
    .mul(ratio.log())
    .neg()
    .add(ratio)
    .add(q.concentration.lgamma())
    .add(q.concentration.mul(gamma))
    .sub(1 + gamma);
});
registerKl(Dirichlet, Dirichlet, (p, q) => {
  const [a, b] = [p.concentration, q.concentration];
  const totals = a.sum(-1).lgamma().sub(b.sum(-1).lgamma());
  const each = a.lgamma().sub(b.lgamma());
  const means = a.sub(b).mul(a.digamma().sub(a.sum(-1, true).digamma()));
  return totals.sub(each.sum(-1)).add(means.sum(-1));
});
registerKl(Beta, Beta, (p, q) => {
  const [a, b, c, d] = [p.concentration1, p.concentration0, q.concentration1, q.concentration0];
  const total = a.add(b);
  return c
    .lgamma()
    .add(d.lgamma())
    .add(total.lgamma())
    .sub(c.add(d).lgamma().add(a.lgamma()).add(b.lgamma()))
    .add(a.sub(c).mul(a.digamma()))
    .add(b.sub(d).mul(b.digamma()))
    .add(c.add(d).sub(total).mul(total.digamma()));
});
registerKl(Pareto, Pareto, (p, q) => {
  const [scales, alphas] = [p.scale.div(q.scale), q.alpha.div(p.alpha)];
  const kl = q.alpha.mul(scales.log()).sub(alphas.log()).add(alphas).sub(1);
  return infiniteWhere(p.support.check(p.scale).logicalAnd(p.scale.lt(q.scale)), kl);
});
registerKl(MultivariateNormal, MultivariateNormal, (p, q) => {
  if (p.eventShape.join() !== q.eventShape.join())
    throw new ValueError('KL-divergence between two Multivariate Normals with different event shapes cannot be computed');
  const logs = (d: MultivariateNormal): Tensor => d.scaleTril.diagonal(0, -2, -1).log().sum(-1);
  const whitened = solveTriangular(q.scaleTril, p.scaleTril.expandAs(q.scaleTril.add(p.scaleTril)), { upper: false });
  const off = solveTriangular(q.scaleTril, p.loc.sub(q.loc).unsqueeze(-1), { upper: false });
  const squares = whitened
    .square()
    .sum([-2, -1])
    .add(off.square().sum([-2, -1]));
  return logs(q).sub(logs(p)).add(squares.sub(p.eventShape[0]).mul(0.5));
});
registerKl(Independent, Independent, (p, q) => {
  if (p.reinterpretedBatchNdims !== q.reinterpretedBatchNdims)
    throw new NotImplementedError('KL between Independents with different reinterpreted_batch_ndims is not implemented');
  return sumRightmost(klDivergence(p.baseDist, q.baseDist), p.reinterpretedBatchNdims);
});
registerKl(TransformedDistribution, TransformedDistribution, (p, q) => {
  const kinds = (d: TransformedDistribution): string => d.transforms.map((each) => each.constructor.name).join();
  if (kinds(p) !== kinds(q)) throw new NotImplementedError('KL between distributions with different transforms is not implemented');
  const extra = p.eventShape.length - p.baseDist.eventShape.length;
  return sumRightmost(klDivergence(p.baseDist, q.baseDist), extra);
});
