/** Masks of COCO's outlines and run lengths, pixel by pixel those of pycocotools. https://github.com/cocodataset/cocoapi */
import * as torch from '../../index.js';

/** Pixels of a mask column by column: how many zeros, how many ones, and so on. */
type Runs = readonly number[];
export type Segmentation = readonly (readonly number[])[] | { size?: readonly number[]; counts: string | Runs };
type Size = readonly [height: number, width: number];
type Point = readonly [x: number, y: number];

/** Outlines are drawn on a grid five times as fine. */
const scale = 5;

/** The points of the grid from one corner to the next. */
function line([x0, y0]: Point, [x1, y1]: Point): Point[] {
  const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  const isFlat = dx >= dy;
  const isBackward = isFlat ? x0 > x1 : y0 > y1;
  const [fromX, fromY, toX, toY] = isBackward ? [x1, y1, x0, y0] : [x0, y0, x1, y1];
  const slope = isFlat ? (toY - fromY) / dx : (toX - fromX) / dy;
  const length = Math.max(dx, dy);
  return Array.from({ length: length + 1 }, (_, d) => {
    const t = isBackward ? length - d : d;
    return isFlat ? [t + fromX, Math.trunc(fromY + slope * t + 0.5)] : [Math.trunc(fromX + slope * t + 0.5), t + fromY];
  });
}

/** Where an outline crosses columns of pixels: places, column by column. */
function crossings(outline: readonly number[], [height, width]: Size): number[] {
  const corners = Array.from({ length: Math.floor(outline.length / 2) }, (_, j): Point => {
    const onGrid = (at: number): number => Math.trunc(scale * at + 0.5);
    return [onGrid(outline[2 * j]), onGrid(outline[2 * j + 1])];
  });
  const points = corners.flatMap((corner, j) => line(corner, corners[(j + 1) % corners.length]));
  const places: number[] = [];
  for (let j = 1; j < points.length; j++) {
    const [[x0, y0], [x1, y1]] = [points[j - 1], points[j]];
    if (x0 === x1) continue;
    const column = ((x1 < x0 ? x1 : x1 - 1) + 0.5) / scale - 0.5;
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue;
    const row = ((y1 < y0 ? y1 : y0) + 0.5) / scale - 0.5;
    places.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)));
  }
  return places.sort((a, b) => a - b);
}

/** Sets what lies between two crossings to one, in pixels column by column. */
function fill(pixels: Uint8Array, outline: readonly number[], size: Size): void {
  const places = [...crossings(outline, size), pixels.length];
  for (let j = 0; j + 1 < places.length; j += 2) pixels.fill(1, places[j], places[j + 1]);
}

/** The numbers of a compressed text: five bits in a letter, from the fourth on differences to the last but one. */
function runsOf(text: string): number[] {
  const runs: number[] = [];
  for (let at = 0; at < text.length;) {
    let [value, shift, bits] = [0, 0, 0];
    do {
      bits = text.charCodeAt(at++) - 48;
      value |= (bits & 31) << shift;
      shift += 5;
    } while (bits & 32);
    if (bits & 16) value |= -1 << shift;
    runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
  }
  return runs;
}

function fillRuns(pixels: Uint8Array, runs: Runs): void {
  let place = 0;
  for (const [i, run] of runs.entries()) {
    if (i % 2 === 1) pixels.fill(1, place, place + run);
    place += run;
  }
}

/** Bytes (H, W), 1 within the object. Outlines are lists of x and y; their union counts. */
export function maskOf(segmentation: Segmentation, [height, width]: Size): torch.Tensor {
  const pixels = new Uint8Array(height * width);
  if (typeof segmentation !== 'object' || segmentation === null)
    throw new Error(`COCO segmentation expected to be a dict or a list, got ${typeof segmentation}`);
  if (Array.isArray(segmentation)) for (const outline of segmentation as readonly number[][]) fill(pixels, outline, [height, width]);
  else {
    const { counts } = segmentation as { counts: string | Runs };
    fillRuns(pixels, typeof counts === 'string' ? runsOf(counts) : counts);
  }
  return torch.tensor(pixels).reshape(width, height).t().contiguous();
}
