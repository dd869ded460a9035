import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { nn } = torch;
const { parametrizations, parametrize, ...utils } = nn.utils;
const rounded = (t: torch.Tensor): string[] => (t.detach().flatten().tolist() as number[]).map((v) => v.toFixed(5));
const linear = (): torch.nn.Linear => {
  torch.manualSeed(0);
  return new nn.Linear(3, 2);
};
const x = torch.ones(1, 3);

// Numbers of PyTorch 2.13 with the same seed.
describe('weight norm', () => {
  it('learns magnitude and direction apart', () => {
    const layer = parametrizations.weightNorm(linear());
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']);
    layer(x).sum().backward();
    expect(rounded(layer(x))).toEqual(['-0.18123', '-0.03467']);
    expect([...layer.parameters()].map((p) => rounded(p.grad!))[1]).toEqual(['-0.29934', '-0.97719']);
  });

  it('can be taken away again, in both forms', () => {
    const layer = parametrizations.weightNorm(linear());
    parametrize.removeParametrizations(layer, 'weight');
    expect(parametrize.isParametrized(layer)).toBe(false);
    const older = utils.weightNorm(linear());
    expect(Object.keys(older.stateDict())).toEqual(['bias', 'weight_g', 'weight_v']);
    utils.removeWeightNorm(older);
    for (const each of [layer, older]) {
      expect(Object.keys(each.stateDict()).sort()).toEqual(['bias', 'weight']);
      expect(rounded(each(x))).toEqual(['-0.18123', '-0.03467']);
    }
  });
});

describe('spectral norm', () => {
  it('divides by the largest singular value', () => {
    const layer = parametrizations.spectralNorm(linear());
    expect(rounded(layer(x))).toEqual(['-0.26963', '-0.29104']);
    layer.eval();
    const [largest] = torch.linalg.svdvals(layer.weight.detach()).tolist() as number[];
    expect(largest).toBeCloseTo(1, 4);
  });

  it('iterates once a forward in its older form', () => {
    torch.manualSeed(0);
    const layer = utils.spectralNorm(new nn.Conv2d(2, 3, 2));
    const image = torch.ones(1, 2, 2, 2);
    expect(rounded(layer(image))).toEqual(['-0.30262', '-1.48371', '1.38299']);
    expect(rounded(layer(image))).toEqual(['-0.27721', '-1.32634', '1.27303']);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight_orig', 'weight_u', 'weight_v']);
    expect(() => utils.removeSpectralNorm(linear())).toThrow(/not found/);
  });
});

it('parametrizations of users compose', () => {
  class Symmetric extends nn.Module {
    override forward(w: torch.Tensor): torch.Tensor {
      return w.triu().add(w.triu(1).t());
    }
  }
  class Twice extends nn.Module {
    override forward(w: torch.Tensor): torch.Tensor {
      return w.mul(2);
    }
  }
  const layer = new nn.Linear(3, 3);
  const upper = layer.weight.detach().triu();
  parametrize.registerParametrization(layer, 'weight', new Symmetric());
  parametrize.registerParametrization(layer, 'weight', new Twice());
  expect(torch.equal(layer.weight, layer.weight.t())).toBe(true);
  expect(torch.allclose(layer.weight.triu(), upper.mul(2))).toBe(true);
  expect(() => parametrize.registerParametrization(layer, 'nothing', new Twice())).toThrow(/does not have a parameter/);
});

describe('a parametrized layer', () => {
  class Symmetric extends nn.Module {
    override forward(x: torch.Tensor) {
      return x.triu().add(x.triu(1).T);
    }
  }
  it('is printed as in PyTorch', () => {
    const layer = new nn.Linear(2, 2);
    parametrize.registerParametrization(layer, 'weight', new Symmetric());
    const lines = ['ParametrizedLinear(', '  in_features=2, out_features=2, bias=True', '  (parametrizations): ModuleDict('];
    lines.push('    (weight): ParametrizationList(', '      (0): Symmetric()', '    )', '  )', ')');
    expect(String(layer)).toBe(lines.join('\n'));
    parametrize.removeParametrizations(layer, 'weight');
    expect(String(layer)).toBe('Linear(in_features=2, out_features=2, bias=True)');
  });

  it('has copies that compute with their own parameters', () => {
    const layer = parametrizations.weightNorm(linear());
    const copy = torch.deepcopy(layer);
    expect(rounded(copy(x))).toEqual(['-0.18123', '-0.03467']);
    torch.noGrad(() => [...layer.parameters()].forEach((p) => p.zero_()));
    expect(rounded(copy(x))).toEqual(['-0.18123', '-0.03467']);
  });

  it('takes a value of its field apart', () => {
    const layer = parametrizations.weightNorm(linear());
    layer.weight = torch
      .tensor([
        [3, 4, 0],
        [0, 0, 2],
      ])
      .float() as torch.nn.Parameter;
    expect(rounded(layer.stateDict()['parametrizations.weight.original0'])).toEqual(['5.00000', '2.00000']);
    expect(rounded(layer.weight)).toEqual(['3.00000', '4.00000', '0.00000', '0.00000', '0.00000', '2.00000']);
  });
});
