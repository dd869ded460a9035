/** What GoogLeNet and Inception share. */
import * as torch from '../../index.js';

const { nn } = torch;
type Tensor = torch.Tensor;
type Size = number | readonly number[];

/** Convolution without bias, batch norm, ReLU. */
export class BasicConv2d extends nn.Module {
  conv: torch.nn.Conv2d;
  bn: torch.nn.BatchNorm2d;

  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: { stride?: Size; padding?: Size } = {}) {
    super();
    this.conv = new nn.Conv2d(inChannels, outChannels, kernelSize, { bias: false, ...options });
    this.bn = new nn.BatchNorm2d(outChannels, { eps: 0.001 });
  }

  override forward(input: Tensor): Tensor {
    return this.bn(this.conv(input)).relu();
  }
}

/** Weights from a normal distribution cut off at ±2. */
export function fillTruncated(model: torch.nn.Module, stdOf: (layer: torch.nn.Module) => number): void {
  for (const layer of model.modules())
    if (layer instanceof nn.Conv2d || layer instanceof nn.Linear)
      nn.init.truncNormal_(layer.weight, { mean: 0, std: stdOf(layer), a: -2, b: 2 });
}

/** From ImageNet's mean and deviation to [−1, 1]. */
export function toInceptionRange(input: Tensor): Tensor {
  const [mean, std] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const place = { dtype: input.dtype, device: input.device };
  const scale = torch
    .tensor(
      std.map((s) => s / 0.5),
      place,
    )
    .reshape(1, 3, 1, 1);
  const shift = torch
    .tensor(
      mean.map((m) => (m - 0.5) / 0.5),
      place,
    )
    .reshape(1, 3, 1, 1);
  return input.mul(scale).add(shift);
}
