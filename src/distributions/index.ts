/** `torch.distributions`. https://pytorch.org/docs/stable/distributions.html */
import './kl.js';
import './kl-mixed.js';

export { Categorical, OneHotCategorical, OneHotCategoricalStraightThrough } from './categorical.js';
export { Independent, MixtureSameFamily, TransformedDistribution } from './combined.js';
export { bijectTo, ConstraintRegistry, transformTo } from './constraint-registry.js';
export * as constraints from './constraints.js';
export { ContinuousBernoulli } from './continuous-bernoulli.js';
export { Cauchy, Gumbel, HalfCauchy, HalfNormal, Laplace, LogNormal, Normal, StudentT, Uniform } from './continuous.js';
export { Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson } from './counts.js';
export { Distribution } from './distribution.js';
export { ExponentialFamily } from './exponential-family.js';
export { Exponential, Pareto } from './exponential.js';
export { Beta, Chi2, Dirichlet, FisherSnedecor, Gamma } from './gamma.js';
export { GeneralizedPareto } from './generalized-pareto.js';
export { klDivergence, registerKl } from './kl-registry.js';
export { LKJCholesky } from './lkj-cholesky.js';
export { LogisticNormal } from './logistic-normal.js';
export { LowRankMultivariateNormal } from './low-rank-normal.js';
export { Multinomial } from './multinomial.js';
export { MultivariateNormal } from './multivariate-normal.js';
export { InverseGamma, Kumaraswamy, Weibull } from './powers.js';
export { ExpRelaxedCategorical, LogitRelaxedBernoulli, RelaxedBernoulli, RelaxedOneHotCategorical } from './relaxed.js';
export * as transforms from './transforms.js';
export { AbsTransform, AffineTransform, CatTransform, ComposeTransform, CorrCholeskyTransform, CumulativeDistributionTransform, ExpTransform, identityTransform, IndependentTransform, LowerCholeskyTransform, PositiveDefiniteTransform, PowerTransform, ReshapeTransform, SigmoidTransform, SoftmaxTransform, SoftplusTransform, StackTransform, StickBreakingTransform, TanhTransform, Transform } from './transforms.js'; // prettier-ignore
export { VonMises } from './von-mises.js';
export { Wishart } from './wishart.js';
