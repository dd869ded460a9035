/** What the datasets of images share. https://pytorch.org/vision/stable/datasets.html */
import * as torch from '../../index.js';
import type { Call } from '../arguments.js';
import { builtin } from '../node.js';
import { Image } from '../tv-tensors.js';

type Tensor = torch.Tensor;

/** Which entries of a target are wanted: those that are usual, all, or some by name. */
export type TargetKeys = 'all' | readonly string[] | null;

/** The wanted ones of the entries that there are, `{ name: () => value }`. */
export function chosenKeys(
  available: Readonly<Record<string, () => unknown>>,
  usual: readonly string[],
  targetKeys: TargetKeys,
): Record<string, unknown> {
  const wanted = targetKeys === 'all' ? Object.keys(available) : (targetKeys ?? usual);
  const extra = wanted.filter((key) => !(key in available)).sort();
  if (extra.length > 0) throw new Error(`Target keys [${extra.map((key) => `'${key}'`).join(', ')}] are not available`);
  return Object.fromEntries(Object.entries(available).flatMap(([key, value]) => (wanted.includes(key) ? [[key, value()]] : [])));
}

/** What is done to each image, a tensor of bytes (C, H, W). */
export type Transform = ((image: Tensor) => Tensor) | null | undefined;
/** Numbers of classes stay numbers; other targets may become anything. */
export type TargetTransform<T = number> = ((target: T) => T extends number ? number : unknown) | null | undefined;
/** What is done to an image and its target together, in place of the other two: gives both. */
export type Transforms<T = number> = ((image: Tensor, target: T) => unknown) | null | undefined;

export interface DatasetOptions<T = number> {
  transform?: Transform;
  targetTransform?: TargetTransform<T>;
}

/** Options of datasets whose targets lie in their images. */
export interface JointOptions<T> extends DatasetOptions<T> {
  transforms?: Transforms<T>;
}

export interface DownloadableOptions<T = number> extends DatasetOptions<T> {
  /** Needs `await …open(root, { download: true })`: constructors cannot wait for a download. */
  download?: boolean;
  /** Shows how far a download is. */
  progress?: boolean;
}

export interface Rooted {
  /** The folder of the dataset's files. */
  root: string;
}
/** The root by position or by name, then what may follow. */
export type RootArgs<T extends readonly unknown[], Options> = Call<[root: string], T, Options & Rooted>;
/** The root, one argument of the dataset's own, then those that all have. */
export type DatasetArgs<First, Options> = RootArgs<
  [first: First, transform: Transform, targetTransform: TargetTransform, download: boolean],
  Options
>;

/**
 * Pairs of an image and what is known about it: the number of its class, unless a dataset says otherwise.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.VisionDataset.html
 * @example vision.datasets.FakeData.prototype instanceof vision.datasets.VisionDataset  // true
 */
export abstract class VisionDataset<T = number> extends torch.utils.data.Dataset<[Tensor, T]> {
  readonly transform: NonNullable<Transform> | null;
  readonly targetTransform: NonNullable<TargetTransform<T>> | null;
  readonly transforms: NonNullable<Transforms<T>> | null;

  constructor(
    readonly root: string,
    { transform, targetTransform, transforms }: JointOptions<T> = {},
  ) {
    super();
    if (transforms && (transform || targetTransform))
      throw new Error('Only transforms or transform/target_transform can be passed as argument');
    [this.transform, this.targetTransform, this.transforms] = [transform ?? null, targetTransform ?? null, transforms ?? null];
  }

  /** The image and the target at `index`, before the transforms. */
  protected abstract sample(index: number): [Tensor, T] | Promise<[Tensor, T]>;

  /** The sample with the kinds of `vision.tvTensors`. */
  protected wrapped([image, target]: [Tensor, T], _index: number, _targetKeys: TargetKeys): [Tensor, unknown] {
    return [new Image(image), target];
  }

  /** As `at`, but the transforms see images, masks and boxes. */
  async atWrapped(index: number, targetKeys: TargetKeys = null): Promise<[Tensor, unknown]> {
    this.checkIndex(index);
    return this.transformed(this.wrapped(await this.sample(index), index, targetKeys) as [Tensor, T]);
  }

  private checkIndex(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) throw new RangeError(`${this.constructor.name} index out of range`);
  }

  override at(index: number): [Tensor, T] | Promise<[Tensor, T]> {
    this.checkIndex(index);
    const found = this.sample(index);
    return found instanceof Promise ? found.then((each) => this.transformed(each)) : this.transformed(found);
  }

  private transformed([image, target]: [Tensor, T]): [Tensor, T] {
    if (this.transforms) return this.transforms(image, target) as [Tensor, T];
    return [this.transform ? this.transform(image) : image, this.targetTransform ? (this.targetTransform(target) as T) : target];
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
    if (this.transforms) return describedTransform('    ', this.transforms).map((line, i) => (i === 0 ? line : line.slice(4)));
    if (!this.transform && !this.targetTransform) return [];
    const parts = Object.entries({ Transform: this.transform, 'Target transform': this.targetTransform });
    return ['    StandardTransform', ...parts.flatMap(([head, change]) => (change ? describedTransform(`${head}: `, change) : []))];
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Images that are in memory, with the numbers of their classes. */
export abstract class LabelledImages extends VisionDataset {
  abstract readonly split: string;
  /** (N, C, H, W), bytes */
  abstract readonly data: Tensor;
  abstract readonly labels: readonly number[];

  /** How many samples there are. */
  get length(): number {
    return this.labels.length;
  }

  protected sample(index: number): [Tensor, number] {
    return [this.data.select(0, index), this.labels[index]];
  }

  override extraRepr(): string {
    return `Split: ${this.split}`;
  }
}

/** Behind `head`, with further lines below its first. */
function describedTransform(head: string, change: (input: never, target: never) => unknown): string[] {
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

export const isFolder = (path: string): boolean => builtin('node:fs').statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
/** The lines of a text file, without the last if it is empty. */
export const linesOf = (path: string): string[] => builtin('node:fs').readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
export const join = (...parts: string[]): string => builtin('node:path').join(...parts);
export const isFile = (path: string): boolean => builtin('node:fs').statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The number of each class by its name. */
export const indexOf = (classes: readonly string[]): Record<string, number> => Object.fromEntries(classes.map((name, i) => [name, i]));
