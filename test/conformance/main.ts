/** The conformance command: runs PyTorch's test database against the library. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readIndex } from './corpus.js';
import { type DeviceRun, opsTable } from './docs.js';
import { runPool } from './pool.js';
import { addResult, failureLines, newSummary, type OpSummary, table } from './report.js';
import type { Job, Result } from './worker.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const usage = `usage: npm run conformance -- [options]
  --op NAME[,NAME]   only these operators, classes or files
  --kind KIND        only ops, modules, modules_legacy, optim, lr_scheduler, init, indexing or rng (commas join)
  --device DEVICE    cpu (default) or another device of the library
  --dtype DTYPE      only cases of this dtype
  --corpus DIR       the corpus (default: ../shared/conformance, else the sample in test/fixtures/corpus)
  --json FILE        where the summary goes (default: build/conformance.json)
  --jobs N           child processes (default: one a core)
  --timeout SECONDS  the longest that one case may take (default 60)
  --derivatives      also compares first and second derivatives of small float64 samples with finite differences
  --engine ENGINE    native or wasm: which build of the device cpu runs it
  --update           writes what is not complete into test/conformance/incomplete.json
  --docs             writes docs/ops.md
  --quiet            only the table`;

export function defaultCorpus(): string {
  const full = join(root, '..', 'shared', 'conformance');
  return existsSync(join(full, 'index.json')) ? full : join(root, 'test', 'fixtures', 'corpus');
}

export interface Selection {
  corpus: string;
  device?: string;
  ops?: string[];
  kinds?: string[];
  dtype?: string;
  jobs?: number;
  timeout?: number;
  /** Also compares derivatives with finite differences. */
  derivatives?: boolean;
  /** The build of the device `cpu`: `native` or `wasm`. */
  engine?: string;
  onResult?: (job: Job, result: Result) => void;
}

/** Runs the chosen part of a corpus; gives one summary an operator or class. */
export async function runCorpus({
  corpus,
  device = 'cpu',
  ops,
  kinds,
  dtype,
  jobs = availableParallelism(),
  timeout = 60,
  derivatives,
  engine,
  onResult,
}: Selection): Promise<OpSummary[]> {
  const summaries = new Map<string, OpSummary>();
  const work: (Job & { bytes: number })[] = [];
  for (const [kind, files] of Object.entries(readIndex(corpus).corpora)) {
    if (kinds && !kinds.includes(kind)) continue;
    for (const { name, file, bytes } of files) {
      const names = [name, name.split('.').at(-1)!, file];
      if (ops && !ops.some((op) => names.includes(op))) continue;
      work.push({ corpus, kind, file, device, dtype, derivatives, engine, bytes, done: [] });
      summaries.set(file, newSummary(kind, name));
    }
  }
  if (work.length === 0) throw new Error('no file of the corpus matches');
  work.sort((a, b) => b.bytes - a.bytes);
  await runPool(work, jobs, timeout * 1000, (job, result) => {
    addResult(summaries.get(job.file)!, result);
    onResult?.(job, result);
  });
  return [...summaries.values()].sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArgs({
    args,
    options: {
      op: text,
      kind: text,
      device: text,
      dtype: text,
      corpus: text,
      json: text,
      jobs: text,
      timeout: text,
      engine: text,
      derivatives: flag,
      quiet: flag,
      update: flag,
      docs: flag,
      help: flag,
    },
  }).values;
}

/** How many cases of which operators and classes do not pass. */
export function incomplete(summaries: OpSummary[]): Record<string, number> {
  const bad = summaries.filter((each) => each.failed + each.missing > 0);
  return Object.fromEntries(bad.map((each) => [`${each.kind}/${each.name}`, each.failed + each.missing]));
}

const engines: Record<string, string> = { native: `${process.platform}-${process.arch}/typetorch.node`, wasm: 'wasm/typetorch.wasm' };
/** The whole corpus on the other builds of the device `cpu`, those that there are. */
async function runOtherEngines(corpus: string, done: string): Promise<DeviceRun[]> {
  const runs: DeviceRun[] = [];
  for (const [engine, file] of Object.entries(engines)) {
    if (engine === done || !existsSync(join(root, 'build', file))) continue;
    runs.push({ device: `cpu (${engine})`, summaries: await runCorpus({ corpus, engine }) });
  }
  return runs;
}

function printFailures(result: Result): void {
  for (const line of failureLines(result)) console.log(line);
  if (result.snippet) console.log(`     ${result.snippet}`);
}

export async function main(args: string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const started = Date.now();
  const corpus = resolve(options.corpus ?? defaultCorpus());
  if (!existsSync(join(corpus, 'index.json'))) {
    console.error(`there is no corpus in ${corpus}`);
    return 2;
  }
  const summaries = await runCorpus({
    corpus,
    device: options.device,
    ops: options.op?.split(','),
    kinds: options.kind?.split(','),
    dtype: options.dtype,
    jobs: options.jobs ? Number(options.jobs) : undefined,
    timeout: options.timeout ? Number(options.timeout) : undefined,
    derivatives: options.derivatives ?? options.docs,
    engine: options.engine,
    onResult: options.quiet ? undefined : (_, result) => printFailures(result),
  });
  console.log(table(summaries));
  console.log(`\n${((Date.now() - started) / 1000).toFixed(1)} s`);
  const json = resolve(options.json ?? join(root, 'build', 'conformance.json'));
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, JSON.stringify({ device: options.device ?? 'cpu', summaries }, null, 1));
  if (options.docs) {
    const others = await runOtherEngines(corpus, options.engine ?? 'native');
    const device = `cpu (${options.engine ?? 'native'})`;
    writeFileSync(join(root, 'docs', 'ops.md'), opsTable([{ device, summaries }, ...others]));
  }
  if (options.update)
    writeFileSync(join(root, 'test', 'conformance', 'incomplete.json'), `${JSON.stringify(incomplete(summaries), null, 2)}\n`);
  return summaries.some((each) => each.failed + each.missing > 0) ? 1 : 0;
}
