/** What detectors do to images before the network, and to what it finds behind it. */
import * as torch from '../../../index.js';
import { pasteMasks } from './masks.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;
export type ImageSize = readonly [height: number, width: number];

/** Images of one size, and how much of each is not padding. */
export interface ImageList {
  /** (N, C, H, W) */
  readonly tensors: Tensor;
  readonly imageSizes: readonly ImageSize[];
}

/** The objects of an image to learn from. */
export interface DetectionTarget {
  /** Corners (N, 4) in pixels. */
  boxes: Tensor;
  /** Classes (N); 0 is the background. */
  labels: Tensor;
  /** (N, H, W) */
  masks?: Tensor;
  /** x, y and visibility: (N, K, 3) */
  keypoints?: Tensor;
}

/** What was found in an image, best first. */
export interface Detection {
  /** Corners (N, 4) in pixels. */
  boxes: Tensor;
  labels: Tensor;
  scores: Tensor;
  /** Probabilities (N, 1, H, W). */
  masks?: Tensor;
  /** x, y and 1: (N, K, 3) */
  keypoints?: Tensor;
  /** (N, K) */
  keypointsScores?: Tensor;
}

const ratiosOf = (from: ImageSize, to: ImageSize): [x: number, y: number] => [
  Math.fround(Math.fround(to[1]) / Math.fround(from[1])),
  Math.fround(Math.fround(to[0]) / Math.fround(from[0])),
];

function resizeBoxes(boxes: Tensor, from: ImageSize, to: ImageSize): Tensor {
  const [x, y] = ratiosOf(from, to);
  return boxes.mul(torch.tensor([x, y, x, y], { dtype: torch.float32, device: boxes.device }));
}

function resizeKeypoints(points: Tensor, from: ImageSize, to: ImageSize): Tensor {
  const [x, y] = ratiosOf(from, to);
  return points.mul(torch.tensor([x, y, 1], { dtype: torch.float32, device: points.device }));
}

const sizeOf = (image: Tensor): [number, number] => [image.shape.at(-2)!, image.shape.at(-1)!];

export interface TransformOptions {
  minSize: number | readonly number[];
  maxSize: number;
  imageMean: readonly number[];
  imageStd: readonly number[];
  sizeDivisible?: number;
  fixedSize?: readonly [width: number, height: number] | null;
}

/** Normalises and resizes images, with their targets, and makes a batch of them; `postprocess` takes what was found back to the old size. */
export class GeneralizedRCNNTransform extends nn.Module {
  readonly minSize: readonly number[];
  readonly maxSize: number;
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
  private readonly sizeDivisible: number;
  private readonly fixedSize: readonly [width: number, height: number] | null;

  constructor({ minSize, maxSize, imageMean, imageStd, sizeDivisible = 32, fixedSize = null }: TransformOptions) {
    super();
    this.minSize = typeof minSize === 'number' ? [minSize] : minSize;
    [this.maxSize, this.imageMean, this.imageStd] = [maxSize, imageMean, imageStd];
    [this.sizeDivisible, this.fixedSize] = [sizeDivisible, fixedSize];
  }

  override forward(images: readonly Tensor[], targets: readonly DetectionTarget[] | null): [ImageList, DetectionTarget[] | null] {
    const resized: Tensor[] = [];
    const moved: DetectionTarget[] = [];
    for (const [i, image] of images.entries()) {
      if (image.ndim !== 3) throw new Error(`images is expected to be a list of 3d tensors of shape [C, H, W], got ${String(image.shape)}`);
      const size = this.newSize(sizeOf(image));
      resized.push(F.interpolate(this.normalize(image).unsqueeze(0), { size, mode: 'bilinear', alignCorners: false }).squeeze(0));
      if (targets) moved.push(this.resizeTarget(targets[i], sizeOf(image), size));
    }
    return [{ tensors: this.batch(resized), imageSizes: resized.map(sizeOf) }, targets && moved];
  }

  private normalize(image: Tensor): Tensor {
    if (!image.dtype.isFloatingPoint)
      throw new TypeError(`Expected input images to be of floating type (in range [0, 1]), but found type ${String(image.dtype)} instead`);
    const column = (values: readonly number[]): Tensor =>
      torch.tensor([...values], { dtype: image.dtype, device: image.device }).reshape(-1, 1, 1);
    return image.sub(column(this.imageMean)).div(column(this.imageStd));
  }

  /** In training one of the sizes, drawn at random. */
  private newSize([height, width]: ImageSize): [number, number] {
    const count = this.minSize.length;
    const drawn = this.training ? Math.trunc(torch.empty(1).uniform_(0, count).item() as number) : count - 1;
    if (this.fixedSize) return [this.fixedSize[1], this.fixedSize[0]];
    const scale = Math.min(this.minSize[drawn] / Math.min(height, width), this.maxSize / Math.max(height, width));
    return [Math.floor(height * scale), Math.floor(width * scale)];
  }

  private resizeTarget(target: DetectionTarget, from: ImageSize, to: ImageSize): DetectionTarget {
    const { masks, keypoints } = target;
    const resizeMasks = (all: Tensor): Tensor =>
      F.interpolate(all.unsqueeze(1).float(), { size: [...to] })
        .squeeze(1)
        .to(torch.uint8);
    return {
      ...target,
      boxes: resizeBoxes(target.boxes, from, to),
      ...(masks && { masks: resizeMasks(masks) }),
      ...(keypoints && { keypoints: resizeKeypoints(keypoints, from, to) }),
    };
  }

  /** (N, C, H, W), zeros at the right and below. */
  private batch(images: readonly Tensor[]): Tensor {
    const most = (dim: number): number =>
      Math.ceil(Math.max(...images.map((image) => image.shape[dim])) / this.sizeDivisible) * this.sizeDivisible;
    const [height, width] = [most(1), most(2)];
    return torch.stack(images.map((image) => F.pad(image, [0, width - image.shape[2], 0, height - image.shape[1]])));
  }

  postprocess(found: readonly Detection[], sizes: readonly ImageSize[], originals: readonly ImageSize[]): Detection[] {
    return found.map((each, i) => {
      const boxes = resizeBoxes(each.boxes, sizes[i], originals[i]);
      return {
        ...each,
        boxes,
        ...(each.masks && { masks: pasteMasks(each.masks, boxes, originals[i]) }),
        ...(each.keypoints && { keypoints: resizeKeypoints(each.keypoints, sizes[i], originals[i]) }),
      };
    });
  }

  override toString(): string {
    const list = (values: readonly number[]): string => `[${values.join(', ')}]`;
    const sizes = this.minSize.length === 1 ? `(${this.minSize[0]},)` : `(${this.minSize.join(', ')})`;
    return `GeneralizedRCNNTransform(\n    Normalize(mean=${list(this.imageMean)}, std=${list(this.imageStd)})\n    Resize(min_size=${sizes}, max_size=${this.maxSize}, mode='bilinear')\n)`;
  }
}

/** Refuses targets whose boxes are no boxes. */
export function checkTargets(targets: readonly DetectionTarget[] | null): void {
  if (!targets) throw new Error('targets should not be none when in training mode');
  for (const { boxes } of targets) {
    if (!(boxes instanceof torch.Tensor)) throw new Error(`Expected target boxes to be of type Tensor, got ${typeof boxes}.`);
    if (boxes.ndim !== 2 || boxes.shape[1] !== 4)
      throw new Error(`Expected target boxes to be a tensor of shape [N, 4], got ${String(boxes.shape)}.`);
  }
}

/** Refuses boxes without width or height. */
export function checkDegenerate(targets: readonly DetectionTarget[]): void {
  for (const [i, { boxes }] of targets.entries()) {
    const isFlat = boxes
      .narrow(1, 2, 2)
      .le(boxes.narrow(1, 0, 2))
      .any(1);
    if (!isFlat.any().item()) continue;
    const found = (boxes.at(isFlat).at(0).tolist() as number[]).join(', ');
    throw new Error(`All bounding boxes should have positive height and width. Found invalid box [${found}] for target at index ${i}.`);
  }
}
