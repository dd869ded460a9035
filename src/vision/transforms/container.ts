/** Transforms made of transforms. https://pytorch.org/vision/stable/transforms.html#composition */
import * as torch from '../../index.js';
import { bind, type Call, pythonFloat } from '../arguments.js';
import { permutation, random, sampleOf, Transform } from './transform.js';

/** A transform, or any function of a sample. */
export type Step = (sample: never) => unknown;

function checked(transforms: readonly Step[]): readonly Step[] {
  if (!Array.isArray(transforms)) throw new TypeError('Argument transforms should be a sequence of callables');
  if (transforms.length === 0) throw new Error('Pass at least one transform');
  return transforms;
}

/** As Python shows it. */
const shown = (step: Step): string => (step instanceof torch.nn.Module ? String(step) : `<function ${step.name || '<lambda>'}>`);
const lines = (steps: readonly Step[]): string => steps.map((step) => `    ${shown(step)}`).join('\n');

abstract class Container extends Transform {
  readonly transforms: readonly Step[];

  constructor(transforms: readonly Step[]) {
    super();
    this.transforms = checked(transforms);
  }

  protected run(step: Step, sample: unknown): unknown {
    return step(sample as never);
  }

  protected transform(image: torch.Tensor): unknown {
    return this.forward(image as never);
  }

  override extraRepr(): string {
    return `transforms=[${this.transforms.map(shown).join(', ')}]`;
  }
}

/**
 * Transforms one after the other. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.Compose.html
 * @example
 * const transform = new v2.Compose([new v2.RandomCrop(28, 4), new v2.ToDtype(torch.float32, { scale: true }), new v2.Normalize([0.5], [0.5])]);
 * transform(torch.zeros(1, 28, 28, { dtype: torch.uint8 })).shape  // torch.Size([1, 28, 28])
 */
export class Compose extends Container {
  override forward(...inputs: never[]): unknown {
    return this.transforms.reduce((sample, step) => this.run(step, sample), sampleOf(inputs));
  }

  override extraRepr(): string {
    return lines(this.transforms);
  }
}

/**
 * All of the transforms with probability `p`, or none.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomApply.html
 * @example new v2.RandomApply([new v2.Grayscale()], 0.3)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomApply extends Container {
  readonly p: number;

  constructor(...args: Call<[transforms: readonly Step[]], [p: number], { transforms: readonly Step[]; p?: number }>) {
    const { transforms, p = 0.5 } = bind<{ transforms: readonly Step[]; p?: number }>('RandomApply', 'transforms!, p', args);
    super(transforms);
    if (!(p >= 0 && p <= 1)) throw new Error('`p` should be a floating point value in the interval [0.0, 1.0].');
    this.p = p;
  }

  override forward(...inputs: never[]): unknown {
    const sample = sampleOf(inputs);
    return random() >= this.p ? sample : this.transforms.reduce((x, step) => this.run(step, x), sample);
  }

  override extraRepr(): string {
    return lines(this.transforms);
  }
}

interface ChoiceOptions {
  transforms: readonly Step[];
  /** By default all are equally likely. */
  p?: readonly number[] | null;
}

/**
 * One of the transforms, chosen at random, with weights `p` if given.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomChoice.html
 * @example
 * new v2.RandomChoice([new v2.Grayscale(), new v2.Identity()])(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).ndim  // 3
 */
export class RandomChoice extends Container {
  readonly p: readonly number[];

  constructor(...args: Call<[transforms: readonly Step[]], [p: readonly number[] | null], ChoiceOptions>) {
    const { transforms, p } = bind<ChoiceOptions>('RandomChoice', 'transforms!, p', args);
    super(transforms);
    const weights = p ?? transforms.map(() => 1);
    if (weights.length !== transforms.length)
      throw new Error(`Length of p doesn't match the number of transforms: ${weights.length} != ${transforms.length}`);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.p = weights.map((weight) => weight / total);
  }

  override forward(...inputs: never[]): unknown {
    const chosen = torch.multinomial(torch.tensor([...this.p], { dtype: torch.float32 }), 1).item() as number;
    return this.run(this.transforms[chosen], sampleOf(inputs));
  }

  override extraRepr(): string {
    return `${super.extraRepr()}, p=[${this.p.map(pythonFloat).join(', ')}]`;
  }
}

/**
 * All of them in random order. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomOrder.html
 * @example
 * new v2.RandomOrder([new v2.Grayscale(), new v2.Identity()])(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape
 * // torch.Size([1, 32, 48])
 */
export class RandomOrder extends Container {
  override forward(...inputs: never[]): unknown {
    return permutation(this.transforms.length).reduce((sample, i) => this.run(this.transforms[i], sample), sampleOf(inputs));
  }
}
