/** Datasets whose files are listed beside them: Food-101 and 102 Flowers. */
import type * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { checkIntegrity, downloadUrl } from '../download.js';
import { readImage } from '../io/index.js';
import { builtin } from '../node.js';
import { downloadTar } from './archive.js';
import type { Loader } from './folder.js';
import { readMat } from './mat.js';
import {
  checkChoice,
  type DownloadableOptions,
  indexOf,
  isFolder,
  join,
  needsOpen,
  notFound,
  type RootArgs,
  type Rooted,
  type TargetTransform,
  type Transform,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;

export interface SplitOptions<S extends string> extends DownloadableOptions {
  split?: S;
  loader?: Loader;
}
type SplitArgs<S extends string> = RootArgs<
  [split: S, transform: Transform, targetTransform: TargetTransform, download: boolean, loader: Loader],
  SplitOptions<S>
>;
const bindSplit = <S extends string>(name: string, args: SplitArgs<S>): SplitOptions<S> & Rooted =>
  bind<SplitOptions<S> & Rooted>(name, 'root!, split, transform, targetTransform, download, loader, *, progress', args);

const readRGB: Loader = (path) => readImage(path, 'RGB');

abstract class ListedFiles<S extends string> extends VisionDataset {
  readonly split: S;
  readonly loader: Loader;
  /** Files and the numbers of their classes. */
  readonly samples: readonly (readonly [path: string, target: number])[];

  constructor({ root, split, loader = readRGB, ...options }: SplitOptions<S> & Rooted & { split: S }, samples: ListedFiles<S>['samples']) {
    super(root, options);
    [this.split, this.loader, this.samples] = [split, loader, samples];
  }

  /** How many samples there are. */
  get length(): number {
    return this.samples.length;
  }

  protected async sample(index: number): Promise<[Tensor, number]> {
    const [path, target] = this.samples[index];
    return [await this.loader(path), target];
  }

  override extraRepr(): string {
    return `split=${this.split}`;
  }
}

export type Food101Split = 'train' | 'test';

const foodFolder = (root: string): string => join(root, 'food-101');
const hasFood = (root: string): boolean => ['meta', 'images'].every((name) => isFolder(join(foodFolder(root), name)));
const foodList = (root: string, split: Food101Split): Record<string, string[]> =>
  JSON.parse(builtin('node:fs').readFileSync(join(foodFolder(root), 'meta', `${split}.json`), 'utf8')) as Record<string, string[]>;

/**
 * 101,000 pictures of 101 dishes in the folder `root/food-101`. https://pytorch.org/vision/stable/generated/torchvision.datasets.Food101.html
 * @example const train = () => vision.datasets.Food101.open('data', { split: 'train', download: true });
 */
export class Food101 extends ListedFiles<Food101Split> {
  static url = 'http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz';
  static md5 = '85eeb15f3717b99a5da872d97d918f87';
  readonly classes: readonly string[];

  constructor(...args: SplitArgs<Food101Split>) {
    const { split = 'train', ...options } = bindSplit('Food101', args);
    checkChoice(split, 'split', ['train', 'test']);
    if (!hasFood(options.root)) throw options.download ? needsOpen('Food101') : notFound();
    const listed = foodList(options.root, split);
    const classes = Object.keys(listed).sort();
    const numbers = indexOf(classes);
    const images = join(foodFolder(options.root), 'images');
    const samples = Object.entries(listed).flatMap(([name, files]) =>
      files.map((file) => [join(images, `${file}.jpg`), numbers[name]] as const),
    );
    super({ ...options, split }, samples);
    this.classes = classes;
  }

  /** The number of every dish by its name. */
  get classToIdx(): Record<string, number> {
    return indexOf(this.classes);
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: SplitArgs<Food101Split>): Promise<Food101> {
    const { root, download, progress } = bindSplit('Food101', args);
    if (download && !hasFood(root)) await downloadTar(this.url, root, { md5: this.md5, progress });
    return new this(...args);
  }
}

export type Flowers102Split = 'train' | 'val' | 'test';

const flowerFolder = (root: string): string => join(root, 'flowers-102');
/** What the splits are called in `setid.mat`. */
const flowerSets: Readonly<Record<Flowers102Split, string>> = { train: 'trnid', val: 'valid', test: 'tstid' };

function readFlowerMat(root: string, file: string, name: string): number[] {
  const found = readMat(builtin('node:fs').readFileSync(join(flowerFolder(root), file)))[name];
  if (!found) throw notFound(true);
  return Array.from(found.values);
}

/**
 * Pictures of 102 kinds of flowers in the folder `root/flowers-102`. https://pytorch.org/vision/stable/generated/torchvision.datasets.Flowers102.html
 * @example const train = () => vision.datasets.Flowers102.open('data', { split: 'train', download: true });
 */
export class Flowers102 extends ListedFiles<Flowers102Split> {
  static url = 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/';
  static md5: Record<'102flowers.tgz' | 'imagelabels.mat' | 'setid.mat', string> = {
    '102flowers.tgz': '52808999861908f626f3c1f4e79d11fa',
    'imagelabels.mat': 'e0620be6f572b9609742df49c70aed4d',
    'setid.mat': 'a5357ecc9cb78c4bef273ce3793fc85c',
  };

  constructor(...args: SplitArgs<Flowers102Split>) {
    const { split = 'train', ...options } = bindSplit('Flowers102', args);
    checkChoice(split, 'split', ['train', 'val', 'test']);
    const { root } = options;
    if (!Flowers102.isThere(root)) throw options.download ? needsOpen('Flowers102') : notFound(true);
    const labels = readFlowerMat(root, 'imagelabels.mat', 'labels');
    const path = (id: number): string => join(flowerFolder(root), 'jpg', `image_${String(id).padStart(5, '0')}.jpg`);
    super(
      { ...options, split },
      readFlowerMat(root, 'setid.mat', flowerSets[split]).map((id) => [path(id), labels[id - 1] - 1]),
    );
  }

  private static isThere(root: string): boolean {
    const folder = flowerFolder(root);
    const lists = ['imagelabels.mat', 'setid.mat'] as const;
    return isFolder(join(folder, 'jpg')) && lists.every((file) => checkIntegrity(join(folder, file), { md5: Flowers102.md5[file] }));
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: SplitArgs<Flowers102Split>): Promise<Flowers102> {
    const { root, download, progress } = bindSplit('Flowers102', args);
    if (download && !this.isThere(root)) {
      const folder = flowerFolder(root);
      await downloadTar(`${this.url}102flowers.tgz`, folder, { md5: this.md5['102flowers.tgz'], progress });
      for (const file of ['imagelabels.mat', 'setid.mat'] as const)
        await downloadUrl(this.url + file, folder, { md5: this.md5[file], progress });
    }
    return new this(...args);
  }
}
