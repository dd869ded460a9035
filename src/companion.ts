/** What companion packages need of the core and users do not. */
export { type ByteTaps, resampleBytes } from './nn/functional/resample.js';
export { consume } from './ops/creation.js';
