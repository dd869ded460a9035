// Connectionist temporal classification.
#include "r_common.h"

namespace tt { namespace TT_ISA {

template <class A> A log_sum(A a, A b) {
  const A m = a > b ? a : b;
  if (m == -std::numeric_limits<A>::infinity()) return m;
  return m + std::log(std::exp(a - m) + std::exp(b - m));
}

// One sequence: labels with blanks between them.
struct CtcSequence {
  const int64_t* labels;
  int64_t length, input_length, blank;
  int64_t states() const { return 2 * length + 1; }
  int64_t label(int64_t s) const { return s % 2 ? labels[s / 2] : blank; }
  // Whether state s may be entered from s - 2.
  bool skips(int64_t s) const { return s % 2 && s >= 3 && labels[s / 2] != labels[s / 2 - 1]; }
};

static bool ctc_sequences(Call& c, const View& targets, const View& input_lengths, const View& target_lengths, int64_t T, int64_t N, int64_t C, int64_t blank,
                          CtcSequence* out) {
  const bool padded = targets.ndim == 2;
  int64_t at = 0;
  for (int64_t n = 0; n < N; n++) {
    const int64_t length = target_lengths.as<int64_t>()[n], steps = input_lengths.as<int64_t>()[n];
    const int64_t room = padded ? targets.size[1] : targets.numel() - at;
    if (length < 0 || length > room) { c.fail(BAD_VALUE, 1, (double)n, (double)length); return false; }
    if (steps < 0 || steps > T) { c.fail(BAD_VALUE, 2, (double)n, (double)steps); return false; }
    out[n] = {targets.as<int64_t>() + (padded ? n * targets.size[1] : at), length, steps, blank};
    for (int64_t i = 0; i < length; i++)
      if (out[n].labels[i] < 0 || out[n].labels[i] >= C) { c.fail(INDEX_OUT_OF_RANGE, (double)out[n].labels[i], (double)i, (double)C); return false; }
    at += length;
  }
  return true;
}

#define TT_CTC_DISPATCH(...) switch (c.t[0].dtype) { TT_CASE(F32, float, __VA_ARGS__) TT_CASE(F64, double, __VA_ARGS__) default: break; }

// t: loss [N], log_alpha [N, T, S] (S >= 2 * longest target + 1), log_probs [T, N, C], targets [N, longest] or [sum of lengths] int64, input_lengths [N] int64,
// target_lengths [N] int64; contiguous float32 or float64. params: blank. Fails with INDEX_OUT_OF_RANGE for a label, BAD_VALUE (1 target or 2 input length too
// long; sequence; length).
void ctc_loss(Call& c) {
  const int64_t T_ = c.t[2].size[0], N = c.t[2].size[1], C = c.t[2].size[2], S = c.t[1].size[2];
  Scratch list(N * (int64_t)sizeof(CtcSequence));
  if (!list.data) return c.fail(OUT_OF_MEMORY);
  if (!ctc_sequences(c, c.t[3], c.t[4], c.t[5], T_, N, C, c.i(0), list.as<CtcSequence>())) return;
  for (int64_t n = 0; n < N; n++) if (list.as<CtcSequence>()[n].states() > S) return c.fail(BAD_VALUE, 1, (double)n, (double)S);
  TT_CTC_DISPATCH(parallel_for(N, grain_for(T_ * S * 20), [&](int64_t begin, int64_t end) {
    const T low = -std::numeric_limits<T>::infinity();
    for (int64_t n = begin; n < end; n++) {
      const CtcSequence& q = list.as<CtcSequence>()[n];
      const int64_t states = q.states();
      T* alpha = c.t[1].as<T>() + n * T_ * S;
      auto prob = [&](int64_t t, int64_t s) { return c.t[2].as<T>()[(t * N + n) * C + q.label(s)]; };
      for (int64_t i = 0; i < T_ * S; i++) alpha[i] = low;
      if (q.input_length == 0) { c.t[0].as<T>()[n] = q.length == 0 ? T(0) : -low; continue; }
      alpha[0] = prob(0, 0);
      if (q.length) alpha[1] = prob(0, 1);
      for (int64_t t = 1; t < q.input_length; t++) for (int64_t s = 0; s < states; s++) {
        const T* before = alpha + (t - 1) * S;
        T a = before[s];
        if (s > 0) a = log_sum(a, before[s - 1]);
        if (q.skips(s)) a = log_sum(a, before[s - 2]);
        alpha[t * S + s] = a + prob(t, s);
      }
      const T* last = alpha + (q.input_length - 1) * S;
      c.t[0].as<T>()[n] = -(q.length ? log_sum(last[states - 1], last[states - 2]) : last[states - 1]);
    }
  });)
}

// t: grad [T, N, C], grad_loss [N], loss [N], log_alpha [N, T, S], log_probs, targets, input_lengths, target_lengths as in ctc_loss.
// params: blank, zero_infinity. The gradient is that by log_probs of a log_softmax, as PyTorch's.
void ctc_loss_backward(Call& c) {
  const int64_t T_ = c.t[4].size[0], N = c.t[4].size[1], C = c.t[4].size[2], S = c.t[3].size[2];
  const bool zero_infinity = c.i(1) != 0;
  Scratch list(N * (int64_t)sizeof(CtcSequence));
  if (!list.data) return c.fail(OUT_OF_MEMORY);
  if (!ctc_sequences(c, c.t[5], c.t[6], c.t[7], T_, N, C, c.i(0), list.as<CtcSequence>())) return;
  for (int64_t n = 0; n < N; n++) if (list.as<CtcSequence>()[n].states() > S) return c.fail(BAD_VALUE, 1, (double)n, (double)S);
  TT_CTC_DISPATCH(parallel_for(N, grain_for(T_ * S * 20), [&](int64_t begin, int64_t end) {
    const T low = -std::numeric_limits<T>::infinity();
    Scratch lines(2 * S * (int64_t)sizeof(T));
    if (!lines.data) return c.fail(OUT_OF_MEMORY);
    T *beta = lines.as<T>(), *next = beta + S;
    for (int64_t n = begin; n < end; n++) {
      const CtcSequence& q = list.as<CtcSequence>()[n];
      const int64_t states = q.states();
      const T *alpha = c.t[3].as<T>() + n * T_ * S, loss = c.t[2].as<T>()[n], g = c.t[1].as<T>()[n];
      auto row = [&](int64_t t) { return c.t[0].as<T>() + (t * N + n) * C; };
      for (int64_t t = 0; t < T_; t++) for (int64_t k = 0; k < C; k++) row(t)[k] = t < q.input_length ? low : T(0);
      const bool skip = zero_infinity && std::isinf(loss);
      for (int64_t t = q.input_length - 1; t >= 0; t--) {
        const T* lp = c.t[4].as<T>() + (t * N + n) * C;
        for (int64_t s = 0; s < states; s++) {
          T b = t == q.input_length - 1 ? (s >= states - 2 ? T(0) : low) : next[s];
          if (t < q.input_length - 1) {
            if (s + 1 < states) b = log_sum(b, next[s + 1]);
            if (s + 2 < states && q.skips(s + 2)) b = log_sum(b, next[s + 2]);
          }
          beta[s] = b + lp[q.label(s)];
          T& sum = row(t)[q.label(s)];
          sum = log_sum(sum, alpha[t * S + s] + beta[s]);
        }
        for (int64_t k = 0; k < C; k++) {
          T& x = row(t)[k];
          x = skip ? T(0) : (std::exp(lp[k]) - std::exp(x + loss - lp[k])) * g;
        }
        T* swap = beta; beta = next; next = swap;
      }
    }
  });)
}

}}  // namespace tt::TT_ISA
