/** Counting what the corpus runs gave, and the tables. */
import type { Outcome } from './ops.js';
import type { Result } from './worker.js';

export interface Tally {
  passed: number;
  failed: number;
  missing: number;
  skipped: number;
}

const emptyTally = (): Tally => ({ passed: 0, failed: 0, missing: 0, skipped: 0 });
const tallyKeys = { pass: 'passed', fail: 'failed', missing: 'missing', skip: 'skipped' } as const;

export interface OpSummary extends Tally {
  kind: string;
  name: string;
  forward: Tally;
  gradient: Tally;
  forms: Tally;
  errors: Tally;
  init: Tally;
  gradcheck: Tally;
  gradgradcheck: Tally;
  dtypes: Record<string, Tally>;
  firstFailure?: string;
  firstSkip?: string;
  /** Why derivatives were not compared. */
  unchecked?: string;
}

export function newSummary(kind: string, name: string): OpSummary {
  const parts = { forward: emptyTally(), gradient: emptyTally(), forms: emptyTally(), errors: emptyTally(), init: emptyTally() };
  return { kind, name, ...emptyTally(), ...parts, gradcheck: emptyTally(), gradgradcheck: emptyTally(), dtypes: {} };
}

/** Where an outcome is counted. */
function tallyOf(summary: OpSummary, stage: Outcome['stage']): Tally {
  if (stage.startsWith('form ')) return summary.forms;
  if (stage === 'error') return summary.errors;
  if (stage === 'init' || stage === 'gradient' || stage === 'gradcheck' || stage === 'gradgradcheck') return summary[stage];
  return summary.forward;
}

const worst = (result: Result): keyof typeof tallyKeys => {
  const counted = result.outcomes.filter(({ stage }) => stage !== 'init');
  return (['fail', 'missing', 'skip'] as const).find((status) => counted.some((each) => each.status === status)) ?? 'pass';
};

/** Errors, initialisers and finite differences are counted apart: they do not make a case pass or fail. */
const isCase = ({ dtype }: Result): boolean => dtype !== 'error' && dtype !== 'derivatives';

export function addResult(summary: OpSummary, result: Result): void {
  for (const { stage, status, message } of result.outcomes) {
    tallyOf(summary, stage)[tallyKeys[status]]++;
    if (status === 'skip' && isCase(result)) summary.firstSkip ??= message;
    if (status === 'skip' && stage === 'gradcheck') summary.unchecked ??= message;
    if (status === 'fail' && isCase(result)) summary.firstFailure ??= `${result.id} ${stage}: ${message}`;
  }
  if (!isCase(result)) return;
  const status = tallyKeys[worst(result)];
  summary[status]++;
  (summary.dtypes[result.dtype] ??= emptyTally())[status]++;
}

export const failureLines = (result: Result): string[] =>
  result.outcomes.filter(({ status }) => status === 'fail').map(({ stage, message }) => `FAIL ${result.id} [${stage}] ${message}`);

export type OpState = 'whole' | 'partly' | 'missing' | 'skipped';

export function stateOf(summary: OpSummary): OpState {
  if (summary.failed === 0 && summary.missing === 0) return summary.passed === 0 && summary.skipped > 0 ? 'skipped' : 'whole';
  return summary.passed === 0 && summary.failed === 0 ? 'missing' : 'partly';
}

const add = (tallies: Tally[]): Tally =>
  tallies.reduce(
    (sum, each) => ({
      passed: sum.passed + each.passed,
      failed: sum.failed + each.failed,
      missing: sum.missing + each.missing,
      skipped: sum.skipped + each.skipped,
    }),
    emptyTally(),
  );

function row(label: string, { passed, failed, missing, skipped }: Tally): string {
  const total = passed + failed + missing;
  const percent = total === 0 ? '–' : `${((100 * passed) / total).toFixed(2)} %`;
  return [label.padEnd(24), ...[passed, failed, missing, skipped].map((n) => String(n).padStart(8)), percent.padStart(10)].join('');
}

export function table(summaries: OpSummary[]): string {
  const lines: string[] = [];
  for (const kind of new Set(summaries.map((each) => each.kind))) {
    const own = summaries.filter((each) => each.kind === kind);
    const states = own.map(stateOf);
    const count = (state: OpState) => states.filter((each) => each === state).length;
    lines.push(
      '',
      `${kind}: ${own.length} names: ${count('whole')} whole, ${count('partly')} partly, ${count('missing')} missing, ${count('skipped')} skipped`,
    );
    lines.push(
      `${''.padEnd(24)}${['passed', 'failed', 'missing', 'skipped'].map((text) => text.padStart(8)).join('')}${'passed'.padStart(10)}`,
    );
    lines.push(row('cases', add(own)));
    for (const part of ['forward', 'gradient', 'gradcheck', 'gradgradcheck', 'forms', 'errors', 'init'] as const) {
      const tally = add(own.map((each) => each[part]));
      if (tally.passed + tally.failed + tally.missing + tally.skipped > 0) lines.push(row(`  ${part}`, tally));
    }
    for (const dtype of new Set(own.flatMap((each) => Object.keys(each.dtypes))))
      lines.push(row(`  ${dtype}`, add(own.map((each) => each.dtypes[dtype] ?? emptyTally()))));
    const bad = own.filter((each) => ['partly', 'missing'].includes(stateOf(each)));
    if (bad.length > 0)
      lines.push(
        `  missing: ${
          bad
            .filter((each) => stateOf(each) === 'missing')
            .map((each) => each.name)
            .join(' ') || 'none'
        }`,
      );
    if (bad.length > 0)
      lines.push(
        `  partly: ${
          bad
            .filter((each) => stateOf(each) === 'partly')
            .map((each) => `${each.name} (${each.failed + each.missing}/${each.passed + each.failed + each.missing})`)
            .join(' ') || 'none'
        }`,
      );
  }
  return lines.join('\n');
}
