import { readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import * as torch from '../../src/index.js';
import { policies } from '../../src/amp/lists.js';

const { nn, optim } = torch;
const F = nn.functional;
const low = (t: torch.Tensor): torch.Tensor => t.bfloat16();
const [x, w, image] = [torch.randn(4, 4), torch.randn(4, 4), torch.randn(2, 3, 8, 8)];
const labels = torch.tensor([0, 1, 2, 3]);

// What PyTorch 2.13 gives under torch.autocast('cpu').
const dtypes: [name: string, dtype: string, run: () => torch.Tensor][] = [
  ['mm', 'bfloat16', () => torch.mm(x, w)],
  ['mv', 'float32', () => torch.mv(x, w.at(0))],
  ['matmul of mixed dtypes', 'bfloat16', () => x.matmul(low(w))],
  ['matmul of doubles', 'float64', () => x.double().matmul(w.double())],
  ['einsum', 'bfloat16', () => torch.einsum('ij,jk->ik', x, w)],
  ['linear', 'bfloat16', () => F.linear(x, w)],
  ['bilinear', 'float32', () => F.bilinear(x, w, torch.randn(2, 4, 4))],
  ['conv2d', 'bfloat16', () => F.conv2d(image, torch.randn(4, 3, 3, 3))],
  ['attention', 'bfloat16', () => F.scaledDotProductAttention(image, image, image)],
  ['MultiheadAttention', 'bfloat16', () => new nn.MultiheadAttention(4, 2)(x, x, x)[0]],
  ['softmax', 'bfloat16', () => F.softmax(low(x), -1)],
  ['gelu', 'bfloat16', () => F.gelu(low(x))],
  ['sum', 'bfloat16', () => low(x).sum()],
  ['prod', 'float32', () => low(x).prod()],
  ['crossEntropy', 'float32', () => F.crossEntropy(low(x), labels)],
  ['mseLoss', 'float32', () => F.mseLoss(low(x), low(w))],
  ['cdist', 'float32', () => torch.cdist(low(x), low(w))],
  ['maxPool2d', 'bfloat16', () => F.maxPool2d(low(image), 2)],
  ['avgPool3d', 'float32', () => F.avgPool3d(low(image), 2)],
  ['pad by reflection', 'float32', () => F.pad(low(x), [1, 1], { mode: 'reflect' })],
  ['pad by a constant', 'bfloat16', () => F.pad(low(x), [1, 1])],
  ['inv', 'float32', () => torch.linalg.inv(low(x))],
  ['cat', 'float32', () => torch.cat([x, low(x)])],
  ['cat of low precision', 'bfloat16', () => torch.cat([low(x), low(x)])],
];

test.each(dtypes)('%s gives %s', (_, dtype, run) => {
  expect(torch.autocast('cpu', run).dtype.name).toBe(dtype);
});

test('every name on the lists is an operator', async () => {
  const folders = ['ops', 'ops/linalg', 'nn/functional'].map((folder) => new URL(`../../src/${folder}/`, import.meta.url));
  const files = folders.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith('.ts') ? [new URL(name, folder).href] : [])),
  );
  const modules = (await Promise.all(files.map((file) => import(file)))) as Record<string, { opName?: string } | null>[];
  const names = new Set(modules.flatMap((module) => Object.values(module).map((each) => each?.opName)));
  expect([...policies.keys()].filter((name) => !names.has(name))).toEqual([]);
});

test('scopes nest, and end', () => {
  const dtypeNow = (): string => torch.mm(x, w).dtype.name;
  torch.autocast('cpu', { dtype: torch.float16 }, () => {
    expect([torch.isAutocastEnabled(), torch.getAutocastDtype().name, dtypeNow()]).toEqual([true, 'float16', 'float16']);
    torch.autocast('cpu', { enabled: false }, () => expect(dtypeNow()).toBe('float32'));
    expect(() => torch.autocast('cpu', () => torch.mm(x, torch.ones(3, 3)))).toThrow('mat1 and mat2 shapes cannot be multiplied');
    expect(dtypeNow()).toBe('float16');
  });
  expect([torch.isAutocastEnabled(), dtypeNow()]).toEqual([false, 'float32']);
  {
    using _ = torch.autocast('cpu');
    expect(dtypeNow()).toBe('bfloat16');
  }
  expect(dtypeNow()).toBe('float32');
});

test('parameters are cast once, and get float32 gradients', () => {
  const weight = torch.ones(4, 4).requiresGrad_();
  const [first, second] = torch.autocast('cpu', () => [torch.mm(x, weight), torch.mm(w, weight)]);
  expect(first.gradFn?.nextFunctions[1][0]).toBe(second.gradFn?.nextFunctions[1][0]);
  first.sum().add(second.sum()).backward();
  expect(weight.grad!.dtype).toBe(torch.float32);
  expect(torch.allclose(weight.grad!, x.t().add(w.t()).matmul(torch.ones(4, 4)), { rtol: 0.05, atol: 0.05 })).toBe(true);
  torch.autocast('cpu', () => {
    const before = torch.mm(x, weight);
    torch.noGrad(() => weight.fill_(2));
    expect(torch.allclose(torch.mm(x, weight), before.mul(2), { rtol: 0.02 })).toBe(true);
  });
});

test('layers of an LSTM are one kernel, those of a GRU are not', () => {
  const x = torch.randn(3, 2, 4);
  const dtypesOf = (layer: (x: torch.Tensor) => [torch.Tensor, unknown]): string[] => {
    const [output, state] = torch.autocast('cpu', () => layer(x));
    return [output, state].flat().map((t) => (t as torch.Tensor).dtype.name);
  };
  expect(dtypesOf(new nn.LSTM(4, 5, { bidirectional: true }))).toEqual(['bfloat16', 'bfloat16', 'bfloat16']);
  expect(dtypesOf(new nn.LSTM(4, 5, { projSize: 2 }))).toEqual(['bfloat16', 'bfloat16', 'float32']);
  expect(dtypesOf(new nn.GRU(4, 5))).toEqual(['float32', 'float32']);
  expect(dtypesOf(new nn.RNN(4, 5))).toEqual(['bfloat16', 'bfloat16']);
});

test('what is not supported', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(torch.autocast('cpu', { dtype: torch.float32 }, () => torch.mm(x, w)).dtype).toBe(torch.float32);
  expect(torch.autocast('cuda', () => torch.mm(x, w)).dtype).toBe(torch.float32);
  expect(warn.mock.calls.map(([message]) => String(message).split('\n')[0])).toEqual([
    'In CPU autocast, but the target dtype is not supported. Disabling autocast.',
    "User provided device_type of 'cuda', but CUDA is not available. Disabling",
  ]);
  warn.mockRestore();
  expect(() => torch.autocast('toaster')).toThrow("User specified an unsupported autocast device_type 'toaster'");
  expect([torch.amp.isAutocastAvailable('cpu'), torch.amp.isAutocastAvailable('toaster')]).toEqual([true, false]);
});

// Losses and scales of PyTorch 2.13 for the same seed; an infinite gradient in the fifth step makes it leave that step out.
test('a training run with a GradScaler is that of PyTorch', () => {
  torch.manualSeed(0);
  const first = new nn.Linear(8, 16);
  const net = new nn.Sequential(first, new nn.ReLU(), new nn.LayerNorm(16), new nn.Linear(16, 4));
  const [input, target] = [torch.randn(32, 8), torch.randint(0, 4, [32])];
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const scaler = new torch.amp.GradScaler('cpu', { initScale: 1024, growthInterval: 3 });
  const losses: number[] = [];
  const scales: number[] = [];
  for (let i = 0; i < 12; i++) {
    optimizer.zeroGrad();
    const loss = torch.autocast('cpu', () => F.crossEntropy(net(input) as torch.Tensor, target));
    scaler.scale(loss).backward();
    if (i === 4) first.weight.grad!.setAt([0, 0], Infinity);
    scaler.step(optimizer);
    scaler.update();
    losses.push(loss.item() as number);
    scales.push(scaler.getScale());
  }
  const theirs = [1.522233, 1.424637, 1.347342, 1.28277, 1.229566, 1.229566, 1.182624, 1.141361, 1.105403, 1.072675, 1.043108, 1.01583];
  expect(Math.max(...losses.map((loss, i) => Math.abs(loss - theirs[i]) / theirs[i]))).toBeLessThan(2e-3);
  expect(scales).toEqual([1024, 1024, 2048, 2048, 1024, 1024, 1024, 2048, 2048, 2048, 4096, 4096]);
  expect(scaler.stateDict()).toEqual({ scale: 4096, growth_factor: 2, backoff_factor: 0.5, growth_interval: 3, _growth_tracker: 1 });
});

test('steps of a GradScaler come in order', () => {
  const weight = torch.ones(2).requiresGrad_();
  const optimizer = new optim.SGD([weight], { lr: 1 });
  const scaler = new torch.amp.GradScaler('cpu', { initScale: 8 });
  expect(() => scaler.step(optimizer)).toThrow('No inf checks were recorded for this optimizer.');
  expect(() => scaler.update()).toThrow('No inf checks were recorded prior to update.');
  const [scaled] = scaler.scale([weight.sum()]);
  scaled.backward();
  expect(weight.grad!.tolist()).toEqual([8, 8]);
  scaler.unscale_(optimizer);
  expect(weight.grad!.tolist()).toEqual([1, 1]);
  expect(() => scaler.unscale_(optimizer)).toThrow('unscale_() has already been called on this optimizer since the last update().');
  scaler.step(optimizer);
  expect(weight.tolist()).toEqual([0, 0]);
  expect(() => scaler.step(optimizer)).toThrow('step() has already been called since the last update().');
  expect(() => scaler.unscale_(optimizer)).toThrow('unscale_() is being called after step().');
  scaler.update(16);
  expect(scaler.getScale()).toBe(16);
  const other = new torch.amp.GradScaler();
  other.loadStateDict(scaler.stateDict());
  expect(other.stateDict()).toEqual(scaler.stateDict());
  const off = new torch.amp.GradScaler('cpu', { enabled: false });
  expect([off.isEnabled(), off.getScale(), off.scale(weight) === weight, off.stateDict()]).toEqual([false, 1, true, {}]);
  expect(() => other.loadStateDict({})).toThrow('The source state dict is empty');
  expect(() => new torch.amp.GradScaler('cpu', { growthFactor: 1 })).toThrow('The growth factor must be > 1.0.');
});
