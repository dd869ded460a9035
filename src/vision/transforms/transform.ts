/** What transforms share: they find the image in a sample and leave the rest alone. */
import * as torch from '../../index.js';

type Tensor = torch.Tensor;

/** A transform is called with an image or a sample that holds one: `[image, label]`, `{ image, boxes }`, or several arguments. */
export interface Transform {
  <T>(sample: T): T;
  <T extends readonly unknown[]>(...sample: T): T;
}

const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** `sample` with its first tensor, depth first, replaced by `change` of it. */
export function changeImage(sample: unknown, change: (image: Tensor) => unknown): unknown {
  let found = false;
  const walk = (value: unknown): unknown => {
    if (found) return value;
    if (value instanceof torch.Tensor) {
      found = true;
      return change(value);
    }
    if (Array.isArray(value)) return value.map(walk);
    return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)])) : value;
  };
  return walk(sample);
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
export abstract class Transform extends torch.nn.Module {
  protected abstract transform(image: Tensor): unknown;

  override forward(...inputs: never[]): unknown {
    return changeImage(sampleOf(inputs), (image) => this.transform(image));
  }

  /** The fields as Python shows them. */
  override extraRepr(): string {
    const shown = Object.entries(this).filter(([name, value]) => name !== 'training' && isShown(value));
    return shown.map(([name, value]) => `${toSnake(name)}=${python(value)}`).join(', ');
  }
}

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const isShown = (value: unknown): boolean => ['number', 'string', 'boolean'].includes(typeof value) || Array.isArray(value);

function python(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return Array.isArray(value) ? `[${value.map(python).join(', ')}]` : String(value);
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

/** A number in [0, 1). */
export const random = (): number => torch.rand(1).item() as number;
/** A number between two others. */
export const uniform = (low: number, high: number): number => torch.empty(1).uniform_(low, high).item() as number;
/** A whole number, low ≤ n < high. */
export const randomInteger = (low: number, high: number): number => torch.randint(low, high, [1]).item() as number;
export const permutation = (n: number): number[] => torch.randperm(n).tolist() as number[];
