/** Registers the device `reference`. */
import { cpu } from '../cpu/index.js';
import { registerDevice } from '../registry.js';
import { ReferenceDevice } from './device.js';

registerDevice('reference', (index) => new ReferenceDevice(cpu, index));
