import { beforeEach, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
const { prune } = nn.utils;
type Tensor = torch.Tensor;

const layer = (): torch.nn.Linear => {
  const linear = new nn.Linear(3, 2);
  linear.loadStateDict({ weight: torch.tensor([[1, -2, 3], [-4, 0.5, 6]]), bias: torch.tensor([0.1, -0.2]) }); // prettier-ignore
  return linear;
};
const rows = (t: Tensor): unknown => t.add(0).tolist();
const field = (module: torch.nn.Module, name: string): Tensor => (module as unknown as Record<string, Tensor>)[name];

// Expected values were printed by PyTorch 2.13.
describe('pruning', () => {
  let linear: torch.nn.Linear;
  beforeEach(() => void (linear = layer()));

  it('puts a mask between a parameter and its value, and takes it away again', () => {
    prune.l1Unstructured(linear, 'weight', 2);
    expect(rows(linear.weight)).toEqual([[0, -2, 3], [-4, 0, 6]]); // prettier-ignore
    expect(Object.keys(linear.stateDict()).sort()).toEqual(['bias', 'weight_mask', 'weight_orig']);
    expect([...linear.namedParameters()].map(([name]) => name)).toEqual(['bias', 'weight_orig']);
    linear(torch.ones(1, 3)).sum().backward();
    expect(field(linear, 'weightOrig').grad!.tolist()).toEqual([[0, 1, 1], [1, 0, 1]]); // prettier-ignore
    prune.l1Unstructured(linear, 'weight', 0.5);
    expect(rows(linear.weight)).toEqual([[0, 0, 0], [-4, 0, 6]]); // prettier-ignore
    expect(prune.isPruned(new nn.Sequential(linear))).toBe(true);
    prune.remove(linear, 'weight');
    expect([rows(linear.weight), Object.keys(linear.stateDict()).sort(), prune.isPruned(linear)]).toEqual([
      [[0, 0, 0], [-4, 0, 6]],
      ['bias', 'weight'],
      false,
    ]); // prettier-ignore
  });

  it('removes slices, by norm or at random', () => {
    prune.lnStructured(linear, 'weight', 1, 2, 1);
    expect(rows(linear.weight)).toEqual([[1, 0, 3], [-4, 0, 6]]); // prettier-ignore
    prune.lnStructured(linear, 'weight', 1, 1, 1);
    expect(rows(linear.weight)).toEqual([[0, 0, 3], [0, 0, 6]]); // prettier-ignore
    const [first, second] = [layer(), layer()];
    torch.manualSeed(0);
    expect(rows(prune.randomStructured(first, 'weight', 1, 1).weight)).toEqual([[1, -2, 0], [-4, 0.5, 0]]); // prettier-ignore
    torch.manualSeed(0);
    expect(rows(prune.randomUnstructured(second, 'weight', 0.5).weight)).toEqual([[0, 0, 3], [-4, 0.5, 0]]); // prettier-ignore
  });

  it('takes masks and scores, and prunes several parameters as one', () => {
    prune.customFromMask(linear, 'weight', torch.tensor([[1, 0, 1], [0, 1, 1]])); // prettier-ignore
    prune.l1Unstructured(linear, 'weight', 1);
    expect(rows(linear.weight)).toEqual([[1, 0, 3], [0, 0, 6]]); // prettier-ignore
    const importanceScores = torch.tensor([[9, 9, 9], [9, 9, 0]]).float(); // prettier-ignore
    expect(rows(prune.l1Unstructured(layer(), 'weight', 1, { importanceScores }).weight)).toEqual([[1, -2, 3], [-4, 0.5, 0]]); // prettier-ignore
    const [a, b] = [layer(), layer()];
    prune.globalUnstructured([[a, 'weight'], [b, 'weight'], [a, 'bias']], prune.L1Unstructured, { amount: 5 }); // prettier-ignore
    expect([rows(a.weight), rows(a.bias!)]).toEqual([[[0, -2, 3], [-4, 0, 6]], [0, 0]]); // prettier-ignore
    expect(
      new prune.L1Unstructured(2)
        .prune(torch.tensor([1, -2, 3.5]))
        .add(0)
        .tolist(),
    ).toEqual([0, 0, 3.5]);
  });

  it('refuses what makes no sense, and changes nothing', () => {
    expect(() => prune.l1Unstructured(linear, 'weight', -1)).toThrow('amount=-1 should either be a float in the range [0, 1] or a non-');
    expect(() => prune.l1Unstructured(linear, 'weight', 7)).toThrow('amount=7 should be smaller than the number of parameters to prune=6');
    expect(() => prune.lnStructured(linear, 'bias', 1, 2, 0)).toThrow('Found tensor of shape torch.Size([2]) with 1 dims');
    expect(() => prune.lnStructured(linear, 'weight', 1, 2, 2)).toThrow('Invalid index 2 for tensor of size torch.Size([2, 3])');
    expect(() => prune.remove(linear, 'weight')).toThrow("Parameter 'weight' of module Linear(");
    expect(Object.keys(linear.stateDict())).toEqual(['weight', 'bias']);
  });
});

describe('orthogonal', () => {
  const { orthogonal } = nn.utils.parametrizations;
  const rounded = (t: Tensor): unknown => t.detach().double().mul(1e4).round().add(0).tolist();
  const cases = [
    [3, 3, null, true, [[-102, 5581, -8297], [-9996, -280, -66], [-269, 8293, 5582]], [[0, 0, 0], [-3598, 0, 0], [-7297, -3700, 0]]],
    [4, 2, 'cayley', true, [[-82, 4841], [-9055, -2283], [-4237, 4415], [-218, 7201]], [[0, 0], [-3844, 0], [411, 411], [3241, 3241]]],
    [2, 3, 'householder', false, [[-76, 5460, -8377], [-9727, -1983, -1204]], [[0, 22594, 13107], [0, 0, 32069]]],
  ] as const; // prettier-ignore

  it.each(cases)('gives %i rows of %i as PyTorch does, by %s', (rowsOf, columns, orthogonalMap, useTrivialization, weight, gradient) => {
    torch.manualSeed(0);
    const linear = orthogonal(new nn.Linear(columns, rowsOf), 'weight', { orthogonalMap, useTrivialization });
    linear(torch.ones(1, columns)).pow(2).sum().backward(); // prettier-ignore
    expect(rounded(linear.weight)).toEqual(weight);
    expect(rounded(linear.getParameter('parametrizations.weight.original').grad!)).toEqual(gradient);
  });

  it('refuses vectors and unknown maps', () => {
    expect(() => orthogonal(new nn.Linear(3, 3), 'bias')).toThrow('Expected a matrix or batch of matrices. Got a tensor of 1 dimensions.');
    expect(() => orthogonal(new nn.Linear(3, 3), 'weight', 'qr' as 'cayley')).toThrow('orthogonal_map has to be one of "matrix_exp"');
  });
});

describe('fusing', () => {
  const { fuseConvBnEval, fuseLinearBnEval } = nn.utils;
  const trained = <N extends torch.nn.BatchNorm1d | torch.nn.BatchNorm2d>(norm: N, x: Tensor): N => {
    norm(x);
    torch.noGrad(() => norm.weight!.uniform_());
    norm.eval();
    return norm;
  };
  const image = torch.randn(2, 3, 6, 6);

  it.each([
    ['Conv2d', new nn.Conv2d(3, 4, 3).eval(), false],
    ['ConvTranspose2d', new nn.ConvTranspose2d(3, 4, 3, { bias: false }).eval(), true],
  ] as const)('a batch normalisation into %s changes no output', (_, conv, transpose) => {
    const norm = trained(new nn.BatchNorm2d(4), torch.randn(5, 4, 3, 3).mul(3).add(1));
    const before = conv.weight.tolist();
    const both = norm(conv(image));
    expect(torch.allclose(fuseConvBnEval(conv as torch.nn.Conv2d, norm, transpose)(image), both, { atol: 1e-5 })).toBe(true);
    expect(conv.weight.tolist()).toEqual(before);
  });

  it('works for linear layers, in evaluation mode', () => {
    const norm = trained(new nn.BatchNorm1d(4), torch.randn(9, 4));
    const [linear, x] = [new nn.Linear(5, 4).eval(), torch.randn(3, 5)];
    expect(torch.allclose(fuseLinearBnEval(linear, norm)(x), norm(linear(x)), { atol: 1e-6 })).toBe(true);
    expect(() => fuseLinearBnEval(linear.train(), norm)).toThrow('Fusion only for eval!');
  });
});

it('pruning of several layers takes its options by name', () => {
  const [first, second] = [new nn.Linear(4, 1), new nn.Linear(4, 1)];
  prune.globalUnstructured(
    [
      [first, 'weight'],
      [second, 'weight'],
    ],
    { pruningMethod: prune.L1Unstructured, amount: 3 },
  );
  expect(first.weight.eq(0).sum().add(second.weight.eq(0).sum()).item()).toBe(3);
});
