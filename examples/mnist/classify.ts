/** Loads a saved model in a process of its own and reads a few test digits: `node classify.js model.safetensors`. */
import { fileURLToPath } from 'node:url';
import * as torch from 'typetorch';
import { loadFile } from 'typetorch/safetensors';
import { drawDigit, loadDigits } from './digits.js';
import { LeNet } from './model.js';

/** Reads `count` digits of the test set with the model in `path`, and shows them side by side. */
export function classify(path: string, count = 4): string {
  const model = new LeNet();
  model.loadStateDict(loadFile(path));
  model.eval();
  const { images, labels } = loadDigits().test;
  const some = images.narrow(0, 0, count);
  const probabilities = torch.noGrad(() => model(some).softmax(1));
  const seen = probabilities.argmax(1).tolist() as number[];
  const drawings = Array.from({ length: count }, (_, i) => drawDigit(some.select(0, i).select(0, 0).tolist() as number[][]));
  const lines = drawings[0].map((_, row) => drawings.map((drawing) => drawing[row]).join('  '));
  const captions = seen.map((digit, i) => {
    const sure = (100 * Number(probabilities.select(0, i).select(0, digit).item())).toFixed(1);
    return `${digit} (${sure} %), shown: ${Number(labels.select(0, i).item())}`.padEnd(28);
  });
  return [...lines, captions.join('  ')].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(classify(process.argv[2]));
