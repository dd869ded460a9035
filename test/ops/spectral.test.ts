import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';

const { windows } = torch.signal;

describe('windows', () => {
  it.each(Object.keys(windows) as (keyof typeof windows)[])('%s is symmetric, or a symmetric one without its end', (name) => {
    const make = windows[name] as (m: number, options?: object) => torch.Tensor;
    const options = { dtype: torch.float64, ...(name === 'generalCosine' ? { a: [0.5, 0.3, 0.2] } : {}) };
    const symmetric = make(9, options);
    expect(torch.allclose(symmetric, symmetric.flip(0))).toBe(true);
    expect(torch.allclose(make(8, { ...options, sym: false }), symmetric.slice(0, 0, 8))).toBe(true);
  });

  it('are those of torch by their other names', () => {
    expect(torch.allclose(torch.hannWindow(8), windows.hann(8, { sym: false }))).toBe(true);
    expect(torch.allclose(torch.kaiserWindow(8, false, 7), windows.kaiser(8, { beta: 7 }))).toBe(true);
    expect(String(torch.hammingWindow(4, true, 0.5, 0.5))).toBe('tensor([0.0000, 0.5000, 1.0000, 0.5000])');
    expect(torch.hannWindow(1).tolist()).toEqual([1]);
    expect(() => torch.hannWindow(-1)).toThrow('hann_window requires non-negative window_length, got window_length=-1');
  });
});

describe('stft', () => {
  const signal = torch.sin(torch.arange(200).mul(0.3)).reshape(2, 100);
  const window = torch.hannWindow(16);

  it('is undone by istft', () => {
    for (const options of [{}, { normalized: true }, { hopLength: 5 }, { center: true, padMode: 'constant' as const }]) {
      const spectra = torch.stft(signal, 16, { window, returnComplex: true, ...options });
      const { padMode: _, ...rest } = options as { padMode?: string };
      const back = torch.istft(spectra, 16, { window, length: 100, ...rest });
      expect(torch.allclose(back, signal, 1e-4, 1e-5)).toBe(true);
    }
  });

  it('finds the frequency of a sine', () => {
    const tone = torch.cos(torch.arange(128).mul((2 * Math.PI * 5) / 32));
    const power = torch
      .stft(tone, 32, { window: torch.hannWindow(32), returnComplex: true })
      .abs()
      .mean(-1);
    expect(power.argmax().item()).toBe(5);
  });

  it('gives the whole spectrum of complex signals', () => {
    expect(torch.stft(signal.to(torch.complex64), 16).shape.join()).toBe('2,16,26');
    expect(torch.stft(signal, 16, { returnComplex: false }).shape.join()).toBe('2,9,26,2');
  });

  it('aligns frames to a shorter window', () => {
    const frames = torch.stft(torch.arange(20).float(), 8, 2, 4, { center: false, alignToWindow: true, returnComplex: true });
    expect(frames.select(0, 0).real().tolist()).toEqual([6, 14, 22, 30, 38, 46, 54, 62, 70]);
  });

  it('refuses what PyTorch refuses', () => {
    expect(() => torch.stft(signal, 16)).toThrow('stft requires the return_complex parameter be given for real inputs');
    expect(() => torch.stft(signal, 300, { center: false, returnComplex: true })).toThrow('expected 0 < n_fft < 100, but got n_fft=300');
    expect(() => torch.stft(signal, 16, { window: torch.ones(4), returnComplex: true })).toThrow(
      'expected a 1D window tensor of size equal to',
    );
    expect(() => torch.istft(torch.ones(3, 4), 4)).toThrow('istft requires a complex-valued input tensor');
    const spectra = torch.stft(signal, 16, { returnComplex: true });
    expect(() => torch.istft(spectra, 16, { window: torch.zeros(16) })).toThrow('window overlap add min');
  });
});
