/** What is shown after training: a confusion matrix as text, and pictures. */
import { join } from 'node:path';
import * as plt from 'typetorch/plot';
import type { Digits } from './digits.js';
import type { LeNet } from './model.js';
import type { History } from './train.js';

/** rows: the digit shown, columns: the digit seen */
export function confusionMatrix(labels: readonly number[], predictions: readonly number[]): number[][] {
  const matrix = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  labels.forEach((label, i) => matrix[label][predictions[i]]++);
  return matrix;
}

export function formatConfusion(matrix: readonly (readonly number[])[]): string {
  const cell = (value: unknown) => String(value).padStart(5);
  const head = `shown \\ seen${matrix.map((_, digit) => cell(digit)).join('')}`;
  return [head, ...matrix.map((row, digit) => `${String(digit).padStart(12)}${row.map((n) => cell(n === 0 ? '·' : n)).join('')}`)].join(
    '\n',
  );
}

function drawLoss(history: History): plt.Figure {
  const [figure, [loss, accuracy]] = plt.subplots(1, 2, { figsize: [12, 4.5] });
  const epochs = history.trainLoss.map((_, i) => i + 1);
  loss.plot(epochs, history.trainLoss, { label: 'train', marker: 'o' }).plot(epochs, history.testLoss, { label: 'test', marker: 'o' });
  loss.setTitle('Loss').setXlabel('Epoch').setYlabel('Cross entropy').grid().legend();
  accuracy.plot(
    epochs,
    history.testAccuracy.map((share) => 100 * share),
    { label: 'test', marker: 'o' },
  );
  accuracy.setTitle('Accuracy').setXlabel('Epoch').setYlabel('%').grid().legend();
  return figure;
}

function drawMistakes({ images, labels }: Digits, predictions: readonly number[]): plt.Figure {
  const truth = labels.tolist() as number[];
  const wrong = predictions.flatMap((digit, i) => (digit === truth[i] ? [] : [i])).slice(0, 24);
  const [figure, axes] = plt.subplots(3, 8, { figsize: [12, 5.4] });
  figure.suptitle(`Misclassified digits (${predictions.filter((digit, i) => digit !== truth[i]).length} of ${truth.length})`);
  axes.forEach((each, k) => {
    each.axis('off');
    if (k < wrong.length)
      each
        .imshow(images.select(0, wrong[k]).select(0, 0), { cmap: 'gray', vmin: 0, vmax: 1 })
        .setTitle(`${truth[wrong[k]]} seen as ${predictions[wrong[k]]}`);
  });
  return figure;
}

function drawFilters(model: LeNet): plt.Figure {
  const filters = model.conv1.weight.detach().to('cpu');
  const [figure, axes] = plt.subplots(2, 8, { figsize: [12, 3.6] });
  figure.suptitle('First-layer filters');
  axes.forEach((each, k) => each.axis('off').imshow(filters.select(0, k).select(0, 0), { cmap: 'coolwarm' }));
  return figure;
}

/** Writes the pictures as SVG and PNG; gives their paths. */
export function drawPictures(model: LeNet, history: History, test: Digits, predictions: readonly number[], folder: string): string[] {
  const figures = {
    mistakes: drawMistakes(test, predictions),
    filters: drawFilters(model),
    ...(history.trainLoss.length > 0 ? { loss: drawLoss(history) } : {}),
  };
  return Object.entries(figures).flatMap(([name, figure]) =>
    ['svg', 'png'].map((format) => {
      const path = join(folder, `${name}.${format}`);
      figure.savefig(path);
      return path;
    }),
  );
}
