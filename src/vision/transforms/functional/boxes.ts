/** What moving pixels does to boxes. https://pytorch.org/vision/stable/transforms.html#transforms-v2 */
import * as torch from '../../../index.js';
import { boxConvert, clipBoxesToImage } from '../../ops/boxes.js';
import { type Args, bind } from '../../arguments.js';
import { BoundingBoxes, type BoxFormat, wrap } from '../../tv-tensors.js';
import { isFloat, pairOf, roundHalfEven, type Tensor } from './common.js';
import { type Padding, type PaddingMode, sidesOf } from './crop.js';
import { affineMap, type AffineMove, type CanvasSize as Size, numbers, type PointMap } from './points.js';
import { outputSize } from './resize.js';

const named = (format: BoxFormat) => format.toLowerCase() as 'xyxy' | 'xywh' | 'cxcywh';

/** New boxes from what `move` makes of the corners, in the format and dtype of the old ones. */
function moved(boxes: BoundingBoxes, canvasSize: Size, isClamped: boolean, move: (corners: Tensor) => Tensor): BoundingBoxes {
  const values = isFloat(boxes) ? boxes.detach() : boxes.to(torch.float32);
  const corners = move(boxConvert(values, named(boxes.format), 'xyxy'));
  const clamped = isClamped ? clipBoxesToImage(corners, canvasSize) : corners;
  return new BoundingBoxes(boxConvert(clamped, 'xyxy', named(boxes.format)).to(boxes.dtype), { format: boxes.format, canvasSize });
}

/**
 * The boxes in another format. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.convert_bounding_box_format.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.convertBoundingBoxFormat(boxes, 'XYWH').tolist()  // [ [ 1, 2, 4, 4 ] ]
 */
export function convertBoundingBoxFormat(boxes: BoundingBoxes, newFormat: BoxFormat | { newFormat: BoxFormat }): BoundingBoxes {
  const format = typeof newFormat === 'string' ? newFormat : newFormat.newFormat;
  const values = boxConvert(boxes.detach(), named(boxes.format), named(format)).to(boxes.dtype);
  return new BoundingBoxes(values, { format, canvasSize: boxes.canvasSize });
}

/**
 * The boxes cut off at the edges of their image. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.clamp_bounding_boxes.html
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[-1, 2, 15, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.functional.clampBoundingBoxes(boxes).tolist()  // [ [ 0, 2, 12, 6 ] ]
 */
export const clampBoundingBoxes = (boxes: BoundingBoxes): BoundingBoxes => moved(boxes, boxes.canvasSize, true, (corners) => corners);

/** Which boxes lie in their image and are not too small: booleans (N). */
function validBoxes(boxes: BoundingBoxes, minSize: number, minArea: number): Tensor {
  const [height, width] = boxes.canvasSize;
  const [left, top, right, bottom] = convertBoundingBoxFormat(boxes, 'XYXY').detach().unbind(-1);
  const [w, h] = [right.sub(left), bottom.sub(top)];
  const checks = [w.ge(minSize), h.ge(minSize), w.mul(h).ge(minArea), left.ge(0), top.ge(0), right.le(width), bottom.le(height)];
  return checks.reduce((all, each) => all.logicalAnd(each));
}

export interface SanitizeBoxesOptions {
  /** Only for tensors that are no `BoundingBoxes`. */
  format?: BoxFormat | Lowercase<BoxFormat> | null;
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
  ...args: Args<[format: BoxFormat | null, canvasSize: Size | null, minSize: number, minArea: number], SanitizeBoxesOptions>
): [boxes: T, valid: Tensor] {
  const names = 'format, canvasSize, minSize, minArea';
  const given = bind<SanitizeBoxesOptions>('sanitize_bounding_boxes', names, args);
  const { format = null, canvasSize = null, minSize = 1, minArea = 1 } = given;
  const isPlain = !(boundingBoxes instanceof BoundingBoxes);
  const got = `Got format=${String(format)} and canvas_size=${String(canvasSize)}.`;
  if (isPlain && (format === null || canvasSize === null))
    throw new Error(`format and canvas_size cannot be None if bounding_boxes is a pure tensor. ${got}`);
  if (!isPlain && (format !== null || canvasSize !== null))
    throw new Error(`format and canvas_size must be None when bounding_boxes is a tv_tensors.BoundingBoxes instance. ${got}`);
  const boxes = isPlain
    ? new BoundingBoxes(boundingBoxes, { format: format!.toUpperCase() as BoxFormat, canvasSize: canvasSize! })
    : boundingBoxes;
  const valid = validBoxes(boxes, minSize, minArea);
  return [wrap(boundingBoxes.at(valid), boundingBoxes), valid];
}

export const flipBoxes = (boxes: BoundingBoxes, axis: 0 | 1): BoundingBoxes =>
  moved(boxes, boxes.canvasSize, false, (corners) => {
    const sides = [...corners.unbind(-1)];
    const size = boxes.canvasSize[1 - axis];
    [sides[axis], sides[axis + 2]] = [sides[axis + 2].neg().add(size), sides[axis].neg().add(size)];
    return torch.stack(sides, -1);
  });

export function resizeBoxes(boxes: BoundingBoxes, size: number | readonly number[] | null, maxSize: number | null): BoundingBoxes {
  const [height, width] = boxes.canvasSize;
  const [newHeight, newWidth] = outputSize([height, width], size, maxSize);
  const [x, y] = [newWidth / width, newHeight / height];
  return moved(boxes, [newHeight, newWidth], false, (corners) => corners.mul(numbers([x, y, x, y], corners)));
}

const shifted = (boxes: BoundingBoxes, left: number, top: number, canvasSize: Size): BoundingBoxes =>
  moved(boxes, canvasSize, true, (corners) => corners.add(numbers([left, top, left, top], corners)));

export function padBoxes(boxes: BoundingBoxes, padding: Padding, mode: PaddingMode): BoundingBoxes {
  if (mode !== 'constant') throw new Error(`Padding mode '${mode}' is not supported with bounding boxes`);
  const [left, right, top, bottom] = sidesOf(padding);
  const [height, width] = boxes.canvasSize;
  return shifted(boxes, left, top, [height + top + bottom, width + left + right]);
}

export const cropBoxes = (boxes: BoundingBoxes, top: number, left: number, height: number, width: number): BoundingBoxes =>
  shifted(boxes, -left, -top, [height, width]);

/** The smallest upright boxes around where the corners of `corners` (N, 4) go. */
function around(corners: Tensor, goes: PointMap): Tensor {
  const places = torch.tensor([0, 1, 2, 1, 2, 3, 0, 3], { device: corners.device });
  const points = goes(corners.indexSelect(1, places).reshape(-1, 2)).reshape(-1, 4, 2);
  return torch.cat([points.amin(1), points.amax(1)], 1);
}

const movedAround = (boxes: BoundingBoxes, canvasSize: Size, goes: PointMap): BoundingBoxes =>
  moved(boxes, canvasSize, true, (corners) => around(corners, goes));
export const affineBoxes = (boxes: BoundingBoxes, move: AffineMove): BoundingBoxes =>
  movedAround(boxes, ...affineMap(boxes.canvasSize, move));
export const mapBoxes = (boxes: BoundingBoxes, goes: PointMap): BoundingBoxes => movedAround(boxes, boxes.canvasSize, goes);

export function centerCropBoxes(boxes: BoundingBoxes, size: number | readonly number[]): BoundingBoxes {
  const [height, width] = pairOf(size);
  const [canvasHeight, canvasWidth] = boxes.canvasSize;
  return cropBoxes(boxes, roundHalfEven((canvasHeight - height) / 2), roundHalfEven((canvasWidth - width) / 2), height, width);
}
