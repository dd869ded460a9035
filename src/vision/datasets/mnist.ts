/** MNIST and the datasets that have its form. https://pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html */
import type * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import { downloadFromMirrors, downloadUrl } from '../download.js';
import { builtin } from '../node.js';
import { extractGzip, extractZip } from './archive.js';
import { readIdx } from './idx.js';
import {
  checkChoice,
  type DatasetArgs,
  type DownloadableOptions,
  indexOf,
  isFile,
  join,
  needsOpen,
  notFound,
  type RootArgs,
  type Rooted,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;

export interface MNISTOptions extends DownloadableOptions {
  train?: boolean;
}

type MNISTArgs = DatasetArgs<boolean, MNISTOptions>;

const bindMNIST = (args: MNISTArgs): MNISTOptions & Rooted =>
  bind<MNISTOptions & Rooted>('MNIST', 'root!, train, transform, targetTransform, download, *, progress', args);

/** A file at the servers and its MD5. */
type Resource = readonly [file: string, md5: string];

export interface Source {
  mirrors: readonly string[];
  resources: readonly Resource[];
}

/** The raw files of a dataset: images and classes. */
interface Files {
  images: string;
  labels: string;
}

function readFiles({ images, labels }: Files): { data: Tensor; targets: Tensor } {
  const fs = builtin('node:fs');
  const [data, targets] = [readIdx(fs.readFileSync(images)), readIdx(fs.readFileSync(labels))];
  if (data.ndim !== 3) throw new Error(`x should have 3 dimension instead of ${data.ndim}`);
  if (targets.ndim !== 1) throw new Error(`x should have 1 dimension instead of ${targets.ndim}`);
  if (data.shape[0] !== targets.shape[0]) throw new Error(`there are ${data.shape[0]} images but ${targets.shape[0]} classes`);
  return { data, targets: targets.long() };
}

const withoutGz = (file: string): string => file.replace(/\.gz$/, '');

/** Downloads gzipped files from the first mirror that has them, and unpacks them. */
async function downloadGzipped({ mirrors, resources }: Source, folder: string, progress: boolean): Promise<void> {
  for (const [file, md5] of resources) {
    const target = join(folder, withoutGz(file));
    if (isFile(target)) continue;
    extractGzip(await downloadFromMirrors(mirrors, file, folder, { md5, progress }), target);
  }
}

abstract class IdxDataset extends VisionDataset {
  /** (N, 28, 28), bytes */
  readonly data: Tensor;
  /** (N), int64 */
  readonly targets: Tensor;
  private readonly labels: readonly number[];

  constructor(root: string, files: Files, options: DownloadableOptions) {
    super(root, options);
    const isThere = isFile(files.images) && isFile(files.labels);
    if (!isThere) throw options.download ? needsOpen(new.target.name) : notFound();
    ({ data: this.data, targets: this.targets } = readFiles(files));
    this.labels = this.targets.tolist() as number[];
  }

  get length(): number {
    return this.labels.length;
  }

  /** The image (1, 28, 28) and its class. */
  protected sample(index: number): [Tensor, number] {
    return [this.data.select(0, index).unsqueeze(0), this.labels[index]];
  }

  abstract get classes(): readonly string[];

  get classToIdx(): Record<string, number> {
    return indexOf(this.classes);
  }
}

interface Opened<D> {
  new (...args: MNISTArgs): D;
  source: Source;
}

const rawFolder = (root: string, name: string): string => join(root, name, 'raw');

/**
 * 70,000 handwritten digits in the folder `root/MNIST/raw`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html
 * @example
 * const train = await vision.datasets.MNIST.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class MNIST extends IdxDataset {
  static source: Source = {
    mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'http://yann.lecun.com/exdb/mnist/'],
    resources: [
      ['train-images-idx3-ubyte.gz', 'f68b3c2dcbeaaa9fbdd348bbdeb94873'],
      ['train-labels-idx1-ubyte.gz', 'd53e105ee54ea40749a09fcbcd1e9432'],
      ['t10k-images-idx3-ubyte.gz', '9fb629c4189551a2d022fa330f9573f3'],
      ['t10k-labels-idx1-ubyte.gz', 'ec29112dd5afa0611ce80d1b7f02629c'],
    ],
  };
  /** The names of the classes. */
  static classes: readonly string[] = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map(
    (name, i) => `${i} - ${name}`,
  );
  readonly train: boolean;

  constructor(...args: MNISTArgs) {
    const { root, ...options } = bindMNIST(args);
    const { train = true } = options;
    const folder = rawFolder(root, new.target.name);
    const prefix = train ? 'train' : 't10k';
    super(root, { images: join(folder, `${prefix}-images-idx3-ubyte`), labels: join(folder, `${prefix}-labels-idx1-ubyte`) }, options);
    this.train = train;
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open<D extends MNIST>(this: Opened<D>, ...args: MNISTArgs): Promise<D> {
    const { root, download = false, progress = true } = bindMNIST(args);
    if (download) await downloadGzipped(this.source, rawFolder(root, this.name), progress);
    return new this(...args);
  }

  /** The names of the classes. */
  get classes(): readonly string[] {
    return (this.constructor as typeof MNIST).classes;
  }

  override extraRepr(): string {
    return `Split: ${this.train ? 'Train' : 'Test'}`;
  }
}

/**
 * 70,000 pictures of clothes. https://pytorch.org/vision/stable/generated/torchvision.datasets.FashionMNIST.html
 * @example
 * const train = await vision.datasets.FashionMNIST.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class FashionMNIST extends MNIST {
  static override source: Source = {
    mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
    resources: [
      ['train-images-idx3-ubyte.gz', '8d4fb7e6c68d591d4c3dfef9ec88bf0d'],
      ['train-labels-idx1-ubyte.gz', '25c81989df183df01b3e8a0aad5dffbe'],
      ['t10k-images-idx3-ubyte.gz', 'bef4ecab320f06d8554ea6380940ec79'],
      ['t10k-labels-idx1-ubyte.gz', 'bb300cfdad3c16e7a12a480ee83cd310'],
    ],
  };
  static override classes = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
}

/**
 * 70,000 handwritten Hiragana. https://pytorch.org/vision/stable/generated/torchvision.datasets.KMNIST.html
 * @example
 * const train = await vision.datasets.KMNIST.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class KMNIST extends MNIST {
  static override source: Source = {
    mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
    resources: [
      ['train-images-idx3-ubyte.gz', 'bdb82020997e1d708af4cf47b453dcf7'],
      ['train-labels-idx1-ubyte.gz', 'e144d726b3acfaa3e44228e80efcd344'],
      ['t10k-images-idx3-ubyte.gz', '5c965bf0a639b31b8f53240b1b52f4d7'],
      ['t10k-labels-idx1-ubyte.gz', '7320c461ea6c1c855c0b718fb2a4b134'],
    ],
  };
  static override classes = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'];
}

const digits = [...'0123456789'];
const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const all = [...digits, ...letters.map((letter) => letter.toUpperCase()), ...letters];
/** Small letters that look like their capitals. */
const merged = new Set('cijklmopsuvwxyz');
const unmerged = all.filter((each) => !merged.has(each));

const emnistClasses = {
  byclass: all,
  bymerge: unmerged,
  balanced: unmerged,
  letters: ['N/A', ...letters],
  digits,
  mnist: digits,
};
export type EMNISTSplit = keyof typeof emnistClasses;

type EMNISTOptions = MNISTOptions & Rooted & { split: EMNISTSplit };
type EMNISTArgs = Call<[root: string, split: EMNISTSplit], [], EMNISTOptions>;

const bindEMNIST = (args: EMNISTArgs): EMNISTOptions =>
  bind<EMNISTOptions>('EMNIST', 'root!, split!, *, train, transform, targetTransform, download, progress', args);

/**
 * Handwritten letters and digits, written on their side. https://pytorch.org/vision/stable/generated/torchvision.datasets.EMNIST.html
 * @example const train = await vision.datasets.EMNIST.open('data', 'letters', { train: true, download: true });
 */
export class EMNIST extends IdxDataset {
  static url = 'https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip';
  static md5 = '58c8d27c78d21e728a6bc7b3cc06412e';
  readonly train: boolean;
  readonly split: EMNISTSplit;

  constructor(...args: EMNISTArgs) {
    const { root, split, ...options } = bindEMNIST(args);
    checkChoice(split, 'split', Object.keys(emnistClasses) as EMNISTSplit[]);
    const { train = true } = options;
    const prefix = join(rawFolder(root, 'EMNIST'), `emnist-${split}-${train ? 'train' : 'test'}`);
    super(root, { images: `${prefix}-images-idx3-ubyte`, labels: `${prefix}-labels-idx1-ubyte` }, options);
    [this.train, this.split] = [train, split];
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: EMNISTArgs): Promise<EMNIST> {
    const { root, split, ...options } = bindEMNIST(args);
    const folder = rawFolder(root, 'EMNIST');
    const files = ['train', 'test'].flatMap((part) =>
      ['images-idx3', 'labels-idx1'].map((kind) => `emnist-${split}-${part}-${kind}-ubyte`),
    );
    if (options.download && !files.every((file) => isFile(join(folder, file)))) {
      const archive = await downloadUrl(EMNIST.url, folder, { md5: EMNIST.md5, progress: options.progress });
      extractZip(archive, folder, (name) => files.find((file) => name === `gzip/${file}.gz`)?.concat('.gz') ?? null);
      for (const file of files) extractGzip(join(folder, `${file}.gz`), join(folder, file));
    }
    return new EMNIST(...args);
  }

  /** The names of the classes. */
  get classes(): readonly string[] {
    return emnistClasses[this.split];
  }

  override extraRepr(): string {
    return `Split: ${this.train ? 'Train' : 'Test'}`;
  }
}

export type QMNISTSubset = 'train' | 'test' | 'test10k' | 'test50k';

export interface QMNISTOptions extends MNISTOptions {
  /** By default what `train` says; `test10k` is MNIST's test set, `test50k` its lost part. */
  what?: QMNISTSubset | null;
}

type QMNISTArgs = RootArgs<[what: QMNISTSubset | null], QMNISTOptions>;

const bindQMNIST = (args: QMNISTArgs): QMNISTOptions & Rooted =>
  bind<QMNISTOptions & Rooted>('QMNIST', 'root!, what, *, train, transform, targetTransform, download, progress', args);

/**
 * MNIST made again, with all 60,000 test digits. https://pytorch.org/vision/stable/generated/torchvision.datasets.QMNIST.html
 * @example const train = await vision.datasets.QMNIST.open('data', { what: 'train', download: true });
 */
export class QMNIST extends VisionDataset {
  static mirrors = ['https://raw.githubusercontent.com/facebookresearch/qmnist/master/'];
  static resources: Record<'train' | 'test', readonly Resource[]> = {
    train: [
      ['qmnist-train-images-idx3-ubyte.gz', 'ed72d4157d28c017586c42bc6afe6370'],
      ['qmnist-train-labels-idx2-int.gz', '0058f8dd561b90ffdd0f734c6a30e5e4'],
    ],
    test: [
      ['qmnist-test-images-idx3-ubyte.gz', '1394631089c404de565df7b7aeaf9412'],
      ['qmnist-test-labels-idx2-int.gz', '5b5b05890a5e13444e108efe57b788aa'],
    ],
  };
  readonly what: QMNISTSubset;
  readonly data: Tensor;
  /** (N, 8), int64: the class, and where the digit comes from. */
  readonly targets: Tensor;

  constructor(...args: QMNISTArgs) {
    const { root, ...options } = bindQMNIST(args);
    super(root, options);
    this.what = checkChoice(options.what ?? (options.train === false ? 'test' : 'train'), 'what', ['train', 'test', 'test10k', 'test50k']);
    const files = QMNIST.files(this.what).map((file) => join(rawFolder(root, 'QMNIST'), file));
    if (!files.every(isFile)) throw options.download ? needsOpen('QMNIST') : notFound();
    const [data, targets] = files.map((file) => readIdx(builtin('node:fs').readFileSync(file)));
    const [start, end] = this.what === 'test10k' ? [0, 10_000] : this.what === 'test50k' ? [10_000, data.shape[0]] : [0, data.shape[0]];
    const part = (t: Tensor): Tensor => t.narrow(0, start, Math.min(end, t.shape[0]) - start);
    this.data = part(data);
    this.targets = part(targets).long();
  }

  private static files(what: QMNISTSubset): string[] {
    return QMNIST.resources[what === 'train' ? 'train' : 'test'].map(([file]) => withoutGz(file));
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: QMNISTArgs): Promise<QMNIST> {
    const { root, ...options } = bindQMNIST(args);
    const isTrain = (options.what ?? (options.train === false ? 'test' : 'train')) === 'train';
    const resources = QMNIST.resources[isTrain ? 'train' : 'test'];
    if (options.download)
      await downloadGzipped({ mirrors: QMNIST.mirrors, resources }, rawFolder(root, 'QMNIST'), options.progress ?? true);
    return new QMNIST(...args);
  }

  /** How many samples there are. */
  get length(): number {
    return this.data.shape[0];
  }

  protected sample(index: number): [Tensor, number] {
    return [this.data.select(0, index).unsqueeze(0), this.targets.select(0, index).select(0, 0).item() as number];
  }

  override extraRepr(): string {
    return `Split: ${this.what}`;
  }
}
