import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const figures = mkdtempSync(join(tmpdir(), 'typetorch-lesson-'));

/** Runs `build/examples/NAME.js`, which `npm test` has compiled, in a process of its own. */
function run(name: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'build/examples', `${name}.js`)], {
    encoding: 'utf8',
    env: { ...process.env, TYPETORCH_FIGURES: figures },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

const expected = JSON.parse(readFileSync(new URL('../fixtures/lesson.json', import.meta.url), 'utf8')) as Record<string, string>;

/** `item()` gives 4 where Python's float prints 4.0; singular vectors may change their signs together. */
const comparable: Record<string, (text: string) => string> = {
  '05-indexing': (text) => text.replace(/^4\.0$/m, '4'),
  '08-svd': (text) => text.replaceAll(/[-[\]]| +/g, ' ').replaceAll(/ +/g, ' '),
};

test.each(Object.keys(expected))('%s prints what PyTorch prints', (name) => {
  const compare = comparable[name] ?? ((text: string) => text);
  const words = (text: string) => compare(text).replaceAll(/[ \n]+$/gm, '');
  expect(words(run(`lesson/${name}`))).toBe(words(expected[name]));
});

test('the overview prints the version', () => {
  expect(run('lesson/01-overview')).toMatch(/^\d+\.\d+\.\d+\n/);
});

test('matrix products are timed and equal', () => {
  expect(run('lesson/16-speed')).toMatch(
    /未支持CUDA\nJavaScript 矩阵乘法耗时: [\d.e-]+ 秒\nTypeTorch 矩阵乘法\(CPU\)耗时: [\d.e-]+ 秒\n结果一致: true\n/,
  );
});

test.each([
  ['10-activations-by-hand', 'activations-by-hand', ['sigmoid', 'step_function', 'softplus']],
  ['11-activations', 'activations', ['ReLU Activation Function', 'Input', 'Output']],
  ['12-scalar-gradient', 'tangent', ['函数,切线', 'tangent_y']],
])('%s draws its figure', (name, figure, texts) => {
  run(`lesson/${name}`);
  const svg = readFileSync(join(figures, `${figure}.svg`), 'utf8');
  for (const text of texts) expect(svg).toContain(text);
  const png = readFileSync(join(figures, `${figure}.png`));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(readdirSync(figures).some((file) => file.endsWith('.tmp'))).toBe(false);
});
