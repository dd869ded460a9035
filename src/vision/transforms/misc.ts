/** Conversions, normalisation, noise and erasure. https://pytorch.org/vision/stable/transforms.html */
import * as torch from '../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../arguments.js';
import { randomBox } from './crop.js';
import { chw, pairOf } from './functional/common.js';
import * as F from './functional/index.js';
import { TVTensor, wrap } from '../tv-tensors.js';
import { byKind, type Kind } from './kind.js';
import { changeSample, isPlain, isTarget, mapTensors, randomInteger, RandomTransform, sampleOf, Transform, uniform } from './transform.js';

type Tensor = torch.Tensor;
type Range = readonly [number, number];

/**
 * Leaves everything as it is. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Identity.html
 * @example new v2.Identity()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class Identity extends Transform {
  protected transform(image: Tensor): Tensor {
    return image;
  }
}

/**
 * Images, masks and boxes as plain tensors. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ToPureTensor.html
 * @example new v2.ToPureTensor()(new tvTensors.Image(torch.zeros(1, 2, 2))) instanceof tvTensors.Image  // false
 */
export class ToPureTensor extends Transform {
  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    return mapTensors(sampleOf(inputs), (tensor) => (tensor instanceof TVTensor ? tensor.viewAs(tensor) : tensor));
  }
}

const isPixels = (value: unknown): value is F.PixelSource =>
  typeof value === 'object' && value !== null && ['data', 'width', 'height'].every((key) => key in value);

/** Applies `change` to all pixels of a sample. */
function mapPixels(value: unknown, change: (pixels: F.PixelSource) => Tensor): unknown {
  if (value instanceof torch.Tensor) return value;
  if (isPixels(value)) return change(value);
  if (Array.isArray(value)) return value.map((each) => mapPixels(each, change));
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapPixels(each, change)])) : value;
}

export interface ToImage {
  (image: Tensor | F.PixelSource): Tensor;
}

/**
 * Pixels row by row become an image (C, H, W), and so does the first tensor; what has a kind stays.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ToImage.html
 * @example new v2.ToImage()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class ToImage extends Transform {
  override forward(...inputs: never[]): unknown {
    const withTensors = mapPixels(sampleOf(inputs), (pixels) => this.fromPixels(pixels));
    return changeSample(withTensors, false, () => (tensor) => this.transform(tensor));
  }

  protected fromPixels(pixels: F.PixelSource): Tensor {
    return F.toImage(pixels);
  }

  protected transform(image: Tensor): Tensor {
    return image instanceof TVTensor ? image : F.toImage(image);
  }
}

/**
 * The same: bytes (C, H, W) of pixels. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.PILToTensor.html
 * @example new v2.PILToTensor()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class PILToTensor extends ToImage {
  protected override fromPixels(pixels: F.PixelSource): Tensor {
    return F.pilToTensor(pixels);
  }

  protected override transform(image: Tensor): Tensor {
    return image;
  }
}

/**
 * Floats in [0, 1] of bytes. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ToTensor.html
 * @example new v2.ToTensor()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).dtype  // torch.float32
 */
export class ToTensor extends PILToTensor {
  protected override transform(image: Tensor): Tensor {
    return image.dtype === torch.uint8 ? F.toDtype(image, torch.float32, true) : image;
  }
}

interface ToDtypeOptions {
  /** One for images, or one for each kind: `new Map([[tvTensors.Image, torch.float32], ['others', null]])`; null leaves it. */
  dtype: ToDtype['dtype'];
  scale?: boolean;
}

/**
 * Converts the dtype; with `scale` values keep their place in the range of the dtype.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ToDtype.html
 * @example new v2.ToDtype(torch.float32, { scale: true })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).dtype  // torch.float32
 */
export class ToDtype extends Transform {
  readonly dtype: torch.DType | ReadonlyMap<Kind, torch.DType | null>;
  readonly scale: boolean;

  constructor(...args: Call<[dtype: ToDtype['dtype']], [scale: boolean], ToDtypeOptions>) {
    super();
    const { dtype, scale = false } = bind<ToDtypeOptions>('ToDtype', 'dtype!, scale', args);
    [this.dtype, this.scale] = [dtype, scale];
  }

  /** With a dtype for each kind, masks and boxes are converted as well. */
  protected override movesPixels(): boolean {
    return this.dtype instanceof Map;
  }

  private dtypeFor(target: Tensor): torch.DType | null {
    if (!(this.dtype instanceof Map)) return this.dtype as torch.DType;
    const dtype = byKind(this.dtype as ReadonlyMap<Kind, torch.DType | null>, target);
    if (dtype === undefined)
      throw new Error(
        `No dtype was specified for type ${target.constructor.name}. If you only need to convert the dtype of images or videos, you can just pass e.g. dtype=torch.float32. If you're passing a dict as dtype, you can use "others" as a catch-all key e.g. dtype={tv_tensors.Mask: torch.int64, "others": None} to pass-through the rest of the inputs.`,
      );
    return dtype;
  }

  protected transform(target: Tensor): Tensor {
    const dtype = this.dtypeFor(target);
    if (dtype === null) return target;
    return isTarget(target) ? wrap(target.to(dtype), target) : F.toDtype(target, dtype, this.scale);
  }
}

/**
 * Converts the dtype, and scales values to its range.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ConvertImageDtype.html
 * @example new v2.ConvertImageDtype(torch.float32)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).dtype  // torch.float32
 */
export class ConvertImageDtype extends Transform {
  constructor(readonly dtype: torch.DType = torch.float32) {
    super();
  }

  /** Masks and boxes are converted as well, without scaling. */
  protected override movesPixels(): boolean {
    return true;
  }

  protected transform(image: Tensor): Tensor {
    return isTarget(image) ? wrap(image.to(this.dtype), image) : F.convertImageDtype(image, this.dtype);
  }
}

/**
 * Calls a function with the whole sample. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Lambda.html
 * @example new v2.Lambda((x: torch.Tensor) => x.mul(2))(torch.tensor([1, 2]))  // tensor([2, 4])
 */
export class Lambda extends Transform {
  constructor(readonly lambd: (sample: never) => unknown) {
    super();
  }

  override forward(...inputs: never[]): unknown {
    return inputs.length === 1 ? this.lambd(inputs[0]) : inputs.map(this.lambd);
  }

  override extraRepr(): string {
    return `${this.lambd.name || '<lambda>'}, types=['object']`;
  }

  protected transform(image: Tensor): unknown {
    return this.lambd(image as never);
  }
}

interface NormalizeOptions {
  mean: readonly number[];
  std: readonly number[];
  inplace?: boolean;
}

/**
 * (x - mean) / std, by channel. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html
 * @example new v2.Normalize([0.5], [0.25])(torch.ones(1, 1, 2))  // tensor([[[2., 2.]]])
 */
export class Normalize extends Transform {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inplace: boolean;

  constructor(...args: Call<[mean: readonly number[], std: readonly number[]], [inplace: boolean], NormalizeOptions>) {
    super();
    const { mean, std, inplace = false } = bind<NormalizeOptions>('Normalize', 'mean!, std!, inplace', args);
    [this.mean, this.std, this.inplace] = [mean, std, inplace];
  }

  protected override lists(): readonly string[] {
    return ['mean', 'std'];
  }

  protected transform(image: Tensor): Tensor {
    return F.normalize(image, this.mean, this.std, this.inplace);
  }
}

/**
 * A flat image minus a vector, times a square matrix: whitening.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.LinearTransformation.html
 * @example
 * new v2.LinearTransformation(torch.eye(4), torch.ones(4))(torch.ones(1, 2, 2))
 * // tensor([[[0., 0.],
 * //          [0., 0.]]])
 */
export class LinearTransformation extends Transform {
  readonly transformationMatrix: Tensor;
  readonly meanVector: Tensor;

  constructor(...args: Call<[transformationMatrix: Tensor, meanVector: Tensor], [], { transformationMatrix: Tensor; meanVector: Tensor }>) {
    super();
    const names = 'transformationMatrix!, meanVector!';
    const { transformationMatrix, meanVector } = bind<{ transformationMatrix: Tensor; meanVector: Tensor }>(
      'LinearTransformation',
      names,
      args,
    );
    [this.transformationMatrix, this.meanVector] = [transformationMatrix, meanVector];
    const [rows, columns] = transformationMatrix.shape;
    if (rows !== columns) throw new Error(`transformation_matrix should be square. Got (${rows}, ${columns}) rectangular matrix.`);
    if (meanVector.shape[0] !== rows)
      throw new Error(
        `mean_vector should have the same length ${meanVector.shape[0]} as any one of the dimensions of the transformation_matrix [(${rows}, ${columns})]`,
      );
  }

  protected transform(image: Tensor): Tensor {
    const [channels, height, width] = chw(image);
    const length = channels * height * width;
    if (length !== this.transformationMatrix.shape[0])
      throw new Error(
        `Input tensor and transformation matrix have incompatible shape.[${channels} x ${height} x ${width}] != ${this.transformationMatrix.shape[0]}`,
      );
    const centred = image.reshape(-1, length).sub(this.meanVector);
    return centred.matmul(this.transformationMatrix.to(centred.dtype)).reshape(image.shape);
  }
}

interface GaussianBlurOptions {
  kernelSize: number | readonly number[];
  /** The strength, or the least and the most of it. */
  sigma?: number | readonly number[];
}

/**
 * Blurs with a random strength. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.GaussianBlur.html
 * @example new v2.GaussianBlur(3)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class GaussianBlur extends Transform {
  readonly kernelSize: readonly [number, number];
  readonly sigma: readonly [number, number];

  constructor(...args: Call<[kernelSize: number | readonly number[]], [sigma: number | readonly number[]], GaussianBlurOptions>) {
    super();
    const { kernelSize, sigma = [0.1, 2] } = bind<GaussianBlurOptions>('GaussianBlur', 'kernelSize!, sigma', args);
    this.kernelSize = pairOf(kernelSize, 'Kernel size should be a tuple/list of two integers');
    if (this.kernelSize.some((size) => size <= 0 || size % 2 === 0))
      throw new Error('Kernel size value should be an odd and positive number.');
    this.sigma = pairOf(sigma);
    if (!(this.sigma[0] > 0 && this.sigma[0] <= this.sigma[1]))
      throw new Error(`sigma values should be positive and of the form (min, max). Got [${this.sigma.map(pythonFloat).join(', ')}]`);
  }

  protected override lists(): readonly string[] {
    return ['sigma'];
  }

  protected transform(image: Tensor): Tensor {
    return F.gaussianBlur(image, this.kernelSize, uniform(this.sigma[0], this.sigma[1]));
  }
}

/**
 * Adds normal noise to a float image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.GaussianNoise.html
 * @example new v2.GaussianNoise()(torch.rand(3, 8, 8)).shape  // torch.Size([3, 8, 8])
 */
export class GaussianNoise extends Transform {
  readonly mean: number;
  readonly sigma: number;
  readonly clip: boolean;

  constructor(...args: Args<[mean: number, sigma: number, clip: boolean], F.GaussianNoiseOptions>) {
    super();
    const { mean = 0, sigma = 0.1, clip = true } = bind<F.GaussianNoiseOptions>('GaussianNoise', 'mean, sigma, clip', args);
    [this.mean, this.sigma, this.clip] = [mean, sigma, clip];
  }

  protected transform(image: Tensor): Tensor {
    return F.gaussianNoise(image, this.mean, this.sigma, this.clip);
  }
}

export interface RandomErasingOptions {
  p?: number;
  /** The least and the most of the area. */
  scale?: Range;
  /** The least and the most of height / width. */
  ratio?: Range;
  /** One value, one for each channel, or noise. */
  value?: number | readonly number[] | 'random';
  inplace?: boolean;
}

/**
 * Erases a random rectangle. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomErasing.html
 * @example new v2.RandomErasing({ p: 0.5 })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomErasing extends RandomTransform {
  readonly scale: Range;
  readonly ratio: Range;
  /** null stands for noise. */
  readonly value: readonly number[] | null;
  readonly inplace: boolean;

  constructor(
    ...args: Args<
      [p: number, scale: Range, ratio: Range, value: number | readonly number[] | 'random', inplace: boolean],
      RandomErasingOptions
    >
  ) {
    const given = bind<RandomErasingOptions>('RandomErasing', 'p, scale, ratio, value, inplace', args);
    super(given.p ?? 0.5);
    const { scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0, inplace = false } = given;
    if (typeof value === 'string' && value !== 'random') throw new Error("If value is str, it should be 'random'");
    if (scale[0] < 0 || scale[1] > 1) throw new Error('Scale should be between 0 and 1');
    [this.scale, this.ratio, this.inplace] = [scale, ratio, inplace];
    this.value = value === 'random' ? null : typeof value === 'number' ? [value] : value;
  }

  protected override lists(): readonly string[] {
    return ['value'];
  }

  protected transform(image: Tensor): Tensor {
    const [channels, height, width] = chw(image);
    if (this.value && this.value.length !== 1 && this.value.length !== channels)
      throw new Error(`If value is a sequence, it should have either a single value or ${channels} (number of inpt channels)`);
    const box = randomBox(height * width, this.scale, this.ratio, (h, w) => h < height && w < width);
    if (!box) return image;
    const [h, w] = box;
    const value = this.value ? torch.tensor([...this.value], { dtype: torch.float32 }).reshape(-1, 1, 1) : torch.randn(channels, h, w);
    const [top, left] = [randomInteger(0, height - h + 1), randomInteger(0, width - w + 1)];
    return F.erase(image, top, left, h, w, value.to(image.device), this.inplace);
  }
}
