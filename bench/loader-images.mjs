// Compressed pictures that workers decode.
import { deflateSync, inflateSync } from 'node:zlib';
import * as torch from 'typetorch';

const SIZE = 3 * 256 * 256;
const picture = deflateSync(Uint8Array.from({ length: SIZE }, (_, i) => 128 + 100 * Math.sin(i / 50) + ((i * 7919) % 23)));

/** Decodes one picture. */
export const decode = () => inflateSync(picture);

export class Pictures extends torch.utils.data.Dataset {
  length = 256;

  workerSource() {
    return { module: import.meta.url, export: 'Pictures' };
  }

  at(index) {
    let pixels;
    for (let i = 0; i < 16; i++) pixels = decode();
    return [torch.asTensor(pixels).view(3, 256, 256), index];
  }
}
