/** `vision.models.detection`: objects in images. https://pytorch.org/vision/stable/models.html#object-detection-instance-segmentation-and-person-keypoint-detection */
export { AnchorGenerator, DefaultBoxGenerator } from './anchors.js';
export { BackboneWithFPN, type DetectionBackbone, type FpnBackboneOptions, resnetFpnBackbone } from './backbone.js';
export { type Detector, FasterRCNN, type FasterRCNNOptions, FastRCNNPredictor } from './faster-rcnn.js';
export { FCOS, FCOSHead, type FCOSOptions, fcosResnet50Fpn } from './fcos.js';
export { KeypointRCNN, type KeypointRCNNOptions, KeypointRCNNPredictor } from './keypoint-rcnn.js';
export { MaskRCNN, type MaskRCNNOptions, MaskRCNNPredictor } from './mask-rcnn.js';
export {
  type DetectionBuilder,
  fasterrcnnMobilenetV3Large320Fpn,
  fasterrcnnMobilenetV3LargeFpn,
  fasterrcnnResnet50Fpn,
  fasterrcnnResnet50FpnV2,
  keypointrcnnResnet50Fpn,
  maskrcnnResnet50Fpn,
  maskrcnnResnet50FpnV2,
} from './rcnn-builders.js';
export {
  RetinaNet,
  RetinaNetHead,
  type RetinaNetHeadOptions,
  type RetinaNetOptions,
  retinanetResnet50Fpn,
  retinanetResnet50FpnV2,
} from './retinanet.js';
export { RPNHead } from './rpn.js';
export { SSD, ssd300Vgg16, SSDHead, type SSDOptions } from './ssd.js';
export { ssdlite320MobilenetV3Large, type SSDLiteOptions } from './ssdlite.js';
export type { Detection, DetectionTarget } from './transform.js';
export * from './weights.js';
