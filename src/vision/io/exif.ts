/** How the camera was held, from the EXIF data of JPEG and PNG files. https://www.w3.org/TR/png/#eXIf, https://www.loc.gov/preservation/digital/formats/fdd/fdd000146.shtml */
import type { Tensor } from '../../index.js';
import { isJpeg } from './jpeg.js';
import { isPng } from './png.js';

const ORIENTATION = 0x0112;
const UPRIGHT = 1;
const exifHeader = 'Exif\0\0';

const textAt = (file: Uint8Array, at: number, length: number): string => String.fromCharCode(...file.subarray(at, at + length));
const viewOf = (file: Uint8Array): DataView => new DataView(file.buffer, file.byteOffset, file.byteLength);

/** The part that `marker` FFE1 holds, of a JPEG file; its other parts up to the pixels are passed over. */
function exifOfJpeg(file: Uint8Array): Uint8Array | null {
  const view = viewOf(file);
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda; at += 2 + view.getUint16(at + 2)) {
    const isExif = file[at + 1] === 0xe1 && textAt(file, at + 4, exifHeader.length) === exifHeader;
    if (isExif) return file.subarray(at + 4 + exifHeader.length, at + 2 + view.getUint16(at + 2));
  }
  return null;
}

function exifOfPng(file: Uint8Array): Uint8Array | null {
  const view = viewOf(file);
  for (let at = 8; at + 12 <= file.length; at += 12 + view.getUint32(at))
    if (textAt(file, at + 4, 4) === 'eXIf') return file.subarray(at + 8, at + 8 + view.getUint32(at));
  return null;
}

/** 1 (upright) to 8; 1 too where the data is broken, as in torchvision. */
function orientationIn(exif: Uint8Array): number {
  const view = viewOf(exif);
  const isLittleEndian = textAt(exif, 0, 2) === 'II';
  const short = (at: number): number => (at + 2 <= exif.length ? view.getUint16(at, isLittleEndian) : 0);
  const directory = exif.length >= 8 ? view.getUint32(4, isLittleEndian) : 0;
  for (let i = 0; i < short(directory); i++) {
    const entry = directory + 2 + 12 * i;
    if (short(entry) === ORIENTATION) return short(entry + 8);
  }
  return UPRIGHT;
}

/** Orientation of a file: 1 to 8, 1 where it has none or is neither JPEG nor PNG. */
export function orientationOf(file: Uint8Array): number {
  const exif = isJpeg(file) ? exifOfJpeg(file) : isPng(file) ? exifOfPng(file) : null;
  return exif ? orientationIn(exif) : UPRIGHT;
}

const flipsOf: Record<number, number[]> = { 2: [-1], 3: [-1, -2], 4: [-2], 5: [], 6: [-1], 7: [-1, -2], 8: [-2] };

/** An image (C, H, W) that a camera took in this orientation, upright. */
export function upright(image: Tensor, orientation = UPRIGHT): Tensor {
  const flips = flipsOf[orientation];
  if (!flips) return image;
  return (orientation >= 5 ? image.transpose(-1, -2) : image).flip(flips);
}
