import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { io, utils } = vision;

interface Described {
  file: string;
  size: [width: number, height: number];
  mode: string;
  pixels: string;
  gray?: string;
}

const described = JSON.parse(readFileSync(new URL('fixtures/images.json', import.meta.url), 'utf8')) as Record<string, Described>;
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/** (C, H, W) of what Pillow found. */
function expectedImage({ size: [width, height], mode, pixels }: Described): torch.Tensor {
  return torch.tensor(bytes(pixels)).reshape(height, width, mode.length).permute(2, 0, 1);
}

const hasSharp = await import('sharp' as string).then(
  () => true,
  () => false,
);

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'typetorch-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const named = (kind: string) => Object.entries(described).filter(([name]) => name.startsWith(kind));

describe('PNG', () => {
  test.each(named('png'))('%s is decoded as by Pillow', async (_, each) => {
    expect((await io.decodeImage(bytes(each.file))).tolist()).toEqual(expectedImage(each).tolist());
  });

  test('comes with the wanted channels', async () => {
    const { file, gray, size } = described['png RGB'];
    expect((await io.decodeImage(bytes(file), 'GRAY')).flatten().tolist()).toEqual([...bytes(gray!)]);
    const rgba = await io.decodeImage(torch.tensor(bytes(file)), { mode: 'RGBA' });
    expect([...rgba.shape]).toEqual([4, size[1], size[0]]);
    expect(rgba.select(0, 3).min().item()).toBe(255);
    expect([...(await io.decodeImage(bytes(described['png LA'].file), 'RGB')).shape]).toEqual([3, size[1], size[0]]);
    await expect(io.decodeImage(bytes(file), 'CMYK' as never)).rejects.toThrow("'CMYK' is not a valid ImageReadMode");
  });

  test.each([1, 3])('of %d channels survives writing and reading', async (channels) => {
    const image = torch.randint(0, 256, [channels, 13, 17], { dtype: torch.uint8 });
    const path = join(folder, `${channels}.png`);
    await io.writePng(image, path);
    expect((await io.readImage(path)).equal(image)).toBe(true);
    expect((await io.decodePng(await io.encodePng(image, 0))).equal(image)).toBe(true);
    expect(io.readFile(path).shape[0]).toBe(readFileSync(path).length);
  });

  test('that is broken is refused', async () => {
    const file = bytes(described['png RGB'].file);
    for (let length = 8; length < file.length - 12; length += 7)
      await expect(io.decodeImage(file.subarray(0, length))).rejects.toThrow(/The PNG file is invalid|unexpected end of file/);
    const huge = file.slice();
    new DataView(huge.buffer).setUint32(16, 2 ** 30);
    await expect(io.decodeImage(huge)).rejects.toThrow('The PNG file is invalid');
    const other = file.slice();
    other[25] = 5;
    await expect(io.decodeImage(other)).rejects.toThrow('it has an unknown colour type');
    await expect(io.decodeImage(new Uint8Array())).rejects.toThrow('Expected a non empty 1-dimensional tensor');
    await expect(io.encodePng(torch.rand(3, 4, 4))).rejects.toThrow('Input tensor dtype should be uint8');
    await expect(io.encodePng(torch.zeros(2, 4, 4, { dtype: torch.uint8 }))).rejects.toThrow(
      'The number of channels should be 1 or 3, got: 2',
    );
  });

  test('is what saveImage writes', async () => {
    const path = join(folder, 'grid.png');
    const images = torch.rand(4, 1, 5, 5);
    await utils.saveImage(images, path, { nrow: 2 });
    const grid = utils.makeGrid(images, { nrow: 2 }).mul(255).add(0.5).to(torch.uint8);
    expect((await io.readImage(path)).equal(grid)).toBe(true);
    await expect(utils.saveImage(images, join(folder, 'grid.xyz'))).rejects.toThrow('unknown file extension: .xyz');
  });
});

describe('JPEG', () => {
  test.each(named('jpeg'))('%s is decoded as by Pillow', async (_, each) => {
    expect((await io.decodeJpeg(bytes(each.file))).tolist()).toEqual(expectedImage(each).tolist());
  });

  test('several at once do not disturb each other', async () => {
    const names = ['jpeg RGB', 'jpeg L', 'jpeg progressive', 'jpeg RGB'];
    const decoded = await Promise.all(names.map((name) => io.decodeJpeg(bytes(described[name].file))));
    expect(decoded.map((image) => image.tolist())).toEqual(names.map((name) => expectedImage(described[name]).tolist()));
  });

  // sharp decodes as far as it can where it is there.
  test('that is broken is refused, or decoded as far as it goes, and the next one is whole', async () => {
    const file = bytes(described['jpeg RGB'].file);
    torch.manualSeed(0);
    for (let i = 0; i < 60; i++) {
      const broken = file.slice();
      const [at, byte] = torch.randint(0, file.length, [2]).tolist() as number[];
      broken[at] = byte;
      const found = await io.decodeImage(i % 2 === 0 ? broken : broken.subarray(0, at + 1)).catch((error: Error) => error);
      if (found instanceof Error) expect(found.message).not.toBe('');
      else expect(found.ndim).toBe(3);
    }
    expect((await io.decodeJpeg(file)).tolist()).toEqual(expectedImage(described['jpeg RGB']).tolist());
  });

  test('that claims to be huge is refused', async () => {
    const huge = bytes(described['jpeg RGB'].file);
    const frame = Buffer.from(huge.buffer).indexOf(Buffer.from([0xff, 0xc0]));
    new DataView(huge.buffer).setUint32(frame + 5, 0xfff0fff0);
    await expect(io.decodeJpeg(huge)).rejects.toThrow(/VipsJpeg|package sharp/);
  });

  test.runIf(hasSharp)('in CMYK is decoded as by Pillow', async () => {
    const { cmyk } = described;
    expect((await io.decodeJpeg(bytes(cmyk.file), 'RGB')).tolist()).toEqual(expectedImage(cmyk).tolist());
    expect([...(await io.decodeJpeg(bytes(cmyk.file))).shape]).toEqual([4, cmyk.size[1], cmyk.size[0]]);
  });

  test.runIf(hasSharp)('survives writing and reading, nearly', async () => {
    const smooth = torch.linspace(0, 255, 64).reshape(1, 8, 8).expand(3, 8, 8).to(torch.uint8);
    const path = join(folder, 'smooth.jpg');
    await io.writeJpeg(smooth, path, 95);
    expect((await io.readImage(path)).double().sub(smooth.double()).abs().max().item()).toBeLessThan(12);
    await expect(io.decodeImage(readFileSync(path).subarray(0, 200))).rejects.toThrow(/VipsJpeg|premature/i);
  });

  test.runIf(!hasSharp)('asks for sharp where it is missing', async () => {
    await expect(io.decodeImage(bytes(described.cmyk.file))).rejects.toThrow('needs the package sharp: npm install sharp');
  });
});

describe('EXIF', () => {
  test.each(named('exif'))('%s is turned as by Pillow', async (_, each) => {
    const turned = await io.decodeImage(bytes(each.file), { applyExifOrientation: true });
    expect(turned.tolist()).toEqual(expectedImage(each).tolist());
    expect([...(await io.decodeImage(bytes(each.file))).shape]).toEqual([3, 9, 11]);
  });

  test('that is cut off or points outside leaves the image as it is', async () => {
    const file = bytes(described['exif 6 png'].file);
    const at = Buffer.from(file.buffer).indexOf('eXIf') + 4;
    for (let offset = 0; offset < 26; offset++) {
      const broken = file.slice();
      broken[at + offset] = 0xff;
      const { shape } = await io.decodeImage(broken, { applyExifOrientation: true });
      expect([[3, 9, 11], [3, 11, 9]]).toContainEqual([...shape]); // prettier-ignore
    }
  });
});
