/** The ways to write boxes down, upright and rotated, and how to get from one to another. */
import * as torch from '../../index.js';

type Tensor = torch.Tensor;

/** Corners; a corner and the sizes; the middle and the sizes. */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh';
/** A corner, the sizes and an angle in degrees; the middle, the sizes and an angle; four corners. */
export type RotatedFormat = 'xywhr' | 'cxcywhr' | 'xyxyxyxy';

export const uprightFormats: readonly string[] = ['xyxy', 'xywh', 'cxcywh'];
export const rotatedFormats: readonly string[] = ['xywhr', 'cxcywhr', 'xyxyxyxy'];

/** Upright boxes as corners. */
export function toCorners(boxes: Tensor, format: BoxFormat): Tensor {
  const [a, b, width, height] = boxes.unbind(-1);
  if (format === 'xyxy') return boxes;
  if (format === 'xywh') return torch.stack([a, b, a.add(width), b.add(height)], -1);
  const [halfWidth, halfHeight] = [width.mul(0.5), height.mul(0.5)];
  return torch.stack([a.sub(halfWidth), b.sub(halfHeight), a.add(halfWidth), b.add(halfHeight)], -1);
}

/** Upright boxes from corners. */
export function fromCorners(boxes: Tensor, format: BoxFormat): Tensor {
  const [left, top, right, bottom] = boxes.unbind(-1);
  const [width, height] = [right.sub(left), bottom.sub(top)];
  if (format === 'xyxy') return boxes;
  if (format === 'xywh') return torch.stack([left, top, width, height], -1);
  return torch.stack([left.add(right).div(2), top.add(bottom).div(2), width, height], -1);
}

/** Along and across the upper side of boxes that `angle` degrees turn counter-clockwise. */
export function turned(width: Tensor, height: Tensor, angle: Tensor): { alongX: Tensor; alongY: Tensor; acrossX: Tensor; acrossY: Tensor } {
  const radians = angle.mul(Math.PI).div(180);
  const [cos, sin] = [radians.cos(), radians.sin()];
  return { alongX: width.mul(cos), alongY: width.mul(sin).neg(), acrossX: height.mul(sin), acrossY: height.mul(cos) };
}

function middleToCorner(boxes: Tensor): Tensor {
  const [x, y, width, height, angle] = boxes.unbind(-1);
  const { alongX, alongY, acrossX, acrossY } = turned(width.div(2), height.div(2), angle);
  return torch.stack([x.sub(alongX).sub(acrossX), y.sub(alongY).sub(acrossY), width, height, angle], -1);
}

function cornerToMiddle(boxes: Tensor): Tensor {
  const [x, y, width, height, angle] = boxes.unbind(-1);
  const { alongX, alongY, acrossX, acrossY } = turned(width.div(2), height.div(2), angle);
  return torch.stack([x.add(alongX).add(acrossX), y.add(alongY).add(acrossY), width, height, angle], -1);
}

function cornerToFour(boxes: Tensor): Tensor {
  const [x, y, width, height, angle] = boxes.unbind(-1);
  const { alongX, alongY, acrossX, acrossY } = turned(width, height, angle);
  const [x2, y2] = [x.add(alongX), y.add(alongY)];
  return torch.stack([x, y, x2, y2, x2.add(acrossX), y2.add(acrossY), x.add(acrossX), y.add(acrossY)], -1);
}

function fourToCorner(boxes: Tensor): Tensor {
  const [x1, y1, x2, y2, x3, y3] = boxes.unbind(-1);
  const angle = torch.atan2(y1.sub(y2), x2.sub(x1)).mul(180).div(Math.PI);
  const length = (dx: Tensor, dy: Tensor): Tensor => dx.square().add(dy.square()).sqrt();
  return torch.stack([x1, y1, length(x2.sub(x1), y2.sub(y1)), length(x3.sub(x2), y3.sub(y2)), angle], -1);
}

/** Floats come out as they are, whole numbers rounded. */
const likeInput =
  (convert: (boxes: Tensor) => Tensor) =>
  (boxes: Tensor): Tensor =>
    boxes.dtype.isFloatingPoint ? convert(boxes) : convert(boxes.to(torch.float32)).round().to(boxes.dtype);

const unchanged = (boxes: Tensor): Tensor => boxes;
const toCorner = { xywhr: unchanged, cxcywhr: likeInput(middleToCorner), xyxyxyxy: likeInput(fourToCorner) };
const fromCorner = { xywhr: unchanged, cxcywhr: likeInput(cornerToMiddle), xyxyxyxy: likeInput(cornerToFour) };

/** Rotated boxes from one format to another. */
export const convertRotated = (boxes: Tensor, from: RotatedFormat, to: RotatedFormat): Tensor => fromCorner[to](toCorner[from](boxes));
