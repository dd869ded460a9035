/** Datasets of images. https://pytorch.org/vision/stable/datasets.html */
export { CIFAR10, CIFAR100, type CIFAROptions } from './cifar.js';
export { COCO, type CocoAnnotation, CocoCaptions, type CocoCategory, CocoDetection, type CocoImage } from './coco.js';
export { FakeData, type FakeDataOptions } from './fakedata.js';
export {
  DatasetFolder,
  findClasses,
  type FolderOptions,
  ImageFolder,
  type ImageFolderOptions,
  ImageNet,
  IMG_EXTENSIONS,
  type Loader,
  makeDataset,
} from './folder.js';
export { EMNIST, FashionMNIST, KMNIST, MNIST, type MNISTOptions, QMNIST, type QMNISTOptions } from './mnist.js';
export { OxfordIIITPet, type OxfordIIITPetOptions, type PetTarget, type PetTargetValue } from './pets.js';
export { Flowers102, type Flowers102Split, Food101, type Food101Split, type SplitOptions } from './split-files.js';
export { STL10, type STL10Options, type STL10Split } from './stl10.js';
export { SVHN, type SVHNOptions } from './svhn.js';
export { type DatasetOptions, VisionDataset } from './vision.js';
export { VOCDetection, type VOCOptions, VOCSegmentation, type VOCTree, type VOCValue } from './voc.js';
export { wrapDatasetForTransformsV2 } from './wrap.js';
