/** Key points of objects: what Keypoint R-CNN learns and finds. */
import * as torch from '../../../index.js';
import { placesOf } from './matching.js';

const { functional: F } = torch.nn;
type Tensor = torch.Tensor;

/** For points (N, K, 3) the pixels of heat maps over their boxes, (N, K), and which lie there and are visible. */
function heatPixels(points: Tensor, boxes: Tensor, size: number): { pixels: Tensor; isValid: Tensor } {
  const [x1, y1, x2, y2] = boxes.unbind(1).map((side) => side.unsqueeze(1));
  const [px, py, visibility] = points.unbind(-1);
  const pixel = (at: Tensor, from: Tensor, to: Tensor): Tensor =>
    torch.where(at.eq(to), torch.tensor(size - 1), at.sub(from).mul(to.sub(from).reciprocal().mul(size)).floor().to(torch.int64));
  const [x, y] = [pixel(px, x1, x2), pixel(py, y1, y2)];
  const isInside = [x.ge(0), y.ge(0), x.lt(size), y.lt(size), visibility.gt(0)].reduce((all, each) => all.logicalAnd(each));
  return { pixels: y.mul(size).add(x).mul(isInside), isValid: isInside };
}

/** `matched` has the number of its object for each of `boxes`; `points` are (N, K, 3). */
export function keypointLoss(logits: Tensor, boxes: readonly Tensor[], points: readonly Tensor[], matched: readonly Tensor[]): Tensor {
  const [count, kinds, height, width] = logits.shape;
  if (height !== width)
    throw new Error(
      `keypoint_logits height and width (last two elements of shape) should be equal. Instead got H = ${height} and W = ${width}`,
    );
  const found = points.map((each, i) => heatPixels(each.indexSelect(0, matched[i]), boxes[i], height));
  const pixels = torch.cat(found.map((each) => each.pixels.reshape(-1)));
  const valid = placesOf(torch.cat(found.map((each) => each.isValid.reshape(-1))));
  if (pixels.numel() === 0 || valid.numel() === 0) return logits.sum().mul(0);
  const heat = logits.reshape(count * kinds, height * width);
  return F.crossEntropy(heat.indexSelect(0, valid), pixels.indexSelect(0, valid));
}

/** The hottest pixels of one box's maps (K, M, M): x, y and 1 (K, 3), and their heat (K). */
function hottest(maps: Tensor, [left, top, right, bottom]: readonly number[]): [points: Tensor, scores: Tensor] {
  const { fround } = Math;
  const [width, height] = [Math.max(fround(right - left), 1), Math.max(fround(bottom - top), 1)];
  const size = [Math.ceil(height), Math.ceil(width)];
  const resized = F.interpolate(maps.unsqueeze(1), { size, mode: 'bicubic', alignCorners: false }).squeeze(1).flatten(1);
  const [scores, places] = resized.max(1);
  const coordinate = (at: Tensor, extent: number, pixels: number, from: number): Tensor =>
    at
      .float()
      .add(0.5)
      .mul(fround(extent / pixels))
      .add(from);
  const x = coordinate(places.remainder(size[1]), width, size[1], left);
  const y = coordinate(places.div(size[1], { roundingMode: 'floor' }), height, size[0], top);
  return [torch.stack([x, y, torch.onesLike(x)], 1), scores];
}

/** Maps (N, K, M, M) of boxes (N, 4): points (N, K, 3) and their scores (N, K). */
export function keypointsOf(maps: Tensor, boxes: Tensor): [points: Tensor, scores: Tensor] {
  const kinds = maps.shape[1];
  const found = (boxes.tolist() as number[][]).map((box, i) => hottest(maps.at(i), box));
  if (found.length === 0) return [torch.zeros(0, kinds, 3), torch.zeros(0, kinds)];
  return [torch.stack(found.map(([points]) => points)), torch.stack(found.map(([, scores]) => scores))];
}
