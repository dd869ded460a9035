/** Transforms of boxes and points. https://pytorch.org/vision/stable/transforms.html#miscellaneous */
import * as torch from '../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../arguments.js';
import { type BoxFormat, BoundingBoxes, KeyPoints, Mask, wrap } from '../tv-tensors.js';
import * as F from './functional/index.js';
import { isPlain, mapTensors, sampleOf, tensorsOf, Transform } from './transform.js';

type Tensor = torch.Tensor;

/** A transform of the boxes of a sample, which leaves everything else. */
abstract class BoxTransform extends Transform {
  protected abstract change(boxes: BoundingBoxes): BoundingBoxes;

  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    return mapTensors(sampleOf(inputs), (tensor) => (tensor instanceof BoundingBoxes ? this.change(tensor) : tensor));
  }
}

/**
 * Changes the format of boxes. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ConvertBoundingBoxFormat.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * new v2.ConvertBoundingBoxFormat('XYWH')(boxes).tolist()  // [ [ 1, 2, 4, 4 ] ]
 */
export class ConvertBoundingBoxFormat extends BoxTransform {
  readonly format: BoxFormat;

  constructor(...args: Call<[format: BoxFormat], [], { format: BoxFormat }>) {
    super();
    this.format = bind<{ format: BoxFormat }>('ConvertBoundingBoxFormat', 'format!', args).format;
  }

  protected change(boxes: BoundingBoxes): BoundingBoxes {
    return F.convertBoundingBoxFormat(boxes, this.format);
  }
}

/**
 * Cuts boxes off at the edges of their image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ClampBoundingBoxes.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[-1, 2, 15, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * new v2.ClampBoundingBoxes()(boxes).tolist()  // [ [ 0, 2, 12, 6 ] ]
 */
export class ClampBoundingBoxes extends BoxTransform {
  protected change(boxes: BoundingBoxes): BoundingBoxes {
    return F.clampBoundingBoxes(boxes);
  }
}

/** The first tensor under a key that speaks of labels. */
function findLabels(sample: unknown): Tensor | null {
  if (Array.isArray(sample)) return sample.map(findLabels).find((found) => found !== null) ?? null;
  if (!isPlain(sample)) return null;
  const named = Object.entries(sample).find(([key, value]) => /label/i.test(key) && value instanceof torch.Tensor);
  return named ? (named[1] as Tensor) : findLabels(Object.values(sample));
}

export type LabelsGetter = ((sample: unknown) => Tensor | null) | 'default' | null;

export interface SanitizeOptions {
  minSize?: number;
  minArea?: number;
  /** Gives the labels that belong to the boxes; null if there are none. By default those under a key that contains `label`. */
  labelsGetter?: LabelsGetter;
}

/**
 * Takes boxes away that are too small or lie outside of their image, and their labels and masks.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.SanitizeBoundingBoxes.html
 * @throws Error where the sample has no boxes
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6], [3, 3, 3, 3]], { format: 'XYXY', canvasSize: [10, 12] });
 * new v2.SanitizeBoundingBoxes()({ boxes, labels: torch.tensor([7, 8]) }).labels.tolist()  // [ 7 ]
 */
export class SanitizeBoundingBoxes extends Transform {
  readonly minSize: number;
  readonly minArea: number;
  private readonly labelsGetter: (sample: unknown) => Tensor | null;
  private readonly isDefault: boolean;

  constructor(...args: Args<[minSize: number, minArea: number, labelsGetter: LabelsGetter], SanitizeOptions>) {
    super();
    const given = bind<SanitizeOptions>('SanitizeBoundingBoxes', 'minSize, minArea, labelsGetter', args);
    const { minSize = 1, minArea = 1, labelsGetter = 'default' } = given;
    if (minSize < 1) throw new Error(`min_size must be >= 1, got ${minSize}.`);
    if (minArea < 1) throw new Error(`min_area must be >= 1, got ${minArea}.`);
    [this.minSize, this.minArea] = [minSize, minArea];
    this.isDefault = labelsGetter === 'default';
    this.labelsGetter = typeof labelsGetter === 'string' ? findLabels : (labelsGetter ?? (() => null));
  }

  override extraRepr(): string {
    const getter = this.isDefault ? ', labels_getter=default' : '';
    return `min_size=${pythonFloat(this.minSize)}, min_area=${pythonFloat(this.minArea)}${getter}`;
  }

  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    const sample = sampleOf(inputs);
    const boxes = tensorsOf(sample).find((tensor) => tensor instanceof BoundingBoxes) as BoundingBoxes | undefined;
    if (!boxes) throw new Error('No bounding boxes were found in the sample');
    const labels = this.labelsGetter(sample);
    const [, valid] = F.sanitizeBoundingBoxes(boxes, { minSize: this.minSize, minArea: this.minArea });
    const isListed = (tensor: Tensor): boolean =>
      tensor === boxes || tensor === labels || (tensor instanceof Mask && tensor.ndim === 3 && tensor.shape[0] === valid.shape[0]);
    return mapTensors(sample, (tensor) => (isListed(tensor) ? wrap(tensor.at(valid), tensor) : tensor));
  }
}

/**
 * Moves points outside of their image to its edges. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ClampKeyPoints.html
 * @example
 * const points = new tvTensors.KeyPoints([[-1, 2], [15, 6]], { canvasSize: [10, 12] });
 * new v2.ClampKeyPoints()(points).tolist()  // [ [ 0, 2 ], [ 11, 6 ] ]
 */
export class ClampKeyPoints extends Transform {
  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    return mapTensors(sampleOf(inputs), (tensor) => (tensor instanceof KeyPoints ? F.clampKeypoints(tensor) : tensor));
  }
}

export interface SanitizePointsOptions {
  /** Gives the labels that belong to the points, or `'default'`: those under a key that contains `label`. */
  labelsGetter?: LabelsGetter;
}

/**
 * Takes points away that lie outside of their image, and their labels; of groups of points those that are not whole.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.SanitizeKeyPoints.html
 * @throws Error where the sample has no points, or not as many labels
 * @example
 * const points = new tvTensors.KeyPoints([[1, 2], [15, 6]], { canvasSize: [10, 12] });
 * new v2.SanitizeKeyPoints('default')({ points, labels: torch.tensor([7, 8]) }).labels.tolist()  // [ 7 ]
 */
export class SanitizeKeyPoints extends Transform {
  private readonly labelsGetter: (sample: unknown) => Tensor | null;

  constructor(...args: Args<[labelsGetter: LabelsGetter], SanitizePointsOptions>) {
    super();
    const { labelsGetter = null } = bind<SanitizePointsOptions>('SanitizeKeyPoints', 'labelsGetter', args);
    this.labelsGetter = typeof labelsGetter === 'string' ? findLabels : (labelsGetter ?? (() => null));
  }

  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    const sample = sampleOf(inputs);
    const points = tensorsOf(sample).find((tensor) => tensor instanceof KeyPoints) as KeyPoints | undefined;
    if (!points) throw new Error('No keypoints were found in the sample');
    const labels = this.labelsGetter(sample);
    if (labels && labels.shape[0] !== points.shape[0])
      throw new Error(
        `Number of kepyoints (shape=${String(points.shape)}) must match the number of labels.Found labels with shape=${String(labels.shape)}).`,
      );
    const [kept, valid] = F.sanitizeKeypoints(points);
    return mapTensors(sample, (tensor) => (tensor === points ? kept : tensor === labels ? tensor.at(valid) : tensor));
  }
}
