/** What attention with several heads refuses, in PyTorch's words. */
import { bool } from '../../ir/dtype.js';
import { AssertionError, RuntimeError } from '../../tensor/errors.js';
import { sameSizes } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

type Maybe = Tensor | null | undefined;

export interface Attended {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly padding: Maybe;
  readonly mask: Maybe;
  readonly heads: number;
}

const tuple = (sizes: readonly number[]): string => `(${sizes.join(', ')})`;
function assert(condition: boolean, message: () => string): void {
  if (!condition) throw new AssertionError(message());
}

/** Queries, keys, values and masks must all have a batch, or all none. */
export function checkDims({ query, key, value, padding, mask, heads }: Attended): void {
  assert(
    query.ndim === 2 || query.ndim === 3,
    () => `query should be unbatched 2D or batched 3D tensor but received ${query.ndim}-D query tensor`,
  );
  const kind = query.ndim === 3 ? 'batched (3-D)' : 'unbatched (2-D)';
  assert(
    key.ndim === query.ndim && value.ndim === query.ndim,
    () =>
      `For ${kind} \`query\`, expected \`key\` and \`value\` to be ${query.ndim}-D but found ${key.ndim}-D and ${value.ndim}-D tensors respectively`,
  );
  const paddingDims = query.ndim - 1;
  assert(
    !padding || padding.ndim === paddingDims,
    () =>
      `For ${kind} \`query\`, expected \`key_padding_mask\` to be \`None\` or ${paddingDims}-D but found ${padding?.ndim}-D tensor instead`,
  );
  assert(
    !mask || mask.ndim === 2 || mask.ndim === 3,
    () => `For ${kind} \`query\`, expected \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${mask?.ndim}-D tensor instead`,
  );
  if (query.ndim === 3 || mask?.ndim !== 3) return;
  const expected = [heads, query.sizes[0], key.sizes[0]];
  assert(sameSizes(mask.sizes, expected), () => `Expected \`attn_mask\` shape to be ${tuple(expected)} but got ${String(mask.shape)}`);
}

/** A mask says yes or no, or is added. */
export function checkMaskType(name: string, mask: Maybe): void {
  assert(!mask || mask.dtype === bool || mask.dtype.isFloatingPoint, () => `only bool and floating types of ${name} are supported`);
}

export function checkCausal(isCausal: boolean, mask: Maybe): void {
  if (isCausal && !mask)
    throw new RuntimeError(
      'Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.',
    );
}

/** Queries are as wide as the module, and there is a value for every key. */
export function checkWidths({ query, key, value, heads }: Attended, width: number, separate: boolean): void {
  const own = query.sizes[query.ndim - 1];
  assert(own === width, () => `was expecting embedding dimension of ${width}, but got ${own}`);
  assert(width % heads === 0, () => `embed_dim ${width} not divisible by num_heads ${heads}`);
  const lead = (t: Tensor): readonly number[] => t.sizes.slice(0, -1);
  if (!separate)
    assert(sameSizes(key.sizes, value.sizes), () => `key shape ${String(key.shape)} does not match value shape ${String(value.shape)}`);
  else
    assert(
      sameSizes(lead(key), lead(value)),
      () =>
        `key's sequence and batch dims torch.Size([${lead(key).join(', ')}]) do not match value's torch.Size([${lead(value).join(', ')}])`,
    );
}

/** A mask for (L, S), or one for each head of each sample; of `queries` and `keys` with their batch dim. */
export function checkMaskShape(mask: Maybe, queries: Tensor, keys: Tensor, heads: number): void {
  if (!mask) return;
  const sizes = [queries.sizes[0], keys.sizes[0]];
  const expected = mask.ndim === 3 ? [queries.sizes[1] * heads, ...sizes] : sizes;
  if (!sameSizes(mask.sizes, expected))
    throw new RuntimeError(`The shape of the ${mask.ndim}D attn_mask is ${String(mask.shape)}, but should be ${tuple(expected)}.`);
}

/** Padding is noted for every key of every sample. */
export function checkPadding(padding: Maybe, batch: number, length: number): void {
  [batch, length].forEach((n, d) =>
    assert(!padding || padding.sizes[d] === n, () => `Expected key_padded_mask.shape[${d}] to be ${n}, but got ${padding?.sizes[d]}`),
  );
}
