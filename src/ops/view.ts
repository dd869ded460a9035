/** Views of tensors. */
export * from './split.js';
export * from './views.js';
