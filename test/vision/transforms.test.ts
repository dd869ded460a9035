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
      'Compose(\n      Resize(size=[4, 4], interpolation=bilinear, antialias=True)\n      ToDtype(scale=True)\n      Normalize(mean=[0.5], std=[0.5], inplace=False)\n)',
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

  test.each([
    [new v2.Resize({ size: 6, antialias: false }), 'Resize(size=[6], interpolation=bilinear, antialias=False)'],
    [new v2.CenterCrop({ size: 6 }), 'CenterCrop(size=(6, 6))'],
    [new v2.FiveCrop({ size: [6, 7] }), 'FiveCrop(size=(6, 7))'],
    [new v2.Pad({ padding: 3, fill: 1 }), 'Pad(padding=3, fill=1, padding_mode=constant)'],
    [new v2.RandomCrop({ size: 6, padding: 4 }), 'RandomCrop(size=(6, 6), padding=[4, 4, 4, 4], pad_if_needed=False, fill=0, padding_mode=constant)'],
    [
      new v2.RandomResizedCrop({ size: [6, 6], scale: [0.5, 1] }),
      'RandomResizedCrop(size=(6, 6), scale=(0.5, 1.0), ratio=(0.75, 1.3333333333333333), interpolation=bilinear, antialias=True)',
    ],
    [new v2.ScaleJitter({ targetSize: [9, 9] }), 'ScaleJitter(target_size=(9, 9), scale_range=(0.1, 2.0), interpolation=bilinear, antialias=True)'],
    [new v2.RandomShortestSize({ minSize: 6, maxSize: 9 }), 'RandomShortestSize(min_size=[6], max_size=9, interpolation=bilinear, antialias=True)'],
    [new v2.RandomResize({ minSize: 6, maxSize: 9 }), 'RandomResize(min_size=6, max_size=9, interpolation=bilinear, antialias=True)'],
    [new v2.RandomRotation({ degrees: 9 }), 'RandomRotation(degrees=[-9.0, 9.0], interpolation=nearest, expand=False, fill=0)'],
    [
      new v2.RandomAffine({ degrees: [3, 7], translate: [0.1, 0.3], shear: 5 }),
      'RandomAffine(degrees=[3.0, 7.0], translate=(0.1, 0.3), shear=[-5.0, 5.0], interpolation=nearest, fill=0)',
    ],
    [new v2.RandomPerspective({ distortionScale: 0.6, p: 1 }), 'RandomPerspective(p=1.0, distortion_scale=0.6, interpolation=bilinear, fill=0)'],
    [new v2.ElasticTransform({ alpha: 9 }), 'ElasticTransform(alpha=[9.0, 9.0], sigma=[5.0, 5.0], interpolation=bilinear, fill=0)'],
    [new v2.GaussianBlur({ kernelSize: 3 }), 'GaussianBlur(kernel_size=(3, 3), sigma=[0.1, 2.0])'],
    [new v2.Normalize({ mean: [0.5], std: [1] }), 'Normalize(mean=[0.5], std=[1.0], inplace=False)'],
    [new v2.ToDtype({ dtype: torch.float32, scale: true }), 'ToDtype(scale=True)'],
    [new v2.ColorJitter({ brightness: 0.5 }), 'ColorJitter(brightness=(0.5, 1.5))'],
    [
      new v2.RandomPhotometricDistort({ p: 1 }),
      'RandomPhotometricDistort(brightness=(0.875, 1.125), contrast=(0.5, 1.5), hue=(-0.05, 0.05), saturation=(0.5, 1.5), p=1.0)',
    ],
    [new v2.RandomErasing(), 'RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=[0.0], inplace=False)'],
    [new v2.RandomPosterize({ bits: 2 }), 'RandomPosterize(p=0.5, bits=2)'],
    [new v2.RandomSolarize({ threshold: 9 }), 'RandomSolarize(p=0.5, threshold=9)'],
    [new v2.RandomAdjustSharpness({ sharpnessFactor: 2, p: 0.1 }), 'RandomAdjustSharpness(p=0.1, sharpness_factor=2)'],
    [new v2.AutoAugment(), 'AutoAugment(interpolation=nearest, policy=AutoAugmentPolicy.IMAGENET)'],
    [new v2.RandomApply({ transforms: [new v2.RGB()], p: 0.3 }), 'RandomApply(    RGB())'],
    [new v2.RandomChoice({ transforms: [new v2.RGB(), new v2.Identity()] }), 'RandomChoice(transforms=[RGB(), Identity()], p=[0.5, 0.5])'],
    [new v2.RandomOrder([new v2.RGB(), new v2.Identity()]), 'RandomOrder(transforms=[RGB(), Identity()])'],
    [new v2.Compose([new v2.RGB(), new v2.Lambda((x: number) => x)]), "Compose(\n      RGB()\n      Lambda(<lambda>, types=['object'])\n)"],
    [new v2.SanitizeBoundingBoxes(), 'SanitizeBoundingBoxes(min_size=1.0, min_area=1.0, labels_getter=default)'],
  ])('take arguments by name and print as in torchvision: $1', (transform, text) => expect(String(transform)).toBe(text)); // prettier-ignore

  test('as functions take arguments by name', () => {
    const F = v2.functional;
    const same = (a: torch.Tensor, b: torch.Tensor): void => expect(a.equal(b)).toBe(true);
    same(F.resize(image, { size: [4, 5] }), F.resize(image, [4, 5]));
    same(F.crop(image, { top: 1, left: 2, height: 3, width: 4 }), F.crop(image, 1, 2, 3, 4));
    same(F.centerCrop(image, { outputSize: 4 }), F.centerCrop(image, 4));
    same(F.resizedCrop(image, { top: 1, left: 2, height: 3, width: 4, size: 6 }), F.resizedCrop(image, 1, 2, 3, 4, 6));
    same(F.pad(image, { padding: 2, paddingMode: 'edge' }), F.pad(image, 2, { paddingMode: 'edge' }));
    same(F.rotate(image, { angle: 30, fill: 3 }), F.rotate(image, 30, { fill: 3 }));
    same(F.affine(image, { angle: 30, translate: [1, 0], scale: 1.2, shear: 3 }), F.affine(image, 30, [1, 0], 1.2, 3));
    same(F.gaussianBlur(image, { kernelSize: 3 }), F.gaussianBlur(image, 3));
    same(F.normalize(image.float(), { mean: [0.5], std: [2] }), F.normalize(image.float(), [0.5], [2]));
    same(F.adjustBrightness(image, { brightnessFactor: 2 }), F.adjustBrightness(image, 2));
    same(F.adjustGamma(image, { gamma: 2, gain: 0.5 }), F.adjustGamma(image, 2, 0.5));
    expect([F.getDimensions(image), F.getSize(image), F.getNumChannels(image)]).toEqual([[3, 8, 8], [8, 8], 3]); // prettier-ignore
    expect(() => F.crop(image, { top: 1, left: 2 } as never)).toThrow(
      "crop() missing 2 required positional arguments: 'height' and 'width'",
    );
    expect(() => new v2.Normalize({ mean: [0.5] } as never)).toThrow("Normalize() missing 1 required positional argument: 'std'");
    expect(() => F.affine(image, {} as never)).toThrow("arguments: 'angle', 'translate', 'scale', and 'shear'");
    expect(() => new v2.Resize(4, { size: 4 })).toThrow("Resize() got multiple values for argument 'size'");
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
