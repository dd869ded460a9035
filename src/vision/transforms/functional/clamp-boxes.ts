/** Keeps rotated boxes in their image. https://pytorch.org/vision/stable/auto_examples/transforms/plot_rotated_box_transforms.html */
import * as torch from '../../../index.js';
import type { ClampingMode } from '../../tv-tensors.js';
import type { Tensor } from './common.js';
import type { CanvasSize } from './points.js';

/** Where the corners of boxes (N, 8) stand when the leftmost comes first, then the topmost of those: places (N, 8). */
function leftmostFirst(boxes: Tensor): Tensor {
  const [x, y] = [boxes.at(':', '0::2'), boxes.at(':', '1::2')];
  const share = (values: Tensor): Tensor => values.div(values.abs().amax(1, true));
  const first = share(y).add(share(x).mul(100)).argmin(1, true).mul(2);
  return torch.arange(8, { device: boxes.device }).unsqueeze(0).add(first).remainder(8);
}

interface Lines {
  /** (N, 4) each. */
  slope: Tensor;
  intercept: Tensor;
}

const next = (t: Tensor): Tensor => t.roll(-1, 1);
const previous = (t: Tensor): Tensor => t.roll(1, 1);

/** The lines from each corner to the next. */
function linesOf(boxes: Tensor): Lines {
  const [x, y] = [boxes.at(':', '0::2'), boxes.at(':', '1::2')];
  const slope = next(y).sub(y).div(next(x).sub(x));
  return { slope, intercept: y.sub(slope.mul(x)) };
}

/** The corners (N, 8) in which each line meets the one before. */
function crossings({ slope, intercept }: Lines): Tensor {
  const x = intercept
    .sub(previous(intercept))
    .neg()
    .div(slope.sub(previous(slope)));
  return torch.stack([x, slope.mul(x).add(intercept)], -1).reshape(-1, 8);
}

const clamped = (t: Tensor, least: Tensor | number, most: Tensor | number): Tensor =>
  typeof least === 'number' ? t.clamp(least, most as number) : t.maximum(least).minimum(most as Tensor);

/** The second and third line of the largest box of these angles within the image. */
function hardened(slopes: readonly Tensor[], [b1, b2, b3, b4]: readonly Tensor[], [height, width]: CanvasSize): [Tensor, Tensor] {
  const [a1, a2, a3, a4] = slopes;
  const seconds = [b1.mul(a2).div(a1), b3.mul(a2).div(a3), a1.sub(a2).mul(width).add(b1), a3.sub(a2).mul(width).add(b3)];
  const second = torch.stack(seconds, 1).amax(1).minimum(b2);
  const bottom = (a: Tensor, b: Tensor): Tensor => a3.div(a).neg().add(1).mul(height).add(b.mul(a3).div(a));
  const thirds = [bottom(a4, b4), bottom(a2, second), a2.sub(a3).mul(width).add(second), a4.sub(a3).mul(width).add(b4)];
  return [second, torch.stack(thirds, 1).amin(1).maximum(b3)];
}

/** The lines after those of the leftmost corner were moved into the image. */
function movedLines(boxes: Tensor, original: Tensor, canvas: CanvasSize, mode: ClampingMode): Lines {
  const { slope, intercept } = linesOf(boxes);
  let [b1, b2, b3, b4] = intercept.unbind(1);
  const [least1, least2, most3, most4] = linesOf(original).intercept.unbind(1);
  b1 = clamped(clamped(b2, b1, b3), 0, canvas[0]);
  b4 = clamped(clamped(b3, b2, b4), 0, canvas[0]);
  if (mode === 'hard') {
    b1 = b4 = b1.add(b4).div(2);
    [b2, b3] = hardened(slope.unbind(1), [b1, b2, b3, b4], canvas);
  }
  const outer = (b: Tensor): Tensor => clamped(b, least1, most3);
  const inner = (b: Tensor): Tensor => clamped(b, least2, most4);
  const settled4 = mode === 'hard' ? inner(outer(b4)) : inner(b4);
  const settled1 = mode === 'hard' ? settled4 : outer(b1);
  return { slope, intercept: torch.stack([settled1, inner(b2), outer(b3), settled4], 1) };
}

/** Boxes (N, 8), leftmost corner first, without what lies left of the image. */
function clampLeft(boxes: Tensor, original: Tensor, canvas: CanvasSize, mode: ClampingMode): Tensor {
  const [x1, y1, x2, y2, x3, y3, x4, y4] = boxes.unbind(1);
  const crossing = crossings(movedLines(boxes, original, canvas, mode));
  const upright = torch.stack([x1.clamp({ min: 0 }), y1, x2, y2, x3, y3, x4.clamp({ min: 0 }), y4], 1);
  const isUpright = y1.isclose(y2).logicalOr(y3.isclose(y4));
  const isOutside = [x1, x2, x3, x4].map((x) => x.le(0)).reduce((all, each) => all.logicalAnd(each));
  const isFlat = y1
    .isclose(y4)
    .logicalOr(y2.isclose(y3))
    .logicalOr(isUpright.logicalAnd(x1.isclose(x2)));
  const choose = (isChosen: Tensor, chosen: Tensor, rest: Tensor): Tensor => torch.where(isChosen.unsqueeze(1), chosen, rest);
  const crosses = x1.lt(0).logicalAnd(crossing.isnan().any(1).logicalNot());
  const kept = choose(isUpright, upright, choose(crosses, crossing, boxes));
  return choose(isOutside.logicalOr(isFlat), torch.zerosLike(boxes), kept);
}

/** Turns the image by 90 degrees. */
const turnedAround = (boxes: Tensor, width: number): Tensor => {
  const [x, y] = [boxes.at(':', '0::2'), boxes.at(':', '1::2')];
  return torch.stack([y, x.neg().add(width)], -1).reshape(-1, 8);
};

/** Four corners (N, 8) moved so that boxes lie in their image, side by side: the left one, and the others as the left ones of turned images. */
export function clampRotated(boxes: Tensor, [height, width]: CanvasSize, mode: ClampingMode): Tensor {
  let [current, original] = [boxes, boxes];
  let canvas: CanvasSize = [height, width];
  for (let side = 0; side < 4; side++) {
    const places = leftmostFirst(current);
    const ordered = clampLeft(current.gather(1, places), original.gather(1, places), canvas, mode);
    // torchvision puts corners back with the same places, which turns boxes whose first corner is the second or fourth.
    current = turnedAround(ordered.gather(1, places), canvas[1]);
    original = turnedAround(original.gather(1, places).gather(1, places), canvas[1]);
    canvas = [canvas[1], canvas[0]];
  }
  return current;
}
