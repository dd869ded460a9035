// npm test: everything that vitest finds, the conformance corpus among it. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { bootstrapExamples, compileTypeScript, installChecks, root } from './bootstrap.mjs';

await bootstrapExamples();
installChecks();
compileTypeScript('conformance', 'tsconfig.conformance.json', ['test/conformance'], ['build/conformance/main.js']);
const { status } = spawnSync(
  process.execPath,
  ['test/node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
