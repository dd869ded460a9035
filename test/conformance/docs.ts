/** `docs/ops.md`: what works, by operator; written by the runner, never by hand. */
import { type OpSummary, stateOf, type Tally } from './report.js';

/** Summaries of the same corpus on one device. */
export interface DeviceRun {
  readonly device: string;
  readonly summaries: readonly OpSummary[];
}

const share = ({ passed, failed, missing }: Tally): string => {
  const total = passed + failed + missing;
  return total === 0 ? '–' : passed === total ? '✓' : `${passed} of ${total}`;
};

/** What PyTorch itself does not give. */
const known: Record<string, string> = {
  'ops/as_strided_scatter': "PyTorch's gradient of the input is that of the elements written over; ours is that of the others",
  'ops/renorm': "PyTorch's gradient of the infinity norm of complex numbers is NaN here, ours is not",
};

/** Why a gradient was compared with PyTorch's alone. */
function uncheckedReason({ kind, gradient, gradcheck, unchecked }: OpSummary): string {
  if (kind !== 'ops' || gradient.passed === 0 || gradcheck.passed + gradcheck.failed > 0) return '';
  return `no gradcheck: ${unchecked ?? 'samples are random, or too large for finite differences'}`;
}

function reason(summary: OpSummary): string {
  if (stateOf(summary) === 'missing') return 'not there';
  if (stateOf(summary) === 'skipped') return summary.firstSkip ?? 'its dtypes or layouts are not there';
  if (summary.failed === 0) return uncheckedReason(summary);
  const message = (summary.firstFailure ?? '').replaceAll(/\s+/g, ' ').replace(/ at [^ ]* ?\(?file:.*/, '');
  return known[`${summary.kind}/${summary.name}`] ?? message.replaceAll('|', '\\|').slice(0, 120);
}

const dtypes = (summary: OpSummary): string =>
  Object.entries(summary.dtypes)
    .filter(([, tally]) => tally.passed > 0)
    .map(([dtype]) => dtype)
    .sort()
    .join(', ');

const isWholeOn = ({ summaries }: DeviceRun, { kind, name }: OpSummary): boolean =>
  summaries.some((each) => each.kind === kind && each.name === name && stateOf(each) === 'whole');

interface Column {
  readonly title: string;
  readonly cell: (summary: OpSummary, runs: readonly DeviceRun[]) => string;
}
const columns: readonly Column[] = [
  { title: 'name', cell: ({ name }) => name.replaceAll('_', '\\_') },
  { title: 'forward', cell: ({ forward }) => share(forward) },
  { title: 'gradient', cell: ({ gradient }) => share(gradient) },
  { title: 'gradcheck', cell: ({ gradcheck }) => share(gradcheck) },
  { title: 'gradgradcheck', cell: ({ gradgradcheck }) => share(gradgradcheck) },
  { title: 'other spellings', cell: ({ forms }) => share(forms) },
  { title: 'dtypes', cell: dtypes },
  {
    title: 'whole on',
    cell: (summary, runs) =>
      runs
        .filter((run) => isWholeOn(run, summary))
        .map(({ device }) => device)
        .join(', '),
  },
  { title: 'why not all', cell: reason },
];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function section(title: string, own: readonly OpSummary[], runs: readonly DeviceRun[]): string {
  const whole = own.filter((each) => stateOf(each) === 'whole').length;
  // A column that is empty throughout is left out.
  const shown = columns.filter(({ cell }) => own.some((each) => !['', '–'].includes(cell(each, runs))));
  const head = [line(shown.map((column) => column.title)), line(shown.map(() => '---'))];
  const rows = own.map((each) => line(shown.map(({ cell }) => cell(each, runs))));
  return `## ${title}\n\n${whole} of ${own.length} are whole.\n\n${[...head, ...rows].join('\n')}\n`;
}

const titles: Record<string, string> = {
  ops: 'Operators',
  modules: 'Modules',
  modules_legacy: 'Modules (older database)',
  optim: 'Optimizers',
  lr_scheduler: 'Learning-rate schedulers',
};

/** The first run gives the numbers, the others the devices. */
export function opsTable(runs: readonly DeviceRun[]): string {
  const [{ device, summaries }] = runs;
  const sections = Object.entries(titles).map(([kind, title]) =>
    section(
      title,
      summaries.filter((each) => each.kind === kind),
      runs,
    ),
  );
  return `# What is supported

Made by \`npm run conformance -- --docs\` from PyTorch's own test database; numbers are those of \`${device}\`. ✓: all cases pass; –: there are none.
\`gradcheck\` and \`gradgradcheck\` compare first and second derivatives of small float64 samples with finite differences.

${sections.join('\n')}`;
}
