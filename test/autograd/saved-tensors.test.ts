import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
const { graph } = torch.autograd;
const { checkpoint, checkpointSequential } = torch.utils.checkpoint;

describe('hooks on saved tensors', () => {
  test('keep something else until backward', () => {
    const x = torch.tensor([2, 3], { requiresGrad: true });
    const kept: torch.Tensor[] = [];
    const y = graph.savedTensorsHooks(
      (t) => kept.push(t) - 1,
      (i: number) => kept[i].mul(10),
      () => x.mul(x),
    );
    expect(kept.map((t) => [t.requiresGrad, t.tolist()])).toEqual(kept.map(() => [false, [2, 3]]));
    const [first] = torch.autograd.grad(y.sum(), x, { createGraph: true });
    expect(first?.tolist()).toEqual([40, 60]);
    expect(graph.getGradientEdge(first!).node.name).not.toBe('');
  });

  test('nest, can be forbidden, and must give tensors', () => {
    const x = torch.ones(1, { requiresGrad: true });
    const order: string[] = [];
    const noting = (name: string) => (t: torch.Tensor) => (order.push(name), t);
    graph.savedTensorsHooks(
      noting('outer'),
      (t: torch.Tensor) => t,
      () => {
        graph.savedTensorsHooks(
          noting('inner'),
          (t: torch.Tensor) => t,
          () => x.exp(),
        );
        x.exp();
      },
    );
    x.exp();
    expect(order).toEqual(['inner', 'outer']);
    const open = () =>
      graph.savedTensorsHooks(
        (t) => t,
        (t: torch.Tensor) => t,
        () => 1,
      );
    expect(() => graph.disableSavedTensorsHooks('not now', open)).toThrow('not now');
    expect(open()).toBe(1);
    const y = graph.savedTensorsHooks(
      () => 0,
      () => 3 as never,
      () => x.exp(),
    );
    expect(() => y.backward()).toThrow('Output of saved tensor unpack_hook expected to be a Tensor but got result of type number');
  });

  test('second derivatives go through them', () => {
    const x = torch.tensor([3], { requiresGrad: true, dtype: torch.float64 });
    const y = graph.savedTensorsHooks(
      (t) => t.clone(),
      (t: torch.Tensor) => t,
      () => x.mul(x).mul(x),
    );
    const [first] = torch.autograd.grad(y, x, { createGraph: true });
    expect([first?.item(), torch.autograd.grad(first!, x)[0]?.item()]).toEqual([27, 18]);
  });
});

describe('checkpoint', () => {
  const makeNet = () => {
    torch.manualSeed(0);
    return new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(8, 2));
  };
  const gradients = (net: torch.nn.Module): unknown[] => [...net.parameters()].map((p) => p.grad?.tolist());

  test('gives the same gradients, with the same random numbers', () => {
    const input = torch.ones(3, 4);
    const [plain, saving] = [makeNet(), makeNet()];
    torch.manualSeed(1);
    plain(input).pow(2).sum().backward();
    const after = torch.rand(1).item();
    torch.manualSeed(1);
    let runs = 0;
    const run = (x: torch.Tensor): torch.Tensor => (runs++, saving(x) as torch.Tensor);
    const y = checkpoint(run, [input]);
    expect(runs).toBe(1);
    y.pow(2).sum().backward();
    expect(runs).toBe(2);
    expect(torch.rand(1).item()).toBe(after);
    expect(gradients(saving)).toEqual(gradients(plain));
  });

  test('takes its arguments one by one, with options behind', () => {
    const [a, b] = [torch.ones(1, 2, { requiresGrad: true }), torch.full([1, 2], 3.5)];
    const y = checkpoint((x: torch.Tensor, w: torch.Tensor) => x.mul(w).mul(x), a, b, { useReentrant: false });
    y.sum().backward();
    expect([y.tolist(), a.grad?.tolist()]).toEqual([[[3.5, 3.5]], [[7, 7]]]);
    expect(checkpoint((x: torch.Tensor) => x.relu(), a).tolist()).toEqual([[1, 1]]);
  });

  test('in segments', () => {
    const input = torch.ones(3, 4, { requiresGrad: true });
    const layers = [new nn.Linear(4, 4), new nn.Tanh(), new nn.Linear(4, 4), new nn.Tanh()];
    const [expected] = torch.autograd.grad(new nn.Sequential(...layers)(input).sum(), input);
    const [found] = torch.autograd.grad(checkpointSequential(layers, 3, input).sum(), input);
    expect(found?.tolist()).toEqual(expected?.tolist());
  });

  test('a second run that does something else is an error', () => {
    const x = torch.ones(2, { requiresGrad: true });
    let runs = 0;
    const y = checkpoint((t: torch.Tensor) => (runs++ === 0 ? t.exp().sin() : t.exp()), [x]);
    expect(() => y.sum().backward()).toThrow('A different number of tensors was saved during the original forward and recomputation.');
  });
});
