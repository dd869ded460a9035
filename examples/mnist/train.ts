import * as torch from 'typetorch';
import type { Digits } from './digits.js';
import type { LeNet } from './model.js';
import { Progress } from './progress.js';

const { nn, optim, utils } = torch;

export interface TrainOptions {
  epochs: number;
  batchSize: number;
  lr: number;
  /** Stop when the mean loss of an epoch is below this. */
  enoughLoss: number;
  /** Stop when an epoch changes the weights by less than this share of their size. */
  enoughChange: number;
  device: string;
  /** Asked between batches. */
  interrupted: () => boolean;
}

export interface History {
  trainLoss: number[];
  testLoss: number[];
  testAccuracy: number[];
  reason: string;
}

/** Lets timers and signals have their turn. */
const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const weightsOf = (model: LeNet): torch.Tensor => torch.noGrad(() => nn.utils.parametersToVector(model.parameters()));

/** How far the weights moved, relative to their size. */
async function changeOf(before: torch.Tensor, after: torch.Tensor): Promise<number> {
  const moved = after.sub(before).square().sum().sqrt();
  return Number(await moved.div(before.square().sum().sqrt()).itemAsync());
}

/** Mean loss and accuracy over a set, with the predicted digits. */
export async function evaluate(
  model: LeNet,
  { images, labels }: Digits,
  device: string,
): Promise<{ loss: number; accuracy: number; predictions: number[] }> {
  model.eval();
  const predictions: number[] = [];
  let loss = 0;
  const all = labels.tolist() as number[];
  for (let start = 0; start < all.length; start += 500) {
    const count = Math.min(500, all.length - start);
    const logits = torch.noGrad(() => model(images.narrow(0, start, count).to(device)));
    loss += Number(await nn.functional.crossEntropy(logits, labels.narrow(0, start, count).to(device), { reduction: 'sum' }).itemAsync());
    predictions.push(...((await logits.argmax(1).tolistAsync()) as number[]));
  }
  const right = predictions.filter((digit, i) => digit === all[i]).length;
  return { loss: loss / all.length, accuracy: right / all.length, predictions };
}

/** Trains until one of the lesson's three conditions holds, or until someone interrupts. */
export async function train(model: LeNet, data: { train: Digits; test: Digits }, options: TrainOptions): Promise<History> {
  const { epochs, batchSize, lr, device } = options;
  const loader = new utils.data.DataLoader(new utils.data.TensorDataset(data.train.images, data.train.labels), {
    batchSize,
    shuffle: true,
  });
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs, etaMin: lr / 50 });
  const progress = new Progress();
  const history: History = { trainLoss: [], testLoss: [], testAccuracy: [], reason: '' };
  const [total, started] = [data.train.labels.numel(), performance.now()];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    const before = weightsOf(model);
    let [seen, lossSum, right] = [0, 0, 0];
    const status = () => {
      const elapsed = (performance.now() - started) / 1000;
      const images = (epoch - 1) * total + seen;
      const imagesPerSecond = images / elapsed;
      return {
        epoch,
        epochs,
        done: seen / total,
        loss: lossSum / seen,
        accuracy: right / seen,
        imagesPerSecond,
        secondsLeft: (epochs * total - images) / imagesPerSecond,
      };
    };
    for (const [x, y] of loader) {
      const [inputs, targets] = [x.to(device), y.to(device)];
      optimizer.zeroGrad();
      const logits = model(inputs);
      const loss = nn.functional.crossEntropy(logits, targets);
      loss.backward();
      optimizer.step();
      const count = y.sizes[0];
      seen += count;
      lossSum += count * Number(await loss.detach().itemAsync());
      right += Number(await logits.detach().argmax(1).eq(targets).sum().itemAsync());
      progress.update(status());
      await breathe();
      if (options.interrupted()) {
        progress.abandon();
        history.reason = 'interrupted';
        return history;
      }
    }
    schedule.step();
    const test = await evaluate(model, data.test, device);
    history.trainLoss.push(lossSum / seen);
    history.testLoss.push(test.loss);
    history.testAccuracy.push(test.accuracy);
    progress.finish(status(), `  test ${(100 * test.accuracy).toFixed(2)} %`);
    const change = await changeOf(before, weightsOf(model));
    if (lossSum / seen < options.enoughLoss)
      history.reason = `the loss is small enough (${(lossSum / seen).toFixed(4)} < ${options.enoughLoss})`;
    else if (change < options.enoughChange)
      history.reason = `the weights hardly change any more (${(100 * change).toFixed(3)} % in one epoch)`;
    else if (epoch === epochs) history.reason = `the most epochs are reached (${epochs})`;
    if (history.reason) return history;
  }
  return history;
}
