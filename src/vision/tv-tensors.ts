/** Tensors that transforms treat as what they are: images, masks, boxes, points. https://pytorch.org/vision/stable/tv_tensors.html */
import * as torch from '../index.js';

type Tensor = torch.Tensor;
type Data = Parameters<typeof torch.asTensor>[0];

const plain = { clone: torch.Tensor.prototype.clone, detach: torch.Tensor.prototype.detach, to: torch.Tensor.prototype.to };

export interface TVTensorOptions {
  /** By default those of the data. */
  dtype?: torch.DType;
  device?: Parameters<typeof torch.device>[0];
  requiresGrad?: boolean;
}

/**
 * The base of the kinds. Shares the memory of `data`, and shows its class when printed. `clone`, `detach`, `to` and `requiresGrad_` keep
 * the kind; what other operations give is a plain tensor. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.TVTensor.html
 * @example new tvTensors.Image(torch.zeros(3, 4, 5)) instanceof tvTensors.TVTensor  // true
 */
export abstract class TVTensor extends torch.Tensor {
  constructor(data: Data, { dtype, device, requiresGrad }: TVTensorOptions = {}) {
    super([]);
    const tensor = torch.asTensor(data, { ...(dtype && { dtype }), ...(device && { device }) });
    const view = tensor.viewAs(tensor);
    if (requiresGrad !== undefined) view.detach_().requiresGrad_(requiresGrad);
    return Object.setPrototypeOf(view, new.target.prototype) as this;
  }

  /** What stands behind the numbers in the printout. */
  protected suffix(): string {
    return '';
  }

  override toString(): string {
    const { name } = this.constructor;
    const numbers = String(plain.detach.call(this)).slice('tensor('.length, -1);
    const aligned = numbers.replaceAll(`\n${' '.repeat('tensor('.length)}`, `\n${' '.repeat(name.length + 1)}`);
    return `${name}(${aligned}${this.suffix()})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * An image (…, C, H, W). In a sample that holds one, tensors of no kind are left as they are.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.Image.html
 * @example new tvTensors.Image(torch.zeros(3, 4, 5)).shape  // torch.Size([3, 4, 5])
 */
export class Image extends TVTensor {
  constructor(data: Data, options?: TVTensorOptions) {
    const image = torch.asTensor(data);
    if (image.ndim < 2) throw new Error(`Tensor must be 2D or higher, got ${image.ndim}D tensor.`);
    super(image.ndim === 2 ? image.unsqueeze(0) : image, options);
  }
}

/**
 * A video (…, T, C, H, W), transformed as images are, all frames alike.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.Video.html
 * @throws Error where there are fewer than four dims
 * @example new v2.Resize(4)(new tvTensors.Video(torch.zeros(2, 3, 8, 8))).shape  // torch.Size([2, 3, 4, 4])
 */
export class Video extends TVTensor {
  constructor(data: Data, options?: TVTensorOptions) {
    super(data, options);
    if (this.ndim < 4) throw new Error(`Tensor must be 4D or higher, got ${this.ndim}D tensor.`);
  }
}

/**
 * Classes of pixels (H, W), or masks of objects (N, H, W): resized and rotated without new values.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.Mask.html
 * @example
 * v2.functional.horizontalFlip(new tvTensors.Mask([[1, 2, 3]]))  // Mask([[3, 2, 1]])
 */
export class Mask extends TVTensor {}

/**
 * Corners; a corner and the sizes; the middle and the sizes. With an `R` boxes are rotated by an angle in degrees, counter-clockwise;
 * eight numbers are four corners. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.BoundingBoxFormat.html
 */
export const BoundingBoxFormat = {
  XYXY: 'XYXY',
  XYWH: 'XYWH',
  CXCYWH: 'CXCYWH',
  XYWHR: 'XYWHR',
  CXCYWHR: 'CXCYWHR',
  XYXYXYXY: 'XYXYXYXY',
} as const;
export type BoxFormat = keyof typeof BoundingBoxFormat;
/** What a format may be given as. */
export type FormatName = BoxFormat | Lowercase<BoxFormat>;

/** How boxes are kept in their image: as little cut off as possible, entirely inside, or not at all. Upright ones have one way only. */
export type ClampingMode = 'soft' | 'hard' | null;

/**
 * Whether boxes of this format have an angle.
 * @example tvTensors.isRotatedBoundingFormat('XYWHR')  // true
 */
export const isRotatedBoundingFormat = (format: FormatName): boolean => ['XYWHR', 'CXCYWHR', 'XYXYXYXY'].includes(format.toUpperCase());

/**
 * The format of a name in capitals or not.
 * @throws Error where there is no such format
 * @example tvTensors.boxFormat('xywh')  // XYWH
 */
export function boxFormat(name: FormatName): BoxFormat {
  const format = name.toUpperCase() as BoxFormat;
  if (!(format in BoundingBoxFormat)) throw new Error(`'${format}' is no format of bounding boxes`);
  return format;
}

export interface BoundingBoxesOptions extends TVTensorOptions {
  format: FormatName;
  /** Of the image that the boxes lie in. */
  canvasSize: readonly [height: number, width: number];
  clampingMode?: ClampingMode;
}

/** Numbers without a fraction are floats where boxes are rotated. */
function boxData(data: Data, isRotated: boolean): Tensor {
  const boxes = torch.asTensor(data);
  if (!isRotated || boxes.dtype.isFloatingPoint) return boxes;
  if (data instanceof torch.Tensor) throw new Error(`Rotated bounding boxes should be floating point tensors, got ${String(boxes.dtype)}.`);
  return boxes.to(torch.getDefaultDtype());
}

/**
 * Boxes (N, 4) in an image; rotated ones are (N, 5) or, as four corners, (N, 8).
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.BoundingBoxes.html
 * @throws Error where the tensor has more than two dims, or rotated boxes are integers
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.horizontalFlip(boxes).tolist()  // [ [ 7, 2, 11, 6 ] ]
 */
export class BoundingBoxes extends TVTensor {
  readonly format: BoxFormat;
  readonly canvasSize: readonly [height: number, width: number];
  clampingMode: ClampingMode;

  constructor(data: Data, { format, canvasSize, clampingMode = 'soft', ...options }: BoundingBoxesOptions) {
    const boxes = boxData(data, isRotatedBoundingFormat(format));
    super(boxes.ndim === 1 ? boxes.unsqueeze(0) : boxes, options);
    if (this.ndim !== 2) throw new Error(`Expected a 1D or 2D tensor, got ${this.ndim}D`);
    const numbers = { XYXYXYXY: 8, XYWHR: 5, CXCYWHR: 5, XYXY: 4, XYWH: 4, CXCYWH: 4 }[boxFormat(format)];
    if (this.shape[1] !== numbers) throw new Error(`Expected boxes of shape (N, ${numbers}), but got ${String(this.shape)}`);
    if (!['soft', 'hard', null].includes(clampingMode)) throw new Error(`clamping_mode must be None, hard or soft, got ${clampingMode}.`);
    this.format = boxFormat(format);
    this.canvasSize = canvasSize;
    this.clampingMode = clampingMode;
  }

  protected override suffix(): string {
    const mode = this.clampingMode ?? 'None';
    return `, format=BoundingBoxFormat.${this.format}, canvas_size=(${this.canvasSize.join(', ')}), clamping_mode=${mode}`;
  }
}

export interface KeyPointsOptions extends TVTensorOptions {
  /** Of the image that the points lie in. */
  canvasSize: readonly [height: number, width: number];
}

/**
 * Points (…, 2) of an image, x and y: single ones, polygons, skeletons. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.KeyPoints.html
 * @throws Error where the last dim has another size
 * @example
 * const points = new tvTensors.KeyPoints([[1, 2]], { canvasSize: [10, 12] });
 * v2.functional.horizontalFlip(points)  // KeyPoints([[10,  2]], canvas_size=(10, 12))
 */
export class KeyPoints extends TVTensor {
  readonly canvasSize: readonly [height: number, width: number];

  constructor(data: Data, { canvasSize, ...options }: KeyPointsOptions) {
    const points = torch.asTensor(data);
    super(points.ndim === 1 ? points.unsqueeze(0) : points, options);
    if (this.shape.at(-1) !== 2) throw new Error(`Expected a tensor of shape (..., 2), not ${String(this.shape)}`);
    this.canvasSize = canvasSize;
  }

  protected override suffix(): string {
    return `, canvas_size=(${this.canvasSize.join(', ')})`;
  }
}

/** What `wrap` may change. */
export interface WrapOptions {
  format?: FormatName;
  canvasSize?: readonly [height: number, width: number];
  clampingMode?: ClampingMode;
}

/**
 * `tensor` as the kind that `like` is, with its format and sizes unless others are given.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.wrap.html
 * @example tvTensors.wrap(torch.ones(1, 2, 2), new tvTensors.Image(torch.zeros(1, 2, 2))) instanceof tvTensors.Image  // true
 */
export function wrap<T extends Tensor>(tensor: Tensor, like: T, options: WrapOptions = {}): T {
  if (tensor === like) return like;
  if (like instanceof BoundingBoxes) {
    const { format, canvasSize, clampingMode } = like;
    return new BoundingBoxes(tensor, { format, canvasSize, clampingMode, ...options }) as Tensor as T;
  }
  if (like instanceof KeyPoints) return new KeyPoints(tensor, { canvasSize: like.canvasSize, ...options }) as Tensor as T;
  const kind = [Image, Video, Mask].find((each) => like instanceof each);
  return (kind ? new kind(tensor) : tensor) as T;
}

for (const [name, method] of Object.entries(plain)) {
  function value(this: TVTensor, ...args: unknown[]): Tensor {
    const result = (method as (...args: unknown[]) => Tensor).apply(this, args);
    return result instanceof TVTensor ? result : wrap(result, this);
  }
  Object.defineProperty(TVTensor.prototype, name, { value, writable: true, configurable: true });
}
