/** What PyTorch 2.13 prints, character for character. */
import { afterEach, expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const { nn, optim } = torch;
const weight = () => [new nn.Parameter(torch.ones(2, 2))];

afterEach(() => void torch.setPrintoptions({ profile: 'default', sciMode: null }));

it('pads what is not written scientifically by its own width', () => {
  torch.setPrintoptions({ precision: 2, sciMode: false });
  expect(String(torch.tensor([1e10, 1.5]))).toBe('tensor([10000000000.00,           1.50])');
});

it('prints the limits of dtypes', () => {
  expect(String(torch.finfo(torch.float16))).toBe(
    'finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, tiny=6.10352e-05, dtype=float16)',
  );
  expect(String(torch.finfo(torch.float32))).toBe(
    'finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=float32)',
  );
  expect(String(torch.iinfo(torch.int64))).toBe('iinfo(min=-9.22337e+18, max=9.22337e+18, dtype=int64)');
});

it.each<[string, string[], { toString(): string }]>([
  ['SGD', ['dampening: 0', 'lr: 1.0', 'momentum: 0'], new optim.SGD(weight(), { lr: 1 })],
  ['Adam', ['betas: (0.0, 0.9)', 'weight_decay: 0'], new optim.Adam(weight(), { betas: [0, 0.9] })],
  ['AdamW', ['weight_decay: 0.0'], new optim.AdamW(weight(), { weightDecay: 0 })],
  ['Adadelta', ['lr: 1.0', 'rho: 0.9'], new optim.Adadelta(weight())],
  ['ASGD', ['t0: 1000000.0'], new optim.ASGD(weight())],
  ['Rprop', ['step_sizes: (1e-06, 50)'], new optim.Rprop(weight())],
  ['LBFGS', ['lr: 1', 'history_size: 100'], new optim.LBFGS(weight())],
  ['Adafactor', ['d: 1.0', 'eps: (None, 0.001)', 'weight_decay: 0.0'], new optim.Adafactor(weight())],
  ['Muon', ['momentum: 0.95', 'ns_steps: 5', 'weight_decay: 0.1'], new optim.Muon(weight())],
])('%s tells floats from whole numbers', (_, lines, optimizer) => {
  const shown = String(optimizer).split('\n');
  for (const line of lines) expect(shown).toContain(`    ${line}`);
});

it('a lazy layer is a plain one after its first run', () => {
  const net = new nn.Sequential(new nn.LazyLinear(4), new nn.LazyBatchNorm1d());
  expect(String(net.at(0))).toBe('LazyLinear(in_features=0, out_features=4, bias=True)');
  expect(String((net.at(0) as torch.nn.Linear).weight)).toBe('<UninitializedParameter>');
  net(torch.ones(2, 3));
  expect(String(net.at(0))).toBe('Linear(in_features=3, out_features=4, bias=True)');
  expect(String(net.at(1))).toContain('BatchNorm1d(4, ');
  expect(String((net.at(0) as torch.nn.Linear).weight)).toContain('Parameter containing:\ntensor(');
});

it('transforms with exact quarter turns', () => {
  expect(String(torch.fft.fft(torch.arange(4).float()))).toBe('tensor([ 6.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])');
});
