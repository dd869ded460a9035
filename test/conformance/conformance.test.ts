import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
// The compiled runner: it starts children of its own. `npm test` has compiled it.
import { defaultCorpus, incomplete, runCorpus } from '../../build/conformance/main.js';

const known = JSON.parse(readFileSync(new URL('incomplete.json', import.meta.url), 'utf8')) as Record<string, number>;

describe("PyTorch's own test database", () => {
  test('no operator or class has more failing cases than test/conformance/incomplete.json allows', { timeout: 600_000 }, async () => {
    const found = incomplete(await runCorpus({ corpus: defaultCorpus() }));
    const worse = Object.entries(found).filter(([name, count]) => count > (known[name] ?? 0));
    expect(Object.fromEntries(worse)).toEqual({});
  });
});
