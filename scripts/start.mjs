// npm start: trains the digit classifier (examples/mnist). Flags go through: npm start -- --help
import { join } from 'node:path';
import { bootstrapExamples, root } from './bootstrap.mjs';

await bootstrapExamples();
const { main } = await import(join(root, 'build/examples/mnist/main.js'));
process.exitCode = await main(process.argv.slice(2));
