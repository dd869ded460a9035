import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { v2 } = vision.transforms;
const noise = (shape: readonly number[]) => {
  torch.manualSeed(shape[1] * shape[2]);
  return torch.randint(0, 256, [...shape], { dtype: torch.uint8 });
};

describe('images come back from JPEG as from libjpeg-turbo', () => {
  // The sum of all bytes, the sum weighted by place modulo 97, and the last five, of what Pillow wrote and read.
  const expected: [number[], number, number, number, number[]][] = [
    [[3, 16, 16], 75, 97341, 4633718, [76, 255, 226, 184, 20]],
    [[3, 17, 23], 30, 147295, 6977854, [54, 68, 27, 69, 83]],
    [[1, 9, 20], 50, 23786, 1105537, [196, 6, 113, 91, 131]],
    [[3, 5, 3], 90, 5423, 105229, [48, 121, 44, 133, 60]],
    [[3, 40, 33], 5, 511238, 24422642, [122, 150, 183, 206, 129]],
    [[3, 16, 16], 100, 97463, 4663979, [75, 253, 224, 194, 17]],
    [[3, 1, 1], 60, 412, 515, [37, 235, 140]],
  ];
  test.each(expected)('%s at quality %d', (shape, quality, sum, weighted, last) => {
    const bytes = v2.functional.jpeg(noise(shape), quality).flatten().tolist() as number[];
    const total = bytes.reduce((a, b) => a + b, 0);
    expect([total, bytes.reduce((a, b, i) => a + b * (i % 97), 0), bytes.slice(-5)]).toEqual([sum, weighted, last]);
  });
});

describe('v2.JPEG', () => {
  test('draws a quality for all images of a sample', () => {
    const image = noise([3, 17, 23]);
    const batch = torch.stack([image, image]);
    const [changed, label] = new v2.JPEG(30)([new vision.tvTensors.Image(batch), 3] as const);
    const once = v2.functional.jpeg(image, 30);
    expect([changed.select(0, 0).equal(once), changed.select(0, 1).equal(once), label]).toEqual([true, true, 3]);
    torch.manualSeed(0);
    const drawn = new v2.JPEG([1, 100])(image);
    torch.manualSeed(0);
    const quality = torch.randint(1, 101, []).item() as number;
    expect(drawn.equal(v2.functional.jpeg(image, quality))).toBe(true);
  });

  test('prints and refuses as torchvision does', () => {
    expect([new v2.JPEG(30), new v2.JPEG([10, 90])].map(String)).toEqual(['JPEG(quality=[30, 30])', 'JPEG(quality=(10, 90))']);
    expect(() => new v2.JPEG(0)).toThrow('quality must be an integer from 1 to 100, got quality =[0, 0]');
    expect(() => new v2.JPEG([90, 10])).toThrow('quality must be an integer from 1 to 100');
    expect(() => new v2.JPEG(50)(torch.rand(3, 8, 8))).toThrow('Input tensor dtype should be uint8');
    expect(() => v2.functional.jpeg(noise([2, 8, 8]), 50)).toThrow('The number of channels should be 1 or 3, got: 2');
  });
});
