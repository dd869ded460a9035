import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { utils } = vision;
const image = torch.full([3, 40, 60], 40, { dtype: torch.uint8 });
const colorAt = (x: torch.Tensor, column: number, row: number): unknown => x.at(':', row, column).tolist();
/** Rows and columns that differ from `image`. */
const changed = (x: torch.Tensor): [rows: number[], columns: number[]] => {
  const places = x.ne(image).any(0);
  return [places.any(1), places.any(0)].map((t) => t.nonzero({}).squeeze(1).tolist()) as [number[], number[]];
};

describe('labels', () => {
  const boxes = torch.tensor([[2, 3, 50, 30]]);
  const plain = utils.drawBoundingBoxes(image, boxes, { colors: 'red' });

  test('stand within the corner of their box, in its colour', () => {
    const labelled = utils.drawBoundingBoxes(image, boxes, ['cat'], 'red');
    const letters = labelled.ne(plain).any(0);
    expect(letters.sum().item()).toBeGreaterThan(20);
    const [rows, columns] = [letters.any(1), letters.any(0)].map((t) => t.nonzero({}).squeeze(1).tolist() as number[]);
    expect([rows[0] >= 5, rows.at(-1)! <= 18, columns[0] >= 4, columns.at(-1)! <= 24]).toEqual([true, true, true, true]);
    const [red, green, blue] = labelled.unbind(0);
    expect([red.max().item(), green.max().item(), blue.max().item()]).toEqual([255, 40, 40]);
    const larger = utils
      .drawBoundingBoxes(image, boxes, { labels: ['cat'], colors: 'red', fontSize: 16 })
      .ne(plain)
      .any(0);
    expect(larger.sum().item()).toBeGreaterThan(letters.sum().item() as number);
  });

  test('may stand on a ground of one colour', () => {
    const filled = utils.drawBoundingBoxes(image, boxes, {
      labels: ['o'],
      colors: 'lime',
      fillLabels: true,
      labelBackgroundColors: 'blue',
    });
    const ground = filled.select(0, 2).eq(255);
    expect(ground.sum().item()).toBeGreaterThan(20);
    expect(filled.select(0, 2).min().item()).toBeLessThan(40);
    const none = utils.drawBoundingBoxes(image, boxes, { labels: [null], colors: 'red' });
    expect(none.equal(plain)).toBe(true);
    expect(() => utils.drawBoundingBoxes(image, boxes, ['a', 'b'])).toThrow(
      'Number of boxes (1) and labels (2) mismatch. Please specify labels for each box.',
    );
  });
});

describe('keypoints', () => {
  const points = torch.tensor([[[10, 12], [30, 12], [30, 30]]]); // prettier-ignore

  test('are discs, joined by white lines', () => {
    const drawn = utils.drawKeypoints(image, points, { colors: '#ff0000' });
    // 5 × 5 pixels without the corners, as in torchvision.
    expect(drawn.ne(image).any(0).sum().item()).toBe(3 * 21);
    expect([colorAt(drawn, 10, 12), colorAt(drawn, 12, 13), colorAt(drawn, 12, 14)]).toEqual([[255, 0, 0], [255, 0, 0], [40, 40, 40]]); // prettier-ignore
    const joined = utils.drawKeypoints(image, points, [[0, 1]], [0, 0, 255], 2, 3);
    expect([11, 12, 13, 14].map((row) => colorAt(joined, 20, row))).toEqual([[255, 255, 255], [255, 255, 255], [255, 255, 255], [40, 40, 40]]); // prettier-ignore
    expect(changed(joined)[1]).toEqual([...Array(25).keys()].map((i) => i + 8));
  });

  test('may be hidden', () => {
    const visibility = torch.tensor([[true, false, true]]);
    const drawn = utils.drawKeypoints(image.float().div(255), points, { visibility, connectivity: [[0, 1], [0, 2]], colors: 'red' }); // prettier-ignore
    expect([drawn.dtype, colorAt(drawn, 32, 12), colorAt(drawn, 20, 21)]).toEqual([
      torch.float32,
      [40 / 255, 40 / 255, 40 / 255].map(Math.fround),
      [1, 1, 1],
    ]);
    expect(() => utils.drawKeypoints(image, points.at(0))).toThrow('keypoints must be of shape (num_instances, K, 2)');
    expect(() => utils.drawKeypoints(image, points, { visibility: torch.ones(1, 2) })).toThrow('must have the same dimensionality');
  });
});
