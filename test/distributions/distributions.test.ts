import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { distributions: D, nn, optim } = torch;
const { klDivergence, transforms: T } = D;
type Tensor = torch.Tensor;
type Values = (number | string)[];

interface Entry extends Partial<Record<'mean' | 'mode' | 'variance' | 'entropy' | 'cdf' | 'icdf', Values>> {
  name: string;
  args: Record<string, unknown>;
  value: number | number[] | number[][];
  text: string;
  support: string;
  shapes: [number[], number[]];
  sample: Values;
  logProb: Values;
}

const float = (values: unknown, requiresGrad = false): Tensor => torch.tensor(values as number[], { dtype: 'float32', requiresGrad });
const flat = (t: Tensor): number[] => t.detach().double().flatten().tolist() as number[];
const expectClose = (found: Tensor, expected: Values): void => {
  const values = flat(found);
  expect(values.length).toBe(expected.length);
  expected.forEach((each, i) => {
    const wanted = typeof each === 'number' ? each : Number(each.replace('inf', 'Infinity'));
    if (Number.isFinite(wanted)) expect(Math.abs(values[i] - wanted)).toBeLessThan(2e-5 * Math.max(1, Math.abs(wanted)));
    else expect(values[i]).toBe(wanted);
  });
};
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
const made = ({ name, args }: Pick<Entry, 'name' | 'args'>): torch.distributions.Distribution => {
  const Kind = (D as unknown as Record<string, new (args: object) => torch.distributions.Distribution>)[name];
  return new Kind(Object.fromEntries(Object.entries(args).map(([key, v]) => [camel(key), Array.isArray(v) ? float(v) : v])));
};

// Written by scripts/fixtures/distributions.py.
const entries = JSON.parse(readFileSync(new URL('../fixtures/distributions.json', import.meta.url), 'utf8')) as Entry[];
describe('numbers of PyTorch 2.13', () => {
  it.each(entries.map((entry) => [entry.text, entry] as const))('%s', (text, entry) => {
    const d = made(entry);
    expect([String(d), String(d.support)]).toEqual([text, entry.support]);
    expect([d.batchShape, d.eventShape].map((shape) => [...shape])).toEqual(entry.shapes);
    torch.manualSeed(1);
    expectClose(d.sample([3]), entry.sample);
    expectClose(d.logProb(float(entry.value)), entry.logProb);
    for (const key of ['mean', 'mode', 'variance'] as const) if (entry[key]) expectClose(d[key], entry[key]);
    if (entry.entropy) expectClose(d.entropy(), entry.entropy);
    if (entry.cdf) expectClose(d.cdf(float(entry.value)), entry.cdf);
    if (entry.icdf) expectClose(d.icdf(float(0.3)), entry.icdf);
  });

  it.each(entries.map((entry) => [entry.text, entry] as const))('%s expands', (_, entry) => {
    const d = made(entry);
    const wide = d.expand([4, ...d.batchShape]);
    expect([...wide.sample().shape]).toEqual([4, ...d.batchShape, ...d.eventShape]);
    const logProb = d.logProb(float(entry.value));
    expect(flat(wide.logProb(float(entry.value)))).toEqual([0, 1, 2, 3].flatMap(() => flat(logProb.expand(wide.batchShape.slice(1)))));
  });
});

describe('samples are differentiable', () => {
  /** d sample / d parameter at fixed random numbers, by central differences of a function that has them as arguments. */
  const gradient = (run: (a: Tensor) => Tensor): number => {
    const a = float(1.5, true);
    torch.manualSeed(0);
    run(a).sum().backward();
    return a.grad!.item() as number;
  };
  it('through place and scale', () => {
    torch.manualSeed(0);
    const noise = torch.randn(4).sum().item() as number;
    expect(gradient((a) => new D.Normal(a, a).rsample([4]))).toBeCloseTo(4 + noise, 4);
    expect(gradient((a) => new D.MultivariateNormal(torch.stack([a, a]), torch.eye(2)).rsample([4]))).toBe(8);
  });

  it('through the shape of gamma, beta and Dirichlet variables, at fixed probabilities', () => {
    torch.manualSeed(0);
    for (const alpha of [0.3, 1.5, 8, 60, 2e6]) {
      const a = torch.tensor(alpha, { dtype: 'float64', requiresGrad: true });
      const x = new D.Gamma(a, 1).rsample();
      x.backward();
      // dx/dα = −(∂P/∂α) / (∂P/∂x)
      const p = (s: number) => torch.igamma(torch.tensor(alpha + s, { dtype: 'float64' }), x.detach()).item() as number;
      const density = new D.Gamma(a.detach(), 1).logProb(x.detach()).exp().item() as number;
      expect(a.grad!.item()).toBeCloseTo(-(p(1e-5) - p(-1e-5)) / 2e-5 / density, 4);
    }
    // Beta(α, 1) has the distribution function x^α, so that dx/dα = −x ln x / α.
    for (const alpha of [0.4, 2, 9]) {
      const a = torch.tensor(alpha, { dtype: 'float64', requiresGrad: true });
      const x = new D.Beta(a, 1).rsample();
      x.backward();
      const value = x.item() as number;
      expect(a.grad!.item()).toBeCloseTo((-value * Math.log(value)) / alpha, 8);
    }
    const concentration = torch.tensor([0.5, 2, 4], { dtype: 'float64', requiresGrad: true });
    const shares = new D.Dirichlet(concentration).rsample([5]);
    shares.sum().backward();
    expect(flat(concentration.grad!.abs().max())[0]).toBeLessThan(1e-12);
  });

  it('straight through choices', () => {
    const probs = float([0.25, 0.75], true);
    const chosen = new D.OneHotCategoricalStraightThrough(probs).rsample([3]);
    expect(flat(chosen.sum(-1))).toEqual([1, 1, 1]);
    chosen
      .mul(float([1, 2]))
      .sum()
      .backward();
    expect(flat(probs.grad!)[0]).toBeCloseTo(-2.25, 5);
  });

  it('and never hang on what is no number', () => {
    const nothing = torch.tensor([NaN, 0.5], { requiresGrad: true });
    const x = new D.Gamma(nothing, 1, { validateArgs: false }).rsample();
    x.sum().backward();
    expect([x, nothing.grad!].map((t) => flat(t).map(Number.isNaN))).toEqual([[true, false], [true, false]]); // prettier-ignore
  });

  it('but not where there is no such form', () => {
    expect(() => new D.Poisson(1).rsample()).toThrow('does not implement rsample');
  });
});

type Named = [name: string, args: Record<string, unknown>];
const divergences = JSON.parse(readFileSync(new URL('../fixtures/divergences.json', import.meta.url), 'utf8')) as { p: Named; q: Named; kl: Values }[]; // prettier-ignore
describe('divergences', () => {
  it.each(divergences.map((entry) => [`${entry.p[0]} and ${entry.q[0]}`, entry] as const))('%s, as PyTorch says', (_, { p, q, kl }) => {
    const [own, other] = [p, q].map(([name, args]) => made({ name, args }));
    const found = klDivergence(own, other);
    expect(found.numel()).toBe(kl.length);
    expectClose(found, kl);
  });

  const [a, b] = [float([0.5, 1.5]), float([1, 2])];
  const pairs: [string, torch.distributions.Distribution, torch.distributions.Distribution, number[]][] = [
    ['Normal', new D.Normal(a, b), new D.Normal(b, a), [1.3069, 0.1568]],
    ['Bernoulli', new D.Bernoulli(a.div(2)), new D.Bernoulli(b.div(3)), [0.0164, 0.0164]],
    ['Gamma', new D.Gamma(a, b), new D.Gamma(b, a), [0.8525, 0.3029]],
    ['Beta', new D.Beta(a, b), new D.Beta(b, a), [0.6931, 0.1931]],
    ['Dirichlet', new D.Dirichlet(a), new D.Dirichlet(b), [0.2416]],
    ['Uniform', new D.Uniform(a.sub(1), b), new D.Uniform(a, b), [Infinity, Infinity]],
    ['Uniform and Normal', new D.Uniform(a, b), new D.Normal(a, b), [1.6538, 2.3156]],
    ['Independent', new D.Independent(new D.Normal(a, b), 1), new D.Independent(new D.Normal(b, a), 1), [1.4636]],
    ['Multivariate', new D.MultivariateNormal(a, torch.eye(2)), new D.MultivariateNormal(b, float([[2, 1], [1, 3]])), [0.3797]], // prettier-ignore
  ];
  it.each(pairs)('%s', (_, p, q, expected) => {
    flat(klDivergence(p, q)).forEach((each, i) =>
      expected[i] === Infinity ? expect(each).toBe(Infinity) : expect(each).toBeCloseTo(expected[i], 3),
    );
  });

  it('are refused where no formula is known', () => {
    expect(() => klDivergence(new D.Normal(0, 1), new D.Poisson(1))).toThrow(
      'No KL(p || q) is implemented for p type Normal and q type Poisson',
    );
  });
});

describe('transformed and combined', () => {
  it('squashed normal variables keep the values they came from', () => {
    const d = new D.TransformedDistribution(new D.Normal(0, 1), [new T.TanhTransform({ cacheSize: 1 })]);
    torch.manualSeed(0);
    const action = d.rsample([2]);
    expect(action.requiresGrad).toBe(false);
    torch.manualSeed(0);
    const x = torch.randn(2);
    expectClose(action, flat(x.tanh()));
    expectClose(d.logProb(action), flat(new D.Normal(0, 1).logProb(x).sub(x.tanh().square().neg().add(1).log())));
  });

  it('inverses and Jacobians agree', () => {
    const x = float([0.3, -0.7]);
    for (const f of [
      new T.ExpTransform(),
      new T.SigmoidTransform(),
      new T.TanhTransform(),
      new T.SoftplusTransform(),
      new T.AffineTransform(1, -2),
    ]) {
      const y = f(x);
      expectClose(f.inv(y), flat(x));
      const leaf = x.clone().requiresGrad_();
      f(leaf).sum().backward();
      expectClose(f.logAbsDetJacobian(x, y), flat(leaf.grad!.abs().log()));
    }
    expect(flat(new T.StickBreakingTransform()(x).sum())[0]).toBeCloseTo(1, 5);
  });

  it('mixtures', () => {
    const mixture = new D.MixtureSameFamily(new D.Categorical(float([0.3, 0.7])), new D.Normal(float([-1, 1]), 0.5));
    expectClose(mixture.mean, [0.4]);
    expectClose(mixture.variance, [1.09]);
    expect([...mixture.sample([5]).shape]).toEqual([5]);
    const mass = torch.linspace(-4, 4, 2001).unsqueeze(-1);
    expect(flat(mixture.logProb(mass).exp().sum().mul(0.004))[0]).toBeCloseTo(1, 4);
  });

  it('discrete values are listed', () => {
    expect(new D.Bernoulli(float([0.5, 0.2])).enumerateSupport().tolist()).toEqual([[0, 0], [1, 1]]); // prettier-ignore
    expect(new D.Categorical(torch.ones(2, 3)).enumerateSupport({ expand: false }).tolist()).toEqual([[0], [1], [2]]);
    expect(new D.Categorical(torch.ones(4)).perplexity().item()).toBeCloseTo(4, 5);
  });
});

describe('errors say what PyTorch says', () => {
  it.each([
    [() => new D.Normal(0, -1), 'Expected parameter scale (Tensor of shape ()) of distribution Normal(loc: 0.0, scale: -1.0) to satisfy the constraint GreaterThan(lower_bound=0.0), but found invalid values:\n-1.0'],
    [() => new D.Categorical({}), 'Either `probs` or `logits` must be specified, but not both.'],
    [() => new D.Uniform(1, 0), 'of distribution Uniform(low: 1.0, high: 0.0) to satisfy the constraint LessThan(upper_bound=0.0)'],
    [() => new D.Categorical(float([0.5, 0.5])).logProb(torch.tensor(2)), 'to be within the support (IntegerInterval(lower_bound=0, upper_bound=1)) of the distribution Categorical(probs: torch.Size([2])), but found invalid values:\n2'],
    [() => new D.Normal(torch.zeros(2), 1).logProb(torch.zeros(3)), 'Value is not broadcastable with batch_shape+event_shape: torch.Size([3]) vs torch.Size([2]).'],
    [() => new D.MultivariateNormal(torch.zeros(2), float([[1, 2], [2, 1]])), 'to satisfy the constraint PositiveDefinite(), but found invalid values:'],
    [() => new D.MultivariateNormal(torch.zeros(2), {}), 'Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.'],
  ])('%#', (run, message) => expect(run).toThrow(message)); // prettier-ignore

  it('unless checks are off', () => {
    expect(String(new D.Normal(0, -1, { validateArgs: false }))).toBe('Normal(loc: 0.0, scale: -1.0)');
    D.Distribution.setDefaultValidateArgs(false);
    expect(() => new D.Normal(0, -1)).not.toThrow();
    D.Distribution.setDefaultValidateArgs(true);
  });
});

it('an actor and a critic learn as in PyTorch', () => {
  torch.manualSeed(0);
  const [actor, critic] = [new nn.Linear(4, 2), new nn.Linear(4, 1)];
  const optimizer = new optim.Adam([...actor.parameters(), ...critic.parameters()], { lr: 0.01 });
  const losses = [0, 1, 2].map(() => {
    const state = torch.randn(8, 4);
    const policy = new D.Categorical({ logits: actor(state) });
    const action = policy.sample();
    const reward = action.eq(state.at(':', 0).gt(0).long()).float();
    const advantage = reward.sub(critic(state).squeeze(-1));
    const surrogate = policy.logProb(action).mul(advantage.detach()).mean();
    const loss = advantage.square().mean().sub(surrogate).sub(policy.entropy().mean().mul(0.01));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return (loss.item() as number).toFixed(4);
  });
  expect(losses).toEqual(['1.8255', '1.9237', '1.1305']);
});
