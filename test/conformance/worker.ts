/** A child process: runs corpus files that the parent names, and reports case by case. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Builder } from './build.js';
import { type Case, type CorpusFile, readCorpusFile, readIndex } from './corpus.js';
import { derivativeCases, runDerivatives } from './derivatives.js';
import { runModuleCase } from './modules.js';
import { type Context, type Outcome, runCase, runErrorCase } from './ops.js';
import { runOptimCase, runSchedulerCase } from './optim.js';
import { runInitCase, runRandomCase } from './random.js';
import { callText, optionsText, valueText } from './snippet.js';
import { loadTorch, registerReference } from './torch.js';

export interface Job {
  corpus: string;
  kind: string;
  file: string;
  device: string;
  dtype?: string;
  /** Also compares derivatives with finite differences. */
  derivatives?: boolean;
  /** Which build of the device `cpu` runs it: `native` or `wasm`. */
  engine?: string;
  /** Cases that an earlier child finished, or died in. */
  done: string[];
}

export interface Result {
  id: string;
  dtype: string;
  outcomes: Outcome[];
  snippet?: string;
}

export type Report = { type: 'start'; id: string } | { type: 'result'; result: Result } | { type: 'end' };

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

type Runner = (context: Context, test: Case, file: CorpusFile) => Promise<Outcome[]>;

const runners: Record<string, Runner> = {
  ops: (context, test, file) =>
    runCase(
      context,
      test,
      file.variants?.find((each) => each.variant === test.variant),
    ),
  indexing: (context, test) => runCase(context, test, undefined),
  modules: (context, test, file) => runModuleCase(context, test, file.tolerances),
  modules_legacy: (context, test, file) => runModuleCase(context, test, file.tolerances),
  optim: runOptimCase,
  lr_scheduler: runSchedulerCase,
  init: runInitCase,
  rng: runRandomCase,
};

function snippetOf(test: Case): string {
  if (test.call) return callText(test.call, test.args, test.kwargs);
  if (test.constructor_args) {
    const make = [...(test.constructor_args as Case['args']).map(valueText), ...optionsText(test.constructor_kwargs as Case['kwargs'])];
    return `new ${test.class as string}(${make.join(', ')})(${[...test.args.map(valueText), ...optionsText(test.kwargs)].join(', ')})`;
  }
  return JSON.stringify({ ...test, output: undefined, outputs: undefined, after: undefined, grads: undefined, lrs: undefined }).slice(
    0,
    400,
  );
}

const send = (report: Report): void => void process.send!(report);
const isBad = (outcomes: Outcome[]): boolean => outcomes.some(({ status }) => status === 'fail');

async function runJob(context: Context, job: Job): Promise<void> {
  const file = readCorpusFile(job.corpus, job.file);
  const done = new Set(job.done);
  for (const test of file.cases) {
    const dtype = test.dtype ?? 'float32';
    if (done.has(test.id) || (job.dtype && job.dtype !== dtype)) continue;
    send({ type: 'start', id: test.id });
    const outcomes = await runners[job.kind](context, test, file);
    send({ type: 'result', result: { id: test.id, dtype, outcomes, snippet: isBad(outcomes) ? snippetOf(test) : undefined } });
  }
  if (job.derivatives && job.kind === 'ops') await checkDerivatives(context, file, done);
  for (const [i, test] of (file.errors ?? []).entries()) {
    const id = `${file.op}/error/${i}`;
    if (done.has(id) || job.dtype) continue;
    send({ type: 'start', id });
    const outcome = await runErrorCase(context, test);
    const snippet = outcome.status === 'fail' ? callText(test.call, test.args, test.kwargs) : undefined;
    send({ type: 'result', result: { id, dtype: 'error', outcomes: [outcome], snippet } });
  }
}

async function checkDerivatives(context: Context, file: CorpusFile, done: ReadonlySet<string>): Promise<void> {
  for (const test of derivativeCases(file)) {
    const id = `${test.id}/derivatives`;
    if (done.has(id)) continue;
    send({ type: 'start', id });
    const outcomes = await runDerivatives(context, test, file.op ?? '');
    send({ type: 'result', result: { id, dtype: 'derivatives', outcomes, snippet: isBad(outcomes) ? snippetOf(test) : undefined } });
  }
}

if (process.send) {
  const torch = await loadTorch(root);
  process.on('message', async (job: Job) => {
    if (job.device === 'reference') await registerReference(root);
    const context = { torch, build: new Builder(torch, job.device), tolerances: readIndex(job.corpus).default_tolerances };
    void runJob(context, job).then(() => send({ type: 'end' }));
  });
}
