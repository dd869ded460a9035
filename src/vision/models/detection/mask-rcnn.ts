/** Mask R-CNN. https://pytorch.org/vision/stable/models/mask_rcnn.html */
import * as torch from '../../../index.js';
import { bind } from '../../arguments.js';
import { Conv2dNormActivation, type Layer, type NormLayer } from '../../ops/misc.js';
import type { MultiScaleRoIAlign } from '../../ops/pyramid.js';
import {
  channelsOf,
  type DetectorArgs,
  FasterRCNN,
  fasterNames,
  type FasterRCNNOptions,
  kaimingStart,
  pyramidPool,
} from './faster-rcnn.js';
import type { DetectionBackbone } from './backbone.js';

const { nn } = torch;

export interface MaskRCNNOptions extends FasterRCNNOptions {
  maskRoiPool?: MultiScaleRoIAlign | null;
  maskHead?: Layer | null;
  maskPredictor?: Layer | null;
}

/** Convolutions with ReLU. */
export class MaskRCNNHeads extends nn.Sequential {
  constructor(inChannels: number, layers: readonly number[], dilation: number, normLayer: NormLayer | null = null) {
    const inputs = [inChannels, ...layers];
    super(...layers.map((out, i) => new Conv2dNormActivation(inputs[i], out, { kernelSize: 3, padding: dilation, dilation, normLayer })));
    kaimingStart(this);
  }
}

/**
 * Features (N, inChannels, M, M) to logits (N, numClasses, 2 M, 2 M): what is replaced to find masks of other classes.
 * https://pytorch.org/tutorials/intermediate/torchvision_tutorial.html
 * @example new vision.models.detection.MaskRCNNPredictor(8, 4, 3)(torch.rand(2, 8, 14, 14)).shape  // torch.Size([2, 3, 28, 28])
 */
export class MaskRCNNPredictor extends nn.Sequential {
  constructor(inChannels: number, dimReduced: number, numClasses: number) {
    super({
      conv5_mask: new nn.ConvTranspose2d(inChannels, dimReduced, 2, 2, 0),
      relu: new nn.ReLU({ inplace: true }),
      mask_fcn_logits: new nn.Conv2d(dimReduced, numClasses, 1, 1, 0),
    });
    for (const [name, parameter] of this.namedParameters())
      if (name.includes('weight')) nn.init.kaimingNormal_(parameter, { mode: 'fan_out', nonlinearity: 'relu' });
  }
}

/**
 * "Mask R-CNN" (He et al., 2017): a Faster R-CNN that gives `masks` as well, probabilities (N, 1, H, W). Targets need `masks` (N, H, W), and
 * there is a `lossMask`. https://pytorch.org/vision/stable/models/mask_rcnn.html
 * @throws Error where targets hold no masks
 * @example const build = () => vision.models.detection.maskrcnnResnet50Fpn({ numClasses: 3 }) instanceof vision.models.detection.MaskRCNN;
 */
export class MaskRCNN extends FasterRCNN {
  constructor(backbone: DetectionBackbone, ...args: DetectorArgs<MaskRCNNOptions>) {
    const names = `${fasterNames}, maskRoiPool, maskHead, maskPredictor`;
    const { maskRoiPool, maskHead, maskPredictor, ...given } = bind<MaskRCNNOptions>('MaskRCNN', names, args);
    if (maskPredictor && typeof given.numClasses === 'number')
      throw new Error('num_classes should be None when mask_predictor is specified');
    const roiPool = maskRoiPool ?? pyramidPool(14);
    const head = maskHead ?? (new MaskRCNNHeads(channelsOf(backbone), [256, 256, 256, 256], 1) as unknown as Layer);
    const predictor = maskPredictor ?? (new MaskRCNNPredictor(256, 256, given.numClasses!) as unknown as Layer);
    super(backbone, given, { mask: { roiPool, head, predictor } });
  }
}
