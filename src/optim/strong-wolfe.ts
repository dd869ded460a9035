/** A line search that ends where the strong Wolfe conditions hold (Nocedal and Wright, algorithms 3.5 and 3.6). */
import type { Tensor } from '../tensor/tensor.js';

interface Point {
  t: number;
  loss: number;
  grad: Tensor;
  slope: number;
}

export interface Evaluation {
  loss: number;
  grad: Tensor;
}

/** The minimum of the cubic through two points with slopes, kept inside the bounds. */
function cubicInterpolate(a: Point, b: Point, bounds?: [number, number]): number {
  const [low, high] = bounds ?? (a.t <= b.t ? [a.t, b.t] : [b.t, a.t]);
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const best =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(best, low), high);
}

const c1 = 1e-4;
const c2 = 0.9;
const toleranceChange = 1e-9;
const maxSteps = 25;

/** Finds a step `t` along `direction` from a point with this loss, gradient and slope. */
export function strongWolfe(
  evaluate: (t: number) => Evaluation,
  t: number,
  direction: Tensor,
  loss: number,
  grad: Tensor,
  slope: number,
): Evaluation & { t: number; calls: number } {
  let calls = 0;
  const pointAt = (at: number): Point => {
    calls++;
    const found = evaluate(at);
    return { t: at, ...found, slope: Number(found.grad.mul(direction).sum().item()) };
  };
  const size = Number(direction.abs().amax().item());
  const startsHigh = (point: Point) => point.loss > loss + c1 * point.t * slope;
  const isFlat = (point: Point) => Math.abs(point.slope) <= -c2 * slope;
  const finish = ({ t: at, loss: value, grad: gradient }: Point) => ({ t: at, loss: value, grad: gradient, calls });

  let previous: Point = { t: 0, loss, grad, slope };
  let current = pointAt(t);
  let bracket: [Point, Point] | null = null;
  let steps = 0;
  for (; steps < maxSteps && !bracket; steps++) {
    if (startsHigh(current) || (steps > 1 && current.loss >= previous.loss)) bracket = [previous, current];
    else if (isFlat(current)) return finish(current);
    else if (current.slope >= 0) bracket = [previous, current];
    else {
      const next = cubicInterpolate(previous, current, [current.t + 0.01 * (current.t - previous.t), current.t * 10]);
      previous = current;
      current = pointAt(next);
    }
  }
  bracket ??= [{ t: 0, loss, grad, slope }, current];
  return finish(zoom(bracket, pointAt, startsHigh, isFlat, size, maxSteps - steps));
}

/** Shrinks a bracket until its better end satisfies the conditions. */
function zoom(
  ends: [Point, Point],
  pointAt: (t: number) => Point,
  startsHigh: (p: Point) => boolean,
  isFlat: (p: Point) => boolean,
  size: number,
  steps: number,
): Point {
  let [low, high] = ends[0].loss <= ends[1].loss ? ends : [ends[1], ends[0]];
  let stalled = false;
  for (let i = 0; i < steps; i++) {
    const width = Math.abs(low.t - high.t);
    if (width * size < toleranceChange) break;
    let t = cubicInterpolate(low, high);
    const [left, right] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    const close = Math.min(right - t, t - left) < 0.1 * width;
    if (close && (stalled || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? right - 0.1 * width : left + 0.1 * width;
      stalled = false;
    } else stalled = close;
    const next = pointAt(t);
    if (startsHigh(next) || next.loss >= low.loss) [low, high] = next.loss < low.loss ? [next, low] : [low, next];
    else {
      if (isFlat(next)) return next;
      if (next.slope * (high.t - low.t) >= 0) high = low;
      low = next;
    }
  }
  return low;
}
