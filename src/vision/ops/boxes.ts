/** Boxes: formats, areas, overlaps and suppression. https://pytorch.org/vision/stable/ops.html#box-operators */
import * as torch from '../../index.js';
import { type Args, bind, type Call } from '../arguments.js';
import {
  type BoxFormat,
  convertRotated,
  fromCorners,
  type RotatedFormat,
  rotatedFormats,
  toCorners,
  uprightFormats,
} from './box-formats.js';

type Tensor = torch.Tensor;

export type { BoxFormat, RotatedFormat } from './box-formats.js';
interface FormatOptions {
  fmt?: BoxFormat;
}
type FormatArgs = Args<[fmt: BoxFormat], FormatOptions>;
interface EpsOptions {
  eps?: number;
}
type EpsArgs = Args<[eps: number], EpsOptions>;

/** Integers are computed with in 64 bits, floats at least in 32. */
function upcast(t: Tensor): Tensor {
  if (t.dtype.isFloatingPoint) return t.dtype === torch.float64 ? t : t.to(torch.float32);
  return t.dtype === torch.int32 || t.dtype === torch.int64 ? t : t.to(torch.int32);
}

type AnyFormat = BoxFormat | RotatedFormat;

/**
 * Boxes (…, 4) from one format to another; rotated ones are (…, 5) or, as four corners, (…, 8).
 * https://pytorch.org/vision/stable/generated/torchvision.ops.box_convert.html
 * @throws Error where a format is unknown, or one is upright and the other rotated
 * @example vision.ops.boxConvert(torch.tensor([[5, 5, 10, 10]]), 'xywh', 'xyxy')  // tensor([[ 5,  5, 15, 15]])
 */
export function boxConvert(
  boxes: Tensor,
  ...args: Call<[inFmt: AnyFormat, outFmt: AnyFormat], [], { inFmt: AnyFormat; outFmt: AnyFormat }>
): Tensor {
  const { inFmt, outFmt } = bind<{ inFmt: AnyFormat; outFmt: AnyFormat }>('box_convert', 'inFmt!, outFmt!', args);
  const both = (formats: readonly string[]): boolean => [inFmt, outFmt].every((format) => formats.includes(format));
  const text = `Unsupported Bounding Box Conversions for given in_fmt ${inFmt} and out_fmt ${outFmt}`;
  if (!both([...uprightFormats, ...rotatedFormats])) throw new Error(text);
  if (inFmt === outFmt) return boxes.clone();
  if (both(uprightFormats)) return fromCorners(toCorners(boxes, inFmt as BoxFormat), outFmt as BoxFormat);
  if (both(rotatedFormats)) return convertRotated(boxes, inFmt as RotatedFormat, outFmt as RotatedFormat);
  throw new Error(text);
}

/**
 * The areas of boxes (N, 4) as [x1, y1, x2, y2]: (N). https://pytorch.org/vision/stable/generated/torchvision.ops.box_area.html
 * @example vision.ops.boxArea(torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float())  // tensor([100., 100.])
 */
export function boxArea(boxes: Tensor, ...args: FormatArgs): Tensor {
  const { fmt = 'xyxy' } = bind<FormatOptions>('box_area', 'fmt', args);
  if (!uprightFormats.includes(fmt)) throw new Error(`Unsupported Bounding Box area for given format ${fmt}`);
  const [a, b, c, d] = upcast(boxes).unbind(-1);
  return fmt === 'xyxy' ? c.sub(a).mul(d.sub(b)) : c.mul(d);
}

/** Every box of the first list with every one of the second: (…, N, M) of each coordinate. */
function pairwise(boxes1: Tensor, boxes2: Tensor): [Tensor[], Tensor[]] {
  return [boxes1.unsqueeze(-2).unbind(-1) as Tensor[], boxes2.unsqueeze(-3).unbind(-1) as Tensor[]];
}

const positive = (t: Tensor): Tensor => upcast(t).clamp({ min: 0 });

/** The area in which boxes overlap, and that which both cover. */
function overlap(boxes1: Tensor, boxes2: Tensor): { intersection: Tensor; union: Tensor } {
  const [a, b] = pairwise(boxes1, boxes2);
  const width = positive(torch.minimum(a[2], b[2]).sub(torch.maximum(a[0], b[0])));
  const height = positive(torch.minimum(a[3], b[3]).sub(torch.maximum(a[1], b[1])));
  const intersection = width.mul(height);
  return { intersection, union: boxArea(boxes1).unsqueeze(-1).add(boxArea(boxes2).unsqueeze(-2)).sub(intersection) };
}

/** Width and height of the smallest box around both. */
function hull(boxes1: Tensor, boxes2: Tensor): [width: Tensor, height: Tensor] {
  const [a, b] = pairwise(boxes1, boxes2);
  const width = torch.maximum(a[2], b[2]).sub(torch.minimum(a[0], b[0]));
  return [positive(width), positive(torch.maximum(a[3], b[3]).sub(torch.minimum(a[1], b[1])))];
}

/**
 * Intersection over union: (N, 4), (M, 4) → (N, M). https://pytorch.org/vision/stable/generated/torchvision.ops.box_iou.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.boxIou(boxes.at('0:1'), boxes)  // tensor([[1.0000, 0.1429]])
 */
export function boxIou(boxes1: Tensor, boxes2: Tensor, ...args: FormatArgs): Tensor {
  const { fmt = 'xyxy' } = bind<FormatOptions>('box_iou', 'fmt', args);
  if (!uprightFormats.includes(fmt)) throw new Error(`Unsupported Box IoU Calculation for given fmt ${fmt}.`);
  const { intersection, union } = overlap(toCorners(boxes1, fmt), toCorners(boxes2, fmt));
  return intersection.div(union);
}

/**
 * −1 for boxes far apart. https://pytorch.org/vision/stable/generated/torchvision.ops.generalized_box_iou.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.generalizedBoxIou(boxes.at('0:1'), boxes)  // tensor([[ 1.0000, -0.0794]])
 */
export function generalizedBoxIou(boxes1: Tensor, boxes2: Tensor): Tensor {
  const { intersection, union } = overlap(boxes1, boxes2);
  const [width, height] = hull(boxes1, boxes2);
  const area = width.mul(height);
  return intersection.div(union).sub(area.sub(union).div(area));
}

function centres(boxes: readonly Tensor[]): [x: Tensor, y: Tensor] {
  return [boxes[0].add(boxes[2]).div(2), boxes[1].add(boxes[3]).div(2)];
}

/**
 * Less for centres far apart. https://pytorch.org/vision/stable/generated/torchvision.ops.distance_box_iou.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.distanceBoxIou(boxes.at('0:1'), boxes)  // tensor([[1.0000, 0.0317]])
 */
export function distanceBoxIou(boxes1: Tensor, boxes2: Tensor, ...args: EpsArgs): Tensor {
  const { eps = 1e-7 } = bind<EpsOptions>('distance_box_iou', 'eps', args);
  const [first, second] = [upcast(boxes1), upcast(boxes2)];
  const [width, height] = hull(first, second);
  const diagonal = width.square().add(height.square()).add(eps);
  const [a, b] = pairwise(first, second);
  const [[x1, y1], [x2, y2]] = [centres(a), centres(b)];
  const distance = x1.sub(x2).square().add(y1.sub(y2).square());
  return boxIou(first, second).sub(distance.div(diagonal));
}

/**
 * Less for centres far apart and other shapes. https://pytorch.org/vision/stable/generated/torchvision.ops.complete_box_iou.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.completeBoxIou(boxes.at('0:1'), boxes)  // tensor([[1.0000, 0.0317]])
 */
export function completeBoxIou(boxes1: Tensor, boxes2: Tensor, ...args: EpsArgs): Tensor {
  const { eps = 1e-7 } = bind<EpsOptions>('complete_box_iou', 'eps', args);
  const [first, second] = [upcast(boxes1), upcast(boxes2)];
  const [a, b] = pairwise(first, second);
  const angle = (box: Tensor[]): Tensor => box[2].sub(box[0]).div(box[3].sub(box[1])).atan();
  const v = angle(a)
    .sub(angle(b))
    .square()
    .mul(4 / Math.PI ** 2);
  const iou = boxIou(first, second);
  const alpha = torch.noGrad(() => v.div(v.sub(iou).add(1 + eps)));
  return distanceBoxIou(first, second, eps).sub(alpha.mul(v));
}

type ImageSize = readonly [height: number, width: number];

/**
 * Boxes [x1, y1, x2, y2] limited to an image of size [height, width].
 * https://pytorch.org/vision/stable/generated/torchvision.ops.clip_boxes_to_image.html
 * @example vision.ops.clipBoxesToImage(torch.tensor([[-5, 0, 30, 10]]).float(), [20, 20])  // tensor([[ 0.,  0., 20., 10.]])
 */
export function clipBoxesToImage(boxes: Tensor, ...args: Call<[size: ImageSize], [], { size: ImageSize }>): Tensor {
  const [left, top, right, bottom] = boxes.unbind(-1);
  const [height, width] = bind<{ size: ImageSize }>('clip_boxes_to_image', 'size!', args).size;
  const within = (t: Tensor, most: number): Tensor => t.clamp(0, most);
  return torch.stack([within(left, width), within(top, height), within(right, width), within(bottom, height)], -1);
}

/**
 * The numbers of boxes with both sides at least `minSize`.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.remove_small_boxes.html
 * @example vision.ops.removeSmallBoxes(torch.tensor([[0, 0, 1, 1], [0, 0, 5, 5]]).float(), 2)  // tensor([1])
 */
export function removeSmallBoxes(boxes: Tensor, ...args: Call<[minSize: number], [], { minSize: number }>): Tensor {
  const { minSize } = bind<{ minSize: number }>('remove_small_boxes', 'minSize!', args);
  const [left, top, right, bottom] = boxes.unbind(-1);
  return right.sub(left).ge(minSize).logicalAnd(bottom.sub(top).ge(minSize)).nonzero({}).squeeze(1);
}

/**
 * The boxes around masks (N, H, W): (N, 4), zeros for empty masks.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.masks_to_boxes.html
 * @example
 * const masks = torch.zeros(1, 8, 8);
 * masks.setAt([0, '2:4', '3:7'], 1);
 * vision.ops.masksToBoxes(masks)  // tensor([[3., 2., 6., 3.]])
 */
export function masksToBoxes(masks: Tensor): Tensor {
  if (masks.numel() === 0) return torch.zeros([0, 4], { device: masks.device });
  const [, height, width] = masks.shape;
  const isSet = masks.ne(0);
  const [rows, columns] = [isSet.any(2).to(torch.int32), isSet.any(1).to(torch.int32)];
  const last = (found: Tensor, size: number): Tensor =>
    found
      .flip(1)
      .argmax(1)
      .neg()
      .add(size - 1);
  const boxes = torch.stack([columns.argmax(1), rows.argmax(1), last(columns, width), last(rows, height)], 1);
  return boxes.mul(rows.amax(1).unsqueeze(1)).to(torch.float32);
}

const fround = Math.fround;

/** For each kept box, those behind it that overlap it more than the threshold go. All in float32, as in torchvision. */
function suppress(boxes: Float64Array, order: readonly number[], threshold: number): number[] {
  const side = (i: number, low: number): number => fround(boxes[4 * i + low + 2] - boxes[4 * i + low]);
  const areas = Float64Array.from(order, (_, i) => fround(side(i, 0) * side(i, 1)));
  const shared = (i: number, j: number, low: number): number =>
    Math.max(fround(Math.min(boxes[4 * i + low + 2], boxes[4 * j + low + 2]) - Math.max(boxes[4 * i + low], boxes[4 * j + low])), 0);
  const isGone = new Uint8Array(order.length);
  const kept: number[] = [];
  for (let at = 0; at < order.length; at++) {
    const i = order[at];
    if (isGone[i]) continue;
    kept.push(i);
    for (let next = at + 1; next < order.length; next++) {
      const j = order[next];
      const intersection = fround(shared(i, j, 0) * shared(i, j, 1));
      if (fround(intersection / fround(areas[i] + areas[j] - intersection)) > threshold) isGone[j] = 1;
    }
  }
  return kept;
}

function checkNms(boxes: Tensor, scores: Tensor): void {
  if (boxes.ndim !== 2) throw new Error(`boxes should be a 2d tensor, got ${boxes.ndim}D`);
  if (boxes.shape[1] !== 4) throw new Error(`boxes should have 4 elements in dimension 1, got ${boxes.shape[1]}`);
  if (scores.ndim !== 1) throw new Error(`scores should be a 1d tensor, got ${scores.ndim}D`);
  if (boxes.shape[0] !== scores.shape[0])
    throw new Error(`boxes and scores should have same number of elements in dimension 0, got ${boxes.shape[0]} and ${scores.shape[0]}`);
}

type Threshold = Call<[iouThreshold: number], [], { iouThreshold: number }>;

/**
 * The numbers of the boxes (N, 4) that stay, best first: a box goes if a better one overlaps it more than `iouThreshold`.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.nms.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 9, 10], [20, 20, 30, 30]]).float();
 * vision.ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5)  // tensor([0, 2])
 */
export function nms(boxes: Tensor, scores: Tensor, ...args: Threshold): Tensor {
  const { iouThreshold } = bind<{ iouThreshold: number }>('nms', 'iouThreshold!', args);
  checkNms(boxes, scores);
  const order = scores.detach().sort({ stable: true, dim: 0, descending: true }).indices.tolist() as number[];
  const corners = boxes.detach().double().cpu().contiguous().toTypedArray() as Float64Array;
  return torch.tensor(suppress(corners, order, iouThreshold), { dtype: torch.int64, device: boxes.device });
}

/** Class by class, as torchvision does where there are many boxes. */
function nmsByClass(boxes: Tensor, scores: Tensor, idxs: Tensor, iouThreshold: number): Tensor {
  const kept = (torch.unique(idxs) as Tensor).unbind(0).map((each) => {
    const places = idxs.eq(each).nonzero({}).squeeze(1);
    return places.indexSelect(0, nms(boxes.indexSelect(0, places), scores.indexSelect(0, places), iouThreshold));
  });
  const all = torch.cat(kept).sort().values;
  return all.indexSelect(0, scores.indexSelect(0, all).sort({ stable: true, dim: 0, descending: true }).indices);
}

/**
 * `nms` among boxes of the same class. https://pytorch.org/vision/stable/generated/torchvision.ops.batched_nms.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 9, 10], [20, 20, 30, 30]]).float();
 * vision.ops.batchedNms(boxes, torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 1, 0]), 0.5)  // tensor([0, 1, 2])
 */
export function batchedNms(boxes: Tensor, scores: Tensor, idxs: Tensor, ...args: Threshold): Tensor {
  const { iouThreshold } = bind<{ iouThreshold: number }>('batched_nms', 'iouThreshold!', args);
  if (boxes.numel() === 0) return torch.empty([0], { dtype: torch.int64, device: boxes.device });
  if (boxes.numel() > 4000) return nmsByClass(boxes, scores, idxs, iouThreshold);
  // Classes are moved apart, so that their boxes never meet.
  const offsets = idxs.to(boxes.dtype).mul(boxes.max().add(1));
  return nms(boxes.add(offsets.unsqueeze(1)), scores, iouThreshold);
}
