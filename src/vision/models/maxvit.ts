/** MaxViT. https://pytorch.org/vision/stable/models/maxvit.html */
import * as torch from '../../index.js';
import {
  type ActivationLayer,
  Conv2dNormActivation,
  type Layer,
  makeLayer,
  type NormLayer,
  SqueezeExcitation,
  StochasticDepth,
} from '../ops/misc.js';
import { builder } from './builder.js';
import { fillWeights } from './init.js';
import { relativePositionIndex } from './swin-attention.js';
import { MaxVit_T_Weights } from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Size = readonly [height: number, width: number];

/** What all layers of the network share. */
interface Shared {
  normLayer: NormLayer;
  activationLayer: ActivationLayer;
  squeezeRatio: number;
  expansionRatio: number;
  headDim: number;
  mlpRatio: number;
  mlpDropout: number;
  attentionDropout: number;
  partitionSize: number;
}

function projection(inChannels: number, outChannels: number, stride: number): Layer {
  if (stride === 1 && inChannels === outChannels) return new nn.Identity();
  const convolution = new nn.Conv2d(inChannels, outChannels, 1);
  return stride === 2 ? new nn.Sequential(new nn.AvgPool2d(3, { stride, padding: 1 }), convolution) : new nn.Sequential(convolution);
}

/** Widens the channels, filters each on its own, weighs them and narrows them again. */
class MBConv extends nn.Module {
  proj: Layer;
  stochasticDepth: Layer;
  layers: torch.nn.Sequential;

  constructor(inChannels: number, outChannels: number, stride: number, dropProb: number, shared: Shared) {
    super();
    const { normLayer, activationLayer, squeezeRatio, expansionRatio } = shared;
    const common = { normLayer, activationLayer, inplace: null };
    const middle = Math.trunc(outChannels * expansionRatio);
    this.proj = projection(inChannels, outChannels, stride);
    this.stochasticDepth = dropProb > 0 ? new StochasticDepth(dropProb, 'row') : new nn.Identity();
    this.layers = new nn.Sequential({
      pre_norm: makeLayer(normLayer, inChannels),
      conv_a: new Conv2dNormActivation(inChannels, middle, { kernelSize: 1, ...common }),
      conv_b: new Conv2dNormActivation(middle, middle, { stride, groups: middle, ...common }),
      squeeze_excitation: new SqueezeExcitation(middle, Math.trunc(outChannels * squeezeRatio), { activation: nn.SiLU }),
      conv_c: new nn.Conv2d(middle, outChannels, 1),
    });
  }

  override forward(input: Tensor): Tensor {
    return this.proj(input).add(this.stochasticDepth(this.layers(input)));
  }
}

/** Attention with a learnt bias for each relative position: (B, groups, positions, C). */
class RelativePositionalMultiHeadAttention extends nn.Module {
  relativePositionBiasTable: torch.nn.Parameter;
  relativePositionIndex: torch.nn.Buffer;
  toQkv: torch.nn.Linear;
  merge: torch.nn.Linear;
  private readonly heads: number;

  constructor(
    featDim: number,
    private readonly headDim: number,
    size: number,
  ) {
    super();
    if (featDim % headDim !== 0) throw new Error(`feat_dim: ${featDim} must be divisible by head_dim: ${headDim}`);
    this.heads = featDim / headDim;
    this.toQkv = new nn.Linear(featDim, 3 * featDim);
    this.merge = new nn.Linear(featDim, featDim);
    const table = torch.empty((2 * size - 1) ** 2, this.heads);
    this.relativePositionBiasTable = new nn.Parameter(nn.init.truncNormal_(table, { std: 0.02 }));
    this.relativePositionIndex = new nn.Buffer(relativePositionIndex([size, size]).reshape(size * size, size * size));
  }

  private positionalBias(length: number): Tensor {
    const rows = this.relativePositionBiasTable.indexSelect(0, this.relativePositionIndex.flatten());
    return rows.reshape(length, length, -1).permute(2, 0, 1).unsqueeze(0);
  }

  override forward(input: Tensor): Tensor {
    const [batch, groups, length, channels] = input.shape;
    const split = (x: Tensor): Tensor => x.reshape(batch, groups, length, this.heads, this.headDim).permute(0, 1, 3, 2, 4);
    const [query, key, value] = this.toQkv(input).chunk(3, -1).map(split);
    const scores = query.matmul(key.mul(channels ** -0.5).transpose(-2, -1)).add(this.positionalBias(length));
    const attended = scores.softmax(-1).matmul(value).permute(0, 1, 3, 2, 4);
    return this.merge(attended.reshape(batch, groups, length, channels));
  }
}

class SwapAxes extends nn.Module {
  constructor(
    private readonly a: number,
    private readonly b: number,
  ) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input.transpose(this.a, this.b);
  }
}

/** (B, C, H, W) → (B, windows, size², C) */
class WindowPartition extends nn.Module {
  override forward(input: Tensor, size: number): Tensor {
    const [batch, channels, height, width] = input.shape;
    const [rows, columns] = [height / size, width / size];
    const windows = input.reshape(batch, channels, rows, size, columns, size).permute(0, 2, 4, 3, 5, 1);
    return windows.reshape(batch, rows * columns, size * size, channels);
  }
}

/** The reverse of `WindowPartition`. */
class WindowDepartition extends nn.Module {
  override forward(input: Tensor, size: number, rows: number, columns: number): Tensor {
    const [batch, , , channels] = input.shape;
    const image = input.reshape(batch, rows, columns, size, size, channels).permute(0, 5, 1, 3, 2, 4);
    return image.reshape(batch, channels, rows * size, columns * size);
  }
}

/** Attention within windows, or among pixels that lie a window apart. */
class PartitionAttentionLayer extends nn.Module {
  partitionOp = new WindowPartition();
  departitionOp = new WindowDepartition();
  partitionSwap: Layer;
  departitionSwap: Layer;
  attnLayer: torch.nn.Sequential;
  mlpLayer: torch.nn.Sequential;
  stochasticDropout: StochasticDepth;
  private readonly size: number;

  constructor(
    channels: number,
    kind: 'grid' | 'window',
    private readonly gridSize: Size,
    dropProb: number,
    { headDim, mlpRatio, mlpDropout, attentionDropout, partitionSize, activationLayer }: Shared,
  ) {
    super();
    const swap = (): Layer => (kind === 'grid' ? new SwapAxes(-2, -3) : new nn.Identity());
    this.size = kind === 'window' ? partitionSize : Math.floor(gridSize[0] / partitionSize);
    this.partitionSwap = swap();
    this.departitionSwap = swap();
    this.attnLayer = new nn.Sequential(
      new nn.LayerNorm(channels),
      new RelativePositionalMultiHeadAttention(channels, headDim, partitionSize),
      new nn.Dropout(attentionDropout),
    );
    this.mlpLayer = new nn.Sequential(
      new nn.LayerNorm(channels),
      new nn.Linear(channels, channels * mlpRatio),
      makeLayer(activationLayer),
      new nn.Linear(channels * mlpRatio, channels),
      new nn.Dropout(mlpDropout),
    );
    this.stochasticDropout = new StochasticDepth(dropProb, 'row');
  }

  override forward(input: Tensor): Tensor {
    const { size, gridSize } = this;
    if (gridSize.some((length) => length % size !== 0))
      throw new Error(
        `Grid size must be divisible by partition size. Got grid size of (${gridSize.join(', ')}) and partition size of ${size}`,
      );
    let x = this.partitionSwap(this.partitionOp(input, size));
    x = x.add(this.stochasticDropout(this.attnLayer(x)));
    x = x.add(this.stochasticDropout(this.mlpLayer(x)));
    return this.departitionOp(this.departitionSwap(x), size, gridSize[0] / size, gridSize[1] / size);
  }
}

class MaxVitLayer extends nn.Module {
  layers: torch.nn.Sequential;

  constructor(inChannels: number, outChannels: number, stride: number, gridSize: Size, dropProb: number, shared: Shared) {
    super();
    this.layers = new nn.Sequential({
      MBconv: new MBConv(inChannels, outChannels, stride, dropProb, shared),
      window_attention: new PartitionAttentionLayer(outChannels, 'window', gridSize, dropProb, shared),
      grid_attention: new PartitionAttentionLayer(outChannels, 'grid', gridSize, dropProb, shared),
    });
  }

  override forward(input: Tensor): Tensor {
    return this.layers(input);
  }
}

class MaxVitBlock extends nn.Module {
  layers: torch.nn.ModuleList;

  constructor(inChannels: number, outChannels: number, gridSize: Size, dropProbs: readonly number[], shared: Shared) {
    super();
    this.layers = new nn.ModuleList(
      dropProbs.map((p, i) => new MaxVitLayer(i === 0 ? inChannels : outChannels, outChannels, i === 0 ? 2 : 1, gridSize, p, shared)),
    );
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const layer of this.layers) x = (layer as MaxVitLayer)(x);
    return x;
  }
}

const halved = ([height, width]: Size): Size => [Math.floor((height - 1) / 2) + 1, Math.floor((width - 1) / 2) + 1];

export interface MaxVitSizes {
  inputSize: Size;
  stemChannels: number;
  partitionSize: number;
  blockChannels: readonly number[];
  blockLayers: readonly number[];
  headDim: number;
  stochasticDepthProb: number;
}

export interface MaxVitOptions extends Partial<Omit<Shared, 'partitionSize' | 'headDim'>> {
  numClasses?: number;
}

/**
 * Images (N, 3, H, W) of the size that the network is made for, to logits (N, numClasses).
 * https://pytorch.org/vision/stable/models/maxvit.html
 * @example vision.models.maxvitT() instanceof vision.models.MaxVit
 */
export class MaxVit extends nn.Module {
  stem: torch.nn.Sequential;
  blocks: torch.nn.ModuleList;
  classifier: torch.nn.Sequential;

  constructor(sizes: MaxVitSizes, { numClasses = 1000, ...options }: MaxVitOptions = {}) {
    super();
    const { inputSize, stemChannels, partitionSize, blockChannels, blockLayers, headDim, stochasticDepthProb } = sizes;
    const shared: Shared = {
      normLayer: (channels) => new nn.BatchNorm2d(channels, { eps: 0.001, momentum: 0.01 }),
      activationLayer: () => new nn.GELU(),
      squeezeRatio: 0.25,
      expansionRatio: 4,
      mlpRatio: 4,
      mlpDropout: 0,
      attentionDropout: 0,
      ...options,
      headDim,
      partitionSize,
    };
    const { normLayer, activationLayer } = shared;
    this.stem = new nn.Sequential(
      new Conv2dNormActivation(3, stemChannels, { stride: 2, normLayer, activationLayer, bias: false, inplace: null }),
      new Conv2dNormActivation(stemChannels, stemChannels, { normLayer: null, activationLayer: null, bias: true }),
    );
    const total = blockLayers.reduce((sum, n) => sum + n, 0);
    let made = 0;
    let gridSize = halved(inputSize);
    const blocks = blockChannels.map((channels, i) => {
      gridSize = halved(gridSize);
      if (gridSize.some((length) => length % partitionSize !== 0))
        throw new Error(
          `Input size (${gridSize.join(', ')}) of block ${i} is not divisible by partition size ${partitionSize}. Consider changing the partition size or the input size.`,
        );
      const dropProbs = Array.from({ length: blockLayers[i] }, () => made++ * (stochasticDepthProb / (total - 1)));
      return new MaxVitBlock(i === 0 ? stemChannels : blockChannels[i - 1], channels, gridSize, dropProbs, shared);
    });
    this.blocks = new nn.ModuleList(blocks);
    const last = blockChannels[blockChannels.length - 1];
    this.classifier = new nn.Sequential(
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.LayerNorm(last),
      new nn.Linear(last, last),
      new nn.Tanh(),
      new nn.Linear(last, numClasses, { bias: false }),
    );
    fillWeights(this, ({ weight }) => nn.init.normal_(weight, { std: 0.02 }));
  }

  override forward(input: Tensor): Tensor {
    let x = this.stem(input);
    for (const block of this.blocks) x = (block as MaxVitBlock)(x);
    return this.classifier(x);
  }
}

const tiny = {
  stemChannels: 64,
  partitionSize: 7,
  blockChannels: [64, 128, 256, 512],
  blockLayers: [2, 2, 5, 2],
  headDim: 32,
  stochasticDepthProb: 0.2,
};

/**
 * MaxViT, "Multi-Axis Vision Transformer" (Tu et al., 2022), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.maxvit_t.html
 * @example vision.models.maxvitT({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const maxvitT = builder(
  'maxvit_t',
  {
    weights: MaxVit_T_Weights,
    model: MaxVit,
    takes: [
      'inputSize',
      'normLayer',
      'activationLayer',
      'squeezeRatio',
      'expansionRatio',
      'mlpRatio',
      'mlpDropout',
      'attentionDropout',
      'numClasses',
    ],
  },
  ({ inputSize = [224, 224], ...options }: MaxVitOptions & { inputSize?: Size }) => new MaxVit({ inputSize, ...tiny }, options),
);
