/** In-place writes and the graph: version counters, leaf rules, and writes through views. */
import { isInferenceModeEnabled, isGradEnabled } from '../autograd/modes.js';
import { gradEdge, record, requiresGrad, viewRefresher } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { checkOwnOverlap } from '../tensor/overlap.js';
import { sameSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** Where a view lies in its storage. */
export interface Geometry {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The operations on memory that writing through views needs; set by `view.ts`. `base` and `view` say where the memory lies. */
export const viewOps: {
  clone: (t: Tensor) => Tensor;
  /** A copy of `grad` (shaped like `base`) with zeros in the region of `view`. */
  eraseRegion: (grad: Tensor, base: Geometry, view: Geometry) => Tensor;
  /** The region of `view` in `grad` (shaped like `base`). */
  readRegion: (grad: Tensor, base: Geometry, view: Geometry) => Tensor;
  /** The gradient of `base`, given that of its `view`. */
  regionGradient: (grad: Tensor, base: Geometry, view: Geometry) => Tensor;
} = { clone: () => unset(), eraseRegion: () => unset(), readRegion: () => unset(), regionGradient: () => unset() };
const unset = (): never => {
  throw new Error('the view operators are not loaded');
};

/** Throws PyTorch's errors where `self` must not be written in place; one number may be written to an expanded tensor. */
export function checkInplace(self: Tensor, mayOverlap = false): void {
  if (self.inference && !isInferenceModeEnabled()) {
    throw new RuntimeError(
      'Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details.',
    );
  }
  if (!mayOverlap) checkOwnOverlap(self);
  if (!isGradEnabled()) return;
  if (self.wantsGrad && !self.node) throw new RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.');
  const base = self.viewInfo?.base;
  if (base && base.wantsGrad && !base.node)
    throw new RuntimeError('a view of a leaf Variable that requires grad is being used in an in-place operation.');
  if (self.viewInfo?.among && requiresGrad(self)) throw oneOfManyViews(self, self.viewInfo.among);
}
const oneOfManyViews = ({ outputIndex }: Tensor, name: string): Error =>
  new RuntimeError(
    `Output ${outputIndex} of ${name[0].toUpperCase()}${name.slice(1)} is a view and is being modified inplace. This view is the output of a function that ` +
      'returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.',
  );

/** The old value of `self` with its place in the graph, for a gradient that needs it. */
export function keepOriginal(self: Tensor, tensors: readonly Tensor[]): Tensor {
  gradEdge(self);
  const needed = tensors.slice(1).some((t) => requiresGrad(t)) || requiresGrad(self);
  const source = needed ? viewOps.clone(alias(self)) : alias(self);
  source.node = self.node;
  source.outputIndex = self.outputIndex;
  return source;
}

/** Makes `self`, whose memory holds the value of `result` now, continue the graph of `result`. */
export function rebase(self: Tensor, result: Tensor): void {
  if (!result.node) return;
  if (!self.viewInfo) {
    self.node = result.node;
    self.outputIndex = result.outputIndex;
    self.wantsGrad = false;
    return;
  }
  rebaseView(self, self.viewInfo.base, result);
}

/** Writes through a view: the base becomes what it was, with the view's region replaced by `result`. */
function rebaseView(self: Tensor, base: Tensor, result: Tensor): void {
  const old = alias(base);
  old.node = base.node;
  old.outputIndex = base.outputIndex;
  const [whole, region] = [alias(base), alias(self)];
  const written = alias(base);
  record('CopySlices', [old, result], written, [], ({ grad }) => [
    () => viewOps.eraseRegion(grad, whole, region),
    () => viewOps.readRegion(grad, whole, region),
  ]);
  base.node = written.node;
  base.outputIndex = written.outputIndex;
  base.wantsGrad = false;
  refresh(self);
}

/** The same view of the same memory, outside the graph. */
export const alias = (t: Tensor): Tensor => new Tensor(t.storage, t.dtype, t.sizes, t.strides, t.offset);

/** Gives a view whose base was written the graph of the base. */
function refresh(view: Tensor): void {
  const info = view.viewInfo;
  if (!info) return;
  info.version = view.storage.version;
  if (!requiresGrad(info.base)) return;
  const [whole, region] = [alias(info.base), alias(view)];
  view.node = null;
  record('AsStrided', [info.base], view, [], ({ grad }) => [viewOps.regionGradient(grad, whole, region)]);
}

viewRefresher.refresh = refresh;

/** Replaces the value of `self` by `compute(old value)`, as in-place forms of functions do. */
export function inplaceOf(self: Tensor, compute: (self: Tensor) => Tensor, write: (target: Tensor, value: Tensor) => void): Tensor {
  checkInplace(self);
  const old = keepOriginal(self, [self]);
  const result = compute(old);
  if (!sameSizes(result.sizes, self.sizes)) {
    throw new RuntimeError(`output with shape [${self.sizes.join(', ')}] doesn't match the broadcast shape [${result.sizes.join(', ')}]`);
  }
  write(self, result);
  self.storage.version++;
  rebase(self, result);
  return self;
}

/** Gives `self` the shape and place of a view of itself. */
export function become(self: Tensor, viewed: Tensor): Tensor {
  self.sizes = viewed.sizes;
  self.strides = viewed.strides;
  self.offset = viewed.offset;
  self.node = viewed.node;
  self.outputIndex = viewed.outputIndex;
  return self;
}
/** Gives `self` the memory and the history of `value`. */
export function replace(self: Tensor, value: Tensor): Tensor {
  checkInplace(self);
  if (value.dtype !== self.dtype)
    throw new RuntimeError(`Could not set tensor of type ${value.dtype.name} to a tensor of type ${self.dtype.name}`);
  self.storage = value.storage;
  return become(self, value);
}
