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

describe('hooks of optimizers', () => {
  test('run around every step', () => {
    const w = parameter([1]);
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const order: string[] = [];
    const handles = [
      optim.optimizer.registerOptimizerStepPreHook(() => void order.push('global before')),
      optim.optimizer.registerOptimizerStepPostHook(() => void order.push('global after')),
    ];
    optimizer.registerStepPreHook((each, args) => {
      expect([each, args]).toEqual([optimizer, [undefined]]);
      order.push('before');
      return [[() => w.mul(3).sum()], {}];
    });
    optimizer.registerStepPostHook((_, [closure]) => void order.push(`after ${closure!().item()}`));
    expect(optimizer.step()?.item()).toBe(3);
    expect(order).toEqual(['global before', 'before', 'after 3', 'global after']);
    for (const handle of handles) handle.remove();
    optimizer.registerStepPreHook(() => 3 as never);
    expect(() => optimizer.step()).toThrow('must return None or a tuple of (new_args, new_kwargs), but got 3.');
  });

  test('run around saving and loading', () => {
    const optimizer = new optim.SGD([parameter([1])], { lr: 0.1 });
    const order: string[] = [];
    optimizer.registerStateDictPreHook(() => void order.push('second'));
    optimizer.registerStateDictPreHook(() => void order.push('first'), { prepend: true });
    optimizer.registerStateDictPostHook((_, state) => ({ ...state, param_groups: [{ ...state.param_groups[0], lr: 0.5 }] }));
    const state = optimizer.stateDict();
    optimizer.registerLoadStateDictPreHook((_, given) => void (given.param_groups = [{ ...given.param_groups[0], momentum: 0.9 }]));
    optimizer.registerLoadStateDictPostHook((each) => void order.push(`loaded ${each.paramGroups[0].momentum}`));
    optimizer.loadStateDict(state);
    expect(order).toEqual(['first', 'second', 'loaded 0.9']);
    expect(optimizer.paramGroups[0].lr).toBe(0.5);
    expect(state.param_groups[0].momentum).toBe(0);
  });

  test('names of parameters are kept', () => {
    const optimizer = new optim.SGD(new torch.nn.Linear(1, 1).namedParameters(), { lr: 0.1 });
    expect(optimizer.stateDict().param_groups[0].param_names).toEqual(['weight', 'bias']);
    expect(String(optimizer)).toContain("    param_names: ['weight', 'bias']\n");
    expect(() => new optim.SGD([['a', parameter([1])], parameter([1])] as never, { lr: 0.1 })).toThrow('Some param names are missing');
  });
});

test('a rate that is a tensor rounds weight decay as PyTorch does', () => {
  const w = torch.tensor([3.5], { dtype: torch.float64, requiresGrad: true });
  const optimizer = new torch.optim.AdamW([w], { lr: torch.tensor(0.02, { device: 'cpu' }) });
  w.grad = torch.tensor([1], { dtype: torch.float64 });
  optimizer.step();
  expect(w.item()).toBeCloseTo(3.479300093851, 8);
});

test('a multiplicative schedule behind another multiplies from its first epoch', () => {
  const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 0.01 });
  const { ExponentialLR, MultiplicativeLR, SequentialLR } = torch.optim.lrScheduler;
  const schedulers = [new ExponentialLR(optimizer, 0.9), new MultiplicativeLR(optimizer, () => 0.95)];
  const schedule = new SequentialLR(optimizer, schedulers, [2]);
  schedule.step();
  schedule.step();
  expect(schedule.getLastLr()[0]).toBeCloseTo(0.00855, 12);
});

test('a scheduler on a plateau saves its options too', () => {
  const scheduler = (options: { patience?: number; factor?: number }) =>
    new optim.lrScheduler.ReduceLROnPlateau(new optim.SGD([parameter([1.5])], { lr: 1 }), options);
  const saved = scheduler({ patience: 0, factor: 0.25 }).stateDict();
  expect(saved).toMatchObject({ factor: 0.25, min_lrs: [0], patience: 0, eps: 1e-8, mode: 'min', threshold_mode: 'rel' });
  const other = scheduler({});
  other.loadStateDict(saved);
  other.step(1);
  other.step(1);
  expect(other.getLastLr()).toEqual([0.25]);
});
