/** Plots with matplotlib's names, written as SVG and PNG files: `import * as plt from 'typetorch/plot'`. */
export { Axes, type LineStyle, type ScatterStyle } from './axes.js';
export { Figure, type FigureOptions } from './figure.js';
export * from './pyplot.js';
export type { ImageData, Values } from './values.js';
