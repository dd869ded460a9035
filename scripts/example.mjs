// npm run example -- lesson/01-creation: compiles and runs one example.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrapExamples, root } from './bootstrap.mjs';

const [name, ...rest] = process.argv.slice(2);
if (!name) {
  console.error('usage: npm run example -- NAME, where examples/NAME.ts exists, such as lesson/01-creation');
  process.exit(2);
}
await bootstrapExamples();
const file = join(root, 'build/examples', `${name.replace(/^examples\//, '').replace(/\.ts$/, '')}.js`);
if (!existsSync(file)) {
  console.error(`there is no examples/${name}.ts`);
  process.exit(2);
}
process.argv.splice(1, 2, file, ...rest);
await import(pathToFileURL(file).href);
