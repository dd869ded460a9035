/** The short-time Fourier transform and its inverse. */
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { item } from './read.js';
import { ones, tensor, zeros } from './creation.js';
import { arange } from './sequences.js';
import { define } from './define.js';
import { fft, ifft, irfft, rfft } from './fft.js';
import { cat } from './join.js';
import { viewAsReal } from './misc.js';
import { indexAdd, indexSelect } from './scatter.js';
import { narrow, reshape, transpose, unfold, unsqueeze } from './view.js';
import type { Op } from './types.js';

type PadMode = 'reflect' | 'constant' | 'replicate' | 'circular';

/** Where element i of a padded row of n comes from. */
const sources: Record<Exclude<PadMode, 'constant'>, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};
/** The last dim with `before` and `after` zeros. */
function zeroPadded(x: Tensor, before: number, after: number): Tensor {
  const nothing = (count: number): Tensor => zeros([...x.sizes.slice(0, -1), count], { dtype: x.dtype, device: x.device });
  return before === 0 && after === 0 ? x : cat([nothing(before), x, nothing(after)], -1);
}
function padded(x: Tensor, by: number, mode: PadMode): Tensor {
  if (mode === 'constant') return zeroPadded(x, by, by);
  const n = x.sizes[x.ndim - 1];
  if (mode === 'reflect' && by >= n)
    throw new RuntimeError(
      `Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (${by}, ${by}) at dimension ${x.ndim} of input [${x.sizes.join(', ')}]`,
    );
  if (by === 0) return x;
  const edge = (from: number): Tensor => {
    const index = Array.from({ length: by }, (_, i) => sources[mode](from + i, n));
    return indexSelect(x, -1, tensor(index, { device: x.device }));
  };
  return cat([edge(-by), x, edge(n)], -1);
}

interface Framing {
  readonly nFft: number;
  readonly hop: number;
  readonly winLength: number;
}
/** The window in the middle of nFft points; ones where there is none. */
function wholeWindow(window: Tensor | null, { nFft, winLength }: Framing, like: Tensor): Tensor {
  const own = window ?? ones([winLength], { dtype: like.dtype.toReal(), device: like.device });
  const left = Math.floor((nFft - winLength) / 2);
  return zeroPadded(own, left, nFft - winLength - left);
}

function checkFraming(name: string, { nFft, hop, winLength }: Framing, window: Tensor | null, length: number): void {
  const call = `${name}(n_fft=${nFft}, hop_length=${hop}, win_length=${winLength})`;
  if (!(nFft > 0 && nFft <= length)) throw new RuntimeError(`${call} : expected 0 < n_fft < ${length}, but got n_fft=${nFft}`);
  if (!(hop > 0)) throw new RuntimeError(`${call} : expected hop_length > 0, but got hop_length=${hop}`);
  if (!(winLength > 0 && winLength <= nFft))
    throw new RuntimeError(`${call} : expected 0 < win_length <= n_fft, but got win_length=${winLength}`);
  if (window && (window.ndim !== 1 || window.sizes[0] !== winLength))
    throw new RuntimeError(
      `${call} : expected a 1D window tensor of size equal to win_length=${winLength}, but got window with size [${window.sizes.join(', ')}]`,
    );
}

export interface StftOptions {
  hopLength: number | null;
  winLength: number | null;
  window: Tensor | null;
  center: boolean;
  padMode: PadMode;
  normalized: boolean;
  onesided: boolean | null;
  returnComplex: boolean | null;
  alignToWindow: boolean | null;
}
type Stft = Op<
  [nFft: number],
  [
    hopLength: number | null,
    winLength: number | null,
    window: Tensor | null,
    center: boolean,
    padMode: PadMode,
    normalized: boolean,
    onesided: boolean | null,
    returnComplex: boolean | null,
    alignToWindow: boolean | null,
  ],
  StftOptions
>;
/**
 * The spectra of windowed frames of a signal [n] or [batch, n]: [.., frequencies, frames], complex, or with a last dim of 2 without
 * `returnComplex`.
 * https://pytorch.org/docs/stable/generated/torch.stft.html
 * @example torch.stft(torch.ones(16), 8, { window: torch.hannWindow(8), returnComplex: true }).shape  // torch.Size([5, 9])
 */
export const stft: Stft = define(
  'stft',
  'input, nFft, hopLength?, winLength?, window?, center?, padMode?, normalized?, onesided?, returnComplex?, alignToWindow?',
  (
    input: Tensor,
    nFft: number,
    hopLength?: number | null,
    winLengthGiven?: number | null,
    windowGiven?: Tensor | null,
    center = true,
    padMode: PadMode = 'reflect',
    normalized = false,
    onesidedGiven?: boolean | null,
    returnComplexGiven?: boolean | null,
    alignToWindow?: boolean | null,
  ) => {
    const window = windowGiven ?? null;
    const isComplex = input.dtype.isComplex || window?.dtype.isComplex === true;
    if ((returnComplexGiven ?? null) === null && !isComplex)
      throw new RuntimeError(
        'stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a future PyTorch release.',
      );
    const returnComplex = returnComplexGiven ?? true;
    if (center && (alignToWindow ?? null) !== null) throw new RuntimeError('stft align_to_window should only be set when center = false');
    if (input.dtype.category < 2) throw new RuntimeError('stft(): expected a tensor of floating point or complex values');
    if (input.ndim !== 1 && input.ndim !== 2) throw new RuntimeError('stft(): expected a 1D or 2D tensor');
    const framing = { nFft, hop: hopLength ?? Math.floor(nFft / 4), winLength: winLengthGiven ?? nFft };
    const margin = nFft - framing.winLength;
    const signal = center
      ? padded(input, Math.floor(nFft / 2), padMode)
      : alignToWindow === true
        ? zeroPadded(input, Math.floor(margin / 2), margin - Math.floor(margin / 2))
        : input;
    checkFraming('stft', framing, window, signal.sizes[signal.ndim - 1]);
    const onesided = onesidedGiven ?? !isComplex;
    if (isComplex && onesided) throw new RuntimeError('Cannot have onesided output if window or input is complex');
    const frames = unfold(signal, -1, nFft, framing.hop);
    const windowed = window || margin > 0 ? frames.mul(wholeWindow(window, framing, input)) : frames;
    const spectra = (onesided ? rfft : fft)(windowed, null, -1, normalized ? 'ortho' : null);
    const result = transpose(spectra, -2, -1);
    return returnComplex ? result : viewAsReal(result);
  },
);

/** Frames [batch, frames, n] added up where they overlap: [batch, n + hop (frames - 1)]. */
function overlapAdd(frames: Tensor, hop: number): Tensor {
  const [batch, count, n] = frames.sizes;
  const starts = unsqueeze(arange(count, { device: frames.device }).mul(hop), -1);
  const positions = reshape(starts.add(arange(n, { device: frames.device })), [-1]);
  const out = zeros([batch, n + hop * (count - 1)], { dtype: frames.dtype, device: frames.device });
  return indexAdd(out, 1, positions, reshape(frames, [batch, count * n]));
}

function checkSpectra(input: Tensor, nFft: number, onesided: boolean): void {
  if (!input.dtype.isComplex)
    throw new RuntimeError('istft requires a complex-valued input tensor matching the output from stft with return_complex=True.');
  if (input.ndim !== 2 && input.ndim !== 3)
    throw new RuntimeError(`istft(): expected a tensor with 2 or 3 dimensions, but got ${input.ndim}`);
  if (input.sizes.includes(0)) throw new RuntimeError('istft(): input tensor cannot be empty.');
  const expected = onesided ? Math.floor(nFft / 2) + 1 : nFft;
  const own = input.sizes[input.ndim - 2];
  if (own !== expected)
    throw new RuntimeError(
      `istft(): expected the frequency dimension (3rd to the last) of the input tensor to match n_fft${onesided ? ' / 2 + 1' : ''} when onesided=${onesided ? 'True' : 'False'}, but got ${own}`,
    );
}
/** The signal of each spectrum: [batch, frames, nFft]. */
function inverseFrames(spectra: Tensor, nFft: number, onesided: boolean, isComplex: boolean, normalized: boolean): Tensor {
  const rows = transpose(spectra, -2, -1);
  const norm = normalized ? 'ortho' : null;
  if (isComplex) return ifft(rows, null, -1, norm);
  return irfft(onesided ? rows : narrow(rows, -1, 0, Math.floor(nFft / 2) + 1), nFft, -1, norm);
}

type IstftOptions = Omit<StftOptions, 'padMode' | 'alignToWindow'> & { length: number | null };
type Istft = Op<
  [nFft: number],
  [
    hopLength: number | null,
    winLength: number | null,
    window: Tensor | null,
    center: boolean,
    normalized: boolean,
    onesided: boolean | null,
    length: number | null,
    returnComplex: boolean,
  ],
  IstftOptions
>;
/**
 * The signal whose `stft` is the input, in the sense of least squares. https://pytorch.org/docs/stable/generated/torch.istft.html
 * @throws RuntimeError where the windows leave an element uncovered
 * @example
 * const signal = torch.ones(16);
 * const window = torch.hannWindow(8);
 * const spectra = torch.stft(signal, 8, { window, returnComplex: true });
 * torch.allclose(torch.istft(spectra, 8, { window, length: 16 }), signal)  // true
 */
export const istft: Istft = define(
  'istft',
  'input, nFft, hopLength?, winLength?, window?, center?, normalized?, onesided?, length?, returnComplex?',
  (
    input: Tensor,
    nFft: number,
    hopLength?: number | null,
    winLengthGiven?: number | null,
    windowGiven?: Tensor | null,
    center = true,
    normalized = false,
    onesidedGiven?: boolean | null,
    length?: number | null,
    returnComplex = false,
  ) => {
    const window = windowGiven ?? null;
    const onesided = onesidedGiven ?? input.sizes[input.ndim - 2] !== nFft;
    checkSpectra(input, nFft, onesided);
    const framing = { nFft, hop: hopLength ?? Math.floor(nFft / 4), winLength: winLengthGiven ?? nFft };
    checkFraming('istft', framing, window, Infinity);
    if (framing.hop > framing.winLength) throw new RuntimeError('istft(): expected 0 < hop_length <= win_length');
    if (returnComplex && onesided) throw new RuntimeError('Cannot have onesided output if window or input is complex');
    const whole = wholeWindow(window, framing, input);
    const batched = input.ndim === 2 ? unsqueeze(input, 0) : input;
    const frames = inverseFrames(batched, nFft, onesided, returnComplex, normalized);
    const signal = overlapAdd(frames.mul(whole), framing.hop);
    const count = frames.sizes[1];
    const envelope = overlapAdd(whole.mul(whole).expand([1, count, nFft]), framing.hop);
    const start = center ? Math.floor(nFft / 2) : 0;
    const available = signal.sizes[1] - start;
    const wanted = length ?? available - start;
    const kept = Math.min(wanted, available);
    const weights = narrow(envelope, 1, start, kept);
    const lowest = item(weights.abs().min() as Tensor) as number;
    if (!(lowest > 1e-11)) throw new RuntimeError(`istft(): window overlap add min: ${lowest}`);
    const result = zeroPadded(narrow(signal, 1, start, kept).div(weights), 0, wanted - kept);
    return input.ndim === 2 ? result.squeeze(0) : result;
  },
);
