/** Vision Transformer. https://pytorch.org/vision/stable/models/vision_transformer.html */
import * as torch from '../../index.js';
import { type ActivationLayer, Conv2dNormActivation, type Layer, makeLayer, MLP, type NormLayer } from '../ops/misc.js';
import { builder, type Weights, type WeightsEnum } from './builder.js';
import * as weights from './weights.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Xavier's uniform weights and tiny normal biases. */
export function fillPerceptron(mlp: torch.nn.Module): void {
  for (const layer of mlp.modules()) {
    if (!(layer instanceof nn.Linear)) continue;
    nn.init.xavierUniform_(layer.weight);
    if (layer.bias) nn.init.normal_(layer.bias, { std: 1e-6 });
  }
}

class MLPBlock extends MLP {
  constructor(inDim: number, mlpDim: number, dropout: number) {
    super(inDim, [mlpDim, inDim], { activationLayer: () => new nn.GELU(), dropout });
    fillPerceptron(this);
  }
}

interface EncoderOptions {
  numHeads: number;
  hiddenDim: number;
  mlpDim: number;
  dropout: number;
  attentionDropout: number;
  normLayer: NormLayer;
}

class EncoderBlock extends nn.Module {
  ln_1: Layer;
  selfAttention: torch.nn.MultiheadAttention;
  dropout: torch.nn.Dropout;
  ln_2: Layer;
  mlp: MLPBlock;

  constructor({ numHeads, hiddenDim, mlpDim, dropout, attentionDropout, normLayer }: EncoderOptions) {
    super();
    this.ln_1 = makeLayer(normLayer, hiddenDim);
    this.selfAttention = new nn.MultiheadAttention(hiddenDim, numHeads, { dropout: attentionDropout, batchFirst: true });
    this.dropout = new nn.Dropout(dropout);
    this.ln_2 = makeLayer(normLayer, hiddenDim);
    this.mlp = new MLPBlock(hiddenDim, mlpDim, dropout);
  }

  override forward(input: Tensor): Tensor {
    const normed = this.ln_1(input);
    const [attended] = this.selfAttention(normed, normed, normed, { needWeights: false });
    const hidden = this.dropout(attended).add(input);
    return hidden.add(this.mlp(this.ln_2(hidden)));
  }
}

class Encoder extends nn.Module {
  posEmbedding: torch.nn.Parameter;
  dropout: torch.nn.Dropout;
  layers: torch.nn.Sequential;
  ln: Layer;

  constructor(seqLength: number, numLayers: number, options: EncoderOptions) {
    super();
    this.posEmbedding = new nn.Parameter(torch.empty(1, seqLength, options.hiddenDim).normal_(0, 0.02));
    this.dropout = new nn.Dropout(options.dropout);
    const blocks = Array.from({ length: numLayers }, (_, i) => [`encoder_layer_${i}`, new EncoderBlock(options)] as const);
    this.layers = new nn.Sequential(Object.fromEntries(blocks));
    this.ln = makeLayer(options.normLayer, options.hiddenDim);
  }

  override forward(input: Tensor): Tensor {
    return this.ln(this.layers(this.dropout(input.add(this.posEmbedding))));
  }
}

/** One convolution of a stem that stands in place of the patches. */
export interface ConvStemConfig {
  outChannels: number;
  kernelSize: number;
  stride: number;
  normLayer?: NormLayer;
  activationLayer?: ActivationLayer;
}

export interface VisionTransformerOptions {
  imageSize?: number;
  dropout?: number;
  attentionDropout?: number;
  numClasses?: number;
  /** The width of one more layer before the logits. */
  representationSize?: number | null;
  normLayer?: NormLayer;
  convStemConfigs?: readonly ConvStemConfig[] | null;
}

export interface VisionTransformerSizes {
  imageSize: number;
  patchSize: number;
  numLayers: number;
  numHeads: number;
  hiddenDim: number;
  mlpDim: number;
}

function convStem(configs: readonly ConvStemConfig[], hiddenDim: number): torch.nn.Sequential {
  const layers: Record<string, Layer> = {};
  let channels = 3;
  for (const [i, { outChannels, kernelSize, stride, normLayer, activationLayer }] of configs.entries()) {
    layers[`conv_bn_relu_${i}`] = new Conv2dNormActivation(channels, outChannels, { kernelSize, stride, normLayer, activationLayer });
    channels = outChannels;
  }
  layers.conv_last = new nn.Conv2d(channels, hiddenDim, 1);
  return new nn.Sequential(layers);
}

function headLayers(hiddenDim: number, representationSize: number | null, numClasses: number): torch.nn.Sequential {
  if (representationSize === null) return new nn.Sequential({ head: new nn.Linear(hiddenDim, numClasses) });
  return new nn.Sequential({
    pre_logits: new nn.Linear(hiddenDim, representationSize),
    act: new nn.Tanh(),
    head: new nn.Linear(representationSize, numClasses),
  });
}

/**
 * Images (N, 3, imageSize, imageSize) to logits (N, numClasses). https://pytorch.org/vision/stable/models/vision_transformer.html
 * @example vision.models.vitB16() instanceof vision.models.VisionTransformer
 */
export class VisionTransformer extends nn.Module {
  classToken: torch.nn.Parameter;
  convProj: torch.nn.Conv2d | torch.nn.Sequential;
  encoder: Encoder;
  heads: torch.nn.Sequential;
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hiddenDim: number;

  constructor(sizes: VisionTransformerSizes, options: Omit<VisionTransformerOptions, 'imageSize'> = {}) {
    super();
    const { imageSize, patchSize, numLayers, numHeads, hiddenDim, mlpDim } = sizes;
    const { dropout = 0, attentionDropout = 0, numClasses = 1000, representationSize = null, convStemConfigs = null } = options;
    const { normLayer = (channels: number) => new nn.LayerNorm(channels, { eps: 1e-6 }) } = options;
    if (imageSize % patchSize !== 0) throw new Error('Input shape indivisible by patch size!');
    [this.imageSize, this.patchSize, this.hiddenDim] = [imageSize, patchSize, hiddenDim];
    this.convProj = convStemConfigs ? convStem(convStemConfigs, hiddenDim) : new nn.Conv2d(3, hiddenDim, patchSize, { stride: patchSize });
    this.classToken = new nn.Parameter(torch.zeros(1, 1, hiddenDim));
    const block = { numHeads, hiddenDim, mlpDim, dropout, attentionDropout, normLayer };
    this.encoder = new Encoder((imageSize / patchSize) ** 2 + 1, numLayers, block);
    this.heads = headLayers(hiddenDim, representationSize, numClasses);
    this.resetParameters();
  }

  private resetParameters(): void {
    const projection = this.convProj instanceof nn.Conv2d ? this.convProj : (this.convProj.at(-1) as torch.nn.Conv2d);
    const [height, width] = projection.kernelSize;
    if (projection === this.convProj)
      nn.init.truncNormal_(projection.weight, { std: Math.sqrt(1 / (projection.inChannels * height * width)) });
    else nn.init.normal_(projection.weight, { mean: 0, std: Math.sqrt(2 / projection.outChannels) });
    nn.init.zeros_(projection.bias!);
    const linear = [...this.heads.children()].filter((layer) => layer instanceof nn.Linear);
    if (linear.length > 1) nn.init.truncNormal_(linear[0].weight, { std: Math.sqrt(1 / linear[0].inFeatures) });
    nn.init.zeros_(linear[linear.length - 1].weight);
    for (const { bias } of linear) nn.init.zeros_(bias!);
  }

  /** (N, 3, H, W) → (N, patches, hiddenDim) */
  private patches(input: Tensor): Tensor {
    const [, , height, width] = input.shape;
    if (height !== this.imageSize) throw new Error(`Wrong image height! Expected ${this.imageSize} but got ${height}!`);
    if (width !== this.imageSize) throw new Error(`Wrong image width! Expected ${this.imageSize} but got ${width}!`);
    return this.convProj(input).flatten(2).permute(0, 2, 1);
  }

  override forward(input: Tensor): Tensor {
    const token = this.classToken.expand(input.shape[0], -1, -1);
    const encoded = this.encoder(torch.cat([token, this.patches(input)], 1));
    return this.heads(encoded.select(1, 0));
  }
}

/** With the weights made for larger images, images must be larger. */
const imageSizeOf = ({ meta }: Weights) => ({ imageSize: meta.minSize[0] });

/** Old checkpoints call the layers of a perceptron `linear_1` and `linear_2`. */
const rename = (key: string): string =>
  key.replace(/(mlp\.)linear_([12])\./, (_, prefix: string, n: string) => `${prefix}${n === '1' ? 0 : 3}.`);

const vit = (name: string, known: WeightsEnum, sizes: Omit<VisionTransformerSizes, 'imageSize'>) =>
  builder(
    name,
    {
      weights: known,
      model: VisionTransformer,
      takes: ['imageSize', 'dropout', 'attentionDropout', 'numClasses', 'representationSize', 'normLayer', 'convStemConfigs'],
      fixed: imageSizeOf,
      rename,
    },
    ({ imageSize = 224, ...options }: VisionTransformerOptions) => new VisionTransformer({ imageSize, ...sizes }, options),
  );

const base = { numLayers: 12, numHeads: 12, hiddenDim: 768, mlpDim: 3072 };
const large = { numLayers: 24, numHeads: 16, hiddenDim: 1024, mlpDim: 4096 };
const huge = { numLayers: 32, numHeads: 16, hiddenDim: 1280, mlpDim: 5120 };

/**
 * Vision Transformer, "An Image is Worth 16x16 Words" (Dosovitskiy et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_b_16.html
 * @example vision.models.vitB16({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vitB16 = vit('vit_b_16', weights.ViT_B_16_Weights, { patchSize: 16, ...base });
/**
 * Vision Transformer, "An Image is Worth 16x16 Words" (Dosovitskiy et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_b_32.html
 * @example vision.models.vitB32({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vitB32 = vit('vit_b_32', weights.ViT_B_32_Weights, { patchSize: 32, ...base });
/**
 * Vision Transformer, "An Image is Worth 16x16 Words" (Dosovitskiy et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_l_16.html
 * @example vision.models.vitL16({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vitL16 = vit('vit_l_16', weights.ViT_L_16_Weights, { patchSize: 16, ...large });
/**
 * Vision Transformer, "An Image is Worth 16x16 Words" (Dosovitskiy et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_l_32.html
 * @example vision.models.vitL32({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vitL32 = vit('vit_l_32', weights.ViT_L_32_Weights, { patchSize: 32, ...large });
/**
 * Vision Transformer, "An Image is Worth 16x16 Words" (Dosovitskiy et al., 2020), for images (N, 3, H, W).
 * https://pytorch.org/vision/stable/models/generated/torchvision.models.vit_h_14.html
 * @example vision.models.vitH14({ numClasses: 10 })(torch.rand(1, 3, 224, 224)).shape
 */
export const vitH14 = vit('vit_h_14', weights.ViT_H_14_Weights, { patchSize: 14, ...huge });
