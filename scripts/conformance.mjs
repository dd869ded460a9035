// npm run conformance [-- --op NAME --kind KIND --device D --dtype T --corpus DIR --json FILE --jobs N]
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root, run } from './bootstrap.mjs';

await bootstrap();
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.conformance.json']);
const { main } = await import(pathToFileURL(join(root, 'build/conformance/main.js')).href);
process.exitCode = await main(process.argv.slice(2));
