// Makes test/fixtures/corpus: a small part of the conformance corpus, for machines that do not have it all.
// usage: node scripts/sample-corpus.mjs CORPUS
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { root } from './bootstrap.mjs';

const corpus = process.argv[2];
const target = join(root, 'test/fixtures/corpus');
const index = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8'));
rmSync(target, { recursive: true, force: true });

/** Up to `count` small cases: one a dtype first, those with gradients before others. */
function choose(cases, count, limit) {
  const small = cases.map((each) => ({ each, bytes: JSON.stringify(each).length })).filter(({ bytes }) => bytes < limit);
  small.sort((a, b) => Number(!!b.each.grad) - Number(!!a.each.grad) || a.bytes - b.bytes);
  const seen = new Set();
  const first = small.filter(({ each }) => !seen.has(each.dtype) && seen.add(each.dtype));
  return [...first, ...small.filter((each) => !first.includes(each))].slice(0, count).map(({ each }) => each);
}

const corpora = {};
const bundle = {};
for (const [kind, entries] of Object.entries(index.corpora)) {
  corpora[kind] = [];
  for (const entry of entries) {
    const file = JSON.parse(gunzipSync(readFileSync(join(corpus, entry.file))).toString());
    const many = kind === 'indexing' || kind === 'rng' || kind === 'init';
    const cases = choose(file.cases, many ? 30 : 2, many ? 3000 : 2500);
    if (cases.length === 0) continue;
    bundle[entry.file] = {
      ...file,
      cases,
      ...(file.errors ? { errors: file.errors.slice(0, 1) } : {}),
      variants: file.variants?.map((each) => ({ ...each, dtypes: undefined })),
    };
    corpora[kind].push({ name: entry.name, file: entry.file, bytes: JSON.stringify(bundle[entry.file]).length, cases: cases.length });
  }
}
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'index.json'), JSON.stringify({ ...index, corpora }));
writeFileSync(join(target, 'bundle.json.gz'), gzipSync(JSON.stringify(bundle), { level: 9 }));
