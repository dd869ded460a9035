/** `vision.models.video`: actions in videos. https://pytorch.org/vision/stable/models.html#video-classification */
export * from './resnet.js';
