/** Kullback-Leibler divergences of distributions of different kinds. */
import { fullLike } from '../ops/creation.js';
import { xlogy } from '../ops/pointwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { ContinuousBernoulli } from './continuous-bernoulli.js';
import { Gumbel, Laplace, Normal, Uniform } from './continuous.js';
import { Bernoulli, Binomial, Poisson } from './counts.js';
import type { Distribution } from './distribution.js';
import { eulerGamma } from './euler-gamma.js';
import { Exponential, Pareto } from './exponential.js';
import { Beta, Gamma } from './gamma.js';
import { registerKl } from './kl-registry.js';

const infiniteWhere = (mask: Tensor, values: Tensor): Tensor => values.maskedFill(mask, Infinity);
const xlogx = (x: Tensor): Tensor => xlogy(x, x);
/** log of the area under a normal density that is not normalised. */
const logRoot = (scale: Tensor): Tensor => scale.mul(Math.sqrt(2 * Math.PI)).log();

// Where p has values that q excludes.
type Kind<D extends Distribution> = abstract new (...args: never) => D;
function infinite<P extends Distribution>(p: Kind<P>, like: (p: P) => Tensor, kinds: readonly Kind<Distribution>[]): void {
  for (const q of kinds) registerKl(p, q, (d) => fullLike(like(d), Infinity));
}
infinite(Beta, (p) => p.concentration1, [Pareto]);
infinite(ContinuousBernoulli, (p) => p.probs, [Pareto]);
infinite(Exponential, (p) => p.rate, [Beta, ContinuousBernoulli, Pareto, Uniform]);
infinite(Gamma, (p) => p.concentration, [Beta, ContinuousBernoulli, Pareto, Uniform]);
infinite(Pareto, (p) => p.scale, [Beta, ContinuousBernoulli, Uniform]);
infinite(Poisson, (p) => p.rate, [Bernoulli, Binomial]);
infinite(Gumbel, (p) => p.loc, [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform]);
infinite(Laplace, (p) => p.loc, [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform]);
infinite(Normal, (p) => p.loc, [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform]);

registerKl(Bernoulli, Poisson, (p, q) => p.entropy().neg().sub(p.probs.mul(q.rate.log()).sub(q.rate)));

// From bounded distributions: −H(p) − mean of log q.
const inPixels = (p: Beta | Uniform, q: ContinuousBernoulli): Tensor =>
  p.entropy().neg().sub(p.mean.mul(q.logits)).sub(q.probs.neg().log1p()).sub(q.logNorm());
const inExponential = (p: Beta | ContinuousBernoulli | Gamma, q: Exponential): Tensor =>
  p.entropy().neg().sub(q.rate.log()).add(q.rate.mul(p.mean));
const inNormal = (p: Beta | ContinuousBernoulli, q: Normal): Tensor => {
  const square = p.variance.add(p.mean.sub(q.loc).square());
  return p
    .entropy()
    .neg()
    .add(logRoot(q.scale))
    .add(square.div(q.variance.mul(2)));
};
/** log Γ(α) − α log β. */
const gammaNorm = ({ concentration, rate }: Gamma): Tensor => concentration.lgamma().sub(concentration.mul(rate.log()));

registerKl(Beta, ContinuousBernoulli, inPixels);
registerKl(Beta, Exponential, inExponential);
registerKl(Beta, Normal, inNormal);
registerKl(Beta, Gamma, (p, q) => {
  const meanLog = p.concentration1.digamma().sub(p.concentration1.add(p.concentration0).digamma());
  return p.entropy().neg().add(gammaNorm(q)).sub(q.concentration.sub(1).mul(meanLog)).add(q.rate.mul(p.mean));
});
registerKl(Beta, Uniform, (p, q) => {
  const kl = p.entropy().neg().add(q.high.sub(q.low).log());
  return infiniteWhere(q.low.gt(0).logicalOr(q.high.lt(1)), kl);
});
registerKl(ContinuousBernoulli, Exponential, inExponential);
registerKl(ContinuousBernoulli, Normal, inNormal);
registerKl(ContinuousBernoulli, Uniform, (p, q) => {
  const kl = p.entropy().neg().add(q.high.sub(q.low).log());
  return infiniteWhere(q.low.ge(0).logicalOr(q.high.le(1)), kl);
});
registerKl(Exponential, Gamma, (p, q) => {
  const ratio = q.rate.div(p.rate);
  return q.concentration
    .mul(ratio.log())
    .neg()
    .add(ratio)
    .add(q.concentration.lgamma())
    .add(q.concentration.mul(eulerGamma))
    .sub(1 + eulerGamma);
});
registerKl(Exponential, Gumbel, (p, q) => {
  const product = p.rate.mul(q.scale);
  const place = q.loc.div(q.scale);
  const tail = place.exp().mul(product).div(product.add(1));
  return product.log().sub(1).sub(place).add(tail).add(product.reciprocal());
});
registerKl(Exponential, Normal, (p, q) => {
  const square = p.rate.square().reciprocal().sub(q.loc.div(p.rate)).add(q.loc.square().mul(0.5));
  return logRoot(q.scale.mul(p.rate)).sub(1).add(square.div(q.variance));
});
registerKl(Gamma, Exponential, inExponential);
registerKl(Gamma, Gumbel, (p, q) => {
  const product = p.rate.mul(q.scale);
  const place = q.loc.div(q.scale);
  const alpha = p.concentration;
  const own = alpha.sub(1).mul(alpha.digamma()).sub(alpha.lgamma()).sub(alpha);
  const tail = place.exp().mul(product.reciprocal().add(1).pow(alpha.neg()));
  return own.add(product.log()).add(alpha.div(product)).add(tail).sub(place);
});
registerKl(Gamma, Normal, (p, q) => {
  const alpha = p.concentration;
  const own = logRoot(q.scale.mul(p.rate)).sub(alpha).sub(alpha.lgamma()).add(alpha.sub(1).mul(alpha.digamma()));
  const square = alpha.square().add(alpha).div(p.rate.square()).mul(0.5);
  return own.add(square.sub(q.loc.mul(p.mean)).add(q.loc.square().mul(0.5)).div(q.variance));
});
registerKl(Gumbel, Normal, (p, q) => {
  const ratio = p.scale.div(q.scale);
  const spread = ratio
    .mul(Math.PI / 2)
    .square()
    .div(3);
  const off = p.mean.sub(q.loc).div(q.scale).square().mul(0.5);
  return ratio
    .div(Math.sqrt(2 * Math.PI))
    .log()
    .neg()
    .add(spread)
    .add(off)
    .sub(eulerGamma + 1);
});
registerKl(Laplace, Normal, (p, q) => {
  const ratio = p.scale.div(q.scale).square();
  const off = p.loc.sub(q.loc).square().div(q.variance.mul(2));
  return ratio
    .mul(2 / Math.PI)
    .log()
    .mul(-0.5)
    .add(ratio)
    .add(off)
    .sub(1);
});
registerKl(Normal, Gumbel, (p, q) => {
  const ratio = p.scale.div(q.scale).square();
  const off = p.loc.sub(q.loc).div(q.scale);
  return ratio
    .log()
    .mul(-0.5)
    .add(off)
    .add(ratio.mul(0.5).sub(off).exp())
    .sub(0.5 * (1 + Math.log(2 * Math.PI)));
});
registerKl(Normal, Laplace, (p, q) => {
  const off = p.loc.sub(q.loc);
  const standardized = off.div(p.scale);
  const near = p.scale.mul(Math.sqrt(2 / Math.PI)).mul(standardized.square().mul(-0.5).exp());
  const far = off.mul(standardized.mul(Math.SQRT1_2).erf());
  return near
    .add(far)
    .div(q.scale)
    .sub(p.scale.div(q.scale).log())
    .sub(0.5 * (1 + Math.log(0.5 * Math.PI)));
});
registerKl(Pareto, Exponential, (p, q) => {
  const product = p.scale.mul(q.rate);
  const kl = p.alpha
    .div(product)
    .log()
    .sub(p.alpha.reciprocal())
    .add(p.alpha.mul(product).div(p.alpha.sub(1)));
  return infiniteWhere(p.alpha.le(1), kl.sub(1));
});
registerKl(Pareto, Gamma, (p, q) => {
  const meanLog = p.scale.log().add(p.alpha.reciprocal());
  const mean = p.alpha.mul(p.scale).div(p.alpha.sub(1));
  const kl = p.alpha.log().sub(meanLog).add(gammaNorm(q)).add(q.concentration.neg().add(1).mul(meanLog)).add(q.rate.mul(mean)).sub(1);
  return infiniteWhere(p.alpha.le(1), kl);
});
registerKl(Pareto, Normal, (p, q) => {
  const { alpha, scale } = p;
  const common = scale.div(alpha.sub(1));
  const spread = alpha.mul(common.square()).div(alpha.sub(2));
  const square = spread.add(alpha.mul(common).sub(q.loc).square());
  const kl = logRoot(q.scale.mul(alpha).div(scale))
    .sub(alpha.reciprocal())
    .add(square.div(q.variance.mul(2)))
    .sub(1);
  return infiniteWhere(alpha.le(2), kl);
});

const width = (p: Uniform): Tensor => p.high.sub(p.low);
/** The mean of log x. */
const meanLogOf = (low: Tensor, high: Tensor): Tensor => xlogx(high).sub(xlogx(low)).div(high.sub(low)).sub(1);

registerKl(Uniform, Beta, (p, q) => {
  const [a, b] = [q.concentration1, q.concentration0];
  const below = a.sub(1).mul(meanLogOf(p.low, p.high));
  const above = b.sub(1).mul(meanLogOf(p.high.neg().add(1), p.low.neg().add(1)));
  const norm = a.lgamma().add(b.lgamma()).sub(a.add(b).lgamma());
  const kl = norm.sub(width(p).log()).sub(below).sub(above);
  return infiniteWhere(p.high.gt(1).logicalOr(p.low.lt(0)), kl);
});
registerKl(Uniform, ContinuousBernoulli, (p, q) => infiniteWhere(p.high.ge(1).logicalOr(p.low.le(0)), inPixels(p, q)));
registerKl(Uniform, Exponential, (p, q) => infiniteWhere(p.low.lt(0), q.rate.mul(p.mean).sub(width(p).mul(q.rate).log())));
registerKl(Uniform, Gamma, (p, q) => {
  const meanLog = meanLogOf(p.low, p.high);
  const kl = gammaNorm(q).sub(width(p).log()).add(q.concentration.neg().add(1).mul(meanLog)).add(q.rate.mul(p.mean));
  return infiniteWhere(p.low.lt(0), kl);
});
registerKl(Uniform, Gumbel, (p, q) => {
  const ratio = q.scale.div(width(p));
  const [high, low] = [p.high, p.low].map((end) => end.sub(q.loc).div(q.scale));
  const ends = high.neg().exp().sub(low.neg().exp());
  return ratio.log().add(high.add(low).mul(0.5)).sub(ratio.mul(ends));
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
registerKl(Uniform, Pareto, (p, q) => {
  const norm = q.alpha.mul(q.scale.pow(q.alpha)).mul(width(p)).log();
  return infiniteWhere(p.low.lt(q.scale), meanLogOf(p.low, p.high).mul(q.alpha.add(1)).sub(norm));
});
