/** Boxes and keypoints on images. https://pytorch.org/vision/stable/utils.html */
import type * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { Canvas, checkImage } from './canvas.js';
import { type Color, colorsOf, parseColor } from './color.js';
import { drawText, inkOf } from './text.js';

type Tensor = torch.Tensor;
type Colors = Color | readonly Color[] | null;

export interface DrawBoxesOptions {
  /** A word for each box; null for none. */
  labels?: readonly (string | null)[] | null;
  /** One for all boxes, or one for each: '#ff0000', 'red' or [255, 0, 0]. */
  colors?: Colors;
  /** Whether boxes are filled, with the image shining through. */
  fill?: boolean;
  width?: number;
  /** The size of labels in pixels. */
  fontSize?: number;
  /** By default those of the boxes; black where labels are filled. */
  labelColors?: Colors;
  /** By default those of the boxes. */
  labelBackgroundColors?: Colors;
  /** Whether labels stand on a ground of one colour. */
  fillLabels?: boolean;
}

/** How much of the colour a filled box has, of 255. */
const FILL_ALPHA = 100;

type RGB = readonly [number, number, number];
interface Label {
  text: string;
  color: RGB;
  background: RGB | null;
}

function drawLabel(canvas: Canvas, left: number, top: number, { text, color, background }: Label, size: number): void {
  const pixels = drawText(text, size);
  const ink = inkOf(pixels);
  if (!ink) return;
  if (background) canvas.rectangle([left + ink[0] - 1, top + ink[1] - 1, left + ink[2] + 2, top + ink[3] + 2], background);
  canvas.text(left, top, pixels, color);
}

function checkBoxes(image: Tensor, boxes: readonly (readonly number[])[], labels: DrawBoxesOptions['labels']): void {
  checkImage(image);
  if (image.shape[0] !== 1 && image.shape[0] !== 3) throw new Error('Only grayscale and RGB images are supported');
  if (boxes.some(([left, top, right, bottom]) => left > right || top > bottom))
    throw new Error('Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them');
  if (labels && boxes.length > 0 && labels.length !== boxes.length)
    throw new Error(`Number of boxes (${boxes.length}) and labels (${labels.length}) mismatch. Please specify labels for each box.`);
}

/** The words of the boxes, with their colours. */
function labelsOf(count: number, boxColors: readonly RGB[], options: DrawBoxesOptions): (Label | null)[] {
  const { labels, labelColors, labelBackgroundColors, fillLabels = false } = options;
  const words = labelColors || fillLabels ? colorsOf(labelColors ?? 'black', count) : boxColors;
  const grounds = labelBackgroundColors ? colorsOf(labelBackgroundColors, count) : boxColors;
  const text = labels ?? new Array<null>(count).fill(null);
  return text.map((each, i) => (each === null ? null : { text: each, color: words[i], background: fillLabels ? grounds[i] : null }));
}

/**
 * Boxes (N, 4), left, top, right, bottom, on an image (1 or 3, H, W), with labels in DejaVu Sans.
 * https://pytorch.org/vision/stable/generated/torchvision.utils.draw_bounding_boxes.html
 * @example
 * const image = torch.zeros(3, 32, 48, { dtype: torch.uint8 });
 * vision.utils.drawBoundingBoxes(image, torch.tensor([[2, 2, 40, 20]]), ['cat'], { colors: 'red' }).shape  // torch.Size([3, 32, 48])
 */
export function drawBoundingBoxes(
  image: Tensor,
  boxes: Tensor,
  ...args: Args<[labels: DrawBoxesOptions['labels'], colors: Colors, fill: boolean, width: number], DrawBoxesOptions>
): Tensor {
  const names = 'labels, colors, fill, width, *, fontSize, labelColors, labelBackgroundColors, fillLabels';
  const options = bind<DrawBoxesOptions>('draw_bounding_boxes', names, args);
  const { colors, fill = false, width = 1, fontSize = 10 } = options;
  const list = boxes.detach().long().tolist() as number[][];
  checkBoxes(image, list, options.labels);
  if (list.length === 0) return image;
  const canvas = new Canvas(image);
  const chosen = colorsOf(colors, list.length);
  const labels = labelsOf(list.length, chosen, options);
  for (const [i, box] of list.entries()) {
    if (fill) canvas.rectangle(box, chosen[i], FILL_ALPHA);
    canvas.outline(box, chosen[i], width);
    const label = labels[i];
    if (label) drawLabel(canvas, box[0] + width + 1, box[1] + width + 1, label, fontSize);
  }
  return canvas.toTensor();
}

export interface DrawKeypointsOptions {
  /** Pairs of keypoints that are joined by a white line. */
  connectivity?: readonly (readonly [number, number])[] | null;
  /** One for all: '#ff0000', 'red' or [255, 0, 0]; white by default. */
  colors?: Color | null;
  radius?: number;
  /** Of the lines. */
  width?: number;
  /** (instances, K): false for keypoints that are not drawn. */
  visibility?: Tensor | null;
}

const white: RGB = [255, 255, 255];

function visibilityOf(keypoints: Tensor, given: Tensor | null | undefined): boolean[][] {
  const shape = keypoints.shape.slice(0, -1);
  if (!given) return Array.from({ length: shape[0] }, () => new Array<boolean>(shape[1]).fill(true));
  const visible = given.ndim === 3 ? given.squeeze(-1) : given;
  if (visible.ndim !== 2) throw new Error(`visibility must be of shape (num_instances, K). Got ndim=${visible.ndim}`);
  if (visible.shape.some((size, i) => size !== shape[i]))
    throw new Error(
      `keypoints and visibility must have the same dimensionality for num_instances and K. Got visibility.shape = ${String(visible.shape)} and keypoints.shape = ${String(keypoints.shape)}`,
    );
  return visible.bool().tolist() as boolean[][];
}

/**
 * Keypoints (instances, K, 2), x and y, on an image (3, H, W).
 * https://pytorch.org/vision/stable/generated/torchvision.utils.draw_keypoints.html
 * @example
 * const image = torch.zeros(3, 32, 48, { dtype: torch.uint8 });
 * const points = torch.tensor([[[8, 8], [30, 20]]]);
 * vision.utils.drawKeypoints(image, points, { connectivity: [[0, 1]], colors: 'red' }).shape  // torch.Size([3, 32, 48])
 */
export function drawKeypoints(
  image: Tensor,
  keypoints: Tensor,
  ...args: Args<
    [connectivity: DrawKeypointsOptions['connectivity'], colors: Color | null, radius: number, width: number, visibility: Tensor | null],
    DrawKeypointsOptions
  >
): Tensor {
  const names = 'connectivity, colors, radius, width, visibility';
  const { connectivity, colors, radius = 2, width = 3, visibility } = bind<DrawKeypointsOptions>('draw_keypoints', names, args);
  checkImage(image);
  if (image.shape[0] !== 3) throw new Error('Pass an RGB image. Other Image formats are not supported');
  if (keypoints.ndim !== 3) throw new Error('keypoints must be of shape (num_instances, K, 2)');
  const visible = visibilityOf(keypoints, visibility);
  const color = colors ? parseColor(colors) : white;
  const canvas = new Canvas(image);
  for (const [n, points] of (keypoints.detach().long().tolist() as number[][][]).entries()) {
    for (const [k, [x, y]] of points.entries()) if (visible[n][k]) canvas.disc(x, y, radius, color);
    for (const [from, to] of connectivity ?? [])
      if (visible[n][from] && visible[n][to]) canvas.line(points[from], points[to], width, white);
  }
  return canvas.toTensor();
}
