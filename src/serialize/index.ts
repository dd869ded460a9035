/** Checkpoints, and the files of other libraries. */
export { load, type LoadOptions } from './load.js';
export type { MapLocation } from './rebuild.js';
export { save, saveAsync } from './save.js';
