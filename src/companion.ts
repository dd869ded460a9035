/** What companion packages need of the core and users do not. */
export { consume } from './ops/creation.js';
