/** What JPEG takes away. https://pytorch.org/vision/stable/transforms.html#augmentation-transforms */
import type * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import * as F from './functional/index.js';
import { randomInteger, Transform } from './transform.js';

type Quality = number | readonly [least: number, most: number];

/**
 * Bytes (…, C, H, W) as they come back from a JPEG file, whose quality is drawn from a range of 1 to 100.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.JPEG.html
 * @throws Error where a quality is no whole number from 1 to 100
 * @example new v2.JPEG([10, 90])(torch.zeros(3, 16, 16, { dtype: torch.uint8 })).shape  // torch.Size([3, 16, 16])
 */
export class JPEG extends Transform<{ quality: number }> {
  readonly quality: readonly [least: number, most: number];
  private readonly isRange: boolean;

  constructor(...args: Call<[quality: Quality], [], { quality: Quality }>) {
    super();
    const { quality } = bind<{ quality: Quality }>('JPEG', 'quality!', args);
    const [least, most] = typeof quality === 'number' ? [quality, quality] : quality;
    if (!(1 <= least && least <= most && most <= 100 && Number.isInteger(least) && Number.isInteger(most)))
      throw new Error(
        `quality must be an integer from 1 to 100, got quality =${typeof quality === 'number' ? `[${least}, ${most}]` : `(${least}, ${most})`}`,
      );
    [this.quality, this.isRange] = [[least, most], typeof quality !== 'number'];
  }

  override extraRepr(): string {
    const [least, most] = this.quality;
    return this.isRange ? `quality=(${least}, ${most})` : `quality=[${least}, ${most}]`;
  }

  protected override makeParams(): { quality: number } {
    const [least, most] = this.quality;
    return { quality: randomInteger(least, most + 1) };
  }

  protected transform(image: torch.Tensor, { quality }: { quality: number }): torch.Tensor {
    return F.jpeg(image, quality);
  }
}
