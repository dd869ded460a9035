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

/** Rounds to the dtype of the parameters, in which PyTorch keeps slopes and steps. */
export type Rounding = (x: number) => number;

/** The minimum of the cubic through two points with slopes, kept inside the bounds. */
function cubicInterpolate(round: Rounding, a: Point, b: Point, bounds?: [number, number]): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const [low, high] = bounds ?? [left.t, right.t];
  const d1 = round(round(a.slope + b.slope) - round(round(3 * (a.loss - b.loss)) / round(a.t - b.t)));
  const square = round(round(d1 * d1) - round(a.slope * b.slope));
  if (!(square >= 0)) return round((low + high) / 2);
  const d2 = round(Math.sqrt(square));
  const ratio = round(round(round(right.slope + d2) - d1) / round(round(right.slope - left.slope) + 2 * d2));
  const best = round(right.t - round(round(right.t - left.t) * ratio));
  return Math.min(Math.max(best, low), high);
}

const c1 = 1e-4;
const c2 = 0.9;
const toleranceChange = 1e-9;

/** Finds a step `t` along `direction` from a point with this loss, gradient and slope, in at most `maxSteps` after the first. */
export function strongWolfe(
  evaluate: (t: number) => Evaluation,
  t: number,
  direction: Tensor,
  loss: number,
  grad: Tensor,
  slope: number,
  round: Rounding,
  maxSteps: number,
): Evaluation & { t: number; calls: number } {
  let calls = 0;
  const pointAt = (at: number): Point => {
    calls++;
    const found = evaluate(at);
    return { t: at, ...found, slope: Number(found.grad.dot(direction).item()) };
  };
  const size = Number(direction.abs().amax().item());
  const startsHigh = (point: Point) => point.loss > round(loss + round(round(c1 * point.t) * slope));
  const isFlat = (point: Point) => Math.abs(point.slope) <= round(round(-c2) * slope);
  const finish = ({ t: at, loss: value, grad: gradient }: Point) => ({ t: at, loss: value, grad: gradient, calls });

  let previous: Point = { t: 0, loss, grad, slope };
  let current = pointAt(t);
  let bracket: [Point, Point] | null = null;
  let steps = 0;
  while (steps < maxSteps && !bracket) {
    if (startsHigh(current) || (steps > 1 && current.loss >= previous.loss)) bracket = [previous, current];
    else if (isFlat(current)) return finish(current);
    else if (current.slope >= 0) bracket = [previous, current];
    else {
      const next = cubicInterpolate(round, previous, current, [
        round(current.t + round(0.01 * round(current.t - previous.t))),
        round(current.t * 10),
      ]);
      previous = current;
      current = pointAt(next);
      steps++;
    }
  }
  bracket ??= [{ t: 0, loss, grad, slope }, current];
  return finish(zoom(bracket, pointAt, startsHigh, isFlat, size, maxSteps - steps, round));
}

/** Shrinks a bracket until its better end satisfies the conditions. */
function zoom(
  ends: [Point, Point],
  pointAt: (t: number) => Point,
  startsHigh: (p: Point) => boolean,
  isFlat: (p: Point) => boolean,
  size: number,
  steps: number,
  round: Rounding,
): Point {
  let [low, high] = ends[0].loss <= ends[1].loss ? ends : [ends[1], ends[0]];
  let stalled = false;
  for (let i = 0; i < steps; i++) {
    const width = round(Math.abs(low.t - high.t));
    const margin = round(0.1 * width);
    if (width * size < toleranceChange) break;
    let t = cubicInterpolate(round, low, high);
    const [left, right] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    const close = Math.min(right - t, t - left) < margin;
    if (close && (stalled || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? round(right - margin) : round(left + margin);
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
