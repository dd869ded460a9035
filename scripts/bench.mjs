// npm run bench [-- PART_OF_A_NAME …]
import { spawnSync } from 'node:child_process';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { status } = spawnSync(process.execPath, ['bench/main.mjs', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
