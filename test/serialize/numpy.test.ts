import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { inflatePortably } from '../../src/serialize/inflate.js';
import { load, save, savez } from '../../src/serialize/numpy.js';
import { crc32Portably } from '../../src/serialize/zip.js';
import { bytes } from './archive.js';

// Written by NumPy: scripts/fixtures/checkpoints.py
const fixture = (name: string): string => new URL(`../fixtures/serialize/${name}`, import.meta.url).pathname;
const grid = [
  [0, 1, 2],
  [3, 4, 5],
];

test('arrays of all dtypes and byte orders', () => {
  const { fortran, scalar, empty, ...arrays } = load<Record<string, torch.Tensor>>(fixture('arrays.npz'));
  const dtypes: Record<string, string> = {
    u2: 'int32',
    u4: 'int64',
    u8: 'int64',
    c16: 'complex128',
    c8: 'complex64',
    b1: 'bool',
    u1: 'uint8',
  };
  expect(Object.keys(arrays)).toHaveLength(14);
  for (const [name, array] of Object.entries(arrays)) {
    const expected = name === 'b1' ? grid.map((row) => row.map((x) => Math.min(x, 1))) : grid;
    expect([name, array.real().to(torch.float64).tolist()]).toEqual([name, expected]);
    expect(array.dtype.name).toBe(dtypes[name] ?? `${name[0] === 'f' ? 'float' : 'int'}${8 * Number(name.slice(1))}`);
  }
  expect([fortran.tolist(), fortran.stride()]).toEqual([grid, [1, 2]]);
  expect([scalar.item(), empty.shape.toString()]).toEqual([7, 'torch.Size([0, 3])']);
});

test('versions 2 and 3 of the format', () => {
  expect(load(fixture('version2.npy')).tolist()).toEqual(grid);
  expect(load(readFileSync(fixture('version3.npy'))).tolist()).toEqual(grid);
});

test("ours are NumPy's bytes", () => {
  const ours = save(load(fixture('version2.npy')));
  const theirs = readFileSync(fixture('version2.npy'));
  // Version 1 has a shorter length field, so its padding is two bytes longer.
  expect(Buffer.from(ours.subarray(10)).toString('latin1')).toBe(
    theirs
      .subarray(12)
      .toString('latin1')
      .replace(/ +\n/, (end) => `  ${end}`),
  );
});

test('arrays survive', () => {
  const tensors = {
    t: torch.arange(6).view(2, 3).t(),
    h: torch.tensor([1.5, -2], { dtype: torch.float16 }),
    s: torch.tensor(true),
    z: torch.tensor({ re: 1, im: 2 }),
  };
  const again = load<typeof tensors>(savez(tensors));
  for (const [name, tensor] of Object.entries(again)) expect(String(tensor)).toBe(String(tensors[name as keyof typeof tensors]));
  expect(() => save(torch.zeros(1, { dtype: torch.bfloat16 }))).toThrow('NumPy has no torch.bfloat16');
});

const npy = (header: string, data = ''): Uint8Array => bytes(`\x93NUMPY\x01\0${String.fromCharCode(header.length, 0)}${header}${data}`);
const header = (descr: string, shape: string): string => `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;

test('files that lie', () => {
  expect(load(npy(header('|u1', '2,'), 'ab')).tolist()).toEqual([97, 98]);
  expect(() => load(fixture('object.npy'))).toThrow('Object arrays cannot be loaded: they hold a pickle');
  expect(() => load(npy(header('<U3', '2,')))).toThrow("NumPy's dtype '<U3' is not supported");
  expect(() => load(npy(header('|u1', '3,'), 'ab'))).toThrow('needs 3 bytes of data, but there are 2');
  expect(() => load(npy(header('<f8', `${2 ** 31}, ${2 ** 31}`)))).toThrow('the shape');
  expect(() => load(npy(header('<f8', '9223372036854775808,')))).toThrow('the shape');
  expect(() => load(npy("{'descr': __import__('os').system('ls')}"))).toThrow('its header is');
  expect(() => load(bytes('\x93NUMPY\x01\0\xff\xff{}'))).toThrow('its header is cut short');
  expect(() => load(bytes('\x93NUMPY\x07\0\x02\0{}'))).toThrow('version 7 is unknown');
  expect(() => load(bytes('hello'))).toThrow('it does not begin with');
  expect(() => load(npy(header('<u8', '1,'), '\xff'.repeat(8)))).toThrow('does not fit torch.int64');
});

test('our own checksums and decompression agree with zlib', () => {
  expect(crc32Portably(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  const text = new TextEncoder().encode(Array.from({ length: 5000 }, (_, i) => `${i * i} `).join(''));
  const inputs = [new Uint8Array(0), Uint8Array.of(7), text, new Uint8Array(70_000), crypto.getRandomValues(new Uint8Array(5000))];
  for (const input of inputs)
    for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: 4 }]) {
      const compressed = deflateRawSync(input, options);
      expect(Buffer.compare(inflatePortably(compressed, input.length), input)).toBe(0);
      expect(() => inflatePortably(compressed, input.length + 1)).toThrow('corrupt compressed data');
      expect(() => inflatePortably(compressed.subarray(0, -1), input.length)).toThrow('corrupt compressed data');
    }
});

describe('pickles of arrays', () => {
  const pickle = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
  /** What NumPy 2.4 made of `{'a': numpy.arange(6, dtype='i2').reshape(2, 3), 'n': [1, 'x', None]}` in protocol 2. */
  const old = pickle(
    'gAJ9cQAoWAEAAABhcQFjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQJjbnVtcHkKbmRhcnJheQpxA0sAhXEEY19jb2RlY3MKZW5jb2RlCnEFWAEAAABi' +
      'cQZYBgAAAGxhdGluMXEHhnEIUnEJh3EKUnELKEsBSwJLA4ZxDGNudW1weQpkdHlwZQpxDVgCAAAAaTJxDomIh3EPUnEQKEsDWAEAAAA8cRFOTk5K/////0r/////SwB0cRJi' +
      'iWgFWAwAAAAAAAEAAgADAAQABQBxE2gHhnEUUnEVdHEWYlgBAAAAbnEXXXEYKEsBWAEAAAB4cRlOZXUu',
  );
  /** `{'a': numpy.arange(6, dtype='>f4').reshape(2, 3, order='F'), 's': numpy.float64(2.5), 'b': b'\xff\x00'}` in protocol 5. */
  const recent = pickle(
    'gAWV/AAAAAAAAAB9lCiMAWGUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolhgAAAAAAAAAAAAAAD+AAABAAAAAQEAAAECAAABAoAAAlIwFbnVtcHmU' +
      'jAVkdHlwZZSTlIwCZjSUiYiHlFKUKEsDjAE+lE5OTkr/////Sv////9LAHSUYksCSwOGlIwBRpR0lFKUjAFzlIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMBnNjYWxhcpST' +
      'lGgIjAJmOJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiQwgAAAAAAAAEQJSGlFKUjAFilEMC/wCUdS4=',
  );

  test('come as tensors', () => {
    const { a, n } = load<{ a: torch.Tensor; n: unknown[] }>(old, { allowPickle: true });
    expect([a.dtype, a.tolist(), n]).toEqual([torch.int16, [[0, 1, 2], [3, 4, 5]], [1, 'x', null]]); // prettier-ignore
    const all = load<{ a: torch.Tensor; s: number; b: Uint8Array }>(recent, { allowPickle: true });
    expect([all.a.tolist(), all.s, [...all.b]]).toEqual([[[0, 2, 4], [1, 3, 5]], 2.5, [255, 0]]); // prettier-ignore
  });

  test('that were not asked for, lie or call something are refused', () => {
    expect(() => load(old)).toThrow('This file contains pickled (object) data');
    for (let cut = 2; cut < old.length; cut += 7)
      expect(() => load(old.subarray(0, cut), { allowPickle: true })).toThrow(/truncated|no mark|stack|invalid/);
    const lying = old.slice();
    lying[Buffer.from(old).indexOf('K\x02K\x03', 0, 'latin1') + 1] = 6;
    expect(() => load(lying, { allowPickle: true })).toThrow('needs 36 bytes, but there are 12');
    const hostile = Buffer.from('\x80\x02cnumpy\nload\nX\x01\0\0\0x\x85R.', 'latin1');
    expect(() => load(hostile, { allowPickle: true })).toThrow('numpy.load was not an allowed global');
  });
});
