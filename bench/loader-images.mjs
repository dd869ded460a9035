// Compressed pictures that workers decode.
import { deflateSync, inflateSync } from 'node:zlib';
import * as torch from 'typetorch';

const SIZE = 3 * 256 * 256;
// Noise of few bits over a slope: like a photograph, it takes Huffman codes rather than copies of what came before.
let noise = 1;
const picture = deflateSync(
  Uint8Array.from({ length: SIZE }, (_, i) => {
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    return 96 + i / 4096 + (noise >>> 28);
  }),
);

/** Decodes one picture. */
export const decode = () => inflateSync(picture);

export class Pictures extends torch.utils.data.Dataset {
  length = 256;

  workerSource() {
    return { module: import.meta.url, export: 'Pictures' };
  }

  at(index) {
    let pixels;
    for (let i = 0; i < 4; i++) pixels = decode();
    return [torch.asTensor(pixels).view(3, 256, 256), index];
  }
}
