/** CIFAR-10 and CIFAR-100, from their Python or their binary version. https://www.cs.toronto.edu/~kriz/cifar.html */
import * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { downloadUrl } from '../download.js';
import { builtin } from '../node.js';
import { extractTar } from './archive.js';
import {
  type DatasetArgs,
  type DownloadableOptions,
  indexOf,
  isFile,
  join,
  needsOpen,
  notFound,
  type Rooted,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;

export interface CIFAROptions extends DownloadableOptions {
  train?: boolean;
}

type CIFARArgs = DatasetArgs<boolean, CIFAROptions>;

const bindCIFAR = (args: CIFARArgs): CIFAROptions & Rooted =>
  bind<CIFAROptions & Rooted>('CIFAR', 'root!, train, transform, targetTransform, download, *, progress', args);

/** Images (N, 3, 32, 32) and their classes. */
interface Batch {
  data: Tensor;
  labels: readonly number[];
}

/** One of the versions in which a set is given away. */
interface Layout {
  folder: string;
  url: string;
  md5: string;
  train: readonly string[];
  test: readonly string[];
  /** The file with the names of the classes. */
  names: string;
  readBatch(path: string): Batch;
  readNames(path: string): readonly string[];
}

interface Opened<D> {
  new (...args: CIFARArgs): D;
  layouts: readonly Layout[];
}

const PIXELS = 3 * 32 * 32;
const readFile = (path: string): Uint8Array => builtin('node:fs').readFileSync(path);

/** Records of some bytes, the last of which is the class, and the pixels. */
const binaryBatch =
  (labelBytes: number) =>
  (path: string): Batch => {
    const file = readFile(path);
    const record = labelBytes + PIXELS;
    if (file.length === 0 || file.length % record !== 0) throw notFound(true);
    const records = torch.tensor(file).reshape(-1, record);
    return {
      data: records.narrow(1, labelBytes, PIXELS).reshape(-1, 3, 32, 32),
      labels: records.select(1, labelBytes - 1).tolist() as number[],
    };
  };

/** Names, one a line. */
const linesOf = (path: string): string[] =>
  new TextDecoder()
    .decode(readFile(path))
    .split('\n')
    .filter(Boolean)
    .map((name) => name.trim());

/** A Python dict in a pickle, of which nothing is executed. */
const unpickled = (path: string): Record<string, unknown> => torch.numpy.load(readFile(path), { allowPickle: true });

const isList = <T>(value: unknown, kind: string): value is T[] => Array.isArray(value) && value.every((each) => typeof each === kind);

const pickledBatch =
  (labelKey: string) =>
  (path: string): Batch => {
    const { data, [labelKey]: labels } = unpickled(path);
    if (!(data instanceof torch.Tensor) || data.numel() % PIXELS !== 0 || !isList<number>(labels, 'number')) throw notFound(true);
    return { data: data.reshape(-1, 3, 32, 32), labels };
  };

const pickledNames =
  (key: string) =>
  (path: string): readonly string[] => {
    const { [key]: names } = unpickled(path);
    if (!isList<string>(names, 'string')) throw notFound(true);
    return names;
  };

const filesOf = ({ folder, train, test, names }: Layout, root: string): string[] =>
  [...train, ...test, names].map((file) => join(root, folder, file));

/**
 * 60,000 pictures of ten kinds of things in the folder `root/cifar-10-batches-py` (or `-bin`, the binary version).
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR10.html
 * @example
 * const train = await vision.datasets.CIFAR10.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class CIFAR10 extends VisionDataset {
  /** The first is downloaded; any is read. */
  static layouts: readonly Layout[] = [
    {
      folder: 'cifar-10-batches-py',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz',
      md5: 'c58f30108f718f92721af3b95e74349a',
      train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`),
      test: ['test_batch'],
      names: 'batches.meta',
      readBatch: pickledBatch('labels'),
      readNames: pickledNames('label_names'),
    },
    {
      folder: 'cifar-10-batches-bin',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
      md5: 'c32a1d4ab5d03f1284b67883e8d87530',
      train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
      test: ['test_batch.bin'],
      names: 'batches.meta.txt',
      readBatch: binaryBatch(1),
      readNames: linesOf,
    },
  ];
  readonly train: boolean;
  /** (N, 3, 32, 32), bytes */
  readonly data: Tensor;
  readonly targets: readonly number[];
  readonly classes: readonly string[];

  constructor(...args: CIFARArgs) {
    const { root, ...options } = bindCIFAR(args);
    super(root, options);
    const layout = new.target.layouts.find((each) => filesOf(each, root).every(isFile));
    if (!layout) throw options.download ? needsOpen(new.target.name) : notFound(true);
    const path = (file: string) => join(root, layout.folder, file);
    this.train = options.train ?? true;
    const batches = (this.train ? layout.train : layout.test).map((file) => layout.readBatch(path(file)));
    this.data = torch.cat(batches.map(({ data }) => data));
    this.targets = batches.flatMap(({ labels }) => labels);
    this.classes = layout.readNames(path(layout.names));
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open<D extends CIFAR10>(this: Opened<D>, ...args: CIFARArgs): Promise<D> {
    const { root, download, progress } = bindCIFAR(args);
    const [{ url, md5 }] = this.layouts;
    const isThere = this.layouts.some((layout) => filesOf(layout, root).every(isFile));
    if (download && !isThere) extractTar(await downloadUrl(url, root, { md5, progress }), root);
    return new this(...args);
  }

  /** How many samples there are. */
  get length(): number {
    return this.targets.length;
  }

  /** The number of every class by its name. */
  get classToIdx(): Record<string, number> {
    return indexOf(this.classes);
  }

  protected sample(index: number): [Tensor, number] {
    return [this.data.select(0, index), this.targets[index]];
  }

  override extraRepr(): string {
    return `Split: ${this.train ? 'Train' : 'Test'}`;
  }
}

/**
 * 60,000 pictures of a hundred kinds of things. https://pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR100.html
 * @example
 * const train = await vision.datasets.CIFAR100.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class CIFAR100 extends CIFAR10 {
  static override layouts: readonly Layout[] = [
    {
      folder: 'cifar-100-python',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
      md5: 'eb9058c3a382ffc7106e4002c42a8d85',
      train: ['train'],
      test: ['test'],
      names: 'meta',
      readBatch: pickledBatch('fine_labels'),
      readNames: pickledNames('fine_label_names'),
    },
    {
      folder: 'cifar-100-binary',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
      md5: '03b5dce01913d631647c71ecec9e9cb8',
      train: ['train.bin'],
      test: ['test.bin'],
      names: 'fine_label_names.txt',
      readBatch: binaryBatch(2),
      readNames: linesOf,
    },
  ];
}
