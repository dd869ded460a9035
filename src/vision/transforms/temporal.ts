/** Transforms of the frames of videos. https://pytorch.org/vision/stable/transforms.html#temporal */
import type * as torch from '../../index.js';
import { bind, type Call } from '../arguments.js';
import * as F from './functional/index.js';
import { Transform } from './transform.js';

/**
 * Takes frames as far apart as possible. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.UniformTemporalSubsample.html
 * @example new v2.UniformTemporalSubsample(4)(new tvTensors.Video(torch.zeros(10, 3, 4, 4))).shape  // torch.Size([4, 3, 4, 4])
 */
export class UniformTemporalSubsample extends Transform {
  readonly numSamples: number;

  constructor(...args: Call<[numSamples: number], [], { numSamples: number }>) {
    super();
    this.numSamples = bind<{ numSamples: number }>('UniformTemporalSubsample', 'numSamples!', args).numSamples;
  }

  protected transform(video: torch.Tensor): torch.Tensor {
    return F.uniformTemporalSubsample(video, this.numSamples);
  }
}
