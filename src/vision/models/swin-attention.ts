/** Attention within shifted windows of an image. */
import * as torch from '../../index.js';

const { nn } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

type Pair = readonly [height: number, width: number];

export interface WindowOptions {
  windowSize: Pair;
  shiftSize: Pair;
  numHeads: number;
  qkvBias?: boolean;
  projBias?: boolean;
  attentionDropout?: number;
  dropout?: number;
}

/** (B, H, W, C) → (B · windows, window height · window width, C) */
function splitWindows(x: Tensor, [windowHeight, windowWidth]: Pair): Tensor {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / windowHeight, width / windowWidth];
  const parts = x.reshape(batch, rows, windowHeight, columns, windowWidth, channels).permute(0, 1, 3, 2, 4, 5);
  return parts.reshape(batch * rows * columns, windowHeight * windowWidth, channels);
}

/** The reverse of `splitWindows`. */
function joinWindows(x: Tensor, [windowHeight, windowWidth]: Pair, [batch, height, width, channels]: readonly number[]): Tensor {
  const [rows, columns] = [height / windowHeight, width / windowWidth];
  const parts = x.reshape(batch, rows, columns, windowHeight, windowWidth, channels).permute(0, 1, 3, 2, 4, 5);
  return parts.reshape(batch, height, width, channels);
}

/** −100 where a window holds pixels that were not neighbours before the shift: (windows, N, N). */
function shiftMask([height, width]: Pair, windowSize: Pair, shiftSize: Pair): Tensor {
  const region = (position: number, size: number, axis: 0 | 1) =>
    shiftSize[axis] === 0 || position < size - windowSize[axis] ? 0 : position < size - shiftSize[axis] ? 1 : 2;
  const regions = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => 3 * region(y, height, 0) + region(x, width, 1)),
  );
  const windows = splitWindows(torch.tensor(regions, { dtype: torch.float32 }).reshape(1, height, width, 1), windowSize).squeeze(-1);
  return windows.unsqueeze(1).ne(windows.unsqueeze(2)).to(torch.float32).mul(-100);
}

interface Attention extends Required<WindowOptions> {
  qkv: torch.nn.Linear;
  proj: torch.nn.Linear;
  relativePositionBias: Tensor;
  /** Of V2: cosine attention with this scale. */
  logitScale: Tensor | null;
  training: boolean;
}

/** V2 has no bias for keys. */
function withoutKeyBias(bias: Tensor | null): Tensor | null {
  if (!bias) return bias;
  const [query, key, value] = bias.chunk(3);
  return torch.cat([query, torch.zerosLike(key), value]);
}

function scores(query: Tensor, key: Tensor, logitScale: Tensor | null): Tensor {
  if (!logitScale) return query.mul(query.shape[query.ndim - 1] ** -0.5).matmul(key.transpose(-2, -1));
  const cosine = F.normalize(query, { dim: -1 }).matmul(F.normalize(key, { dim: -1 }).transpose(-2, -1));
  return cosine.mul(logitScale.clamp({ max: Math.log(100) }).exp());
}

/** (B, H, W, C) → (B, H, W, C) */
export function shiftedWindowAttention(input: Tensor, options: Attention): Tensor {
  const { qkv, proj, windowSize, numHeads, relativePositionBias, logitScale, attentionDropout, dropout, training } = options;
  const [batch, height, width, channels] = input.shape;
  const [padBottom, padRight] = [height, width].map((size, i) => (windowSize[i] - (size % windowSize[i])) % windowSize[i]);
  let x = padBottom + padRight > 0 ? F.pad(input, [0, 0, 0, padRight, 0, padBottom]) : input;
  const padded: Pair = [height + padBottom, width + padRight];
  const [shiftY, shiftX] = options.shiftSize.map((shift, i) => (windowSize[i] >= padded[i] ? 0 : shift));
  const isShifted = shiftY + shiftX > 0;
  if (isShifted) x = x.roll([-shiftY, -shiftX], [1, 2]);
  const windows = splitWindows(x, windowSize);
  const [count, length] = windows.shape;
  const mixed = F.linear(windows, qkv.weight, logitScale ? withoutKeyBias(qkv.bias) : qkv.bias);
  const [query, key, value] = mixed
    .reshape(count, length, 3, numHeads, channels / numHeads)
    .permute(2, 0, 3, 1, 4)
    .unbind(0);
  let attention = scores(query, key, logitScale).add(relativePositionBias);
  if (isShifted) {
    const mask = shiftMask(padded, windowSize, [shiftY, shiftX]).to(attention.device).unsqueeze(1).unsqueeze(0);
    const perImage = attention.reshape(batch, count / batch, numHeads, length, length).add(mask);
    attention = perImage.reshape(count, numHeads, length, length);
  }
  const weights = F.dropout(attention.softmax(-1), attentionDropout, training);
  const attended = weights.matmul(value).transpose(1, 2).reshape(count, length, channels);
  const projected = F.dropout(F.linear(attended, proj.weight, proj.bias), dropout, training);
  const joined = joinWindows(projected, windowSize, [batch, ...padded, channels]);
  const back = isShifted ? joined.roll([shiftY, shiftX], [1, 2]) : joined;
  return back.narrow(1, 0, height).narrow(2, 0, width).contiguous();
}

/** The row of the bias table for each pair of positions in a window, flattened. */
export function relativePositionIndex([height, width]: Pair): Tensor {
  const positions = Array.from({ length: height * width }, (_, i) => [Math.floor(i / width), i % width]);
  const index = positions.flatMap(([y, x]) =>
    positions.map(([otherY, otherX]) => (y - otherY + height - 1) * (2 * width - 1) + (x - otherX + width - 1)),
  );
  return torch.tensor(index, { dtype: torch.int64 });
}

/** Attention with a learnt bias for each relative position. */
export class ShiftedWindowAttention extends nn.Module {
  relativePositionBiasTable: torch.nn.Parameter;
  relativePositionIndex: torch.nn.Buffer;
  qkv: torch.nn.Linear;
  proj: torch.nn.Linear;

  constructor(
    dim: number,
    protected readonly options: WindowOptions,
  ) {
    super();
    const { windowSize, numHeads, qkvBias = true, projBias = true } = options;
    this.qkv = new nn.Linear(dim, 3 * dim, { bias: qkvBias });
    this.proj = new nn.Linear(dim, dim, { bias: projBias });
    const [height, width] = windowSize;
    const table = torch.zeros((2 * height - 1) * (2 * width - 1), numHeads);
    this.relativePositionBiasTable = new nn.Parameter(nn.init.truncNormal_(table, { std: 0.02 }));
    this.relativePositionIndex = new nn.Buffer(relativePositionIndex(windowSize));
  }

  override forward(input: Tensor): Tensor {
    return attend(this, this.options, input, biasOf(this.relativePositionBiasTable, this), null);
  }
}

interface Windowed {
  relativePositionIndex: Tensor;
  qkv: torch.nn.Linear;
  proj: torch.nn.Linear;
  training: boolean;
}

/** (positions, heads) → (1, heads, N, N) */
function biasOf(table: Tensor, { relativePositionIndex: index }: Windowed): Tensor {
  const length = Math.sqrt(index.numel());
  return table.indexSelect(0, index).reshape(length, length, -1).permute(2, 0, 1).contiguous().unsqueeze(0);
}

function attend(module: Windowed, options: WindowOptions, input: Tensor, relativePositionBias: Tensor, logitScale: Tensor | null): Tensor {
  const { qkv, proj, training } = module;
  const standard = { qkvBias: true, projBias: true, attentionDropout: 0, dropout: 0 };
  return shiftedWindowAttention(input, { ...standard, ...options, qkv, proj, training, relativePositionBias, logitScale });
}

/** log2(1 + 8 |offset|) / 3 with the offset's sign, where 1 is the largest offset: (1, 2h − 1, 2w − 1, 2). */
function relativeCoordsTable([height, width]: Pair): Tensor {
  const offsets = (size: number) => torch.arange(-(size - 1), size, { dtype: torch.float32 }).div(size - 1);
  const [y, x] = torch.meshgrid(offsets(height), offsets(width), { indexing: 'ij' });
  const scaled = torch.stack([y, x], -1).unsqueeze(0).mul(8);
  return scaled.sign().mul(scaled.abs().add(1).log2()).div(3);
}

/** Cosine attention; a small network makes the bias from relative positions. */
export class ShiftedWindowAttentionV2 extends nn.Module {
  logitScale: torch.nn.Parameter;
  relativeCoordsTable: torch.nn.Buffer;
  relativePositionIndex: torch.nn.Buffer;
  qkv: torch.nn.Linear;
  proj: torch.nn.Linear;
  cpbMlp: torch.nn.Sequential;

  constructor(
    dim: number,
    protected readonly options: WindowOptions,
  ) {
    super();
    const { windowSize, numHeads, qkvBias = true, projBias = true } = options;
    this.qkv = new nn.Linear(dim, 3 * dim, { bias: qkvBias });
    this.proj = new nn.Linear(dim, dim, { bias: projBias });
    this.relativeCoordsTable = new nn.Buffer(relativeCoordsTable(windowSize));
    this.relativePositionIndex = new nn.Buffer(relativePositionIndex(windowSize));
    this.logitScale = new nn.Parameter(torch.ones(numHeads, 1, 1).mul(10).log());
    this.cpbMlp = new nn.Sequential(new nn.Linear(2, 512), new nn.ReLU({ inplace: true }), new nn.Linear(512, numHeads, { bias: false }));
    if (this.qkv.bias) nn.init.zeros_(this.qkv.bias.chunk(3)[1]);
  }

  override forward(input: Tensor): Tensor {
    const table = this.cpbMlp(this.relativeCoordsTable).reshape(-1, this.options.numHeads);
    return attend(this, this.options, input, biasOf(table, this).sigmoid().mul(16), this.logitScale);
  }
}
