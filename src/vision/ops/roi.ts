/** Features of regions of images. https://pytorch.org/vision/stable/ops.html#detection-and-segmentation-operators */
import * as torch from '../../index.js';
import { bind, type Call, pythonFloat } from '../arguments.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Size = number | readonly [height: number, width: number];
interface Sized {
  outputSize: Size;
}
/** (K, 5): the number of the image, then corners; or a list of (K, 4) for each image. */
export type Boxes = Tensor | readonly Tensor[];

interface Region {
  image: number;
  /** Left, top, right, bottom in pixels of the feature map. */
  corners: readonly [number, number, number, number];
}

function regionsOf(boxes: Boxes, scale: number): Region[] {
  const lists = boxes instanceof torch.Tensor ? [boxes] : boxes;
  const columns = boxes instanceof torch.Tensor ? 5 : 4;
  for (const list of lists) {
    if (list.ndim === 2 && list.shape[1] === columns) continue;
    throw new Error(
      columns === 5
        ? 'The boxes tensor shape is not correct as Tensor[K, 5]'
        : 'The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]',
    );
  }
  const scaled = (box: readonly number[]): Region['corners'] => {
    if (!box.every(Number.isFinite)) throw new Error(`boxes must be finite, got [${box.join(', ')}]`);
    return box.map((x) => Math.fround(x * scale)) as unknown as Region['corners'];
  };
  return lists.flatMap((list, n) =>
    (list.detach().tolist() as number[][]).map((row) =>
      columns === 5 ? { image: Math.trunc(row[0]), corners: scaled(row.slice(1)) } : { image: n, corners: scaled(row) },
    ),
  );
}

const pairOf = (size: Size): readonly [number, number] => (typeof size === 'number' ? [size, size] : size);

/** How much each of `size` pixels counts in each of the bins. */
type Weights = number[][];

/** Adds a sample at `position`, taken between its two neighbours. Samples outside of the map are zero. */
function addSample(row: number[], position: number, size: number, share: number): void {
  if (position < -1 || position > size) return;
  const at = Math.max(position, 0);
  const low = Math.min(Math.floor(at), size - 1);
  const part = low >= size - 1 ? 0 : at - low;
  row[low] += share * (1 - part);
  if (part > 0) row[low + 1] += share * part;
}

/** Means of samples, `ratio` a bin, or as many as there are pixels. Only those near the map are looked at. */
function sampledWeights(start: number, length: number, bins: number, ratio: number, size: number): Weights {
  const samples = ratio > 0 ? ratio : Math.ceil(length / bins);
  const bin = length / bins;
  const step = bin / samples;
  return Array.from({ length: bins }, (_, b) => {
    const row = new Array<number>(size).fill(0);
    const origin = start + b * bin;
    const [first, last] = step > 0 ? [Math.floor((-1 - origin) / step) - 1, Math.ceil((size - origin) / step)] : [0, samples - 1];
    for (let i = Math.max(first, 0); i <= Math.min(last, samples - 1); i++) addSample(row, origin + (i + 0.5) * step, size, 1 / samples);
    return row;
  });
}

/** The weights of those pixels only that count in any bin. */
interface Band {
  start: number;
  length: number;
  /** (bins, length) */
  matrix: Tensor;
}

function bandOf(weights: Weights, like: Tensor): Band {
  const used = weights.flatMap((row) => row.flatMap((w, i) => (w === 0 ? [] : [i])));
  const [start, end] = used.length === 0 ? [0, 1] : [Math.min(...used), Math.max(...used) + 1];
  const values = Float64Array.from(weights.flatMap((row) => row.slice(start, end)));
  const matrix = torch
    .tensor(values, { device: like.device })
    .to(like.dtype)
    .reshape(weights.length, end - start);
  return { start, length: end - start, matrix };
}

const within = (image: Tensor, down: Band, across: Band): Tensor =>
  image.narrow(-2, down.start, down.length).narrow(-1, across.start, across.length);

/** The kernels share their form: for each region, weights of rows and columns, and what is done with them. */
function forRegions(
  input: Tensor,
  boxes: Boxes,
  scale: number,
  outSizes: readonly number[],
  one: (image: Tensor, region: Region) => Tensor,
): Tensor {
  if (input.ndim !== 4) throw new Error(`Expected a tensor of shape (N, C, H, W), got ${String(input.shape)}`);
  const regions = regionsOf(boxes, scale);
  if (regions.length === 0) return torch.empty([0, ...outSizes], { dtype: input.dtype, device: input.device });
  return torch.stack(regions.map((region) => one(input.select(0, region.image), region)));
}

export interface RoIAlignOptions {
  spatialScale?: number;
  /** Samples in each direction of a bin; −1 for as many as there are pixels. */
  samplingRatio?: number;
  /** Whether corners lie between pixels: half a pixel is taken off. */
  aligned?: boolean;
}

/**
 * Means over a grid of bins in each region: (N, C, H, W) → (K, C, height, width). Differentiable in `input`.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.roi_align.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * vision.ops.roiAlign(torch.rand(1, 3, 8, 8), boxes, 2).shape  // torch.Size([1, 3, 2, 2])
 */
export function roiAlign(
  input: Tensor,
  boxes: Boxes,
  ...args: Call<[outputSize: Size], [spatialScale: number, samplingRatio: number, aligned: boolean], RoIAlignOptions & Sized>
): Tensor {
  const given = bind<RoIAlignOptions & Sized>('roi_align', 'outputSize!, spatialScale, samplingRatio, aligned', args);
  const { outputSize, spatialScale = 1, samplingRatio = -1, aligned = false } = given;
  const [rows, columns] = pairOf(outputSize);
  const [, channels, height, width] = input.shape;
  const offset = aligned ? 0.5 : 0;
  const extent = (from: number, to: number): number => (aligned ? to - from : Math.max(to - from, 1));
  return forRegions(input, boxes, spatialScale, [channels, rows, columns], (image, { corners: [left, top, right, bottom] }) => {
    const down = bandOf(sampledWeights(top - offset, extent(top, bottom), rows, samplingRatio, height), input);
    const across = bandOf(sampledWeights(left - offset, extent(left, right), columns, samplingRatio, width), input);
    return down.matrix.matmul(within(image, down, across).matmul(across.matrix.t()));
  });
}

/** C's `round`: halves go away from zero. */
const round = (x: number): number => Math.sign(x) * Math.round(Math.abs(x));

interface Span {
  start: number;
  end: number;
}

/** Whole pixels of each bin, those inside of the map. */
function spansOf(start: number, length: number, bins: number, limit: number): Span[] {
  const within = (x: number): number => Math.min(Math.max(x, 0), limit);
  return Array.from({ length: bins }, (_, b) => ({
    start: within(Math.floor(Math.fround((b * length) / bins)) + start),
    end: within(Math.ceil(Math.fround(((b + 1) * length) / bins)) + start),
  }));
}

interface ScaleOptions extends Sized {
  spatialScale?: number;
}
type ScaleArgs = Call<[outputSize: Size], [spatialScale: number], ScaleOptions>;

/**
 * The largest value of each bin in each region. https://pytorch.org/vision/stable/generated/torchvision.ops.roi_pool.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * vision.ops.roiPool(torch.rand(1, 3, 8, 8), boxes, 2).shape  // torch.Size([1, 3, 2, 2])
 */
export function roiPool(input: Tensor, boxes: Boxes, ...args: ScaleArgs): Tensor {
  const { outputSize, spatialScale = 1 } = bind<ScaleOptions>('roi_pool', 'outputSize!, spatialScale', args);
  const [rows, columns] = pairOf(outputSize);
  const [, channels, height, width] = input.shape;
  const length = (from: number, to: number): number => Math.max(round(to) - round(from) + 1, 1);
  return forRegions(input, boxes, spatialScale, [channels, rows, columns], (image, { corners: [left, top, right, bottom] }) => {
    const down = spansOf(round(top), length(top, bottom), rows, height);
    const across = spansOf(round(left), length(left, right), columns, width);
    const bins = down.flatMap((y) => across.map((x) => largest(image, y, x)));
    return torch.stack(bins, -1).reshape(channels, rows, columns);
  });
}

function largest(image: Tensor, y: Span, x: Span): Tensor {
  if (y.end <= y.start || x.end <= x.start) return torch.zeros([image.shape[0]], { dtype: image.dtype, device: image.device });
  return image
    .narrow(1, y.start, y.end - y.start)
    .narrow(2, x.start, x.end - x.start)
    .flatten(1)
    .max(1).values;
}

/** Each bin has channels of its own: (C, H, W) → (C / bins, rows, columns). */
function positionSensitive(image: Tensor, rowWeights: Weights, columnWeights: Weights): Tensor {
  const [rows, columns] = [rowWeights.length, columnWeights.length];
  const [channels, height, width] = image.shape;
  if (channels % (rows * columns) !== 0) throw new Error('input channels must be a multiple of pooling height * pooling width');
  const [down, across] = [bandOf(rowWeights, image), bandOf(columnWeights, image)];
  const parts = within(image.reshape(-1, rows, columns, height, width), down, across);
  const y = down.matrix.reshape(1, rows, 1, down.length, 1);
  const x = across.matrix.reshape(1, 1, columns, 1, across.length);
  return parts.mul(y).mul(x).sum([-2, -1]);
}

export interface PSRoIAlignOptions {
  spatialScale?: number;
  samplingRatio?: number;
}

/**
 * As `roiAlign`, where each bin has channels of its own. https://pytorch.org/vision/stable/generated/torchvision.ops.ps_roi_align.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * vision.ops.psRoiAlign(torch.rand(1, 12, 8, 8), boxes, 2).shape  // torch.Size([1, 3, 2, 2])
 */
export function psRoiAlign(
  input: Tensor,
  boxes: Boxes,
  ...args: Call<[outputSize: Size], [spatialScale: number, samplingRatio: number], PSRoIAlignOptions & Sized>
): Tensor {
  const given = bind<PSRoIAlignOptions & Sized>('ps_roi_align', 'outputSize!, spatialScale, samplingRatio', args);
  const { outputSize, spatialScale = 1, samplingRatio = -1 } = given;
  const [rows, columns] = pairOf(outputSize);
  const [, channels, height, width] = input.shape;
  return forRegions(
    input,
    boxes,
    spatialScale,
    [channels / (rows * columns), rows, columns],
    (image, { corners: [left, top, right, bottom] }) =>
      positionSensitive(
        image,
        sampledWeights(top - 0.5, bottom - top, rows, samplingRatio, height),
        sampledWeights(left - 0.5, right - left, columns, samplingRatio, width),
      ),
  );
}

const meanWeights = (spans: readonly Span[], size: number): Weights =>
  spans.map(({ start, end }) => Array.from({ length: size }, (_, i) => (i >= start && i < end ? 1 / (end - start) : 0)));

/**
 * Means of whole pixels, where each bin has channels of its own.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.ps_roi_pool.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * vision.ops.psRoiPool(torch.rand(1, 12, 8, 8), boxes, 2).shape  // torch.Size([1, 3, 2, 2])
 */
export function psRoiPool(input: Tensor, boxes: Boxes, ...args: ScaleArgs): Tensor {
  const { outputSize, spatialScale = 1 } = bind<ScaleOptions>('ps_roi_pool', 'outputSize!, spatialScale', args);
  const [rows, columns] = pairOf(outputSize);
  const [, channels, height, width] = input.shape;
  const spans = (from: number, to: number, bins: number, size: number): Span[] =>
    spansOf(round(from), Math.max(round(to) - round(from), 1), bins, size - 1);
  return forRegions(
    input,
    boxes,
    spatialScale,
    [channels / (rows * columns), rows, columns],
    (image, { corners: [left, top, right, bottom] }) =>
      positionSensitive(
        image,
        meanWeights(spans(top, bottom, rows, height), height),
        meanWeights(spans(left, right, columns, width), width),
      ),
  );
}

/** As Python shows it. */
const shown = (size: Size): string => (typeof size === 'number' ? String(size) : `(${size.join(', ')})`);
type PoolArgs = Call<[outputSize: Size, spatialScale: number], [], Required<ScaleOptions>>;
const poolNames = 'outputSize!, spatialScale!';

/**
 * `roiAlign` as a module. https://pytorch.org/vision/stable/generated/torchvision.ops.RoIAlign.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * new vision.ops.RoIAlign(2, 1, 2)(torch.rand(1, 3, 8, 8), boxes).shape  // torch.Size([1, 3, 2, 2])
 */
export class RoIAlign extends nn.Module {
  readonly outputSize: Size;
  readonly spatialScale: number;
  readonly samplingRatio: number;
  readonly aligned: boolean;

  constructor(
    ...args: Call<
      [outputSize: Size, spatialScale: number, samplingRatio: number],
      [aligned: boolean],
      Required<PSRoIAlignOptions> & Sized & { aligned?: boolean }
    >
  ) {
    super();
    const names = 'outputSize!, spatialScale!, samplingRatio!, aligned';
    const given = bind<Required<PSRoIAlignOptions> & Sized & { aligned?: boolean }>('RoIAlign', names, args);
    ({ outputSize: this.outputSize, spatialScale: this.spatialScale, samplingRatio: this.samplingRatio } = given);
    this.aligned = given.aligned ?? false;
  }

  override forward(input: Tensor, rois: Boxes): Tensor {
    const { outputSize, spatialScale, samplingRatio, aligned } = this;
    return roiAlign(input, rois, outputSize, { spatialScale, samplingRatio, aligned });
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, spatial_scale=${pythonFloat(this.spatialScale)}, sampling_ratio=${this.samplingRatio}, aligned=${this.aligned ? 'True' : 'False'}`;
  }
}

/**
 * `roiPool` as a module. https://pytorch.org/vision/stable/generated/torchvision.ops.RoIPool.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * new vision.ops.RoIPool(2, 1)(torch.rand(1, 3, 8, 8), boxes).shape  // torch.Size([1, 3, 2, 2])
 */
export class RoIPool extends nn.Module {
  readonly outputSize: Size;
  readonly spatialScale: number;

  constructor(...args: PoolArgs) {
    super();
    ({ outputSize: this.outputSize, spatialScale: this.spatialScale } = bind<Required<ScaleOptions>>('RoIPool', poolNames, args));
  }

  override forward(input: Tensor, rois: Boxes): Tensor {
    return roiPool(input, rois, this.outputSize, { spatialScale: this.spatialScale });
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, spatial_scale=${pythonFloat(this.spatialScale)}`;
  }
}

/**
 * `psRoiAlign` as a module. https://pytorch.org/vision/stable/generated/torchvision.ops.PSRoIAlign.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * new vision.ops.PSRoIAlign(2, 1, 2)(torch.rand(1, 12, 8, 8), boxes).shape  // torch.Size([1, 3, 2, 2])
 */
export class PSRoIAlign extends nn.Module {
  readonly outputSize: Size;
  readonly spatialScale: number;
  readonly samplingRatio: number;

  constructor(...args: Call<[outputSize: Size, spatialScale: number, samplingRatio: number], [], Required<PSRoIAlignOptions> & Sized>) {
    super();
    const given = bind<Required<PSRoIAlignOptions> & Sized>('PSRoIAlign', 'outputSize!, spatialScale!, samplingRatio!', args);
    ({ outputSize: this.outputSize, spatialScale: this.spatialScale, samplingRatio: this.samplingRatio } = given);
  }

  override forward(input: Tensor, rois: Boxes): Tensor {
    const { outputSize, spatialScale, samplingRatio } = this;
    return psRoiAlign(input, rois, outputSize, { spatialScale, samplingRatio });
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, spatial_scale=${pythonFloat(this.spatialScale)}, sampling_ratio=${this.samplingRatio}`;
  }
}

/**
 * `psRoiPool` as a module. https://pytorch.org/vision/stable/generated/torchvision.ops.PSRoIPool.html
 * @example
 * const boxes = [torch.tensor([[0, 0, 4, 4]]).float()];
 * new vision.ops.PSRoIPool(2, 1)(torch.rand(1, 12, 8, 8), boxes).shape  // torch.Size([1, 3, 2, 2])
 */
export class PSRoIPool extends nn.Module {
  readonly outputSize: Size;
  readonly spatialScale: number;

  constructor(...args: PoolArgs) {
    super();
    ({ outputSize: this.outputSize, spatialScale: this.spatialScale } = bind<Required<ScaleOptions>>('PSRoIPool', poolNames, args));
  }

  override forward(input: Tensor, rois: Boxes): Tensor {
    return psRoiPool(input, rois, this.outputSize, { spatialScale: this.spatialScale });
  }

  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, spatial_scale=${pythonFloat(this.spatialScale)}`;
  }
}
