/** Dropout of whole blocks: "DropBlock: A regularization method for convolutional networks" (Ghiasi et al., 2018). */
import * as torch from '../../index.js';
import { bind, type Call, pythonFloat } from '../arguments.js';

const { nn } = torch;
const { functional: F } = nn;
type Tensor = torch.Tensor;

interface DropBlockOptions {
  /** The probability of an element to be dropped. */
  p: number;
  /** An odd number. */
  blockSize: number;
  inplace?: boolean;
  eps?: number;
}
type DropBlockArgs = Call<[p: number, blockSize: number], [inplace: boolean, eps: number], DropBlockOptions>;

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** 0 in blocks, 1 elsewhere. The seeds of blocks are drawn where a whole block fits around them. */
function keptPlaces(input: Tensor, p: number, wanted: number): Tensor {
  const sizes = input.shape.slice(2);
  const blockSize = Math.min(wanted, ...sizes);
  if (blockSize % 2 === 0) throw new Error(`block size should be odd. Got ${blockSize} which is even.`);
  const inner = sizes.map((size) => size - blockSize + 1);
  const gamma = (p * product(sizes)) / (blockSize ** sizes.length * product(inner));
  const seeds = torch.empty([...input.shape.slice(0, 2), ...inner], { dtype: input.dtype, device: input.device }).bernoulli_(gamma);
  const half = blockSize >> 1;
  const padded = F.pad(seeds, new Array<number>(2 * sizes.length).fill(half));
  const pool = { stride: 1, padding: half };
  const dropped = sizes.length === 2 ? F.maxPool2d(padded, blockSize, pool) : F.maxPool3d(padded, blockSize, pool);
  return dropped.neg().add(1);
}

function dropBlock(dims: 2 | 3, input: Tensor, args: readonly unknown[]): Tensor {
  const names = 'p!, blockSize!, inplace, eps, training';
  const given = bind<DropBlockOptions & { training?: boolean }>(`drop_block${dims}d`, names, args);
  const { p, blockSize, inplace = false, eps = 1e-6, training = true } = given;
  if (!(p >= 0 && p <= 1)) throw new Error(`drop probability has to be between 0 and 1, but got ${p}.`);
  if (input.ndim !== dims + 2) throw new Error(`input should be ${dims + 2} dimensional. Got ${input.ndim} dimensions.`);
  if (!training || p === 0) return input;
  const kept = keptPlaces(input, p, blockSize);
  const scale = kept.sum().add(eps).reciprocal().mul(kept.numel());
  return inplace ? input.mul_(kept).mul_(scale) : input.mul(kept).mul(scale);
}

type FunctionArgs = Call<
  [p: number, blockSize: number],
  [inplace: boolean, eps: number, training: boolean],
  DropBlockOptions & { training?: boolean }
>;

/**
 * Sets blocks of (N, C, H, W) to zero, and scales the rest so that the sum is about the same.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.drop_block2d.html
 * @example vision.ops.dropBlock2d(torch.ones(1, 2, 8, 8), 0.2, 3).shape  // torch.Size([1, 2, 8, 8])
 */
export const dropBlock2d = (input: Tensor, ...args: FunctionArgs): Tensor => dropBlock(2, input, args);

/**
 * Sets blocks of (N, C, D, H, W) to zero, and scales the rest so that the sum is about the same.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.drop_block3d.html
 * @example vision.ops.dropBlock3d(torch.ones(1, 2, 8, 8, 8), 0.2, 3).shape  // torch.Size([1, 2, 8, 8, 8])
 */
export const dropBlock3d = (input: Tensor, ...args: FunctionArgs): Tensor => dropBlock(3, input, args);

abstract class DropBlock extends nn.Module {
  readonly p: number;
  readonly blockSize: number;
  readonly inplace: boolean;
  readonly eps: number;

  constructor(args: DropBlockArgs) {
    super();
    const { p, blockSize, inplace = false, eps = 1e-6 } = bind<DropBlockOptions>('DropBlock', 'p!, blockSize!, inplace, eps', args);
    [this.p, this.blockSize, this.inplace, this.eps] = [p, blockSize, inplace, eps];
  }

  protected options(): DropBlockOptions & { training: boolean } {
    const { p, blockSize, inplace, eps, training } = this;
    return { p, blockSize, inplace, eps, training };
  }

  override extraRepr(): string {
    return `p=${pythonFloat(this.p)}, block_size=${this.blockSize}, inplace=${this.inplace ? 'True' : 'False'}`;
  }
}

/**
 * `dropBlock2d` in training, nothing otherwise. https://pytorch.org/vision/stable/generated/torchvision.ops.DropBlock2d.html
 * @example new vision.ops.DropBlock2d(0.2, 3)(torch.ones(1, 2, 8, 8)).shape  // torch.Size([1, 2, 8, 8])
 */
export class DropBlock2d extends DropBlock {
  constructor(...args: DropBlockArgs) {
    super(args);
  }

  override forward(input: Tensor): Tensor {
    return dropBlock2d(input, this.options());
  }
}

/**
 * `dropBlock3d` in training, nothing otherwise. https://pytorch.org/vision/stable/generated/torchvision.ops.DropBlock3d.html
 * @example new vision.ops.DropBlock3d(0.2, 3)(torch.ones(1, 2, 8, 8, 8)).shape  // torch.Size([1, 2, 8, 8, 8])
 */
export class DropBlock3d extends DropBlock {
  constructor(...args: DropBlockArgs) {
    super(args);
  }

  override forward(input: Tensor): Tensor {
    return dropBlock3d(input, this.options());
  }
}
