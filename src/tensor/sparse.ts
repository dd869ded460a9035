/** Tensors of which only some elements are kept, with their places (COO). https://pytorch.org/docs/stable/sparse.html */
import type { DeviceBuffer } from '../device/device.js';
import { NotImplementedError } from './errors.js';
import { Storage, Tensor } from './tensor.js';

const withoutMemory = (): never => {
  throw new NotImplementedError(
    "Could not run this operator with arguments from the 'SparseCPU' backend: it is not there for sparse tensors. Call toDense() first.",
  );
};

/** Stands where dense tensors have their memory, so that whatever would read it throws. */
const noBuffer = new Proxy({}, { get: withoutMemory }) as DeviceBuffer;

/**
 * A sparse tensor. Gradients flow through `entries`, a dense tensor like any other. Elements whose place comes up twice are sums.
 * https://pytorch.org/docs/stable/sparse.html#sparse-coo-tensors
 */
export class SparseTensor extends Tensor {
  /**
   * @param places (sparse dims, entries), int64
   * @param entries (entries, …dense dims)
   * @param coalesced whether places are sorted and each comes up once
   */
  constructor(
    public places: Tensor,
    public entries: Tensor,
    sizes: readonly number[],
    public coalesced = false,
  ) {
    super(new Storage(entries.storage.device, noBuffer), entries.dtype, sizes, new Array<number>(sizes.length).fill(0), 0);
    // The autograd engine must not free what this tensor holds.
    for (const { storage } of [places, entries]) storage.transient = false;
  }

  /** The first dims, which `places` tells; the others are dense. */
  get sparseSizes(): readonly number[] {
    return this.sizes.slice(0, this.places.sizes[0]);
  }
}
