import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const v2 = vision.transforms.v2;
type Case = [op: string, image: string, args: unknown[], kwargs: Record<string, unknown>, seed: number];

const fixture = (name: string): string => new URL(`fixtures/${name}`, import.meta.url).pathname;
const cases = JSON.parse(readFileSync(fixture('transforms.json'), 'utf8')) as Case[];
const tensors = torch.load<Record<string, torch.Tensor>>(gunzipSync(readFileSync(fixture('transforms.pt.gz'))));

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const options = (kwargs: Record<string, unknown>) => Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [camel(key), value]));

function run([op, image, args, kwargs, seed]: Case): torch.Tensor {
  torch.manualSeed(seed);
  const given = Object.keys(kwargs).length > 0 ? [...args, options(kwargs)] : args;
  const input = tensors[`image ${image}`];
  if (/^[a-z]/.test(op)) {
    const functions = v2.functional as unknown as Record<string, (...args: unknown[]) => torch.Tensor>;
    return functions[camel(op)](input, ...given);
  }
  const classes = v2 as unknown as Record<string, new (...args: unknown[]) => (image: torch.Tensor) => torch.Tensor>;
  return new classes[op](...given)(input);
}

/** Says what differs. Bytes may differ in ties of the rounding of a few, which the last bit of a float decides. */
function mismatch(actual: torch.Tensor, expected: torch.Tensor): string | null {
  if (actual.dtype !== expected.dtype || String(actual.shape) !== String(expected.shape)) return `${actual.dtype} ${actual.shape}`;
  const isByte = expected.dtype === torch.uint8;
  const differences = actual.double().sub(expected.double()).abs();
  const largest = differences.max().item() as number;
  const share = differences.gt(0).double().mean().item() as number;
  const isSame = isByte ? largest <= 2 && share < 0.05 : largest <= 2e-5;
  return isSame ? null : `the largest difference is ${largest}, ${share} of the values differ`;
}

describe('transforms give what torchvision gives', () => {
  const named = cases.map(
    ([op, image, args, kwargs, seed], i) => [`${op} ${image} ${JSON.stringify([args, kwargs])} seed ${seed}`, i] as const,
  );
  test.each(named)('%s', (_, i) => expect(mismatch(run(cases[i]), tensors[i])).toBeNull());

  test.each(['MixUp', 'CutMix'] as const)('%s of a batch and its labels', (name) => {
    for (const alpha of ['1.0', '0.4', '3.0']) {
      torch.manualSeed(5);
      const [x, y] = [torch.rand(3, 2, 6, 7), torch.tensor([0, 2, 1])];
      const [images, labels] = new v2[name]({ alpha: Number(alpha), numClasses: 4 })(x, y);
      expect(mismatch(images, tensors[`${name} ${alpha} images`])).toBeNull();
      expect(mismatch(labels, tensors[`${name} ${alpha} labels`])).toBeNull();
    }
  });
});

describe('transforms', () => {
  const image = torch.randint(0, 256, [3, 8, 8], { dtype: torch.uint8 });

  test('change the image of a sample and leave the rest', () => {
    const flip = new v2.RandomHorizontalFlip(1);
    const [flipped, label] = flip([image, 7]);
    expect(flipped.equal(image.flip(-1))).toBe(true);
    expect(label).toBe(7);
    const target = torch.tensor([1, 2]);
    const sample = flip({ image, target });
    expect(sample.image.equal(image.flip(-1))).toBe(true);
    expect(sample.target).toBe(target);
    expect(flip(image, target)[1]).toBe(target);
  });

  test('compose', () => {
    const pipeline = new v2.Compose([
      new v2.Resize([4, 4]),
      new v2.ToDtype(torch.float32, { scale: true }),
      new v2.Normalize([0.5], [0.5]),
    ]);
    const result = pipeline(image);
    expect([...result.shape]).toEqual([3, 4, 4]);
    expect(result.abs().max().item()).toBeLessThanOrEqual(1);
    expect(String(pipeline)).toBe(
      'Compose(\n    Resize(size=[4, 4], interpolation=bilinear, antialias=True)\n    ToDtype(scale=True)\n    Normalize(mean=[0.5], std=[0.5], inplace=False)\n)',
    );
    expect(() => new v2.Compose([])).toThrow('Pass at least one transform');
  });

  test('choose with the random numbers of PyTorch', () => {
    torch.manualSeed(0);
    const choice = new v2.RandomChoice([(x: number) => x + 1, (x: number) => x + 10], [0.3, 0.7]);
    const numbers = Array.from({ length: 5 }, () => choice(0));
    expect(numbers.every((n) => n === 1 || n === 10)).toBe(true);
    const order = new v2.RandomOrder([(x: number) => x * 2, (x: number) => x + 1]);
    expect([1, 2]).toContain(order(0));
    const apply = new v2.RandomApply([(x: number) => x + 1], { p: 0 });
    expect(apply(3)).toBe(3);
  });

  test('make tensors of pixels', () => {
    const pixels = { data: new Uint8ClampedArray([1, 2, 3, 255, 4, 5, 6, 255]), width: 2, height: 1 };
    const made = new v2.ToImage()(pixels);
    expect(made.tolist()).toEqual([[[1, 4]], [[2, 5]], [[3, 6]], [[255, 255]]]);
    const scaled = new v2.ToTensor()(pixels);
    expect(scaled.dtype).toBe(torch.float32);
    expect(scaled.max().item()).toBe(1);
    const [first, label] = new v2.ToTensor()(image, 3) as unknown as [torch.Tensor, number];
    expect([first.dtype, label]).toEqual([torch.float32, 3]);
  });

  test('are differentiable on floats', () => {
    const x = torch.rand(1, 6, 6, { requiresGrad: true });
    const y = v2.functional.resize(v2.functional.rotate(x, 20, { interpolation: 'bilinear' }), [4, 4]);
    y.sum().backward();
    expect(x.grad!.abs().sum().item()).toBeGreaterThan(0);
  });

  test('refuse what torchvision refuses, in its words', () => {
    expect(() => v2.functional.resize(image, [1, 2, 3])).toThrow('size can be an integer');
    expect(() => v2.functional.resize(image, 4, { interpolation: 'cubic' as never })).toThrow("Invalid interpolation mode: 'cubic'");
    expect(() => v2.functional.adjustHue(image, 0.7)).toThrow('hue_factor (0.7) is not in [-0.5, 0.5].');
    expect(() => v2.functional.normalize(image, [0.5], [0.5])).toThrow('Input tensor should be a float tensor. Got torch.uint8.');
    expect(() => v2.functional.normalize(image.float(), [0.5], [0])).toThrow('std evaluated to zero');
    expect(() => new v2.RandomCrop(20)(image)).toThrow('Required crop size (20, 20) is larger than input image size (8, 8).');
    expect(() => new v2.RandomHorizontalFlip(2)).toThrow('`p` should be a floating point value in the interval [0.0, 1.0].');
    expect(() => new v2.GaussianBlur(4)).toThrow('Kernel size value should be an odd and positive number.');
    expect(() => new v2.ColorJitter(0.1, { brightness: 1 } as never)).toThrow("got multiple values for argument 'brightness'");
    expect(() => new v2.Pad(1, { colour: 1 } as never)).toThrow("got an unexpected keyword argument 'colour'");
    expect(() => v2.functional.resize('photo.jpg' as never, 4)).toThrow('images must be tensors, but got photo.jpg instead.');
    expect(() => v2.functional.centerCrop(torch.rand(4), 2)).toThrow('Expected an image of size (..., C, H, W). Got torch.Size([4]).');
  });
});
