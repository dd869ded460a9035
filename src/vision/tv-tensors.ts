/** Tensors that transforms treat as what they are: images, masks, boxes, points. https://pytorch.org/vision/stable/tv_tensors.html */
import * as torch from '../index.js';

type Tensor = torch.Tensor;
type Data = Parameters<typeof torch.asTensor>[0];

const plain = { clone: torch.Tensor.prototype.clone, detach: torch.Tensor.prototype.detach, to: torch.Tensor.prototype.to };

/**
 * The base of the kinds. Shares the memory of `data`, and shows its class when printed. `clone`, `detach`, `to` and `requiresGrad_` keep
 * the kind; what other operations give is a plain tensor. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.TVTensor.html
 * @example new tvTensors.Image(torch.zeros(3, 4, 5)) instanceof tvTensors.TVTensor  // true
 */
export abstract class TVTensor extends torch.Tensor {
  constructor(data: Data) {
    super([]);
    const view = data instanceof torch.Tensor ? data.viewAs(data) : torch.asTensor(data);
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
export class Image extends TVTensor {}

/**
 * Classes of pixels (H, W), or masks of objects (N, H, W): resized and rotated without new values.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.Mask.html
 * @example
 * v2.functional.horizontalFlip(new tvTensors.Mask([[1, 2, 3]]))  // Mask([[3, 2, 1]])
 */
export class Mask extends TVTensor {}

/**
 * Corners; a corner and the sizes; or the middle and the sizes.
 * https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.BoundingBoxFormat.html
 */
export const BoundingBoxFormat = { XYXY: 'XYXY', XYWH: 'XYWH', CXCYWH: 'CXCYWH' } as const;
export type BoxFormat = 'XYXY' | 'XYWH' | 'CXCYWH';

export interface BoundingBoxesOptions {
  format: BoxFormat;
  /** Of the image that the boxes lie in. */
  canvasSize: readonly [height: number, width: number];
}

/**
 * Boxes (N, 4) in an image. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.BoundingBoxes.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.horizontalFlip(boxes).tolist()  // [ [ 7, 2, 11, 6 ] ]
 */
export class BoundingBoxes extends TVTensor {
  readonly format: BoxFormat;
  readonly canvasSize: readonly [height: number, width: number];

  constructor(data: Data, { format, canvasSize }: BoundingBoxesOptions) {
    const boxes = torch.asTensor(data);
    super(boxes.ndim === 1 ? boxes.unsqueeze(0) : boxes);
    if (this.ndim !== 2 || this.shape[1] !== 4) throw new Error(`Expected boxes of shape (N, 4), but got ${String(this.shape)}`);
    this.format = format;
    this.canvasSize = canvasSize;
  }

  protected override suffix(): string {
    return `, format=BoundingBoxFormat.${this.format}, canvas_size=(${this.canvasSize.join(', ')})`;
  }
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

  constructor(data: Data, { canvasSize }: { canvasSize: readonly [height: number, width: number] }) {
    const points = torch.asTensor(data);
    super(points.ndim === 1 ? points.unsqueeze(0) : points);
    if (this.shape.at(-1) !== 2) throw new Error(`Expected a tensor of shape (..., 2), not ${String(this.shape)}`);
    this.canvasSize = canvasSize;
  }

  protected override suffix(): string {
    return `, canvas_size=(${this.canvasSize.join(', ')})`;
  }
}

/**
 * `tensor` as the kind that `like` is. https://pytorch.org/vision/stable/generated/torchvision.tv_tensors.wrap.html
 * @example tvTensors.wrap(torch.ones(1, 2, 2), new tvTensors.Image(torch.zeros(1, 2, 2))) instanceof tvTensors.Image  // true
 */
export function wrap<T extends Tensor>(tensor: Tensor, like: T): T {
  if (tensor === like) return like;
  if (like instanceof BoundingBoxes) return new BoundingBoxes(tensor, like) as Tensor as T;
  if (like instanceof KeyPoints) return new KeyPoints(tensor, like) as Tensor as T;
  if (like instanceof Image) return new Image(tensor) as Tensor as T;
  return (like instanceof Mask ? new Mask(tensor) : tensor) as T;
}

for (const [name, method] of Object.entries(plain)) {
  function value(this: TVTensor, ...args: unknown[]): Tensor {
    const result = (method as (...args: unknown[]) => Tensor).apply(this, args);
    return result instanceof TVTensor ? result : wrap(result, this);
  }
  Object.defineProperty(TVTensor.prototype, name, { value, writable: true, configurable: true });
}
