/** `docs/ops.md`: what works, by operator; written by the runner, never by hand. */
import { type OpSummary, stateOf, type Tally } from './report.js';

const share = ({ passed, failed, missing }: Tally): string => {
  const total = passed + failed + missing;
  return total === 0 ? '–' : passed === total ? '✓' : `${passed} of ${total}`;
};

function reason(summary: OpSummary): string {
  if (stateOf(summary) === 'missing') return 'not there';
  if (stateOf(summary) === 'skipped') return 'its dtypes or layouts are not there';
  if (summary.failed === 0) return '';
  const message = (summary.firstFailure ?? '').replaceAll(/\s+/g, ' ').replace(/ at [^ ]* ?\(?file:.*/, '');
  return message.replaceAll('|', '\\|').slice(0, 120);
}

const dtypes = (summary: OpSummary): string =>
  Object.entries(summary.dtypes)
    .filter(([, tally]) => tally.passed > 0)
    .map(([dtype]) => dtype)
    .sort()
    .join(', ');

function row(summary: OpSummary): string {
  const name = summary.name.replaceAll('_', '\\_');
  return `| ${name} | ${share(summary.forward)} | ${share(summary.gradient)} | ${share(summary.forms)} | ${dtypes(summary)} | ${reason(summary)} |`;
}

const titles: Record<string, string> = {
  ops: 'Operators',
  modules: 'Modules',
  modules_legacy: 'Modules (older database)',
  optim: 'Optimizers',
  lr_scheduler: 'Learning-rate schedulers',
};

export function opsTable(summaries: readonly OpSummary[]): string {
  const parts = Object.entries(titles).map(([kind, title]) => {
    const own = summaries.filter((each) => each.kind === kind);
    const whole = own.filter((each) => stateOf(each) === 'whole').length;
    return `## ${title}\n\n${whole} of ${own.length} are whole.\n\n| name | forward | gradient | other spellings | dtypes | why not all |\n|---|---|---|---|---|---|\n${own.map(row).join('\n')}\n`;
  });
  return `# What is supported\n\nMade by \`npm run conformance -- --docs\` from PyTorch's own test database, on the \`cpu\` device. ✓: all cases pass; –: there are none.\n\n${parts.join('\n')}`;
}
