/** Small complex matrices in plain JavaScript, so that decompositions are checked by other code than made them. */
import { dtypeName, readValues } from './compare.js';
import type { Tensor } from './torch.js';

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function matrix(rows: number, cols: number, at: (row: number, col: number) => [number, number]): Matrix {
  const [re, im] = [new Float64Array(rows * cols), new Float64Array(rows * cols)];
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) [re[r * cols + c], im[r * cols + c]] = at(r, c);
  return { rows, cols, re, im };
}

/** The matrices of a batch; a batch of vectors becomes columns with `asVector`. */
export async function readMatrices(tensor: Tensor, asVector = false): Promise<Matrix[]> {
  const values = await readValues(tensor);
  const shape = asVector ? [...tensor.shape, 1] : tensor.shape;
  const [rows, cols] = shape.slice(-2);
  const step = dtypeName(tensor).startsWith('complex') ? 2 : 1;
  const count = rows * cols === 0 ? 0 : values.length / step / (rows * cols);
  return Array.from({ length: count }, (_, batch) =>
    matrix(rows, cols, (r, c) => {
      const i = (batch * rows * cols + r * cols + c) * step;
      return [Number(values[i]), step === 2 ? Number(values[i + 1]) : 0];
    }),
  );
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  return matrix(a.rows, b.cols, (r, c) => {
    let [re, im] = [0, 0];
    for (let k = 0; k < a.cols; k++) {
      const [i, j] = [r * a.cols + k, k * b.cols + c];
      re += a.re[i] * b.re[j] - a.im[i] * b.im[j];
      im += a.re[i] * b.im[j] + a.im[i] * b.re[j];
    }
    return [re, im];
  });
}

const at = (a: Matrix, r: number, c: number): [number, number] => [a.re[r * a.cols + c], a.im[r * a.cols + c]];

/** Conjugate transpose. */
export const adjoint = (a: Matrix): Matrix =>
  matrix(a.cols, a.rows, (r, c) => {
    const [re, im] = at(a, c, r);
    return [re, -im];
  });

export const leftColumns = (a: Matrix, count: number): Matrix => matrix(a.rows, count, (r, c) => at(a, r, c));
export const identity = (n: number): Matrix => matrix(n, n, (r, c) => [r === c ? 1 : 0, 0]);
export const diagonal = (vector: Matrix): Matrix => matrix(vector.rows, vector.rows, (r, c) => (r === c ? at(vector, r, 0) : [0, 0]));
export const upperTriangle = (a: Matrix): Matrix => matrix(a.rows, a.cols, (r, c) => (r <= c ? at(a, r, c) : [0, 0]));
export const subtract = (a: Matrix, b: Matrix): Matrix =>
  matrix(a.rows, a.cols, (r, c) => [at(a, r, c)[0] - at(b, r, c)[0], at(a, r, c)[1] - at(b, r, c)[1]]);

export const largest = (a: Matrix): number => a.re.reduce((most, re, i) => Math.max(most, Math.hypot(re, a.im[i])), 0);

/** Largest difference of two matrices, relative to the size of the second (or 1). NaN where anything is. */
export function distance(a: Matrix, b: Matrix): number {
  if (a.rows !== b.rows || a.cols !== b.cols) return Infinity;
  return (
    a.re.reduce((most, re, i) => {
      const d = Math.hypot(re - b.re[i], a.im[i] - b.im[i]);
      return d > most || Number.isNaN(d) ? d : most;
    }, 0) / Math.max(1, largest(b))
  );
}
