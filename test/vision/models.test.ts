import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

interface Described {
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

const build = (name: string) => vision.models.getModel(name);

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
    const logits = torch.noGrad(() => model(images));
    const [a, b, c] = logits.select(0, 1).tolist() as number[];
    expect(deviation([logits.double().abs().mean().item() as number, a, b, c], evaluated!)).toBeLessThan(1e-3);
    model.train();
    torch.manualSeed(2);
    const output = model(images) as torch.Tensor | torch.Tensor[];
    const loss = (output instanceof torch.Tensor ? output : output[0]).square().mean();
    loss.backward();
    const gradients = [...model.parameters()].flatMap((p) => (p.grad ? [p.grad] : []));
    expect(deviation([loss.item() as number, absoluteSum(gradients)], train!)).toBeLessThan(1e-2);
  });
});
