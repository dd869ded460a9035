/** Crops that keep enough of some box: the sampling of "SSD: Single Shot MultiBox Detector" (Liu et al., 2015). */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { boxIou } from '../ops/boxes.js';
import { BoundingBoxes } from '../tv-tensors.js';
import * as F from './functional/index.js';
import { GeometricTransform, isTarget, randomInteger } from './transform.js';

type Tensor = torch.Tensor;

export interface RandomIoUCropOptions {
  /** The least and the most of width and height. */
  minScale?: number;
  maxScale?: number;
  /** The least and the most of width / height. */
  minAspectRatio?: number;
  maxAspectRatio?: number;
  /** How much of a box must be covered; of 1 or more, everything. One is drawn. */
  samplerOptions?: readonly number[] | null;
  /** How often a crop is tried for one of them. */
  trials?: number;
}

interface Crop {
  top: number;
  left: number;
  height: number;
  width: number;
  /** Which boxes have their middle inside. */
  isInside: Tensor;
}

/** Two numbers in [0, 1), as float32. */
const drawTwo = (): number[] => torch.rand(2).tolist() as number[];
const part = (whole: number, share: number): number => Math.trunc(Math.fround(whole * share));

/**
 * A random part of an image in which at least one box is covered well enough. Boxes whose middle is outside become zeros, which
 * `SanitizeBoundingBoxes` takes away. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomIoUCrop.html
 * @throws TypeError where a sample has no image or no boxes
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * const crop = new v2.Compose([new v2.RandomIoUCrop(), new v2.SanitizeBoundingBoxes()]);
 * crop({ image: torch.rand(3, 10, 12), boxes, labels: torch.tensor([7]) }).image.ndim  // 3
 */
export class RandomIoUCrop extends GeometricTransform<{ crop: Crop | null }> {
  readonly minScale: number;
  readonly maxScale: number;
  readonly minAspectRatio: number;
  readonly maxAspectRatio: number;
  readonly options: readonly number[];
  readonly trials: number;

  constructor(
    ...args: Args<
      [
        minScale: number,
        maxScale: number,
        minAspectRatio: number,
        maxAspectRatio: number,
        samplerOptions: readonly number[] | null,
        trials: number,
      ],
      RandomIoUCropOptions
    >
  ) {
    super();
    const names = 'minScale, maxScale, minAspectRatio, maxAspectRatio, samplerOptions, trials';
    const given = bind<RandomIoUCropOptions>('RandomIoUCrop', names, args);
    this.minScale = given.minScale ?? 0.3;
    this.maxScale = given.maxScale ?? 1;
    this.minAspectRatio = given.minAspectRatio ?? 0.5;
    this.maxAspectRatio = given.maxAspectRatio ?? 2;
    this.options = given.samplerOptions ?? [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1];
    this.trials = given.trials ?? 40;
  }

  protected override lists(): readonly string[] {
    return ['options'];
  }

  /** One try: null where the crop has no fitting shape, or covers no box by `least`. */
  private tried(corners: Tensor, [canvasHeight, canvasWidth]: readonly [number, number], least: number): Crop | null {
    const sides = drawTwo().map((r) => Math.fround(this.minScale + Math.fround((this.maxScale - this.minScale) * r)));
    const [width, height] = [part(canvasWidth, sides[0]), part(canvasHeight, sides[1])];
    const ratio = width / height;
    if (!(ratio >= this.minAspectRatio && ratio <= this.maxAspectRatio)) return null;
    const places = drawTwo();
    const [left, top] = [part(canvasWidth - width, places[0]), part(canvasHeight - height, places[1])];
    if (width === 0 || height === 0) return null;
    const [x1, y1, x2, y2] = corners.unbind(-1);
    const [x, y] = [x1.add(x2).mul(0.5), y1.add(y2).mul(0.5)];
    const checks = [x.gt(left), x.lt(left + width), y.gt(top), y.lt(top + height)];
    const isInside = checks.reduce((all, each) => all.logicalAnd(each));
    if (!isInside.any().item()) return null;
    const crop = torch.tensor([[left, top, left + width, top + height]], { dtype: corners.dtype, device: corners.device });
    const covered = boxIou(corners.at(isInside), crop).max().item() as number;
    return covered < least ? null : { top, left, height, width, isInside };
  }

  protected override makeParams(inputs: readonly Tensor[]): { crop: Crop | null } {
    const boxes = inputs.find((input) => input instanceof BoundingBoxes) as BoundingBoxes | undefined;
    if (!boxes || !inputs.some((input) => !isTarget(input)))
      throw new TypeError(
        'RandomIoUCrop() requires input sample to contain tensor or PIL images and bounding boxes. Sample can also contain masks.',
      );
    const corners = F.convertBoundingBoxFormat(boxes, { newFormat: 'XYXY' });
    for (;;) {
      const least = this.options[randomInteger(0, this.options.length)];
      if (least >= 1) return { crop: null };
      for (let trial = 0; trial < this.trials; trial++) {
        const crop = this.tried(corners, boxes.canvasSize, least);
        if (crop) return { crop };
      }
    }
  }

  protected transform(input: Tensor, { crop }: { crop: Crop | null }): Tensor {
    if (!crop) return input;
    const { top, left, height, width, isInside } = crop;
    const cropped = F.crop(input, top, left, height, width);
    return cropped instanceof BoundingBoxes ? cropped.maskedFill_(isInside.logicalNot().unsqueeze(-1), 0) : cropped;
  }
}
