/**
 * Runs a test file on the device `reference`, which refuses synchronous reads: what the library reads behind a user's back fails.
 * Tests themselves may read, as a user does who awaits.
 */
import * as torch from 'typetorch';
import '../../src/device/reference/index.js';
import { ReferenceDevice } from '../../src/device/reference/device.js';
import { getDevice } from '../../src/device/registry.js';

/** What lies between a test's `x.item()` and the device. */
const readers = /\/src\/(device|tensor|ops\/(read|print|define|methods|signature|memory|out)\b)/;
/** Tools that exist to look at values. */
const tools = /\/test\/|\/src\/ops\/gradcheck|\/src\/plot\//;

function readByTest(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const caller = frames.find((frame) =>
    frame.includes('/src/') || frame.includes('/test/') ? !/\/test\/reference\//.test(frame) && !readers.test(frame) : false,
  );
  return caller !== undefined && tools.test(caller);
}

const device = getDevice('reference', 0) as ReferenceDevice;
const refuse = device.read.bind(device);
Object.defineProperty(device, 'canReadSync', { get: readByTest });
Object.defineProperty(device, 'read', {
  value: (buffer: { data: ArrayBuffer }, byteOffset: number, target: ArrayBufferView) => {
    if (!readByTest()) return refuse();
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(new Uint8Array(buffer.data, byteOffset, target.byteLength));
  },
});
torch.setDefaultDevice('reference');
