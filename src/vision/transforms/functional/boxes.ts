/** What moving pixels does to boxes. https://pytorch.org/vision/stable/transforms.html#transforms-v2 */
import * as torch from '../../../index.js';
import { type BoxFormat as Upright, convertRotated, fromCorners, type RotatedFormat, toCorners, turned } from '../../ops/box-formats.js';
import { clipBoxesToImage } from '../../ops/boxes.js';
import { type Args, bind } from '../../arguments.js';
import {
  BoundingBoxes,
  type BoxFormat,
  boxFormat,
  type ClampingMode,
  type FormatName,
  isRotatedBoundingFormat,
  wrap,
} from '../../tv-tensors.js';
import { clampRotated } from './clamp-boxes.js';
import { asFloat, pairOf, roundHalfEven, type Tensor } from './common.js';
import { type Padding, type PaddingMode, sidesOf } from './crop.js';
import { affineMap, type AffineMove, type CanvasSize as Size, numbers, type PointMap } from './points.js';
import { outputSize } from './resize.js';

/** Plain numbers in another format; whole numbers stay whole. */
function convert(boxes: Tensor, from: BoxFormat, to: BoxFormat): Tensor {
  const [source, target] = [from.toLowerCase(), to.toLowerCase()];
  if (from === to) return boxes;
  if (isRotatedBoundingFormat(from) !== isRotatedBoundingFormat(to))
    throw new Error('Cannot convert between rotated and unrotated bounding boxes.');
  if (isRotatedBoundingFormat(from)) return convertRotated(boxes, source as RotatedFormat, target as RotatedFormat);
  const corners = toCorners(boxes, source as Upright).to(boxes.dtype);
  const converted = fromCorners(corners, target as Upright);
  return converted.dtype === boxes.dtype ? converted : converted.floor().to(boxes.dtype);
}

/** The format in which a box is its corners. */
const cornersOf = (format: BoxFormat): BoxFormat => (isRotatedBoundingFormat(format) ? 'XYXYXYXY' : 'XYXY');

function clampPlain(boxes: Tensor, format: BoxFormat, canvasSize: Size, mode: ClampingMode): Tensor {
  if (mode === null) return boxes.clone();
  const corners = convert(asFloat(boxes), format, cornersOf(format));
  const inside = isRotatedBoundingFormat(format) ? clampRotated(corners, canvasSize, mode) : clipBoxesToImage(corners, canvasSize);
  return convert(inside, cornersOf(format), format).to(boxes.dtype);
}

/** New boxes of the same format from numbers in `format`, kept within their image. */
function settled(boxes: BoundingBoxes, values: Tensor, canvasSize: Size, format = boxes.format): BoundingBoxes {
  const inside = clampPlain(values, format, canvasSize, boxes.clampingMode);
  return wrap(convert(inside, format, boxes.format).to(boxes.dtype), boxes, { canvasSize });
}

export interface ConvertFormatOptions {
  /** Only for tensors that are no `BoundingBoxes`. */
  oldFormat?: FormatName | null;
  newFormat?: FormatName | null;
  inplace?: boolean;
}

/**
 * The boxes in another format. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.convert_bounding_box_format.html
 * @throws Error where only one of the formats is rotated, or a plain tensor comes without `oldFormat`
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.convertBoundingBoxFormat(boxes, { newFormat: 'XYWH' }).tolist()  // [ [ 1, 2, 4, 4 ] ]
 */
export function convertBoundingBoxFormat<T extends Tensor>(
  boxes: T,
  ...args: Args<[oldFormat: FormatName | null, newFormat: FormatName, inplace: boolean], ConvertFormatOptions>
): T {
  const given = bind<ConvertFormatOptions>('convert_bounding_box_format', 'oldFormat, newFormat, inplace', args);
  const { oldFormat = null, newFormat = null, inplace = false } = given;
  if (newFormat === null) throw new TypeError("convert_bounding_box_format() missing 1 required argument: 'new_format'");
  const isPlain = !(boxes instanceof BoundingBoxes);
  if (isPlain && oldFormat === null) throw new Error('For pure tensor inputs, `old_format` has to be passed.');
  if (!isPlain && oldFormat !== null) throw new Error('For bounding box tv_tensor inputs, `old_format` must not be passed.');
  const format = boxFormat(newFormat);
  const values = convert(boxes.detach(), isPlain ? boxFormat(oldFormat!) : boxes.format, format);
  const isWritten = inplace && String(values.shape) === String(boxes.shape);
  return wrap(isWritten ? boxes.detach().copy_(values) : values, boxes, { format });
}

export interface ClampBoxesOptions {
  /** Only for tensors that are no `BoundingBoxes`. */
  format?: FormatName | null;
  canvasSize?: Size | null;
  /** `'auto'`: that of the boxes. */
  clampingMode?: ClampingMode | 'auto';
}

/**
 * The boxes cut off at the edges of their image. Rotated ones keep their angles: `soft` gives the smallest that covers what lies inside,
 * `hard` the largest that lies inside. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.clamp_bounding_boxes.html
 * @throws Error where a plain tensor comes without format, size and mode
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[-1, 2, 15, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.clampBoundingBoxes(boxes).tolist()  // [ [ 0, 2, 12, 6 ] ]
 */
export function clampBoundingBoxes<T extends Tensor>(
  boxes: T,
  ...args: Args<[format: FormatName | null, canvasSize: Size | null, clampingMode: ClampingMode | 'auto'], ClampBoxesOptions>
): T {
  const given = bind<ClampBoxesOptions>('clamp_bounding_boxes', 'format, canvasSize, clampingMode', args);
  const { format = null, canvasSize = null, clampingMode = 'auto' } = given;
  if (!['soft', 'hard', 'auto', null].includes(clampingMode))
    throw new Error(`clamping_mode must be soft, hard, auto or None, got ${clampingMode}`);
  if (!(boxes instanceof BoundingBoxes)) {
    if (format === null || canvasSize === null || clampingMode === 'auto')
      throw new Error('For pure tensor inputs, `format`, `canvas_size` and `clamping_mode` have to be passed.');
    return clampPlain(boxes, boxFormat(format), canvasSize, clampingMode) as T;
  }
  if (format !== null || canvasSize !== null)
    throw new Error('For bounding box tv_tensor inputs, `format` and `canvas_size` must not be passed.');
  const mode = clampingMode === 'auto' ? boxes.clampingMode : clampingMode;
  return wrap(clampPlain(boxes.detach(), boxes.format, boxes.canvasSize, mode), boxes);
}

/** Width and height of boxes as corners. torchvision mixes the coordinates up for the height of rotated ones. */
function sidesOfCorners(corners: readonly Tensor[]): [width: Tensor, height: Tensor] {
  if (corners.length === 4) return [corners[2].sub(corners[0]), corners[3].sub(corners[1])];
  const length = (from: number, to: number): Tensor =>
    corners[from]
      .sub(corners[from + 2])
      .square()
      .add(corners[to].sub(corners[to + 2]).square())
      .sqrt();
  return [length(0, 1), length(3, 4)];
}

/** Which boxes lie in their image and are not too small: booleans (N). */
function validBoxes(boxes: Tensor, format: BoxFormat, canvasSize: Size, minSize: number, minArea: number): Tensor {
  const corners = convert(boxes, format, cornersOf(format)).unbind(-1);
  const [w, h] = sidesOfCorners(corners);
  const inside = corners.map((side, i) => side.ge(0).logicalAnd(side.le(canvasSize[1 - (i % 2)])));
  return [w.ge(minSize), h.ge(minSize), w.mul(h).ge(minArea), ...inside].reduce((all, each) => all.logicalAnd(each));
}

export interface SanitizeBoxesOptions {
  /** Only for tensors that are no `BoundingBoxes`. */
  format?: FormatName | null;
  canvasSize?: Size | null;
  minSize?: number;
  minArea?: number;
}

/**
 * The boxes that lie in their image and are not too small, and which they are: booleans (N).
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.sanitize_bounding_boxes.html
 * @throws Error where plain tensors come without `format` and `canvasSize`
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6], [3, 3, 3, 3]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.sanitizeBoundingBoxes(boxes)[1]  // tensor([ True, False])
 */
export function sanitizeBoundingBoxes<T extends Tensor>(
  boundingBoxes: T,
  ...args: Args<[format: FormatName | null, canvasSize: Size | null, minSize: number, minArea: number], SanitizeBoxesOptions>
): [boxes: T, valid: Tensor] {
  const names = 'format, canvasSize, minSize, minArea';
  const given = bind<SanitizeBoxesOptions>('sanitize_bounding_boxes', names, args);
  const { format = null, canvasSize = null, minSize = 1, minArea = 1 } = given;
  const isPlain = !(boundingBoxes instanceof BoundingBoxes);
  const pair = canvasSize === null ? 'None' : `(${canvasSize.join(', ')})`;
  const got = `Got format=${format ?? 'None'} and canvas_size=${pair}.`;
  if (isPlain && (format === null || canvasSize === null))
    throw new Error(
      `format and canvas_size cannot be None if bounding_boxes is a pure tensor. ${got}Set those to appropriate values or pass bounding_boxes as a tv_tensors.BoundingBoxes object.`,
    );
  if (!isPlain && (format !== null || canvasSize !== null))
    throw new Error(
      `format and canvas_size must be None when bounding_boxes is a tv_tensors.BoundingBoxes instance. ${got} Leave those to None or pass bounding_boxes as a pure tensor.`,
    );
  const shape = isPlain ? { format: boxFormat(format!), canvasSize: canvasSize! } : boundingBoxes;
  const valid = validBoxes(boundingBoxes.detach(), shape.format, shape.canvasSize, minSize, minArea);
  return [wrap(boundingBoxes.at(valid), boundingBoxes), valid];
}

/** The numbers of a box, one by one, after its image was mirrored; `across` tells where a coordinate goes, `axis` which are changed. */
type Flip = (columns: readonly Tensor[], across: (coordinate: Tensor) => Tensor, axis: 0 | 1) => Tensor[];

const replaced = (columns: readonly Tensor[], changes: Record<number, Tensor>): Tensor[] =>
  columns.map((column, i) => changes[i] ?? column);
/** Counter-clockwise becomes clockwise; upside down is half a turn more. */
const flippedAngle = (angle: Tensor, axis: 0 | 1): Tensor => (axis === 0 ? angle.neg() : angle.neg().add(180));

const flips: Record<BoxFormat, Flip> = {
  XYXY: (c, across, axis) => replaced(c, { [axis]: across(c[axis + 2]), [axis + 2]: across(c[axis]) }),
  XYWH: (c, across, axis) => replaced(c, { [axis]: across(c[axis].add(c[axis + 2])) }),
  CXCYWH: (c, across, axis) => replaced(c, { [axis]: across(c[axis]) }),
  XYXYXYXY: (c, across, axis) => [2, 3, 0, 1, 6, 7, 4, 5].map((i) => (i % 2 === axis ? across(c[i]) : c[i])),
  XYWHR: (c, across, axis) => {
    const { alongX, alongY } = turned(c[2], c[3], c[4]);
    const corner = [c[0].add(alongX), c[1].add(alongY)];
    return [...replaced(corner, { [axis]: across(corner[axis]) }), c[2], c[3], flippedAngle(c[4], axis)];
  },
  CXCYWHR: (c, across, axis) => replaced(c, { [axis]: across(c[axis]), 4: flippedAngle(c[4], axis) }),
};

export function flipBoxes(boxes: BoundingBoxes, axis: 0 | 1): BoundingBoxes {
  const across = (coordinate: Tensor): Tensor => coordinate.sub(boxes.canvasSize[1 - axis]).neg();
  const columns = boxes.detach().unbind(-1) as Tensor[];
  return wrap(torch.stack(flips[boxes.format](columns, across, axis), -1), boxes);
}

/** Rectangles in place of parallelograms (N, 8): the longer diagonal stays. */
function rectangles(corners: Tensor): Tensor {
  const [x1, y1, x2, y2, x3, y3, x4, y4] = corners.unbind(-1);
  const length = (dx: Tensor, dy: Tensor): Tensor => dx.square().add(dy.square()).sqrt();
  const [width, height] = [length(x2.sub(x1), y2.sub(y1)), length(x4.sub(x1), y4.sub(y1))];
  const [along, down] = [torch.atan2(y1.sub(y2), x2.sub(x1)), torch.atan2(y1.sub(y4), x4.sub(x1))];
  const between = along.sub(down);
  const [signed, sin] = [torch.where(between.gt(Math.PI / 2), between.cos().neg(), between.cos()), between.sin()];
  const newWidth = torch.where(width.lt(height), width.mul(sin), width.add(height.mul(signed)));
  const newHeight = torch.where(width.gt(height), height.mul(sin), height.add(width.mul(signed)));
  const angle = torch.where(height.gt(width), down.add(Math.PI / 2), along).mul(180 / Math.PI);
  const middle = [x1.add(x3).div(2), y1.add(y3).div(2)];
  return convertRotated(torch.stack([...middle, newWidth, newHeight, angle], -1), 'cxcywhr', 'xyxyxyxy');
}

export function resizeBoxes(boxes: BoundingBoxes, size: number | readonly number[] | null, maxSize: number | null): BoundingBoxes {
  const [height, width] = boxes.canvasSize;
  const canvasSize = outputSize([height, width], size, maxSize);
  if (canvasSize[0] === height && canvasSize[1] === width) return boxes;
  const ratios = [canvasSize[1] / width, canvasSize[0] / height];
  const scaled = (values: Tensor, pairs: number): Tensor =>
    values.mul(
      torch.tensor(
        Array.from({ length: 2 * pairs }, (_, i) => ratios[i % 2]),
        { dtype: torch.float32, device: values.device },
      ),
    );
  const values = boxes.detach();
  if (!isRotatedBoundingFormat(boxes.format)) return wrap(scaled(values, 2).to(boxes.dtype), boxes, { canvasSize });
  const corners = convert(values, boxes.format, 'XYXYXYXY');
  return settled(boxes, rectangles(scaled(corners, 4)), canvasSize, 'XYXYXYXY');
}

/** The numbers of boxes that are coordinates. */
const isCoordinate: Record<BoxFormat, number> = { XYXY: 4, XYWH: 2, CXCYWH: 2, XYWHR: 2, CXCYWHR: 2, XYXYXYXY: 8 };

/** Plain boxes moved by whole pixels. */
function shifted(boxes: BoundingBoxes, left: number, top: number): Tensor {
  const length = boxes.shape[1];
  const moves = Array.from({ length }, (_, i) => (i >= isCoordinate[boxes.format] ? 0 : i % 2 === 0 ? left : top));
  return boxes.detach().add(numbers(moves, boxes));
}

export function padBoxes(boxes: BoundingBoxes, padding: Padding, mode: PaddingMode): BoundingBoxes {
  if (mode !== 'constant') throw new Error(`Padding mode '${mode}' is not supported with bounding boxes`);
  const [left, right, top, bottom] = sidesOf(padding);
  const [height, width] = boxes.canvasSize;
  return settled(boxes, shifted(boxes, left, top), [height + top + bottom, width + left + right]);
}

export function cropBoxes(boxes: BoundingBoxes, top: number, left: number, height: number, width: number): BoundingBoxes {
  const moved = shifted(boxes, -left, -top);
  return settled(boxes, boxes.format === 'XYXYXYXY' ? rectangles(moved) : moved, [height, width]);
}

/** The smallest upright boxes around where the corners of `corners` (N, 4) go. */
function around(corners: Tensor, goes: PointMap): Tensor {
  const places = torch.tensor([0, 1, 2, 1, 2, 3, 0, 3], { device: corners.device });
  const points = goes(corners.indexSelect(1, places).reshape(-1, 2)).reshape(-1, 4, 2);
  return torch.cat([points.amin(1), points.amax(1)], 1);
}

/** Boxes around where the corners of `values` go, which are boxes in the same format. */
function movedAround(boxes: BoundingBoxes, values: Tensor, canvasSize: Size, goes: PointMap): BoundingBoxes {
  if (boxes.numel() === 0) return wrap(values.to(boxes.dtype), boxes, { canvasSize });
  const format = cornersOf(boxes.format);
  const corners = asFloat(convert(values, boxes.format, format));
  const moved = isRotatedBoundingFormat(format) ? rectangles(goes(corners.reshape(-1, 2)).reshape(-1, 8)) : around(corners, goes);
  return settled(boxes, moved, canvasSize, format);
}

export const affineBoxes = (boxes: BoundingBoxes, move: AffineMove): BoundingBoxes =>
  movedAround(boxes, asFloat(boxes.detach()), ...affineMap(boxes.canvasSize, move));
export const perspectiveBoxes = (boxes: BoundingBoxes, goes: PointMap): BoundingBoxes =>
  movedAround(boxes, boxes.detach(), boxes.canvasSize, goes);

/** Rotated boxes keep sizes and angle, and only their middle moves. */
export function elasticBoxes(boxes: BoundingBoxes, goes: PointMap): BoundingBoxes {
  const { canvasSize } = boxes;
  if (boxes.numel() === 0) return boxes;
  const atPixels: PointMap = (points) => goes(points.ceil());
  if (isRotatedBoundingFormat(boxes.format)) {
    const values = convert(boxes.detach(), boxes.format, 'CXCYWHR');
    return settled(boxes, torch.cat([atPixels(values.narrow(1, 0, 2)), values.narrow(1, 2, 3)], 1), canvasSize, 'CXCYWHR');
  }
  const corners = convert(boxes.detach(), boxes.format, 'XYXY');
  return settled(boxes, around(asFloat(corners), atPixels).to(boxes.dtype), canvasSize, 'XYXY');
}

export function centerCropBoxes(boxes: BoundingBoxes, size: number | readonly number[]): BoundingBoxes {
  const [height, width] = pairOf(size);
  const [canvasHeight, canvasWidth] = boxes.canvasSize;
  return cropBoxes(boxes, roundHalfEven((canvasHeight - height) / 2), roundHalfEven((canvasWidth - width) / 2), height, width);
}
