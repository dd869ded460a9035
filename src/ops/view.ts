/** Views of tensors. */
export * from './split.js';
export * from './views.js';
export * from './view-parts.js';
