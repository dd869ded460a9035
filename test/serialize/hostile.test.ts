import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { load as loadNumpy } from '../../src/serialize/numpy.js';
import { deserialize } from '../../src/serialize/safetensors.js';
import { bytes, checkpoint, zip } from './archive.js';
import { mutated, randomInts } from './mutate.js';

const load = (pickle: string, storages?: Record<string, Uint8Array>) => (): unknown => torch.load(checkpoint(pickle, storages));
const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
const int = (value: number): string => `J${String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)}`;

test('names of functions are refused, and never called', () => {
  const call = (name: string): string => `\x80\x02c${name}\n(${text('touch /tmp/typetorch-was-here')}tR.`;
  expect(load(call('os\nsystem'))).toThrow('Trying to load unsupported GLOBAL os.system whose module os is blocked.');
  expect(load(call('posix\nsystem'))).toThrow('blocked');
  expect(load(call('builtins\neval'))).toThrow('Unsupported global: GLOBAL builtins.eval was not an allowed global');
  expect(load(call('subprocess\nPopen'))).toThrow(/Weights only load failed.*subprocess.Popen/);
  expect(load(call('numpy.core.multiarray\n_reconstruct'))).toThrow('Unsupported global');
  expect(load('\x80\x04\x8c\x02os\x8c\x06system\x93.')).toThrow('blocked');
  expect(load(call('constructor\nconstructor'))).toThrow('Unsupported global');
  expect(load(call('torch\nfloat32'))).toThrow('Trying to call what is no function');
  expect(load(`${text('x')}(tR.`)).toThrow('Trying to call what is no function');
});

test('opcodes that load other things are unknown', () => {
  for (const code of ['i', 'o', 'P', '\x92', '\x82', '\x97', 'V', 'I', '2', '0']) expect(load(`${code}.`)).toThrow('Unsupported operand');
});

test('stacks, marks and memos that do not fit', () => {
  expect(load('.')).toThrow('the stack is empty');
  expect(load('t.')).toThrow('no mark');
  expect(load('h\x05.')).toThrow('memo');
  expect(load('NNa.')).toThrow('Can only append to lists');
  expect(load('NNNs.')).toThrow('Can only set items of dicts');
  expect(load('}(Nu.')).toThrow('a key without a value');
  expect(load('NNb.')).toThrow('Can only build dicts');
  expect(load('X\xff\xff\xff\x7f')).toThrow('truncated');
  expect(load('\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc')).toThrow('truncated');
  expect(load('X\x01\0\0\0\xff.')).toThrow('no UTF-8');
  expect(load('')).toThrow('truncated');
  expect(load('NQ.')).toThrow('persistent_load id must be tuple');
});

test('absurd nesting', () => {
  expect(load(']'.repeat(100_000) + 'a'.repeat(99_999) + '.')).toThrow('nests containers more than 1000 deep');
});

test('values that grow by sharing stay small, copies are limited', () => {
  // A list that holds the list before it twice, forty times over.
  const levels = Array.from(
    { length: 40 },
    (_, i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`,
  );
  expect(load(`]q\0${levels.join('')}.`)).not.toThrow();
  const long = `X\x00\x00\x01\x00${'a'.repeat(65536)}q\x00`;
  const copy = `c_codecs\nencode\n(h\x00${text('latin1')}tR`;
  expect(load(`](${long}${copy.repeat(2000)}e.`)).toThrow('copies its values too often');
});

const tensor = (sizes: string, strides: string, { offset = int(0), numel = int(4), key = '0', type = 'FloatStorage' } = {}): string =>
  `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((${text('storage')}ctorch\n${type}\n${text(key)}${text('cpu')}${numel}tQ${offset}(${sizes}t(${strides}t\x89}tR.`;
const four = { 0: new Uint8Array(16) };
const max = '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f';

test('shapes and storages that lie', () => {
  expect((torch.load(checkpoint(tensor(int(4), int(1)), four)) as torch.Tensor).tolist()).toEqual([0, 0, 0, 0]);
  expect(load(tensor(int(5), int(1)), four)).toThrow('reaches beyond its storage of 16 bytes');
  expect(load(tensor(int(2), int(4)), four)).toThrow('reaches beyond');
  expect(load(tensor(int(4), int(1), { offset: int(1) }), four)).toThrow('reaches beyond');
  expect(load(tensor(int(4), int(1), { offset: int(-1) }), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(-4), int(1)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(4), int(-1)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(2) + int(2), int(1)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(max, int(0)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(2 ** 30).repeat(3), int(0).repeat(3)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(text('4'), int(1)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(1).repeat(65), int(1).repeat(65)), four)).toThrow('the shape of a tensor');
  expect(load(tensor(int(4), int(1), { numel: max }), four)).toThrow('the size of storage');
  expect(load(tensor(int(4), int(1), { numel: int(2 ** 30) }), four)).toThrow('should have 4294967296 bytes but has 16');
  expect(load(tensor(int(4), int(1), { key: '7' }), four)).toThrow("there is no 'archive/data/7'");
  expect(load(tensor(int(4), int(1), { key: '../version' }), four)).toThrow("there is no 'archive/data/../version'");
  expect(load(tensor(int(4), int(1), { type: 'QInt8Storage' }), four)).toThrow('torch.QInt8Storage is not supported');
});

test('archives whose directory lies', () => {
  const good = checkpoint(tensor(int(4), int(1)), four);
  const at = (change: (view: DataView, directory: number) => void): (() => unknown) => {
    const bad = good.slice();
    const view = new DataView(bad.buffer);
    change(view, view.getUint32(bad.length - 6, true));
    return () => torch.load(bad);
  };
  expect(at((view, directory) => view.setUint32(directory + 24, 2 ** 31, true))).toThrow('the size of');
  expect(at((view, directory) => view.setUint32(directory + 42, 2 ** 31, true))).toThrow(/beyond|overlaps/);
  expect(at((view, directory) => view.setUint16(directory + 10, 12, true))).toThrow('unknown method');
  expect(at((view, directory) => view.setUint16(directory + 8, 1, true))).toThrow('encrypted');
  expect(at((view, directory) => view.setUint32(directory + 16, 5, true))).toThrow('bad CRC-32');
  // The second entry begins where the first does; a name of 16 characters lies between.
  expect(at((view, directory) => view.setUint32(directory + 62 + 42, 0, true))).toThrow('overlaps another entry');
  expect(at((view) => view.setUint32(good.length - 6, 2 ** 31, true))).toThrow('does not fit');
  expect(at((view) => view.setUint16(good.length - 12, 60000, true))).toThrow('does not fit');
  expect(() => torch.load(zip({ 'a/data.pkl': bytes('N.'), 'b/data.pkl': bytes('N.') }))).not.toThrow();
  expect(() => torch.load(zip({ readme: bytes('hello') }))).toThrow('no checkpoint of PyTorch');
});

/** An archive with one deflated entry that claims to have `size` bytes. */
function deflated(name: string, data: Uint8Array, size: number): Uint8Array {
  const archive = zip({ [name]: data });
  const view = new DataView(archive.buffer);
  const directory = view.getUint32(archive.length - 6, true);
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 24, size, true);
  return archive;
}

test('zip bombs are refused before they grow', () => {
  const compressed = deflateRawSync(new Uint8Array(2 ** 24));
  const before = process.memoryUsage().arrayBuffers;
  expect(() => torch.load(deflated('archive/data.pkl', compressed, 2 ** 31))).toThrow('zip bomb');
  expect(() => torch.load(deflated('archive/data.pkl', compressed, 2 ** 20))).toThrow('corrupt compressed data');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
});

test('thousands of mutated checkpoints either load or throw an Error', () => {
  const random = randomInts(1);
  const legacy = new Uint8Array(readFileSync(new URL('../fixtures/serialize/legacy.pt', import.meta.url)));
  const file = new Uint8Array(readFileSync(new URL('../fixtures/serialize/training.pt', import.meta.url)));
  const pickle = Buffer.from(file);
  const start = pickle.indexOf('\x80\x02', 0, 'latin1');
  const data = file.slice(start, pickle.indexOf('PK', start));
  let refused = 0;
  for (let i = 0; i < 4000; i++) {
    // One time in three the pickle alone, so that the archive's checksums do not shield it.
    const bad =
      i % 3 === 2
        ? mutated(legacy, random)
        : i % 3 === 0
          ? mutated(file, random)
          : zip({ 'x/data.pkl': mutated(data, random), 'x/data/0': new Uint8Array(48) });
    try {
      torch.load(bad);
    } catch (error) {
      refused++;
      if (!(error instanceof Error) || error.message.length === 0) throw error;
    }
  }
  expect(refused).toBeGreaterThan(2000);
  expect('polluted' in {}).toBe(false);
});

test.each([
  ['tensors.safetensors', (file: Uint8Array) => deserialize(file)],
  ['arrays.npz', (file: Uint8Array) => loadNumpy<Record<string, torch.Tensor>>(file)],
  ['version3.npy', (file: Uint8Array) => loadNumpy(file)],
])('mutations of %s either load or throw an Error', (name, read) => {
  const random = randomInts(3);
  const file = new Uint8Array(readFileSync(new URL(`../fixtures/serialize/${name}`, import.meta.url)));
  let refused = 0;
  for (let i = 0; i < 1500; i++) {
    try {
      read(mutated(file, random));
    } catch (error) {
      refused++;
      if (!(error instanceof Error) || error.message.length === 0) throw error;
    }
  }
  expect(refused).toBeGreaterThan(500);
});
