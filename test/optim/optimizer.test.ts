import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { optim } = torch;
const parameter = (values: number[]) => torch.tensor(values, { requiresGrad: true });

describe('Optimizer', () => {
  test('groups have options of their own', () => {
    const [a, b] = [parameter([1]), parameter([1])];
    const optimizer = new optim.SGD([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1 });
    a.add(b).sum().backward();
    optimizer.step();
    expect([a.item(), b.item()].map((x) => Number(x).toFixed(4))).toEqual(['0.9000', '0.5000']);
  });

  test("state goes out and in under PyTorch's names", () => {
    const make = () => {
      const x = parameter([1, 2]);
      return { x, optimizer: new optim.Adam([x], { lr: 0.1 }) };
    };
    const step = ({ x, optimizer }: ReturnType<typeof make>) => {
      optimizer.zeroGrad();
      x.mul(x).sum().backward();
      optimizer.step();
    };
    const first = make();
    step(first);
    const saved = first.optimizer.stateDict();
    expect(Object.keys(saved.state[0]).sort()).toEqual(['exp_avg', 'exp_avg_sq', 'step']);
    expect(saved.param_groups[0]).toMatchObject({ lr: 0.1, weight_decay: 0, params: [0] });
    const second = make();
    second.x.data = first.x.detach().clone();
    second.optimizer.loadStateDict(saved);
    step(first);
    step(second);
    expect(second.x.tolist()).toEqual(first.x.tolist());
  });

  test('closures give the loss', () => {
    const x = parameter([3]);
    const optimizer = new optim.SGD([x], { lr: 0.1 });
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const y = x.mul(x).sum();
      y.backward();
      return y;
    });
    expect(loss!.item()).toBe(9);
    expect(Number(x.item()).toFixed(3)).toBe('2.400');
  });

  test('wrong options are refused', () => {
    expect(() => new optim.SGD([], { lr: 0.1 })).toThrow('optimizer got an empty parameter list');
    expect(() => new optim.Adam([parameter([1])], { lr: -1 })).toThrow('Invalid learning rate: -1');
    expect(() => new optim.SGD([parameter([1]).mul(2)], { lr: 0.1 })).toThrow("can't optimize a non-leaf Tensor");
    expect(() => new optim.SGD([parameter([1])], { nesterov: true })).toThrow('Nesterov momentum requires a momentum and zero dampening');
  });
});
