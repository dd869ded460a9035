/** Images whose values are numbers of classes. */
import * as torch from '../../index.js';
import { decodePngSamples } from '../io/png.js';
import { builtin } from '../node.js';

/** What stands in a PNG file, bytes (C, H, W): places in its palette rather than colours. */
export function readIndices(path: string): torch.Tensor {
  const { width, height, channels, data } = decodePngSamples(builtin('node:fs').readFileSync(path));
  return torch.tensor(data).reshape(height, width, channels).permute(2, 0, 1).contiguous();
}
