// Fused optimizer steps over lists of tensors, and norms of many tensors.
#include "r_math.h"

namespace tt { namespace TT_ISA {

// Runs body(list, begin, end) over parts of every tensor of the list; `group` operands belong together.
template <class F> void for_lists(const Call& c, int first, int group, F&& body) {
  for (int i = first; i + group <= c.ntensors; i += group)
    parallel_for(c.t[i].numel(), 16384, [&](int64_t begin, int64_t end) { body(c.t + i, begin, end); });
}

// SGD as torch.optim.SGD: in place on param and momentum_buffer.
// t: (param, grad, momentum_buffer or null) for each parameter; contiguous, one float dtype a triple.
// params: lr, momentum, dampening, weight_decay, nesterov, maximize, first (1: the buffers are set to the gradient instead of updated).
void sgd_step(Call& c) {
  for_lists(c, 0, 3, [&](const View* t, int64_t begin, int64_t end) {
    TT_DISPATCH_FLOAT(t[0].dtype, {
      using A = Acc<T>;
      const A lr = (A)c.d(0), momentum = (A)c.d(1), keep = (A)(1 - c.d(2)), decay = (A)c.d(3), sign = c.i(5) ? A(-1) : A(1);
      const bool nesterov = c.i(4) != 0, first = c.i(6) != 0;
      T *p = t[0].as<T>(), *m = t[2].as<T>();
      const T* g = t[1].as<T>();
      if (!m) for (int64_t i = begin; i < end; i++) p[i] = (T)((A)p[i] - lr * (sign * (A)g[i] + decay * (A)p[i]));
      else for (int64_t i = begin; i < end; i++) {
        const A grad = sign * (A)g[i] + decay * (A)p[i], buffer = first ? grad : momentum * (A)m[i] + keep * grad;
        m[i] = (T)buffer;
        p[i] = (T)((A)p[i] - lr * (nesterov ? grad + momentum * buffer : buffer));
      }
    })
  });
}

// Adam and AdamW as in torch.optim: in place on param and the moments.
// t: (param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq or null for amsgrad) for each parameter; contiguous, one float dtype a group.
// params: lr, beta1, beta2, eps, weight_decay, decoupled (1: AdamW), maximize, step (from 1).
void adam_step(Call& c) {
  const double lr = c.d(0), beta1 = c.d(1), beta2 = c.d(2), step = c.d(7);
  const double correction1 = 1 - std::pow(beta1, step), correction2 = std::sqrt(1 - std::pow(beta2, step));
  const bool decoupled = c.i(5) != 0;
  for_lists(c, 0, 5, [&](const View* t, int64_t begin, int64_t end) {
    TT_DISPATCH_FLOAT(t[0].dtype, {
      using A = Acc<T>;
      const A sign = c.i(6) ? A(-1) : A(1), decay = decoupled ? A(0) : (A)c.d(4), shrink = decoupled ? (A)(1 - lr * c.d(4)) : A(1);
      const A b1 = (A)(1 - beta1), b2 = (A)beta2, b2c = (A)(1 - beta2), eps = (A)c.d(3), size = (A)(lr / correction1), root = (A)correction2;
      T *p = t[0].as<T>(), *m = t[2].as<T>(), *v = t[3].as<T>(), *top = t[4].as<T>();
      const T* g = t[1].as<T>();
      for (int64_t i = begin; i < end; i++) {
        const A param = (A)p[i] * shrink, grad = sign * (A)g[i] + decay * param;
        const A mean = (A)m[i] + b1 * (grad - (A)m[i]), square = b2 * (A)v[i] + b2c * grad * grad;
        m[i] = (T)mean;
        v[i] = (T)square;
        A largest = square;
        if (top) {
          largest = (A)top[i] > square ? (A)top[i] : square;
          top[i] = (T)largest;
        }
        p[i] = (T)(param - size * mean / (std::sqrt(largest) / root + eps));
      }
    })
  });
}

template <class T> double norm_of(const T* x, int64_t n, double p) {
  constexpr int64_t B = 4096;
  double total = 0;
  for (int64_t s = 0; s < n; s += B) {
    const int64_t m = min_of(B, n - s);
    Acc<T> part = 0;
    if (p == 2) {
      if constexpr (std::is_same<T, Acc<T>>::value) part = row_dot(x + s, x + s, m);
      else for (int64_t i = 0; i < m; i++) part += (Acc<T>)x[s + i] * (Acc<T>)x[s + i];
      total += part;
    } else for (int64_t i = 0; i < m; i++) {
      const double a = std::fabs((double)(Acc<T>)x[s + i]);
      if (a != a) return a;
      total = std::isinf(p) ? (a > total ? a : total) : total + (p == 1 ? a : std::pow(a, p));
    }
  }
  return p == 2 ? std::sqrt(total) : std::isinf(p) || p == 1 ? total : std::pow(total, 1 / p);
}
// The p-norm of every tensor of a list. t: out [k] float64, then k contiguous float tensors. params: p (infinity: the largest absolute value).
void norms(Call& c) {
  for (int i = 1; i < c.ntensors; i++)
    TT_DISPATCH_FLOAT(c.t[i].dtype, c.t[0].as<double>()[i - 1] = norm_of(c.t[i].as<T>(), c.t[i].numel(), c.d(0)))
}

// Multiplies every tensor of a list in place. t: contiguous float tensors. params: factor.
void scale_all(Call& c) {
  for_lists(c, 0, 1, [&](const View* t, int64_t begin, int64_t end) {
    TT_DISPATCH_FLOAT(t[0].dtype, {
      const Acc<T> k = (Acc<T>)c.d(0);
      for (int64_t i = begin; i < end; i++) t[0].as<T>()[i] = (T)((Acc<T>)t[0].as<T>()[i] * k);
    })
  });
}

}}  // namespace tt::TT_ISA
