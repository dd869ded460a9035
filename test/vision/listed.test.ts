import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';
import { folder, write } from './folder.js';

const { datasets } = vision;

async function picture(path: string, value: number): Promise<void> {
  const image = torch.full([3, 4, 5], value, { dtype: torch.uint8 });
  write(path, (await vision.io.encodePng(image)).toTypedArray() as Uint8Array);
}

/** A MATLAB file of level 5 with one row of bytes. */
function mat(name: string, values: readonly number[]): Buffer {
  const element = (type: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
  };
  const numbers = (...all: number[]): Buffer => Buffer.from(Int32Array.from(all).buffer);
  const parts = [element(6, numbers(9, 0)), element(5, numbers(1, values.length)), element(1, Buffer.from(name)), element(2, Buffer.from(values))]; // prettier-ignore
  const header = Buffer.alloc(128, 32);
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126, 'latin1');
  return Buffer.concat([header, element(14, Buffer.concat(parts))]);
}
const md5 = (file: Uint8Array): string => createHash('md5').update(file).digest('hex');

describe('files in lists', () => {
  test('of dishes', async () => {
    write('food-101/meta/train.json', JSON.stringify({ waffles: ['waffles/7'], 'apple_pie': ['apple_pie/1', 'apple_pie/2'] })); // prettier-ignore
    for (const [i, name] of ['waffles/7', 'apple_pie/1', 'apple_pie/2'].entries()) await picture(`food-101/images/${name}.jpg`, 10 * i);
    const data = new datasets.Food101({ root: folder, split: 'train' });
    expect([data.classes, data.samples.map(([, target]) => target)]).toEqual([['apple_pie', 'waffles'], [1, 0, 0]]); // prettier-ignore
    const [image, target] = await data.at(2);
    expect([image.at(0, 0, 0).item(), target, data.classToIdx.waffles]).toEqual([20, 0, 1]);
    expect(String(data)).toBe(`Dataset Food101\n    Number of datapoints: 3\n    Root location: ${folder}\n    split=train`);
    const own = new datasets.Food101(
      folder,
      'train',
      null,
      (label) => label + 5,
      false,
      () => torch.ones(1),
    );
    expect((await own.at(0))[1]).toBe(6);
    expect(() => new datasets.Food101(join(folder, 'x'))).toThrow('Dataset not found.');
    expect(() => new datasets.Food101(folder, 'val' as never)).toThrow("Unknown value 'val' for argument split.");
  });

  test('of flowers', async () => {
    const files = { 'imagelabels.mat': mat('labels', [77, 3, 1]), 'setid.mat': mat('valid', [3, 1]) };
    for (const [name, file] of Object.entries(files)) write(`flowers-102/${name}`, file);
    for (const id of [1, 3]) await picture(`flowers-102/jpg/image_0000${id}.jpg`, id);
    expect(() => new datasets.Flowers102(folder, { split: 'val' })).toThrow('Dataset not found or corrupted.');
    const known = datasets.Flowers102.md5;
    try {
      datasets.Flowers102.md5 = { ...known, 'imagelabels.mat': md5(files['imagelabels.mat']), 'setid.mat': md5(files['setid.mat']) };
      const data = new datasets.Flowers102(folder, { split: 'val' });
      const found = await Promise.all([0, 1].map((i) => data.at(i)));
      expect(found.map(([image, target]) => [image.at(0, 0, 0).item(), target])).toEqual([[3, 0], [1, 76]]); // prettier-ignore
      expect(() => new datasets.Flowers102(folder, { split: 'train' })).toThrow('Dataset not found or corrupted.');
    } finally {
      datasets.Flowers102.md5 = known;
    }
  });
});

describe('STL-10', () => {
  test('lies column by column, and has folds', () => {
    const size = 3 * 96 * 96;
    const images = (count: number, shift: number): Uint8Array =>
      Uint8Array.from({ length: count * size }, (_, i) => (i * 7 + shift + (i >> 8)) % 251);
    const train = images(3, 0);
    write('stl10_binary/train_X.bin', train);
    write('stl10_binary/train_y.bin', Uint8Array.from([1, 10, 4]));
    write('stl10_binary/unlabeled_X.bin', images(2, 9));
    write('stl10_binary/test_X.bin', images(1, 5));
    write('stl10_binary/test_y.bin', Uint8Array.from([2]));
    write('stl10_binary/fold_indices.txt', '2 0 \n1 2 \n');
    write('stl10_binary/class_names.txt', 'airplane\nbird\n');
    const data = new datasets.STL10({ root: folder });
    const [image, target] = data.at(1) as [torch.Tensor, number];
    const [channel, y, x] = [2, 5, 9];
    expect([image.at(channel, y, x).item(), target, data.length]).toEqual([train[size + (channel * 96 + x) * 96 + y], 9, 3]);
    expect(data.classes).toEqual(['airplane', 'bird']);
    expect(new datasets.STL10(folder, 'train', 1).labels).toEqual([9, 3]);
    expect(new datasets.STL10(folder, { split: 'train+unlabeled', folds: 0 }).labels).toEqual([3, 0, -1, -1]);
    expect([...new datasets.STL10(folder, 'test').data.shape]).toEqual([1, 3, 96, 96]);
    expect(() => new datasets.STL10(folder, { folds: 10 })).toThrow('Value for argument folds should be in the range [0, 10), but got 10.');
    rmSync(join(folder, 'stl10_binary/test_y.bin'));
    expect(() => new datasets.STL10(folder)).toThrow('Dataset not found or corrupted.');
  });
});
