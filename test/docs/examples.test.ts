/** Every example in a docstring is type-checked and run, and every public function and class has one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import * as torch from 'typetorch';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { blocksIn, compile, examplesIn, findExamples, isRun, programOf, publicNames, typeErrors } from './examples.js';

type Show = (value: unknown, expected: string) => void;
type Run = readonly [where: string, run: (show: Show) => Promise<void>];

const path = fileURLToPath(new URL('../../build/docs/examples.ts', import.meta.url));
const examples = findExamples();
const text = programOf(examples);
const program = compile(path, text);

/** What stands in the comments must be what `console.log` shows. */
async function differences([where, run]: Run): Promise<string[]> {
  const found: string[] = [];
  try {
    await run((value, expected) => {
      const shown = format(value);
      if (shown !== expected) found.push(`${where}: expected ${expected}, got ${shown}`);
    });
  } catch (error) {
    found.push(`${where}: ${String(error)}`);
  }
  return found;
}

describe('examples', () => {
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  beforeAll(() => {
    for (const method of ['log', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => {});
    process.chdir(folder);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  it('are found with their lines', () => {
    const source = '/**\n * Sums.\n * @example sum(1)  // 1\n */\n/**\n * @example\n * sum(\n *   2)\n * @throws never\n */';
    expect(examplesIn('a.ts', source)).toEqual([
      { where: 'a.ts:3', code: 'sum(1)  // 1' },
      { where: 'a.ts:7', code: 'sum(\n  2)' },
    ]);
  });

  it('are found in pages', () => {
    const page = 'Sum:\n\n```ts\nimport x from "y";\nexport const a = 1;\n```\n\n```sh\nnpm test\n```\n';
    expect(blocksIn('a.md', page)).toEqual([{ where: 'a.md:4', code: 'const a = 1;\n' }]);
  });

  it('have the right types', () => {
    expect(typeErrors(program, path)).toEqual([]);
  });

  it('print what they say', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    const { examples: programs } = (await import(/* @vite-ignore */ path)) as { examples: readonly Run[] };
    const found: string[] = [];
    for (const [i, example] of examples.entries()) {
      if (!isRun(example)) continue;
      torch.manualSeed(0);
      found.push(...(await differences(programs[i])));
      torch.setDefaultDtype(torch.float32);
      torch.setPrintoptions({ profile: 'default' });
    }
    expect(found).toEqual([]);
  });
});

describe('docstrings', () => {
  const names = publicNames(program).filter(
    ({ name }) => !name.startsWith('torch.Tensor#') || name.split('#')[1] in torch.Tensor.prototype,
  );

  it('are there for all public functions, classes and members', () => {
    expect(names.filter(({ doc }) => !doc).map(({ name, where }) => `${where} ${name}`)).toEqual([]);
  });

  it('have examples, but for aliases and for members of classes', () => {
    const bare = names.filter(({ name, doc, hasExample }) => !hasExample && !name.includes('#') && !doc.startsWith('Alias of'));
    expect(bare.map(({ name, where }) => `${where} ${name}`)).toEqual([]);
  });
});
