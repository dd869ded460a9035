// npm run docs: pages of all docstrings in build/docs/api, made by typedoc, which it installs in docs/.
import { bootstrap, installDocs, log, run } from './bootstrap.mjs';

await bootstrap();
installDocs();
run(process.execPath, ['docs/node_modules/typedoc/bin/typedoc', '--options', 'docs/typedoc.json']);
log('open build/docs/api/index.html');
