/** Datasets for transforms of images together with their boxes and masks. https://pytorch.org/vision/stable/tv_tensors.html */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import type { TargetKeys, VisionDataset } from './vision.js';

export interface WrapOptions {
  /** Of the target: those that are usual, `'all'`, or some by name, such as `['boxes', 'masks']`. */
  targetKeys?: TargetKeys;
}

/** A dataset whose images, masks and boxes are of the kinds that `vision.tvTensors` has. */
class WrappedDataset extends torch.utils.data.Dataset<[torch.Tensor, unknown]> {
  constructor(
    private readonly dataset: Pick<VisionDataset<unknown>, 'atWrapped' | 'length'>,
    private readonly targetKeys: TargetKeys,
  ) {
    super();
  }

  /** How many samples there are. */
  get length(): number {
    return this.dataset.length;
  }

  override at(index: number): Promise<[torch.Tensor, unknown]> {
    return this.dataset.atWrapped(index, this.targetKeys);
  }

  override toString(): string {
    return `Wrapped${String(this.dataset)}`;
  }
}

/**
 * The same dataset with images, masks and boxes of the kinds of `vision.tvTensors`, before its transforms see them: those of COCO and VOC
 * have a target with `boxes` and `labels` (with `targetKeys` also `masks` of COCO), those for segmentation a mask.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.wrap_dataset_for_transforms_v2.html
 * @example
 * const data = vision.datasets.wrapDatasetForTransformsV2(new vision.datasets.FakeData({ size: 2, imageSize: [3, 4, 5] }));
 * const [image] = await data.at(0);
 * image instanceof tvTensors.Image  // true
 */
export function wrapDatasetForTransformsV2<T>(
  dataset: VisionDataset<T>,
  ...args: Args<[targetKeys: TargetKeys], WrapOptions>
): torch.utils.data.Dataset<[torch.Tensor, unknown]> {
  const { targetKeys = null } = bind<WrapOptions>('wrap_dataset_for_transforms_v2', 'targetKeys', args);
  return new WrappedDataset(dataset, targetKeys);
}
