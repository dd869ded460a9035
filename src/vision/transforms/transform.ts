/** What transforms share: they find the image in a sample and leave the rest alone. */
import * as torch from '../../index.js';
import { pythonFloat } from '../arguments.js';
import { BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video, wrap } from '../tv-tensors.js';

type Tensor = torch.Tensor;

/** A transform is called with an image or a sample that holds one: `[image, label]`, `{ image, boxes }`, or several arguments. */
export interface Transform {
  <T>(sample: T): T;
  <T extends readonly unknown[]>(...sample: T): T;
}

export const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** Whether it is what belongs to an image: boxes, points or masks. */
export const isTarget = (x: Tensor): boolean => x instanceof BoundingBoxes || x instanceof KeyPoints || x instanceof Mask;

/** Whether it says that it is an image or a video. */
const isPicture = (x: Tensor): boolean => x instanceof Image || x instanceof Video;

/** Applies `change` to every tensor of a sample, depth first. */
export function mapTensors(value: unknown, change: (tensor: Tensor) => unknown): unknown {
  if (value instanceof torch.Tensor) return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTensors(each, change));
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTensors(each, change)])) : value;
}

export function tensorsOf(sample: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(sample, (tensor) => found.push(tensor));
  return found;
}

/**
 * `sample` with its images changed, and its boxes and masks if `movesPixels`; without an `Image` or `Video`, the first tensor that is no box or mask is
 * the image. `prepare` sees them all and gives the change. All changes see the same random numbers, so that they stay together.
 */
export function changeSample(
  sample: unknown,
  movesPixels: boolean,
  prepare: (inputs: readonly Tensor[]) => (tensor: Tensor) => unknown,
): unknown {
  const tensors = tensorsOf(sample);
  const plain = tensors.some(isPicture) ? undefined : tensors.find((t) => !isTarget(t));
  let isOpen = true;
  const takes = (t: Tensor): boolean => isPicture(t) || (isTarget(t) ? movesPixels : t === plain && isOpen);
  const inputs = tensors.filter(takes);
  const change = prepare(inputs);
  const start = inputs.length > 1 ? torch.getRngState() : null;
  return mapTensors(sample, (tensor) => {
    if (!takes(tensor)) return tensor;
    if (tensor === plain) isOpen = false;
    if (start) torch.setRngState(start);
    const changed = change(tensor);
    return isPicture(tensor) ? mapTensors(changed, (each) => (each instanceof TVTensor ? each : wrap(each, tensor))) : changed;
  });
}

/** One argument as it is, several as a list. */
export const sampleOf = (inputs: readonly unknown[]): unknown => (inputs.length === 1 ? inputs[0] : inputs);

/**
 * The base of all transforms. Subclasses define `transform`, which draws its random numbers from PyTorch's generator.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Transform.html
 * @example
 * class Darker extends v2.Transform {
 *   protected override transform(image: torch.Tensor) {
 *     return image.div(2);
 *   }
 * }
 * new Darker()(torch.ones(1, 1, 1))  // tensor([[[0.5000]]])
 */
export abstract class Transform<P extends object = object> extends torch.nn.Module {
  protected abstract transform(image: Tensor, params: P): unknown;

  /** What is drawn once for all images, boxes and masks that are transformed together; `transform` is given it. */
  protected makeParams(_inputs: readonly Tensor[]): P {
    return {} as P;
  }

  /** Whether boxes and masks have to follow. */
  protected movesPixels(): boolean {
    return false;
  }

  override forward(...inputs: never[]): unknown {
    return changeSample(sampleOf(inputs), this.movesPixels(), (tensors) => {
      const params = this.makeParams(tensors);
      return (tensor) => this.transform(tensor, params);
    });
  }

  /** Fields that are lists in torchvision; other arrays are tuples. */
  protected lists(): readonly string[] {
    return [];
  }

  /** The fields as Python shows them. */
  override extraRepr(): string {
    const shown = Object.entries(this).filter(([name, value]) => name !== 'training' && isShown(value));
    const text = (name: string, value: unknown): string => python(value, floats.has(name), this.lists().includes(name));
    return shown.map(([name, value]) => `${toSnake(name)}=${text(name, value)}`).join(', ');
  }
}

/** Fields that are floats in Python, which shows them with a point. */
const floats = new Set(
  'alpha brightness contrast degrees distortionScale hue maxAspectRatio maxScale mean minArea minAspectRatio minScale options p ratio saturation scale scaleRange shear sideRange sigma std translate value'.split(
    ' ',
  ),
);

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const isShown = (value: unknown): boolean => ['number', 'string', 'boolean'].includes(typeof value) || Array.isArray(value);

function python(value: unknown, isFloat: boolean, isList: boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' && isFloat) return pythonFloat(value);
  if (!Array.isArray(value)) return String(value);
  const items = value.map((each) => python(each, isFloat, isList));
  if (isList) return `[${items.join(', ')}]`;
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}

/** A transform that happens with probability p. */
export abstract class RandomTransform extends Transform {
  constructor(readonly p: number) {
    super();
    if (!(p >= 0 && p <= 1)) throw new Error('`p` should be a floating point value in the interval [0.0, 1.0].');
  }

  override forward(...inputs: never[]): unknown {
    if (random() >= this.p) return sampleOf(inputs);
    return super.forward(...inputs);
  }
}

/** A transform that moves pixels, and so boxes and masks. */
export abstract class GeometricTransform<P extends object = object> extends Transform<P> {
  protected override movesPixels(): boolean {
    return true;
  }
}

/** A transform that moves pixels with probability p. */
export abstract class RandomGeometricTransform extends RandomTransform {
  protected override movesPixels(): boolean {
    return true;
  }
}

/** A number in [0, 1). */
export const random = (): number => torch.rand(1).item() as number;
/** A number between two others. */
export const uniform = (low: number, high: number): number => torch.empty(1).uniform_(low, high).item() as number;
/** A whole number, low ≤ n < high. */
export const randomInteger = (low: number, high: number): number => torch.randint(low, high, [1]).item() as number;
export const permutation = (n: number): number[] => torch.randperm(n).tolist() as number[];
