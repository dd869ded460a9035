/** Whether operations are recorded. Scopes work as `noGrad(() => …)` and as `using _ = noGrad()`. */
import { RuntimeError } from '../tensor/errors.js';

let gradMode = true;
let inferenceModeOn = false;

/**
 * Whether operations are being recorded for `backward`. https://pytorch.org/docs/stable/generated/torch.is_grad_enabled.html
 * @example torch.noGrad(() => torch.isGradEnabled())  // false
 */
export const isGradEnabled = (): boolean => gradMode;
/**
 * Whether `inferenceMode` is on. https://pytorch.org/docs/stable/generated/torch.is_inference_mode_enabled.html
 * @example torch.isInferenceModeEnabled()  // false
 */
export const isInferenceModeEnabled = (): boolean => inferenceModeOn;

/** A mode that lasts until it is disposed of. */
export class Scope {
  constructor(private leave: (() => void) | null) {}

  [Symbol.dispose](): void {
    this.leave?.();
    this.leave = null;
  }
}

/** Runs `body` inside the scope that `enter` opens, or returns the open scope when there is no body. */
export function scoped<R>(enter: () => () => void, body?: () => R): R | Scope {
  const scope = new Scope(enter());
  if (!body) return scope;
  try {
    return body();
  } finally {
    scope[Symbol.dispose]();
  }
}

function setModes(grad: boolean, inference: boolean): () => void {
  const [oldGrad, oldInference] = [gradMode, inferenceModeOn];
  gradMode = grad;
  inferenceModeOn = inference;
  return () => {
    gradMode = oldGrad;
    inferenceModeOn = oldInference;
  };
}

/**
 * Switches recording off, as `torch.no_grad` does (https://pytorch.org/docs/stable/generated/torch.no_grad.html).
 * @example
 * const x = torch.ones(1, { requiresGrad: true });
 * torch.noGrad(() => x.mul(2)).requiresGrad  // false
 */
export function noGrad(): Scope;
export function noGrad<R>(body: () => R): R;
export function noGrad<R>(body?: () => R): R | Scope {
  return scoped(() => setModes(false, inferenceModeOn), body);
}

/**
 * Switches recording on again inside `noGrad` (https://pytorch.org/docs/stable/generated/torch.enable_grad.html).
 * @example
 * const x = torch.ones(1, { requiresGrad: true });
 * torch.noGrad(() => torch.enableGrad(() => x.mul(2).requiresGrad))  // true
 */
export function enableGrad(): Scope;
export function enableGrad<R>(body: () => R): R;
export function enableGrad<R>(body?: () => R): R | Scope {
  return scoped(() => setModes(true, inferenceModeOn), body);
}

/**
 * Sets recording to `mode` (https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html); without a body it
 * stays so until disposed of.
 * @example
 * const x = torch.ones(1, { requiresGrad: true });
 * torch.setGradEnabled(false, () => x.mul(2).requiresGrad)  // false
 */
export function setGradEnabled(mode: boolean): Scope;
export function setGradEnabled<R>(mode: boolean, body: () => R): R;
export function setGradEnabled<R>(mode: boolean, body?: () => R): R | Scope {
  return scoped(() => setModes(mode, inferenceModeOn), body);
}

/**
 * Like `noGrad`, and tensors made inside can never take part in a graph
 * (https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html).
 * @example torch.inferenceMode(() => torch.ones(1).isInference())  // true
 */
export function inferenceMode(): Scope;
export function inferenceMode<R>(body: () => R): R;
export function inferenceMode<R>(body?: () => R): R | Scope {
  return scoped(() => setModes(false, true), body);
}

interface Anomaly {
  readonly enabled: boolean;
  readonly checkNan: boolean;
}
let anomaly: Anomaly = { enabled: false, checkNan: true };

/** Where an operation is running, while anomalies are looked for. */
export function forwardTrace(): string | undefined {
  if (!anomaly.enabled) return undefined;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack?.replace(/^Error\n/, '');
}
/**
 * Whether anomalies are looked for. https://pytorch.org/docs/stable/generated/torch.autograd.set_detect_anomaly.html
 * @example torch.isAnomalyEnabled()  // false
 */
export const isAnomalyEnabled = (): boolean => anomaly.enabled;
/**
 * Whether backward refuses NaN.
 * @example torch.isAnomalyCheckNanEnabled()  // false
 */
export const isAnomalyCheckNanEnabled = (): boolean => anomaly.enabled && anomaly.checkNan;

function setAnomaly(next: Anomaly): () => void {
  const old = anomaly;
  anomaly = next;
  return () => void (anomaly = old);
}

/**
 * Finds the operation whose gradient is NaN: `backward` throws, and the place where the operation ran is printed. Slow; for debugging only, and on
 * devices that can be read synchronously.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
 * @example
 * const x = torch.zeros(1, { requiresGrad: true });
 * torch.autograd.detectAnomaly(() => x.add(1).log().backward());
 * x.grad  // tensor([1.])
 */
export function detectAnomaly(options?: { checkNan?: boolean }): Scope;
export function detectAnomaly<R>(body: () => R): R;
export function detectAnomaly<R>(options: { checkNan?: boolean }, body: () => R): R;
export function detectAnomaly<R>(options: { checkNan?: boolean } | (() => R) = {}, body?: () => R): R | Scope {
  const [{ checkNan = true }, work] = typeof options === 'function' ? [{ checkNan: true }, options] : [options, body];
  console.warn('Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.');
  return scoped(() => setAnomaly({ enabled: true, checkNan }), work);
}

/**
 * Switches the detection of anomalies on or off; without a body it stays so until disposed of.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly
 * @example
 * const scope = torch.autograd.setDetectAnomaly(true);
 * scope[Symbol.dispose]();
 */
export function setDetectAnomaly(mode: boolean, { checkNan = true }: { checkNan?: boolean } = {}): Scope {
  return new Scope(setAnomaly({ enabled: mode, checkNan }));
}

/** The error for using an inference tensor where autograd would have to know it. */
export const inferenceError = (): Error =>
  new RuntimeError(
    'Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd.',
  );
