/** Operators on views of large tensors give what they give on copies: kernels take other paths there than on the corpus's small shapes. */
import * as torch from 'typetorch';
import { beforeAll, describe, expect, it } from 'vitest';

type Op = (x: torch.Tensor) => torch.Tensor;

const views: Record<string, Op> = {
  columns: (x) => x.at(':', '3:1100'),
  'few columns': (x) => x.at(':', '5:305'),
  rows: (x) => x.at('::2'),
  'every second column': (x) => x.at(':', '::2'),
  transposed: (x) => x.t(),
  'transposed part': (x) => x.at('1:', '2:').t(),
  blocks: (x) => x.view(8, 16, 48, 64).permute(0, 2, 1, 3),
  'inner blocks': (x) => x.view(8, 16, 3, 16, 64).select(2, 1).transpose(1, 2),
  repeated: (x) => x.at(0).expand(200, 3072),
  'repeated columns': (x) => x.at(':', '0:1').expand(128, 3000),
};

const ops: Record<string, Op> = {
  sum: (x) => x.sum(),
  'sum of lines': (x) => x.sum(-1),
  'sum of columns': (x) => x.sum(0),
  'sum of the middle': (x) => x.sum(x.ndim - 2),
  mean: (x) => x.mean([0, -1]),
  max: (x) => x.amax(-1),
  argmax: (x) => x.argmax(0),
  any: (x) => x.gt(2).any(-1),
  product: (x) => x.mul(0.001).add(1).prod(-1),
  norm: (x) => x.norm(),
  variance: (x) => x.var(-1),
  softmax: (x) => x.softmax(-1),
  'layer norm': (x) => torch.nn.functional.layerNorm(x, [x.size(-1)]),
  cumsum: (x) => x.cumsum(-1),
  sort: (x) => x.sort(-1).values,
  'product with numbers': (x) => x.mul(2).add(1),
  'chain of functions': (x) => torch.expr`${x} * ${x} + 2 * ${x}`,
  'in float64': (x) => x.double().sum(0),
  'as integers': (x) => x.mul(100).to(torch.int64).sum(-1),
  'product of matrices': (x) => x.matmul(x.transpose(-1, -2)),
  copy: (x) => x.clone({ memoryFormat: 'contiguous_format' }),
  joined: (x) => torch.cat([x, x], -1),
};

describe('large views', () => {
  let x: torch.Tensor;
  beforeAll(() => {
    torch.manualSeed(0);
    x = torch.randn(128, 3072);
  });

  for (const [view, at] of Object.entries(views)) {
    it(`${view} as their copies`, () => {
      for (const [name, op] of Object.entries(ops)) {
        const [got, wanted] = [op(at(x)), op(at(x).clone({ memoryFormat: 'contiguous_format' }))];
        expect([name, torch.allclose(got.double(), wanted.double(), { rtol: 1e-4, atol: 1e-4 })]).toEqual([name, true]);
      }
    });

    it(`${view}: gradients as those of their copies`, () => {
      for (const name of ['sum of lines', 'mean', 'softmax', 'product with numbers', 'cumsum', 'joined']) {
        const gradient = (copied: boolean): torch.Tensor => {
          const leaf = x.clone().requiresGrad_();
          const part = at(leaf);
          ops[name](copied ? part.clone({ memoryFormat: 'contiguous_format' }) : part)
            .square()
            .sum()
            .backward();
          return leaf.grad!;
        };
        expect([name, torch.allclose(gradient(false), gradient(true), { rtol: 1e-3, atol: 1e-3 })]).toEqual([name, true]);
      }
    });
  }
});

describe('pixels and planes', () => {
  const dtypes = [torch.uint8, torch.int16, torch.float16, torch.float32, torch.float64, torch.complex128];
  const [height, width] = [37, 53];

  for (const channels of [1, 2, 3, 4, 5, 40])
    it(`copies of ${channels} channels`, () => {
      const numbers = Array.from({ length: height * width * channels }, (_, i) => (i * 31) % 251);
      const used = Math.min(channels, 3);
      const plane = (c: number) => Array.from({ length: height * width }, (_, i) => numbers[i * channels + c]);
      const planes = (n: number) => Array.from({ length: n }, (_, c) => plane(c)).flat();
      for (const dtype of dtypes) {
        const pixels = torch.tensor(numbers, { dtype }).view(height, width, channels);
        const together = pixels.permute(2, 0, 1);
        const listed = (x: torch.Tensor) => [String(dtype), (dtype.isComplex ? torch.real(x) : x).double().flatten().tolist()];
        expect(listed(together.contiguous())).toEqual([String(dtype), planes(channels)]);
        expect(listed(together.narrow(0, 0, used).contiguous())).toEqual([String(dtype), planes(used)]);
        expect(listed(together.contiguous().permute(1, 2, 0).contiguous())).toEqual([String(dtype), numbers]);
        expect(listed(together.contiguous().add(1).permute(1, 2, 0).add(-1))).toEqual([String(dtype), numbers]);
      }
    });
});

describe('convolution of many channels with an infinite number', () => {
  const { conv2d } = torch.nn.functional;
  let [x, w, g]: torch.Tensor[] = [];
  const nanOrInfinite = (t: torch.Tensor) => [t.isnan().sum().item(), t.isinf().sum().item()];
  beforeAll(() => {
    torch.manualSeed(0);
    [x, w, g] = [torch.randn(32, 64, 8, 8), torch.randn(64, 64, 3, 3), torch.randn(32, 64, 8, 8)];
  });
  const gradients = (x: torch.Tensor, w: torch.Tensor, g: torch.Tensor) => {
    const y = conv2d(x.requiresGrad_(), w.requiresGrad_(), null, { padding: 1 });
    return torch.autograd.grad(y, [x, w], g);
  };
  const infinite = (t: torch.Tensor, a: number, b: number, y: number, x: number) => {
    const copy = t.clone();
    copy.setAt([a, b, y, x], Infinity);
    return copy;
  };

  it('in the input reaches the pixels around it', () => {
    expect(nanOrInfinite(conv2d(infinite(x, 3, 5, 4, 4), w, null, { padding: 1 }))).toEqual([0, 64 * 9]);
  });
  it('in the weight reaches its channel', () => {
    expect(nanOrInfinite(conv2d(x, infinite(w, 7, 5, 1, 1), null, { padding: 1 }))).toEqual([0, 32 * 64]);
  });
  it('in the gradient reaches what it came from', () => {
    const [ofInput, ofWeight] = gradients(x.clone(), w.clone(), infinite(g, 3, 5, 4, 4));
    expect(nanOrInfinite(ofInput)).toEqual([0, 64 * 9]);
    expect(nanOrInfinite(ofWeight)).toEqual([0, 64 * 9]);
  });
  it('in the input reaches the gradient of the weight', () => {
    expect(nanOrInfinite(gradients(infinite(x, 3, 5, 4, 4), w.clone(), g)[1])).toEqual([0, 64 * 9]);
  });
});

it('scatters give the same on one thread and on several, along either dim', () => {
  torch.manualSeed(0);
  const [x, src] = [torch.randint(0, 100, [300, 2000]), torch.randint(0, 100, [500, 2000])];
  const index = torch.randint(0, 300, [500, 2000]);
  const results = [1, 2].flatMap((threads) => {
    torch.setNumThreads(threads);
    return (['sum', 'prod', 'amax', 'mean'] as const).map((reduce) => [
      x.scatterReduce(0, index, src, reduce),
      x.t().scatterReduce(1, index.t(), src.t(), reduce).t(),
    ]);
  });
  for (const [k, [rows, columns]] of results.entries())
    expect([k, torch.equal(rows, columns), torch.equal(rows, results[k % 4][0])]).toEqual([k, true, true]);
  expect(results[0][0].sum().item()).toBe(x.sum().add(src.sum()).item());
});
