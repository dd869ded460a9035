import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

interface Described {
  auxLoss?: boolean;
  keys: number;
  hash: string;
  /** Of the printout. */
  text: string;
  parameters: number;
  /** Sum of absolute values of all parameters after a seed of 0, and one element of the last weight. */
  weights?: [number, number];
  size?: number;
  /** Mean absolute logit and three logits, with a seed of 1 for the images. */
  eval?: number[];
  /** Loss and sum of absolute gradients in training mode, with a seed of 2. */
  train?: [number, number];
}

const file = new URL('fixtures/models.json', import.meta.url);
const described = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Described>;

type Output = torch.Tensor | torch.Tensor[] | { out: torch.Tensor };
const build = (name: string): torch.nn.Module & { forward(images: torch.Tensor): Output } => {
  const { auxLoss } = described[name];
  return vision.models.getModel(name, auxLoss ? { auxLoss } : {});
};
const logitsOf = (output: Output): torch.Tensor =>
  output instanceof torch.Tensor ? output : Array.isArray(output) ? output[0] : output.out;

const absoluteSum = (tensors: Iterable<torch.Tensor>): number => {
  let sum = 0;
  for (const each of tensors) sum += each.detach().double().abs().sum().item() as number;
  return sum;
};

/** The largest relative difference. */
const deviation = (actual: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i] - value) / (1e-3 + Math.abs(value))));

const huge = 60_000_000;
const small = Object.entries(described).filter(([, { parameters }]) => parameters < huge);

describe('models have the parameters, buffers and printouts of torchvision', () => {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

  test.each(small)('%s', (name, { keys, hash, text, parameters }) => {
    const model = build(name);
    const lines = Object.entries(model.stateDict()).map(([key, value]) => `${key}:[${value.shape.join(', ')}]`);
    expect(lines.length).toBe(keys);
    expect(digest(lines.join('\n'))).toBe(hash);
    // JavaScript does not know 0.0 from 0.
    expect(digest(String(model).replaceAll('p=0.0,', 'p=0,'))).toBe(text);
    expect([...model.parameters()].reduce((sum, p) => sum + p.numel(), 0)).toBe(parameters);
  });
});

describe('segmentation', () => {
  const { segmentation } = vision.models;
  test('weights tell what they are and how images are prepared', () => {
    const weights = segmentation.FCN_ResNet50_Weights.DEFAULT;
    expect([String(weights), weights.meta.categories?.length, weights.meta.numParams]).toEqual(['FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1', 21, 35322218]); // prettier-ignore
    expect(String(weights.transforms())).toBe(
      'SemanticSegmentation(\n    resize_size=[520]\n    mean=[0.485, 0.456, 0.406]\n    std=[0.229, 0.224, 0.225]\n    interpolation=InterpolationMode.BILINEAR\n)',
    );
    expect([...weights.transforms()(torch.zeros(3, 26, 52, { dtype: torch.uint8 })).shape]).toEqual([3, 520, 1040]);
    expect(vision.models.listModels({ module: segmentation })).toEqual(Object.keys(described).filter((name) => /^(fcn|deeplab|lraspp)/.test(name)).sort()); // prettier-ignore
    expect(vision.models.getModelWeights('lraspp_mobilenet_v3_large').DEFAULT.meta.numParams).toBe(described.lraspp_mobilenet_v3_large.parameters); // prettier-ignore
  });

  test('a classifier’s checkpoint starts the backbone', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'typetorch-')), 'net.pt');
    const net = vision.models.mobilenetV3Large();
    torch.save(net.stateDict(), file);
    const model = await segmentation.lrasppMobilenetV3Large({ numClasses: 3, weightsBackbone: file });
    const [own, loaded] = [net.stateDict(), model.backbone.stateDict()];
    expect(Object.entries(loaded).every(([key, value]) => value.equal(own[`features.${key}`]))).toBe(true);
    expect([...model.eval()(torch.rand(1, 3, 40, 48)).out.shape]).toEqual([1, 3, 40, 48]);
  });
});

test('builders refuse options that the model does not have', () => {
  const { models } = vision;
  const given = { numClasses: 10, classes: 3 };
  expect(() => models.resnet18(given)).toThrow(new TypeError("ResNet.__init__() got an unexpected keyword argument 'classes'"));
  expect(() => models.segmentation.fcnResnet50(given)).toThrow("FCN.__init__() got an unexpected keyword argument 'classes'");
  expect(() => models.getModel('vit_b_16', { num_classes: 3 })).toThrow("VisionTransformer.__init__() got an unexpected keyword argument 'num_classes'"); // prettier-ignore
});

describe('with the same seed, models start and compute as in torchvision', () => {
  test.each(Object.entries(described).filter(([, { size }]) => size))('%s', (name, { weights, size, eval: evaluated, train }) => {
    torch.manualSeed(0);
    const model = build(name);
    const last = [...model.parameters()].at(-2)!;
    expect(deviation([absoluteSum(model.parameters()), last.detach().flatten().select(0, 0).item() as number], weights!)).toBeLessThan(
      1e-5,
    );
    torch.manualSeed(1);
    const images = torch.rand(2, 3, size!, size!);
    model.eval();
    const logits = torch.noGrad(() => logitsOf(model(images)));
    const [a, b, c] = logits.select(0, 1).flatten().tolist() as number[];
    expect(deviation([logits.double().abs().mean().item() as number, a, b, c], evaluated!)).toBeLessThan(1e-3);
    model.train();
    torch.manualSeed(2);
    const loss = logitsOf(model(images)).square().mean();
    loss.backward();
    const gradients = [...model.parameters()].flatMap((p) => (p.grad ? [p.grad] : []));
    expect(deviation([loss.item() as number, absoluteSum(gradients)], train!)).toBeLessThan(1e-2);
  });
});
