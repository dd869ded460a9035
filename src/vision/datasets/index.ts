/** Datasets of images. https://pytorch.org/vision/stable/datasets.html */
export { CIFAR10, CIFAR100, type CIFAROptions } from './cifar.js';
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
export { SVHN, type SVHNOptions } from './svhn.js';
export { type DatasetOptions, VisionDataset } from './vision.js';
