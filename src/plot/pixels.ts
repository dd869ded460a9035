/** Small images as PNG, for pictures inside of figures. */
import { deflateSync } from 'node:zlib';

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255];
  return (crc ^ -1) >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** Encodes 8-bit RGB pixels, row by row, as a PNG file. */
export function encodePng(rgb: Uint8Array, width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (1 + 3 * width) + 1);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

type Color = readonly [number, number, number];

const viridis: Color[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];
const coolwarm: Color[] = [
  [59, 76, 192],
  [141, 176, 254],
  [221, 221, 221],
  [244, 154, 123],
  [180, 4, 38],
];

const colormaps: Record<string, Color[]> = {
  viridis,
  coolwarm,
  RdBu: [...coolwarm].reverse(),
  gray: [
    [0, 0, 0],
    [255, 255, 255],
  ],
  grayR: [
    [255, 255, 255],
    [0, 0, 0],
  ],
  Blues: [
    [247, 251, 255],
    [107, 174, 214],
    [8, 48, 107],
  ],
};

/** The color at `t` in [0, 1] of a colormap by name. */
export function colormap(name: string): (t: number) => Color {
  const stops = colormaps[name === 'gray_r' ? 'grayR' : name];
  if (!stops) throw new Error(`'${name}' is not a known colormap; supported values are ${Object.keys(colormaps).join(', ')}`);
  return (t) => {
    const x = Math.min(1, Math.max(0, t)) * (stops.length - 1);
    const i = Math.min(Math.floor(x), stops.length - 2);
    return [0, 1, 2].map((c) => Math.round(stops[i][c] + (stops[i + 1][c] - stops[i][c]) * (x - i))) as unknown as Color;
  };
}

/** A matrix, or rows of RGB triples in [0, 1], as a PNG with square pixels `scale` times as large. */
export function imagePng(
  image: readonly (readonly (number | readonly number[])[])[],
  cmap: string,
  vmin: number,
  vmax: number,
  scale: number,
): Buffer {
  const [height, width] = [image.length, image[0]?.length ?? 0];
  const color = colormap(cmap);
  const rgb = new Uint8Array(3 * width * height * scale * scale);
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const value = image[Math.floor(y / scale)][Math.floor(x / scale)];
      const pixel =
        typeof value === 'number' ? color(vmax > vmin ? (value - vmin) / (vmax - vmin) : 0) : value.map((v) => Math.round(255 * v));
      rgb.set(pixel, 3 * (y * width * scale + x));
    }
  }
  return encodePng(rgb, width * scale, height * scale);
}
