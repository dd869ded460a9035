/** CIFAR-10 and CIFAR-100, from their binary version. https://www.cs.toronto.edu/~kriz/cifar.html */
import * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { downloadUrl } from '../download.js';
import { builtin } from '../node.js';
import { extractTar } from './archive.js';
import { type DatasetArgs, type DownloadableOptions, indexOf, isFile, join, needsOpen, notFound, VisionDataset } from './vision.js';

type Tensor = torch.Tensor;

export interface CIFAROptions extends DownloadableOptions {
  train?: boolean;
}

type CIFARArgs = DatasetArgs<boolean, CIFAROptions>;

const bindCIFAR = (args: CIFARArgs): CIFAROptions =>
  bind<CIFAROptions>('CIFAR', 'train, transform, targetTransform, download, *, progress', args);

interface Layout {
  folder: string;
  url: string;
  md5: string;
  train: readonly string[];
  test: readonly string[];
  /** The file with the names of the classes, one a line. */
  names: string;
  /** Bytes before the pixels of each image; the last is the class. */
  labelBytes: number;
}

interface Opened<D> {
  new (root: string, ...args: CIFARArgs): D;
  layout: Layout;
}

const PIXELS = 3 * 32 * 32;

/** Images (N, 3, 32, 32) and classes of one file. */
function readBatch(path: string, labelBytes: number): { data: Uint8Array; labels: number[] } {
  const file = builtin('node:fs').readFileSync(path);
  const record = labelBytes + PIXELS;
  if (file.length === 0 || file.length % record !== 0) throw notFound(true);
  const count = file.length / record;
  const data = new Uint8Array(count * PIXELS);
  const labels: number[] = [];
  for (let i = 0; i < count; i++) {
    data.set(file.subarray(i * record + labelBytes, (i + 1) * record), i * PIXELS);
    labels.push(file[i * record + labelBytes - 1]);
  }
  return { data, labels };
}

/**
 * 60,000 pictures of ten kinds of things in the folder `root/cifar-10-batches-bin`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR10.html
 * @example
 * const train = await vision.datasets.CIFAR10.open('data', { train: true, download: true });
 * const [image, label] = await train.at(0);
 */
export class CIFAR10 extends VisionDataset {
  static layout: Layout = {
    folder: 'cifar-10-batches-bin',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
    test: ['test_batch.bin'],
    names: 'batches.meta.txt',
    labelBytes: 1,
  };
  readonly train: boolean;
  /** (N, 3, 32, 32), bytes */
  readonly data: Tensor;
  readonly targets: readonly number[];
  readonly classes: readonly string[];

  constructor(root: string, ...args: CIFARArgs) {
    const options = bindCIFAR(args);
    super(root, options);
    const { layout } = new.target;
    const path = (file: string) => join(root, layout.folder, file);
    this.train = options.train ?? true;
    const files = (this.train ? layout.train : layout.test).map(path);
    if (![...files, path(layout.names)].every(isFile)) throw options.download ? needsOpen(new.target.name) : notFound(true);
    const batches = files.map((file) => readBatch(file, layout.labelBytes));
    this.data = torch.cat(batches.map(({ data }) => torch.tensor(data).reshape(-1, 3, 32, 32)));
    this.targets = batches.flatMap(({ labels }) => labels);
    const names = builtin('node:fs').readFileSync(path(layout.names), 'utf8');
    this.classes = names
      .split('\n')
      .filter(Boolean)
      .map((name) => name.trim());
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open<D extends CIFAR10>(this: Opened<D>, root: string, ...args: CIFARArgs): Promise<D> {
    const { download, progress } = bindCIFAR(args);
    const { folder, url, md5, train, test, names } = this.layout;
    const isThere = [...train, ...test, names].every((file) => isFile(join(root, folder, file)));
    if (download && !isThere) extractTar(await downloadUrl(url, root, { md5, progress }), root);
    return new this(root, ...args);
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
  static override layout: Layout = {
    folder: 'cifar-100-binary',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    train: ['train.bin'],
    test: ['test.bin'],
    names: 'fine_label_names.txt',
    labelBytes: 2,
  };
}
