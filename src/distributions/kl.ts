/** Kullback-Leibler divergences of two distributions of a kind. */
import { NotImplementedError, ValueError } from '../tensor/errors.js';
import { solveTriangular } from '../ops/linalg/triangular.js';
import { softplus } from '../nn/functional/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { Categorical, OneHotCategorical } from './categorical.js';
import { Independent, TransformedDistribution } from './combined.js';
import { ContinuousBernoulli } from './continuous-bernoulli.js';
import { Cauchy, Gumbel, HalfNormal, Laplace, Normal, Uniform } from './continuous.js';
import { Bernoulli, Binomial, Geometric, Poisson } from './counts.js';
import { sumRightmost } from './distribution.js';
import { eulerGamma } from './euler-gamma.js';
import { ExponentialFamily } from './exponential-family.js';
import { Exponential, Pareto } from './exponential.js';
import { Beta, Dirichlet, Gamma } from './gamma.js';
import { klDivergence, registerKl } from './kl-registry.js';
import { LowRankMultivariateNormal } from './low-rank-normal.js';
import { mahalanobis, MultivariateNormal } from './multivariate-normal.js';
import { sameParts } from './transform.js';

/** `values`, infinite where `mask` holds. */
const infiniteWhere = (mask: Tensor, values: Tensor): Tensor => values.maskedFill(mask, Infinity);
const oneMinus = (x: Tensor): Tensor => x.neg().add(1);

registerKl(Bernoulli, Bernoulli, (p, q) => {
  const events = p.probs.mul(softplus(q.logits.neg()).sub(softplus(p.logits.neg())));
  const others = oneMinus(p.probs).mul(softplus(q.logits).sub(softplus(p.logits)));
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
  return ratio
    .log()
    .neg()
    .sub(a)
    .add(b)
    .add(ratio.mul(eulerGamma))
    .add(a.add(ratio.add(1).lgamma()).sub(b).exp())
    .sub(1 + eulerGamma);
});
registerKl(Uniform, Uniform, (p, q) => {
  const kl = q.high.sub(q.low).div(p.high.sub(p.low)).log();
  return infiniteWhere(q.low.gt(p.low).logicalOr(q.high.lt(p.high)), kl);
});
registerKl(Gamma, Gamma, (p, q) =>
  q.concentration
    .mul(p.rate.div(q.rate).log())
    .add(q.concentration.lgamma().sub(p.concentration.lgamma()))
    .add(p.concentration.sub(q.concentration).mul(p.concentration.digamma()))
    .add(q.rate.sub(p.rate).mul(p.concentration.div(p.rate))),
);
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
registerKl(ContinuousBernoulli, ContinuousBernoulli, (p, q) => {
  const odds = p.mean.mul(p.logits.sub(q.logits));
  const own = p.logNorm().add(p.probs.neg().log1p());
  return odds.add(own).sub(q.logNorm()).sub(q.probs.neg().log1p());
});

type Vectors = MultivariateNormal | LowRankMultivariateNormal;
const isLowRank = (d: Vectors): d is LowRankMultivariateNormal => d instanceof LowRankMultivariateNormal;
const logDet = (d: Vectors): Tensor => (isLowRank(d) ? d.logDet() : d.scaleTril.diagonal(0, -2, -1).log().sum(-1).mul(2));
const squaredLength = (x: Tensor): Tensor => x.square().sum([-2, -1]);
/** Matrices whose products with their transposes sum to the covariance. */
const roots = (d: Vectors): Tensor[] => (isLowRank(d) ? [d.covFactor, d.covDiag.sqrt().diagEmbed()] : [d.scaleTril]);
/** The trace of Σ⁻¹ R Rᵀ. */
function traceUnder(q: Vectors, root: Tensor): Tensor {
  if (!isLowRank(q)) {
    const wide = root.expand([...q.scaleTril.add(root.narrow(-1, 0, 1)).sizes.slice(0, -1), root.sizes.at(-1)!]);
    return squaredLength(solveTriangular(q.scaleTril, wide, { upper: false }));
  }
  const own = squaredLength(root.mul(q.covDiag.rsqrt().unsqueeze(-1)));
  return own.sub(squaredLength(q.whitened.matmul(root)));
}
function betweenVectors(p: Vectors, q: Vectors): Tensor {
  if (p.eventShape.join() !== q.eventShape.join()) {
    const kinds = isLowRank(p) && isLowRank(q) ? 'Low Rank ' : isLowRank(p) || isLowRank(q) ? '(Low Rank) ' : '';
    throw new ValueError(`KL-divergence between two ${kinds}Multivariate Normals with different event shapes cannot be computed`);
  }
  const off = q.loc.sub(p.loc);
  const distance = isLowRank(q) ? q.mahalanobis(off) : mahalanobis(q.scaleTril, off);
  const trace = roots(p)
    .map((root) => traceUnder(q, root))
    .reduce((a, b) => a.add(b));
  return logDet(q).sub(logDet(p)).add(trace).add(distance).sub(p.eventShape[0]).mul(0.5);
}
registerKl(MultivariateNormal, MultivariateNormal, betweenVectors);
registerKl(LowRankMultivariateNormal, LowRankMultivariateNormal, betweenVectors);
registerKl(MultivariateNormal, LowRankMultivariateNormal, betweenVectors);
registerKl(LowRankMultivariateNormal, MultivariateNormal, betweenVectors);
registerKl(ExponentialFamily, ExponentialFamily, (p, q) => {
  if (p.constructor !== q.constructor)
    throw new NotImplementedError(
      'The cross KL-divergence between different exponential families cannot be computed using Bregman divergences',
    );
  return p.divergenceTo(q);
});
registerKl(Independent, Independent, (p, q) => {
  if (p.reinterpretedBatchNdims !== q.reinterpretedBatchNdims)
    throw new NotImplementedError('KL between Independents with different reinterpreted_batch_ndims is not implemented');
  return sumRightmost(klDivergence(p.baseDist, q.baseDist), p.reinterpretedBatchNdims);
});
registerKl(TransformedDistribution, TransformedDistribution, (p, q) => {
  if (!sameParts(p.transforms, q.transforms) || p.eventShape.join() !== q.eventShape.join())
    throw new NotImplementedError('KL between distributions with different transforms is not implemented');
  return klDivergence(p.baseDist, q.baseDist);
});
