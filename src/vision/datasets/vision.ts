/** What the datasets of images share. https://pytorch.org/vision/stable/datasets.html */
import * as torch from '../../index.js';
import type { Args } from '../arguments.js';
import { builtin } from '../node.js';

type Tensor = torch.Tensor;

export interface DatasetOptions {
  /** What is done to each image, a tensor of bytes (C, H, W). */
  transform?: ((image: Tensor) => Tensor) | null;
  targetTransform?: ((target: number) => number) | null;
}

export interface DownloadableOptions extends DatasetOptions {
  /** Needs `await …open(root, { download: true })`: constructors cannot wait for a download. */
  download?: boolean;
  /** Shows how far a download is. */
  progress?: boolean;
}

export type Transform = DatasetOptions['transform'];
export type TargetTransform = DatasetOptions['targetTransform'];
/** One argument of the dataset's own, then those that all have. */
export type DatasetArgs<First, Options> = Args<
  [first: First, transform: Transform, targetTransform: TargetTransform, download: boolean],
  Options
>;

/**
 * Pairs of an image and its class. https://pytorch.org/vision/stable/generated/torchvision.datasets.VisionDataset.html
 * @example vision.datasets.FakeData.prototype instanceof vision.datasets.VisionDataset  // true
 */
export abstract class VisionDataset extends torch.utils.data.Dataset<[Tensor, number]> {
  readonly transform: ((image: Tensor) => Tensor) | null;
  readonly targetTransform: ((target: number) => number) | null;

  constructor(
    readonly root: string,
    { transform = null, targetTransform = null }: DatasetOptions = {},
  ) {
    super();
    [this.transform, this.targetTransform] = [transform, targetTransform];
  }

  /** The image and the class at `index`, before the transforms. */
  protected abstract sample(index: number): [Tensor, number] | Promise<[Tensor, number]>;

  override at(index: number): [Tensor, number] | Promise<[Tensor, number]> {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) throw new RangeError(`${this.constructor.name} index out of range`);
    const found = this.sample(index);
    return found instanceof Promise ? found.then((each) => this.transformed(each)) : this.transformed(found);
  }

  private transformed([image, target]: [Tensor, number]): [Tensor, number] {
    return [this.transform ? this.transform(image) : image, this.targetTransform ? this.targetTransform(target) : target];
  }

  /** What more there is to say about the dataset. */
  extraRepr(): string {
    return '';
  }

  override toString(): string {
    const lines = [`Number of datapoints: ${this.length}`, ...(this.root ? [`Root location: ${this.root}`] : []), this.extraRepr()];
    const described = lines.filter(Boolean).flatMap((line) => line.split('\n').map((each) => `    ${each}`));
    return [`Dataset ${this.constructor.name}`, ...described, ...this.describedTransforms()].join('\n');
  }

  private describedTransforms(): string[] {
    if (!this.transform && !this.targetTransform) return [];
    const parts = Object.entries({ Transform: this.transform, 'Target transform': this.targetTransform });
    return ['    StandardTransform', ...parts.flatMap(([head, change]) => (change ? describedTransform(`${head}: `, change) : []))];
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Behind `head`, with further lines below its first. */
function describedTransform(head: string, change: (input: never) => unknown): string[] {
  const text = change instanceof torch.nn.Module ? String(change) : `<function ${change.name || '<lambda>'}>`;
  return text.split('\n').map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line);
}

export const notFound = (corrupted = false): Error =>
  new Error(`Dataset not found${corrupted ? ' or corrupted' : ''}. You can use download=True to download it`);

/** Where a constructor is asked to download. */
export const needsOpen = (name: string): Error =>
  new Error(`Dataset not found. A download takes time: use \`await vision.datasets.${name}.open(root, { download: true })\``);

export function checkChoice<T extends string>(value: T, name: string, choices: readonly T[]): T {
  if (!choices.includes(value)) {
    const valid = choices.map((choice) => `'${choice}'`).join(', ');
    throw new Error(`Unknown value '${value}' for argument ${name}. Valid values are {${valid}}.`);
  }
  return value;
}

export const join = (...parts: string[]): string => builtin('node:path').join(...parts);
export const isFile = (path: string): boolean => builtin('node:fs').statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The number of each class by its name. */
export const indexOf = (classes: readonly string[]): Record<string, number> => Object.fromEntries(classes.map((name, i) => [name, i]));
