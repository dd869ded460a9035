/** 37 breeds of cats and dogs. https://www.robots.ox.ac.uk/~vgg/data/pets/ */
import type * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { readImage } from '../io/index.js';
import { Image, Mask } from '../tv-tensors.js';
import { downloadTar } from './archive.js';
import { readIndices } from './indices.js';
import {
  checkChoice,
  type DownloadableOptions,
  indexOf,
  isFolder,
  join,
  type JointOptions,
  linesOf,
  needsOpen,
  notFound,
  type RootArgs,
  type Rooted,
  type TargetTransform,
  type Transform,
  type Transforms,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;
export type PetTarget = 'category' | 'binary-category' | 'segmentation';
/** A number of a class, or bytes (1, H, W): 1 for the pet, 2 for what is around it, 3 for its edge; a list where several are asked for. */
export type PetTargetValue = number | Tensor | (number | Tensor)[] | null;

export interface OxfordIIITPetOptions extends DownloadableOptions<PetTargetValue>, JointOptions<PetTargetValue> {
  split?: 'trainval' | 'test';
  targetTypes?: PetTarget | readonly PetTarget[];
}

type PetArgs = RootArgs<
  [
    split: 'trainval' | 'test',
    targetTypes: PetTarget | readonly PetTarget[],
    transforms: Transforms<PetTargetValue>,
    transform: Transform,
    targetTransform: TargetTransform<PetTargetValue>,
    download: boolean,
  ],
  OxfordIIITPetOptions
>;
const bindPet = (args: PetArgs): OxfordIIITPetOptions & Rooted =>
  bind<OxfordIIITPetOptions & Rooted>(
    'OxfordIIITPet',
    'root!, split, targetTypes, transforms, transform, targetTransform, download, *, progress',
    args,
  );

const folderOf = (root: string): string => join(root, 'oxford-iiit-pet');
const isThere = (root: string): boolean => ['images', 'annotations'].every((name) => isFolder(join(folderOf(root), name)));

/** `american_bulldog` → `American Bulldog` */
const titled = (name: string): string =>
  name.replace(/(^|_)([a-z])/gi, (_, gap: string, letter: string) => (gap && ' ') + letter.toUpperCase());

/**
 * Images of cats and dogs with their breed, their kind, or which pixels they cover.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.OxfordIIITPet.html
 * @example const open = () => vision.datasets.OxfordIIITPet.open('data', { targetTypes: 'segmentation', download: true });
 */
export class OxfordIIITPet extends VisionDataset<PetTargetValue> {
  static resources = [
    { url: 'https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz', md5: '5c4f3ee8e5d25df40f4fd59a7f44e54c' },
    { url: 'https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz', md5: '95a8c909bbe2e81eed6a22bccdf3f68f' },
  ];
  readonly classes: readonly string[];
  readonly binClasses = ['Cat', 'Dog'] as const;
  private readonly targetTypes: readonly PetTarget[];
  private readonly rows: readonly { name: string; label: number; binary: number }[];

  constructor(...args: PetArgs) {
    const { root, split = 'trainval', targetTypes = 'category', ...options } = bindPet(args);
    super(root, options);
    checkChoice(split, 'split', ['trainval', 'test']);
    const types: PetTarget[] = [targetTypes].flat() as PetTarget[];
    this.targetTypes = types.map((type) => checkChoice(type, 'target_types', ['category', 'binary-category', 'segmentation']));
    if (!isThere(root)) throw options.download ? needsOpen('OxfordIIITPet') : notFound();
    this.rows = linesOf(join(folderOf(root), 'annotations', `${split}.txt`)).map((line) => {
      const [name, label, binary] = line.trim().split(/\s+/);
      return { name, label: Number(label) - 1, binary: Number(binary) - 1 };
    });
    const names = new Map(this.rows.map(({ name, label }) => [label, titled(name.slice(0, name.lastIndexOf('_')))]));
    this.classes = [...names].sort(([a], [b]) => a - b).map(([, name]) => name);
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open(...args: PetArgs): Promise<OxfordIIITPet> {
    const { root, download, progress } = bindPet(args);
    if (download && !isThere(root)) for (const { url, md5 } of this.resources) await downloadTar(url, folderOf(root), { md5, progress });
    return new this(...args);
  }

  /** How many samples there are. */
  get length(): number {
    return this.rows.length;
  }

  /** The number of every breed by its name. */
  get classToIdx(): Record<string, number> {
    return indexOf(this.classes);
  }

  protected async sample(index: number): Promise<[Tensor, PetTargetValue]> {
    const { name, label, binary } = this.rows[index];
    const folder = folderOf(this.root);
    const trimap = (): Tensor => readIndices(join(folder, 'annotations', 'trimaps', `${name}.png`));
    const values = this.targetTypes.map((type) => (type === 'category' ? label : type === 'binary-category' ? binary : trimap()));
    const target = values.length === 0 ? null : values.length === 1 ? values[0] : values;
    return [await readImage(join(folder, 'images', `${name}.jpg`), 'RGB'), target];
  }

  override wrapped([image, target]: [Tensor, PetTargetValue]): [Tensor, unknown] {
    const each = (value: unknown): unknown => (typeof value === 'object' && value !== null ? new Mask(value as Tensor) : value);
    return [new Image(image), Array.isArray(target) ? target.map(each) : each(target)];
  }
}
