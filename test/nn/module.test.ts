import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;

class Block extends nn.Module {
  fc = new nn.Linear(3, 2);
  runningMean = new nn.Buffer(torch.zeros(2));
  scratch = new nn.Buffer(torch.zeros(1), false);
  scale = new nn.Parameter(torch.ones(2));
  plain = torch.ones(5);

  override forward(x: torch.Tensor): torch.Tensor {
    return this.fc(x).mul(this.scale).sub(this.runningMean);
  }
}

class Net extends nn.Module {
  first = new Block();
  layers = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
  head = new nn.Sequential(new nn.ReLU(), new nn.Dropout(0.2));

  override forward(x: torch.Tensor): torch.Tensor {
    let y = this.first(x);
    for (const layer of this.layers) y = (layer as torch.nn.Linear)(y);
    return this.head(y);
  }
}

describe('Module', () => {
  test('applies a layer of a Sequential as often as it stands there', () => {
    const twice = new nn.Linear(1, 1);
    torch.noGrad(() => (twice.weight.fill_(2), twice.bias!.fill_(0)));
    const net = new nn.Sequential(twice, twice);
    expect(net(torch.ones(1, 1)).item()).toBe(4);
    expect([...net]).toEqual([twice, twice]);
    expect([...net.children()]).toEqual([twice]);
  });

  test('is called like a function, with the types of forward', () => {
    const net = new Net();
    const y: torch.Tensor = net(torch.ones(4, 3));
    expect([...y.shape]).toEqual([4, 2]);
    expect(net).toBeInstanceOf(Net);
    expect(net).toBeInstanceOf(nn.Module);
    expect(typeof net).toBe('function');
  });

  test('names its state as PyTorch does', () => {
    const net = new Net();
    expect(Object.keys(net.stateDict())).toEqual([
      'first.scale',
      'first.running_mean',
      'first.fc.weight',
      'first.fc.bias',
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
    ]);
    expect([...net.namedParameters()].map(([name]) => name)).toContain('first.fc.weight');
    expect([...net.namedBuffers()].map(([name]) => name)).toEqual(['first.running_mean', 'first.scratch']);
    expect([...net.namedModules()].map(([name]) => name)).toEqual([
      '',
      'first',
      'first.fc',
      'layers',
      'layers.0',
      'layers.1',
      'head',
      'head.0',
      'head.1',
    ]);
  });

  test('prints as PyTorch does', () => {
    expect(String(new Net())).toBe(`Net(
  (first): Block(
    (fc): Linear(in_features=3, out_features=2, bias=True)
  )
  (layers): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
  )
  (head): Sequential(
    (0): ReLU()
    (1): Dropout(p=0.2, inplace=False)
  )
)`);
  });

  test('loads a state whole or not at all', () => {
    const [a, b] = [new Net(), new Net()];
    b.loadStateDict(a.stateDict());
    expect(b.first.fc.weight.tolist()).toEqual(a.first.fc.weight.tolist());
    const before = b.first.scale.tolist();
    const wrong = { ...a.stateDict(), 'first.scale': torch.zeros(2), 'first.fc.bias': torch.zeros(3) };
    expect(() => b.loadStateDict(wrong)).toThrow(
      'size mismatch for first.fc.bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([2]).',
    );
    expect(b.first.scale.tolist()).toEqual(before);
    expect(() => b.loadStateDict({})).toThrow('Missing key(s) in state_dict: "first.scale", "first.running_mean"');
    expect(b.loadStateDict({ other: torch.zeros(1) }, { strict: false }).unexpectedKeys).toEqual(['other']);
  });

  test('hooks change arguments and results', () => {
    const layer = new nn.Identity();
    const before = layer.registerForwardPreHook((_, [x]) => [(x as torch.Tensor).add(1)]);
    const after = layer.registerForwardHook((_module, _args, output) => (output as torch.Tensor).mul(2));
    expect(layer(torch.tensor([1])).tolist()).toEqual([4]);
    before.remove();
    expect(layer(torch.tensor([1])).tolist()).toEqual([2]);
    after.remove();
    expect(layer(torch.tensor([1])).tolist()).toEqual([1]);
  });

  test('train, eval and to reach everything below', () => {
    const net = new Net();
    net.eval();
    expect([...net.modules()].every((each) => !each.training)).toBe(true);
    net.double();
    expect(net.first.fc.weight.dtype).toBe(torch.float64);
    expect(net.first.runningMean.dtype).toBe(torch.float64);
    expect(() => net.to('int64')).toThrow('nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64');
  });

  test('gradients are cleared', () => {
    const net = new Net();
    net(torch.ones(1, 3)).sum().backward();
    expect(net.first.fc.weight.grad).not.toBeNull();
    net.zeroGrad();
    expect(net.first.fc.weight.grad).toBeNull();
  });

  test('mistakes are told', () => {
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow('in_channels must be divisible by groups');
    expect(() => new nn.Dropout(2)).toThrow('dropout probability has to be between 0 and 1, but got 2');
    expect(() => new nn.Linear(3, 2, { bais: true } as object)).toThrow("Linear() got an unexpected keyword argument 'bais'");
    expect(() => new Net().getSubmodule('nothing')).toThrow('has no attribute `nothing`');
  });
});

describe('what modules show and take', () => {
  test('lists and dicts of parameters print what they hold', () => {
    const list = new nn.ParameterList([torch.zeros(2), torch.ones(3, 1)]);
    expect(String(list)).toBe(
      'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2]\n    (1): Parameter containing: [torch.float32 of size 3x1]\n)',
    );
    expect(String(new nn.ParameterDict({ a: torch.zeros(2) }))).toMatch(
      /^ParameterDict\( {2}\(a\): Parameter containing: \[torch\.\S*FloatTensor of size 2\]\)$/,
    );
  });

  test('loading reports names as PyTorch does', () => {
    const net = new nn.Linear(2, 1);
    const { weight } = net.stateDict();
    expect(String(net.loadStateDict(net.stateDict()))).toBe('<All keys matched successfully>');
    const result = net.loadStateDict({ weight, other: weight }, { strict: false });
    expect(String(result)).toBe("_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['other'])");
    const [missing, unexpected] = result;
    expect([missing, unexpected]).toEqual([['bias'], ['other']]);
  });

  test('options by name', () => {
    const net = new nn.Sequential(new nn.Linear(2, 1));
    expect([...net.parameters({ recurse: false })]).toEqual([]);
    net.registerBuffer('hidden', torch.zeros(2), { persistent: false });
    expect(Object.keys(net.stateDict())).toEqual(['0.weight', '0.bias']);
  });
});

describe('slices of containers', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1));
  test('keep the names of a Sequential and count those of a list anew', () => {
    expect(String(net.at(':-1'))).toBe('Sequential(\n  (0): Linear(in_features=2, out_features=3, bias=True)\n  (1): ReLU()\n)');
    expect(Object.keys(net.at('1:').stateDict())).toEqual(['2.weight', '2.bias']);
    expect(net.at(':2')[0]).toBe(net[0]);
    expect([...new nn.ModuleList(net).at('::2')]).toEqual([net[0], net[2]]);
    expect(Object.keys(new nn.ModuleList(net).at('1:').stateDict())).toEqual(['1.weight', '1.bias']);
  });

  test('unpooling prints a size for every dim', () => {
    expect(String(new nn.MaxUnpool2d(2))).toBe('MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))');
    expect(String(new nn.MaxUnpool1d(3, 2))).toBe('MaxUnpool1d(kernel_size=(3,), stride=(2,), padding=(0,))');
  });
});
