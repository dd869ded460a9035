/** Selecting and writing: by index, by position, by mask. */
export * from './mask.js';
export * from './put.js';
export * from './scatter.js';
