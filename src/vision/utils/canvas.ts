/** Bytes of an image, drawn on. */
import * as torch from '../../index.js';
import { toDtype } from '../transforms/functional/dtype.js';
import type { TextPixels } from './text.js';

type Tensor = torch.Tensor;
type RGB = readonly number[];

export function checkImage(image: Tensor): void {
  if (image.dtype !== torch.uint8 && !image.dtype.isFloatingPoint)
    throw new Error(`The image dtype must be uint8 or float, got ${String(image.dtype)}`);
  if (image.ndim !== 3) throw new Error('Pass individual images, not batches');
}

/** A copy of an image (1 or 3, H, W) in bytes, three channels one after the other. */
export class Canvas {
  private readonly data: Uint8Array;
  private readonly width: number;
  private readonly height: number;

  constructor(private readonly image: Tensor) {
    [, this.height, this.width] = image.shape;
    const bytes = toDtype(image.detach().expand(3, -1, -1), torch.uint8, true);
    this.data = Uint8Array.from(bytes.cpu().contiguous().toTypedArray() as Uint8Array);
  }

  /** What was drawn, in the dtype of the image. */
  toTensor(): Tensor {
    const { data, height, width, image } = this;
    return toDtype(torch.tensor(data).reshape(3, height, width).to(image.device), image.dtype, true);
  }

  private pixel(x: number, y: number, color: RGB, alpha: number): void {
    const plane = this.width * this.height;
    for (let c = 0; c < 3; c++) {
      const at = c * plane + y * this.width + x;
      this.data[at] = Math.round((this.data[at] * (255 - alpha) + color[c] * alpha) / 255);
    }
  }

  /** Sets those pixels between the corners, and on them, that are `inside`. */
  private area([left, top, right, bottom]: RGB, color: RGB, inside: (x: number, y: number) => boolean): void {
    for (let y = Math.max(top, 0); y <= Math.min(bottom, this.height - 1); y++)
      for (let x = Math.max(left, 0); x <= Math.min(right, this.width - 1); x++) if (inside(x, y)) this.pixel(x, y, color, 255);
  }

  /** Sets the pixels of a rectangle, its corners among them. */
  rectangle([left, top, right, bottom]: RGB, color: RGB, alpha = 255): void {
    for (let y = Math.max(top, 0); y <= Math.min(bottom, this.height - 1); y++)
      for (let x = Math.max(left, 0); x <= Math.min(right, this.width - 1); x++) this.pixel(x, y, color, alpha);
  }

  outline([left, top, right, bottom]: RGB, color: RGB, width: number): void {
    this.rectangle([left, top, right, Math.min(top + width - 1, bottom)], color);
    this.rectangle([left, Math.max(bottom - width + 1, top), right, bottom], color);
    this.rectangle([left, top, Math.min(left + width - 1, right), bottom], color);
    this.rectangle([Math.max(right - width + 1, left), top, right, bottom], color);
  }

  disc(x: number, y: number, radius: number, color: RGB): void {
    const box = [x - radius, y - radius, x + radius, y + radius];
    this.area(box, color, (px, py) => (px - x) ** 2 + (py - y) ** 2 <= (radius + 0.5) ** 2);
  }

  /** A straight line with flat ends. */
  line([x0, y0]: RGB, [x1, y1]: RGB, width: number, color: RGB): void {
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = Math.hypot(dx, dy);
    if (length === 0) return;
    const reach = Math.ceil(width / 2);
    const box = [Math.min(x0, x1) - reach, Math.min(y0, y1) - reach, Math.max(x0, x1) + reach, Math.max(y0, y1) + reach];
    this.area(box, color, (x, y) => {
      const along = ((x - x0) * dx + (y - y0) * dy) / length;
      const across = ((x - x0) * dy - (y - y0) * dx) / length;
      return along >= 0 && along <= length && Math.abs(across) <= width / 2;
    });
  }

  text(left: number, top: number, { width, coverage }: TextPixels, color: RGB): void {
    for (const [i, alpha] of coverage.entries()) {
      const [x, y] = [left + (i % width), top + Math.floor(i / width)];
      if (alpha > 0 && x >= 0 && x < this.width && y >= 0 && y < this.height) this.pixel(x, y, color, alpha);
    }
  }
}
