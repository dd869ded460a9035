import { describe, expect, test, vi } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
const ones = torch.ones(1, 2);

class Scaled extends nn.Module {
  override forward(x: torch.Tensor, { scale = 1 }: { scale?: number } = {}): torch.Tensor {
    if (scale < 0) throw new Error('negative scale');
    return x.mul(scale);
  }
}

describe('forward hooks', () => {
  test('see the options apart where they want to', () => {
    const net = new Scaled();
    const seen: unknown[] = [];
    net.registerForwardPreHook((_, args, kwargs) => [args, { scale: (kwargs.scale as number) + 1 }], { withKwargs: true });
    net.registerForwardHook((_, args, kwargs, output) => void seen.push(args.length, kwargs, output), { withKwargs: true });
    const y = net(ones, { scale: 2 });
    expect(y.tolist()).toEqual([[3, 3]]);
    expect(seen.slice(0, 2)).toEqual([1, { scale: 3 }]);
    expect(seen[2]).toBe(y);
    net.registerForwardPreHook((() => [1, 2, 3]) as never, { withKwargs: true });
    expect(() => net(ones)).toThrow('forward pre-hook must return None or a tuple of (new_args, new_kwargs)');
  });

  test('run in order, the prepended first and the global before all', () => {
    const net = new nn.Identity();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    net.registerForwardPreHook(note('second'));
    net.registerForwardPreHook(note('first'), { prepend: true });
    const handles = [
      nn.modules.module.registerModuleForwardPreHook(note('global')),
      nn.modules.module.registerModuleForwardHook(note('global after')),
    ];
    net.registerForwardHook(note('after'));
    net(ones);
    expect(order).toEqual(['global', 'first', 'second', 'global after', 'after']);
    for (const handle of handles) handle.remove();
    net(ones);
    expect(order.slice(5)).toEqual(['first', 'second', 'after']);
  });

  test('run in spite of an error where they always run', () => {
    const net = new Scaled();
    const seen: unknown[] = [];
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    net.registerForwardHook(() => void seen.push('never'));
    net.registerForwardHook((_, [x]) => void seen.push(x), { alwaysCall: true });
    net.registerForwardHook(
      () => {
        throw new Error('of the hook');
      },
      { alwaysCall: true },
    );
    expect(() => net(ones, { scale: -1 })).toThrow('negative scale');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBe(ones);
    expect(warn.mock.calls[0][0]).toContain('silenced as another error was raised in forward: of the hook');
    warn.mockRestore();
  });

  test('change what backward hooks see', () => {
    const net = new nn.Identity();
    const grads: unknown[] = [];
    net.registerForwardHook((_module, _args, output) => (output as torch.Tensor).mul(2));
    net.registerFullBackwardHook((_, gradInput, gradOutput) => void grads.push(gradInput[0]?.tolist(), gradOutput[0]?.tolist()));
    const handle = nn.modules.module.registerModuleFullBackwardPreHook((_, [grad]) => grad?.mul(10));
    net(torch.ones(1, { requiresGrad: true }))
      .sum()
      .backward();
    expect(grads).toEqual([[20], [10]]);
    handle.remove();
  });
});

class Counter extends nn.Module {
  fc = new nn.Linear(2, 1);
  count = 7;
  override getExtraState(): number {
    return this.count;
  }
  override setExtraState(count: number): void {
    this.count = count;
  }
}

describe('hooks around the state', () => {
  test('see and change what is saved', () => {
    const net = new nn.Sequential(new nn.Linear(2, 1));
    const seen: unknown[] = [];
    net.registerStateDictPreHook((_, prefix, keepVars) => void seen.push(prefix, keepVars));
    (net.at(0) as torch.nn.Linear).registerStateDictPostHook((_, state, prefix) => {
      seen.push(prefix);
      state[`${prefix}extra`] = ones;
      delete state[`${prefix}bias`];
    });
    expect(Object.keys(net.stateDict({ prefix: 'net.' }))).toEqual(['net.0.weight', 'net.0.extra']);
    expect(seen).toEqual(['net.', false, 'net.0.']);
    const weight = (net.at(0) as torch.nn.Linear).weight;
    expect(net.stateDict({ keepVars: true })['0.weight']).toBe(weight);
    const destination = { other: ones };
    expect(net.stateDict({ destination })).toBe(destination);
    expect(Object.keys(destination)).toEqual(['other', '0.weight', '0.extra']);
  });

  test('see and change what is loaded', () => {
    const net = new nn.Sequential(new nn.Linear(2, 1));
    const inner = net.at(0) as torch.nn.Linear;
    inner.registerLoadStateDictPreHook((_, state, prefix, metadata, strict, missing, unexpected, errors) => {
      expect([Object.keys(state), prefix, metadata, strict, missing, unexpected, errors]).toEqual([['0.w'], '0.', {}, true, [], [], []]);
      state[`${prefix}weight`] = state[`${prefix}w`];
      delete state[`${prefix}w`];
    });
    const handle = net.registerLoadStateDictPostHook((_, { missingKeys }) => {
      expect(inner.weight.tolist()).toEqual([[1, 1]]);
      missingKeys.splice(missingKeys.indexOf('0.bias'), 1);
    });
    const given = { '0.w': ones };
    expect(net.loadStateDict(given)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(Object.keys(given)).toEqual(['0.w']);
    handle.remove();
    expect(() => net.loadStateDict(given)).toThrow('Missing key(s) in state_dict: "0.bias"');
  });

  test('a module keeps more than tensors', () => {
    const net = new nn.Sequential(new Counter());
    const state = net.stateDict();
    expect(Object.keys(state)).toEqual(['0._extra_state', '0.fc.weight', '0.fc.bias']);
    (net.at(0) as Counter).count = 0;
    net.loadStateDict(state);
    expect((net.at(0) as Counter).count).toBe(7);
    expect(() => new nn.Linear(2, 1).getExtraState()).toThrow('should never be called');
    delete state['0._extra_state'];
    expect(() => net.loadStateDict(state)).toThrow('Missing key(s) in state_dict: "0._extra_state"');
  });

  test('errors come in PyTorch’s order and words', () => {
    const net = new nn.Linear(2, 1);
    expect(() => net.loadStateDict({ w: ones, bias: torch.zeros(2) })).toThrow(
      'Error(s) in loading state_dict for Linear:\n\tMissing key(s) in state_dict: "weight". \n\tUnexpected key(s) in state_dict: "w". \n\tsize mismatch for bias:',
    );
    expect(() => net.loadStateDict(3 as never)).toThrow("Expected state_dict to be dict-like, got <class 'int'>.");
    expect(() => net.loadStateDict({ weight: 3 as never, bias: torch.zeros(1) })).toThrow(
      'While copying the parameter named "weight", expected torch.Tensor or Tensor-like object from checkpoint but received <class \'int\'>',
    );
  });

  test('batch norm loads states without a count', () => {
    const { num_batches_tracked: _, ...state } = new nn.BatchNorm1d(2).stateDict();
    expect(new nn.BatchNorm1d(2).loadStateDict(state).missingKeys).toEqual([]);
  });
});

describe('finding and replacing', () => {
  const net = new nn.Sequential(new nn.Sequential(new nn.BatchNorm1d(2), new nn.ReLU()));

  test('by dotted name', () => {
    expect(net.getBuffer('0.0.running_mean').tolist()).toEqual([0, 0]);
    expect(net.getParameter('0.0.weight').tolist()).toEqual([1, 1]);
    expect(net.getSubmodule('')).toBe(net);
    expect(() => net.getBuffer('0.0.weight')).toThrow('`weight` is not a buffer');
    expect(() => net.getParameter('0.0.running_mean')).toThrow('`running_mean` is not an nn.Parameter');
    expect(() => net.getSubmodule('0.2')).toThrow('Sequential has no attribute `2`');
    expect(() => net.getSubmodule('0.0.weight')).toThrow('`weight` is not an nn.Module');
  });

  test('submodules are put in place of others', () => {
    net.setSubmodule('0.1', new nn.Tanh());
    expect(String(net.getSubmodule('0.1'))).toBe('Tanh()');
    net.setSubmodule('0.more', new nn.ELU());
    expect(String(net.getSubmodule('0.more'))).toBe('ELU(alpha=1.0)');
    expect(() => net.setSubmodule('0.none', new nn.ELU(), { strict: true })).toThrow('Sequential has no attribute `none`');
    expect(() => net.setSubmodule('', new nn.ELU())).toThrow('Cannot set the submodule without a target name!');
    expect(() => net.setSubmodule('0.0.weight', new nn.ELU())).toThrow('`weight` is not an nn.Module');
  });

  test('names that nothing can have are refused', () => {
    const layer = new nn.Linear(2, 1);
    expect(() => layer.registerBuffer('a.b', ones)).toThrow('buffer name can\'t contain "."');
    expect(() => layer.registerBuffer('', ones)).toThrow('buffer name can\'t be empty string ""');
    expect(() => layer.registerBuffer('forward', ones)).toThrow("attribute 'forward' already exists");
    expect(() => layer.registerBuffer('mean', 3 as never)).toThrow("cannot assign 'int' object to buffer 'mean'");
    expect(() => layer.registerParameter('weight', ones as never)).toThrow("cannot assign 'Tensor' object to parameter 'weight'");
    expect(() => layer.addModule('weight', new nn.ReLU())).toThrow("attribute 'weight' already exists");
    expect(() => layer.addModule('act', 3 as never)).toThrow('int is not a Module subclass');
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
  });
});

describe('moving', () => {
  test('to a memory format, a type, or nowhere', () => {
    const conv = new nn.Conv2d(2, 3, 3).to({ memoryFormat: torch.channelsLast });
    expect(conv.weight.isContiguous({ memoryFormat: torch.channelsLast })).toBe(true);
    expect(conv.bias?.isContiguous()).toBe(true);
    expect(new nn.BatchNorm1d(2).type('float64').numBatchesTracked?.dtype).toBe(torch.float64);
    expect([...new nn.Linear(2, 3).toEmpty({ device: 'cpu' }).weight.shape]).toEqual([3, 2]);
  });

  test('shared modules are named once, or under every name', () => {
    const shared = new nn.Linear(2, 2);
    const net = new nn.Sequential(shared, shared);
    expect([...net.namedModules()].map(([name]) => name)).toEqual(['', '0']);
    expect([...net.namedModules({ removeDuplicate: false })].map(([name]) => name)).toEqual(['', '0', '1']);
    expect([...net.namedParameters('p', true, false)].map(([name]) => name)).toEqual(['p.0.weight', 'p.0.bias', 'p.1.weight', 'p.1.bias']);
    expect([...net.namedChildren()]).toHaveLength(1);
  });
});
