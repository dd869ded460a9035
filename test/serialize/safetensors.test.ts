import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { deserialize, loadFile, safeOpen, saveFile, saveSharded, serialize } from '../../src/serialize/safetensors.js';

// Written by the library safetensors: scripts/fixtures/checkpoints.py
const fixture = new URL('../fixtures/serialize/tensors.safetensors', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'typetorch-'));

const grid = (name: string): unknown =>
  name === 'bool'
    ? [
        [false, true, true],
        [true, true, true],
      ]
    : [
        [0, 1, 2],
        [3, 4, 5],
      ];

test('tensors of all dtypes are read lazily, by name', () => {
  using file = safeOpen(fixture);
  expect(file.keys()).toHaveLength(10);
  expect(file.metadata()).toEqual({ format: 'pt' });
  for (const name of file.keys()) {
    const tensor = file.getTensor(name);
    expect([tensor.dtype.name, tensor.tolist()]).toEqual([name, grid(name)]);
  }
  expect(() => file.getTensor('nothing')).toThrow('File does not contain tensor nothing');
});

test('ours are the bytes of the library', () => {
  expect(Buffer.compare(serialize(loadFile(fixture), { format: 'pt' }), readFileSync(fixture))).toBe(0);
});

test('views are written whole', () => {
  const x = torch.arange(6, { dtype: torch.float32 }).view(2, 3);
  const path = join(folder, 'views.safetensors');
  saveFile({ t: x.t(), row: x.at(1) }, path, { note: 'é' });
  expect(loadFile(path).t.tolist()).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  expect(loadFile(path).row.tolist()).toEqual([3, 4, 5]);
  expect(() => serialize({ z: torch.zeros(1, { dtype: torch.complex128 }) })).toThrow(
    "safetensors cannot hold torch.complex128 (tensor 'z')",
  );
});

test('shards with an index', () => {
  const tensors = Object.fromEntries([1, 2, 3].map((n) => [`w${n}`, torch.full([100], n + 0.5)]));
  const path = join(folder, 'model.safetensors');
  saveSharded(tensors, path, { maxShardSize: 800 });
  expect(readdirSync(folder).filter((name) => name.startsWith('model'))).toEqual([
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ]);
  using file = safeOpen(`${path}.index.json`);
  expect(file.keys()).toEqual(['w1', 'w2', 'w3']);
  expect(file.getTensor('w3').sum().item()).toBe(350);
  expect(Object.keys(loadFile(`${path}.index.json`))).toEqual(['w1', 'w2', 'w3']);
  const evil = join(folder, 'evil.index.json');
  writeFileSync(evil, JSON.stringify({ weight_map: { x: '../../etc/passwd' } }));
  expect(() => safeOpen(evil)).toThrow("the index names '../../etc/passwd', which does not lie beside it");
});

function file(header: unknown, data = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32'): object => ({ x: { dtype, shape, data_offsets: offsets } });

test('headers that lie', () => {
  expect(deserialize(file(entry([2], [0, 8]), 8)).x.tolist()).toEqual([0, 0]);
  expect(() => deserialize(new Uint8Array(4))).toThrow('header too small');
  expect(() => deserialize(new Uint8Array(8).fill(255))).toThrow('header too large');
  expect(() => deserialize(file('{}').subarray(0, 9))).toThrow('invalid header length');
  expect(() => deserialize(file('{'))).toThrow('invalid JSON in header');
  expect(() => deserialize(file('[]'))).toThrow('invalid JSON in header');
  expect(() => deserialize(file({ __metadata__: { a: 1 } }))).toThrow('invalid metadata');
  expect(() => deserialize(file(entry([2], [0, 8]), 4))).toThrow('cut short');
  expect(() => deserialize(file(entry([2], [0, 8]), 12))).toThrow('more data than its tensors');
  expect(() => deserialize(file(entry([2], [4, 12]), 12))).toThrow("invalid offset of tensor 'x'");
  expect(() => deserialize(file(entry([2], [8, 0]), 8))).toThrow('invalid offset');
  expect(() => deserialize(file(entry([3], [0, 8]), 8))).toThrow("the shape of tensor 'x' does not fit its data");
  expect(() => deserialize(file(entry([2 ** 32, 2 ** 32, 2], [0, 8]), 8))).toThrow("invalid entry of tensor 'x'");
  expect(() => deserialize(file('{"x":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}', 8))).toThrow('invalid entry');
  expect(() => deserialize(file(entry([-2], [0, 8]), 8))).toThrow('invalid entry');
  expect(() => deserialize(file(entry(['2'], [0, 8]), 8))).toThrow('invalid entry');
  expect(() => deserialize(file({ x: null }))).toThrow('invalid entry');
  expect(() => deserialize(file(entry([8], [0, 8], 'F8_E4M3'), 8))).toThrow("tensor 'x' has the dtype F8_E4M3, which is not supported");
  const polluting = deserialize(file('{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'));
  expect([Object.keys(polluting), Object.getPrototypeOf(polluting)]).toEqual([['__proto__'], Object.prototype]);
});
