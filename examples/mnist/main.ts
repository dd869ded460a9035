/** Trains a network on handwritten digits, shows what it learned, saves it, and lets a new process load it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as torch from 'typetorch';
import { saveFile } from 'typetorch/safetensors';
import { loadDigits } from './digits.js';
import { LeNet } from './model.js';
import { confusionMatrix, drawPictures, formatConfusion } from './report.js';
import { evaluate, type History, train } from './train.js';

const usage = `usage: npm start -- [options]
  --epochs N       the most epochs to train (default 20)
  --device DEVICE  where to compute (default cpu)
  --seed N         seed of all random numbers (default 0)
  --out DIR        folder for the model and the pictures (default out/mnist)
  --help           this text`;

interface Settings {
  epochs: number;
  device: string;
  seed: number;
  out: string;
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} must be a whole number of at least ${least}, not '${text}'`);
  return value;
}

/** Settings from the command line; null where help was asked for. Throws on wrong flags. */
function parse(args: string[]): Settings | null {
  const { values } = parseArgs({
    args,
    options: {
      epochs: { type: 'string', default: '20' },
      device: { type: 'string', default: 'cpu' },
      seed: { type: 'string', default: '0' },
      out: { type: 'string', default: 'out/mnist' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  torch.zeros(1, { device: values.device });
  return {
    epochs: wholeNumber('epochs', values.epochs, 1),
    seed: wholeNumber('seed', values.seed, 0),
    device: values.device,
    out: resolve(values.out),
  };
}

async function finish(
  model: LeNet,
  history: History,
  test: ReturnType<typeof loadDigits>['test'],
  { device, out }: Settings,
): Promise<void> {
  const path = join(out, 'model.safetensors');
  const { accuracy, predictions } = await evaluate(model, test, device);
  console.log(`\ntest accuracy: ${(100 * accuracy).toFixed(2)} % of ${predictions.length} digits\n`);
  console.log(formatConfusion(confusionMatrix(test.labels.tolist() as number[], predictions)));
  saveFile(model.to('cpu').stateDict(), path, { accuracy: accuracy.toFixed(4) });
  console.log(`\nsaved: ${path}`);
  for (const picture of drawPictures(model, history, test, predictions, out)) console.log(`drawn: ${picture}`);
  console.log('\nA new process loads the model and reads some digits:\n');
  console.log(execFileSync(process.execPath, [fileURLToPath(new URL('classify.js', import.meta.url)), path], { encoding: 'utf8' }));
}

/** Runs the whole example; gives the exit code. */
export async function main(args: string[]): Promise<number> {
  let settings: Settings | null;
  try {
    settings = parse(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (settings === null) {
    console.log(usage);
    return 0;
  }
  mkdirSync(settings.out, { recursive: true });
  let interrupted = false;
  const onSignal = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
  };
  process.on('SIGINT', onSignal);
  torch.manualSeed(settings.seed);
  const data = loadDigits();
  const model = new LeNet().to(settings.device);
  const parameters = [...model.parameters()].reduce((sum, each) => sum + each.numel(), 0);
  console.log(
    `${model}\n${parameters.toLocaleString('en')} parameters; ${data.train.labels.numel()} digits to train, ${data.test.labels.numel()} to test; Ctrl-C saves and ends\n`,
  );
  const started = performance.now();
  const history = await train(model, data, {
    ...settings,
    batchSize: 64,
    lr: 2e-3,
    enoughLoss: 0.015,
    enoughChange: 0.002,
    interrupted: () => interrupted,
  });
  console.log(`\nstopped after ${((performance.now() - started) / 1000).toFixed(1)} s: ${history.reason}`);
  if (history.reason === 'interrupted') {
    const path = join(settings.out, 'model.safetensors');
    saveFile(model.to('cpu').stateDict(), path);
    console.log(`saved: ${path}`);
    return 130;
  }
  await finish(model, history, data.test, settings);
  process.off('SIGINT', onSignal);
  return 0;
}
