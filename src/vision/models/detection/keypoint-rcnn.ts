/** Keypoint R-CNN. https://pytorch.org/vision/stable/models/keypoint_rcnn.html */
import * as torch from '../../../index.js';
import { bind } from '../../arguments.js';
import type { Layer } from '../../ops/misc.js';
import type { MultiScaleRoIAlign } from '../../ops/pyramid.js';
import type { DetectionBackbone } from './backbone.js';
import {
  channelsOf,
  type DetectorArgs,
  FasterRCNN,
  fasterNames,
  type FasterRCNNOptions,
  kaimingStart,
  pyramidPool,
} from './faster-rcnn.js';

const { nn } = torch;
type Tensor = torch.Tensor;

export interface KeypointRCNNOptions extends FasterRCNNOptions {
  keypointRoiPool?: MultiScaleRoIAlign | null;
  keypointHead?: Layer | null;
  keypointPredictor?: Layer | null;
  numKeypoints?: number | null;
}

class KeypointRCNNHeads extends nn.Sequential {
  constructor(inChannels: number, layers: readonly number[]) {
    const inputs = [inChannels, ...layers];
    super(...layers.flatMap((out, i) => [new nn.Conv2d(inputs[i], out, 3, { padding: 1 }), new nn.ReLU({ inplace: true })]));
    kaimingStart(this);
  }
}

/**
 * Features (N, inChannels, M, M) to heat maps (N, numKeypoints, 4 M, 4 M): what is replaced to find other points.
 * https://pytorch.org/vision/stable/models/keypoint_rcnn.html
 * @example new vision.models.detection.KeypointRCNNPredictor(8, 5)(torch.rand(2, 8, 14, 14)).shape  // torch.Size([2, 5, 56, 56])
 */
export class KeypointRCNNPredictor extends nn.Module {
  kpsScoreLowres: torch.nn.ConvTranspose2d;
  readonly outChannels: number;

  constructor(inChannels: number, numKeypoints: number) {
    super();
    this.kpsScoreLowres = new nn.ConvTranspose2d(inChannels, numKeypoints, 4, { stride: 2, padding: 1 });
    nn.init.kaimingNormal_(this.kpsScoreLowres.weight, { mode: 'fan_out', nonlinearity: 'relu' });
    nn.init.zeros_(this.kpsScoreLowres.bias!);
    this.outChannels = numKeypoints;
  }

  override forward(features: Tensor): Tensor {
    const heat = this.kpsScoreLowres(features);
    return nn.functional.interpolate(heat, { scaleFactor: 2, mode: 'bilinear', alignCorners: false, recomputeScaleFactor: false });
  }
}

/**
 * A Faster R-CNN that finds key points: `keypoints` (N, K, 3) are x, y and 1, and `keypointsScores` (N, K) say how sure they are. Targets need
 * `keypoints` (N, K, 3), x, y and visibility, and there is a `lossKeypoint`. https://pytorch.org/vision/stable/models/keypoint_rcnn.html
 * @example const build = () => vision.models.detection.keypointrcnnResnet50Fpn() instanceof vision.models.detection.KeypointRCNN;
 */
export class KeypointRCNN extends FasterRCNN {
  constructor(backbone: DetectionBackbone, ...args: DetectorArgs<KeypointRCNNOptions>) {
    const names = `${fasterNames}, keypointRoiPool, keypointHead, keypointPredictor, numKeypoints`;
    const given = bind<KeypointRCNNOptions>('KeypointRCNN', names, args);
    const { keypointRoiPool, keypointHead, keypointPredictor, numKeypoints = null, ...rest } = given;
    if (keypointPredictor && numKeypoints !== null) throw new Error('num_keypoints should be None when keypoint_predictor is specified');
    const roiPool = keypointRoiPool ?? pyramidPool(14);
    const head = keypointHead ?? (new KeypointRCNNHeads(channelsOf(backbone), new Array<number>(8).fill(512)) as unknown as Layer);
    const predictor = keypointPredictor ?? new KeypointRCNNPredictor(512, numKeypoints ?? 17);
    super(backbone, { minSize: [640, 672, 704, 736, 768, 800], ...rest }, { keypoint: { roiPool, head, predictor } });
  }
}
