import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { nn, optim } = torch;
const rounded = (values: unknown, digits = 4): string[] => (values as number[]).map((v) => v.toFixed(digits));

describe('numbers as PyTorch 2.13 gives them', () => {
  it('Muon', () => {
    torch.manualSeed(0);
    const weight = new nn.Parameter(torch.randn(4, 6));
    const optimizer = new optim.Muon([weight], { lr: 0.1 });
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      weight.mul(weight).sum().backward();
      optimizer.step();
    }
    expect(rounded(weight.detach().select(0, 0).tolist())).toEqual(['-0.9675', '-1.0404', '-0.1641', '-0.2640', '0.7552', '0.6377']);
    expect(() => new optim.Muon([new nn.Parameter(torch.ones(3))])).toThrow(/only supports 2D parameters/);
  });

  it('AdaptiveLogSoftmaxWithLoss', () => {
    torch.manualSeed(0);
    const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], { divValue: 2 });
    const x = torch.randn(6, 8);
    const { output, loss } = layer(x, torch.tensor([0, 4, 5, 9, 12, 19]));
    expect(Number(loss.item())).toBeCloseTo(3.10585, 5);
    expect(
      torch.allclose(
        output,
        layer
          .logProb(x)
          .gather(1, torch.tensor([[0], [4], [5], [9], [12], [19]]))
          .squeeze(1),
      ),
    ).toBe(true);
    expect(layer.predict(x).tolist()).toEqual([2, 4, 2, 1, 4, 3]);
    expect(() => layer(x, torch.tensor([0, 1, 2, 3, 4, 20]))).toThrow(/Target values should be in \[0, 19\]/);
  });

  it('SWALR', () => {
    const optimizer = new optim.SGD([new nn.Parameter(torch.ones(1))], { lr: 1 });
    const schedule = new optim.swaUtils.SWALR(optimizer, 0.1, { annealEpochs: 4 });
    const rates = Array.from({ length: 5 }, () => (schedule.step(), Number(optimizer.paramGroups[0].lr)));
    expect(rounded(rates, 5)).toEqual(['0.86820', '0.55000', '0.23180', '0.10000', '0.10000']);
  });
});

describe('averages of weights', () => {
  it('start at the model, then follow it; buffers are copied', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const mean = new optim.swaUtils.AveragedModel(model);
    const ema = new optim.swaUtils.AveragedModel(model, { multiAvgFn: optim.swaUtils.getEmaMultiAvgFn(0.9) });
    const weight = model.getParameter('0.weight');
    const start = weight.detach().clone();
    for (const each of [mean, ema]) each.updateParameters(model);
    torch.noGrad(() => weight.add_(1));
    for (const each of [mean, ema]) each.updateParameters(model);
    expect(torch.allclose(mean.module.getParameter('0.weight'), start.add(0.5))).toBe(true);
    expect(torch.allclose(ema.module.getParameter('0.weight'), start.add(0.1))).toBe(true);
    expect(Object.keys(mean.stateDict())[0]).toBe('n_averaged');
    expect(mean.nAveraged.item()).toBe(2);
  });

  it('updateBn computes the statistics of the whole loader', () => {
    const model = new nn.Sequential(new nn.BatchNorm1d(1));
    model.eval();
    optim.swaUtils.updateBn([torch.tensor([[0.0], [2.5]]), torch.tensor([[4.5], [5.5]])], model);
    expect(Number(model.stateDict()['0.running_mean'].item())).toBeCloseTo((1.25 + 5) / 2, 6);
    expect(model.training).toBe(false);
  });
});

describe('hooks on gradients', () => {
  it('see and replace the gradients of a module', () => {
    const layer = new nn.Linear(3, 2);
    const seen: string[] = [];
    layer.registerFullBackwardPreHook((_, [grad]) => [grad!.mul(3)]);
    const handle = layer.registerFullBackwardHook((_, [input], [output]) => {
      seen.push(`${String(input?.shape)} ${String(output?.shape)}`);
      return [input!.mul(2)];
    });
    const x = torch.ones(1, 3).requiresGrad_();
    layer(x).sum().backward();
    expect(seen).toEqual(['torch.Size([1, 3]) torch.Size([1, 2])']);
    expect(torch.allclose(x.grad!, layer.weight.detach().sum(0).mul(6).unsqueeze(0))).toBe(true);
    expect(torch.allclose(layer.weight.grad!, torch.full([2, 3], 3.0, { dtype: torch.float32 }))).toBe(true);
    handle.remove();
    x.grad = null;
    layer(x).sum().backward();
    expect(seen.length).toBe(1);
  });
});

// Losses of PyTorch 2.13: a line search gets no more evaluations than `step` has left.
it('LBFGS on the Rosenbrock function', () => {
  const at = torch.tensor([-1.2, 1], { dtype: 'float64', requiresGrad: true });
  const optimizer = new optim.LBFGS([at], { maxIter: 10, historySize: 5, lineSearchFn: 'strong_wolfe' });
  const closure = () => {
    optimizer.zeroGrad();
    const [x, y] = [at.at(0), at.at(1)];
    const loss = x.sub(1).square().add(y.sub(x.square()).square().mul(100));
    loss.backward();
    return loss;
  };
  const losses = Array.from({ length: 4 }, () => Number(optimizer.step(closure)!.item()).toFixed(6));
  expect(losses).toEqual(['24.200000', '2.798223', '0.417969', '0.025065']);
  expect(String(optimizer)).toContain('    line_search_fn: strong_wolfe\n');
  expect(String(optimizer)).toContain('    tolerance_change: 1e-09\n');
});
