/** Grids of images, boxes and masks on images. https://pytorch.org/vision/stable/utils.html */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { encodeJpeg, encodePng, writeFile } from '../io/index.js';
import { checkImage } from './canvas.js';
import { type Color, colorsOf } from './color.js';

export { drawBoundingBoxes, type DrawBoxesOptions, drawKeypoints, type DrawKeypointsOptions } from './draw.js';

type Tensor = torch.Tensor;

export interface MakeGridOptions {
  /** Images in a row. */
  nrow?: number;
  padding?: number;
  /** Spreads values over [0, 1]. */
  normalize?: boolean;
  /** What becomes 0 and 1; by default the least and the most there is. */
  valueRange?: readonly [number, number] | null;
  /** Whether each image is spread by itself. */
  scaleEach?: boolean;
  padValue?: number;
}

/** (N, 3, H, W) of a batch, a list, one image, or one without channels. */
function asBatch(images: Tensor | readonly Tensor[]): Tensor {
  const tensor = images instanceof torch.Tensor ? images : torch.stack([...images], 0);
  const three = tensor.ndim === 2 ? tensor.unsqueeze(0) : tensor;
  const batch = three.ndim === 3 ? three.unsqueeze(0) : three;
  return batch.ndim === 4 && batch.shape[1] === 1 ? torch.cat([batch, batch, batch], 1) : batch;
}

function spread(image: Tensor, range: readonly [number, number] | null | undefined): Tensor {
  const [low, high] = range ?? [image.min().item() as number, image.max().item() as number];
  return image
    .clamp(low, high)
    .sub(low)
    .div(Math.max(high - low, 1e-5));
}

/**
 * Images side by side as one image (3, H, W). https://pytorch.org/vision/stable/generated/torchvision.utils.make_grid.html
 * @example vision.utils.makeGrid(torch.rand(6, 3, 8, 8), { nrow: 3 }).shape  // torch.Size([3, 22, 32])
 */
export function makeGrid(
  images: Tensor | readonly Tensor[],
  ...args: Args<
    [nrow: number, padding: number, normalize: boolean, valueRange: readonly [number, number] | null, scaleEach: boolean, padValue: number],
    MakeGridOptions
  >
): Tensor {
  const names = 'nrow, padding, normalize, valueRange, scaleEach, padValue';
  const given = bind<MakeGridOptions>('make_grid', names, args);
  const { nrow = 8, padding = 2, normalize = false, valueRange, scaleEach = false, padValue = 0 } = given;
  return torch.noGrad(() => {
    let batch = asBatch(images);
    if (normalize) batch = scaleEach ? torch.stack(batch.unbind(0).map((image) => spread(image, valueRange))) : spread(batch, valueRange);
    const [count, channels, imageHeight, imageWidth] = batch.shape;
    if (count === 1) return batch.squeeze(0);
    const columns = Math.min(nrow, count);
    const rows = Math.ceil(count / columns);
    const [height, width] = [imageHeight + padding, imageWidth + padding];
    const grid = torch.full([channels, height * rows + padding, width * columns + padding], padValue, {
      dtype: batch.dtype,
      device: batch.device,
    });
    for (const [i, image] of batch.unbind(0).entries()) {
      const [top, left] = [Math.floor(i / columns) * height + padding, (i % columns) * width + padding];
      grid.narrow(1, top, imageHeight).narrow(2, left, imageWidth).copy_(image);
    }
    return grid;
  });
}

export interface SaveImageOptions extends MakeGridOptions {
  /** By default what the name ends in. */
  format?: 'png' | 'jpeg' | 'jpg' | null;
}

/**
 * Writes a PNG or JPEG file of images with values in [0, 1]. https://pytorch.org/vision/stable/generated/torchvision.utils.save_image.html
 * @example await vision.utils.saveImage(torch.rand(6, 3, 8, 8), 'grid.png');
 */
export async function saveImage(
  images: Tensor | readonly Tensor[],
  path: string,
  { format, ...options }: SaveImageOptions = {},
): Promise<void> {
  const grid = makeGrid(images, options);
  const bytes = torch.noGrad(() => grid.mul(255).add(0.5).clamp(0, 255).to(torch.uint8));
  const kind = (format ?? /\.(\w+)$/.exec(path)?.[1] ?? '').toLowerCase();
  if (!['png', 'jpg', 'jpeg'].includes(kind)) throw new Error(`unknown file extension: .${kind}`);
  writeFile(path, await (kind === 'png' ? encodePng(bytes) : encodeJpeg(bytes)));
}

export interface DrawMasksOptions {
  /** How much of the colour there is. */
  alpha?: number;
  colors?: Color | readonly Color[] | null;
}

/**
 * Masks (N, H, W) or (H, W) on an image (3, H, W).
 * https://pytorch.org/vision/stable/generated/torchvision.utils.draw_segmentation_masks.html
 * @example
 * const image = torch.zeros(3, 32, 48, { dtype: torch.uint8 });
 * vision.utils.drawSegmentationMasks(image, torch.ones(1, 32, 48).bool(), { colors: ['red'] }).shape  // torch.Size([3, 32, 48])
 */
export function drawSegmentationMasks(
  image: Tensor,
  masks: Tensor,
  ...args: Args<[alpha: number, colors: Color | readonly Color[] | null], DrawMasksOptions>
): Tensor {
  const { alpha = 0.8, colors } = bind<DrawMasksOptions>('draw_segmentation_masks', 'alpha, colors', args);
  checkImage(image);
  if (image.shape[0] !== 3) throw new Error('Pass an RGB image. Other Image formats are not supported');
  const all = masks.ndim === 2 ? masks.unsqueeze(0) : masks;
  if (all.ndim !== 3) throw new Error('masks must be of shape (H, W) or (batch_size, H, W)');
  if (all.dtype !== torch.bool) throw new Error(`The masks must be of dtype bool. Got ${String(all.dtype)}`);
  if (all.shape[1] !== image.shape[1] || all.shape[2] !== image.shape[2])
    throw new Error('The image and the masks must have the same height and width');
  const [count] = all.shape;
  if (count === 0) return image;
  return torch.noGrad(() => {
    const chosen = colorsOf(colors, count);
    const scale = image.dtype.isFloatingPoint ? 1 / 255 : 1;
    const values = image.dtype.isFloatingPoint ? image : image.to(torch.float32);
    const place = { dtype: values.dtype, device: image.device };
    let painted = values;
    for (const [i, mask] of all.unbind(0).entries())
      painted = torch.where(
        mask,
        torch
          .tensor(
            chosen[i].map((c) => c * scale),
            place,
          )
          .reshape(3, 1, 1),
        painted,
      );
    painted = painted.maskedFill(all.sum(0).gt(1), 0);
    return values
      .mul(1 - alpha)
      .add(painted.mul(alpha))
      .to(image.dtype);
  });
}

/** Shades from red over yellow, green, cyan, blue and magenta, as numbers of steps. */
const wheelSteps = [15, 6, 4, 11, 13, 6];

/** 55 colours in a circle: (55, 3). */
function colorWheel(): number[][] {
  return wheelSteps.flatMap((steps, part) =>
    Array.from({ length: steps }, (_, i) => {
      const rising = Math.floor((255 * i) / steps);
      const value = part % 2 === 0 ? rising : 255 - rising;
      // In every other part one of the three grows, in the others it falls.
      const color = [0, 0, 0];
      const [full, changing] = [
        [0, 1],
        [1, 0],
        [1, 2],
        [2, 1],
        [2, 0],
        [0, 2],
      ][part];
      color[full] = 255;
      color[changing] = value;
      return color;
    }),
  );
}

/**
 * Optical flow (2, H, W) or (N, 2, H, W) as colours: bytes (…, 3, H, W).
 * https://pytorch.org/vision/stable/generated/torchvision.utils.flow_to_image.html
 * @example vision.utils.flowToImage(torch.rand(2, 8, 8)).shape  // torch.Size([3, 8, 8])
 */
export function flowToImage(flow: Tensor): Tensor {
  if (flow.dtype !== torch.float32) throw new Error(`Flow should be of dtype torch.float, got ${String(flow.dtype)}.`);
  const batch = flow.ndim === 3 ? flow.unsqueeze(0) : flow;
  if (batch.ndim !== 4 || batch.shape[1] !== 2)
    throw new Error(`Input flow should have shape (2, H, W) or (N, 2, H, W), got ${String(flow.shape)}.`);
  return torch.noGrad(() => {
    const most = batch
      .square()
      .sum(1)
      .sqrt()
      .max()
      .add(2 ** -23);
    const normalized = batch.div(most);
    const [x, y] = normalized.unbind(1);
    const wheel = torch.tensor(colorWheel(), { dtype: torch.float32, device: flow.device });
    const steps = wheel.shape[0];
    const place = torch
      .atan2(y.neg(), x.neg())
      .div(Math.PI)
      .add(1)
      .div(2)
      .mul(steps - 1);
    const first = place.floor();
    const part = place.sub(first);
    const index = first.to(torch.int64);
    const next = index.add(1).remainder(steps);
    const length = normalized.square().sum(1).sqrt();
    const channels = [0, 1, 2].map((c) => {
      const column = wheel.select(1, c).div(255);
      const mixed = column.take(index).mul(part.neg().add(1)).add(column.take(next).mul(part));
      return length.mul(mixed.neg().add(1)).neg().add(1).mul(255).floor();
    });
    const image = torch.stack(channels, 1).to(torch.uint8);
    return flow.ndim === 3 ? image.squeeze(0) : image;
  });
}
