/** Swin Transformer and its second version. https://pytorch.org/vision/stable/models/swin_transformer.html */
import * as torch from '../../index.js';
import { type Layer, makeLayer, MLP, type NormLayer, Permute, StochasticDepth } from '../ops/misc.js';
import { builder, type WeightsEnum } from './builder.js';
import { ShiftedWindowAttention, ShiftedWindowAttentionV2, type WindowOptions } from './swin-attention.js';
import { fillPerceptron } from './vision-transformer.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** (…, H, W, C) → (…, H / 2, W / 2, 4 C): the four neighbours side by side, odd sizes padded. */
function gatherNeighbours(x: Tensor): Tensor {
  const [height, width] = x.shape.slice(-3);
  const padded = nn.functional.pad(x, [0, 0, 0, width % 2, 0, height % 2]);
  const part = (y: string, x: string) => padded.at('...', y, x, ':');
  return torch.cat([part('0::2', '0::2'), part('1::2', '0::2'), part('0::2', '1::2'), part('1::2', '1::2')], -1);
}

class PatchMerging extends nn.Module {
  reduction: torch.nn.Linear;
  norm: Layer;

  constructor(dim: number, normLayer: NormLayer) {
    super();
    this.reduction = new nn.Linear(4 * dim, 2 * dim, { bias: false });
    this.norm = makeLayer(normLayer, 4 * dim);
  }

  override forward(input: Tensor): Tensor {
    return this.reduction(this.norm(gatherNeighbours(input)));
  }
}

class PatchMergingV2 extends nn.Module {
  reduction: torch.nn.Linear;
  norm: Layer;

  constructor(dim: number, normLayer: NormLayer) {
    super();
    this.reduction = new nn.Linear(4 * dim, 2 * dim, { bias: false });
    this.norm = makeLayer(normLayer, 2 * dim);
  }

  override forward(input: Tensor): Tensor {
    return this.norm(this.reduction(gatherNeighbours(input)));
  }
}

interface BlockOptions extends WindowOptions {
  mlpRatio: number;
  stochasticDepthProb: number;
  normLayer: NormLayer;
}

abstract class Block extends nn.Module {
  norm1: Layer;
  attn: Layer;
  stochasticDepth: StochasticDepth;
  norm2: Layer;
  mlp: MLP;

  constructor(
    attention: typeof ShiftedWindowAttention | typeof ShiftedWindowAttentionV2,
    dim: number,
    { mlpRatio, stochasticDepthProb, normLayer, ...window }: BlockOptions,
  ) {
    super();
    this.norm1 = makeLayer(normLayer, dim);
    this.attn = new attention(dim, window);
    this.stochasticDepth = new StochasticDepth(stochasticDepthProb, 'row');
    this.norm2 = makeLayer(normLayer, dim);
    this.mlp = new MLP(dim, [Math.trunc(dim * mlpRatio), dim], { activationLayer: () => new nn.GELU(), dropout: window.dropout });
    fillPerceptron(this.mlp);
  }

  abstract override forward(input: Tensor): Tensor;
}

class SwinTransformerBlock extends Block {
  constructor(dim: number, options: BlockOptions) {
    super(ShiftedWindowAttention, dim, options);
  }

  override forward(input: Tensor): Tensor {
    const hidden = input.add(this.stochasticDepth(this.attn(this.norm1(input))));
    return hidden.add(this.stochasticDepth(this.mlp(this.norm2(hidden))));
  }
}

/** Norms what attention and perceptron give, not what they get. */
class SwinTransformerBlockV2 extends Block {
  constructor(dim: number, options: BlockOptions) {
    super(ShiftedWindowAttentionV2, dim, options);
  }

  override forward(input: Tensor): Tensor {
    const hidden = input.add(this.stochasticDepth(this.norm1(this.attn(input))));
    return hidden.add(this.stochasticDepth(this.norm2(this.mlp(hidden))));
  }
}

export interface SwinTransformerSizes {
  patchSize: readonly [number, number];
  embedDim: number;
  depths: readonly number[];
  numHeads: readonly number[];
  windowSize: readonly [number, number];
}

export interface SwinTransformerOptions {
  mlpRatio?: number;
  dropout?: number;
  attentionDropout?: number;
  stochasticDepthProb?: number;
  numClasses?: number;
  normLayer?: NormLayer;
  /** 2 for the blocks of Swin V2. */
  version?: 1 | 2;
}

/**
 * Images (N, 3, H, W) to logits (N, numClasses). https://pytorch.org/vision/stable/models/swin_transformer.html
 * @example vision.models.swinT() instanceof vision.models.SwinTransformer
 */
export class SwinTransformer extends nn.Module {
  features: torch.nn.Sequential;
  norm: Layer;
  permute = new Permute([0, 3, 1, 2]);
  avgpool = new nn.AdaptiveAvgPool2d(1);
  flatten = new nn.Flatten(1);
  head: torch.nn.Linear;

  constructor({ patchSize, embedDim, depths, numHeads, windowSize }: SwinTransformerSizes, options: SwinTransformerOptions = {}) {
    super();
    const { mlpRatio = 4, dropout = 0, attentionDropout = 0, stochasticDepthProb = 0.1, numClasses = 1000, version = 1 } = options;
    const { normLayer = (channels: number) => new nn.LayerNorm(channels, { eps: 1e-5 }) } = options;
    const [block, merging] = version === 1 ? [SwinTransformerBlock, PatchMerging] : [SwinTransformerBlockV2, PatchMergingV2];
    const embedding = new nn.Conv2d(3, embedDim, patchSize, { stride: patchSize });
    const layers: Layer[] = [new nn.Sequential(embedding, new Permute([0, 2, 3, 1]), makeLayer(normLayer, embedDim))];
    const total = depths.reduce((sum, depth) => sum + depth, 0);
    let made = 0;
    for (const [stage, depth] of depths.entries()) {
      const dim = embedDim * 2 ** stage;
      const common = { windowSize, numHeads: numHeads[stage], mlpRatio, dropout, attentionDropout, normLayer };
      const blocks = Array.from({ length: depth }, (_, i) => {
        const [height, width] = windowSize.map((size) => (i % 2 === 0 ? 0 : Math.floor(size / 2)));
        return new block(dim, {
          ...common,
          shiftSize: [height, width],
          stochasticDepthProb: (stochasticDepthProb * made++) / (total - 1),
        });
      });
      layers.push(new nn.Sequential(...blocks));
      if (stage < depths.length - 1) layers.push(new merging(dim, normLayer));
    }
    this.features = new nn.Sequential(...layers);
    const channels = embedDim * 2 ** (depths.length - 1);
    this.norm = makeLayer(normLayer, channels);
    this.head = new nn.Linear(channels, numClasses);
    for (const layer of this.modules()) {
      if (!(layer instanceof nn.Linear)) continue;
      nn.init.truncNormal_(layer.weight, { std: 0.02 });
      if (layer.bias) nn.init.zeros_(layer.bias);
    }
  }

  override forward(input: Tensor): Tensor {
    const features = this.permute(this.norm(this.features(input)));
    return this.head(this.flatten(this.avgpool(features)));
  }
}

const swin = (name: string, known: WeightsEnum, sizes: Omit<SwinTransformerSizes, 'patchSize'>, standard: SwinTransformerOptions) =>
  builder(
    name,
    {
      weights: known,
      model: SwinTransformer,
      takes: ['mlpRatio', 'dropout', 'attentionDropout', 'stochasticDepthProb', 'numClasses', 'normLayer', 'version'],
    },
    (options: SwinTransformerOptions) => new SwinTransformer({ patchSize: [4, 4], ...sizes }, { ...standard, ...options }),
  );

const tiny = { embedDim: 96, depths: [2, 2, 6, 2], numHeads: [3, 6, 12, 24] };
const small = { embedDim: 96, depths: [2, 2, 18, 2], numHeads: [3, 6, 12, 24] };
const base = { embedDim: 128, depths: [2, 2, 18, 2], numHeads: [4, 8, 16, 32] };
const first = { windowSize: [7, 7] } as const;
const second = { windowSize: [8, 8] } as const;

/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_t.html
 * @example vision.models.swinT({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinT = swin('swin_t', weights.Swin_T_Weights, { ...tiny, ...first }, { stochasticDepthProb: 0.2 });
/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_s.html
 * @example vision.models.swinS({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinS = swin('swin_s', weights.Swin_S_Weights, { ...small, ...first }, { stochasticDepthProb: 0.3 });
/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_b.html
 * @example vision.models.swinB({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinB = swin('swin_b', weights.Swin_B_Weights, { ...base, ...first }, { stochasticDepthProb: 0.5 });
/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_v2_t.html
 * @example vision.models.swinV2T({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinV2T = swin('swin_v2_t', weights.Swin_V2_T_Weights, { ...tiny, ...second }, { stochasticDepthProb: 0.2, version: 2 });
/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_v2_s.html
 * @example vision.models.swinV2S({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinV2S = swin('swin_v2_s', weights.Swin_V2_S_Weights, { ...small, ...second }, { stochasticDepthProb: 0.3, version: 2 });
/**
 * Swin Transformer (Liu et al., 2021), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.swin_v2_b.html
 * @example vision.models.swinV2B({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const swinV2B = swin('swin_v2_b', weights.Swin_V2_B_Weights, { ...base, ...second }, { stochasticDepthProb: 0.5, version: 2 });
