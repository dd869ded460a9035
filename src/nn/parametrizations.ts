/** `torch.nn.utils.parametrizations`, and their older forms by hooks. */
import type { Args } from '../ops/types.js';
import { callable } from '../ops/signature.js';
import { noGrad } from '../autograd/modes.js';
import { empty } from '../ops/creation.js';
import { copyInto } from '../ops/memory.js';
import { ValueError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { normalize } from './functional/norm.js';
import { Module } from './module.js';
import type { RemovableHandle } from './module-hooks.js';
import { Buffer, Parameter } from './parameter.js';
import { registerParametrization } from './parametrize.js';

type Fields = Record<string, unknown>;
const fieldsOf = (module: Module): Fields => module as unknown as Fields;

// --- weight norm ------------------------------------------------------------------------------------------------------------------------

/** Norms over all dims but `dim`, which stay as 1; of the whole tensor if it is null. */
function normExceptDim(v: Tensor, dim: number | null): Tensor {
  if (dim === null || dim === -1) return v.norm();
  const others = v.sizes.map((_, d) => d).filter((d) => d !== wrapDim(dim, v.ndim));
  return v.square().sum(others, true).sqrt();
}
const weightOf = (g: Tensor, v: Tensor, dim: number | null): Tensor => v.mul(g.div(normExceptDim(v, dim)));

class _WeightNorm extends Module {
  constructor(readonly dim: number | null) {
    super();
  }
  override forward(magnitude: Tensor, direction: Tensor): Tensor {
    return weightOf(magnitude, direction, this.dim);
  }
  rightInverse(weight: Tensor): Tensor[] {
    return [normExceptDim(weight, this.dim), weight];
  }
}

type WeightNorming = <M extends Module>(
  module: M,
  ...args: Args<[name: string, dim: number | null], { name?: string; dim?: number | null }>
) => M;
/** Both forms of the weight norm take the same arguments. */
const weightNorming = (norm: (module: Module, name?: string, dim?: number | null) => Module): WeightNorming =>
  callable('weight_norm', 'module, name?, dim?', norm);

/**
 * Splits a weight into its norm over `dim` and its direction. https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
 * @example
 * const net = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * Object.keys(net.stateDict())[1]  // parametrizations.weight.original0
 */
export const weightNorm = weightNorming((module: Module, name = 'weight', dim: number | null = 0) =>
  registerParametrization(module, name, new _WeightNorm(dim)),
);

// --- spectral norm ----------------------------------------------------------------------------------------------------------------------

export interface SpectralOptions {
  nPowerIterations?: number;
  eps?: number;
  dim?: number | null;
}

/** A weight as a matrix with the rows of `dim`. */
const asMatrix = (weight: Tensor, dim: number): Tensor => (dim === 0 ? weight : weight.movedim(dim, 0)).flatten(1);
const unit = (x: Tensor, eps: number): Tensor => normalize(x, { dim: 0, eps });
const randomUnit = (like: Tensor, n: number, eps: number): Tensor =>
  unit(empty([n], { dtype: like.dtype, device: like.device }).normal_(0, 1), eps);
/** PyTorch's default: transposed convolutions have their outputs in dim 1. */
const outputDim = (module: Module): number => (module.constructor.name.startsWith('ConvTranspose') ? 1 : 0);

class _SpectralNorm extends Module {
  _u: Buffer | null = null;
  _v: Buffer | null = null;

  constructor(
    weight: Tensor,
    readonly nPowerIterations: number,
    readonly dim: number,
    readonly eps: number,
  ) {
    super();
    if (!(nPowerIterations > 0))
      throw new ValueError(`Expected n_power_iterations to be positive, but got n_power_iterations=${nPowerIterations}`);
    if (weight.ndim === 1) return;
    const matrix = asMatrix(weight.detach(), dim);
    const [u, v] = matrix.sizes.map((n) => randomUnit(matrix, n, eps));
    [this._u, this._v] = [new Buffer(u), new Buffer(v)];
    this.iterate(matrix, 15);
  }

  private iterate(matrix: Tensor, times: number): void {
    noGrad(() => {
      for (let i = 0; i < times; i++) {
        copyInto(this._u!, unit(matrix.mv(this._v!), this.eps));
        copyInto(this._v!, unit(matrix.t().mv(this._u!), this.eps));
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    if (weight.ndim === 1) return unit(weight, this.eps);
    const matrix = asMatrix(weight, this.dim);
    if (this.training) this.iterate(matrix.detach(), this.nPowerIterations);
    const [u, v] = [this._u!.detach().clone(), this._v!.detach().clone()];
    return weight.div(u.dot(matrix.mv(v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

type Spectral = <M extends Module>(
  module: M,
  ...args: Args<[name: string, nPowerIterations: number, eps: number, dim: number | null], { name?: string } & SpectralOptions>
) => M;
/** Both forms of the spectral norm take the same arguments. */
const spectral = (norm: (module: Module, name?: string, times?: number, eps?: number, dim?: number | null) => Module): Spectral =>
  callable('spectral_norm', 'module, name?, nPowerIterations?, eps?, dim?', norm);

/**
 * Divides a weight by its largest singular value. https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
 * @example
 * const net = nn.utils.parametrizations.spectralNorm(new nn.Linear(2, 3));
 * Object.keys(net.stateDict())[1]  // parametrizations.weight.original
 */
export const spectralNorm = spectral(parametrizeSpectral);
function parametrizeSpectral(module: Module, name = 'weight', nPowerIterations = 1, eps = 1e-12, dim: number | null = null): Module {
  const weight = fieldsOf(module)[name];
  if (!(weight instanceof Tensor))
    throw new ValueError(`Module '${module.constructor.name}' has no parameter or buffer with name '${name}'`);
  const at = wrapDim(dim ?? outputDim(module), weight.ndim);
  return registerParametrization(module, name, new _SpectralNorm(weight, nPowerIterations, at, eps));
}

// --- the older forms: parameters under other names, and a hook that computes the field before forward -------------------------------------

const handles = new WeakMap<Module, Map<string, { handle: RemovableHandle; compute: () => Tensor; fields: string[] }>>();

/** Replaces the parameter `name` by `parts`; `compute` gives its value before every forward. */
function byHook(module: Module, name: string, parts: Record<string, Parameter | Buffer>, compute: () => Tensor): void {
  const fields = fieldsOf(module);
  const before = (fields[name] as Tensor).detach();
  delete fields[name];
  Object.assign(fields, parts);
  const define = (value: Tensor): void =>
    void Object.defineProperty(module, name, { value, enumerable: false, configurable: true, writable: true });
  define(before);
  const handle = module.registerForwardPreHook(() => define(compute()));
  if (!handles.has(module)) handles.set(module, new Map());
  handles.get(module)!.set(name, { handle, compute, fields: Object.keys(parts) });
}

function removeHook(kind: string, module: Module, name: string): void {
  const known = handles.get(module)?.get(name);
  if (!known) throw new ValueError(`${kind} of '${name}' not found in ${module.constructor.name}`);
  const { training } = module;
  module.training = false;
  const value = noGrad(known.compute).detach().clone();
  module.training = training;
  known.handle.remove();
  handles.get(module)!.delete(name);
  for (const field of known.fields) delete fieldsOf(module)[field];
  delete fieldsOf(module)[name];
  fieldsOf(module)[name] = new Parameter(value);
}

function parameterOf(module: Module, name: string): Parameter {
  const weight = fieldsOf(module)[name];
  if (!(weight instanceof Parameter)) throw new ValueError(`${module.constructor.name} has no parameter '${name}'`);
  return weight;
}

/**
 * The older weight norm: parameters `weight_g` and `weight_v`. https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
 * @example Object.keys(nn.utils.weightNorm(new nn.Linear(2, 3)).stateDict())  // [ 'bias', 'weight_g', 'weight_v' ]
 */
export const hookedWeightNorm = weightNorming(hookWeightNorm);
function hookWeightNorm(module: Module, name = 'weight', dim: number | null = 0): Module {
  const weight = parameterOf(module, name);
  const g = new Parameter(normExceptDim(weight.detach(), dim));
  const v = new Parameter(weight.detach().clone());
  byHook(module, name, { [`${name}G`]: g, [`${name}V`]: v }, () => weightOf(g, v, dim));
  return module;
}
/**
 * Makes the weight an ordinary parameter again. https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
 * @example Object.keys(nn.utils.removeWeightNorm(nn.utils.weightNorm(new nn.Linear(2, 3))).stateDict())  // [ 'bias', 'weight' ]
 */
export const removeWeightNorm = <M extends Module>(module: M, name = 'weight'): M => (removeHook('weight_norm', module, name), module);

/**
 * The older spectral norm: `weight_orig` and the buffers `weight_u`, `weight_v`.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html
 * @example Object.keys(nn.utils.spectralNorm(new nn.Linear(2, 3)).stateDict())  // [ 'bias', 'weight_orig', 'weight_u', 'weight_v' ]
 */
export const hookedSpectralNorm = spectral(hookSpectral);
function hookSpectral(module: Module, name = 'weight', nPowerIterations = 1, eps = 1e-12, dim: number | null = null): Module {
  const weight = parameterOf(module, name);
  const at = dim ?? outputDim(module);
  const shape = asMatrix(weight.detach(), at).sizes;
  const [u, v] = shape.map((n) => new Buffer(randomUnit(weight, n, eps)));
  const iterate = (matrix: Tensor): void => {
    for (let i = 0; i < nPowerIterations; i++) {
      copyInto(v, unit(matrix.t().mv(u), eps));
      copyInto(u, unit(matrix.mv(v), eps));
    }
  };
  byHook(module, name, { [`${name}Orig`]: weight, [`${name}U`]: u, [`${name}V`]: v }, () => {
    const matrix = asMatrix(weight, at);
    if (module.training) noGrad(() => iterate(matrix.detach()));
    return weight.div(u.detach().clone().dot(matrix.mv(v.detach().clone())));
  });
  return module;
}
/**
 * Makes the weight an ordinary parameter again. https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html
 * @example Object.keys(nn.utils.removeSpectralNorm(nn.utils.spectralNorm(new nn.Linear(2, 3))).stateDict())  // [ 'bias', 'weight' ]
 */
export const removeSpectralNorm = <M extends Module>(module: M, name = 'weight'): M => (removeHook('spectral_norm', module, name), module);
