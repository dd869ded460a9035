/** Annotations in the format of MS COCO. https://cocodataset.org/#format-data */
import * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import { readImage } from '../io/index.js';
import { builtin } from '../node.js';
import { convertBoundingBoxFormat } from '../transforms/functional/boxes.js';
import { BoundingBoxes, Image, Mask } from '../tv-tensors.js';
import { maskOf, type Segmentation } from './coco-mask.js';
import {
  chosenKeys,
  join,
  type JointOptions,
  type Rooted,
  type TargetKeys,
  type TargetTransform,
  type Transform,
  type Transforms,
  VisionDataset,
} from './vision.js';

type Tensor = torch.Tensor;

export interface CocoImage {
  id: number;
  file_name: string;
  width?: number;
  height?: number;
}
/** What is known about an object; the names are those of the file. */
export interface CocoAnnotation {
  id: number;
  image_id: number;
  category_id: number;
  /** Left, top, width and height. */
  bbox: [number, number, number, number];
  area?: number;
  iscrowd?: number;
  segmentation?: unknown;
  caption?: string;
  [name: string]: unknown;
}
export interface CocoCategory {
  id: number;
  name: string;
  supercategory?: string;
}

interface CocoFile {
  images?: CocoImage[];
  annotations?: CocoAnnotation[];
  categories?: CocoCategory[];
}

const byId = <T extends { id: number }>(all: readonly T[] = []): Map<number, T> => new Map(all.map((each) => [each.id, each]));
const listOf = (ids: number | readonly number[]): readonly number[] => (typeof ids === 'number' ? [ids] : ids);

/**
 * An annotation file, by the names of pycocotools. https://github.com/cocodataset/cocoapi
 * @example
 * const { writeFileSync } = await import('node:fs');
 * writeFileSync('instances.json', JSON.stringify({ images: [{ id: 7, file_name: 'a.png' }], annotations: [], categories: [] }));
 * new vision.datasets.COCO('instances.json').loadImgs(7)  // [ { id: 7, file_name: 'a.png' } ]
 */
export class COCO {
  readonly imgs: ReadonlyMap<number, CocoImage>;
  readonly anns: ReadonlyMap<number, CocoAnnotation>;
  readonly cats: ReadonlyMap<number, CocoCategory>;
  private readonly idsByImage = new Map<number, number[]>();

  constructor(annotationFile: string) {
    const file = JSON.parse(builtin('node:fs').readFileSync(annotationFile, 'utf8')) as CocoFile;
    [this.imgs, this.anns, this.cats] = [byId(file.images), byId(file.annotations), byId(file.categories)];
    for (const { id, image_id } of file.annotations ?? []) {
      const ids = this.idsByImage.get(image_id);
      if (ids) ids.push(id);
      else this.idsByImage.set(image_id, [id]);
    }
  }

  /** The annotations of images. */
  getAnnIds(imgIds: number | readonly number[]): number[] {
    return listOf(imgIds).flatMap((id) => this.idsByImage.get(id) ?? []);
  }

  /** The ids of all images. */
  getImgIds(): number[] {
    return [...this.imgs.keys()];
  }

  /** The ids of all categories. */
  getCatIds(): number[] {
    return [...this.cats.keys()];
  }

  /** Annotations by their ids. */
  loadAnns(ids: number | readonly number[]): CocoAnnotation[] {
    return found(this.anns, ids);
  }

  /** Images by their ids: their files' names. */
  loadImgs(ids: number | readonly number[]): CocoImage[] {
    return found(this.imgs, ids);
  }

  /** Categories by their ids: what they are called. */
  loadCats(ids: number | readonly number[]): CocoCategory[] {
    return found(this.cats, ids);
  }
}

function found<T>(all: ReadonlyMap<number, T>, ids: number | readonly number[]): T[] {
  return listOf(ids).map((id) => {
    const each = all.get(id);
    if (each === undefined) throw new Error(`the annotation file has nothing with the id ${id}`);
    return each;
  });
}

interface CocoOptions<T> extends JointOptions<T>, Rooted {
  /** The file of the annotations. */
  annFile: string;
}
type CocoArgs<T> = Call<
  [root: string, annFile: string],
  [transform: Transform, targetTransform: TargetTransform<T>, transforms: Transforms<T>],
  CocoOptions<T>
>;

abstract class CocoDataset<T> extends VisionDataset<T> {
  readonly coco: COCO;
  /** Of the images, in order. */
  readonly ids: readonly number[];

  constructor(args: CocoArgs<T>) {
    const names = 'root!, annFile!, transform, targetTransform, transforms';
    const { root, annFile, ...options } = bind<CocoOptions<T>>('CocoDetection', names, args);
    super(root, options);
    this.coco = new COCO(annFile);
    this.ids = this.coco.getImgIds().sort((a, b) => a - b);
  }

  /** How many samples there are. */
  get length(): number {
    return this.ids.length;
  }

  protected annotationsOf(index: number): CocoAnnotation[] {
    return this.coco.loadAnns(this.coco.getAnnIds(this.ids[index]));
  }

  protected imageOf(index: number): Promise<Tensor> {
    return readImage(join(this.root, this.coco.loadImgs(this.ids[index])[0].file_name), 'RGB');
  }
}

/**
 * Images and the list of annotations of each: `target[0].bbox`. https://pytorch.org/vision/stable/generated/torchvision.datasets.CocoDetection.html
 * @example const open = () => new vision.datasets.CocoDetection('train2017', 'annotations/instances_train2017.json');
 */
export class CocoDetection extends CocoDataset<CocoAnnotation[]> {
  constructor(...args: CocoArgs<CocoAnnotation[]>) {
    super(args);
  }

  protected async sample(index: number): Promise<[Tensor, CocoAnnotation[]]> {
    return [await this.imageOf(index), this.annotationsOf(index)];
  }

  /** With the id of the image, boxes and the numbers of classes; with `masks` and what the file says where that is asked for. */
  override wrapped([image, annotations]: [Tensor, CocoAnnotation[]], index: number, targetKeys: TargetKeys = null): [Tensor, unknown] {
    const image_id = this.ids[index];
    if (annotations.length === 0) return [new Image(image), { image_id }];
    const canvasSize = [image.shape[1], image.shape[2]] as const;
    const rows = (): Tensor => torch.tensor(annotations.map(({ bbox }) => bbox)).to(torch.float32);
    const masks = (): Tensor => torch.stack(annotations.map(({ segmentation }) => maskOf(segmentation as Segmentation, canvasSize)));
    const listed = ['segmentation', 'area', 'iscrowd', 'bbox', 'category_id'].map(
      (key) => [key, () => annotations.map((each) => each[key])] as const,
    );
    const available = {
      image_id: () => image_id,
      boxes: () => convertBoundingBoxFormat(new BoundingBoxes(rows(), { format: 'XYWH', canvasSize }), { newFormat: 'XYXY' }),
      masks: () => new Mask(masks()),
      labels: () => torch.tensor(annotations.map(({ category_id }) => category_id)),
      ...Object.fromEntries(listed),
    };
    return [new Image(image), chosenKeys(available, ['image_id', 'boxes', 'labels'], targetKeys)];
  }
}

/**
 * Images and the captions of each. https://pytorch.org/vision/stable/generated/torchvision.datasets.CocoCaptions.html
 * @example const open = () => new vision.datasets.CocoCaptions('train2017', 'annotations/captions_train2017.json');
 */
export class CocoCaptions extends CocoDataset<string[]> {
  constructor(...args: CocoArgs<string[]>) {
    super(args);
  }

  protected async sample(index: number): Promise<[Tensor, string[]]> {
    return [await this.imageOf(index), this.annotationsOf(index).map(({ caption = '' }) => caption)];
  }
}
