/** STL-10. https://cs.stanford.edu/~acoates/stl10/ */
import * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { builtin } from '../node.js';
import { downloadTar } from './archive.js';
import {
  checkChoice,
  type DownloadableOptions,
  isFile,
  join,
  LabelledImages,
  linesOf,
  needsOpen,
  notFound,
  type RootArgs,
  type Rooted,
  type TargetTransform,
  type Transform,
} from './vision.js';

type Tensor = torch.Tensor;
export type STL10Split = 'train' | 'train+unlabeled' | 'unlabeled' | 'test';

export interface STL10Options extends DownloadableOptions {
  split?: STL10Split;
  /** One of ten parts of the training images, 0 to 9. */
  folds?: number | null;
}
type STL10Args = RootArgs<
  [split: STL10Split, folds: number | null, transform: Transform, targetTransform: TargetTransform, download: boolean],
  STL10Options
>;
const bindSTL10 = (args: STL10Args): STL10Options & Rooted =>
  bind<STL10Options & Rooted>('STL10', 'root!, split, folds, transform, targetTransform, download, *, progress', args);

const SIZE = 96;
const fileOf = (root: string, name: string): string => join(root, 'stl10_binary', name);
const isThere = (root: string): boolean =>
  ['train_X.bin', 'train_y.bin', 'unlabeled_X.bin', 'test_X.bin', 'test_y.bin'].every((name) => isFile(fileOf(root, name)));

interface Part {
  data: Tensor;
  labels: number[];
}

/** The images of a file, where they lie column by column, and their classes, −1 where none are known. */
function readPart(root: string, name: string): Part {
  const { readFileSync } = builtin('node:fs');
  const pixels = readFileSync(fileOf(root, `${name}_X.bin`));
  if (pixels.length % (3 * SIZE * SIZE) !== 0) throw notFound(true);
  const data = torch.tensor(new Uint8Array(pixels)).reshape(-1, 3, SIZE, SIZE).transpose(2, 3);
  const labels = name === 'unlabeled' ? null : readFileSync(fileOf(root, `${name}_y.bin`));
  return { data, labels: Array.from({ length: data.shape[0] }, (_, i) => (labels ? labels[i] - 1 : -1)) };
}

/** The images of one fold. */
function foldOf({ data, labels }: Part, root: string, fold: number): Part {
  const places = linesOf(fileOf(root, 'fold_indices.txt'))[fold].trim().split(/\s+/).map(Number);
  return { data: data.indexSelect(0, torch.tensor(places)), labels: places.map((i) => labels[i]) };
}

/**
 * Pictures of 96 by 96 pixels of ten kinds of things, and 100,000 without classes, in the folder `root/stl10_binary`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.STL10.html
 * @example const train = () => vision.datasets.STL10.open('data', { split: 'train', download: true });
 */
export class STL10 extends LabelledImages {
  static url = 'http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz';
  static md5 = '91f7769df0f17e558f3565bffb0c7dfb';
  readonly split: STL10Split;
  /** (N, 3, 96, 96), bytes */
  readonly data: Tensor;
  /** −1 where none are known. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];

  constructor(...args: STL10Args) {
    const { root, split = 'train', folds = null, ...options } = bindSTL10(args);
    super(root, options);
    this.split = checkChoice(split, 'split', ['train', 'train+unlabeled', 'unlabeled', 'test']);
    if (folds !== null && !(Number.isInteger(folds) && folds >= 0 && folds < 10))
      throw new Error(`Value for argument folds should be in the range [0, 10), but got ${folds}.`);
    if (!isThere(root)) throw options.download ? needsOpen('STL10') : notFound(true);
    const parts = split.split('+').map((name) => {
      const part = readPart(root, name);
      return name === 'train' && folds !== null ? foldOf(part, root, folds) : part;
    });
    this.data = torch.cat(parts.map(({ data }) => data));
    this.labels = parts.flatMap(({ labels }) => labels);
    const names = fileOf(root, 'class_names.txt');
    this.classes = isFile(names) ? linesOf(names) : [];
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: STL10Args): Promise<STL10> {
    const { root, download, progress } = bindSTL10(args);
    if (download && !isThere(root)) await downloadTar(this.url, root, { md5: this.md5, progress });
    return new this(...args);
  }
}
