/** Random images, for trying things out. https://pytorch.org/vision/stable/generated/torchvision.datasets.FakeData.html */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { type DatasetOptions, type TargetTransform, type Transform, VisionDataset } from './vision.js';

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

  constructor(
    ...args: Args<
      [
        size: number,
        imageSize: readonly [channels: number, height: number, width: number],
        numClasses: number,
        transform: Transform,
        targetTransform: TargetTransform,
        randomOffset: number,
      ],
      FakeDataOptions
    >
  ) {
    const given = bind<FakeDataOptions>('FakeData', 'size, imageSize, numClasses, transform, targetTransform, randomOffset', args);
    const { size = 1000, imageSize = [3, 224, 224], numClasses = 10, randomOffset = 0, ...options } = given;
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
