/** Transforms of images; version 2 is the only one here. https://pytorch.org/vision/stable/transforms.html */
export * from './v2.js';
export * as v2 from './v2.js';
