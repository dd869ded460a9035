/** Transforms of boxes and points. https://pytorch.org/vision/stable/transforms.html#miscellaneous */
import * as torch from '../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../arguments.js';
import { BoundingBoxes, type ClampingMode, type FormatName, KeyPoints, Mask, TVTensor, wrap } from '../tv-tensors.js';
import * as F from './functional/index.js';
import { getBoundingBoxes, getKeypoints } from './query.js';
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
  readonly format: FormatName;

  constructor(...args: Call<[format: FormatName], [], { format: FormatName }>) {
    super();
    this.format = bind<{ format: FormatName }>('ConvertBoundingBoxFormat', 'format!', args).format;
  }

  protected change(boxes: BoundingBoxes): BoundingBoxes {
    return F.convertBoundingBoxFormat(boxes, { newFormat: this.format });
  }
}

type ClampArgs = Args<[clampingMode: ClampingMode | 'auto'], { clampingMode?: ClampingMode | 'auto' }>;

/**
 * Cuts boxes off at the edges of their image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ClampBoundingBoxes.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[-1, 2, 15, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * new v2.ClampBoundingBoxes()(boxes).tolist()  // [ [ 0, 2, 12, 6 ] ]
 */
export class ClampBoundingBoxes extends BoxTransform {
  /** `'auto'`: that of the boxes. */
  readonly clampingMode: ClampingMode | 'auto';

  constructor(...args: ClampArgs) {
    super();
    const { clampingMode = 'auto' } = bind<{ clampingMode?: ClampingMode | 'auto' }>('ClampBoundingBoxes', 'clampingMode', args);
    this.clampingMode = clampingMode;
  }

  protected change(boxes: BoundingBoxes): BoundingBoxes {
    return F.clampBoundingBoxes(boxes, { clampingMode: this.clampingMode });
  }
}

/**
 * Says how the transforms behind it keep boxes in their image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.SetClampingMode.html
 * @throws Error where the mode is none of `'soft'`, `'hard'` and null
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[-1, 2, 15, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * new v2.SetClampingMode(null)(boxes).clampingMode  // null
 */
export class SetClampingMode extends BoxTransform {
  readonly clampingMode: ClampingMode;

  constructor(...args: Call<[clampingMode: ClampingMode], [], { clampingMode: ClampingMode }>) {
    super();
    this.clampingMode = bind<{ clampingMode: ClampingMode }>('SetClampingMode', 'clampingMode!', args).clampingMode;
    if (![null, 'soft', 'hard'].includes(this.clampingMode))
      throw new Error(`clamping_mode must be soft, hard or None, got ${this.clampingMode}`);
  }

  protected change(boxes: BoundingBoxes): BoundingBoxes {
    return wrap(boxes.detach().clone(), boxes, { clampingMode: this.clampingMode });
  }
}

const isLabels = (value: unknown): value is Tensor => value instanceof torch.Tensor && !(value instanceof TVTensor);

/** The second entry of a pair, if that is a plain tensor, or what is there or in the sample itself under a key that speaks of labels. */
function findLabels(sample: unknown): unknown {
  const described: unknown = Array.isArray(sample) ? sample[1] : sample;
  if (isLabels(described)) return described;
  if (!isPlain(described))
    throw new Error(
      `When using the default labels_getter, the input passed to forward must be a dictionary or a two-tuple whose second item is a dictionary or a tensor, but got ${String(described)} instead.`,
    );
  const keys = Object.keys(described);
  const key = keys.find((each) => each.toLowerCase() === 'labels') ?? keys.find((each) => /label/i.test(each));
  if (key === undefined)
    throw new Error(
      'Could not infer where the labels are in the sample. Try passing a callable as the labels_getter parameter?If there are no labels in the sample by design, pass labels_getter=None.',
    );
  return described[key];
}

const getterOf = (getter: LabelsGetter): ((sample: unknown) => unknown) =>
  typeof getter === 'string' ? findLabels : (getter ?? (() => null));

/** The labels as a list, each a tensor with as many entries as there are boxes or points. */
function checkedLabels(labels: unknown, target: Tensor, message: string): readonly Tensor[] {
  if (labels === null || labels === undefined) return [];
  const list: unknown[] = Array.isArray(labels) ? labels : [labels];
  const wrong = list.find((each) => !(each instanceof torch.Tensor));
  if (wrong !== undefined) throw new Error(`The labels in the input to forward() must be a tensor or None, got ${typeof wrong} instead.`);
  for (const each of list as Tensor[])
    if (each.shape[0] !== target.shape[0])
      throw new Error(`${message} must match the number of labels.Found labels with shape=${String(each.shape)}).`);
  return list as Tensor[];
}

export type LabelsGetter = ((sample: unknown) => Tensor | readonly Tensor[] | null) | 'default' | null;

export interface SanitizeOptions {
  minSize?: number;
  minArea?: number;
  /** Gives the labels that belong to the boxes; null if there are none. By default the second of a pair, or those under a key that contains `label`. */
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
  private readonly labelsGetter: (sample: unknown) => unknown;
  private readonly isDefault: boolean;

  constructor(...args: Args<[minSize: number, minArea: number, labelsGetter: LabelsGetter], SanitizeOptions>) {
    super();
    const given = bind<SanitizeOptions>('SanitizeBoundingBoxes', 'minSize, minArea, labelsGetter', args);
    const { minSize = 1, minArea = 1, labelsGetter = 'default' } = given;
    if (minSize < 1) throw new Error(`min_size must be >= 1, got ${pythonFloat(minSize)}.`);
    if (minArea < 1) throw new Error(`min_area must be >= 1, got ${pythonFloat(minArea)}.`);
    [this.minSize, this.minArea] = [minSize, minArea];
    this.isDefault = labelsGetter === 'default';
    this.labelsGetter = getterOf(labelsGetter);
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
    const found = this.labelsGetter(sample);
    const boxes = getBoundingBoxes(tensorsOf(sample));
    const labels = checkedLabels(found, boxes, `Number of boxes (shape=${String(boxes.shape)}) and`);
    const [, valid] = F.sanitizeBoundingBoxes(boxes, { minSize: this.minSize, minArea: this.minArea });
    const fits = (tensor: Tensor): boolean => tensor instanceof Mask && tensor.shape[0] === valid.shape[0];
    const isListed = (tensor: Tensor): boolean => tensor instanceof BoundingBoxes || labels.includes(tensor) || fits(tensor);
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
  private readonly isDefault: boolean;
  private readonly labelsGetter: (sample: unknown) => unknown;

  constructor(...args: Args<[labelsGetter: LabelsGetter], SanitizePointsOptions>) {
    super();
    const { labelsGetter = null } = bind<SanitizePointsOptions>('SanitizeKeyPoints', 'labelsGetter', args);
    this.labelsGetter = getterOf(labelsGetter);
    this.isDefault = labelsGetter === 'default';
  }

  override extraRepr(): string {
    return this.isDefault ? 'labels_getter=default' : '';
  }

  protected transform(image: Tensor): Tensor {
    return image;
  }

  override forward(...inputs: never[]): unknown {
    const sample = sampleOf(inputs);
    const points = getKeypoints(tensorsOf(sample));
    const labels = checkedLabels(this.labelsGetter(sample), points, `Number of kepyoints (shape=${String(points.shape)})`);
    const [kept, valid] = F.sanitizeKeypoints(points);
    return mapTensors(sample, (tensor) => (tensor === points ? kept : labels.includes(tensor) ? tensor.at(valid) : tensor));
  }
}
