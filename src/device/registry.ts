/** Which devices there are. A device is made when it is first asked for. */
import type { Device } from './device.js';

type Factory = (index: number) => Device;

const factories = new Map<string, Factory>();
const devices = new Map<string, Device>();

export function registerDevice(type: string, factory: Factory): void {
  factories.set(type, factory);
}

export function deviceTypes(): string[] {
  return [...factories.keys()];
}

/** The device `type:index`; throws where there is no such device. */
export function getDevice(type: string, index = 0): Device {
  const key = `${type}:${index}`;
  let device = devices.get(key);
  if (!device) {
    const factory = factories.get(type);
    if (!factory && type === 'cuda') throw Object.assign(new Error('Torch not compiled with CUDA enabled'), { name: 'AssertionError' });
    if (!factory) throw new Error(`Expected one of ${deviceTypes().join(', ')} device type at start of device string: ${type}`);
    device = factory(index);
    devices.set(key, device);
  }
  return device;
}
