/** Masks of objects: what Mask R-CNN learns and finds. */
import * as torch from '../../../index.js';
import { roiAlign } from '../../ops/roi.js';

const { functional: F } = torch.nn;
type Tensor = torch.Tensor;

/** Probabilities (N, 1, M, M) of the classes that were found, image by image. */
export function masksOf(logits: Tensor, labels: readonly Tensor[]): Tensor[] {
  const all = torch.cat([...labels]);
  const chosen = logits
    .sigmoid()
    .at(torch.arange(logits.shape[0], { device: all.device }), all)
    .unsqueeze(1);
  return [...chosen.split(labels.map((each) => each.shape[0]), 0)]; // prettier-ignore
}

/** The masks of objects as far as they lie in boxes: (N, M, M). */
function projected(masks: Tensor, boxes: Tensor, matched: Tensor, size: number): Tensor {
  const rois = torch.cat([matched.to(boxes.dtype).unsqueeze(1), boxes], 1);
  return roiAlign(masks.unsqueeze(1).to(rois.dtype), rois, [size, size], 1).squeeze(1);
}

/** `matched` has the number of its object for each of `boxes`. */
export function maskLoss(
  logits: Tensor,
  boxes: readonly Tensor[],
  masks: readonly Tensor[],
  labels: readonly Tensor[],
  matched: readonly Tensor[],
): Tensor {
  const wanted = torch.cat(masks.map((each, i) => projected(each, boxes[i], matched[i], logits.shape.at(-1)!)));
  if (wanted.numel() === 0) return logits.sum().mul(0);
  const classes = torch.cat(labels.map((each, i) => each.indexSelect(0, matched[i])));
  const chosen = logits.at(torch.arange(classes.shape[0], { device: classes.device }), classes);
  return F.binaryCrossEntropyWithLogits(chosen, wanted);
}

/** Boxes (N, 4) around the same middles, `scale` times as large. */
function expanded(boxes: Tensor, scale: number): Tensor {
  const [x1, y1, x2, y2] = boxes.unbind(1);
  const [halfWidth, halfHeight] = [x2.sub(x1).mul(0.5).mul(scale), y2.sub(y1).mul(0.5).mul(scale)];
  const [x, y] = [x2.add(x1).mul(0.5), y2.add(y1).mul(0.5)];
  return torch.stack([x.sub(halfWidth), y.sub(halfHeight), x.add(halfWidth), y.add(halfHeight)], 1);
}

/** One mask (M, M) resized to its box, in an image of zeros. */
function pasted(mask: Tensor, [left, top, right, bottom]: readonly number[], height: number, width: number): Tensor {
  const size = [Math.max(bottom - top + 1, 1), Math.max(right - left + 1, 1)];
  const resized = F.interpolate(mask.reshape(1, 1, ...mask.shape), { size, mode: 'bilinear', alignCorners: false }).reshape(size);
  const [x0, x1] = [Math.max(left, 0), Math.min(right + 1, width)];
  const [y0, y1] = [Math.max(top, 0), Math.min(bottom + 1, height)];
  if (x1 <= x0 || y1 <= y0) return torch.zeros([height, width], { dtype: mask.dtype, device: mask.device });
  const part = resized.narrow(0, y0 - top, y1 - y0).narrow(1, x0 - left, x1 - x0);
  return F.pad(part, [x0, width - x1, y0, height - y1]);
}

/** Masks (N, 1, M, M) where their boxes lie in an image: (N, 1, H, W). */
export function pasteMasks(masks: Tensor, boxes: Tensor, [height, width]: readonly [number, number]): Tensor {
  const size = masks.shape.at(-1)!;
  const padded = F.pad(masks, [1, 1, 1, 1]);
  const places = expanded(boxes, (size + 2) / size)
    .to(torch.int64)
    .tolist() as number[][];
  if (places.length === 0) return torch.zeros([0, 1, height, width], { dtype: masks.dtype, device: masks.device });
  return torch.stack(places.map((place, i) => pasted(padded.at(i, 0), place, height, width))).unsqueeze(1);
}
