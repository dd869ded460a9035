/** Pretrained weights of detectors. https://pytorch.org/vision/stable/models.html#table-of-all-available-object-detection-weights */
import { ObjectDetection } from '../../transforms/presets.js';
import { registerWeights, Weights, type WeightsEnum } from '../builder.js';
import { cocoCategories, personCategories, personKeypointNames } from './coco-categories.js';

type Metrics = Readonly<Record<string, number>>;
type Facts = readonly [file: string, numParams: number, metrics: Metrics, ops: number, fileSize: number, recipe: string];

function weightsOf(
  fullName: string,
  [file, numParams, metrics, ops, fileSize, recipe]: Facts,
  isPerson: boolean,
): Weights<ObjectDetection> {
  const meta = {
    categories: isPerson ? personCategories : cocoCategories,
    ...(isPerson && { keypointNames: personKeypointNames }),
    numParams,
    minSize: [1, 1] as const,
    recipe: `https://github.com/pytorch/vision/${recipe.startsWith('#') ? `tree/main/references/detection${recipe}` : recipe}`,
    _metrics: { 'COCO-val2017': metrics },
    _ops: ops,
    _fileSize: fileSize,
  };
  return new Weights(fullName, `https://download.pytorch.org/models/${file}.pth`, meta, () => new ObjectDetection());
}

/** The last set is the default. */
function detectionWeights<K extends string>(name: string, sets: Record<K, Facts>, isPerson = false): WeightsEnum<K, ObjectDetection> {
  const made = Object.entries<Facts>(sets).map(([key, facts]) => [key, weightsOf(`${name}.${key}`, facts, isPerson)] as const);
  const members = { ...Object.fromEntries(made), DEFAULT: made[made.length - 1][1] } as Record<K | 'DEFAULT', Weights<ObjectDetection>>;
  return registerWeights(name, members);
}

/* prettier-ignore */
export const FasterRCNN_ResNet50_FPN_Weights = detectionWeights('FasterRCNN_ResNet50_FPN_Weights', {
  COCO_V1: ['fasterrcnn_resnet50_fpn_coco-258fb6c6', 41755286, { box_map: 37 }, 134.38, 159.743, '#faster-r-cnn-resnet-50-fpn'],
});
/* prettier-ignore */
export const FasterRCNN_ResNet50_FPN_V2_Weights = detectionWeights('FasterRCNN_ResNet50_FPN_V2_Weights', {
  COCO_V1: ['fasterrcnn_resnet50_fpn_v2_coco-dd69338a', 43712278, { box_map: 46.7 }, 280.371, 167.104, 'pull/5763'],
});
/* prettier-ignore */
export const FasterRCNN_MobileNet_V3_Large_FPN_Weights = detectionWeights('FasterRCNN_MobileNet_V3_Large_FPN_Weights', {
  COCO_V1: ['fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7', 19386354, { box_map: 32.8 }, 4.494, 74.239, '#faster-r-cnn-mobilenetv3-large-fpn'],
});
/* prettier-ignore */
export const FasterRCNN_MobileNet_V3_Large_320_FPN_Weights = detectionWeights('FasterRCNN_MobileNet_V3_Large_320_FPN_Weights', {
  COCO_V1: ['fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9', 19386354, { box_map: 22.8 }, 0.719, 74.239, '#faster-r-cnn-mobilenetv3-large-320-fpn'],
});
/* prettier-ignore */
export const MaskRCNN_ResNet50_FPN_Weights = detectionWeights('MaskRCNN_ResNet50_FPN_Weights', {
  COCO_V1: ['maskrcnn_resnet50_fpn_coco-bf2d0c1e', 44401393, { box_map: 37.9, mask_map: 34.6 }, 134.38, 169.84, '#mask-r-cnn'],
});
/* prettier-ignore */
export const MaskRCNN_ResNet50_FPN_V2_Weights = detectionWeights('MaskRCNN_ResNet50_FPN_V2_Weights', {
  COCO_V1: ['maskrcnn_resnet50_fpn_v2_coco-73cbd019', 46359409, { box_map: 47.4, mask_map: 41.8 }, 333.577, 177.219, 'pull/5773'],
});
/* prettier-ignore */
export const KeypointRCNN_ResNet50_FPN_Weights = detectionWeights('KeypointRCNN_ResNet50_FPN_Weights', {
  COCO_LEGACY: ['keypointrcnn_resnet50_fpn_coco-9f466800', 59137258, { box_map: 50.6, kp_map: 61.1 }, 133.924, 226.054, 'issues/1606'],
  COCO_V1: ['keypointrcnn_resnet50_fpn_coco-fc266e95', 59137258, { box_map: 54.6, kp_map: 65 }, 137.42, 226.054, '#keypoint-r-cnn'],
}, true);
/* prettier-ignore */
export const RetinaNet_ResNet50_FPN_Weights = detectionWeights('RetinaNet_ResNet50_FPN_Weights', {
  COCO_V1: ['retinanet_resnet50_fpn_coco-eeacb38b', 34014999, { box_map: 36.4 }, 151.54, 130.267, '#retinanet'],
});
/* prettier-ignore */
export const RetinaNet_ResNet50_FPN_V2_Weights = detectionWeights('RetinaNet_ResNet50_FPN_V2_Weights', {
  COCO_V1: ['retinanet_resnet50_fpn_v2_coco-5905b1c5', 38198935, { box_map: 41.5 }, 152.238, 146.037, 'pull/5756'],
});
/* prettier-ignore */
export const FCOS_ResNet50_FPN_Weights = detectionWeights('FCOS_ResNet50_FPN_Weights', {
  COCO_V1: ['fcos_resnet50_fpn_coco-99b0c9b7', 32269600, { box_map: 39.2 }, 128.207, 123.608, '#fcos-resnet-50-fpn'],
});
/* prettier-ignore */
export const SSD300_VGG16_Weights = detectionWeights('SSD300_VGG16_Weights', {
  COCO_V1: ['ssd300_vgg16_coco-b556d3b4', 35641826, { box_map: 25.1 }, 34.858, 135.988, '#ssd300-vgg16'],
});
/* prettier-ignore */
export const SSDLite320_MobileNet_V3_Large_Weights = detectionWeights('SSDLite320_MobileNet_V3_Large_Weights', {
  COCO_V1: ['ssdlite320_mobilenet_v3_large_coco-a79551df', 3440060, { box_map: 21.3 }, 0.583, 13.418, '#ssdlite320-mobilenetv3-large'],
});
