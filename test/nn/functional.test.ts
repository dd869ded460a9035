import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { nn } = torch;
const F = nn.functional;

describe('affineGrid', () => {
  // Sums that PyTorch 2.13 gives.
  it('gives the positions that PyTorch gives', () => {
    torch.manualSeed(0);
    const theta = torch.randn(2, 2, 3);
    expect(Number(F.affineGrid(theta, [2, 1, 3, 4], false).sum().item())).toBeCloseTo(-49.37527, 4);
    expect(Number(F.affineGrid(theta, [2, 1, 3, 4], { alignCorners: true }).square().sum().item())).toBeCloseTo(125.7627, 3);
    expect(
      Number(
        F.affineGrid(torch.randn(1, 3, 4), [1, 1, 2, 3, 4])
          .square()
          .sum()
          .item(),
      ),
    ).toBeCloseTo(120.0144, 3);
  });

  it('leaves images as they are where theta is the identity', () => {
    const image = torch.arange(12).view(1, 1, 3, 4).to(torch.float32);
    const grid = F.affineGrid(
      torch.tensor(
        [
          [
            [1.0, 0, 0],
            [0, 1.0, 0],
          ],
        ],
        { dtype: torch.float32 },
      ),
      [1, 1, 3, 4],
      false,
    );
    expect(torch.allclose(F.gridSample(image, grid, { alignCorners: false }), image)).toBe(true);
    expect(() => F.affineGrid(torch.zeros(1, 3, 3), [1, 1, 3, 4])).toThrow(/Expected a batch of 2D affine matrices/);
  });
});

it('in-place activations write into their input', () => {
  const x = torch.tensor([-1.5, 2]);
  expect(F.leakyRelu_(x, 0.5)).toBe(x);
  expect(x.tolist()).toEqual([-0.75, 2]);
  F.threshold_(x, 0, 7);
  expect(x.tolist()).toEqual([7, 2]);
  expect(torch.relu_(torch.tensor([-1, 1])).tolist()).toEqual([0, 1]);
});

it('functionalCall runs a module with other tensors, differentiably', () => {
  const layer = new nn.Linear(2, 1);
  const before = layer.weight;
  const weight = torch.ones(1, 2).requiresGrad_();
  const y = torch.func.functionalCall(layer, { weight, bias: torch.zeros(1) }, torch.tensor([[1.5, 2]])) as torch.Tensor;
  y.backward();
  expect(y.item()).toBe(3.5);
  expect(weight.grad?.tolist()).toEqual([[1.5, 2]]);
  expect(layer.weight).toBe(before);
});

it('deepcopy copies what is shared once', () => {
  const shared = new nn.Linear(2, 2);
  const model = new nn.Sequential(shared, new nn.ReLU(), shared);
  const copy = torch.deepcopy(model);
  torch.noGrad(() => shared.weight.zero_());
  expect([...copy.parameters()].length).toBe(2);
  expect(Number(copy.getParameter('0.weight').abs().sum().item())).toBeGreaterThan(0);
  expect(String(copy)).toBe(String(model));
});

it('questions about dtypes', () => {
  expect(torch.finfo(torch.float32)).toMatchObject({ bits: 32, eps: 2 ** -23, max: 3.4028234663852886e38, tiny: 1.1754943508222875e-38 });
  expect(torch.iinfo('int64').max).toBe(9223372036854775807n);
  expect(torch.iinfo(torch.int8).min).toBe(-128);
  expect(torch.promoteTypes('int64', 'float16')).toBe(torch.float16);
  expect(torch.resultType(torch.ones(1, { dtype: torch.int8 }), 1.5)).toBe(torch.float32);
  expect(() => torch.finfo('int64')).toThrow(/requires a floating point/);
});

it('writes on diagonals, and results into out', () => {
  const x = torch.zeros(5, 2);
  x.fillDiagonal_(1, true);
  expect(x.tolist()).toEqual([
    [1, 0],
    [0, 1],
    [0, 0],
    [1, 0],
    [0, 1],
  ]);
  const out = torch.empty(0);
  const sum = (torch.add as (a: torch.Tensor, b: number, options: object) => torch.Tensor)(torch.ones(2), 1, { out });
  expect(sum).toBe(out);
  expect(out.tolist()).toEqual([2, 2]);
  const wrong = { out: torch.empty(0, { dtype: torch.int64 }) };
  expect(() => (torch.add as (a: torch.Tensor, b: number, options: object) => torch.Tensor)(torch.ones(2), 1.5, wrong)).toThrow(
    /can't be cast to the desired output type Long/,
  );
});

describe('interpolate', () => {
  const sine = torch.arange(36).float().view(1, 1, 6, 6).sin();

  // Values that PyTorch 2.13 gives.
  it('smooths what it makes smaller, if asked', () => {
    const close = (a: torch.Tensor, b: readonly number[]): boolean => torch.allclose(a.reshape([-1]), torch.tensor(b), { rtol: 1e-5 });
    const linear = F.interpolate(sine, { size: [3, 2], mode: 'bilinear', antialias: true });
    expect(close(linear, [0.4942881, -0.2668004, 0.2713036, 0.0227833, -0.0147534, 0.3070704])).toBe(true);
    const cubic = F.interpolate(sine, { size: [2, 3], mode: 'bicubic', antialias: true });
    expect(close(cubic, [0.2467545, 0.6531931, -0.6745849, -0.3879272, 0.783812, -0.1254564])).toBe(true);
    expect(() => F.interpolate(sine, { size: 3, antialias: true })).toThrow('Anti-alias option is restricted to bilinear, bicubic');
  });

  it('rounds bytes, and keeps the sign of zeros', () => {
    const bytes = torch.tensor([[[[10, 20, 255, 0]]]], { dtype: torch.uint8 });
    expect(F.interpolate(bytes, { size: [1, 7], mode: 'bilinear' }).tolist()).toEqual([[[[10, 14, 19, 138, 237, 91, 0]]]]);
    expect(
      F.interpolate(torch.tensor([[[-0, 1.5]]]), { size: 2 })
        .signbit()
        .tolist(),
    ).toEqual([[[true, false]]]);
  });

  it('is one node of the graph, with derivatives of any order', () => {
    const x = sine.double().requiresGrad_();
    expect(String(F.interpolate(x, { scaleFactor: 2, mode: 'bilinear' }).gradFn)).toBe('<UpsampleBilinear2DBackward0>');
    const f = (t: torch.Tensor) => F.interpolate(t, { size: [4, 9], mode: 'bicubic', antialias: true }).pow(2);
    expect(torch.autograd.gradgradcheck(f, [x])).toBe(true);
  });
});

describe('gridSample', () => {
  it('refuses what has no pixels', () => {
    expect(() => F.gridSample(torch.ones(1, 1, 2, 0), torch.zeros(1, 2, 2, 2))).toThrow(
      'expected input to have non-empty spatial dimensions',
    );
  });
});

it('adaptive pools tell apart a size for each dim and one for all, as PyTorch does', () => {
  const x = torch.rand(2, 2);
  expect(() => F.adaptiveAvgPool2d(x, [2, 2])).toThrow('Input dimension should be at least 3');
  expect(() => F.adaptiveMaxPool2d(x, 2)).toThrow('adaptive_max_pool2d(): Expected 3D or 4D tensor, but got: [2, 2]');
});
