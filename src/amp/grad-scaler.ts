import { noGrad } from '../autograd/modes.js';
import { float16, float32 } from '../ir/dtype.js';
import { full } from '../ops/creation.js';
import { isfinite, mul } from '../ops/pointwise.js';
import { Signature } from '../ops/signature.js';
import type { Args } from '../ops/types.js';
import { AssertionError, RuntimeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';

export interface GradScalerOptions {
  initScale?: number;
  growthFactor?: number;
  backoffFactor?: number;
  growthInterval?: number;
  enabled?: boolean;
}

export interface GradScalerState {
  scale: number;
  growth_factor: number;
  backoff_factor: number;
  growth_interval: number;
  _growth_tracker: number;
}

/** What the scaler needs of an optimizer. */
export interface Steppable {
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[];
  step(): unknown;
}

/** What has happened with an optimizer since the last `update`. */
interface Progress {
  foundInf: boolean | null;
  stepped: boolean;
}

const signature = new Signature('GradScaler', 'device?, initScale?, growthFactor?, backoffFactor?, growthInterval?, enabled?');

/**
 * Keeps small gradients from vanishing in float16: the loss is multiplied by a large factor, gradients are divided by it before the step,
 * and steps with
 * infinite or NaN gradients are left out. The factor shrinks then, and grows after `growthInterval` good steps.
 * https://pytorch.org/docs/stable/amp.html#torch.amp.GradScaler
 * @example
 * const net = new nn.Linear(2, 1);
 * const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
 * const scaler = new torch.amp.GradScaler('cpu', { initScale: 1024 });
 * const loss = torch.autocast('cpu', { dtype: torch.float16 }, () => net(torch.ones(4, 2)).mean());
 * scaler.scale(loss).backward();
 * scaler.step(optimizer);
 * scaler.update();
 * scaler.getScale()  // 1024
 */
export class GradScaler {
  private readonly enabled: boolean;
  private factor: number;
  private growthFactor: number;
  private backoffFactor: number;
  private growthInterval: number;
  private goodSteps = 0;
  private progress = new Map<Steppable, Progress>();

  readonly device: string;

  constructor(
    ...args: Args<
      [device: string, initScale: number, growthFactor: number, backoffFactor: number, growthInterval: number, enabled: boolean],
      GradScalerOptions & { device?: string }
    >
  ) {
    const bound = signature.bind(args) as [string?, number?, number?, number?, number?, boolean?];
    const [device = 'cpu', initScale = 65536, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000, enabled = true] = bound;
    this.device = device;
    if (enabled && !(growthFactor > 1)) throw new AssertionError('The growth factor must be > 1.0.');
    if (enabled && !(backoffFactor < 1)) throw new AssertionError('The backoff factor must be < 1.0.');
    this.enabled = enabled;
    this.factor = initScale;
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
  }

  /** The loss, or a list of losses, multiplied by the factor. */
  scale(outputs: Tensor): Tensor;
  scale(outputs: readonly Tensor[]): Tensor[];
  scale(outputs: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    if (Array.isArray(outputs)) return outputs.map((each: Tensor) => this.scale(each));
    if (!(outputs instanceof Tensor)) throw new ValueError('outputs must be a Tensor or an iterable of Tensors');
    return this.enabled ? mul(outputs, full([], this.factor, { dtype: float32, device: outputs.device })) : outputs;
  }

  /** Divides the gradients of an optimizer's parameters by the factor, so that they can be clipped before `step`, which does it otherwise. */
  unscale_(optimizer: Steppable): void {
    if (!this.enabled) return;
    const progress = this.progressOf(optimizer);
    if (progress.stepped) throw new RuntimeError('unscale_() is being called after step().');
    if (progress.foundInf !== null) throw new RuntimeError('unscale_() has already been called on this optimizer since the last update().');
    const grads = optimizer.paramGroups.flatMap(({ params }) => params.flatMap(({ ownGrad }) => ownGrad ?? []));
    if (grads.some((grad) => grad.dtype === float16)) throw new ValueError('Attempting to unscale FP16 gradients.');
    if (grads.length === 0) return;
    progress.foundInf = noGrad(() => grads.map((grad) => this.unscale(grad)).includes(false));
  }

  /** Divides one gradient, and tells whether it was finite. */
  private unscale(grad: Tensor): boolean {
    const finite = isfinite(grad).all().item() as boolean;
    grad.mul_(Math.fround(1 / this.factor));
    return finite;
  }

  /** Runs `optimizer.step()` unless gradients are infinite or NaN; returns what it returned. */
  step(optimizer: Steppable): unknown {
    if (!this.enabled) return optimizer.step();
    const progress = this.progressOf(optimizer);
    if (progress.stepped) throw new RuntimeError('step() has already been called since the last update().');
    if (progress.foundInf === null) this.unscale_(optimizer);
    if (progress.foundInf === null) throw new AssertionError('No inf checks were recorded for this optimizer.');
    progress.stepped = true;
    return progress.foundInf ? undefined : optimizer.step();
  }

  /** Adjusts the factor after the steps of all optimizers, or sets it. */
  update(newScale?: number | Tensor | null): void {
    if (!this.enabled) return;
    if (newScale !== undefined && newScale !== null) this.factor = Number(newScale instanceof Tensor ? newScale.item() : newScale);
    else this.adjust();
    this.progress = new Map();
  }

  private adjust(): void {
    const found = [...this.progress.values()].flatMap(({ foundInf }) => foundInf ?? []);
    if (found.length === 0) throw new AssertionError('No inf checks were recorded prior to update.');
    if (found.includes(true)) {
      this.factor = Math.fround(this.factor * this.backoffFactor);
      this.goodSteps = 0;
    } else if (++this.goodSteps >= this.growthInterval) {
      const grown = Math.fround(this.factor * this.growthFactor);
      if (Number.isFinite(grown)) this.factor = grown;
      this.goodSteps = 0;
    }
  }

  private progressOf(optimizer: Steppable): Progress {
    let progress = this.progress.get(optimizer);
    if (!progress) this.progress.set(optimizer, (progress = { foundInf: null, stepped: false }));
    return progress;
  }

  /**
   * The factor by which losses are multiplied now. https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.get_scale
   * @example new torch.amp.GradScaler('cpu').getScale()  // 65536
   */
  getScale(): number {
    return this.enabled ? this.factor : 1;
  }

  /**
   * By what the scale grows when no gradient overflowed for a while.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.get_growth_factor
   * @example new torch.amp.GradScaler('cpu').getGrowthFactor()  // 2
   */
  getGrowthFactor(): number {
    return this.growthFactor;
  }

  /**
   * Sets by what the scale grows. https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.set_growth_factor
   * @example new torch.amp.GradScaler('cpu').setGrowthFactor(4);
   */
  setGrowthFactor(newFactor: number): void {
    this.growthFactor = newFactor;
  }

  /**
   * By what the scale shrinks when a gradient overflows.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.get_backoff_factor
   * @example new torch.amp.GradScaler('cpu').getBackoffFactor()  // 0.5
   */
  getBackoffFactor(): number {
    return this.backoffFactor;
  }

  /**
   * Sets by what the scale shrinks. https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.set_backoff_factor
   * @example new torch.amp.GradScaler('cpu').setBackoffFactor(0.25);
   */
  setBackoffFactor(newFactor: number): void {
    this.backoffFactor = newFactor;
  }

  /**
   * After how many steps without an overflow the scale grows.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.get_growth_interval
   * @example new torch.amp.GradScaler('cpu').getGrowthInterval()  // 2000
   */
  getGrowthInterval(): number {
    return this.growthInterval;
  }

  /**
   * Sets after how many steps without an overflow the scale grows.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.set_growth_interval
   * @example new torch.amp.GradScaler('cpu').setGrowthInterval(100);
   */
  setGrowthInterval(newInterval: number): void {
    this.growthInterval = newInterval;
  }

  /**
   * Whether scaling is on; a scaler that is off passes everything through.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.is_enabled
   * @example new torch.amp.GradScaler('cpu').isEnabled()  // true
   */
  isEnabled(): boolean {
    return this.enabled;
  }

  /**
   * Under PyTorch's names, so that checkpoints fit; empty where scaling is off.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.state_dict
   * @example
   * new torch.amp.GradScaler('cpu').stateDict()
   * // {
   * //   scale: 65536,
   * //   growth_factor: 2,
   * //   backoff_factor: 0.5,
   * //   growth_interval: 2000,
   * //   _growth_tracker: 0
   * // }
   */
  stateDict(): GradScalerState | Record<string, never> {
    if (!this.enabled) return {};
    return {
      scale: this.factor,
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: this.goodSteps,
    };
  }

  /**
   * Takes over what `stateDict` gave, here or in PyTorch.
   * https://pytorch.org/docs/stable/amp.html#torch.cuda.amp.GradScaler.load_state_dict
   * @example
   * const scaler = new torch.amp.GradScaler('cpu');
   * scaler.loadStateDict(new torch.amp.GradScaler('cpu', { initScale: 8 }).stateDict());
   * scaler.getScale()  // 8
   */
  loadStateDict(stateDict: GradScalerState | Record<string, never>): void {
    if (!this.enabled) return;
    if (Object.keys(stateDict).length === 0)
      throw new RuntimeError('The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler.');
    const state = stateDict as GradScalerState;
    this.factor = state.scale;
    this.growthFactor = state.growth_factor;
    this.backoffFactor = state.backoff_factor;
    this.growthInterval = state.growth_interval;
    this.goodSteps = state._growth_tracker;
  }
}
