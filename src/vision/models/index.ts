/** Models with torchvision's architectures, parameters and names. https://pytorch.org/vision/stable/models.html */
export { AlexNet, alexnet } from './alexnet.js';
export {
  type Builder,
  getModel,
  getModelBuilder,
  getModelWeights,
  getWeight,
  listModels,
  type ListModelsOptions,
  Weights,
  type WeightsEnum,
  type WeightsMeta,
  type WeightsOptions,
} from './builder.js';
export * from './convnext.js';
export * from './densenet.js';
export * as detection from './detection/index.js';
export * from './efficientnet.js';
export * as featureExtraction from './feature-extraction.js';
export * from './googlenet.js';
export * from './inception.js';
export * from './lenet.js';
export * from './maxvit.js';
export * from './mnasnet.js';
export * from './mobilenetv2.js';
export * from './mobilenetv3.js';
export * from './regnet.js';
export * from './resnet.js';
export * as segmentation from './segmentation.js';
export * from './shufflenetv2.js';
export * from './squeezenet.js';
export * from './swin.js';
export * from './vgg.js';
export {
  type ConvStemConfig,
  VisionTransformer,
  type VisionTransformerOptions,
  vitB16,
  vitB32,
  vitH14,
  vitL16,
  vitL32,
} from './vision-transformer.js';
export * as video from './video/index.js';
export * from './weights.js';
