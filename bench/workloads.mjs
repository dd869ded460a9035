// The workloads of the benchmark, in TypeTorch. bench/torch_bench.py has the same rows in PyTorch, with the same inputs and checksums.
import * as torch from 'typetorch';
import { GPT, lenet, LSTMClassifier, mlp, ResNet18 } from './models.mjs';

const { nn, optim } = torch;
const F = nn.functional;

/** Numbers in [low, high) that any language can make: multiples of 2^-32 from a multiplicative hash. */
export function fill(shape, seed, low = -1, high = 1) {
  const n = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = low + ((high - low) * (Math.imul(i + seed * 7919, 2654435761) >>> 0)) / 2 ** 32;
  return torch.asTensor(values).view(shape);
}

const fillInt = (shape, seed, high) => fill(shape, seed, 0, high).floor().to(torch.int64);
const sumOf = (x) => Number(x.double().sum().item());

/** One call of `step` is timed `repeat` times at once; `checksum` proves what was computed. */
function row(name, make, { repeat = 1 } = {}) {
  return { name, make, repeat };
}

const unary = (name, op) =>
  row(`${name} 1M`, () => {
    const x = fill([1_000_000], 1, -3, 3);
    return { step: () => op(x), checksum: () => sumOf(op(x)) };
  });

const matmul = (n) =>
  row(`matmul ${n}`, () => {
    const [a, b] = [fill([n, n], 1), fill([n, n], 2)];
    return { step: () => torch.mm(a, b), checksum: () => sumOf(torch.mm(a, b)) };
  });

const convolution = (name, input, weight, padding, backward) =>
  row(name, () => {
    const [x, w] = [fill(input, 1), fill(weight, 2, -0.1, 0.1)];
    if (backward) [x, w].forEach((t) => t.requiresGrad_());
    const step = () => {
      const y = F.conv2d(x, w, null, 1, padding);
      if (!backward) return y;
      x.grad = w.grad = null;
      y.sum().backward();
      return w.grad;
    };
    return { step, checksum: () => sumOf(step()) };
  });

const forward = (name, makeInputs, op, read = (y) => y) =>
  row(name, () => {
    const inputs = makeInputs();
    return { step: () => op(...inputs), checksum: () => sumOf(read(op(...inputs))) };
  });

/** Forward and backward of `op`; the checksum is that of the gradients. */
const backward = (name, makeInputs, op) =>
  row(name, () => {
    const inputs = makeInputs();
    for (const x of inputs) x.requiresGrad_();
    const step = () => {
      for (const x of inputs) x.grad = null;
      op(...inputs)
        .sum()
        .backward();
    };
    return { step, checksum: () => (step(), inputs.reduce((sum, x) => sum + sumOf(x.grad.abs()), 0)) };
  });

/** Training steps on one batch; `data` gives input and classes. */
function training(name, build, data, makeOptimizer) {
  return row(name, () => {
    torch.manualSeed(0);
    const model = build();
    let seed = 10;
    torch.noGrad(() => {
      for (const p of model.parameters()) p.copy_(fill([...p.shape], seed++, -0.05, 0.05));
    });
    const optimizer = makeOptimizer(model.parameters());
    const [x, y] = data();
    const step = () => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const first = [0, 1, 2, 3].map(() => Number(step().item()));
    return { step, checksum: () => first.reduce((a, b) => a + b) };
  });
}
const images =
  (...shape) =>
  () => [fill(shape, 1), fillInt([shape[0]], 2, 10)];
const tokens = () => [fillInt([8, 128], 1, 512), fillInt([1024], 2, 512)];
const momentum = (lr) => (p) => new optim.SGD(p, { lr, momentum: 0.9 });
/** A symmetric positive definite matrix. */
const definite = (n) => {
  const a = fill([n, n], 1);
  return a.mm(a.t()).add(torch.eye(n).mul(n));
};
const heads = (seed) => fill([8, 8, 512, 64], seed);

export const rows = [
  row(
    'scalar loop, a step',
    () => {
      const x = torch.tensor(1, { requiresGrad: true });
      const [a, b, c] = [2, -8, 12].map((v) => torch.tensor(v, { dtype: torch.float32 }));
      const optimizer = new optim.SGD([x], { lr: 0.01 });
      const step = () => {
        optimizer.zeroGrad();
        torch.expr`${a} * ${x}**2 + ${b} * ${x} + ${c}`.backward();
        optimizer.step();
      };
      return {
        step,
        checksum: () => ((x.data = torch.tensor(1, { dtype: torch.float32 })), Array.from({ length: 500 }, step), Number(x.item())),
      };
    },
    { repeat: 500 },
  ),
  row(
    'add 4 elements',
    () => {
      const [x, y] = [fill([4], 1), fill([4], 2)];
      return { step: () => x.add(y), checksum: () => sumOf(x.add(y)) };
    },
    { repeat: 2000 },
  ),
  ...[500, 1024, 2048].map(matmul),
  row('add 1M', () => {
    const [x, y] = [fill([1_000_000], 1), fill([1_000_000], 2)];
    return { step: () => x.add(y), checksum: () => sumOf(x.add(y)) };
  }),
  row('add 16M', () => {
    const [x, y] = [fill([16_000_000], 1), fill([16_000_000], 2)];
    return { step: () => x.add(y), checksum: () => sumOf(x.add(y)) };
  }),
  unary('relu', (x) => x.relu()),
  unary('gelu', (x) => F.gelu(x)),
  unary('exp', (x) => x.exp()),
  unary('sigmoid', (x) => x.sigmoid()),
  unary('a*x*x + b*x + c', (x) => torch.expr`${2.5} * ${x} * ${x} + ${-1.5} * ${x} + ${0.5}`),
  row('sum 16M', () => {
    const x = fill([16_000_000], 1, 0, 1);
    return { step: () => x.sum(), checksum: () => Number(x.sum().item()) };
  }),
  row('softmax 4096x1024', () => {
    const [x, w] = [fill([4096, 1024], 1, -3, 3), fill([4096, 1024], 2)];
    return { step: () => x.softmax(1), checksum: () => sumOf(x.softmax(1).mul(w)) };
  }),
  row('layer_norm 4096x1024', () => {
    const [x, w] = [fill([4096, 1024], 1, -3, 3), fill([4096, 1024], 2)];
    return { step: () => F.layerNorm(x, [1024]), checksum: () => sumOf(F.layerNorm(x, [1024]).mul(w)) };
  }),
  row('argmax 4096x1024', () => {
    const x = fill([4096, 1024], 1);
    return { step: () => x.argmax(1), checksum: () => sumOf(x.argmax(1)) };
  }),
  convolution('conv2d 3x3 forward', [32, 64, 56, 56], [64, 64, 3, 3], 1, false),
  convolution('conv2d 3x3 forward+backward', [32, 64, 56, 56], [64, 64, 3, 3], 1, true),
  convolution('conv2d 5x5 forward+backward', [64, 1, 28, 28], [6, 1, 5, 5], 2, true),
  training('MLP step (SGD momentum)', mlp, images(128, 784), momentum(0.05)),
  training('LeNet step (Adam)', lenet, images(64, 1, 28, 28), (p) => new optim.Adam(p, { lr: 1e-3 })),
  training('ResNet-18 step (SGD momentum)', () => new ResNet18(), images(32, 3, 32, 32), momentum(0.01)),
  training(
    'GPT step (AdamW)',
    () => new GPT(),
    tokens,
    (p) => new optim.AdamW(p, { lr: 3e-4 }),
  ),
  training(
    'LSTM step (Adam)',
    () => new LSTMClassifier(),
    images(32, 64, 128),
    (p) => new optim.Adam(p, { lr: 1e-3 }),
  ),
  row('randn 1M', () => ({
    step: () => torch.randn(1_000_000),
    checksum: () => (torch.manualSeed(3), sumOf(torch.randn(1_000_000).abs())),
  })),
  row('sort 1M', () => {
    const [x, w] = [fill([1_000_000], 1), fill([1_000_000], 2)];
    return { step: () => x.sort(), checksum: () => sumOf(x.sort().values.mul(w)) };
  }),
  row('embedding forward+backward', () => {
    const [table, index] = [fill([32768, 256], 1).requiresGrad_(), fillInt([8192], 2, 32768)];
    const step = () => {
      table.grad = null;
      F.embedding(index, table).sum().backward();
      return table.grad;
    };
    return { step, checksum: () => sumOf(step()) };
  }),
  row('svd 512', () => {
    const x = fill([512, 512], 1);
    return { step: () => torch.linalg.svd(x), checksum: () => sumOf(torch.linalg.svd(x).S) };
  }),
  forward(
    'cumsum 1M',
    () => [fill([1_000_000], 1)],
    (x) => x.cumsum(0),
  ),
  forward(
    'topk 100 of 1M',
    () => [fill([1_000_000], 1)],
    (x) => x.topk(100),
    (y) => y.values,
  ),
  forward(
    'scatter_add 1M',
    () => [torch.zeros(100_000), fillInt([1_000_000], 2, 100_000), fill([1_000_000], 3)],
    (x, index, src) => x.scatterAdd(0, index, src),
  ),
  forward(
    'embedding forward',
    () => [fill([32768, 256], 1), fillInt([8192], 2, 32768)],
    (table, index) => F.embedding(index, table),
  ),
  forward(
    'fft 2^20',
    () => [fill([2 ** 20], 1)],
    (x) => torch.fft.fft(x),
    (y) => y.abs(),
  ),
  forward(
    'cholesky 1024',
    () => [definite(1024)],
    (a) => torch.linalg.cholesky(a),
  ),
  forward(
    'solve 1024',
    () => [definite(1024), fill([1024, 64], 2)],
    (a, b) => torch.linalg.solve(a, b),
  ),
  forward(
    'max_pool2d',
    () => [fill([32, 64, 56, 56], 1)],
    (x) => F.maxPool2d(x, 2),
  ),
  forward(
    'attention 8x8x512x64',
    () => [heads(1), heads(2), heads(3)],
    (q, k, v) => F.scaledDotProductAttention(q, k, v),
  ),
  backward(
    'attention forward+backward',
    () => [heads(1), heads(2), heads(3)],
    (q, k, v) => F.scaledDotProductAttention(q, k, v),
  ),
];
