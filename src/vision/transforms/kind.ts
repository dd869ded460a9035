/** Settings that differ with what is transformed: images, masks, boxes. */
import type * as torch from '../../index.js';
import type { Fill } from './functional/index.js';

/** `tvTensors.Image`, `tvTensors.Mask`, …, `torch.Tensor`, and `'others'` for all that are not named. */
export type Kind = (abstract new (...args: never[]) => torch.Tensor) | 'others';

/** What `settings` says of tensors of the class of `target`; undefined where it says nothing. */
export const byKind = <V>(settings: ReadonlyMap<Kind, V>, target: torch.Tensor): V | undefined =>
  settings.get(settings.has(target.constructor as Kind) ? (target.constructor as Kind) : 'others');

/** What stands where no image was: the same for all, or `new Map([[tvTensors.Image, 127], [tvTensors.Mask, 255]])`. */
export type KindFill = Fill | ReadonlyMap<Kind, Fill>;

export const fillOf = (fill: KindFill, target: torch.Tensor): Fill => (fill instanceof Map ? (byKind(fill, target) ?? 0) : (fill as Fill));
