/** Datasets of files in folders, one for each class. https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html */
import * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import { readImage } from '../io/index.js';
import { builtin } from '../node.js';
import {
  checkChoice,
  type DatasetOptions,
  indexOf,
  isFile,
  join,
  type RootArgs,
  type Rooted,
  type TargetTransform,
  type Transform,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;

export const IMG_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'];

/** A file and its class. */
export type Sample = [path: string, target: number];

/** The order of Python's `sorted`. */
const sorted = (names: string[]): string[] => names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

function subfolders(folder: string): string[] {
  const fs = builtin('node:fs');
  return sorted(fs.readdirSync(folder).filter((name) => fs.statSync(join(folder, name)).isDirectory()));
}

/**
 * The names of the folders, in order, and their numbers.
 * @example
 * const { mkdirSync } = await import('node:fs');
 * mkdirSync('pets/cat', { recursive: true });
 * mkdirSync('pets/dog', { recursive: true });
 * vision.datasets.findClasses('pets')  // [ [ 'cat', 'dog' ], { cat: 0, dog: 1 } ]
 */
export function findClasses(directory: string): [classes: string[], classToIdx: Record<string, number>] {
  const classes = subfolders(directory);
  if (classes.length === 0) throw new Error(`Couldn't find any class folder in ${directory}.`);
  return [classes, indexOf(classes)];
}

/** All files below a folder: its own first, then those of its folders in order. */
function* filesBelow(folder: string): Iterable<string> {
  const fs = builtin('node:fs');
  const names = fs.readdirSync(folder).filter((name) => !fs.statSync(join(folder, name)).isDirectory());
  for (const name of sorted(names)) yield join(folder, name);
  for (const name of subfolders(folder)) yield* filesBelow(join(folder, name));
}

export interface FolderOptions extends DatasetOptions {
  /** Which files belong to the dataset; in place of `extensions`. */
  isValidFile?: ((path: string) => boolean) | null;
  /** Whether classes may be without files. */
  allowEmpty?: boolean;
}

export interface MakeDatasetOptions extends FolderOptions {
  extensions?: readonly string[] | null;
}

/**
 * The files of all classes. https://pytorch.org/vision/stable/generated/torchvision.datasets.DatasetFolder.html
 * @example
 * const { mkdirSync } = await import('node:fs');
 * mkdirSync('pets/cat', { recursive: true });
 * mkdirSync('pets/dog', { recursive: true });
 * for (const name of ['cat/1.png', 'dog/1.png']) await vision.io.writePng(torch.zeros(3, 8, 8).byte(), `pets/${name}`);
 * vision.datasets.makeDataset('pets', { cat: 0, dog: 1 }, { extensions: ['.png'] }).length  // 2
 */
export function makeDataset(directory: string, classToIdx: Record<string, number>, options: MakeDatasetOptions): Sample[] {
  const { extensions = null, isValidFile = null, allowEmpty = false } = options;
  if ((extensions === null) === (isValidFile === null))
    throw new Error('Both extensions and is_valid_file cannot be None or not None at the same time');
  const isValid = isValidFile ?? ((path: string) => extensions!.some((extension) => path.toLowerCase().endsWith(extension)));
  const fs = builtin('node:fs');
  const samples: Sample[] = [];
  const empty: string[] = [];
  for (const name of sorted(Object.keys(classToIdx))) {
    const folder = join(directory, name);
    const files = fs.existsSync(folder) ? [...filesBelow(folder)].filter(isValid) : [];
    if (files.length === 0) empty.push(name);
    for (const path of files) samples.push([path, classToIdx[name]]);
  }
  if (empty.length > 0 && !allowEmpty) {
    const supported = extensions ? `Supported extensions are: ${extensions.join(', ')}` : '';
    throw new Error(`Found no valid file for the classes ${empty.join(', ')}. ${supported}`);
  }
  return samples;
}

export type Loader = (path: string) => Tensor | Promise<Tensor>;

/**
 * Files in `root/class/…`, read by `loader`. https://pytorch.org/vision/stable/generated/torchvision.datasets.DatasetFolder.html
 * @example
 * const { mkdirSync } = await import('node:fs');
 * mkdirSync('pets/cat', { recursive: true });
 * mkdirSync('pets/dog', { recursive: true });
 * for (const name of ['cat/1.png', 'dog/1.png']) await vision.io.writePng(torch.zeros(3, 8, 8).byte(), `pets/${name}`);
 * new vision.datasets.DatasetFolder('pets', vision.io.readImage, { extensions: ['.png'] }).targets  // [ 0, 1 ]
 */
export class DatasetFolder extends VisionDataset {
  readonly classes: readonly string[];
  readonly classToIdx: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly loader: Loader;

  constructor(
    ...args: Call<
      [root: string, loader: Loader],
      [
        extensions: readonly string[] | null,
        transform: Transform,
        targetTransform: TargetTransform,
        isValidFile: FolderOptions['isValidFile'],
        allowEmpty: boolean,
      ],
      MakeDatasetOptions & Rooted & { loader: Loader }
    >
  ) {
    const names = 'root!, loader!, extensions, transform, targetTransform, isValidFile, allowEmpty';
    const { root, loader, ...options } = bind<MakeDatasetOptions & Rooted & { loader: Loader }>('DatasetFolder', names, args);
    super(root, options);
    this.loader = loader;
    [this.classes, this.classToIdx] = findClasses(root);
    this.samples = makeDataset(root, this.classToIdx, options);
  }

  /** The class of every sample. */
  get targets(): number[] {
    return this.samples.map(([, target]) => target);
  }

  /** How many samples there are. */
  get length(): number {
    return this.samples.length;
  }

  protected sample(index: number): [Tensor, number] | Promise<[Tensor, number]> {
    const [path, target] = this.samples[index];
    const image = this.loader(path);
    return image instanceof Promise ? image.then((each) => [each, target]) : [image, target];
  }
}

const defaultLoader: Loader = (path) => readImage(path, 'RGB');

export interface ImageFolderOptions extends FolderOptions {
  loader?: Loader;
}

/**
 * Images in `root/class/…`, decoded to bytes (3, H, W) when they are asked for: iterate a DataLoader of it with `for await`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
 * @example
 * const { mkdirSync } = await import('node:fs');
 * mkdirSync('pets/cat', { recursive: true });
 * mkdirSync('pets/dog', { recursive: true });
 * for (const name of ['cat/1.png', 'dog/1.png']) await vision.io.writePng(torch.zeros(3, 8, 8).byte(), `pets/${name}`);
 * const data = new vision.datasets.ImageFolder('pets');
 * const [image] = await data.at(0);
 * image.shape  // torch.Size([3, 8, 8])
 */
export class ImageFolder extends DatasetFolder {
  constructor(
    ...args: RootArgs<
      [
        transform: Transform,
        targetTransform: TargetTransform,
        loader: Loader,
        isValidFile: FolderOptions['isValidFile'],
        allowEmpty: boolean,
      ],
      ImageFolderOptions
    >
  ) {
    const names = 'root!, transform, targetTransform, loader, isValidFile, allowEmpty';
    const { root, loader = defaultLoader, ...options } = bind<ImageFolderOptions & Rooted>('ImageFolder', names, args);
    super(root, loader, { ...options, extensions: options.isValidFile ? null : IMG_EXTENSIONS });
  }

  /** Paths and classes, as torchvision calls them. */
  get imgs(): readonly Sample[] {
    return this.samples;
  }

  /** Without functions, workers can make their own copy. */
  override workerSource(): torch.utils.data.ModuleExport {
    if (this.transform || this.targetTransform || this.loader !== defaultLoader)
      throw new Error(
        'functions cannot go to a worker thread: transform the batches in collateFn, or derive a class whose workerSource names a module of yours',
      );
    return { module: new URL('./folder.js', import.meta.url), export: 'ImageFolder', args: [this.root] };
  }
}

export interface ImageNetOptions extends ImageFolderOptions {
  split?: 'train' | 'val';
}

/**
 * ImageNet as unpacked by torchvision: `root/train/n01440764/…`, `root/val/n01440764/…`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageNet.html
 * @example const open = () => new vision.datasets.ImageNet('imagenet', { split: 'val' });
 */
export class ImageNet extends ImageFolder {
  readonly split: 'train' | 'val';
  /** WordNet's names of the classes: those of the folders. */
  readonly wnids: readonly string[];
  /** What the classes are called, where torchvision's `meta.bin` is there. */
  readonly classNames: readonly (readonly string[])[] | null;

  constructor(...args: RootArgs<[split: 'train' | 'val'], ImageNetOptions>) {
    const options = 'root!, split, *, transform, targetTransform, loader, isValidFile, allowEmpty';
    const { root, split = 'train', ...rest } = bind<ImageNetOptions & Rooted>('ImageNet', options, args);
    checkChoice(split, 'split', ['train', 'val']);
    const folder = join(root, split);
    if (!builtin('node:fs').existsSync(folder))
      throw new Error(
        `The archive of the split ${split} must be unpacked to ${folder}: one folder for each class. ImageNet cannot be downloaded freely.`,
      );
    super(folder, rest);
    this.split = split;
    this.wnids = this.classes;
    const meta = join(root, 'meta.bin');
    const names = isFile(meta) ? torch.load<[Record<string, string[]>, string[]]>(meta)[0] : null;
    this.classNames = names && this.wnids.map((wnid) => names[wnid]);
  }

  override extraRepr(): string {
    return `Split: ${this.split}`;
  }
}
