// npm run typecheck, npm run lint, npm run format: each ends with the exit code of the first tool that fails.
import { bootstrap, installChecks, run } from './bootstrap.mjs';

const tsc = ['node_modules/typescript/bin/tsc', '--noEmit'];
const prettier = 'test/node_modules/prettier/bin/prettier.cjs';
const checks = {
  typecheck: [tsc, [...tsc, '-p', 'tsconfig.test.json']],
  lint: [
    ['test/node_modules/oxlint/bin/oxlint'],
    ['test/node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src', '--config', '.dependency-cruiser.cjs'],
    [prettier, '--check', '.'],
  ],
  format: [[prettier, '--write', '.']],
};

await bootstrap();
installChecks();
for (const command of checks[process.argv[2]]) run(process.execPath, command);
