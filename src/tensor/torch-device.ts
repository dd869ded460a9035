import { deviceTypes } from '../device/registry.js';
import { RuntimeError } from './errors.js';

/** Where a tensor lives, as users name it: `torch.device('cpu')`, `torch.device('cuda', 0)`. */
export class TorchDevice {
  constructor(
    readonly type: string,
    readonly index: number | null,
  ) {}

  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `device(type='${this.type}'${this.index === null ? '' : `, index=${this.index}`})`;
  }
}

export type DeviceLike = TorchDevice | string;

const known = new Map<string, TorchDevice>();

/**
 * Parses `'cpu'`, `'cuda:1'`, …; equal names give the same object. https://pytorch.org/docs/stable/generated/torch.Tensor.device.html
 * @example torch.device('cpu')  // device(type='cpu')
 */
export function toDevice(device: DeviceLike, index?: number): TorchDevice {
  if (device instanceof TorchDevice) return device;
  const name = index === undefined ? device : `${device}:${index}`;
  const found = known.get(name);
  if (found) return found;
  const match = /^([a-z]+)(?::(\d+))?$/.exec(name);
  if (!match) throw new RuntimeError(`Invalid device string: '${name}'`);
  if (![...deviceTypes(), 'cpu', 'cuda', 'webgpu', 'meta', 'reference'].includes(match[1])) {
    throw new RuntimeError(`Expected one of cpu, cuda, webgpu, reference device type at start of device string: ${match[1]}`);
  }
  const made = new TorchDevice(match[1], match[2] === undefined ? null : Number(match[2]));
  known.set(name, made);
  return made;
}
