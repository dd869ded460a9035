// JPEGs that workers decode.
import { join } from 'node:path';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

export const PICTURES = 256;
const [HEIGHT, WIDTH] = [375, 500];

/** Smooth colours under noise, as photographs are. */
function photograph() {
  const coarse = torch.rand(1, 3, 12, 16).mul(255);
  const smooth = torch.nn.functional.interpolate(coarse, { size: [HEIGHT, WIDTH], mode: 'bilinear' });
  return smooth
    .add(torch.randn(1, 3, HEIGHT, WIDTH).mul(8))
    .clamp(0, 255)
    .byte()
    .squeeze(0);
}

export async function writeJpegs(folder) {
  torch.manualSeed(0);
  for (let i = 0; i < PICTURES; i++) await vision.io.writeJpeg(photograph(), join(folder, `${String(i).padStart(3, '0')}.jpg`));
}

class Jpegs extends vision.datasets.ImageFolder {
  workerSource() {
    return { module: import.meta.url, export: 'openJpegs', args: [this.root] };
  }
}

export const openJpegs = (folder) => new Jpegs(folder);
