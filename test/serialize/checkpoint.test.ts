import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import '../../src/device/reference/index.js';
import { fixCrc } from './archive.js';

const { nn, optim } = torch;
// Written by PyTorch 2.13: scripts/fixtures/checkpoints.py
const fixture = (name: string): string => new URL(`../fixtures/serialize/${name}`, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'typetorch-'));

interface Values {
  dtypes: Record<string, torch.Tensor>;
  [name: string]: unknown;
}

const load = (): Values => torch.load<Values>(fixture('values.pt'));

function checkValues(values: Values): void {
  expect(Object.keys(values.dtypes)).toHaveLength(12);
  for (const [name, x] of Object.entries(values.dtypes)) {
    expect(x.dtype.name).toBe(name);
    expect(x.float().tolist()).toEqual(
      name === 'bool' ? [0, 1, 1] : x.dtype.isFloatingPoint || x.dtype.isComplex ? [0, 1, 2.5] : [0, 1, 2],
    );
  }
  const { view, transposed, grad, parameter, empty, scalar } = values as Record<string, torch.Tensor>;
  expect(view.tolist()).toEqual([
    [4, 6],
    [8, 10],
  ]);
  expect(transposed.stride()).toEqual([1, 4]);
  expect(grad.requiresGrad).toBe(true);
  expect(parameter).toBeInstanceOf(nn.Parameter);
  expect([empty.shape.toString(), scalar.item()]).toEqual(['torch.Size([0, 3])', 7]);
  expect(values.ordered).toEqual({ b: 1, a: 2 });
  expect(Object.entries(values).find(([key]) => key === '__proto__')?.[1]).toEqual({ polluted: true });
  expect('polluted' in {}).toBe(false);
  expect((values.ints as Record<number, string>)[2]).toBe('two');
  expect(values.mixed).toEqual(
    new Map<unknown, unknown>([
      [-1, 'minus'],
      ['x', 1.5],
    ]),
  );
  expect(values.list).toEqual([1, -1, 300, 70000, 2 ** 40, 2n ** 53n + 1n, -(2n ** 70n), 0.1, Infinity, true, null, 'héllo']);
  expect(values.tuple).toEqual([1, [2, 3], [4]]);
  expect(Object.isFrozen(values.tuple)).toBe(true);
  expect(values.set).toEqual(new Set([1, 2, 3]));
  expect([...(values.bytes as Uint8Array), ...(values.bytearray as Uint8Array)]).toEqual([0, 255, 97, 98, 120, 121]);
  expect(values.complex).toEqual({ re: 1, im: 2 });
  expect([values.size, values.dtype, values.device].map(String)).toEqual(['torch.Size([2, 3])', 'torch.bfloat16', 'cpu']);
  expect((values.noted as torch.Tensor).tolist()).toEqual([0, 1]);
  const cycle = values.cycle as unknown[];
  expect(cycle[1]).toBe(cycle);
}

test("values of PyTorch's checkpoint", () => {
  const values = load();
  expect(Object.keys(values)).toHaveLength(23);
  checkValues(values);
});

test('what was loaded can be saved again', () => {
  const path = join(folder, 'again.pt');
  torch.save(load(), path);
  checkValues(torch.load(path));
  checkValues(torch.load(torch.save(load())));
  expect(readdirSync(folder)).toEqual(['again.pt']);
});

test('tensors that share memory still share it', () => {
  const { base, view } = torch.load<Record<string, torch.Tensor>>(torch.save(load()));
  base.fill_(9);
  expect(view.tolist()).toEqual([
    [9, 9],
    [9, 9],
  ]);
});

test('pickles of protocol 5', () => {
  const { x, n } = torch.load<{ x: torch.Tensor; n: unknown }>(fixture('protocol5.pt'));
  expect([x.tolist(), n]).toEqual([
    [1, 1],
    [1, [2]],
  ]);
});

const makeNet = (): torch.nn.Sequential => new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));

test('a model and an optimizer of PyTorch load, and load again from here', () => {
  const [model, optimizer] = trained(fixture('training.pt'));
  const path = join(folder, 'training.pt');
  torch.save({ model: model.stateDict(), optimizer: optimizer.stateDict() }, path);
  const [again, optimizerAgain] = trained(path);
  for (const [name, value] of Object.entries(model.stateDict()))
    expect([name, torch.equal(value, again.stateDict()[name])]).toEqual([name, true]);
  expect(String(optimizerAgain.stateDict().state[4].exp_avg)).toBe(String(optimizer.stateDict().state[4].exp_avg));
  expect(optimizerAgain.stateDict().param_groups[0]).toMatchObject({ lr: 0.01, betas: [0.9, 0.999], params: [0, 1, 2, 3, 4, 5] });
});

function trained(path: string): [torch.nn.Module, torch.optim.Adam] {
  const model = makeNet();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.5 });
  const checkpoint = torch.load<{ model: Record<string, torch.Tensor>; optimizer: ReturnType<torch.optim.Adam['stateDict']> }>(path);
  expect(model.loadStateDict(checkpoint.model)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  optimizer.loadStateDict(checkpoint.optimizer);
  return [model, optimizer];
}

test('keys of ints and keys of strings stay what they are', () => {
  const saved = torch.load<Record<string, object>>(torch.save({ ints: load().ints, strings: { 0: 'zero' }, map: new Map([[1.5, 2]]) }));
  const text = new TextDecoder('latin1').decode(torch.save(saved));
  expect(saved).toEqual({ ints: { 0: 'zero', 2: 'two' }, strings: { 0: 'zero' }, map: new Map([[1.5, 2]]) });
  // BININT1 0 for the key of the first, BINUNICODE '0' for that of the second.
  expect(text).toContain('K\u0000X\u0004\u0000\u0000\u0000zero');
  expect(text).toContain('X\u0001\u0000\u0000\u00000');
});

test('pickles of all lengths', () => {
  for (let n = 900; n < 1100; n++) {
    const value = { text: 'x'.repeat(n), list: Array.from({ length: 300 }, (_, i) => i / 3), deep: [[['end']]] };
    expect(torch.load(torch.save(value))).toEqual(value);
  }
});

test('data lies at multiples of 64 bytes', () => {
  const bytes = torch.save({ x: torch.full([5], 1.25) });
  const data = new Uint8Array(new Float32Array(5).fill(1.25).buffer);
  expect(Buffer.from(bytes).indexOf(data) % 64).toBe(0);
});

test('mapLocation', () => {
  const bytes = torch.save(torch.ones(2));
  // The location is the text before the number of elements: 'cpu' becomes a device that is not here.
  const moved = Buffer.from(bytes);
  moved.write('xpu', moved.indexOf('cpu'), 'latin1');
  expect(() => torch.load(fixCrc(moved))).toThrow(/Invalid device string|device type/);
  expect(torch.load<torch.Tensor>(fixCrc(moved), { mapLocation: 'cpu' }).tolist()).toEqual([1, 1]);
  expect(torch.load<torch.Tensor>(fixCrc(moved), { mapLocation: { xpu: 'cpu' } }).tolist()).toEqual([1, 1]);
});

test('tensors on devices that can only be read asynchronously', async () => {
  const x = torch.arange(3).to('reference');
  expect(() => torch.save({ x })).toThrow(
    "save() cannot read a tensor on 'reference:0' synchronously: use 'await torch.saveAsync(…)' instead",
  );
  expect(torch.load<{ x: torch.Tensor }>(await torch.saveAsync({ x })).x.tolist()).toEqual([0, 1, 2]);
  const path = join(folder, 'async.pt');
  await torch.saveAsync([x, x], path);
  const [one, two] = torch.load<torch.Tensor[]>(path, { mapLocation: 'reference' });
  expect([String(one.device), (await two.cpuAsync()).tolist()]).toEqual(['reference:0', [0, 1, 2]]);
});

test('what cannot be saved is named, and leaves no file', () => {
  const before = readdirSync(folder);
  const path = join(folder, 'refused.pt');
  expect(() => torch.save(new nn.Linear(1, 1), path)).toThrow('cannot save a Linear');
  expect(() => torch.save({ now: new Date() }, path)).toThrow('cannot save a Date');
  expect(() => torch.save([Symbol('x')], path)).toThrow(TypeError);
  const x = torch.ones(2, { dtype: torch.complex64 });
  expect(() => torch.save([x, torch.viewAsReal(x)], path)).toThrow('view the same data as different types');
  expect(readdirSync(folder)).toEqual(before);
});

test('the pickles before PyTorch 1.6 are read', () => {
  const { whole, part, ints, empty, half } = torch.load<Record<string, torch.Tensor> & { ints: unknown[] }>(fixture('legacy.pt'));
  expect(whole.tolist()).toEqual([0, 4, 8].map((from) => [from, from + 1, from + 2, from + 3]));
  whole.fill_(7);
  expect(part.tolist()).toEqual([7, 7, 7, 7].map((x) => [x, x]));
  expect([(ints[0] as torch.Tensor).tolist(), ...ints.slice(1)]).toEqual([[1, -2], 3, 'x']);
  expect([...empty.shape]).toEqual([0, 2]);
  expect(half.dtype).toBe(torch.float16);
  const file = readFileSync(fixture('legacy.pt'));
  for (const length of [20, 150, file.length - 1]) expect(() => torch.load(file.subarray(0, length))).toThrow(Error);
});

test('other formats are refused by name', () => {
  expect(() => torch.load(fixture('uint16.pt'))).toThrow('torch.uint16 is not supported');
  expect(() => torch.load(fixture('module.pt'))).toThrow(
    /Unsupported global: GLOBAL torch.nn.modules.linear.Linear .*save its state_dict\(\)/,
  );
  expect(() => torch.load(fixture('script.pt'))).toThrow('TorchScript');
  const tar = new Uint8Array(600);
  tar.set(new TextEncoder().encode('ustar'), 257);
  expect(() => torch.load(tar)).toThrow('old tar format');
  expect(() => torch.load(new Uint8Array(0))).toThrow('empty');
  expect(() => torch.load(new TextEncoder().encode('hello, world'))).toThrow('no checkpoint of PyTorch');
  const big = Buffer.from(torch.save(1));
  big.write('bigger', big.indexOf('little'), 'latin1');
  expect(() => torch.load(fixCrc(big))).toThrow('bigger-endian');
  writeFileSync(join(folder, 'cut.pt'), readFileSync(fixture('values.pt')).subarray(0, 3000));
  expect(() => torch.load(join(folder, 'cut.pt'))).toThrow('failed finding central directory');
});
