/** `torch.distributions`. https://pytorch.org/docs/stable/distributions.html */
export { Categorical, OneHotCategorical, OneHotCategoricalStraightThrough } from './categorical.js';
export { Independent, MixtureSameFamily, TransformedDistribution } from './combined.js';
export * as constraints from './constraints.js';
export { Cauchy, Gumbel, HalfCauchy, HalfNormal, Laplace, LogNormal, Normal, StudentT, Uniform } from './continuous.js';
export { Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson } from './counts.js';
export { Distribution } from './distribution.js';
export { Exponential, Pareto } from './exponential.js';
export { Beta, Chi2, Dirichlet, Gamma } from './gamma.js';
export { klDivergence, registerKl } from './kl.js';
export { Multinomial } from './multinomial.js';
export { MultivariateNormal } from './multivariate-normal.js';
export * as transforms from './transforms.js';
export { AbsTransform, AffineTransform, ComposeTransform, ExpTransform, PowerTransform, SigmoidTransform, SoftmaxTransform, SoftplusTransform, StickBreakingTransform, TanhTransform, Transform } from './transforms.js'; // prettier-ignore
