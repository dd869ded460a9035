import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
type Tensor = torch.Tensor;

it('synchronised batch norms replace batch norms and share their state', () => {
  const model = new nn.Sequential(new nn.Conv2d(1, 2, 1), new nn.Sequential(new nn.BatchNorm2d(2)));
  const x = torch.randn(2, 1, 3, 3);
  const expected = model.eval()(x);
  const state = Object.keys(model.stateDict());
  const converted = nn.SyncBatchNorm.convertSyncBatchnorm(model) as torch.nn.Sequential;
  expect(String(converted)).toContain('SyncBatchNorm(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)');
  expect(Object.keys(converted.stateDict())).toEqual(state);
  expect(torch.equal(converted(x), expected)).toBe(true);
  expect(() => new nn.SyncBatchNorm(3)(torch.ones(4))).toThrow('expected at least 2D input (got 1D input)');
});

it('modules know their families', () => {
  expect([new nn.LSTM(2, 3) instanceof nn.RNNBase, new nn.GRUCell(2, 3) instanceof nn.RNNCellBase]).toEqual([true, true]);
  expect(new nn.NLLLoss2d() instanceof nn.NLLLoss).toBe(true);
});

it('skipInit draws no random numbers', () => {
  torch.manualSeed(5);
  const layer = nn.utils.skipInit(nn.Linear, 3, 2);
  const drawn = torch.rand(1).item();
  torch.manualSeed(5);
  expect([layer.weight.shape.join(), torch.rand(1).item()]).toEqual(['2,3', drawn]);
});

it('one step of a cell is a function', () => {
  const [x, h, c] = [torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4)];
  const weights = (cell: torch.nn.RNNCellBase) => [cell.weightIh, cell.weightHh, cell.biasIh, cell.biasHh] as const;
  const [lstm, gru, relu] = [new nn.LSTMCell(3, 4), new nn.GRUCell(3, 4), new nn.RNNCell(3, 4, { nonlinearity: 'relu' })];
  expect(torch.lstmCell(x, [h, c], ...weights(lstm)).map(String)).toEqual(lstm(x, [h, c]).map(String));
  expect(String(torch.gruCell(x, h, ...weights(gru)))).toBe(String(gru(x, h)));
  expect(String(torch.rnnReluCell(x, h, ...weights(relu)))).toBe(String(relu(x, h)));
});

// Expected values were printed by PyTorch 2.13.
it('convolves over time first', () => {
  const x = torch.arange(24).float().reshape(4, 2, 3);
  const weight = torch.arange(12).float().reshape(2, 3, 2);
  const first = torch.convTbc(x, weight, torch.tensor([1, 2]).float(), 1);
  expect(first.at(0).tolist()).toEqual([[29, 33], [101, 114]]); // prettier-ignore
  expect(first.at(-1).tolist()).toEqual([[119, 177], [137, 204]]); // prettier-ignore
  expect(() => torch.convTbc(x, weight, torch.ones(3))).toThrow('Bias size must equal dim 2 in the weight tensor (output channels).');
});

it('draws binomial numbers as PyTorch does', () => {
  torch.manualSeed(0);
  const counts = torch.tensor([100, 10, 1000, 5, 50]).float();
  expect(torch.binomial(counts, torch.tensor([0.5, 0.1, 0.9, 0.7, 0.3])).tolist()).toEqual([49, 2, 904, 4, 11]);
  torch.manualSeed(1);
  const [forty, p] = [torch.full([6], 40, { dtype: torch.float64 }), torch.tensor(0.45, { dtype: torch.float64 })];
  expect(torch.binomial(forty, p).tolist()).toEqual([12, 15, 19, 18, 19, 18]);
  expect(() => torch.binomial(counts, p)).toThrow('Found dtype Double but expected Float');
});

it('asarray shares memory, copies, or refuses to', () => {
  const [array, x] = [new Float32Array([1, 2]), torch.ones(2, { requiresGrad: true })];
  const [shared, copied] = [torch.asarray(array), torch.asarray(array, { copy: true })];
  array[0] = 5;
  expect([shared.tolist(), copied.tolist()]).toEqual([[5, 2], [1, 2]]); // prettier-ignore
  expect([torch.asarray(x).requiresGrad, torch.asarray([1.5], { requiresGrad: true }).requiresGrad]).toEqual([false, true]);
  expect(() => torch.asarray([1, 2], { copy: false })).toThrow("can't alias arbitrary sequence into a tensor.");
});

it('keeps what users ask of precision and determinism', () => {
  torch.useDeterministicAlgorithms(true, { warnOnly: true });
  expect([torch.areDeterministicAlgorithmsEnabled(), torch.isDeterministicAlgorithmsWarnOnlyEnabled()]).toEqual([true, true]);
  torch.setDeterministicDebugMode('default');
  expect([torch.areDeterministicAlgorithmsEnabled(), torch.getDeterministicDebugMode()]).toEqual([false, 0]);
  expect(() => torch.setDeterministicDebugMode('loud' as 'warn')).toThrow('expected one of `default`, `warn`, `error`, but got loud');
  torch.setFloat32MatmulPrecision('high');
  expect(torch.getFloat32MatmulPrecision()).toBe('high');
  torch.setFloat32MatmulPrecision('highest');
});

it('tensors say what they are not', () => {
  const x: Tensor = torch.ones(2);
  expect([x.isSparse, x.isQuantized, x.isMeta, x.isNested, torch.isConj(x), torch.isNeg(x), torch.isDistributed(x)]).not.toContain(true);
  expect(torch.getDevice(x)).toBe(-1);
});

describe('containers', () => {
  const [relu, tanh, gelu] = [new nn.ReLU(), new nn.Tanh(), new nn.GELU()];

  it('take modules in and give them away', () => {
    const net = new nn.Sequential(relu).extend([gelu]).insert(1, tanh);
    expect([...net]).toEqual([relu, tanh, gelu]);
    expect([net.pop(0), net.pop(), [...net.namedChildren()]]).toEqual([relu, gelu, [['0', tanh]]]);
    expect(() => net.pop(3)).toThrow('index 3 is out of range');
    const choices = new nn.ModuleDict({ relu, tanh });
    expect([choices.pop('relu'), [...choices.keys()]]).toEqual([relu, ['tanh']]);
    choices.clear();
    expect([...choices.values()]).toEqual([]);
    expect(() => choices.pop('tanh')).toThrow("'tanh'");
  });

  it('hold parameters by name', () => {
    const weights = new nn.ParameterDict([['scale', torch.ones(2)]]);
    weights.update({ shift: torch.zeros(2) });
    expect([[...weights.keys()], [...weights.values()].every((each) => each.requiresGrad)]).toEqual([['scale', 'shift'], true]);
    expect(weights.pop('scale').tolist()).toEqual([1, 1]);
    expect([...weights.items()].map(([name]) => name)).toEqual(Object.keys(weights.stateDict()));
    weights.clear();
    expect([...weights.parameters()]).toEqual([]);
    expect(new nn.ParameterList([torch.ones(1)]).extend([torch.ones(2)]).size).toBe(2);
  });
});

it('activations go by their names in torch and torch.special', () => {
  const x = torch.tensor([-1.5, 2]);
  expect(torch.special.softmax(x, 0).tolist()).toEqual(torch.softmax(x, 0).tolist());
  expect(torch.threshold_(x.clone(), 1, -1).tolist()).toEqual([-1, 2]);
});
