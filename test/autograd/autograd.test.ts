import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const leaf = (data: number[], dtype = torch.float64) => torch.tensor(data, { dtype, requiresGrad: true });

describe('backward', () => {
  it('adds to the gradients of leaves', () => {
    const x = leaf([1, 2, 3]);
    x.mul(x).sum().backward();
    x.mul(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([4, 8, 12]);
  });

  it('walks a chain of 100,000 nodes', () => {
    const x = leaf([1]);
    let y: torch.Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.add(1);
    y.backward();
    expect(x.grad?.item()).toBe(1);
  });

  it('gives higher derivatives', () => {
    const x = leaf([2]);
    const y = x.pow(4);
    const [first] = torch.autograd.grad(y, x, { createGraph: true });
    const [second] = torch.autograd.grad(first, x, { createGraph: true });
    const [third] = torch.autograd.grad(second, x);
    expect([first.item(), second.item(), third.item()]).toEqual([32, 48, 48]);
  });

  it('keeps only what `inputs` names', () => {
    const [a, b] = [leaf([1]), leaf([2])];
    a.mul(b).backward({ inputs: [a] });
    expect([a.grad?.item(), b.grad]).toEqual([2, null]);
  });

  it('runs hooks on tensors and nodes', () => {
    const x = leaf([3]);
    const y = x.mul(2);
    y.retainGrad();
    y.registerHook((g) => g.mul(10));
    const seen: string[] = [];
    y.gradFn?.registerHook((inputs) => void seen.push(String(inputs[0])));
    y.backward();
    expect([x.grad?.item(), y.grad?.item()]).toEqual([20, 10]);
    expect(seen.map((each) => each.replace("device='reference:0', ", ''))).toEqual(['tensor([20.], dtype=torch.float64)']);
  });
});

describe('gradients that are written over', () => {
  it('are not those that two operations share', () => {
    const [x, y] = [leaf([1, -1]), leaf([2, 3])];
    const s = x.relu().add(y.relu());
    s.mul(s).sum().backward();
    expect([x.grad, y.grad].map((g) => g?.tolist())).toEqual([
      [6, 0],
      [6, 6],
    ]);
  });

  it('are not those that somebody keeps', () => {
    const x = leaf([1, -1]);
    const y = x.relu();
    const z = y.add(1).relu();
    y.retainGrad();
    const kept: torch.Tensor[] = [];
    z.registerHook((grad) => void kept.push(grad));
    z.mul(z).sum().backward({ retainGraph: true });
    expect([kept[0].tolist(), y.grad?.tolist(), x.grad?.tolist()]).toEqual([
      [4, 2],
      [4, 2],
      [4, 0],
    ]);
  });

  it('are not those that are asked for', () => {
    const x = leaf([1, -1]);
    const y = x.relu();
    const grads = torch.autograd.grad([y.mul(y).sum()], [y, x]);
    expect(grads.map((g) => g?.tolist())).toEqual([
      [2, 0],
      [2, 0],
    ]);
  });
});

describe('errors of backward', () => {
  it('refuses a second run', () => {
    const x = leaf([1]);
    const y = x.exp();
    y.backward();
    expect(() => y.backward()).toThrow(/Trying to backward through the graph a second time/);
  });

  it('refuses tensors without a graph', () => {
    expect(() => torch.ones(1).backward()).toThrow('element 0 of tensors does not require grad and does not have a grad_fn');
  });

  it('refuses vectors without a gradient', () => {
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow('grad can be implicitly created only for scalar outputs');
  });

  it('notices values that were overwritten', () => {
    const x = leaf([1]);
    const y = x.exp();
    const z = y.mul(y);
    y.add_(1);
    expect(() => z.backward()).toThrow(
      /modified by an inplace operation: \[torch.DoubleTensor \[1\]\].*is at version 1; expected version 0/,
    );
  });

  it('refuses to write leaves and views of leaves', () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow('a leaf Variable that requires grad is being used in an in-place operation.');
    expect(() => x.select(0, 0).add_(1)).toThrow('a view of a leaf Variable that requires grad is being used in an in-place operation.');
  });
});

describe('in-place writes', () => {
  it('through a view reach the graph of the base', () => {
    const [x, v] = [leaf([1, 2, 3]), leaf([5])];
    const y = x.mul(2);
    y.select(0, 1).copy_(v.select(0, 0));
    expect(String(y.gradFn)).toBe('<CopySlices>');
    y.mul(torch.tensor([1, 10, 100]))
      .sum()
      .backward();
    expect([x.grad?.tolist(), v.grad?.tolist()]).toEqual([[2, 0, 200], [10]]);
  });

  it('renew the graph of other views', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const view = y.view(2, 1);
    y.mul_(3);
    view.sum().backward();
    expect(x.grad?.tolist()).toEqual([3, 3]);
  });
});

describe('functions that give several views', () => {
  it('are one node, whose gradient is put together from parts', () => {
    const x = torch.ones([3, 4], { requiresGrad: true });
    const [first, , last] = x.mul(2).unbind(0);
    expect(String(first.gradFn)).toContain('UnbindBackward0');
    const [left] = x.split([1, 3], 1);
    expect(String(left.gradFn)).toContain('SplitWithSizesBackward0');
    first.sum().add(last.mul(3).sum()).add(left.sum()).backward();
    expect(x.grad?.tolist()).toEqual([
      [3, 2, 2, 2],
      [1, 0, 0, 0],
      [7, 6, 6, 6],
    ]);
  });

  it('refuse to have one of them written', () => {
    const [, part] = torch.ones([4], { requiresGrad: true }).mul(1).chunk(2);
    expect(() => part.mul_(2)).toThrow('Output 1 of Split is a view and is being modified inplace.');
    expect(part.tolist()).toEqual([1, 1]);
    const [free] = torch.unsafeChunk(torch.ones([4], { requiresGrad: true }).mul(1), 2);
    expect(String(free.mul_(2).gradFn)).toContain('MulBackward0');
  });
});

describe('modes', () => {
  it('noGrad, with a body and as a scope', () => {
    const x = leaf([1]);
    expect(torch.noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    const scope = torch.noGrad();
    expect(torch.isGradEnabled()).toBe(false);
    scope[Symbol.dispose]();
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('inference tensors stay out of graphs', () => {
    const t = torch.inferenceMode(() => torch.ones(2).mul(2));
    expect(() => t.mul(leaf([1, 2]))).toThrow(/Inference tensors cannot be saved for backward/);
  });
});

describe('autograd.Function', () => {
  class Square extends torch.autograd.Function {
    static override forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor): torch.Tensor {
      ctx.saveForBackward(x);
      return x.mul(x);
    }
    static override backward(ctx: torch.autograd.FunctionContext, grad: torch.Tensor): torch.Tensor {
      return grad.mul(ctx.savedTensors[0]).mul(2);
    }
  }

  it("differentiates users' operations, twice", () => {
    const x = leaf([1, -2, 3]);
    expect(String(Square.apply(x).gradFn)).toBe('<SquareBackward>');
    expect(torch.autograd.gradcheck((t) => Square.apply(t), x)).toBe(true);
    expect(torch.autograd.gradgradcheck((t) => Square.apply(t), x)).toBe(true);
  });
});

describe('gradcheck', () => {
  it('finds wrong gradients', () => {
    class Wrong extends torch.autograd.Function {
      static override forward(_ctx: torch.autograd.FunctionContext, x: torch.Tensor): torch.Tensor {
        return x.mul(2);
      }
      static override backward(_ctx: torch.autograd.FunctionContext, grad: torch.Tensor): torch.Tensor {
        return grad;
      }
    }
    expect(() => torch.autograd.gradcheck((t) => Wrong.apply(t), leaf([1]))).toThrow(/Jacobian mismatch/);
  });

  const operations: [string, (x: torch.Tensor) => torch.Tensor][] = [
    ['sigmoid', (x) => x.sigmoid()],
    ['tanh', (x) => x.tanh()],
    ['log1p', (x) => x.abs().log1p()],
    ['var', (x) => x.var()],
    ['prod', (x) => x.prod()],
    ['cumprod', (x) => x.cumprod(0)],
    ['logsumexp', (x) => x.logsumexp(0)],
    ['matmul', (x) => x.view(2, 2).matmul(x.view(2, 2))],
    ['index', (x) => x.at(torch.tensor([0, 2, 2])) as torch.Tensor],
    ['unfold', (x) => x.unfold(0, 3, 1)],
    ['std', (x) => x.std()],
    ['norm', (x) => x.square().sum().sqrt()],
  ];
  for (const [name, f] of operations) {
    it(`${name}: first and second derivatives`, () => {
      const x = leaf([0.3, -1.2, 2.5, 0.7]);
      expect(torch.autograd.gradcheck(f, x)).toBe(true);
      expect(torch.autograd.gradgradcheck(f, x)).toBe(true);
    });
  }
});

describe('functions with setupContext', () => {
  const needed: boolean[] = [];
  class Scaled extends torch.autograd.Function {
    static override forward(x: torch.Tensor, y: torch.Tensor, factor: number): torch.Tensor {
      return x.mul(y).mul(factor);
    }
    static setupContext(ctx: torch.autograd.FunctionContext, [x, y, factor]: [torch.Tensor, torch.Tensor, number], output: torch.Tensor) {
      ctx.saveForBackward(x, y, output);
      ctx.factor = factor;
    }
    static vjp(ctx: torch.autograd.FunctionContext, grad: torch.Tensor) {
      const [x, y] = ctx.savedTensors;
      needed.push(...ctx.needsInputGrad);
      return [grad.mul(y).mul(ctx.factor as number), grad.mul(x), null];
    }
  }

  it('get no context in forward', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    const y = Scaled.apply(x, torch.tensor([3, 4]), 2);
    expect(y.gradFn?.name).toBe('ScaledBackward');
    y.sum().backward();
    expect(needed).toEqual([true, false, false]);
    expect([y.tolist(), x.grad?.tolist()]).toEqual([
      [6, 16],
      [6, 8],
    ]);
  });
});
