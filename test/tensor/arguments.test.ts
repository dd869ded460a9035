/** Every optional argument by position, in PyTorch's order, or by name in one trailing options object (API.md, rule 3). */
import * as torch from 'typetorch';
import { describe, expect, it } from 'vitest';

const { nn, optim } = torch;
const parameter = (): torch.Tensor[] => [new nn.Parameter(torch.ones(2))];
const { BatchSampler, DistributedSampler, SequentialSampler, TensorDataset, randomSplit } = torch.utils.data;

describe('arguments', () => {
  it('of autograd.grad and backward', () => {
    const x = torch.ones(2, { requiresGrad: true });
    const y = x.mul(x);
    const gradOutputs = [torch.ones(2)];
    for (const rest of [[gradOutputs, true], [gradOutputs, { retainGraph: true }], [{ gradOutputs, retainGraph: true }]] as const) {
      expect(torch.autograd.grad(y, x, ...rest)[0].tolist()).toEqual([2, 2]);
    }
    torch.autograd.backward(y, gradOutputs, true);
    torch.autograd.backward([y], { gradTensors: gradOutputs, inputs: [x] });
    expect(x.grad?.tolist()).toEqual([4, 4]);
  });

  it('of autograd.grad with batches of vectors', () => {
    const x = torch.tensor([1, 2, 3], { requiresGrad: true });
    const [jacobian] = torch.autograd.grad(x.square(), x, torch.eye(3), { isGradsBatched: true });
    expect(jacobian.tolist()).toEqual([[2, 0, 0], [0, 4, 0], [0, 0, 6]]); // prettier-ignore
  });

  it('of optimizers', () => {
    expect(new optim.SGD(parameter(), 0.5, 0.25).paramGroups[0]).toMatchObject({ lr: 0.5, momentum: 0.25 });
    expect(new optim.SGD(parameter(), 0.5, { nesterov: true, momentum: 0.25 }).paramGroups[0]).toMatchObject({ lr: 0.5, nesterov: true });
    expect(new optim.Adagrad(parameter(), 0.5).paramGroups[0].lr).toBe(0.5);
    expect(new optim.RMSprop(parameter(), 0.5, 0.75).paramGroups[0].alpha).toBe(0.75);
    expect(new optim.Adam(parameter(), 0.5, [0.5, 0.25]).paramGroups[0].betas).toEqual([0.5, 0.25]);
    expect(new optim.AdamW(parameter(), { foreach: false } as object).paramGroups[0].weightDecay).toBe(1e-2);
    expect(new optim.LBFGS(parameter(), 0.5, 8).paramGroups[0]).toMatchObject({ maxIter: 8, maxEval: 10 });
    expect(() => new optim.SGD(parameter(), { learningRate: 1 } as object)).toThrow(
      "SGD.__init__() got an unexpected keyword argument 'learningRate'",
    );
    expect(() => new optim.SGD(parameter(), 0.5, { lr: 1 })).toThrow("got multiple values for argument 'lr'");
  });

  it('of the utilities of nn', () => {
    const [w] = parameter();
    w.grad = torch.tensor([3, 4]).float();
    expect(nn.utils.clipGradNorm_([w], { maxNorm: 10, normType: 1 }).item()).toBe(7);
    expect(nn.utils.clipGradNorm_([w], 10, 1).item()).toBe(7);
    expect(nn.utils.prune.l1Unstructured(new nn.Linear(10, 1), { name: 'weight', amount: 3 }).weight.eq(0).sum().item()).toBe(3);
    expect(() => nn.utils.prune.l1Unstructured(new nn.Linear(10, 1), 'weight')).toThrow('missing 1 required positional argument: "amount"');
    expect(Object.keys(nn.utils.spectralNorm(new nn.Linear(3, 2), { dim: 1 }).stateDict())).toContain('weight_u');
    expect(nn.functional.upsampleNearest(torch.ones(1, 1, 2, 2), 4).shape).toEqual(torch.ones(1, 1, 4, 4).shape);
    expect(new nn.Parameter(torch.ones(1), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(new nn.Buffer(torch.ones(1), { persistent: false }).persistent).toBe(false);
    expect(new torch.amp.GradScaler('cpu', 1024).getScale()).toBe(1024);
  });

  it('of data', () => {
    const data = new TensorDataset(torch.arange(5));
    const split = (...args: [torch.Generator] | [{ generator: torch.Generator }]): unknown =>
      randomSplit(data, [3, 2], ...args).map((part) => part.indices);
    expect(split(new torch.Generator().manualSeed(1))).toEqual(split({ generator: new torch.Generator().manualSeed(1) }));
    expect([...new BatchSampler(new SequentialSampler([5, 6, 7]), { batchSize: 2, dropLast: false })]).toEqual([[0, 1], [2]]);
    expect([...new DistributedSampler(data, 2, 1, false)]).toEqual([1, 3, 0]);
  });
});
