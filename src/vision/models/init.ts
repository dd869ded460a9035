/** Initialisation that several models share. */
import * as torch from '../../index.js';

const { nn } = torch;
type Module = torch.nn.Module;

/** The nearest multiple of `divisor`, at most a tenth below `value`. */
export function makeDivisible(value: number, divisor: number, least = divisor): number {
  const rounded = Math.max(least, Math.floor(Math.trunc(value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

/** Calls `fill` with every convolution and linear layer, in order, and zeroes what biases they have. */
export function fillWeights(model: Module, fill: (layer: torch.nn.Conv2d | torch.nn.Linear) => void): void {
  for (const layer of model.modules()) {
    if (!(layer instanceof nn.Conv2d || layer instanceof nn.Linear)) continue;
    fill(layer);
    if (layer.bias) nn.init.zeros_(layer.bias);
  }
}

/** Convolutions as for ReLU by the size of the output; `fillLinear` fills the others. */
export function fillConvolutions(model: Module, fillLinear: (weight: torch.Tensor) => void): void {
  fillWeights(model, (layer) => {
    if (layer instanceof nn.Conv2d) nn.init.kaimingNormal_(layer.weight, { mode: 'fan_out', nonlinearity: 'relu' });
    else fillLinear(layer.weight);
  });
}

export const smallNormal = (weight: torch.Tensor): void => void nn.init.normal_(weight, 0, 0.01);
