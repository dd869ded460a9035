// A child of memory.test.ts (with --expose-gc): megabytes that live before a pass, with its graph, and after backward while the loss is held.
import * as torch from '../../dist/index.js';

const { nn } = torch;
const F = nn.functional;

/** Live megabytes once garbage is gone: allocations make the library look, and the least of several looks has the least garbage. */
function live() {
  const looks = Array.from({ length: 5 }, () => {
    globalThis.gc();
    for (let i = 0; i < 200; i++) torch.empty(2 ** 18);
    return torch.cpu.memoryStats().live / 2 ** 20;
  });
  return Math.min(...looks);
}

const blocks = {
  'views and joins': (x) => {
    const [a, b] = x.view(4096, 2, 8, 64).permute(1, 0, 2, 3).unbind(0);
    return torch
      .cat([a.add(b), a.sub(b)], 1)
      .transpose(0, 1)
      .reshape(4096, -1)
      .add(x)
      .square();
  },
  layers: (x) =>
    F.gelu(F.layerNorm(x, [1024]))
      .relu()
      .softmax(-1)
      .mul(3),
  attention: (x) => {
    const [q, k, v] = x.view(4, 1024, 16, 64).transpose(1, 2).chunk(4, 1);
    return F.scaledDotProductAttention(q, k, v).square();
  },
};

const x = torch.ones(4096, 1024, { requiresGrad: true });
const results = {};
for (const [name, block] of Object.entries(blocks)) {
  const pass = () => block(x.mul(2)).mean();
  pass().backward();
  const before = live();
  const loss = pass();
  const held = live();
  loss.backward();
  results[name] = { before, held, after: live(), loss: loss.item() };
}
console.log(JSON.stringify(results));
