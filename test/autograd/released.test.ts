/** What a graph holds: saved tensors until backward, nothing after it, even while the loss is kept. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as torch from 'typetorch';
import { expect, test } from 'vitest';

const { nn } = torch;
const F = nn.functional;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Live megabytes of tensors, once garbage is gone: allocations make the library look. */
async function live(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (let k = 0; k < 40; k++) torch.empty(2 ** 18);
  }
  return torch.cpu.memoryStats().live / 2 ** 20;
}

const rows = 1024;
const blocks: Record<string, (x: torch.Tensor) => torch.Tensor> = {
  'views and joins': (x) => {
    const [a, b] = x.view(rows, 2, 8, 64).permute(1, 0, 2, 3).unbind(0);
    return torch
      .cat([a.add(b), a.sub(b)], 1)
      .transpose(0, 1)
      .reshape(rows, -1)
      .add(x);
  },
  layers: (x) =>
    F.gelu(F.layerNorm(x, [1024]))
      .relu()
      .softmax(-1)
      .mul(3),
  attention: (x) => {
    const [q, k, v] = x.view(1, rows, 16, 64).transpose(1, 2).chunk(4, 1);
    return F.scaledDotProductAttention(q, k, v).square();
  },
};

for (const [name, block] of Object.entries(blocks)) {
  test(`backward releases ${name}`, async () => {
    const x = torch.ones(rows, 1024, { requiresGrad: true });
    const pass = (): torch.Tensor => block(x.mul(2)).mean();
    pass().backward();
    const before = await live();
    const loss = pass();
    const held = await live();
    loss.backward();
    const after = await live();
    expect(held).toBeGreaterThan(before + 3);
    expect(after).toBeLessThan(before + 1);
    expect(loss.isLeaf).toBe(false);
  });
}
