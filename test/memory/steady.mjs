// A child of memory.test.ts: loops that make much garbage, with the resident memory as they go. usage: node steady.mjs mlp|large|awaiting STEPS
import * as torch from '../../dist/index.js';

const { nn, optim } = torch;
const [kind, steps] = [process.argv[2], Number(process.argv[3])];
const samples = [];

function mlpStep() {
  const model = new nn.Sequential(new nn.Linear(32, 64), new nn.ReLU(), new nn.Linear(64, 10));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const [x, y] = [torch.rand(64, 32), torch.randint(0, 10, [64])];
  return () => {
    optimizer.zeroGrad();
    nn.functional.crossEntropy(model(x), y).backward();
    optimizer.step();
  };
}

function largeStep() {
  const x = torch.rand(1_000_000);
  return () => {
    let y = x;
    for (let i = 0; i < 25; i++) y = y.mul(1.01).clone();
    return y;
  };
}

const step = kind === 'large' ? largeStep() : mlpStep();
for (let i = 0; i < steps; i++) {
  step();
  if (kind === 'awaiting') await Promise.resolve();
  if (i % Math.ceil(steps / 20) === 0) samples.push(process.memoryUsage().rss / 2 ** 20);
}
console.log(JSON.stringify({ samples, stats: torch.cpu?.memoryStats?.() ?? null }));
