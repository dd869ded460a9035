import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { distributions: D } = torch;
const { bijectTo, constraints: C, transforms: T, transformTo } = D;
type Tensor = torch.Tensor;
type Transform = torch.distributions.transforms.Transform;

const float = (values: unknown): Tensor => torch.tensor(values as number[], { dtype: 'float32' });
const flat = (t: Tensor): number[] => t.detach().double().flatten().tolist() as number[];
const expectClose = (found: Tensor, expected: number[]): void => {
  expect(flat(found).length).toBe(expected.length);
  flat(found).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
};
const x = float([0.5, -0.3, 1.2]);

describe('transforms give PyTorch’s numbers', () => {
  const pairs = float([[0.5, 0.2], [1, 2]]); // prettier-ignore
  const cases: [string, Transform, Tensor, y: number[], jacobian: number[]][] = [
    ['correlations', new T.CorrCholeskyTransform(), x, [1, 0, 0, 0.46212, 0.88682, 0, -0.29131, 0.7975, 0.52833], [-1.56063]],
    ['shapes', new T.ReshapeTransform([3], [3, 1]), x, [0.5, -0.3, 1.2], [0]],
    ['independent dims', new T.IndependentTransform(new T.ExpTransform(), 1), x, [1.64872, 0.74082, 3.32012], [1.4]],
    ['pieces', new T.CatTransform([new T.ExpTransform(), new T.AffineTransform(1, 2)], 0, [2, 1]), x, [1.64872, 0.74082, 3.4], [0.5, -0.3, 0.69315]],
    ['slices', new T.StackTransform([new T.ExpTransform(), new T.TanhTransform()], 1), pairs, [1.64872, 0.19738, 2.71828, 0.96403], [0.5, -0.03974, 1, -2.65001]],
    ['probabilities', new T.CumulativeDistributionTransform(new D.Normal(0, 1)), x, [0.69146, 0.38209, 0.88493], [-1.04394, -0.96394, -1.63894]],
    ['chains', new T.ComposeTransform([new T.AffineTransform(1, 2), new T.StickBreakingTransform()]), x, [0.71123, 0.12337, 0.16005, 0.00534], [-7.4184]],
  ]; // prettier-ignore
  it.each(cases)('%s', (_, transform, value, y, jacobian) => {
    const found = transform(value);
    expectClose(found, y);
    expectClose(transform.logAbsDetJacobian(value, found), jacobian);
    expectClose(transform.inv(found), flat(value));
    expect([[...transform.forwardShape(value.sizes)], [...transform.inverseShape(found.sizes)]]).toEqual([
      [...found.sizes],
      [...value.sizes],
    ]);
  });

  it('triangular and positive-definite matrices', () => {
    const matrix = float([[0.5, 1], [2, -1]]); // prettier-ignore
    const [lower, positive] = [new T.LowerCholeskyTransform(), new T.PositiveDefiniteTransform()];
    expectClose(lower(matrix), [1.64872, 0, 2, 0.36788]);
    expectClose(positive(matrix), [2.71828, 3.29744, 3.29744, 4.13534]);
    expectClose(positive.inv(positive(matrix)), [0.5, 0, 2, -1]);
    expect([lower.bijective, positive.bijective, lower.inv.bijective, new T.ExpTransform().bijective]).toEqual([false, false, false, true]);
  });

  it('and their printouts', () => {
    const chain = new T.ComposeTransform([new T.AffineTransform(1, 2), new T.StickBreakingTransform()]);
    expect([chain.domain, chain.codomain, chain.inv].map(String)).toEqual([
      'IndependentConstraint(Real(), 1)',
      'Simplex()',
      'ComposeTransform(\n    _InverseTransform(StickBreakingTransform()),\n    _InverseTransform(AffineTransform())\n)',
    ]);
    expect(String(new T.IndependentTransform(new T.ExpTransform(), 1))).toBe('IndependentTransform(ExpTransform(), 1)');
  });
});

describe('caches and equality', () => {
  it('withCache gives the value back that a result came from', () => {
    const cached = new T.TanhTransform().withCache();
    expect(cached.inv(cached(x))).toBe(x);
    const chain = new T.ComposeTransform([new T.ExpTransform(), new T.AffineTransform(1, 2)]).withCache(1);
    expect(chain.inv(chain(x))).toBe(x);
    expect(cached.withCache(1)).toBe(cached);
  });

  it('transforms with the same parameters are equal', () => {
    expect(new T.ExpTransform().equals(new T.ExpTransform())).toBe(true);
    expect(new T.AffineTransform(1, x).equals(new T.AffineTransform(1, x.clone()))).toBe(true);
    expect(new T.AffineTransform(1, 2).equals(new T.AffineTransform(1, 3))).toBe(false);
    expect(new T.PowerTransform(2).inv.equals(new T.PowerTransform(2).inv)).toBe(true);
    const at = (scale: number) => new D.TransformedDistribution(new D.Normal(0, 1), new T.AffineTransform(0, scale));
    expect(D.klDivergence(at(2), at(2)).item()).toBe(0);
    expect(() => D.klDivergence(at(2), at(3))).toThrow('different transforms');
  });
});

describe('from constraints to transforms', () => {
  const chain = 'ComposeTransform(\n    ExpTransform(),\n    AffineTransform()\n)';
  it.each([
    ['real', 'ComposeTransform(\n    \n)', 'ComposeTransform(\n    \n)'],
    ['positive', chain, chain],
    ['nonnegative', chain, chain],
    ['unitInterval', 'SigmoidTransform()', 'SigmoidTransform()'],
    ['simplex', 'StickBreakingTransform()', 'SoftmaxTransform()'],
    ['corrCholesky', 'CorrCholeskyTransform()', 'CorrCholeskyTransform()'],
    ['lowerCholesky', 'Cannot transform _LowerCholesky constraints', 'LowerCholeskyTransform()'],
    ['positiveDefinite', 'Cannot transform _PositiveDefinite constraints', 'PositiveDefiniteTransform()'],
    ['positiveSemidefinite', 'Cannot transform _PositiveSemidefinite constraints', 'PositiveDefiniteTransform()'],
    ['realVector', 'IndependentTransform(ComposeTransform(\n    \n), 1)', 'IndependentTransform(ComposeTransform(\n    \n), 1)'],
  ] as const)('%s', (name, bijection, transform) => {
    const found = [bijectTo, transformTo].map((registry) => {
      try {
        return String(registry(C[name]));
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(found).toEqual([bijection, transform]);
  });

  it('with bounds and pieces', () => {
    expect(transformTo(C.greaterThan(2))(x).gt(2).all().item()).toBe(true);
    expectClose(transformTo(C.lessThan(2))(x), [0.3513, 1.2592, -1.3201]);
    expectClose(transformTo(C.interval(-1, 2))(x), [0.86738, 0.27668, 1.30557]);
    expectClose(bijectTo(C.cat([C.positive, C.unitInterval], 0, [2, 1]))(x), [1.64872, 0.74082, 0.76852]);
    expectClose(bijectTo(C.stack([C.positive, C.real, C.unitInterval]))(x), [1.64872, -0.3, 0.76852]);
  });
});

it('constraints of matrices', () => {
  const check = (constraint: torch.distributions.constraints.Constraint, rows: number[][]) => constraint.check(float(rows)).item();
  expect(check(C.corrCholesky, [[1, 0], [0.6, 0.8]])).toBe(true); // prettier-ignore
  expect(check(C.corrCholesky, [[1, 0], [0.6, 0.9]])).toBe(false); // prettier-ignore
  expect(check(C.symmetric, [[1, 2], [2, 1]])).toBe(true); // prettier-ignore
  expect(check(C.positiveSemidefinite, [[1, 1], [1, 1]])).toBe(true); // prettier-ignore
  expect(check(C.positiveSemidefinite, [[1, 2], [2, 1]])).toBe(false); // prettier-ignore
  expect(check(C.square, [[1, 2]])).toBe(false);
  expect([C.square, C.cat([C.real]), new C.MixtureSameFamilyConstraint(C.real)].map(String)).toEqual(['Square()', 'Cat()', 'MixtureSameFamilyConstraint(Real())']); // prettier-ignore
});

describe('parts of distributions that others lack', () => {
  const p = float([[1, 0.2], [0.2, 2]]); // prettier-ignore
  it('tails, low-rank matrices and exponential families', () => {
    const tail = new D.GeneralizedPareto(0, 2, 0.5);
    expectClose(torch.stack([tail.logSurvivalFunction(float(1)), tail.logCdf(float(1))]), [-0.4463, -1.0217]);
    const vectors = new D.LowRankMultivariateNormal(torch.zeros(2), float([[1], [2]]), float([1, 2])); // prettier-ignore
    expect(vectors.variance.tolist()).toEqual([2, 6]);
    expectClose(vectors.precisionMatrix, [0.75, -0.25, -0.25, 0.25]);
    expectClose(vectors.scaleTril, [1.41421, 0, 1.41421, 2]);
    const wishart = new D.Wishart(4.5, p);
    const generic = Object.getOwnPropertyDescriptor(D.ExponentialFamily.prototype, 'entropy')!.value as () => Tensor;
    expectClose(torch.stack([wishart.entropy(), generic.call(wishart)]), [7.5867, 7.5867]);
    expectClose(wishart.precisionMatrix, [1.0204, -0.10204, -0.10204, 0.5102]);
  });

  it('a copula of correlated normal variables', () => {
    torch.manualSeed(0);
    const base = new D.MultivariateNormal(torch.zeros(2), { scaleTril: new D.LKJCholesky(2).sample() });
    const copula = new D.TransformedDistribution(base, new T.CumulativeDistributionTransform(new D.Normal(0, 1)));
    expect(String(copula.eventShape)).toBe('torch.Size([2])');
    expectClose(copula.sample(), [0.142, 0.6339]);
    expectClose(copula.logProb(float([0.3, 0.6])), [0.0431]);
  });

  it('samples of relaxed choices carry gradients', () => {
    const logits = torch.zeros(3, { requiresGrad: true });
    for (const d of [new D.RelaxedBernoulli(0.5, { logits }), new D.RelaxedOneHotCategorical({ temperature: 0.5, logits })]) {
      logits.grad = null;
      d.rsample([2]).mul(x).sum().backward();
      expect(logits.grad!.abs().sum().item()).toBeGreaterThan(0);
      expect(d.sample().requiresGrad).toBe(false);
    }
  });
});

describe('errors say what PyTorch says', () => {
  const positive = 'to satisfy the constraint GreaterThan(lower_bound=0.0), but found invalid values:\n-1.0';
  it.each([
    [() => new D.HalfNormal(-1), `Expected parameter scale (Tensor of shape ()) of distribution HalfNormal() ${positive}`],
    [() => new D.Chi2(-1), `Expected parameter df (Tensor of shape ()) of distribution Chi2() ${positive}`],
    [() => new D.Pareto(-1, 1), `Expected parameter scale (Tensor of shape ()) of distribution Pareto(alpha: 1.0, scale: -1.0) ${positive}`],
    [() => new D.Weibull(1, -1), `Expected parameter concentration (Tensor of shape ()) of distribution Weibull(scale: 1.0, concentration: -1.0) ${positive}`],
    [() => new D.Kumaraswamy(-1, 1), `Expected parameter concentration1 (Tensor of shape ()) of distribution Kumaraswamy(concentration1: -1.0, concentration0: 1.0) ${positive}`],
    [() => new D.InverseGamma(-1, 1), `of distribution Gamma(concentration: -1.0, rate: 1.0) ${positive}`],
    [() => new D.FisherSnedecor(1, -2), `of distribution Gamma(concentration: -1.0, rate: -2.0) ${positive}`],
    [() => new D.VonMises(0, -1), `of distribution VonMises(loc: 0.0, concentration: -1.0) ${positive}`],
    [() => new D.GeneralizedPareto(0, -1, 0.5), `of distribution GeneralizedPareto(loc: 0.0, scale: -1.0, concentration: 0.5) ${positive}`],
    [() => new D.LKJCholesky(1), 'Expected dim to be an integer greater than or equal to 2. Found dim=1.'],
    [() => new D.LKJCholesky(3, -1), 'of distribution Dirichlet(concentration: torch.Size([3, 2])) to satisfy the constraint IndependentConstraint(GreaterThan(lower_bound=0.0), 1)'],
    [() => new D.ContinuousBernoulli(2, { validateArgs: true }), 'The parameter probs has invalid values'],
    [() => new D.RelaxedBernoulli(1, 2), 'of distribution LogitRelaxedBernoulli(probs: 2.0) to satisfy the constraint Interval(lower_bound=0.0, upper_bound=1.0)'],
    [() => new D.RelaxedBernoulli(1, 0.5).logProb(float(1.5)), 'to be within the support (Interval(lower_bound=0.0, upper_bound=1.0)) of the distribution RelaxedBernoulli(), but found invalid values:\n1.5'],
    [() => new D.RelaxedOneHotCategorical(1, {}), 'Either `probs` or `logits` must be specified, but not both.'],
    [() => new D.LowRankMultivariateNormal(torch.zeros(2), torch.zeros(3, 1), torch.ones(2)), 'cov_factor must be a batch of matrices with shape 2 x m'],
    [() => new D.LowRankMultivariateNormal(torch.zeros(2), torch.zeros(2, 1), torch.ones(3)), 'cov_diag must be a batch of vectors with shape torch.Size([2])'],
    [() => new D.Wishart(1.5, torch.eye(3)), 'Value of df=1.5 expected to be greater than ndim - 1 = 2.'],
    [() => new D.Wishart(5, {}), 'Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.'],
    [() => transformTo(C.boolean), 'Cannot transform _Boolean constraints'],
    [() => new D.LogNormal(0, 1).logProb(float(-1)), 'to be within the support (GreaterThan(lower_bound=0.0)) of the distribution LogNormal(), but found invalid values:\n-1.0'],
    [() => new D.LogNormal(0, 1).cdf(float(-1)), 'to be within the support (Real()) of the distribution Normal(loc: 0.0, scale: 1.0), but found invalid values:\nnan'],
    [() => new T.CorrCholeskyTransform().forwardShape([2]), 'Input is not a flattened lower-diagonal number'],
    [() => new T.ReshapeTransform([2], [3]), 'in_shape, out_shape have different numbers of elements'],
    [() => new T.CorrCholeskyTransform().eventDim, 'Please use either .domain.event_dim or .codomain.event_dim'],
    [() => new T.IndependentTransform(new T.ExpTransform(), 2)(x), 'Too few dimensions on input'],
    [() => C.dependent.check(x), 'Cannot determine validity of dependent constraint'],
  ])('%#', (run, message) => expect(run).toThrow(message)); // prettier-ignore
});
