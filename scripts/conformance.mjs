// npm run conformance [-- --op NAME --kind KIND --device D --dtype T --corpus DIR --json FILE --jobs N]
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, compileTypeScript, root } from './bootstrap.mjs';

await bootstrap();
compileTypeScript('conformance', 'tsconfig.conformance.json', ['test/conformance'], ['build/conformance/main.js']);
const { main } = await import(pathToFileURL(join(root, 'build/conformance/main.js')).href);
process.exitCode = await main(process.argv.slice(2));
