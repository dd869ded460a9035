/** What a batch gives must be what its images give one by one: batches take other routes through the kernels. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import * as torch from 'typetorch';
import type { Tensor } from 'typetorch';

const F = torch.nn.functional;

type Results = { output: Tensor; grads: Tensor[] };

/** Output of `f`, and the gradients of all inputs given that of the output. */
function run(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], gradOf: (output: Tensor) => Tensor): Results {
  const leaves = inputs.map((t) => t.detach().requiresGrad_());
  const output = f(...leaves);
  return { output: output.detach(), grads: torch.autograd.grad([output], leaves, { gradOutputs: [gradOf(output)] }) as Tensor[] };
}

/** The same image by image; the first input is the batch, gradients of the others add up. */
function oneByOne(f: (...inputs: Tensor[]) => Tensor, [batch, ...rest]: readonly Tensor[], grad: Tensor): Results {
  const each = batch.split(1).map((image, i) => run(f, [image, ...rest], () => grad.narrow(0, i, 1)));
  return {
    output: torch.cat(each.map((r) => r.output)),
    grads: [torch.cat(each.map((r) => r.grads[0])), ...rest.map((_, k) => each.map((r) => r.grads[k + 1]).reduce((a, b) => a.add(b)))],
  };
}

/** Whether both ways give the same output and gradients. */
function agree(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): boolean {
  let grad!: Tensor;
  const whole = run(f, inputs, (output) => (grad = torch.randnLike(output)));
  const single = oneByOne(f, inputs, grad);
  const close = (a: Tensor, b: Tensor): boolean => torch.allclose(a, b, { rtol: 1e-9, atol: 1e-9 });
  return close(whole.output, single.output) && whole.grads.every((g, k) => close(g, single.grads[k]));
}

const random = (...sizes: number[]): Tensor => torch.randn(sizes, { dtype: torch.float64 });

// batch, channels in and out, height, width, kernel, stride, padding, groups
test.each([
  [16, 3, 8, 6, 6, 3, 1, 1, 1],
  [33, 1, 6, 9, 11, 5, 1, 2, 1],
  [40, 6, 16, 5, 4, 3, 2, 1, 2],
  [17, 16, 20, 4, 4, 3, 1, 1, 1],
  [64, 5, 30, 7, 3, 2, 3, 0, 1],
  [18, 12, 12, 3, 3, 1, 2, 1, 3],
  [20, 4, 9, 2, 17, 2, 1, 3, 1],
  [19, 24, 20, 9, 18, 3, 1, 1, 1],
  [35, 32, 64, 6, 7, 3, 1, 0, 2],
])('a convolution of %i images, %i to %i channels', (batch, channels, out, height, width, kernel, stride, padding, groups) => {
  torch.manualSeed(1);
  const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => F.conv2d(x, w, b, { stride, padding, groups });
  expect(agree(f, [random(batch, channels, height, width), random(out, channels / groups, kernel, kernel), random(out)])).toBe(true);
});

test('a convolution of volumes', () => {
  torch.manualSeed(2);
  expect(agree((x, w) => F.conv3d(x, w, null, { stride: [1, 2, 1], padding: 1 }), [random(18, 4, 3, 5, 4), random(9, 4, 3, 3, 3)])).toBe(
    true,
  );
});

test('the weight gradient of dilated volumes reads nothing but the volumes', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let n = 16; n < 1 << 18; n = Math.ceil(n * 1.2)) for (let i = 0; i < 4; i++) torch.full([n], NaN);
  gc();
  const weight = torch.zeros(1, 1, 3, 3, 3, { requiresGrad: true });
  F.conv3d(torch.ones(8, 1, 5, 9, 5), weight, null, { dilation: [2, 1, 2], padding: [0, 1, 0] })
    .sum()
    .backward();
  expect(torch.equal(weight.grad!.at(0, 0, ':', ':', 0), torch.tensor([[64, 72, 64]], { dtype: torch.float32 }).expand(3, 3))).toBe(true);
});

test('a transposed convolution', () => {
  torch.manualSeed(3);
  expect(agree((x, w) => F.convTranspose2d(x, w, null, { stride: 2, padding: 1 }), [random(24, 8, 4, 5), random(8, 6, 3, 3)])).toBe(true);
});

test.each([
  [5, 6, 10, 2, 2, 0],
  [3, 2, 7, 2, 2, 0],
  [2, 3, 9, 3, 2, 1],
  [2, 1, 70, 2, 2, 0],
])('the gradient of max_pool2d is at the indices (%i×%i images of %i)', (batch, channels, size, kernel, stride, padding) => {
  torch.manualSeed(4);
  const x = random(batch, channels, size, size + 4)
    .round()
    .requiresGrad_();
  const [values, indices] = F.maxPool2dWithIndices(x, kernel, stride, padding);
  const grad = torch.randnLike(values);
  const [expected] = torch.autograd.grad([values], [x], { gradOutputs: [grad] });
  const [found] = torch.autograd.grad([F.maxPool2d(x, kernel, stride, padding)], [x], { gradOutputs: [grad] });
  expect(torch.equal(found as Tensor, expected as Tensor)).toBe(true);
  expect(indices.ge(0).all().item()).toBe(true);
});

test.each(['LSTM', 'GRU'] as const)('%s layers run every sequence of a batch alone', (kind) => {
  torch.manualSeed(5);
  const layer = new torch.nn[kind](3, 5, { batchFirst: true, bidirectional: true, dtype: torch.float64 });
  expect(agree((x) => (layer as torch.nn.GRU).forward(x)[0], [random(35, 4, 3)])).toBe(true);
});
