import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { load as loadNpz } from '../../src/serialize/numpy.js';
import { decode, encode, type Message } from '../../src/serialize/onnx/protobuf.js';
import { type ModelProto, modelSchema } from '../../src/serialize/onnx/schema.js';
import { mutated, randomInts } from './mutate.js';

const { nn } = torch;
const F = nn.functional;
type Output = torch.Tensor | torch.Tensor[];

// Exported by PyTorch 2.13, outputs computed by onnxruntime: scripts/fixtures/onnx_models.py
const fixture = (name: string): string => new URL(`../fixtures/onnx/${name}`, import.meta.url).pathname;

const largestDifference = (ours: Output, theirs: Output): number =>
  Math.max(...[ours].flat().map((y, i) => y.double().sub([theirs].flat()[i].double()).abs().max().item() as number));

test.each(['cnn', 'mlp', 'tokens', 'shapes', 'attention', 'recurrent'])(
  'the model %s of PyTorch gives what onnxruntime computes',
  (name) => {
    const arrays = loadNpz<Record<string, torch.Tensor>>(fixture(`${name}.npz`));
    const model = torch.onnx.load(fixture(`${name}.onnx`));
    const outputs = Object.keys(arrays).flatMap((key) => (key.startsWith('out') ? [arrays[key]] : []));
    expect(largestDifference(model(arrays.in0), outputs)).toBeLessThan(1e-5);
  },
);

test('an imported model has parameters that can be trained', () => {
  const { in0 } = loadNpz<Record<string, torch.Tensor>>(fixture('mlp.npz'));
  const model = torch.onnx.load(readFileSync(fixture('mlp.onnx')));
  expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '3.weight', '3.bias']);
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.5 });
  const losses = Array.from({ length: 5 }, () => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model(in0) as torch.Tensor, torch.tensor([0, 1, 0]));
    loss.backward();
    optimizer.step();
    return loss.item() as number;
  });
  expect(losses[4]).toBeLessThan(losses[0]);
  expect(largestDifference(model({ [model.inputNames[0]]: in0 }), model(in0))).toBe(0);
  expect(() => model(in0, in0)).toThrow('the model takes 1 inputs');
});

class Fn extends nn.Module {
  inner: torch.nn.Module | null;

  constructor(
    private readonly body: (x: torch.Tensor, inner: (x: torch.Tensor) => Output) => Output,
    inner: torch.nn.Module | null = null,
  ) {
    super();
    this.inner = inner;
  }

  override forward(x: torch.Tensor): Output {
    return this.body(x, this.inner as unknown as (x: torch.Tensor) => Output);
  }
}

const first = (output: unknown): torch.Tensor => (output as torch.Tensor[])[0];
const image = (): torch.Tensor => torch.randn(2, 3, 16, 16);
const sequence = (): torch.Tensor => torch.randn(2, 5, 8);

const cases: [string, () => torch.nn.Module, () => torch.Tensor][] = [
  [
    'mlp',
    () => new nn.Sequential(new nn.Linear(8, 6), new nn.ReLU({ inplace: true }), new nn.Dropout(), new nn.Softmax(1)),
    () => torch.randn(3, 8),
  ],
  [
    'cnn',
    () =>
      new nn.Sequential(
        new nn.Conv2d(3, 8, 3, { padding: 'same' }),
        new nn.BatchNorm2d(8),
        new nn.GELU(),
        new nn.MaxPool2d(2),
        new nn.GroupNorm(2, 8),
        new nn.SiLU(),
        new nn.ConvTranspose2d(8, 4, 3, { stride: 2, padding: 1, outputPadding: 1 }),
        new nn.AvgPool2d(2),
        new nn.InstanceNorm2d(4),
        new nn.PReLU(4),
        new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: false }),
        new nn.AdaptiveAvgPool2d(1),
        new nn.Flatten(),
      ),
    image,
  ],
  ['transformer', () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }), sequence],
  ['lstm', () => new Fn((x, lstm) => first(lstm(x)), new nn.LSTM(8, 6, { numLayers: 2, batchFirst: true })), sequence],
  ['gru', () => new Fn((x, gru) => first(gru(x)), new nn.GRU(8, 6, { batchFirst: true, bidirectional: true })), sequence],
  ['rnn', () => new Fn((x, rnn) => first(rnn(x)), new nn.RNN(8, 6, { nonlinearity: 'relu', bias: false, bidirectional: true })), sequence],
  [
    'indices',
    () =>
      new Fn((x) =>
        x
          .at(':', '1:3', 0)
          .add(x.at(':', -1, '::2').sum(1, true))
          .mul(2),
      ),
    sequence,
  ],
  [
    'shapes',
    () => new Fn((x) => torch.cat(x.chunk(2, -1), 1).permute(0, 2, 1).reshape(2, -1).clamp(-1, 1).unsqueeze(0).repeat(1, 2, 1)),
    sequence,
  ],
  ['choices', () => new Fn((x) => torch.where(x.gt(0), x, x.exp().sub(1)).maskedFill(x.lt(-1), 5).pow(2).rsqrt()), sequence],
  ['reductions', () => new Fn((x) => [...x.max(1), x.argmax(2), x.topk(2)[0], x.mean([1, 2]), x.logsumexp(1), x.cumsum(1)]), sequence],
  ['attention', () => new Fn((x) => F.scaledDotProductAttention(x, x, x, { isCausal: true })), () => torch.randn(2, 2, 5, 4)],
  ['embedding', () => new nn.Embedding(10, 4), () => torch.randint(0, 10, [2, 5])],
  ['in place', () => new Fn((x) => x.mul(2).add_(1).relu_().sub_(x)), sequence],
];

test.each(cases)('%s survives export and import', (_, make, input) => {
  torch.manualSeed(0);
  const [model, x] = [make().eval(), input()];
  const expected = (model as unknown as (x: torch.Tensor) => Output)(x);
  const bytes = torch.onnx.export(model, x);
  expect(largestDifference(torch.onnx.load(bytes)(x), expected)).toBeLessThan(1e-5);
});

test('an exported graph has names, state and sizes that may change', () => {
  const net = new nn.Sequential(new nn.Linear(8, 4), new nn.ReLU(), new nn.Unflatten(1, [2, 2]), new nn.Flatten()).train();
  const options = { inputNames: ['x'], outputNames: ['y'], dynamicAxes: { x: { 0: 'batch' }, y: { 0: 'batch' } } };
  const bytes = torch.onnx.export(net, [torch.randn(2, 8)], null, options);
  const { graph, opsetImport, irVersion } = decode(modelSchema, bytes) as unknown as ModelProto;
  expect([irVersion, opsetImport]).toEqual([8, [{ domain: '', version: 17 }]]);
  expect(graph!.node!.map(({ opType }) => opType)).toEqual(['Gemm', 'Relu', 'Reshape', 'Flatten', 'Identity']);
  expect(graph!.initializer!.map(({ name }) => name)).toEqual(['0.weight', '0.bias', 'constant_2']);
  expect(graph!.input![0]).toEqual({
    name: 'x',
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch' }, { dimValue: 8 }] } } },
  });
  expect((torch.onnx.load(bytes)(torch.randn(7, 8)) as torch.Tensor).shape).toEqual([7, 4]);
  expect([...net.modules()].every(({ training }) => training)).toBe(true);
  expect([...net.parameters()].every(({ requiresGrad }) => requiresGrad)).toBe(true);
});

test('what cannot be exported is named', () => {
  const exported = (body: (x: torch.Tensor) => Output) => (): unknown => torch.onnx.export(new Fn(body), torch.randn(3, 3));
  expect(exported((x) => torch.linalg.inv(x))).toThrow('ONNX export: the operator linalg_inv cannot be exported');
  expect(exported((x) => x.fill_(1))).toThrow('ONNX export: the operator fill_ cannot be exported');
  expect(exported((x) => F.pad(x.at(null), [1, 1], { mode: 'circular' }))).toThrow('circular padding cannot be exported');
  expect(torch.mm(torch.ones(1, 1), torch.ones(1, 1)).item()).toBe(1);
});

const change = (edit: (model: ModelProto) => void): Uint8Array => {
  const model = decode(modelSchema, readFileSync(fixture('mlp.onnx'))) as unknown as ModelProto;
  edit(model);
  return encode(modelSchema, model as unknown as Message);
};

test('files that lie', () => {
  expect(() => torch.onnx.load(new Uint8Array(0))).toThrow('it has no graph');
  expect(() => torch.onnx.load(new TextEncoder().encode('hello'))).toThrow('no valid protocol buffer');
  expect(() => torch.onnx.load(readFileSync(fixture('mlp.onnx')).subarray(0, 500))).toThrow('it is cut short');
  expect(() => torch.onnx.load(change(({ opsetImport }) => (opsetImport![0].version = 99)))).toThrow('operator set 99');
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.node![0].opType = 'constructor')))).toThrow('not supported: constructor');
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.node![0].domain = 'evil')))).toThrow('not supported: evil.Gemm');
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.initializer![0].dims = [2 ** 40, 2 ** 40])))).toThrow(
    "the shape of '0.weight' is invalid",
  );
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.initializer![0].dims = [8, 7])))).toThrow(
    "'0.weight' has 192 bytes of data, not 224",
  );
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.initializer![0].dataLocation = 1)))).toThrow('lie in another file');
  expect(() => torch.onnx.load(change(({ graph }) => (graph!.initializer![0].dataType = 20)))).toThrow('data type 20 is not supported');
  const looped = torch.onnx.load(change(({ graph }) => (graph!.node![0].input![0] = graph!.node![0].output![0])));
  expect(() => looped(torch.randn(3, 6))).toThrow('has no value');
});

test('mutated files load or throw an Error', () => {
  const random = randomInts(2);
  const file = new Uint8Array(readFileSync(fixture('attention.onnx')));
  let refused = 0;
  for (let i = 0; i < 1500; i++) {
    try {
      torch.onnx.load(mutated(file, random));
    } catch (error) {
      refused++;
      if (!(error instanceof Error) || error.message.length === 0) throw error;
    }
  }
  expect(refused).toBeGreaterThan(500);
});
