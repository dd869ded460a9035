/**
 * A shape as PyTorch prints it: an array of numbers that says `torch.Size([2, 3])`. https://pytorch.org/docs/stable/size.html
 * @example torch.ones(2, 3).shape  // torch.Size([2, 3])
 */
export class Size extends Array<number> {
  /**
   * The product of the dims: how many elements a tensor of this shape has.
   * @example torch.ones(2, 3).shape.numel()  // 6
   */
  numel(): number {
    return numelOf(this);
  }

  /**
   * How many dims have this size.
   * @example torch.ones(2, 3, 2).shape.count(2)  // 2
   */
  count(size: number): number {
    return this.filter((each) => each === size).length;
  }

  override toString(): string {
    return `torch.Size([${this.join(', ')}])`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function numelOf(sizes: readonly number[]): number {
  let n = 1;
  for (let d = 0; d < sizes.length; d++) n *= sizes[d];
  return n;
}

export function sizeOf(sizes: readonly number[]): Size {
  const size = new Size(sizes.length);
  for (let d = 0; d < sizes.length; d++) size[d] = sizes[d];
  return size;
}
