/** Which operators autocast changes on the CPU. https://pytorch.org/docs/stable/amp.html#cpu-op-specific-behavior */

/** What happens to the floating-point arguments: the lower precision, float32, the widest among them, or nothing, here and inside. */
export type Policy = 'lower' | 'float32' | 'widest' | 'unchanged';

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

const lower = words(`
  conv1d conv2d conv3d convTranspose1d convTranspose2d convTranspose3d
  bmm mm matmul addmm addbmm baddbmm linear linalg_vecdot linalg_multi_dot prelu scaledDotProductAttention`);

const float32 = words(`
  avgPool3d adaptiveAvgPool3d maxPool3d adaptiveMaxPool3d fractionalMaxPool2d fractionalMaxPool3d maxUnpool1d maxUnpool2d maxUnpool3d
  gridSampler polar prod quantile nanquantile stft cdist trace viewAsComplex
  cholesky cholesky_inverse cholesky_solve lu_solve ormqr geqrf qr svd triangular_solve pinverse
  fft_fft fft_ifft fft_fft2 fft_ifft2 fft_fftn fft_ifftn fft_rfft fft_irfft fft_rfft2 fft_irfft2 fft_rfftn fft_irfftn fft_hfft fft_ihfft
  linalg_cond linalg_matrix_rank linalg_solve linalg_cholesky linalg_cholesky_ex linalg_svd linalg_svdvals linalg_eig linalg_eigvals
  linalg_eigh linalg_eigvalsh linalg_inv linalg_inv_ex linalg_householder_product linalg_tensorinv linalg_tensorsolve linalg_qr linalg_lstsq
  binaryCrossEntropy binaryCrossEntropyWithLogits mseLoss l1Loss smoothL1Loss huberLoss nllLoss crossEntropy klDiv ctcLoss poissonNllLoss
  cosineEmbeddingLoss hingeEmbeddingLoss marginRankingLoss softMarginLoss tripletMarginLoss multiMarginLoss multilabelMarginLoss`);

const widest = words('cat stack indexCopy');

/** One kernel in PyTorch, but matrix products here. */
const unchanged = words('bilinear');

export const policies: ReadonlyMap<string, Policy> = new Map([
  ...lower.map((name) => [name, 'lower'] as const),
  ...float32.map((name) => [name, 'float32'] as const),
  ...widest.map((name) => [name, 'widest'] as const),
  ...unchanged.map((name) => [name, 'unchanged'] as const),
]);

/** Padding has kernels of its own for what it copies from inside, and only they are on the list. */
const padPolicy = (mode: unknown, pad: unknown): Policy | undefined =>
  mode === 'replicate' || (mode === 'reflect' && Array.isArray(pad) && pad.length <= 4) ? 'float32' : undefined;

/** An LSTM's layer is one kernel if it does not project its hidden states. */
const lstmPolicy = (weights: unknown): Policy | undefined => ((weights as readonly unknown[])[4] ? undefined : 'lower');

/** What happens to an operator with these arguments, in the order of its signature. */
export function policyOf(name: string, args: readonly unknown[]): Policy | undefined {
  if (name === 'pad') return padPolicy(args[2], args[1]);
  return name === 'lstmLayer' ? lstmPolicy(args[2]) : policies.get(name);
}
