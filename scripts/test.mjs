// npm test: everything that vitest finds, then the conformance corpus. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { bootstrapExamples, root } from './bootstrap.mjs';

await bootstrapExamples();
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
