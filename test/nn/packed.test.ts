import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { nn } = torch;
const { rnn } = nn.utils;
const close = (a: torch.Tensor, b: torch.Tensor): void => expect(torch.allclose(a, b, { rtol: 1e-10, atol: 1e-12 })).toBe(true);
const float64 = { dtype: torch.float64 };

describe('packed sequences', () => {
  const sequences = [2, 5, 3, 5].map((length, i) => {
    torch.manualSeed(i);
    return torch.randn([length, 3], float64);
  });

  it('pack by steps, longest first, and unpack to what they were', () => {
    const packed = rnn.packSequence(sequences, { enforceSorted: false });
    expect(packed.batchSizes.tolist()).toEqual([4, 4, 3, 2, 2]);
    expect(packed.sortedIndices?.tolist()).toEqual([1, 3, 2, 0]);
    expect([...packed.data.shape]).toEqual([15, 3]);
    rnn.unpackSequence(packed).forEach((each, i) => close(each, sequences[i]));
    const [padded, lengths] = rnn.padPackedSequence(packed, { batchFirst: true, paddingValue: -1, totalLength: 6 });
    expect([...padded.shape]).toEqual([4, 6, 3]);
    expect(lengths.tolist()).toEqual([2, 5, 3, 5]);
    expect(padded.select(0, 0).select(0, 3).tolist()).toEqual([-1, -1, -1]);
  });

  it('refuse unsorted lengths unless told otherwise', () => {
    expect(() => rnn.packSequence(sequences)).toThrow(/must be sorted in decreasing order/);
    expect(() => rnn.packPaddedSequence(torch.zeros(3, 2, 1), [3, 0])).toThrow(/greater than 0/);
    expect(() => rnn.packPaddedSequence(torch.zeros(3, 2, 1), [3])).toThrow(/batch_size/);
  });

  it.each([
    ['RNN', false],
    ['LSTM', false],
    ['LSTM', true],
    ['GRU', true],
  ] as const)('%s over them does what it does with each alone (bidirectional: %s)', (name, bidirectional) => {
    const options = { numLayers: 2, bidirectional, ...float64 };
    const layer = new nn[name](3, 4, options as never) as torch.nn.LSTM;
    const [output, state] = layer.forward(rnn.packSequence(sequences, { enforceSorted: false }));
    const outputs = rnn.unpackSequence(output);
    expect(outputs.length).toBe(sequences.length);
    const hidden = Array.isArray(state) ? state[0] : (state as unknown as torch.Tensor);
    sequences.forEach((sequence, i) => {
      const [alone, end] = layer.forward(sequence);
      close(outputs[i], alone);
      close(hidden.select(1, i), Array.isArray(end) ? end[0] : (end as unknown as torch.Tensor));
    });
    output.data.sum().backward();
    const packedGrad = layer.getParameter('weight_hh_l0').grad!.clone();
    layer.zeroGrad();
    for (const sequence of sequences) layer.forward(sequence)[0].sum().backward();
    close(packedGrad, layer.getParameter('weight_hh_l0').grad!);
  });
});
