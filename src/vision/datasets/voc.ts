/** The PASCAL VOC challenges, 2007 to 2012. http://host.robots.ox.ac.uk/pascal/VOC/ */
import * as torch from '../../index.js';
import { bind } from '../arguments.js';
import { readImage } from '../io/index.js';
import { builtin } from '../node.js';
import { BoundingBoxes, Image, Mask } from '../tv-tensors.js';
import { downloadTar } from './archive.js';
import { readIndices } from './indices.js';
import {
  checkChoice,
  chosenKeys,
  type DownloadableOptions,
  isFolder,
  join,
  type JointOptions,
  linesOf,
  needsOpen,
  notFound,
  type RootArgs,
  type Rooted,
  type TargetKeys,
  type TargetTransform,
  type Transform,
  type Transforms,
  VisionDataset,
} from './vision.js';
import { parseXml, type XmlElement } from './xml.js';

type Tensor = torch.Tensor;
export type VOCYear = '2007' | '2008' | '2009' | '2010' | '2011' | '2012';
export type VOCImageSet = 'train' | 'trainval' | 'val' | 'test';

interface Archive {
  name: string;
  md5: string;
}

/** Those with training and validation images; 2007's test images have one of their own. */
const archives: Readonly<Record<VOCYear | '2007-test', Archive>> = {
  '2012': { name: 'voc2012/VOCtrainval_11-May-2012.tar', md5: '6cd6e144f989b92b3379bac3b3de84fd' },
  '2011': { name: 'voc2011/VOCtrainval_25-May-2011.tar', md5: '6c3384ef61512963050cb5d687e5bf1e' },
  '2010': { name: 'voc2010/VOCtrainval_03-May-2010.tar', md5: 'da459979d0c395079b5c75ee67908abb' },
  '2009': { name: 'voc2009/VOCtrainval_11-May-2009.tar', md5: 'a3e00b113cfcfebf17e343f59da3caa1' },
  '2008': { name: 'voc2008/VOCtrainval_14-Jul-2008.tar', md5: '2629fa636546599198acfcfbfcf1904a' },
  '2007': { name: 'voc2007/VOCtrainval_06-Nov-2007.tar', md5: 'c52e279531787972c589f7e41ab4ae64' },
  '2007-test': { name: 'voc2007/VOCtest_06-Nov-2007.tar', md5: 'b6e924de25625d8de591ea690078ad9f' },
};

export interface VOCOptions<T> extends DownloadableOptions<T>, JointOptions<T> {
  year?: VOCYear;
  imageSet?: VOCImageSet;
}

type VOCArgs<T> = RootArgs<
  [
    year: VOCYear,
    imageSet: VOCImageSet,
    download: boolean,
    transform: Transform,
    targetTransform: TargetTransform<T>,
    transforms: Transforms<T>,
  ],
  VOCOptions<T>
>;

function bindVOC<T>(args: VOCArgs<T>): VOCOptions<T> & Rooted & { year: VOCYear; imageSet: VOCImageSet } {
  const names = 'root!, year, imageSet, download, transform, targetTransform, transforms, *, progress';
  return { year: '2012', imageSet: 'train', ...bind<VOCOptions<T> & Rooted>('VOC', names, args) };
}

interface Opened<T, D> {
  new (...args: VOCArgs<T>): D;
  baseUrl: string;
}

const folderOf = (root: string, year: VOCYear): string => join(root, ...(year === '2011' ? ['TrainVal'] : []), 'VOCdevkit', `VOC${year}`);

abstract class VOC<T> extends VisionDataset<T> {
  static baseUrl = 'https://thor.robots.ox.ac.uk/pascal/VOC/';
  readonly year: VOCYear;
  readonly imageSet: VOCImageSet;
  /** The files of the images. */
  readonly images: readonly string[];
  /** The files of what is known about them. */
  readonly targets: readonly string[];

  constructor(args: VOCArgs<T>, splits: string, targets: string, extension: string) {
    const { root, year, imageSet, ...options } = bindVOC(args);
    super(root, options);
    this.year = checkChoice(year, 'year', ['2007', '2008', '2009', '2010', '2011', '2012']);
    this.imageSet = checkChoice(imageSet, 'image_set', ['train', 'trainval', 'val', ...(year === '2007' ? (['test'] as const) : [])]);
    const folder = folderOf(root, year);
    if (!isFolder(folder)) throw options.download ? needsOpen(new.target.name) : notFound(true);
    const names = linesOf(join(folder, 'ImageSets', splits, `${imageSet}.txt`)).filter(Boolean);
    this.images = names.map((name) => join(folder, 'JPEGImages', `${name}.jpg`));
    this.targets = names.map((name) => join(folder, targets, name + extension));
  }

  /** As the constructor, but downloads what is missing where `download` is true. */
  static async open<T, D extends VOC<T>>(this: Opened<T, D>, ...args: VOCArgs<T>): Promise<D> {
    const { root, year, imageSet, download, progress } = bindVOC<T>(args);
    const { name, md5 } = archives[year === '2007' && imageSet === 'test' ? '2007-test' : year];
    if (download && !isFolder(folderOf(root, year))) await downloadTar(this.baseUrl + name, root, { md5, progress });
    return new this(...args);
  }

  /** How many samples there are. */
  get length(): number {
    return this.images.length;
  }
}

/**
 * Images and the class of each of their pixels, bytes (1, H, W): 0 is background, 255 stands for edges.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.VOCSegmentation.html
 * @example const open = () => vision.datasets.VOCSegmentation.open('data', { year: '2012', imageSet: 'val', download: true });
 */
export class VOCSegmentation extends VOC<Tensor> {
  constructor(...args: VOCArgs<Tensor>) {
    super(args, 'Segmentation', 'SegmentationClass', '.png');
  }

  /** The files of the masks. */
  get masks(): readonly string[] {
    return this.targets;
  }

  protected async sample(index: number): Promise<[Tensor, Tensor]> {
    return [await readImage(this.images[index], 'RGB'), readIndices(this.masks[index])];
  }

  override wrapped([image, target]: [Tensor, Tensor]): [Tensor, unknown] {
    return [new Image(image), new Mask(target)];
  }
}

/** An element of an annotation: text, or elements by tag, several of a tag as a list. */
export type VOCValue = string | VOCTree | (string | VOCTree)[];
export interface VOCTree {
  [tag: string]: VOCValue;
}

/** What objects are, by number; 0 is background. */
const categories = [
  ...['__background__', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable', 'dog'],
  ...['horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'],
];

/** `objects` stay a list however many there are. */
function treeOf({ tag, children, text }: XmlElement): VOCTree {
  if (children.length === 0) return text === '' ? {} : { [tag]: text.trim() };
  const lists: Record<string, (string | VOCTree)[]> = {};
  for (const child of children)
    for (const [name, value] of Object.entries(treeOf(child))) (lists[name] ??= []).push(value as string | VOCTree);
  const isList = (name: string): boolean => lists[name].length > 1 || (tag === 'annotation' && name === 'object');
  const tree: VOCTree = Object.fromEntries(Object.keys(lists).map((name) => [name, isList(name) ? lists[name] : lists[name][0]]));
  if (tag === 'annotation') tree.object ??= [];
  return { [tag]: tree };
}

/**
 * Images and their annotations as trees of text: `target.annotation.object[0].bndbox.xmin`.
 * https://pytorch.org/vision/stable/generated/torchvision.datasets.VOCDetection.html
 * @example const open = () => vision.datasets.VOCDetection.open('data', { year: '2007', imageSet: 'test', download: true });
 */
export class VOCDetection extends VOC<VOCTree> {
  constructor(...args: VOCArgs<VOCTree>) {
    super(args, 'Main', 'Annotations', '.xml');
  }

  /** The files of the annotations. */
  get annotations(): readonly string[] {
    return this.targets;
  }

  protected async sample(index: number): Promise<[Tensor, VOCTree]> {
    const source = builtin('node:fs').readFileSync(this.annotations[index], 'utf8');
    return [await readImage(this.images[index], 'RGB'), treeOf(parseXml(source))];
  }

  /** With boxes and the numbers of classes. */
  override wrapped([image, target]: [Tensor, VOCTree], _: number, targetKeys: TargetKeys = null): [Tensor, unknown] {
    const objects = (target.annotation as VOCTree).object as VOCTree[];
    const corners = objects.map(({ bndbox }) => ['xmin', 'ymin', 'xmax', 'ymax'].map((side) => Number((bndbox as VOCTree)[side])));
    const canvasSize = [image.shape[1], image.shape[2]] as const;
    const boxes = new BoundingBoxes(torch.tensor(corners).reshape(-1, 4), { format: 'XYXY', canvasSize });
    const labels = (): Tensor => torch.tensor(objects.map(({ name }) => categories.indexOf(name as string)));
    const available = { annotation: () => target.annotation, boxes: () => boxes, labels };
    return [new Image(image), chosenKeys(available, ['boxes', 'labels'], targetKeys)];
  }
}
