/** `torch.nn.utils.rnn`: sequences of different lengths. https://pytorch.org/docs/stable/nn.html#utilities */
import { int64 } from '../ir/dtype.js';
import { convert } from '../ops/convert.js';
import { full, tensor } from '../ops/creation.js';
import { isOptions } from '../ops/signature.js';
import { cat } from '../ops/join.js';
import { indexSelect } from '../ops/select.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Sequences step by step: `data` holds step 0 of all that have one, then step 1, …, longest sequence first.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
 * @example
 * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
 * packed.data  // tensor([1, 4, 2, 3])
 * packed.batchSizes  // tensor([2, 1, 1])
 */
export class PackedSequence {
  constructor(
    /** (sum of lengths, *) */
    readonly data: Tensor,
    /** How many sequences have a step t; int64, on the CPU. */
    readonly batchSizes: Tensor,
    /** Where the sequences came from, and where they go back to; null where they were sorted. */
    readonly sortedIndices: Tensor | null = null,
    readonly unsortedIndices: Tensor | null = sortedIndices && invertPermutation(sortedIndices),
  ) {}

  /**
   * The same steps with other data.
   * @example
   * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
   * packed.with(packed.data.mul(2)).data  // tensor([2, 8, 4, 6])
   */
  with(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.batchSizes, this.sortedIndices, this.unsortedIndices);
  }

  /**
   * Moves or converts the data.
   * @example
   * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
   * packed.to(torch.float64).data.dtype  // torch.float64
   */
  to(...args: Parameters<Tensor['to']>): PackedSequence {
    return this.with(this.data.to(...args));
  }

  /**
   * What Python prints.
   * @example String(nn.utils.rnn.packSequence([torch.tensor([1])])).slice(0, 32)  // PackedSequence(data=tensor([1]),
   */
  toString(): string {
    const { data, batchSizes, sortedIndices, unsortedIndices } = this;
    const [sorted, unsorted] = [sortedIndices, unsortedIndices].map((indices) => indices ?? 'None');
    return `PackedSequence(data=${data}, batch_sizes=${batchSizes}, sorted_indices=${sorted}, unsorted_indices=${unsorted})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * Where each position went. https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html
 * @example nn.utils.rnn.invertPermutation(torch.tensor([2, 0, 1]))  // tensor([1, 2, 0])
 */
export const invertPermutation = (permutation: Tensor): Tensor => permutation.argsort();

type Lengths = Tensor | readonly number[];
const numbers = (lengths: Lengths): number[] => (lengths instanceof Tensor ? (lengths.tolist() as number[]) : [...lengths]);

interface PackOptions {
  batchFirst?: boolean;
  enforceSorted?: boolean;
}
/** The trailing options, of which `batchFirst` may also stand by position. */
const optionsOf = <O extends { batchFirst?: boolean }>(given: boolean | O): O => (isOptions(given) ? given : ({ batchFirst: given } as O));

/** How many of the lengths, longest first, go beyond step t. */
const batchSizesOf = (sorted: readonly number[]): number[] =>
  Array.from({ length: sorted[0] }, (_, t) => sorted.filter((length) => length > t).length);

function checkLengths(input: Tensor, batch: number, lengths: readonly number[], sorted: boolean): void {
  if (lengths.length !== batch)
    throw new RuntimeError(`Expected \`len(lengths)\` to be equal to batch_size, but got ${lengths.length} (batch_size=${batch})`);
  if (lengths.some((length) => !(length > 0)))
    throw new RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0");
  if (sorted && lengths.some((length, i) => i > 0 && length > lengths[i - 1]))
    throw new RuntimeError(
      '`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.',
    );
  if (Math.max(...lengths) > input.sizes[0])
    throw new RuntimeError(
      `Expected sequence length to be larger than or equal to the longest of lengths, but got ${input.sizes[0]} and ${Math.max(...lengths)}`,
    );
}

/**
 * Packs padded sequences, (T, N, *), or (N, T, *) with `batchFirst`.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
 * @example
 * nn.utils.rnn.packPaddedSequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], { batchFirst: true }).data  // tensor([1, 4, 2, 3])
 */
export function packPaddedSequence(input: Tensor, lengths: Lengths, options: boolean | PackOptions = {}): PackedSequence {
  const { batchFirst = false, enforceSorted = true } = optionsOf<PackOptions>(options);
  const steps = batchFirst ? input.transpose(0, 1) : input;
  const given = numbers(lengths);
  checkLengths(steps, steps.sizes[1], given, enforceSorted);
  const order = given.map((_, i) => i).sort((a, b) => given[b] - given[a] || a - b);
  const sortedIndices = enforceSorted ? null : tensor(order, { dtype: int64, device: input.device });
  const sorted = sortedIndices ? indexSelect(steps, 1, sortedIndices) : steps;
  const sizes = batchSizesOf(order.map((i) => given[i]));
  const data = cat(
    sizes.map((size, t) => sorted.select(0, t).narrow(0, 0, size)),
    0,
  );
  return new PackedSequence(data, tensor(sizes, { dtype: int64, device: 'cpu' }), sortedIndices);
}

interface PadPackedOptions {
  batchFirst?: boolean;
  paddingValue?: number;
  totalLength?: number | null;
}
/**
 * The padded sequences and their lengths: undoes `packPaddedSequence`.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
 * @example
 * const packed = nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
 * const [padded, lengths] = nn.utils.rnn.padPackedSequence(packed, { batchFirst: true });
 * padded
 * // tensor([[1, 2, 3],
 * //         [4, 0, 0]])
 * lengths  // tensor([3, 1])
 */
export function padPackedSequence(sequence: PackedSequence, options: boolean | PadPackedOptions = {}): [padded: Tensor, lengths: Tensor] {
  const { batchFirst = false, paddingValue = 0, totalLength = null } = optionsOf<PadPackedOptions>(options);
  const { data, unsortedIndices } = sequence;
  const sizes = numbers(sequence.batchSizes);
  const length = totalLength ?? sizes.length;
  if (length < sizes.length)
    throw new ValueError(
      `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${length} and max sequence length being ${sizes.length}`,
    );
  let offset = 0;
  const filler = (shape: readonly number[]): Tensor => full(shape, paddingValue, { dtype: data.dtype, device: data.device });
  const rows = sizes.map((size) => {
    const step = data.narrow(0, offset, size);
    offset += size;
    return size === sizes[0] ? step : cat([step, filler([sizes[0] - size, ...data.sizes.slice(1)])], 0);
  });
  const parts = rows.map((row) => row.unsqueeze(0));
  if (length > sizes.length) parts.push(filler([length - sizes.length, sizes[0], ...data.sizes.slice(1)]));
  const padded = cat(parts, 0);
  const lengths = tensor(
    Array.from({ length: sizes[0] }, (_, i) => sizes.filter((size) => size > i).length),
    { dtype: int64, device: 'cpu' },
  );
  const restored = unsortedIndices ? indexSelect(padded, 1, unsortedIndices) : padded;
  return [
    batchFirst ? restored.transpose(0, 1) : restored,
    unsortedIndices ? indexSelect(lengths, 0, convert(unsortedIndices.cpu(), int64)) : lengths,
  ];
}

interface PadOptions {
  batchFirst?: boolean;
  paddingValue?: number;
  paddingSide?: 'left' | 'right';
}
/**
 * Sequences (length, *) as one tensor (T, N, *). https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
 * @example
 * nn.utils.rnn.padSequence([torch.tensor([1, 2, 3]), torch.tensor([4])], { batchFirst: true })
 * // tensor([[1, 2, 3],
 * //         [4, 0, 0]])
 */
export function padSequence(sequences: readonly Tensor[], options: boolean | PadOptions = {}): Tensor {
  const { batchFirst = false, paddingValue = 0, paddingSide = 'right' } = optionsOf<PadOptions>(options);
  if (sequences.length === 0) throw new RuntimeError('Expected sequences to be a non-empty list of tensors');
  const longest = Math.max(...sequences.map((each) => each.sizes[0]));
  const rows = sequences.map((each) => {
    const missing = longest - each.sizes[0];
    if (missing === 0) return each.unsqueeze(0);
    const filler = full([missing, ...each.sizes.slice(1)], paddingValue, { dtype: each.dtype, device: each.device });
    return cat(paddingSide === 'left' ? [filler, each] : [each, filler], 0).unsqueeze(0);
  });
  const padded = cat(rows, 0);
  return batchFirst ? padded : padded.transpose(0, 1);
}

/**
 * The sequences of a padded tensor. https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
 * @example
 * nn.utils.rnn.unpadSequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], { batchFirst: true })
 * // [ tensor([1, 2, 3]), tensor([4]) ]
 */
export function unpadSequence(padded: Tensor, lengths: Lengths, options: boolean | { batchFirst?: boolean } = {}): Tensor[] {
  const rows = optionsOf<{ batchFirst?: boolean }>(options).batchFirst ? padded : padded.transpose(0, 1);
  return numbers(lengths).map((length, i) => rows.select(0, i).narrow(0, 0, length));
}

/**
 * Packs sequences (length, *). https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
 * @example nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]).batchSizes  // tensor([2, 1, 1])
 */
export const packSequence = (sequences: readonly Tensor[], options: { enforceSorted?: boolean } = {}): PackedSequence =>
  packPaddedSequence(
    padSequence(sequences),
    sequences.map((each) => each.sizes[0]),
    options,
  );
/**
 * The sequences of a packed one. https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
 * @example
 * nn.utils.rnn.unpackSequence(nn.utils.rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]))
 * // [ tensor([1, 2, 3]), tensor([4]) ]
 */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}
