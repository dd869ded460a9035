/** What pretrained models ask of their images. */
import * as torch from '../../index.js';
import * as F from './functional/index.js';
import { Transform } from './transform.js';

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
    const { mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] } = options;
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
    const lines = Object.entries(shown).map(([name, values]) => `    ${name}=[${values.join(', ')}]`);
    return `ImageClassification(\n${lines.join('\n')}\n    interpolation=InterpolationMode.${this.interpolation.toUpperCase()}\n)`;
  }
}
