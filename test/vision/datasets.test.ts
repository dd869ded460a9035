import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';
import { FileServer } from './server.js';

const { datasets } = vision;
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

const server = new FileServer();
let folder: string;
beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'typetorch-'));
  server.files.clear();
  server.requests.length = 0;
  server.cuts.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file of the IDX format. */
function idx(sizes: readonly number[], bytes: Uint8Array, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, type, sizes.length]);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, bytes]);
}

const pixels = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 7) % 256);

class Digits extends datasets.MNIST {}

/** Serves four gzipped files in the form of MNIST, with 5 images for training and 3 for the test. */
function serveDigits(): void {
  const resources = [
    ['train', 5],
    ['t10k', 3],
  ].flatMap(([part, count]) => {
    const n = count as number;
    return [
      [`${part}-images-idx3-ubyte.gz`, gzipSync(idx([n, 28, 28], pixels(n * 784)))] as const,
      [
        `${part}-labels-idx1-ubyte.gz`,
        gzipSync(
          idx(
            [n],
            Uint8Array.from({ length: n }, (_, i) => i * 2),
          ),
        ),
      ] as const,
    ];
  });
  for (const [name, bytes] of resources) server.files.set(name, bytes);
  Digits.source = { mirrors: [server.url], resources: resources.map(([name, bytes]) => [name, md5(bytes)] as const) };
}

const open = ({ train = true }: { train?: boolean } = {}) => Digits.open(folder, train, { download: true, progress: false });

describe('MNIST', () => {
  test('is downloaded, unpacked and read', async () => {
    serveDigits();
    const train = await open();
    expect(train.length).toBe(5);
    expect(train.targets.tolist()).toEqual([0, 2, 4, 6, 8]);
    const [image, target] = train.at(1) as [torch.Tensor, number];
    expect([...image.shape]).toEqual([1, 28, 28]);
    expect(image.dtype).toBe(torch.uint8);
    expect(image.flatten().select(0, 3).item()).toBe(((784 + 3) * 7) % 256);
    expect(target).toBe(2);
    expect(String(train)).toBe(`Dataset Digits\n    Number of datapoints: 5\n    Root location: ${folder}\n    Split: Train`);
    expect((await open({ train: false })).length).toBe(3);
    expect(server.requests.length).toBe(4);
    expect(train.classToIdx['3 - three']).toBe(3);
  });

  test('is there without a download the next time, and batches', async () => {
    serveDigits();
    await open();
    const transform = new vision.transforms.ToTensor();
    const train = new Digits(folder, true, transform, (target) => target + 1);
    const [images, targets] = [...new torch.utils.data.DataLoader(train, { batchSize: 5 })][0];
    expect([...images.shape]).toEqual([5, 1, 28, 28]);
    expect(images.dtype).toBe(torch.float32);
    expect(targets.tolist()).toEqual([1, 3, 5, 7, 9]);
  });

  test('says what is missing', () => {
    expect(() => new datasets.MNIST(folder)).toThrow('Dataset not found. You can use download=True to download it');
    expect(() => new datasets.MNIST(folder, { download: true })).toThrow('await vision.datasets.MNIST.open(root, { download: true })');
    expect(() => new datasets.EMNIST(folder, 'capitals' as never)).toThrow("Unknown value 'capitals' for argument split.");
  });

  test('goes on where a download was interrupted', async () => {
    serveDigits();
    server.cuts.push(40, 30);
    const train = await open();
    expect(train.length).toBe(5);
    const [first, second, third] = server.requests;
    expect(first).toBe('/train-images-idx3-ubyte.gz');
    expect(second).toBe('/train-images-idx3-ubyte.gz bytes=40-');
    expect(third).toBe('/train-images-idx3-ubyte.gz bytes=70-');
  });

  test('keeps what came when it gives up', async () => {
    serveDigits();
    server.cuts.push(40, 30, 20);
    await expect(open()).rejects.toThrow('Error downloading train-images-idx3-ubyte.gz');
    const raw = join(folder, 'Digits', 'raw');
    expect(readdirSync(raw)).toEqual(['train-images-idx3-ubyte.gz.part']);
    expect((await open()).length).toBe(5);
    expect(server.requests[3]).toBe('/train-images-idx3-ubyte.gz bytes=90-');
  });

  test('refuses files with a wrong checksum, and tries the next mirror', async () => {
    serveDigits();
    const name = 'train-images-idx3-ubyte.gz';
    const good = server.files.get(name)!;
    server.files.set(name, gzipSync('something else'));
    await expect(open()).rejects.toThrow('File not found or corrupted');
    expect(readdirSync(join(folder, 'Digits', 'raw'))).toEqual([]);
    server.files.set(`mirror/${name}`, good);
    for (const [file, bytes] of [...server.files]) server.files.set(`mirror/${file}`, file === name ? good : bytes);
    Digits.source = { ...Digits.source, mirrors: [server.url, `${server.url}mirror/`] };
    expect((await open()).length).toBe(5);
  });

  test('refuses files that are cut short', async () => {
    serveDigits();
    await open();
    const file = join(folder, 'Digits', 'raw', 'train-images-idx3-ubyte');
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    expect(() => new Digits(folder)).toThrow('the IDX file should hold 5 x 28 x 28 numbers but has 100 bytes');
    writeFileSync(file, 'nonsense');
    expect(() => new Digits(folder)).toThrow('this is no IDX file');
  });
});

test('QMNIST reads its labels of eight numbers', async () => {
  const labels = Buffer.alloc(4 * 8 * 4);
  [3, 1, 4, 1].forEach((label, i) => labels.writeInt32BE(label, 32 * i));
  const files = {
    'qmnist-train-images-idx3-ubyte.gz': idx([4, 28, 28], pixels(4 * 784)),
    'qmnist-train-labels-idx2-int.gz': idx([4, 8], labels, 12),
  };
  const packed = Object.entries(files).map(([name, bytes]) => [name, gzipSync(bytes)] as const);
  for (const [name, bytes] of packed) server.files.set(name, bytes);
  datasets.QMNIST.mirrors = [server.url];
  datasets.QMNIST.resources = { ...datasets.QMNIST.resources, train: packed.map(([name, bytes]) => [name, md5(bytes)] as const) };
  const train = await datasets.QMNIST.open(folder, { download: true, progress: false });
  expect([0, 1, 2, 3].map((i) => (train.at(i) as [torch.Tensor, number])[1])).toEqual([3, 1, 4, 1]);
  expect([...train.targets.shape]).toEqual([4, 8]);
});

/** A zip archive of small files, compressed and not by turns. */
function zip(files: Record<string, Uint8Array>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  for (const [i, [name, bytes]] of Object.entries(files).entries()) {
    const packed = i % 2 === 0 ? deflateRawSync(bytes) : bytes;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(i % 2 === 0 ? 8 : 0, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const offset = Buffer.alloc(4);
    offset.writeUInt32LE(locals.reduce((sum, part) => sum + part.length, 0));
    central.push(Buffer.from('PK\x01\x02\0\0', 'latin1'), fields, Buffer.alloc(10), offset, Buffer.from(name));
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), Buffer.from(packed));
  }
  const [head, directory] = [Buffer.concat(locals), Buffer.concat(central)];
  const end = Buffer.alloc(18);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(head.length, 12);
  return Buffer.concat([head, directory, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

describe('EMNIST', () => {
  const serve = (files: Record<string, Uint8Array>): void => {
    const archive = zip(files);
    server.files.set('gzip.zip', archive);
    datasets.EMNIST.url = `${server.url}gzip.zip`;
    datasets.EMNIST.md5 = md5(archive);
  };

  test('is taken out of its archive, one split of many', async () => {
    const files = Object.fromEntries(
      ['letters', 'digits'].flatMap((split) =>
        ['train', 'test'].flatMap((part) => [
          [`gzip/emnist-${split}-${part}-images-idx3-ubyte.gz`, gzipSync(idx([2, 28, 28], pixels(2 * 784)))],
          [`gzip/emnist-${split}-${part}-labels-idx1-ubyte.gz`, gzipSync(idx([2], Uint8Array.from([1, 26])))],
        ]),
      ),
    );
    serve({ ...files, 'gzip/readme.txt': Buffer.from('hello') });
    const letters = await datasets.EMNIST.open(folder, 'letters', { train: false, download: true, progress: false });
    expect(letters.targets.tolist()).toEqual([1, 26]);
    expect(letters.classes[(letters.at(1) as [torch.Tensor, number])[1]]).toBe('z');
    expect(new datasets.EMNIST(folder, 'letters').length).toBe(2);
    expect(() => new datasets.EMNIST(folder, 'digits')).toThrow('Dataset not found.');
    expect(readdirSync(join(folder, 'EMNIST', 'raw')).some((name) => name.includes('digits'))).toBe(false);
  });

  test('from an archive that lies is refused', async () => {
    const images = { 'gzip/emnist-digits-train-images-idx3-ubyte.gz': gzipSync('x') };
    const archive = zip(images);
    archive.writeUInt32LE(5, archive.indexOf('PK\x01\x02', 0, 'latin1') + 24);
    server.files.set('gzip.zip', archive);
    datasets.EMNIST.url = `${server.url}gzip.zip`;
    datasets.EMNIST.md5 = md5(archive);
    await expect(datasets.EMNIST.open(folder, 'digits', { download: true, progress: false })).rejects.toThrow(
      /buffer|should have 5 bytes/i,
    );
  });
});

/** A tar archive of small files. */
function tar(files: Record<string, Uint8Array>): Buffer {
  const members = Object.entries(files).map(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(bytes.length.toString(8).padStart(11, '0') + '\0', 124);
    header.write('0', 156);
    header.write('ustar\0', 257);
    return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  });
  return Buffer.concat([...members, Buffer.alloc(1024)]);
}

/** Records of a class and the pixels of an image, as CIFAR has them. */
const records = (classes: readonly number[][]): Buffer =>
  Buffer.concat(classes.map((bytes, i) => Buffer.concat([Buffer.from(bytes), pixels(3072).map((p) => (p + i) % 256)])));

const short = (text: string): Buffer => Buffer.concat([Buffer.from([0x55, text.length]), Buffer.from(text)]); // SHORT_BINSTRING
const int16 = (n: number): Buffer => Buffer.from([0x4d, n & 255, n >> 8]); // BININT2

/** A Python 2 pickle of a dict. */
const pickledDict = (items: Record<string, Buffer>): Buffer =>
  Buffer.concat([
    Buffer.from([0x80, 2, 0x7d, 0x71, 1, 0x28]),
    ...Object.entries(items).flatMap(([key, value]) => [short(key), value]),
    Buffer.from('u.'),
  ]);

const pickledList = (items: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from(']('), ...items, Buffer.from('e')]);

/** A Python 2 pickle of a NumPy array of bytes, of two dims. */
function pickledArray(rows: number, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([
    Buffer.from('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01', 'latin1'),
    int16(rows),
    int16(data.length / rows),
    Buffer.from('\x86cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T', 'latin1'),
    length,
    data,
    Buffer.from('tb'),
  ]);
}

const pickledBatch = (key: string, labels: readonly number[]): Buffer =>
  pickledDict({
    batch_label: short('a batch'),
    [key]: pickledList(labels.map(int16)),
    data: pickledArray(labels.length, Buffer.concat(labels.map((_, i) => pixels(3072).map((p) => (p + i) % 256)))),
    filenames: pickledList(labels.map((n) => short(`${n}.png`))),
  });

describe('CIFAR', () => {
  class SmallCIFAR10 extends datasets.CIFAR10 {}
  class SmallCIFAR100 extends datasets.CIFAR100 {}

  /** Lets a class download an archive in the version of `folder`. */
  const serve = (kind: typeof SmallCIFAR10, version: string, files: Record<string, Uint8Array>): void => {
    const archive = gzipSync(tar(files));
    server.files.set('cifar.tar.gz', archive);
    const layout = datasets[kind === SmallCIFAR100 ? 'CIFAR100' : 'CIFAR10'].layouts.find((each) => each.folder === version)!;
    kind.layouts = [{ ...layout, url: `${server.url}cifar.tar.gz`, md5: md5(archive) }];
  };

  test('10 is downloaded, unpacked and read from its pickles', async () => {
    const batches = [1, 2, 3, 4, 5].map((i) => [`cifar-10-batches-py/data_batch_${i}`, pickledBatch('labels', [i, 9])] as const);
    const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    serve(SmallCIFAR10, 'cifar-10-batches-py', {
      ...Object.fromEntries(batches),
      'cifar-10-batches-py/test_batch': pickledBatch('labels', [7]),
      'cifar-10-batches-py/batches.meta': pickledDict({ label_names: pickledList(names.map(short)), num_vis: int16(3072) }),
    });
    const train = await SmallCIFAR10.open(folder, { download: true, progress: false });
    expect(train.targets).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    const [image, target] = train.at(1) as [torch.Tensor, number];
    expect([[...image.shape], image.dtype]).toEqual([[3, 32, 32], torch.uint8]);
    expect(image.flatten().narrow(0, 0, 3).tolist()).toEqual([1, 8, 15]);
    expect(train.classes[target]).toBe('truck');
    expect(new datasets.CIFAR10(folder, { train: false }).targets).toEqual([7]);
  });

  test('100 is read from its pickles', async () => {
    serve(SmallCIFAR100, 'cifar-100-python', {
      'cifar-100-python/train': pickledBatch('fine_labels', [2, 1]),
      'cifar-100-python/test': pickledBatch('fine_labels', [0]),
      'cifar-100-python/meta': pickledDict({ fine_label_names: pickledList(['apple', 'aquarium_fish', 'baby'].map(short)) }),
    });
    const train = await SmallCIFAR100.open(folder, { download: true, progress: false });
    expect(train.targets.map((n) => train.classes[n])).toEqual(['baby', 'aquarium_fish']);
  });

  test('pickles that would run something are refused', async () => {
    const hostile = Buffer.from('\x80\x02cposix\nsystem\nU\x04true\x85R.', 'latin1');
    const all = ['train', 'test', 'meta'].map((name) => [`cifar-100-python/${name}`, hostile] as const);
    serve(SmallCIFAR100, 'cifar-100-python', Object.fromEntries(all));
    await expect(SmallCIFAR100.open(folder, { download: true, progress: false })).rejects.toThrow('module posix is blocked');
  });

  test('10 is read from its binary version', async () => {
    const batches = [1, 2, 3, 4, 5].map((i) => [`cifar-10-batches-bin/data_batch_${i}.bin`, records([[i], [9]])] as const);
    const names = Buffer.from('airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n');
    serve(SmallCIFAR10, 'cifar-10-batches-bin', {
      ...Object.fromEntries(batches),
      'cifar-10-batches-bin/test_batch.bin': records([[7]]),
      'cifar-10-batches-bin/batches.meta.txt': names,
    });
    const train = await SmallCIFAR10.open(folder, { download: true, progress: false });
    expect(train.targets).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    const [image, target] = train.at(1) as [torch.Tensor, number];
    expect([...image.shape]).toEqual([3, 32, 32]);
    expect(image.flatten().narrow(0, 0, 3).tolist()).toEqual([1, 8, 15]);
    expect(train.classes[target]).toBe('truck');
    expect(new SmallCIFAR10(folder, { train: false }).targets).toEqual([7]);
  });

  test('100 has the fine classes', async () => {
    serve(SmallCIFAR100, 'cifar-100-binary', {
      'cifar-100-binary/train.bin': records([[3, 42]]),
      'cifar-100-binary/test.bin': records([[1, 2]]),
      'cifar-100-binary/fine_label_names.txt': Buffer.from('apple\naquarium_fish\nbaby\n'),
    });
    const train = await SmallCIFAR100.open(folder, { download: true, progress: false });
    expect(train.targets).toEqual([42]);
    expect(train.classes).toEqual(['apple', 'aquarium_fish', 'baby']);
  });

  test('archives may not write outside of their folder, nor lie about lengths', async () => {
    serve(SmallCIFAR10, 'cifar-10-batches-bin', { '../outside.bin': Buffer.from('x') });
    await expect(SmallCIFAR10.open(folder, { download: true, progress: false })).rejects.toThrow(
      "'../outside.bin', which lies outside of its folder",
    );
    expect(existsSync(join(folder, '..', 'outside.bin'))).toBe(false);
    const lying = tar({ a: Buffer.from('x') });
    lying.write('77777777777\0', 124);
    const archive = gzipSync(lying);
    server.files.set('cifar.tar.gz', archive);
    SmallCIFAR10.layouts = [{ ...SmallCIFAR10.layouts[0], md5: md5(archive) }];
    rmSync(join(folder, 'cifar.tar.gz'));
    await expect(SmallCIFAR10.open(folder, { download: true, progress: false })).rejects.toThrow('the tar archive is cut short or corrupt');
  });
});

/** An element of a MAT file. */
function matElement(type: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
}

function matMatrix(name: string, sizes: readonly number[], type: number, content: Uint8Array): Buffer {
  const dims = Buffer.alloc(4 * sizes.length);
  sizes.forEach((size, i) => dims.writeInt32LE(size, 4 * i));
  const parts = [matElement(6, Buffer.alloc(8)), matElement(5, dims), matElement(1, Buffer.from(name)), matElement(type, content)];
  return matElement(14, Buffer.concat(parts));
}

describe('SVHN', () => {
  const header = Buffer.alloc(128);
  header.write('MATLAB 5.0 MAT-file', 0);
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);

  const compressed = (matrix: Buffer): Buffer => {
    const packed = deflateSync(matrix);
    const element = Buffer.alloc(8);
    element.writeUInt32LE(15, 0);
    element.writeUInt32LE(packed.length, 4);
    return Buffer.concat([element, packed]);
  };

  test('is downloaded and read from its MAT file', async () => {
    const count = 2;
    const data = pixels(32 * 32 * 3 * count);
    const file = Buffer.concat([
      header,
      compressed(matMatrix('X', [32, 32, 3, count], 2, data)),
      compressed(matMatrix('y', [count, 1], 2, Uint8Array.from([10, 7]))),
    ]);
    server.files.set('test_32x32.mat', file);
    datasets.SVHN.url = server.url;
    datasets.SVHN.md5 = { ...datasets.SVHN.md5, test: md5(file) };
    const test_ = await datasets.SVHN.open(folder, { split: 'test', download: true, progress: false });
    expect(test_.labels).toEqual([0, 7]);
    const [image] = test_.at(1) as [torch.Tensor, number];
    const [channel, y, x] = [2, 5, 9];
    expect(image.select(0, channel).select(0, y).select(0, x).item()).toBe(data[y + 32 * (x + 32 * (channel + 3))]);
    writeFileSync(join(folder, 'test_32x32.mat'), file.subarray(0, 300));
    expect(() => new datasets.SVHN(folder, { split: 'test' })).toThrow('Dataset not found or corrupted.');
    datasets.SVHN.md5.test = md5(file.subarray(0, 300));
    expect(() => new datasets.SVHN(folder, { split: 'test' })).toThrow('the MAT file is cut short or corrupt');
  });
});

describe('folders', () => {
  const write = (path: string, content: Uint8Array | string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };

  test('are classes of images', async () => {
    for (const [name, value] of [
      ['cat/b.png', 10],
      ['cat/a.png', 20],
      ['cat/more/c.png', 30],
      ['dog/z.png', 40],
    ] as const) {
      const image = torch.full([3, 4, 5], value, { dtype: torch.uint8 });
      write(name, (await vision.io.encodePng(image)).toTypedArray() as Uint8Array);
    }
    write('cat/notes.txt', 'not an image');
    const images = new datasets.ImageFolder(folder, { transform: (image) => image.float().div(10) });
    expect(images.classes).toEqual(['cat', 'dog']);
    expect(images.classToIdx).toEqual({ cat: 0, dog: 1 });
    expect(images.targets).toEqual([0, 0, 0, 1]);
    const samples = await Promise.all([0, 1, 2, 3].map((i) => images.at(i)));
    expect(samples.map(([image]) => image.mean().item())).toEqual([2, 1, 3, 4]);
    const batches: number[][] = [];
    for await (const [, targets] of new torch.utils.data.DataLoader(images, { batchSize: 2 })) batches.push(targets.tolist() as number[]);
    expect(batches).toEqual([
      [0, 0],
      [0, 1],
    ]);
    const transform = new vision.transforms.v2.Compose([
      new vision.transforms.v2.Resize({ size: 2 }),
      new vision.transforms.v2.ToDtype(torch.float32),
    ]);
    const positional = new datasets.ImageFolder(folder, transform, (target) => target + 1);
    const named = new datasets.ImageFolder({ root: folder, transform });
    expect((await named.at(3))[0].equal((await positional.at(3))[0])).toBe(true);
    const [small, target] = await positional.at(3);
    expect([[...small.shape], small.dtype, target]).toEqual([[3, 2, 2], torch.float32, 2]);
    expect(String(positional)).toBe(
      `Dataset ImageFolder\n    Number of datapoints: 4\n    Root location: ${folder}\n    StandardTransform\n` +
        'Transform: Compose(\n                 Resize(size=[2], interpolation=bilinear, antialias=True)\n' +
        '                 ToDtype(scale=False)\n           )\nTarget transform: <function <lambda>>',
    );
  });

  test('of ImageNet have a folder for each split', async () => {
    const image = torch.zeros(3, 2, 2, { dtype: torch.uint8 });
    for (const wnid of ['n01440764', 'n01443537'])
      write(`val/${wnid}/x.png`, (await vision.io.encodePng(image)).toTypedArray() as Uint8Array);
    torch.save([{ n01440764: ['tench', 'Tinca tinca'], n01443537: ['goldfish'] }, []], join(folder, 'meta.bin'));
    const val = new datasets.ImageNet(folder, { split: 'val' });
    expect(val.wnids).toEqual(['n01440764', 'n01443537']);
    expect(val.classNames).toEqual([['tench', 'Tinca tinca'], ['goldfish']]);
    expect(() => new datasets.ImageNet(folder)).toThrow('must be unpacked to');
    expect(() => new datasets.ImageNet(folder, { split: 'test' as never })).toThrow("Unknown value 'test' for argument split.");
  });

  test('of any files have loaders of their own', () => {
    write('one/x.txt', '11');
    write('two/y.txt', '22');
    const loader = (path: string) => torch.tensor([Number(readFileSync(path, 'utf8'))]);
    const files = new datasets.DatasetFolder(folder, loader, { extensions: ['.txt'] });
    expect((files.at(1) as [torch.Tensor, number])[0].tolist()).toEqual([22]);
    mkdirSync(join(folder, 'three'));
    expect(() => new datasets.DatasetFolder(folder, loader, { extensions: ['.txt'] })).toThrow(
      'Found no valid file for the classes three. Supported extensions are: .txt',
    );
    expect(() => datasets.findClasses(join(folder, 'three'))).toThrow("Couldn't find any class folder in");
  });
});
