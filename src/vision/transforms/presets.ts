/** What pretrained models ask of their images. */
import * as torch from '../../index.js';
import * as F from './functional/index.js';
import { Transform } from './transform.js';

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

export interface ImageClassificationOptions {
  cropSize?: number;
  resizeSize?: number;
  mean?: readonly number[];
  std?: readonly number[];
  interpolation?: F.Interpolation;
  antialias?: boolean;
}

/**
 * Resizes the shorter edge, cuts out the centre, scales to [0, 1] and normalises.
 * @example
 * new v2.ImageClassification({ cropSize: 16, resizeSize: 20 })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape
 * // torch.Size([3, 16, 16])
 */
export class ImageClassification extends Transform {
  readonly cropSize: readonly [number];
  readonly resizeSize: readonly [number];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly interpolation: F.Interpolation;
  private readonly antialias: boolean;

  constructor(options: ImageClassificationOptions = {}) {
    super();
    const { cropSize = 224, resizeSize = 256, interpolation = 'bilinear', antialias = true } = options;
    const { mean = imagenet.mean, std = imagenet.std } = options;
    [this.cropSize, this.resizeSize] = [[cropSize], [resizeSize]];
    [this.mean, this.std, this.interpolation, this.antialias] = [mean, std, interpolation, antialias];
  }

  protected transform(image: torch.Tensor): torch.Tensor {
    const { interpolation, antialias } = this;
    const resized = F.resize(image, this.resizeSize, { interpolation, antialias });
    const scaled = F.toDtype(F.centerCrop(resized, this.cropSize), torch.float32, true);
    return F.normalize(scaled, this.mean, this.std);
  }

  override toString(): string {
    const shown = { crop_size: this.cropSize, resize_size: this.resizeSize, mean: this.mean, std: this.std };
    return described('ImageClassification', shown, this.interpolation);
  }
}

export interface SemanticSegmentationOptions {
  /** Of the shorter edge; null leaves the size alone. */
  resizeSize: number | null;
  mean?: readonly number[];
  std?: readonly number[];
  interpolation?: F.Interpolation;
  antialias?: boolean;
}

/**
 * Resizes the shorter edge, scales to [0, 1] and normalises.
 * @example
 * new v2.SemanticSegmentation({ resizeSize: 16 })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape
 * // torch.Size([3, 16, 24])
 */
export class SemanticSegmentation extends Transform {
  readonly resizeSize: readonly [number] | null;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly interpolation: F.Interpolation;
  private readonly antialias: boolean;

  constructor({
    resizeSize,
    mean = imagenet.mean,
    std = imagenet.std,
    interpolation = 'bilinear',
    antialias = true,
  }: SemanticSegmentationOptions) {
    super();
    this.resizeSize = resizeSize === null ? null : [resizeSize];
    [this.mean, this.std, this.interpolation, this.antialias] = [mean, std, interpolation, antialias];
  }

  protected transform(image: torch.Tensor): torch.Tensor {
    const { interpolation, antialias, resizeSize } = this;
    const resized = resizeSize ? F.resize(image, resizeSize, { interpolation, antialias }) : image;
    return F.normalize(F.toDtype(resized, torch.float32, true), this.mean, this.std);
  }

  override toString(): string {
    return described('SemanticSegmentation', { resize_size: this.resizeSize, mean: this.mean, std: this.std }, this.interpolation);
  }
}

/**
 * Scales to [0, 1]; detectors normalise by themselves.
 * @example new v2.ObjectDetection()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).dtype  // torch.float32
 */
export class ObjectDetection extends Transform {
  protected transform(image: torch.Tensor): torch.Tensor {
    return F.toDtype(image, torch.float32, true);
  }

  override toString(): string {
    return 'ObjectDetection()';
  }
}

export interface VideoClassificationOptions {
  cropSize: readonly [height: number, width: number];
  resizeSize: readonly [height: number, width: number];
  mean?: readonly number[];
  std?: readonly number[];
  interpolation?: F.Interpolation;
}

/**
 * Videos (…, T, C, H, W) resized, cut, scaled to [0, 1] and normalised: (…, C, T, H, W).
 * @example
 * new v2.VideoClassification({ cropSize: [8, 8], resizeSize: [10, 12] })(torch.zeros(2, 3, 16, 16, { dtype: torch.uint8 })).shape
 * // torch.Size([3, 2, 8, 8])
 */
export class VideoClassification extends Transform {
  readonly cropSize: readonly number[];
  readonly resizeSize: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly interpolation: F.Interpolation;

  constructor(options: VideoClassificationOptions) {
    super();
    [this.cropSize, this.resizeSize] = [options.cropSize, options.resizeSize];
    this.mean = options.mean ?? [0.43216, 0.394666, 0.37645];
    this.std = options.std ?? [0.22803, 0.22145, 0.216989];
    this.interpolation = options.interpolation ?? 'bilinear';
  }

  protected transform(video: torch.Tensor): torch.Tensor {
    const isFloat = video.dtype.isFloatingPoint;
    const options = { interpolation: this.interpolation, antialias: false };
    // torchvision's preset is of its version 1, which resizes bytes as floats.
    const resized = F.resize(isFloat ? video : video.to(torch.float32), this.resizeSize, options);
    const like = isFloat ? resized : resized.round().to(video.dtype);
    const scaled = F.toDtype(F.centerCrop(like, this.cropSize), torch.float32, true);
    return F.normalize(scaled, this.mean, this.std).transpose(-4, -3);
  }

  override toString(): string {
    const shown = { crop_size: this.cropSize, resize_size: this.resizeSize, mean: this.mean, std: this.std };
    return described('VideoClassification', shown, this.interpolation);
  }
}

/** torchvision's printout of a preset. */
function described(name: string, lists: Record<string, readonly number[] | null>, interpolation: F.Interpolation): string {
  const lines = Object.entries(lists).map(([key, values]) => `    ${key}=${values ? `[${values.join(', ')}]` : 'None'}`);
  return `${name}(\n${lines.join('\n')}\n    interpolation=InterpolationMode.${interpolation.toUpperCase()}\n)`;
}
