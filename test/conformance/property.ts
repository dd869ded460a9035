/** Results that are not unique: checked by what defines them. */
import { Mismatch } from './compare.js';
import type { Case } from './corpus.js';
import {
  adjoint,
  diagonal,
  distance,
  identity,
  leftColumns,
  type Matrix,
  matrix,
  multiply,
  readMatrices,
  subtract,
  upperTriangle,
} from './matrix.js';
import type { Dynamic, Tensor } from './torch.js';

interface Subject {
  torch: Dynamic;
  test: Case;
  /** The arguments of the call; the last may be the options. */
  args: unknown[];
  results: Tensor[];
}

const tolerance = (dtype: string): number => (dtype === 'float64' || dtype === 'complex128' ? 1e-9 : 2e-4);

type Check = (subject: Subject) => Promise<[what: string, error: number][]>;

const orthonormal = (columns: Matrix): number => distance(multiply(adjoint(columns), columns), identity(columns.cols));

async function checkSvd({ test, args, results: [u, s, v] }: Subject): Promise<[string, number][]> {
  const [A, U, S, V] = [await readMatrices(args[0] as Tensor), await readMatrices(u), await readMatrices(s, true), await readMatrices(v)];
  const M = test.kwargs.M && (await readMatrices((args[1] as { M: Tensor }).M));
  const hasAdjoint = test.call!.path === 'torch.linalg.svd';
  return A.flatMap((a, i): [string, number][] => {
    if (M) return checkProjection(subtract(a, M[i]), U[i], S[i], V[i]);
    const right = hasAdjoint ? adjoint(V[i]) : V[i];
    const k = S[i].rows;
    const product = multiply(multiply(leftColumns(U[i], k), diagonal(S[i])), adjoint(leftColumns(right, k)));
    const target = test.kwargs.center === true ? centered(a) : a;
    return [
      ['U diag(S) V^H = A', distance(product, target)],
      ['U is orthonormal', orthonormal(U[i])],
      ['V is orthonormal', orthonormal(right)],
    ];
  });
}

/** Of a matrix of full rank, a few singular triplets are an approximation: what the columns of U and V see of it is diag(S). */
const checkProjection = (a: Matrix, u: Matrix, s: Matrix, v: Matrix): [string, number][] => [
  ['U^H A V = diag(S)', distance(multiply(multiply(adjoint(u), a), v), diagonal(s))],
  ['U is orthonormal', orthonormal(u)],
  ['V is orthonormal', orthonormal(v)],
];

function centered(a: Matrix): Matrix {
  const mean = (part: Float64Array, c: number) => {
    let sum = 0;
    for (let r = 0; r < a.rows; r++) sum += part[r * a.cols + c];
    return sum / a.rows;
  };
  return matrix(a.rows, a.cols, (r, c) => [a.re[r * a.cols + c] - mean(a.re, c), a.im[r * a.cols + c] - mean(a.im, c)]);
}

/** The Hermitian matrix whose lower (upper) triangle is that of `a`. */
const hermitian = (a: Matrix, upper: boolean): Matrix =>
  matrix(a.rows, a.cols, (r, c) => {
    const own = r === c || r > c !== upper;
    const at = own ? r * a.cols + c : c * a.cols + r;
    return [a.re[at], r === c ? 0 : own ? a.im[at] : -a.im[at]];
  });

const checkEig =
  (unitary: boolean): Check =>
  async ({ test, args, results: [l, v] }) => {
    const [given, L, V] = [await readMatrices(args[0] as Tensor), await readMatrices(l, true), await readMatrices(v)];
    const A = unitary ? given.map((a) => hermitian(a, test.kwargs.UPLO === 'U')) : given;
    return A.flatMap((a, i): [string, number][] => {
      const equation: [string, number] = ['A V = V diag(L)', distance(multiply(a, V[i]), multiply(V[i], diagonal(L[i])))];
      return unitary ? [equation, ['V is orthonormal', orthonormal(V[i])]] : [equation];
    });
  };

async function checkQr({ args, results: [q, r] }: Subject): Promise<[string, number][]> {
  const [A, Q, R] = [await readMatrices(args[0] as Tensor), await readMatrices(q), await readMatrices(r)];
  if (Q.length === 0) return [];
  return A.flatMap((a, i): [string, number][] => [
    ['Q R = A', distance(multiply(Q[i], R[i]), a)],
    ['Q is orthonormal', orthonormal(Q[i])],
    ['R is upper triangular', distance(upperTriangle(R[i]), R[i])],
  ]);
}

async function checkGeqrf({ torch, args, results: [a, tau] }: Subject): Promise<[string, number][]> {
  const packed = a as unknown as { narrow(dim: number, start: number, length: number): unknown };
  const q = torch.linalg.householderProduct(packed.narrow(-1, 0, tau.shape.at(-1)!), tau) as unknown as Tensor;
  const [A, Q, R] = [await readMatrices(args[0] as Tensor), await readMatrices(q), await readMatrices(a)];
  return Q.map((each, i) => {
    const top = matrix(each.cols, R[i].cols, (r, c) => [R[i].re[r * R[i].cols + c], R[i].im[r * R[i].cols + c]]);
    return ['householder_product(a, tau) triu(a) = A', distance(multiply(each, upperTriangle(top)), A[i])];
  });
}

async function checkLdl({ torch, test, args, results: [ld, pivots] }: Subject): Promise<[string, number][]> {
  const solved = torch.linalg.ldlSolve(ld, pivots, args[0], { hermitian: test.kwargs.hermitian }) as unknown as Tensor;
  return (await readMatrices(solved)).map((x) => ['ldl_solve(LD, pivots, A) = I', distance(x, identity(x.rows))]);
}

const checks: Record<string, Check> = {
  svd: checkSvd,
  svd_lowrank: checkSvd,
  eigh: checkEig(true),
  eig: checkEig(false),
  qr: checkQr,
  geqrf: checkGeqrf,
  ldl: checkLdl,
};

export async function checkProperty(subject: Subject): Promise<void> {
  const limit = tolerance(subject.test.dtype!);
  for (const [what, error] of await checks[subject.test.property!](subject)) {
    if (!(error <= limit)) throw new Mismatch(`${what} fails by ${error.toExponential(2)}`);
  }
}
