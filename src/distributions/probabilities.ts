/** Probabilities and logits: one is given, the other follows. */
import { binaryCrossEntropyWithLogits } from '../nn/functional/index.js';
import { finfo } from '../ops/queries.js';
import { broadcastTensors } from '../ops/join.js';
import { ValueError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { broadcastAll, Distribution, type Param, type ValidateOption } from './distribution.js';

/** Probabilities of events, or their log odds. */
export interface ProbsOptions<P = Param> extends ValidateOption {
  probs?: P | null;
  logits?: P | null;
}
export type ProbsArgs<P = Param> =
  [probs: P | null, logits?: P | null, validateArgs?: boolean | null] | [probs: P, options?: ProbsOptions<P>] | [options: ProbsOptions<P>];

export function checkOne(probs: unknown, logits: unknown): void {
  if ((probs == null) === (logits == null)) throw new ValueError('Either `probs` or `logits` must be specified, but not both.');
}

/** Probabilities away from 0 and 1, so that their logarithms are finite. */
export function clampProbs(probs: Tensor): Tensor {
  const { eps } = finfo(probs.dtype);
  return probs.clamp(eps, 1 - eps);
}
export const logOdds = (probs: Tensor): Tensor => clampProbs(probs).log().sub(clampProbs(probs).neg().log1p());

/** log(1 + exp(logits)) − target · logits, of tensors that broadcast. */
export function crossEntropyOf(logits: Tensor, target: Tensor): Tensor {
  const [wide, goal] = broadcastTensors(logits, target);
  return binaryCrossEntropyWithLogits(wide, goal.to(wide.dtype), { reduction: 'none' });
}

/** A distribution of counts of events with a probability. Exactly one of `probs` and `logits` is a field of its own. */
export abstract class WithProbs extends Distribution {
  /** Takes the one that was given; broadcasts it with others. */
  protected take(probs: Param | null | undefined, logits: Param | null | undefined, ...others: Param[]): Tensor[] {
    checkOne(probs, logits);
    const [own, ...rest] = broadcastAll((probs ?? logits) as Param, ...others);
    Object.defineProperty(this, probs == null ? 'logits' : 'probs', { value: own, enumerable: true, writable: true });
    return [own, ...rest];
  }
  get probs(): Tensor {
    return this.logits.sigmoid();
  }
  get logits(): Tensor {
    return logOdds(this.probs);
  }
  protected override get derives(): boolean {
    return true;
  }
  protected get shape(): readonly number[] {
    return (Object.hasOwn(this, 'probs') ? this.probs : this.logits).sizes;
  }
}
