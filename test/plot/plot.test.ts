import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as plt from '../../src/plot/index.js';

const folder = mkdtempSync(join(tmpdir(), 'typetorch-plot-'));
const xs = Array.from({ length: 100 }, (_, i) => -5 + i / 10);

test('a figure with lines, points, legend and grid', () => {
  plt.figure({ figsize: [8, 6] });
  plt.plot(
    xs,
    xs.map((x) => 1 / (1 + Math.exp(-x))),
    { label: 'sigmoid' },
  );
  plt.plot(xs, xs.map(Math.tanh), { label: 'tanh <x>', linestyle: '--' });
  plt.scatter([0], [0], { color: 'red' });
  plt.axvline();
  plt.axhline();
  plt.ylim(-1, 2);
  plt.title('函数,切线');
  plt.xlabel('Input');
  plt.ylabel('Output');
  plt.grid();
  plt.legend();
  plt.savefig(join(folder, 'lines.svg'));
  plt.savefig(join(folder, 'lines.png'));
  const svg = readFileSync(join(folder, 'lines.svg'), 'utf8');
  for (const text of [
    'viewBox="0 0 800 600"',
    'sigmoid',
    'tanh &lt;x&gt;',
    '函数,切线',
    'stroke="#1f77b4"',
    'fill="red"',
    'Input',
    'Output',
  ])
    expect(svg).toContain(text);
  const png = readFileSync(join(folder, 'lines.png'));
  expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([800, 600]);
  expect(readdirSync(folder).sort()).toEqual(['lines.png', 'lines.svg']);
});

test('subplots, images and bars', () => {
  const [fig, axes] = plt.subplots(1, 3, { figsize: [12, 4], dpi: 50 });
  axes[0]
    .imshow(
      {
        tolist: () => [
          [0, 1, 2],
          [3, 4, 5],
        ],
      },
      { cmap: 'gray' },
    )
    .axis('off')
    .setTitle('image');
  axes[1].bar(['a', 'b'], [1, 2]);
  axes[2].hist(new Float32Array([0, 0.1, 0.9, 1]), { bins: 2 });
  const png = fig.toPng();
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([600, 200]);
  expect(fig.toSvg()).toContain('data:image/png;base64,');
});

test('mistakes are told', () => {
  expect(() => plt.plot([1, 2], [1])).toThrow('x and y must have same first dimension, but have shapes (2,) and (1,)');
  expect(() => plt.savefig('figure.gif')).toThrow("Format of 'figure.gif' is not supported");
  expect(() => plt.imshow([[1]], { cmap: 'nope' })).toThrow("'nope' is not a known colormap");
});
