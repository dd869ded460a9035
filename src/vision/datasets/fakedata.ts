/** Random images, for trying things out. https://pytorch.org/vision/stable/generated/torchvision.datasets.FakeData.html */
import * as torch from '../../index.js';
import { type DatasetOptions, VisionDataset } from './vision.js';

export interface FakeDataOptions extends DatasetOptions {
  size?: number;
  imageSize?: readonly [channels: number, height: number, width: number];
  numClasses?: number;
  /** Added to the index, which is the seed of an image. */
  randomOffset?: number;
}

/**
 * `size` images of noise in bytes with random classes; the same index gives the same image.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.FakeData.html
 * @example
 * const data = new vision.datasets.FakeData({ size: 10, imageSize: [3, 8, 8], numClasses: 2 });
 * const [image, label] = await data.at(0);
 * image.shape  // torch.Size([3, 8, 8])
 */
export class FakeData extends VisionDataset {
  readonly size: number;
  readonly imageSize: readonly [number, number, number];
  readonly numClasses: number;
  readonly randomOffset: number;

  constructor({ size = 1000, imageSize = [3, 224, 224], numClasses = 10, randomOffset = 0, ...options }: FakeDataOptions = {}) {
    super('', options);
    [this.size, this.imageSize, this.numClasses, this.randomOffset] = [size, imageSize, numClasses, randomOffset];
  }

  /** How many samples there are. */
  get length(): number {
    return this.size;
  }

  protected sample(index: number): [torch.Tensor, number] {
    const generator = new torch.Generator().manualSeed(index + this.randomOffset);
    const noise = torch.randn([...this.imageSize], { generator });
    const target = torch.randint(0, this.numClasses, [1], { generator }).item() as number;
    return [noise.mul(255).to(torch.uint8), target];
  }
}
