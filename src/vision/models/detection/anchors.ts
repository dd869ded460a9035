/** Boxes from which detectors start, at each pixel of feature maps. https://pytorch.org/vision/stable/models/faster_rcnn.html */
import * as torch from '../../../index.js';
import { type Args, bind, type Call, pythonFloat } from '../../arguments.js';
import type { ImageList } from './transform.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Lists = readonly (readonly number[])[];

/** Pixels of a map, row by row: x and y of each, (H · W). */
function grid(rows: Tensor, columns: Tensor): [x: Tensor, y: Tensor] {
  const [y, x] = torch.meshgrid([rows, columns], { indexing: 'ij' });
  return [x.reshape(-1), y.reshape(-1)];
}

interface AnchorOptions {
  sizes?: readonly number[] | Lists;
  aspectRatios?: readonly number[] | Lists;
}

const isNested = (lists: readonly number[] | Lists): lists is Lists => Array.isArray(lists[0]);

/**
 * Anchors of several sizes and shapes (height / width) at every pixel of every map; with nested lists, each map has its own.
 * https://pytorch.org/vision/stable/models/faster_rcnn.html
 * @throws Error where there are not as many lists as maps
 * @example new vision.models.detection.AnchorGenerator([[32], [64]], [[0.5, 1, 2], [1]]).numAnchorsPerLocation()  // [ 3, 1 ]
 */
export class AnchorGenerator extends nn.Module {
  readonly sizes: Lists;
  readonly aspectRatios: Lists;
  private readonly cellAnchors: readonly Tensor[];

  constructor(...args: Args<[sizes: readonly number[] | Lists, aspectRatios: readonly number[] | Lists], AnchorOptions>) {
    super();
    const given = bind<AnchorOptions>('AnchorGenerator', 'sizes, aspectRatios', args);
    const { sizes = [[128, 256, 512]], aspectRatios = [[0.5, 1, 2]] } = given;
    this.sizes = isNested(sizes) ? sizes : sizes.map((size) => [size]);
    this.aspectRatios = isNested(aspectRatios) ? aspectRatios : this.sizes.map(() => aspectRatios);
    const maps = Math.min(this.sizes.length, this.aspectRatios.length);
    this.cellAnchors = Array.from({ length: maps }, (_, i) => this.generateAnchors(this.sizes[i], this.aspectRatios[i]));
  }

  /** Anchors around (0, 0): (N, 4). */
  generateAnchors(scales: readonly number[], aspectRatios: readonly number[]): Tensor {
    const float = { dtype: torch.float32 };
    const heights = torch
      .tensor([...aspectRatios], float)
      .sqrt()
      .unsqueeze(1);
    const sizes = torch.tensor([...scales], float);
    const [w, h] = [heights.reciprocal().mul(sizes).reshape(-1), heights.mul(sizes).reshape(-1)];
    return torch.stack([w.neg(), h.neg(), w, h], 1).div(2).round();
  }

  /** How many start at each pixel, map by map. */
  numAnchorsPerLocation(): number[] {
    return this.cellAnchors.map((anchors) => anchors.shape[0]);
  }

  private at(map: Tensor, image: readonly number[], anchors: Tensor): Tensor {
    const [height, width] = map.shape.slice(-2);
    const { dtype, device } = map;
    const steps = (count: number, size: number): Tensor => torch.arange(count, { device }).mul(Math.floor(size / count));
    const [x, y] = grid(steps(height, image[0]), steps(width, image[1]));
    const shifts = torch.stack([x, y, x, y], 1).reshape(-1, 1, 4);
    return shifts.add(anchors.to(device).to(dtype).reshape(1, -1, 4)).reshape(-1, 4);
  }

  /** Those of each image, (N, 4), map by map. */
  override forward(images: ImageList, maps: readonly Tensor[]): Tensor[] {
    if (maps.length !== this.cellAnchors.length)
      throw new Error(
        'Anchors should be Tuple[Tuple[int]] because each feature map could potentially have different sizes and aspect ratios. There needs to be a match between the number of feature maps passed and the number of sizes / aspect ratios specified.',
      );
    const size = images.tensors.shape.slice(-2);
    const all = torch.cat(maps.map((map, i) => this.at(map, size, this.cellAnchors[i])));
    return images.imageSizes.map(() => all);
  }
}

interface DefaultBoxOptions {
  minRatio?: number;
  maxRatio?: number;
  scales?: readonly number[] | null;
  steps?: readonly number[] | null;
  clip?: boolean;
}

type DefaultBoxArgs = Call<
  [aspectRatios: Lists],
  [minRatio: number, maxRatio: number, scales: readonly number[] | null, steps: readonly number[] | null, clip: boolean],
  DefaultBoxOptions & { aspectRatios: Lists }
>;

/**
 * The boxes of SSD: for each map two squares and two boxes for each ratio. `scales` are shares of the image, one more than there are maps.
 * https://pytorch.org/vision/stable/models/ssd.html
 * @throws Error where there are not as many steps as lists of ratios
 * @example new vision.models.detection.DefaultBoxGenerator([[2], [2, 3]]).numAnchorsPerLocation()  // [ 4, 6 ]
 */
export class DefaultBoxGenerator extends nn.Module {
  readonly aspectRatios: Lists;
  readonly steps: readonly number[] | null;
  readonly clip: boolean;
  readonly scales: readonly number[];
  private readonly sizes: readonly Tensor[];

  constructor(...args: DefaultBoxArgs) {
    super();
    const names = 'aspectRatios!, minRatio, maxRatio, scales, steps, clip';
    const given = bind<DefaultBoxOptions & { aspectRatios: Lists }>('DefaultBoxGenerator', names, args);
    const { aspectRatios, minRatio = 0.15, maxRatio = 0.9, scales = null, steps = null, clip = true } = given;
    if (steps && steps.length !== aspectRatios.length) throw new Error('aspect_ratios and steps should have the same length');
    [this.aspectRatios, this.steps, this.clip] = [aspectRatios, steps, clip];
    const maps = aspectRatios.length;
    const even = aspectRatios.map((_, k) => minRatio + ((maxRatio - minRatio) * k) / (maps - 1));
    this.scales = scales ?? (maps > 1 ? [...even, 1] : [minRatio, maxRatio]);
    this.sizes = aspectRatios.map((_, k) => torch.tensor(this.pairsOf(k), { dtype: torch.float32 }));
  }

  /** Widths and heights for a map. */
  private pairsOf(k: number): number[][] {
    const [scale, between] = [this.scales[k], Math.sqrt(this.scales[k] * this.scales[k + 1])];
    const flat = this.aspectRatios[k].map((ratio) => [scale * Math.sqrt(ratio), scale / Math.sqrt(ratio)]);
    return [[scale, scale], [between, between], ...flat.flatMap(([w, h]) => [[w, h], [h, w]])]; // prettier-ignore
  }

  /** How many start at each pixel, map by map. */
  numAnchorsPerLocation(): number[] {
    return this.aspectRatios.map((ratios) => 2 + 2 * ratios.length);
  }

  private at(k: number, map: Tensor, image: readonly number[]): Tensor {
    const [height, width] = map.shape.slice(-2);
    const { device } = map;
    const places = (count: number, size: number): Tensor =>
      torch
        .arange(count, { device })
        .add(0.5)
        .div(this.steps ? size / this.steps[k] : count);
    const [x, y] = grid(places(height, image[0]), places(width, image[1]));
    const pairs = (this.clip ? this.sizes[k].clamp(0, 1) : this.sizes[k]).to(device);
    const middles = torch.stack([x, y], 1).unsqueeze(1).expand(-1, pairs.shape[0], -1).reshape(-1, 2);
    return torch.cat([middles, pairs.repeat(height * width, 1)], 1).to(map.dtype);
  }

  /** Those of each image, (N, 4), map by map. */
  override forward(images: ImageList, maps: readonly Tensor[]): Tensor[] {
    const [height, width] = images.tensors.shape.slice(-2);
    const boxes = torch.cat(maps.map((map, k) => this.at(k, map, [height, width])));
    const [middles, half] = [boxes.narrow(1, 0, 2), boxes.narrow(1, 2, 2).mul(0.5)];
    const size = torch.tensor([width, height], { device: boxes.device });
    const all = torch.cat([middles.sub(half).mul(size), middles.add(half).mul(size)], 1);
    return images.imageSizes.map(() => all);
  }

  override toString(): string {
    const list = (values: readonly number[], shown: (x: number) => string): string => `[${values.map(shown).join(', ')}]`;
    const ratios = this.aspectRatios.map((each) => list(each, String)).join(', ');
    const steps = this.steps ? list(this.steps, String) : 'None';
    return `DefaultBoxGenerator(aspect_ratios=[${ratios}], clip=${this.clip ? 'True' : 'False'}, scales=${list(this.scales, pythonFloat)}, steps=${steps})`;
  }
}
