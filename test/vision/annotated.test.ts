import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';
import { folder, write } from './folder.js';

const { datasets, tvTensors } = vision;
const { v2 } = vision.transforms;

/** A picture of one colour; decoders look at the content, not at the name. */
async function picture(path: string, value: number, [height, width] = [6, 8]): Promise<void> {
  const image = torch.full([3, height, width], value, { dtype: torch.uint8 });
  write(path, (await vision.io.encodePng(image)).toTypedArray() as Uint8Array);
}

/** A PNG file with a palette of 256 shades of red: 8 bits a pixel, each its place. */
async function indexed(path: string, rows: readonly (readonly number[])[]): Promise<void> {
  const gray = await vision.io.encodePng(torch.tensor(rows, { dtype: torch.uint8 }).unsqueeze(0));
  const file = Buffer.from(gray.toTypedArray() as Uint8Array);
  const crc = (bytes: Uint8Array): number => {
    let sum = -1;
    for (const byte of bytes) {
      sum ^= byte;
      for (let k = 0; k < 8; k++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
    return ~sum >>> 0;
  };
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crc(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.from(file.subarray(16, 29));
  header[9] = 3;
  const palette = Uint8Array.from({ length: 768 }, (_, i) => (i % 3 === 0 ? i / 3 : 0));
  const data = deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])));
  write(
    path,
    Buffer.concat([
      file.subarray(0, 8),
      chunk('IHDR', header),
      chunk('PLTE', palette),
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

describe('COCO', () => {
  beforeEach(async () => {
    await picture('images/b.png', 20);
    await picture('images/a.png', 10);
    await picture('images/c.png', 30);
    write(
      'instances.json',
      JSON.stringify({
        images: [{ id: 9, file_name: 'b.png' }, { id: 2, file_name: 'a.png' }, { id: 11, file_name: 'c.png' }], // prettier-ignore
        annotations: [
          { id: 5, image_id: 9, category_id: 3, bbox: [1, 2, 3.5, 2], area: 7, iscrowd: 0 },
          { id: 4, image_id: 2, category_id: 1, bbox: [0, 0, 2, 2], caption: 'a pet' },
          { id: 8, image_id: 9, category_id: 1, bbox: [2, 0, 4, 4], caption: 'another' },
        ],
        categories: [{ id: 1, name: 'cat' }, { id: 3, name: 'dog' }], // prettier-ignore
      }),
    );
  });
  const files = () => [join(folder, 'images'), join(folder, 'instances.json')] as const;

  test('gives annotations by image', async () => {
    const data = new datasets.CocoDetection(...files());
    expect([data.length, data.ids]).toEqual([3, [2, 9, 11]]);
    const [image, target] = await data.at(1);
    expect([image.at(0, 0, 0).item(), target.map(({ id, bbox }) => [id, bbox])]).toEqual([20, [[5, [1, 2, 3.5, 2]], [8, [2, 0, 4, 4]]]]); // prettier-ignore
    expect((await data.at(2))[1]).toEqual([]);
    expect(data.coco.loadCats(data.coco.getCatIds()).map(({ name }) => name)).toEqual(['cat', 'dog']);
    expect(() => data.coco.loadAnns(77)).toThrow('the annotation file has nothing with the id 77');
    const captions = new datasets.CocoCaptions(...files(), (x) => x.float(), (lines) => lines.join('|')); // prettier-ignore
    expect((await captions.at(1))[1]).toBe('|another');
  });

  test('may be wrapped for transforms of boxes', async () => {
    const transforms = new v2.Compose([new v2.RandomHorizontalFlip({ p: 1 }), new v2.SanitizeBoundingBoxes()]);
    const data = datasets.wrapDatasetForTransformsV2(new datasets.CocoDetection(...files(), { transforms }));
    const [image, target] = (await data.at(1)) as [torch.Tensor, Record<string, torch.Tensor>];
    expect(image).toBeInstanceOf(tvTensors.Image);
    expect(target.boxes).toBeInstanceOf(tvTensors.BoundingBoxes);
    expect([target.image_id, target.boxes.tolist(), target.labels.tolist()]).toEqual([9, [[3.5, 2, 7, 4], [2, 0, 6, 4]], [3, 1]]); // prettier-ignore
    const plain = datasets.wrapDatasetForTransformsV2(new datasets.CocoDetection(...files()));
    expect((await plain.at(2))[1]).toEqual({ image_id: 11 });
    await expect(plain.at(3)).rejects.toThrow('CocoDetection index out of range');
    const some = datasets.wrapDatasetForTransformsV2(new datasets.CocoDetection(...files()), ['area', 'boxes']);
    expect(Object.keys((await some.at(1))[1] as object)).toEqual(['boxes', 'area']);
    const wrong = datasets.wrapDatasetForTransformsV2(new datasets.CocoDetection(...files()), { targetKeys: ['x', 'a'] });
    await expect(wrong.at(1)).rejects.toThrow("Target keys ['a', 'x'] are not available");
    const loader = new torch.utils.data.DataLoader(plain, {
      batchSize: 2,
      collateFn: (samples: [torch.Tensor, unknown][]) => samples.map(([x]) => x.shape[1]),
    });
    const sizes: number[][] = [];
    for await (const batch of loader) sizes.push(batch);
    expect(sizes).toEqual([[6, 6], [6]]);
    expect(() => new datasets.CocoDetection(...files(), { transforms, transform: (x) => x })).toThrow(
      'Only transforms or transform/target_transform',
    );
  });
});

// Pixels and texts are those of pycocotools 2.0.
test.each([
  ['an outline', [[1, 1, 6.5, 1.2, 5, 4.8, 2, 3]]],
  ['run lengths', { size: [6, 8], counts: [7, 1, 5, 2, 4, 3, 3, 3, 3, 3, 14] }],
  ['compressed run lengths', { size: [6, 8], counts: '7151O1O000;' }],
])('masks of COCO come from %s', async (_, segmentation) => {
  await picture('images/a.png', 10);
  const annotation = { id: 1, image_id: 2, category_id: 1, bbox: [0, 0, 2, 2], segmentation };
  write('masks.json', JSON.stringify({ images: [{ id: 2, file_name: 'a.png' }], annotations: [annotation] }));
  const data = new datasets.CocoDetection(join(folder, 'images'), join(folder, 'masks.json'));
  const [, target] = await datasets.wrapDatasetForTransformsV2(data, 'all').at(0);
  const { masks } = target as { masks: torch.Tensor };
  expect(masks).toBeInstanceOf(tvTensors.Mask);
  expect(masks.at(0).tolist()).toEqual([
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 1, 1, 1, 1, 1, 0, 0],
    [0, 0, 1, 1, 1, 1, 0, 0],
    [0, 0, 0, 1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]);
});

describe('VOC', () => {
  const base = 'VOCdevkit/VOC2007';

  test('segmentation gives the classes of pixels', async () => {
    write(`${base}/ImageSets/Segmentation/val.txt`, '000001\n');
    await picture(`${base}/JPEGImages/000001.jpg`, 50, [2, 3]);
    await indexed(`${base}/SegmentationClass/000001.png`, [[0, 15, 255], [1, 1, 0]]); // prettier-ignore
    const data = new datasets.VOCSegmentation(folder, { year: '2007', imageSet: 'val' });
    const [image, mask] = await data.at(0);
    expect([[...image.shape], mask.tolist(), data.length]).toEqual([[3, 2, 3], [[[0, 15, 255], [1, 1, 0]]], 1]); // prettier-ignore
    const [, wrapped] = await datasets.wrapDatasetForTransformsV2(data).at(0);
    expect(wrapped).toBeInstanceOf(tvTensors.Mask);
    expect(() => new datasets.VOCSegmentation(folder, { year: '2012' })).toThrow('Dataset not found or corrupted.');
    expect(() => new datasets.VOCSegmentation(folder, { year: '2012', imageSet: 'test' })).toThrow(
      "Unknown value 'test' for argument image_set.",
    );
    expect(() => new datasets.VOCDetection(folder, '2007', 'val')).toThrow('val.txt');
  });

  test('detection gives the annotation as a tree', async () => {
    const object = (name: string, corners: readonly number[]): string =>
      `<object><name>${name}</name><bndbox>${['xmin', 'ymin', 'xmax', 'ymax'].map((side, i) => `<${side}>${corners[i]}</${side}>`).join('')}</bndbox></object>`;
    write(`${base}/ImageSets/Main/train.txt`, '1\n2\n');
    for (const name of ['1', '2']) await picture(`${base}/JPEGImages/${name}.jpg`, 50);
    write(
      `${base}/Annotations/1.xml`,
      `<?xml version="1.0"?><annotation>\n<folder>A &amp; B</folder><!-- <no> --><size><width>8</width></size><empty/>${object('dog', [1, 2, 5, 6])}</annotation>`,
    );
    write(`${base}/Annotations/2.xml`, `<annotation>${object('cat', [0, 0, 4, 4])}${object('person', [1, 1, 8, 6])}</annotation>`);
    const data = new datasets.VOCDetection(folder, '2007', 'train');
    const [, first] = await data.at(0);
    expect(first).toEqual({
      annotation: {
        folder: 'A & B',
        size: { width: '8' },
        object: [{ name: 'dog', bndbox: { xmin: '1', ymin: '2', xmax: '5', ymax: '6' } }],
      },
    });
    const [, target] = (await datasets.wrapDatasetForTransformsV2(data).at(1)) as [torch.Tensor, Record<string, torch.Tensor>];
    expect([target.boxes.tolist(), target.labels.tolist()]).toEqual([[[0, 0, 4, 4], [1, 1, 8, 6]], [8, 15]]); // prettier-ignore
    write(`${base}/Annotations/1.xml`, '<annotation><object></annotation>');
    await expect(data.at(0)).rejects.toThrow('the XML file has an unexpected </annotation>');
  });
});

describe('pets', () => {
  test('have breeds, kinds and trimaps', async () => {
    write('oxford-iiit-pet/annotations/trainval.txt', 'Abyssinian_100 1 1 1\namerican_bulldog_2 2 2 1\n');
    for (const name of ['Abyssinian_100', 'american_bulldog_2']) {
      await picture(`oxford-iiit-pet/images/${name}.jpg`, 60, [2, 2]);
      await indexed(`oxford-iiit-pet/annotations/trimaps/${name}.png`, [[1, 2], [3, 1]]); // prettier-ignore
    }
    const data = new datasets.OxfordIIITPet(folder);
    expect([data.classes, data.classToIdx]).toEqual([['Abyssinian', 'American Bulldog'], { Abyssinian: 0, 'American Bulldog': 1 }]); // prettier-ignore
    expect((await data.at(1))[1]).toBe(1);
    const several = new datasets.OxfordIIITPet(folder, { targetTypes: ['binary-category', 'segmentation'] });
    const [binary, trimap] = (await several.at(1))[1] as [number, torch.Tensor];
    expect([binary, trimap.tolist()]).toEqual([1, [[[1, 2], [3, 1]]]]); // prettier-ignore
    const transforms = new v2.RandomHorizontalFlip({ p: 1 });
    const wrapped = datasets.wrapDatasetForTransformsV2(new datasets.OxfordIIITPet(folder, { targetTypes: 'segmentation', transforms }));
    expect(((await wrapped.at(0))[1] as torch.Tensor).tolist()).toEqual([[[2, 1], [1, 3]]]); // prettier-ignore
    expect(() => new datasets.OxfordIIITPet(join(folder, 'none'))).toThrow('Dataset not found.');
    expect(() => new datasets.OxfordIIITPet(folder, { split: 'val' as never })).toThrow("Unknown value 'val' for argument split.");
  });
});

describe('arguments', () => {
  test('name their folder', async () => {
    const root = join(folder, 'none');
    expect(() => new datasets.MNIST({ root, train: true })).toThrow('Dataset not found');
    expect(() => new datasets.FashionMNIST({ root, download: true })).toThrow('await vision.datasets.FashionMNIST.open(root');
    expect(() => new datasets.EMNIST({ root, split: 'letters' })).toThrow('Dataset not found');
    expect(() => new datasets.QMNIST({ root, what: 'test' })).toThrow('Dataset not found');
    expect(() => new datasets.CIFAR10({ root, train: false })).toThrow('Dataset not found or corrupted');
    expect(() => new datasets.SVHN({ root, split: 'extra' })).toThrow('Dataset not found or corrupted');
    await expect(datasets.CIFAR100.open({ root })).rejects.toThrow('Dataset not found or corrupted');
    expect(() => new datasets.MNIST({ train: true } as never)).toThrow("MNIST() missing 1 required positional argument: 'root'");
  });

  test('of FakeData go by position or by name', () => {
    const transform = (image: torch.Tensor) => image.float();
    const fake = new datasets.FakeData(6, [1, 2, 3], 4, transform);
    const named = new datasets.FakeData({ size: 6, imageSize: [1, 2, 3], numClasses: 4, transform });
    const [[image, target], [again, same]] = [fake.at(2), named.at(2)] as [torch.Tensor, number][];
    expect([fake.length, [...image.shape], image.dtype, image.equal(again), target]).toEqual([6, [1, 2, 3], torch.float32, true, same]);
    expect(() => fake.at(6)).toThrow('FakeData index out of range');
  });
});
